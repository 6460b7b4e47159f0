"""Which commit holds which hour: the attempts of the ledger, oldest first, each with its commit.

The ledger at the tip says which attempts there are, and the tree of the commit that brought a line is the
state after that attempt. So commits of code, hand-made edits, merges and reverted hours need no rule of
their own: what brought no line that is still there is no observation.
"""

import datetime as dt
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

from orarchive.errors import ArchiveError, NotJSON
from orarchive.jsonl import dumps, loads
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git
from orarchive.store.ledger import Attempt, attempt_hour
from orarchive.timestamps import format_hour, format_stamp

PAST_REFS = ("refs/heads/past/", "refs/remotes/*/past/**")
"""Where the branches of imported pasts are found: ours, and those of a clone."""

LEDGER_PATHSPEC = f":(glob){DATA_PREFIX}{ledger.LEDGER_GLOB}"
"""The ledger's files, for git."""

LOG_COMMAND = (
    *("log", "--no-renames", "--no-follow", "--root", "--no-show-signature"),
    *("--encoding=UTF-8", "--no-color", "--no-textconv"),
)
"""Whatever a user's settings say."""


class HistoryRewritten(ArchiveError):
    """The past is another one than before: what was read of it does not hold any more."""


@dataclass(frozen=True)
class AttemptCommit:
    """An attempt and the commit whose tree is the state after it; None: no commit shows that state."""

    attempt: Attempt
    commit: str | None

    @property
    def hour(self) -> dt.datetime:
        """The hour that the attempt was at."""
        return attempt_hour(self.attempt)


def list_tips(archive: Archive, tip: str) -> list[str]:
    """The commits at which an archive's history ends: of each imported past, oldest first, then its own.

    A past that is in the history of the tip, or is the tip itself, is no other one.
    """
    printed = archive.run_git("for-each-ref", "--format=%(refname) %(objectname)", *PAST_REFS)
    found: dict[str, str] = {}
    for line in printed.splitlines():
        name, _, commit = line.partition(" ")
        found.setdefault(name.partition("/past/")[2], commit)
    beside = [commit for commit in found.values() if not archive.is_ancestor(commit, tip)]
    pasts = {commit: ledger.read_attempts(archive, commit) for commit in beside}
    begun = {commit: lines[0]["hour"] for commit, lines in pasts.items() if lines}
    return [*sorted(begun, key=lambda commit: (begun[commit], commit)), tip]


def list_attempts(archive: Archive, ends: list[str]) -> list[AttemptCommit]:
    """Every attempt of an archive, oldest first, from the ledgers at its tips."""
    found: list[AttemptCommit] = []
    for end in ends:
        _refuse_lost(archive, end)
        part = _held(archive, ledger.read_attempts(archive, end), end)
        if found and part and found[-1].hour >= part[0].hour:
            last, first = format_hour(found[-1].hour), format_hour(part[0].hour)
            msg = f"an imported past goes on to {last}, beyond {first}"
            raise ArchiveError(msg)
        found += part
    return found


def list_new_attempts(archive: Archive, known: list[str], ends: list[str]) -> list[AttemptCommit]:
    """The attempts that came after those of known tips; a past that is another one raises Rewritten."""
    before, now = known[-1], ends[-1]
    if known[:-1] != ends[:-1] or not archive.is_ancestor(before, now):
        msg = "the commits are others than before"
        raise HistoryRewritten(msg)
    old, new = (ledger.list_ledger_files(archive, commit) for commit in (before, now))
    last = max(old, default="")
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    contents = archive.read_blobs(
        {side[path] for path in (last, *changed) for side in (old, new) if path in side}
    )
    lines: list[Attempt] = []
    for path in changed:
        had, has = (contents.get(side.get(path, ""), b"") for side in (old, new))
        if path < last or not has.startswith(had):
            msg = "the ledger has other lines than before"
            raise HistoryRewritten(msg)
        lines += _added(had, has, path)
    hours = {line["hour"].encode() for line in lines}
    # of the same hours, not all: the next hour costs the same at the end of a month
    there = contents.get(old.get(last, ""), b"").splitlines()
    lines = ledger.drop_repeats(lines, [loads(text) for text in there if any(hour in text for hour in hours)])
    return _held(archive, lines, now, f"^{before}")


def _added(had: bytes, has: bytes, path: str) -> list[Attempt]:
    """The lines that a ledger file has beyond those that it had."""
    tail = has[len(had) :]
    try:
        # somebody's editor may have left the last line without its end
        return ledger.parse_ledger(tail if had.endswith(b"\n") else tail.removeprefix(b"\n"), path)
    except ArchiveError:
        ledger.parse_ledger(has, path)  # says which line of the file it is
        raise


def refuse_shallow(archive: Archive) -> None:
    """Refuse a clone that lacks its past."""
    if archive.run_git("rev-parse", "--is-shallow-repository") == "true":
        msg = f"{archive.root} is a shallow clone and lacks its past; git fetch --unshallow brings it"
        raise ArchiveError(msg)


def _refuse_lost(archive: Archive, end: str) -> None:
    """Refuse a ledger that lacks a month; one whose only hour was reverted is none."""
    there = ledger.list_ledger_files(archive, end)
    commit = ""
    shown = ("--diff-filter=D", "--raw", "--no-abbrev", "--format=%x00%H")
    for line in stream_git(archive.root, *LOG_COMMAND, *shown, end, "--", LEDGER_PATHSPEC):
        if line.startswith(b"\0"):
            commit = line[1:-1].decode()
            continue
        about, _, name = line.decode(errors="replace").rstrip("\n").partition("\t")
        path = name.removeprefix(DATA_PREFIX)
        if name and path not in there:
            blob = about.split(" ")[2]
            there[path] = blob  # of several commits that deleted it, the last one counts
            if len(_hours(archive.read_blobs([blob])[blob])) > 1:
                back = f"git restore --source={commit[:10]}~ --staged --worktree {name}"
                msg = f"{name} is missing: commit {commit[:10]} deleted it; {back} and a commit bring it back"
                raise ArchiveError(msg)


def _hours(content: bytes) -> set[str]:
    """The hours in a file of the ledger that is gone: what it says besides hurts nobody any more."""
    found = set()
    for line in content.splitlines():
        with suppress(NotJSON, KeyError, TypeError):
            found.add(loads(line)["hour"])
    return found


def _held(archive: Archive, lines: list[Attempt], end: str, *known: str) -> list[AttemptCommit]:
    """Attempts with their commits; a commit shows the state after the last hour that it brought.

    Where not every line has a commit that says so itself, and every commit a line, what they changed tells:
    there are somebody's own commits, hours that were reverted, or two writers of one hour whose branches
    were merged.
    """
    named = _named(archive, end, *known)
    own = [named[_name(line)] for line in lines]
    brought: dict[bytes, list[str]] = {}
    if any(len(names) != 1 for names in own) or sum(map(len, named.values())) != len(lines):
        brought = _brought(archive, end)
    found = [_showing(names, brought.get(dumps(line), [])) for line, names in zip(lines, own, strict=True)]
    last = {commit: line["hour"] for line, commit in zip(lines, found, strict=True)}
    held = [
        AttemptCommit(line, commit if last[commit] == line["hour"] else None)
        for line, commit in zip(lines, found, strict=True)
    ]
    return sorted(held, key=lambda one: one.hour)


def _showing(own: list[str], brought: list[str]) -> str | None:
    """Of the commits that say they are an attempt, and those that brought its line, the one that shows it."""
    both = [commit for commit in own if commit in brought]
    # what is brought back later, by a revert of a revert, shows the hours since as well
    return next(iter([*both[::-1], *brought, *own[::-1]]), None)


AttemptName = tuple[str, str]
"""An attempt by its hour and its number in that hour."""


def _name(line: Attempt) -> AttemptName:
    return line["hour"], str(line["attempt"])


def _named(archive: Archive, end: str, *known: str) -> dict[AttemptName, list[str]]:
    """The commits that say themselves which attempt they are, oldest first."""
    form = "--format=%H %at %(trailers:key=Attempt,valueonly,unfold,separator=%x2C)"
    printed = archive.run_git(*LOG_COMMAND, "--reverse", form, end, *known, "--", LEDGER_PATHSPEC)
    named: dict[AttemptName, list[str]] = defaultdict(list)
    for line in printed.splitlines():
        name, seconds, attempt = (*line.split(" "), "")[:3]
        with suppress(ValueError, OverflowError):  # somebody's commit, of a time that no calendar has
            named[format_stamp(dt.datetime.fromtimestamp(int(seconds), dt.UTC)), attempt].append(name)
    return named


def _brought(archive: Archive, end: str) -> dict[bytes, list[str]]:
    """The commits that brought each line of the ledger, oldest first; one that only reworded it did not."""
    found: dict[bytes, list[str]] = defaultdict(list)
    shown = ("--reverse", "-p", "-U0", "--text", "--format=%x00%H")
    commit = ""
    went: set[AttemptName] = set()
    for line in stream_git(archive.root, *LOG_COMMAND, *shown, end, "--", LEDGER_PATHSPEC):
        if line.startswith(b"\0"):
            commit, went = line[1:-1].decode(), set()
        elif line.startswith((b"+{", b"-{")):
            with suppress(NotJSON, KeyError, TypeError):
                attempt: Attempt = loads(line[1:])
                if line.startswith(b"-"):
                    went.add(_name(attempt))
                elif _name(attempt) not in went:
                    found[dumps(attempt)].append(commit)
    return found
