"""Prices that follow the clock: what they are at each time of the week, as bars.

The higher a bar, the dearer; days that are alike are one row.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from orarchive.domain.prices import format_price, prices_at, read_schedule
from orarchive.domain.records import as_integer
from orarchive.jsonl import Record
from orarchive.publish.charts.steps import WIDTH, Tick


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
"""Height of a row, and width of its name."""

MINUTE = (WIDTH - LABEL) / (24 * 60)


def draw_week(dimension: str, pricing: Record) -> Week:
    """The prices of a dimension that follows the clock, at each time of the week."""
    days = [_day(dimension, pricing, MONDAY + n * dt.timedelta(days=1)) for n in range(7)]
    top = max((price for day in days for _, _, price in day), default=Decimal(1)) or Decimal(1)
    rows: list[Row] = []
    said: list[str] = []
    for day, group in groupby(range(7), key=lambda n: days[n]):
        those = list(group)
        name = NAMES[those[0]] if len(those) == 1 else f"{NAMES[those[0]]}–{NAMES[those[-1]]}"
        y = len(rows) * ROW
        rows.append(Row(name, y, ROW, [_part(dimension, stretch, top, y) for stretch in day]))
        said += [f"{name} {part.words}" for part in rows[-1].parts]
    hours = [Tick(round(LABEL + n * 60 * MINUTE, 1), f"{n:02}") for n in range(0, 24, 4)]
    return Week(dimension, rows, "; ".join(said), hours, len(rows) * ROW + 16)


Stretch = tuple[int, int, Decimal]
"""Start and end in minutes, and the price."""


def _part(dimension: str, stretch: Stretch, top: Decimal, y: float) -> Part:
    start, end, price = stretch
    height = round(max(float(price / top) * (ROW - 6), 1), 1)
    said = format_price(dimension, price)
    return Part(
        x=round(LABEL + start * MINUTE, 1),
        y=round(y + ROW - 2 - height, 1),
        width=round((end - start) * MINUTE - 1, 1),
        height=height,
        price=said.partition(" ")[0],
        words=f"{said} {format_time_of_day(start)}–{format_time_of_day(end)}",
    )


def _day(dimension: str, pricing: Record, midnight: dt.datetime) -> list[Stretch]:
    """The stretches of a day at one price each."""
    edges = {0, 24 * 60}
    for entry in read_schedule(pricing):
        for name in ("utc_start", "utc_end"):
            if (at := parse_minutes(entry.get(name))) is not None and at < 24 * 60:
                edges.add(at)
    found: list[Stretch] = []
    for start, end in pairwise(sorted(edges)):
        price = prices_at(pricing, midnight + dt.timedelta(minutes=start)).get(dimension, (None, None))[0]
        if price is None:
            continue
        if found and found[-1][1] == start and found[-1][2] == price:
            found[-1] = (found[-1][0], end, price)
        else:
            found.append((start, end, price))
    return found


def parse_minutes(hhmm: object) -> int | None:
    """A time of day that is sent as a number: 30 is 00:30, 1000 is 10:00."""
    found = as_integer(hhmm)
    return None if found is None else found // 100 * 60 + found % 100


def format_time_of_day(minute: int) -> str:
    """A time of day: `00:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"
