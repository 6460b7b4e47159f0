"""Export: bring a folder of Parquet files up to the archive, and describe them."""

import multiprocessing
import sqlite3
from collections.abc import Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from orarchive.errors import ArchiveError
from orarchive.export.croissant import CROISSANT_NAME, build_croissant
from orarchive.export.datapackage import DATAPACKAGE_NAME, build_datapackage
from orarchive.export.health_source import list_health_attempts
from orarchive.export.manifest import (
    Manifest,
    build_manifest,
    format_json,
    read_manifest,
    write_checksums,
    write_manifest,
    write_text,
)
from orarchive.export.months import MonthTask, is_intact, list_stale_months, write_month
from orarchive.export.parquet_files import FileEntry
from orarchive.export.readme import README_NAME, build_readme
from orarchive.export.schemas import HEALTH, HEALTH_DAYS, TABLES
from orarchive.export.tables import write_tables
from orarchive.index.database import open_index
from orarchive.index.health_days import format_day
from orarchive.store.archive import Archive
from orarchive.store.health_branch import list_health_commits


@dataclass(frozen=True)
class Preparation:
    """An export whose small tables are written, and whose months of health may still be missing."""

    out: Path
    manifest: Manifest
    """It names the small tables, and the months of health that stay as they are."""
    months: tuple[MonthTask, ...]
    """The months of health that have to be written."""


def export_archive(
    archive: Archive,
    out: Path,
    cache: Path | None = None,
    *,
    health: bool = True,
    jobs: int = 1,
    progress: bool = False,
) -> tuple[Manifest, list[str]]:
    """Bring the export of an archive in a folder up to date; return its manifest and the months written.

    `jobs` is the number of processes that write months of raw health; `health` = False leaves that out.
    """
    preparation = prepare_export(archive, out, cache, health=health, progress=progress)
    if jobs > 1 and len(preparation.months) > 1:
        # A forked process would share the connections and threads of this one.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, context) as pool:
            months = list(pool.map(write_month, preparation.months))
    else:
        months = [write_month(task) for task in preparation.months]
    return finish_export(preparation, months), [entry.period for entry in months]


def prepare_export(
    archive: Archive, out: Path, cache: Path | None = None, *, health: bool = True, progress: bool = False
) -> Preparation:
    """Write every table but raw health, and find the months of that which have to be written.

    Raise ArchiveError for a folder that holds the export of another archive.
    """
    with open_index(archive, cache, progress) as db:
        # All tables show the same state, although another run may want to update the index meanwhile.
        db.execute("begin")
        previous = read_manifest(out)
        manifest = build_manifest(db, ())
        if previous and previous.archive != manifest.archive:
            msg = f"{out} holds the export of another archive; name another folder"
            raise ArchiveError(msg)
        if previous:
            _refuse_lost_days(db, out, previous)
        out.mkdir(parents=True, exist_ok=True)
        tables = write_tables(db, out)
        attempts = list_health_attempts(db, list_health_commits(archive)) if health else {}
    months = [MonthTask(archive.root, out, month, tuple(attempts[month])) for month in sorted(attempts)]
    old_files = previous.files if previous else ()
    stale = list_stale_months(months, old_files)
    kept = _select_kept(out, old_files, stale, {task.month for task in months} if health else None)
    paths = {entry.path for entry in (*tables, *kept)} | {HEALTH.build_path(task.month) for task in stale}
    for path in {entry.path for entry in old_files} - paths:
        (out / path).unlink(missing_ok=True)
    return Preparation(out, replace(manifest, files=(*tables, *kept)), tuple(stale))


def _refuse_lost_days(db: sqlite3.Connection, out: Path, previous: Manifest) -> None:
    """Raise ArchiveError where an index that was built anew after a cut lacks days that an export has."""
    first_day = db.execute("select min(day) from health_days").fetchone()[0]
    rows = sum(entry.rows for entry in previous.files if entry.table == HEALTH_DAYS.name)
    count = db.execute("select count(*) from health_days").fetchone()[0]
    if rows > count:
        begin = format_day(first_day) if first_day is not None else "no day"
        msg = (
            f"{out} has {rows:,} days of health, and the index {count:,}, from {begin} on: it was built anew"
            " after old health was cut off; export into another folder and keep this one"
        )
        raise ArchiveError(msg)


def _select_kept(
    out: Path, files: Iterable[FileEntry], stale: Iterable[MonthTask], months: Collection[str] | None
) -> list[FileEntry]:
    """Return the months of health that stay as they are, which the archive may no longer have.

    `months` are those that the archive has; None: health is left out. Raise ArchiveError for a month that is
    damaged and that the archive has no more.
    """
    written = {task.month for task in stale}
    kept = [entry for entry in files if entry.table == HEALTH.name and entry.period not in written]
    for entry in kept:
        if months is not None and entry.period not in months and not is_intact(out, entry):
            msg = (
                f"{out / entry.path} is missing or damaged, and the archive no longer holds the health of"
                f" that month; restore the file (its SHA-256 is {entry.sha256})"
            )
            raise ArchiveError(msg)
    return kept


def finish_export(preparation: Preparation, months: Iterable[FileEntry]) -> Manifest:
    """Describe an export whose months are written; the manifest is written last."""
    order = [table.name for table in TABLES]
    files = sorted(
        [*preparation.manifest.files, *months], key=lambda entry: (order.index(entry.table), entry.path)
    )
    manifest = replace(preparation.manifest, files=tuple(files))
    out = preparation.out
    write_text(out / README_NAME, build_readme(manifest))
    write_text(out / DATAPACKAGE_NAME, format_json(build_datapackage(manifest)))
    write_text(out / CROISSANT_NAME, format_json(build_croissant(manifest)))
    write_checksums(out, files, [README_NAME, DATAPACKAGE_NAME, CROISSANT_NAME])
    write_manifest(out, manifest)
    return manifest
