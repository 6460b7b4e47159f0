"""What the status page shows: coverage day by day, gaps, refusals, and where hours came from."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, pairwise

from orarchive.feeds import FEEDS
from orarchive.hours import HOUR
from orarchive.publish.book import Book, Reading
from orarchive.publish.charts import Span


@dataclass(frozen=True)
class MonthRow:
    """A month of a calendar: the good hours of each of its days, None before the record and after now."""

    name: str
    days: list[int | None]


@dataclass(frozen=True)
class Origin:
    """Where hours came from: `live`, or `import:<name>`."""

    name: str
    first: dt.datetime
    last: dt.datetime
    hours: int


def complete(book: Book, now: dt.datetime, span: int) -> int:
    """How many of the last hours were read completely, all hourly feeds together."""
    hourly = [set(book.complete[name]) for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    return sum(now - span * HOUR < hour <= now for hour in set.intersection(*hourly))


def troubles(book: Book) -> list[Reading]:
    """The feeds that were not good when they were last asked for."""
    last = {one.feed: one for one in book.readings}
    return [last[name] for name in FEEDS if name in last and last[name].outcome != "ok"]


def calendar(book: Book, feed: str, now: dt.datetime) -> list[MonthRow]:
    """The good hours of a feed by day, newest month first."""
    good = Counter(hour.date() for hour in book.good[feed])
    date, end = book.begun.date(), now.date()
    days = [date + dt.timedelta(days=n) for n in range((end - date).days + 1)]
    rows = []
    for name, those in groupby(days, key=lambda day: f"{day:%Y-%m}"):
        shown = {day.day: good[day] for day in those}
        rows.append(MonthRow(name, [shown.get(day) for day in range(1, 32)]))
    return rows[::-1]


def origins(book: Book) -> list[Origin]:
    """Where hours came from, oldest first."""
    found = []
    hours: dict[str, dict[dt.datetime, None]] = {}
    for one in book.readings:
        hours.setdefault(one.origin, {})[one.hour] = None
    for name, those in hours.items():
        found.append(Origin(name, min(those), max(those), len(those)))
    return sorted(found, key=lambda one: one.first)


def gaps(book: Book, feed: str) -> list[Span]:
    """The longest stretches between two good hours of a feed with none between, longest first."""
    hours = book.good[feed]
    step = HOUR if FEEDS[feed].cadence == "hourly" else 24 * HOUR
    found = [(one, other) for one, other in pairwise(hours) if other - one > step]
    return sorted(found, key=lambda span: (span[0] - span[1], span[0]))


def refused(book: Book) -> list[Reading]:
    """The readings whose payload a check refused, newest first."""
    return [one for one in reversed(book.readings) if one.outcome == "quarantined"]
