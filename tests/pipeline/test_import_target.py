"""Where imported hours go: on top of an archive without hours, or beside it; and how that is undone."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from orarchive.errors import ArchiveError, GitError
from orarchive.history.history import read_history
from orarchive.importer.convert import import_versions
from orarchive.index.database import open_index
from orarchive.sample import START
from orarchive.store import fast_import
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support.archives import ROOT, Stage, assert_tidy, make_archive, read_git
from tests.support.import_source import (
    BEGUN,
    HOSTILE_GIT_CONFIG,
    HOUR,
    PATH,
    ROWS,
    Source,
    body,
    check_refused,
    list_outcomes,
    read_state,
    repriced,
    row,
    run_import,
)


def test_on_top_of_what_is_there(archive: Archive, source: Source, three_commits: list[str]) -> None:
    """Keep the owner's files, committed, staged, edited or new; those below data/ are as HEAD has them."""
    root = archive.root
    (root / "README.md").write_text("mine\n")
    (root / "data").mkdir()
    (root / "data/README.md").write_text("about\n")
    run_git(root, "add", "--all")
    run_git(root, "commit", "--quiet", "-m", "begun")
    (root / "README.md").write_text("mine, edited\n")
    (root / "new.txt").write_text("new\n")
    (root / "staged.txt").write_text("staged\n")
    run_git(root, "add", "staged.txt")
    run_import(archive, source)
    assert read_git(root, "status", "--porcelain").splitlines() == [
        " M README.md",
        "A  staged.txt",
        "?? new.txt",
    ]
    assert read_git(root, "log", "--format=%s", "-1", "--skip=3") == "begun"
    assert read_git(root, "show", "HEAD:README.md") == "mine"
    assert read_git(root, "show", "HEAD:data/README.md") == "about"
    for path, data in archive.read_files("HEAD").items():
        assert (archive.data_folder / path).read_bytes() == data


def test_dirt_below_data_is_refused(archive: Archive, source: Source, three_commits: list[str]) -> None:
    (archive.root / "data").mkdir()
    (archive.root / "data/mine.txt").write_text("mine\n")
    check_refused(archive, "uncommitted changes below data/: data/mine.txt", source)


def test_records_without_a_ledger_are_refused(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    (archive.root / "data/models").mkdir(parents=True)
    (archive.root / "data/models/facts.jsonl").write_text('{"id":"x"}\n')
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    check_refused(archive, "holds records, but no ledger .*; restore data/hours/", source)


def test_beside_hours_it_becomes_a_past(stage: Stage, source: Source, three_commits: list[str]) -> None:
    """Make a history of its own, without hours that HEAD covers; leave HEAD and the files as they are."""
    archive = stage.archive
    late = [source.save(repriced(f"0.{n}1"), START + n * HOUR - BEGUN) for n in (0, 5)]
    assert stage.run(START) == 0
    (archive.root / "mine.txt").write_text("mine\n")
    before = read_state(archive)
    imported = import_versions(archive, str(source.root), PATH, START + 9 * HOUR)
    assert imported.branch == "past/tracker"
    assert list_outcomes(imported) == ["written"] * 3 + ["too-late"] * 2
    assert [result.version.commit for result in imported.versions][3:] == late
    after = read_state(archive)
    assert (after["index"], after["files"]) == (before["index"], before["files"])
    assert [ref for ref in after["refs"].splitlines() if "past/" not in ref] == before["refs"].splitlines()
    assert read_git(archive.root, "log", "--format=%s", "past/tracker").splitlines() == [
        "2025-03-01T08Z: 1 model added",
        "2025-03-01T07Z: 1 repriced",
        "2025-03-01T06Z: first record of 5 models",
    ]
    assert {".gitattributes", "README.md"} < set(archive.read_files("past/tracker"))
    assert not read_git(archive.root, "ls-tree", "--name-only", "past/tracker").replace("data", "")
    check_refused(archive, r"refs/heads/past/tracker is there already, and nothing is rewritten", source)


def undo_import(archive: Archive, git_command: str) -> None:
    """Undo an import with the git command of the README that begins so."""
    (line,) = re.findall(rf"`git ({git_command} [^`]*)`", (ROOT / "README.md").read_text())
    archive.run_git(*line.split(" "))


def count_indexed_hours(archive: Archive) -> int:
    """Count the good hours of models that the history and the index have."""
    good = len(read_history(archive).list_complete_hours("models"))
    with open_index(archive) as db:
        assert db.execute("select count(distinct hour) from attempts").fetchone() == (good,)
    return good


def test_a_past_beside_hours_can_be_undone(stage: Stage, source: Source, three_commits: list[str]) -> None:
    """Refs, index, files and answers are as they were, and it can be imported again."""
    archive = stage.archive
    assert stage.run(START) == 0
    before = read_state(archive)
    run_import(archive, source, name="openrouterlist")
    assert count_indexed_hours(archive) == 4
    undo_import(archive, "branch")
    assert read_state(archive) == before
    assert count_indexed_hours(archive) == 1
    assert list_outcomes(run_import(archive, source, name="openrouterlist")) == ["written"] * 3


def test_an_import_into_an_archive_without_hours_can_be_undone(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    """Files of the owner stay, committed or not; and it can be imported again."""
    (archive.root / "README.md").write_text("mine\n")
    (archive.root / "data").mkdir()
    (archive.root / "data/README.md").write_text("about\n")
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    (archive.root / "README.md").write_text("mine, edited\n")
    (archive.root / "new.txt").write_text("new\n")
    before = read_state(archive)
    run_import(archive, source)
    undo_import(archive, "reset")
    assert read_state(archive) == before
    assert list_outcomes(run_import(archive, source)) == ["written"] * 3


def test_a_past_lies_before_every_other(
    stage: Stage, source: Source, three_commits: list[str], tmp_path: Path
) -> None:
    archive = stage.archive
    assert stage.run(START) == 0
    run_import(archive, source)
    older = Source(make_archive(tmp_path / "older"))
    for days in (-9, 0):
        older.save(repriced(f"0.1{days + 9}"), dt.timedelta(days=days))
    imported = run_import(archive, older)
    assert list_outcomes(imported) == ["written", "too-late"]
    check_refused(
        archive,
        "no version of .* is of a possible hour before 2025-02-20T06Z .*: nothing to import",
        older,
        name="b",
    )
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", str(archive.root), str(clone))
    cloned = open_archive(clone)
    check_refused(cloned, "refs/remotes/origin/past/older is there already", older)
    check_refused(cloned, "no version of .* is of a possible hour before 2025-02-20T06Z", older, name="b")


def test_a_branch_that_moved_is_not_moved_back(
    archive: Archive, source: Source, three_commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep a commit that the owner makes while the import is under way."""
    run_git(archive.root, "commit", "--quiet", "--allow-empty", "-m", "begun")
    real = fast_import.run_fast_import

    def slow(*arguments: Any) -> None:
        real(*arguments)
        run_git(archive.root, "commit", "--quiet", "--allow-empty", "-m", "mine")

    monkeypatch.setattr(fast_import, "run_fast_import", slow)
    with pytest.raises(GitError, match="update-ref"):
        run_import(archive, source)
    assert read_git(archive.root, "log", "-1", "--format=%s") == "mine"
    assert_tidy(archive.root)
    assert "orarchive" not in read_git(archive.root, "for-each-ref")


def test_settings_of_a_user_change_no_import(
    archive: Archive,
    source: Source,
    three_commits: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Make the same commits to the last bit; find no HEAD in a bundle without one, whatever git's default."""
    source.save(body([row("ü/ü"), *ROWS]), 3 * HOUR)
    run_git(source.root, "branch", "old")
    bundle = tmp_path / "two.bundle"
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "--branches")
    plain = open_archive(make_archive(tmp_path / "plain"))
    run_import(plain, source)
    (tmp_path / "config").write_text(HOSTILE_GIT_CONFIG)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    run_import(archive, source)
    assert archive.resolve_commit() == plain.resolve_commit()
    assert archive.run_git("status", "--porcelain", "--untracked-files=all") == ""
    for path, data in archive.read_files("HEAD").items():
        assert (archive.data_folder / path).read_bytes() == data
    with pytest.raises(ArchiveError, match="the repository has no HEAD"):
        run_import(open_archive(make_archive(tmp_path / "third")), bundle)
