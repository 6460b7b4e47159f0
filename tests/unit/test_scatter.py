"""Charts of price against quality."""

from decimal import Decimal

from orarchive.publish.charts.scatter import LEFT, NARROW, WIDE, Point, draw_scatter


def build_point(name: str, price: str, quality: int, is_front: bool = False) -> Point:
    """Return a point."""
    return Point(f"x/{name}", name, Decimal(price), Decimal(quality), is_front)


def test_prices_are_on_a_logarithmic_axis() -> None:
    """Equal factors are equal distances, and the axis is labelled at 1 and 3 of each power of ten."""
    chart = draw_scatter([build_point("a", "0.1", 10), build_point("b", "1", 20), build_point("c", "10", 30)])
    assert chart
    first, second, third = (dot.x for dot in chart.dots)
    assert abs((second - first) - (third - second)) < 0.2
    assert [mark.text for mark in chart.prices] == ["$0.1", "$0.3", "$1", "$3", "$10"]
    assert [mark.text for mark in chart.qualities] == ["0", "10", "20", "30"]
    assert all(LEFT <= dot.x <= WIDE.right for dot in chart.dots)


def test_front_is_joined_and_named_where_there_is_room() -> None:
    """The line goes through the front alone; a name that would cover another one is below, or left out."""
    chart = draw_scatter(
        [
            build_point("a-long-name", "1", 50, is_front=True),
            build_point("another-long-name", "1.01", 50, is_front=True),
            build_point("third-long-name", "1.02", 50, is_front=True),
            build_point("far", "50", 90, is_front=True),
            build_point("behind", "0.01", 10),
        ]
    )
    assert chart
    assert chart.front.count("L") == 3
    labels = [(dot.point.name, dot.label_anchor) for dot in chart.dots if dot.label_x is not None]
    assert labels == [("a-long-name", "end"), ("another-long-name", "start"), ("far", "end")]
    assert [dot.point.name for dot in chart.dots if dot.is_stop] == ["a-long-name", "far"]
    assert [dot.words for dot in chart.dots][-1:] == ["far: index 90, $50.00 per M"]


def test_a_free_model_stands_on_the_axis_of_qualities() -> None:
    """It moves no price, but its quality counts for the axis."""
    paid = [build_point("a", "1", 10), build_point("b", "10", 20)]
    chart, without = draw_scatter([*paid, build_point("gift", "0", 90)]), draw_scatter(paid)
    assert chart
    assert without
    gift, *others = chart.dots
    assert (gift.x, gift.words) == (LEFT, "gift: index 90, free")
    assert [dot.x for dot in others] == [dot.x for dot in without.dots]
    assert chart.qualities[-1].text == "80"
    assert draw_scatter([paid[0], build_point("gift", "0", 90)]) is None


def test_a_narrow_chart_names_what_it_has_room_for() -> None:
    """Nothing of it is beyond its frame: a long name that fits on a wide chart is left out."""
    points = [build_point("cheap", "1", 50, is_front=True), build_point("a" * 50, "9", 90, is_front=True)]
    wide, narrow = draw_scatter(points), draw_scatter(points, NARROW)
    assert wide
    assert narrow
    assert [dot.label_x is None for dot in wide.dots] == [False, False]
    assert [dot.label_x is None for dot in narrow.dots] == [False, True]
    assert all(LEFT <= dot.x <= NARROW.right for dot in narrow.dots)


def test_a_name_lies_on_no_point() -> None:
    """It goes below its own point, or is left out where points are there, too."""
    front = build_point("a-long-name", "10", 50, is_front=True)
    above, below = build_point("above", "8", 53), build_point("below", "13", 45)

    def list_anchors(*others: Point) -> list[str]:
        edges = (build_point("left", "0.1", 90), build_point("right", "1000", 10))
        chart = draw_scatter([front, *edges, *others])
        assert chart
        return [dot.label_anchor for dot in chart.dots if dot.label_x is not None]

    assert [list_anchors(), list_anchors(above), list_anchors(above, below)] == [["end"], ["start"], []]


def test_equal_points_make_no_chart() -> None:
    """Without two prices and two qualities there is nothing to compare."""
    assert draw_scatter([]) is None
    assert draw_scatter([build_point("a", "1", 1), build_point("b", "1", 2)]) is None
    assert draw_scatter([build_point("a", "1", 1), build_point("b", "2", 1)]) is None
