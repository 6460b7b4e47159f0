"""Charts of published tokens by period: shares stacked up to 100 %, or the totals of one name from zero.

A name has no area in a period in which it has no value: nothing is drawn for it, and nothing interpolated.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from orarchive.domain.figures import format_share
from orarchive.publish.charts.steps import round_up
from orarchive.publish.charts.wide import (
    COLOURS,
    SIZE,
    Layer,
    Mark,
    Shape,
    TimeAxis,
    WideChart,
    get_midnight,
    write_stops,
)
from orarchive.timestamps import WEEK, format_day

Shares = Mapping[dt.date, float]
"""First date of a period -> share in all, 1 being all."""

SHARE_MARKS = [Mark(100 - share, f"{share}%") for share in (0, 25, 50, 75, 100)]

REST_COLOUR = "#8886"
"""Of all further names; the end of it is its opacity."""


def draw_areas(shares: Mapping[str, Shares], weeks: Sequence[dt.date], rest: str) -> WideChart | None:
    """Return the chart of some names' shares by week, from top to bottom.

    What they leave of each week is drawn under the name `rest`, the last one. Return None for fewer than two
    weeks.
    """
    if len(weeks) < 2:
        return None
    left = {week: max(1 - sum(each.get(week, 0) for each in shares.values()), 0) for week in weeks}
    axis = _make_axis(weeks)
    tops = dict.fromkeys(weeks, 0.0)
    areas = []
    for n, (name, values) in enumerate([*shares.items(), (rest, left)]):
        known = {week: values[week] for week in weeks if values.get(week)}
        if not known:
            continue
        colour = REST_COLOUR if name == rest and n == len(shares) else COLOURS[n % len(COLOURS)]
        areas.append(_draw_area(name, colour, known, tops, weeks, axis, _format_share))
        for week, share in known.items():
            tops[week] += share
    note = f"weeks from {format_day(weeks[0])} to {format_day(weeks[-1])}"
    return _build_chart(areas, SHARE_MARKS, axis, note)


def draw_totals(
    name: str, totals: Mapping[dt.date, float], last: dt.date, format_total: Callable[[float], str]
) -> WideChart | None:
    """Return the chart of one name's totals above zero by week, up to the week `last`.

    Return None for fewer than two totals.
    """
    if len(totals) < 2:
        return None
    count = (last - min(totals)) // WEEK
    weeks = [min(totals) + n * WEEK for n in range(count + 1)]
    axis = _make_axis(weeks)
    top = float(round_up(Decimal(max(totals.values()))))
    heights = {week: total / top for week, total in totals.items()}
    tops = {week: 1 - height for week, height in heights.items()}
    area = _draw_area(name, COLOURS[0], heights, tops, weeks, axis, lambda height: format_total(height * top))
    marks = [Mark(100 - percent, format_total(top * percent / 100)) for percent in (0, 50, 100)]
    newest = max(totals)
    return _build_chart(
        [area], marks, axis, f"{format_total(totals[newest])} in the week from {format_day(newest)}"
    )


def _format_share(share: float) -> str:
    """Format a share for a column."""
    return format_share(share, keeps_zeros=True)


def _make_axis(weeks: Sequence[dt.date]) -> TimeAxis:
    return TimeAxis(get_midnight(weeks[0]), get_midnight(weeks[-1] + WEEK))


def _build_chart(areas: list[Shape], marks: list[Mark], axis: TimeAxis, note: str) -> WideChart:
    return WideChart([Layer(areas, marks)], axis.list_labels(), axis.begin, axis.end, "week", note)


def _draw_area(
    name: str,
    colour: str,
    shares: Shares,
    tops: Mapping[dt.date, float],
    weeks: Sequence[dt.date],
    axis: TimeAxis,
    format_value: Callable[[float], str],
) -> Shape:
    words = {week: format_value(share) for week, share in shares.items()}
    return Shape(
        name=name,
        colour=colour,
        path="".join(_draw_runs(shares, tops, axis)),
        stops=write_stops(_list_stops(words, weeks, axis)),
        last=words.get(weeks[-1], ""),
        label="",
    )


def _draw_runs(shares: Shares, tops: Mapping[dt.date, float], axis: TimeAxis) -> Iterator[str]:
    """Yield a closed path for each run of weeks that follow each other without a break."""
    run: list[dt.date] = []
    for week in shares:
        if run and week - run[-1] > WEEK:
            yield _draw_run(run, shares, tops, axis)
            run = []
        run.append(week)
    yield _draw_run(run, shares, tops, axis)


def _draw_run(run: Sequence[dt.date], shares: Shares, tops: Mapping[dt.date, float], axis: TimeAxis) -> str:
    begins = [axis.x(get_midnight(week)) for week in run]
    end = axis.x(get_midnight(run[-1] + WEEK))
    upper = [round(SIZE * tops[week]) for week in run]
    lower = [round(SIZE * (tops[week] + shares[week])) for week in run]
    there = "".join(f"V{y}H{x}" for y, x in zip(upper, [*begins[1:], end], strict=True))
    back = "".join(f"V{y}H{x}" for y, x in zip(reversed(lower), reversed(begins), strict=True))
    return f"M{begins[0]} {upper[0]}{there}{back}Z"


def _list_stops(
    words: Mapping[dt.date, str], weeks: Sequence[dt.date], axis: TimeAxis
) -> Iterator[tuple[int, str]]:
    previous = None
    for week in weeks:
        value = words.get(week, "")
        if value != previous:
            yield axis.x(get_midnight(week)), value
        previous = value
