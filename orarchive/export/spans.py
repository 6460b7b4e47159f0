"""Spans: until when a row of the index held, and the first good hour that did not show it any more."""

import json
import sqlite3
from bisect import bisect_right
from dataclasses import dataclass, field

SELECT_READS = "select feed, hour, kept from reads where good order by attempt"

SELECT_ORIGINS = "select hour, origin from attempts order by attempt"


@dataclass
class GoodReads:
    """The good reads of every feed, oldest first, with the keys of the parent that each did not read."""

    hours: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    _last_hours: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "GoodReads":
        """Read the good reads of an index."""
        reads = cls()
        for feed, hour, kept in db.execute(SELECT_READS):
            reads.hours.setdefault(feed, []).append(hour)
            keys = frozenset(json.loads(kept)) if kept else frozenset()
            reads.kept.setdefault(feed, []).append(keys)
        return reads

    def find_next_hour(self, feed: str, last: str, parent_key: str | None) -> str | None:
        """Return the first hour after `last` in which a feed, or one key of its parent, was read."""
        hours, kept = self.hours.get(feed, []), self.kept.get(feed, [])
        positions = range(bisect_right(hours, last), len(hours))
        return next((hours[at] for at in positions if parent_key not in kept[at]), None)

    def find_last_hour(self, feed: str, parent_key: str | None) -> str | None:
        """Return the last hour in which a feed, or one key of its parent, was read."""
        if (feed, parent_key) not in self._last_hours:
            hours, kept = self.hours.get(feed, []), self.kept.get(feed, [])
            positions = reversed(range(len(hours)))
            hour = next((hours[at] for at in positions if parent_key not in kept[at]), "")
            self._last_hours[feed, parent_key] = hour
        return self._last_hours[feed, parent_key] or None

    def close_span(
        self, feed: str, parent_key: str | None, first: str, last: str | None, next_first: str | None = None
    ) -> tuple[str, str, str | None]:
        """Return `valid_from`, `last_seen` and `superseded_at` of a row of the index.

        `last` is None while it holds. `next_first` is the first hour of the row that follows it: a line may
        change although its feed could not be read, when the model that it is about does.
        """
        if last is None:
            return first, max(first, self.find_last_hour(feed, parent_key) or first), None
        ends = [self.find_next_hour(feed, last, parent_key), next_first]
        return first, last, min(filter(None, ends), default=None)


def read_origins(db: sqlite3.Connection) -> dict[str, str]:
    """Read from where each hour was taken: the origin of its last attempt."""
    return dict(db.execute(SELECT_ORIGINS).fetchall())
