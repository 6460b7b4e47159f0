"""`pick` and `models`: what they print, and with which exit code."""

import json
from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.index.database import open_index
from orarchive.sample import START
from orarchive.timestamps import format_hour
from tests.support.all_readers import ask
from tests.support.archives import HOUR, Stage, build_payloads
from tests.support.questions import get_model, remove_models
from tests.support.shortlists import recompute_score

FREE, HAIKU = "openai/gpt-oss-20b:free", "anthropic/claude-haiku-4.5"
INDEX = {"artificial_analysis": {"coding_index": 99, "intelligence_index": 99}}


def ask_json(stage: Stage, *arguments: str) -> dict[str, Any]:
    """Return what a command prints with `--json`."""
    answer: dict[str, Any] = json.loads(ask(stage, *arguments, "--json").stdout)
    return answer


def read_catalog(stage: Stage, number: int | None = None, benchmarks: bool = True) -> Catalog:
    """Return the catalogue of an hour by its number; None is the last."""
    at = None if number is None else START + number * HOUR
    with open_index(stage.archive) as db:
        catalog = build_catalog(db, at, benchmarks=benchmarks, archive=stage.archive)
        assert catalog.shortlists
    return catalog


def describe(catalog: Catalog) -> list[Any]:
    """Return all lists and shortlists of a catalogue as JSON, and the measures that they are made of."""
    shortlists = [shortlist.to_json() for shortlist in catalog.shortlists]
    lists = [ranked.to_json() for ranked in catalog.lists]
    models = sorted(catalog.source.listed.items())
    health = [endpoint.health for _, model in models for endpoint in model.endpoints]
    ranks = [(key, model.rank) for key, model in models]
    return [*shortlists, *lists, catalog.best_value.to_json(), health, ranks]


def test_pick_prints_the_best_with_reasons(two_hours: Stage) -> None:
    answer = ask_json(two_hours, "pick", "coding", "--limit", "3")
    assert [row["score"] for row in answer["picks"]] == [recompute_score(row) for row in answer["picks"]]
    assert len(answer["picks"]) == 3
    shortlist = read_catalog(two_hours).shortlists[0].to_json()
    assert answer["picks"][0] == shortlist["entries"][0], "the same score as in the shortlist"
    lines = ask(two_hours, "pick", "coding", "--limit", "3").stdout.splitlines()
    assert lines[0].startswith(f"Coding: 3 of {answer['fitting']} models that fit, at 2026-06-01T01Z")
    assert f"{answer['picks'][0]['score']}  {answer['picks'][0]['id']}" in lines
    assert "Artificial Analysis" in lines[-1]


def test_pick_keeps_to_endpoints_that_fit(two_hours: Stage) -> None:
    row = ask_json(two_hours, "pick", "--tools", "--provider", "google-vertex", "--limit", "1")["picks"][0]
    assert row["endpoints"] and all("@google-vertex" in name for name in row["endpoints"])
    assert "@google-vertex" in row["parts"]["cost"]["endpoint"]


def test_pick_of_nothing_names_what_excludes_most(two_hours: Stage) -> None:
    result = ask(two_hours, "pick", "--context", "99000000", "--tools")
    assert result.exit_code == 1
    total = ask_json(two_hours, "pick", "--context", "99000000")["models"]
    assert f"Nothing fits: of {total} models --context 99000000 excludes {total}, --tools" in result.stderr
    answer = ask_json(two_hours, "pick", "--context", "99000000", "--max-price", "0.001")
    assert answer["picks"] == []
    assert answer["excluded"]["--context 99000000"] == total


def test_pick_without_benchmarks_ranks_by_other_means(two_hours: Stage) -> None:
    """The switch that leaves third parties' scores out of the site leaves them out here, too."""
    with_scores = ask(two_hours, "pick", "coding", "--json").stdout
    without_scores = ask(two_hours, "pick", "coding", "--json", "--no-benchmarks").stdout
    assert "artificial_analysis" in with_scores and "artificial_analysis" not in without_scores
    assert ask(two_hours, "pick", "coding", "--json", ARCHIVE_BENCHMARKS="0").stdout == without_scores


@pytest.mark.parametrize("option", ["--max-price", "--min-uptime"])
@pytest.mark.parametrize("value", ["cheap", "-1", "NaN"])
def test_wrong_number_is_refused(two_hours: Stage, option: str, value: str) -> None:
    result = ask(two_hours, "pick", option, value)
    assert (result.exit_code, repr(value) in result.stderr) == (2, True)


def test_percentage_has_an_end(two_hours: Stage) -> None:
    assert ask(two_hours, "models", "--min-uptime", "100.1").exit_code == 2
    assert ask(two_hours, "models", "--min-uptime", "100").exit_code == 1, "nothing fits"


@pytest.mark.parametrize("command", ["pick", "models"])
def test_unknown_provider_or_country_is_refused(two_hours: Stage, command: str) -> None:
    result = ask(two_hours, command, "--provider", "google-vertx")
    assert result.exit_code == ask(two_hours, "price", "no/model").exit_code
    assert "no provider google-vertx; did you mean google-vertex" in result.stderr
    assert "no country of a provider XX; " in ask(two_hours, command, "--country", "XX").stderr


def test_models_are_filtered_searched_and_sorted(two_hours: Stage) -> None:
    free = ask_json(two_hours, "models", "--free")["models"]
    assert free and all(row["tier"] == "free" for row in free)
    haikus = ask_json(two_hours, "models", "CLAUDE", "haiku")["models"]
    assert HAIKU in [row["id"] for row in haikus] and all("haiku" in row["id"] for row in haikus)
    rows = ask_json(two_hours, "models", "--sort", "price")["models"]
    amounts = [Decimal(row["blended"]) for row in rows if row["blended"]]
    assert amounts == sorted(amounts)
    assert [row["blended"] for row in rows[len(amounts) :]] == [None] * (len(rows) - len(amounts))
    assert rows[len(amounts) :], "what has no price comes last"
    first_line, *lines = ask(two_hours, "models", "--sort", "context", "--limit", "2").stdout.splitlines()
    assert (first_line.split()[0], len(lines)) == ("id", 2)
    unsorted = ask(two_hours, "models", "--sort", "last-seen", "--limit", "2")
    assert "the last-seen of none of them is on record" in unsorted.stderr


def test_modalities_are_in_any_case(two_hours: Stage) -> None:
    images = ask_json(two_hours, "models", "--input", "image")["models"]
    assert images and ask_json(two_hours, "models", "--input", "Image")["models"] == images


def test_models_of_nothing(two_hours: Stage) -> None:
    result = ask(two_hours, "models", "no-such-word")
    assert (result.exit_code, "'no-such-word'" in result.stderr) == (1, True)
    result = ask(two_hours, "models", "--gone")
    assert (result.exit_code, result.stderr) == (1, "No model left the list\n")
    result = ask(two_hours, "models", "haiku", "--free")
    assert (result.exit_code, "--free excludes" in result.stderr) == (1, True)


def test_past_hour_is_answered_as_it_was(stage: Stage) -> None:
    """The index keeps only the latest scores, so those of a past hour are read from git.

    Between the two hours a model left, and another got the best of all scores.
    """
    bodies = build_payloads(START)
    stage.serve(bodies)
    assert stage.run(START) == 0
    before = describe(read_catalog(stage)), describe(read_catalog(stage, benchmarks=False))
    bodies = remove_models(build_payloads(START), FREE)
    get_model(bodies, HAIKU)["benchmarks"] = INDEX
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    assert describe(read_catalog(stage)) != before[0]
    assert describe(read_catalog(stage, 1)) == describe(read_catalog(stage))
    assert (describe(read_catalog(stage, 0)), describe(read_catalog(stage, 0, benchmarks=False))) == before
    gone = ask_json(stage, "models", "--gone")["models"]
    assert [(row["id"], row["last_seen"]) for row in gone] == [(FREE, "2026-06-01T00:00:00Z")]
    assert ask_json(stage, "models", "--free", "--at", format_hour(START))["models"][0]["id"] == FREE
