"""Stacked areas of shares over time: each period is a column, which is filled up to 100 %.

A name has no area in a period in which it has no share: nothing is drawn for it, and nothing interpolated.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orarchive.domain.figures import format_share
from orarchive.publish.charts.axes import get_midnight
from orarchive.publish.charts.wide import COLOURS, SIZE, DateLabel, TimeAxis

Shares = Mapping[dt.date, float]
"""First date of a period -> share in all, 1 being all."""

MARKS = tuple((100 - share, f"{share}%") for share in (0, 25, 50, 75, 100))
"""Labels of the axis of shares: distance from the top in percent, and text."""

REST_COLOUR = "#8886"
"""Of all further names; the end of it is its opacity."""


@dataclass(frozen=True)
class Area:
    """The share of a name over time."""

    name: str
    colour: str
    path: str
    """The `d` attribute of its path."""
    last: str
    """The share in the last period, "" where it has none."""
    words: str
    """Name, and the shares that it had."""
    stops: str
    """x of each period that has another share than the one before, with the share: `0 12.3%|40 12.5%`."""


@dataclass(frozen=True)
class AreaChart:
    """Areas from top to bottom, the last one being that of all further names."""

    areas: list[Area]
    dates: list[DateLabel]
    first: dt.date
    last: dt.date
    """The first date of the last period."""
    end: dt.date
    """The day after the last period."""
    marks: tuple[tuple[int, str], ...] = MARKS


def draw_areas(
    shares: Mapping[str, Shares], periods: Sequence[dt.date], step: dt.timedelta, rest: str
) -> AreaChart | None:
    """Return the chart of some names' shares, from top to bottom, in periods that are `step` long.

    What they leave of each period is drawn under the name `rest`. Return None for fewer than two periods.
    """
    if len(periods) < 2:
        return None
    axis = TimeAxis(get_midnight(periods[0]), get_midnight(periods[-1] + step))
    left = {period: max(1 - sum(each.get(period, 0) for each in shares.values()), 0) for period in periods}
    tops = dict.fromkeys(periods, 0.0)
    areas = []
    for n, (name, values) in enumerate([*shares.items(), (rest, left)]):
        known = {period: values[period] for period in periods if values.get(period)}
        if not known:
            continue
        areas.append(
            Area(
                name=name,
                colour=REST_COLOUR if name == rest and n == len(shares) else COLOURS[n % len(COLOURS)],
                path="".join(_draw_runs(known, tops, step, axis)),
                last=format_share(known[periods[-1]]) if periods[-1] in known else "",
                words=_describe(name, known),
                stops="|".join(_list_stops(known, periods, axis)),
            )
        )
        for period, share in known.items():
            tops[period] += share
    return AreaChart(areas, axis.list_labels(), periods[0], periods[-1], periods[-1] + step)


def _draw_runs(
    shares: Shares, tops: Mapping[dt.date, float], step: dt.timedelta, axis: TimeAxis
) -> Iterator[str]:
    """Yield a closed path for each run of periods that follow each other without a break."""
    run: list[dt.date] = []
    for period in shares:
        if run and period - run[-1] > step:
            yield _draw_run(run, shares, tops, step, axis)
            run = []
        run.append(period)
    yield _draw_run(run, shares, tops, step, axis)


def _draw_run(
    run: Sequence[dt.date],
    shares: Shares,
    tops: Mapping[dt.date, float],
    step: dt.timedelta,
    axis: TimeAxis,
) -> str:
    begins = [axis.x(get_midnight(period)) for period in run]
    end = axis.x(get_midnight(run[-1] + step))
    upper = [round(SIZE * tops[period]) for period in run]
    lower = [round(SIZE * (tops[period] + shares[period])) for period in run]
    there = "".join(f"V{y}H{x}" for y, x in zip(upper, [*begins[1:], end], strict=True))
    back = "".join(f"V{y}H{x}" for y, x in zip(reversed(lower), reversed(begins), strict=True))
    return f"M{begins[0]} {upper[0]}{there}{back}Z"


def _list_stops(shares: Shares, periods: Sequence[dt.date], axis: TimeAxis) -> Iterator[str]:
    previous = ""
    for period in periods:
        words = format_share(shares[period]) if period in shares else "none"
        if words != previous:
            yield f"{axis.x(get_midnight(period))} {words}"
        previous = words


def _describe(name: str, shares: Shares) -> str:
    last = max(shares)
    lowest, highest = (format_share(extreme(shares.values())) for extreme in (min, max))
    week = f"in the week from {last.day} {last:%b %Y}"
    return f"{name}: {format_share(shares[last])} {week}, {lowest} to {highest}"
