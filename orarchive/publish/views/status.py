"""Computations of the status page: coverage by day, gaps, rejected payloads, and the origins of hours."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from orarchive.domain.event_kinds import ADDED, MISSING, RETURNED
from orarchive.domain.feeds import FEEDS
from orarchive.history.coverage import MAX_AGE, Gap, find_gaps
from orarchive.index.health import is_doubted
from orarchive.index.served_models import needs_endpoints
from orarchive.publish.dataset import Dataset, FeedReading
from orarchive.timestamps import HOUR, format_stamp

LABELLED_DAYS = (1, 5, 10, 15, 20, 25, 30)
"""Days of a month whose number stands above the calendar."""

LIVE, IMPORT = "live", "import:"
"""Origin of the hours that the archive read itself; what that of imported ones begins with, before a name."""

HOURS = 24

MAX_LEVEL_HOURS = (0, 5, 17, 23)
"""Good hours of 24 up to which a day has the colour 0, 1, 2 or 3; a day with all 24 has the colour 4."""


@dataclass(frozen=True)
class CalendarDay:
    """The good hours of a day, and the strength of its colour."""

    hours: int
    level: int


@dataclass(frozen=True)
class CalendarHead:
    """The head of a column of a calendar."""

    text: str
    is_hidden: bool
    """Whether only those read it who do not see the page."""


@dataclass(frozen=True)
class CalendarRow:
    """A month or a week; days before the record and after now are None."""

    name: str
    days: list[CalendarDay | None]


@dataclass(frozen=True)
class Calendar:
    """The good hours of the models feed by day."""

    heads: list[CalendarHead]
    rows: list[CalendarRow]
    imported_hours: int
    """Good hours that an imported day mostly has, of which the colours of such days are shares; 0 without."""


@dataclass(frozen=True)
class Origin:
    """Where hours came from."""

    name: str
    """`live`, or `imported from <name>`."""
    first: dt.datetime
    last: dt.datetime
    hours: int


@dataclass(frozen=True)
class LastRun:
    """The run of the last hour, all attempts together."""

    hour: dt.datetime
    started: dt.datetime
    finished: dt.datetime
    seconds: int
    """Duration of its attempts; the time between two of them does not count."""
    not_good: list[str]
    """Feeds and series of rankings whose last reading in it was not good."""
    records: dict[str, int]
    """Feed -> records as they stand."""
    added: int
    """Models that were added or returned."""
    missing: int
    """Models that were not there."""
    requests: int
    """For feeds."""
    retries: int
    limited: int
    """Requests that the service answered with "too many"."""

    @property
    def next_hour(self) -> dt.datetime:
        """Return the hour at which the next run is due."""
        return self.hour + HOUR


def summarize_last_run(dataset: Dataset) -> LastRun:
    """Summarize the attempts at the last hour: outcome, records, requests, start and end."""
    readings = [reading for reading in dataset.readings if reading.hour == dataset.hour]
    latest = {reading.feed: reading for reading in readings}
    ranked = [read for read in dataset.usage.last_reads.values() if read.hour == dataset.hour]
    stamp = format_stamp(dataset.hour)
    kinds = Counter(row.kind for row in dataset.log.by_hour.get(stamp, ()) if row.feed == "models")
    attempts = dataset.attempts
    return LastRun(
        hour=dataset.hour,
        started=min(attempt.started for attempt in attempts),
        finished=max(attempt.finished for attempt in attempts),
        seconds=int(sum((attempt.finished - attempt.started).total_seconds() for attempt in attempts)),
        not_good=[
            *(feed for feed, reading in latest.items() if reading.outcome != "ok"),
            *sorted({f"rankings {read.series}" for read in ranked if read.outcome != "ok"}),
        ],
        records={
            feed: last.records for feed, last in dataset.last_readings.items() if last.records is not None
        },
        added=kinds[ADDED] + kinds[RETURNED],
        missing=kinds[MISSING],
        requests=sum(reading.requests for reading in readings),
        retries=sum(reading.retries for reading in readings),
        limited=sum(reading.limited for reading in readings),
    )


def list_complete_hours(dataset: Dataset, now: dt.datetime) -> list[dt.datetime]:
    """List the hours that were read completely, all hourly feeds together, oldest first."""
    hourly = [set(dataset.complete_hours[name]) for name, feed in FEEDS.items() if feed.cadence == "hourly"]
    return sorted(hour for hour in set.intersection(*hourly) if hour <= now)


@dataclass(frozen=True)
class Trouble:
    """A feed whose last reading was not good."""

    feed: str
    outcome: str
    hour: dt.datetime
    reasons: tuple[str, ...]
    kept_words: str
    """How many responses are from earlier hours, as subject and verb; "" where the last good records stay."""


def list_troubles(dataset: Dataset) -> list[Trouble]:
    """List the feeds whose last reading was not good; an optional one that is no longer read is in order."""
    last = (
        dataset.last_readings[name]
        for name, feed in FEEDS.items()
        if name in dataset.last_readings
        and not (feed.is_optional and dataset.hour - dataset.last_readings[name].hour > MAX_AGE[feed.cadence])
    )
    troubles = [_build_trouble(reading) for reading in last if reading.outcome != "ok"]
    return [*troubles, *_list_doubts(dataset)]


def _list_doubts(dataset: Dataset) -> Iterator[Trouble]:
    """Yield the trouble of endpoints that so many models lack that the feed is doubted."""
    if not dataset.good_hours["endpoints"]:
        return
    served = {entry.parts[0] for entry in dataset.entries["endpoints"].values() if entry.last is None}
    models = [
        entry.key
        for entry in dataset.entries["models"].values()
        if entry.last is None and needs_endpoints(entry.record)
    ]
    unserved = sum(model not in served for model in models)
    if is_doubted(unserved, len(models)):
        reason = f"{unserved:,} of {len(models):,} models came without providers"
        yield Trouble("endpoints", "doubted", dataset.good_hours["endpoints"][-1], (reason,), "")


def _build_trouble(reading: FeedReading) -> Trouble:
    count = len(reading.kept)
    return Trouble(
        feed=reading.feed.replace("_", " "),
        outcome=reading.outcome,
        hour=reading.hour,
        reasons=reading.reasons,
        kept_words=f"{count:,} {'response is' if count == 1 else 'responses are'}" if count else "",
    )


def build_month_calendar(dataset: Dataset, now: dt.datetime, max_months: int | None = None) -> Calendar:
    """Build the calendar of the models feed with a row for each month, newest first."""
    hours_by_day = _count_good_hours(dataset, now)
    live = {reading.hour.date() for reading in dataset.readings if reading.origin == LIVE}
    imported = Counter(hours for day, hours in hours_by_day.items() if hours and day not in live)
    usual = next((hours for hours, _ in imported.most_common(1)), 0)
    rows = []
    for name, days in groupby(hours_by_day, key=lambda day: f"{day:%Y-%m}"):
        boxes = {
            day.day: _build_day(hours_by_day[day], usual if usual and day not in live else HOURS)
            for day in days
        }
        rows.append(CalendarRow(name, [boxes.get(day) for day in range(1, 32)]))
    heads = [CalendarHead(str(day), day not in LABELLED_DAYS) for day in range(1, 32)]
    return Calendar(heads, rows[::-1][:max_months], usual)


def _build_day(hours: int, possible: int) -> CalendarDay:
    return CalendarDay(hours, sum(hours * HOURS > most * possible for most in MAX_LEVEL_HOURS))


def _count_good_hours(dataset: Dataset, now: dt.datetime) -> dict[dt.date, int]:
    """Count the good hours of the models feed on each day of the record, oldest first."""
    good = Counter(hour.date() for hour in dataset.good_hours["models"])
    begun = dataset.first_hour.date()
    days = (begun + dt.timedelta(days=n) for n in range((now.date() - begun).days + 1))
    return {day: good[day] for day in days}


def list_origins(dataset: Dataset) -> list[Origin]:
    """List the origins of hours, oldest first: `live`, and each import."""
    hours_by_origin: dict[str, set[dt.datetime]] = {}
    for reading in dataset.readings:
        hours_by_origin.setdefault(reading.origin, set()).add(reading.hour)
    origins = [
        Origin(name.replace(IMPORT, "imported from ", 1), min(hours), max(hours), len(hours))
        for name, hours in hours_by_origin.items()
    ]
    return sorted(origins, key=lambda origin: origin.first)


def list_gaps(dataset: Dataset) -> list[Gap]:
    """List the stretches between two good hours of the models feed with none between, longest first."""
    gaps = find_gaps(dataset.good_hours["models"], HOUR)
    return sorted(gaps, key=lambda gap: (gap.start - gap.end, gap.start))


def list_rejected(dataset: Dataset) -> list[FeedReading]:
    """List the readings whose payload was rejected, newest first."""
    return [reading for reading in reversed(dataset.readings) if reading.outcome == "quarantined"]
