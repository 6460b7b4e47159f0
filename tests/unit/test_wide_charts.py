"""Charts that fill the page: nothing is drawn where there is no share or no price."""

import datetime as dt
from decimal import Decimal

from orarchive.publish.charts.areas import draw_areas
from orarchive.publish.charts.spark import draw_bars
from orarchive.publish.charts.step_lines import Piece, draw_step_lines
from orarchive.publish.views.marks import make_monogram

WEEK = dt.timedelta(days=7)
WEEKS = [dt.date(2026, 6, 1) + n * WEEK for n in range(4)]
DAYS = [dt.datetime(2026, 6, 1, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(11)]


def test_an_area_is_where_there_is_a_share() -> None:
    """Begin where the name appears, break where it has no share, and leave the rest to the others."""
    late = {WEEKS[1]: 0.5, WEEKS[3]: 0.25}
    chart = draw_areas({"a": dict.fromkeys(WEEKS, 0.5), "late": late}, WEEKS, WEEK, "others")
    assert chart
    assert {area.name: area.path for area in chart.areas} == {
        "a": "M0 0V0H250V0H500V0H750V0H1000V500H750V500H500V500H250V500H0Z",
        "late": "M250 500V500H500V1000H250ZM750 500V500H1000V750H750Z",
        "others": "M0 500V500H250V1000H0ZM500 500V500H750V750H1000V1000H750V1000H500Z",
    }
    assert [area.last for area in chart.areas] == ["50%", "25%", "25%"]
    assert chart.areas[1].stops == "0 none|250 50%|500 none|750 25%"
    assert chart.areas[1].words == "late: 25% in the week from 22 Jun 2026, 25% to 50%"


def test_one_week_is_no_chart() -> None:
    assert draw_areas({"a": {WEEKS[0]: 1}}, WEEKS[:1], WEEK, "others") is None


def draw_pieces(*pieces: tuple[int, int, str]) -> list[Piece]:
    return [Piece(DAYS[first], DAYS[end], Decimal(amount), "A 1") for first, end, amount in pieces]


def test_prices_are_steps_that_break_where_there_is_no_price() -> None:
    chart = draw_step_lines({"a": draw_pieces((0, 2, "4"), (2, 5, "2"), (6, 10, "2"))}, DAYS, DAYS[10])
    assert chart
    assert not chart.is_logarithmic
    assert [(mark.percent, int(mark.amount)) for mark in chart.marks][::4] == [(100, 0), (0, 4)]
    (line,) = chart.lines
    assert line.path == "M0 0H200V500H500M600 500H1000"
    assert [(stop.x, stop.piece and int(stop.piece.amount)) for stop in line.stops] == [
        (0, 4), (200, 2), (500, None), (600, 2),
    ]  # fmt: skip
    assert (line.is_current, chart.gaps) == (True, [])


def test_prices_far_apart_are_on_a_logarithmic_axis() -> None:
    """Mark the powers of ten that hold them all, and the days that were not read."""
    series = {"a": draw_pieces((0, 10, "100")), "b": draw_pieces((5, 8, "0.1"))}
    chart = draw_step_lines(series, [*DAYS[:3], *DAYS[6:]], DAYS[10])
    assert chart
    assert chart.is_logarithmic
    assert [f"{mark.amount.normalize():f}" for mark in chart.marks] == ["0.1", "1", "10", "100"]
    assert [line.path for line in chart.lines] == ["M0 0H1000", "M500 1000H800"]
    assert [line.is_current for line in chart.lines] == [True, False]
    assert chart.gaps == [(200, 400)]


def test_another_model_is_marked_where_it_begins() -> None:
    """A new price of the same model has no mark."""
    pieces = draw_pieces((0, 2, "4"), (2, 5, "2"))
    chart = draw_step_lines({"a": [*pieces, Piece(DAYS[5], DAYS[10], Decimal("4"), "A 2")]}, DAYS, DAYS[10])
    assert chart
    assert [line.starts for line in chart.lines] == ["M500 0h0"]


def test_no_price_is_no_chart() -> None:
    assert draw_step_lines({"a": []}, DAYS, DAYS[10]) is None


def test_a_count_that_is_not_known_is_no_bar() -> None:
    assert draw_bars([None, 1, 2]) == "M6 18v-9h5V18zM12 18v-18h5V18z"


def test_monograms() -> None:
    names = ("OpenAI", "Z.ai", "Novita", "Amazon Bedrock", "xAI", "零一", "***")
    assert [make_monogram(name) for name in names] == ["OA", "ZA", "No", "AB", "AI", "零一", "?"]
