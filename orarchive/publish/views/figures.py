"""Charts as templates draw them: the geometry of `publish.charts` with its labels and their positions."""

from dataclasses import dataclass

from orarchive.publish.charts.week import Part, Week

MIN_LABELLED_WIDTH = 42
"""Width from which on a bar of a week has room for its price, in units of the SVG."""


@dataclass(frozen=True)
class WeekBar:
    """A stretch of a day at one price; `text_x` is None where its price has no room."""

    part: Part
    text_x: float | None
    text_y: float


@dataclass(frozen=True)
class WeekRow:
    """Days of the week that are alike."""

    days: str
    text_y: float
    bars: list[WeekBar]


@dataclass(frozen=True)
class WeekFigure:
    """A time-of-day price through the week."""

    week: Week
    rows: list[WeekRow]

    @property
    def hour_y(self) -> int:
        """Return the y coordinate of the hours."""
        return self.week.height - 3


def build_week_figure(week: Week) -> WeekFigure:
    """Build the figure of a time-of-day price."""
    rows = []
    for row in week.rows:
        bars = [
            WeekBar(part, part.x + 4 if part.width > MIN_LABELLED_WIDTH else None, row.y + row.height - 5)
            for part in row.parts
        ]
        rows.append(WeekRow(row.days, row.y + 17, bars))
    return WeekFigure(week, rows)
