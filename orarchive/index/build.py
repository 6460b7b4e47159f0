"""Build: bring an index up to an archive's tip, attempt by attempt, in one transaction.

Only commits since the last indexed one are read, and the index comes out the same whether all hours are
indexed at once or one by one. A history that was rewritten is detected; the index is then built anew.
"""

import sqlite3
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from zlib import crc32

from tqdm import tqdm

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
from orarchive.history.replay import ReplayStep, replay
from orarchive.index import events, health, lifecycle, prices, rankings, relations, versions
from orarchive.index.context import AttemptContext, IndexUpdate, write_attempt
from orarchive.index.events import Event
from orarchive.index.field_counts import FieldCounts
from orarchive.index.record_rows import RecordRows
from orarchive.jsonl import Record
from orarchive.store.archive import Archive

RULES_VERSION = 2
"""Version of the rules that fill the tables; raise it to fill the same tables in another way."""

SCHEMA_SQL = (Path(__file__).parent / "schema.sql").read_text()
SCHEMA_ID = f"{RULES_VERSION}-{crc32(SCHEMA_SQL.encode()):08x}"
"""Identifies tables and rules; an index with another one was written by another version and is built anew."""

INSERT_FEED = "insert or ignore into feeds (feed, route, cadence, key) values (?, ?, ?, ?)"


def update_index(db: sqlite3.Connection, archive: Archive, progress: bool = False) -> None:
    """Index the new attempts of an archive, in the transaction that is open.

    Raise NotArchivedError if the archive holds no hours, and HistoryRewritten if its history is not the one
    that was indexed.
    """
    refuse_shallow(archive)
    head = archive.resolve_commit()
    tips = list_tips(archive, head) if head else []
    old_tips = [commit for (commit,) in db.execute("select commit_id from tips order by position")]
    attempts = (
        list_new_attempts(archive, old_tips, tips) if old_tips and tips else list_attempts(archive, tips)
    )
    last_hour = db.execute("select max(hour) from attempts").fetchone()[0]
    if not tips or not (attempts or last_hour):
        raise build_no_hours_error(archive)
    if last_hour and attempts and attempts[0].attempt["hour"] < last_hour:
        msg = f"a new attempt is at {attempts[0].attempt['hour']}, before the last indexed hour {last_hour}"
        raise HistoryRewritten(msg)
    apply_attempts(db, archive, attempts, progress)
    db.execute("delete from tips")
    db.executemany("insert into tips (position, commit_id) values (?, ?)", enumerate(tips))


def apply_attempts(
    db: sqlite3.Connection, archive: Archive, attempts: list[AttemptCommit], progress: bool = False
) -> None:
    """Index attempts, oldest first, on top of those that an index holds."""
    row = db.execute("select commit_id from meta").fetchone()
    base = row[0] if row else None
    if attempts:
        state, last_hour = versions.load_state(db), attempts[-1].attempt["hour"]
        update = IndexUpdate(db, archive, state, RecordRows.load(db), last_hour)
        fields = FieldCounts.load(db)
        steps = replay(archive, attempts, base, state)
        for step in tqdm(steps, total=len(attempts), desc="Indexing", unit="hour", disable=not progress):
            context = write_attempt(update, step.attempt_commit, step.broken_reason)
            health.delete_old_health(context)
            if not step.broken_reason:
                base = step.attempt_commit.commit or base
                apply_attempt(context, step, fields)
    db.executemany(
        INSERT_FEED, ((feed.name, feed.scope, feed.cadence, ", ".join(feed.key)) for feed in FEEDS.values())
    )
    db.execute("delete from meta")
    db.execute(
        "insert into meta (schema, program, commit_id) values (?, ?, ?)", (SCHEMA_ID, __version__, base)
    )


def apply_attempt(context: AttemptContext, step: ReplayStep, fields: FieldCounts) -> None:
    """Index one attempt that could be read: its records, lines, prices, fields and events, in this order."""
    record_events = [*lifecycle.apply_attempt(context, step)]
    relations.apply_attempt(context, step)
    versions.apply_attempt(context, step)
    prices.apply_attempt(context, step)
    appeared, field_events = fields.apply_attempt(context, step)
    groups: tuple[Iterable[Event], ...] = (
        record_events,
        events.derive_events(_list_step_changes(context, step, appeared), context),
        field_events,
        health.apply_attempt(context, step),
        rankings.apply_attempt(context, step),
    )
    events.write_events(context.db, context, chain.from_iterable(groups))


def _list_step_changes(
    context: AttemptContext, step: ReplayStep, appeared: dict[str, set[str]]
) -> Iterable[Change]:
    """List the changes of an attempt; a feed's first good read has none."""
    pairs_by_feed = {name: pairs for name, pairs in step.records.items() if context.find_last_read(name)}
    old, new = (
        {
            name: {key: pair[side] for key, pair in pairs.items() if pair[side] is not None}
            for name, pairs in pairs_by_feed.items()
        }
        for side in (0, 1)
    )

    def list_endpoints(model: str) -> list[Record]:
        """Return the endpoints of a model now, and those that this attempt changed as they were before."""
        sides = (context.update.state.records["endpoints"], old.get("endpoints", {}))
        return [record for side in sides for key, record in side.items() if key[0] == model]

    return diff_records(old, new, {name: appeared.get(name, set()) for name in pairs_by_feed}, list_endpoints)
