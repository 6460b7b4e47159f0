"""Which commit holds which hour: the attempts of the ledger, oldest first, each with its commit.

The ledger at the tip says which attempts there are, and the tree of the commit that brought a line is the
state after that attempt. So commits of code, hand-made edits, merges and reverted hours need no rule of
their own: what brought no line that is still there is no observation.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from orarchive import ledger
from orarchive.archive import PREFIX, Archive
from orarchive.errors import ArchiveError
from orarchive.git import stream
from orarchive.hours import prose, stamp
from orarchive.jsonl import dumps
from orarchive.ledger import Attempt, hour_of

PASTS = ("refs/heads/past", "refs/remotes/*/past/**")
"""Where the branches of imported pasts are found: ours, and those of a clone."""


class Rewritten(ArchiveError):
    """The past is another one than before: what was read of it does not hold any more."""


@dataclass(frozen=True)
class Held:
    """An attempt and the commit whose tree is the state after it; None: no commit shows that state."""

    attempt: Attempt
    commit: str | None

    @property
    def hour(self) -> dt.datetime:
        """The hour that the attempt was at."""
        return hour_of(self.attempt)


def tips(archive: Archive, tip: str) -> list[str]:
    """The commits at which an archive's history ends: of each imported past, oldest first, then its own."""
    printed = archive.git("for-each-ref", "--format=%(refname) %(objectname)", *PASTS)
    found: dict[str, str] = {}
    for line in printed.splitlines():
        name, _, commit = line.partition(" ")
        found.setdefault(name.partition("/past/")[2], commit)
    pasts = {commit: ledger.attempts(archive, commit) for commit in found.values()}
    begun = {commit: lines[0]["hour"] for commit, lines in pasts.items() if lines}
    return [*sorted(begun, key=lambda commit: (begun[commit], commit)), tip]


def chain(archive: Archive, ends: list[str]) -> list[Held]:
    """Every attempt of an archive, oldest first, from the ledgers at its tips."""
    found: list[Held] = []
    for end in ends:
        part = _held(archive, ledger.attempts(archive, end), end)
        if found and part and found[-1].hour >= part[0].hour:
            msg = f"an imported past goes on to {prose(found[-1].hour)}, beyond {prose(part[0].hour)}"
            raise ArchiveError(msg)
        found += part
    return found


def since(archive: Archive, known: list[str], ends: list[str]) -> list[Held]:
    """The attempts that came after those of known tips; a past that is another one raises Rewritten."""
    before, now = known[-1], ends[-1]
    if known[:-1] != ends[:-1] or not archive.is_ancestor(before, now):
        msg = "the commits are others than before"
        raise Rewritten(msg)
    old, new = (ledger.books(archive, commit) for commit in (before, now))
    last = max(old, default="")
    lines: list[Attempt] = []
    for path in sorted(path for path in {*old, *new} if old.get(path) != new.get(path)):
        names = [side[path] for side in (old, new) if path in side]
        contents = archive.contents(names)
        had, has = (contents.get(side.get(path, ""), b"") for side in (old, new))
        if path < last or not has.startswith(had):
            msg = "the ledger has other lines than before"
            raise Rewritten(msg)
        lines += ledger.read(has[len(had) :], path)
    return _held(archive, lines, f"{before}..{now}")


def refuse_shallow(archive: Archive) -> None:
    """Refuse a clone that lacks its past."""
    if archive.git("rev-parse", "--is-shallow-repository") == "true":
        msg = f"{archive.root} is a shallow clone and lacks its past; git fetch --unshallow brings it"
        raise ArchiveError(msg)


def _held(archive: Archive, lines: list[Attempt], commits: str) -> list[Held]:
    """Attempts with their commits among those of a range; a commit shows the state after its last line."""
    named = _named(archive, commits)
    found = [next(iter(named[_name(line)]), None) for line in lines]
    twice = {_name(line) for line in lines if len(named[_name(line)]) != 1}
    if twice:  # somebody's own commits, or two writers of one hour whose branches were merged
        brought = _brought(archive, commits)
        found = [
            brought.get(dumps(line)) if _name(line) in twice else commit
            for line, commit in zip(lines, found, strict=True)
        ]
    shown = {commit: position for position, commit in enumerate(found) if commit}
    held = [
        Held(line, commit if commit and shown[commit] == position else None)
        for position, (line, commit) in enumerate(zip(lines, found, strict=True))
    ]
    return sorted(held, key=lambda one: one.hour)


Name = tuple[str, str]
"""An attempt by its hour and its number in that hour."""


def _name(line: Attempt) -> Name:
    return line["hour"], str(line["attempt"])


def _named(archive: Archive, commits: str) -> dict[Name, list[str]]:
    """The commits of a range that say themselves which attempt they are, oldest first."""
    form = "--format=%H %at %(trailers:key=Attempt,valueonly,separator=%x2C)"
    printed = archive.git("log", "--reverse", form, commits, "--", f"{PREFIX}hours")
    named: dict[Name, list[str]] = defaultdict(list)
    for line in printed.splitlines():
        name, seconds, attempt = (*line.split(" "), "")[:3]
        named[stamp(dt.datetime.fromtimestamp(int(seconds), dt.UTC)), attempt].append(name)
    return named


def _brought(archive: Archive, commits: str) -> dict[bytes, str]:
    """The first commit of a range that brought each line of the ledger, read from what they changed."""
    show = (
        "--reverse",
        "-p",
        "-U0",
        "--text",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
    )
    found: dict[bytes, str] = {}
    name = ""
    for line in stream(archive.root, "log", *show, "--format=%x00%H", commits, "--", f"{PREFIX}hours"):
        if line.startswith(b"\0"):
            name = line[1:-1].decode()
        elif line.startswith(b"+{"):
            found.setdefault(line[1:-1], name)
    return found
