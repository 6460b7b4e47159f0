"""Keys that were not read: the ledger counts them, a file names all, and every question knows them."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.collect.feed_schedule import list_due_keys
from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.snapshot import make_empty_snapshot
from orarchive.errors import ArchiveError
from orarchive.history.problems import MAX_FILE_BYTES, find_problems
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, Service
from orarchive.store.kept_keys import KeptKey
from orarchive.store.reports import MAX_KEPT_NAMED
from tests.support.all_readers import commit_by_hand
from tests.support.archives import HOUR, Payloads, Stage, build_payloads, make_archive, read_git
from tests.support.histories import query_index

MODELS = [f"lab/{number:03}" for number in range(340)]
FEEDS = ("models", "endpoints")
MONTH_BYTES = 5_000_000
ATTEMPTS_A_MONTH = 2 * 31 * 24
"""Two an hour, each of which finds the hour not good."""


def build_many_models() -> Payloads:
    """Build the bodies of many models."""
    bodies = build_payloads(START)
    row, response = bodies["models"]["data"][0], bodies["models/openai/gpt-5-image/endpoints"]
    return {"models": {"data": [{**row, "id": model} for model in MODELS]}} | {
        f"models/{model}/endpoints": response for model in MODELS
    }


@pytest.fixture(scope="module")
def many_models(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Return an archive of one good hour of many models, which tests copy and do not change."""
    running.heal()
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("many-models") / "archive"))
    stage.serve(build_many_models())
    assert stage.run(START, feeds=FEEDS) == 0
    return stage


@pytest.fixture
def swept(many_models: Stage, stage: Stage, tmp_path: Path) -> Stage:
    """Return a copy of the archive of many models; `stage` heals its service."""
    stage.serve(build_many_models())
    return many_models.copy(tmp_path / "swept")


def fail(stage: Stage, *models: str, reason: str = "500") -> None:
    """Let the requests for the endpoints of models fail."""
    for model in models:
        stage.service.fail(f"models/{model}/endpoints", reason)


def read_kept_file(stage: Stage) -> dict[str, tuple[str, str]]:
    """Return the keys of the file of kept keys with reason and hour."""
    path = stage.root / "data/endpoints/kept.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return {line["model"]: (line["reason"], line["since"]) for line in map(loads, lines)}


def test_many_kept_keys_are_counted_and_named_in_a_file(swept: Stage) -> None:
    """Name ten keys of a reason in the ledger, and all of them, with the first hour, in the file."""
    unread = MODELS[5:35]
    fail(swept, *unread)
    fail(swept, MODELS[300], reason="404")
    for hour in (START + HOUR, START + 2 * HOUR):
        assert swept.run(hour, feeds=FEEDS) == 1
        report = swept.read_report("endpoints")
        assert report["kept"] == dict.fromkeys(unread[:MAX_KEPT_NAMED], "500")
        assert report["kept_counts"] == {"404": 1, "500": 30}
        since = "2026-06-01T01:00:00Z"
        expected = dict.fromkeys(unread, ("500", since)) | {MODELS[300]: ("404", since)}
        assert read_kept_file(swept) == expected
        assert "! endpoints: 31 kept (404, 500):" in read_git(swept.root, "log", "-1")
    swept.service.heal()
    assert swept.run(START + 3 * HOUR, feeds=FEEDS) == 0
    assert "kept" not in swept.read_report("endpoints")
    assert not (swept.root / "data/endpoints/kept.jsonl").exists()


def test_questions_know_kept_keys_that_only_the_file_names(swept: Stage) -> None:
    unread = MODELS[:20]
    fail(swept, *unread)
    assert swept.run(START + HOUR, feeds=FEEDS) == 1
    swept.service.heal()
    assert swept.run(START + 2 * HOUR, feeds=FEEDS) == 0

    def ask(*arguments: str) -> str:
        result = CliRunner().invoke(orarchive_command, [*arguments, "--archive", str(swept.root)])
        assert result.exit_code == 0, result.output
        return result.stdout

    bad = "2026-06-01T01Z"
    assert json.loads(ask("raw", bad, "endpoints")).keys() == {*MODELS[20:]}
    assert json.loads(ask("raw", "2026-06-01T02Z", "endpoints")).keys() == {*MODELS}
    query = "select kept from reads where feed = 'endpoints' and hour = '2026-06-01T01:00:00Z'"
    ((kept,),) = query_index(swept.archive, query)
    assert json.loads(kept) == dict.fromkeys(unread, "500")


def test_the_longest_unread_are_asked_first() -> None:
    """Ask first for keys without a record, then for those that were not read, the longest unread first."""
    snapshot = make_empty_snapshot()
    snapshot["models"] = {(key,): {"id": key} for key in "abcdef"}
    snapshot["endpoints"] = {(key,): {} for key in "abcde"}
    kept = {"c": KeptKey("503", "2026-06-01T02:00:00Z"), "d": KeptKey("404", "2026-06-01T01:00:00Z")}
    assert list_due_keys(ENDPOINTS, snapshot, kept, {"b"}) == ["f", "d", "c", "a", "e"]


def test_a_file_of_kept_keys_that_cannot_be_read_names_the_remedy(
    swept: Stage,
) -> None:
    commit_by_hand(swept, {"endpoints/kept.jsonl": b'{"model":"lab/1"}\n'})
    with pytest.raises(ArchiveError, match=r"data/endpoints/kept.jsonl, line 1: .* may be deleted"):
        swept.run(START + HOUR, feeds=FEEDS)
    (swept.root / "data/endpoints/kept.jsonl").unlink()
    commit_by_hand(swept, {})
    assert swept.run(START + HOUR, feeds=FEEDS) == 0


def test_a_month_of_the_worst_sweep_is_small(swept: Stage) -> None:
    """Fail in as many ways as a sweep can, each with more keys than are named, in every attempt."""
    reasons = (
        "500",
        "502",
        "html",
        "invalid-json",
        "wrong-type",
        "not-utf8",
        "nan",
        "cut-off",
        "404",
        "error-object",
    )
    sizes = []
    for position, model in enumerate(MODELS[10:]):
        fail(swept, model, reason=reasons[position % len(reasons)])
    for number in range(1, 3):
        assert swept.run(START + number * HOUR, feeds=FEEDS) == 1
        sizes.append(len(dumps(swept.read_attempts()[-1])))
    assert swept.read_report("endpoints")["outcome"] == "partial"
    assert max(sizes) * ATTEMPTS_A_MONTH < MONTH_BYTES


def test_a_file_that_grows_large_is_a_problem(swept: Stage) -> None:
    now = START + dt.timedelta(minutes=30)
    assert not [problem for problem in find_problems(swept.read_history(), now) if "MB" in problem]
    commit_by_hand(swept, {"notes.txt": b" " * (MAX_FILE_BYTES + 1)})
    (problem,) = [problem for problem in find_problems(swept.read_history(), now) if "MB" in problem]
    assert problem.startswith("data/notes.txt has 40 MB; GitHub warns at 50 MB")
