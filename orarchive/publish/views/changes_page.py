"""The pages of changes: the last days, and each month."""

import datetime as dt
from dataclasses import dataclass
from itertools import accumulate

from orarchive.domain.event_kinds import TOPIC_NAMES
from orarchive.publish.views.changes import ChangeHour, ChangelogDay, ChangelogMonth, build_change_hours

MAX_RECENT_MONTHS, MAX_RECENT_DAYS, MAX_RECENT_LINES = 2, 14, 400
"""Limits of the page of changes: it ends where the first of them is reached; months' pages have all."""


@dataclass(frozen=True)
class Topic:
    """A topic that changes can be filtered by."""

    name: str
    label: str


TOPICS = [Topic(name, label) for name, label in TOPIC_NAMES.items()]


@dataclass(frozen=True)
class ChangeDay:
    """The changes of a day; `count` is that of its lines."""

    date: dt.date
    count: int
    hours: list[ChangeHour]


@dataclass(frozen=True)
class MonthLink:
    """A month in the list of months; `count` is that of its lines."""

    name: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class ChangesPage:
    """The context of a page of changes."""

    month: str
    """The month, `2026-08`; "" for the last days."""
    topics: list[Topic]
    days: list[ChangeDay]
    months: list[MonthLink]


def build_changes_page(months: list[ChangelogMonth], month: ChangelogMonth | None = None) -> ChangesPage:
    """Build a page of changes: that of a month, or without one that of the last days with changes."""
    name = month.name if month else ""
    days = month.days if month else list_recent_days(months)
    return ChangesPage(
        month=name,
        topics=TOPICS,
        days=[ChangeDay(day.date, day.lines, build_change_hours(day.hours)) for day in days],
        months=[MonthLink(link.name, link.lines, link.name == name) for link in months],
    )


def list_recent_days(months: list[ChangelogMonth]) -> list[ChangelogDay]:
    """List the last days with changes, limited in days and lines; a day is never cut."""
    days = [day for month in months[:MAX_RECENT_MONTHS] for day in month.days][:MAX_RECENT_DAYS]
    earlier = accumulate((day.lines for day in days), initial=0)
    return [day for day, lines in zip(days, earlier, strict=False) if lines < MAX_RECENT_LINES]
