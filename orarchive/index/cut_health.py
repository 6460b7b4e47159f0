"""Figures of health that was cut off: its days and its events, which the cut leaves on the branch `health`.

They are in a file of the first commit after the cut, so that an index that is built anew has them.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orarchive.domain.event_kinds import DEGRADED, RECOVERED
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.health_days import COLUMNS, NAMES, count_days
from orarchive.index.runs import HEALTH, Run
from orarchive.jsonl import Number, Record, dumps, loads
from orarchive.store.archive import Archive
from orarchive.store.health_branch import read_cut_file

SELECT_DAYS = f"""
    select key, day, {COLUMNS} from health_days join records on records.id = record
    where day < ? order by key, day
"""

SELECT_EVENTS = """
    select events.key, kind, events.hour, number, after, by from events
    join attempts on attempts.attempt = events.attempt
    where kind in (?, ?) and events.hour < ? order by events.id
"""

INSERT_DAY = f"""
    insert or ignore into health_days (record, day, {COLUMNS})
    select id, ?{", ?" * len(NAMES)} from records where feed = 'endpoints' and key = ?
"""

SELECT_NUMBER = "select number from attempts where attempt = ?"

SELECT_RECORD = "select id from records where feed = 'endpoints' and key = ?"

REPORTED_HOURS = 6
"""Length of a run that an event has told of: its true length is not kept, and no shorter run is."""


def format_cut_file(db: sqlite3.Connection, hour: str) -> bytes:
    """Return the file with what an index has of the health before an hour, the begin of a day."""
    days: dict[str, list[list[float | None]]] = defaultdict(list)
    for key, *figures in db.execute(SELECT_DAYS, (count_days(hour),)):
        days[key].append(figures)
    lines: list[Record] = [{"key": key, "days": figures} for key, figures in days.items()]
    names = ("key", "event", "hour", "attempt", "after", "by")
    events = db.execute(SELECT_EVENTS, (DEGRADED, RECOVERED, hour))
    lines += [dict(zip(names, row, strict=True)) for row in events]
    return b"".join(dumps(line) + b"\n" for line in lines)


@dataclass
class CutHealth:
    """The days and events of health that was cut off an archive, read when the first are needed."""

    archive: Archive
    day: int | None = None
    """The day of the last attempt whose health was cut off, in days since 1970-01-01."""

    @cached_property
    def _lines(self) -> list[Record]:
        return [loads(line) for line in read_cut_file(self.archive).splitlines()]

    @cached_property
    def _days(self) -> dict[int, list[list[Any]]]:
        """Return the values of `INSERT_DAY` by day."""
        days: dict[int, list[list[Any]]] = defaultdict(list)
        for line in self._lines:
            for figures in line.get("days", ()):
                values = [float(value) if isinstance(value, Number) else value for value in figures]
                days[int(values[0])].append([*values, line["key"]])
        return days

    @cached_property
    def _events(self) -> dict[tuple[str, int], list[Record]]:
        """Return the lines of events by hour and attempt."""
        events: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for line in self._lines:
            if "event" in line:
                events[line["hour"], line["attempt"]].append(line)
        return events

    def apply_attempt(self, context: AttemptContext) -> Iterator[Event]:
        """Yield the events of an attempt whose health was cut off, and set the runs that they tell of."""
        day = count_days(context.hour)
        if day != self.day:
            self.write_day(context.db)
            self.day = day
        (number,) = context.db.execute(SELECT_NUMBER, (context.attempt,)).fetchone()
        for line in self._events.get((context.hour, number), ()):
            yield Event(line["event"], "endpoints", line["key"], after=line["after"], by=line["by"])
            is_bad = line["event"] == DEGRADED
            run = Run(
                hour=context.hour,
                seen=context.reads["endpoints"].since,
                bad=is_bad,
                run=REPORTED_HOURS,
                since=line["by"],
                after=line["after"],
                is_reported=is_bad,
            )
            for (record,) in context.db.execute(SELECT_RECORD, (line["key"],)).fetchall():
                context.update.runs.runs[HEALTH][record] = run

    def write_day(self, db: sqlite3.Connection) -> None:
        """Write the figures of the day into an index, once all of its endpoints are in it, or sooner."""
        if self.day is not None:
            db.executemany(INSERT_DAY, self._days.get(self.day, ()))
