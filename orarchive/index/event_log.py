"""Read the events that an index holds, with the origin of each observation."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from orarchive.index.events import Event
from orarchive.jsonl import loads

COLUMNS = "kind, events.feed, key, field, old, new, percent, cause, after, by, events.hour, origin"


def read_events(db: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()) -> Iterator[Event]:
    """Yield the events for which an SQL condition holds, in the order in which they became known.

    `values` are those of the placeholders in the condition.
    """
    query = f"select {COLUMNS} from events join attempts using (attempt) where {where} order by id"
    for kind, feed, key, field, old, new, *rest in db.execute(query, values):
        before, after = (None if value is None else loads(value) for value in (old, new))
        yield Event(kind, feed, key, field, before, after, *rest)
