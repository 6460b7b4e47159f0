"""Charts of several lines over time: geometry in user units of an SVG, computed here and drawn by templates.

A point is a week; a week that is not there is a break in its line. The axis begins at zero.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.publish.charts.steps import LEFT, TOP, Tick, list_date_ticks, round_up

WIDTH, HEIGHT = 380, 200
RIGHT, BOTTOM = WIDTH - 128, HEIGHT - 22
"""Where the lines are: the names at their ends stand to the right of them, dates below."""

SPACE = 13
"""Least distance of two names."""

LABELS = 4
"""Dates on the axis, at the most."""

COLOURS = ("#3f74d1", "#c2571a", "#2c8f63", "#a64ca6", "#9a7400", "#d1495b", "#5f8424", "#7a6ff0")
"""Seen on paper and in the dark; the names at the line ends say the same without colour."""

Points = Sequence[tuple[dt.date, float]]


@dataclass(frozen=True)
class Line:
    """One line: its name, its `d`, its end, and where its name stands."""

    name: str
    colour: str
    path: str
    x: float
    y: float
    label: float
    last: str


@dataclass(frozen=True)
class LineChart:
    """A chart of lines."""

    lines: list[Line]
    dates: list[Tick]
    amounts: list[tuple[float, str]]
    """y and what it stands for."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def draw_lines(
    some: Mapping[str, Points],
    said: Callable[[float], str],
    step: dt.timedelta,
    until: dt.date | None = None,
) -> LineChart | None:
    """A chart of named points, oldest first, that goes on to a date; None where there is nothing to draw.

    `said` writes an amount.
    """
    drawn = {name: points for name, points in some.items() if len(points) > 1}
    if not drawn:
        return None
    begin = min(points[0][0] for points in drawn.values())
    end = max(points[-1][0] for points in drawn.values())
    end = max(end, until or end)
    top = float(round_up(Decimal(max(amount for points in drawn.values() for _, amount in points))))

    def x(day: dt.date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - begin).days / max((end - begin).days, 1), 1)

    def y(amount: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * amount / top, 1)

    ends = {name: y(points[-1][1]) for name, points in drawn.items()}
    labels = _apart(ends)
    lines = [
        Line(
            name=name,
            colour=COLOURS[n % len(COLOURS)],
            path=_path(points, x, y, step),
            x=x(points[-1][0]),
            y=ends[name],
            label=labels[name],
            last=said(points[-1][1]),
        )
        for n, (name, points) in enumerate(drawn.items())
    ]
    marks = [
        Tick(x(moment.date()), text)
        for moment, text in list_date_ticks(_midnight(begin), _midnight(end), LABELS)
    ]
    return LineChart(lines, marks, [(y(amount), said(amount)) for amount in (0, top / 2, top)])


def _path(
    points: Points, x: Callable[[dt.date], float], y: Callable[[float], float], step: dt.timedelta
) -> str:
    parts: list[str] = []
    before: dt.date | None = None
    for day, amount in points:
        place = f"{x(day):g} {y(amount):g}"
        # a week between two gaps is a dot
        parts.append(f"L{place}" if before and day - before <= step else f"M{place}h0")
        before = day
    return "".join(parts)


def _apart(ends: Mapping[str, float]) -> dict[str, float]:
    """Where names stand: at their line's end, or as far below as the one above needs."""
    found: dict[str, float] = {}
    lowest = 0.0
    for name in sorted(ends, key=lambda name: ends[name]):
        lowest = found[name] = max(ends[name] + 4, lowest + SPACE)
    over = max(lowest - (HEIGHT - 4), 0)
    return {name: round(place - over, 1) for name, place in found.items()}


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
