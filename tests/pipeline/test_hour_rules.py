"""Hour rules: what a run fetches, writes and commits, and what it refuses to do."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from orarchive.errors import ArchiveError
from orarchive.sample import START
from tests.support.archives import (
    DAY,
    FEW,
    HOUR,
    KEYLESS_FEEDS,
    LIST_ROUTES,
    Stage,
    build_payloads,
    edit_records,
    make_archive,
    read_all_files,
    read_data_files,
    read_git,
    shuffle_bodies,
)
from tests.support.bodies import archived_bodies, served_bodies

LATER = START + DAY
"""The first hour of the next day, in which the daily feeds are due again."""


def test_a_repeat_run_has_nothing_to_do(stage: Stage) -> None:
    assert stage.run(START) == 0
    commits = stage.list_subjects()
    stage.take_requests()
    assert stage.run(START, is_hour_given=False, force=True) == 0
    assert (stage.take_requests(), stage.list_subjects()) == ([], commits)


def test_no_change_is_a_line_in_the_ledger(stage: Stage) -> None:
    """Commit only that line where the next hour brings the same answers."""
    stage.run(START)
    assert stage.run(START + HOUR) == 0
    assert read_git(stage.root, "show", "--name-only", "--format=%s", "HEAD").split("\n") == [
        "2026-06-01T01Z: no change",
        "",
        "data/hours/2026-06.jsonl",
    ]
    assert read_git(stage.root, "diff", "--numstat", "HEAD~").split() == [
        "1",
        "0",
        "data/hours/2026-06.jsonl",
    ]


def test_order_of_arrival_means_nothing(stage: Stage, tmp_path: Path) -> None:
    """Write the same bytes and hashes, in whatever order rows and members arrive."""
    second = Stage(stage.service, make_archive(tmp_path / "second"))
    stage.run(START)
    second.serve(shuffle_bodies(build_payloads(START)))
    second.run(START)
    assert read_data_files(second.root) == read_data_files(stage.root)
    hashes = [
        [line["feeds"][name]["sha256"] for name in KEYLESS_FEEDS for line in archive.read_attempts()]
        for archive in (stage, second)
    ]
    assert hashes[0] == hashes[1]


def test_dry_run_writes_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run(START)
    stage.serve(edit_records(build_payloads(START), "second"))
    stage.service.fail("providers", "html")
    before = read_all_files(stage.root)
    assert stage.run(LATER, dry_run=True) == 1
    assert read_all_files(stage.root) == before
    assert "2026-06-02T00Z: 1 image" not in (printed := capsys.readouterr().out)
    assert "! providers: quarantined (not-json)" in printed


def test_only_the_feeds_named_are_fetched(stage: Stage) -> None:
    assert stage.run(START, feeds=("providers", "videos")) == 0
    assert stage.take_requests() == ["providers", "videos/models"]
    assert stage.read_outcomes(START) == {"providers": "ok", "videos": "ok"}
    assert stage.run(START, feeds=("providers", "zdr")) == 0
    assert stage.take_requests() == ["endpoints/zdr"]


def test_minimum_interval(stage: Stage) -> None:
    """Hold back a repair in the same hour, and nothing else."""
    stage.service.fail("providers", "503")
    minute = dt.timedelta(minutes=1)

    def run_at(minutes: int, **options: Any) -> tuple[int, list[str]]:
        return stage.run(
            START, START + minutes * minute, is_hour_given=False, **options
        ), stage.take_requests()

    assert run_at(1)[0] == 1
    assert run_at(30) == (0, [])
    assert run_at(30, force=True)[0] == 1
    assert run_at(59) == (0, [])
    assert run_at(60) == (1, ["providers"] * 4)
    assert stage.run(START + HOUR, START + 61 * minute, is_hour_given=False) == 1


def test_an_hour_that_is_over(stage: Stage) -> None:
    stage.run(START + HOUR)
    before = read_all_files(stage.root)
    with pytest.raises(ArchiveError, match=r"2026-06-01T00Z .* 2026-06-01T01Z"):
        stage.run(START)
    assert read_all_files(stage.root) == before


def test_accepting_a_shrink(stage: Stage) -> None:
    """Take an accepted shrink at once: the minimum interval does not hold it back."""
    stage.run(START)
    fewer = build_payloads(LATER, FEW[:6])
    stage.serve(fewer)
    assert stage.run(LATER) == 1
    assert stage.read_report("models").get("notes") == ["shrunk: 10 to 6"]
    soon = stage.service.now = LATER + dt.timedelta(minutes=10)
    assert stage.run(LATER, now=soon, is_hour_given=False, accept=("models", "endpoints", "zdr")) == 0
    assert archived_bodies(stage) == served_bodies(fewer)


def test_empty_feeds_that_never_had_rows(stage: Stage) -> None:
    """Believe an empty list of zdr, images or videos before the first row, and of no other feed."""
    for feed in ("zdr", "images", "videos"):
        stage.service.fail(LIST_ROUTES[feed], "empty")
    assert stage.run(START) == 0
    stage.service.fail("providers", "empty")
    stage.service.fail("models", "empty")
    assert stage.run(START + HOUR) == 1
    assert stage.read_outcomes(START + HOUR) == {
        "models": "quarantined", "endpoints": "ok", "providers": "quarantined", "zdr": "ok",
    }  # fmt: skip


def test_age_and_date_are_those_of_the_list(stage: Stage) -> None:
    """Record the headers of the list, not those of the count that is asked beside it."""
    respond = stage.service.respond

    def respond_with_age(path: str, query: Any, headers: Any) -> Any:
        stage.service.age = 500 if path == "models/count" else 7
        return respond(path, query, headers)

    stage.service.respond = respond_with_age
    stage.options["workers"] = 1
    assert stage.run(START) == 0
    assert stage.read_report("models")["age"] == 7


# --- relations between feeds --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "wrong-type"])
def test_a_count_that_fails_refuses_nothing(stage: Stage, fault: str) -> None:
    stage.service.fail("models/count", fault)
    assert stage.run(START) == 0
    assert "no count to compare with" in str(stage.read_report("models").get("notes"))


@pytest.mark.parametrize(
    ("difference", "outcome"), [(2, "ok"), (-2, "ok"), (3, "quarantined"), (-3, "quarantined")]
)
def test_a_count_that_differs(stage: Stage, difference: int, outcome: str) -> None:
    stage.service.fail("models/count", "count-mismatch", by=difference)
    stage.run(START)
    assert stage.read_report("models")["outcome"] == outcome


def test_endpoints_of_the_last_good_list(stage: Stage) -> None:
    """Ask for the models of the last good list where the new one is refused."""
    stage.serve(build_payloads(START, FEW[:9]))
    stage.run(START)
    stage.serve(build_payloads(START, FEW[1:]))
    stage.service.fail("models", "html")
    stage.take_requests()
    assert stage.run(START + HOUR) == 1
    paths = {path for path in stage.take_requests() if path.endswith("/endpoints")}
    assert paths == {f"models/{model}/endpoints" for model in FEW[:9]}
    assert stage.read_report("endpoints")["kept"] == {FEW[0]: "404"}


def test_a_repaired_list_brings_its_new_models(stage: Stage) -> None:
    """Ask for the endpoints of the new models of a repaired list, and for no others."""
    stage.serve(build_payloads(START, FEW[:9]))
    stage.run(START)
    second = build_payloads(START, FEW)
    stage.serve(second)
    stage.service.fail("models", "503")
    assert stage.run(START + HOUR) == 1
    stage.service.heal()
    stage.take_requests()
    assert stage.run(START + HOUR, is_hour_given=False, force=True) == 0
    assert set(stage.take_requests()) == {"models", "models/count", f"models/{FEW[9]}/endpoints"}
    assert archived_bodies(stage) == served_bodies(second)
