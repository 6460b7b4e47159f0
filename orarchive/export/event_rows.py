"""Rows of what happened: events, reads, rankings, orders, and the health of endpoints by day."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from orarchive.domain.event_kinds import REPRICED
from orarchive.domain.keys import get_provider_of_tag
from orarchive.export.record_rows import Row, build_endpoint_key
from orarchive.export.values import fit_price, parse_optional_time, parse_time
from orarchive.index.good_reads import GoodReads
from orarchive.index.health_days import EPOCH
from orarchive.jsonl import loads

SELECT_EVENTS = """
    select events.hour, after, by, kind, events.feed, events.key, field, old, new, percent, cause, origin,
        parts, row_number() over (partition by events.hour order by events.id) - 1 as position
    from events join attempts on attempts.attempt = events.attempt
    left join records on records.feed = events.feed and records.key = events.key
    order by events.id
"""

SELECT_READS = """
    select feed, reads.hour, number as attempt, outcome, good, since, started, finished, origin, scope,
        records, requests, retries, limited, seconds, age, kept, reasons, reads.notes, sha256, commit_id,
        source_commit
    from reads join attempts on attempts.attempt = reads.attempt
"""

SELECT_USAGE = """
    select ranking_slices.series, ranking_slices.slice, date, permaslugs.permaslug, tokens, as_of
    from usage join ranking_slices on ranking_slices.id = usage.slice
    join permaslugs on permaslugs.id = usage.permaslug
    left join (
        select series, slice, as_of,
            row_number() over (partition by series, slice order by attempt desc) as age
        from ranking_reads where outcome = 'ok' and as_of is not null
    ) as latest on latest.series = ranking_slices.series and latest.slice = ranking_slices.slice and age = 1
"""

SELECT_ORDERS = "select hour, slice, rank, model from orders"

SELECT_HEALTH_DAYS = """
    select parts, day, hours, abnormal, uptimes, uptime_sum, uptime_min, latencies, latency_sum,
        throughput_sum
    from health_days join records on records.id = record
"""


def list_event_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each event, with the key of its record as columns."""
    for row in _select(db, SELECT_EVENTS):
        parts = row.pop("parts")
        prices = {}
        if row["kind"] == REPRICED:
            prices = {f"{side}_usd": _read_plain_price(row[side]) for side in ("old", "new")}
        row |= {name: parse_optional_time(row[name]) for name in ("hour", "after", "by")}
        yield {**row, **prices, **_build_key(row["feed"], parts)}


def list_coverage_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each read of a feed."""
    for row in _select(db, SELECT_READS):
        row |= {name: parse_optional_time(row[name]) for name in ("hour", "since", "started", "finished")}
        yield {**row, "is_good": bool(row.pop("good"))}


def list_ranking_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each model and date of the published usage."""
    for row in _select(db, SELECT_USAGE):
        with suppress(ValueError):  # an edit by hand may have left a date that is none
            yield {**row, "date": dt.date.fromisoformat(row["date"])}


def list_order_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each rank of each recent order of models."""
    for row in _select(db, SELECT_ORDERS):
        yield {**row, "hour": parse_time(row["hour"])}


def list_health_day_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each endpoint and day on which its health was read."""
    for row in _select(db, SELECT_HEALTH_DAYS):
        yield {
            **build_endpoint_key(*loads(row["parts"])),
            "day": EPOCH + dt.timedelta(days=row["day"]),
            "hours": row["hours"],
            "abnormal_hours": row["abnormal"],
            "uptime_hours": row["uptimes"],
            "uptime_mean": _divide(row["uptime_sum"], row["uptimes"]),
            "uptime_min": row["uptime_min"],
            "latency_hours": row["latencies"],
            "latency_mean": _divide(row["latency_sum"], row["latencies"]),
            "throughput_mean": _divide(row["throughput_sum"], row["latencies"]),
        }


def _select(db: sqlite3.Connection, query: str) -> Iterator[Row]:
    """Yield the rows of a query as column -> value."""
    cursor = db.execute(query)
    names = [description[0] for description in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _build_key(feed: str, parts: str | None) -> Row:
    """Return the key of an event's record as columns; {} for a record without a model or provider."""
    key: list[Any] = loads(parts) if parts else []
    if feed in ("endpoints", "zdr") and key:
        return build_endpoint_key(*key)
    if feed == "providers" and key:
        return {"provider": get_provider_of_tag(key[0])}
    return {"model": key[0]} if key else {}


def _read_plain_price(old_or_new: str | None) -> Any:
    """Return the price in an event's JSON; None where there is none, or one with conditions."""
    return fit_price(loads(old_or_new)) if old_or_new else None


def _divide(total: float, count: int) -> float | None:
    return total / count if count else None
