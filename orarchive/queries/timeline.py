"""What happened? Every event of a model, an endpoint or a provider, in words."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS
from orarchive.domain.phrasing import CAUSE_PHRASES, LOG_STYLE, describe_change, format_tariff
from orarchive.domain.prices import format_price
from orarchive.index.event_log import EventRow, read_events
from orarchive.index.record_rows import UNLISTED
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import loads
from orarchive.queries.reads import ReadLog
from orarchive.queries.suggestions import raise_not_found

PRICE_CAUSES = {**CAUSE_PHRASES, "endpoint": "an endpoint's own price", "schedule": "its schedule"}

CAUSES = {
    "model": "with its model",
    "endpoint": "with its endpoint",
    "gone": "gone",
    "orphaned": "still known, listed no more",
    "renamed": "renamed",
}


def describe_event(one: EventRow) -> str:
    """What happened, without when and to what."""
    said = _news(one)
    if one.percent is not None:
        said += f" ({one.percent:+.3g} %)"
    why = (PRICE_CAUSES if one.kind == "repriced" else CAUSES).get(one.cause, "")
    return said + (f", {why}" if why and said else why)


def _news(one: EventRow) -> str:
    if one.kind == "repriced":
        ends = (_price(one.field, end) for end in (one.old, one.new))
        return f"{LOG_STYLE.format_dimension(one.field)} {LOG_STYLE.format_pair(*ends)}"
    if one.kind == "returned":
        return f"was {one.old}"
    if not one.field:
        return ""
    return describe_change(Change(one.kind, one.feed, one.key, one.field, one.old, one.new), LOG_STYLE)


def _price(dimension: str, end: Any) -> str:
    """A price of an event: a decimal, or the list of conditions that rule it."""
    if isinstance(end, list):
        return format_tariff(dimension, end, LOG_STYLE)
    return format_price(dimension, None if end is None else Decimal(end))


@dataclass(frozen=True)
class RecordSummary:
    """What is known of one record; of one that no list ever had not when it was seen."""

    feed: str
    key: str
    state: str
    first_seen: str | None
    last_seen: str | None


def summarize_records(db: sqlite3.Connection, key: str) -> list[RecordSummary]:
    """The records that a key itself names, one a feed: a model may be among the images as well."""
    rows = db.execute(
        "select feed, key, state, first, last, parts from records where key = ? order by id",
        (escape_surrogates(key),),
    )
    return [_known(db, *row) for row in rows.fetchall()]


def _known(
    db: sqlite3.Connection, feed: str, key: str, state: str, first: str, last: str | None, parts: str
) -> RecordSummary:
    if state == UNLISTED:
        return RecordSummary(feed, key, state, None, None)
    if last is None:  # it is there: in the last reading that could show it
        asked = escape_surrogates(str(loads(parts)[0])) if FEEDS[feed].parent else None
        reading = ReadLog(db, feed, asked).last("attempts.hour <= ?", "9")
        last = reading.hour if reading else first
    return RecordSummary(feed, key, state, first, last)


def read_timeline(db: sqlite3.Connection, key: str) -> list[EventRow]:
    """Everything that happened to a key: a model and its endpoints, an endpoint, or a provider and its."""
    wanted = [row for (row,) in db.execute(OF, {"key": escape_surrogates(key)})]
    if not wanted:
        names = [name for (name,) in db.execute(NAMES)]
        raise_not_found("model, endpoint or provider", key, names)
    marks = ", ".join("?" * len(wanted))
    return list(read_events(db, f"key in ({marks})", tuple(wanted)))


OF = """
    select key from records where key = :key
    union select key from endpoints
        where model = :key or tag = :key or substr(tag, 1, length(:key) + 1) = :key || '/'
"""

NAMES = """
    select key from records union select tag from endpoints
    union select substr(tag, 1, instr(tag, '/') - 1) from endpoints where instr(tag, '/')
"""
