"""Wrong questions, folders that are no archive, and clones without their history."""

import json
import re
from pathlib import Path

import pytest

from orarchive.timestamps import format_hour
from tests.support.all_readers import ask, ask_at
from tests.support.archives import Stage, make_archive, read_git
from tests.support.questions import FIRST, GLM, LAST, assert_refused


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("price", GLM, "--at", "yesterday"), 2, "not a UTC hour"),
        (("price", GLM, "--at", "2026-06-01T25:00Z"), 2, "not a UTC hour"),
        (
            ("diff", "2026-05-01T00Z", "2026-06-01T00Z"),
            1,
            "no good hour of models at or before 2026-05-01T00Z",
        ),
        (("diff", "2026-06-01T00Z", "now"), 2, "not a UTC hour"),
        (("log", GLM, "--cache", "/dev/null/cache"), 2, "name another one with --cache"),
        (("log", "\udcff"), 1, "no model, endpoint or provider"),
        (("price", "\udcff"), 1, "no model"),
        (("price", GLM, "--provider", "\udcff"), 1, "no endpoint"),
        (("index", "--out", "/dev/null/index.sqlite"), 2, "Not a directory"),
    ],
)
def test_a_wrong_question_is_refused_in_one_line(
    four_hours: Stage, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert_refused(ask(four_hours, *arguments), code, words)


@pytest.mark.parametrize(
    "question", [("log", GLM), ("price", GLM), ("diff", format_hour(FIRST), format_hour(LAST)), ("index",)]
)
def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path, question: tuple[str, ...]) -> None:
    (tmp_path / "folder").mkdir()
    assert_refused(ask_at(tmp_path / "nowhere", *question), 2, "is not a folder")
    assert_refused(ask_at(tmp_path / "folder", *question), 2, "is not a git work tree")
    assert_refused(ask_at(make_archive(tmp_path / "new"), *question), 1, "holds no hours yet")


@pytest.mark.parametrize("question", [("log", GLM), ("price", GLM), ("index",)])
def test_a_shallow_clone_has_no_index(four_hours: Stage, tmp_path: Path, question: tuple[str, ...]) -> None:
    read_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{four_hours.root}", "shallow")
    assert_refused(ask_at(tmp_path / "shallow", *question), 2, "git fetch --unshallow brings it")


@pytest.mark.parametrize(
    ("option", "old_hour"),
    [("--depth=1", (2, 0)), ("--filter=blob:none", (0, 1))],
    ids=["shallow", "partial"],
)
def test_a_clone_without_its_history_answers_for_the_newest_hour(
    four_hours: Stage, tmp_path: Path, option: str, old_hour: tuple[int, int]
) -> None:
    """As OPERATIONS.md says: a partial clone fetches older hours as well, a shallow one refuses them."""
    read_git(four_hours.root, "config", "uploadpack.allowFilter", "true")
    read_git(tmp_path, "clone", "--quiet", option, f"file://{four_hours.root}", "thin")
    clone, last = tmp_path / "thin", format_hour(LAST)
    status = ask_at(clone, "status", "--now", last).stdout
    assert re.search(f"^providers +{last} ", status, re.MULTILINE)
    assert len(ask_at(clone, "at", last, "providers").stdout.splitlines()) > 1
    assert len(json.loads(ask_at(clone, "raw", last, "providers").stdout)["data"]) > 1
    result = ask_at(clone, "at", format_hour(FIRST), "models", GLM)
    assert (result.exit_code, result.stdout.count("\n")) == old_hour
