"""Changes and the commit message: what a reader of `git log` is told, and what he is spared."""

import copy
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orarchive.domain.changes import Change, diff_snapshots
from orarchive.domain.scopes import apply_scopes
from orarchive.domain.snapshot import Snapshot, empty_snapshot
from orarchive.sample import START
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import Attempt
from tests.support.archives import FEW, Payloads, Stage, edited, payloads, say

HOUR = dt.timedelta(hours=1)
FREE = "openai/gpt-oss-20b:free"
PRO, TWINS, GLM = "deepseek/deepseek-v4-pro", "qwen/qwen3-235b-a22b-2507", "z-ai/glm-5.1"

Edit = Callable[[Payloads], None]


def model(bodies: Payloads, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in bodies["models"]["data"] if row["id"] == name)
    return found


def endpoints(bodies: Payloads, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bodies[f"models/{name}/endpoints"]["data"]["endpoints"]
    return found


def message_after(stage: Stage, edit: Edit) -> str:
    """The message of an hour in which one thing is other than in the hour before."""
    bodies = payloads(START)
    assert stage.run(START) == 0
    bodies = copy.deepcopy(bodies)
    edit(bodies)
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    return say(stage.root, "log", "-1", "--format=%B")


def drop(name: str) -> Edit:
    def edit(bodies: Payloads) -> None:
        bodies["models"]["data"].remove(model(bodies, name))
        bodies["models"]["total_count"] -= 1

    return edit


def set_on(place: Callable[[Payloads], Any], **values: Any) -> Edit:
    return lambda bodies: place(bodies).update(values)


def first_price(bodies: Payloads) -> Any:
    return endpoints(bodies, GLM)[0]["pricing"]


def both_prices(bodies: Payloads) -> None:
    """An endpoint on top cuts its price, and the model's list price follows."""
    listed = model(bodies, GLM)["pricing"]
    on_top = next(e for e in endpoints(bodies, GLM) if e["pricing"]["prompt"] == listed["prompt"])
    for pricing in (listed, on_top["pricing"]):
        pricing.update(prompt="0.0000005", completion="0.000002")


def other_on_top(bodies: Payloads) -> None:
    """The list price becomes that of an endpoint whose own price has not moved."""
    listed = model(bodies, GLM)["pricing"]
    other = next(e for e in endpoints(bodies, GLM) if e["pricing"]["prompt"] != listed["prompt"])
    listed.update(prompt=other["pricing"]["prompt"], completion=other["pricing"]["completion"])


@pytest.mark.parametrize(
    ("edit", "subject", "line"),
    [
        (drop(FREE), "1 missing", f"- {FREE}: missing"),
        (
            both_prices,
            "1 repriced",
            r"~ z-ai/glm-5.1@\S+: prompt \$\S+ -> \$0.50, completion \$\S+ -> \$2.00 per M$",
        ),
        (
            other_on_top,
            "1 model listed at another provider's price",
            r"~ z-ai/glm-5.1: prompt .* per M \(listed at another provider's price\)",
        ),
        (
            set_on(lambda b: model(b, GLM)["pricing"], prompt="0.0000077"),
            "1 repriced",
            r"~ z-ai/glm-5.1: prompt \$\S+ -> \$7.70 per M \(cause unknown\)",
        ),
        (
            set_on(lambda b: model(b, "~openai/gpt-latest")["alias_target"], slug="openai/gpt-6"),
            "1 alias moved",
            r"~ ~openai/gpt-latest: alias moved \S+ -> openai/gpt-6",
        ),
        (
            set_on(lambda b: model(b, GLM), expiration_date="2026-12-01"),
            "1 expiry date changed",
            f"~ {GLM}: expiration_date none -> 2026-12-01",
        ),
        (
            set_on(lambda b: endpoints(b, GLM)[0]["pricing"], discount=0.25),
            "1 discounted",
            r"discount 0 -> 0.25",
        ),
        (
            set_on(lambda b: endpoints(b, GLM)[0], quantization="int4"),
            "1 edited",
            r"~ z-ai/glm-5.1@\S+: quantization \S+ -> int4",
        ),
        (lambda b: endpoints(b, TWINS).pop(), "1 endpoint left", f"- {TWINS}@"),
        (lambda b: b["providers"]["data"].pop(), "1 provider missing", r"- providers: \S+: missing"),
        (lambda b: b["endpoints/zdr"]["data"].pop(), "1 zdr changed", r"- zdr: \S+@\S+: lost"),
        (
            set_on(lambda b: model(b, GLM), description="Other words."),
            "1 edited",
            f"~ {GLM}: description edited",
        ),
        (
            set_on(lambda b: model(b, GLM), supported_parameters=["tools"]),
            "1 edited",
            f"~ {GLM}: supported_parameters -",
        ),
        (set_on(lambda b: model(b, GLM), brand_new=1), "1 new field", "+ models: new field brand_new"),
    ],
)
def test_one_change_is_one_line(stage: Stage, edit: Edit, subject: str, line: str) -> None:
    message = message_after(stage, edit)
    assert subject in message.splitlines()[0]
    pattern = line if "\\" in line else re.escape(line)
    assert re.search(f"(?m){'^' if line[0] in '~+-' else ''}{pattern}", message), message


def no_schedule(bodies: Payloads) -> None:
    """The prices of a model and of its endpoints follow the clock no longer, and are others than before."""
    for pricing in (model(bodies, PRO)["pricing"], *(e["pricing"] for e in endpoints(bodies, PRO))):
        if pricing.pop("overrides", None):
            pricing.update(prompt="0.00009", completion="0.000095")


def test_the_end_of_a_schedule_says_the_price_once(stage: Stage) -> None:
    lines = [line for line in message_after(stage, no_schedule).splitlines() if "time of day" in line]
    assert lines
    words = "prices no longer depend on the time of day: now prompt $90.00, completion $95.00, "
    assert all(
        re.fullmatch(rf"~ {re.escape(PRO)}@\S+: {re.escape(words)}.* per M", line) for line in lines
    ), lines


def flip(bodies: Payloads) -> None:
    """The clock's next window: the top-level prices of model and endpoint move, nothing else does."""
    for pricing in (model(bodies, PRO)["pricing"], *(e["pricing"] for e in endpoints(bodies, PRO))):
        for entry in pricing.get("overrides", []):
            for name in entry.keys() & {"prompt", "completion"}:
                pricing[name] = "0.00000999"


def spelled_out(bodies: Payloads) -> None:
    """Zeros that say no more than their absence, and a number with more zeros behind."""
    pricing = endpoints(bodies, GLM)[0]["pricing"]
    pricing.update(request="0", image="0", prompt=pricing["prompt"] + "00")


def ill(bodies: Payloads) -> None:
    for one in endpoints(bodies, GLM):
        one.update(status=-2, uptime_last_1d=12.5)


def scores(bodies: Payloads) -> None:
    model(bodies, GLM)["benchmarks"] = {"design_arena": []}


@pytest.mark.parametrize("edit", [flip, spelled_out, ill, scores], ids=lambda edit: str(edit.__name__))
def test_what_is_no_news_is_not_told(stage: Stage, edit: Edit) -> None:
    assert message_after(stage, edit).splitlines()[0].endswith(": no change")


def test_the_first_hour_has_no_changes(stage: Stage) -> None:
    assert stage.run(START) == 0
    first, daily = say(stage.root, "log", "--reverse", "--format=%B%x00").split("\0")[:2]
    assert first.startswith(f"2026-06-01T00Z: first record of {len(FEW)} models, ")
    assert "added" not in first
    assert "first record of 4 images" in daily


def test_foreign_text_cannot_forge_a_message(stage: Stage) -> None:
    hostile = "evil/x\n\nHour: 1999-01-01T00Z\n\u202e\x1b[31m" + "y" * 300
    message = message_after(stage, set_on(lambda b: model(b, GLM), name=hostile, expiration_date=hostile))
    assert message.count("\nHour: ") == 1
    assert not any(letter in message for letter in ("\u202e", "\x1b"))
    assert max(map(len, message.splitlines())) < 300


def test_a_long_list_of_changes_is_capped(stage: Stage) -> None:
    bodies = payloads(START, ())
    stage.serve(bodies)
    assert stage.run(START) == 0
    stage.serve(edited(bodies, "second"))
    stage.run(START + HOUR)
    stage.serve(edited(bodies, "third"))
    assert stage.run(START + 2 * HOUR) == 0
    body = say(stage.root, "log", "-1", "--format=%b", "--grep=edited").splitlines()
    assert len(body) < 220
    assert any("... and " in line and line.endswith(" more") for line in body)


def test_every_difference_is_a_change_or_silent_by_name(stage: Stage) -> None:
    """A changed value of any field of any record is told, but for health, scores and clock prices."""
    assert stage.run(START) == 0
    old = stage.snapshot()
    silent = {"pricing", "benchmarks", "status", "uptime_last_5m", "uptime_last_30m", "uptime_last_1d"}
    silent |= {"latency_last_30m", "throughput_last_30m"}
    for name in model(payloads(START), GLM).keys() - silent - {"id"}:
        new = copy.deepcopy(old)
        new["models"][GLM,][name] = {"other": 1}
        assert [(one.key, one.field) for one in diff_snapshots(old, new)] == [(GLM, name)]


# --- whose price moved --------------------------------------------------------------------------------------

NIGHT: list[Any] = [{"utc_start": 0, "utc_end": 600, "prompt": "0.000002"}]
LONG: list[Any] = [{"min_prompt_tokens": 1000, "prompt": "0.000004"}]


def priced(prompt: str, overrides: list[Any] | None = None) -> dict[str, Any]:
    """A price object, in dollars per million tokens."""
    return {"prompt": f"{prompt}e-6"} | ({"overrides": overrides} if overrides else {})


def held(listed: dict[str, Any], name: str = "a/b", **offers: dict[str, Any]) -> Snapshot:
    """A snapshot of one model with its list price, and the prices at its endpoints by tag."""
    found = empty_snapshot()
    found["models"] = {(name,): {"id": name, "pricing": listed}}
    items = [{"tag": tag, "pricing": pricing} for tag, pricing in offers.items()]
    found["endpoints"] = {(name,): {"data": {"id": name, "endpoints": items}}} if items else {}
    return found


def causes(old: Snapshot, new: Snapshot) -> list[tuple[str, str]]:
    """The changes of the model's prices: kind and cause."""
    return [(one.kind, one.cause) for one in diff_snapshots(old, new) if one.feed == "models"]


def lines_of(changes: list[Change]) -> list[str]:
    """The lines that a message has for changes."""
    attempt: Attempt = {
        "hour": "2026-06-01T00:00:00Z", "attempt": 1, "started": "", "finished": "", "origin": "live",
        "version": "0", "feeds": {}, "relations": {},
    }  # fmt: skip
    return [
        line
        for line in format_message(START, attempt, changes, {}).splitlines()
        if line[:2] in ("+ ", "- ", "~ ")
    ]


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (held(priced("3"), x=priced("3")), held(priced("1"), x=priced("1")), "endpoint"),
        (held(priced("3"), x=priced("3"), y=priced("1")), held(priced("1"), y=priced("1")), "provider"),
        (held(priced("3"), x=priced("3")), held(priced("1"), x=priced("3"), y=priced("1")), "provider"),
        (held(priced("3"), x=priced("3")), held(priced("1"), x=priced("3"), y=priced("2")), "unknown"),
        (held(priced("3")), held(priced("1")), "unknown"),
        # a schedule that changed elsewhere, and at another price
        (held(priced("3"), x=priced("3"), y=priced("5")),
         held(priced("1"), x=priced("3"), y=priced("5", NIGHT)), "unknown"),
        (held(priced("3"), x=priced("3"), y=priced("4", LONG)),
         held(priced("4"), x=priced("3"), y=priced("4")), "provider"),
        # one whose rates the new price is among
        (held(priced("3"), x=priced("3")), held(priced("2"), x=priced("2", NIGHT)), "schedule"),
        (held(priced("3"), x=priced("3", NIGHT)), held(priced("2"), x=priced("3")), "schedule"),
        (held(priced("3"), x=priced("2", NIGHT)), held(priced("9"), x=priced("9")), "schedule"),
    ],
)  # fmt: skip
def test_cause_of_a_new_price(old: Snapshot, new: Snapshot, cause: str) -> None:
    assert causes(old, new) == [("repriced", cause)]
    told_here = cause in ("provider", "unknown")
    changes = diff_snapshots(old, new)
    assert any(line.startswith("~ a/b: prompt") for line in lines_of(changes)) is told_here


@pytest.mark.parametrize(
    ("old", "new", "cause", "line"),
    [
        (held(priced("2", NIGHT), x=priced("2", NIGHT)), held(priced("9"), x=priced("9")), "endpoint",
         "~ a/b@x: prices no longer depend on the time of day: now prompt $9.00 per M"),
        (held(priced("9"), x=priced("9")), held(priced("2", NIGHT), x=priced("2", NIGHT)), "endpoint",
         "~ a/b@x: prices depend on the time of day from now on: now prompt $2.00 per M"),
        (held(priced("2", NIGHT), x=priced("2", NIGHT)), held(priced("9"), y=priced("9")), "provider",
         "~ a/b: prices no longer depend on the time of day: now prompt $9.00 per M"
         " (listed at another provider's price)"),
        (held(priced("2", NIGHT)), held(priced("9")), "unknown",
         "~ a/b: prices no longer depend on the time of day: now prompt $9.00 per M (cause unknown)"),
        (held(priced("2"), x=priced("2")), held(priced("2", LONG), x=priced("2", LONG)), "endpoint",
         "~ a/b@x: price conditions changed"),
        # another endpoint's schedule ends at another price
        (held(priced("2", NIGHT), x=priced("2", NIGHT), y=priced("8")),
         held(priced("8"), x=priced("9"), y=priced("8")), "provider",
         "~ a/b: prices no longer depend on the time of day: now prompt $8.00 per M"
         " (listed at another provider's price)"),
    ],
)  # fmt: skip
def test_cause_of_a_new_schedule(old: Snapshot, new: Snapshot, cause: str, line: str) -> None:
    assert causes(old, new) == [("schedule_changed", cause)]
    changes = diff_snapshots(old, new)
    about = [one for one in lines_of(changes) if one.startswith("~ ")]
    assert line in about
    assert any(one.startswith("~ a/b: ") for one in about) is (cause != "endpoint")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("~a/latest", {}, {}),
        ("a/latest", {"alias_target": {"slug": "a/b"}}, {}),
        ("a/latest", {}, {"alias_target": {"slug": "a/b"}}),
    ],
)
def test_an_alias_is_never_repriced(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = held(priced("3"), name), held(priced("1", NIGHT), name)
    old["models"][name,] |= before
    new["models"][name,] |= after
    assert not {"repriced", "schedule_changed"} & {one.kind for one in diff_snapshots(old, new)}
    plain = held(priced("3"), "a/b"), held(priced("1"), "a/b")
    plain[1]["models"]["a/b",]["alias_target"] = None
    assert ("repriced", "unknown") in causes(*plain)


TEXT, ALL = "models", "models?output_modalities=all"


def shaped(name: str, *outputs: str) -> dict[str, Any]:
    return {"id": name, "architecture": {"output_modalities": list(outputs)}}


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "told"),
    [
        (TEXT, ALL, ["a/text"], ["a/text", "a/new", "a/image"], ["first_observed a/image", "added a/new"]),
        (ALL, TEXT, ["a/text", "a/gone", "a/image"], ["a/text"], ["missing a/gone"]),
        (ALL, ALL, ["a/text", "a/image"], ["a/text", "a/new"], ["missing a/image", "added a/new"]),
        # of another condition nobody knows what it lets through
        (TEXT, "models?q=x", ["a/text"], ["a/new"], ["added a/new"]),
        ("models?q=x", TEXT, ["a/text"], ["a/new"], ["first_observed a/new", "missing a/text"]),
    ],
)
def test_another_scope_adds_and_removes_nothing(
    old: str, new: str, before: list[str], after: list[str], told: list[str]
) -> None:
    def held(names: list[str]) -> Snapshot:
        rows = [shaped(name, "image" if name == "a/image" else "text") for name in names]
        return {**empty_snapshot(), "models": {(row["id"],): row for row in rows}}

    changes = apply_scopes(diff_snapshots(held(before), held(after)), old, new)
    assert [f"{one.kind} {one.key}" for one in changes] == told


def test_endpoints_come_into_view_with_their_model() -> None:
    image = shaped("a/image", "image")
    changes = [
        Change("added", "models", "a/image", new=image),
        Change("joined", "endpoints", "a/image@x", new={"tag": "x"}),
        Change("joined", "endpoints", "a/text@x", new={"tag": "x"}),
    ]
    told = [(one.kind, one.key) for one in apply_scopes(changes, TEXT, ALL)]
    assert told == [("first_observed", "a/image"), ("first_observed", "a/image@x"), ("joined", "a/text@x")]
    back = [replace(one, kind=kind, old=one.new, new=None) for one, kind in zip(changes, GONE, strict=True)]
    assert [one.key for one in apply_scopes(back, ALL, TEXT)] == ["a/text@x"]


GONE = ("missing", "left", "left")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        # the provider on top has the model's own length of context: said once
        ((8, {"context_length": 8, "max": 1}), (9, {"context_length": 9, "max": 1}), {"context_length"}),
        ((8, {"context_length": 8, "max": 1}), (9, {"context_length": 9, "max": 2}),
         {"context_length", "top_provider"}),
        # another one is its own news
        ((8, {"context_length": 4}), (8, {"context_length": 5}), {"top_provider"}),
        ((8, {"context_length": 8}), (8, {"context_length": 5}), {"top_provider"}),
        # it may be null, absent, or nothing that has members
        ((8, None), (8, {"context_length": 8}), {"top_provider"}),
        ((8, {"context_length": 8}), (9, None), {"context_length", "top_provider"}),
    ],
)  # fmt: skip
def test_limits_of_the_provider_on_top(old: Any, new: Any, found: set[str]) -> None:
    def held(context: int, top: Any) -> Snapshot:
        record = {"id": "a/b", "context_length": context, "top_provider": top}
        return {**empty_snapshot(), "models": {("a/b",): record}}

    changes = diff_snapshots(held(*old), held(*new))
    assert {change.field for change in changes} == found
    assert {change.kind for change in changes} == {"limits_changed"}


def test_who_moderates_is_no_limit() -> None:
    def held(moderated: bool, most: int) -> Snapshot:
        top = {"is_moderated": moderated, "max_completion_tokens": most}
        return {**empty_snapshot(), "models": {("a/b",): {"id": "a/b", "top_provider": top}}}

    assert [one.kind for one in diff_snapshots(held(True, 1), held(False, 1))] == ["edited"]
    assert [one.kind for one in diff_snapshots(held(True, 1), held(False, 2))] == ["limits_changed"]
