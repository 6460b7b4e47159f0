"""The dataset: everything an index holds that pages show, read once. Times are aware UTC hours."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from orarchive.domain.equality import is_same_value
from orarchive.domain.event_kinds import ADDED, JOINED
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import Key
from orarchive.domain.prices import get_prices_at
from orarchive.jsonl import Record, loads
from orarchive.publish.event_groups import EventLog
from orarchive.publish.rankings_data import Usage
from orarchive.publish.row_groups import RowGroups
from orarchive.timestamps import DAY, format_stamp, parse_stamp


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
    changed: dt.datetime
    """The first hour that showed a line of the record as it was last seen."""
    record: Record
    response: Record
    """Of a model: the fields in which the response for its endpoints differs from the list."""


@dataclass(frozen=True)
class PriceInterval:
    """A price and the first and last hour that showed it; `last` is None while it holds."""

    first: dt.datetime
    last: dt.datetime | None
    amount: Decimal
    highest: Decimal | None = None
    """Of a time-of-day price the highest of its rates; `amount` is then the lowest."""
    position: float = 0
    """Of the prices of a record that hold at the same time the last by position counts."""


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


@dataclass(frozen=True)
class HealthMonth:
    """The health of all endpoints of a provider in a month: means over the days read, as `Health.uptime`."""

    days: int
    endpoints: int
    uptime: float | None
    """In percent; a day's is the mean over the endpoints that have one. None: no day has one."""
    problems: float
    """Share of a day's hours that have a status other than 0."""


class PriceKey(NamedTuple):
    """A price dimension, and the condition under which its price holds."""

    dimension: str
    condition: str = ""
    """The condition as JSON; "" for the price without one."""


Stretch = tuple[dt.datetime, dt.datetime | None]
"""The first and the last good hour of a stretch; the last is None of one that goes on."""

Prices = dict[PriceKey, list[PriceInterval]]
"""Price intervals by dimension and condition, oldest first."""


@dataclass(frozen=True)
class Dataset:
    """Everything that pages are made from."""

    entries: dict[str, dict[str, RecordEntry]]
    """Feed -> key -> the record."""
    readings: list[FeedReading]
    """Oldest first."""
    prices: RowGroups[tuple[str, str], Prices]
    """(feed, key) -> its prices."""
    log: EventLog
    health: dict[str, dict[str, HealthDay]]
    """Endpoint key -> day -> its health."""
    relations: dict[str, int]
    """Relation counts of the last attempt."""
    benchmarks: dict[str, Record]
    """Model id -> its third-party benchmark scores now; {} where benchmarks are left out."""
    attempts: list[AttemptTimes] = field(default_factory=list)
    """The attempts at the last hour, oldest first."""
    orphaned: frozenset[str] = frozenset()
    """Ids of models that were listed, but served by nobody, in the last good hours running."""
    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    """Model id -> the stretches in which it was listed, oldest first."""
    health_months: dict[str, dict[str, HealthMonth]] = field(default_factory=dict)
    """Provider -> month, such as `2026-08` -> its health, newest first, on all whole days on record."""
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
    def _kept_hours(self) -> dict[tuple[str, str], set[dt.datetime]]:
        """Return by feed and key the good hours of a fan-out feed in which the key was not read."""
        last = {(reading.feed, reading.hour): reading for reading in self.readings if reading.is_good}
        kept: dict[tuple[str, str], set[dt.datetime]] = defaultdict(set)
        for (feed, hour), reading in last.items():
            for key in reading.kept:
                kept[feed, key].add(hour)
        return kept

    def find_known_hour(self, feed: str, key: Key, moment: dt.datetime) -> dt.datetime | None:
        """Return the last hour up to a moment that read a record of a feed, or its absence; None if none."""
        hours, kept = self.good_hours[feed], self._kept_hours.get((feed, str(key[0])), ())
        count = bisect_right(hours, moment)
        while count and hours[count - 1] in kept:
            count -= 1
        return hours[count - 1] if count else None

    def find_next_known_hour(self, feed: str, key: Key, moment: dt.datetime) -> dt.datetime | None:
        """Return the first hour after a moment that read a record of a feed, or its absence; None if none."""
        hours, kept = self.good_hours[feed], self._kept_hours.get((feed, str(key[0])), ())
        return next((hour for hour in hours[bisect_right(hours, moment) :] if hour not in kept), None)

    def is_after_gap(self, feed: str, hour: dt.datetime) -> bool:
        """Return whether a good hour of a feed is its first, or the reading before it is over a day older."""
        hours = self.good_hours[feed]
        n = bisect_left(hours, hour)
        return n == 0 or hour - hours[n - 1] > DAY

    def find_gap_before(self, feed: str, hour: dt.datetime) -> dt.datetime | None:
        """Return the reading before a good hour of a feed if it is over a day older; None if not, or none."""
        hours = self.good_hours[feed]
        n = bisect_left(hours, hour)
        return hours[n - 1] if n and hour - hours[n - 1] > DAY else None

    def is_before_gap(self, feed: str, hour: dt.datetime) -> bool:
        """Return whether the reading after a good hour of a feed is over a day later."""
        hours = self.good_hours[feed]
        n = bisect_right(hours, hour)
        return n < len(hours) and hours[n] - hour > DAY

    def _list_points(self, entry: RecordEntry, dimension: str) -> list[tuple[str, PriceInterval]]:
        """List every price interval of a dimension of a record, with its condition."""
        return [
            (price_key.condition, interval)
            for price_key, intervals in self.prices.get((entry.feed, entry.key), {}).items()
            if price_key.dimension == dimension
            for interval in intervals
        ]

    def find_tariff(self, entry: RecordEntry, dimension: str, hour: dt.datetime) -> dict[str, Decimal]:
        """Return by condition the prices of a dimension of a record that held in a good hour, by position."""
        held = [
            (interval.position, condition, interval.amount)
            for condition, interval in self._list_points(entry, dimension)
            if interval.first <= hour and (interval.last is None or hour <= interval.last)
        ]
        return {condition: amount for _, condition, amount in sorted(held)}

    def find_price_at(self, entry: RecordEntry, dimension: str, hour: dt.datetime) -> Decimal | None:
        """Return the price of a record in a good hour, for an ordinary prompt; None where none is known.

        A time-of-day price is the rate of that hour.
        """
        tariff = self.find_tariff(entry, dimension, hour)
        if tariff.keys() <= {""}:
            return tariff.get("")
        entries = [
            {**loads(condition), dimension: f"{price:f}"} for condition, price in tariff.items() if condition
        ]
        pricing: Record = {"overrides": entries}
        if "" in tariff:
            pricing[dimension] = f"{tariff['']:f}"
        return get_prices_at(pricing, hour).get(dimension, (None, None))[0]

    def find_price_hour(self, entry: RecordEntry, dimension: str) -> dt.datetime:
        """Return the hour that first showed the price of a dimension of a listed record as it is now.

        A price that is only spelled with other noise is the same.
        """
        intervals = [interval for _, interval in self._list_points(entry, dimension)]
        hours = self.good_hours[entry.feed]
        turns = {bisect_left(hours, interval.first) for interval in intervals}
        turns |= {bisect_right(hours, interval.last) for interval in intervals if interval.last}
        for n in sorted(turns - {0, len(hours)}, reverse=True):
            before, after = (self.find_tariff(entry, dimension, hour) for hour in hours[n - 1 : n + 1])
            if not is_same_value(before, after):
                return hours[n]
        return hours[0]

    def find_read_hour(self, entry: RecordEntry) -> dt.datetime:
        """Return the last hour that showed a record."""
        return entry.last or self.find_known_hour(entry.feed, entry.parts, self.hour) or entry.first

    @cached_property
    def endpoints_by_model(self) -> dict[str, list[RecordEntry]]:
        """Return all endpoints, current and former, by the requested model id."""
        by_model: dict[str, list[RecordEntry]] = defaultdict(list)
        for entry in self.entries["endpoints"].values():
            by_model[entry.parts[0]].append(entry)
        return by_model

    @cached_property
    def joined_hours(self) -> dict[str, dt.datetime]:
        """Return the last hour in which each endpoint joined, by key, of those that did on record."""
        return {row.key: parse_stamp(row.hour) for row in self.log.select(JOINED, "endpoints")}

    @cached_property
    def added_after(self) -> dict[str, dt.datetime]:
        """Return the models that have an `added` event, with the hour after which the first one happened."""
        added = [*self.log.select(ADDED, "models")]
        return {row.key: parse_stamp(row.after or row.hour) for row in reversed(added)}


def merge_stretches(spans: Iterable[Stretch], hours: Sequence[dt.datetime]) -> list[Stretch]:
    """Merge spans, oldest first, that follow each other without a good hour between."""
    stretches: list[Stretch] = []
    for first, last in spans:
        if stretches and is_next_hour(hours, stretches[-1][1], first):
            stretches[-1] = (stretches[-1][0], last)
        else:
            stretches.append((first, last))
    return stretches


def is_next_hour(hours: Sequence[dt.datetime], last: dt.datetime | None, first: dt.datetime) -> bool:
    """Return whether no good hour lies between the last hour of a span, if it has ended, and another one."""
    return last is not None and bisect_right(hours, last) == bisect_left(hours, first)


def format_span(interval: RecordEntry | PriceInterval) -> tuple[str, str | None]:
    """Return the first and last hour of a record or price as files write them; the last may be None."""
    return format_stamp(interval.first), format_stamp(interval.last) if interval.last else None


def _group_hours(readings: Iterable[FeedReading]) -> dict[str, list[dt.datetime]]:
    """Return the distinct hours of the readings of each feed, in the order of the readings."""
    hours: dict[str, dict[dt.datetime, None]] = {name: {} for name in FEEDS}
    for reading in readings:
        hours[reading.feed][reading.hour] = None
    return {name: list(distinct) for name, distinct in hours.items()}
