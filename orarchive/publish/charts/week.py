"""The chart of time-of-day prices: a row for each run of equal weekdays, a bar for a stretch at one rate.

The darker a bar, the dearer. All times are UTC.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from orarchive.domain.phrasing import label_dimension
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

ROW_HEIGHT, BAR_HEIGHT = 26, 20


@dataclass(frozen=True)
class Tick:
    """A label of the time axis: its x position and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Part:
    """A bar: a stretch of a day at the same prices."""

    x: float
    width: float
    shade: float
    words: str
    """The times of day and the prices."""


@dataclass(frozen=True)
class Row:
    """Consecutive weekdays with equal prices at equal times."""

    days: str
    y: float
    parts: list[Part]


@dataclass(frozen=True)
class Rate:
    """Prices that hold at some times."""

    shade: float
    """Opacity of their bars, up to 1."""
    words: str


@dataclass(frozen=True)
class Week:
    """The chart of prices through the week."""

    rows: list[Row]
    rates: list[Rate]
    """The dearest first."""
    words: str
    """The whole chart as a sentence."""
    hours: list[Tick]
    height: int
    width: int = WIDTH
    bar_height: int = BAR_HEIGHT


DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

MINUTES_PER_DAY = 24 * 60

LABEL_WIDTH = 76

MINUTE_WIDTH = (WIDTH - LABEL_WIDTH) / MINUTES_PER_DAY

MIN_SHADE = 0.2
"""Opacity of the cheapest bars."""

Amounts = tuple[Decimal | None, ...]
"""A price for each dimension; None where it has none."""

Stretch = tuple[int, int, Amounts]
"""Start and end in minutes after midnight, and the prices."""


def draw_week(dimensions: Sequence[str], pricing: Record) -> Week:
    """Return the chart of dimensions whose prices follow a schedule."""
    days = [_list_stretches(dimensions, pricing, ANY_MONDAY + dt.timedelta(days=n)) for n in range(7)]
    # Dearer by the first dimension; of equal ones by the next.
    ordered = sorted(
        {amounts for day in days for *_, amounts in day},
        key=lambda amounts: [-1 if amount is None else amount for amount in amounts],
    )
    step = (1 - MIN_SHADE) / max(len(ordered) - 1, 1)
    rates = {
        amounts: Rate(round(MIN_SHADE + n * step, 2), _describe_amounts(dimensions, amounts))
        for n, amounts in enumerate(ordered)
    }
    rows: list[Row] = []
    for stretches, group in groupby(range(7), key=lambda n: days[n]):
        parts = [_draw_part(start, end, rates[amounts]) for start, end, amounts in stretches]
        rows.append(Row(_name_days(list(group)), len(rows) * ROW_HEIGHT, parts))
    return Week(
        rows=rows,
        rates=[*rates.values()][::-1],
        words="; ".join(f"{row.days} {part.words}" for row in rows for part in row.parts),
        hours=[Tick(round(LABEL_WIDTH + n * 60 * MINUTE_WIDTH, 1), f"{n:02}") for n in range(0, 24, 4)],
        height=len(rows) * ROW_HEIGHT + 16,
    )


def _name_days(days: list[int]) -> str:
    """Return the label of consecutive weekdays (0 is Monday): the first and the last of them."""
    first, last = DAY_NAMES[days[0]], DAY_NAMES[days[-1]]
    return first if len(days) == 1 else f"{first}–{last}"


def _describe_amounts(dimensions: Sequence[str], amounts: Amounts) -> str:
    """Name prices with their dimensions: `input $0.87 per M, output $1.74 per M`."""
    return ", ".join(
        f"{label_dimension(name)} {format_price(name, amount)}"
        for name, amount in zip(dimensions, amounts, strict=True)
        if amount is not None
    )


def _draw_part(start: int, end: int, rate: Rate) -> Part:
    return Part(
        x=round(LABEL_WIDTH + start * MINUTE_WIDTH, 1),
        width=round((end - start) * MINUTE_WIDTH - 1, 1),
        shade=rate.shade,
        words=f"{format_time_of_day(start)}–{format_time_of_day(end)}: {rate.words}",
    )


def _list_stretches(dimensions: Sequence[str], pricing: Record, midnight: dt.datetime) -> list[Stretch]:
    """Return the stretches of a day at the same prices; times without any are left out."""
    stretches: list[Stretch] = []
    for start, end in pairwise(sorted(_list_edges(read_schedule(pricing)))):
        prices = get_prices_at(pricing, midnight + dt.timedelta(minutes=start))
        amounts = tuple(prices.get(name, (None, None))[0] for name in dimensions)
        if all(amount is None for amount in amounts):
            continue
        if stretches and stretches[-1][1:] == (start, amounts):
            stretches[-1] = (stretches[-1][0], end, amounts)
        else:
            stretches.append((start, end, amounts))
    return stretches


def _list_edges(schedule: Iterable[Record]) -> set[int]:
    """Return the minutes of a day at which a price may change, with both ends of the day."""
    times = (parse_time_of_day(entry.get(name)) for entry in schedule for name in ("utc_start", "utc_end"))
    return {0, MINUTES_PER_DAY, *(minute for minute in times if minute and minute < MINUTES_PER_DAY)}
