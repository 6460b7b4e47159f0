"""What the status page shows: coverage day by day, gaps, refusals, and where hours came from."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from orarchive.domain.feeds import FEEDS
from orarchive.history.coverage import Gap, find_gaps
from orarchive.publish.dataset import Dataset, FeedReading
from orarchive.timestamps import HOUR, format_stamp

WEEKS = 6
"""Weeks on the first page."""


@dataclass(frozen=True)
class Days:
    """A row of a calendar: the good hours of each of its days, None before the record and after now."""

    name: str
    days: list[int | None]


@dataclass(frozen=True)
class Origin:
    """Where hours came from: `live`, or `import:<name>`."""

    name: str
    first: dt.datetime
    last: dt.datetime
    hours: int


@dataclass(frozen=True)
class LastRun:
    """What was done at the last hour, all attempts together."""

    hour: dt.datetime
    started: dt.datetime
    finished: dt.datetime
    seconds: int
    """That its attempts took; what lies between two of them does not count."""
    not_good: list[str]
    """Feeds and series of rankings, as they were read last in it."""
    records: dict[str, int]
    """Feed -> records as they stand."""
    added: int
    """Models that came."""
    missing: int
    """Models that were not there."""
    requests: int
    """For feeds."""
    retries: int
    limited: int
    """Requests that were told to come back later."""

    @property
    def next_hour(self) -> dt.datetime:
        """When the next one is due."""
        return self.hour + HOUR


def summarize_last_run(book: Dataset) -> LastRun:
    """What was done at the last hour."""
    own = [one for one in book.readings if one.hour == book.hour]
    last = {one.feed: one for one in own}
    ranked = [one for one in book.usage.last.values() if one.hour == book.hour]
    events = Counter(
        one.kind for one in book.log if one.feed == "models" and one.hour == format_stamp(book.hour)
    )
    return LastRun(
        hour=book.hour,
        started=min(one.started for one in book.attempts),
        finished=max(one.finished for one in book.attempts),
        seconds=int(sum((one.finished - one.started).total_seconds() for one in book.attempts)),
        not_good=[
            *(name for name, one in last.items() if one.outcome != "ok"),
            *sorted({f"rankings {one.series}" for one in ranked if one.outcome != "ok"}),
        ],
        records={name: one.records for name, one in book.last.items() if one.records is not None},
        added=events["added"] + events["returned"],
        missing=events["missing"],
        requests=sum(one.requests for one in own),
        retries=sum(one.retries for one in own),
        limited=sum(one.limited for one in own),
    )


def list_complete_hours(book: Dataset, now: dt.datetime) -> list[dt.datetime]:
    """The hours that were read completely, all hourly feeds together, oldest first."""
    hourly = [set(book.complete[name]) for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    return sorted(hour for hour in set.intersection(*hourly) if hour <= now)


def list_troubles(book: Dataset) -> list[FeedReading]:
    """The feeds that were not good when they were last asked for."""
    return [book.last[name] for name in FEEDS if name in book.last and book.last[name].outcome != "ok"]


def list_months(book: Dataset, feed: str, now: dt.datetime) -> list[Days]:
    """The good hours of a feed by day, a row a month, newest first."""
    found = _good_hours(book, feed, now)
    rows = []
    for name, those in groupby(found, key=lambda day: f"{day:%Y-%m}"):
        shown = {day.day: found[day] for day in those}
        rows.append(Days(name, [shown.get(day) for day in range(1, 32)]))
    return rows[::-1]


def list_weeks(book: Dataset, feed: str, now: dt.datetime) -> list[Days]:
    """The good hours of a feed by day, a row for each of the last weeks, newest first; Mondays first."""
    found = _good_hours(book, feed, now)
    monday = now.date() - dt.timedelta(days=now.weekday())
    firsts = [monday - dt.timedelta(weeks=n) for n in range(WEEKS)]
    rows = [Days(f"{day}", [found.get(day + dt.timedelta(days=n)) for n in range(7)]) for day in firsts]
    return [row for row in rows if any(hours is not None for hours in row.days)]


def _good_hours(book: Dataset, feed: str, now: dt.datetime) -> dict[dt.date, int]:
    """The good hours of each day of the record, oldest first."""
    good = Counter(hour.date() for hour in book.good[feed])
    begun = book.begun.date()
    days = (begun + dt.timedelta(days=n) for n in range((now.date() - begun).days + 1))
    return {day: good[day] for day in days}


def list_origins(book: Dataset) -> list[Origin]:
    """Where hours came from, oldest first."""
    found = []
    hours: dict[str, dict[dt.datetime, None]] = {}
    for one in book.readings:
        hours.setdefault(one.origin, {})[one.hour] = None
    for name, those in hours.items():
        found.append(Origin(name, min(those), max(those), len(those)))
    return sorted(found, key=lambda one: one.first)


def list_gaps(book: Dataset, feed: str) -> list[Gap]:
    """The longest stretches between two good hours of a feed with none between, longest first."""
    step = HOUR if FEEDS[feed].cadence == "hourly" else 24 * HOUR
    return sorted(find_gaps(book.good[feed], step), key=lambda span: (span[0] - span[1], span[0]))


def list_rejected(book: Dataset) -> list[FeedReading]:
    """The readings whose payload a check refused, newest first."""
    return [one for one in reversed(book.readings) if one.outcome == "quarantined"]
