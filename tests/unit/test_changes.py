"""Changes between snapshots: their kinds, the causes of new list prices, and the effect of other scopes."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from orarchive.domain.changes import Change, diff_snapshots
from orarchive.domain.scopes import apply_scopes
from orarchive.domain.snapshot import Snapshot, make_empty_snapshot
from orarchive.sample import START
from orarchive.store.commit_message import format_change_lines
from tests.support.archives import Stage

GLM = "z-ai/glm-5.1"


def test_every_stable_field_makes_changes(stage: Stage) -> None:
    """Change each field of a model: all but scores and prices, which have tests of their own."""
    assert stage.run(START) == 0
    old = stage.read_snapshot()
    for name in old["models"][GLM,].keys() - {"id", "pricing", "benchmarks"}:
        new = copy.deepcopy(old)
        new["models"][GLM,][name] = {"other": 1}
        changes = diff_snapshots(old, new)
        assert [(change.key, change.field) for change in changes] == [(GLM, name)]


# --- causes of new list prices ------------------------------------------------------------------------------

NIGHT: list[Any] = [{"utc_start": 0, "utc_end": 600, "prompt": "0.000002"}]
LONG: list[Any] = [{"min_prompt_tokens": 1000, "prompt": "0.000004"}]


def priced(prompt: str, overrides: list[Any] | None = None) -> dict[str, Any]:
    """Return a pricing object with an input price in dollars per million tokens."""
    return {"prompt": f"{prompt}e-6"} | ({"overrides": overrides} if overrides else {})


def with_prices(listed: dict[str, Any], name: str = "a/b", **by_tag: dict[str, Any]) -> Snapshot:
    """Return a snapshot of one model with its list price and its endpoints' prices by tag."""
    snapshot = make_empty_snapshot()
    snapshot["models"] = {(name,): {"id": name, "pricing": listed}}
    items = [{"tag": tag, "pricing": pricing} for tag, pricing in by_tag.items()]
    snapshot["endpoints"] = {(name,): {"data": {"id": name, "endpoints": items}}} if items else {}
    return snapshot


def list_causes(old: Snapshot, new: Snapshot) -> list[tuple[str, str]]:
    """Return the kind and the cause of each change of the model's prices."""
    changes = diff_snapshots(old, new)
    return [(change.kind, change.cause) for change in changes if change.feed == "models"]


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (with_prices(priced("3"), x=priced("3")), with_prices(priced("1"), x=priced("1")), "endpoint"),
        (with_prices(priced("3"), x=priced("3"), y=priced("1")),
         with_prices(priced("1"), y=priced("1")), "provider"),
        (with_prices(priced("3"), x=priced("3")),
         with_prices(priced("1"), x=priced("3"), y=priced("1")), "provider"),
        (with_prices(priced("3"), x=priced("3")),
         with_prices(priced("1"), x=priced("3"), y=priced("2")), "unknown"),
        (with_prices(priced("3")), with_prices(priced("1")), "unknown"),
        # The schedule of another endpoint changed, at another price.
        (with_prices(priced("3"), x=priced("3"), y=priced("5")),
         with_prices(priced("1"), x=priced("3"), y=priced("5", NIGHT)), "unknown"),
        (with_prices(priced("3"), x=priced("3"), y=priced("4", LONG)),
         with_prices(priced("4"), x=priced("3"), y=priced("4")), "provider"),
        # The new price is a rate in a schedule that changed.
        (with_prices(priced("3"), x=priced("3")), with_prices(priced("2"), x=priced("2", NIGHT)), "schedule"),
        (with_prices(priced("3"), x=priced("3", NIGHT)), with_prices(priced("2"), x=priced("3")), "schedule"),
        (with_prices(priced("3"), x=priced("2", NIGHT)), with_prices(priced("9"), x=priced("9")), "schedule"),
    ],
)  # fmt: skip
def test_cause_of_a_new_price(old: Snapshot, new: Snapshot, cause: str) -> None:
    assert list_causes(old, new) == [("repriced", cause)]
    lines = format_change_lines(diff_snapshots(old, new))
    has_line = cause in ("provider", "unknown")
    assert any(line.startswith("~ a/b: prompt") for line in lines) is has_line


@pytest.mark.parametrize(
    ("old", "new", "cause", "line"),
    [
        (with_prices(priced("2", NIGHT), x=priced("2", NIGHT)),
         with_prices(priced("9"), x=priced("9")), "endpoint",
         "~ a/b@x: prices no longer depend on the time of day: now prompt $9.00 per M"),
        (with_prices(priced("9"), x=priced("9")),
         with_prices(priced("2", NIGHT), x=priced("2", NIGHT)), "endpoint",
         "~ a/b@x: prices depend on the time of day from now on: now prompt $2.00 per M"),
        (with_prices(priced("2", NIGHT), x=priced("2", NIGHT)),
         with_prices(priced("9"), y=priced("9")), "provider",
         "~ a/b: prices no longer depend on the time of day: now prompt $9.00 per M"
         " (listed at another provider's price)"),
        (with_prices(priced("2", NIGHT)), with_prices(priced("9")), "unknown",
         "~ a/b: prices no longer depend on the time of day: now prompt $9.00 per M (cause unknown)"),
        (with_prices(priced("2"), x=priced("2")),
         with_prices(priced("2", LONG), x=priced("2", LONG)), "endpoint",
         "~ a/b@x: price conditions changed"),
        # The schedule of another endpoint ends, at another price.
        (with_prices(priced("2", NIGHT), x=priced("2", NIGHT), y=priced("8")),
         with_prices(priced("8"), x=priced("9"), y=priced("8")), "provider",
         "~ a/b: prices no longer depend on the time of day: now prompt $8.00 per M"
         " (listed at another provider's price)"),
    ],
)  # fmt: skip
def test_cause_of_a_new_schedule(old: Snapshot, new: Snapshot, cause: str, line: str) -> None:
    assert list_causes(old, new) == [("schedule_changed", cause)]
    lines = format_change_lines(diff_snapshots(old, new))
    assert line in lines
    assert any(line.startswith("~ a/b: ") for line in lines) is (cause != "endpoint")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("~a/latest", {}, {}),
        ("a/latest", {"alias_target": {"slug": "a/b"}}, {}),
        ("a/latest", {}, {"alias_target": {"slug": "a/b"}}),
    ],
)
def test_an_alias_is_never_repriced(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = with_prices(priced("3"), name), with_prices(priced("1", NIGHT), name)
    old["models"][name,] |= before
    new["models"][name,] |= after
    kinds = {change.kind for change in diff_snapshots(old, new)}
    assert not {"repriced", "schedule_changed"} & kinds


def test_a_model_without_alias_target_is_repriced() -> None:
    old, new = with_prices(priced("3")), with_prices(priced("1"))
    new["models"]["a/b",]["alias_target"] = None
    assert ("repriced", "unknown") in list_causes(old, new)


TEXT, ALL = "models", "models?output_modalities=all"


def with_outputs(name: str, *outputs: str) -> dict[str, Any]:
    """Return the record of a model with output modalities."""
    return {"id": name, "architecture": {"output_modalities": list(outputs)}}


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "expected"),
    [
        (TEXT, ALL, ["a/text"], ["a/text", "a/new", "a/image"], ["first_observed a/image", "added a/new"]),
        (ALL, TEXT, ["a/text", "a/gone", "a/image"], ["a/text"], ["missing a/gone"]),
        (ALL, ALL, ["a/text", "a/image"], ["a/text", "a/new"], ["missing a/image", "added a/new"]),
        # What another parameter lets through is unknown.
        (TEXT, "models?q=x", ["a/text"], ["a/new"], ["added a/new"]),
        ("models?q=x", TEXT, ["a/text"], ["a/new"], ["first_observed a/new", "missing a/text"]),
    ],
)
def test_another_scope_adds_and_removes_nothing(
    old: str, new: str, before: list[str], after: list[str], expected: list[str]
) -> None:
    def with_models(names: list[str]) -> Snapshot:
        rows = [with_outputs(name, "image" if name == "a/image" else "text") for name in names]
        return {**make_empty_snapshot(), "models": {(row["id"],): row for row in rows}}

    changes = apply_scopes(diff_snapshots(with_models(before), with_models(after)), old, new)
    assert [f"{change.kind} {change.key}" for change in changes] == expected


def test_endpoints_come_into_view_with_their_model() -> None:
    image = with_outputs("a/image", "image")
    changes = [
        Change("added", "models", "a/image", new=image),
        Change("joined", "endpoints", "a/image@x", new={"tag": "x"}),
        Change("joined", "endpoints", "a/text@x", new={"tag": "x"}),
    ]
    assert [(change.kind, change.key) for change in apply_scopes(changes, TEXT, ALL)] == [
        ("first_observed", "a/image"),
        ("first_observed", "a/image@x"),
        ("joined", "a/text@x"),
    ]
    removed_kinds = ("missing", "left", "left")
    backwards = [
        replace(change, kind=kind, old=change.new, new=None)
        for change, kind in zip(changes, removed_kinds, strict=True)
    ]
    assert [change.key for change in apply_scopes(backwards, ALL, TEXT)] == ["a/text@x"]


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        # The top provider repeats the model's own context length: one change.
        ((8, {"context_length": 8, "max": 1}), (9, {"context_length": 9, "max": 1}), {"context_length"}),
        ((8, {"context_length": 8, "max": 1}), (9, {"context_length": 9, "max": 2}),
         {"context_length", "top_provider"}),
        # Another context length of the top provider is a change of its own.
        ((8, {"context_length": 4}), (8, {"context_length": 5}), {"top_provider"}),
        ((8, {"context_length": 8}), (8, {"context_length": 5}), {"top_provider"}),
        # It may be null, absent, or no object.
        ((8, None), (8, {"context_length": 8}), {"top_provider"}),
        ((8, {"context_length": 8}), (9, None), {"context_length", "top_provider"}),
    ],
)  # fmt: skip
def test_limits_of_the_top_provider(old: Any, new: Any, fields: set[str]) -> None:
    def with_limits(context: int, top: Any) -> Snapshot:
        record = {"id": "a/b", "context_length": context, "top_provider": top}
        return {**make_empty_snapshot(), "models": {("a/b",): record}}

    changes = diff_snapshots(with_limits(*old), with_limits(*new))
    assert {change.field for change in changes} == fields
    assert {change.kind for change in changes} == {"limits_changed"}


def test_values_normalised_for_comparison_are_not_told() -> None:
    """Tell a top provider as it was sent."""

    def with_top(length: int) -> Snapshot:
        record = {"id": "a/b", "context_length": 8, "top_provider": {"context_length": length}}
        return {**make_empty_snapshot(), "models": {("a/b",): record}}

    (change,) = diff_snapshots(with_top(8), with_top(5))
    assert (change.old, change.new) == ({"context_length": 8}, {"context_length": 5})


@pytest.mark.parametrize(
    ("endpoints", "cause"),
    [
        ([(8, 5)], "endpoint"),
        ([(8, 8), (5, 5)], "provider"),
        ([(8, None), (None, 5)], "provider"),
        ([(8, 8)], ""),
    ],
)
def test_the_cause_of_other_limits_of_the_top_provider(
    endpoints: list[tuple[int | None, int | None]], cause: str
) -> None:
    """Each endpoint has a context length before and after; None where it is not there."""

    def with_top(length: int, lengths: list[int | None]) -> Snapshot:
        record = {"id": "a/b", "context_length": 9, "top_provider": {"context_length": length}}
        items = [{"tag": f"x{n}", "context_length": size} for n, size in enumerate(lengths) if size]
        response = {"data": {"endpoints": items}}
        return {
            **make_empty_snapshot(),
            "models": {("a/b",): record},
            "endpoints": {("a/b",): response},
        }

    before, after = ([pair[n] for pair in endpoints] for n in (0, 1))
    changes = diff_snapshots(with_top(8, before), with_top(5, after))
    assert [change.cause for change in changes if change.field == "top_provider"] == [cause]


@pytest.mark.parametrize(("max_tokens", "kind"), [(1, "edited"), (2, "limits_changed")])
def test_moderation_is_no_limit(max_tokens: int, kind: str) -> None:
    def with_top(is_moderated: bool, tokens: int) -> Snapshot:
        top = {"is_moderated": is_moderated, "max_completion_tokens": tokens}
        return {**make_empty_snapshot(), "models": {("a/b",): {"id": "a/b", "top_provider": top}}}

    (change,) = diff_snapshots(with_top(True, 1), with_top(False, max_tokens))
    assert change.kind == kind
