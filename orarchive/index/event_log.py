"""The log: events as an index has them, with where each was observed."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orarchive.jsonl import loads


@dataclass(frozen=True)
class EventRow:
    """One event; see `events` and `attempts` in the index's schema."""

    hour: str
    after: str | None
    by: str
    kind: str
    feed: str
    key: str
    field: str
    old: Any
    new: Any
    percent: float | None
    cause: str
    origin: str

    @property
    def is_of_field(self) -> bool:
        """Whether it is about a field of the feed; `key` is the field's path then, not a record's."""
        return self.kind in ("field_appeared", "field_vanished")


COLUMNS = "events.hour, after, by, kind, events.feed, key, field, old, new, percent, cause, origin"


def read_events(
    db: sqlite3.Connection, where: str = "true", values: tuple[Any, ...] = ()
) -> Iterator[EventRow]:
    """The events that a condition of SQL holds for, in the order in which they became known."""
    query = f"select {COLUMNS} from events join attempts using (attempt) where {where} order by id"
    for row in db.execute(query, values):
        *start, old, new, percent, cause, origin = row
        ends = [None if end is None else loads(end) for end in (old, new)]
        yield EventRow(*start, *ends, percent, cause, origin)  # type: ignore[call-arg]
