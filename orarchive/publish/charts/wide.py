"""Wide charts over time, which fill the page: shapes in a square of `SIZE` units that templates stretch.

Labels stand at percentages of the width and the height, so that their letters keep their size at any width.
Names of areas and lines are a list beside the drawing, where they cannot collide.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from orarchive.history.coverage import Gap

SIZE = 1000
"""Width and height of a drawing, in units of its SVG."""

MAX_LABELS = 5
"""Date labels that a phone has room for."""

EDGE_PERCENT = 4
"""Labels of dates nearer to the left or right edge than this are aligned with it."""

MAX_DAYS_LABELLED = 50
"""Up to so many days the time axis labels days; beyond, months."""

MONTH_STEPS = (1, 2, 3, 4, 6, 12, 24, 48, 96)
"""Numbers of months between two labels of a time axis."""

LONG_GAP_SHARE = 0.2
"""A gap that would take more of the width than this is shortened."""

SHORT_GAP_SHARE = 0.06
"""Share of the width that a shortened gap takes."""

MIN_TAIL_SHARE = 0.04
"""Part of the width that the time after the last shortened gap takes, at least."""

CUT_LABEL_PERCENT = 18
"""Distance of the label of a shortened gap's end from others, so that they do not meet on a phone."""

COLOURS = ("#4a78c9", "#d0803a", "#3f9a70", "#b06bb0", "#b39a2d", "#cf6a72", "#5fa7b8", "#8a7bd8")
"""Fills that can be told apart side by side; the names beside them say the same without colour."""


@dataclass(frozen=True)
class DateLabel:
    """A label of the time axis."""

    percent: float
    """Its distance from the left edge."""
    text: str
    anchor: str
    """`start`, `middle` or `end`."""


@dataclass(frozen=True)
class Cut:
    """A gap that is shortened: its times, and where it is drawn."""

    gap: Gap
    x: int
    x_end: int
    percent: float
    """The distance of its middle from the left edge."""


@dataclass(frozen=True)
class Mark:
    """A line of the grid and its label."""

    percent: float
    """Its distance from the top."""
    text: str


@dataclass(frozen=True)
class EndLabel:
    """The last value of a line, at its end."""

    x_percent: float
    y_percent: float
    text: str
    is_below: bool
    """Whether it stands below the line: where that came down, it would cross it above."""


@dataclass(frozen=True)
class Shape:
    """What a name has in a drawing: an area or a line."""

    name: str
    colour: str
    """"" for that of the style sheet."""
    path: str
    """The `d` attribute of its path."""
    stops: str
    """x of each place from which on it has another value, with that value: `0 12.3%|40 |60 12.5%`."""
    last: str
    """Its last value; of an area "" where it has none at the end."""
    label: str
    """What had the last value: another name than its own, or ""."""
    bands: str = ""
    """A path of the ranges of time-of-day prices."""
    dots: str = ""
    """A path of no length wherever something else begins to have the value, and where a line ends."""
    bridges: str = ""
    """A path across the gaps, from the last value before each to the first one after it."""


@dataclass(frozen=True)
class Layer:
    """Areas from top to bottom, or lines, with their axis: one layer of a chart is seen at a time."""

    shapes: list[Shape]
    marks: list[Mark]
    end_label: EndLabel | None = None
    value: str = ""
    """The choice that shows it, "" for the only one."""


@dataclass(frozen=True)
class WideChart:
    """A drawing between two times."""

    layers: list[Layer]
    dates: list[DateLabel]
    begin: dt.datetime
    end: dt.datetime
    unit: str
    """What a reader points at: `day`, `week` or `month`."""
    note: str = ""
    """What is to be said of the axes or the periods."""
    gaps: str = ""
    """A path of the stretches without a reading."""
    cuts: Sequence[Cut] = ()
    """The gaps that are shorter than the axis says."""
    grid: str = ""
    """A path of the lines at the marks, which are at the same places in all layers; "" for areas."""

    @property
    def shapes(self) -> list[Shape]:
        """Return the shapes of the first layer."""
        return self.layers[0].shapes


@dataclass(frozen=True)
class TimeAxis:
    """The time from one moment to another, from the left edge to the right one; long gaps are shortened."""

    begin: dt.datetime
    end: dt.datetime
    gaps: Sequence[Gap] = ()

    def x(self, moment: dt.datetime) -> int:
        """Return the x coordinate of a time."""
        return round(SIZE * self._find_share(moment))

    def list_cuts(self) -> list[Cut]:
        """List the shortened gaps."""
        edges = [(gap, self.x(gap.start), self.x(gap.end)) for gap in self._long_gaps]
        return [Cut(gap, x, x_end, to_percent((x + x_end) // 2)) for gap, x, x_end in edges]

    def list_labels(self) -> list[DateLabel]:
        """List the labels of dates; after a shortened gap there is one of its end."""
        ends = [self._build_label(gap.end, f"{gap.end.day} {gap.end:%b}") for gap in self._long_gaps]
        dates = (
            self._build_label(moment, text)
            for moment, text in _list_dates(self.begin, self.end, self._long_gaps)
        )
        far = [
            date
            for date in dates
            if all(abs(date.percent - end.percent) >= CUT_LABEL_PERCENT for end in ends)
        ]
        return sorted([*far, *ends], key=lambda label: label.percent)

    @cached_property
    def _long_gaps(self) -> list[Gap]:
        whole = self.end - self.begin
        gaps = [gap for gap in self.gaps if gap.end - gap.start > LONG_GAP_SHARE * whole]
        return gaps if sum((gap.end - gap.start for gap in gaps), dt.timedelta()) < whole else []

    def _find_share(self, moment: dt.datetime) -> float:
        drawn_s, elapsed_s = ((time - self.begin).total_seconds() for time in (self.end, moment))
        in_gaps = 0.0
        rest = 1 - SHORT_GAP_SHARE * len(self._long_gaps)
        for start, end in self._long_gaps:
            gap_s = (end - start).total_seconds()
            past_s = (min(max(moment, start), end) - start).total_seconds()
            drawn_s, elapsed_s = drawn_s - gap_s, elapsed_s - past_s
            in_gaps += SHORT_GAP_SHARE * past_s / gap_s
        tail_s = (self.end - self._long_gaps[-1].end).total_seconds() if self._long_gaps else 0.0
        if not 0 < rest * tail_s < MIN_TAIL_SHARE * drawn_s:
            return in_gaps + rest * elapsed_s / max(drawn_s, 1)
        body_s = drawn_s - tail_s
        before_s, after_s = min(elapsed_s, body_s), max(elapsed_s - body_s, 0)
        return in_gaps + (rest - MIN_TAIL_SHARE) * before_s / body_s + MIN_TAIL_SHARE * after_s / tail_s

    def _build_label(self, moment: dt.datetime, text: str) -> DateLabel:
        percent = 100 * self._find_share(moment)
        anchor = "start" if percent < EDGE_PERCENT else "end" if percent >= 100 - EDGE_PERCENT else "middle"
        return DateLabel(round(percent, 1), text, anchor)


def _list_dates(begin: dt.datetime, end: dt.datetime, cuts: Sequence[Gap]) -> list[tuple[dt.datetime, str]]:
    """List labels of a time axis with their times: days, or months where there are too many days."""
    days = (end - begin - sum((cut.end - cut.start for cut in cuts), dt.timedelta())).days

    def is_drawn(moment: dt.datetime) -> bool:
        return not any(cut.start < moment <= cut.end for cut in cuts)

    if days > MAX_DAYS_LABELLED:
        return [(month, text) for month, text in _list_months(begin, end) if is_drawn(month)]
    midnight = get_midnight(begin.date())
    midnights = [midnight + dt.timedelta(days=n) for n in range(1, (end - begin).days + 2)]
    midnights = [day for day in midnights if is_drawn(day)]
    step = -(-len(midnights) // MAX_LABELS)
    return [(day, f"{day.day} {day:%b}") for day in midnights[::step] if day <= end]


def _list_months(begin: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, str]]:
    """List the beginnings of months with their labels; the first one and each January name the year."""
    years = range(begin.year, end.year + 1)
    firsts = [dt.datetime(year, month, 1, tzinfo=dt.UTC) for year in years for month in range(1, 13)]
    months = [first for first in firsts if begin <= first < end]
    step = next(step for step in MONTH_STEPS if len(months) <= step * MAX_LABELS)
    labelled = [month for month in months if (month.month - 1 + 12 * month.year) % step == 0]
    return [
        (month, f"{month:%b %Y}" if month.month <= step or month is labelled[0] else f"{month:%b}")
        for month in labelled
    ]


def get_midnight(day: dt.date) -> dt.datetime:
    """Return the beginning of a UTC day."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def to_percent(y: int) -> float:
    """Return a coordinate in percent of the drawing; a whole number is written without a point."""
    return y // 10 if y % 10 == 0 else y / 10


def write_stops(stops: Iterable[tuple[int, str]]) -> str:
    """Write the places of a shape with their values, "" for none; a sign that ends one becomes a slash."""
    return "|".join(f"{x} {value.replace('|', '/')}" for x, value in stops)
