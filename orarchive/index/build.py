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
from orarchive.domain.changes import Change, between
from orarchive.domain.feeds import FEEDS
from orarchive.domain.record_files import Key
from orarchive.errors import NotArchivedError
from orarchive.history.attempts import Held, Rewritten, chain, refuse_shallow, since, tips
from orarchive.history.replay import State, Step, replay
from orarchive.index import absence, context, events, health, prices, rankings, relations, versions
from orarchive.index.context import Moment
from orarchive.index.field_counts import Fields
from orarchive.index.presence import Presence
from orarchive.jsonl import Record
from orarchive.store.archive import Archive

RULES = 2
"""Raised when the same tables are to be filled otherwise."""

SQL = (Path(__file__).parent / "schema.sql").read_text()
SCHEMA = f"{RULES}-{crc32(SQL.encode()):08x}"
"""An index with another one is not of this program: it is built anew."""


def update(db: sqlite3.Connection, archive: Archive, progress: bool = False) -> None:
    """Take what is new into an index, in the transaction that is open.

    Raises Rewritten where the archive's past is not the one that was indexed.
    """
    refuse_shallow(archive)
    head = archive.commit()
    ends = tips(archive, head) if head else []
    known = [commit for (commit,) in db.execute("select commit_id from tips order by position")]
    held = since(archive, known, ends) if known and ends else chain(archive, ends)
    last = db.execute("select max(hour) from attempts").fetchone()[0]
    if not ends or not (held or last):
        msg = f"{archive.root} holds no hours yet; python scrape.py archives one"
        raise NotArchivedError(msg)
    if last and held and held[0].attempt["hour"] < last:
        msg = "an hour came in before the last one"
        raise Rewritten(msg)
    take(db, archive, held, progress)
    db.execute("delete from tips")
    db.executemany("insert into tips values (?, ?)", enumerate(ends))


def take(db: sqlite3.Connection, archive: Archive, held: list[Held], progress: bool = False) -> None:
    """Take attempts in, on top of what an index has."""
    row = db.execute("select commit_id from meta").fetchone()
    base = row[0] if row else None
    state = versions.load(db) if held else State()
    presence, fields = Presence.load(db), Fields.load(db)
    steps = tqdm(
        replay(archive, held, base, state),
        total=len(held),
        desc="Indexing",
        unit="hour",
        disable=not progress,
    )
    for step in steps:
        now = context.write(db, step.held, step.broken)
        health.forget(db, now.hour)
        if step.broken:
            continue
        base = step.held.commit or base
        came_and_went = [*presence.take(now, step, state), *absence.take(db, now)]
        relations.write(db, presence, now, step)
        versions.write(db, presence, now, step)
        prices.write(db, presence, now, step)
        appeared, vanished = fields.take(now, step)
        changed = events.of_changes(_changes(now, step, state, appeared), now)
        watched = health.take(db, presence, now, state, held[-1].attempt["hour"])
        restated = rankings.take(db, archive, now, step, held[-1].attempt["hour"])
        events.write(db, now, together(came_and_went, changed, vanished, watched, restated))
    db.executemany(
        "insert or ignore into feeds values (?, ?, ?, ?)",
        ((feed.name, feed.scope, feed.cadence, ", ".join(feed.key)) for feed in FEEDS.values()),
    )
    db.execute("delete from meta")
    db.execute("insert into meta values (?, ?, ?)", (SCHEMA, __version__, base))


def _changes(now: Moment, step: Step, state: State, appeared: dict[str, set[str]]) -> Iterable[Change]:
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

    return between(old, new, {name: appeared.get(name, set()) for name in touched}, offers)
