"""Spans: until when a row of the index held, and the first good hour that did not show it any more."""

import sqlite3

from orarchive.index.good_reads import GoodReads

SELECT_ORIGINS = "select hour, origin from attempts order by attempt"


def close_span(
    reads: GoodReads,
    feed: str,
    parent_key: str | None,
    first: str,
    last: str | None,
    next_first: str | None = None,
) -> tuple[str, str, str | None]:
    """Return `valid_from`, `last_seen` and `superseded_at` of a row of the index.

    `last` is None while it holds. `next_first` is the first hour of the row that follows it: a line may
    change although its feed could not be read, when the model that it is about does.
    """
    if last is None:
        return first, max(first, reads.find_last_hour(feed, parent_key) or first), None
    ends = [reads.find_next_hour(feed, last, parent_key), next_first]
    return first, last, min(filter(None, ends), default=None)


def read_origins(db: sqlite3.Connection) -> dict[str, str]:
    """Read from where each hour was taken: the origin of its last attempt."""
    return dict(db.execute(SELECT_ORIGINS).fetchall())
