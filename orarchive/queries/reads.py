"""Reads: the attempts that read a feed well; of a fan-out feed those that read the endpoints of one model."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from orarchive.jsonl import loads

IS_LOST = 2
"""Value of `SELECT_REPLACED` for a read that no commit shows: the later attempt has the same commit."""

SELECT_REPLACED = """
    (
        select max(1 + (again.commit_id is attempts.commit_id))
        from attempts as again join reads as later on later.attempt = again.attempt
        where again.hour = attempts.hour and again.attempt > attempts.attempt
            and later.feed = reads.feed and later.good and later.sha256 != reads.sha256
    )
"""
"""Null for a read that was not replaced: no later attempt at its hour read other records."""

SELECT_READS = f"""
    select attempts.hour, attempts.attempt, started, origin, {SELECT_REPLACED}, kept
    from reads join attempts on attempts.attempt = reads.attempt where feed = ? and good
"""


@dataclass(frozen=True)
class Read:
    """One good read of a feed."""

    hour: str
    attempt: int
    """Row id of the attempt."""
    started: str
    origin: str
    is_replaced: bool
    """A later attempt at the same hour read other records: of those of this one only the lines that were
    replaced are kept."""


@dataclass(frozen=True)
class ReadLog:
    """All good reads of a feed whose records can be looked up.

    `parent_key` limits those of a fan-out feed to the ones that read this model, and did not keep it.
    """

    db: sqlite3.Connection
    feed: str
    parent_key: str | None = None

    def find_last(self, where: str, value: str) -> Read | None:
        """Return the last read for which a condition of SQL on `hour` or `started` holds, or None."""
        return next(self._select(where, value, "desc"), None)

    def find_first(self, where: str, value: str) -> Read | None:
        """Return the first read for which a condition of SQL on `hour` or `started` holds, or None."""
        return next(self._select(where, value, "asc"), None)

    def _select(self, where: str, value: str, order: str) -> Iterator[Read]:
        query = f"{SELECT_READS} and {where} order by reads.attempt {order}"
        for hour, attempt, started, origin, replaced, kept_json in self.db.execute(query, (self.feed, value)):
            if replaced != IS_LOST and self.parent_key not in loads(kept_json or "{}"):
                yield Read(hour, attempt, started, origin, bool(replaced))
