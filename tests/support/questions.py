"""Questions: an archive of four hours to ask about, and checks of the answers."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from click.testing import Result

import orarchive
from orarchive.jsonl import dumps
from orarchive.sample import START
from orarchive.timestamps import format_stamp
from tests.support.all_readers import ask
from tests.support.archives import HOUR, Payloads, Stage, build_payloads

GLM, HAIKU, GEMINI = "z-ai/glm-5.1", "anthropic/claude-haiku-4.5", "google/gemini-2.5-pro"
FREE, ROUTER, ALIAS = "openai/gpt-oss-20b:free", "openrouter/auto", "~openai/gpt-latest"
DUPLICATES, IMAGE = "qwen/qwen3-235b-a22b-2507", "openai/gpt-5-image"
THINKING, DEEPSEEK = "qwen/qwen-plus-2025-07-28:thinking", "deepseek/deepseek-v4-pro"
FIRST, SECOND, GAP, BAD, LAST = (START + number * HOUR for number in range(5))
"""Hours of the archive of `serve_four_hours`: GAP has no run, in BAD the models could not be read."""

MINUTE = dt.timedelta(minutes=1)

NIGHT = {"utc_start": 2200, "utc_end": 600, "prompt": "0.0000004"}
SCHEDULE = [
    {"utc_start": 600, "utc_end": 2200, "prompt": "0.000001"},
    NIGHT,
    {"utc_days": ["saturday", "sunday"], "prompt": "0.0000002"},
    {"region": "eu", "prompt": "0.9"},
    {"min_prompt_tokens": 100000, "prompt": "0.0000008"},
    {"min_prompt_tokens": 100000, "utc_start": 600, "utc_end": 2200, "prompt": "0.000002"},
]
"""By day and night (over midnight), at weekends, under an unknown condition, and for long prompts."""

Row = dict[str, Any]


# --- what the service says ----------------------------------------------------------------------------------


def get_model(bodies: Payloads, name: str) -> Row:
    """Return the record of a model, to be changed in place."""
    rows: list[Row] = bodies["models"]["data"]
    return next(row for row in rows if row["id"] == name)


def get_endpoint(bodies: Payloads, name: str, tag: str) -> Row:
    """Return an endpoint of a model, to be changed in place."""
    endpoints: list[Row] = bodies[f"models/{name}/endpoints"]["data"]["endpoints"]
    return next(endpoint for endpoint in endpoints if endpoint["tag"] == tag)


def remove_models(bodies: Payloads, *names: str) -> Payloads:
    """Return bodies with some models taken from the list and from its count."""
    rows = [row for row in bodies["models"]["data"] if row["id"] not in names]
    listed = bodies["models"] | {"data": rows, "total_count": len(rows)}
    return bodies | {"models": listed, "models/count": {"data": {"count": len(rows)}}}


def remove_endpoint(bodies: Payloads, name: str, tag: str) -> None:
    """Take an endpoint out of the response about its model."""
    response = bodies[f"models/{name}/endpoints"]["data"]
    response["endpoints"] = [endpoint for endpoint in response["endpoints"] if endpoint["tag"] != tag]


def set_prompt_price(name: str, tag: str, price: str) -> Payloads:
    """Return the bodies of the first hour with another price of a model and of one of its endpoints."""
    bodies = build_payloads(START)
    for record in (get_model(bodies, name), get_endpoint(bodies, name, tag)):
        record["pricing"]["prompt"] = price
    return bodies


def first_bodies() -> Payloads:
    """Return the bodies of the first hour, with a schedule for one model and no price for another."""
    bodies = build_payloads(START)
    get_model(bodies, HAIKU)["pricing"] |= {"prompt": NIGHT["prompt"], "overrides": SCHEDULE}
    get_model(bodies, THINKING)["pricing"] = {}
    return bodies


def second_bodies() -> Payloads:
    """Return the bodies of the second hour.

    An endpoint cut its price, and the model with it; an alias moved; a provider and a text were edited.
    """
    bodies = first_bodies()
    for record in (get_model(bodies, GLM), get_endpoint(bodies, GLM, "z-ai")):
        record["pricing"]["prompt"] = "0.0000012"
    get_model(bodies, GLM)["name"] = "GLM\n\x1b[31m5.1 \u202e"
    get_model(bodies, HAIKU)["pricing"]["prompt"] = "0.000001"  # as if a window had closed in between
    get_model(bodies, ALIAS)["alias_target"] = {"slug": GEMINI, "name": "Gemini"}
    get_model(bodies, ALIAS)["pricing"] = get_model(bodies, GEMINI)["pricing"]
    bodies["endpoints/zdr"]["data"] = [
        row for row in bodies["endpoints/zdr"]["data"] if (row["model_id"], row["tag"]) != (GLM, "together")
    ]
    next(row for row in bodies["providers"]["data"] if row["slug"] == "z-ai")["headquarters"] = "NZ"
    return bodies


def last_bodies() -> Payloads:
    """Return the bodies of the last two hours.

    Two models are gone, and an endpoint of a third; prices are spelled in another way, a threshold is gone.
    """
    bodies = remove_models(second_bodies(), FREE, THINKING)
    get_model(bodies, IMAGE)["expiration_date"] = "2026-12-24"
    get_model(bodies, DUPLICATES)["pricing"] |= {"prompt": "0.000000220", "request": "0"}
    get_model(bodies, DEEPSEEK)["pricing"]["overrides"][0]["prompt"] += "0"
    del get_model(bodies, GEMINI)["pricing"]["overrides"]
    remove_endpoint(bodies, GLM, "parasail/fp8")
    get_endpoint(bodies, GLM, "novita/fp8")["pricing"]["prompt"] = "0.000001"
    return bodies


def archive_four_hours(stage: Stage) -> None:
    """Archive FIRST, SECOND, BAD and LAST; in BAD the models and one model's endpoints cannot be read."""
    for hour, bodies in (
        (FIRST, first_bodies()),
        (SECOND, second_bodies()),
        (BAD, last_bodies()),
        (LAST, last_bodies()),
    ):
        stage.service.now = hour
        stage.serve(bodies)
        if hour == BAD:
            stage.service.fail("models", "503")
            stage.service.fail(f"models/{GLM}/endpoints", "404")
        stage.run(hour)
        stage.service.heal()


# --- answers ------------------------------------------------------------------------------------------------


def answer(stage: Stage, *arguments: str) -> str:
    """Return what a command prints; it must succeed without a word on standard error."""
    result = ask(stage, *arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def answer_json(stage: Stage, *arguments: str) -> Any:
    """Return the one JSON object that a command prints for programs."""
    return json.loads(answer(stage, *arguments, "--json"))


def assert_refused(result: Result, code: int, *words: str) -> None:
    """Assert that a command ended with a code and one line on standard error that contains the words."""
    assert (result.exit_code, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1
    assert all(word in result.stderr for word in words), result.stderr


def get_quote(stage: Stage, *arguments: str) -> Row:
    """Return the only quote in the answer to `price`."""
    printed = answer_json(stage, "price", *arguments)
    assert printed.keys() == {"model", "quotes"}
    assert printed["model"] == arguments[0]
    (quote,) = printed["quotes"]
    assert quote.keys() == {
        *("key", "at", "prices", "thresholds", "overrides", "pricing"),
        *("seen", "seen_started", "since", "origin", "next", "next_started", "same"),
    }
    _assert_library_agrees(stage, quote, *arguments)
    return dict(quote)


def _assert_library_agrees(stage: Stage, quote: Row, model: str, *options: str) -> None:
    """Assert that the library answers a question about a price as the command does."""
    values = dict(zip(options[::2], options[1::2], strict=True))
    with orarchive.open(stage.root) as archive:
        price = archive.price(model, values.get("--at"), values.get("--provider"))
    assert price.amounts == {name: Decimal(entry["price"]) for name, entry in quote["prices"].items()}
    assert {name: entry["entry"] for name, entry in quote["prices"].items() if entry["entry"]} == dict(
        price.conditions
    )
    tiers = [{"min_prompt_tokens": tier.min_prompt_tokens, **tier.amounts} for tier in price.long_prompts]
    assert tiers == [
        {name: value if name == "min_prompt_tokens" else Decimal(value) for name, value in tier.items()}
        for tier in quote["thresholds"]
    ]
    stamps = [time and format_stamp(time) for time in (price.at, price.seen, price.since, price.next)]
    assert stamps == [quote[name] for name in ("at", "seen", "since", "next")]
    assert (price.key, price.is_same_next, price.origin) == (quote["key"], quote["same"], quote["origin"])
    assert dumps(price.pricing) == dumps(quote["pricing"])


def get_prices(stage: Stage, *arguments: str) -> dict[str, str]:
    """Return the prices of that quote by dimension, as plain strings."""
    return {name: entry["price"] for name, entry in get_quote(stage, *arguments)["prices"].items()}


def get_certainty(stage: Stage, *arguments: str) -> tuple[Any, ...]:
    """Return how sure that quote is: seen, since, next, and whether the prices were the same there."""
    quote = get_quote(stage, *arguments)
    return quote["seen"], quote["since"], quote["next"], quote["same"]


Fact = tuple[str, str, str, str, Any, Any]
"""Feed and kind, key, field, hour after which it happened, old and new value."""

EVENT_MEMBERS = (
    *("hour", "after", "by", "kind", "feed", "key", "field", "old", "new", "percent", "cause", "origin"),
)


def list_facts(stage: Stage, key: str) -> list[Fact]:
    """Return the events that `log` lists for a key, in the order in which they became known."""
    printed = answer_json(stage, "log", key)
    assert printed.keys() == {"key", "records", "events"}
    assert printed["key"] == key
    assert all(event.keys() == set(EVENT_MEMBERS) for event in printed["events"])
    return [
        (
            f"{event['feed']} {event['kind']}",
            *(event[member] for member in ("key", "field", "after", "old", "new")),
        )
        for event in printed["events"]
    ]
