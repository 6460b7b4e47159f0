"""Numbers of endpoints that share a tag: each keeps its own from hour to hour."""

from itertools import permutations
from typing import Any

import pytest

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.record_files import number_items

Twin = tuple[str, int]
"""Price and limit of an endpoint."""

A, B, C = ("1", 100), ("2", 200), ("3", 300)


def number(twins: list[Twin], before: dict[int, Twin] | None = None) -> dict[int, Twin]:
    """Return endpoints with one tag by number, after those of an hour before."""

    def build(twin: Twin) -> dict[str, Any]:
        prompt, limit = twin
        return {"tag": "x", "pricing": {"prompt": prompt, "completion": "9"}, "max_completion_tokens": limit}

    earlier = []
    for n, twin in (before or {}).items():
        (item,) = number_items(ENDPOINTS, [build(twin)])
        item.n = n
        earlier.append(item)
    numbered = number_items(ENDPOINTS, [build(twin) for twin in twins], earlier)
    return {item.n: (item["pricing"]["prompt"], item["max_completion_tokens"]) for item in numbered}


def test_the_first_numbers_do_not_depend_on_the_order() -> None:
    assert {tuple(number(list(order)).items()) for order in permutations((A, B, C))} == {
        ((0, A), (1, B), (2, C))
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({0: A, 1: B}, [B], {1: B}),
        ({1: B}, [B, A], {0: A, 1: B}),
        ({0: A, 1: B, 2: C}, [C, A], {0: A, 2: C}),
        ({0: B, 1: C}, [A, B, C], {0: B, 1: C, 2: A}),
        # one is repriced past the other
        ({0: A, 1: B}, [("5", 100), B], {0: ("5", 100), 1: B}),
        # one has another limit, by which it would be the first
        ({0: A, 1: B}, [A, ("2", 50)], {0: A, 1: ("2", 50)}),
        # one takes the other's price
        ({0: A, 1: B}, [("2", 100), B], {0: ("2", 100), 1: B}),
    ],
)
def test_an_endpoint_keeps_its_number(
    before: dict[int, Twin], after: list[Twin], expected: dict[int, Twin]
) -> None:
    for order in permutations(after):
        assert number(list(order), before) == expected
