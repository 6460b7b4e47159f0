"""The wide chart of prices: lines end where bands begin, and the lowest of several prices over time."""

import datetime as dt
from decimal import Decimal

import pytest

from orarchive.publish.charts.bands import merge_lowest
from orarchive.publish.charts.step_lines import PriceChoice, PriceLine, draw_panel
from orarchive.publish.charts.steps import list_pieces
from orarchive.publish.charts.wide import WideChart
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


def draw(*intervals: PriceInterval, begin: int = 0, unread: tuple[int, ...] = ()) -> WideChart:
    """Draw one line up to the last day."""
    hours = [hour for n, hour in enumerate(HOURS) if n not in unread]
    start = BEGUN + begin * DAY
    line = PriceLine("list price", [*list_pieces(intervals, start, HOURS[-1])], hours)
    choice = PriceChoice("d0", [line], lambda price: f"${price}")
    return draw_panel([choice], hours, start, HOURS[-1])


def test_the_line_ends_where_the_time_of_day_begins() -> None:
    chart = draw(make_interval(0, 49, "4"), make_interval(50, None, "1", "2"))
    (line,) = chart.shapes
    assert line.path == "M0 0H500"
    assert line.bands == "M500 500H1000V750H500Z"
    assert line.stops == "0 $4|500 $1 to $2"


def test_a_fixed_price_is_not_joined_through_a_band() -> None:
    chart = draw(make_interval(0, 49, "4"), make_interval(50, 50, "1", "2"), make_interval(51, None, "4"))
    assert chart.shapes[0].path == "M0 0H500M510 0H1000"


def test_a_range_is_cut_and_an_absence_is_told() -> None:
    chart = draw(make_interval(0, 60, "8"), make_interval(80, None, "2"), begin=70)
    (line,) = chart.shapes
    assert line.stops == "333 $2"
    assert chart.layers[0].end_label
    assert (
        chart.layers[0].end_label.x_percent,
        chart.layers[0].end_label.y_percent,
        chart.layers[0].end_label.text,
    ) == (100, 0, "$2")
    assert chart.layers[0].marks[-1].text == "$2", "the axis is that of what is seen"
    whole = draw(make_interval(0, 60, "8"), make_interval(80, None, "2"), unread=tuple(range(61, 80)))
    assert whole.shapes[0].stops == "0 $8|600 |800 $2"
    assert whole.gaps == "M600 0H800V1000H600Z"


def test_the_label_of_the_last_price_does_not_cross_the_line() -> None:
    """Stand below a line that came down, except at the very bottom."""
    ends = [
        draw(make_interval(0, 60, before), make_interval(61, None, now)).layers[0].end_label
        for before, now in (("4", "2"), ("2", "4"), ("4", "0.1"))
    ]
    assert [end and end.is_below for end in ends] == [True, False, False]


def test_a_range_without_a_price_is_empty() -> None:
    chart = draw(make_interval(0, 60, "8"), begin=70)
    assert (chart.shapes, chart.layers[0].end_label) == ([], None)


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
