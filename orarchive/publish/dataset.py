"""The dataset: everything an index holds that pages show, read once. Times are aware UTC hours."""

import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from orarchive.domain.event_kinds import ADDED
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import Key, get_model_of_key
from orarchive.domain.record_files import join_record
from orarchive.domain.records import parse_expiry
from orarchive.index.event_log import read_events
from orarchive.index.events import Event
from orarchive.index.record_rows import UNLISTED
from orarchive.jsonl import Record, loads
from orarchive.publish import rankings_data
from orarchive.publish.rankings_data import Usage
from orarchive.timestamps import format_stamp, parse_stamp


@dataclass(frozen=True)
class RecordEntry:
    """A record that is or was listed, as last seen; for its lifecycle see `states` in the index's schema."""

    feed: str
    key: str
    """The key's text form, for people."""
    parts: Key
    first: dt.datetime
    last: dt.datetime | None
    """The last hour that showed the record; None while it is listed."""
    state: str
    arrival: str
    missing: dt.datetime | None
    record: Record
    response: Record
    """Of a model: the fields in which the response for its endpoints differs from the list."""


@dataclass(frozen=True)
class PriceInterval:
    """A price and the first and last hour that showed it; `last` is None while it holds."""

    first: dt.datetime
    last: dt.datetime | None
    amount: Decimal


@dataclass(frozen=True)
class FeedReading:
    """How one attempt read one feed."""

    hour: dt.datetime
    feed: str
    outcome: str
    is_good: bool
    records: int | None
    requests: int
    retries: int
    limited: int
    reasons: tuple[str, ...]
    kept: dict[str, str]
    origin: str


@dataclass(frozen=True)
class AttemptTimes:
    """The times of one line of the ledger."""

    hour: dt.datetime
    started: dt.datetime
    finished: dt.datetime


@dataclass(frozen=True)
class HealthDay:
    """An endpoint's health on a UTC day: hours read, hours with a status other than 0, and mean uptime."""

    hours: int
    abnormal: int
    uptime: float | None
    """Mean of the uptimes read, in percent; None if none was read."""


class PriceKey(NamedTuple):
    """A price dimension, and the condition under which its price holds."""

    dimension: str
    condition: str = ""
    """The condition as JSON; "" for the price without one."""


Prices = dict[PriceKey, list[PriceInterval]]
"""Price intervals by dimension and condition, oldest first."""


@dataclass(frozen=True)
class Dataset:
    """Everything that pages are made from."""

    entries: dict[str, dict[str, RecordEntry]]
    """Feed -> key -> the record."""
    readings: list[FeedReading]
    """Oldest first."""
    prices: dict[tuple[str, str], Prices]
    """(feed, key) -> its prices."""
    log: list[Event]
    """Every event, oldest first."""
    health: dict[str, dict[str, HealthDay]]
    """Endpoint key -> day -> its health."""
    relations: dict[str, int]
    """Relation counts of the last attempt."""
    announcement_hours: dict[str, dt.datetime]
    """Model id -> the first hour that showed an expiration date, of models whose last facts have one."""
    benchmarks: dict[str, Record]
    """Model id -> its third-party benchmark scores now; {} where benchmarks are left out."""
    attempts: list[AttemptTimes] = field(default_factory=list)
    """The attempts at the last hour, oldest first."""
    usage: Usage = field(default_factory=Usage)
    """Rankings."""

    @property
    def hour(self) -> dt.datetime:
        """Return the last hour on record."""
        return self.attempts[-1].hour

    @property
    def first_hour(self) -> dt.datetime:
        """Return the first hour on record."""
        return self.readings[0].hour if self.readings else self.hour

    @cached_property
    def last_readings(self) -> dict[str, FeedReading]:
        """Return the last reading of each feed."""
        return {reading.feed: reading for reading in self.readings}

    @cached_property
    def complete_hours(self) -> dict[str, list[dt.datetime]]:
        """Return the hours in which each feed was read completely (outcome `ok`), oldest first."""
        return _group_hours(
            reading for reading in self.readings if reading.is_good and reading.outcome == "ok"
        )

    @cached_property
    def good_hours(self) -> dict[str, list[dt.datetime]]:
        """Return the good hours of each feed, oldest first; some keys of a fan-out feed may be missing."""
        return _group_hours(reading for reading in self.readings if reading.is_good)

    @cached_property
    def endpoints_by_model(self) -> dict[str, list[RecordEntry]]:
        """Return all endpoints, current and former, by the requested model id."""
        by_model: dict[str, list[RecordEntry]] = defaultdict(list)
        for entry in self.entries["endpoints"].values():
            by_model[entry.parts[0]].append(entry)
        return by_model

    @cached_property
    def added_after(self) -> dict[str, dt.datetime]:
        """Return the models that have an `added` event, with the hour after which the first one happened."""
        added = [event for event in self.log if (event.feed, event.kind) == ("models", ADDED)]
        return {event.key: parse_stamp(event.after or event.hour) for event in reversed(added)}

    @cached_property
    def events_by_model(self) -> dict[str, list[Event]]:
        """Return the events of each model and of its endpoints, oldest first."""
        by_model: dict[str, list[Event]] = defaultdict(list)
        for event in self.log:
            if event.feed in FEEDS and FEEDS[event.feed].is_about_models and not event.is_of_field:
                by_model[get_model_of_key(event.key)].append(event)
        return by_model


def format_span(interval: RecordEntry | PriceInterval) -> tuple[str, str | None]:
    """Return the first and last hour of a record or price as files write them; the last may be None."""
    return format_stamp(interval.first), format_stamp(interval.last) if interval.last else None


def _group_hours(readings: Iterable[FeedReading]) -> dict[str, list[dt.datetime]]:
    """Return the distinct hours of the readings of each feed, in the order of the readings."""
    hours: dict[str, dict[dt.datetime, None]] = {name: {} for name in FEEDS}
    for reading in readings:
        hours[reading.feed][reading.hour] = None
    return {name: list(distinct) for name, distinct in hours.items()}


# --- reading an index ---------------------------------------------------------------------------------------


def read_dataset(db: sqlite3.Connection, benchmarks: bool = True) -> Dataset:
    """Read an index that has at least one attempt, with or without benchmarks."""
    return Dataset(
        entries=_read_entries(db),
        readings=_read_readings(db),
        prices=_read_prices(db),
        log=list(read_events(db)),
        health=_read_health(db),
        relations=loads(db.execute(RELATIONS).fetchone()[0]),
        announcement_hours=_read_announced(db),
        benchmarks=_read_benchmarks(db) if benchmarks else {},
        attempts=[AttemptTimes(*map(parse_stamp, row)) for row in db.execute(LAST_ATTEMPTS)],
        usage=rankings_data.read_usage(db),
    )


RELATIONS = "select relations from attempts order by attempt desc limit 1"

LAST_ATTEMPTS = """
    select hour, started, finished from attempts
    where hour = (select max(hour) from attempts) order by attempt
"""

# The latest line of each file of a record; of a record that is gone only lines that stood in its last hour.
LINES = """
    select record, file, line, max(versions.first) from versions join records on id = record
    where versions.last is null or versions.last >= records.last
    group by record, file
"""

RECORDS = "select id, feed, key, parts, first, last, state, arrival, missing from records order by key"


def _read_entries(db: sqlite3.Connection) -> dict[str, dict[str, RecordEntry]]:
    """Read every record that was ever listed: feed -> key -> entry, by key."""
    lines: dict[int, dict[str, Record]] = defaultdict(dict)
    for row_id, file, line, _ in db.execute(LINES):
        lines[row_id][file] = loads(line)
    entries: dict[str, dict[str, RecordEntry]] = {name: {} for name in FEEDS}
    for row_id, feed, key, parts, first, last, state, arrival, missing in db.execute(RECORDS):
        if arrival == UNLISTED:
            continue
        entries[feed][key] = RecordEntry(
            feed=feed,
            key=key,
            parts=tuple(loads(parts)),
            first=parse_stamp(first),
            last=_parse_optional_stamp(last),
            state=state,
            arrival=arrival,
            missing=_parse_optional_stamp(missing),
            record=_join_lines(feed, lines[row_id]),
            response=lines[row_id].get("asked", {}),
        )
    return entries


def _join_lines(feed: str, lines: dict[str, Record]) -> Record:
    """Join the lines of a record's files; the endpoint response's fields of a model are kept apart."""
    files = {file: line for file, line in lines.items() if file != "asked"}
    return join_record(FEEDS[feed], files, FEEDS[feed].own_key_fields)


def _parse_optional_stamp(text: str | None) -> dt.datetime | None:
    """Parse a stamp; return None for none."""
    return parse_stamp(text) if text else None


READINGS = """
    select reads.hour, feed, outcome, good, records, requests, retries, limited, reasons, kept, origin
    from reads join attempts using (attempt) order by attempt, feed
"""


def _read_readings(db: sqlite3.Connection) -> list[FeedReading]:
    """Read the outcome of each feed in each attempt, oldest first."""
    rows = db.execute(READINGS)
    return [
        FeedReading(
            hour=parse_stamp(hour),
            feed=feed,
            outcome=outcome,
            is_good=bool(good),
            records=records,
            requests=requests or 0,
            retries=retries,
            limited=limited,
            reasons=tuple(loads(reasons or "[]")),
            kept=loads(kept or "{}"),
            origin=origin,
        )
        for hour, feed, outcome, good, records, requests, retries, limited, reasons, kept, origin in rows
    ]


PRICES = "select feed, key, dimension, condition, first, last, amount from price_history order by first"


def _read_prices(db: sqlite3.Connection) -> dict[tuple[str, str], Prices]:
    """Read every price that was ever seen, by (feed, key)."""
    prices: dict[tuple[str, str], Prices] = defaultdict(lambda: defaultdict(list))
    for feed, key, dimension, condition, first, last, amount in db.execute(PRICES):
        interval = PriceInterval(parse_stamp(first), _parse_optional_stamp(last), Decimal(amount))
        prices[feed, key][PriceKey(dimension, condition)].append(interval)
    return prices


EXPIRATION_DATES = """
    select key, first, json_extract(line, '$.expiration_date') from version_log
    where feed = 'models' and file = 'facts' order by key, first
"""


def _read_announced(db: sqlite3.Connection) -> dict[str, dt.datetime]:
    """Read when each model that has an expiration date got one; a date that is withdrawn starts anew."""
    announced: dict[str, dt.datetime] = {}
    for key, first, date in db.execute(EXPIRATION_DATES):
        if parse_expiry(date):
            announced.setdefault(key, parse_stamp(first))
        else:
            announced.pop(key, None)
    return announced


BENCHMARKS = """
    select key, line from latest join records on id = record
    where feed = 'models' and file = 'benchmarks' and gone is null
"""


def _read_benchmarks(db: sqlite3.Connection) -> dict[str, Record]:
    """Read the benchmark scores of each model that is listed."""
    return {key: loads(line)["benchmarks"] for key, line in db.execute(BENCHMARKS)}


HEALTH_DAYS = """
    select key, day, hours, abnormal, uptimes, uptime_sum from health_days
    join records on id = record where day > (select date(max(day), '-30 days') from health_days)
"""


def _read_health(db: sqlite3.Connection) -> dict[str, dict[str, HealthDay]]:
    """Read the health of each endpoint on each of the last 30 days."""
    health: dict[str, dict[str, HealthDay]] = defaultdict(dict)
    for key, day, hours, abnormal, uptimes, uptime_sum in db.execute(HEALTH_DAYS):
        health[key][day] = HealthDay(hours, abnormal, uptime_sum / uptimes if uptimes else None)
    return health
