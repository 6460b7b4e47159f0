"""Days of health that the last export has and the index lacks: it was built after their health was lost."""

import datetime as dt
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orarchive.errors import ArchiveError
from orarchive.export.months import is_intact
from orarchive.export.parquet_files import FileEntry
from orarchive.export.schemas import HEALTH_DAYS
from orarchive.history.health import READ

SELECT_INCOMPLETE_DAYS = """
    select distinct substr(attempts.hour, 1, 10) from attempts join reads on reads.attempt = attempts.attempt
    where feed = 'endpoints' and good and health_commit is not null and health != ?
"""


@dataclass(frozen=True)
class KeptDays:
    """The files of the last export with days of health, and the days of which the index has not all hours."""

    out: Path
    entries: dict[str, FileEntry]
    """By year."""
    days: tuple[dt.date, ...]

    @classmethod
    def load(cls, db: sqlite3.Connection, out: Path, files: Iterable[FileEntry]) -> "KeptDays":
        """Find the days that an index lacks among the files of the last export in a folder."""
        days = (dt.date.fromisoformat(day) for (day,) in db.execute(SELECT_INCOMPLETE_DAYS, (READ,)))
        entries = {entry.period: entry for entry in files if entry.table == HEALTH_DAYS.name}
        return cls(out, entries, tuple(days))

    def list_years(self) -> set[str]:
        """List the years of which days may be missing in the index."""
        return {f"{day:%Y}" for day in self.days} & self.entries.keys()

    def merge(self, year: str, rows: pa.Table) -> pa.Table:
        """Return the rows of a year with those of the last export that were made from more hours.

        Raise ArchiveError where that file is damaged and had more rows.
        """
        if year not in self.list_years():
            return rows
        entry = self.entries[year]
        if not is_intact(self.out, entry):
            if rows.num_rows >= entry.rows:
                return rows
            msg = (
                f"{self.out / entry.path} is missing or damaged, and the archive no longer holds the health"
                f" of some of its days; restore the file (its SHA-256 is {entry.sha256})"
            )
            raise ArchiveError(msg)
        key = list(HEALTH_DAYS.key)
        old = pq.read_table(self.out / entry.path, schema=HEALTH_DAYS.schema)
        old = old.filter(pc.is_in(old["day"], pa.array(self.days, pa.date32())))
        pairs = old.join(rows.select([*key, "hours"]), key, right_suffix="_new")
        is_better = pc.greater(pairs["hours"], pc.fill_null(pairs["hours_new"], 0))
        better = pairs.filter(is_better).select(HEALTH_DAYS.schema.names)
        rest = rows.join(better.select(key), key, join_type="left anti").select(HEALTH_DAYS.schema.names)
        return pa.concat_tables([part.cast(HEALTH_DAYS.schema) for part in (rest, better)])
