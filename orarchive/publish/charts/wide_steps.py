"""The wide chart of prices: several lines in steps over a stretch of time, with gaps and time-of-day bands.

The plot is stretched to any width, so that labels stand beside it in percent of its sides. A time-of-day
price is a band from its lowest to its highest rate; the line of fixed prices ends where the band begins.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from orarchive.publish.charts.steps import (
    MAX_GAP,
    Area,
    Scale,
    Tick,
    draw_band,
    draw_line,
    list_chart_gaps,
    list_date_ticks,
    round_tenth,
    round_up,
)
from orarchive.publish.dataset import PriceInterval

WIDTH, HEIGHT = 1160, 280
AREA = Area(left=0, right=WIDTH, top=16, bottom=HEIGHT - 24)
"""Dates stand below the plot area; amounts within it, on the lines of the grid."""

MAX_LABELS = 5
"""Date labels: more do not fit on a phone."""


@dataclass(frozen=True)
class PriceLine:
    """A price over time: its intervals, oldest first, and the good hours of the feed that it is of."""

    name: str
    intervals: Sequence[PriceInterval]
    good_hours: Sequence[dt.datetime]


@dataclass(frozen=True)
class Stop:
    """The place from which on a line has another price; None: from which on none is known."""

    x: float
    interval: PriceInterval | None


@dataclass(frozen=True)
class LineEnd:
    """Where the last price of a line ends, also in percent of the sides."""

    x: float
    y: float
    x_percent: float
    y_percent: float
    interval: PriceInterval


@dataclass(frozen=True)
class DrawnLine:
    """A line as it is drawn: fixed prices as a path, time-of-day prices as bands."""

    name: str
    path: str
    bands: list[tuple[float, float, float, float]]
    """x, y, width and height of each."""
    stops: list[Stop]
    end: LineEnd


@dataclass(frozen=True)
class WideTime:
    """What all charts between two times share."""

    begin: dt.datetime
    end: dt.datetime
    gaps: str
    """The areas without a reading, as the `d` attribute of a path."""
    dates: list[Tick]
    """Labels of the time axis; their positions are in percent of the width."""


@dataclass(frozen=True)
class WideChart:
    """Lines between two times."""

    lines: list[DrawnLine]
    amounts: list[tuple[float, Decimal]]
    """Price of each line of the grid, and its place in percent of the height."""

    @property
    def end_of_first(self) -> LineEnd | None:
        """Return where the first line ends, which is read first; None where no price was known."""
        return self.lines[0].end if self.lines else None


def draw_time(good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime) -> WideTime:
    """Draw the gaps between the good hours of a feed, oldest first, and the time axis."""
    scale = Scale(begin, end, Decimal(1), AREA)
    gaps = [
        (scale.x(last), round_tenth(scale.x(following) - scale.x(last)))
        for last, following in list_chart_gaps(good_hours, begin, end)
    ]
    height = AREA.bottom - AREA.top
    return WideTime(
        begin=begin,
        end=end,
        gaps="".join(f"M{x} {AREA.top}h{width}v{height}h-{width}" for x, width in gaps),
        dates=[
            Tick(round_tenth(scale.x(date) * 100 / WIDTH), text)
            for date, text in list_date_ticks(begin, end, MAX_LABELS)
        ],
    )


def draw_prices(lines: Sequence[PriceLine], begin: dt.datetime, end: dt.datetime) -> WideChart:
    """Draw prices between two times. A price below 0 is no amount."""
    cut = [replace(line, intervals=[*_cut_intervals(line.intervals, begin, end)]) for line in lines]
    amounts = [interval.highest or interval.amount for line in cut for interval in line.intervals]
    scale = Scale(begin, end, round_up(max(amounts, default=Decimal(0))), AREA)
    grid = (Decimal(0), scale.top / 2, scale.top)
    return WideChart(
        lines=[_draw_price(line, scale) for line in cut if line.intervals],
        amounts=[(round_tenth(scale.y(price) * 100 / HEIGHT), price) for price in grid],
    )


def _cut_intervals(
    intervals: Sequence[PriceInterval], begin: dt.datetime, end: dt.datetime
) -> Iterator[PriceInterval]:
    """Yield the amounts that held at some time between two, cut to it."""
    for interval in intervals:
        if interval.amount >= 0 and interval.first <= end and (interval.last or end) >= begin:
            yield replace(interval, first=max(interval.first, begin))


def _draw_price(line: PriceLine, scale: Scale) -> DrawnLine:
    """Draw a line that has at least one interval."""
    gaps = list_chart_gaps(line.good_hours, scale.begin, scale.end)
    last = line.intervals[-1]
    x, y = scale.x(min(last.last or scale.end, scale.end)), scale.y(last.amount)
    runs = [(in_bands, [*run]) for in_bands, run in groupby(_join_intervals(line.intervals), is_range)]
    return DrawnLine(
        name=line.name,
        path="".join(part for in_bands, run in runs if not in_bands for part in draw_line(run, gaps, scale)),
        bands=[
            draw_band(interval, interval.highest, scale)
            for in_bands, run in runs
            if in_bands
            for interval in run
        ],
        stops=[*_list_stops(line.intervals, scale)],
        end=LineEnd(x, y, round_tenth(x * 100 / WIDTH), round_tenth(y * 100 / HEIGHT), last),
    )


def _join_intervals(intervals: Sequence[PriceInterval]) -> Iterator[PriceInterval]:
    """Yield the intervals, each up to the next one unless that is further away than MAX_GAP."""
    for interval, following in zip(intervals, [*intervals[1:], None], strict=True):
        is_near = following and interval.last and following.first - interval.last <= MAX_GAP
        yield replace(interval, last=following.first) if following and is_near else interval


def is_range(interval: PriceInterval) -> bool:
    """Return whether an interval is that of a time-of-day price with different rates."""
    return interval.highest not in (None, interval.amount)


def _list_stops(intervals: Sequence[PriceInterval], scale: Scale) -> Iterator[Stop]:
    for interval, following in zip(intervals, [*intervals[1:], None], strict=True):
        yield Stop(scale.x(interval.first), interval)
        last = interval.last or scale.end
        if last < scale.end and (following is None or following.first - last > MAX_GAP):
            yield Stop(scale.x(last), None)
