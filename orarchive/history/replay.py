"""Replay: the changes of every attempt, read from git as one stream, oldest first.

Time and memory follow what changed, not how much there is. Each commit is compared with the one whose state
counted before it, so what lies between them - code, reverted hours, merges - needs no rule.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orarchive.domain.data_paths import (
    SNAPSHOT_PATHS,
    feed_of_path,
    file_name,
    is_responses_file,
    is_series_file,
)
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.record_files import Key, join_record
from orarchive.errors import ArchiveError, NotJSON
from orarchive.history.attempts import AttemptCommit, HistoryRewritten
from orarchive.history.diffs import Diff, next_diff, stream_diffs
from orarchive.jsonl import Record, loads
from orarchive.store.archive import Archive

NO_COMMIT = "no commit shows its state"


class BrokenCommit(ArchiveError):
    """A commit's files are not what the archive writes."""


@dataclass(frozen=True)
class Line:
    """A line of a file as it stands, and as read."""

    text: bytes
    record: Record


Pair = tuple[Any, Any]
"""What stood before a commit and what stands after it; None: nothing."""

Pairs = dict[str, dict[Key, Pair]]


@dataclass
class ReplayState:
    """All lines as they stand after a commit, and the records that they make up."""

    files: dict[str, dict[Key, Line]] = field(default_factory=lambda: defaultdict(dict))
    """Path below data/ -> lines by key."""
    records: dict[str, dict[Key, Record]] = field(default_factory=lambda: {name: {} for name in FEEDS})
    """Feed -> records by key, joined from its files: of a sweep its items, of a copying feed its lines."""

    @classmethod
    def of(cls, files: dict[str, list[bytes]]) -> "ReplayState":
        """The state that the lines of files make up: path below data/ -> lines."""
        state = cls()
        diff: Diff = {path: ([], lines) for path, lines in files.items()}
        lines = _changed_lines(diff, state)
        _put(state.files, lines)
        _put(state.records, _records(lines, state))
        return state

    def apply(self, step: "ReplayStep") -> None:
        """Become what a step left."""
        _put(self.files, step.lines)
        _put(self.records, step.records)


@dataclass(frozen=True)
class ReplayStep:
    """What one attempt changed; `broken` says why its commit could not be read: then nothing is changed."""

    attempt_commit: AttemptCommit
    lines: Pairs = field(default_factory=dict)
    """Path below data/ -> key -> the line before and after."""
    records: Pairs = field(default_factory=dict)
    """Feed -> key -> the record before and after."""
    broken: str = ""
    series: Diff = field(default_factory=dict)
    """Path below data/ of rankings -> the lines that went and the lines that came."""


def replay(
    archive: Archive, held: list[AttemptCommit], base: str | None, state: ReplayState
) -> Iterator[ReplayStep]:
    """Yield every attempt with what it changed in `state`, which then is as the attempt left it.

    `base` is the commit that `state` shows, None before the first. A commit with a broken file is skipped:
    the next one is compared with the last that could be read.
    """
    left = list(held)
    while left:
        diffs = stream_diffs(archive, base, [one.commit for one in left if one.commit])
        for position, one in enumerate(left):
            try:
                if one.commit:
                    step = _step(one, next_diff(diffs, one.commit), state)
                else:
                    step = ReplayStep(one, broken=NO_COMMIT)
            except BrokenCommit as error:
                diffs.close()
                yield ReplayStep(one, broken=str(error))
                left = left[position + 1 :]
                break
            state.apply(step)
            base = one.commit or base
            yield step
        else:
            for _ in diffs:  # only at its end git says how it went
                pass
            return


def _step(held: AttemptCommit, diff: Diff, state: ReplayState) -> ReplayStep:
    """What a diff does to the state; raises Broken where it does not fit."""
    lines = _changed_lines(diff, state)
    series = {path: change for path, change in diff.items() if is_series_file(path)}
    return ReplayStep(held, lines, _records(lines, state), series=series)


def _changed_lines(diff: Diff, state: ReplayState) -> Pairs:
    """The lines that changed, by path and key."""
    lines: Pairs = {}
    for path, (went, came) in diff.items():
        feed = feed_of_path(path)
        if feed is None:
            continue
        there = state.files[path]
        try:
            lines[path] = _lines(path, feed, went, came, there)
        except BrokenCommit:
            if path in feed.files:
                raise
            # a file that is not the archive's may say what it likes: from now on nobody listens
            lines[path] = {key: (line, None) for key, line in there.items()}
    return lines


def _lines(
    path: str, feed: Feed, went: list[bytes], came: list[bytes], there: dict[Key, Line]
) -> dict[Key, Pair]:
    """The lines of one file that changed, by key."""
    by = ("model",) if is_responses_file(path) else feed.key
    left = set(went)  # most are replaced: they are known by their text, and not read again
    pairs: dict[Key, Pair] = {}
    for text in came:
        record = _read(text, path)
        key = _key(record, by, path)
        old = there.get(key)
        if key in pairs or (old and old.text not in left):
            msg = f"data/{path}: two lines for {key}"
            raise BrokenCommit(msg)
        if old:
            left.remove(old.text)
        pairs[key] = (old, Line(text, record))
    for text in left:
        key = _key(_read(text, path), by, path)
        if key in pairs or key not in there or there[key].text != text:
            msg = f"data/{path}: a line for {key} went that was not there"
            # of the archive's own files all lines are known, unless they were read from a damaged index
            raise HistoryRewritten(msg) if path in feed.files else BrokenCommit(msg)
        pairs[key] = (there[key], None)
    # a line may only have moved, or got the end that it lacked
    return {
        key: (old, new) for key, (old, new) in pairs.items() if not (old and new and old.text == new.text)
    }


def _read(text: bytes, path: str) -> Record:
    try:
        record = loads(text)
    except NotJSON as error:
        msg = f"data/{path}: {error}"
        raise BrokenCommit(msg) from None
    if not isinstance(record, dict):
        msg = f"data/{path}: a line that is not an object"
        raise BrokenCommit(msg)
    return record


def _key(record: Record, by: tuple[str, ...], path: str) -> Key:
    for name in by:
        if type(record.get(name)) is not (int if name == "n" else str):
            msg = f"data/{path}: a line without a proper {name!r}"
            raise BrokenCommit(msg)
    return tuple(record[name] for name in by)


def _records(lines: Pairs, state: ReplayState) -> Pairs:
    """The records that changed lines make up, by feed."""
    touched: Pairs = {}
    foreign = sorted(path for path in {**state.files, **lines} if path not in SNAPSHOT_PATHS)
    for name, feed in FEEDS.items():
        strange = [path for path in foreign if feed_of_path(path) is feed]
        # of a field that is in two files the archive's own counts
        paths = [*strange, *(path for path in feed.files if not is_responses_file(path))]
        keys = {key for path in paths for key in lines.get(path, ())}
        before = state.records[name]
        pairs = {key: (before.get(key), _record(feed, key, paths, lines, state)) for key in keys}
        for key in [key for key, (_, record) in pairs.items() if record is None]:
            _forget(key, strange, lines, state)
        if pairs := {key: pair for key, pair in pairs.items() if pair != (None, None)}:
            touched[name] = pairs
    return touched


def _forget(key: Key, paths: list[str], lines: Pairs, state: ReplayState) -> None:
    """Take out what files that are not the archive's say of a key without a record."""
    for path in paths:
        lines.get(path, {}).pop(key, None)
        if key in state.files[path]:
            lines.setdefault(path, {})[key] = (state.files[path][key], None)


def _record(feed: Feed, key: Key, paths: list[str], lines: Pairs, state: ReplayState) -> Record | None:
    """The record of a key after a commit."""
    parts: dict[str, Record] = {}
    for path in paths:
        changed = lines.get(path, {}).get(key)
        line = changed[1] if changed else state.files[path].get(key)
        if line is not None:
            parts[path] = line.record
    base, *_ = feed.files
    if base not in parts:
        own = parts.keys() & {*feed.files}
        if own and (own == parts.keys() or _stands(base, lines, state)):
            msg = f"data/{base} has no line for {key}"
            raise BrokenCommit(msg)
        if not parts or (not own and _stands(base, lines, state)):
            return None
    names = {file_name(path): part for path, part in parts.items()}
    try:
        return join_record(feed, names, feed.own_key_fields)
    except (KeyError, TypeError):
        msg = f"data/{feed.folder}/{feed.spot_file}.jsonl has a line for {key}, which has no prices"
        raise BrokenCommit(msg) from None


def _stands(path: str, lines: Pairs, state: ReplayState) -> bool:
    """Whether a file has any line after a commit."""
    changed = lines.get(path, {})
    return any(new for _, new in changed.values()) or any(key not in changed for key in state.files[path])


def _put(there: dict[str, dict[Key, Any]], touched: Pairs) -> None:
    for name, pairs in touched.items():
        for key, (_, new) in pairs.items():
            if new is None:
                there[name].pop(key, None)
            else:
                there[name][key] = new
