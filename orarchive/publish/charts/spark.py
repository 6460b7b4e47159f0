"""Sparklines, in whole units of a small SVG and without labels: a price as a line, counts as bars."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from orarchive.publish.charts.steps import MAX_GAP
from orarchive.publish.dataset import PriceInterval
from orarchive.timestamps import HOUR

SPARK_WIDTH, SPARK_HEIGHT = 48, 16
"""Size of the drawing of a price."""

EDGE = 1
"""Units above the highest price and below zero, so that the line is not cut."""

BAR_HEIGHT = 18
"""Height of the highest bar."""

BAR_WIDTH, BAR_STEP = 5, 6
"""Width of a bar, and its distance to the next one."""


def draw_spark(intervals: Sequence[PriceInterval], begin: dt.datetime, end: dt.datetime) -> str:
    """Return the line of a price's intervals, oldest first, as the `d` attribute of a path.

    It goes from zero at the bottom to the highest price at the top; of a time-of-day price it shows the
    lowest rate. Intervals further apart than MAX_GAP are not joined. The width is the time from `begin` to
    `end`.
    """
    spans = [
        (max(interval.first, begin), min(interval.last or end, end), interval.amount)
        for interval in intervals
        if interval.first <= end and (interval.last or end) >= begin and interval.amount >= 0
    ]
    top = max((amount for *_, amount in spans), default=Decimal(0)) or Decimal(1)
    commands = []
    previous: dt.datetime | None = None
    for first, last, amount in spans:
        x, y = _scale_time(first, begin, end), _scale_amount(amount, top)
        is_joined = previous is not None and first - previous <= MAX_GAP
        commands.append(f"H{x}V{y}" if is_joined else f"M{x} {y}")
        commands.append(f"H{_scale_time(last, begin, end)}")
        previous = last
    return "".join(commands)


def _scale_time(moment: dt.datetime, begin: dt.datetime, end: dt.datetime) -> int:
    return round(SPARK_WIDTH * ((moment - begin) / max(end - begin, HOUR)))


def _scale_amount(amount: Decimal, top: Decimal) -> int:
    return SPARK_HEIGHT - EDGE - round((SPARK_HEIGHT - 2 * EDGE) * amount / top)


def draw_bars(amounts: Sequence[float | None]) -> str:
    """Return bars up to the highest amount as the `d` attribute of a path; None is a gap."""
    top = max((amount for amount in amounts if amount), default=0)
    heights = [(n, max(round(BAR_HEIGHT * amount / top), 1)) for n, amount in enumerate(amounts) if amount]
    return "".join(
        f"M{n * BAR_STEP} {BAR_HEIGHT}v-{height}h{BAR_WIDTH}V{BAR_HEIGHT}z" for n, height in heights
    )
