"""Charts: a price is a step, a gap breaks the line, and the axis begins at zero."""

import datetime as dt
from decimal import Decimal

import pytest

from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.steps import draw_steps
from orarchive.publish.charts.week import LABEL_WIDTH, MIN_SHADE, MINUTE_WIDTH, draw_week
from orarchive.publish.charts.wide import MAX_DAYS_LABELLED, MAX_LABELS, TimeAxis
from orarchive.publish.dataset import PriceInterval, PriceKey

DAY = dt.timedelta(days=1)
BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def draw(days: int, *prices: tuple[int, int | None, str], unread: tuple[int, ...] = ()) -> str:
    """Draw prices, each with its first and last day; every day but the unread ones has a good hour."""
    good_hours = [BEGUN + n * DAY for n in range(days + 1) if n not in unread]
    intervals = [
        PriceInterval(BEGUN + first * DAY, None if last is None else BEGUN + last * DAY, Decimal(price))
        for first, last, price in prices
    ]
    return draw_steps(intervals, good_hours, BEGUN + days * DAY)


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
    assert draw(10, (0, 3, "2"), (4, None, "1")) == "M0 0H400V500H1000"


def test_the_axis_begins_at_zero_and_holds_every_price() -> None:
    assert draw(10, (0, 3, "0"), (4, None, "2.1")) == "M0 1000H400V160H1000", "its top is 2.5"


def test_a_gap_breaks_the_line() -> None:
    """Break the line if the price after the gap is the same, and if it is another."""
    assert draw(10, (0, None, "1"), unread=(4, 5, 6)) == "M0 0H300M700 0H1000"
    assert draw(10, (0, 3, "1"), (7, None, "2"), unread=(4, 5, 6)) == "M0 500H300M700 0H1000"
    assert draw(10, (0, 3, "1"), (7, None, "1")) == "M0 0H300M700 0H1000", "it was not listed"


def test_gaps_after_the_end_are_not_drawn() -> None:
    """End the chart of a removed model with its last hour."""
    good_hours = [BEGUN, BEGUN + DAY, BEGUN + 2 * DAY, BEGUN + 90 * DAY]
    end = BEGUN + 2 * DAY
    assert draw_steps([PriceInterval(BEGUN, end, Decimal(1))], good_hours, end) == "M0 0H1000"


def test_a_price_that_is_no_amount_is_left_out() -> None:
    assert draw(10, (0, 3, "1"), (4, 6, "-1"), (7, None, "1")) == "M0 0H300M700 0H1000"


@pytest.mark.parametrize("days", [0, 1, 3, 30, 50, 51, 90, 400, 800, 4000])
def test_the_time_axis_has_a_handful_of_labels(days: int) -> None:
    labels = TimeAxis(BEGUN, BEGUN + days * DAY).list_labels()
    assert len(labels) <= MAX_LABELS
    assert days < 1 or labels
    positions = [label.percent for label in labels]
    assert positions == sorted(positions)
    assert all(0 <= percent <= 100 for percent in positions)
    if days > MAX_DAYS_LABELLED:
        assert labels[0].text[-4:].isdigit(), "it names its year"


def test_a_month_that_only_ends_the_axis_has_no_label() -> None:
    labels = TimeAxis(BEGUN, dt.datetime(2026, 4, 1, tzinfo=dt.UTC)).list_labels()
    assert [label.text for label in labels] == ["Jan 2026", "Feb", "Mar"]


def test_a_week_of_time_of_day_prices() -> None:
    """Draw weekdays that are dear by day and cheap by night, and the weekend as one row.

    Each pair of prices has one shade, the dearest the darkest.
    """
    pricing = {
        "prompt": "0.000001",
        "completion": "0.000003",
        "overrides": [
            {"utc_start": 0, "utc_end": 2400, "prompt": "0.000001"},
            {"utc_start": 900, "utc_end": 1730, "prompt": "0.000002", "completion": "0.000004", "utc_days": [
                "monday", "tuesday", "wednesday", "thursday", "friday"]},
        ],
    }  # fmt: skip
    week = draw_week(["prompt", "completion"], pricing)
    assert [row.days for row in week.rows] == ["Mon–Fri", "Sat–Sun"]
    dear = "input $2.00 per M, output $4.00 per M"
    cheap = "input $1.00 per M, output $3.00 per M"
    assert [part.words for part in week.rows[0].parts] == [
        f"{times}: {words}"
        for times, words in (("00:00–09:00", cheap), ("09:00–17:30", dear), ("17:30–24:00", cheap))
    ]
    assert [(rate.shade, rate.words) for rate in week.rates] == [(1, dear), (MIN_SHADE, cheap)]
    assert [part.shade for part in week.rows[0].parts] == [MIN_SHADE, 1, MIN_SHADE]
    assert week.rows[0].parts[1].x == pytest.approx(LABEL_WIDTH + 9 * 60 * MINUTE_WIDTH, abs=0.1)
    assert week.words.startswith(f"Mon–Fri 00:00–09:00: {cheap}; ")


def test_times_without_a_price_are_left_out_of_a_week() -> None:
    pricing = {"overrides": [{"prompt": "0.000001", "utc_start": 900, "utc_end": 1700}]}
    (row,) = draw_week(["prompt", "completion"], pricing).rows
    assert [part.words for part in row.parts] == ["09:00–17:00: input $1.00 per M"]
