"""Absence: what becomes of records that are missing.

One miss is not a removal: over 23 months 17 % of the models that vanished came back, two thirds of those
within a week. So a missing one is stale for 14 days, then deprecated, and removed after 30. Absence counts
from the first good hour without it, and between two good hours at most a day of it.
"""

import sqlite3
from collections.abc import Iterator

from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.scopes import can_hold
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.jsonl import Record, loads

DAY_S = 24 * 60 * 60
DEPRECATED_AFTER_S = 14 * DAY_S
REMOVED_AFTER_S = 30 * DAY_S


def apply_absence(db: sqlite3.Connection, moment: AttemptContext) -> Iterator[Event]:
    """Follow an attempt: what is missing longer than it may, and what another scope shows or hides."""
    for name in moment.reads:
        yield from _rescope(db, moment, FEEDS[name])
        yield from _age(db, moment, FEEDS[name])


def _age(db: sqlite3.Connection, moment: AttemptContext, feed: Feed) -> Iterator[Event]:
    """Say what the absence of what is missing still makes of it."""
    if feed.removed_kind != "missing":
        return
    clock = moment.reads[feed.name].clock
    for was, state, limit in (
        ("deprecated", "removed", REMOVED_AFTER_S),
        ("stale", "deprecated", DEPRECATED_AFTER_S),
    ):
        rows = db.execute(
            "select id, key from records"
            " where feed = ? and state = ? and last is not null and clock <= ? order by key",
            (feed.name, was, clock - limit),
        ).fetchall()
        for row, name in rows:
            db.execute("update records set state = ? where id = ?", (state, row))
            if state == "removed" or feed.name == "models":
                yield Event(state, feed.name, name, after=moment.span(feed.name)[1])


def _rescope(db: sqlite3.Connection, moment: AttemptContext, feed: Feed) -> Iterator[Event]:
    """Where a feed's scope is another one: what it cannot show is not missing, what it could show is."""
    scopes = moment.scopes(feed.name)
    if not scopes or feed.parent:
        return
    rows = db.execute(
        "select id, key, state, missing, last, clock from records where feed = ? and last is not null"
        " and state in ('stale', 'deprecated', 'unobserved') order by key",
        (feed.name,),
    ).fetchall()
    for row, name, state, missing, last, clock in rows:
        shown = bool(can_hold(scopes[1], _last_record(db, row, feed)))
        if shown == (state != "unobserved"):
            continue
        becomes = "unobserved" if not shown else "deprecated" if clock >= DEPRECATED_AFTER_S else "stale"
        # the clock stands still while nobody looks: what it has shown so far takes its place
        db.execute(
            "update records set clock = ? - clock, missing = coalesce(missing, ?), state = ? where id = ?",
            (moment.reads[feed.name].clock, moment.hour, becomes, row),
        )
        if shown and missing is None:
            yield Event(feed.removed_kind, feed.name, name, after=moment.made(feed.name, last))


def _last_record(db: sqlite3.Connection, row: int, feed: Feed) -> Record:
    """What is known of a record; nothing, where it came and went in one and the same hour."""
    query = "select line from versions where record = ? and file = ? order by first desc limit 1"
    found = db.execute(query, (row, feed.base_file)).fetchone()
    record: Record = loads(found[0]) if found else {}
    return record
