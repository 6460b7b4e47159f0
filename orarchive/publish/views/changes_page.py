"""The pages of changes: the last days, and each month."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

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
    """A month in the list of months."""

    name: str
    count: int | None = None
    """Its lines; None on the page of a month, which would change whenever the last month does."""
    is_current: bool = False


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
    months: Sequence[MonthLink], month: ChangelogMonth, day: ChangelogDay | None = None
) -> ChangesPage:
    """Build a page of changes: that of a month, or of a day of it."""
    links = month.days if not day and is_long(month) else []
    days = [day] if day else [] if links else month.days
    return _build_page(months, days, month.name, day, links)


def build_recent_page(months: Sequence[MonthLink], days: Iterable[ChangelogDay]) -> ChangesPage:
    """Build the page of the last days with changes, of the given ones, newest first."""
    return _build_page(months, _limit_days(days))


def _build_page(
    months: Sequence[MonthLink],
    days: Iterable[ChangelogDay],
    name: str = "",
    day: ChangelogDay | None = None,
    links: Sequence[ChangelogDay] = (),
) -> ChangesPage:
    return ChangesPage(
        month=name,
        date=day.date if day else None,
        span=f" on {day.date}" if day else f" in {name}" if name else "",
        topics=TOPICS,
        days=[ChangeDay(day.date, day.lines, build_change_hours(day.hours)) for day in days],
        day_links=[DayLink(day.date, f"{day.date:%d}", day.lines) for day in links],
        months=[replace(link, is_current=link.name == name) for link in months],
    )


def _limit_days(days: Iterable[ChangelogDay]) -> Iterator[ChangelogDay]:
    """Yield the first days, limited in days and lines; a day is never cut."""
    lines = 0
    for day in islice(days, MAX_RECENT_DAYS):
        if lines >= MAX_RECENT_LINES:
            return
        lines += day.lines
        yield day
