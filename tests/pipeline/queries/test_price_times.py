"""`price --at`: gaps, minutes within an hour, hours that were read several times, and absences."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import orarchive
from orarchive.importer.convert import import_versions
from orarchive.index.database import open_index
from orarchive.jsonl import dumps, loads
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_hour, format_stamp
from tests.support.all_readers import ask
from tests.support.archives import DAY, HOUR, Stage, build_payloads, make_archive
from tests.support.histories import NewCommit, list_commits, make_commits
from tests.support.questions import (
    BAD,
    DUPLICATES,
    FIRST,
    FREE,
    GAP,
    GEMINI,
    GLM,
    LAST,
    MINUTE,
    SECOND,
    answer,
    assert_refused,
    get_certainty,
    get_model,
    get_prices,
    get_quote,
    list_facts,
    remove_models,
    set_prompt_price,
)
from tests.support.random_histories import archive_steps, write_history
from tests.support.random_steps import Edit, Step
from tests.support.recorders import commit_recording

FIRST_STAMP, SECOND_STAMP, LAST_STAMP = map(format_stamp, (FIRST, SECOND, LAST))


def format_minute(hour: dt.datetime, minute: int) -> str:
    return f"{hour + minute * MINUTE:%Y-%m-%dT%H:%MZ}"


@pytest.mark.parametrize(
    "at",
    ["2026-06-01T01:30Z", format_hour(GAP), "2026-06-01T02:59Z", format_hour(BAD), "2026-06-01T03:59Z"],
)
def test_a_price_between_two_reads(four_hours: Stage, at: str) -> None:
    """The last read answers, and `same` says whether the next one had equal prices."""
    around = (SECOND_STAMP, FIRST_STAMP, LAST_STAMP)
    assert get_certainty(four_hours, DUPLICATES, "--at", at) == (*around, True)
    assert get_certainty(four_hours, GEMINI, "--at", at) == (*around, False)
    assert get_certainty(four_hours, FREE, "--at", at) == (*around, False)


def test_a_date_means_its_last_hour(four_hours: Stage) -> None:
    result = ask(four_hours, "price", GEMINI, "--at", "2026-06-01")
    assert result.stdout == ask(four_hours, "price", GEMINI, "--at", "2026-06-01T23Z").stdout
    assert result.stderr == "2026-06-01 means its last hour, 2026-06-01T23Z\n"


def test_an_empty_time_is_an_error(four_hours: Stage) -> None:
    result = ask(four_hours, "price", GEMINI, "--at", "")
    assert (result.exit_code, "not a UTC hour: ''" in result.stderr) == (2, True)


def test_the_last_line_says_how_sure_a_price_is(four_hours: Stage) -> None:
    at = ("--at", format_hour(GAP))
    line = answer(four_hours, "price", DUPLICATES, *at).splitlines()[-1]
    assert line == "  seen at 2026-06-01T01Z, so since 2026-06-01T00Z or before; the same at 2026-06-01T04Z"
    line = answer(four_hours, "price", GEMINI, *at).splitlines()[-1]
    assert (
        line == "  seen at 2026-06-01T01Z, so since 2026-06-01T00Z or before; NOT the same at 2026-06-01T04Z"
    )


def test_a_price_before_and_after_a_change(four_hours: Stage) -> None:
    before = get_certainty(four_hours, GLM, "--at", format_hour(FIRST))
    assert before == (FIRST_STAMP, FIRST_STAMP, SECOND_STAMP, False)
    assert get_certainty(four_hours, GLM) == (LAST_STAMP, SECOND_STAMP, None, None)


def test_a_price_after_the_last_hour(four_hours: Stage) -> None:
    assert get_certainty(four_hours, DUPLICATES, "--at", "2030-01-01T00Z")[::2] == (LAST_STAMP, None)
    assert get_quote(four_hours, DUPLICATES)["at"] == LAST_STAMP


def test_a_price_before_the_first_hour(four_hours: Stage) -> None:
    at = ("--at", "2026-05-31T23:59Z")
    begin = "first read at 2026-06-01T00Z"
    assert_refused(ask(four_hours, "price", DUPLICATES, *at), 1, "nothing is known", begin)
    assert_refused(ask(four_hours, "price", DUPLICATES, *at, "--json"), 1, "nothing is known")
    assert_refused(ask(four_hours, "price", GLM, "--provider", "z-ai", *at), 1, begin)


# --- within an hour -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", [(), ("--provider", "z-ai")])
def test_a_price_within_an_hour(stage: Stage, provider: tuple[str, ...]) -> None:
    """An hour is its snapshot; at a minute of it only what had been read by then is known."""
    for hour, price in ((FIRST, "0.000001"), (SECOND, "0.000002")):
        stage.serve(set_prompt_price(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + 31 * MINUTE) == 0
    question = (GLM, *provider, "--at")
    for minute in (1, 30):
        at = format_minute(SECOND, minute)
        assert get_certainty(stage, *question, at) == (FIRST_STAMP, FIRST_STAMP, SECOND_STAMP, False)
        assert get_prices(stage, *question, at)["prompt"] == "0.000001"
    quote = get_quote(stage, *question, format_minute(SECOND, 30))
    assert (quote["seen_started"], quote["next_started"]) == ("2026-06-01T00:31:00Z", "2026-06-01T01:31:00Z")
    line = answer(stage, "price", *question, format_minute(SECOND, 30)).splitlines()[-1]
    assert line.endswith("so since 2026-06-01T00Z or before; NOT the same at 2026-06-01T01:31Z")
    for at in (format_hour(SECOND), format_minute(SECOND, 0), format_minute(SECOND, 31)):
        assert get_certainty(stage, *question, at) == (SECOND_STAMP, SECOND_STAMP, None, None)
        assert get_prices(stage, *question, at)["prompt"] == "0.000002"
    early = ask(stage, "price", *question, format_minute(FIRST, 30))
    assert_refused(early, 1, "nothing is known", "first read at 2026-06-01T00Z")


def merge_hours(commit: NewCommit) -> NewCommit:
    """Return a commit with the attempts at SECOND, GAP and BAD in its ledger as three attempts at SECOND."""
    path = "hours/2026-06.jsonl"
    lines = [loads(line) for line in commit[path].splitlines()]
    for line in lines:
        if line["hour"] in (format_stamp(GAP), format_stamp(BAD)):
            line |= {"hour": SECOND_STAMP, "attempt": 2 + (line["hour"] == format_stamp(BAD))}
    ledger = b"".join(dumps(line) + b"\n" for line in lines)
    return commit.with_fields(message="By hand\n").with_files({path: ledger})


@pytest.mark.parametrize("provider", [(), ("--provider", "z-ai")])
def test_a_price_in_an_hour_that_was_read_three_times(stage: Stage, provider: tuple[str, ...]) -> None:
    """Each read counts until the next one; the snapshot of the hour is the last one."""
    for hour, minute, price in (
        (FIRST, 0, "0.000001"),
        (SECOND, 10, "0.000002"),
        (GAP, -30, "0.000001"),
        (BAD, -70, "0.000003"),
        (LAST, 5, "0.000003"),
    ):
        stage.serve(set_prompt_price(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + minute * MINUTE, force=True) == 0
    make_commits(stage.root, [merge_hours(commit) for commit in list_commits(stage.archive)])
    first, second, last = FIRST_STAMP, SECOND_STAMP, LAST_STAMP
    for minute, price, certainty in (
        (9, "0.000001", (first, first, second, False)),
        (10, "0.000002", (second, second, second, False)),
        (29, "0.000002", (second, second, second, False)),
        (49, "0.000001", (second, first, second, False)),
        (50, "0.000003", (second, second, last, True)),
        (184, "0.000003", (second, second, last, True)),
        (185, "0.000003", (last, second, None, None)),
    ):
        at = ("--at", format_minute(SECOND, minute))
        assert get_prices(stage, GLM, *provider, *at)["prompt"] == price, minute
        assert get_certainty(stage, GLM, *provider, *at) == certainty, minute
    at = ("--at", format_hour(SECOND))
    assert get_prices(stage, GLM, *provider, *at)["prompt"] == "0.000003"
    assert get_certainty(stage, GLM, *provider, *at) == (second, second, last, True)
    at = ("--at", format_hour(FIRST))
    assert get_certainty(stage, GLM, *provider, *at) == (first, first, second, False)


def test_a_price_that_was_replaced_within_its_hour(stage: Stage) -> None:
    """The hour has the price of before; what was read in between is kept beside it, if a commit shows it."""
    for hour, minute, price in ((FIRST, 0, "0.000001"), (SECOND, 10, "0.000002"), (GAP, -20, "0.000001")):
        stage.serve(set_prompt_price(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + minute * MINUTE, feeds=("models",)) == 0
    commits = [merge_hours(commit) for commit in list_commits(stage.archive)]
    make_commits(stage.root, commits)
    half_past = ("--at", format_minute(SECOND, 30))
    assert get_prices(stage, GLM, *half_past)["prompt"] == "0.000002"
    assert get_certainty(stage, GLM, *half_past) == (SECOND_STAMP, SECOND_STAMP, SECOND_STAMP, False)
    assert get_certainty(stage, GLM) == (SECOND_STAMP, FIRST_STAMP, None, None)
    with orarchive.open(stage.root) as archive, orarchive.open(archive.path) as file:
        assert str(file.price(GLM, half_past[1]).amounts["prompt"]) == "0.000002"
        for at in (half_past[1], format_hour(SECOND)):
            assert file.price(GLM, at) == archive.price(GLM, at)
    make_commits(stage.root, [commits[0], commits[2]])
    assert get_prices(stage, GLM, *half_past)["prompt"] == "0.000001"
    assert get_certainty(stage, GLM, *half_past) == (FIRST_STAMP, FIRST_STAMP, SECOND_STAMP, True)


def test_only_what_a_good_read_had_left_counts_as_replaced(tmp_path: Path) -> None:
    """Of two hours with a repair the first had read no endpoints before it, the second all but a model."""
    edit = Edit((("endpoints", "a/plain", 0),), "pricing.prompt", "0.3")
    steps = [
        Step(0, bad={"endpoints": "failed"}),
        Step(0),
        Step(1, [edit], missed=frozenset(["a/plain"])),
        Step(0),
    ]
    write_history(tmp_path / "archive", archive_steps(steps))
    with open_index(open_archive(tmp_path / "archive")) as db:
        query = """
            select hour, key, file from replaced_lines join records on records.id = record
            join attempts on attempts.attempt = replaced_lines.attempt
        """
        rows = db.execute(query).fetchall()
    assert rows == [(format_stamp(START + HOUR), "a/plain@p/one#1", "prices")]


# --- since when ---------------------------------------------------------------------------------------------

UNLISTED, UNPRICED = object(), object()


def test_since_is_the_first_hour_of_an_unbroken_stretch(stage: Stage) -> None:
    """Another spelling is the same price; an absence, or an hour without a price, breaks the stretch."""
    completion = {"completion": "0.0000044"}
    pricings: list[Any] = [
        {"prompt": "0.000001", "request": "0", **completion},
        {"prompt": "0.0000010", **completion},
        UNLISTED,
        {"prompt": "0.000001", **completion},
        {"prompt": "1e-6", "image": "0", **completion},
        UNPRICED,
        {"prompt": "0.000001", **completion},
        {"prompt": "0.000001", "request": "0", **completion},
        {"prompt": "0.000001", "image": "0.002", **completion},
        {"prompt": "0.000001", **completion},
    ]
    for number, pricing in enumerate(pricings):
        bodies = build_payloads(START)
        if pricing is UNLISTED:
            bodies = remove_models(bodies, GLM)
        elif pricing is UNPRICED:
            del get_model(bodies, GLM)["pricing"]
        else:
            get_model(bodies, GLM)["pricing"] = pricing
        stage.serve(bodies)
        assert stage.run(START + number * HOUR, feeds=("models",)) == 0
    first_hours = {0: 0, 1: 0, 3: 3, 4: 3, 5: 5, 6: 6, 7: 6, 8: 8, 9: 9}
    for number, first in first_hours.items():
        quote = get_quote(stage, GLM, "--at", format_hour(START + number * HOUR))
        assert quote["since"] == format_stamp(START + first * HOUR), number


# --- absences -----------------------------------------------------------------------------------------------


def test_an_absence_is_described(returning: Stage) -> None:
    for at in (format_hour(SECOND), "2026-06-01T02:30Z"):
        assert_refused(
            ask(returning, "price", FREE, "--at", at),
            1,
            "was not there at 2026-06-01T0",
            "it was away between 2026-06-01T00Z (last seen before) and 2026-06-01T03Z (first seen again)",
        )


def test_a_price_of_a_model_that_was_added_later(stage: Stage) -> None:
    bodies = build_payloads(START)
    stage.serve(remove_models(bodies, FREE))
    assert stage.run(FIRST) == 0
    stage.serve(bodies)
    assert stage.run(SECOND) == 0
    early = ask(stage, "price", FREE, "--at", format_hour(FIRST))
    assert_refused(early, 1, "was not there at 2026-06-01T00Z; it was first seen at 2026-06-01T01Z")


def test_a_price_of_a_model_that_is_not_listed(four_hours: Stage) -> None:
    gone = ask(four_hours, "price", FREE)
    assert_refused(gone, 1, "was not there at 2026-06-01T04Z", "last seen 2026-06-01T01Z")
    misspelled = ask(four_hours, "price", "z-ai/glm5.1")
    assert_refused(misspelled, 1, "no model z-ai/glm5.1; did you mean z-ai/glm-5.1")
    assert_refused(ask(four_hours, "price", "groq"), 1, "no model groq")


# --- imported hours -----------------------------------------------------------------------------------------


def test_a_price_in_imported_hours(stage: Stage, tmp_path: Path) -> None:
    """It names its origin, and is compared with the archive's own first hour."""
    assert stage.run(START) == 0
    recorder = make_archive(tmp_path / "tracker")
    row = {"id": DUPLICATES, "pricing": get_model(build_payloads(START), DUPLICATES)["pricing"]}
    begin = dt.datetime(2025, 3, 1, 6, 7, 8, tzinfo=dt.UTC)
    for day in range(2):
        body = dumps({"data": [{"id": "a/one"}, {**row, "description": f"Day {day}."}]})
        commit_recording(recorder, "models.json", body, begin + day * DAY)
    import_versions(stage.archive, str(recorder), "models.json", START)
    at = ("--at", "2025-03-05T00Z")
    assert get_quote(stage, DUPLICATES, *at)["origin"] == "import:tracker"
    certainty = ("2025-03-02T06:00:00Z", "2025-03-01T06:00:00Z", FIRST_STAMP, True)
    assert get_certainty(stage, DUPLICATES, *at) == certainty
    line = answer(stage, "price", DUPLICATES, *at).splitlines()[-1]
    assert line.startswith("  seen at 2025-03-02T06Z (import:tracker), so since 2025-03-01T06Z or before; ")
    assert line.endswith("; the same at 2026-06-01T00Z")
    assert get_quote(stage, DUPLICATES)["origin"] == "live"
    missing = ("models missing", "a/one", "", "2025-03-02T06:00:00Z", None, None)
    assert list_facts(stage, "a/one") == [missing]
