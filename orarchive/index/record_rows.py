"""Row ids of records: which row of the table `records` stands for which feed and key."""

import sqlite3
from dataclasses import dataclass, field

from orarchive.domain.changes import format_key
from orarchive.domain.event_kinds import FIRST_OBSERVED
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import Key
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.jsonl import loads

UNLISTED = "unlisted"
"""State and arrival of a model that no list ever had, but whose endpoints were requested."""

FIRST_ARRIVALS = ("baseline", FIRST_OBSERVED, UNLISTED)
"""Arrivals that do not tell when a record came to be: it was there when looking for it began. Pages read no
record that is `UNLISTED`, so on them these are the records that the archive began with or first observed."""

INSERT_RECORD = """
    insert into records (feed, key, parts, first, last, arrival, state, missing, observed_s)
    values (:feed, :key, :parts, :first, :last, :arrival, :state, null, 0)
"""

SELECT_RECORD = "select id, state, missing, arrival from records where feed = ? and parts = ?"


@dataclass(frozen=True)
class RecordRow:
    """A record as the index has it."""

    id: int
    state: str
    missing: str | None
    arrival: str


@dataclass
class RecordRows:
    """The records that are listed now, by feed and key, with their row ids in `records`."""

    db: sqlite3.Connection
    ids: dict[tuple[str, Key], int] = field(default_factory=dict)
    _last_ids: tuple[str, list[Key], list[int | None]] = ("", [], [])
    """Feed, keys and row ids of the last list of keys that was looked up and had ids throughout."""

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "RecordRows":
        """Read the records that an index lists now."""
        rows = db.execute("select feed, parts, id from records where last is null")
        return cls(db, {(feed, tuple(loads(parts))): row_id for feed, parts, row_id in rows})

    def find_ids(self, feed: str, keys: list[Key]) -> list[int | None]:
        """Return the row ids of records, None for one that is not listed.

        Most hours have the keys of the hour before, which are compared in a fifth of the time.
        """
        if self._last_ids[:2] == (feed, keys):
            return self._last_ids[2]
        ids = [self.ids.get((feed, key)) for key in keys]
        if None not in ids:
            self._last_ids = (feed, keys, ids)
        return ids

    def find_row(self, feed: str, key: Key) -> RecordRow | None:
        """Return the row of a record that is listed or was; None if there is none."""
        row = self.db.execute(SELECT_RECORD, (feed, to_json(list(key)))).fetchone()
        return RecordRow(*row) if row else None

    def get_or_insert(self, feed: str, key: Key, hour: str) -> int:
        """Return the row id of a record that a response names; insert an unlisted one if there is none."""
        if (feed, key) in self.ids:
            return self.ids[feed, key]
        row = self.find_row(feed, key)
        return row.id if row else self.insert(feed, key, hour, UNLISTED, UNLISTED, last=hour)

    def insert(
        self, feed: str, key: Key, hour: str, arrival: str, state: str = "active", last: str | None = None
    ) -> int:
        """Insert a record that was first seen in an hour; return its row id."""
        row_id = self.db.execute(
            INSERT_RECORD,
            {
                "feed": feed,
                "key": escape_surrogates(format_key(FEEDS[feed], key)),
                "parts": to_json(list(key)),
                "first": hour,
                "last": last,
                "arrival": arrival,
                "state": state,
            },
        ).lastrowid
        assert row_id
        return row_id
