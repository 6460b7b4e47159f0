"""Sparklines: a price of the last days, and what of it is not known."""

import datetime as dt
from decimal import Decimal

import pytest

from orarchive.publish.charts.spark import SPARK_WIDTH, draw_spark
from orarchive.publish.dataset import PriceInterval

BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("prices", "path"),
    [
        (
            ((-9, 14, "2"), (15, None, "1")),
            "M0 1H22H24V8H48",
        ),  # began earlier; half the price is half the height
        (
            ((-9, -5, "8"), (0, 10, "2"), (20, None, "2")),
            "M0 1H16M32 1H48",
        ),  # over before; not known in between
        (((0, 10, "-1"), (11, None, "0")), "M18 15H48"),  # no amount; free all the time
    ],
)
def test_a_sparkline(prices: tuple[tuple[int, int | None, str], ...], path: str) -> None:
    """Draw from zero to the highest price of the 30 days, without what is not known."""
    intervals = [
        PriceInterval(BEGUN + first * DAY, None if last is None else BEGUN + last * DAY, Decimal(amount))
        for first, last, amount in prices
    ]
    assert draw_spark(intervals, BEGUN, BEGUN + 30 * DAY) == path
    assert SPARK_WIDTH == 48
