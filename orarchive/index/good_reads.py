"""Good reads: the hours in which each feed was read well, to tell when something else was first seen."""

import json
import sqlite3
from bisect import bisect_right
from dataclasses import dataclass, field

SELECT_READS = "select feed, hour, kept from {schema}.reads where good order by attempt"


@dataclass
class GoodReads:
    """The good reads of every feed, oldest first, with the keys of the parent that each did not read."""

    hours: dict[str, list[str]] = field(default_factory=dict)
    kept: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    _last_hours: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @classmethod
    def load(cls, db: sqlite3.Connection, schema: str = "main") -> "GoodReads":
        """Read the good reads of an index, which may be attached under the name of a schema."""
        reads = cls()
        for feed, hour, kept in db.execute(SELECT_READS.format(schema=schema)):
            reads.hours.setdefault(feed, []).append(hour)
            keys = frozenset(json.loads(kept)) if kept else frozenset()
            reads.kept.setdefault(feed, []).append(keys)
        return reads

    def find_next_hour(self, feed: str, last: str, parent_key: str | None) -> str | None:
        """Return the first hour after `last` in which a feed, or one key of its parent, was read."""
        hours, kept = self.hours.get(feed, []), self.kept.get(feed, [])
        for at in range(bisect_right(hours, last), len(hours)):
            if parent_key not in kept[at]:
                return hours[at]
        return None

    def find_last_hour(self, feed: str, parent_key: str | None) -> str | None:
        """Return the last hour in which a feed, or one key of its parent, was read."""
        if (feed, parent_key) not in self._last_hours:
            hours, kept = self.hours.get(feed, []), self.kept.get(feed, [])
            positions = reversed(range(len(hours)))
            hour = next((hours[at] for at in positions if parent_key not in kept[at]), "")
            self._last_hours[feed, parent_key] = hour
        return self._last_hours[feed, parent_key] or None
