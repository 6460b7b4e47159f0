"""What several charts share: moments of days, labels of prices, and names at the ends of lines."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence


def get_midnight(day: dt.date) -> dt.datetime:
    """Return the beginning of a UTC day."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def list_logarithmic_prices(low: float, high: float, steps: Sequence[int]) -> list[float]:
    """List the labelled prices between two powers of ten; `steps` are those in each power."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    prices = [step * 10.0**power for power in powers for step in steps]
    return [price for price in prices if low <= math.log10(price) <= high]


def spread_labels(ends: Mapping[str, float], distance: int, bottom: float) -> dict[str, float]:
    """Return the y of each name: beside the end of its line, apart from the others, and above the bottom."""
    positions: dict[str, float] = {}
    lowest = 0.0
    for name in sorted(ends, key=lambda name: ends[name]):
        lowest = positions[name] = max(ends[name] + 4, lowest + distance)
    highest = bottom
    for name in sorted(ends, key=lambda name: positions[name], reverse=True):
        positions[name] = round(min(positions[name], highest), 1)
        highest = positions[name] - distance
    return positions
