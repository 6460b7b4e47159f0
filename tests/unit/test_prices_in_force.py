"""Prices in force: which entries of a schedule hold at a time, and what a prompt then costs."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from orarchive.domain.prices import (
    get_prices_at,
    is_in_force,
    is_readable,
    list_thresholds,
    read_entry_prices,
)
from orarchive.jsonl import Record

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
        ({"utc_days": None, "utc_start": None, "utc_end": None}, [(0, 24)]),
        ({"utc_start": "2200", "utc_end": "600"}, [(0, 6), (22, 24)]),
        ({"utc_start": "22:00", "utc_end": "06:00"}, []),
        ({"utc_start": 2200}, []),
        ({"utc_days": "monday"}, []),
    ],
)
def test_the_hours_in_which_an_entry_holds(entry: Record, hours: list[tuple[float, float]]) -> None:
    """Windows are half-open, to the minute; a day is that of the time itself, also after midnight."""
    for minute in range(24 * 60):
        is_inside = any(begin * 60 <= minute < end * 60 for begin, end in hours)
        moment = MONDAY + dt.timedelta(minutes=minute)
        assert (is_readable(entry) and is_in_force(entry, moment)) == is_inside, minute


def get_amounts(pricing: Any, time: dt.datetime = MONDAY, tokens: int = 0) -> dict[str, str]:
    """Return the prices in force at a time for a prompt of so many tokens, by dimension."""
    return {name: str(price) for name, (price, _) in get_prices_at(pricing, time, Decimal(tokens)).items()}


def test_a_price_may_be_a_number() -> None:
    """Under an unknown name a number is taken for a condition, and the entry does not hold."""
    entries: list[Record] = [
        {"min_prompt_tokens": "1000", "prompt": 2, "completion": Decimal("2.5")},
        {"prompt": 9, "clips": 3},
    ]
    pricing = {"prompt": "1", "completion": "1", "overrides": entries}
    assert get_amounts(pricing, tokens=1000) == {"prompt": "2", "completion": "2.5"}
    assert read_entry_prices(entries[1]) == {"prompt": 9}


def test_all_conditions_must_hold_and_the_last_entry_wins() -> None:
    """By dimension: a price that an entry leaves out comes from the entries before it."""
    entries = [
        {"prompt": "2", "completion": "20"},
        {"utc_start": 0, "utc_end": 1200, "prompt": "3"},
        {"utc_start": 0, "utc_end": 1200, "utc_days": ["tuesday"], "prompt": "4"},
        {"min_prompt_tokens": 1000, "prompt": "5"},
        {"min_prompt_tokens": 2000, "utc_start": 1200, "utc_end": 2400, "completion": "60"},
    ]
    pricing = {"prompt": "1", "completion": "10", "image": "7", "overrides": entries}
    noon, tuesday = MONDAY.replace(hour=12), MONDAY + dt.timedelta(days=1)
    assert get_amounts(pricing) == {"prompt": "3", "completion": "20", "image": "7"}
    assert get_amounts(pricing, noon) == {"prompt": "2", "completion": "20", "image": "7"}
    assert get_amounts(pricing, tuesday)["prompt"] == "4"
    assert get_amounts(pricing, tokens=999)["prompt"] == "3"
    assert get_amounts(pricing, tokens=1000)["prompt"] == "5"
    assert get_amounts(pricing, noon, 1999)["completion"] == "20"
    assert get_amounts(pricing, noon, 2000) == {"prompt": "5", "completion": "60", "image": "7"}
    assert list_thresholds(pricing, MONDAY) == [1000]
    assert list_thresholds(pricing, noon) == [1000, 2000]
    reversed_pricing = {**pricing, "overrides": entries[::-1]}
    assert get_amounts(reversed_pricing)["prompt"] == "2", "order matters"
    assert get_prices_at(pricing, MONDAY)["prompt"] == (Decimal(3), entries[1])
    assert get_prices_at(pricing, MONDAY)["image"] == (Decimal(7), None)


@pytest.mark.parametrize(
    "entry", [{"region": "eu"}, {"max_requests": 5}, {"tier": None}, {"beta": True}, {"when": {}}]
)
def test_an_entry_with_an_unknown_condition_is_skipped(entry: Record) -> None:
    """Prices are strings; every other member of an entry is a condition."""
    entries = [{**entry, "prompt": "9"}, {**entry, "min_prompt_tokens": 5, "prompt": "9"}]
    pricing = {"prompt": "1", "overrides": entries}
    assert not is_readable(entry)
    assert get_amounts(pricing, tokens=10) == {"prompt": "1"}
    assert list_thresholds(pricing, MONDAY) == []


@pytest.mark.parametrize("threshold", [None, "many", [], True])
def test_an_entry_with_a_threshold_that_is_no_number_is_skipped(threshold: Any) -> None:
    pricing = {"prompt": "1", "overrides": [{"min_prompt_tokens": threshold, "prompt": "9"}]}
    assert get_amounts(pricing, tokens=10**9) == {"prompt": "1"}
    assert list_thresholds(pricing, MONDAY) == []


def test_without_an_open_window_the_plain_price_holds() -> None:
    entry = {"utc_start": 600, "utc_end": 700, "prompt": "3", "image": "4"}
    pricing = {"prompt": "2", "overrides": [entry]}
    assert get_prices_at(pricing, MONDAY) == {"prompt": (Decimal(2), None)}
    assert get_prices_at(pricing, MONDAY.replace(hour=6)) == {
        "prompt": (Decimal(3), entry),
        "image": (Decimal(4), entry),
    }


@pytest.mark.parametrize(
    "pricing", [None, [], {}, {"overrides": None}, {"overrides": ["x"]}, {"prompt": None}]
)
def test_a_price_object_without_prices(pricing: Any) -> None:
    assert get_prices_at(pricing, MONDAY) == {}
    assert list_thresholds(pricing, MONDAY) == []
