"""Building: bring an index up to an archive's tip, attempt by attempt, in one transaction.

Only commits since the last indexed one are read, and the same is written whether all hours are taken at once
or one by one. A past that was rewritten is detected; then the index is built anew.
"""

import sqlite3
from collections.abc import Iterable
from itertools import chain as together
from pathlib import Path
from zlib import crc32

from tqdm import tqdm

from orarchive import __version__
from orarchive.domain.changes import Change, diff_records
from orarchive.domain.feeds import FEEDS
from orarchive.domain.record_files import Key
from orarchive.errors import NotArchivedError
from orarchive.history.attempts import (
    AttemptCommit,
    HistoryRewritten,
    list_attempts,
    list_new_attempts,
    list_tips,
    refuse_shallow,
)
from orarchive.history.replay import ReplayState, ReplayStep, replay
from orarchive.index import absence, context, events, health, prices, rankings, relations, versions
from orarchive.index.context import AttemptContext
from orarchive.index.field_counts import FieldCounts
from orarchive.index.presence import Lifecycle
from orarchive.jsonl import Record
from orarchive.store.archive import Archive

RULES_VERSION = 2
"""Raised when the same tables are to be filled otherwise."""

SCHEMA_SQL = (Path(__file__).parent / "schema.sql").read_text()
SCHEMA_ID = f"{RULES_VERSION}-{crc32(SCHEMA_SQL.encode()):08x}"
"""An index with another one is not of this program: it is built anew."""


def update_index(db: sqlite3.Connection, archive: Archive, progress: bool = False) -> None:
    """Take what is new into an index, in the transaction that is open.

    Raises Rewritten where the archive's past is not the one that was indexed.
    """
    refuse_shallow(archive)
    head = archive.resolve_commit()
    ends = list_tips(archive, head) if head else []
    known = [commit for (commit,) in db.execute("select commit_id from tips order by position")]
    held = list_new_attempts(archive, known, ends) if known and ends else list_attempts(archive, ends)
    last = db.execute("select max(hour) from attempts").fetchone()[0]
    if not ends or not (held or last):
        msg = f"{archive.root} holds no hours yet; python scrape.py archives one"
        raise NotArchivedError(msg)
    if last and held and held[0].attempt["hour"] < last:
        msg = "an hour came in before the last one"
        raise HistoryRewritten(msg)
    apply_attempts(db, archive, held, progress)
    db.execute("delete from tips")
    db.executemany("insert into tips values (?, ?)", enumerate(ends))


def apply_attempts(
    db: sqlite3.Connection, archive: Archive, held: list[AttemptCommit], progress: bool = False
) -> None:
    """Take attempts in, on top of what an index has."""
    row = db.execute("select commit_id from meta").fetchone()
    base = row[0] if row else None
    state = versions.load_state(db) if held else ReplayState()
    presence, fields = Lifecycle.load(db), FieldCounts.load(db)
    steps = tqdm(
        replay(archive, held, base, state),
        total=len(held),
        desc="Indexing",
        unit="hour",
        disable=not progress,
    )
    for step in steps:
        now = context.write_attempt(db, step.attempt_commit, step.broken)
        health.delete_old_health(db, now.hour)
        if step.broken:
            continue
        base = step.attempt_commit.commit or base
        came_and_went = [*presence.apply_attempt(now, step, state), *absence.apply_absence(db, now)]
        relations.apply_attempt(db, presence, now, step)
        versions.apply_attempt(db, presence, now, step)
        prices.apply_attempt(db, presence, now, step)
        appeared, vanished = fields.apply_attempt(now, step)
        changed = events.derive_events(_changes(now, step, state, appeared), now)
        watched = health.apply_attempt(db, presence, now, state, held[-1].attempt["hour"])
        restated = rankings.apply_attempt(db, archive, now, step, held[-1].attempt["hour"])
        events.write_events(db, now, together(came_and_went, changed, vanished, watched, restated))
    db.executemany(
        "insert or ignore into feeds values (?, ?, ?, ?)",
        ((feed.name, feed.scope, feed.cadence, ", ".join(feed.key)) for feed in FEEDS.values()),
    )
    db.execute("delete from meta")
    db.execute("insert into meta values (?, ?, ?)", (SCHEMA_ID, __version__, base))


def _changes(
    now: AttemptContext, step: ReplayStep, state: ReplayState, appeared: dict[str, set[str]]
) -> Iterable[Change]:
    """What an attempt changed; a feed's first good reading changes nothing."""
    touched = {name: pairs for name, pairs in step.records.items() if now.before(name)}
    old, new = (
        {
            name: {key: pair[side] for key, pair in pairs.items() if pair[side] is not None}
            for name, pairs in touched.items()
        }
        for side in (0, 1)
    )

    def offers(model: str) -> list[Record]:
        now_there: dict[Key, Record] = state.records["endpoints"]
        ends = (now_there, old.get("endpoints", {}))
        return [record for end in ends for key, record in end.items() if key[0] == model]

    return diff_records(old, new, {name: appeared.get(name, set()) for name in touched}, offers)
