"""Months of raw health: each is a file of its own, made from git alone, so that many can be made at once."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orarchive.export.health_table import MonthOfHealth
from orarchive.export.parquet_files import ROW_GROUP_ROWS, FileEntry, hash_file, write_parquet
from orarchive.export.schemas import HEALTH, HEALTH_DAYS, SCHEMA_VERSION
from orarchive.export.values import parse_time
from orarchive.queries.health_attempts import HealthAttempt, MonthHealth, read_health
from orarchive.store.archive import open_archive

SOURCE_KEY = b"orarchive.source"
"""Key of the metadata of a file of health that has its `source`, for a folder that lost its manifest."""


@dataclass(frozen=True)
class MonthTask:
    """All that it takes to write one month of health; it can be sent to another process or machine."""

    archive: Path
    """Folder of the archive."""
    out: Path
    """Folder that the file is written into."""
    month: str
    """`2026-11`."""
    attempts: tuple[HealthAttempt, ...]

    @property
    def source(self) -> str:
        """Return a hash of all that the month's file depends on."""
        return hash_source(self.attempts)


def hash_source(attempts: Iterable[HealthAttempt]) -> str:
    """Return a hash of all that the file of a month that is made from these attempts depends on."""
    lines = [
        f"{attempt.hour} {attempt.number} {attempt.commit} {sorted(attempt.kept_models)} {attempt.repaired}\n"
        for attempt in attempts
    ]
    return hashlib.sha256("".join([f"{SCHEMA_VERSION}\n", *lines]).encode()).hexdigest()


def is_intact(out: Path, entry: FileEntry) -> bool:
    """Return whether a file is there and has the bytes that the manifest says."""
    path = out / entry.path
    return path.is_file() and path.stat().st_size == entry.bytes and hash_file(path) == entry.sha256


def write_month(task: MonthTask) -> FileEntry:
    """Write a month of health; return its file."""
    month = MonthOfHealth()
    for reading in read_health(open_archive(task.archive), task.attempts):
        month.add(reading)
    path = HEALTH.build_path(task.month)
    schema = HEALTH.schema.with_metadata({SOURCE_KEY: task.source.encode()})
    figures = write_parquet(task.out, path, schema, month.list_row_groups(ROW_GROUP_ROWS))
    return FileEntry(path, HEALTH.name, task.month, *figures, source=task.source)


def find_files(out: Path, months: Mapping[str, MonthHealth]) -> tuple[list[FileEntry], list[Path]]:
    """Return the files of health in a folder without a manifest that are of an archive, and strange ones.

    Raw health is of the archive if its file was made from all attempts of its month, which the ledger names
    also where their health was cut off. One that the archive can write again is in neither list.
    """
    entries, strange_paths = [], []
    for table in (HEALTH, HEALTH_DAYS):
        for path in sorted(out.glob(table.build_path("*"))):
            period = path.parent.name.partition("=")[2]
            metadata = _read_metadata(path)
            source = (metadata.metadata or {}).get(SOURCE_KEY, b"").decode() if metadata else ""
            month = months.get(period, MonthHealth()) if table is HEALTH else None
            if metadata and (month is None or source == hash_source(month.all_attempts)):
                figures = metadata.num_rows, path.stat().st_size, hash_file(path), source
                entries.append(FileEntry(table.build_path(period), table.name, period, *figures))
            elif month and (month.is_cut or not month.attempts):
                strange_paths.append(path)
    return entries, strange_paths


def _read_metadata(path: Path) -> pq.FileMetaData | None:
    """Return the metadata of a Parquet file, None for a file that is none."""
    try:
        return pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return None


def has_attempt(path: Path, hour: str, attempt: int) -> bool:
    """Return whether a file of health has rows of an attempt."""
    rows = pq.read_table(
        path, columns=[], filters=[("hour", "=", parse_time(hour)), ("attempt", "=", attempt)]
    )
    return bool(rows.num_rows)
