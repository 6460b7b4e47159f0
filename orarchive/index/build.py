"""Build: bring an index up to an archive's tip, attempt by attempt.

Only commits since the last indexed one are read, and the index comes out the same whether all hours are
indexed at once, one by one, or with interruptions. A history that was rewritten is detected; the index is
then built anew.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from zlib import crc32

from orarchive import __version__
from orarchive.domain.changes import Change, diff_records
from orarchive.domain.feeds import FEEDS
from orarchive.history.attempts import (
    AttemptCommit,
    HistoryRewritten,
    build_no_hours_error,
    list_attempts,
    list_new_attempts,
    list_tips,
    refuse_shallow,
)
from orarchive.history.health import NOT_FETCHED, NOT_FOUND, AttemptHealth, stream_attempt_health
from orarchive.history.replay import ReplayStep, replay
from orarchive.index import (
    current_facts,
    current_prices,
    events,
    health,
    lifecycle,
    prices,
    rankings,
    relations,
    versions,
)
from orarchive.index.checkpoints import CheckpointWriter, count_indexed
from orarchive.index.context import AttemptContext, IndexUpdate, write_attempt
from orarchive.index.cut_health import CutHealth
from orarchive.index.events import Event
from orarchive.index.field_counts import FieldCounts
from orarchive.index.health_days import DayTracker
from orarchive.index.record_rows import RecordRows
from orarchive.index.runs import RunTracker
from orarchive.index.served_models import ServedModels
from orarchive.jsonl import Record
from orarchive.progress import show_progress
from orarchive.store.archive import Archive
from orarchive.store.health_branch import list_health_commits

RULES_VERSION = 2
"""Version of the rules that fill the tables; raise it to fill the same tables in another way."""

SCHEMA_SQL = (Path(__file__).parent / "schema.sql").read_text()
LATE_INDEXES = (
    "create index if not exists versions_open on versions (file, record) where last is null",
    "create index if not exists events_key on events (key, hour)",
    "create index if not exists events_kind on events (kind, hour)",
    "create index if not exists events_hour on events (hour)",
)
"""Indexes for readers and for the next update: made at the end of a build, from rows that are sorted once."""
SCHEMA_ID = f"{RULES_VERSION}-{crc32('; '.join((SCHEMA_SQL, *LATE_INDEXES)).encode()):08x}"
"""Identifies tables and rules; an index with another one was written by another version and is built anew."""

SELECT_LACKING_HEALTH = f"select health_commit from attempts where health in ('{NOT_FETCHED}', '{NOT_FOUND}')"

INSERT_FEED = "insert or ignore into feeds (feed, route, cadence, key) values (?, ?, ?, ?)"


@dataclass(frozen=True)
class PendingUpdate:
    """What an index lacks."""

    attempts: list[AttemptCommit]
    """All attempts since the index's tips, oldest first."""
    indexed: int
    """Number of these that a checkpoint of the index already covers."""
    tips: list[str]
    """The commits at which the history ends."""

    @property
    def new_attempts(self) -> list[AttemptCommit]:
        """Return the attempts that are not indexed."""
        return self.attempts[self.indexed :]


def find_pending(db: sqlite3.Connection, archive: Archive) -> PendingUpdate:
    """Find what an index lacks of an archive.

    Raise NotArchivedError if the archive holds no hours, and HistoryRewritten if its history is not the one
    that was indexed.
    """
    head = archive.resolve_commit()
    tips = list_tips(archive, head) if head else []
    old_tips = _read_tips(db)
    attempts: list[AttemptCommit] = []
    if tips != old_tips:
        refuse_shallow(archive)
        attempts = (
            list_new_attempts(archive, old_tips, tips) if old_tips and tips else list_attempts(archive, tips)
        )
    last_hour = db.execute("select max(hour) from attempts").fetchone()[0]
    if not tips or not (attempts or last_hour):
        raise build_no_hours_error(archive)
    lacking = {commit for (commit,) in db.execute(SELECT_LACKING_HEALTH)}
    if lacking and not lacking.isdisjoint(list_health_commits(archive)):
        msg = "health that this clone lacked when it was indexed is here now"
        raise HistoryRewritten(msg)
    pending = PendingUpdate(attempts, count_indexed(db, attempts), tips)
    first_hours = [attempt.attempt["hour"] for attempt in pending.new_attempts[:1]]
    if last_hour and first_hours and first_hours[0] < last_hour:
        msg = f"a new attempt is at {first_hours[0]}, before the last indexed hour {last_hour}"
        raise HistoryRewritten(msg)
    return pending


def apply_pending(
    db: sqlite3.Connection,
    archive: Archive,
    pending: PendingUpdate,
    progress: bool = False,
    save: Callable[[], None] | None = None,
) -> None:
    """Index what an index lacks; nothing is written if it lacks nothing.

    All in the transaction that is open, unless `save` is given: that is called at checkpoints, to commit it
    and to open the next one.
    """
    writer = CheckpointWriter(db, pending.attempts, pending.indexed, save) if save else None
    apply_attempts(db, archive, pending.new_attempts, progress, writer)
    db.execute("delete from checkpoint")
    if _read_tips(db) != pending.tips:
        db.execute("delete from tips")
        db.executemany("insert into tips (position, commit_id) values (?, ?)", enumerate(pending.tips))


def _read_tips(db: sqlite3.Connection) -> list[str]:
    return [commit for (commit,) in db.execute("select commit_id from tips order by position")]


def apply_attempts(
    db: sqlite3.Connection,
    archive: Archive,
    attempts: list[AttemptCommit],
    progress: bool = False,
    writer: CheckpointWriter | None = None,
) -> None:
    """Index attempts, oldest first, on top of those that an index holds; with `writer` save checkpoints."""
    row = db.execute("select commit_id from meta").fetchone()
    base = row[0] if row else None
    if attempts:
        state, last_hour = versions.load_state(db), attempts[-1].attempt["hour"]
        rows = RecordRows.load(db)
        served = ServedModels.load(state, rows)
        update = IndexUpdate(db, archive, state, rows, RunTracker.load(db), DayTracker(db), served, last_hour)
        fields, cut_health = FieldCounts.load(db), CutHealth(archive)
        steps = zip(
            replay(archive, attempts, base, state), stream_attempt_health(archive, attempts), strict=True
        )
        bar = show_progress(steps, progress, "Indexing", "hour", len(attempts))
        with paused_garbage_collection():
            for indexed, (step, step_health) in enumerate(bar, start=1 + (writer.indexed if writer else 0)):
                context = write_attempt(update, step.attempt_commit, step.broken_reason, step_health)
                health.delete_old_health(context)
                if not step.broken_reason:
                    base = step.attempt_commit.commit or base
                    apply_attempt(context, step, step_health, fields, cut_health)
                if writer and writer.is_due(indexed):
                    _write_update(update, fields)
                    cut_health.write_day(db)
                    _write_meta(db, base)
                    writer.write(indexed)
        _write_update(update, fields)
        cut_health.write_day(db)
        current_prices.update_rates(context)
    db.executemany(
        INSERT_FEED, ((feed.name, feed.scope, feed.cadence, ", ".join(feed.key)) for feed in FEEDS.values())
    )
    for statement in LATE_INDEXES:
        db.execute(statement)
    _write_meta(db, base)


def _write_update(update: IndexUpdate, fields: FieldCounts) -> None:
    """Write into the index what an update so far keeps in memory."""
    update.runs.write()
    update.days.write()
    versions.write_open_versions(update)
    prices.write_open_prices(update)
    fields.write()
    current_facts.write_facts(update)
    current_prices.write_prices(update)


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Keep the collector of cycles from walking through all lines again and again; they have no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write_meta(db: sqlite3.Connection, base: str | None) -> None:
    """Write which program and which commit an index shows, if it says something else."""
    meta = (SCHEMA_ID, __version__, base)
    if db.execute("select schema, program, commit_id from meta").fetchone() != meta:
        db.execute("delete from meta")
        db.execute("insert into meta (schema, program, commit_id) values (?, ?, ?)", meta)


def apply_attempt(
    context: AttemptContext,
    step: ReplayStep,
    step_health: AttemptHealth | None,
    fields: FieldCounts,
    cut_health: CutHealth,
) -> None:
    """Index one attempt that could be read: its records, lines, prices, fields and events, in this order."""
    record_events = [*lifecycle.apply_attempt(context, step)]
    context.update.served.apply(step, context.update.rows)
    relations.apply_attempt(context, step)
    versions.apply_attempt(context, step)
    current_facts.apply_attempt(context, step)
    prices.apply_attempt(context, step)
    current_prices.apply_attempt(context, step)
    appeared, field_events = fields.apply_attempt(context, step, step_health)
    groups: tuple[Iterable[Event], ...] = (
        record_events,
        events.derive_events(_list_step_changes(context, step, appeared), context),
        field_events,
        health.apply_attempt(context, step_health, cut_health),
        rankings.apply_attempt(context, step),
    )
    events.write_events(context.db, context, chain.from_iterable(groups))


def _list_step_changes(
    context: AttemptContext, step: ReplayStep, appeared: dict[str, set[str]]
) -> Iterable[Change]:
    """List the changes of an attempt; a feed's first good read has none."""
    names = [name for name in FEEDS if name in step.records or appeared.get(name)]
    pairs_by_feed = {name: step.records.get(name, {}) for name in names if context.find_last_read(name)}
    old, new = (
        {
            name: {key: pair[side] for key, pair in pairs.items() if pair[side] is not None}
            for name, pairs in pairs_by_feed.items()
        }
        for side in (0, 1)
    )

    def list_endpoints(model: str) -> list[Record]:
        """Return the endpoints of a model now, and those that this attempt changed as they were before."""
        earlier = [record for key, record in old.get("endpoints", {}).items() if key[0] == model]
        return [*context.update.served.endpoints.get(model, {}).values(), *earlier]

    return diff_records(old, new, {name: appeared.get(name, set()) for name in pairs_by_feed}, list_endpoints)
