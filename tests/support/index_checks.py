"""Checks of an index against the oracle: table by table, the index has the same and nothing more."""

import datetime as dt
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.index.build import SCHEMA_SQL, apply_pending, find_pending
from orarchive.index.checksums import record_checksum
from orarchive.index.events import EXCUSES
from orarchive.jsonl import Record, dumps, loads, read_lines
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_stamp, parse_stamp
from tests.support.oracle import Oracle
from tests.support.oracle.attempts import Records, get_kept, is_good
from tests.support.oracle.facts import Fact
from tests.support.oracle.records import TrackedRecord
from tests.support.oracle.values import get_pricing, list_paths, list_points, list_scheduled, read_base
from tests.support.random_histories import ArchivedAttempt, archive_steps, write_history
from tests.support.random_steps import Step

VOLATILE_FILES = ("benchmarks", "health")


def check_history(steps: list[Step]) -> Oracle:
    """Build the index of a history in memory and compare it with the oracle, which is returned."""
    attempts = archive_steps(steps)
    with TemporaryDirectory() as folder:
        write_history(Path(folder), attempts)
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.executescript(SCHEMA_SQL)
        archive = open_archive(Path(folder))
        apply_pending(db, archive, find_pending(db, archive))
    oracle = Oracle(attempts)
    with closing(db):
        for check in (
            check_events,
            check_records,
            check_versions,
            check_prices,
            check_fields,
            check_relations,
            check_health,
            check_benchmarks,
        ):
            check(db, oracle)
    return oracle


# --- events and records -------------------------------------------------------------------------------------


def read_facts(db: sqlite3.Connection) -> list[Fact]:
    """Return the events of an index."""
    columns = "attempt, kind, feed, key, field, old, new, percent, cause, after, by"
    rows = db.execute(f"select {columns} from events order by id").fetchall()
    return [
        Fact(attempt - 1, kind, feed, key, field, old and dumps(loads(old)), new and dumps(loads(new)), *end)
        for attempt, kind, feed, key, field, old, new, *end in rows
    ]


def check_events(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that each change has its event or its excuse, and that there is no event without a change."""
    facts = read_facts(db)
    expected = Counter(oracle.facts.facts)
    invented, lost = Counter(facts) - expected, expected - Counter(facts)
    assert not invented, f"events without a change: {[*invented]}; changes without an event: {[*lost]}"
    assert not lost, f"changes without an event: {[*lost]}"
    assert [fact.attempt for fact in facts] == sorted(fact.attempt for fact in facts)
    repeats = [fact for fact, count in Counter(fact[:5] for fact in facts).items() if count > 1]
    assert not repeats
    for fact in facts:
        hour = oracle.log.attempts[fact.attempt].line["hour"]
        assert fact.by <= hour
        assert fact.after is None or fact.after <= fact.by
    assert oracle.facts.excuses.keys() <= EXCUSES.keys()


def check_records(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check the first and last hour, the arrival and the state of each record."""
    columns = "feed, parts, first, last, arrival, state, missing"
    rows = db.execute(f"select {columns} from records where arrival != 'unlisted'")
    records = {(feed, tuple(loads(parts))): tuple(values) for feed, parts, *values in rows}
    expected = {
        feed_key: (tracked.first, tracked.last, tracked.arrival, tracked.state, tracked.missing)
        for feed_key, tracked in oracle.records.tracked.items()
    }
    differences = [
        (records.get(feed_key), values)
        for feed_key, values in expected.items()
        if values != records.get(feed_key)
    ]
    assert records == expected, differences


# --- lines and prices by hour -------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoodHour:
    """An hour in which a feed was read well, and the last attempt in it."""

    hour: str
    feed: Feed
    kept_keys: dict[str, str]
    attempt: ArchivedAttempt
    records: Records

    def is_within(self, first: str, last: str | None) -> bool:
        """Return whether the hour lies in a span."""
        return first <= self.hour and (last is None or last >= self.hour)

    def was_read(self, parent_key: str) -> bool:
        """Return whether a key of the feed's parent was read; always true of a list."""
        return not isinstance(self.feed, FanOutFeed) or parent_key not in self.kept_keys


def list_good_hours(oracle: Oracle) -> Iterator[GoodHour]:
    """Yield each good hour of each feed."""
    attempts = oracle.log.attempts
    last = {attempt.line["hour"]: position for position, attempt in enumerate(attempts)}
    for name, feed in FEEDS.items():
        lines = {attempt.line["hour"]: attempt.line for attempt in attempts if is_good(attempt.line, name)}
        for hour, line in lines.items():
            position = last[hour]
            records = oracle.log.records[position]
            yield GoodHour(hour, feed, get_kept(line, name), attempts[position], records)


def check_versions(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that the lines of a good hour are those that its last attempt left in the files."""
    columns = "records.feed, file, versions.first, versions.last, line, parts"
    rows = db.execute(f"select {columns} from versions join records on id = record").fetchall()
    for feed, file, first, last, _, parts in rows:
        reader = {"endpoints": "image_endpoints", "asked": "endpoints"}.get(file, feed)
        assert oracle.log.was_read(reader, loads(parts)[0], last) or last == first
    for good_hour in list_good_hours(oracle):
        feed = good_hour.feed
        for path in feed.files:
            file = path.rpartition("/")[2].removesuffix(".jsonl")
            if file in VOLATILE_FILES:
                continue
            owner = ("models", "asked") if path == "endpoints/models.jsonl" else (feed.name, file)
            expected = [
                line
                for line, record in split_lines(good_hour.attempt.files.get(path, b""))
                if good_hour.was_read(record.get("model", ""))
            ]
            lines = [
                line.encode()
                for row_feed, row_file, first, last, line, parts in rows
                if (row_feed, row_file) == owner
                and good_hour.is_within(first, last)
                and good_hour.was_read(loads(parts)[0])
            ]
            assert sorted(lines) == sorted(expected), (good_hour.hour, path)


def split_lines(content: bytes) -> Iterable[tuple[bytes, Record]]:
    """Return the lines of a file, each with its record."""
    return zip(content.splitlines(), read_lines(content, ""), strict=True)


def check_prices(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that the price points of a good hour are those of its records."""
    columns = "feed, parts, dimension, condition, prices.first, prices.last, amount"
    rows = db.execute(f"select {columns} from prices join records on id = record").fetchall()
    for feed, parts, *_, first, last, _ in rows:
        assert oracle.log.was_read(feed, loads(parts)[0], last) or last == first
    for good_hour in list_good_hours(oracle):
        name = good_hour.feed.name
        if name not in ("models", "endpoints"):
            continue
        points = [
            (tuple(loads(parts)), (dimension, condition), Decimal(amount))
            for row_feed, parts, dimension, condition, first, last, amount in rows
            if row_feed == name and good_hour.is_within(first, last)
        ]
        points = [point for point in points if good_hour.was_read(point[0][0])]
        # Inside the windows of a schedule the price outside them stands as it was read last.
        unstated = {
            (key, (dimension, ""))
            for key, record in good_hour.records[name].items()
            for dimension in list_scheduled(get_pricing(record))
            if read_base(get_pricing(record), dimension) is None
        }
        points = [point for point in points if point[:2] not in unstated]
        expected = [
            (key, *point)
            for key, record in good_hour.records[name].items()
            if good_hour.was_read(key[0])
            for point in list_points(record).items()
        ]
        assert sorted(points) == sorted(expected), (good_hour.hour, name)


# --- what else follows from the records ---------------------------------------------------------------------


def check_fields(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that each field is counted on as many records as have it."""
    rows = db.execute("select feed, path, records from fields where records > 0").fetchall()
    expected = Counter(
        (name, path)
        for name, feed in FEEDS.items()
        if not isinstance(feed, CopyFeed)
        for record in oracle.log.new[name].values()
        for path in set(list_paths(record))
    )
    assert {(feed, path): count for feed, path, count in rows} == expected


def check_relations(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check the first hours of labs, and the endpoints of each pair of provider and model."""
    labs: dict[str, str] = {}
    endpoints: dict[tuple[str, str], list[TrackedRecord]] = defaultdict(list)
    for (name, key), tracked in oracle.records.tracked.items():
        if name == "models":
            lab = key[0].partition("/")[0].removeprefix("~")
            labs[lab] = min(labs.get(lab, tracked.first), tracked.first)
        elif name == "endpoints":
            endpoints[key[1].partition("/")[0], key[0]].append(tracked)
    assert dict(db.execute("select lab, first from labs")) == labs
    rows = db.execute("select provider, model, first, endpoints, last is null from provider_models")
    assert {(provider, model): tuple(values) for provider, model, *values in rows} == {
        pair: (min(record.first for record in records), count, int(count > 0))
        for pair, records in endpoints.items()
        for count in [sum(record.last is None for record in records)]
    }


def check_health(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that readings of health are kept for 30 days, and their figures by day for ever."""
    limit = format_stamp(parse_stamp(oracle.log.hour) - dt.timedelta(days=30))
    rows = db.execute(
        "select number, hour, parts, health.* from health join attempts using (attempt)"
        " join records on id = record"
    )
    readings = {
        (hour, number, tuple(loads(parts))): _read_typed(values)
        for number, hour, parts, _, _, *values in rows
    }
    assert readings == {
        reading: {name: value for name, value in _flatten(health) if value is not None}
        for reading, health in oracle.health.list_readings().items()
        if reading[0] >= limit
    }
    columns = "parts, day, hours, abnormal, uptimes, uptime_sum, uptime_min, latencies, latency_sum"
    rows = db.execute(f"select {columns} from health_days join records on id = record")
    epoch = dt.date(1970, 1, 1)
    days = {
        (tuple(loads(parts)), str(epoch + dt.timedelta(days=day))): figures for parts, day, *figures in rows
    }
    assert days == oracle.health.sum_days()


HEALTH_COLUMNS = (
    *("status", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d"),
    *(f"latency_last_30m.{part}" for part in ("p50", "p75", "p90", "p99")),
    *(f"throughput_last_30m.{part}" for part in ("p50", "p75", "p90", "p99")),
)
"""The field that is in each column of the table `health`, without the last one, which holds the others."""


def _read_typed(values: list[Any]) -> dict[str, Any]:
    """Return the numbers in a row of the table `health` by field, and what its last column has besides."""
    *numbers, rest = values
    named = zip(HEALTH_COLUMNS, numbers, strict=True)
    return {name: value for name, value in (*named, *_flatten(loads(rest or "{}"))) if value is not None}


def _flatten(health: Record) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a reading of health, those inside objects by their path."""
    for name, value in health.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{part}", number) for part, number in value.items())
        else:
            yield name, value


def check_benchmarks(db: sqlite3.Connection, oracle: Oracle) -> None:
    """Check that the last version of benchmarks is kept."""
    query = "select key, line from latest join records on id = record where gone is null and file = ?"
    benchmarks = {key: dumps(loads(line)["benchmarks"]) for key, line in db.execute(query, ("benchmarks",))}
    expected = {key[0]: dumps(record.get("benchmarks")) for key, record in oracle.log.new["models"].items()}
    assert benchmarks == {key: line for key, line in expected.items() if line != b"null"}


def set_other_schema(path: Path) -> None:
    """Mark an index as one that another version of the rules has made."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update meta set schema = '0'")
    record_checksum(path)
