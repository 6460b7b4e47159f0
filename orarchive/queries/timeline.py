"""Timeline: every event of a model, an endpoint or a provider, and each event in words."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.event_kinds import REPRICED, RETURNED
from orarchive.domain.feeds import FEEDS
from orarchive.domain.figures import format_percent_change
from orarchive.domain.phrasing import LOG_STYLE, describe_change, format_tariff
from orarchive.domain.prices import (
    compute_percent_change,
    format_price,
    parse_price,
)
from orarchive.index.event_log import read_events
from orarchive.index.events import Event
from orarchive.index.record_rows import UNLISTED
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import loads
from orarchive.queries.reads import ReadLog
from orarchive.queries.suggestions import raise_not_found

PRICE_CAUSES = {
    **LOG_STYLE.cause_phrases,
    "endpoint": "changed by a provider",
    "schedule": "its schedule",
}

CAUSES = {
    **LOG_STYLE.probe_phrases,
    "model": "with its model",
    "endpoint": "with its endpoint",
}


def describe_event(event: Event) -> str:
    """Phrase the change of an event and its cause, without the kind, the key and the hour."""
    words = _describe_values(event)
    if event.percent is not None:
        # Events hold the percentage rounded: of a tiny change it is 0, and of a loss of nearly all -100.
        exact = compute_percent_change(parse_price(event.old), parse_price(event.new))
        words += f" ({format_percent_change(event.percent if exact is None else exact)})"
    cause = (PRICE_CAUSES if event.kind == REPRICED else CAUSES).get(event.cause, "")
    return ", ".join(filter(None, (words, cause)))


def _describe_values(event: Event) -> str:
    if event.kind == REPRICED:
        prices = (_format_price(event.field, value) for value in (event.old, event.new))
        return f"{LOG_STYLE.format_dimension(event.field)} {LOG_STYLE.format_pair(*prices)}"
    if event.kind == RETURNED:
        return f"was {event.old}"
    if not event.field:
        return ""
    return describe_change(event.to_change(), LOG_STYLE)


def _format_price(dimension: str, value: Any) -> str:
    """Phrase a price as events hold it: a decimal, or a list of conditions with their prices."""
    if isinstance(value, list):
        return format_tariff(dimension, value, LOG_STYLE)
    return format_price(dimension, None if value is None else Decimal(value))


@dataclass(frozen=True)
class RecordSummary:
    """State of a record."""

    feed: str
    key: str
    state: str
    first_seen: str | None
    """A stamp, as is `last_seen`; None for a record that no list ever had."""
    last_seen: str | None


def summarize_records(db: sqlite3.Connection, key: str) -> list[RecordSummary]:
    """Return the records with a key, at most one of each feed: a model may be in models and in images."""
    rows = db.execute(
        "select feed, key, state, first, last, parts from records where key = ? order by id",
        (escape_surrogates(key),),
    )
    return [_summarize(db, *row) for row in rows.fetchall()]


def _summarize(
    db: sqlite3.Connection, feed: str, key: str, state: str, first: str, last: str | None, parts: str
) -> RecordSummary:
    if state == UNLISTED:
        return RecordSummary(feed, key, state, None, None)
    if last is None:  # The record is still there: it was last seen in the last reading that could show it.
        key_parts = FEEDS[feed].get_parent_key(tuple(loads(parts)))
        parent_key = None if key_parts is None else escape_surrogates(key_parts)
        reading = ReadLog(db, feed, parent_key).find_last("attempts.hour <= ?", "9")
        last = reading.hour if reading else first
    return RecordSummary(feed, key, state, first, last)


def read_timeline(db: sqlite3.Connection, key: str) -> list[Event]:
    """Return all events of a model with its endpoints, of an endpoint, or of a provider with its endpoints.

    Raises NotArchivedError, with suggestions, for a key that the archive has never had.
    """
    keys = [row for (row,) in db.execute(MATCHING_KEYS, {"key": escape_surrogates(key)})]
    if not keys:
        names = [name for (name,) in db.execute(ALL_NAMES)]
        raise_not_found("model, endpoint or provider", key, names)
    marks = ", ".join("?" * len(keys))
    return list(read_events(db, f"key in ({marks})", tuple(keys)))


MATCHING_KEYS = """
    select key from records where key = :key
    union select key from endpoints
        where model = :key or tag = :key or substr(tag, 1, length(:key) + 1) = :key || '/'
"""

ALL_NAMES = """
    select key from records union select tag from endpoints
    union select substr(tag, 1, instr(tag, '/') - 1) from endpoints where instr(tag, '/')
"""
