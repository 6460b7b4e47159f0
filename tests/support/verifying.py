"""An archive of three hours, damaged histories made of its commits, and what verify finds in them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.jsonl import dumps, loads
from orarchive.sample import START
from tests.support.archives import HOUR, make_archive
from tests.support.histories import NewCommit, make_commits

HOURS = (START, START + HOUR, START + 3 * HOUR)

FIRST, DAILY, SECOND, LAST = range(4)
"""The commits: two attempts at the first hour, the second one for the daily feeds; then one an hour."""

FACTS, LEDGER = "models/facts.jsonl", "hours/2026-06.jsonl"

Commits = list[NewCommit]


def run_verify(root: Path, *options: str) -> Result:
    """Run `orarchive verify` on an archive."""
    return CliRunner().invoke(orarchive_command, ["verify", "--archive", str(root), *options])


FINDINGS = (
    *("differs", "broken", "by_hand", "in_doubt", "unchained", "rewritten", "twice", "replayed"),
    "health_lost",
)
"""Members of `verify --json` that list what is wrong."""


def verify_archive(root: Path) -> dict[str, Any]:
    """Return the non-empty lists of `verify --json`; assert that lines and exit code agree with them."""
    result, printed = run_verify(root, "--json"), run_verify(root)
    members: dict[str, Any] = json.loads(result.stdout)
    assert members.keys() == {"attempts", *FINDINGS, "gaps", "health_absent", "health_extra", "wrong"}
    # A history that lacks attempts of the one that it was made of has more health than its ledger names.
    extra = members.pop("health_extra")
    assert (f"not in this ledger: {len(extra)} commits" in printed.stdout) == bool(extra)
    assert result.exit_code == printed.exit_code == int(members["wrong"])
    *_, verdict = printed.stdout.splitlines()
    assert verdict == f"{members['attempts']:,} attempts: " + (
        "NOT as received" if members["wrong"] else "all as received"
    )
    lists = {name: value for name, value in members.items() if isinstance(value, list) and value}
    assert all(item in printed.stdout for name, items in lists.items() if name != "gaps" for item in items)
    assert members["wrong"] == bool(lists.keys() - {"gaps"})
    return lists


def verify_history(root: Path, commits: Commits) -> dict[str, Any]:
    """Return the findings in a history, without the gap that all of these histories have."""
    make_commits(make_archive(root), commits)
    findings = verify_archive(root)
    assert findings.pop("gaps") == ["2026-06-01T02Z to 2026-06-01T02Z (1 h)"]
    return findings


def flip_bit(commit: NewCommit, path: str) -> NewCommit:
    """Return the commit with one bit of a file flipped, inside a word that was sent."""
    content = bytearray(commit[path])
    content[content.index(b'"edition"' if b'"edition"' in content else b'"') + 1] ^= 1
    return commit.with_files({path: bytes(content)})


def commit_by_hand(commit: NewCommit) -> NewCommit:
    """Return a commit by hand with the same files."""
    return replace(commit, message="Mend a typo\n")


def replace_commit(commits: Commits, position: int, replacement: NewCommit) -> Commits:
    """Return the history with another commit at a position."""
    return [*commits[:position], replacement, *commits[position + 1 :]]


def edit_ledger(commit: NewCommit, change: Callable[[list[Any]], list[Any]]) -> NewCommit:
    """Return a commit by hand that changes the ledger's lines."""
    lines = change([loads(text) for text in commit[LEDGER].splitlines()])
    return commit_by_hand(commit.with_files({LEDGER: b"".join(dumps(line) + b"\n" for line in lines)}))


def record_hash(commit: NewCommit, number: int, feed: str, digest: str) -> NewCommit:
    """Return a commit by hand that writes another hash of a feed into a line of the ledger."""

    def change(lines: list[Any]) -> list[Any]:
        lines[number]["feeds"].setdefault(feed, {"outcome": "ok"})["sha256"] = digest
        return lines

    return edit_ledger(commit, change)
