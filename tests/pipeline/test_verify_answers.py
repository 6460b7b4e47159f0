"""Verify: hours that are not as received are not served; imported pasts are verified like other hours."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.importer.convert import import_versions
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from tests.support.archives import HOUR, Stage, make_archive
from tests.support.histories import make_commits
from tests.support.import_source import PATH, Source, repriced
from tests.support.verifying import (
    FACTS,
    FIRST,
    LAST,
    SECOND,
    Commits,
    flip_bit,
    replace_commit,
    run_verify,
    verify_archive,
)


def ask_archive(root: Path, *arguments: str) -> tuple[int, bool, str]:
    """Run a command on an archive; return exit code, whether it printed an answer, and error output."""
    command, *rest = arguments
    result = CliRunner().invoke(orarchive_command, [command, "--archive", str(root), *rest])
    return result.exit_code, bool(result.stdout), result.stderr


@pytest.mark.parametrize("change", ["a line twice", "a line edited"])
def test_hour_that_is_not_as_received_is_not_served(
    hour_commits: Commits, tmp_path: Path, change: str
) -> None:
    """Refuse it, and feeds that need its records; serve other feeds and hours."""
    root = make_archive(tmp_path / "archive")
    facts = hour_commits[SECOND][FACTS]
    twice = hour_commits[SECOND].with_files({FACTS: facts.splitlines(keepends=True)[0] + facts})
    make_commits(
        root,
        replace_commit(
            hour_commits, SECOND, twice if change == "a line twice" else flip_bit(hour_commits[SECOND], FACTS)
        ),
    )
    error = (
        "Error: the files of models at 2026-06-01T01Z are not those that the ledger hashed;"
        " orarchive verify names all that differs\n"
    )
    for question in (
        ("at", "2026-06-01T01Z", "models"),
        ("at", "2026-06-01T01Z", "zdr"),
        ("raw", "2026-06-01T01Z", "models"),
        ("raw", "2026-06-01T01Z", "endpoints"),
        ("diff", "2026-06-01T00Z", "2026-06-01T01Z"),
        ("diff", "2026-06-01T01Z", "2026-06-01T03Z", "endpoints"),
    ):
        assert ask_archive(root, *question) == (2, False, error), question
    for question in (
        ("at", "2026-06-01T01Z", "providers"),
        ("raw", "2026-06-01T01Z", "providers"),
        ("diff", "2026-06-01T00Z", "2026-06-01T01Z", "providers"),
        ("raw", "2026-06-01T03Z", "models"),
    ):
        assert ask_archive(root, *question) == (0, True, ""), question


def test_hour_in_doubt_is_answered_like_a_gap(hour_commits: Commits, tmp_path: Path) -> None:
    root = make_archive(tmp_path / "archive")
    make_commits(root, [*hour_commits[:SECOND], hour_commits[LAST]])
    note = "No commit shows models as of 2026-06-01T01Z; this is 2026-06-01T00Z\n"
    assert ask_archive(root, "at", "2026-06-01T01Z", "models") == (0, True, note)
    assert ask_archive(root, "diff", "2026-06-01T01Z", "2026-06-01T03Z") == (0, True, note)
    neighbours = "good hours next to it: 2026-06-01T00Z, 2026-06-01T03Z"
    error = f"Error: no commit shows models as of 2026-06-01T01Z; {neighbours}\n"
    assert ask_archive(root, "raw", "2026-06-01T01Z", "models") == (1, False, error)


def test_later_attempt_in_doubt(hour_commits: Commits, tmp_path: Path) -> None:
    """Check that its state is not the one that the first attempt at that hour left."""
    root = make_archive(tmp_path / "archive")
    make_commits(root, [hour_commits[FIRST], *hour_commits[SECOND:]])
    assert ask_archive(root, "raw", "2026-06-01T00Z", "models") == (0, True, "")
    error = "Error: no commit shows images as of 2026-06-01T00Z\n"
    assert ask_archive(root, "raw", "2026-06-01T00Z", "images") == (1, False, error)
    assert ask_archive(root, "at", "2026-06-01T00Z", "images") == (1, False, error)


def test_first_hour_in_doubt(hour_commits: Commits, tmp_path: Path) -> None:
    """Check that no hour before it answers, and that a shallow clone says what is missing."""
    root = make_archive(tmp_path / "archive")
    make_commits(root, hour_commits[LAST:])
    error = "Error: no commit shows models as of 2026-06-01T01Z; good hours next to it: 2026-06-01T03Z\n"
    assert ask_archive(root, "at", "2026-06-01T02Z", "models") == (1, False, error)
    make_commits(root, hour_commits)
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", "clone")
    for question in (("at", "2026-06-01T00Z", "models"), ("raw", "2026-06-01T00Z", "models")):
        code, answered, error = ask_archive(tmp_path / "clone", *question)
        assert (code, answered) == (2, False)
        assert "git fetch --unshallow brings it" in error
    assert ask_archive(tmp_path / "clone", "at", "2026-06-01T03Z", "models") == (0, True, "")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a repository of nine versions, a day apart; the last one holds no list."""
    source = Source(make_archive(tmp_path / "tracker"))
    for day in range(8):
        source.save(repriced(f"0.{day}1"), day * 24 * HOUR)
    source.save(b"{}", 8 * 24 * HOUR)
    return source


def test_imported_archive_is_sound(source: Source, tmp_path: Path) -> None:
    """Of many gaps the first five are printed."""
    root = make_archive(tmp_path / "archive")
    import_versions(open_archive(root), str(source.root), PATH, START)
    result = run_verify(root)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        *(f"gap: 2025-03-0{day}T07Z to 2025-03-0{day + 1}T05Z (23 h)" for day in range(1, 6)),
        "... and 2 more gaps (--json names them)",
        "9 attempts: all as received",
    ]
    assert verify_archive(root)["gaps"][-1] == "2025-03-07T07Z to 2025-03-08T05Z (23 h)"


def test_past_is_verified_with_the_rest(stage: Stage, source: Source) -> None:
    assert stage.run(START) == 0
    import_versions(stage.archive, str(source.root), PATH, START)
    assert verify_archive(stage.root).keys() == {"gaps"}
    run_git(stage.root, "checkout", "--quiet", "past/tracker")
    facts = stage.root / "data" / FACTS
    facts.write_bytes(facts.read_bytes().replace(b"b/two", b"b/ten"))
    run_git(stage.root, "commit", "--quiet", "--all", "--amend", "--no-edit")
    run_git(stage.root, "checkout", "--quiet", "main")
    findings = verify_archive(stage.root)
    assert findings["differs"] == ["2025-03-09T06Z models"]


def test_hours_on_top_of_a_past_are_sound(stage: Stage, source: Source) -> None:
    """Check that where models fail in the first of them, those of the import count."""
    import_versions(stage.archive, str(source.root), PATH, START)
    stage.service.fail("models", "503")
    assert stage.run(START) == 1
    stage.service.heal()
    assert verify_archive(stage.root).keys() == {"gaps"}


def test_hours_beside_a_past_start_anew(stage: Stage, source: Source) -> None:
    """Check that a first hour without models, where the last of the past had some, is no change by hand."""
    stage.service.fail("models", "503")
    assert stage.run(START) == 1
    stage.service.heal()
    import_versions(stage.archive, str(source.root), PATH, START)
    assert verify_archive(stage.root).keys() == {"gaps"}


def test_past_without_own_hours_after_it(stage: Stage, source: Source) -> None:
    """Check that a branch which begins anew, without the past's records, is no change by hand."""
    assert stage.run(START) == 0
    import_versions(stage.archive, str(source.root), PATH, START)
    run_git(stage.root, "checkout", "--quiet", "--orphan", "new")
    run_git(stage.root, "rm", "-r", "--quiet", "--force", ".")
    run_git(stage.root, "commit", "--quiet", "--allow-empty", "-m", "Begin anew")
    assert verify_archive(stage.root).keys() == {"gaps"}
