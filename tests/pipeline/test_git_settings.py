"""Whatever the user's git is configured to do, the archive is the same."""

from pathlib import Path

import pytest

from orarchive.sample import START
from orarchive.store.commit import write_journal
from tests.support.archives import (
    HOUR,
    Stage,
    assert_tidy,
    build_payloads,
    edit_records,
    make_archive,
    read_all_files,
    read_data_files,
    read_git,
)

HOSTILE_CONFIGURATION = """
[user]
    name = Test
    email = test@example.org
[core]
    autocrlf = true
    eol = crlf
    safecrlf = true
    quotepath = true
    hooksPath = {hooks}
    pager = false
    abbrev = 4
    attributesFile = {hooks}/attributes
    excludesFile = {hooks}/excludes
[color]
    ui = always
[commit]
    gpgsign = true
    template = {hooks}/nothing
    cleanup = scissors
[gpg]
    program = false
[diff]
    external = false
    noprefix = true
    renames = copies
[status]
    short = true
    branch = true
    relativePaths = true
    showUntrackedFiles = no
[log]
    showSignature = true
    date = relative
    follow = true
    decorate = full
[i18n]
    commitEncoding = ISO-8859-1
    logOutputEncoding = ISO-8859-1
[init]
    defaultObjectFormat = sha1
[feature]
    manyFiles = true
[pull]
    rebase = true
[gc]
    auto = 1
"""


def test_hostile_configuration(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours under it give the same files, and the same objects, as two hours without it."""
    hostile_stage = Stage(stage.service, make_archive(tmp_path / "hostile"))
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "pre-push",
        "post-index-change",
        "post-checkout",
        "reference-transaction",
    ):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    (hooks / "attributes").write_text("*.jsonl text eol=crlf\n")
    (hooks / "excludes").write_text("*.jsonl\n")
    (hooks / "config").write_text(HOSTILE_CONFIGURATION.format(hooks=hooks))

    def archive_hours(stage: Stage) -> None:
        for number, hour in enumerate((START, START + HOUR)):
            bodies = edit_records(build_payloads(START), f"{number} \u20ac")
            stage.serve(bodies)
            assert stage.run(hour) == 0
        write_journal(stage.archive, ["models/facts.jsonl"])
        (stage.root / "data/models/facts.jsonl").unlink()
        assert stage.run(START + 2 * HOUR) == 0

    archive_hours(stage)
    with monkeypatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(hooks / "config"))
        archive_hours(hostile_stage)
        snapshot = hostile_stage.read_history().read_snapshot(START + HOUR)
    assert snapshot == stage.read_history().read_snapshot(START + HOUR)
    assert read_data_files(hostile_stage.root) == read_data_files(stage.root)
    trees = [
        read_git(archived.root, "rev-parse", "HEAD:data/models", "HEAD:data/endpoints")
        for archived in (stage, hostile_stage)
    ]
    assert trees[0] == trees[1]
    assert len(hostile_stage.list_subjects()) == 4
    assert_tidy(hostile_stage.root)


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"],
)
def test_git_variables_in_the_environment(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Called from a hook of another repository, the run does not touch that one."""
    elsewhere = make_archive(tmp_path / "elsewhere")
    before = read_all_files(elsewhere)
    values = {
        "GIT_WORK_TREE": elsewhere,
        "GIT_INDEX_FILE": elsewhere / ".git/index",
        "GIT_NAMESPACE": "elsewhere",
    }
    with monkeypatch.context() as patch:
        patch.setenv(name, str(values.get(name, elsewhere / ".git")))
        assert stage.run(START) == 0
    assert read_all_files(elsewhere) == before
    assert len(stage.list_subjects()) == 2
    assert_tidy(stage.root)


def test_detached_head(stage: Stage) -> None:
    """Check that the commit goes where HEAD is, and no branch moves."""
    stage.run(START)
    read_git(stage.root, "checkout", "--quiet", "--detach")
    main = read_git(stage.root, "rev-parse", "main")
    assert stage.run(START + HOUR) == 0
    assert read_git(stage.root, "rev-parse", "main") == main == read_git(stage.root, "rev-parse", "HEAD~")
    assert_tidy(stage.root)


def test_linked_work_tree(stage: Stage, tmp_path: Path) -> None:
    """Check that a linked work tree on another branch is an archive like any other."""
    stage.run(START)
    read_git(stage.root, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Stage(stage.service, tmp_path / "linked")
    assert linked.run(START + HOUR) == 0
    assert read_git(linked.root, "status", "--porcelain") == ""
    assert len(linked.list_subjects()) == len(stage.list_subjects()) + 1
    assert_tidy(stage.root)
