"""Changes for the pages: by month and day, and as rows."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from orarchive.domain.event_kinds import LISTED_PROVIDER
from orarchive.domain.figures import format_percent_change
from orarchive.domain.phrasing import get_unit
from orarchive.publish.changelog import PAGE_STYLE, ChangelogHour, ChangelogLine, Move
from orarchive.publish.views.cells import PriceCell


@dataclass(frozen=True)
class ChangelogDay:
    """The changes of one day, newest hour first."""

    date: dt.date
    hours: list[ChangelogHour]

    @cached_property
    def lines(self) -> int:
        """Return the number of lines of all hours."""
        return sum(len(hour.lines) for hour in self.hours)


@dataclass(frozen=True)
class ChangelogMonth:
    """The changes of one month, newest day first."""

    name: str
    """`2026-08`."""
    days: list[ChangelogDay]

    @cached_property
    def lines(self) -> int:
        """Return the number of lines of all days."""
        return sum(day.lines for day in self.days)


def group_days(changes: Iterable[ChangelogHour]) -> Iterator[ChangelogDay]:
    """Group changes, newest first, by day."""
    for date, hours in groupby(changes, key=lambda hour: hour.hour.date()):
        yield ChangelogDay(date, list(hours))


@dataclass(frozen=True)
class MoveView:
    """A price that moved, as it is shown."""

    dimension: str
    old: PriceCell | None
    new: PriceCell
    percent: str
    """The move with its sign, "" where there is no percentage."""
    tone: str
    """`dear`, `cheap`, or "" where the colour would say something wrong."""


def build_move_view(move: Move, has_tone: bool = True) -> MoveView:
    """Build the cells of a move; `has_tone` is False for a listed price, which no provider changed."""
    percent = ""
    if move.percent is not None:
        percent = format_percent_change(move.percent, PAGE_STYLE.minus)
    return MoveView(
        dimension=move.dimension,
        old=PriceCell(move.old, move.dimension) if move.old is not None else None,
        new=PriceCell(move.new, move.dimension),
        percent=percent,
        tone=("dear" if move.direction > 0 else "cheap") if has_tone else "",
    )


@dataclass(frozen=True)
class ChangeRow:
    """A line of the changelog, as it is shown."""

    kind: str
    css_class: str
    sign: str
    topic: str
    """Topic to filter by; "" where there is no filter."""
    model: str
    """The model that is named; "" where there is none, or it is that of the page."""
    subject: str
    moves: list[MoveView]
    is_per_million: bool
    """Whether every price is that of a million tokens."""
    parts: tuple[str, ...]
    after: dt.datetime | None
    """The hour after which it came about, where days lie between."""


@dataclass(frozen=True)
class ChangeHour:
    """The rows of one hour; `more` counts those left out."""

    hour: dt.datetime
    rows: list[ChangeRow]
    more: int


def build_change_hours(hours: Iterable[ChangelogHour], on_model_page: bool = False) -> list[ChangeHour]:
    """Build the rows of hours; on the page of a model they do not name the model and have no filter."""
    return [
        ChangeHour(hour.hour, [_build_row(hour, line, on_model_page) for line in hour.lines], hour.more)
        for hour in hours
    ]


def _build_row(hour: ChangelogHour, line: ChangelogLine, on_model_page: bool) -> ChangeRow:
    is_late = line.after is not None and (hour.hour - line.after).days > 1
    return ChangeRow(
        kind=line.kind,
        css_class=line.kind.replace(" ", "-"),
        sign=line.sign,
        topic="" if on_model_page else line.topic,
        model="" if on_model_page else line.model or "",
        subject=line.subject,
        moves=[build_move_view(move, line.kind != LISTED_PROVIDER) for move in line.moves],
        is_per_million={get_unit(move.dimension) for move in line.moves} == {"M"},
        parts=line.parts,
        after=line.after if is_late else None,
    )
