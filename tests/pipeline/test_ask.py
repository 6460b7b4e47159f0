"""Questions that the index answers, asked as a person asks them: log, price, index; and diff, of git."""

import datetime as dt
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.domain.changes import Change
from orarchive.domain.phrasing import LOG_STYLE, describe_change, format_tariff
from orarchive.domain.prices import is_in_force, is_understood, list_thresholds, prices_at
from orarchive.importer.convert import import_versions
from orarchive.jsonl import Record, dumps, loads
from orarchive.sample import START, Service
from orarchive.timestamps import format_hour, format_stamp
from tests.pipeline.test_import import PATH, ROWS, Source, body, row
from tests.support.archives import HOUR, Payloads, Stage, new_archive, payloads, replies, say
from tests.support.histories import Made, made, make

GLM, HAIKU, GEMINI = "z-ai/glm-5.1", "anthropic/claude-haiku-4.5", "google/gemini-2.5-pro"
FREE, ROUTER, ALIAS = "openai/gpt-oss-20b:free", "openrouter/auto", "~openai/gpt-latest"
TWINS, IMAGE = "qwen/qwen3-235b-a22b-2507", "openai/gpt-5-image"
THINKING, DEEPSEEK = "qwen/qwen-plus-2025-07-28:thinking", "deepseek/deepseek-v4-pro"
FIRST, SECOND, GAP, BAD, LAST = (START + number * HOUR for number in range(5))

NIGHT = {"utc_start": 2200, "utc_end": 600, "prompt": "0.0000004"}
SCHEDULE = [
    {"utc_start": 600, "utc_end": 2200, "prompt": "0.000001"},
    NIGHT,
    {"utc_days": ["saturday", "sunday"], "prompt": "0.0000002"},
    {"region": "eu", "prompt": "0.9"},
    {"min_prompt_tokens": 100000, "prompt": "0.0000008"},
    {"min_prompt_tokens": 100000, "utc_start": 600, "utc_end": 2200, "prompt": "0.000002"},
]
"""By day and night (over midnight), at weekends, under a condition nobody knows, and for long prompts."""

Row = dict[str, Any]


def model(bodies: Payloads, name: str) -> Row:
    """The record of a model, to change."""
    rows: list[Row] = bodies["models"]["data"]
    return next(row for row in rows if row["id"] == name)


def endpoint(bodies: Payloads, name: str, tag: str) -> Row:
    """An endpoint of a model, to change."""
    offers: list[Row] = bodies[f"models/{name}/endpoints"]["data"]["endpoints"]
    return next(one for one in offers if one["tag"] == tag)


def first() -> Payloads:
    """What the sample says in its first hour, with a schedule for one model and no price for another."""
    bodies = payloads(START)
    model(bodies, HAIKU)["pricing"] |= {"prompt": NIGHT["prompt"], "overrides": SCHEDULE}
    model(bodies, THINKING)["pricing"] = {}
    return bodies


def second() -> Payloads:
    """An endpoint cut its price, and the model with it; an alias moved; a provider and a text were edited."""
    bodies = first()
    model(bodies, GLM)["pricing"]["prompt"] = endpoint(bodies, GLM, "z-ai")["pricing"]["prompt"] = "0.0000012"
    model(bodies, GLM)["name"] = "GLM\n\x1b[31m5.1 \u202e"
    model(bodies, HAIKU)["pricing"]["prompt"] = "0.000001"  # as if a window had closed in between
    model(bodies, ALIAS)["alias_target"] = {"slug": GEMINI, "name": "Gemini"}
    model(bodies, ALIAS)["pricing"] = model(bodies, GEMINI)["pricing"]
    bodies["endpoints/zdr"]["data"] = [
        row for row in bodies["endpoints/zdr"]["data"] if (row["model_id"], row["tag"]) != (GLM, "together")
    ]
    next(row for row in bodies["providers"]["data"] if row["slug"] == "z-ai")["headquarters"] = "NZ"
    return bodies


def last() -> Payloads:
    """Two models are gone, and an endpoint of a third; prices are spelled otherwise, a threshold is gone."""
    bodies = second()
    rows = [row for row in bodies["models"]["data"] if row["id"] not in (FREE, THINKING)]
    bodies["models"] |= {"data": rows, "total_count": len(rows)}
    bodies["models/count"] = {"data": {"count": len(rows)}}
    model(bodies, IMAGE)["expiration_date"] = "2026-12-24"
    model(bodies, TWINS)["pricing"] |= {"prompt": "0.000000220", "request": "0"}
    model(bodies, DEEPSEEK)["pricing"]["overrides"][0]["prompt"] += "0"
    del model(bodies, GEMINI)["pricing"]["overrides"]
    offers = bodies[f"models/{GLM}/endpoints"]["data"]
    offers["endpoints"] = [one for one in offers["endpoints"] if one["tag"] != "parasail/fp8"]
    endpoint(bodies, GLM, "novita/fp8")["pricing"]["prompt"] = "0.000001"
    return bodies


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Four hours: the third is a gap, and in the fourth the models and one model's endpoints were not had."""
    with Service(replies({})) as service:
        stage = Stage(service, new_archive(tmp_path_factory.mktemp("asked") / "archive"))
        for hour, bodies in ((FIRST, first()), (SECOND, second()), (BAD, last()), (LAST, last())):
            service.now = hour
            stage.serve(bodies)
            if hour == BAD:
                service.fail("models", "503")
                service.fail(f"models/{GLM}/endpoints", "404")
            stage.run(hour)
            service.heal()
        yield stage


def ask(stage: Stage, name: str, *arguments: str, **environment: str) -> Result:
    command = [name, "--archive", str(stage.root), *arguments]
    return CliRunner().invoke(orarchive_command, command, env=environment)


def told(stage: Stage, name: str, *arguments: str) -> str:
    result = ask(stage, name, *arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def answer(stage: Stage, name: str, *arguments: str) -> Any:
    """The one JSON object that a question prints for programs."""
    return json.loads(told(stage, name, *arguments, "--json"))


def refused(result: Result, code: int, *words: str) -> None:
    """Assert that a question is refused in one line."""
    assert (result.exit_code, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1
    assert all(word in result.stderr for word in words), result.stderr


# --- log ----------------------------------------------------------------------------------------------------

Fact = tuple[str, str, str, str, Any, Any]
"""What happened, to what, in which field, after which hour, before and after."""


def story(stage: Stage, key: str) -> list[Fact]:
    """The events of a key, by the hour that first showed them, without what came of hours."""
    found = answer(stage, "log", key)
    assert found.keys() == {"key", "records", "events"}
    assert found["key"] == key
    names = (
        "hour",
        "after",
        "by",
        "kind",
        "feed",
        "key",
        "field",
        "old",
        "new",
        "percent",
        "cause",
        "origin",
    )
    assert all(one.keys() == set(names) for one in found["events"])
    return [
        (f"{one['feed']} {one['kind']}", one["key"], one["field"], one["after"], one["old"], one["new"])
        for one in found["events"]
    ]


def test_log_tells_of_a_model_and_its_endpoints(asked: Stage) -> None:
    """Its endpoints were kept in the fourth hour, so what became of them lies further back."""
    cut = ("0.0000014", "0.0000012")
    assert story(asked, GLM) == [
        ("zdr lost", f"{GLM}@together", "", format_stamp(FIRST), None, None),
        ("models edited", GLM, "name", format_stamp(FIRST), "Z.ai: GLM 5.1", "GLM\n\x1b[31m5.1 \u202e"),
        ("endpoints repriced", f"{GLM}@z-ai", "prompt", format_stamp(FIRST), *cut),
        ("models repriced", GLM, "prompt", format_stamp(FIRST), "0.00000105", cut[1]),
        ("endpoints left", f"{GLM}@parasail/fp8", "", format_stamp(SECOND), None, None),
        ("endpoints repriced", f"{GLM}@novita/fp8", "prompt", format_stamp(SECOND), "0.00000138", "0.000001"),
    ]


def test_log_in_words(asked: Stage) -> None:
    """A line each, whatever foreign text is in it."""
    lines = told(asked, "log", GLM).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        f"{GLM} (models): active, first seen 2026-06-01T00Z, last seen 2026-06-01T04Z",
        "in after what to",
        "2026-06-01T01Z 2026-06-01T00Z zdr lost @together",
        "2026-06-01T01Z 2026-06-01T00Z edited name Z.ai: GLM 5.1 -> GLM [31m5.1",
        "2026-06-01T01Z 2026-06-01T00Z repriced @z-ai prompt $1.40 per M -> $1.20 per M (-14.3 %)",
        "2026-06-01T01Z 2026-06-01T00Z repriced prompt $1.05 per M -> $1.20 per M (+14.3 %),"
        " an endpoint's own price",
        "2026-06-01T04Z 2026-06-01T01Z left @parasail/fp8",
        "2026-06-01T04Z 2026-06-01T01Z repriced @novita/fp8 prompt $1.38 per M -> $1.00 per M (-27.5 %)",
    ]
    columns = {line.index(word) for line in lines for word in ("prompt $", "name Z") if word in line}
    assert len(columns) == 1


def test_log_of_what_came_and_went(asked: Stage) -> None:
    assert story(asked, FREE) == [
        ("models missing", FREE, "", format_stamp(SECOND), None, None),
        ("endpoints left", f"{FREE}@deepinfra/bf16", "", format_stamp(BAD), None, None),
    ]
    words = told(asked, "log", FREE)
    assert "missing" in words and "gone" in words and "with its model" in words
    assert story(asked, IMAGE) == [
        ("models expiry_set", IMAGE, "expiration_date", format_stamp(SECOND), None, "2026-12-24")
    ]
    assert "alias moved" in told(asked, "log", ALIAS)
    assert f"openai/gpt-5.5 -> {GEMINI}" in told(asked, "log", ALIAS)


def test_log_of_an_endpoint(asked: Stage) -> None:
    assert [one[:3] for one in story(asked, f"{GLM}@z-ai")] == [
        ("endpoints repriced", f"{GLM}@z-ai", "prompt")
    ]
    assert [one[0] for one in story(asked, f"{GLM}@together")] == ["zdr lost"]


def test_log_of_a_provider(asked: Stage) -> None:
    """With its endpoints, whole: the provider is called as the lab of the model is."""
    assert [one[:3] for one in story(asked, "z-ai")] == [
        ("endpoints repriced", f"{GLM}@z-ai", "prompt"),
        ("providers policy_changed", "z-ai", "headquarters"),
    ]
    assert f"repriced        {GLM}@z-ai" in told(asked, "log", "z-ai")
    assert [one[:2] for one in story(asked, "parasail")] == [("endpoints left", f"{GLM}@parasail/fp8")]
    assert "z-ai/glm-5.1@parasail/fp8" in told(asked, "log", "parasail")


def test_log_of_what_nothing_happened_to(asked: Stage) -> None:
    """A price that is only spelled in another way has not moved."""
    for key in (TWINS, HAIKU, ROUTER, "groq", f"{TWINS}@deepinfra/fp8"):
        *about, nothing = told(asked, "log", key).splitlines()
        assert nothing == f"Nothing has happened to {key} since its record began."
        found = answer(asked, "log", key)
        assert found == {"key": key, "records": found["records"], "events": []}
        assert len(about) == len(found["records"]) == (2 if "@" in key else 1), "zdr has it as well"


def test_log_of_a_threshold_that_went(asked: Stage) -> None:
    assert "prompt ($1.25, over 200,000 tokens $2.50) per M -> $1.25 per M" in told(asked, "log", GEMINI)


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("z-ai/glm5.1", "near it: z-ai/glm-5.1"),
        ("glm", "near it: z-ai/glm-5.1"),
        ("gpt-oss", FREE),
        ("deepinfr", "near it: deepinfra"),
        ("Z-AI/GLM-5.1", "near it: z-ai/glm-5.1"),
        ("DEEPINFRA", "near it: deepinfra"),
        ("FP8", "fp8"),
        ("%", None),
        ("z%", None),
        ("deepinfr_", "near it: deepinfra"),
        ("", None),
        ("nothing-like-it", None),
    ],
)
def test_log_of_what_nobody_knows_names_what_is_near(asked: Stage, key: str, near: str | None) -> None:
    for options in ((), ("--json",)):
        result = ask(asked, "log", key, *options)
        refused(result, 1, f"no model, endpoint or provider {key}", near or "")
        assert ("near it" in result.stderr) == bool(near)
        assert result.stderr.count(", ") <= 3, "three names at most"


def test_log_begins_with_what_is_known_of_the_key_itself(asked: Stage) -> None:
    """State, first and last hour; of one that is there the last is that of the reading that showed it."""
    there = {"state": "active", "first_seen": format_stamp(FIRST)}
    for key, wanted in {
        GLM: [{"feed": "models", **there, "last_seen": format_stamp(LAST)}],
        FREE: [{"feed": "models", **there, "state": "stale", "last_seen": format_stamp(SECOND)}],
        f"{GLM}@z-ai": [{"feed": "endpoints", **there, "last_seen": format_stamp(LAST)}],
        f"{GLM}@together": [
            {"feed": "endpoints", **there, "last_seen": format_stamp(LAST)},
            {"feed": "zdr", **there, "state": "lost", "last_seen": format_stamp(FIRST)},
        ],
        f"{GLM}@parasail/fp8": [
            {"feed": "endpoints", **there, "state": "left", "last_seen": format_stamp(SECOND)},
            {"feed": "zdr", **there, "last_seen": format_stamp(LAST)},
        ],
        "z-ai": [{"feed": "providers", **there, "last_seen": format_stamp(LAST)}],
        "novita/fp8": [],
    }.items():
        assert answer(asked, "log", key)["records"] == [{**one, "key": key} for one in wanted], key
        lines = told(asked, "log", key).splitlines()[: len(wanted)]
        assert lines == [
            f"{key} ({one['feed']}): {one['state']}, first seen 2026-06-01T00Z,"
            f" last seen {one['last_seen'][:13]}Z"
            for one in wanted
        ]


def test_log_knows_an_endpoint_as_of_the_last_time_it_was_read(stage: Stage) -> None:
    stage.serve(payloads(START))
    assert stage.run(START) == 0
    stage.service.fail(f"models/{GLM}/endpoints", "404")
    stage.run(SECOND)
    (one,) = [one for one in answer(stage, "log", f"{GLM}@z-ai")["records"] if one["feed"] == "endpoints"]
    assert one["last_seen"] == format_stamp(FIRST)
    assert answer(stage, "log", f"{HAIKU}@amazon-bedrock/eu-west-1")["records"][0][
        "last_seen"
    ] == format_stamp(SECOND)


LONG = "A text that begins with the very same words, as most descriptions do when they are edited, "


@pytest.mark.parametrize(
    ("field", "old", "new", "said"),
    [
        ("description", LONG + "a", LONG + "b", "description reworded"),
        ("description", LONG, LONG[1:], f"description {LONG[:57]}... -> {LONG[1:58]}..."),
        ("links", {"terms": LONG + "a"}, {"terms": LONG + "b"}, "links.terms reworded"),
        ("size", 1, "1", "size changed"),
        ("default_parameters", {}, {"top_p": None}, "default_parameters changed"),
        ("top", [LONG + "a"], [LONG + "b"], "top changed"),
        ("top", ["a", "b"], ["b", "a"], "top reordered"),
        (
            "architecture",
            {"input_modalities": ["image", "text"], "tokenizer": "A"},
            {"input_modalities": ["audio", "image"], "tokenizer": "B"},
            "architecture.input_modalities +audio -text, architecture.tokenizer A -> B",
        ),
        (
            "architecture",
            {"input_modalities": None},
            {"input_modalities": ["a"]},
            "architecture.input_modalities changed",
        ),
    ],
)
def test_what_a_change_is_in_words(field: str, old: Any, new: Any, said: str) -> None:
    assert describe_change(Change("edited", "models", "a/b", field, old, new), LOG_STYLE) == said


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            [{"price": "0.000001"}, {"min_prompt_tokens": 200000, "price": "0"}],
            "($1.00, over 200,000 tokens free) per M",
        ),
        ([{"utc_start": 0, "utc_end": 830, "price": "0.00000198"}], "(00:00-08:30 UTC $1.98) per M"),
        ([{"utc_days": ["monday"], "min_prompt_tokens": 5, "price": "0"}], "(over 5 tokens monday free)"),
        ([{"utc_start": 5, "region": "eu", "price": "-1"}], "(region eu utc_start 5 dynamic)"),
        ([{"min_prompt_tokens": None, "price": "0.1"}], "(min_prompt_tokens none $100000.00) per M"),
        ([{"price": "0"}] * 12, f"({', '.join(['free'] * 10)} and 2 more)"),
    ],
)
def test_a_price_by_conditions_in_words(entries: list[Record], said: str) -> None:
    assert format_tariff("prompt", entries, LOG_STYLE) == said


def test_log_knows_a_model_that_was_only_asked_for(stage: Stage) -> None:
    """No list ever had it, so it was never seen."""
    stage.serve(payloads(START))
    assert stage.run(START, feeds=("models", "endpoints")) == 0
    (commit,) = made(stage.archive)
    files: dict[str, bytes | None] = {}
    for path in (path.removeprefix("data/") for path in commit.files):
        if path.startswith("models/"):
            lines = commit[path].splitlines(keepends=True)
            files[path] = b"".join(line for line in lines if loads(line)["id"] != GLM)
    make(stage.root, [commit.having(files)])
    (one,) = answer(stage, "log", GLM)["records"]
    assert (one["state"], one["first_seen"], one["last_seen"]) == ("unlisted", None, None)
    assert told(stage, "log", GLM).splitlines()[0] == f"{GLM} (models): unlisted"


def test_log_names_a_provider_that_only_endpoints_know(stage: Stage) -> None:
    bodies = payloads(START)
    rows = [one for one in bodies["providers"]["data"] if one["slug"] != "parasail"]
    stage.serve(bodies | {"providers": {"data": rows}})
    assert stage.run(START) == 0
    assert told(stage, "log", "parasail") == "Nothing has happened to parasail since its record began.\n"
    refused(ask(stage, "log", "PARASAIL"), 1, "near it: parasail, parasail/fp8")


@pytest.fixture
def told_more(stage: Stage) -> Stage:
    """Four hours: a model goes and is back; another is served by nobody for two; a schedule ends."""
    bodies = payloads(START)
    stage.serve(bodies)
    assert stage.run(START) == 0
    rows = [one for one in bodies["models"]["data"] if one["id"] != FREE]
    path = f"models/{HAIKU}/endpoints"
    orphan = {"data": bodies[path]["data"] | {"endpoints": []}}
    short = {"models": {"data": rows}, "models/count": {"data": {"count": len(rows)}}, path: orphan}
    stage.serve(bodies | short)
    assert [stage.run(START + number * HOUR) for number in (1, 2)] == [0, 0]
    bodies = payloads(START)
    for pricing in (model(bodies, DEEPSEEK)["pricing"], endpoint(bodies, DEEPSEEK, "deepseek")["pricing"]):
        del pricing["overrides"]
    stage.serve(bodies)
    assert stage.run(START + 3 * HOUR) == 0
    return stage


def test_log_of_what_came_back(told_more: Stage) -> None:
    lines = [" ".join(line.split()) for line in told(told_more, "log", FREE).splitlines()]
    assert lines[-2] == "2026-06-01T03Z 2026-06-01T02Z returned was stale"
    assert lines[-1] == "2026-06-01T03Z 2026-06-01T02Z joined @deepinfra/bf16 with its model"


def test_log_tells_when_it_began(told_more: Stage) -> None:
    """That nobody serves a model is known after two hours, and was so from the first of them on."""
    (line,) = [line for line in told(told_more, "log", HAIKU).splitlines() if "orphaned" in line]
    assert line.split() == ["2026-06-01T01Z", "2026-06-01T00Z", "orphaned"]


def test_log_of_a_schedule_that_ended(told_more: Stage) -> None:
    """With the hours of each price."""
    said = told(told_more, "log", DEEPSEEK)
    hours = "10:00-01:00 UTC $0.435, 01:00-04:00 UTC $0.87, 04:00-06:00 UTC $0.435, 06:00-10:00 UTC $0.87"
    assert f"prompt ({hours}, saturday sunday $0.435) per M -> $0.435 per M, its schedule" in said


def test_foreign_text_cannot_drive_a_terminal(stage: Stage) -> None:
    """Nor forge a line: an id may be anything."""
    name = "lab/red\x1b[31m\nError: forged"
    bodies = payloads(START)
    bodies["models"]["data"].append(model(bodies, TWINS) | {"id": name})
    bodies["models"]["total_count"] += 1
    bodies["models/count"]["data"]["count"] += 1
    stage.serve(bodies | {f"models/{name}/endpoints": {"data": {"id": name, "endpoints": []}}})
    assert stage.run(START) == 0
    shown = told(stage, "price", name)
    assert shown.splitlines()[0] == "lab/red [31m Error: forged at 2026-06-01T00:00Z"
    assert "\x1b" not in shown
    refused(ask(stage, "log", "lab/red"), 1, "near it: lab/red [31m Error: forged")
    refused(
        ask(stage, "at", format_hour(START), "models", "lab/red"), 1, "near it: lab/red [31m Error: forged"
    )


# --- price --------------------------------------------------------------------------------------------------


def quote(stage: Stage, *arguments: str) -> Row:
    """The one answer to what something cost."""
    found = answer(stage, "price", *arguments)
    assert found.keys() == {"model", "quotes"}
    assert found["model"] == arguments[0]
    (one,) = found["quotes"]
    assert one.keys() == {
        *("key", "at", "prices", "thresholds", "overrides", "pricing"),
        *("seen", "seen_started", "since", "origin", "next", "next_started", "same"),
    }
    return dict(one)


def costs(stage: Stage, *arguments: str) -> dict[str, str]:
    """The prices in that answer: plain strings."""
    return {name: one["price"] for name, one in quote(stage, *arguments)["prices"].items()}


def sure(stage: Stage, *arguments: str) -> tuple[Any, ...]:
    """How sure it is: seen, since, next, the same there."""
    one = quote(stage, *arguments)
    return one["seen"], one["since"], one["next"], one["same"]


def test_a_fixed_price(asked: Stage) -> None:
    assert costs(asked, TWINS) == {"prompt": "0.000000220", "completion": "0.00000088"}
    assert quote(asked, TWINS)["pricing"]["request"] == "0", "as it was sent"
    assert sure(asked, TWINS) == (format_stamp(LAST), format_stamp(FIRST), None, None), (
        "though it was spelled otherwise"
    )
    assert told(asked, "price", TWINS).splitlines() == [
        f"{TWINS} at 2026-06-01T04:00Z",
        "  prompt      $0.22 per M",
        "  completion  $0.88 per M",
        "  seen at 2026-06-01T04Z, so since 2026-06-01T00Z; nothing was seen after it",
    ]


@pytest.mark.parametrize(
    ("name", "words", "price"),
    [(ROUTER, "dynamic", "-1"), (FREE, "free", "0"), (ALIAS, "$5.00 per M", "0.000005")],
    ids=["router", "free", "alias"],
)
def test_what_is_no_usual_price(asked: Stage, name: str, words: str, price: str) -> None:
    at = ("--at", format_hour(FIRST))
    assert costs(asked, name, *at)["prompt"] == price
    assert told(asked, "price", name, *at).splitlines()[1].split(maxsplit=1) == ["prompt", words]


def test_an_alias_costs_what_it_points_at(asked: Stage) -> None:
    assert costs(asked, ALIAS) == costs(asked, GEMINI, "--at", format_hour(SECOND))


@pytest.mark.parametrize(
    ("at", "price", "window"),
    [
        ("2026-06-01T05:59Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-01T06:00Z", "0.000001", "06:00-22:00 UTC"),
        ("2026-06-01T21:59Z", "0.000001", "06:00-22:00 UTC"),
        ("2026-06-01T22:00Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-02T00Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-05T23:59Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-06T00Z", "0.0000002", "saturday sunday"),
        ("2026-06-07T23:59Z", "0.0000002", "saturday sunday"),
        ("2026-06-08T00:00:00Z", "0.0000004", "22:00-06:00 UTC"),
    ],
)
def test_a_price_by_the_clock(asked: Stage, at: str, price: str, window: str) -> None:
    """Half-open windows, one over midnight, and days; the last entry that holds wins, and says so."""
    assert costs(asked, HAIKU, "--at", at)["prompt"] == price
    (line,) = [
        line for line in told(asked, "price", HAIKU, "--at", at).splitlines() if line.startswith("  prompt ")
    ]
    assert line.endswith(window)
    entry = quote(asked, HAIKU, "--at", at)["prices"]["prompt"]["entry"]
    assert entry in SCHEDULE and entry["prompt"] == price
    assert quote(asked, HAIKU, "--at", at)["prices"]["completion"] == {"price": "0.000005", "entry": None}


@pytest.mark.parametrize(
    ("at", "long"),
    [("2026-06-01T04Z", "0.0000008"), ("2026-06-01T12Z", "0.000002"), ("2026-06-06T04Z", "0.0000008")],
)
def test_a_price_of_long_prompts(asked: Stage, at: str, long: str) -> None:
    """Also of these the last entry that holds wins, by the clock too; what costs the same is left out."""
    assert quote(asked, HAIKU, "--at", at)["thresholds"] == [{"min_prompt_tokens": 100000, "prompt": long}]
    words = f"  over 100000 prompt tokens  prompt  ${Decimal(long) * 1000000:.2f} per M"
    assert words in told(asked, "price", HAIKU, "--at", at).splitlines()
    assert quote(asked, HAIKU, "--at", at)["overrides"] == SCHEDULE


def test_thresholds_that_went(asked: Stage) -> None:
    before = quote(asked, GEMINI, "--at", format_hour(SECOND))
    ((over),) = before["thresholds"]
    assert over["min_prompt_tokens"] == 200000
    assert (before["prices"]["prompt"]["price"], over["prompt"]) == ("0.00000125", "0.0000025")
    assert before["same"] is False
    shown = [
        line.split()[4]
        for line in told(asked, "price", GEMINI, "--at", format_hour(SECOND)).splitlines()
        if "over" in line
    ]
    assert shown == ["prompt", "completion", "input_cache_read", "audio", "input_audio_cache"]
    assert quote(asked, GEMINI)["thresholds"] == []
    assert "prompt tokens" not in told(asked, "price", GEMINI)


def test_a_price_between_two_hours(asked: Stage) -> None:
    """In a gap, and in an hour without the models: what was before, and whether it was the same after."""
    for at in (
        "2026-06-01T01:30Z",
        format_hour(GAP),
        "2026-06-01T02:59Z",
        format_hour(BAD),
        "2026-06-01T03:59Z",
    ):
        assert sure(asked, TWINS, "--at", at) == (
            format_stamp(SECOND),
            format_stamp(FIRST),
            format_stamp(LAST),
            True,
        )
        assert sure(asked, GEMINI, "--at", at) == (
            format_stamp(SECOND),
            format_stamp(FIRST),
            format_stamp(LAST),
            False,
        )
        assert sure(asked, FREE, "--at", at) == (
            format_stamp(SECOND),
            format_stamp(FIRST),
            format_stamp(LAST),
            False,
        )
    assert sure(asked, GLM, "--at", format_hour(FIRST)) == (
        format_stamp(FIRST),
        format_stamp(FIRST),
        format_stamp(SECOND),
        False,
    )
    assert sure(asked, GLM) == (format_stamp(LAST), format_stamp(SECOND), None, None)
    last = told(asked, "price", TWINS, "--at", format_hour(GAP)).splitlines()[-1]
    assert last == "  seen at 2026-06-01T01Z, so since 2026-06-01T00Z; the same at 2026-06-01T04Z"
    last = told(asked, "price", GEMINI, "--at", format_hour(GAP)).splitlines()[-1]
    assert last == "  seen at 2026-06-01T01Z, so since 2026-06-01T00Z; NOT the same at 2026-06-01T04Z"


MINUTE = dt.timedelta(minutes=1)


def repriced(name: str, tag: str, price: str) -> Payloads:
    """What the sample says, with another price of a model and of its endpoint."""
    bodies = payloads(START)
    model(bodies, name)["pricing"]["prompt"] = endpoint(bodies, name, tag)["pricing"]["prompt"] = price
    return bodies


def at_minute(hour: dt.datetime, minute: int) -> str:
    return f"{hour + minute * MINUTE:%Y-%m-%dT%H:%MZ}"


@pytest.mark.parametrize("provider", [(), ("--provider", "z-ai")])
def test_a_price_within_an_hour(stage: Stage, provider: tuple[str, ...]) -> None:
    """An hour is its snapshot; in a minute of it only what had been read by then is known."""
    for hour, price in ((FIRST, "0.000001"), (SECOND, "0.000002")):
        stage.serve(repriced(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + 31 * MINUTE) == 0
    hours = (format_stamp(FIRST), format_stamp(FIRST), format_stamp(SECOND), False)
    for minute in (1, 30):
        assert sure(stage, GLM, *provider, "--at", at_minute(SECOND, minute)) == hours
        assert costs(stage, GLM, *provider, "--at", at_minute(SECOND, minute))["prompt"] == "0.000001"
    one = quote(stage, GLM, *provider, "--at", at_minute(SECOND, 30))
    assert (one["seen_started"], one["next_started"]) == (
        "2026-06-01T00:31:00Z",
        "2026-06-01T01:31:00Z",
    )
    words = told(stage, "price", GLM, *provider, "--at", at_minute(SECOND, 30)).splitlines()[-1]
    assert words.endswith(
        "seen at 2026-06-01T00Z, so since 2026-06-01T00Z; NOT the same at 2026-06-01T01:31Z"
    )
    for at in (format_hour(SECOND), at_minute(SECOND, 0), at_minute(SECOND, 31)):
        assert sure(stage, GLM, *provider, "--at", at) == (
            format_stamp(SECOND),
            format_stamp(SECOND),
            None,
            None,
        )
        assert costs(stage, GLM, *provider, "--at", at)["prompt"] == "0.000002"
    early = ask(stage, "price", GLM, *provider, "--at", at_minute(FIRST, 30))
    refused(early, 1, "nothing is known", "first read at 2026-06-01T00Z")


def _at_one_hour(one: Made) -> Made:
    """A commit whose ledger has the attempts at three hours as three writers at the first of them."""
    path = "hours/2026-06.jsonl"
    lines = [loads(line) for line in one[path].splitlines()]
    for line in lines:
        if line["hour"] in (format_stamp(GAP), format_stamp(BAD)):
            line |= {"hour": format_stamp(SECOND), "attempt": 2 + (line["hour"] == format_stamp(BAD))}
    return one.but(message="By hand\n").having({path: b"".join(dumps(line) + b"\n" for line in lines)})


@pytest.mark.parametrize("provider", [(), ("--provider", "z-ai")])
def test_a_price_in_an_hour_that_was_read_three_times(stage: Stage, provider: tuple[str, ...]) -> None:
    """Each reading counts until the next one; of the hour the last one does."""
    for hour, minute, price in (
        (FIRST, 0, "0.000001"),
        (SECOND, 10, "0.000002"),
        (GAP, -30, "0.000001"),
        (BAD, -70, "0.000003"),
        (LAST, 5, "0.000003"),
    ):
        stage.serve(repriced(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + minute * MINUTE, force=True) == 0
    make(stage.root, [_at_one_hour(one) for one in made(stage.archive)])
    first, second, third = format_stamp(FIRST), format_stamp(SECOND), format_stamp(LAST)
    for minute, price, wanted in (
        (9, "0.000001", (first, first, second, False)),
        (10, "0.000002", (second, second, second, False)),
        (29, "0.000002", (second, second, second, False)),
        (49, "0.000001", (second, first, second, False)),
        (50, "0.000003", (second, second, third, True)),
        (184, "0.000003", (second, second, third, True)),
        (185, "0.000003", (third, second, None, None)),
    ):
        at = ("--at", at_minute(SECOND, minute))
        assert costs(stage, GLM, *provider, *at)["prompt"] == price, minute
        assert sure(stage, GLM, *provider, *at) == wanted, minute
    at = ("--at", format_hour(SECOND))
    assert costs(stage, GLM, *provider, *at)["prompt"] == "0.000003"
    assert sure(stage, GLM, *provider, *at) == (second, second, third, True)
    assert sure(stage, GLM, *provider, "--at", format_hour(FIRST)) == (first, first, second, False)


def test_a_price_that_was_another_one_for_half_an_hour(stage: Stage) -> None:
    """The hour has the price of before; what it was in between only its commit tells, if there is one."""
    for hour, minute, price in ((FIRST, 0, "0.000001"), (SECOND, 10, "0.000002"), (GAP, -20, "0.000001")):
        stage.serve(repriced(GLM, "z-ai", price))
        assert stage.run(hour, now=hour + minute * MINUTE, feeds=("models",)) == 0
    commits = [_at_one_hour(one) for one in made(stage.archive)]
    make(stage.root, commits)
    first, second = format_stamp(FIRST), format_stamp(SECOND)
    half_past = ("--at", at_minute(SECOND, 30))
    assert costs(stage, GLM, *half_past)["prompt"] == "0.000002"
    assert sure(stage, GLM, *half_past) == (second, second, second, False)
    assert sure(stage, GLM) == (second, first, None, None)
    make(stage.root, [commits[0], commits[2]])
    assert costs(stage, GLM, *half_past)["prompt"] == "0.000001"
    assert sure(stage, GLM, *half_past) == (first, first, second, True)


def test_since_when_a_price_stands(stage: Stage) -> None:
    """Spelled otherwise it is the same; it is not where the model was away, nor where it had none."""
    plain = {"completion": "0.0000044"}
    pricings = [
        {"prompt": "0.000001", "request": "0", **plain},
        {"prompt": "0.0000010", **plain},
        None,
        {"prompt": "0.000001", **plain},
        {"prompt": "1e-6", "image": "0", **plain},
        ...,
        {"prompt": "0.000001", **plain},
        {"prompt": "0.000001", "request": "0", **plain},
    ]
    for number, pricing in enumerate(pricings):
        bodies = payloads(START)
        rows = bodies["models"]["data"]
        if pricing is None:
            rows = [one for one in rows if one["id"] != GLM]
        elif pricing is ...:
            del model(bodies, GLM)["pricing"]
        else:
            model(bodies, GLM)["pricing"] = pricing
        bodies |= {"models": {"data": rows}, "models/count": {"data": {"count": len(rows)}}}
        stage.serve(bodies)
        assert stage.run(START + number * HOUR, feeds=("models",)) == 0
    found = {
        number: quote(stage, GLM, "--at", format_hour(START + number * HOUR))["since"]
        for number, pricing in enumerate(pricings)
        if pricing
    }
    begun = {0: 0, 1: 0, 3: 3, 4: 3, 5: 5, 6: 6, 7: 6}
    assert found == {number: format_stamp(START + first * HOUR) for number, first in begun.items()}


def test_a_price_of_a_model_that_was_away_says_when(told_more: Stage) -> None:
    for at in (format_hour(SECOND), "2026-06-01T02:30Z"):
        refused(
            ask(told_more, "price", FREE, "--at", at),
            1,
            "was not there at 2026-06-01T0",
            "it was away between 2026-06-01T00Z (last seen before) and 2026-06-01T03Z (first seen again)",
        )


def test_a_price_of_a_model_that_came_later(stage: Stage) -> None:
    bodies = payloads(START)
    rows = [one for one in bodies["models"]["data"] if one["id"] != FREE]
    stage.serve(bodies | {"models": {"data": rows}, "models/count": {"data": {"count": len(rows)}}})
    assert stage.run(FIRST) == 0
    stage.serve(bodies)
    assert stage.run(SECOND) == 0
    early = ask(stage, "price", FREE, "--at", format_hour(FIRST))
    refused(early, 1, "was not there at 2026-06-01T00Z; it was first seen at 2026-06-01T01Z")


def test_a_price_after_the_last_hour(asked: Stage) -> None:
    assert sure(asked, TWINS, "--at", "2030-01-01T00Z")[::2] == (format_stamp(LAST), None)
    assert quote(asked, TWINS)["at"] == format_stamp(LAST)


def test_a_price_before_the_first_hour(asked: Stage) -> None:
    at = ("--at", "2026-05-31T23:59Z")
    refused(ask(asked, "price", TWINS, *at), 1, "nothing is known", "first read at 2026-06-01T00Z")
    refused(ask(asked, "price", TWINS, *at, "--json"), 1, "nothing is known")
    refused(ask(asked, "price", GLM, "--provider", "z-ai", *at), 1, "first read at 2026-06-01T00Z")


def test_a_price_of_what_was_not_listed(asked: Stage) -> None:
    refused(ask(asked, "price", FREE), 1, "was not there at 2026-06-01T04Z", "last seen 2026-06-01T01Z")
    refused(ask(asked, "price", "z-ai/glm5.1"), 1, "no model z-ai/glm5.1; near it: z-ai/glm-5.1")
    refused(ask(asked, "price", "groq"), 1, "no model groq")


def test_a_price_of_an_imported_past(stage: Stage, tmp_path: Path) -> None:
    """It says where it comes from, and is compared with the archive's own first hour."""
    assert stage.run(START) == 0
    source = Source(new_archive(tmp_path / "tracker"))
    for day in range(2):
        twins = row(TWINS, pricing=pricing_of(TWINS), description=f"Day {day}.")
        source.save(body([*ROWS, twins]), day * 24 * HOUR)
    import_versions(stage.archive, str(source.root), PATH, START)
    at = ("--at", "2025-03-05T00Z")
    one = quote(stage, TWINS, *at)
    assert one["origin"] == "import:tracker"
    assert sure(stage, TWINS, *at) == (
        "2025-03-02T06:00:00Z",
        "2025-03-01T06:00:00Z",
        format_stamp(FIRST),
        True,
    )
    assert (
        "seen at 2025-03-02T06Z (import:tracker), so since 2025-03-01T06Z; the same at 2026-06-01T00Z"
        in told(stage, "price", TWINS, *at)
    )
    assert quote(stage, TWINS)["origin"] == "live"
    assert story(stage, "a/one") == [("models missing", "a/one", "", "2025-03-02T06:00:00Z", None, None)]


def pricing_of(name: str) -> Row:
    """The price object of a model in the first hour."""
    return dict(model(payloads(START), name)["pricing"])


def test_a_price_that_there_is_not(asked: Stage) -> None:
    one = quote(asked, THINKING, "--at", format_hour(GAP))
    assert (one["prices"], one["pricing"], one["same"]) == ({}, {}, False), "and then it was gone"
    assert told(asked, "price", THINKING, "--at", format_hour(GAP)).splitlines()[1] == "  no price"


def test_what_a_clock_shows_is_not_what_it_costs(asked: Stage) -> None:
    """A price that flipped is the same, and one that is spelled otherwise; it is given as it was sent."""
    assert sure(asked, HAIKU, "--at", format_hour(FIRST)) == (
        format_stamp(FIRST),
        format_stamp(FIRST),
        format_stamp(SECOND),
        True,
    )
    assert quote(asked, HAIKU, "--at", format_hour(FIRST))["pricing"]["prompt"] == NIGHT["prompt"]
    assert quote(asked, HAIKU, "--at", format_hour(SECOND))["pricing"]["prompt"] == "0.000001"
    assert costs(asked, HAIKU, "--at", format_hour(SECOND))["prompt"] == NIGHT["prompt"]
    assert sure(asked, DEEPSEEK, "--at", format_hour(SECOND))[2:] == (format_stamp(LAST), True)
    assert quote(asked, DEEPSEEK)["overrides"][0]["prompt"].endswith("0")


# --- price of a provider ------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["z-ai", "Z.AI", "z.ai", "Z-AI", f"{GLM}@z-ai"])
def test_a_provider_by_its_names(asked: Stage, provider: str) -> None:
    one = quote(asked, GLM, "--provider", provider)
    assert one["key"] == f"{GLM}@z-ai"
    assert one["prices"]["prompt"] == {"price": "0.0000012", "entry": None}
    assert one["pricing"]["discount"] == 0
    assert "discount" not in one["prices"]


@pytest.mark.parametrize("provider", ["google-vertex", "google-vertex/us-south1", "Google"])
def test_all_endpoints_at_a_provider(asked: Stage, provider: str) -> None:
    """Twins too, each with its own price."""
    found = answer(asked, "price", TWINS, "--provider", provider)["quotes"]
    assert [(one["key"], one["prices"]["prompt"]["price"]) for one in found] == [
        (f"{TWINS}@google-vertex/us-south1", "0.00000022"),
        (f"{TWINS}@google-vertex/us-south1#1", "0.00000025"),
    ]
    assert told(asked, "price", TWINS, "--provider", provider).count("seen at 2026-06-01T04Z") == 2


def test_an_endpoint_that_was_kept(asked: Stage) -> None:
    """In the fourth hour its model's endpoints were not read; the others were."""
    for at in (format_hour(GAP), format_hour(BAD), "2026-06-01T03:59Z"):
        wanted = (format_stamp(SECOND), format_stamp(FIRST), format_stamp(LAST), False)
        assert sure(asked, GLM, "--provider", "novita", "--at", at) == wanted
        assert sure(asked, GLM, "--provider", "deepinfra", "--at", at) == (*wanted[:3], True)
        assert costs(asked, GLM, "--provider", "novita", "--at", at)["prompt"] == "0.00000138"
    other = (format_stamp(BAD), format_stamp(FIRST), format_stamp(LAST), True)
    assert sure(asked, HAIKU, "--provider", "amazon-bedrock", "--at", format_hour(BAD)) == other
    assert costs(asked, GLM, "--provider", "novita")["prompt"] == "0.000001"


def test_an_endpoint_that_left(asked: Stage, stage: Stage) -> None:
    """Beside another one of its provider that is there it is left out; alone it is refused."""
    refused(ask(asked, "price", GLM, "--provider", "parasail"), 1, "was not there at 2026-06-01T04Z")
    assert quote(asked, GLM, "--provider", "parasail", "--at", format_hour(BAD))["same"] is False
    assert stage.run(START) == 0
    bodies = payloads(START)
    offers = bodies[f"models/{GEMINI}/endpoints"]["data"]
    offers["endpoints"] = [one for one in offers["endpoints"] if one["tag"] != "google-vertex/eu"]
    stage.serve(bodies)
    assert stage.run(SECOND) == 0
    assert quote(stage, GEMINI, "--provider", "google-vertex")["key"] == f"{GEMINI}@google-vertex/global"
    before = answer(stage, "price", GEMINI, "--provider", "google-vertex", "--at", format_hour(FIRST))[
        "quotes"
    ]
    assert [one["same"] for one in before] == [False, True]


def test_a_provider_that_does_not_serve_it(asked: Stage) -> None:
    refused(
        ask(asked, "price", GLM, "--provider", "deepinfr"),
        1,
        f"no endpoint of {GLM} at deepinfr",
        "deepinfra/fp4",
    )
    nobody = ask(asked, "price", GLM, "--provider", "zzz")
    refused(nobody, 1, f"no endpoint of {GLM} at zzz; there are: ", "deepinfra/fp4, ", " more")
    only = ask(asked, "price", FREE, "--provider", "zzz")
    assert only.stderr == f"Error: no endpoint of {FREE} at zzz; there are: deepinfra/bf16\n"
    refused(ask(asked, "price", ROUTER, "--provider", "openai"), 1, "at openai; there are none")


# --- prices in force ----------------------------------------------------------------------------------------

MONDAY = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("entry", "hours"),
    [
        ({}, [(0, 24)]),
        ({"utc_start": 600, "utc_end": 1000}, [(6, 10)]),
        ({"utc_start": 2200, "utc_end": 600}, [(0, 6), (22, 24)]),
        ({"utc_start": 0, "utc_end": 30}, [(0, 0.5)]),
        ({"utc_start": 30, "utc_end": 130}, [(0.5, 1.5)]),
        ({"utc_start": 1630, "utc_end": 0}, [(16.5, 24)]),
        ({"utc_start": 1630, "utc_end": 2400}, [(16.5, 24)]),
        ({"utc_start": 0, "utc_end": 2400}, [(0, 24)]),
        ({"utc_start": 0, "utc_end": 0}, [(0, 24)]),
        ({"utc_days": ["monday", "sunday"]}, [(0, 24)]),
        ({"utc_days": ["tuesday"]}, []),
        ({"utc_days": []}, []),
        ({"utc_days": ["monday"], "utc_start": 2200, "utc_end": 600}, [(0, 6), (22, 24)]),
        ({"utc_days": ["tuesday"], "utc_start": 2200, "utc_end": 600}, []),
    ],
)
def test_when_an_entry_holds(entry: Record, hours: list[tuple[float, float]]) -> None:
    """Half-open, to the minute; days are those of the moment, also behind midnight."""
    for minute in range(24 * 60):
        wanted = any(begin * 60 <= minute < end * 60 for begin, end in hours)
        assert is_in_force(entry, MONDAY + dt.timedelta(minutes=minute)) == wanted, minute


def amounts(pricing: Any, moment: dt.datetime = MONDAY, over: int = 0) -> dict[str, str]:
    return {name: str(price) for name, (price, _) in prices_at(pricing, moment, Decimal(over)).items()}


def test_all_conditions_must_hold_and_the_last_entry_wins() -> None:
    """By dimension; what an entry leaves out is as below it."""
    entries = [
        {"prompt": "2", "completion": "20"},
        {"utc_start": 0, "utc_end": 1200, "prompt": "3"},
        {"utc_start": 0, "utc_end": 1200, "utc_days": ["tuesday"], "prompt": "4"},
        {"min_prompt_tokens": 1000, "prompt": "5"},
        {"min_prompt_tokens": 2000, "utc_start": 1200, "utc_end": 2400, "completion": "60"},
    ]
    pricing = {"prompt": "1", "completion": "10", "image": "7", "overrides": entries}
    noon, tuesday = MONDAY.replace(hour=12), MONDAY + dt.timedelta(days=1)
    assert amounts(pricing) == {"prompt": "3", "completion": "20", "image": "7"}
    assert amounts(pricing, noon) == {"prompt": "2", "completion": "20", "image": "7"}
    assert amounts(pricing, tuesday)["prompt"] == "4"
    assert amounts(pricing, over=999)["prompt"] == "3"
    assert amounts(pricing, over=1000)["prompt"] == "5"
    assert amounts(pricing, noon, 1999)["completion"] == "20"
    assert amounts(pricing, noon, 2000) == {"prompt": "5", "completion": "60", "image": "7"}
    assert list_thresholds(pricing, MONDAY) == [1000]
    assert list_thresholds(pricing, noon) == [1000, 2000]
    turned = {**pricing, "overrides": entries[::-1]}
    assert amounts(turned)["prompt"] == "2", "order matters"
    assert prices_at(pricing, MONDAY)["prompt"] == (Decimal(3), entries[1])
    assert prices_at(pricing, MONDAY)["image"] == (Decimal(7), None)


@pytest.mark.parametrize(
    "entry", [{"region": "eu"}, {"max_requests": 5}, {"tier": None}, {"beta": True}, {"when": {}}]
)
def test_an_unknown_condition_is_skipped(entry: Record) -> None:
    """Prices are strings; whatever else an entry names is a condition."""
    pricing = {
        "prompt": "1",
        "overrides": [{**entry, "prompt": "9"}, {**entry, "min_prompt_tokens": 5, "prompt": "9"}],
    }
    assert not is_understood(pricing["overrides"][0])  # type: ignore[arg-type]
    assert amounts(pricing, over=10) == {"prompt": "1"}
    assert list_thresholds(pricing, MONDAY) == []


@pytest.mark.parametrize("least", [None, "many", [], True])
def test_a_threshold_that_is_no_number_is_skipped(least: Any) -> None:
    pricing = {"prompt": "1", "overrides": [{"min_prompt_tokens": least, "prompt": "9"}]}
    assert amounts(pricing, over=10**9) == {"prompt": "1"}
    assert list_thresholds(pricing, MONDAY) == []


def test_a_price_without_an_open_window_is_the_one_that_was_seen() -> None:
    entry = {"utc_start": 600, "utc_end": 700, "prompt": "3", "image": "4"}
    pricing = {"prompt": "2", "overrides": [entry]}
    assert prices_at(pricing, MONDAY) == {"prompt": (Decimal(2), None)}
    assert prices_at(pricing, MONDAY.replace(hour=6)) == {
        "prompt": (Decimal(3), entry),
        "image": (Decimal(4), entry),
    }


@pytest.mark.parametrize(
    "pricing", [None, [], {}, {"overrides": None}, {"overrides": ["x"]}, {"prompt": None}]
)
def test_no_price_at_all(pricing: Any) -> None:
    assert prices_at(pricing, MONDAY) == {}
    assert list_thresholds(pricing, MONDAY) == []


# --- diff ---------------------------------------------------------------------------------------------------


def test_diff_tells_what_differs_between_two_hours(asked: Stage) -> None:
    lines = told(asked, "diff", format_hour(FIRST), format_stamp(SECOND)).splitlines()
    assert lines == [
        f"~ {GLM}@z-ai: prompt $1.40 -> $1.20 per M",
        f"~ {GLM}: name Z.ai: GLM 5.1 -> GLM [31m5.1",
        f"~ {ALIAS}: alias moved openai/gpt-5.5 -> {GEMINI}",
        "~ providers: z-ai: headquarters SG -> NZ",
        f"- zdr: {GLM}@together: lost",
    ]
    assert told(asked, "diff", format_hour(FIRST), format_hour(FIRST)) == ""
    back = told(asked, "diff", format_hour(LAST), format_hour(FIRST)).splitlines()
    assert back[0].startswith(f"+ {FREE}: added")


def test_diff_of_one_feed(asked: Stage) -> None:
    assert (
        told(asked, "diff", format_hour(FIRST), format_hour(SECOND), "zdr")
        == f"- zdr: {GLM}@together: lost\n"
    )
    found = answer(asked, "diff", format_hour(FIRST), format_hour(SECOND), "endpoints")
    assert found == {
        "hours": [format_stamp(FIRST), format_stamp(SECOND)],
        "changes": [
            {
                "feed": "endpoints",
                "key": f"{GLM}@z-ai",
                "kind": "repriced",
                "field": "prompt",
                "old": "0.0000014",
                "new": "0.0000012",
                "percent": -14.2857,
                "cause": "",
            }
        ],
    }


def test_diff_in_a_gap_answers_with_the_last_good_hour_and_says_so(asked: Stage) -> None:
    result = ask(asked, "diff", format_hour(GAP), format_hour(LAST), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["hours"] == [format_stamp(SECOND), format_stamp(LAST)]
    assert result.stderr == "No good hour of models at 2026-06-01T02Z; this is 2026-06-01T01Z\n"
    result = ask(asked, "diff", format_hour(SECOND), format_hour(BAD), "providers")
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", ""), "they were read in that hour"


# --- the index ----------------------------------------------------------------------------------------------


def test_index_is_written_for_others(asked: Stage, tmp_path: Path) -> None:
    """A file of its own, equal for equal archives, with nothing left beside it."""
    out, again = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    for path in (out, again):
        found = answer(asked, "index", "--out", str(path))
        assert found == {**found, "path": str(path), "attempts": 5}
        assert found.keys() == {"path", "attempts", "records", "versions", "prices", "events"}
    assert out.read_bytes() == again.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"one.sqlite", "two.sqlite"}
    db = sqlite3.connect(out)
    assert db.execute("select state from models where id = ?", (FREE,)).fetchone() == ("stale",)
    db.close()
    words = told(asked, "index", "--out", str(out))
    assert words.startswith(f"{out}: 5 attempts, ")
    assert out.read_bytes() == again.read_bytes()


def test_index_says_where_it_is(asked: Stage) -> None:
    path = Path(answer(asked, "index")["path"])
    assert path == asked.root / ".git/orarchive/index.sqlite"
    assert path.is_file()


@pytest.mark.parametrize("how", ["option", "environment", "both"])
def test_the_cache_can_be_elsewhere(asked: Stage, tmp_path: Path, how: str) -> None:
    """An option goes before the environment; the archive's git folder stays as it is."""
    stage = asked.copy(tmp_path / "archive")
    own = stage.root / ".git/orarchive/index.sqlite"
    own.unlink(missing_ok=True)
    folder = tmp_path / "deep/cache"
    option = ["--cache", str(folder)] if how != "environment" else []
    environment = {} if how == "option" else {"ARCHIVE_CACHE": str(tmp_path / "other" if option else folder)}
    for question in (["log", GLM], ["price", GLM], ["index"]):
        assert ask(stage, *question, *option, **environment).exit_code == 0
    assert (folder / "index.sqlite").is_file()
    assert not own.exists()
    assert not (tmp_path / "other").exists()


# --- wrong questions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("price", GLM, "--at", "yesterday"), 2, "not an hour"),
        (("price", GLM, "--at", "2026-06-01T25:00Z"), 2, "not an hour"),
        (
            ("diff", "2026-05-01T00Z", "2026-06-01T00Z"),
            1,
            "no good hour of models at or before 2026-05-01T00Z",
        ),
        (("diff", "2026-06-01T00Z", "now"), 2, "not an hour"),
        (("log", GLM, "--cache", "/dev/null/cache"), 2, "name another one with --cache"),
        (("log", "\udcff"), 1, "no model, endpoint or provider"),
        (("price", "\udcff"), 1, "no model"),
        (("price", GLM, "--provider", "\udcff"), 1, "no endpoint"),
        (("index", "--out", "/dev/null/index.sqlite"), 2, "Not a directory"),
    ],
)
def test_a_wrong_question_is_told_in_one_line(
    asked: Stage, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused(ask(asked, *arguments), code, words)


@pytest.mark.parametrize(
    "question", [("log", GLM), ("price", GLM), ("diff", format_hour(FIRST), format_hour(LAST)), ("index",)]
)
def test_what_is_no_archive(tmp_path: Path, question: tuple[str, ...]) -> None:
    name, *arguments = question

    def asked_of(folder: Path) -> Result:
        return CliRunner().invoke(orarchive_command, [name, "--archive", str(folder), *arguments])

    (tmp_path / "folder").mkdir()
    refused(asked_of(tmp_path / "nowhere"), 2, "is not a folder")
    refused(asked_of(tmp_path / "folder"), 2, "is not a git work tree")
    refused(asked_of(new_archive(tmp_path / "new")), 1, "holds no hours yet")


def test_a_shallow_clone_lacks_what_is_asked_for(asked: Stage, tmp_path: Path) -> None:
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{asked.root}", str(tmp_path / "shallow")]
    subprocess.run(command, check=True)
    for question in (["log", GLM], ["price", GLM], ["index"]):
        result = CliRunner().invoke(
            orarchive_command, [question[0], "--archive", str(tmp_path / "shallow"), *question[1:]]
        )
        refused(result, 2, "git fetch --unshallow brings it")


@pytest.mark.parametrize(
    ("option", "past"), [("--depth=1", (2, 0)), ("--filter=blob:none", (0, 1))], ids=["shallow", "partial"]
)
def test_what_a_thin_clone_answers(asked: Stage, tmp_path: Path, option: str, past: tuple[int, int]) -> None:
    """As OPERATIONS.md says: both the newest hour and its age; what was before it one of them fetches.

    Seen to fail where past.py refuses every question to a shallow clone.
    """
    say(asked.root, "config", "uploadpack.allowFilter", "true")
    say(tmp_path, "clone", "--quiet", option, f"file://{asked.root}", "thin")

    def ask(name: str, *arguments: str) -> Result:
        return CliRunner().invoke(orarchive_command, [name, "--archive", str(tmp_path / "thin"), *arguments])

    last = format_hour(LAST)
    assert re.search(f"^providers +{last} ", ask("status", "--now", last).stdout, re.MULTILINE)
    assert len(ask("at", last, "providers").stdout.splitlines()) > 1
    assert len(json.loads(ask("raw", last, "providers").stdout)["data"]) > 1
    old = ask("at", format_hour(FIRST), "models", GLM)
    assert (old.exit_code, old.stdout.count("\n")) == past
