"""Export: bring a folder of Parquet files up to the archive, and describe them."""

import multiprocessing
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from orarchive.errors import ArchiveError
from orarchive.export.croissant import CROISSANT_NAME, build_croissant
from orarchive.export.datapackage import DATAPACKAGE_NAME, build_datapackage
from orarchive.export.kept_days import KeptDays
from orarchive.export.manifest import (
    MANIFEST_NAME,
    Manifest,
    build_manifest,
    format_json,
    format_manifest,
    read_manifest,
    write_checksums,
)
from orarchive.export.months import MonthTask, find_files, has_attempt, hash_source, is_intact, write_month
from orarchive.export.parquet_files import FileEntry
from orarchive.export.readme import README_NAME, build_readme
from orarchive.export.schemas import HEALTH, TABLES
from orarchive.export.staging import complete_replacement, export_lock, make_staging_folder, replace_export
from orarchive.export.tables import write_tables
from orarchive.index.database import open_index
from orarchive.queries.health_attempts import LostHealth, MonthHealth, list_months, refuse_unfetched
from orarchive.store.archive import Archive
from orarchive.store.health_branch import read_branch


@dataclass(frozen=True)
class Preparation:
    """An export whose small tables are written, and whose months of health may still be missing."""

    out: Path
    folder: Path
    """Folder that its files are written into before they take their places in `out`."""
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
    with export_lock(out):
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

    Raise ArchiveError for a folder that holds the export of another archive, or files that would be lost.
    """
    complete_replacement(out)
    with open_index(archive, cache, progress) as db:
        # All tables show the same state, although another run may want to update the index meanwhile.
        db.execute("begin")
        manifest = build_manifest(db, ())
        months = list_months(db, read_branch(archive))
        if health:
            refuse_unfetched(months.values())
        previous = _read_previous(out, manifest, months)
        folder = make_staging_folder(out)
        tables = write_tables(db, folder, KeptDays.load(db, out, previous.files))
    here = {name: month for name, month in months.items() if health and month.attempts and not month.is_cut}
    tasks = [MonthTask(archive.root, folder, name, tuple(month.attempts)) for name, month in here.items()]
    entries = {entry.period: entry for entry in previous.files if entry.table == HEALTH.name}
    stale = [task for task in tasks if _is_stale(out, months[task.month], entries.get(task.month))]
    kept = _select_kept(out, entries.values(), stale, here if health else None)
    lost = _list_lost(months, kept, previous) if health else previous.lost_health
    manifest = replace(manifest, files=(*tables, *kept), lost_health=tuple(lost))
    return Preparation(out, folder, manifest, tuple(stale))


def _read_previous(out: Path, manifest: Manifest, months: Mapping[str, MonthHealth]) -> Manifest:
    """Return the manifest of the export in a folder; where it has none, one of the health that is there.

    `manifest` is that of the archive. Raise ArchiveError for files of another archive, or of unknown origin.
    """
    previous = read_manifest(out)
    if previous is None:
        files, strange_paths = find_files(out, months)
        if strange_paths:
            msg = (
                f"{out} has no {MANIFEST_NAME}, and {strange_paths[0].relative_to(out)} is not known to be of"
                f" this archive, which has no health of that month now; restore {MANIFEST_NAME}, or move the"
                " file away"
            )
            raise ArchiveError(msg)
        return replace(manifest, files=tuple(files))
    if previous.archive != manifest.archive:
        msg = f"{out} holds the export of another archive; name another folder"
        raise ArchiveError(msg)
    return previous


def _is_stale(out: Path, month: MonthHealth, entry: FileEntry | None) -> bool:
    """Return whether the file of a month is missing, damaged or made from other attempts than are here.

    A file that was made before some of them were lost stays. Raise ArchiveError where a new one would lack
    what the file has.
    """
    if entry is None or not is_intact(out, entry):
        return True
    if entry.source in (hash_source(month.attempts), hash_source(month.all_attempts)):
        return False
    if lost := [lost for lost in month.lost if has_attempt(out / entry.path, lost.hour, lost.attempt)]:
        msg = (
            f"{out / entry.path} has the health of {lost[0].hour}, which the archive has lost since"
            f" ({lost[0].reason}); export into another folder and keep this one"
        )
        raise ArchiveError(msg)
    return True


def _list_lost(
    months: Mapping[str, MonthHealth], kept: Iterable[FileEntry], previous: Manifest
) -> list[LostHealth]:
    """List the attempts whose health the files of an export lack because the archive has lost it."""
    complete = {
        entry.period
        for entry in kept
        if entry.period in months and entry.source == hash_source(months[entry.period].all_attempts)
    }
    cut = {name for name, month in months.items() if month.is_cut}
    lost = [lost for lost in previous.lost_health if lost.hour[:7] in cut]
    for name in months.keys() - cut - complete:
        lost += months[name].lost
    return sorted(lost, key=lambda entry: (entry.hour, entry.attempt))


def _select_kept(
    out: Path, files: Iterable[FileEntry], stale: Iterable[MonthTask], months: Collection[str] | None
) -> list[FileEntry]:
    """Return the months of health that stay as they are, which the archive may no longer have.

    `months` are those that the archive has; None: health is left out. Raise ArchiveError for a month that is
    damaged and that the archive has no more.
    """
    written = {task.month for task in stale}
    kept = [entry for entry in files if entry.period not in written]
    for entry in kept:
        if months is not None and entry.period not in months and not is_intact(out, entry):
            msg = (
                f"{out / entry.path} is missing or damaged, and the archive no longer holds the health of"
                f" that month; restore the file (its SHA-256 is {entry.sha256})"
            )
            raise ArchiveError(msg)
    return kept


def finish_export(preparation: Preparation, months: Iterable[FileEntry]) -> Manifest:
    """Describe an export whose months are written, and put it in the place of the last one."""
    order = [table.name for table in TABLES]
    files = sorted(
        [*preparation.manifest.files, *months], key=lambda entry: (order.index(entry.table), entry.path)
    )
    manifest = replace(preparation.manifest, files=tuple(files))
    texts = {
        README_NAME: build_readme(manifest),
        DATAPACKAGE_NAME: format_json(build_datapackage(manifest)),
        CROISSANT_NAME: format_json(build_croissant(manifest)),
    }
    folder = preparation.folder
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_checksums(folder, files, texts)
    (folder / MANIFEST_NAME).write_text(format_manifest(manifest), encoding="utf-8")
    replace_export(preparation.out)
    return manifest
