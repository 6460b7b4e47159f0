"""Figures of health by UTC day, in memory while attempts are indexed: an hour adds to a thousand of them."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

EPOCH = date(1970, 1, 1)

MIN_WELL_UPTIME = 99
"""Uptime of a half-hour, in percent, from which on an endpoint counts as well."""


@dataclass(slots=True)
class DayFigures:
    """The health of an endpoint on a day; see the table `health_days`."""

    hours: int = 0
    abnormal: int = 0
    uptimes: int = 0
    well: int = 0
    uptime_sum: float = 0.0
    uptime_min: float | None = None
    latencies: int = 0
    latency_sum: float = 0.0
    throughput_sum: float = 0.0


NAMES = [member.name for member in fields(DayFigures)]
COLUMNS = ", ".join(NAMES)
get_values = attrgetter(*NAMES)

SELECT_DAY = f"select record, {COLUMNS} from health_days where day = ?"

INSERT_DAY = f"""
    insert or replace into health_days (day, record, {COLUMNS})
    values (?, ?{", ?" * len(NAMES)})
"""

Reading = tuple[int, int | None, float | None, float | None, float | None]
"""Row id of an endpoint, and its status, uptime, median latency and median throughput in an hour."""


@dataclass
class DayTracker:
    """The figures of the day of the last hour, by row id."""

    db: sqlite3.Connection
    day: int | None = None
    """Days since 1970-01-01."""
    figures: dict[int, DayFigures] = field(default_factory=dict)

    def add(self, hour: str, readings: Iterable[Reading]) -> None:
        """Add the readings of an hour to the figures of its day."""
        day = count_days(hour)
        if day != self.day:
            self.write()
            self.day = day
            self.figures = {
                record: DayFigures(*values) for record, *values in self.db.execute(SELECT_DAY, (day,))
            }
        for record, status, uptime, latency, throughput in readings:
            figures = self.figures.get(record)
            if figures is None:
                figures = self.figures[record] = DayFigures()
            figures.hours += 1
            if status:
                figures.abnormal += 1
            if uptime is not None:
                figures.uptimes += 1
                figures.uptime_sum += uptime
                figures.well += uptime >= MIN_WELL_UPTIME
                if figures.uptime_min is None or uptime < figures.uptime_min:
                    figures.uptime_min = float(uptime)
            if latency is not None and throughput is not None:
                figures.latencies += 1
                figures.latency_sum += latency
                figures.throughput_sum += throughput

    def write(self) -> None:
        """Write the figures of the day into the index."""
        rows = ((self.day, record, *get_values(figures)) for record, figures in self.figures.items())
        self.db.executemany(INSERT_DAY, rows)


def format_day(day: int) -> str:
    """Return the day that is so many days after 1970-01-01, as in files."""
    return (EPOCH + timedelta(days=day)).isoformat()


def count_days(hour: str) -> int:
    """Return the number of days from 1970-01-01 to the day of an hour."""
    return (datetime.fromisoformat(hour).astimezone(UTC).date() - EPOCH).days
