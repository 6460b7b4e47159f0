"""Form is not change: one rule for the values of all fields."""

from decimal import Decimal
from typing import Any

import pytest

from orarchive.domain.changes import diff_snapshots
from orarchive.domain.equality import is_same_value
from orarchive.jsonl import Record, loads
from tests.support.browser import build_snapshot

SAME = [
    ("0", '"0"'),
    ("131072", "131072.0"),
    ("131072", '"131072"'),
    ("1e3", "1000"),
    ("0.1", "0.10000000000000001"),
    ("0.3", "0.30000000004e0"),
    ('[1, {"a": 2}]', '[1.0, {"a": "2"}]'),
    ("null", "null"),
]
OTHER = [
    ("0", "null"),
    ("0", "false"),
    ("1", "true"),
    ('""', "0"),
    ('"1.10"', '"1.1"'),
    ("1", "1.00000001"),
    ("1", "-1"),
    ("0", "1e-30"),
    ("[1, 2]", "[2, 1]"),
    ('{"a": 1}', '{"a": 1, "b": null}'),
    ("1e999999", "1"),
    ('"1e999999"', "1"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_another_form_is_the_same_value(left: str, right: str) -> None:
    values = [loads(text.encode()) for text in (left, right)]
    assert is_same_value(*values)
    assert is_same_value(*values[::-1])


@pytest.mark.parametrize(("left", "right"), OTHER)
def test_another_value_is_another_value(left: str, right: str) -> None:
    values = [loads(text.encode()) for text in (left, right)]
    assert not is_same_value(*values)
    assert not is_same_value(*values[::-1])
    assert is_same_value(values[0], values[0])


def list_changes(before: Record, after: Record) -> list[tuple[str, str]]:
    """List the kinds and fields of what changed of a model and its endpoint."""
    snapshots = [
        build_snapshot([{"id": "a/b", **fields}], {"a/b": [{"tag": "p", **fields}]})
        for fields in (before, after)
    ]
    return [(change.feed, change.kind) for change in diff_snapshots(*snapshots)]


TIER = {"min_prompt_tokens": 200000, "prompt": "2"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"context_length": 131072}, {"context_length": Decimal("131072.0")}),
        ({"top_provider": {"max_completion_tokens": 5}}, {"top_provider": {"max_completion_tokens": "5"}}),
        ({"supported": [1, 2]}, {"supported": ["1", 2]}),
        ({"pricing": {"prompt": "1"}}, {"pricing": {"prompt": 1}}),
        ({"pricing": {"prompt": "0.1"}}, {"pricing": {"prompt": "0.10000000000000001"}}),
        ({"pricing": {"discount": 0}}, {"pricing": {"discount": "0"}}),
        ({"pricing": {"discount": Decimal("0.2")}}, {"pricing": {"discount": "0.20"}}),
        (
            {"pricing": {"prompt": "1", "overrides": [TIER]}},
            {"pricing": {"prompt": "1", "overrides": [{"min_prompt_tokens": "200000", "prompt": 2}]}},
        ),
    ],
)
def test_a_record_in_another_form_has_not_changed(before: Any, after: Any) -> None:
    assert list_changes(before, after) == []
    assert list_changes(after, before) == []
