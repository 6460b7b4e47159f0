"""The book: what an index says, read once, for all pages. Moments are aware hours (UTC)."""

import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from orarchive.domain.feeds import FEEDS
from orarchive.domain.record_files import Key, join_record
from orarchive.domain.records import parse_expiry
from orarchive.index.event_log import EventRow, read_events
from orarchive.jsonl import Record, loads
from orarchive.publish import rankings_data
from orarchive.publish.rankings_data import Usage
from orarchive.timestamps import parse_stamp


@dataclass(frozen=True)
class RecordEntry:
    """A record that is or was there, as it was last seen; `states` of the index's schema."""

    feed: str
    key: str
    """As people write it."""
    parts: Key
    first: dt.datetime
    last: dt.datetime | None
    """None: it is there."""
    state: str
    arrival: str
    missing: dt.datetime | None
    record: Record
    response: Record
    """Of a model: what the response for its endpoints said of it in other words than the list."""


@dataclass(frozen=True)
class PriceInterval:
    """A price and the hours that showed it; `last` is None while it holds."""

    first: dt.datetime
    last: dt.datetime | None
    amount: Decimal


@dataclass(frozen=True)
class FeedReading:
    """A feed as an attempt read it."""

    hour: dt.datetime
    feed: str
    outcome: str
    good: bool
    records: int | None
    requests: int
    retries: int
    limited: int
    reasons: tuple[str, ...]
    kept: dict[str, str]
    origin: str


@dataclass(frozen=True)
class Attempt:
    """A line of the ledger."""

    hour: dt.datetime
    started: dt.datetime
    finished: dt.datetime


@dataclass(frozen=True)
class HealthDay:
    """An endpoint's health on a UTC day: hours read, those with a status other than 0, and uptimes."""

    hours: int
    abnormal: int
    uptime: float | None
    """Mean of what was read, percent."""


class PriceKey(NamedTuple):
    """What a price is of."""

    dimension: str
    condition: str = ""
    """"" or the JSON of what must hold for it."""


Prices = dict[PriceKey, list[PriceInterval]]
"""Price points, oldest first."""


@dataclass(frozen=True)
class Dataset:
    """Everything that pages are made from."""

    entries: dict[str, dict[str, RecordEntry]]
    """Feed -> key -> the record."""
    readings: list[FeedReading]
    """Oldest first."""
    prices: dict[tuple[str, str], Prices]
    """(feed, key) -> its price points."""
    log: list[EventRow]
    """Oldest first."""
    health: dict[str, dict[str, HealthDay]]
    """Endpoint -> day -> its health."""
    relations: dict[str, int]
    """Relation counts of the last attempt."""
    announced: dict[str, dt.datetime]
    """Model -> the hour that first showed that it has a date for its end, of those that had one last."""
    benchmarks: dict[str, Record]
    """Model -> what others' benchmarks say of it now; {} where they are left out."""
    attempts: list[Attempt] = field(default_factory=list)
    """Those at the last hour, oldest first."""
    usage: Usage = field(default_factory=Usage)
    """What is known of rankings."""

    @property
    def hour(self) -> dt.datetime:
        """The last hour on record."""
        return self.attempts[-1].hour

    @property
    def begun(self) -> dt.datetime:
        """The first hour on record."""
        return self.readings[0].hour if self.readings else self.hour

    @cached_property
    def last(self) -> dict[str, FeedReading]:
        """The last reading of each feed."""
        return {one.feed: one for one in self.readings}

    @cached_property
    def complete(self) -> dict[str, list[dt.datetime]]:
        """The hours in which each feed was read completely, oldest first."""
        return _hours(one for one in self.readings if one.good and one.outcome == "ok")

    @cached_property
    def good(self) -> dict[str, list[dt.datetime]]:
        """The hours in which what was read of each feed counts, oldest first: sweeps may lack some keys."""
        return _hours(one for one in self.readings if one.good)

    @cached_property
    def endpoints(self) -> dict[str, list[RecordEntry]]:
        """The endpoints, there or not, by the model asked."""
        found: dict[str, list[RecordEntry]] = defaultdict(list)
        for one in self.entries["endpoints"].values():
            found[one.parts[0]].append(one)
        return found

    @cached_property
    def came(self) -> dict[str, dt.datetime]:
        """The models that were seen to come for the first time, with the hour after which they did."""
        added = [one for one in self.log if (one.feed, one.kind) == ("models", "added")]
        return {one.key: parse_stamp(one.after or one.hour) for one in reversed(added)}

    @cached_property
    def news(self) -> dict[str, list[EventRow]]:
        """The events of each model and of what belongs to it, oldest first."""
        found: dict[str, list[EventRow]] = defaultdict(list)
        for one in self.log:
            if one.feed in FEEDS and FEEDS[one.feed].is_about_models and not one.is_of_field:
                found[one.key.partition("@")[0]].append(one)
        return found


def read_dataset(db: sqlite3.Connection, benchmarks: bool = True) -> Dataset:
    """Read an index, with or without benchmarks."""
    return Dataset(
        entries=_entries(db),
        readings=[_reading(*row) for row in db.execute(READINGS)],
        prices=_prices(db),
        log=list(read_events(db)),
        health=_health(db),
        relations=loads(db.execute(RELATIONS).fetchone()[0]),
        announced=_announced(db),
        benchmarks=_benchmarks(db) if benchmarks else {},
        attempts=[Attempt(*map(parse_stamp, row)) for row in db.execute(LAST)],
        usage=rankings_data.read_usage(db),
    )


READINGS = """
    select reads.hour, feed, outcome, good, records, requests, retries, limited, reasons, kept, origin
    from reads join attempts using (attempt) order by attempt, feed
"""

LAST = """
    select hour, started, finished from attempts
    where hour = (select max(hour) from attempts) order by attempt
"""

RELATIONS = "select relations from attempts order by attempt desc limit 1"

# of what is gone the lines that stood last
LINES = """
    select record, file, line, max(versions.first) from versions join records on id = record
    where versions.last is null or versions.last >= records.last
    group by record, file
"""


def _entries(db: sqlite3.Connection) -> dict[str, dict[str, RecordEntry]]:
    lines: dict[int, dict[str, Record]] = defaultdict(dict)
    for row, file, line, _ in db.execute(LINES):
        lines[row][file] = loads(line)
    found: dict[str, dict[str, RecordEntry]] = {name: {} for name in FEEDS}
    query = "select id, feed, key, parts, first, last, state, arrival, missing from records order by key"
    for row, feed, key, parts, first, last, state, arrival, missing in db.execute(query):
        if arrival == "unlisted":
            continue
        record, asked = _record(feed, lines[row]), lines[row].get("asked", {})
        hours = (parse_stamp(first), parse_stamp(last) if last else None)
        gone = parse_stamp(missing) if missing else None
        found[feed][key] = RecordEntry(
            feed, key, tuple(loads(parts)), *hours, state, arrival, gone, record, asked
        )
    return found


def _record(feed: str, lines: dict[str, Record]) -> Record:
    known = {file: line for file, line in lines.items() if file != "asked"}
    return join_record(FEEDS[feed], known, [name for name in ("model", "n") if name in FEEDS[feed].key])


def _hours(readings: Iterable[FeedReading]) -> dict[str, list[dt.datetime]]:
    """The hours of each feed that readings are of, each once, in their order."""
    found: dict[str, dict[dt.datetime, None]] = {name: {} for name in FEEDS}
    for one in readings:
        found[one.feed][one.hour] = None
    return {name: list(hours) for name, hours in found.items()}


def _reading(hour: str, feed: str, outcome: str, good: int, *rest: Any) -> FeedReading:
    records, requests, retries, limited, reasons, kept, origin = rest
    counts = (records, requests or 0, retries, limited)
    return FeedReading(
        parse_stamp(hour),
        feed,
        outcome,
        bool(good),
        *counts,
        tuple(loads(reasons or "[]")),
        loads(kept or "{}"),
        origin,
    )


def _prices(db: sqlite3.Connection) -> dict[tuple[str, str], Prices]:
    found: dict[tuple[str, str], Prices] = defaultdict(lambda: defaultdict(list))
    query = "select feed, key, dimension, condition, first, last, amount from price_history order by first"
    for feed, key, dimension, condition, first, last, amount in db.execute(query):
        point = PriceInterval(parse_stamp(first), parse_stamp(last) if last else None, Decimal(amount))
        found[feed, key][PriceKey(dimension, condition)].append(point)
    return found


DATES = """
    select key, first, json_extract(line, '$.expiration_date') from version_log
    where feed = 'models' and file = 'facts' order by key, first
"""


def _announced(db: sqlite3.Connection) -> dict[str, dt.datetime]:
    found: dict[str, dt.datetime] = {}
    for key, first, date in db.execute(DATES):
        if parse_expiry(date):
            found.setdefault(key, parse_stamp(first))
        else:
            found.pop(key, None)
    return found


def _benchmarks(db: sqlite3.Connection) -> dict[str, Record]:
    query = (
        "select key, line from latest join records on id = record"
        " where feed = 'models' and file = 'benchmarks' and gone is null"
    )
    return {key: loads(line)["benchmarks"] for key, line in db.execute(query)}


def _health(db: sqlite3.Connection) -> dict[str, dict[str, HealthDay]]:
    found: dict[str, dict[str, HealthDay]] = defaultdict(dict)
    query = (
        "select key, day, hours, abnormal, uptimes, uptime_sum from health_days"
        " join records on id = record where day > (select date(max(day), '-30 days') from health_days)"
    )
    for key, day, hours, abnormal, uptimes, total in db.execute(query):
        mean = total / uptimes if uptimes else None
        found[key][day] = HealthDay(hours, abnormal, mean)
    return found
