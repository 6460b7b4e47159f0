"""Charts of prices by month on a logarithmic axis, wide enough for several lines with their names.

Prices of models reach over four orders of magnitude: on an axis from zero all but the dearest would lie on
the ground. Coordinates are computed here, in user units of an SVG, and drawn by templates.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from orarchive.publish.charts.lines import COLOURS

WIDTH, HEIGHT = 1160, 300
LEFT, RIGHT, TOP, BOTTOM = 44, WIDTH - 232, 12, HEIGHT - 24
"""Edges of the plot area: prices stand to its left, the names of the lines to its right, months below it."""

MIN_LABEL_DISTANCE = 17
"""Vertical distance of two names, at least."""

MAX_MONTHS_LABELLED = 9

AXIS_STEPS = (1, 2, 5)
"""Labels of the axis of prices in each power of ten."""


@dataclass(frozen=True)
class AxisMark:
    """A line of the grid, or a month, and its label."""

    at: float
    text: str


@dataclass(frozen=True)
class MonthDot:
    """The price of a month."""

    x: float
    y: float
    month: str
    price: Decimal


@dataclass(frozen=True)
class TrendLine:
    """A line: its name, its colour, its path, its points and the position of its name."""

    name: str
    colour: str
    path: str
    """The `d` attribute of the path; months that do not follow each other are not joined."""
    dots: list[MonthDot]
    label_y: float


@dataclass(frozen=True)
class MonthChart:
    """A chart of prices by month."""

    lines: list[TrendLine]
    months: list[AxisMark]
    prices: list[AxisMark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT


def draw_months(series: Mapping[str, Mapping[str, Decimal]], months: Sequence[str]) -> MonthChart | None:
    """Return a chart of named prices above 0 by month, such as `2026-03`; None if no series has two.

    `months` are all months of the axis, oldest first.
    """
    series = {name: prices for name, prices in series.items() if len(prices) > 1}
    amounts = [float(price) for prices in series.values() for price in prices.values()]
    if not amounts:
        return None
    low, high = math.log10(min(amounts)) - 0.05, math.log10(max(amounts)) + 0.05
    step = (RIGHT - LEFT) / max(len(months) - 1, 1)
    columns = {month: round(LEFT + step * n, 1) for n, month in enumerate(months)}

    def y(price: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (math.log10(price) - low) / (high - low), 1)

    dots = {
        name: [
            MonthDot(columns[month], y(float(prices[month])), month, prices[month])
            for month in sorted(prices)
        ]
        for name, prices in series.items()
    }
    labels = _spread_labels({name: line[-1].y for name, line in dots.items()})
    lines = [
        TrendLine(name, COLOURS[n % len(COLOURS)], _draw_path(line, step), line, labels[name])
        for n, (name, line) in enumerate(dots.items())
    ]
    every = -(-len(months) // MAX_MONTHS_LABELLED)
    return MonthChart(
        lines=lines,
        months=[AxisMark(columns[month], month) for month in months[::-every][::-1]],
        prices=[AxisMark(y(price), f"${price:g}") for price in _list_prices(low, high)],
    )


def _draw_path(dots: Sequence[MonthDot], step: float) -> str:
    commands = [f"M{dots[0].x:g} {dots[0].y:g}"]
    for before, dot in pairwise(dots):
        is_next = dot.x - before.x < 1.5 * step
        commands.append(f"{'L' if is_next else 'M'}{dot.x:g} {dot.y:g}")
    return "".join(commands)


def _spread_labels(ends: Mapping[str, float]) -> dict[str, float]:
    """Return the y of each name: beside the end of its line, apart from the others, and within the chart."""
    positions: dict[str, float] = {}
    lowest = 0.0
    for name in sorted(ends, key=lambda name: ends[name]):
        lowest = positions[name] = max(ends[name] + 4, lowest + MIN_LABEL_DISTANCE)
    highest = HEIGHT - 4.0
    for name in sorted(ends, key=lambda name: positions[name], reverse=True):
        positions[name] = round(min(positions[name], highest), 1)
        highest = positions[name] - MIN_LABEL_DISTANCE
    return positions


def _list_prices(low: float, high: float) -> list[float]:
    """List the labelled prices between two powers of ten, at most about a dozen."""
    steps = AXIS_STEPS if high - low < 2 else AXIS_STEPS[:1]
    powers = range(math.floor(low), math.ceil(high) + 1)
    prices = [step * 10.0**power for power in powers for step in steps]
    return [price for price in prices if low <= math.log10(price) <= high]
