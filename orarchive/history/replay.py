"""Replay: the changes of every attempt, read from git as one stream, oldest first.

Time and memory follow what changed, not how much there is. Each commit is compared with the one whose state
counted before it, so what lies between them - code, reverted hours, merges - needs no rule.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orarchive.archive import PREFIX, Archive
from orarchive.errors import ArchiveError, GitError, NotJSON
from orarchive.facets import Key, join
from orarchive.feeds import ASKED, FEEDS, Feed
from orarchive.git import stream
from orarchive.history.commits import Held, Rewritten
from orarchive.jsonl import Record, loads

DIFF = (
    *("diff-tree", "--stdin", "--always", "-r", "-p", "-U0", "--inter-hunk-context=0"),
    *("--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-indent-heuristic"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--encoding=UTF-8", "--format=%x00%H"),
)
"""Whatever a user's settings and attributes say: they could colour, rename, merge hunks or call a program."""

UNSEEN = "no commit shows its state"

FOLDERS = sorted({feed.folder for feed in FEEDS.values()})
OWN = frozenset(path for feed in FEEDS.values() for path in feed.files)


class Broken(ArchiveError):
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
class State:
    """All lines as they stand after a commit, and the records that they make up."""

    files: dict[str, dict[Key, Line]] = field(default_factory=lambda: defaultdict(dict))
    """Path below data/ -> lines by key."""
    records: dict[str, dict[Key, Record]] = field(default_factory=lambda: {name: {} for name in FEEDS})
    """Feed -> records by key, joined from its files: of a sweep its items, of a copying feed its lines."""

    @classmethod
    def of(cls, files: dict[str, list[bytes]]) -> "State":
        """The state that the lines of files make up: path below data/ -> lines."""
        state = cls()
        diff: Diff = {path: ([], lines) for path, lines in files.items()}
        lines = _changed_lines(diff, state)
        _put(state.files, lines)
        _put(state.records, _records(lines, state))
        return state

    def apply(self, step: "Step") -> None:
        """Become what a step left."""
        _put(self.files, step.lines)
        _put(self.records, step.records)


@dataclass(frozen=True)
class Step:
    """What one attempt changed; `broken` says why its commit could not be read: then nothing is changed."""

    held: Held
    lines: Pairs = field(default_factory=dict)
    """Path below data/ -> key -> the line before and after."""
    records: Pairs = field(default_factory=dict)
    """Feed -> key -> the record before and after."""
    broken: str = ""


def replay(archive: Archive, held: list[Held], base: str | None, state: State) -> Iterator[Step]:
    """Yield every attempt with what it changed in `state`, which then is as the attempt left it.

    `base` is the commit that `state` shows, None before the first. A commit with a broken file is skipped:
    the next one is compared with the last that could be read.
    """
    left = list(held)
    while left:
        diffs = _diffs(archive, base, [one.commit for one in left if one.commit])
        for position, one in enumerate(left):
            try:
                step = _step(one, _next(diffs, one.commit), state) if one.commit else Step(one, broken=UNSEEN)
            except Broken as error:
                diffs.close()
                yield Step(one, broken=str(error))
                left = left[position + 1 :]
                break
            state.apply(step)
            base = one.commit or base
            yield step
        else:
            for _ in diffs:  # only at its end git says how it went
                pass
            return


Diff = dict[str, tuple[list[bytes], list[bytes]]]
"""Path below data/ -> the lines that went and the lines that came."""


def _diffs(archive: Archive, base: str | None, commits: list[str]) -> Generator[tuple[str, Diff], None, None]:
    """Yield each commit with what it changed against the one before it, the first against `base`."""
    if base is None and commits:  # against nothing: git would take the commit's own parents
        base, *commits = commits
        yield base, _whole(archive, base)
    told = [f"{commit} {before}\n" for commit, before in zip(commits, [str(base), *commits], strict=False)]
    folders = [f"{PREFIX}{folder}" for folder in FOLDERS]
    yield from _parsed(stream(archive.root, *DIFF, "--", *folders, stdin="".join(told).encode()))


def _whole(archive: Archive, commit: str) -> Diff:
    """All that a commit holds, as what came."""
    files = archive.files(commit, [path for path in archive.blobs(commit) if feed_of(path)])
    return {path: ([], data.removesuffix(b"\n").split(b"\n")) for path, data in files.items() if data}


def _next(diffs: Iterator[tuple[str, Diff]], commit: str) -> Diff:
    """The diff of a commit, whose turn it must be: git passes over one that it cannot read."""
    name, diff = next(diffs, ("", {}))
    if name != commit:
        msg = f"git diff-tree told nothing of commit {commit}; git fsck says what is wrong"
        raise GitError(msg)
    return diff


def _parsed(lines: Iterator[bytes]) -> Generator[tuple[str, Diff], None, None]:
    """Take git's output apart, commit by commit."""
    name = ""
    diff: Diff = {}
    went: list[bytes] = []
    came: list[bytes] = []
    in_hunk = False
    for line in lines:
        mark = line[:1]
        if in_hunk and mark == b"+":
            came.append(line[1:-1])
        elif in_hunk and mark == b"-":
            went.append(line[1:-1])
        elif mark == b"@":
            in_hunk = True
        elif mark == b"\0":
            if name:
                yield name, diff
            name, diff, in_hunk = line[1:-1].decode(), {}, False
        elif line.startswith(b"diff --git "):
            in_hunk = False
            went, came = diff.setdefault(_path(line), ([], []))
    if name:
        yield name, diff


def _path(line: bytes) -> str:
    """The path below data/ that a `diff --git a/... b/...` line names."""
    return line.decode(errors="replace").rstrip("\n").partition(f" b/{PREFIX}")[2]


def _step(held: Held, diff: Diff, state: State) -> Step:
    """What a diff does to the state; raises Broken where it does not fit."""
    lines = _changed_lines(diff, state)
    return Step(held, lines, _records(lines, state))


def _changed_lines(diff: Diff, state: State) -> Pairs:
    """The lines that changed, by path and key."""
    lines: Pairs = {}
    for path, (went, came) in diff.items():
        feed = feed_of(path)
        if feed is None:
            continue
        there = state.files[path]
        try:
            lines[path] = _lines(path, feed, went, came, there)
        except Broken:
            if path in feed.files:
                raise
            # a file that is not the archive's may say what it likes: from now on nobody listens
            lines[path] = {key: (line, None) for key, line in there.items()}
    return lines


def _lines(
    path: str, feed: Feed, went: list[bytes], came: list[bytes], there: dict[Key, Line]
) -> dict[Key, Pair]:
    """The lines of one file that changed, by key."""
    by = ("model",) if is_asked(path) else feed.key
    left = set(went)  # most are replaced: they are known by their text, and not read again
    pairs: dict[Key, Pair] = {}
    for text in came:
        record = _read(text, path)
        key = _key(record, by, path)
        old = there.get(key)
        if key in pairs or (old and old.text not in left):
            msg = f"data/{path}: two lines for {key}"
            raise Broken(msg)
        if old:
            left.remove(old.text)
        pairs[key] = (old, Line(text, record))
    for text in left:
        key = _key(_read(text, path), by, path)
        if key in pairs or key not in there or there[key].text != text:
            msg = f"data/{path}: a line for {key} went that was not there"
            # of the archive's own files all lines are known, unless they were read from a damaged index
            raise Rewritten(msg) if path in feed.files else Broken(msg)
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
        raise Broken(msg) from None
    if not isinstance(record, dict):
        msg = f"data/{path}: a line that is not an object"
        raise Broken(msg)
    return record


def _key(record: Record, by: tuple[str, ...], path: str) -> Key:
    for name in by:
        if type(record.get(name)) is not (int if name == "n" else str):
            msg = f"data/{path}: a line without a proper {name!r}"
            raise Broken(msg)
    return tuple(record[name] for name in by)


def _records(lines: Pairs, state: State) -> Pairs:
    """The records that changed lines make up, by feed."""
    touched: Pairs = {}
    foreign = sorted(path for path in {**state.files, **lines} if path not in OWN)
    for name, feed in FEEDS.items():
        strange = [path for path in foreign if feed_of(path) is feed]
        # of a field that is in two files the archive's own counts
        paths = [*strange, *(path for path in feed.files if not is_asked(path))]
        keys = {key for path in paths for key in lines.get(path, ())}
        before = state.records[name]
        pairs = {key: (before.get(key), _record(feed, key, paths, lines, state)) for key in keys}
        for key in [key for key, (_, record) in pairs.items() if record is None]:
            _forget(key, strange, lines, state)
        if pairs := {key: pair for key, pair in pairs.items() if pair != (None, None)}:
            touched[name] = pairs
    return touched


def _forget(key: Key, paths: list[str], lines: Pairs, state: State) -> None:
    """Take out what files that are not the archive's say of a key without a record."""
    for path in paths:
        lines.get(path, {}).pop(key, None)
        if key in state.files[path]:
            lines.setdefault(path, {})[key] = (state.files[path][key], None)


def _record(feed: Feed, key: Key, paths: list[str], lines: Pairs, state: State) -> Record | None:
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
            raise Broken(msg)
        if not parts or (not own and _stands(base, lines, state)):
            return None
    names = {name_of(path): part for path, part in parts.items()}
    try:
        return join(feed, names, [name for name in ("model", "n") if name in feed.key])
    except (KeyError, TypeError):
        msg = f"data/{feed.folder}/{feed.clock_file}.jsonl has a line for {key}, which has no prices"
        raise Broken(msg) from None


def _stands(path: str, lines: Pairs, state: State) -> bool:
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


@cache
def feed_of(path: str) -> Feed | None:
    """The feed of a file below data/; one whose name nobody knows (any more) belongs to its folder's."""
    folder, _, name = path.rpartition("/")
    own = [feed for feed in FEEDS.values() if feed.folder == folder and name.endswith(".jsonl")]
    return next((feed for feed in own if path in feed.files), own[0] if own else None)


@cache
def name_of(path: str) -> str:
    """The name of a file, without its ending."""
    return path.rpartition("/")[2].removesuffix(".jsonl")


@cache
def is_asked(path: str) -> bool:
    """Whether a file has a line for each model asked, not for each item."""
    feed = feed_of(path)
    return feed is not None and feed.item_lines and path == f"{feed.folder}/{ASKED}.jsonl"
