"""Changes in percent, as people read them."""

from decimal import Decimal

import pytest

from orarchive.domain.figures import format_percent_change


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (Decimal(1395), "+1395%"),
        (123456.7, "+123457%"),
        (33.333, "+33%"),
        (5.26, "+5.3%"),
        (5, "+5%"),
        (0.04, "+0.04%"),
        (0, "0%"),
        (-0.001, "-0.001%"),
        (0.000004, "+0.000004%"),
        (Decimal("1.234E-20"), "+<0.000001%"),
        (-1e-9, "-<0.000001%"),
        (-50, "-50%"),
        (-99.999, "-99.999%"),
        (Decimal("-99.999999999999"), "-99.999999%"),
        (-99.6, "-99.6%"),
        (-100, "-100%"),
    ],
)
def test_a_change_in_percent(percent: Decimal | float, words: str) -> None:
    assert format_percent_change(percent) == words
    assert format_percent_change(percent, "−") == words.replace("-", "−")
