"""An archive of six hours, and histories made of its commits, for tests of the replay.

The hours straddle the turn of a month.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orarchive.domain.data_paths import SNAPSHOT_FILES
from orarchive.domain.feeds import FEEDS, CopyFeed
from orarchive.domain.snapshot import get_records_by_key, parse_snapshot_files
from orarchive.history.attempts import list_attempts, list_tips
from orarchive.history.replay import ReplayState, replay
from orarchive.jsonl import Record, dumps, loads
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from orarchive.timestamps import format_stamp
from tests.support.archives import HOUR, Stage
from tests.support.histories import (
    NewCommit,
    Tables,
    build_index,
    grow_index,
    make_commits,
    query_index,
    read_tables,
)

HOURS = [START + number * HOUR for number in range(-3, 3)]

LAST = HOURS[-1]

MODEL = "google/gemini-2.5-pro"

FACTS = "models/facts.jsonl"

NOON = dt.datetime(2026, 6, 1, 12, 34, 56, tzinfo=dt.UTC)
"""Time of commits by hand."""


@dataclass(frozen=True)
class SixHours:
    """The archive that histories are made of: its commits, and the tables of its index."""

    stage: Stage
    commits: list[NewCommit]
    """The commits of hours 0, 0 (daily feeds), 1, 2, 3, 3 (daily feeds), 4 and 5."""
    tables: Tables

    def select(self, *numbers: int) -> list[NewCommit]:
        """Return the commits of hours by number, with only those hours in their ledgers."""
        hours = [format_stamp(HOURS[number]) for number in numbers]
        return [commit.with_hours(*hours) for commit in self.commits if commit.hours[-1] in hours]


def commit_by_hand(commit: NewCommit, message: str = "Somebody's own\n\nAttempt: 7\n  or so\n") -> NewCommit:
    """Return the commit as somebody makes it by hand: with another message, at another time."""
    return commit.with_fields(message=message, date=NOON)


def commit_code(before: NewCommit, name: str = "README.md", content: bytes = b"About\n") -> NewCommit:
    """Return a commit of code on top of another commit."""
    return NewCommit({**before.files, name: content}, date=NOON)


def change_finish(commit: NewCommit, number: int) -> NewCommit:
    """Return the commit with another time at which the attempts at an hour ended."""

    def change_line(line: bytes) -> bytes:
        attempt = loads(line)
        if attempt["hour"] == format_stamp(HOURS[number]):
            attempt["finished"] = format_stamp(NOON)
        return dumps(attempt) + b"\n"

    ledgers = {path: data for path, data in commit.files.items() if path.startswith("data/hours/")}
    dated = {path: b"".join(map(change_line, data.splitlines())) for path, data in ledgers.items()}
    return commit.with_fields(files={**commit.files, **dated})


def edit_lines(commit: NewCommit, path: str, change: Callable[[list[Record]], list[Record]]) -> NewCommit:
    """Return the commit with other lines in a file."""
    lines = change([loads(line) for line in commit[path].splitlines()])
    return commit.with_files({path: b"".join(dumps(line) + b"\n" for line in lines)})


def edit_field(commit: NewCommit, path: str, name: str, value: Any, model: str = MODEL) -> NewCommit:
    """Return the commit with a field of a model changed."""
    return edit_lines(
        commit, path, lambda lines: [{**line, name: value} if line["id"] == model else line for line in lines]
    )


def rename_model(commit: NewCommit, name: str) -> NewCommit:
    """Return the commit with another name for a model."""
    return edit_field(commit, "models/facts.jsonl", "name", name)


def make_pasts(six_hours: SixHours, root: Path, *parts: tuple[str, tuple[int, ...]]) -> None:
    """Make hours of the archive on branches of their own, each with its own ledger."""
    for branch, numbers in parts:
        make_commits(root, six_hours.select(*numbers), branch)
        run_git(root, "reset", "--hard", "--quiet")


def read_commits(root: Path) -> list[str | None]:
    """Return the commits of all attempts in the index."""
    return [
        commit
        for (commit,) in query_index(open_archive(root), "select commit_id from attempts order by attempt")
    ]


def assert_replayed(root: Path) -> None:
    """Assert that after every attempt the lines and the records are those of its commit's tree."""
    archive = open_archive(root)
    state = ReplayState()
    for step in replay(
        archive, list_attempts(archive, list_tips(archive, str(archive.resolve_commit()))), None, state
    ):
        if step.broken_reason:
            continue
        files = archive.read_files(step.attempt_commit.commit)
        replayed = {path: sorted(line.text for line in lines.values()) for path, lines in state.files.items()}
        assert {path: lines for path, lines in replayed.items() if lines and path in SNAPSHOT_FILES} == {
            path: sorted(content.split(b"\n")[:-1] if content.endswith(b"\n") else content.split(b"\n"))
            for path, content in files.items()
            if content and path in SNAPSHOT_FILES
        }
        snapshot = parse_snapshot_files(files.get)
        for name, feed in FEEDS.items():
            if not isinstance(feed, CopyFeed):
                assert state.records[name] == get_records_by_key(feed, snapshot[name]), (
                    step.attempt_commit.attempt["hour"],
                    name,
                )


def assert_consistent(root: Path, names: list[str], *steps: int) -> None:
    """Assert that the replay is right, and that an index built in steps equals one built at once."""
    assert_replayed(root)
    assert grow_index(root, [*(names[at] for at in steps or (1, 4)), names[-1]]) == build_index(
        open_archive(root)
    )


def assert_same(six_hours: SixHours, root: Path, commits: list[NewCommit], *steps: int) -> list[str]:
    """Assert that a history gives the tables of the six hours; return the hashes of its commits."""
    names = make_commits(root, commits)
    assert read_tables(open_archive(root)) == six_hours.tables
    assert_consistent(root, names, *steps)
    return names
