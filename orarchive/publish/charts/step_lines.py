"""Several prices over time in one wide chart, each a line of steps."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise, zip_longest

from orarchive.publish.charts.steps import Piece, draw_line, list_chart_gaps, make_scale, round_up
from orarchive.publish.charts.wide import (
    COLOURS,
    SIZE,
    EndLabel,
    Layer,
    Mark,
    Shape,
    TimeAxis,
    WideChart,
    to_percent,
    write_stops,
)

MIN_LOGARITHMIC_RATIO = 12
"""The highest price by the lowest from which on the axis is logarithmic."""

LOGARITHMIC_STEPS = (Decimal(1), Decimal(2), Decimal(5))
"""Marks in each power of ten."""

MAX_MARKS = 7

MIN_SEEN = SIZE // 100
"""A line that is shorter cannot be seen."""

MAX_LABELLED_Y = 880
"""Lower than this a label below a line would meet the dates."""

FormatPrice = Callable[[Decimal], str]


@dataclass(frozen=True)
class PriceLine:
    """A price over time: its pieces, oldest first, and the good hours of the feed that it is of."""

    name: str
    pieces: Sequence[Piece]
    good_hours: Sequence[dt.datetime]
    is_joined: bool = True
    """Whether the line goes on where another label begins."""


@dataclass(frozen=True)
class PriceChoice:
    """Lines that are seen together, and how their prices are written."""

    value: str
    lines: Sequence[PriceLine]
    format_price: FormatPrice


@dataclass(frozen=True)
class Scale:
    """An axis of prices: its marks from bottom to top, and where a price is."""

    marks: Sequence[Decimal]
    find_y: Callable[[Decimal], int]


def draw_step_lines(
    lines: Sequence[PriceLine],
    end: dt.datetime,
    format_price: FormatPrice,
    unit: str = "day",
) -> WideChart | None:
    """Return the chart of some prices above 0 up to a time, None without any; the gaps are the first one's.

    The axis is logarithmic where the prices lie far apart. Lines go on across gaps; their ends are marked.
    """
    lines = [line for line in lines if line.pieces]
    if not lines:
        return None
    amounts = [piece.amount for line in lines for piece in line.pieces]
    is_far = max(amounts) / min(amounts) >= MIN_LOGARITHMIC_RATIO
    scale = _make_logarithmic(min(amounts), max(amounts)) if is_far else _make_linear(max(amounts))
    axis = _make_axis(lines[0].good_hours, min(line.pieces[0].first for line in lines), end)
    shapes = [
        _finish_shape(
            _draw_shape(line, COLOURS[n % len(COLOURS)], axis, scale, format_price), line, axis, scale
        )
        for n, line in enumerate(lines)
    ]
    return WideChart(
        layers=[Layer(shapes, _list_marks(scale, format_price))],
        dates=axis.list_labels(),
        begin=axis.begin,
        end=end,
        unit=unit,
        note="logarithmic axis" if is_far else "",
        gaps=_draw_gaps(axis),
        cuts=axis.list_cuts(),
        grid=_draw_grid(scale),
    )


def draw_panel(
    choices: Sequence[PriceChoice], good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime
) -> WideChart:
    """Draw prices between two times on axes from zero, in the colours of the style sheet.

    The gaps are those of `good_hours`. The last price of the first line stands at its end. A time-of-day
    price is a band from its lowest to its highest rate; the line of fixed prices ends where the band begins.
    """
    axis = _make_axis(good_hours, begin, end)
    return WideChart(
        layers=[_draw_layer(choice, axis) for choice in choices],
        dates=axis.list_labels(),
        begin=begin,
        end=end,
        unit="day",
        gaps=_draw_gaps(axis),
        cuts=axis.list_cuts(),
        grid=_draw_grid(_make_linear(Decimal(1))),
    )


def _draw_layer(choice: PriceChoice, axis: TimeAxis) -> Layer:
    main, format_price = choice.lines[0], choice.format_price
    lines = [line for line in choice.lines if line.pieces and (line is main or _is_seen(line, axis))]
    amounts = [piece.highest or piece.amount for line in lines for piece in line.pieces]
    scale = _make_linear(max(amounts, default=Decimal(0)))
    return Layer(
        shapes=[_draw_shape(line, "", axis, scale, format_price) for line in lines],
        marks=_list_marks(scale, format_price),
        end_label=_label_end(lines[0].pieces, axis, scale, format_price) if lines else None,
        value=choice.value,
    )


def _is_seen(line: PriceLine, axis: TimeAxis) -> bool:
    """Return whether a line is long enough to be seen."""
    return sum(axis.x(piece.end) - axis.x(piece.first) for piece in line.pieces) >= MIN_SEEN


def _draw_shape(
    line: PriceLine, colour: str, axis: TimeAxis, scale: Scale, format_price: FormatPrice
) -> Shape:
    pieces, last = line.pieces, line.pieces[-1]
    gaps = list_chart_gaps(line.good_hours, axis.begin, axis.end)
    runs = [*_split_runs(line)]
    starts = [piece for before, piece in pairwise([None, *pieces]) if piece and _begins(before, piece)]
    return Shape(
        name=line.name,
        colour=colour,
        path="".join(draw_line(run, gaps, axis, scale.find_y) for in_bands, run in runs if not in_bands),
        stops=write_stops(_list_stops(pieces, axis, format_price)),
        last=_write_price(last, format_price),
        label=last.label,
        bands="".join(_draw_band(piece, axis, scale) for in_bands, run in runs if in_bands for piece in run),
        dots="".join(f"M{axis.x(piece.first)} {scale.find_y(piece.amount)}h0" for piece in starts),
    )


def _split_runs(line: PriceLine) -> Iterator[tuple[bool, list[Piece]]]:
    """Yield the pieces that are drawn in one stroke, and whether as bands."""

    def get_stroke(piece: Piece) -> tuple[bool, str]:
        return piece.highest is not None, "" if line.is_joined else piece.label

    for (in_bands, _), run in groupby(line.pieces, get_stroke):
        yield in_bands, [*run]


def _finish_shape(shape: Shape, line: PriceLine, axis: TimeAxis, scale: Scale) -> Shape:
    """Join the line across the gaps, and mark its end."""
    last = line.pieces[-1]
    end = f"M{axis.x(last.end)} {scale.find_y(last.amount)}h0"
    return replace(shape, bridges="".join(_draw_bridges(line, axis, scale)), dots=shape.dots + end)


def _begins(before: Piece | None, piece: Piece) -> bool:
    """Return whether something else than before has the price."""
    return piece.label != (before.label if before else "")


def _draw_band(piece: Piece, axis: TimeAxis, scale: Scale) -> str:
    assert piece.highest is not None
    top, bottom = scale.find_y(piece.highest), scale.find_y(piece.amount)
    return f"M{axis.x(piece.first)} {top}H{axis.x(piece.end)}V{bottom}H{axis.x(piece.first)}Z"


def _make_axis(good_hours: Sequence[dt.datetime], begin: dt.datetime, end: dt.datetime) -> TimeAxis:
    return TimeAxis(begin, end, list_chart_gaps(good_hours, begin, end))


def _draw_gaps(axis: TimeAxis) -> str:
    return "".join(f"M{axis.x(begin)} 0H{axis.x(end)}V{SIZE}H{axis.x(begin)}Z" for begin, end in axis.gaps)


def _draw_bridges(line: PriceLine, axis: TimeAxis, scale: Scale) -> Iterator[str]:
    """Yield what joins the last price before each gap with the first one after it."""
    for begin, end in list_chart_gaps(line.good_hours, axis.begin, axis.end):
        before = next((piece for piece in line.pieces if piece.first <= begin <= piece.end), None)
        after = next((piece for piece in line.pieces if piece.first <= end < piece.end), None)
        if before and after and (line.is_joined or before.label == after.label):
            yield f"M{axis.x(begin)} {scale.find_y(before.amount)}L{axis.x(end)} {scale.find_y(after.amount)}"


def _draw_grid(scale: Scale) -> str:
    return "".join(f"M0 {scale.find_y(amount)}H{SIZE}" for amount in scale.marks)


def _list_stops(
    pieces: Sequence[Piece], axis: TimeAxis, format_price: FormatPrice
) -> Iterator[tuple[int, str]]:
    for piece, following in zip_longest(pieces, pieces[1:]):
        label = f" ({piece.label})" if piece.label else ""
        yield axis.x(piece.first), _write_price(piece, format_price) + label
        if piece.end < (following.first if following else axis.end):
            yield axis.x(piece.end), ""


def _write_price(piece: Piece, format_price: FormatPrice) -> str:
    prices = [piece.amount] if piece.highest is None else [piece.amount, piece.highest]
    return " to ".join(format_price(price) for price in prices)


def _label_end(pieces: Sequence[Piece], axis: TimeAxis, scale: Scale, format_price: FormatPrice) -> EndLabel:
    last = pieces[-1]
    x, y = axis.x(last.end), scale.find_y(last.amount)
    before = next((piece.amount for piece in reversed(pieces) if piece.amount != last.amount), last.amount)
    is_below = before > last.amount and y <= MAX_LABELLED_Y
    return EndLabel(to_percent(x), to_percent(y), _write_price(last, format_price), is_below)


def _list_marks(scale: Scale, format_price: FormatPrice) -> list[Mark]:
    words = (format_price(amount).removesuffix(".00") if amount else "$0" for amount in scale.marks)
    return [
        Mark(to_percent(scale.find_y(amount)), text) for amount, text in zip(scale.marks, words, strict=True)
    ]


def _make_linear(highest: Decimal) -> Scale:
    """Return an axis that begins at zero."""
    top = round_up(highest)
    return Scale((Decimal(0), top / 2, top), make_scale(top))


def _make_logarithmic(lowest: Decimal, highest: Decimal) -> Scale:
    """Return an axis from a mark not above the lowest price to one not below the highest."""
    powers = range(lowest.adjusted(), highest.adjusted() + 2)
    for steps in (LOGARITHMIC_STEPS, LOGARITHMIC_STEPS[:1]):
        marks = [step.scaleb(power) for power in powers for step in steps]
        first = max(n for n, mark in enumerate(marks) if mark <= lowest)
        last = next(n for n, mark in enumerate(marks) if mark >= highest)
        if last - first < MAX_MARKS:
            break
    bottom, top = math.log10(marks[first]), math.log10(marks[last])
    return Scale(
        marks[first : last + 1], lambda price: round(SIZE * (top - math.log10(price)) / (top - bottom))
    )
