"""Importing from every form of repository, and from what is none."""

from pathlib import Path

import pytest

from orarchive.importer.git_source import get_repository_name
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from tests.support.archives import make_archive, read_git
from tests.support.import_source import (
    PATH,
    Source,
    check_refused,
    list_outcomes,
    read_ledger,
    run_import,
)


@pytest.mark.parametrize("form", ["work tree", "git folder", "bare", "bundle", "url"])
def test_forms_of_a_repository(
    archive: Archive, source: Source, three_commits: list[str], tmp_path: Path, form: str
) -> None:
    bare, bundle = tmp_path / "mirror/tracker.git", tmp_path / "tracker.bundle"
    run_git(source.root, "clone", "--quiet", "--bare", ".", str(bare))
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "refs/heads/main")
    assert "HEAD" not in read_git(source.root, "bundle", "list-heads", str(bundle))
    forms: dict[str, Path | str] = {
        "work tree": source.root,
        "git folder": source.root / ".git",
        "bare": bare,
        "bundle": bundle,
        "url": f"file://{source.root}/",
    }
    assert list_outcomes(run_import(archive, forms[form])) == ["written"] * 3
    assert read_ledger(archive)[0]["origin"] == "import:tracker"


def test_a_path_below_the_folder_one_is_in(
    archive: Archive, source: Source, three_commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.root.parent)
    run_import(archive, "tracker", f"./{PATH}")
    assert {line["source"]["path"] for line in read_ledger(archive)} == {PATH}


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert get_repository_name(".") == tmp_path.name
    assert get_repository_name("https://example.org/who/prices.git/") == "prices"
    assert get_repository_name("git@example.org:prices.git") == "prices"
    assert get_repository_name("/srv/old.bundle") == "old"


@pytest.mark.parametrize("name", ["a b", "a/b", "..", "x.lock", "a~1", ".git"])
def test_a_name_that_no_branch_can_have(
    archive: Archive, source: Source, three_commits: list[str], name: str
) -> None:
    check_refused(archive, "cannot be part of a branch's name; --name gives another", source, name=name)


def test_two_branches_without_head(
    archive: Archive, source: Source, three_commits: list[str], tmp_path: Path
) -> None:
    run_git(source.root, "branch", "old", "HEAD~1")
    bundle = tmp_path / "two.bundle"
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "--branches")
    check_refused(archive, "the repository has no HEAD; --branch takes one of: main, old", bundle)
    check_refused(archive, "there is no branch new; --branch takes one of: main, old", bundle, branch="new")
    assert list_outcomes(run_import(archive, bundle, branch="old")) == ["written"] * 2


def test_what_is_no_repository(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no bundle")
    for where in (tmp_path / "nowhere", tmp_path / "text", tmp_path, "file:///nowhere.git"):
        check_refused(archive, "cannot be cloned; name a git repository, a bundle or a URL", where, name="x")
    check_refused(archive, "the repository has no commits", make_archive(tmp_path / "empty"))


def test_a_path_that_never_was(archive: Archive, source: Source, three_commits: list[str]) -> None:
    for path in ("data/models.json", "data", "data/*.json"):
        check_refused(archive, f"was never a file of the source; its JSON files: {PATH}$", source, path)


def test_a_source_without_its_past(
    archive: Archive, source: Source, three_commits: list[str], tmp_path: Path
) -> None:
    run_git(source.root, "config", "uploadpack.allowFilter", "true")
    for name, option in (("shallow", "--depth=1"), ("partial", "--filter=blob:none")):
        run_git(tmp_path, "clone", "--quiet", option, f"file://{source.root}", name)
        check_refused(archive, f"{name} clone", tmp_path / name)
