"""Verify: a line of the ledger that no reader could use is named, and a repeated line counts once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from orarchive.store.ledger import hash_line
from tests.support.archives import HOUR, Stage, make_archive, read_git
from tests.support.histories import build_index, grow_index, make_commits, read_tables
from tests.support.verifying import (
    DAILY,
    HOURS,
    LAST,
    LEDGER,
    SECOND,
    Commits,
    commit_by_hand,
    edit_ledger,
    run_verify,
    verify_archive,
    verify_history,
)


def remove_member(*path: str) -> Callable[[Any], Any]:
    """Return a change of a line: a member is missing."""

    def change(line: Any) -> Any:
        inner = line
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return line

    return change


WRONG_LINES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "something else": (lambda _: {"a": 1}, "Object missing required field `hour`"),
    "no relations": (remove_member("relations"), "Object missing required field `relations`"),
    "no feeds": (remove_member("feeds"), "Object missing required field `feeds`"),
    "no hash": (
        remove_member("feeds", "zdr", "sha256"),
        "feeds, zdr: Object missing required field `sha256`",
    ),
    "feeds in a list": (
        lambda line: {**line, "feeds": [line["feeds"]]},
        "Expected `object`, got `array` - at `$.feeds`",
    ),
    "a feed is a word": (
        lambda line: {**line, "feeds": {"zdr": "ok"}},
        "feeds, zdr: Expected `object`, got `str`",
    ),
    "kept in a list": (
        lambda line: {**line, "feeds": {"zdr": {"outcome": "ok", "sha256": "", "kept": []}}},
        "feeds, zdr: Expected `object`, got `array` - at `$.kept`",
    ),
    "a number for the hour": (lambda line: {**line, "hour": 7}, "Expected `str`, got `int` - at `$.hour`"),
    "a word for the hour": (
        lambda line: {**line, "hour": "noon"},
        "hour is not a UTC time: 'noon' (write 2026-11-20T06:05:04Z)",
    ),
    "an hour in prose": (
        lambda line: {**line, "hour": "2026-06-01T01Z"},
        "hour is not a UTC hour: '2026-06-01T01Z' (write 2026-11-20T06:00:00Z)",
    ),
    "half past": (
        lambda line: {**line, "hour": "2026-06-01T01:30:00Z"},
        "hour is not a UTC hour: '2026-06-01T01:30:00Z' (write 2026-11-20T06:00:00Z)",
    ),
    "no time zone": (
        lambda line: {**line, "started": "2026-06-01T01:00:00"},
        "started is not a UTC time: '2026-06-01T01:00:00' (write 2026-11-20T06:05:04Z)",
    ),
    "attempt in words": (
        lambda line: {**line, "attempt": "first"},
        "Expected `int`, got `str` - at `$.attempt`",
    ),
}

COMMANDS = (
    ("verify",),
    ("status",),
    ("at", "2026-06-01T00Z", "models"),
    ("raw", "2026-06-01T00Z", "models"),
    ("diff", "2026-06-01T00Z", "2026-06-01T03Z"),
    ("log", "openai/gpt-5-image"),
    ("price", "openai/gpt-5-image"),
    ("index",),
)


@pytest.mark.parametrize("kind", WRONG_LINES)
def test_wrong_line_of_the_ledger_is_named_in_one_line(
    hour_commits: Commits, tmp_path: Path, kind: str
) -> None:
    change, words = WRONG_LINES[kind]
    root = make_archive(tmp_path / "archive")
    manual = edit_ledger(hour_commits[LAST], lambda lines: [*lines[:2], change(lines[2]), *lines[3:]])
    make_commits(root, [*hour_commits, manual])
    for name, *arguments in COMMANDS if kind == "something else" else COMMANDS[:1]:
        result = CliRunner().invoke(orarchive_command, [name, "--archive", str(root), *arguments])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"Error: data/{LEDGER}, line 3: not a line of the ledger: {words}\n"


def test_index_update_names_the_line_in_the_file(hour_commits: Commits, tmp_path: Path) -> None:
    root = make_archive(tmp_path / "archive")
    make_commits(root, hour_commits)
    assert CliRunner().invoke(orarchive_command, ["index", "--archive", str(root)]).exit_code == 0
    names = make_commits(
        root, [*hour_commits, edit_ledger(hour_commits[LAST], lambda lines: [*lines, {"a": 1}])]
    )
    assert read_git(root, "rev-parse", "HEAD") == names[-1]
    result = CliRunner().invoke(orarchive_command, ["index", "--archive", str(root)])
    assert f"{LEDGER}, line 5: not a line of the ledger" in result.stderr


def test_removed_file_with_wrong_lines_does_not_matter(hour_commits: Commits, tmp_path: Path) -> None:
    content = b'{"a":1}\n{"hour":[],"attempt":1}\n["a"]\n{\n'
    mess = commit_by_hand(hour_commits[LAST].with_files({"hours/2026-05.jsonl": content}))
    assert (
        verify_history(tmp_path / "archive", [*hour_commits, mess, commit_by_hand(hour_commits[LAST])]) == {}
    )


@pytest.mark.parametrize("last", [False, True], ids=["an older one", "the last one"])
def test_repeated_line_is_found_and_counts_once(hour_commits: Commits, tmp_path: Path, last: bool) -> None:
    """Check this also in an index that has its hour already."""
    root = make_archive(tmp_path / "archive")
    names = make_commits(root, hour_commits)
    before = read_tables(open_archive(root))
    position = LAST if last else DAILY
    manual = edit_ledger(hour_commits[LAST], lambda lines: [*lines, lines[position]])
    assert verify_history(root, [*hour_commits, manual]) == {
        "twice": [f"2026-06-01T0{'3Z' if last else '0Z attempt 2'}"],
        "unchained": [f"2026-06-01T0{'3Z' if last else '0Z attempt 2'}"],
    }
    tip = read_git(root, "rev-parse", "HEAD")
    assert read_tables(open_archive(root)) == before
    assert grow_index(root, [names[-1], tip]) == build_index(open_archive(root))


def test_attempt_with_two_lines_is_found(hour_commits: Commits, tmp_path: Path) -> None:
    """Nothing says which of them is right: both count."""
    manual = edit_ledger(hour_commits[LAST], lambda lines: [*lines, {**lines[LAST], "version": "another"}])
    findings = verify_history(tmp_path / "archive", [*hour_commits, manual])
    assert findings == {"twice": ["2026-06-01T03Z"], "unchained": ["2026-06-01T03Z"]}


def test_unknown_members_in_the_ledger_do_not_matter(hour_commits: Commits, tmp_path: Path) -> None:
    """Allow them, for a newer version may write them."""

    def add_members(lines: list[Any]) -> list[Any]:
        for before, line in zip([None, *lines], lines, strict=False):
            line["mood"] = ["good"]
            line["feeds"]["models"]["mood"] = None
            if before:
                line["previous"] = hash_line(before)
        return lines

    manual = edit_ledger(hour_commits[LAST], add_members)
    assert verify_history(tmp_path / "archive", [*hour_commits, manual]).keys() == {"rewritten"}


def test_first_hour_is_read_as_a_whole(hour_commits: Commits, tmp_path: Path) -> None:
    """Check this where the ledger has lost the hour before it, which wrote some of its files."""
    lines = b"".join(hour_commits[LAST][LEDGER].splitlines(keepends=True)[SECOND:])
    manual = commit_by_hand(hour_commits[LAST].with_files({LEDGER: lines}))
    assert verify_history(tmp_path / "archive", [*hour_commits, manual]) == {
        "unchained": ["2026-06-01T01Z"],
        "rewritten": ["2026-06-01T00Z", "2026-06-01T00Z attempt 2"],
    }


def test_a_lost_month_is_found_in_the_line_after_it(hour_commits: Commits, tmp_path: Path) -> None:
    """Find it in a history that was written anew, so that no commit deletes the month."""
    lost = [
        commit.with_files({LEDGER: b"".join(commit[LEDGER].splitlines(keepends=True)[SECOND:]) or None})
        for commit in hour_commits[SECOND:]
    ]
    assert verify_history(tmp_path / "archive", lost)["unchained"] == ["2026-06-01T01Z"]


def test_shallow_clone_cannot_be_verified(three_hours: Stage, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{three_hours.root}", "shallow")
    result = run_verify(tmp_path / "shallow")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "git fetch --unshallow" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_archive_without_hours_cannot_be_verified(tmp_path: Path) -> None:
    result = run_verify(make_archive(tmp_path / "new"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no hours yet" in result.stderr


def test_an_edit_of_the_last_line_is_found(hour_commits: Commits, tmp_path: Path) -> None:
    """Find it at once, and after an hour whose line names the edited one."""
    lines = hour_commits[LAST][LEDGER].splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"requests":', b'"requests":1', 1)
    manual = commit_by_hand(hour_commits[LAST].with_files({LEDGER: b"".join(lines)}))
    findings = verify_history(tmp_path / "archive", [*hour_commits, manual])
    assert findings == {"rewritten": ["2026-06-01T03Z"]}


def test_a_ledger_that_begins_anew_is_found(three_hours: Stage, tmp_path: Path) -> None:
    stage = three_hours.copy(tmp_path / "archive")
    content = {path.name: b"" for path in stage.root.glob("data/hours/*.jsonl")}
    for name in content:
        (stage.root / "data/hours" / name).unlink()
    read_git(stage.root, "commit", "--all", "--quiet", "-m", "Begin anew")
    assert stage.run(HOURS[-1] + HOUR) in (0, 1)
    assert len(verify_archive(stage.root)["rewritten"]) == len(three_hours.read_attempts())
