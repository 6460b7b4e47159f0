"""Replay: the changes of every attempt, oldest first, read from git as one stream.

Time and memory follow the size of the changes, not that of the archive. Each commit is compared with the last
commit that was read before it, so commits between them (code, reverted hours, merges) need no rule.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orarchive.domain.data_paths import (
    SNAPSHOT_FILES,
    get_feed_of_path,
    get_file_name,
    get_line_key,
    is_responses_file,
)
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.keys import Key
from orarchive.domain.ranking_series import is_series_file
from orarchive.domain.record_files import find_improper_key_field, join_record, share_values
from orarchive.errors import ArchiveError, NotJSON
from orarchive.history.attempts import AttemptCommit, HistoryRewritten
from orarchive.history.diffs import Diff, read_next_diff, stream_diffs
from orarchive.jsonl import Record, loads
from orarchive.store.archive import Archive

NO_COMMIT = "no commit shows its state"


class BrokenCommit(ArchiveError):
    """A commit has files that the archive does not write in this form."""


@dataclass(frozen=True)
class Line:
    """A line of a file: its bytes, and the record that they hold."""

    text: bytes
    record: Record


Pair = tuple[Any, Any]
"""A value before a commit and after it; None where there is none."""

Pairs = dict[str, dict[Key, Pair]]


@dataclass
class ReplayState:
    """All lines as they stand after a commit, and the records that they make up."""

    files: dict[str, dict[Key, Line]] = field(default_factory=lambda: defaultdict(dict))
    """Path below data/ -> lines by key."""
    records: dict[str, dict[Key, Record]] = field(default_factory=lambda: {name: {} for name in FEEDS})
    """Feed -> records by key, joined from its files: items of a fan-out feed, lines of a copied feed."""

    @classmethod
    def of(cls, files: dict[str, list[bytes]]) -> "ReplayState":
        """Build the state that the lines of files make up: path below data/ -> lines."""
        state = cls()
        diff: Diff = {path: ([], lines) for path, lines in files.items()}
        changed = _pair_lines(diff, state)
        _store_new(state.files, changed)
        _store_new(state.records, _pair_records(changed, state))
        return state

    def apply(self, step: "ReplayStep") -> None:
        """Apply the changed lines and records of a step."""
        _store_new(self.files, step.lines)
        _store_new(self.records, step.records)


@dataclass(frozen=True)
class ReplayStep:
    """What one attempt changed; `broken` says why its commit could not be read: then nothing is changed."""

    attempt_commit: AttemptCommit
    lines: Pairs = field(default_factory=dict)
    """Path below data/ -> key -> the line before and after."""
    records: Pairs = field(default_factory=dict)
    """Feed -> key -> the record before and after."""
    broken_reason: str = ""
    series: Diff = field(default_factory=dict)
    """Path below data/ of rankings -> the removed lines and the added lines."""


def replay(
    archive: Archive, attempts: list[AttemptCommit], base: str | None, state: ReplayState
) -> Iterator[ReplayStep]:
    """Yield a step for every attempt, with its changes, after applying it to `state`.

    `base` is the commit that `state` shows, None before the first. A commit with a broken file is skipped:
    the next commit is compared with the last one that could be read.
    """
    pending = list(attempts)
    while pending:
        diffs = stream_diffs(archive, base, [attempt.commit for attempt in pending if attempt.commit])
        for position, attempt in enumerate(pending):
            try:
                if attempt.commit:
                    step = _build_step(attempt, read_next_diff(diffs, attempt.commit), state)
                else:
                    step = ReplayStep(attempt, broken_reason=NO_COMMIT)
            except BrokenCommit as error:
                diffs.close()
                yield ReplayStep(attempt, broken_reason=str(error))
                pending = pending[position + 1 :]
                break
            state.apply(step)
            base = attempt.commit or base
            yield step
        else:
            # Git reports a failure only at the end of its output, so that is read to its end.
            for _ in diffs:
                pass
            return


def _build_step(attempt: AttemptCommit, diff: Diff, state: ReplayState) -> ReplayStep:
    """Build the step of a diff against the state; raise BrokenCommit where the diff does not fit it."""
    lines = _pair_lines(diff, state)
    series = {path: change for path, change in diff.items() if is_series_file(path)}
    return ReplayStep(attempt, lines, _pair_records(lines, state), series=series)


def _pair_lines(diff: Diff, state: ReplayState) -> Pairs:
    """Pair the changed lines of all files before and after a diff, by path and key."""
    pairs: Pairs = {}
    for path, (removed, added) in diff.items():
        feed = get_feed_of_path(path)
        if feed is None:
            continue
        current = state.files[path]
        try:
            pairs[path] = _pair_file_lines(path, feed, removed, added, current)
        except BrokenCommit:
            if path in feed.files:
                raise
            # A file that the archive does not write may hold anything: from this commit on it is ignored.
            pairs[path] = {key: (line, None) for key, line in current.items()}
    return pairs


def _pair_file_lines(
    path: str, feed: Feed, removed: list[bytes], added: list[bytes], current: dict[Key, Line]
) -> dict[Key, Pair]:
    """Pair the changed lines of one file by key, given the lines that it has before the commit."""
    key_fields = get_line_key(feed, path)
    # Most removed lines are replaced: those are recognized by their text and need not be parsed again.
    unmatched = set(removed)
    pairs: dict[Key, Pair] = {}
    for text in added:
        record = _parse_record(text, path)
        key = _read_key(record, key_fields, path)
        old = current.get(key)
        if key in pairs or (old and old.text not in unmatched):
            msg = f"data/{path}: two lines for {key}"
            raise BrokenCommit(msg)
        if old:
            unmatched.remove(old.text)
            record = share_values(record, old.record)
        pairs[key] = (old, Line(text, record))
    for text in unmatched:
        key = _read_key(_parse_record(text, path), key_fields, path)
        if key in pairs or key not in current or current[key].text != text:
            msg = f"data/{path}: a line for {key} was removed that was not there"
            # All lines of the archive's own files are known, unless the state came from a damaged index.
            raise HistoryRewritten(msg) if path in feed.files else BrokenCommit(msg)
        pairs[key] = (current[key], None)
    # A line with equal text only moved, or got the line end that it lacked.
    return {
        key: (old, new) for key, (old, new) in pairs.items() if not (old and new and old.text == new.text)
    }


def _parse_record(text: bytes, path: str) -> Record:
    """Parse a line of a file into its record; raise BrokenCommit where it is no JSON object."""
    try:
        record = loads(text)
    except NotJSON as error:
        msg = f"data/{path}: {error}"
        raise BrokenCommit(msg) from None
    if not isinstance(record, dict):
        msg = f"data/{path}: a line that is not an object"
        raise BrokenCommit(msg)
    return record


def _read_key(record: Record, key_fields: tuple[str, ...], path: str) -> Key:
    """Read the key of a line's record; raise BrokenCommit where a field is missing or of another type."""
    if name := find_improper_key_field(record, key_fields):
        msg = f"data/{path}: a line without a proper {name!r}"
        raise BrokenCommit(msg)
    return tuple(record[name] for name in key_fields)


def _pair_records(lines: Pairs, state: ReplayState) -> Pairs:
    """Pair the records that changed lines make up before and after, by feed and key.

    Lines of files that the archive does not write are dropped from `lines` and the state where their key has
    no record.
    """
    all_pairs: Pairs = {}
    unknown_paths = sorted(path for path in {**state.files, **lines} if path not in SNAPSHOT_FILES)
    for name, feed in FEEDS.items():
        extra = [path for path in unknown_paths if get_feed_of_path(path) is feed]
        # Of a field that is in two files the archive's own counts, so that comes last.
        paths = [*extra, *(path for path in feed.files if not is_responses_file(path))]
        keys = {key for path in paths for key in lines.get(path, ())}
        before = state.records[name]
        pairs = {key: (before.get(key), _join_lines(feed, key, paths, lines, state)) for key in keys}
        for key in [key for key, (_, record) in pairs.items() if record is None]:
            _drop_lines(key, extra, lines, state)
        if pairs := {key: pair for key, pair in pairs.items() if pair != (None, None)}:
            all_pairs[name] = pairs
    return all_pairs


def _drop_lines(key: Key, paths: list[str], lines: Pairs, state: ReplayState) -> None:
    """Drop the lines of a key without a record from files that the archive does not write."""
    for path in paths:
        lines.get(path, {}).pop(key, None)
        if key in state.files[path]:
            lines.setdefault(path, {})[key] = (state.files[path][key], None)


def _join_lines(feed: Feed, key: Key, paths: list[str], lines: Pairs, state: ReplayState) -> Record | None:
    """Join the record of a key after a commit from its lines; return None where it has no record.

    Raise BrokenCommit where a line of the archive's own files has no line in the feed's base file.
    """
    parts: dict[str, Record] = {}
    for path in paths:
        changed = lines.get(path, {}).get(key)
        line = changed[1] if changed else state.files[path].get(key)
        if line is not None:
            parts[path] = line.record
    if _lacks_base(feed, key, parts, lines, state):
        return None
    names = {get_file_name(path): part for path, part in parts.items()}
    try:
        return join_record(feed, names, feed.own_key_fields)
    except (KeyError, TypeError):
        msg = f"data/{feed.folder}/{feed.spot_file}.jsonl has a line for {key}, which has no prices"
        raise BrokenCommit(msg) from None


def _lacks_base(feed: Feed, key: Key, parts: dict[str, Record], lines: Pairs, state: ReplayState) -> bool:
    """Return whether a key has no record, for want of a line in the feed's base file.

    Raise BrokenCommit where another file of the archive has a line for it. Only where the base file is gone
    as a whole and a file that the archive does not write took part may a record do without.
    """
    base, *_ = feed.files
    if base in parts:
        return False
    archive_paths = parts.keys() & {*feed.files}
    if archive_paths and (archive_paths == parts.keys() or _has_lines(base, lines, state)):
        msg = f"data/{base} has no line for {key}"
        raise BrokenCommit(msg)
    return not parts or (not archive_paths and _has_lines(base, lines, state))


def _has_lines(path: str, lines: Pairs, state: ReplayState) -> bool:
    """Return whether a file has any line after a commit."""
    changed = lines.get(path, {})
    return any(new for _, new in changed.values()) or any(key not in changed for key in state.files[path])


def _store_new(values: dict[str, dict[Key, Any]], pairs_by_name: Pairs) -> None:
    """Store the new value of each pair, and remove the keys without one."""
    for name, pairs in pairs_by_name.items():
        for key, (_, new) in pairs.items():
            if new is None:
                values[name].pop(key, None)
            else:
                values[name][key] = new
