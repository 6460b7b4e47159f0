"""What the pages show of changes: by month and day, and the biggest moves of prices."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from orarchive.publish.changelog import ChangelogHour, ChangelogLine, Move
from orarchive.publish.charts.steps import MAX_GAP


@dataclass(frozen=True)
class ChangelogDay:
    """The changes of one day, newest hour first."""

    date: dt.date
    hours: list[ChangelogHour]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(len(one.lines) for one in self.hours)


@dataclass(frozen=True)
class ChangelogMonth:
    """The changes of one month, newest day first."""

    name: str
    """`2026-08`."""
    days: list[ChangelogDay]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(one.lines for one in self.days)


def group_months(changes: list[ChangelogHour]) -> list[ChangelogMonth]:
    """Changes, newest first, by month."""
    return [
        ChangelogMonth(name, _days(list(those)))
        for name, those in groupby(changes, key=lambda one: f"{one.hour:%Y-%m}")
    ]


def _days(changes: list[ChangelogHour]) -> list[ChangelogDay]:
    return [
        ChangelogDay(date, list(those)) for date, those in groupby(changes, key=lambda one: one.hour.date())
    ]


@dataclass(frozen=True)
class PriceMove:
    """A price that is not what it was, with the last line that tells of it."""

    hour: dt.datetime
    line: ChangelogLine
    move: Move
    """From what it was before to what it is now."""


def list_moves(changes: list[ChangelogHour], since: dt.datetime) -> list[PriceMove]:
    """How input and output prices moved since an hour, the biggest first; the larger of each that has both.

    What went and came back has not moved. A model that shows another provider's price has not moved: nobody
    asks another price. What may have moved long before that hour is left out.
    """
    last: dict[tuple[str | None, str], tuple[dt.datetime, ChangelogLine]] = {}
    ends: dict[tuple[str | None, str], dict[str, Move]] = defaultdict(dict)
    for one in takewhile(lambda one: one.hour > since, changes):  # newest first
        for line in one.lines:
            known = line.after is None or line.after >= since - MAX_GAP
            if known and line.topic == "price" and line.kind != "listed price":
                key = (line.model, line.subject)
                last.setdefault(key, (one.hour, line))
                for move in line.moves:
                    ends[key][move.dimension] = replace(ends[key].get(move.dimension, move), old=move.old)
    found = []
    for key, (hour, line) in last.items():
        both = [ends[key][name] for name in ("prompt", "completion") if name in ends[key]]
        if moved := [move for move in both if move.percent]:
            found.append(PriceMove(hour, line, max(moved, key=lambda move: abs(move.percent or 0))))
    return sorted(found, key=lambda one: -abs(one.move.percent or 0))
