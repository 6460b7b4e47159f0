"""Read the events that an index holds, with the origin of each observation."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from orarchive.domain.keys import Key, RecordName
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import loads

COLUMNS = "kind, events.feed, key, field, old, new, percent, cause, after, by, events.hour, origin"


def read_events(db: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()) -> Iterator[Event]:
    """Yield the events for which an SQL condition holds, in the order in which they became known.

    `values` are those of the placeholders in the condition.
    """
    names = {
        (feed, key): RecordName(key, _escape_parts(loads(parts)))
        for feed, key, parts in db.execute("select feed, key, parts from records")
    }
    query = f"select {COLUMNS} from events join attempts using (attempt) where {where} order by id"
    for kind, feed, key, field, old, new, *rest in db.execute(query, values):
        before, after = (None if value is None else loads(value) for value in (old, new))
        yield Event(kind, feed, names.get((feed, key), key), field, before, after, *rest)


def _escape_parts(parts: list[Any]) -> Key:
    """Return the values of a key as other columns of the index have them."""
    return tuple(escape_surrogates(part) if isinstance(part, str) else part for part in parts)
