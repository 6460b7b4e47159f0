"""Health of endpoints by the hour and the day, and what only several hours running tell: degraded, orphaned.

Of 927 endpoints 49 crossed status 0 within 33 minutes: one bad hour is no news.
"""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.prices import is_dynamic, read_prices
from orarchive.domain.record_files import is_volatile
from orarchive.domain.records import as_integer, as_number, get_object, is_alias
from orarchive.history.replay import ReplayState
from orarchive.index.context import AttemptContext, FeedRead
from orarchive.index.events import Event
from orarchive.index.presence import FIRST_ARRIVALS, Lifecycle
from orarchive.index.sql_values import to_json
from orarchive.jsonl import Record
from orarchive.timestamps import format_stamp
from orarchive.timestamps import parse_stamp as read_moment

DEGRADED_HOURS = 6
ORPHANED_HOURS = 2
HEALTH_RETENTION = timedelta(days=30)
"""Health is kept as it was read for so long; after that its daily figures are."""
MIN_UPTIME_PERCENT = 90
"""Percent of the last day below which an endpoint is degraded."""


def apply_attempt(
    db: sqlite3.Connection, presence: Lifecycle, moment: AttemptContext, state: ReplayState, end: str
) -> Iterator[Event]:
    """Count an attempt's health, each endpoint and model once an hour; yields what that makes known.

    `end` is the last hour that will be taken in now: what it would make forgotten is not kept at all.
    """
    read = moment.reads.get("endpoints")
    if read is None:
        return
    endpoints = {key: record for key, record in state.records["endpoints"].items() if key[0] not in read.kept}
    rows = {key: presence.ids["endpoints", key] for key in endpoints}
    if moment.hour >= kept_since(end):
        _keep(db, moment, {row: endpoints[key] for key, row in rows.items()})
    for key, record in endpoints.items():
        row = rows[key]
        if _watch(db, read, row, "health", _is_degraded(record)):
            db.execute(ADD_DAY, (row, moment.hour[:10], *_day(record)))
    served = {key[0] for key in endpoints}
    for key, record in state.records["models"].items():
        if key[0] not in read.kept and _is_own(record):
            _watch(db, read, presence.ids["models", key], "orphaned", key[0] not in served)
    yield from _degraded(db, moment)
    yield from _orphaned(db, moment)


def delete_old_health(db: sqlite3.Connection, hour: str) -> None:
    """Forget how health was read before its last 30 days."""
    db.execute(DELETE_HEALTH, (kept_since(hour),))


def kept_since(hour: str) -> str:
    """The first hour whose health is kept as it was read, as of an hour."""
    return format_stamp(read_moment(hour) - HEALTH_RETENTION)


def _keep(db: sqlite3.Connection, moment: AttemptContext, endpoints: dict[int, Record]) -> None:
    """Keep what was read."""
    lines = (
        (
            moment.attempt,
            row,
            to_json({name: record[name] for name in record if is_volatile(ENDPOINTS, name)}),
        )
        for row, record in endpoints.items()
    )
    db.executemany("insert into health values (?, ?, ?)", lines)


def _is_degraded(record: Record) -> bool:
    status, uptime = as_integer(record.get("status")), as_number(record.get("uptime_last_1d"))
    return bool(status) or (uptime is not None and uptime < MIN_UPTIME_PERCENT)


def _is_own(record: Record) -> bool:
    """Whether a model is one to be served: aliases and routers answer [] by nature."""
    return not is_alias(record) and not is_dynamic(read_prices(record.get("pricing")).get("prompt"))


def _day(record: Record) -> tuple[Any, ...]:
    """What an hour adds to the figures of its day."""
    uptime = as_number(record.get("uptime_last_30m"))
    latency, throughput = (
        as_number(get_object(record, name).get("p50")) for name in ("latency_last_30m", "throughput_last_30m")
    )
    had = latency is not None and throughput is not None
    return (
        *(int(bool(as_integer(record.get("status")))), int(uptime is not None), float(uptime or 0)),
        *(None if uptime is None else float(uptime), int(had)),
        *(float(one or 0) if had else 0.0 for one in (latency, throughput)),
    )


DELETE_HEALTH = """
    delete from health
    where attempt < (select attempt from attempts where hour >= ? order by hour, attempt limit 1)
"""

ADD_DAY = """
    insert into health_days values (?, ?, 1, ?, ?, ?, ?, ?, ?, ?) on conflict do update set
        hours = hours + 1,
        abnormal = abnormal + excluded.abnormal,
        uptimes = uptimes + excluded.uptimes,
        uptime_sum = uptime_sum + excluded.uptime_sum,
        uptime_min = coalesce(min(uptime_min, excluded.uptime_min), uptime_min, excluded.uptime_min),
        latencies = latencies + excluded.latencies,
        latency_sum = latency_sum + excluded.latency_sum,
        throughput_sum = throughput_sum + excluded.throughput_sum
"""

WATCH = """
    insert into watched values (?, ?, ?, ?, ?, 1, ?, null, 0) on conflict do update set
        run = case bad when excluded.bad then run + 1 else 1 end,
        since = case bad when excluded.bad then since else excluded.hour end,
        after = case bad when excluded.bad then after else seen end,
        bad = excluded.bad, hour = excluded.hour, seen = excluded.seen
    where hour < excluded.hour
"""


def _watch(db: sqlite3.Connection, read: FeedRead, row: int, kind: str, bad: bool) -> bool:
    """Count one hour of a key, unless an earlier attempt at the same hour did; says whether."""
    values = (row, kind, read.hour, read.since, int(bad), read.hour)
    return bool(db.execute(WATCH, values).rowcount)


def _degraded(db: sqlite3.Connection, moment: AttemptContext) -> Iterator[Event]:
    """Endpoints that were bad, or well again, for so many hours running."""
    rows = db.execute(
        "select id, records.key, bad, since, after from watched join records on id = record"
        " where kind = 'health' and hour = ? and run >= ? and bad != told order by records.key",
        (moment.hour, DEGRADED_HOURS),
    ).fetchall()
    for row, name, bad, since, after in rows:
        db.execute("update watched set told = bad where record = ? and kind = 'health'", (row,))
        yield Event("degraded" if bad else "recovered", "endpoints", name, after=after, by=since)


def _orphaned(db: sqlite3.Connection, moment: AttemptContext) -> Iterator[Event]:
    """Models that nobody serves, for so many hours running; one that began so makes no event."""
    rows = db.execute(
        "select id, records.key, arrival, since, after from watched join records on id = record"
        " where kind = 'orphaned' and hour = ? and run >= ? and bad and not told order by records.key",
        (moment.hour, ORPHANED_HOURS),
    ).fetchall()
    for _, name, arrival, since, after in rows:
        if after is not None or arrival not in FIRST_ARRIVALS:
            yield Event("orphaned", "models", name, after=after, by=since)
    db.execute(
        "update watched set told = bad where kind = 'orphaned' and hour = ? and (not bad or run >= ?)",
        (moment.hour, ORPHANED_HOURS),
    )
