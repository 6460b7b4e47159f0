"""Sparklines of counts: bars of the last weeks or days without labels, in whole units of a small SVG."""

from collections.abc import Sequence

SPARK_HEIGHT = 18
BAR_WIDTH, BAR_STEP = 5, 6
"""Width of a bar, and its distance to the next one."""


def draw_bars(amounts: Sequence[float | None]) -> str:
    """Return bars up to the highest amount as the `d` attribute of a path; None is a gap."""
    top = max((amount for amount in amounts if amount), default=0)
    heights = [(n, max(round(SPARK_HEIGHT * amount / top), 1)) for n, amount in enumerate(amounts) if amount]
    return "".join(
        f"M{n * BAR_STEP} {SPARK_HEIGHT}v-{height}h{BAR_WIDTH}V{SPARK_HEIGHT}z" for n, height in heights
    )
