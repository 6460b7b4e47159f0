"""Phrases of changes and of tariffs in `log`."""

from typing import Any

import pytest

from orarchive.domain.changes import Change
from orarchive.domain.phrasing import LOG_STYLE, describe_change, format_tariff
from orarchive.index.events import Event
from orarchive.jsonl import Record
from orarchive.queries.timeline import describe_event

LONG_TEXT = "A text that begins with the very same words, as most descriptions do when they are edited, "


@pytest.mark.parametrize(
    ("field", "old", "new", "phrase"),
    [
        ("description", LONG_TEXT + "a", LONG_TEXT + "b", "description reworded"),
        ("description", LONG_TEXT, LONG_TEXT[1:], f"description {LONG_TEXT[:57]}... -> {LONG_TEXT[1:58]}..."),
        ("links", {"terms": LONG_TEXT + "a"}, {"terms": LONG_TEXT + "b"}, "links.terms reworded"),
        ("size", 1, "1", "size changed"),
        ("context_length", 131072, 1048576, "context_length 131072 -> 1048576"),
        ("created", 1750000000, 1760000000, "created 1750000000 -> 1760000000"),
        ("default_parameters", {}, {"top_p": None}, "default_parameters changed"),
        ("reasoning", {"mandatory": False}, None, "reasoning.mandatory false -> none"),
        ("top", [LONG_TEXT + "a"], [LONG_TEXT + "b"], "top changed"),
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
def test_the_phrase_of_an_edited_field(field: str, old: Any, new: Any, phrase: str) -> None:
    assert describe_change(Change("edited", "models", "a/b", field, old, new), LOG_STYLE) == phrase


@pytest.mark.parametrize(
    ("entries", "phrase"),
    [
        (
            [{"price": "0.000001"}, {"min_prompt_tokens": 200000, "price": "0"}],
            "($1.00, prompt over 200,000 tokens $0) per M",
        ),
        ([{"utc_start": 0, "utc_end": 830, "price": "0.00000198"}], "(00:00-08:30 UTC $1.98) per M"),
        (
            [{"utc_days": ["monday"], "min_prompt_tokens": 5, "price": "0"}],
            "(prompt over 5 tokens Monday UTC $0)",
        ),
        (
            [{"utc_start": 5, "region": "eu", "price": "-1"}],
            "(unknown condition region eu unknown condition utc_start 5 dynamic)",
        ),
        (
            [{"min_prompt_tokens": None, "price": "0.1"}],
            "(unknown condition min_prompt_tokens none $100,000.00) per M",
        ),
        ([{"price": "0"}] * 12, f"({', '.join(['$0'] * 10)} and 2 more)"),
    ],
)
def test_the_phrase_of_a_price_with_conditions(entries: list[Record], phrase: str) -> None:
    assert format_tariff("prompt", entries, LOG_STYLE) == phrase


@pytest.mark.parametrize(
    ("old", "new", "percent", "phrase"),
    [
        ("1", "0.000000001", -100.0, "prompt $1,000,000.00 per M -> $0.001 per M (-99.999999%)"),
        ("1", "1.0000001", 0.0, "prompt $1,000,000.00 per M -> $1,000,000.10 per M (+0.00001%)"),
    ],
)
def test_the_percentage_of_a_price_is_never_rounded_to_nothing(
    old: str, new: str, percent: float, phrase: str
) -> None:
    event = Event("repriced", "endpoints", "a/b@x", "prompt", old, new, percent=percent)
    assert describe_event(event) == phrase
