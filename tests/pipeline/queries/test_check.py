"""`check`: the judgement of the Action against an archive on disk."""

import json
from pathlib import Path

import pytest

from orarchive.timestamps import format_hour
from tests.support.all_readers import ask
from tests.support.archives import Stage
from tests.support.questions import FREE, GLM, IMAGE, LAST, SECOND, assert_refused

AT = ("--at", format_hour(LAST))


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ((GLM, *AT), 0, "alive"),
        ((FREE, *AT), 1, "gone"),
        ((FREE, "--at", format_hour(SECOND)), 0, "alive"),
        # it expires on 24 December, 206 days later
        ((IMAGE, "--days", "206", *AT), 1, "expiring"),
        ((IMAGE, "--days", "205", *AT), 0, "alive"),
        (("z-ai/glm-9", *AT), 2, "unknown"),
        # the archive ends with 04:00 of the day
        ((GLM, "--at", "2026-06-02T05:00Z"), 0, "alive"),
        ((GLM, "--at", "2026-06-02T05:01Z"), 2, "alive"),
    ],
)
def test_an_id_is_judged(four_hours: Stage, arguments: tuple[str, ...], code: int, status: str) -> None:
    result = ask(four_hours, "check", *arguments, "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["findings"][0]["status"]) == (code, status)
    assert (printed["problem"] is None) == ("2026-06-02T05:01Z" not in arguments)


def test_files_and_folders_are_read(four_hours: Stage, tmp_path: Path) -> None:
    (tmp_path / "app.env").write_text(f"A={GLM}\nMODEL=openrouter/{FREE}\n")
    (tmp_path / "b.txt").write_text("either/or")
    result = ask(four_hours, "check", str(tmp_path), *AT)
    assert result.exit_code == 1
    place = f"{tmp_path / 'app.env'}:2:18"
    assert result.stdout.splitlines() == [
        f"{place}: {FREE} is no longer listed, last on 2026-06-01; no replacement is known",
        "ids: 1 gone, 0 expiring, 0 unknown, 1 alive",
    ]
    result = ask(four_hours, "check", str(tmp_path / "app.env"), "--format", "github", *AT)
    assert result.stdout.startswith(f"::error file={tmp_path / 'app.env'},line=2,col=18,")


def test_an_archive_that_is_too_old_says_so(four_hours: Stage) -> None:
    result = ask(four_hours, "check", GLM, "--at", "2026-07-01")
    assert result.exit_code == 2
    note, problem = result.stderr.splitlines()
    assert note == "2026-07-01 means its last hour, 2026-07-01T23Z"
    assert problem.startswith("Error: the list is of 2026-06-01 04:00 UTC, 30 days ago")


def test_wrong_usage(four_hours: Stage) -> None:
    assert_refused(ask(four_hours, "check", "none.env", *AT), 2, "there is no file none.env")
    assert_refused(ask(four_hours, "check", "./a.py", *AT), 2, "there is no file ./a.py")
    assert ask(four_hours, "check", *AT).exit_code == 2
