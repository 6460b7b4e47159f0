"""Readings: the attempts that read a feed well; of a sweep those that read one model of it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from orarchive.jsonl import loads


@dataclass(frozen=True)
class Read:
    """One of them; `replaced`: a later attempt at its hour read otherwise, and the index has only that."""

    hour: str
    started: str
    origin: str
    commit: str | None
    """Whose tree is the state after it."""
    replaced: bool


@dataclass(frozen=True)
class ReadLog:
    """All readings of a feed that can be known; of a sweep with a model those in which it was not kept."""

    db: sqlite3.Connection
    feed: str
    asked: str | None = None

    def last(self, where: str, value: str) -> Read | None:
        """The last one for which a condition on `hour` or `started` holds."""
        return next(self._some(where, value, "desc"), None)

    def first(self, where: str, value: str) -> Read | None:
        """The first one for which a condition on `hour` or `started` holds."""
        return next(self._some(where, value, "asc"), None)

    def _some(self, where: str, value: str, order: str) -> Iterator[Read]:
        query = f"{SOME} and {where} order by reads.attempt {order}"
        for hour, started, origin, commit, replaced, kept in self.db.execute(query, (self.feed, value)):
            if replaced != UNSHOWN and self.asked not in loads(kept or "{}"):
                yield Read(hour, started, origin, commit, bool(replaced))


UNSHOWN = 2
"""Replaced, and what it read no commit shows: that of the later attempt is its own as well."""

REPLACED = """
    (
        select max(1 + (again.commit_id is attempts.commit_id))
        from attempts as again join reads as later on later.attempt = again.attempt
        where again.hour = attempts.hour and again.attempt > attempts.attempt
            and later.feed = reads.feed and later.good and later.sha256 != reads.sha256
    )
"""
"""Null where it was not."""

SOME = f"""
    select attempts.hour, started, origin, commit_id, {REPLACED}, kept
    from reads join attempts on attempts.attempt = reads.attempt where feed = ? and good
"""
