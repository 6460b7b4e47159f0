"""Wide charts, which fill the page: shapes in a square of `SIZE` units that templates stretch, and labels.

Labels stand at percentages of the width and the height, so that their letters keep their size at any width.
Names of areas and lines are a list beside the drawing, where they cannot collide.
"""

import datetime as dt
from dataclasses import dataclass

from orarchive.publish.charts.steps import list_date_ticks

SIZE = 1000
"""Width and height of a drawing, in units of its SVG."""

MAX_DATE_LABELS = 5
"""Date labels that a phone has room for."""

EDGE_PERCENT = 4
"""Labels of dates nearer to the left or right edge than this are aligned with it."""

COLOURS = ("#4a78c9", "#d0803a", "#3f9a70", "#b06bb0", "#b39a2d", "#cf6a72", "#5fa7b8", "#8a7bd8")
"""Fills that can be told apart side by side; the names beside them say the same without colour."""


@dataclass(frozen=True)
class DateLabel:
    """A label of the time axis."""

    percent: float
    """Its distance from the left edge."""
    text: str
    anchor: str
    """`start`, `middle` or `end`."""


@dataclass(frozen=True)
class TimeAxis:
    """The time from one moment to another, from the left edge to the right one."""

    begin: dt.datetime
    end: dt.datetime

    def x(self, moment: dt.datetime) -> int:
        """Return the x coordinate of a time."""
        return round(SIZE * self._find_share(moment))

    def list_labels(self) -> list[DateLabel]:
        """List the labels of dates."""
        return [
            self._build_label(100 * self._find_share(moment), text)
            for moment, text in list_date_ticks(self.begin, self.end, MAX_DATE_LABELS)
        ]

    def _find_share(self, moment: dt.datetime) -> float:
        duration_s = max((self.end - self.begin).total_seconds(), 1)
        return (moment - self.begin).total_seconds() / duration_s

    @staticmethod
    def _build_label(percent: float, text: str) -> DateLabel:
        anchor = "start" if percent < EDGE_PERCENT else "end" if percent > 100 - EDGE_PERCENT else "middle"
        return DateLabel(round(percent, 1), text, anchor)
