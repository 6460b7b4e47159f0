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
from orarchive.errors import ArchiveError, NotJSON
from orarchive.facets import Key, join
from orarchive.feeds import ASKED, FEEDS, Feed
from orarchive.git import stream
from orarchive.history.commits import Held
from orarchive.jsonl import Record, loads

DIFF = (
    *("diff-tree", "--stdin", "--always", "--root", "-r", "-m", "-p", "-U0", "--inter-hunk-context=0"),
    *("--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-indent-heuristic"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--format=%x00%H"),
)
"""Whatever a user's settings and attributes say: they could colour, rename, merge hunks or call a program."""

UNSEEN = "no commit shows its state"

FOLDERS = sorted({feed.folder for feed in FEEDS.values()})


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
                step = _step(one, next(diffs), state) if one.commit else Step(one, broken=UNSEEN)
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


def _diffs(archive: Archive, base: str | None, commits: list[str]) -> Generator[Diff, None, None]:
    """Yield what each commit changed against the one before it in the list, the first against `base`."""
    told = [" ".join(filter(None, pair)) for pair in zip(commits, [base, *commits], strict=False)]
    folders = [f"{PREFIX}{folder}" for folder in FOLDERS]
    lines = stream(archive.root, *DIFF, "--", *folders, stdin="".join(f"{one}\n" for one in told).encode())
    return _parsed(lines)


def _parsed(lines: Iterator[bytes]) -> Generator[Diff, None, None]:
    """Take git's output apart, commit by commit."""
    diff: Diff | None = None
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
            if diff is not None:
                yield diff
            diff, in_hunk = {}, False
        elif line.startswith(b"diff --git "):
            assert diff is not None
            in_hunk = False
            went, came = diff.setdefault(_path(line), ([], []))
    if diff is not None:
        yield diff


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
        try:
            lines[path] = _lines(path, feed, set(went), came, state.files[path])
        except Broken:
            if path in feed.files:  # a file that is not the archive's may say what it likes
                raise
    return lines


def _lines(
    path: str, feed: Feed, went: set[bytes], came: list[bytes], there: dict[Key, Line]
) -> dict[Key, Pair]:
    """The lines of one file that changed, by key."""
    by = ("model",) if is_asked(path) else feed.key
    touched: dict[Key, Pair] = {}
    for text in came:
        record = _read(text, path)
        key = _key(record, by, path)
        old = there.get(key)
        if key in touched or (old and old.text not in went):
            msg = f"data/{path}: two lines for {key}"
            raise Broken(msg)
        if old:
            went.discard(old.text)
        touched[key] = (old, Line(text, record))
    for text in went:
        key = _key(_read(text, path), by, path)
        touched[key] = (there[key], None)
    return touched


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
    try:
        return tuple(record[name] for name in by)
    except KeyError as error:
        msg = f"data/{path}: a line without {error}"
        raise Broken(msg) from None


def _records(lines: Pairs, state: State) -> Pairs:
    """The records that changed lines make up, by feed."""
    touched: Pairs = {}
    for name, feed in FEEDS.items():
        paths = [path for path in {**state.files, **lines} if feed_of(path) is feed and not is_asked(path)]
        keys = {key for path in paths for key in lines.get(path, ())}
        if keys:
            before = state.records[name]
            touched[name] = {key: (before.get(key), _record(feed, key, paths, lines, state)) for key in keys}
    return touched


def _record(feed: Feed, key: Key, paths: list[str], lines: Pairs, state: State) -> Record | None:
    """The record of a key after a commit."""
    parts: dict[str, Record] = {}
    for path in paths:
        changed = lines.get(path, {}).get(key)
        line = changed[1] if changed else state.files[path].get(key)
        if line is not None:
            parts[path] = line.record
    if not parts:
        return None
    base, *_ = feed.files
    if base not in parts and parts.keys() <= {*feed.files}:
        msg = f"data/{base} has no line for {key}"
        raise Broken(msg)
    names = {path.rpartition("/")[2].removesuffix(".jsonl"): part for path, part in parts.items()}
    return join(feed, names, [name for name in ("model", "n") if name in feed.key])


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
    folder, _, _ = path.rpartition("/")
    own = [feed for feed in FEEDS.values() if feed.folder == folder]
    return next((feed for feed in own if path in feed.files), own[0] if own else None)


@cache
def is_asked(path: str) -> bool:
    """Whether a file has a line for each model asked, not for each item."""
    feed = feed_of(path)
    return feed is not None and feed.item_lines and path == f"{feed.folder}/{ASKED}.jsonl"
