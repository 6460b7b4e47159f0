"""Presence: which records are there, how they came, and since when they are missing.

One miss is not a removal: over 23 months 17 % of the models that vanished came back, two thirds of those
within a week. So a missing one is stale for 14 days, then deprecated, and removed after 30. Absence counts
from the first good hour without it, and between two good hours at most a day of it.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from orarchive.changes import text_key
from orarchive.facets import Key
from orarchive.feeds import ASKED, FEEDS, Feed
from orarchive.history.replay import State, Step
from orarchive.index.events import Event
from orarchive.index.moment import Moment
from orarchive.index.text import as_json, storable
from orarchive.jsonl import Record, loads
from orarchive.scopes import can_hold

DAY = 24 * 60 * 60
DEPRECATED = 14 * DAY
REMOVED = 30 * DAY

FIRST = ("baseline", "first_observed")
"""Ways to come that say nothing of when a record came to be."""


@dataclass
class Presence:
    """The records that are there, by feed and key, with their rows in `records`."""

    db: sqlite3.Connection
    ids: dict[tuple[str, Key], int] = field(default_factory=dict)

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "Presence":
        """What an index holds."""
        rows = db.execute("select feed, parts, id from records where last is null")
        return cls(db, {(feed, tuple(loads(parts))): row for feed, parts, row in rows})

    def take(self, moment: Moment, step: Step, state: State) -> Iterator[Event]:
        """Follow an attempt: what came, what went, and what is missing longer than it may."""
        for name, feed in FEEDS.items():
            pairs = step.records.get(name, {})
            for key in sorted(pairs):
                old, new = pairs[key]
                if old is None:
                    first = feed.each is not None and not _was_asked(feed, key[0], step, state)
                    yield from self._come(moment, step, feed, key, new, first)
                elif new is None:
                    yield from self._go(moment, step, feed, key, old)
        for name in moment.reads:
            yield from self._rescope(moment, FEEDS[name])
            yield from self._age(moment, FEEDS[name])

    def _come(
        self, moment: Moment, step: Step, feed: Feed, key: Key, record: Record, first: bool
    ) -> Iterator[Event]:
        """A record came; `first`: with the first response of its key."""
        name = storable(text_key(feed, key))
        row = self.db.execute(
            "select id, state from records where feed = ? and key = ?", (feed.name, name)
        ).fetchone()
        arrival, cause = self._arrival(moment, step, feed, key, record, first, row)
        if row is None:
            insert = "insert into records values (null, ?, ?, ?, ?, null, ?, 'active', null, 0)"
            parts = as_json(list(key))
            inserted = self.db.execute(insert, (feed.name, name, parts, moment.hour, arrival))
            self.ids[feed.name, key] = inserted.lastrowid or 0
            self._relate(moment, feed, key)
        else:
            self.ids[feed.name, key] = row[0]
            self.db.execute(
                "update records set last = null, state = 'active', missing = null, clock = 0, arrival = ?"
                " where id = ?",
                (arrival, row[0]),
            )
        if feed.name == "endpoints":
            self._serve(key, moment.hour)
        seen_again = row is not None and arrival == "first_observed"
        if arrival != "baseline" and not seen_again:
            _, after = moment.span(feed.name, key[0] if feed.each else None)
            old = row[1] if row and arrival == "returned" else None
            yield Event(arrival, feed.name, name, old=old, cause=cause, after=after)

    def _arrival(
        self,
        moment: Moment,
        step: Step,
        feed: Feed,
        key: Key,
        record: Record,
        first: bool,
        row: tuple[int, str] | None,
    ) -> tuple[str, str]:
        """How a record came, and what it came with."""
        before = moment.before(feed.name)
        if before is None:
            return "baseline", ""
        if first:
            return self._with_parent(feed, key)
        if feed.copies and (source := self._came_now(step, feed.copies, key)):
            return ("first_observed", "") if source in FIRST else (feed.came, "endpoint")
        now = moment.reads.get(feed.name, before)
        if before.scope != now.scope and not can_hold(before.scope, record):
            return "first_observed", ""
        if row is not None and row[1] == "unobserved":
            return "first_observed", ""
        back = row is not None and feed.went == "missing"
        return ("returned" if back else feed.came), ""

    def _with_parent(self, feed: Feed, key: Key) -> tuple[str, str]:
        """How what is read for the first time of a key came: as that key did."""
        parent = self.ids.get((str(feed.each), (key[0],)))
        how = self.db.execute("select arrival from records where id = ?", (parent,)).fetchone()
        if how is None or how[0] in FIRST:
            return "first_observed", ""
        return feed.came, "model"

    def _came_now(self, step: Step, feed: str, key: Key) -> str | None:
        """How a record came in this very attempt; None if it did not."""
        old, new = step.records.get(feed, {}).get(key, (None, None))
        if old or not new:
            return None
        row = self.ids[feed, key]
        arrival: str = self.db.execute("select arrival from records where id = ?", (row,)).fetchone()[0]
        return arrival

    def _go(self, moment: Moment, step: Step, feed: Feed, key: Key, record: Record) -> Iterator[Event]:
        name = storable(text_key(feed, key))
        row = self.ids[feed.name, key]
        last, after = moment.span(feed.name, key[0] if feed.each else None)
        read = moment.reads.get(feed.name)
        missing: str | None
        state, missing = ("stale" if feed.went == "missing" else feed.went), moment.hour
        clock = read.clock if read else 0
        if self._narrowed(moment, step, feed, key, record):
            state, missing, clock = "unobserved", None, 0
        self.db.execute(
            "update records set last = ?, state = ?, missing = ?, clock = ? where id = ?",
            (last or moment.hour, state, missing, clock, row),
        )
        self.db.execute("delete from watched where record = ?", (row,))  # nothing runs on over an absence
        if feed.name == "endpoints":
            self._serve(key, last or moment.hour, gone=True)
        if state == "unobserved":
            return
        cause = moment.vanished.get(name, "") if feed.name == "models" else self._gone_with(step, feed, key)
        yield Event(feed.went, feed.name, name, cause=cause.partition(":")[0], after=after)
        cause, _, target = cause.partition(":")
        # of a variant that ended the service may show the base model: that is no new name
        if cause == "renamed" and target != name.partition(":")[0]:
            yield Event("renamed", feed.name, name, "id", name, target, after=after)

    def _narrowed(self, moment: Moment, step: Step, feed: Feed, key: Key, record: Record) -> bool:
        """Whether a record, or what it belongs to, is outside of what was asked this time."""
        if source := feed.each or feed.copies:
            above = (key[0],) if feed.each else key
            old, new = step.records.get(source, {}).get(above, (None, None))
            return bool(old) and not new and self._narrowed(moment, step, FEEDS[source], above, old)
        before, now = moment.before(feed.name), moment.reads.get(feed.name)
        if before is None or now is None or before.scope == now.scope:
            return False
        return not can_hold(now.scope, record)

    def _gone_with(self, step: Step, feed: Feed, key: Key) -> str:
        """What a record went with: its model, or of a zdr row its endpoint."""
        if feed.each:
            _, new = step.records.get(feed.each, {}).get((key[0],), (None, True))
            return "" if new else "model"
        if feed.copies:
            old, new = step.records.get(feed.copies, {}).get(key, (None, None))
            return "endpoint" if old and not new else ""
        return ""

    # --- how long it is missing -----------------------------------------------------------------------------

    def _age(self, moment: Moment, feed: Feed) -> Iterator[Event]:
        """Say what the absence of what is missing still makes of it."""
        if feed.went != "missing":
            return
        clock = moment.reads[feed.name].clock
        for was, state, limit in (("deprecated", "removed", REMOVED), ("stale", "deprecated", DEPRECATED)):
            rows = self.db.execute(
                "select id, key from records"
                " where feed = ? and state = ? and last is not null and clock <= ? order by key",
                (feed.name, was, clock - limit),
            ).fetchall()
            for row, name in rows:
                self.db.execute("update records set state = ? where id = ?", (state, row))
                if state == "removed" or feed.name == "models":
                    yield Event(state, feed.name, name, after=moment.span(feed.name)[1])

    # --- another scope --------------------------------------------------------------------------------------

    def _rescope(self, moment: Moment, feed: Feed) -> Iterator[Event]:
        """Where a feed's scope is another one: what it cannot show is not missing, what it could show is."""
        before, now = moment.before(feed.name), moment.reads[feed.name]
        if before is None or before.scope == now.scope or feed.each:
            return
        rows = self.db.execute(
            "select id, key, state, missing from records where feed = ? and last is not null"
            " and state in ('stale', 'deprecated', 'unobserved') order by key",
            (feed.name,),
        ).fetchall()
        for row, name, state, missing in rows:
            shown = can_hold(now.scope, self._last_record(row, feed)) is not False
            if shown == (state != "unobserved"):
                continue
            # the clock stands still while nobody looks: what it has shown so far takes its place
            self.db.execute(
                "update records set clock = ? - clock, missing = coalesce(missing, ?), state = ?"
                " where id = ?",
                (now.clock, moment.hour, "stale" if shown else "unobserved", row),
            )
            if shown and missing is None:
                yield Event(feed.went, feed.name, name, after=before.since)

    def _last_record(self, row: int, feed: Feed) -> Record:
        query = "select line from versions where record = ? and file = ? order by first desc limit 1"
        found = self.db.execute(query, (row, feed.base_file)).fetchone()
        record: Record = loads(found[0])
        return record

    # --- who makes and who serves it ------------------------------------------------------------------------

    def _relate(self, moment: Moment, feed: Feed, key: Key) -> None:
        """A new model belongs to a lab: the part of its id before `/`, without the `~` of an alias."""
        if feed.name == "models":
            lab = storable(key[0].partition("/")[0].removeprefix("~"))
            self.db.execute("insert or ignore into labs values (?, ?)", (lab, moment.hour))
            self.db.execute("insert into lab_models values (?, ?)", (lab, self.ids[feed.name, key]))

    def _serve(self, key: Key, hour: str, *, gone: bool = False) -> None:
        """An endpoint came or went; `hour`: when it was first seen, or last."""
        pair = (storable(key[1].partition("/")[0]), storable(key[0]))
        if gone:
            self.db.execute(
                "update provider_models set endpoints = endpoints - 1,"
                " last = case endpoints when 1 then ? end where provider = ? and model = ?",
                (hour, *pair),
            )
        else:
            self.db.execute(
                "insert into provider_models values (?, ?, ?, null, 1) on conflict do update"
                " set endpoints = endpoints + 1, last = null",
                (*pair, hour),
            )


def _was_asked(feed: Feed, asked: str, step: Step, state: State) -> bool:
    """Whether a sweep had a response of a key before an attempt."""
    path = f"{feed.folder}/{ASKED if feed.item_lines else feed.base_file}.jsonl"
    old, new = step.lines.get(path, {}).get((asked,), (None, None))
    return old is not None or (new is None and (asked,) in state.files[path])
