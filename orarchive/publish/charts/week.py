"""Bar charts of time-of-day prices: a row for each run of equal weekdays, a bar for a stretch at one price.

The higher a bar, the higher the price. All times are UTC.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from orarchive.domain.prices import (
    ANY_MONDAY,
    format_price,
    format_time_of_day,
    get_prices_at,
    parse_time_of_day,
    read_schedule,
)
from orarchive.jsonl import Record

WIDTH = 560


@dataclass(frozen=True)
class Tick:
    """A label of the time axis: its x position and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Part:
    """A bar: a stretch of a day at one price."""

    x: float
    y: float
    width: float
    height: float
    price: str
    """The price without its unit."""
    words: str
    """The price with its unit and the times of day."""


@dataclass(frozen=True)
class Row:
    """Consecutive weekdays with equal prices at equal times."""

    days: str
    y: float
    height: float
    parts: list[Part]


@dataclass(frozen=True)
class Week:
    """The chart of one dimension's price through the week."""

    dimension: str
    rows: list[Row]
    words: str
    """The whole chart as a sentence."""
    hours: list[Tick]
    height: int
    width: int = WIDTH


DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

MINUTES_PER_DAY = 24 * 60

ROW_HEIGHT, LABEL_WIDTH = 34, 64

MINUTE_WIDTH = (WIDTH - LABEL_WIDTH) / MINUTES_PER_DAY

Stretch = tuple[int, int, Decimal]
"""Start and end in minutes after midnight, and the price."""


def draw_week(dimension: str, pricing: Record) -> Week:
    """Return the chart of a dimension whose price follows a schedule."""
    days = [_list_stretches(dimension, pricing, ANY_MONDAY + dt.timedelta(days=n)) for n in range(7)]
    top = max((price for day in days for _, _, price in day), default=Decimal(1)) or Decimal(1)
    rows: list[Row] = []
    for stretches, group in groupby(range(7), key=lambda n: days[n]):
        y = len(rows) * ROW_HEIGHT
        parts = [_draw_part(dimension, stretch, top, y) for stretch in stretches]
        rows.append(Row(_name_days(list(group)), y, ROW_HEIGHT, parts))
    return Week(
        dimension=dimension,
        rows=rows,
        words="; ".join(f"{row.days} {part.words}" for row in rows for part in row.parts),
        hours=[Tick(round(LABEL_WIDTH + n * 60 * MINUTE_WIDTH, 1), f"{n:02}") for n in range(0, 24, 4)],
        height=len(rows) * ROW_HEIGHT + 16,
    )


def _name_days(days: list[int]) -> str:
    """Return the label of consecutive weekdays (0 is Monday): the first and the last of them."""
    first, last = DAY_NAMES[days[0]], DAY_NAMES[days[-1]]
    return first if len(days) == 1 else f"{first}–{last}"


def _draw_part(dimension: str, stretch: Stretch, top: Decimal, y: float) -> Part:
    """Return the bar of a stretch in the row at `y`; a price of `top` fills the row."""
    start, end, price = stretch
    height = round(max(float(price / top) * (ROW_HEIGHT - 6), 1), 1)
    text = format_price(dimension, price)
    return Part(
        x=round(LABEL_WIDTH + start * MINUTE_WIDTH, 1),
        y=round(y + ROW_HEIGHT - 2 - height, 1),
        width=round((end - start) * MINUTE_WIDTH - 1, 1),
        height=height,
        price=text.partition(" ")[0],
        words=f"{text} {format_time_of_day(start)}–{format_time_of_day(end)}",
    )


def _list_stretches(dimension: str, pricing: Record, midnight: dt.datetime) -> list[Stretch]:
    """Return the stretches of a day at one price each; times without a price are left out."""
    stretches: list[Stretch] = []
    for start, end in pairwise(sorted(_list_edges(read_schedule(pricing)))):
        price = get_prices_at(pricing, midnight + dt.timedelta(minutes=start)).get(dimension, (None, None))[0]
        if price is None:
            continue
        if stretches and stretches[-1][1:] == (start, price):
            stretches[-1] = (stretches[-1][0], end, price)
        else:
            stretches.append((start, end, price))
    return stretches


def _list_edges(schedule: Iterable[Record]) -> set[int]:
    """Return the minutes of a day at which a price may change, with both ends of the day."""
    times = (parse_time_of_day(entry.get(name)) for entry in schedule for name in ("utc_start", "utc_end"))
    return {0, MINUTES_PER_DAY, *(minute for minute in times if minute and minute < MINUTES_PER_DAY)}
