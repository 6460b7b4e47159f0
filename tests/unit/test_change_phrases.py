"""Phrases of changes and of tariffs in `log`."""

from typing import Any

import pytest

from orarchive.domain.changes import Change
from orarchive.domain.phrasing import LOG_STYLE, describe_change, format_tariff
from orarchive.jsonl import Record

LONG_TEXT = "A text that begins with the very same words, as most descriptions do when they are edited, "


@pytest.mark.parametrize(
    ("field", "old", "new", "phrase"),
    [
        ("description", LONG_TEXT + "a", LONG_TEXT + "b", "description reworded"),
        ("description", LONG_TEXT, LONG_TEXT[1:], f"description {LONG_TEXT[:57]}... -> {LONG_TEXT[1:58]}..."),
        ("links", {"terms": LONG_TEXT + "a"}, {"terms": LONG_TEXT + "b"}, "links.terms reworded"),
        ("size", 1, "1", "size changed"),
        ("default_parameters", {}, {"top_p": None}, "default_parameters changed"),
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
            "(unknown condition min_prompt_tokens none $100000.00) per M",
        ),
        ([{"price": "0"}] * 12, f"({', '.join(['$0'] * 10)} and 2 more)"),
    ],
)
def test_the_phrase_of_a_price_with_conditions(entries: list[Record], phrase: str) -> None:
    assert format_tariff("prompt", entries, LOG_STYLE) == phrase
