"""Read the events that an index holds, with the origin of each observation."""

import sqlite3
from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any, NamedTuple

from orarchive.domain.keys import Key, RecordName
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import loads

COLUMNS = "kind, events.feed, key, field, old, new, percent, cause, after, by, events.hour, origin"

RecordNames = Mapping[tuple[str, str], RecordName]
"""(feed, text form of a key) -> the name of the record."""


class EventRow(NamedTuple):
    """An event as the index holds it; `old` and `new` are JSON."""

    kind: str
    feed: str
    key: str
    field: str
    old: str | None
    new: str | None
    percent: float | None
    cause: str
    after: str | None
    by: str
    hour: str
    origin: str


def read_events(db: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()) -> Iterator[Event]:
    """Yield the events for which an SQL condition holds, in the order in which they became known.

    `values` are those of the placeholders in the condition.
    """
    names = read_names(db)
    return (decode_event(row, names) for row in read_event_rows(db, where, values))


def read_event_rows(
    db: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()
) -> Iterator[EventRow]:
    """Yield the rows of the events for which an SQL condition holds; see `read_events`."""
    query = f"select {COLUMNS} from events join attempts using (attempt) where {where} order by id"
    for kind, feed, key, field, old, new, percent, cause, after, by, hour, origin in db.execute(
        query, values
    ):
        # A name or an hour is kept in memory once, however many events have it.
        names = (intern(kind), intern(feed), intern(key), intern(field))
        seen_after = after and intern(after)
        hours = (intern(by), intern(hour), intern(origin))
        yield EventRow(*names, old, new, percent, intern(cause), seen_after, *hours)


def read_names(db: sqlite3.Connection) -> RecordNames:
    """Read the names of all records."""
    return {
        (feed, key): RecordName(key, _escape_parts(loads(parts)))
        for feed, key, parts in db.execute("select feed, key, parts from records")
    }


def decode_event(row: EventRow, names: RecordNames) -> Event:
    """Return the event of a row, with the name of its record if it is about one."""
    kind, feed, key, field, old, new, percent, cause, after, by, hour, origin = row
    before, now = (None if value is None else loads(value) for value in (old, new))
    name = names.get((feed, key), key)
    return Event(kind, feed, name, field, before, now, percent, cause, after, by, hour, origin)


def _escape_parts(parts: list[Any]) -> Key:
    """Return the values of a key as other columns of the index have them."""
    return tuple(escape_surrogates(part) if isinstance(part, str) else part for part in parts)
