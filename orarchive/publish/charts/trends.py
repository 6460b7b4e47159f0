"""Charts of prices by month on a logarithmic axis, wide enough for several lines with their names.

Prices of models reach over four orders of magnitude: on an axis from zero all but the dearest would lie on
the ground. Coordinates are computed here, in user units of an SVG, and drawn by templates.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from orarchive.domain.foreign_text import shorten
from orarchive.publish.charts.axes import list_logarithmic_prices, spread_labels
from orarchive.publish.charts.lines import COLOURS

WIDTH, HEIGHT = 1160, 300
LEFT, RIGHT, TOP, BOTTOM = 44, WIDTH - 232, 12, HEIGHT - 24
"""Edges of the plot area: prices stand to its left, the names of the lines to its right, months below it."""

MIN_LABEL_DISTANCE = 17
"""Vertical distance of two names, at least."""

MAX_NAME_LENGTH = 26
"""Characters of a name beside its line, at most."""

MAX_MONTHS_LABELLED = 9

AXIS_STEPS = (1, 2, 5)
"""Labels of the axis of prices in each power of ten; of an axis of two powers or more the first alone."""


@dataclass(frozen=True)
class AxisMark:
    """A line of the grid or a month, with its label."""

    at: float
    """y of a line of the grid, x of a month."""
    text_y: float
    text: str


@dataclass(frozen=True)
class MonthDot:
    """The price of a month, and what it says."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class TrendLine:
    """A line, its points, and its name with the last price."""

    colour: str
    path: str
    """The `d` attribute of the path; months that do not follow each other are not joined."""
    join: str
    """The same of the stroke from the end of the line to its name."""
    dots: list[MonthDot]
    label: str
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
    price_x: int = LEFT - 8
    """End of the labels of the axis of prices."""
    label_x: int = RIGHT + 16


def draw_months(
    series: Mapping[str, Mapping[str, Decimal]],
    months: Mapping[str, str],
    format_price: Callable[[Decimal], str],
) -> MonthChart | None:
    """Return a chart of named prices above 0 by month, such as `2026-03`; None if no series has two.

    `months` has all months of the axis, oldest first, with their words; `format_price` writes a price.
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

    def draw_line(n: int, name: str, label_y: float) -> TrendLine:
        prices = dict(sorted(series[name].items()))
        dots = [
            MonthDot(columns[month], y(float(price)), f"{name}, {months[month]}: {format_price(price)}")
            for month, price in prices.items()
        ]
        return TrendLine(
            colour=COLOURS[n % len(COLOURS)],
            path=_draw_path(dots, step),
            join=f"M{dots[-1].x:g} {dots[-1].y:g}L{RIGHT + 12} {label_y - 4:g}",
            dots=dots,
            label=f"{format_price([*prices.values()][-1])} {shorten(name, MAX_NAME_LENGTH)}",
            label_y=label_y,
        )

    ends = {name: y(float(prices[max(prices)])) for name, prices in series.items()}
    labels = spread_labels(ends, MIN_LABEL_DISTANCE, HEIGHT - 4)
    steps = AXIS_STEPS if high - low < 2 else AXIS_STEPS[:1]
    every = -(-len(months) // MAX_MONTHS_LABELLED)
    return MonthChart(
        lines=[draw_line(n, name, labels[name]) for n, name in enumerate(series)],
        months=[AxisMark(columns[month], HEIGHT - 4, months[month]) for month in [*months][::-every][::-1]],
        prices=[
            AxisMark(y(price), y(price) + 4, f"${price:g}")
            for price in list_logarithmic_prices(low, high, steps)
        ],
    )


def _draw_path(dots: Sequence[MonthDot], step: float) -> str:
    commands = [f"M{dots[0].x:g} {dots[0].y:g}"]
    for before, dot in pairwise(dots):
        is_next = dot.x - before.x < 1.5 * step
        commands.append(f"{'L' if is_next else 'M'}{dot.x:g} {dot.y:g}")
    return "".join(commands)
