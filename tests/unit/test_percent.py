"""Changes in percent, as people read them."""

from decimal import Decimal

import pytest

from orarchive.domain.prices import format_percent_change


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (Decimal(1395), "+1395 %"),
        (123456.7, "+123457 %"),
        (33.333, "+33 %"),
        (5.26, "+5.3 %"),
        (5, "+5 %"),
        (0.04, "+0.04 %"),
        (0, "0 %"),
        (-0.001, "-0.001 %"),
        (-50, "-50 %"),
        (-99.999, "-99.999 %"),
        (-99.6, "-99.6 %"),
        (-100, "-100 %"),
    ],
)
def test_a_change_in_percent(percent: Decimal | float, words: str) -> None:
    assert format_percent_change(percent) == words
    assert format_percent_change(percent, "−") == words.replace("-", "−")
