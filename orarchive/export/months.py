"""Months of raw health: each is a file of its own, made from git alone, so that many can be made at once."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orarchive.export.health_source import HealthAttempt, read_health
from orarchive.export.health_table import MonthOfHealth
from orarchive.export.parquet_files import ROW_GROUP_ROWS, FileEntry, hash_file, write_parquet
from orarchive.export.schemas import HEALTH, SCHEMA_VERSION
from orarchive.store.archive import open_archive


@dataclass(frozen=True)
class MonthTask:
    """All that it takes to write one month of health; it can be sent to another process or machine."""

    archive: Path
    """Folder of the archive."""
    out: Path
    """Folder of the export."""
    month: str
    """`2026-11`."""
    attempts: tuple[HealthAttempt, ...]

    @property
    def source(self) -> str:
        """Return a hash of all that the month's file depends on."""
        lines = [
            f"{attempt.hour} {attempt.number} {attempt.commit} {sorted(attempt.kept_models)}\n"
            for attempt in self.attempts
        ]
        return hashlib.sha256("".join([f"{SCHEMA_VERSION}\n", *lines]).encode()).hexdigest()


def list_stale_months(tasks: Iterable[MonthTask], entries: Iterable[FileEntry]) -> list[MonthTask]:
    """List the months whose files, given by entries, are missing, damaged or made from other attempts."""
    sound = {(entry.period, entry.source): entry for entry in entries if entry.table == HEALTH.name}
    return [
        task
        for task in tasks
        if not (entry := sound.get((task.month, task.source))) or not is_intact(task.out, entry)
    ]


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
    figures = write_parquet(task.out, path, HEALTH.schema, month.list_row_groups(ROW_GROUP_ROWS))
    return FileEntry(path, HEALTH.name, task.month, *figures, source=task.source)
