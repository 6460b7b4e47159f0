"""Charts that fill the page: nothing is drawn where there is no share or no price."""

import datetime as dt
from decimal import Decimal

from orarchive.history.coverage import Gap
from orarchive.publish.amounts import format_amount
from orarchive.publish.charts.areas import draw_areas, draw_totals
from orarchive.publish.charts.spark import draw_bars
from orarchive.publish.charts.step_lines import PriceLine, draw_step_lines
from orarchive.publish.charts.steps import Piece
from orarchive.publish.charts.wide import TimeAxis, WideChart
from orarchive.publish.views.marks import make_monogram
from orarchive.timestamps import WEEK

WEEKS = [dt.date(2026, 6, 1) + n * WEEK for n in range(4)]
DAYS = [dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(11)]


def test_an_area_is_where_there_is_a_share() -> None:
    """Begin where the name appears, break where it has no share, and leave the rest to the others."""
    late = {WEEKS[1]: 0.5, WEEKS[3]: 0.25}
    chart = draw_areas({"a": dict.fromkeys(WEEKS, 0.5), "late": late}, WEEKS, "others")
    assert chart
    assert {area.name: area.path for area in chart.shapes} == {
        "a": "M0 0V0H250V0H500V0H750V0H1000V500H750V500H500V500H250V500H0Z",
        "late": "M250 500V500H500V1000H250ZM750 500V500H1000V750H750Z",
        "others": "M0 500V500H250V1000H0ZM500 500V500H750V750H1000V1000H750V1000H500Z",
    }
    assert [area.last for area in chart.shapes] == ["50.0%", "25.0%", "25.0%"]
    assert chart.shapes[1].stops == "0 |250 50.0%|500 |750 25.0%"
    assert chart.note == "weeks from 1 Jun 2026 to 22 Jun 2026"


def test_totals_are_columns_from_zero_up_to_the_last_week_of_all() -> None:
    """Leave a week without a total empty, and say nothing of it."""
    chart = draw_totals("a", {WEEKS[0]: 40, WEEKS[2]: 10}, WEEKS[3], str)
    assert chart
    (area,) = chart.shapes
    assert area.path == "M0 0V0H250V1000H0ZM500 750V750H750V1000H500Z"
    assert (area.stops, area.last) == ("0 40.0|250 |500 10.0|750 ", "")
    marks = chart.layers[0].marks
    assert [(mark.percent, mark.text) for mark in marks] == [
        (100, "0.0"),
        (50, "20.0"),
        (0, "40.0"),
    ]
    assert draw_totals("a", {WEEKS[0]: 40}, WEEKS[3], str) is None


def test_one_week_is_no_chart() -> None:
    assert draw_areas({"a": {WEEKS[0]: 1}}, WEEKS[:1], "others") is None


def make_line(*pieces: tuple[int, int, str], name: str = "a", days: list[dt.datetime] = DAYS) -> PriceLine:
    """Return a line of pieces, each with its first day, the day after it, and its price per million."""
    amounts = [(first, end, Decimal(amount).scaleb(-6)) for first, end, amount in pieces]
    return PriceLine(
        name, [Piece(DAYS[first], DAYS[end], amount, "A|1") for first, end, amount in amounts], days
    )


def draw(*lines: PriceLine) -> WideChart | None:
    return draw_step_lines(lines, DAYS[10], lambda price: format_amount(price, "prompt"))


def test_prices_are_steps_that_break_where_there_is_no_price() -> None:
    chart = draw(make_line((0, 2, "4"), (2, 5, "2"), (6, 10, "2")))
    assert chart
    assert chart.note == ""
    marks = chart.layers[0].marks
    assert [(mark.percent, mark.text) for mark in marks] == [
        (100, "$0"),
        (50, "$2"),
        (0, "$4"),
    ]
    (line,) = chart.shapes
    assert line.path == "M0 0H200V500H500M600 500H1000"
    assert line.stops == "0 $4.00 (A/1)|200 $2.00 (A/1)|500 |600 $2.00 (A/1)"
    assert (line.last, chart.gaps) == ("$2.00", "")


def test_prices_far_apart_are_on_a_logarithmic_axis() -> None:
    """Mark the powers of ten that hold them all, and the days that were not read."""
    chart = draw(
        make_line((0, 10, "100"), days=[*DAYS[:3], *DAYS[6:]]), make_line((5, 8, "0.1"), name="b", days=[])
    )
    assert chart
    assert chart.note == "logarithmic axis"
    assert [mark.text for mark in chart.layers[0].marks] == ["$0.10", "$1", "$10", "$100"]
    assert [line.path for line in chart.shapes] == ["M0 0H313M373 0H1000", "M358 1000H687"]
    assert [line.stops.endswith("|687 ") for line in chart.shapes] == [False, True]
    assert chart.gaps == "M313 0H373V1000H313Z"


def test_a_model_is_marked_where_it_begins() -> None:
    """A new price of the same model has no mark; the first model has one, and so has the line's end."""
    line = make_line((0, 2, "4"), (2, 5, "2"))
    later = Piece(DAYS[5], DAYS[10], Decimal("0.000004"), "A 2")
    chart = draw(PriceLine("a", [*line.pieces, later], DAYS))
    assert chart
    assert [line.dots for line in chart.shapes] == ["M0 0h0M500 0h0M1000 0h0"]


def test_a_price_that_changed_in_a_gap_is_joined_across_it() -> None:
    """Draw no step: nobody knows when in the gap the price changed."""
    chart = draw(make_line((0, 9, "4"), (9, 10, "2"), days=[*DAYS[:8], *DAYS[9:]]))
    assert chart
    (line,) = chart.shapes
    assert (line.path, line.bridges) == ("M0 0H700M900 500H1000", "M700 0L900 500")


def test_a_line_that_is_not_joined_ends_where_another_label_begins() -> None:
    """Draw neither a step nor a bridge between models: the next one is no new price of the one before."""
    line = make_line((0, 2, "4"), (2, 4, "2"), days=[*DAYS[:6], *DAYS[8:]])
    later = [
        Piece(DAYS[4], DAYS[6], Decimal("0.000004"), "B"),
        Piece(DAYS[8], DAYS[10], Decimal("0.000008"), "C"),
    ]
    pieces = [*line.pieces, *later]
    joined, apart = (
        draw(PriceLine("a", pieces, line.good_hours, is_joined=is_joined)) for is_joined in (True, False)
    )
    assert joined and apart
    (whole,), (split,) = joined.shapes, apart.shapes
    assert (whole.path, whole.bridges) == ("M0 500H269V750H537V500H671M731 0H1000", "M671 500L731 0")
    assert (split.path, split.bridges) == ("M0 500H269V750H537M537 500H671M731 0H1000", "")


def test_a_gap_takes_a_small_share_of_the_width() -> None:
    """Label its end; what is left of the width is shared by the days that were read."""
    days = [DAYS[0] + dt.timedelta(days=n) for n in (*range(20), *range(100, 121))]
    axis = TimeAxis(days[0], days[-1], [Gap(days[19], days[20])])
    (cut,) = axis.list_cuts()
    assert (cut.x, cut.x_end, cut.percent) == (458, 518, 48.8)
    assert [axis.x(days[0]), axis.x(days[-1])] == [0, 1000]
    assert axis.x(days[10]) - axis.x(days[0]) == axis.x(days[40]) - axis.x(days[30]) == 241
    labels = [(label.text, label.percent) for label in axis.list_labels()]
    assert labels == [("2 Jun", 2.4), ("10 Jun", 21.7), ("9 Sep", 51.8), ("23 Sep", 85.5)]


def test_what_follows_a_long_gap_is_wide_enough_to_be_seen() -> None:
    days = [DAYS[0] + dt.timedelta(days=n) for n in (0, 10, 100, 200, 200.5, 201)]
    axis = TimeAxis(days[0], days[-1], [Gap(days[2], days[3])])
    assert [axis.x(day) for day in days] == [0, 90, 900, 960, 980, 1000]
    last = axis.list_labels()[-1]
    assert (last.percent, last.anchor) == (96, "end"), "it stays within the chart"


def test_no_price_is_no_chart() -> None:
    assert draw(make_line()) is None


def test_a_count_that_is_not_known_is_no_bar() -> None:
    assert draw_bars([None, 1, 2]) == "M6 18v-9h5V18zM12 18v-18h5V18z"


def test_monograms() -> None:
    names = ("OpenAI", "Z.ai", "Novita", "Amazon Bedrock", "xAI", "零一", "***")
    assert [make_monogram(name) for name in names] == ["OA", "ZA", "No", "AB", "AI", "零一", "?"]
