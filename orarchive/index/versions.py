"""Versions: every line of the archive's files, with the hours in which it stood."""

import sqlite3
from collections import defaultdict
from typing import Any

from orarchive.domain.data_paths import feed_of_path, file_name, is_responses_file
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.history.replay import Line, ReplayState, ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.presence import Lifecycle


def index_file_name(path: str) -> str:
    """What the index calls a file: its name, or `asked` where it has a line for each model asked."""
    return "asked" if is_responses_file(path) else file_name(path)


def is_volatile_file(feed: Feed, file: str) -> bool:
    """Whether of a file only the last version of each line is kept, and how often it moved."""
    return file in feed.volatile_facets


Row = tuple[Any, ...]


def apply_attempt(
    db: sqlite3.Connection, presence: Lifecycle, moment: AttemptContext, step: ReplayStep
) -> None:
    """Write what an attempt did to the lines of the archive's files."""
    ended: list[Row] = []
    stand: list[Row] = []
    for path, pairs in step.lines.items():
        feed, file = feed_of_path(path), index_file_name(path)
        assert feed
        for key, (old, new) in pairs.items():
            if is_responses_file(path):
                row = presence.require_row(moment, str(feed.parent), key)
            else:
                row = presence.ids[feed.name, key]
            if is_volatile_file(feed, file):
                _move(db, moment, row, file, new)
                continue
            last, _ = moment.span(feed.name, key[0] if feed.parent else None)
            if old is not None:
                ended.append((last, row, file))
            if new is not None:
                stand.append((row, file, new.text.decode(), last))
    db.executemany(END, ended)
    if moment.again:
        stand = _taken_back(db, moment, ended, stand)
    values = ((row, file, moment.hour, line) for row, file, line, _ in stand)
    db.executemany("insert into versions values (?, ?, ?, null, ?)", values)


END = """
    update versions set last = max(first, coalesce(?, first))
    where record = ? and file = ? and last is null
"""


def _taken_back(
    db: sqlite3.Connection, moment: AttemptContext, ended: list[Row], stand: list[Row]
) -> list[Row]:
    """Take back what an earlier attempt at this very hour wrote; returns the lines that are new even so."""
    unstood = "delete from versions where record = ? and file = ? and first = ?"
    db.executemany(unstood, ((row, file, moment.hour) for _, row, file in ended))
    again = "update versions set last = null where record = ? and file = ? and line = ? and last = ?"
    return [one for one in stand if not db.execute(again, one).rowcount]


def _move(db: sqlite3.Connection, moment: AttemptContext, row: int, file: str, new: Line | None) -> None:
    """A restless line moved, or went."""
    if new is None:
        db.execute("update latest set gone = ? where record = ? and file = ?", (moment.hour, row, file))
        return
    db.execute(
        "insert into latest values (?, ?, ?, null, 0, ?) on conflict do update"
        " set since = excluded.since, gone = null, moves = moves + 1, line = excluded.line",
        (row, file, moment.hour, new.text.decode()),
    )


def load_state(db: sqlite3.Connection) -> ReplayState:
    """The lines that stand, as a state to go on from."""
    paths = {
        (str(feed.parent) if is_responses_file(path) else feed.name, index_file_name(path)): path
        for feed in FEEDS.values()
        for path in feed.files
    }
    files: dict[str, list[bytes]] = defaultdict(list)
    rows = db.execute(
        "select feed, file, line from versions join records on id = record where versions.last is null"
        " union all select feed, file, line from latest join records on id = record where gone is null"
    )
    for feed, file, line in rows:
        # a file whose name nobody knows any more lies in its feed's folder
        path = paths.get((feed, file), f"{FEEDS[feed].folder}/{file}.jsonl")
        files[path].append(line.encode())
    return ReplayState.of(files)
