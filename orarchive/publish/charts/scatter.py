"""Charts of price against quality: coordinates in user units of an SVG, drawn by templates.

The axis of prices is logarithmic; the front joins the models that no other is both cheaper and better than.
Free models stand on the axis of qualities.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.prices import format_dollars

LEFT, TOP = 40, 28

PRICE_STEPS = (1, 3)
"""Labels of the axis of prices in each power of ten."""

QUALITY_TICKS = 5

CHARACTER_WIDTH, LINE_HEIGHT = 6.6, 13
"""Room for a label, in user units."""

DOT_RADIUS = 4

STOP_SIZE = 30
"""Room for a finger, in user units: 24 px where the chart is narrowest."""


@dataclass(frozen=True)
class Frame:
    """A size of a chart, in user units, for screens of a width; the titles of the axes stand on its edges."""

    name: str
    width: int
    height: int

    @property
    def right(self) -> int:
        """Return where the axis of prices ends."""
        return self.width - 16

    @property
    def bottom(self) -> int:
        """Return where the axis of qualities begins."""
        return self.height - 44


WIDE, NARROW = Frame("desktop", 1160, 400), Frame("phone", 360, 320)


@dataclass(frozen=True)
class Point:
    """A model: its id and name, its price (USD for a million tokens) and its quality."""

    id: str
    name: str
    price: Decimal
    quality: Decimal
    is_front: bool


@dataclass(frozen=True)
class Dot:
    """A point in the drawing."""

    point: Point
    x: float
    y: float
    label_x: float | None
    """Where its label is; None where it has none, or there is no room for it."""
    label_y: float
    label_anchor: str
    """Which end of the label is there: `start` or `end`."""
    is_stop: bool
    """Whether the keyboard stops at it: a point of the front with room for a finger around it."""

    @property
    def words(self) -> str:
        """Return its name, quality and price, each of three digits."""
        price = self.point.price
        words = f"{format_dollars(round(price, 2 - price.adjusted()))} per M" if price else "free"
        return f"{self.point.name}: index {self.point.quality:.3g}, {words}"


@dataclass(frozen=True)
class AxisMark:
    """A line of the grid and its label."""

    at: float
    text: str


@dataclass(frozen=True)
class Scatter:
    """A chart of points."""

    dots: list[Dot]
    front: str
    """The `d` attribute of the line that joins the front."""
    prices: list[AxisMark]
    qualities: list[AxisMark]
    frame: Frame
    title: str
    """Of the axis of qualities."""
    left: int = LEFT
    top: int = TOP


def draw_scatter(points: Sequence[Point], frame: Frame = WIDE, title: str = "") -> Scatter | None:
    """Return a chart of points; None if there are fewer than two prices above 0, or qualities."""
    prices = [math.log10(point.price) for point in points if point.price]
    qualities = [float(point.quality) for point in points]
    if len(set(prices)) < 2 or len(set(qualities)) < 2:
        return None
    left, right = min(prices) - 0.1, max(prices) + 0.1
    low, high = min(*qualities, 0.0), max(qualities) * 1.05

    def x(price: float) -> float:
        return round(LEFT + (frame.right - LEFT) * (price - left) / (right - left), 1)

    def y(quality: float) -> float:
        return round(frame.bottom - (frame.bottom - TOP) * (quality - low) / (high - low), 1)

    places = [
        (point, x(math.log10(point.price)) if point.price else LEFT, y(float(point.quality)))
        # The front comes last: its names lie over the other points.
        for point in sorted(points, key=lambda point: (point.is_front, point.price, point.name))
    ]
    front = [(at_x, at_y) for point, at_x, at_y in places if point.is_front]
    return Scatter(
        dots=_place_labels(places, frame.width),
        front="M" + "L".join(f"{at_x:g} {at_y:g}" for at_x, at_y in front),
        prices=[AxisMark(x(math.log10(price)), f"${price:g}") for price in _list_prices(left, right)],
        qualities=[AxisMark(y(quality), f"{quality:g}") for quality in _list_qualities(low, high)],
        frame=frame,
        title=title,
    )


def _place_labels(places: Sequence[tuple[Point, float, float]], chart_width: int) -> list[Dot]:
    """Put the name of each point of the front to the left above it, else to the right below it.

    The front rises to the right, so that it crosses neither. A name that would cover another one or a point
    in both places, or leave the chart, is left out. Of points of the front too close to each other for a
    finger the first is a stop of the keyboard.
    """
    taken = [(x - DOT_RADIUS, x + DOT_RADIUS, y + DOT_RADIUS) for _, x, y in places]
    stops: list[tuple[float, float]] = []
    dots = []
    for point, x, y in places:
        width = CHARACTER_WIDTH * len(point.name)
        choices = ((x - 6 - width, y - 8, "end"), (x + 6, y + 16, "start")) if point.is_front else ()
        label_x: float | None = None
        label_y, anchor = y, "end"
        for left, text_y, side in choices:
            is_within = left >= LEFT and left + width <= chart_width
            if is_within and _is_free(left, left + width, text_y, taken):
                taken.append((left, left + width, text_y))
                label_x, label_y, anchor = left if side == "start" else left + width, text_y, side
                break
        is_stop = point.is_front and all(max(abs(x - left), abs(y - top)) > STOP_SIZE for left, top in stops)
        if is_stop:
            stops.append((x, y))
        at_x = None if label_x is None else round(label_x, 1)
        dots.append(Dot(point, x, y, at_x, round(label_y, 1), anchor, is_stop))
    return dots


def _is_free(left: float, right: float, y: float, taken: Sequence[tuple[float, float, float]]) -> bool:
    """Return whether a label covers none of those that are there."""
    return not any(start < right and left < end and abs(y - at_y) < LINE_HEIGHT for start, end, at_y in taken)


def _list_prices(low: float, high: float) -> list[float]:
    """List the labelled prices between two powers of ten."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    prices = [step * 10.0**power for power in powers for step in PRICE_STEPS]
    return [price for price in prices if low <= math.log10(price) <= high]


def _list_qualities(low: float, high: float) -> list[float]:
    """List round qualities between two, about QUALITY_TICKS of them."""
    magnitude = 10 ** math.floor(math.log10((high - low) / QUALITY_TICKS))
    steps = (magnitude, 2 * magnitude, 5 * magnitude, 10 * magnitude)
    step = next(step for step in steps if (high - low) / step <= QUALITY_TICKS + 1)
    return [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
