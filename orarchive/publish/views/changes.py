"""What the pages show of changes: by month and day, and the biggest moves of prices."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from orarchive.publish.charts import GAP
from orarchive.publish.told import HourTold, Move, Told


@dataclass(frozen=True)
class DayTold:
    """The changes of one day, newest hour first."""

    date: dt.date
    hours: list[HourTold]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(len(one.lines) for one in self.hours)


@dataclass(frozen=True)
class MonthTold:
    """The changes of one month, newest day first."""

    name: str
    """`2026-08`."""
    days: list[DayTold]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(one.lines for one in self.days)


def months(changes: list[HourTold]) -> list[MonthTold]:
    """Changes, newest first, by month."""
    return [
        MonthTold(name, _days(list(those)))
        for name, those in groupby(changes, key=lambda one: f"{one.hour:%Y-%m}")
    ]


def _days(changes: list[HourTold]) -> list[DayTold]:
    return [DayTold(date, list(those)) for date, those in groupby(changes, key=lambda one: one.hour.date())]


@dataclass(frozen=True)
class Moved:
    """A price that moved, with the line that tells it."""

    hour: dt.datetime
    line: Told
    move: Move


def moves(changes: list[HourTold], since: dt.datetime) -> list[Moved]:
    """The moves of input and output prices since an hour, the biggest first; the larger one of each line.

    A model that shows another provider's price has not moved: nobody asks another price. What may have moved
    long before that hour is left out.
    """
    found = []
    for one in changes:
        if one.hour <= since:
            break
        for line in one.lines:
            told = [
                move for move in line.moves if move.dimension in ("prompt", "completion") and move.percent
            ]
            known = line.after is None or line.after >= since - GAP
            if told and known and line.topic == "price" and line.kind != "listed price":
                found.append(Moved(one.hour, line, max(told, key=lambda move: abs(move.percent or 0))))
    return sorted(found, key=lambda one: -abs(one.move.percent or 0))
