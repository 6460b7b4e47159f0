"""Health of endpoints by the hour and the day, and the states that only several hours running make known.

Of 927 endpoints 49 crossed status 0 within 33 minutes, so one bad hour is no event: `degraded` takes six
hours running, and `orphaned` (a model that no provider serves) two.
"""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from orarchive.domain.event_kinds import DEGRADED, ORPHANED, RECOVERED
from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.prices import is_dynamic, read_prices
from orarchive.domain.record_files import is_volatile
from orarchive.domain.records import as_integer, as_number, get_object, is_alias
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext, FeedRead
from orarchive.index.events import Event
from orarchive.index.record_rows import FIRST_ARRIVALS
from orarchive.index.sql_values import to_json
from orarchive.jsonl import Record
from orarchive.timestamps import format_stamp, parse_stamp

DEGRADED_HOURS = 6
ORPHANED_HOURS = 2
MAX_UNSERVED_SHARE = 0.1
"""Share of the models that may be without endpoints; beyond it the feed is doubted, and nothing counted."""
MIN_DOUBTED = 2
"""Number of models without endpoints up to which the feed is never doubted."""
HEALTH_RETENTION = timedelta(days=30)
"""For so long each reading of health is kept; after that only the figures of its day are."""
MIN_UPTIME_PERCENT = 90
"""An endpoint with less uptime than this in the last day is degraded."""

INSERT_HEALTH = "insert into health (attempt, record, line) values (?, ?, ?)"

DELETE_HEALTH = """
    delete from health
    where attempt < (select attempt from attempts where hour >= ? order by hour, attempt limit 1)
"""

ADD_TO_DAY = """
    insert into health_days
        (record, day, hours, abnormal, uptimes, uptime_sum, uptime_min, latencies, latency_sum,
            throughput_sum)
    values
        (:record, :day, 1, :abnormal, :uptimes, :uptime_sum, :uptime_min, :latencies, :latency_sum,
            :throughput_sum)
    on conflict do update set
        hours = hours + 1,
        abnormal = abnormal + excluded.abnormal,
        uptimes = uptimes + excluded.uptimes,
        uptime_sum = uptime_sum + excluded.uptime_sum,
        uptime_min = coalesce(min(uptime_min, excluded.uptime_min), uptime_min, excluded.uptime_min),
        latencies = latencies + excluded.latencies,
        latency_sum = latency_sum + excluded.latency_sum,
        throughput_sum = throughput_sum + excluded.throughput_sum
"""

ADD_TO_RUN = """
    insert into watched (record, kind, hour, seen, bad, run, since, after, is_reported)
    values (:record, :kind, :hour, :seen, :bad, 1, :hour, null, 0)
    on conflict do update set
        run = case bad when excluded.bad then run + 1 else 1 end,
        since = case bad when excluded.bad then since else excluded.hour end,
        after = case bad when excluded.bad then after else seen end,
        bad = excluded.bad, hour = excluded.hour, seen = excluded.seen
    where hour < excluded.hour
"""

SELECT_DEGRADED = """
    select id, records.key, bad, since, after from watched join records on id = record
    where kind = 'health' and hour = ? and run >= ? and bad != is_reported order by records.key
"""

SELECT_ORPHANED = """
    select records.key, arrival, since, after from watched join records on id = record
    where kind = 'orphaned' and hour = ? and run >= ? and bad and not is_reported order by records.key
"""

MARK_ORPHANED = """
    update watched set is_reported = bad where kind = 'orphaned' and hour = ? and (not bad or run >= ?)
"""


def apply_attempt(context: AttemptContext, _: ReplayStep) -> Iterator[Event]:
    """Count the health of endpoints and the unserved models of an attempt, each once an hour.

    Yield the events that become known by it. Readings that would be older than the retention at the end of
    the update are not kept at all.
    """
    read = context.reads.get("endpoints")
    if read is None:
        return
    state, row_ids = context.update.state, context.update.rows.ids
    endpoints = {
        row_ids["endpoints", key]: (key[0], record)
        for key, record in state.records["endpoints"].items()
        if key[0] not in read.kept_keys
    }
    if context.hour >= compute_first_retained_hour(context.update.last_hour):
        _insert_readings(context, {row_id: record for row_id, (_, record) in endpoints.items()})
    counted = _list_counted(context, read)
    uncounted = {row_id: record for row_id, (_, record) in endpoints.items() if row_id not in counted}
    _add_to_runs(
        context.db, read, "health", {row_id: _is_degraded(record) for row_id, record in uncounted.items()}
    )
    context.db.executemany(
        ADD_TO_DAY,
        [_compute_daily_figures(row_id, context.hour, record) for row_id, record in uncounted.items()],
    )
    served_models = {model for model, _ in endpoints.values()}
    watched_models = {
        model: model not in served_models
        for (model,), record in state.records["models"].items()
        if model not in read.kept_keys and needs_endpoints(record)
    }
    if not is_doubted(sum(watched_models.values()), len(watched_models)):
        rows = {row_ids["models", (model,)]: is_unserved for model, is_unserved in watched_models.items()}
        _add_to_runs(context.db, read, "orphaned", rows)
    yield from _mark_degraded(context)
    yield from _mark_orphaned(context)


def delete_old_health(context: AttemptContext) -> None:
    """Delete the readings of health that are older than the retention at an attempt's hour."""
    context.db.execute(DELETE_HEALTH, (compute_first_retained_hour(context.hour),))


def compute_first_retained_hour(hour: str) -> str:
    """Return the first hour whose readings of health are kept at an hour."""
    return format_stamp(parse_stamp(hour) - HEALTH_RETENTION)


def _insert_readings(context: AttemptContext, endpoints: dict[int, Record]) -> None:
    """Insert the health of endpoints, given by row id, as it was sent."""
    context.db.executemany(
        INSERT_HEALTH,
        (
            (
                context.attempt,
                row_id,
                to_json({name: record[name] for name in record if is_volatile(ENDPOINTS, name)}),
            )
            for row_id, record in endpoints.items()
        ),
    )


def _is_degraded(record: Record) -> bool:
    status, uptime = as_integer(record.get("status")), as_number(record.get("uptime_last_1d"))
    return bool(status) or (uptime is not None and uptime < MIN_UPTIME_PERCENT)


def is_doubted(unserved: int, models: int) -> bool:
    """Return whether so many models without endpoints tell of a fault in the feed, and not of the models.

    Of 421 real models 2 had none. Where the lists of models and endpoints are of different origin, a third
    had.
    """
    return unserved > MIN_DOUBTED and unserved > MAX_UNSERVED_SHARE * models


def needs_endpoints(record: Record) -> bool:
    """Return whether a model has to have endpoints: aliases and routers never have any."""
    return not is_alias(record) and not is_dynamic(read_prices(record.get("pricing")).get("prompt"))


def _compute_daily_figures(row_id: int, hour: str, record: Record) -> dict[str, Any]:
    """Compute the figures that an hour of an endpoint adds to those of its day."""
    uptime = as_number(record.get("uptime_last_30m"))
    latency, throughput = (
        as_number(get_object(record, name).get("p50")) for name in ("latency_last_30m", "throughput_last_30m")
    )
    is_measured = latency is not None and throughput is not None
    return {
        "record": row_id,
        "day": hour[:10],
        "abnormal": int(bool(as_integer(record.get("status")))),
        "uptimes": int(uptime is not None),
        "uptime_sum": float(uptime or 0),
        "uptime_min": None if uptime is None else float(uptime),
        "latencies": int(is_measured),
        "latency_sum": float(latency or 0) if is_measured else 0.0,
        "throughput_sum": float(throughput or 0) if is_measured else 0.0,
    }


def _list_counted(context: AttemptContext, read: FeedRead) -> set[int]:
    """List the endpoints whose hour an earlier attempt at it has counted."""
    if not context.is_repeat:
        return set()
    query = "select record from watched where kind = 'health' and hour >= ?"
    return {row_id for (row_id,) in context.db.execute(query, (read.hour,))}


def _add_to_runs(db: sqlite3.Connection, read: FeedRead, kind: str, are_bad: dict[int, bool]) -> None:
    """Count one hour of records, by row id, in their runs of good or bad hours.

    What an earlier attempt at the same hour counted stays as it is.
    """
    db.executemany(
        ADD_TO_RUN,
        [
            {"record": row_id, "kind": kind, "hour": read.hour, "seen": read.since, "bad": int(is_bad)}
            for row_id, is_bad in are_bad.items()
        ],
    )


def _mark_degraded(context: AttemptContext) -> Iterator[Event]:
    """Yield an event for each endpoint that was bad, or well again, for enough hours running."""
    rows = context.db.execute(SELECT_DEGRADED, (context.hour, DEGRADED_HOURS)).fetchall()
    for row_id, name, is_bad, since, after in rows:
        query = "update watched set is_reported = bad where record = ? and kind = 'health'"
        context.db.execute(query, (row_id,))
        yield Event(DEGRADED if is_bad else RECOVERED, "endpoints", name, after=after, by=since)


def _mark_orphaned(context: AttemptContext) -> Iterator[Event]:
    """Yield an event for each model that no provider served for enough hours running.

    A model that was never served since it was first observed makes no event.
    """
    values = (context.hour, ORPHANED_HOURS)
    for name, arrival, since, after in context.db.execute(SELECT_ORPHANED, values).fetchall():
        if after is not None or arrival not in FIRST_ARRIVALS:
            yield Event(ORPHANED, "models", name, after=after, by=since)
    context.db.execute(MARK_ORPHANED, values)
