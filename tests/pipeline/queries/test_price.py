"""`price`: what a model costs under its conditions, and which words are used for special prices."""

from decimal import Decimal

import pytest

from orarchive.timestamps import format_hour, format_stamp
from tests.support.archives import Stage
from tests.support.questions import (
    ALIAS,
    DEEPSEEK,
    DUPLICATES,
    FIRST,
    FREE,
    GAP,
    GEMINI,
    HAIKU,
    LAST,
    NIGHT,
    ROUTER,
    SCHEDULE,
    SECOND,
    THINKING,
    answer,
    get_certainty,
    get_prices,
    get_quote,
)


def test_a_fixed_price(four_hours: Stage) -> None:
    """It is the same although it was spelled in another way before."""
    assert get_prices(four_hours, DUPLICATES) == {"prompt": "0.000000220", "completion": "0.00000088"}
    assert get_quote(four_hours, DUPLICATES)["pricing"]["request"] == "0", "as it was sent"
    assert get_certainty(four_hours, DUPLICATES) == (format_stamp(LAST), format_stamp(FIRST), None, None)
    assert answer(four_hours, "price", DUPLICATES).splitlines() == [
        f"{DUPLICATES} at 2026-06-01T04:00Z",
        "  prompt      $0.22 per M",
        "  completion  $0.88 per M",
        "  seen at 2026-06-01T04Z, so since 2026-06-01T00Z or before; nothing was seen after it",
    ]


@pytest.mark.parametrize(
    ("name", "words", "price"),
    [(ROUTER, "dynamic", "-1"), (FREE, "$0", "0"), (ALIAS, "$5.00 per M", "0.000005")],
    ids=["router", "free", "alias"],
)
def test_routers_are_dynamic_and_zero_is_zero(four_hours: Stage, name: str, words: str, price: str) -> None:
    at = ("--at", format_hour(FIRST))
    assert get_prices(four_hours, name, *at)["prompt"] == price
    assert answer(four_hours, "price", name, *at).splitlines()[1].split(maxsplit=1) == ["prompt", words]


def test_an_alias_costs_what_its_target_costs(four_hours: Stage) -> None:
    assert get_prices(four_hours, ALIAS) == get_prices(four_hours, GEMINI, "--at", format_hour(SECOND))


def test_a_model_without_a_price(four_hours: Stage) -> None:
    quote = get_quote(four_hours, THINKING, "--at", format_hour(GAP))
    assert (quote["prices"], quote["pricing"], quote["same"]) == ({}, {}, False), "and then it was gone"
    assert answer(four_hours, "price", THINKING, "--at", format_hour(GAP)).splitlines()[1] == "  no price"


@pytest.mark.parametrize(
    ("at", "price", "window"),
    [
        ("2026-06-01T05:59Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-01T06:00Z", "0.000001", "06:00-22:00 UTC"),
        ("2026-06-01T21:59Z", "0.000001", "06:00-22:00 UTC"),
        ("2026-06-01T22:00Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-02T00Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-05T23:59Z", "0.0000004", "22:00-06:00 UTC"),
        ("2026-06-06T00Z", "0.0000002", "Saturday/Sunday UTC"),
        ("2026-06-07T23:59Z", "0.0000002", "Saturday/Sunday UTC"),
        ("2026-06-08T00:00:00Z", "0.0000004", "22:00-06:00 UTC"),
    ],
)
def test_a_time_of_day_price(four_hours: Stage, at: str, price: str, window: str) -> None:
    """Windows are half-open, and one spans midnight; the last entry that holds wins and is named."""
    assert get_prices(four_hours, HAIKU, "--at", at)["prompt"] == price
    lines = answer(four_hours, "price", HAIKU, "--at", at).splitlines()
    (line,) = [line for line in lines if line.startswith("  prompt  ")]
    assert line.endswith(window)
    prices = get_quote(four_hours, HAIKU, "--at", at)["prices"]
    assert prices["prompt"]["entry"] in SCHEDULE and prices["prompt"]["entry"]["prompt"] == price
    assert prices["completion"] == {"price": "0.000005", "entry": None}


@pytest.mark.parametrize(
    ("at", "price"),
    [("2026-06-01T04Z", "0.0000008"), ("2026-06-01T12Z", "0.000002"), ("2026-06-06T04Z", "0.0000008")],
)
def test_a_price_of_long_prompts(four_hours: Stage, at: str, price: str) -> None:
    """The last entry that holds wins here as well; dimensions with an equal price are left out."""
    quote = get_quote(four_hours, HAIKU, "--at", at)
    assert quote["thresholds"] == [{"min_prompt_tokens": 100000, "prompt": price}]
    line = f"  prompt over 100,000 tokens  prompt  ${Decimal(price) * 1000000:.2f} per M"
    assert line in answer(four_hours, "price", HAIKU, "--at", at).splitlines()
    assert quote["overrides"] == SCHEDULE


def test_thresholds_that_were_dropped(four_hours: Stage) -> None:
    at = ("--at", format_hour(SECOND))
    quote = get_quote(four_hours, GEMINI, *at)
    (threshold,) = quote["thresholds"]
    assert threshold["min_prompt_tokens"] == 200000
    assert (quote["prices"]["prompt"]["price"], threshold["prompt"]) == ("0.00000125", "0.0000025")
    assert quote["same"] is False
    lines = answer(four_hours, "price", GEMINI, *at).splitlines()
    dimensions = [line.split()[4] for line in lines if "over" in line]
    assert dimensions == ["prompt", "completion", "input_cache_read", "audio", "input_audio_cache"]
    assert get_quote(four_hours, GEMINI)["thresholds"] == []
    assert "prompt tokens" not in answer(four_hours, "price", GEMINI)


def test_the_current_rate_of_a_time_of_day_price_is_no_other_price(four_hours: Stage) -> None:
    """`same` ignores the current rate and the spelling of numbers; `pricing` is the object as it was sent."""
    at_first, at_second = ("--at", format_hour(FIRST)), ("--at", format_hour(SECOND))
    first, second = format_stamp(FIRST), format_stamp(SECOND)
    assert get_certainty(four_hours, HAIKU, *at_first) == (first, first, second, True)
    assert get_quote(four_hours, HAIKU, *at_first)["pricing"]["prompt"] == NIGHT["prompt"]
    assert get_quote(four_hours, HAIKU, *at_second)["pricing"]["prompt"] == "0.000001"
    assert get_prices(four_hours, HAIKU, *at_second)["prompt"] == NIGHT["prompt"]
    assert get_certainty(four_hours, DEEPSEEK, *at_second)[2:] == (format_stamp(LAST), True)
    assert get_quote(four_hours, DEEPSEEK)["overrides"][0]["prompt"].endswith("0")
