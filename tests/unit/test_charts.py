"""Charts: a price is a step, a gap is a gap, and the axis begins at zero."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from orarchive.publish.charts import steps as steps_module
from orarchive.publish.charts.steps import BOTTOM, LEFT, MAX_LABELS, RIGHT, TOP, Chart, draw_steps
from orarchive.publish.charts.week import LABEL, MINUTE, draw_week, format_time_of_day, parse_minutes
from orarchive.publish.dataset import PriceInterval, PriceKey

DAY = dt.timedelta(days=1)
BEGUN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def chart(days: int, *points: tuple[int, int | None, str], unread: tuple[int, ...] = ()) -> Chart:
    """The chart of points, each with its first and last day; read daily, but on some days."""
    looks = [BEGUN + n * DAY for n in range(days + 1) if n not in unread]
    found = [
        PriceInterval(BEGUN + first * DAY, None if last is None else BEGUN + last * DAY, Decimal(price))
        for first, last, price in points
    ]
    return draw_steps(PriceKey("prompt"), found, looks, BEGUN + days * DAY)


def strokes(one: Chart) -> list[str]:
    """The line apart: moves, and lines across and up or down."""
    return re.findall(r"[MHV][^MHV]*", one.path)


def at(days: float, of: int) -> str:
    """Where a day is."""
    return f"{round(LEFT + (RIGHT - LEFT) * days / of, 1):g}"


def test_a_price_holds_until_another_is_seen() -> None:
    """The line goes across, then up or down; never aslant."""
    one = chart(10, (0, 3, "2"), (4, None, "1"))
    low, high = (f"{one.dots[n].y:g}" for n in (1, 0))
    assert strokes(one) == [
        f"M{LEFT} {high}", f"H{at(3, 10)}", f"H{at(4, 10)}", f"V{low}", f"H{RIGHT}",
    ]  # fmt: skip
    assert one.gaps == []


def test_the_axis_begins_at_zero_and_holds_every_price() -> None:
    one = chart(10, (0, 3, "0"), (4, None, "2.1"))
    (zero, first), _, (top, last) = one.prices
    assert zero == BOTTOM
    assert first == Decimal(0)
    assert (top, last) == (TOP, Decimal("2.5"))
    assert one.dots[0].y == BOTTOM
    assert TOP <= one.dots[1].y < BOTTOM


def test_a_gap_breaks_the_line() -> None:
    """Whether the price was the same after it or another."""
    same = chart(10, (0, None, "1"), unread=(4, 5, 6))
    assert [stroke[0] for stroke in strokes(same)] == ["M", "H", "M", "H"]
    ((place, width),) = same.gaps
    assert (f"{place:g}", f"{place + width:g}") == (at(3, 10), at(7, 10))
    other = chart(10, (0, 3, "1"), (7, None, "2"), unread=(4, 5, 6))
    assert [stroke[0] for stroke in strokes(other)] == ["M", "H", "M", "H"]
    missing = chart(10, (0, 3, "1"), (7, None, "1"))
    assert [stroke[0] for stroke in strokes(missing)] == ["M", "H", "M", "H"]
    assert missing.gaps == [], "somebody looked, and it was not there"


def test_what_lies_beyond_is_not_drawn() -> None:
    """The chart of a model that went ends with it, whatever gaps came after."""
    looks = [BEGUN, BEGUN + DAY, BEGUN + 2 * DAY, BEGUN + 90 * DAY]
    one = draw_steps(
        PriceKey("prompt"), [PriceInterval(BEGUN, BEGUN + 2 * DAY, Decimal(1))], looks, BEGUN + 2 * DAY
    )
    assert one.gaps == []
    assert strokes(one)[-1] == f"H{RIGHT}"


def test_what_is_no_amount_is_left_out() -> None:
    one = chart(10, (0, 3, "1"), (4, 6, "-1"), (7, None, "1"))
    assert len(one.dots) == 2
    assert [stroke[0] for stroke in strokes(one)] == ["M", "H", "M", "H"]


@pytest.mark.parametrize("days", [0, 1, 3, 30, 50, 51, 90, 400, 800, 4000])
def test_dates_are_a_handful(days: int) -> None:
    one = chart(days, (0, None, "1"))
    assert len(one.dates) <= MAX_LABELS
    assert days < 1 or one.dates
    places = [tick.at for tick in one.dates]
    assert places == sorted(places)
    assert all(LEFT <= place <= RIGHT for place in places)
    if days > steps_module.MAX_DAYS_LABELLED:
        assert "2026" in one.dates[0].text


def test_a_week_by_the_clock() -> None:
    """Weekdays dear by day, cheap by night; the weekend is one row."""
    pricing = {
        "prompt": "0.000001",
        "overrides": [
            {"utc_start": 0, "utc_end": 2400, "prompt": "0.000001"},
            {"utc_start": 900, "utc_end": 1730, "prompt": "0.000002", "utc_days": [
                "monday", "tuesday", "wednesday", "thursday", "friday"]},
        ],
    }  # fmt: skip
    one = draw_week("prompt", pricing)
    assert [row.days for row in one.rows] == ["Mon–Fri", "Sat–Sun"]
    assert [part.words for part in one.rows[0].parts] == [
        "$1.00 per M 00:00–09:00",
        "$2.00 per M 09:00–17:30",
        "$1.00 per M 17:30–24:00",
    ]
    dear, cheap = one.rows[0].parts[1], one.rows[0].parts[0]
    assert dear.height == pytest.approx(2 * cheap.height)
    assert dear.x == pytest.approx(LABEL + 9 * 60 * MINUTE, abs=0.1)
    assert one.words.startswith("Mon–Fri $1.00 per M 00:00–09:00; ")


def test_times_of_day() -> None:
    assert [parse_minutes(sent) for sent in (0, 30, 1000, 2359, "930", None, "x", 1.5)] == [
        0, 30, 600, 1439, 570, None, None, None,
    ]  # fmt: skip
    assert [format_time_of_day(minute) for minute in (0, 570, 1439)] == ["00:00", "09:30", "23:59"]
