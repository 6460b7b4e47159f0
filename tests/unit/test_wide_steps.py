"""The wide chart of prices: lines end where bands begin, and the lowest of several prices over time."""

import datetime as dt
from decimal import Decimal

import pytest

from orarchive.publish.charts.bands import merge_lowest
from orarchive.publish.charts.wide_steps import (
    AREA,
    HEIGHT,
    WIDTH,
    PriceLine,
    WideChart,
    draw_prices,
    draw_time,
)
from orarchive.publish.dataset import PriceInterval
from orarchive.publish.views.model_page import summarize_description

DAY = dt.timedelta(days=1)
BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAYS = 100
HOURS = [BEGUN + n * DAY for n in range(DAYS + 1)]


def make_interval(first: int, last: int | None, price: str, highest: str | None = None) -> PriceInterval:
    """Return a price from one day to another."""
    end = None if last is None else BEGUN + last * DAY
    return PriceInterval(BEGUN + first * DAY, end, Decimal(price), Decimal(highest) if highest else None)


def draw(*intervals: PriceInterval, begin: int = 0) -> WideChart:
    """Draw one line up to the last day."""
    return draw_prices([PriceLine("list price", intervals, HOURS)], BEGUN + begin * DAY, HOURS[-1])


def test_the_line_ends_where_the_time_of_day_begins() -> None:
    chart = draw(make_interval(0, 49, "4"), make_interval(50, None, "1", "2"))
    (line,) = chart.lines
    assert line.path == f"M0 {AREA.top}H580"
    assert line.bands == [(580.0, 136.0, 580.0, 60.0)]
    assert [(stop.x, stop.interval is not None) for stop in line.stops] == [(0, True), (580, True)]


def test_a_fixed_price_is_not_joined_through_a_band() -> None:
    chart = draw(make_interval(0, 49, "4"), make_interval(50, 50, "1", "2"), make_interval(51, None, "4"))
    assert chart.lines[0].path.count("M") == 2
    assert "V" not in chart.lines[0].path


def test_a_range_is_cut_and_an_absence_is_told() -> None:
    chart = draw(make_interval(0, 60, "8"), make_interval(80, None, "2"), begin=70)
    (line,) = chart.lines
    assert [stop.x for stop in line.stops] == [pytest.approx(WIDTH / 3, abs=0.1)]
    assert (line.end.x_percent, line.end.interval.amount) == (100, Decimal(2))
    assert chart.amounts[-1][1] == Decimal(2), "the axis is that of what is seen"
    whole = draw(make_interval(0, 60, "8"), make_interval(80, None, "2"))
    assert [stop.interval is None for stop in whole.lines[0].stops] == [False, True, False]
    assert [percent for percent, _ in whole.amounts] == [
        pytest.approx(y * 100 / HEIGHT, abs=0.1)
        for y in (AREA.bottom, (AREA.top + AREA.bottom) / 2, AREA.top)
    ]


def test_gaps_and_dates_of_a_stretch_of_time() -> None:
    time = draw_time([hour for n, hour in enumerate(HOURS) if n not in range(61, 80)], BEGUN, HOURS[-1])
    assert time.gaps == f"M696 {AREA.top}h232v240h-232"
    assert time.dates
    assert all(0 <= tick.at <= 100 for tick in time.dates)


def test_the_lowest_price_over_time() -> None:
    prices = [
        make_interval(0, 30, "3"),
        make_interval(10, 20, "1"),
        make_interval(15, None, "3"),
        make_interval(40, 50, "2"),
    ]
    lowest = merge_lowest(prices, HOURS)
    spans = [((price.first - BEGUN).days, price.last and (price.last - BEGUN).days) for price in lowest]
    assert spans == [(0, 9), (10, 20), (21, 39), (40, 50), (51, None)]
    assert [str(price.amount) for price in lowest] == ["3", "1", "3", "2", "3"]


def test_nothing_holds_between_two_prices() -> None:
    lowest = merge_lowest([make_interval(0, 10, "1"), make_interval(20, 30, "1")], HOURS)
    assert [((price.first - BEGUN).days, price.last and (price.last - BEGUN).days) for price in lowest] == [
        (0, 10),
        (20, 30),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A **small** model of [Lab](https://example.org/). It does more.", "A small model of Lab."),
        ("Short. Then it goes on with v2.5 of it. More.", "Short. Then it goes on with v2.5 of it."),
        ("no end of it at all", "no end of it at all"),
        ("", ""),
    ],
)
def test_a_description_in_one_line(text: str, line: str) -> None:
    assert summarize_description(text) == line
    assert len(summarize_description(text * 20)) <= 160
