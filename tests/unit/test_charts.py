"""Charts: a price is a step, a gap breaks the line, and the axis begins at zero."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.steps import (
    BOTTOM,
    LEFT,
    MAX_DAYS_LABELLED,
    MAX_LABELS,
    RIGHT,
    TOP,
    Chart,
    draw_steps,
)
from orarchive.publish.charts.week import (
    LABEL_WIDTH,
    MINUTE_WIDTH,
    draw_week,
)
from orarchive.publish.dataset import PriceInterval, PriceKey

DAY = dt.timedelta(days=1)
BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def draw(days: int, *prices: tuple[int, int | None, str], unread: tuple[int, ...] = ()) -> Chart:
    """Draw prices, each with its first and last day; every day but the unread ones has a good hour."""
    good_hours = [BEGUN + n * DAY for n in range(days + 1) if n not in unread]
    intervals = [
        PriceInterval(BEGUN + first * DAY, None if last is None else BEGUN + last * DAY, Decimal(price))
        for first, last, price in prices
    ]
    return draw_steps(PriceKey("prompt"), intervals, good_hours, BEGUN + days * DAY)


def split_path(chart: Chart) -> list[str]:
    """Split the line into its path commands: M moves, H horizontal, V vertical."""
    return re.findall(r"[MHV][^MHV]*", chart.path)


def command_letters(chart: Chart) -> str:
    """Return the letters of the path commands."""
    return "".join(command[0] for command in split_path(chart))


def x_of(day: int, days: int) -> str:
    """Return the x coordinate of a day on a chart of so many days, as a path has it."""
    return f"{round(LEFT + (RIGHT - LEFT) * day / days, 1):g}"


def test_a_band_does_not_bridge_an_absence() -> None:
    """A schedule that was not there on the third day is two intervals, though its rates are the same."""
    hours = [BEGUN + n * DAY for n in range(6)]
    night = PriceKey("prompt", '{"utc_end":800,"utc_start":0}')
    day = PriceKey("prompt", '{"utc_end":0,"utc_start":800}')
    prices = {
        key: [PriceInterval(hours[0], hours[1], amount), PriceInterval(hours[3], None, amount)]
        for key, amount in ((night, Decimal(1)), (day, Decimal(2)))
    }
    assert merge_time_of_day(prices, hours) == {
        PriceKey("prompt"): [
            PriceInterval(hours[0], hours[1], Decimal(1), Decimal(2)),
            PriceInterval(hours[3], None, Decimal(1), Decimal(2)),
        ]
    }


def test_a_price_holds_until_another_is_seen() -> None:
    """Draw the line across, then up or down; never aslant."""
    chart = draw(10, (0, 3, "2"), (4, None, "1"))
    low, high = (f"{chart.dots[n].y:g}" for n in (1, 0))
    assert split_path(chart) == [
        f"M{LEFT} {high}", f"H{x_of(3, 10)}", f"H{x_of(4, 10)}", f"V{low}", f"H{RIGHT}",
    ]  # fmt: skip
    assert chart.gaps == []


def test_the_axis_begins_at_zero_and_holds_every_price() -> None:
    chart = draw(10, (0, 3, "0"), (4, None, "2.1"))
    (zero_y, zero), _, (top_y, top) = chart.prices
    assert (zero_y, zero) == (BOTTOM, Decimal(0))
    assert (top_y, top) == (TOP, Decimal("2.5"))
    assert chart.dots[0].y == BOTTOM
    assert TOP <= chart.dots[1].y < BOTTOM


def test_a_gap_breaks_the_line() -> None:
    """Break the line if the price after the gap is the same, and if it is another."""
    same = draw(10, (0, None, "1"), unread=(4, 5, 6))
    assert command_letters(same) == "MHMH"
    ((x, width),) = same.gaps
    assert (f"{x:g}", f"{x + width:g}") == (x_of(3, 10), x_of(7, 10))
    assert command_letters(draw(10, (0, 3, "1"), (7, None, "2"), unread=(4, 5, 6))) == "MHMH"
    missing = draw(10, (0, 3, "1"), (7, None, "1"))
    assert command_letters(missing) == "MHMH"
    assert missing.gaps == [], "the hours are good, and the model was not listed"


def test_gaps_after_the_end_are_not_drawn() -> None:
    """End the chart of a removed model with its last hour."""
    good_hours = [BEGUN, BEGUN + DAY, BEGUN + 2 * DAY, BEGUN + 90 * DAY]
    end = BEGUN + 2 * DAY
    chart = draw_steps(PriceKey("prompt"), [PriceInterval(BEGUN, end, Decimal(1))], good_hours, end)
    assert chart.gaps == []
    assert split_path(chart)[-1] == f"H{RIGHT}"


def test_a_price_that_is_no_amount_is_left_out() -> None:
    chart = draw(10, (0, 3, "1"), (4, 6, "-1"), (7, None, "1"))
    assert len(chart.dots) == 2
    assert command_letters(chart) == "MHMH"


@pytest.mark.parametrize("days", [0, 1, 3, 30, 50, 51, 90, 400, 800, 4000])
def test_the_time_axis_has_a_handful_of_labels(days: int) -> None:
    chart = draw(days, (0, None, "1"))
    assert len(chart.dates) <= MAX_LABELS
    assert days < 1 or chart.dates
    positions = [tick.at for tick in chart.dates]
    assert positions == sorted(positions)
    assert all(LEFT <= x <= RIGHT for x in positions)
    if days > MAX_DAYS_LABELLED:
        assert "2026" in chart.dates[0].text


def test_a_week_of_time_of_day_prices() -> None:
    """Draw weekdays that are dear by day and cheap by night, and the weekend as one row."""
    pricing = {
        "prompt": "0.000001",
        "overrides": [
            {"utc_start": 0, "utc_end": 2400, "prompt": "0.000001"},
            {"utc_start": 900, "utc_end": 1730, "prompt": "0.000002", "utc_days": [
                "monday", "tuesday", "wednesday", "thursday", "friday"]},
        ],
    }  # fmt: skip
    week = draw_week("prompt", pricing)
    assert [row.days for row in week.rows] == ["Mon–Fri", "Sat–Sun"]
    assert [part.words for part in week.rows[0].parts] == [
        "$1.00 per M 00:00–09:00",
        "$2.00 per M 09:00–17:30",
        "$1.00 per M 17:30–24:00",
    ]
    dear, cheap = week.rows[0].parts[1], week.rows[0].parts[0]
    assert dear.height == pytest.approx(2 * cheap.height)
    assert dear.x == pytest.approx(LABEL_WIDTH + 9 * 60 * MINUTE_WIDTH, abs=0.1)
    assert week.words.startswith("Mon–Fri $1.00 per M 00:00–09:00; ")


def test_times_without_a_price_are_left_out_of_a_week() -> None:
    pricing = {"overrides": [{"prompt": "0.000001", "utc_start": 900, "utc_end": 1700}]}
    (row,) = draw_week("prompt", pricing).rows
    assert [part.words for part in row.parts] == ["$1.00 per M 09:00–17:00"]
