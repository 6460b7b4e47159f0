"""Questions that git answers, asked as a person asks them: at, raw and status."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.importer.convert import import_versions
from orarchive.jsonl import loads
from orarchive.sample import START, Service
from orarchive.timestamps import format_hour
from tests.support.archives import FEW, Stage, kept, new_archive, payloads, replies, said
from tests.support.imports import PATH, Source, repriced

HOUR = dt.timedelta(hours=1)
TWINS, GLM = "qwen/qwen3-235b-a22b-2507", "z-ai/glm-5.1"
BAD = START + HOUR
GAP = START + 2 * HOUR
LAST = START + 3 * HOUR


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An archive of a good hour, one without models and one model's endpoints, a gap, and a good one."""
    with Service(replies({})) as service:
        stage = Stage(service, new_archive(tmp_path_factory.mktemp("asked") / "archive"))
        for hour in (START, BAD, LAST):
            service.now = hour
            stage.serve(payloads(hour))
            if hour == BAD:
                service.fail("models", "503")
                service.fail(f"models/{GLM}/endpoints", "404")
            stage.run(hour)
            service.heal()
        yield stage


def ask(stage: Stage, name: str, *arguments: str) -> Result:
    return CliRunner().invoke(orarchive_command, [name, "--archive", str(stage.root), *arguments])


def lines(result: Result) -> list[Any]:
    assert result.exit_code == 0, result.output
    return [loads(line) for line in result.stdout.splitlines()]


def test_raw_gives_a_list_as_it_was_sent(asked: Stage) -> None:
    (body,) = lines(ask(asked, "raw", format_hour(START), "models"))
    assert kept(body) == said({"data": payloads(START)["models"]["data"]})


def test_raw_gives_one_response_or_all(asked: Stage) -> None:
    (one,) = lines(ask(asked, "raw", format_hour(LAST), "endpoints", TWINS))
    assert kept(one) == said(payloads(LAST)[f"models/{TWINS}/endpoints"])
    (every,) = lines(ask(asked, "raw", format_hour(LAST), "endpoints"))
    assert every.keys() == set(FEW)
    assert every[TWINS] == one


def test_the_archive_can_be_named_by_the_environment(asked: Stage, tmp_path: Path) -> None:
    """An option goes before it; an empty one is none."""
    command, archive = ["at", format_hour(LAST), "models", "--json"], ["--archive", str(asked.root)]
    named, elsewhere = {"ARCHIVE_DIR": str(asked.root)}, {"ARCHIVE_DIR": str(tmp_path)}
    found = CliRunner().invoke(orarchive_command, command, env=named)
    assert len(lines(found)[0]["records"]) == len(FEW)
    assert CliRunner().invoke(orarchive_command, [*command, *archive], env=elsewhere).output == found.output
    other = CliRunner().invoke(orarchive_command, command, env=elsewhere)
    assert (other.exit_code, str(tmp_path) in other.stderr) == (2, True)
    default = CliRunner().invoke(orarchive_command, command, env={})
    assert CliRunner().invoke(orarchive_command, command, env={"ARCHIVE_DIR": ""}).output == default.output


def test_raw_does_not_answer_with_another_hour(asked: Stage) -> None:
    for hour, feed, *model in (
        (GAP, "models"),
        (BAD, "models"),
        (BAD, "endpoints", GLM),
        (BAD, "videos"),
        (START, "endpoints", "nobody/nothing"),
        (START - HOUR, "models"),
    ):
        result = ask(asked, "raw", format_hour(hour), feed, *model)
        assert result.exit_code == 1, (hour, feed)
        assert result.stdout == ""
    assert (
        f"{format_hour(START)}, {format_hour(LAST)}" in ask(asked, "raw", format_hour(GAP), "models").stderr
    )
    assert "404" in ask(asked, "raw", format_hour(BAD), "endpoints", GLM).stderr


def test_raw_of_a_model_that_is_not_there_names_what_is_near(asked: Stage) -> None:
    for hour, near in ((LAST, f"; near it: {GLM}"), (BAD, f"; near it: {GLM}")):
        result = ask(asked, "raw", format_hour(hour), "endpoints", "Z-AI/glm5.1")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"no endpoints at {format_hour(hour)}: Z-AI/glm5.1{near}" in result.stderr
    assert "near" not in ask(asked, "raw", format_hour(BAD), "endpoints", GLM).stderr, (
        "it was there, but not read"
    )
    assert "was not read" in ask(asked, "raw", format_hour(GAP), "endpoints", "z-ai/glm5.1").stderr


def test_raw_of_an_hour_with_kept_models_leaves_them_out(asked: Stage) -> None:
    (every,) = lines(ask(asked, "raw", format_hour(BAD), "endpoints"))
    assert every.keys() == set(FEW) - {GLM}


def test_raw_of_a_list_takes_no_model(asked: Stage) -> None:
    result = ask(asked, "raw", format_hour(START), "providers", "groq")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "leave out groq" in result.stderr


def test_raw_of_zdr_says_why_not(asked: Stage) -> None:
    result = ask(asked, "raw", format_hour(START), "zdr")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`at`" in result.stderr


def test_at_answers_in_a_gap_with_the_last_good_hour_and_says_so(asked: Stage) -> None:
    result = ask(asked, "at", format_hour(GAP), "models", GLM)
    (record,) = lines(result)
    assert record["id"] == GLM
    assert f"this is {format_hour(START)}" in result.stderr
    assert ask(asked, "at", format_hour(LAST), "models", GLM).stderr == ""


def test_at_knows_endpoints_by_model_tag_and_twin(asked: Stage) -> None:
    every = lines(ask(asked, "at", format_hour(LAST), "endpoints", TWINS))
    tags = [one["tag"] for one in every]
    twin = next(tag for tag in tags if tags.count(tag) > 1)
    assert len(lines(ask(asked, "at", format_hour(LAST), "endpoints", f"{TWINS}@{twin}"))) == 1
    assert len(lines(ask(asked, "at", format_hour(LAST), "endpoints", f"{TWINS}@{twin}#1"))) == 1
    missing = ask(asked, "at", format_hour(LAST), "endpoints", f"{TWINS}@{twin}#9")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert f"near it: {TWINS}@{twin}" in missing.stderr


def test_at_of_a_key_that_is_not_there_names_what_is_near(asked: Stage) -> None:
    """Of those that were there then, and says when that was."""
    for hour, good, feed, key, near in (
        (LAST, LAST, "models", "z-ai/glm5.1", GLM),
        (GAP, START, "models", "gemini", "google/gemini-2.5-pro"),
        (LAST, LAST, "providers", "deepsek", "deepseek"),
    ):
        result = ask(asked, "at", format_hour(hour), feed, key)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"no {feed} at {format_hour(good)}: {key}; near it: {near}" in result.stderr


def test_at_gives_all_records_of_a_feed(asked: Stage) -> None:
    """One a line, as they were sent; of endpoints also those that were kept."""
    assert {one["id"] for one in lines(ask(asked, "at", format_hour(START), "models"))} == set(FEW)
    assert len(lines(ask(asked, "at", format_hour(BAD), "endpoints", GLM))) == len(
        payloads(START)[f"models/{GLM}/endpoints"]["data"]["endpoints"]
    )


def test_at_says_what_was_not_read_in_a_good_hour(stage: Stage) -> None:
    """Up to one per cent of the models may fail in a good hour: theirs is from before, or not there."""
    bodies = payloads(START)
    row, answer = bodies["models"]["data"][0], bodies["models/openai/gpt-5-image/endpoints"]
    many = [{**row, "id": f"lab/{number}"} for number in range(201)]
    answers = {f"models/{one['id']}/endpoints": answer for one in many}
    for hour, listed in ((START, many[:200]), (BAD, many)):
        stage.serve({"models": {"data": listed}, **answers})
        assert stage.run(hour, feeds=("models", "endpoints")) == 0
        stage.service.fail("models/lab/7/endpoints", "503")
        stage.service.fail("models/lab/200/endpoints", "404")
    seven = "Not read at 2026-06-01T01Z: endpoints of lab/7 (503); this is from before\n"
    tag = answer["data"]["endpoints"][0]["tag"]
    for key in ("lab/7", f"lab/7@{tag}"):
        result = ask(stage, "at", format_hour(BAD), "endpoints", key)
        assert result.stderr == seven
        assert len(lines(result)) == (1 if "@" in key else len(answer["data"]["endpoints"]))
        told = ask(stage, "at", format_hour(BAD), "endpoints", key, "--json")
        assert (json.loads(told.stdout)["kept"], told.stderr) == ({"lab/7": "503"}, seven)
    every = ask(stage, "at", format_hour(BAD), "endpoints", "--json")
    assert json.loads(every.stdout)["kept"] == {"lab/7": "503", "lab/200": "404"}
    assert every.stderr == "Not read at 2026-06-01T01Z: endpoints of 2 models; this is from before\n"
    never = ask(stage, "at", format_hour(BAD), "endpoints", "lab/200")
    assert (never.exit_code, never.stdout) == (1, "")
    assert "Not read at 2026-06-01T01Z: endpoints of lab/200 (404)" in never.stderr
    for hour, feed, key in (
        (START, "endpoints", "lab/7"),
        (BAD, "endpoints", "lab/70"),
        (BAD, "models", "lab/7"),
    ):
        told = ask(stage, "at", format_hour(hour), feed, key, "--json")
        assert (json.loads(told.stdout)["kept"], told.stderr) == ({}, "")


def test_at_for_programs(asked: Stage) -> None:
    (answer,) = lines(ask(asked, "at", format_hour(GAP), "models", "--json"))
    assert answer.keys() == {"asked", "hour", "feed", "kept", "records"}
    assert answer["kept"] == {}
    assert (answer["asked"], answer["hour"]) == ("2026-06-01T02:00:00Z", "2026-06-01T00:00:00Z")


def test_an_imported_past_answers_too(stage: Stage, tmp_path: Path) -> None:
    """Beside the archive's own hours, on a branch of its own."""
    stage.run(START)
    source = Source(new_archive(tmp_path / "tracker"))
    source.save(repriced("0.5"))
    import_versions(stage.archive, str(source.root), PATH, START)
    (record,) = lines(ask(stage, "at", "2025-03-01T09Z", "models", "b/two"))
    assert record["pricing"]["prompt"] == "0.5"
    (body,) = lines(ask(stage, "raw", "2025-03-01T06Z", "models"))
    assert len(body["data"]) == 5
    assert len(lines(ask(stage, "at", format_hour(START), "models"))) == len(FEW)


def test_status_tells_coverage_and_staleness(asked: Stage) -> None:
    fresh = ask(asked, "status", "--now", format_hour(LAST), "--json")
    assert fresh.exit_code == 0
    told = json.loads(fresh.stdout)
    assert told["feeds"]["models"] == {
        "last_good": "2026-06-01T03:00:00Z",
        "good": {"24": 2, "168": 2, "720": 2},
        "possible": {"24": 24, "168": 168, "720": 720},
    }
    assert told["feeds"]["videos"]["good"] == {"24": 1, "168": 1, "720": 1}
    assert told["feeds"]["videos"]["possible"] == {"24": 1, "168": 7, "720": 30}
    assert told["stale"] == []
    assert ask(asked, "status", "--now", format_hour(LAST + 25 * HOUR)).exit_code == 0
    old = ask(asked, "status", "--now", format_hour(LAST + 26 * HOUR))
    assert old.exit_code == 1
    assert "Stale" in old.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("at", "yesterday", "models"), 2, "not an hour"),
        (("at", "2026-06-01T00Z", "rankings"), 2, "rankings"),
        (("raw", "2026-06-01T00Z"), 2, "FEED"),
        (("at", "2026-05-31T23Z", "models"), 1, "no good hour of models at or before 2026-05-31T23Z"),
        (("at", "2026-06-01T00Z", "models", "x/y"), 1, "no models at 2026-06-01T00Z: x/y"),
        (("status", "--now", "soon"), 2, "not an hour"),
    ],
)
def test_a_wrong_question_is_told_in_one_line(
    asked: Stage, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = ask(asked, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_an_archive_without_hours_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        orarchive_command, ["status", "--archive", str(new_archive(tmp_path / "new"))]
    )
    assert result.exit_code == 1
    assert "no hours yet" in result.stderr


def test_one_feed_that_stopped_is_enough_to_be_stale(tmp_path: Path) -> None:
    """Endpoints that are read every hour do not hide models that are not."""
    with Service(replies(payloads(START))) as service:
        stage = Stage(service, new_archive(tmp_path / "archive"))
        stage.run(START)
        service.fail("models", "503")
        stage.run(START + 26 * HOUR)
        told = ask(stage, "status", "--now", format_hour(START + 26 * HOUR), "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["stale"] == ["models"]


def test_a_daily_feed_that_stopped_is_stale_too(tmp_path: Path) -> None:
    with Service(replies(payloads(START))) as service:
        stage = Stage(service, new_archive(tmp_path / "archive"))
        stage.run(START)
        service.fail("videos/models", "503")
        for hours in (24, 48, 49, 50):
            stage.run(START + hours * HOUR)
        told = [
            ask(stage, "status", "--now", format_hour(START + hours * HOUR), "--json") for hours in (49, 50)
        ]
    assert [(one.exit_code, json.loads(one.stdout)["stale"]) for one in told] == [(0, []), (1, ["videos"])]
