"""Several prices over time in one chart, each a line of steps.

The axis is logarithmic where the prices lie far apart.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.history.coverage import find_gaps
from orarchive.publish.charts.steps import MAX_GAP, round_up
from orarchive.publish.charts.wide import COLOURS, SIZE, DateLabel, TimeAxis

MIN_LOGARITHMIC_RATIO = 12
"""The highest price by the lowest from which on the axis is logarithmic."""

LOGARITHMIC_STEPS = (Decimal(1), Decimal(2), Decimal(5))
"""Marks in each power of ten."""

MAX_MARKS = 7


@dataclass(frozen=True)
class Piece:
    """A stretch of time at one price, which is above 0, from its first hour up to another one."""

    first: dt.datetime
    end: dt.datetime
    amount: Decimal
    label: str
    """What had the price."""


@dataclass(frozen=True)
class Step:
    """A piece in the drawing."""

    piece: Piece
    path: str


@dataclass(frozen=True)
class Stop:
    """Where a piece begins, or, without one, where there is no price until the next stop."""

    x: int
    piece: Piece | None

    @property
    def label(self) -> str:
        """Return what has the price, without the sign that ends a stop; "" for none."""
        return self.piece.label.replace("|", "/") if self.piece else ""


@dataclass(frozen=True)
class StepLine:
    """A line: its pieces, and how they are joined."""

    name: str
    colour: str
    path: str
    starts: str
    """A path of no length wherever something else begins to have the price."""
    steps: list[Step]
    stops: list[Stop]
    last: Piece
    is_current: bool
    """Whether the last piece reaches the end of the chart."""


@dataclass(frozen=True)
class Mark:
    """A line of the grid."""

    percent: float
    """Its distance from the top."""
    amount: Decimal


@dataclass(frozen=True)
class StepLines:
    """A chart of lines."""

    lines: list[StepLine]
    marks: list[Mark]
    dates: list[DateLabel]
    gaps: list[tuple[int, int]]
    """x and width of each stretch that was not read."""
    is_logarithmic: bool
    begin: dt.datetime
    end: dt.datetime


def draw_step_lines(
    series: Mapping[str, Sequence[Piece]], good_hours: Sequence[dt.datetime], end: dt.datetime
) -> StepLines | None:
    """Return the chart of some prices, each oldest piece first, up to `end`; None without any.

    `good_hours`, oldest first, tell where the gaps are.
    """
    series = {name: pieces for name, pieces in series.items() if pieces}
    if not series:
        return None
    amounts = [piece.amount for pieces in series.values() for piece in pieces]
    begin = min(pieces[0].first for pieces in series.values())
    axis = TimeAxis(begin, end)
    is_logarithmic = max(amounts) / min(amounts) >= MIN_LOGARITHMIC_RATIO
    marks = _list_logarithmic(min(amounts), max(amounts)) if is_logarithmic else _list_linear(max(amounts))
    scale = math.log10 if is_logarithmic else float
    bottom, top = float(scale(marks[0])), float(scale(marks[-1]))

    def find_height(amount: Decimal) -> float:
        return 1 - (float(scale(amount)) - bottom) / (top - bottom)

    gaps = find_gaps([hour for hour in good_hours if begin <= hour <= end], MAX_GAP)
    return StepLines(
        lines=[
            _draw_line(name, COLOURS[n % len(COLOURS)], pieces, axis, find_height)
            for n, (name, pieces) in enumerate(series.items())
        ],
        marks=[Mark(round(100 * find_height(amount), 1), amount) for amount in marks],
        dates=axis.list_labels(),
        gaps=[(axis.x(last), axis.x(following) - axis.x(last)) for last, following in gaps],
        is_logarithmic=is_logarithmic,
        begin=begin,
        end=end,
    )


def _draw_line(
    name: str,
    colour: str,
    pieces: Sequence[Piece],
    axis: TimeAxis,
    find_height: Callable[[Decimal], float],
) -> StepLine:
    commands: list[str] = []
    starts: list[str] = []
    steps, stops = [], []
    previous: Piece | None = None
    for piece in pieces:
        y, begin, end = round(SIZE * find_height(piece.amount)), axis.x(piece.first), axis.x(piece.end)
        is_joined = previous is not None and piece.first <= previous.end
        commands.append(f"V{y}H{end}" if is_joined else f"M{begin} {y}H{end}")
        steps.append(Step(piece, f"M{begin} {y}H{end}"))
        if previous and piece.label != previous.label:
            starts.append(f"M{begin} {y}h0")
        if previous and not is_joined:
            stops.append(Stop(axis.x(previous.end), None))
        stops.append(Stop(begin, piece))
        previous = piece
    assert previous
    is_current = previous.end >= axis.end
    if not is_current:
        stops.append(Stop(axis.x(previous.end), None))
    return StepLine(name, colour, "".join(commands), "".join(starts), steps, stops, previous, is_current)


def _list_linear(highest: Decimal) -> list[Decimal]:
    """List the marks of an axis that begins at zero."""
    top = round_up(highest)
    return [top * n / 4 for n in range(5)]


def _list_logarithmic(lowest: Decimal, highest: Decimal) -> list[Decimal]:
    """List the marks of a logarithmic axis, from one not above the lowest to one not below the highest."""
    powers = range(lowest.adjusted(), highest.adjusted() + 2)
    for steps in (LOGARITHMIC_STEPS, LOGARITHMIC_STEPS[:1]):
        marks = [step.scaleb(power) for power in powers for step in steps]
        first = max(n for n, mark in enumerate(marks) if mark <= lowest)
        last = next(n for n, mark in enumerate(marks) if mark >= highest)
        if last - first < MAX_MARKS:
            break
    return marks[first : last + 1]
