"""Archives without hours, and ledgers that lack a month."""

from pathlib import Path

import pytest

from orarchive.errors import ArchiveError
from orarchive.index.database import open_index
from orarchive.index.download import export_file
from orarchive.store.archive import open_archive
from tests.support.archives import make_archive, read_all_files, read_git
from tests.support.histories import NewCommit, build_index, make_commits, update_index
from tests.support.six_hours import SixHours, assert_sound, run_orarchive

MAY = "hours/2026-05.jsonl"


@pytest.mark.parametrize("question", [["index", "--out", "{}"], ["log", "a/b"], ["price", "a/b"]])
def test_commits_without_hours(six_hours: SixHours, tmp_path: Path, question: list[str]) -> None:
    """The archive is refused as one without commits is; an hour that follows is indexed."""
    root, cache, out = make_archive(tmp_path / "archive"), tmp_path / "cache", tmp_path / "out.sqlite"
    question = [word.format(out) for word in question]
    code_commit = NewCommit({"README.md": b"About\n"})
    for _ in range(2):
        result = run_orarchive(*question, "--archive", root, "--cache", cache)
        message = f"Error: {root} holds no hours yet; orarchive scrape archives one\n"
        assert (result.returncode, result.stdout, result.stderr) == (1, "", message)
        assert not out.exists()
        make_commits(root, [code_commit])
    make_commits(root, [code_commit, *six_hours.commits])
    assert [row for row in update_index(open_archive(root), cache) if row.startswith("events")]


def test_imported_hours_alone_are_enough(six_hours: SixHours, tmp_path: Path) -> None:
    root, cache = make_archive(tmp_path / "archive"), tmp_path / "cache"
    make_commits(root, six_hours.commits, "past/x")
    code_commit = NewCommit({"README.md": b"About\n"})
    for name in make_commits(root, [code_commit, code_commit]):
        read_git(root, "reset", "--quiet", "--hard", name)
        with open_index(open_archive(root), cache) as db:
            assert db.execute("select count(*) from attempts").fetchone() == (len(six_hours.commits),)


@pytest.mark.parametrize(
    "case", ["by a commit", "with others after it", "on a branch", "renamed", "in an imported past"]
)
def test_a_missing_month(six_hours: SixHours, tmp_path: Path, case: str) -> None:
    """The message names it and what brings it back; index and export stay as they are."""
    archive, cache = six_hours.copy(tmp_path)
    out = tmp_path / "export.sqlite"
    with open_index(archive, cache) as db:
        export_file(db, out)
    before = read_all_files(cache), out.read_bytes()
    commits = six_hours.commits
    deletion = commits[5].with_files({MAY: None}).with_fields(message="Tidy up\n")
    merge = commits[6].with_files({MAY: None}).with_fields(message="Merge\n", parents=(6, 7))
    rename = deletion.with_files({"hours/May.jsonl": commits[5][MAY]})
    following = {
        "by a commit": [deletion],
        "with others after it": [deletion, *(commit.with_files({MAY: None}) for commit in commits[6:])],
        "on a branch": [deletion, commits[6].with_fields(parents=(5,)), merge],
        "renamed": [rename],
        "in an imported past": [deletion],
    }[case]
    branch = "main"
    if case == "in an imported past":
        branch = "past/x"
        make_commits(archive.root, [commit.with_hours(*commits[-1].hours[-2:]) for commit in commits[6:]])
    names = make_commits(archive.root, [*commits[:6], *following], branch)
    with pytest.raises(ArchiveError) as error:
        update_index(archive, cache)
    message = str(error.value)
    assert message.startswith(f"data/{MAY} is missing: commit {names[6][:10]} deleted it; git restore ")
    assert "\n" not in message
    assert (read_all_files(cache), out.read_bytes()) == before
    result = run_orarchive("index", "--archive", archive.root, "--cache", cache, "--out", out)
    assert (result.returncode, result.stderr) == (2, f"Error: {message}\n")
    assert (read_all_files(cache), out.read_bytes()) == before
    if branch == "main":
        command = message.partition("deleted it; ")[2].partition(" and a commit")[0].split()
        read_git(archive.root, *command[1:])
        read_git(archive.root, "commit", "--quiet", "-m", "Restore")
        assert_sound(archive, cache, build_index(archive))
        assert (archive.data_folder / MAY).read_bytes() == commits[5][MAY]


def test_a_month_that_was_reverted_is_not_missing(six_hours: SixHours, tmp_path: Path) -> None:
    """Its only hour, in two attempts, is reverted; the next hour begins the month anew."""
    archive, cache = six_hours.copy(tmp_path)
    commits = six_hours.commits
    next_hour = commits[6].with_hours(*commits[3].hours, commits[6].hours[-1])
    make_commits(archive.root, [*commits[:6], commits[3].with_fields(message="Revert\n"), next_hour])
    assert len(commits[5].hours) - len(commits[3].hours) == 2
    assert_sound(archive, cache, build_index(archive))
