"""Health for the pages: thirty whole days of an endpoint, or of all that a provider serves."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orarchive.domain.figures import format_share
from orarchive.publish.dataset import HealthDay

WELL_PERCENT, FAIR_PERCENT = 99, 90
"""Percent of uptime from which on a day was well, or fair."""

BAR_HEIGHTS = {"well": 16, "fair": 11, "bad": 6}
"""Height of a bar by how well a day was, in units of the SVG."""

MIN_DAYS_DRAWN = 3

BAR_STEP = 4
"""Distance from a bar to the next, in units of the SVG."""


@dataclass(frozen=True)
class HealthBar:
    """A day with an uptime, or with a status that tells of problems."""

    grade: str
    x: int
    y: int
    height: int
    words: str
    """Its date and its uptime: `21 Aug: 99.98%`."""


@dataclass(frozen=True)
class HealthFigure:
    """A bar for each day of which something is known, and the mean of their uptimes."""

    uptime: float | None
    """The mean, in percent."""
    label: str
    """All of it, for people who do not see it."""
    bars: list[HealthBar]
    percent: str
    """The mean uptime, for a column: `98.60%`; "" where none was read."""
    days: str
    """How many days were read, where they are too few for a picture: `2 days`; else ""."""


@dataclass(frozen=True)
class Health:
    """The last 30 whole days, oldest first; None: the day was not read."""

    days: Sequence[HealthDay | None]
    last: dt.date | None = None
    """The date of the last of them; None where it does not matter."""

    @property
    def uptime(self) -> float | None:
        """Return the mean over the days that have an uptime, percent."""
        uptimes = [day.uptime for day in self.days if day and day.uptime is not None]
        return sum(uptimes) / len(uptimes) if uptimes else None

    @property
    def bars(self) -> list[tuple[int, str]]:
        """Return the number of each day of which something is known, 0 to 29, and its grade."""
        grades = [(n, _grade(day)) for n, day in enumerate(self.days) if day]
        return [(n, grade) for n, grade in grades if grade]

    @property
    def figure(self) -> HealthFigure | None:
        """Return the bars and their words; None where no day was read."""
        count = sum(day is not None for day in self.days)
        if not count:
            return None
        bars = self.bars
        uptime = self.uptime
        mean = format_uptime(uptime)
        unwell = sum(grade != "well" for _, grade in bars)
        label = f"{count} of {len(self.days)} days read: "
        label += f"mean uptime {mean}" if mean else "no uptime stated"
        if unwell:
            label += f", {unwell} of them with problems"
        drawn = [self._build_bar(n, grade) for n, grade in bars]
        days = "" if count >= MIN_DAYS_DRAWN else f"{count} day{'s' if count > 1 else ''}"
        return HealthFigure(uptime, label, drawn, format_uptime(uptime, keeps_zeros=True), days)

    def _build_bar(self, n: int, grade: str) -> HealthBar:
        height = BAR_HEIGHTS[grade]
        day = self.days[n]
        uptime = format_uptime(day.uptime if day else None) or "no uptime stated"
        words = uptime
        if self.last:
            date = self.last - dt.timedelta(days=len(self.days) - 1 - n)
            words = f"{date.day} {date:%b}: {uptime}"
        return HealthBar(grade, n * BAR_STEP, BAR_HEIGHTS["well"] - height, height, words)


def has_strips(figures: Iterable[HealthFigure | None]) -> bool:
    """Return whether any of some figures has enough days to be drawn."""
    return any(figure is not None and not figure.days for figure in figures)


def format_uptime(percent: float | None, *, keeps_zeros: bool = False) -> str:
    """Format an uptime: `99.98%`; "" for none. With `keeps_zeros` it has two decimals: `98.60%`."""
    return "" if percent is None else format_share(percent / 100, 2, keeps_zeros=keeps_zeros)


def combine_health(healths: Sequence[Health]) -> Health:
    """Combine the health of several endpoints: for each day the mean of their uptimes."""
    days = zip(*(health.days for health in healths), strict=True)
    last = next((health.last for health in healths), None)
    return Health([_average([day for day in same_day if day]) for same_day in days], last)


def _average(days: Sequence[HealthDay]) -> HealthDay | None:
    if not days:
        return None
    uptimes = [day.uptime for day in days if day.uptime is not None]
    return HealthDay(
        hours=sum(day.hours for day in days),
        abnormal=sum(day.abnormal for day in days),
        uptime=sum(uptimes) / len(uptimes) if uptimes else None,
    )


def _grade(day: HealthDay) -> str:
    """Grade a day in a word; without an uptime "bad" by the status of most of its hours, or ""."""
    if day.uptime is None:
        return "bad" if day.abnormal * 2 > day.hours else ""
    return "well" if day.uptime >= WELL_PERCENT else "fair" if day.uptime >= FAIR_PERCENT else "bad"
