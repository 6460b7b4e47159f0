"""Charts of several lines over time: coordinates computed here, in user units of an SVG, drawn by templates.

A point is a date with an amount; a missing date is a break in its line. The axis of amounts begins at zero.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.publish.charts.axes import get_midnight, spread_labels
from orarchive.publish.charts.steps import LEFT, TOP, Tick, list_date_ticks, round_up

WIDTH, HEIGHT = 380, 200
RIGHT, BOTTOM = WIDTH - 128, HEIGHT - 22
"""Edges of the plot area: the lines' names stand to its right, dates below it."""

MIN_LABEL_DISTANCE = 13
"""Vertical distance of two names, at least."""

MAX_DATE_LABELS = 4

COLOURS = ("#3f74d1", "#c2571a", "#2c8f63", "#a64ca6", "#9a7400", "#d1495b", "#5f8424", "#7a6ff0")
"""Readable on light and dark ground; the names at the line ends say the same without colour."""

Points = Sequence[tuple[dt.date, float]]


@dataclass(frozen=True)
class Line:
    """One line: its name, its path, its end point and the position of its name."""

    name: str
    colour: str
    path: str
    """The `d` attribute of the path."""
    x: float
    y: float
    label: float
    """y of the name."""
    last: str
    """The last amount, as text."""


@dataclass(frozen=True)
class LineChart:
    """A chart of lines."""

    lines: list[Line]
    dates: list[Tick]
    amounts: list[tuple[float, str]]
    """y and text of each label of the axis of amounts."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def draw_lines(
    series: Mapping[str, Points],
    format_amount: Callable[[float], str],
    step: dt.timedelta,
    until: dt.date | None = None,
) -> LineChart | None:
    """Return a chart of named points, oldest first; None if no series has two points.

    Points further apart than `step` are not joined. The time axis ends with `until`, if that is later than
    the last point. `format_amount` writes an amount as text.
    """
    series = {name: points for name, points in series.items() if len(points) > 1}
    if not series:
        return None
    begin = min(points[0][0] for points in series.values())
    end = max(points[-1][0] for points in series.values())
    end = max(end, until or end)
    top = float(round_up(Decimal(max(amount for points in series.values() for _, amount in points))))

    def x(day: dt.date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - begin).days / max((end - begin).days, 1), 1)

    def y(amount: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * amount / top, 1)

    ends = {name: y(points[-1][1]) for name, points in series.items()}
    labels = spread_labels(ends, MIN_LABEL_DISTANCE, HEIGHT - 4)
    lines = [
        Line(
            name=name,
            colour=COLOURS[n % len(COLOURS)],
            path=_draw_path(points, x, y, step),
            x=x(points[-1][0]),
            y=ends[name],
            label=labels[name],
            last=format_amount(points[-1][1]),
        )
        for n, (name, points) in enumerate(series.items())
    ]
    dates = list_date_ticks(get_midnight(begin), get_midnight(end), MAX_DATE_LABELS)
    return LineChart(
        lines=lines,
        dates=[Tick(x(moment.date()), text) for moment, text in dates],
        amounts=[(y(amount), format_amount(amount)) for amount in (0, top / 2, top)],
    )


def _draw_path(
    points: Points, x: Callable[[dt.date], float], y: Callable[[float], float], step: dt.timedelta
) -> str:
    """Return the `d` attribute of a line; a point that is joined to no other is drawn as a dot."""
    commands: list[str] = []
    previous: dt.date | None = None
    for day, amount in points:
        position = f"{x(day):g} {y(amount):g}"
        commands.append(f"L{position}" if previous and day - previous <= step else f"M{position}h0")
        previous = day
    return "".join(commands)
