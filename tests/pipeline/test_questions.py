"""The commands that read git alone, run as a person runs them: at, raw and status."""

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
from tests.support.archives import (
    FEW,
    Stage,
    build_payloads,
    encode_archived,
    encode_sent,
    make_archive,
    make_responder,
)
from tests.support.import_source import PATH, Source, repriced

HOUR = dt.timedelta(hours=1)
REPEATED_TAGS, GLM = "qwen/qwen3-235b-a22b-2507", "z-ai/glm-5.1"
BAD = START + HOUR
GAP = START + 2 * HOUR
LAST = START + 3 * HOUR


@pytest.fixture(scope="module")
def four_hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return an archive of a good hour, one that lacks models and a model's endpoints, a gap, a good hour."""
    with Service(make_responder({})) as service:
        stage = Stage(service, make_archive(tmp_path_factory.mktemp("asked") / "archive"))
        for hour in (START, BAD, LAST):
            service.now = hour
            stage.serve(build_payloads(hour))
            if hour == BAD:
                service.fail("models", "503")
                service.fail(f"models/{GLM}/endpoints", "404")
            stage.run(hour)
            service.heal()
        yield stage


def run_command(stage: Stage, name: str, *arguments: str) -> Result:
    """Run a command of `orarchive` on the archive of a stage."""
    return CliRunner().invoke(orarchive_command, [name, "--archive", str(stage.root), *arguments])


def read_lines(result: Result) -> list[Any]:
    """Return the JSON values that a command printed, one a line; assert that it succeeded."""
    assert result.exit_code == 0, result.output
    return [loads(line) for line in result.stdout.splitlines()]


def test_raw_gives_a_list_as_it_was_sent(four_hours: Stage) -> None:
    (body,) = read_lines(run_command(four_hours, "raw", format_hour(START), "models"))
    assert encode_archived(body) == encode_sent({"data": build_payloads(START)["models"]["data"]})


def test_raw_gives_one_response_or_all(four_hours: Stage) -> None:
    (response,) = read_lines(run_command(four_hours, "raw", format_hour(LAST), "endpoints", REPEATED_TAGS))
    assert encode_archived(response) == encode_sent(build_payloads(LAST)[f"models/{REPEATED_TAGS}/endpoints"])
    (every,) = read_lines(run_command(four_hours, "raw", format_hour(LAST), "endpoints"))
    assert every.keys() == set(FEW)
    assert every[REPEATED_TAGS] == response


def test_environment_names_the_archive(four_hours: Stage, tmp_path: Path) -> None:
    """Check that an option takes precedence, and that an empty variable counts as none."""
    command, archive = ["at", format_hour(LAST), "models", "--json"], ["--archive", str(four_hours.root)]
    named, elsewhere = {"ARCHIVE_DIR": str(four_hours.root)}, {"ARCHIVE_DIR": str(tmp_path)}
    result = CliRunner().invoke(orarchive_command, command, env=named)
    assert len(read_lines(result)[0]["records"]) == len(FEW)
    assert CliRunner().invoke(orarchive_command, [*command, *archive], env=elsewhere).output == result.output
    wrong = CliRunner().invoke(orarchive_command, command, env=elsewhere)
    assert (wrong.exit_code, str(tmp_path) in wrong.stderr) == (2, True)
    default = CliRunner().invoke(orarchive_command, command, env={})
    assert CliRunner().invoke(orarchive_command, command, env={"ARCHIVE_DIR": ""}).output == default.output


def test_raw_does_not_answer_with_another_hour(four_hours: Stage) -> None:
    for hour, feed, *model in (
        (GAP, "models"),
        (BAD, "models"),
        (BAD, "endpoints", GLM),
        (BAD, "videos"),
        (START, "endpoints", "nobody/nothing"),
        (START - HOUR, "models"),
    ):
        result = run_command(four_hours, "raw", format_hour(hour), feed, *model)
        assert result.exit_code == 1, (hour, feed)
        assert result.stdout == ""
    assert (
        f"{format_hour(START)}, {format_hour(LAST)}"
        in run_command(four_hours, "raw", format_hour(GAP), "models").stderr
    )
    assert "404" in run_command(four_hours, "raw", format_hour(BAD), "endpoints", GLM).stderr


def test_raw_of_an_unknown_model_suggests_similar_ids(four_hours: Stage) -> None:
    for hour in (LAST, BAD):
        result = run_command(four_hours, "raw", format_hour(hour), "endpoints", "Z-AI/glm5.1")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"no endpoints at {format_hour(hour)}: Z-AI/glm5.1; did you mean {GLM}" in result.stderr
    assert "near" not in run_command(four_hours, "raw", format_hour(BAD), "endpoints", GLM).stderr, (
        "it is listed, but was not read"
    )
    assert (
        "was not read" in run_command(four_hours, "raw", format_hour(GAP), "endpoints", "z-ai/glm5.1").stderr
    )


def test_raw_of_an_hour_with_kept_models_leaves_them_out(four_hours: Stage) -> None:
    (every,) = read_lines(run_command(four_hours, "raw", format_hour(BAD), "endpoints"))
    assert every.keys() == set(FEW) - {GLM}


def test_raw_of_a_list_takes_no_model(four_hours: Stage) -> None:
    result = run_command(four_hours, "raw", format_hour(START), "providers", "groq")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "leave out groq" in result.stderr


def test_raw_of_zdr_says_why_it_cannot(four_hours: Stage) -> None:
    result = run_command(four_hours, "raw", format_hour(START), "zdr")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`at`" in result.stderr


def test_at_answers_in_a_gap_with_the_last_good_hour(four_hours: Stage) -> None:
    result = run_command(four_hours, "at", format_hour(GAP), "models", GLM)
    (record,) = read_lines(result)
    assert record["id"] == GLM
    assert f"this is {format_hour(START)}" in result.stderr
    assert run_command(four_hours, "at", format_hour(LAST), "models", GLM).stderr == ""


def test_at_knows_endpoints_by_model_tag_and_number(four_hours: Stage) -> None:
    every = read_lines(run_command(four_hours, "at", format_hour(LAST), "endpoints", REPEATED_TAGS))
    tags = [endpoint["tag"] for endpoint in every]
    repeated = next(tag for tag in tags if tags.count(tag) > 1)
    assert (
        len(
            read_lines(
                run_command(four_hours, "at", format_hour(LAST), "endpoints", f"{REPEATED_TAGS}@{repeated}")
            )
        )
        == 1
    )
    assert (
        len(
            read_lines(
                run_command(four_hours, "at", format_hour(LAST), "endpoints", f"{REPEATED_TAGS}@{repeated}#1")
            )
        )
        == 1
    )
    missing = run_command(four_hours, "at", format_hour(LAST), "endpoints", f"{REPEATED_TAGS}@{repeated}#9")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert f"did you mean {REPEATED_TAGS}@{repeated}" in missing.stderr


def test_at_of_an_unknown_key_suggests_similar_keys(four_hours: Stage) -> None:
    """Check that the keys are those of the hour that answers, which is named."""
    for hour, good, feed, key, suggestion in (
        (LAST, LAST, "models", "z-ai/glm5.1", GLM),
        (GAP, START, "models", "gemini", "google/gemini-2.5-pro"),
        (LAST, LAST, "providers", "deepsek", "deepseek"),
    ):
        result = run_command(four_hours, "at", format_hour(hour), feed, key)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"no {feed} at {format_hour(good)}: {key}; did you mean {suggestion}" in result.stderr


def test_at_gives_all_records_of_a_feed(four_hours: Stage) -> None:
    """Check that it prints a record a line, as sent; of endpoints also those that were kept."""
    assert {
        record["id"] for record in read_lines(run_command(four_hours, "at", format_hour(START), "models"))
    } == set(FEW)
    assert len(read_lines(run_command(four_hours, "at", format_hour(BAD), "endpoints", GLM))) == len(
        build_payloads(START)[f"models/{GLM}/endpoints"]["data"]["endpoints"]
    )


def test_at_names_models_not_read_in_a_good_hour(stage: Stage) -> None:
    """Up to one per cent of the models may fail in a good hour: their records are from before, or absent."""
    bodies = build_payloads(START)
    row, answer = bodies["models"]["data"][0], bodies["models/openai/gpt-5-image/endpoints"]
    many = [{**row, "id": f"lab/{number}"} for number in range(201)]
    answers = {f"models/{model['id']}/endpoints": answer for model in many}
    for hour, rows in ((START, many[:200]), (BAD, many)):
        stage.serve({"models": {"data": rows}, **answers})
        assert stage.run(hour, feeds=("models", "endpoints")) == 0
        stage.service.fail("models/lab/7/endpoints", "503")
        stage.service.fail("models/lab/200/endpoints", "500")
    seven = "Not read at 2026-06-01T01Z: endpoints of lab/7 (503); this is from before\n"
    tag = answer["data"]["endpoints"][0]["tag"]
    for key in ("lab/7", f"lab/7@{tag}"):
        result = run_command(stage, "at", format_hour(BAD), "endpoints", key)
        assert result.stderr == seven
        assert len(read_lines(result)) == (1 if "@" in key else len(answer["data"]["endpoints"]))
        result = run_command(stage, "at", format_hour(BAD), "endpoints", key, "--json")
        assert (json.loads(result.stdout)["kept"], result.stderr) == ({"lab/7": "503"}, seven)
    every = run_command(stage, "at", format_hour(BAD), "endpoints", "--json")
    assert json.loads(every.stdout)["kept"] == {"lab/7": "503", "lab/200": "500"}
    assert every.stderr == "Not read at 2026-06-01T01Z: endpoints of 2 models; this is from before\n"
    never = run_command(stage, "at", format_hour(BAD), "endpoints", "lab/200")
    assert (never.exit_code, never.stdout) == (1, "")
    assert "Not read at 2026-06-01T01Z: endpoints of lab/200 (500)" in never.stderr
    for hour, feed, key in (
        (START, "endpoints", "lab/7"),
        (BAD, "endpoints", "lab/70"),
        (BAD, "models", "lab/7"),
    ):
        result = run_command(stage, "at", format_hour(hour), feed, key, "--json")
        assert (json.loads(result.stdout)["kept"], result.stderr) == ({}, "")


def test_at_for_programs(four_hours: Stage) -> None:
    (answer,) = read_lines(run_command(four_hours, "at", format_hour(GAP), "models", "--json"))
    assert answer.keys() == {"asked", "hour", "feed", "kept", "records"}
    assert answer["kept"] == {}
    assert (answer["asked"], answer["hour"]) == ("2026-06-01T02:00:00Z", "2026-06-01T00:00:00Z")


def test_imported_past_answers_too(stage: Stage, tmp_path: Path) -> None:
    """Ask for an hour on a branch beside the archive's own hours."""
    stage.run(START)
    source = Source(make_archive(tmp_path / "tracker"))
    source.save(repriced("0.5"))
    import_versions(stage.archive, str(source.root), PATH, START)
    (record,) = read_lines(run_command(stage, "at", "2025-03-01T09Z", "models", "b/two"))
    assert record["pricing"]["prompt"] == "0.5"
    (body,) = read_lines(run_command(stage, "raw", "2025-03-01T06Z", "models"))
    assert len(body["data"]) == 5
    assert len(read_lines(run_command(stage, "at", format_hour(START), "models"))) == len(FEW)


def test_status_prints_coverage_and_staleness(four_hours: Stage) -> None:
    fresh = run_command(four_hours, "status", "--now", format_hour(LAST), "--json")
    assert fresh.exit_code == 0
    status = json.loads(fresh.stdout)
    assert status["feeds"]["models"] == {
        "last_good": "2026-06-01T03:00:00Z",
        "good": {"24": 2, "168": 2, "720": 2},
        "possible": {"24": 24, "168": 168, "720": 720},
    }
    assert status["feeds"]["videos"]["good"] == {"24": 1, "168": 1, "720": 1}
    assert status["feeds"]["videos"]["possible"] == {"24": 1, "168": 7, "720": 30}
    assert status["stale"] == []
    assert run_command(four_hours, "status", "--now", format_hour(LAST + 25 * HOUR)).exit_code == 0
    old = run_command(four_hours, "status", "--now", format_hour(LAST + 26 * HOUR))
    assert old.exit_code == 1
    assert "Stale" in old.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("at", "yesterday", "models"), 2, "not a UTC hour"),
        (("at", "2026-06-01T00Z", "rankings"), 2, "rankings"),
        (("raw", "2026-06-01T00Z"), 2, "FEED"),
        (("at", "2026-05-31T23Z", "models"), 1, "no good hour of models at or before 2026-05-31T23Z"),
        (("at", "2026-06-01T00Z", "models", "x/y"), 1, "no models at 2026-06-01T00Z: x/y"),
        (("status", "--now", "soon"), 2, "not a UTC hour"),
    ],
)
def test_wrong_question_is_answered_in_one_line(
    four_hours: Stage, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run_command(four_hours, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_archive_without_hours_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        orarchive_command, ["status", "--archive", str(make_archive(tmp_path / "new"))]
    )
    assert result.exit_code == 1
    assert "no hours yet" in result.stderr


def test_one_stopped_feed_makes_the_archive_stale(tmp_path: Path) -> None:
    """Endpoints that are read every hour do not hide models that are not."""
    with Service(make_responder(build_payloads(START))) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"))
        stage.run(START)
        service.fail("models", "503")
        stage.run(START + 26 * HOUR)
        result = run_command(stage, "status", "--now", format_hour(START + 26 * HOUR), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["stale"] == ["models"]


def test_stopped_daily_feed_is_stale(tmp_path: Path) -> None:
    with Service(make_responder(build_payloads(START))) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"))
        stage.run(START)
        service.fail("videos/models", "503")
        for hours in (24, 48, 49, 50):
            stage.run(START + hours * HOUR)
        results = [
            run_command(stage, "status", "--now", format_hour(START + hours * HOUR), "--json")
            for hours in (49, 50)
        ]
    assert [(result.exit_code, json.loads(result.stdout)["stale"]) for result in results] == [
        (0, []),
        (1, ["videos"]),
    ]
