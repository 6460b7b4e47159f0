"""What the pages show of health: thirty whole days of an endpoint, or of all that a provider serves."""

from collections.abc import Sequence
from dataclasses import dataclass

from orarchive.publish.dataset import HealthDay

WELL, FAIR = 99, 90
"""Percent of uptime from which on a day was well, or fair."""


@dataclass(frozen=True)
class Health:
    """The last 30 whole days, oldest first; None: nobody looked."""

    days: Sequence[HealthDay | None]

    @property
    def uptime(self) -> float | None:
        """Mean over the days that have one, percent."""
        found = [day.uptime for day in self.days if day and day.uptime is not None]
        return sum(found) / len(found) if found else None

    @property
    def bars(self) -> list[tuple[int, str]]:
        """A bar for each day that was read: which of the 30 it is, and how well it was."""
        return [(n, _grade(day)) for n, day in enumerate(self.days) if day]


def combine_health(several: Sequence[Health]) -> Health:
    """The health of several endpoints as one: of each day the mean of their uptimes."""
    return Health(
        [_mean([day for day in days if day]) for days in zip(*(one.days for one in several), strict=True)]
    )


def _mean(days: Sequence[HealthDay]) -> HealthDay | None:
    if not days:
        return None
    uptimes = [day.uptime for day in days if day.uptime is not None]
    return HealthDay(
        hours=sum(day.hours for day in days),
        abnormal=sum(day.abnormal for day in days),
        uptime=sum(uptimes) / len(uptimes) if uptimes else None,
    )


def _grade(day: HealthDay) -> str:
    """A day in a word; without an uptime the status of most of its hours says it."""
    if day.uptime is None:
        return "bad" if day.abnormal * 2 > day.hours else "well"
    return "well" if day.uptime >= WELL else "fair" if day.uptime >= FAIR else "bad"
