"""Charts as templates draw them: the geometry of `publish.charts` with its labels and their positions."""

from dataclasses import dataclass

from orarchive.publish.charts.lines import LineChart
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


@dataclass(frozen=True)
class AmountMark:
    """A line of the grid of a line chart, and where its amount stands."""

    y: float
    text_y: float
    text: str


@dataclass(frozen=True)
class LineEnd:
    """A line, and where its name stands."""

    name: str
    last: str
    colour: str
    path: str
    x: float
    y: float
    text_y: float
    join_y: float
    """Where the stroke from the line's end to its name ends."""


@dataclass(frozen=True)
class TrendFigure:
    """Lines over time."""

    chart: LineChart
    marks: list[AmountMark]
    lines: list[LineEnd]

    @property
    def date_y(self) -> int:
        """Return the y coordinate of the dates."""
        return self.chart.height - 5

    @property
    def join_x(self) -> int:
        """Return the x coordinate at which the strokes to the names end."""
        return self.chart.right + 8

    @property
    def name_x(self) -> int:
        """Return the x coordinate of the names."""
        return self.chart.right + 11


def build_trend_figure(chart: LineChart | None) -> TrendFigure | None:
    """Build the figure of a line chart; None where there is nothing to draw."""
    if chart is None:
        return None
    lines = [
        LineEnd(
            name=line.name,
            last=line.last,
            colour=line.colour,
            path=line.path,
            x=line.x,
            y=line.y,
            text_y=line.label,
            join_y=line.label - 4,
        )
        for line in chart.lines
    ]
    return TrendFigure(chart, [AmountMark(y, y - 3, text) for y, text in chart.amounts], lines)
