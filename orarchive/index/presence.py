"""Presence: which records are there, how they came and how they went."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, RESPONSES_FILE, Feed
from orarchive.domain.record_files import Key
from orarchive.domain.scopes import can_hold
from orarchive.history.replay import ReplayState, ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.jsonl import Record, loads

UNLISTED = "unlisted"
"""State of a model that no list ever had, but that was asked for its endpoints."""

FIRST_ARRIVALS = ("baseline", "first_observed", UNLISTED)
"""Ways to come that say nothing of when a record came to be."""


@dataclass
class Lifecycle:
    """The records that are there, by feed and key, with their rows in `records`."""

    db: sqlite3.Connection
    ids: dict[tuple[str, Key], int] = field(default_factory=dict)

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "Lifecycle":
        """What an index holds."""
        rows = db.execute("select feed, parts, id from records where last is null")
        return cls(db, {(feed, tuple(loads(parts))): row for feed, parts, row in rows})

    def apply_attempt(self, moment: AttemptContext, step: ReplayStep, state: ReplayState) -> Iterator[Event]:
        """Follow an attempt: what came, and what went."""
        for name, feed in FEEDS.items():
            pairs = step.records.get(name, {})
            for key in sorted(pairs):
                old, new = pairs[key]
                if old is None:
                    yield from self._come(moment, step, state, feed, key, new)
                elif new is None:
                    yield from self._go(moment, step, state, feed, key, old)

    def find_row(self, feed: str, key: Key) -> int | None:
        """The row of a record that is there, or was."""
        if (feed, key) in self.ids:
            return self.ids[feed, key]
        found = self._find(feed, key)
        return found.id if found else None

    def require_row(self, moment: AttemptContext, feed: str, key: Key) -> int:
        """The row of a record that another one names; it gets one where no list ever had it."""
        return self.find_row(feed, key) or self._insert(moment, feed, key, UNLISTED, UNLISTED, moment.hour)

    def _find(self, feed: str, key: Key) -> "Row | None":
        query = "select id, state, missing, arrival from records where feed = ? and parts = ?"
        found = self.db.execute(query, (feed, to_json(list(key)))).fetchone()
        return Row(*found) if found else None

    def _insert(
        self, moment: AttemptContext, feed: str, key: Key, arrival: str, state: str, last: str | None = None
    ) -> int:
        name, parts = escape_surrogates(format_key(FEEDS[feed], key)), to_json(list(key))
        insert = "insert into records values (null, ?, ?, ?, ?, ?, ?, ?, null, 0)"
        values = (feed, name, parts, moment.hour, last, arrival, state)
        return self.db.execute(insert, values).lastrowid or 0

    def _come(
        self,
        moment: AttemptContext,
        step: ReplayStep,
        state: ReplayState,
        feed: Feed,
        key: Key,
        record: Record,
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
        if arrival != "baseline" and not (seen and arrival == "first_observed"):
            after = None if arrival == "first_observed" else _absent_at(moment, feed, key, record)
            old = seen.state if seen and arrival == "returned" else None
            yield Event(arrival, feed.name, format_key(feed, key), old=old, cause=cause, after=after)

    def _arrival(
        self,
        moment: AttemptContext,
        step: ReplayStep,
        state: ReplayState,
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
            return ("returned" if feed.removed_kind == "missing" else feed.added_kind), cause
        if cause:
            return (
                (feed.added_kind, cause)
                if source and source.arrival not in FIRST_ARRIVALS
                else ("first_observed", "")
            )
        scopes = moment.scopes(feed.name)
        outside = scopes and not can_hold(scopes[0], record)
        return ("first_observed" if outside or row else feed.added_kind), ""

    def _came_with(
        self, step: ReplayStep, state: ReplayState, feed: Feed, key: Key
    ) -> "tuple[Row | None, str]":
        """What a record came with: its model, being read for the first time, or of a zdr row its endpoint."""
        if feed.parent and not _was_asked(feed, key[0], step, state):
            return self._find(feed.parent, (key[0],)), "model"
        if feed.copied_feed and _came(step, feed.copied_feed, key):
            return self._find(feed.copied_feed, key), "endpoint"
        return None, ""

    def _go(
        self,
        moment: AttemptContext,
        step: ReplayStep,
        state: ReplayState,
        feed: Feed,
        key: Key,
        record: Record,
    ) -> Iterator[Event]:
        """A record went."""
        name, row = format_key(feed, key), self.ids[feed.name, key]
        last, after = moment.span(feed.name, key[0] if feed.parent else None)
        read = moment.reads.get(feed.name) or moment.before(feed.name)
        becomes: tuple[str, str | None, int]
        becomes = (
            "stale" if feed.removed_kind == "missing" else feed.removed_kind,
            moment.hour,
            read.clock if read else 0,
        )
        narrowed = self._is_narrowed(moment, step, feed, key, record)
        if narrowed:
            becomes = "unobserved", None, 0
        self.db.execute(
            "update records set last = max(first, ?), state = ?, missing = ?, clock = ? where id = ?",
            (last or moment.hour, *becomes, row),
        )
        self.db.execute("delete from watched where record = ?", (row,))  # nothing runs on over an absence
        if narrowed:
            return
        told = moment.vanished.get(key[0], "") if feed.name == "models" else ""
        cause, _, target = (told or _went_with(step, state, feed, key)).partition(":")
        yield Event(feed.removed_kind, feed.name, name, cause=cause, after=after)
        # of a variant that ended the service may show the base model: that is no new name
        if cause == "renamed" and target != name.partition(":")[0]:
            yield Event("renamed", feed.name, name, "id", name, target, after=after)

    def _is_narrowed(
        self, moment: AttemptContext, step: ReplayStep, feed: Feed, key: Key, record: Record
    ) -> bool:
        """Whether a record, or what it belongs to, is outside of what was asked this time."""
        if feed.parent or (feed.copied_feed and _went(step, feed.copied_feed, key)):
            source = str(feed.parent or feed.copied_feed)
            found = self._find(source, (key[0],) if feed.parent else key)
            return found is not None and found.state == "unobserved" and not found.missing
        scopes = moment.scopes(feed.name)
        return scopes is not None and not can_hold(scopes[1], record)


@dataclass(frozen=True)
class Row:
    """A record as the index has it."""

    id: int
    state: str
    missing: str | None
    arrival: str


def _absent_at(moment: AttemptContext, feed: Feed, key: Key, record: Record) -> str | None:
    """The hour after which a record may have come: when the last response that could show it was made."""
    if feed.parent or not moment.scopes(feed.name):
        return moment.span(feed.name, key[0] if feed.parent else None)[1]
    return next((read.since for read in moment.earlier(feed.name) if can_hold(read.scope, record)), None)


def _went_with(step: ReplayStep, state: ReplayState, feed: Feed, key: Key) -> str:
    """What a record went with: its model, or of a zdr row its endpoint."""
    if feed.parent:
        return "" if (key[0],) in state.records[feed.parent] else "model"
    return "endpoint" if feed.copied_feed and _went(step, feed.copied_feed, key) else ""


def _came(step: ReplayStep, feed: str, key: Key) -> bool:
    old, new = step.records.get(feed, {}).get(key, (None, None))
    return old is None and new is not None


def _went(step: ReplayStep, feed: str, key: Key) -> bool:
    old, new = step.records.get(feed, {}).get(key, (None, None))
    return old is not None and new is None


def _was_asked(feed: Feed, asked: str, step: ReplayStep, state: ReplayState) -> bool:
    """Whether a sweep had a response of a key before an attempt."""
    path = f"{feed.folder}/{RESPONSES_FILE if feed.has_item_lines else feed.base_file}.jsonl"
    old, new = step.lines.get(path, {}).get((asked,), (None, None))
    return old is not None or (new is None and (asked,) in state.files[path])
