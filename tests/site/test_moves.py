"""Biggest moves: from the price that held at the beginning of the window to the one that holds now."""

from pathlib import Path
from typing import Any

import pytest

from orarchive.jsonl import Record
from orarchive.publish.spans import describe_unread
from orarchive.publish.views import View
from orarchive.publish.views.home import build_home_page
from orarchive.publish.views.moves import PriceMove, build_move_rows, list_moves
from orarchive.sample import START
from orarchive.timestamps import HOUR
from tests.support.browser import build_archive_view, build_snapshot, write_archive

WEEK = 7 * 24 * HOUR
DAY = 24 * HOUR

Tags = dict[str, str]
"""Input price of each endpoint, USD per million tokens, by tag."""

UNREAD = "moved while its providers were not read"

Models = dict[str, tuple[Any, Tags]]
"""Pricing of each model, or its input price, and its endpoints."""


def make_pricing(prompt: str, **fields: Any) -> Record:
    """Make a pricing object with an input price in USD per million tokens."""
    return {"prompt": f"{prompt}e-6", "completion": "0.000001", **fields}


def build_view(folder: Path, *days: Models, apart: Any = DAY) -> View:
    """Build the view of an archive of snapshots: model -> its pricing, and the prices of its endpoints."""
    snapshots = []
    for models in days:
        rows = [
            {"id": model, "pricing": pricing if isinstance(pricing, dict) else make_pricing(pricing)}
            for model, (pricing, _) in models.items()
        ]
        endpoints: dict[str, list[Record]] = {
            model: [{"tag": tag, "pricing": make_pricing(price)} for tag, price in tags.items()]
            for model, (_, tags) in models.items()
        }
        snapshots.append(build_snapshot(rows, endpoints))
    return build_archive_view(write_archive(folder / "archive", *snapshots, apart=apart))


def list_archive_moves(folder: Path, *days: Models, apart: Any = DAY, span: Any = WEEK) -> list[PriceMove]:
    """List the moves of such an archive."""
    view = build_view(folder, *days, apart=apart)
    return list_moves(view.dataset, view.listed_models, view.now, span)


def describe(moves: list[PriceMove]) -> list[str]:
    """Describe each move: model, endpoint, prices in USD per million tokens, cause and day."""
    rows = zip(moves, build_move_rows(moves), strict=True)
    return [
        f"{move.model} {row.subject}: {_scale(move.move.old)} {_scale(move.move.new)} {row.cause},"
        f" day {(move.hour - START).days}"
        for move, row in rows
    ]


def _scale(price: Any) -> str:
    return f"{(price * 1_000_000).normalize():f}"


def test_moves_are_from_what_was_to_what_is(tmp_path: Path) -> None:
    """List each price once; a price that went and came back has not moved."""
    steps = {
        "a/down": ("4", "3", "1"),
        "a/flaps": ("4", "2", "4"),
        "a/noise": ("3", "2", "3.0000000001"),
        "a/starts": ("0", "0", "5"),
        "a/ends": ("5", "5", "0"),
        "a/up": ("2", "2", "3"),
    }
    days: list[Models] = [{model: (prices[n], {}) for model, prices in steps.items()} for n in range(3)]
    assert describe(list_archive_moves(tmp_path, *days)) == [
        f"a/ends : 5 0 {UNREAD}, day 2",
        f"a/down : 4 1 {UNREAD}, day 2",
        f"a/up : 2 3 {UNREAD}, day 2",
    ]


def test_whatever_caused_a_move_it_counts_and_is_labelled(tmp_path: Path) -> None:
    """An endpoint's own move stands behind that of the list price, where it has the same ends.

    List prices that moved without any provider's come last; home leaves out those of another provider.
    """
    before = {
        "a/odd": ("9", {"p": "4"}),
        "a/own": ("4", {"p": "4", "q": "5"}),
        "a/other": ("4", {"p": "4", "q": "2"}),
    }
    after = {
        "a/odd": ("1", {"p": "4"}),
        "a/own": ("3", {"p": "3", "q": "1"}),
        "a/other": ("2", {"p": "4", "q": "2"}),
    }
    view = build_view(tmp_path, before, after)
    moves = list_moves(view.dataset, view.listed_models, view.now, WEEK)
    assert [move.model for move in build_home_page(view).moves] == ["a/own", "a/odd"]
    assert describe(moves) == [
        "a/own at q: 5 1 changed by the provider, day 1",
        "a/own : 4 3 changed by a provider, day 1",
        "a/odd : 9 1 no provider has that price, day 1",
        "a/other : 4 2 another provider listed first, day 1",
    ]
    assert [bool(row.move.tone) for row in build_move_rows(moves)] == [True, True, False, False]


def test_all_causes_between_the_ends_are_named(tmp_path: Path) -> None:
    days: list[Models] = [
        {"a/b": ("4", {"p": "4", "q": "2"})},
        {"a/b": ("2", {"p": "4", "q": "2"})},
        {"a/b": ("1", {"p": "4", "q": "1"})},
    ]
    moves = list_archive_moves(tmp_path, *days)
    assert describe(moves) == [
        "a/b : 4 1 another provider listed first, changed by a provider, day 2",
        "a/b at q: 2 1 changed by the provider, day 2",
    ]


def test_a_price_under_a_schedule_moves_once(tmp_path: Path) -> None:
    """Compare the rates in force at both ends; under the same schedule nothing moves."""
    clock = [
        {"utc_start": 0, "utc_end": 1200, "prompt": "1e-6"},
        {"utc_start": 1200, "utc_end": 0, "prompt": "3e-6"},
    ]
    flat, timed = make_pricing("2"), make_pricing("3", overrides=clock)
    moves = list_archive_moves(tmp_path / "in", {"a/b": (flat, {})}, {"a/b": (timed, {})}, apart=6 * HOUR)
    assert describe(moves) == [f"a/b : 2 1 {UNREAD}, time-of-day price, day 0"]
    moves = list_archive_moves(tmp_path / "out", {"a/b": (timed, {})}, {"a/b": (flat, {})}, apart=18 * HOUR)
    assert describe(moves) == [f"a/b : 1 2 {UNREAD}, time-of-day price, day 0"]
    assert not moves[0].is_confirmed
    days: list[Models] = [{"a/b": (timed, {})}] * 2
    assert list_archive_moves(tmp_path / "same", *days, apart=18 * HOUR) == []


def test_a_price_of_long_prompts_is_none_by_time_of_day(tmp_path: Path) -> None:
    long_prompts = [make_pricing(f"{2 * n}", min_prompt_tokens=200_000) for n in (4, 1)]
    days: list[Models] = [
        {"a/b": (make_pricing(price, overrides=[entry]), {})}
        for price, entry in zip(("4", "1"), long_prompts, strict=True)
    ]
    assert describe(list_archive_moves(tmp_path, *days)) == [f"a/b : 4 1 {UNREAD}, day 1"]


def test_each_price_has_its_own_hour(tmp_path: Path) -> None:
    """The input price moved more, and before the output price did."""
    prices = [("4", "1"), ("1", "1"), ("1", "1.5")]
    pricings = [make_pricing(prompt, completion=f"{out}e-6") for prompt, out in prices]
    days: list[Models] = [{"a/b": (pricing, {})} for pricing in pricings]
    assert describe(list_archive_moves(tmp_path, *days)) == [f"a/b : 4 1 {UNREAD}, day 1"]


def test_noise_does_not_make_a_price_younger(tmp_path: Path) -> None:
    days: list[Models] = [{"a/b": (price, {})} for price in ("4", "1", "1.0000000000000002", "1")]
    assert describe(list_archive_moves(tmp_path, *days)) == [f"a/b : 4 1 {UNREAD}, day 1"]


@pytest.mark.parametrize(
    ("model", "tags", "cause"),
    [
        ("a/b", [], UNREAD),
        ("a/b", ["p"], UNREAD),
        ("a/b", ["a", "p"], UNREAD),
        ("a/b", ["a", "a/fp8"], "served by its lab alone"),
        ("x-ai/b", ["xai"], "served by its lab alone"),
    ],
)
def test_a_price_is_nobodys_while_providers_are_not_read(
    tmp_path: Path, model: str, tags: list[str], cause: str
) -> None:
    """But that of the lab of a model, where it alone is known to serve it."""
    offers = dict.fromkeys(tags, "1")
    days: list[Models] = [{model: ("4", {})}, {model: ("1", {})}, {model: ("1", offers)}]
    view = build_view(tmp_path, *days)
    (move,) = list_moves(view.dataset, view.listed_models, view.now, WEEK)
    assert describe([move]) == [f"{model} : 4 1 {cause}, day 1"]
    assert move.is_confirmed == build_home_page(view).has_confirmed_moves == (cause != UNREAD)


def test_only_what_was_known_at_the_beginning_moves(tmp_path: Path) -> None:
    """Leave out a model that came within the window; begin with the first reading within it."""
    days: list[Models] = [{"a/old": (price, {})} for price in ("4", "3", "2", "1")]
    days[1]["a/new"], days[2]["a/new"], days[3]["a/new"] = ("9", {}), ("8", {}), ("7", {})
    assert describe(list_archive_moves(tmp_path / "all", *days, span=3 * DAY)) == [
        f"a/old : 4 1 {UNREAD}, day 3"
    ]
    assert describe(list_archive_moves(tmp_path / "day", *days, span=DAY)) == [
        f"a/old : 2 1 {UNREAD}, day 3",
        f"a/new : 8 7 {UNREAD}, day 3",
    ]
    apart = list_archive_moves(tmp_path / "gap", *days, apart=4 * DAY, span=6 * DAY)
    assert describe(apart) == [f"a/old : 2 1 {UNREAD}, day 12", f"a/new : 8 7 {UNREAD}, day 12"]
    assert list_archive_moves(tmp_path / "last", *days, apart=4 * DAY, span=2 * DAY) == []


def test_a_price_that_returned_as_another_has_no_cause(tmp_path: Path) -> None:
    other: Models = {"a/other": ("1", {})}
    days: list[Models] = [{**other, "a/b": ("4", {})}, other, {**other, "a/b": ("2", {})}]
    assert describe(list_archive_moves(tmp_path, *days)) == ["a/b : 4 2 moved while it was not listed, day 2"]


def test_a_span_that_was_not_read_is_not_called_empty(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", *[build_snapshot([]) for _ in range(3)], apart=4 * DAY)
    dataset = build_archive_view(archive).dataset
    last = START + 8 * DAY
    assert describe_unread(dataset, START + DAY) == ""
    unknown = "Not known: no data between 5 Jun 2026 and 9 Jun 2026."
    assert describe_unread(dataset, last - 2 * DAY) == unknown
    known = "Since 5 Jun 2026; no data between 1 Jun 2026 and then."
    assert describe_unread(dataset, last - 6 * DAY) == known
