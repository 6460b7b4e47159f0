"""Versions: every line of the archive's files, with the hours in which it stood."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from orarchive.domain.data_paths import get_feed_of_path, get_file_name, is_responses_file
from orarchive.domain.feeds import FEEDS, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.history.replay import Line, ReplayState, ReplayStep
from orarchive.index.context import AttemptContext, IndexUpdate
from orarchive.index.prices import PRICED_FEEDS

Row = tuple[Any, ...]

END_VERSION = """
    update versions set last = max(first, coalesce(?, first))
    where record = ? and file = ? and last is null
"""

INSERT_VERSION = "insert into versions (record, file, first, last, line) values (?, ?, ?, ?, ?)"

INSERT_REPLACED_LINE = "insert into replaced_lines (record, file, attempt, line) values (?, ?, ?, ?)"

SELECT_EARLIER_READ = "select 1 from reads where feed = ? and hour = ? and good and attempt < ?"

PRICE_FILES = ("facts", "prices", "spot")
"""Files that say whether a record was listed, and what it cost."""

DELETE_VERSION = "delete from versions where record = ? and file = ? and first = ?"

REOPEN_VERSION = "update versions set last = null where record = ? and file = ? and line = ? and last = ?"

INSERT_LATEST = """
    insert into latest (record, file, since, gone, moves, line) values (?, ?, ?, null, 0, ?)
    on conflict do update set since = excluded.since, gone = null, moves = moves + 1, line = excluded.line
"""

SELECT_STANDING_LINES = """
    select feed, file, line from versions join records on id = record where versions.last is null
    union all select feed, file, line from latest join records on id = record where gone is null
"""


def get_index_file_name(path: str) -> str:
    """Return the name of a file in the index: `asked` for one with a line for each response, else its own."""
    return "asked" if is_responses_file(path) else get_file_name(path)


def is_volatile_file(feed: Feed, file: str) -> bool:
    """Return whether only the last version of each line of a file is kept, with a count of its changes."""
    return file in feed.volatile_facets


def apply_attempt(context: AttemptContext, step: ReplayStep) -> None:
    """Write the lines of the archive's files that an attempt changed or removed; note those that it added.

    A line that stands is written once, when it ends or the update does, and not changed in the table.
    """
    update = context.update
    if context.is_repeat:
        write_open_versions(update)
    ended: list[Row] = []
    """(last hour, record, file) of the lines in the table that stand no more."""
    complete: list[Row] = []
    """Rows of the lines that stand no more and are not in the table yet."""
    standing: list[Row] = []
    """(record, file, text, last hour of the line before) of the lines that stand now."""
    replaced: list[Row] = []
    """(record, file, attempt, line) of what an earlier attempt at this hour had read."""
    for feed, file, record, key, (old, new) in _list_lines(context, step):
        if context.is_repeat and _is_priced(feed, file) and _was_read(context, feed):
            replaced.append((record, file, context.attempt, old.text.decode() if old else None))
        last, _ = context.find_span(feed.name, feed.get_parent_key(key))
        if (record, file) in update.open_versions:
            first, text = update.open_versions.pop((record, file))
            complete.append((record, file, first, max(first, last or first), text.decode()))
        elif old is not None:
            ended.append((last, record, file))
        if new is not None:
            standing.append((record, file, new.text, last))
    context.db.executemany(INSERT_REPLACED_LINE, replaced)
    context.db.executemany(INSERT_VERSION, complete)
    context.db.executemany(END_VERSION, ended)
    if context.is_repeat:
        standing = _undo_same_hour(context, ended, standing)
    update.open_versions.update({(record, file): (context.hour, text) for record, file, text, _ in standing})
    if context.is_repeat:
        write_open_versions(update)


def write_open_versions(update: IndexUpdate) -> None:
    """Write the lines that stand."""
    update.db.executemany(
        INSERT_VERSION,
        (
            (record, file, first, None, text.decode())
            for (record, file), (first, text) in update.open_versions.items()
        ),
    )
    update.open_versions.clear()


def _list_lines(
    context: AttemptContext, step: ReplayStep
) -> Iterator[tuple[Feed, str, int, Key, tuple[Line | None, Line | None]]]:
    """Yield the feed, file, row id and key of each changed line with the line before and after.

    Volatile lines are left out: their last version is replaced.
    """
    rows = context.update.rows
    for path, pairs in step.lines.items():
        feed, file = get_feed_of_path(path), get_index_file_name(path)
        assert feed
        is_volatile = is_volatile_file(feed, file)
        for key, pair in pairs.items():
            if isinstance(feed, FanOutFeed) and is_responses_file(path):
                record = rows.get_or_insert(feed.parent, key, context.hour)
            else:
                record = rows.ids[feed.name, key]
            if is_volatile:
                _replace_latest(context, record, file, pair[1])
            else:
                yield feed, file, record, key, pair


def _is_priced(feed: Feed, file: str) -> bool:
    """Return whether a file says which records of a feed with prices were listed, or what they cost."""
    return feed.name in PRICED_FEEDS and file in PRICE_FILES


def _was_read(context: AttemptContext, feed: Feed) -> bool:
    """Return whether an earlier attempt at the same hour read a feed well."""
    values = (feed.name, context.hour, context.attempt)
    return context.db.execute(SELECT_EARLIER_READ, values).fetchone() is not None


def _undo_same_hour(context: AttemptContext, ended: list[Row], standing: list[Row]) -> list[Row]:
    """Undo what an earlier attempt at this hour wrote; return the lines that are new even so."""
    context.db.executemany(DELETE_VERSION, ((record, file, context.hour) for _, record, file in ended))
    return [
        (record, file, text, last)
        for record, file, text, last in standing
        if not context.db.execute(REOPEN_VERSION, (record, file, text.decode(), last)).rowcount
    ]


def _replace_latest(context: AttemptContext, record: int, file: str, new: Line | None) -> None:
    """Replace the last version of a volatile line, or note that it is gone."""
    if new is None:
        query = "update latest set gone = ? where record = ? and file = ?"
        context.db.execute(query, (context.hour, record, file))
    else:
        context.db.execute(INSERT_LATEST, (record, file, context.hour, new.text.decode()))


def load_state(db: sqlite3.Connection) -> ReplayState:
    """Read the lines that stand, as a state from which a replay can go on."""
    paths = {
        (
            feed.parent if isinstance(feed, FanOutFeed) and is_responses_file(path) else feed.name,
            get_index_file_name(path),
        ): path
        for feed in FEEDS.values()
        for path in feed.files
    }
    files: dict[str, list[bytes]] = defaultdict(list)
    for feed, file, line in db.execute(SELECT_STANDING_LINES):
        # A file that only an older version of the archive wrote is named by no feed today; it lies in
        # the folder of its feed.
        path = paths.get((feed, file), f"{FEEDS[feed].folder}/{file}.jsonl")
        files[path].append(line.encode())
    return ReplayState.of(files)
