"""Charts of prices over time: geometry in user units of an SVG, computed here and drawn by templates.

A price is a step: it holds until the hour that showed another one. Where nobody looked for longer than
GAP the line is broken, and the gap is shaded. The axis of prices begins at zero.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from orarchive.publish.dataset import PriceInterval, PriceKey

MAX_GAP = dt.timedelta(hours=36)
"""Imported pasts looked twice a day: half a day without a look is no gap worth a mark."""

WIDTH, HEIGHT = 560, 162
LEFT, RIGHT, TOP, BOTTOM = 8, WIDTH - 58, 22, HEIGHT - 22
"""Where the lines are: prices stand to the right of them, dates below, and above what one points at."""

MAX_DAYS_LABELLED = 50
"""Days up to which the axis names days, not months."""

MAX_LABELS = 6
"""Dates on an axis, at the most."""

ROUND_STEPS = ("1", "2", "2.5", "4", "5", "8", "10")
"""Where an axis of prices may end, times a power of ten."""

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: where, and what it says."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """A step of the line: where, and the price from which hour on."""

    x: float
    y: float
    point: PriceInterval


@dataclass(frozen=True)
class Scale:
    """From hours and prices to places."""

    begin: dt.datetime
    end: dt.datetime
    top: Decimal

    def x(self, moment: dt.datetime) -> float:
        """Where an hour is."""
        whole = max((self.end - self.begin).total_seconds(), 1)
        return round(LEFT + (RIGHT - LEFT) * (moment - self.begin).total_seconds() / whole, 1)

    def y(self, price: Decimal) -> float:
        """Where a price is."""
        return round(float(BOTTOM - (BOTTOM - TOP) * price / self.top), 1)


@dataclass(frozen=True)
class Chart:
    """A step chart over time."""

    rate: PriceKey
    path: str
    """The line, as the `d` of a path."""
    dots: list[Dot]
    gaps: list[tuple[float, float]]
    """x and width of stretches in which nobody looked."""
    dates: list[Tick]
    prices: list[tuple[float, Decimal]]
    """y and price."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


def draw_steps(
    rate: PriceKey, points: Sequence[PriceInterval], looks: Sequence[dt.datetime], end: dt.datetime
) -> Chart:
    """The chart of one price up to an hour; `looks` are the good hours, oldest first.

    Nothing is drawn beyond the last of them.

    What is no amount (a router's -1) is left out, so that it is a break in the line.
    """
    points = [point for point in points if point.amount >= 0]
    begin = points[0].first
    scale = Scale(begin, end, round_up(max(point.amount for point in points)))
    looked = [look for look in looks if look < end]
    unread = [(one, other) for one, other in find_gaps([*looked, end]) if other > begin]
    gaps = [(max(one, begin), other) for one, other in unread]
    return Chart(
        rate=rate,
        path="".join(_line(points, gaps, scale)),
        dots=[Dot(scale.x(point.first), scale.y(point.amount), point) for point in points],
        gaps=[(scale.x(one), round(scale.x(other) - scale.x(one), 1)) for one, other in gaps],
        dates=[Tick(scale.x(moment), text) for moment, text in list_date_ticks(begin, end)],
        prices=[(scale.y(price), price) for price in (Decimal(0), scale.top / 2, scale.top)],
    )


def find_gaps(looks: Iterable[dt.datetime]) -> list[Span]:
    """The stretches between two good hours in which nobody looked for too long."""
    return [(one, other) for one, other in pairwise(looks) if other - one > MAX_GAP]


def _line(points: Sequence[PriceInterval], gaps: Sequence[Span], scale: Scale) -> Iterator[str]:
    """Each price as a level, a step where another follows at once, a new start after a break."""
    begins = [begin for begin, _ in gaps]
    before: dt.datetime | None = None
    for point in points:
        level, last = scale.y(point.amount), point.last or scale.end
        joined = before is not None and point.first - before <= MAX_GAP
        yield f"H{scale.x(point.first):g}V{level:g}" if joined else f"M{scale.x(point.first):g} {level:g}"
        for one, other in gaps[bisect_left(begins, point.first) : bisect_left(begins, last)]:
            yield f"H{scale.x(one):g}M{scale.x(other):g} {level:g}"
        yield f"H{scale.x(last):g}"
        before = last


def round_up(price: Decimal) -> Decimal:
    """A round number not below a price."""
    if not price:
        return Decimal(1)
    power = Decimal(1).scaleb(price.adjusted())
    return next(top for step in ROUND_STEPS if (top := Decimal(step) * power) >= price)


def list_date_ticks(
    begin: dt.datetime, end: dt.datetime, most: int = MAX_LABELS
) -> list[tuple[dt.datetime, str]]:
    """Where months begin, or days, a handful of them."""
    days = (end - begin).days
    if days > MAX_DAYS_LABELLED:
        return _months(begin, end, most)
    midnight = dt.datetime.combine(begin.date(), dt.time(), dt.UTC)
    mornings = [midnight + dt.timedelta(days=n) for n in range(1, days + 2)]
    every = -(-len(mornings) // most)
    return [(one, f"{one.day} {one:%b}") for one in mornings[::every] if one <= end]


def _months(begin: dt.datetime, end: dt.datetime, most: int) -> list[tuple[dt.datetime, str]]:
    """Where months begin; the first one and each January with its year."""
    years = range(begin.year, end.year + 1)
    firsts = [dt.datetime(year, month, 1, tzinfo=dt.UTC) for year in years for month in range(1, 13)]
    found = [one for one in firsts if begin <= one <= end]
    every = next(step for step in (1, 2, 3, 4, 6, 12, 24, 48, 96) if len(found) <= step * most)
    kept = [one for one in found if (one.month - 1 + 12 * one.year) % every == 0]
    return [(one, f"{one:%b %Y}" if one.month <= every or one is kept[0] else f"{one:%b}") for one in kept]
