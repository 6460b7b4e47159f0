"""Attempts: which commit shows the state after which attempt of the ledger, oldest first.

The ledger at the tip says which attempts there are, and the tree of the commit that brought a line is the
state after that attempt. So commits of code, edits by hand, merges and reverted hours need no rule of their
own: a commit that brought no line which is still in the ledger is not an attempt.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from orarchive.errors import ArchiveError, NotArchivedError, NotJSON
from orarchive.jsonl import dumps, loads
from orarchive.store import ledger
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git
from orarchive.store.ledger import Attempt, get_attempt_hour
from orarchive.timestamps import format_hour, format_stamp

PAST_REFS = ("refs/heads/past/", "refs/remotes/*/past/**")
"""Branches of imported pasts: ours, and those of the repository that was cloned."""

RECENT_MONTHS = 3
"""Ledger files that answer most questions: with the two before it a month has the 30 days before any hour."""

LEDGER_PATHSPEC = f":(glob){DATA_PREFIX}{ledger.LEDGER_GLOB}"
"""The ledger's files, for git."""

LOG_COMMAND = (
    *("log", "--no-renames", "--no-follow", "--root", "--no-show-signature"),
    *("--encoding=UTF-8", "--no-color", "--no-textconv"),
)
"""`git log` with options that override a user's settings."""


class HistoryRewritten(ArchiveError):
    """The commits or the ledger are not those of an earlier reading, which therefore is worthless."""


@dataclass(frozen=True)
class AttemptCommit:
    """An attempt and the commit whose tree is the state after it; None: no commit shows that state."""

    attempt: Attempt
    commit: str | None

    @property
    def hour(self) -> dt.datetime:
        """Return the hour of the attempt."""
        return get_attempt_hour(self.attempt)


def list_tips(archive: Archive, tip: str) -> list[str]:
    """List the commits at which the history ends: of each imported past, oldest first, then `tip`.

    A past that is in the history of `tip`, or is `tip` itself, is left out.
    """
    output = archive.run_git("for-each-ref", "--format=%(refname) %(objectname)", *PAST_REFS)
    past_tips: dict[str, str] = {}
    for line in output.splitlines():
        ref, _, commit = line.partition(" ")
        past_tips.setdefault(ref.partition("/past/")[2], commit)
    separate = [commit for commit in past_tips.values() if not archive.is_ancestor(commit, tip)]
    first_hours = {commit: hour for commit in separate if (hour := ledger.read_first_hour(archive, commit))}
    return [*sorted(first_hours, key=lambda commit: (first_hours[commit], commit)), tip]


def list_attempts(archive: Archive, tips: list[str], until: dt.datetime | None = None) -> list[AttemptCommit]:
    """List every attempt of an archive, oldest first, from the ledgers at its tips.

    With `until` read only the months before and up to that hour: RECENT_MONTHS files of each ledger. Raise
    ArchiveError where a ledger lost a month, or where two pasts overlap.
    """
    attempts: list[AttemptCommit] = []
    for tip in tips:
        _refuse_lost_month(archive, tip)
        months = RECENT_MONTHS if until else None
        past = _match_commits(archive, ledger.read_attempts(archive, tip, months, until), tip)
        if attempts and past and attempts[-1].hour >= past[0].hour:
            last, first = format_hour(attempts[-1].hour), format_hour(past[0].hour)
            msg = (
                f"an imported past ends at {last}, but the hours after it begin at {first}; delete the branch"
                " of the past (git branch -D past/NAME) and import it again, which leaves out such hours"
            )
            raise ArchiveError(msg)
        attempts += past
    return attempts


def list_new_attempts(archive: Archive, old_tips: list[str], tips: list[str]) -> list[AttemptCommit]:
    """List the attempts since those of `old_tips`; raise HistoryRewritten where those are no longer there."""
    old_tip, tip = old_tips[-1], tips[-1]
    if old_tips[:-1] != tips[:-1] or not archive.is_ancestor(old_tip, tip):
        msg = "the archive's commits are not those that were read before"
        raise HistoryRewritten(msg)
    old, new = (ledger.list_ledger_files(archive, commit) for commit in (old_tip, tip))
    last = max(old, default="")
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    contents = archive.read_blobs(
        {files[path] for path in (last, *changed) for files in (old, new) if path in files}
    )
    lines: list[Attempt] = []
    for path in changed:
        before, after = (contents.get(files.get(path, ""), b"") for files in (old, new))
        if path < last or not after.startswith(before):
            msg = "the ledger's lines are not those that were read before"
            raise HistoryRewritten(msg)
        lines += _parse_added_lines(before, after, path)
    hours = {line["hour"].encode() for line in lines}
    # Only earlier lines of the same hours are parsed, so that the next hour costs the same all month.
    earlier = contents.get(old.get(last, ""), b"").splitlines()
    lines = ledger.drop_repeats(
        lines, [loads(line) for line in earlier if any(hour in line for hour in hours)]
    )
    return _match_commits(archive, lines, tip, f"^{old_tip}")


def _parse_added_lines(before: bytes, after: bytes, path: str) -> list[Attempt]:
    """Parse the lines that a ledger file has beyond those that it had."""
    tail = after[len(before) :]
    try:
        # An editor may have left the last line without its line end.
        return ledger.parse_ledger(tail if before.endswith(b"\n") else tail.removeprefix(b"\n"), path)
    except ArchiveError:
        # Parsing the whole file raises the same error with the number of the line in the file.
        ledger.parse_ledger(after, path)
        raise


def build_no_hours_error(archive: Archive) -> NotArchivedError:
    """Build the error for an archive without hours; the message names the command that archives one."""
    return NotArchivedError(f"{archive.root} holds no hours yet; orarchive scrape archives one")


def refuse_shallow(archive: Archive) -> None:
    """Raise ArchiveError for a shallow clone, which lacks its past."""
    if archive.is_shallow:
        msg = f"{archive.root} is a shallow clone and lacks its past; git fetch --unshallow brings it"
        raise ArchiveError(msg)


def _refuse_lost_month(archive: Archive, tip: str) -> None:
    """Raise ArchiveError where a month of the ledger was deleted; one whose only hour was reverted may go."""
    blobs = ledger.list_ledger_files(archive, tip)
    commit = ""
    options = ("--diff-filter=D", "--raw", "--no-abbrev", "--format=%x00%H")
    for line in stream_git(archive.root, *LOG_COMMAND, *options, tip, "--", LEDGER_PATHSPEC):
        if line.startswith(b"\0"):
            commit = line[1:-1].decode()
            continue
        details, _, name = line.decode(errors="replace").rstrip("\n").partition("\t")
        path = name.removeprefix(DATA_PREFIX)
        if name and path not in blobs:
            blob = details.split(" ")[2]
            # Of several commits that deleted the file the newest counts, which git lists first.
            blobs[path] = blob
            if len(_read_hours(archive.read_blobs([blob])[blob])) > 1:
                remedy = f"git restore --source={commit[:10]}~ --staged --worktree {name}"
                msg = (
                    f"{name} is missing: commit {commit[:10]} deleted it; {remedy} and a commit bring it back"
                )
                raise ArchiveError(msg)


def _read_hours(content: bytes) -> set[str]:
    """Return the hours in a deleted file of the ledger; a line that is not one of the ledger has none."""
    hours = set()
    for line in content.splitlines():
        with suppress(NotJSON, KeyError, TypeError):
            hours.add(loads(line)["hour"])
    return hours


def _match_commits(archive: Archive, lines: list[Attempt], tip: str, *excluded: str) -> list[AttemptCommit]:
    """Match attempts to commits, by hour; a commit shows the state after the last hour that it brought.

    The trailers of the commits name their attempts. Where not every line has exactly one such commit and
    every commit a line, the diffs of the ledger decide: then somebody committed by hand, hours were reverted,
    or the branches of two writers of one hour were merged.
    """
    if not lines:
        return []
    by_trailer = _find_commits_by_trailer(archive, tip, *excluded)
    months = {line["hour"][:7] for line in lines}
    by_trailer = {name: commits for name, commits in by_trailer.items() if name[0][:7] in months}
    candidates = [by_trailer.get(_name_attempt(line), []) for line in lines]
    by_diff: dict[bytes, list[str]] = {}
    if any(len(names) != 1 for names in candidates) or sum(map(len, by_trailer.values())) != len(lines):
        by_diff = _find_commits_by_diff(archive, tip)
    commits = [
        _choose_commit(names, by_diff.get(dumps(line), []))
        for line, names in zip(lines, candidates, strict=True)
    ]
    last_hours = {commit: line["hour"] for line, commit in zip(lines, commits, strict=True)}
    attempts = [
        AttemptCommit(line, commit if last_hours[commit] == line["hour"] else None)
        for line, commit in zip(lines, commits, strict=True)
    ]
    return sorted(attempts, key=lambda attempt: attempt.hour)


def _choose_commit(by_trailer: list[str], by_diff: list[str]) -> str | None:
    """Choose the commit that shows an attempt, of those that name it and those that brought its line."""
    agreeing = [commit for commit in by_trailer if commit in by_diff]
    # A line that is brought back later, by a revert of a revert, shows the hours since as well: the first
    # commit that brought it comes before those.
    return next(iter([*agreeing[::-1], *by_diff, *by_trailer[::-1]]), None)


AttemptName = tuple[str, str]
"""An attempt by its hour and its number in that hour."""


def _name_attempt(line: Attempt) -> AttemptName:
    """Return the name of an attempt; raise KeyError or TypeError for a line that is not one of the ledger."""
    return line["hour"], str(line["attempt"])


def _find_commits_by_trailer(archive: Archive, tip: str, *excluded: str) -> dict[AttemptName, list[str]]:
    """Find the commits whose author date and trailer name an attempt, oldest first."""
    form = "--format=%H %at %(trailers:key=Attempt,valueonly,unfold,separator=%x2C)"
    output = archive.run_git(*LOG_COMMAND, "--reverse", form, tip, *excluded, "--", LEDGER_PATHSPEC)
    commits: dict[AttemptName, list[str]] = defaultdict(list)
    for line in output.splitlines():
        commit, seconds, attempt = (*line.split(" "), "")[:3]
        # A commit by hand may have a date that Python's calendar lacks.
        with suppress(ValueError, OverflowError):
            commits[format_stamp(dt.datetime.fromtimestamp(int(seconds), dt.UTC)), attempt].append(commit)
    return commits


def list_committed_lines(archive: Archive, tip: str) -> Iterator[Attempt]:
    """Yield every line of the ledger that any commit in the history of `tip` added, oldest first."""
    for _, sign, line in _stream_ledger_changes(archive, tip):
        with suppress(KeyError, TypeError, ValueError):
            _ = get_attempt_hour(line), line["attempt"]
            if sign == "+":
                yield line


def _stream_ledger_changes(archive: Archive, tip: str) -> Iterator[tuple[str, str, Attempt]]:
    """Yield each commit that changed the ledger, oldest first, with `+` or `-` and a line; no other text."""
    options = ("--reverse", "-p", "-U0", "--text", "--format=%x00%H")
    commit = ""
    for text in stream_git(archive.root, *LOG_COMMAND, *options, tip, "--", LEDGER_PATHSPEC):
        if text.startswith(b"\0"):
            commit = text[1:-1].decode()
        elif text.startswith((b"+{", b"-{")):
            with suppress(NotJSON):
                yield commit, text[:1].decode(), loads(text[1:])


def _find_commits_by_diff(archive: Archive, tip: str) -> dict[bytes, list[str]]:
    """Find the commits that brought each line of the ledger, oldest first.

    A commit that only changed the text of an attempt's line did not bring it.
    """
    commits: dict[bytes, list[str]] = defaultdict(list)
    removed: set[tuple[str, AttemptName]] = set()
    for commit, sign, line in _stream_ledger_changes(archive, tip):
        with suppress(KeyError, TypeError):
            name = (commit, _name_attempt(line))
            if sign == "-":
                removed.add(name)
            elif name not in removed:
                commits[dumps(line)].append(commit)
    return commits
