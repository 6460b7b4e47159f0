"""Field counts: which field paths a feed has ever had, and how many of its records have each now."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from orarchive.domain.changes import MAX_NEW_FIELDS
from orarchive.domain.columns import ColumnFile
from orarchive.domain.event_kinds import FIELD_VANISHED
from orarchive.domain.feeds import ENDPOINTS, FEEDS, CopyFeed, FanOutFeed
from orarchive.domain.field_paths import diff_paths, drop_nested
from orarchive.domain.keys import Key
from orarchive.domain.record_files import is_volatile
from orarchive.history.health import READ, AttemptHealth
from orarchive.history.replay import Pair, ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.health_readings import count_paths
from orarchive.index.sql_values import escape_surrogates

VANISHED_AFTER_S = 7 * 24 * 60 * 60
"""A field that is on no record for so many seconds, counted as the absence of records is, has vanished."""

INSERT_FIELD = """
    insert into fields (feed, path, first, records, missing, observed_s, is_reported)
    values (:feed, :path, :hour, :records, null, :observed_s, 0)
    on conflict do update set is_reported = 0, records = excluded.records, observed_s = excluded.observed_s,
        missing = case excluded.records when 0 then :missing end
"""

UPDATE_FIELD = "update fields set records = ?, observed_s = ? where feed = ? and path = ?"

SELECT_VANISHED = """
    select path, missing, (
        select max(hour) from reads where feed = fields.feed and good and hour < missing
    )
    from fields where feed = ? and missing is not null and not is_reported and observed_s <= ?
"""


SELECT_EARLIER_HEALTH = """
    select max(health = ?) from attempts where health is not null and attempt < ?
"""


@dataclass
class FieldCounts:
    """How many records have a field, by feed and path; a path that no record has any more counts 0."""

    db: sqlite3.Connection
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    changed: dict[tuple[str, str], int] = field(default_factory=dict)
    """Feed and path -> `observed_s` of the fields whose count changed and is not written yet."""

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "FieldCounts":
        """Read the counts of an index."""
        counts = cls(db)
        for feed, path, records in db.execute("select feed, path, records from fields"):
            counts.counts[feed][path] = records
        return counts

    def apply_attempt(
        self, context: AttemptContext, step: ReplayStep, health: AttemptHealth | None
    ) -> tuple[dict[str, set[str]], list[Event]]:
        """Update the counts for an attempt.

        Return the paths that are new, by feed, and the events of fields that vanished. Nothing is new in a
        feed's first good read.
        """
        deltas = {
            feed: _count_deltas(pairs)
            for feed, pairs in step.records.items()
            if not isinstance(FEEDS[feed], CopyFeed)
        }
        if health and health.file:
            deltas[ENDPOINTS.name] = {**deltas.get(ENDPOINTS.name, {}), **self._count_health(health.file)}
        appeared: dict[str, set[str]] = {}
        for feed, changes in deltas.items():
            counts = self.counts[feed]
            new_paths = {path for path in changes if path not in counts}
            if new_paths and feed == ENDPOINTS.name and self._is_earlier_health_unread(context):
                new_paths = {path for path in new_paths if not _is_health(path)}
            # A field that stays on any record is written once, when the update ends.
            staying = {path for path, delta in changes.items() if 0 < counts[path] != -delta}
            counts.update(changes)
            self._write(context, feed, changes.keys() - staying, staying)
            appeared[feed] = new_paths if context.find_last_read(feed) else set()
        return appeared, [event for feed in context.reads for event in self._mark_vanished(context, feed)]

    def _count_health(self, file: ColumnFile) -> dict[str, int]:
        """Count on how many more records each path of health is; only paths whose count changed."""
        now = {escape_surrogates(path): count for path, count in count_paths(file).items()}
        counts = self.counts[ENDPOINTS.name]
        before = [path for path in counts if _is_health(path)]
        deltas = {path: now.get(path, 0) - counts[path] for path in {*before, *now}}
        return {path: delta for path, delta in deltas.items() if delta}

    def _is_earlier_health_unread(self, context: AttemptContext) -> bool:
        """Return whether earlier attempts had health, and none of it could be read: cut off, or not here.

        False where there was none: its fields are then new.
        """
        values = (READ, context.attempt)
        is_read: int | None = self.db.execute(SELECT_EARLIER_HEALTH, values).fetchone()[0]
        return is_read == 0

    def _write(
        self, context: AttemptContext, feed: str, paths: Collection[str], staying: Iterable[str]
    ) -> None:
        """Write the counts of fields that come or go, and note those of fields that stay."""
        read = context.reads.get(feed) or context.find_last_read(feed)
        observed_s = read.observed_s if read else 0
        self.changed.update(((feed, path), observed_s) for path in staying)
        # A field is not missing because a narrower scope leaves out the records that have it.
        row = FEEDS[feed]
        is_rescoped = context.find_scope_change(row.parent if isinstance(row, FanOutFeed) else feed)
        self.db.executemany(
            INSERT_FIELD,
            [
                {
                    "feed": feed,
                    "path": path,
                    "hour": context.hour,
                    "records": self.counts[feed][path],
                    "observed_s": observed_s,
                    "missing": None if is_rescoped else context.hour,
                }
                for path in sorted(paths)
            ],
        )
        for path in paths:
            self.changed.pop((feed, path), None)

    def write(self) -> None:
        """Write the counts that changed."""
        rows = (
            (self.counts[feed][path], seconds, feed, path) for (feed, path), seconds in self.changed.items()
        )
        self.db.executemany(UPDATE_FIELD, rows)
        self.changed.clear()

    def _mark_vanished(self, context: AttemptContext, feed: str) -> Iterator[Event]:
        """Yield an event for each field that vanished; of nested fields only for the outermost."""
        limit = context.reads[feed].observed_s - VANISHED_AFTER_S
        rows = self.db.execute(SELECT_VANISHED, (feed, limit)).fetchall()
        bounds = {path: (by, last) for path, by, last in rows}
        for path in drop_nested(bounds)[:MAX_NEW_FIELDS]:
            by, last = bounds[path]
            after = context.find_since(feed, last) if last else None
            yield Event(FIELD_VANISHED, feed, path, after=after, by=by)
        self.db.executemany(
            "update fields set is_reported = 1 where feed = ? and path = ?", [(feed, path) for path in bounds]
        )


def _is_health(path: str) -> bool:
    return is_volatile(ENDPOINTS, path.partition(".")[0])


def _count_deltas(pairs: dict[Key, Pair]) -> dict[str, int]:
    """Count on how many more records (negative: fewer) each path is; only paths whose count changed."""
    deltas: Counter[str] = Counter()
    for old, new in pairs.values():
        won, lost = diff_paths(old or {}, new or {})
        if won or lost:
            deltas.update(map(escape_surrogates, won))
            deltas.subtract(map(escape_surrogates, lost))
    return {path: delta for path, delta in deltas.items() if delta}
