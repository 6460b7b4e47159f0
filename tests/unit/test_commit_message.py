"""The message of a data commit: the lines and counts of changes, and values that must not appear in it."""

import copy
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from orarchive.domain.changes import Change
from orarchive.sample import START
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import Attempt
from tests.support.archives import FEW, HOUR, Payloads, Stage, build_payloads, edit_records, read_git

FREE_MODEL = "openai/gpt-oss-20b:free"
TIME_OF_DAY_MODEL, DUPLICATES_MODEL = "deepseek/deepseek-v4-pro", "qwen/qwen3-235b-a22b-2507"
GLM = "z-ai/glm-5.1"

Edit = Callable[[Payloads], Any]


def find_model(bodies: Payloads, name: str) -> dict[str, Any]:
    """Return the record of a model, for changing it."""
    record: dict[str, Any] = next(row for row in bodies["models"]["data"] if row["id"] == name)
    return record


def list_endpoints(bodies: Payloads, name: str) -> list[dict[str, Any]]:
    """Return the endpoints of a model, for changing them."""
    endpoints: list[dict[str, Any]] = bodies[f"models/{name}/endpoints"]["data"]["endpoints"]
    return endpoints


def message_after(stage: Stage, edit: Edit) -> str:
    """Return the message of an hour whose payloads are those of the hour before, edited."""
    assert stage.run(START) == 0
    bodies = copy.deepcopy(build_payloads(START))
    edit(bodies)
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    return read_git(stage.root, "log", "-1", "--format=%B")


def drop_model(name: str) -> Edit:
    """Return an edit that takes a model out of the list."""

    def edit(bodies: Payloads) -> None:
        bodies["models"]["data"].remove(find_model(bodies, name))
        bodies["models"]["total_count"] -= 1

    return edit


def set_on(find: Callable[[Payloads], Any], **values: Any) -> Edit:
    """Return an edit that sets members of the object that `find` returns."""
    return lambda bodies: find(bodies).update(values)


def cut_both_prices(bodies: Payloads) -> None:
    """Cut the price of the endpoint that is listed first, and the model's list price with it."""
    listed = find_model(bodies, GLM)["pricing"]
    first = next(e for e in list_endpoints(bodies, GLM) if e["pricing"]["prompt"] == listed["prompt"])
    for pricing in (listed, first["pricing"]):
        pricing.update(prompt="0.0000005", completion="0.000002")


def list_other_provider(bodies: Payloads) -> None:
    """Set the list price to that of an endpoint whose own price has not changed."""
    listed = find_model(bodies, GLM)["pricing"]
    endpoint = next(e for e in list_endpoints(bodies, GLM) if e["pricing"]["prompt"] != listed["prompt"])
    listed.update(prompt=endpoint["pricing"]["prompt"], completion=endpoint["pricing"]["completion"])


@pytest.mark.parametrize(
    ("edit", "subject", "line"),
    [
        (drop_model(FREE_MODEL), "1 missing", f"- {FREE_MODEL}: missing"),
        (
            cut_both_prices,
            "1 repriced",
            r"~ z-ai/glm-5.1@\S+: prompt \$\S+ -> \$0.50, completion \$\S+ -> \$2.00 per M$",
        ),
        (
            list_other_provider,
            "1 listed provider changed",
            r"~ z-ai/glm-5.1: prompt .* per M \(listed at another provider's price\)",
        ),
        (
            set_on(lambda b: find_model(b, GLM)["pricing"], prompt="0.0000077"),
            "1 repriced",
            r"~ z-ai/glm-5.1: prompt \$\S+ -> \$7.70 per M \(cause unknown\)",
        ),
        (
            set_on(lambda b: find_model(b, "~openai/gpt-latest")["alias_target"], slug="openai/gpt-6"),
            "1 alias moved",
            r"~ ~openai/gpt-latest: alias moved \S+ -> openai/gpt-6",
        ),
        (
            set_on(lambda b: find_model(b, GLM), expiration_date="2026-12-01"),
            "1 expiry date changed",
            f"~ {GLM}: expiration_date none -> 2026-12-01",
        ),
        (
            set_on(lambda b: list_endpoints(b, GLM)[0]["pricing"], discount=0.25),
            "1 discounted",
            r"discount 0 -> 0.25",
        ),
        (
            set_on(lambda b: list_endpoints(b, GLM)[0], quantization="int4"),
            "1 edited",
            r"~ z-ai/glm-5.1@\S+: quantization \S+ -> int4",
        ),
        (lambda b: list_endpoints(b, DUPLICATES_MODEL).pop(), "1 endpoint left", f"- {DUPLICATES_MODEL}@"),
        (lambda b: b["providers"]["data"].pop(), "1 provider missing", r"- providers: \S+: missing"),
        (lambda b: b["endpoints/zdr"]["data"].pop(), "1 zdr changed", r"- zdr: \S+@\S+: lost"),
        (
            set_on(lambda b: find_model(b, GLM), description="Other words."),
            "1 edited",
            f"~ {GLM}: description edited",
        ),
        (
            set_on(lambda b: find_model(b, GLM), supported_parameters=["tools"]),
            "1 edited",
            f"~ {GLM}: supported_parameters -",
        ),
        (set_on(lambda b: find_model(b, GLM), brand_new=1), "1 new field", "+ models: new field brand_new"),
    ],
)
def test_one_change_is_one_line(stage: Stage, edit: Edit, subject: str, line: str) -> None:
    message = message_after(stage, edit)
    assert subject in message.splitlines()[0]
    pattern = line if "\\" in line else re.escape(line)
    assert re.search(f"(?m){'^' if line[0] in '~+-' else ''}{pattern}", message), message


def end_schedule(bodies: Payloads) -> None:
    """End the time-of-day prices of a model and its endpoints, at prices that they never had."""
    for pricing in (
        find_model(bodies, TIME_OF_DAY_MODEL)["pricing"],
        *(e["pricing"] for e in list_endpoints(bodies, TIME_OF_DAY_MODEL)),
    ):
        if pricing.pop("overrides", None):
            pricing.update(prompt="0.00009", completion="0.000095")


def test_the_end_of_a_schedule_says_the_price_once(stage: Stage) -> None:
    lines = [line for line in message_after(stage, end_schedule).splitlines() if "time of day" in line]
    assert lines
    words = "prices no longer depend on the time of day: now prompt $90.00, completion $95.00, "
    assert all(
        re.fullmatch(rf"~ {re.escape(TIME_OF_DAY_MODEL)}@\S+: {re.escape(words)}.* per M", line)
        for line in lines
    ), lines


def change_rates(bodies: Payloads) -> None:
    """Go to another time window: only the current rates, at the top level, change."""
    for pricing in (
        find_model(bodies, TIME_OF_DAY_MODEL)["pricing"],
        *(e["pricing"] for e in list_endpoints(bodies, TIME_OF_DAY_MODEL)),
    ):
        for entry in pricing.get("overrides", []):
            for name in entry.keys() & {"prompt", "completion"}:
                pricing[name] = "0.00000999"


def respell_prices(bodies: Payloads) -> None:
    """Spell out zeros that mean the same as absence, and append zeros to a number."""
    pricing = list_endpoints(bodies, GLM)[0]["pricing"]
    pricing.update(request="0", image="0", prompt=pricing["prompt"] + "00")


def degrade(bodies: Payloads) -> None:
    for endpoint in list_endpoints(bodies, GLM):
        endpoint.update(status=-2, uptime_last_1d=12.5)


def remove_scores(bodies: Payloads) -> None:
    find_model(bodies, GLM)["benchmarks"] = {"design_arena": []}


@pytest.mark.parametrize(
    "edit", [change_rates, respell_prices, degrade, remove_scores], ids=lambda edit: str(edit.__name__)
)
def test_volatile_values_and_spelling_are_no_changes(stage: Stage, edit: Edit) -> None:
    assert message_after(stage, edit).splitlines()[0].endswith(": no change")


def test_the_first_hour_has_no_changes(stage: Stage) -> None:
    assert stage.run(START) == 0
    first, daily = read_git(stage.root, "log", "--reverse", "--format=%B%x00").split("\0")[:2]
    assert first.startswith(f"2026-06-01T00Z: first record of {len(FEW)} models, ")
    assert "added" not in first
    assert "first record of 4 images" in daily


def test_foreign_text_cannot_forge_a_message(stage: Stage) -> None:
    hostile = "evil/x\n\nHour: 1999-01-01T00Z\n\u202e\x1b[31m" + "y" * 300
    message = message_after(
        stage, set_on(lambda b: find_model(b, GLM), name=hostile, expiration_date=hostile)
    )
    assert message.count("\nHour: ") == 1
    assert not any(letter in message for letter in ("\u202e", "\x1b"))
    assert max(map(len, message.splitlines())) < 300


def test_a_long_list_of_changes_is_capped(stage: Stage) -> None:
    bodies = build_payloads(START, ())
    stage.serve(bodies)
    assert stage.run(START) == 0
    stage.serve(edit_records(bodies, "second"))
    stage.run(START + HOUR)
    stage.serve(edit_records(bodies, "third"))
    assert stage.run(START + 2 * HOUR) == 0
    body = read_git(stage.root, "log", "-1", "--format=%b", "--grep=edited").splitlines()
    assert len(body) < 220
    assert any("... and " in line and line.endswith(" more") for line in body)


ATTEMPT: Attempt = {
    "hour": "2026-06-01T00:00:00Z", "attempt": 1, "started": "", "finished": "", "origin": "live",
    "version": "0", "feeds": {}, "relations": {},
}  # fmt: skip


def test_counts_have_plurals_and_an_order() -> None:
    """Count an alias, two models and an image, in the order of EVENT_KINDS and not that of the changes."""
    prices = ("prompt", Decimal(1), Decimal(2))
    changes = [
        Change("added", "images", "a/i"),
        Change("alias_moved", "models", "~a/latest"),
        *(Change("repriced", "models", name, *prices, cause="provider") for name in ("a/b", "a/c")),
        *(Change("added", "models", name) for name in ("a/d", "a/e")),
    ]
    subject = format_message(START, ATTEMPT, changes, {}).splitlines()[0]
    assert subject == (
        "2026-06-01T00Z: 2 models added, 1 alias moved, 1 image or video entry changed,"
        " 2 listed providers changed"
    )
