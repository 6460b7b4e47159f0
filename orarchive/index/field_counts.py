"""Fields: which field paths a feed has ever had, and on how many records each is now."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orarchive.domain.changes import MAX_NEW_FIELDS
from orarchive.domain.feeds import FEEDS
from orarchive.domain.field_paths import diff_paths, drop_nested
from orarchive.domain.record_files import Key
from orarchive.history.replay import Pair, ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates

VANISHED_AFTER_S = 7 * 24 * 60 * 60
"""Seconds without a field on any record, counted as absence is, that make it one that vanished."""


@dataclass
class FieldCounts:
    """How many records have a field, by feed and path; a path at 0 was there once."""

    db: sqlite3.Connection
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "FieldCounts":
        """What an index holds."""
        found = cls(db)
        for feed, path, records in db.execute("select feed, path, records from fields"):
            found.counts[feed][path] = records
        return found

    def apply_attempt(
        self, moment: AttemptContext, step: ReplayStep
    ) -> tuple[dict[str, set[str]], list[Event]]:
        """Follow an attempt: the paths that a feed has for the first time, and what vanished."""
        appeared: dict[str, set[str]] = {}
        for name, pairs in step.records.items():
            if FEEDS[name].copied_feed:
                continue
            counts = self.counts[name]
            by = self._moved(pairs)
            fresh = {path for path in by if path not in counts}
            counts.update(by)
            self._write(moment, name, by)
            appeared[name] = fresh if moment.before(name) else set()
        return appeared, [event for name in moment.reads for event in self._vanished(moment, name)]

    def _moved(self, pairs: dict[Key, Pair]) -> Counter[str]:
        """On how many more or fewer records each path is."""
        found: Counter[str] = Counter()
        for old, new in pairs.values():
            won, lost = diff_paths(old or {}, new or {})
            if won or lost:
                found.update(map(escape_surrogates, won))
                found.subtract(map(escape_surrogates, lost))
        return Counter({path: by for path, by in found.items() if by})

    def _write(self, moment: AttemptContext, feed: str, paths: Iterable[str]) -> None:
        read = moment.reads.get(feed) or moment.before(feed)
        # what went with the records that a narrower scope does not show is not missing
        rescoped = moment.scopes(FEEDS[feed].parent or feed)
        missing = None if rescoped else moment.hour
        self.db.executemany(
            "insert into fields values (?, ?, ?, ?, null, ?, 0) on conflict do update set told = 0,"
            " records = excluded.records, clock = excluded.clock,"
            " missing = case excluded.records when 0 then ? end",
            [
                (feed, path, moment.hour, self.counts[feed][path], read.clock if read else 0, missing)
                for path in sorted(paths)
            ],
        )

    def _vanished(self, moment: AttemptContext, feed: str) -> Iterator[Event]:
        """Fields that have been on no record for a week."""
        rows = self.db.execute(
            "select path, missing, (select max(hour) from reads where feed = fields.feed and good"
            " and hour < missing) from fields"
            " where feed = ? and missing is not null and not told and clock <= ?",
            (feed, moment.reads[feed].clock - VANISHED_AFTER_S),
        ).fetchall()
        since = {path: (by, last) for path, by, last in rows}
        for path in drop_nested(since)[:MAX_NEW_FIELDS]:
            by, last = since[path]
            yield Event("field_vanished", feed, path, after=last and moment.made(feed, last), by=by)
        self.db.executemany(
            "update fields set told = 1 where feed = ? and path = ?", [(feed, path) for path in since]
        )
