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

UNLISTED = "unlisted"
"""State of a model that no list ever had, but that was asked for its endpoints."""

FIRST = ("baseline", "first_observed", UNLISTED)
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
                    yield from self._come(moment, step, state, feed, key, new)
                elif new is None:
                    yield from self._go(moment, step, state, feed, key, old)
        for name in moment.reads:
            yield from self._rescope(moment, FEEDS[name])
            yield from self._age(moment, FEEDS[name])

    def row(self, feed: str, key: Key) -> int | None:
        """The row of a record that is there, or was."""
        if (feed, key) in self.ids:
            return self.ids[feed, key]
        found = self._find(feed, key)
        return found.id if found else None

    def named(self, moment: Moment, feed: str, key: Key) -> int:
        """The row of a record that another one names; it gets one where no list ever had it."""
        return self.row(feed, key) or self._insert(moment, feed, key, UNLISTED, UNLISTED, moment.hour)

    def _find(self, feed: str, key: Key) -> "Row | None":
        query = "select id, state, missing, arrival from records where feed = ? and key = ?"
        found = self.db.execute(query, (feed, storable(text_key(FEEDS[feed], key)))).fetchone()
        return Row(*found) if found else None

    def _insert(
        self, moment: Moment, feed: str, key: Key, arrival: str, state: str, last: str | None = None
    ) -> int:
        name, parts = storable(text_key(FEEDS[feed], key)), as_json(list(key))
        insert = "insert into records values (null, ?, ?, ?, ?, ?, ?, ?, null, 0)"
        values = (feed, name, parts, moment.hour, last, arrival, state)
        return self.db.execute(insert, values).lastrowid or 0

    def _come(
        self, moment: Moment, step: Step, state: State, feed: Feed, key: Key, record: Record
    ) -> Iterator[Event]:
        """A record came."""
        row = self._find(feed.name, key)
        seen = row if row and row.state != UNLISTED else None
        arrival, cause = self._arrival(moment, step, state, feed, key, record, seen)
        if row is None:
            self.ids[feed.name, key] = self._insert(moment, feed.name, key, arrival, "active")
        else:
            self.ids[feed.name, key] = row.id
            self.db.execute(
                "update records set last = null, state = 'active', missing = null, clock = 0, arrival = ?,"
                " first = coalesce(?, first) where id = ?",
                (arrival, None if seen else moment.hour, row.id),
            )
        if seen is None:
            self._relate(moment, feed, key)
        if feed.name == "endpoints":
            self._serve(key, moment.hour)
        if arrival != "baseline" and not (seen and arrival == "first_observed"):
            after = None if arrival == "first_observed" else _absent_at(moment, feed, key, record)
            old = seen.state if seen and arrival == "returned" else None
            yield Event(arrival, feed.name, text_key(feed, key), old=old, cause=cause, after=after)

    def _arrival(
        self,
        moment: Moment,
        step: Step,
        state: State,
        feed: Feed,
        key: Key,
        record: Record,
        row: "Row | None",
    ) -> tuple[str, str]:
        """How a record came, and what it came with."""
        if moment.before(feed.name) is None:
            return "baseline", ""
        source, cause = self._came_with(step, state, feed, key)
        if row and row.missing:  # what was said to be gone is said to be back
            return ("returned" if feed.went == "missing" else feed.came), cause
        if cause:
            return (feed.came, cause) if source and source.arrival not in FIRST else ("first_observed", "")
        scopes = moment.scopes(feed.name)
        outside = scopes and not can_hold(scopes[0], record)
        return ("first_observed" if outside or row else feed.came), ""

    def _came_with(self, step: Step, state: State, feed: Feed, key: Key) -> "tuple[Row | None, str]":
        """What a record came with: its model, being read for the first time, or of a zdr row its endpoint."""
        if feed.each and not _was_asked(feed, key[0], step, state):
            return self._find(feed.each, (key[0],)), "model"
        if feed.copies and _came(step, feed.copies, key):
            return self._find(feed.copies, key), "endpoint"
        return None, ""

    def _go(
        self, moment: Moment, step: Step, state: State, feed: Feed, key: Key, record: Record
    ) -> Iterator[Event]:
        """A record went."""
        name, row = text_key(feed, key), self.ids[feed.name, key]
        last, after = moment.span(feed.name, key[0] if feed.each else None)
        read = moment.reads.get(feed.name) or moment.before(feed.name)
        becomes: tuple[str, str | None, int]
        becomes = "stale" if feed.went == "missing" else feed.went, moment.hour, read.clock if read else 0
        narrowed = self._is_narrowed(moment, step, feed, key, record)
        if narrowed:
            becomes = "unobserved", None, 0
        self.db.execute(
            "update records set last = max(first, ?), state = ?, missing = ?, clock = ? where id = ?",
            (last or moment.hour, *becomes, row),
        )
        self.db.execute("delete from watched where record = ?", (row,))  # nothing runs on over an absence
        if feed.name == "endpoints":
            self._serve(key, last or moment.hour, gone=True)
        if narrowed:
            return
        told = moment.vanished.get(key[0], "") if feed.name == "models" else ""
        cause, _, target = (told or _went_with(step, state, feed, key)).partition(":")
        yield Event(feed.went, feed.name, name, cause=cause, after=after)
        # of a variant that ended the service may show the base model: that is no new name
        if cause == "renamed" and target != name.partition(":")[0]:
            yield Event("renamed", feed.name, name, "id", name, target, after=after)

    def _is_narrowed(self, moment: Moment, step: Step, feed: Feed, key: Key, record: Record) -> bool:
        """Whether a record, or what it belongs to, is outside of what was asked this time."""
        if feed.each or (feed.copies and _went(step, feed.copies, key)):
            source = str(feed.each or feed.copies)
            found = self._find(source, (key[0],) if feed.each else key)
            return found is not None and found.state == "unobserved" and not found.missing
        scopes = moment.scopes(feed.name)
        return scopes is not None and not can_hold(scopes[1], record)

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
        scopes = moment.scopes(feed.name)
        if not scopes or feed.each:
            return
        rows = self.db.execute(
            "select id, key, state, missing, last, clock from records where feed = ? and last is not null"
            " and state in ('stale', 'deprecated', 'unobserved') order by key",
            (feed.name,),
        ).fetchall()
        for row, name, state, missing, last, clock in rows:
            shown = bool(can_hold(scopes[1], self._last_record(row, feed)))
            if shown == (state != "unobserved"):
                continue
            becomes = "unobserved" if not shown else "deprecated" if clock >= DEPRECATED else "stale"
            # the clock stands still while nobody looks: what it has shown so far takes its place
            self.db.execute(
                "update records set clock = ? - clock, missing = coalesce(missing, ?), state = ?"
                " where id = ?",
                (moment.reads[feed.name].clock, moment.hour, becomes, row),
            )
            if shown and missing is None:
                yield Event(feed.went, feed.name, name, after=moment.made(feed.name, last))

    def _last_record(self, row: int, feed: Feed) -> Record:
        """What is known of a record; nothing, where it came and went in one and the same hour."""
        query = "select line from versions where record = ? and file = ? order by first desc limit 1"
        found = self.db.execute(query, (row, feed.base_file)).fetchone()
        record: Record = loads(found[0]) if found else {}
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


@dataclass(frozen=True)
class Row:
    """A record as the index has it."""

    id: int
    state: str
    missing: str | None
    arrival: str


def _absent_at(moment: Moment, feed: Feed, key: Key, record: Record) -> str | None:
    """The hour after which a record may have come: when the last response that could show it was made."""
    if feed.each or not moment.scopes(feed.name):
        return moment.span(feed.name, key[0] if feed.each else None)[1]
    return next((read.since for read in moment.earlier(feed.name) if can_hold(read.scope, record)), None)


def _went_with(step: Step, state: State, feed: Feed, key: Key) -> str:
    """What a record went with: its model, or of a zdr row its endpoint."""
    if feed.each:
        return "" if (key[0],) in state.records[feed.each] else "model"
    return "endpoint" if feed.copies and _went(step, feed.copies, key) else ""


def _came(step: Step, feed: str, key: Key) -> bool:
    old, new = step.records.get(feed, {}).get(key, (None, None))
    return old is None and new is not None


def _went(step: Step, feed: str, key: Key) -> bool:
    old, new = step.records.get(feed, {}).get(key, (None, None))
    return old is not None and new is None


def _was_asked(feed: Feed, asked: str, step: Step, state: State) -> bool:
    """Whether a sweep had a response of a key before an attempt."""
    path = f"{feed.folder}/{ASKED if feed.item_lines else feed.base_file}.jsonl"
    old, new = step.lines.get(path, {}).get((asked,), (None, None))
    return old is not None or (new is None and (asked,) in state.files[path])
