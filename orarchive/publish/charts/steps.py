"""Step charts of a price over time: coordinates computed here, in user units of an SVG, drawn by templates.

A price holds until the hour that showed another one, so the line has horizontal and vertical pieces only.
Where two good hours are further apart than MAX_GAP the line is broken and the gap is shaded. The price axis
begins at zero.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.history.coverage import Gap, find_gaps
from orarchive.publish.dataset import PriceInterval, PriceKey

MAX_GAP = dt.timedelta(hours=36)
"""The longest gap that is not marked. Imported histories were read twice a day: half a day without a reading
is normal there."""

WIDTH, HEIGHT = 560, 162
LEFT, RIGHT, TOP, BOTTOM = 8, WIDTH - 58, 22, HEIGHT - 22
"""Edges of the plot area: price labels stand to its right, dates below it, the pointed-at value above it."""

MAX_DAYS_LABELLED = 50
"""Up to so many days the time axis labels days; beyond, months."""

MAX_LABELS = 6
"""Date labels on an axis."""

ROUND_STEPS = ("1", "2", "2.5", "4", "5", "8", "10")
"""Top values of a price axis, times a power of ten."""

MONTH_STEPS = (1, 2, 3, 4, 6, 12, 24, 48, 96)
"""Numbers of months between two labels of a time axis."""


@dataclass(frozen=True)
class Tick:
    """A label of the time axis: its x position and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """The start of a step: its coordinates and the price interval that begins there."""

    x: float
    y: float
    point: PriceInterval


@dataclass(frozen=True)
class Area:
    """The plot area of a chart: its edges, in units of the SVG."""

    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


@dataclass(frozen=True)
class Scale:
    """The mapping from times and prices to coordinates of the plot area."""

    begin: dt.datetime
    end: dt.datetime
    top: Decimal
    """The price at the top of the axis."""
    area: Area = Area()

    def x(self, moment: dt.datetime) -> float:
        """Return the x coordinate of a time."""
        left, right = self.area.left, self.area.right
        duration_s = max((self.end - self.begin).total_seconds(), 1)
        return round_tenth(left + (right - left) * (moment - self.begin).total_seconds() / duration_s)

    def y(self, price: Decimal) -> float:
        """Return the y coordinate of a price."""
        height = self.area.bottom - self.area.top
        return round_tenth(float(self.area.bottom - height * price / self.top))


def round_tenth(number: float) -> float:
    """Round a coordinate to a tenth; a whole number is written without a point."""
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded


@dataclass(frozen=True)
class Chart:
    """A step chart of one price over time."""

    rate: PriceKey
    path: str
    """The line, as the `d` attribute of a path; of a time-of-day price that of the lowest rate."""
    bands: list[tuple[float, float, float, float]]
    """x, y, width and height of the range of each time-of-day price."""
    dots: list[Dot]
    gaps: list[tuple[float, float]]
    """x and width of each gap."""
    dates: list[Tick]
    prices: list[tuple[float, Decimal]]
    """y and price of each label of the price axis."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


def draw_steps(
    price_key: PriceKey,
    intervals: Sequence[PriceInterval],
    good_hours: Sequence[dt.datetime],
    end: dt.datetime,
) -> Chart:
    """Return the chart of one price's intervals (oldest first, at least one an amount) up to an hour.

    `good_hours`, oldest first, tell where the gaps are; those after `end` are ignored. A price that is no
    amount (a router's -1) is left out, so that it is a break in the line.
    """
    intervals = [interval for interval in intervals if interval.amount >= 0]
    begin = intervals[0].first
    top = max(interval.highest or interval.amount for interval in intervals)
    scale = Scale(begin, end, round_up(top))
    gaps = list_chart_gaps(good_hours, begin, end)
    return Chart(
        rate=price_key,
        path="".join(draw_line(intervals, gaps, scale)),
        bands=[
            draw_band(interval, interval.highest, scale)
            for interval in intervals
            if interval.highest not in (None, interval.amount)
        ],
        dots=[Dot(scale.x(interval.first), scale.y(interval.amount), interval) for interval in intervals],
        gaps=[(scale.x(last), round_tenth(scale.x(following) - scale.x(last))) for last, following in gaps],
        dates=[Tick(scale.x(date), text) for date, text in list_date_ticks(begin, end)],
        prices=[(scale.y(price), price) for price in (Decimal(0), scale.top / 2, scale.top)],
    )


def list_chart_gaps(good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime) -> list[Gap]:
    """List the gaps between good hours, oldest first, that lie between two times, cut to them."""
    # The hour before the first one that counts may begin a gap.
    hours = good_hours[max(bisect_left(good_hours, begin) - 1, 0) : bisect_left(good_hours, end)]
    gaps = find_gaps([*hours, end], MAX_GAP)
    return [Gap(max(gap.start, begin), gap.end) for gap in gaps if gap.end > begin]


def draw_line(intervals: Sequence[PriceInterval], gaps: Sequence[Gap], scale: Scale) -> Iterator[str]:
    """Yield path commands: a horizontal line for each interval, interrupted at gaps.

    Two intervals are joined by a vertical line unless they are further apart than MAX_GAP.
    """
    gap_begins = [begin for begin, _ in gaps]
    previous_last: dt.datetime | None = None
    for interval in intervals:
        level, last = scale.y(interval.amount), interval.last or scale.end
        is_joined = previous_last is not None and interval.first - previous_last <= MAX_GAP
        x = scale.x(interval.first)
        way = "" if previous_last == interval.first else f"H{x}"
        yield f"{way}V{level}" if is_joined else f"M{x} {level}"
        within = slice(bisect_left(gap_begins, interval.first), bisect_left(gap_begins, last))
        for begin, end in gaps[within]:
            yield f"H{scale.x(begin)}M{scale.x(end)} {level}"
        yield f"H{scale.x(last)}"
        previous_last = last


def draw_band(
    interval: PriceInterval, highest: Decimal | None, scale: Scale
) -> tuple[float, float, float, float]:
    """Return x, y, width and height of the range of an interval."""
    assert highest
    x, y = scale.x(interval.first), scale.y(highest)
    width, height = scale.x(interval.last or scale.end) - x, scale.y(interval.amount) - y
    return x, y, round_tenth(width), round_tenth(height)


def round_up(price: Decimal) -> Decimal:
    """Return a round number not below a price: the top of its axis; 1 for a price of 0."""
    if not price:
        return Decimal(1)
    power = Decimal(1).scaleb(price.adjusted())
    return next(top for step in ROUND_STEPS if (top := Decimal(step) * power) >= price)


def list_date_ticks(
    begin: dt.datetime, end: dt.datetime, max_labels: int = MAX_LABELS
) -> list[tuple[dt.datetime, str]]:
    """Return labels of a time axis with their times: days, or months where there are too many days."""
    days = (end - begin).days
    if days > MAX_DAYS_LABELLED:
        return _list_month_ticks(begin, end, max_labels)
    midnight = dt.datetime.combine(begin.date(), dt.time(), dt.UTC)
    midnights = [midnight + dt.timedelta(days=n) for n in range(1, days + 2)]
    step = -(-len(midnights) // max_labels)
    return [(day, f"{day.day} {day:%b}") for day in midnights[::step] if day <= end]


def _list_month_ticks(begin: dt.datetime, end: dt.datetime, max_labels: int) -> list[tuple[dt.datetime, str]]:
    """Return the beginnings of months with their labels; the first one and each January name the year."""
    years = range(begin.year, end.year + 1)
    firsts = [dt.datetime(year, month, 1, tzinfo=dt.UTC) for year in years for month in range(1, 13)]
    months = [first for first in firsts if begin <= first <= end]
    step = next(step for step in MONTH_STEPS if len(months) <= step * max_labels)
    labelled = [month for month in months if (month.month - 1 + 12 * month.year) % step == 0]
    return [
        (month, f"{month:%b %Y}" if month.month <= step or month is labelled[0] else f"{month:%b}")
        for month in labelled
    ]
