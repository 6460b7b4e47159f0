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


MAX_MONTH_LINES = 2500
"""Lines of a month that are shown on one page, about 45 KB of it compressed; of more each day has a page."""

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
class DayLink:
    """A day in the list of days of a long month; `count` is that of its lines."""

    date: dt.date
    name: str
    """The day of the month, `03`."""
    count: int


@dataclass(frozen=True)
class ChangesPage:
    """The context of a page of changes."""

    month: str
    """The month, `2026-08`; "" for the last days."""
    date: dt.date | None
    """The day; None for a month and for the last days."""
    span: str
    """The day or month in words that follow "Changes"; "" for the last days."""
    topics: list[Topic]
    days: list[ChangeDay]
    day_links: list[DayLink]
    """The pages of the days of a long month, whose own page shows no changes."""
    months: list[MonthLink]


def is_long(month: ChangelogMonth) -> bool:
    """Return whether each day of a month has a page of its own."""
    return month.lines > MAX_MONTH_LINES


def build_changes_page(
    months: list[ChangelogMonth], month: ChangelogMonth | None = None, day: ChangelogDay | None = None
) -> ChangesPage:
    """Build a page of changes: that of a month, of a day of it, or that of the last days with changes."""
    name = month.name if month else ""
    links = month.days if month and not day and is_long(month) else []
    days = [day] if day else [] if links else month.days if month else list_recent_days(months)
    return ChangesPage(
        month=name,
        date=day.date if day else None,
        span=f" on {day.date}" if day else f" in {name}" if name else "",
        topics=TOPICS,
        days=[ChangeDay(day.date, day.lines, build_change_hours(day.hours)) for day in days],
        day_links=[DayLink(day.date, f"{day.date:%d}", day.lines) for day in links],
        months=[MonthLink(link.name, link.lines, link.name == name) for link in months],
    )


def list_recent_days(months: list[ChangelogMonth]) -> list[ChangelogDay]:
    """List the last days with changes, limited in days and lines; a day is never cut."""
    days = [day for month in months[:MAX_RECENT_MONTHS] for day in month.days][:MAX_RECENT_DAYS]
    earlier = accumulate((day.lines for day in days), initial=0)
    return [day for day, lines in zip(days, earlier, strict=False) if lines < MAX_RECENT_LINES]
