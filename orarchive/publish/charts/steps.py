"""Prices over time as lines of steps, in a square of `wide.SIZE` units that templates stretch.

A price holds until the hour that showed another one, so a line has horizontal and vertical pieces only. Where
two good hours are further apart than MAX_GAP the line is broken.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from orarchive.history.coverage import Gap, find_gaps
from orarchive.publish.charts.wide import SIZE, TimeAxis
from orarchive.publish.dataset import PriceInterval

MAX_GAP = dt.timedelta(hours=36)
"""The longest gap that is not marked. Imported histories were read twice a day: half a day without a reading
is normal there."""

ROUND_STEPS = ("1", "2", "2.5", "4", "5", "8", "10")
"""Top values of an axis, times a power of ten."""


@dataclass(frozen=True)
class Piece:
    """A stretch of time at one price, from its first hour up to another one."""

    first: dt.datetime
    end: dt.datetime
    amount: Decimal
    """Of a time-of-day price the lowest rate."""
    label: str = ""
    """What had the price, where that is not the name of the line."""
    highest: Decimal | None = None
    """The highest rate of a time-of-day price, None of one with a single rate."""


def list_pieces(intervals: Sequence[PriceInterval], begin: dt.datetime, end: dt.datetime) -> Iterator[Piece]:
    """Yield the prices that held at some time between two, oldest first, cut to it.

    Each goes on up to the next one unless that is further away than MAX_GAP. A price that is no amount
    (a router's -1) is left out, so that it is a break in the line.
    """
    held = [
        interval
        for interval in intervals
        if interval.amount >= 0 and interval.first <= end and (interval.last or end) >= begin
    ]
    for interval, following in zip_longest(held, held[1:]):
        last = min(interval.last or end, end)
        if following and following.first - last <= MAX_GAP:
            last = following.first
        highest = interval.highest if interval.highest != interval.amount else None
        yield Piece(max(interval.first, begin), last, interval.amount, highest=highest)


def list_chart_gaps(good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime) -> list[Gap]:
    """List the gaps between good hours, oldest first, that lie between two times, cut to them."""
    # The hour before the first one that counts may begin a gap.
    hours = good_hours[max(bisect_left(good_hours, begin) - 1, 0) : bisect_left(good_hours, end)]
    gaps = find_gaps(hours, MAX_GAP) + [Gap(last, end) for last in hours[-1:] if end - last > MAX_GAP]
    return [Gap(max(gap.start, begin), gap.end) for gap in gaps if gap.end > begin]


def count_days(good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime) -> int:
    """Count the days with a good hour, given oldest first, between two times."""
    within = slice(bisect_left(good_hours, begin), bisect_right(good_hours, end))
    return len({hour.date() for hour in good_hours[within]})


def draw_line(
    pieces: Sequence[Piece], gaps: Sequence[Gap], axis: TimeAxis, find_y: Callable[[Decimal], int]
) -> str:
    """Return the `d` attribute of a line: a horizontal one for each piece, interrupted at gaps.

    A piece that ends where the next one begins is joined with it by a vertical line, unless a gap lies there.
    """
    gap_begins = [begin for begin, _ in gaps]
    commands = []
    joined_at: dt.datetime | None = None
    for piece in pieces:
        y = find_y(piece.amount)
        commands.append(f"V{y}" if piece.first == joined_at else f"M{axis.x(piece.first)} {y}")
        joined_at = piece.end
        within = slice(bisect_left(gap_begins, piece.first), bisect_left(gap_begins, piece.end))
        for begin, end in gaps[within]:
            commands.append(f"H{axis.x(begin)}")
            if end < piece.end:
                commands.append(f"M{axis.x(end)} {y}")
            else:
                joined_at = None
        if joined_at:
            commands.append(f"H{axis.x(piece.end)}")
    return "".join(commands)


def draw_steps(
    intervals: Sequence[PriceInterval], good_hours: Sequence[dt.datetime], end: dt.datetime
) -> str:
    """Return the line of one price's intervals (oldest first, at least one) from zero, up to an hour.

    `good_hours`, oldest first, tell where the gaps are; those after `end` are ignored.
    """
    begin = intervals[0].first
    pieces = [*list_pieces(intervals, begin, end)]
    find_y = make_scale(round_up(max(piece.highest or piece.amount for piece in pieces)))
    return draw_line(pieces, list_chart_gaps(good_hours, begin, end), TimeAxis(begin, end), find_y)


def make_scale(top: Decimal) -> Callable[[Decimal], int]:
    """Return the mapping from prices to y coordinates of an axis that begins at zero."""
    return lambda price: round(SIZE * (1 - price / top))


def round_up(price: Decimal) -> Decimal:
    """Return a round number not below a price: the top of its axis; 1 for a price of 0."""
    if not price:
        return Decimal(1)
    power = Decimal(1).scaleb(price.adjusted())
    return next(top for step in ROUND_STEPS if (top := Decimal(step) * power) >= price)
