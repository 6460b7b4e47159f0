"""Charts: geometry in user units of an SVG, computed here and drawn by templates.

A price is a step: it holds until the hour that showed another one. Where nobody looked for longer than
GAP the line is broken, and the gap is shaded.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from orarchive.jsonl import Record
from orarchive.prices import in_force, schedule, shown
from orarchive.publish.book import Point
from orarchive.records import integer

GAP = dt.timedelta(hours=36)
"""Imported pasts looked twice a day: half a day without a look is no gap worth a mark."""

WIDTH, HEIGHT = 560, 150
LEFT, RIGHT, TOP, BOTTOM = 8, 58, 10, 22
"""Margins: prices stand at the right, where the line ends, hours below."""

TICKS = 3

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
    point: Point


@dataclass(frozen=True)
class Chart:
    """A step chart over time; its axis begins at zero."""

    dimension: str
    path: str
    """The line, as the `d` of a path."""
    dots: list[Dot]
    gaps: list[tuple[float, float]]
    """x and width of stretches in which nobody looked."""
    hours: list[Tick]
    prices: list[tuple[float, Decimal]]
    """y and price."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def steps(dimension: str, points: Sequence[Point], looks: Sequence[dt.datetime], end: dt.datetime) -> Chart:
    """The chart of one dimension's prices; `looks` are the good hours, the last not after `end`."""
    begin = points[0].first
    span = max((end - begin).total_seconds(), 1)
    top = max(point.amount for point in points)
    ceiling = _ceiling(top)

    def x(moment: dt.datetime) -> float:
        return round(LEFT + (WIDTH - RIGHT - LEFT) * (moment - begin).total_seconds() / span, 1)

    def y(amount: Decimal) -> float:
        return round(float(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * amount / ceiling), 1)

    gaps = [gap for gap in unseen(looks) if gap[1] > begin]
    return Chart(
        dimension=dimension,
        path=_path(points, gaps, end, x, y),
        dots=[Dot(x(point.first), y(point.amount), point) for point in points],
        gaps=[(x(max(one, begin)), round(x(other) - x(max(one, begin)), 1)) for one, other in gaps],
        hours=[Tick(x(moment), text) for moment, text in _dates(begin, end)],
        prices=[(y(amount), amount) for amount in (Decimal(0), ceiling / 2, ceiling)],
    )


def unseen(looks: Iterable[dt.datetime]) -> list[Span]:
    """The stretches between two good hours in which nobody looked for too long."""
    return [(one, other) for one, other in pairwise(looks) if other - one > GAP]


def _path(points, gaps, end, x, y) -> str:  # type: ignore[no-untyped-def]
    """Each point's stretch as a level; a step up or down where one follows at once, else a new start."""
    parts: list[str] = []
    before: dt.datetime | None = None
    ends = [gap[0] for gap in gaps]
    for point in points:
        last = point.last or end
        broken = before is None or point.first - before > GAP
        parts.append(
            f"{'M' if broken else 'H'}{x(point.first):g}"
            + (f" {y(point.amount):g}" if broken else f"V{y(point.amount):g}")
        )
        # within the stretch nobody may have looked for a while
        for one, other in gaps[bisect_left(ends, point.first) :]:
            if point.first <= one and other <= last:
                parts.append(f"H{x(one):g}M{x(other):g} {y(point.amount):g}")
        parts.append(f"H{x(last):g}")
        before = last
    return "".join(parts)


def _ceiling(top: Decimal) -> Decimal:
    """A round number above a price: 1, 2, 2.5 or 5 times a power of ten."""
    if not top:
        return Decimal(1)
    power = Decimal(1).scaleb(top.adjusted())
    return next(
        step * power for step in map(Decimal, ("1", "2", "2.5", "4", "5", "8", "10")) if step * power >= top
    )


def _dates(begin: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """Where months or days begin, a handful of them."""
    days = (end - begin).days
    if days > 50:
        months = [
            dt.datetime(year, month, 1, tzinfo=dt.UTC)
            for year in range(begin.year, end.year + 1)
            for month in range(1, 13)
        ]
        found = [one for one in months if begin <= one <= end]
        every = next(step for step in (1, 2, 3, 4, 6, 12, 24, 48) if len(found) / step <= 6)
        kept = [one for one in found if (one.month - 1 + 12 * one.year) % every == 0]
        return [
            (one, f"{one:%b} {one.year}" if one.month <= every or one is kept[0] else f"{one:%b}")
            for one in kept
        ]
    midnight = dt.datetime.combine(begin.date(), dt.time(), dt.UTC)
    found = [
        midnight + dt.timedelta(days=n) for n in range(1, days + 2) if midnight + dt.timedelta(days=n) <= end
    ]
    every = next(step for step in (1, 2, 5, 10, 20) if len(found) / step <= 6)
    return [(one, f"{one.day} {one:%b}") for one in found[::every]]


@dataclass(frozen=True)
class Part:
    """A stretch of a day at one price."""

    x: float
    y: float
    width: float
    height: float
    price: str
    words: str


@dataclass(frozen=True)
class Row:
    """Days of the week that are alike."""

    days: str
    y: float
    height: float
    parts: list[Part]


@dataclass(frozen=True)
class Week:
    """What a price is through the week: the higher a bar, the dearer."""

    dimension: str
    rows: list[Row]
    words: str
    hours: list[Tick]
    height: int
    width: int = WIDTH


NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONDAY = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
"""Some Monday."""

ROW, LABEL = 34, 64


def week(dimension: str, pricing: Record) -> Week:
    """The prices of a dimension that follows the clock, at each time of the week."""
    days = [_day(dimension, pricing, MONDAY + n * dt.timedelta(days=1)) for n in range(7)]
    top = max((price for day in days for _, _, price in day), default=Decimal(1)) or Decimal(1)
    minute = (WIDTH - LABEL) / (24 * 60)
    rows: list[Row] = []
    said: list[str] = []
    for day, group in groupby(range(7), key=lambda n: days[n]):
        those = list(group)
        name = NAMES[those[0]] if len(those) == 1 else f"{NAMES[those[0]]}–{NAMES[those[-1]]}"
        y = len(rows) * ROW
        parts = []
        for start, end, price in day:
            height = round(max(float(price / top) * (ROW - 6), 1), 1)
            words = f"{shown(dimension, price)} {clock(start)}–{clock(end)}"
            parts.append(
                Part(
                    x=round(LABEL + start * minute, 1),
                    y=round(y + ROW - 2 - height, 1),
                    width=round((end - start) * minute - 1, 1),
                    height=height,
                    price=shown(dimension, price).partition(" ")[0],
                    words=words,
                )
            )
            said.append(f"{name} {words}")
        rows.append(Row(name, y, ROW, parts))
    hours = [Tick(round(LABEL + n * 60 * minute, 1), f"{n:02}") for n in range(0, 24, 4)]
    return Week(dimension, rows, "; ".join(said), hours, len(rows) * ROW + 16)


def _day(dimension: str, pricing: Record, midnight: dt.datetime) -> list[tuple[int, int, Decimal]]:
    """Start and end in minutes, and price, of each stretch of a day."""
    edges = {0, 24 * 60}
    for entry in schedule(pricing):
        for name in ("utc_start", "utc_end"):
            if (at := minutes(entry.get(name))) is not None and at < 24 * 60:
                edges.add(at)
    found: list[tuple[int, int, Decimal]] = []
    for start, end in pairwise(sorted(edges)):
        price = in_force(pricing, midnight + dt.timedelta(minutes=start)).get(dimension, (None, None))[0]
        if price is None:
            continue
        if found and found[-1][1] == start and found[-1][2] == price:
            found[-1] = (found[-1][0], end, price)
        else:
            found.append((start, end, price))
    return found


def minutes(hhmm: object) -> int | None:
    """A time of day that is sent as a number: 30 is 00:30, 1000 is 10:00."""
    found = integer(hhmm)
    return None if found is None else found // 100 * 60 + found % 100


def clock(minute: int) -> str:
    """A time of day: `00:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"
