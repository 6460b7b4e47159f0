"""Strips of health: a bar for each day of which something is known, with its date and uptime."""

import datetime as dt
from dataclasses import dataclass

from orarchive.publish.views.health import BAR_HEIGHTS, BAR_STEP, Health


@dataclass(frozen=True)
class StripBar:
    """A day of which something is known."""

    grade: str
    x: int
    y: int
    height: int
    title: str


@dataclass(frozen=True)
class HealthStrip:
    """Thirty days, and the mean of their uptimes."""

    uptime: float | None
    percent: str
    """The mean, "" where no uptime was read."""
    label: str
    """All of it, for people who do not see it."""
    bars: list[StripBar]


def build_strip(health: Health, now: dt.datetime) -> HealthStrip | None:
    """Build the strip of the whole days before the day of `now`; None where no day was read."""
    figure = health.figure
    if figure is None:
        return None
    uptime = health.uptime
    return HealthStrip(
        uptime=uptime,
        percent="" if uptime is None else format_uptime(uptime),
        label=figure.label,
        bars=[_build_bar(health, n, grade, now.date()) for n, grade in health.bars],
    )


def format_uptime(uptime: float) -> str:
    """Format an uptime in percent with two decimals; only all is `100%`."""
    return "100%" if uptime == 100 else f"{min(round(uptime, 2), 99.99):.2f}%"


def _build_bar(health: Health, n: int, grade: str, today: dt.date) -> StripBar:
    day, date = health.days[n], today - dt.timedelta(days=len(health.days) - n)
    assert day
    words = f"{grade} by its status" if day.uptime is None else format_uptime(day.uptime)
    height = BAR_HEIGHTS[grade]
    return StripBar(
        grade, n * BAR_STEP, BAR_HEIGHTS["well"] - height, height, f"{date.day} {date:%b}: {words}"
    )
