"""Price points: from when to when each dimension of a model or an endpoint had which price."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import (
    list_base_prices,
    list_scheduled_dimensions,
    read_entry_prices,
    read_prices,
    read_schedule,
)
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext, IndexUpdate
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import dumps

PRICED_FEEDS = ("models", "endpoints")

Point = tuple[str, str]
"""Dimension and condition of a price; the condition is "", or the JSON of what must hold."""

PricePoints = dict[Point, Decimal]

Row = tuple[Any, ...]

POINT_CONDITION = "record = ? and dimension = ? and condition = ?"

END_PRICE = f"""
    update prices set last = max(first, coalesce(?, first)) where {POINT_CONDITION} and last is null
"""

INSERT_PRICE = """
    insert into prices (record, dimension, condition, position, first, last, amount, value)
    values (?, ?, ?, ?, ?, ?, ?, ?)
"""

SELECT_STANDING = f"select position, first, amount from prices where {POINT_CONDITION} and last is null"

DELETE_PRICE = f"delete from prices where {POINT_CONDITION} and first = ?"

REOPEN_PRICE = f"""
    update prices set last = null, position = ? where {POINT_CONDITION} and amount = ? and last = ?
"""


def list_price_points(pricing: Any) -> PricePoints:
    """List every price of a price object, in the order in which later ones win.

    A time-of-day price has the rates of its schedule, and the price outside them where it is stated.
    """
    scheduled = list_scheduled_dimensions(pricing)
    points = {
        (escape_surrogates(name), ""): price
        for name, price in read_prices(pricing).items()
        if name not in scheduled
    } | {(escape_surrogates(name), ""): price for name, price in list_base_prices(pricing).items()}
    for entry in read_schedule(pricing):
        prices = read_entry_prices(entry)
        condition = dumps({name: value for name, value in entry.items() if name not in prices}).decode()
        points |= {(escape_surrogates(name), condition): price for name, price in prices.items()}
    return points


def apply_attempt(context: AttemptContext, step: ReplayStep) -> None:
    """Write the price points that an attempt ended for models and endpoints; note those that it began.

    As with lines, a point that stands is written once, when it ends or the update does.
    """
    update = context.update
    if context.is_repeat:
        write_open_prices(update)
    ended: list[Row] = []
    """(last hour, record, dimension, condition) of the points in the table that stand no more."""
    complete: list[Row] = []
    """Rows of the points that stand no more and are not in the table yet."""
    standing: list[Row] = []
    """(position, record, dimension, condition, amount, last hour of the point before) of those that stand."""
    for feed in PRICED_FEEDS:
        for key, (old, new) in step.records.get(feed, {}).items():
            old_pricing, new_pricing = (record.get("pricing") if record else None for record in (old, new))
            if old_pricing == new_pricing:
                continue
            before, after = list_price_points(old_pricing), list_price_points(new_pricing)
            record = update.rows.ids[feed, key]
            _add_standing_bases(context, record, before, after, old_pricing, new_pricing)
            last, _ = context.find_span(feed, FEEDS[feed].get_parent_key(key))
            unchanged = {point for point, price in after.items() if before.get(point) == price}
            positions = _place_points(update, record, after, unchanged)
            for point in before.keys() - unchanged:
                if opened := update.open_prices.pop((record, *point), None):
                    _, first, _ = opened
                    complete.append(_build_row(record, point, opened, max(first, last or first)))
                else:
                    ended.append((last, record, *point))
            standing += [
                (positions[point], record, *point, f"{price:f}", last)
                for point, price in after.items()
                if point not in unchanged
            ]
    context.db.executemany(INSERT_PRICE, complete)
    context.db.executemany(END_PRICE, ended)
    if context.is_repeat:
        standing = _undo_same_hour(context, ended, standing)
    for position, record, dimension, condition, amount, _ in standing:
        update.open_prices[record, dimension, condition] = (position, context.hour, amount)
    if context.is_repeat:
        write_open_prices(update)


def write_open_prices(update: IndexUpdate) -> None:
    """Write the price points that stand."""
    update.db.executemany(
        INSERT_PRICE,
        (_build_row(record, point, opened, None) for (record, *point), opened in update.open_prices.items()),
    )
    update.open_prices.clear()


def _build_row(record: int, point: Iterable[str], opened: tuple[float, str, str], last: str | None) -> Row:
    """Return the row of a price point from its position, first hour and amount."""
    position, first, amount = opened
    value = float(amount)
    return (record, *point, position, first, last, amount, value if value >= 0 else None)


def _find_standing(update: IndexUpdate, record: int, point: Point) -> tuple[float, str, str] | None:
    """Return the position, first hour and amount of a price point that stands; None if there is none."""
    row: tuple[float, str, str] | None = (
        update.open_prices.get((record, *point))
        or update.db.execute(SELECT_STANDING, (record, *point)).fetchone()
    )
    return row


def _place_points(
    update: IndexUpdate, record: int, points: Iterable[Point], unchanged: set[Point]
) -> dict[Point, float]:
    """Return the positions of the points of a record, by which the later ones of a dimension win.

    Unchanged points keep theirs, so that the order in which they stood with ended points stays as it was,
    and new ones get positions between. An unchanged point that now stands before another is taken out of
    `unchanged`: it ends and begins again.
    """
    conditions: dict[str, list[Point]] = {}
    for point in points:
        conditions.setdefault(point[0], []).append(point)
    positions: dict[Point, float] = {}
    for names in conditions.values():
        # The price outside a schedule may be known from earlier hours alone, and then comes last in `points`.
        names.sort(key=lambda point: point[1] != "")
        places: list[float | None] = [None] * len(names)
        last = -math.inf
        for index, point in enumerate(names if len(names) > 1 else ()):
            row = _find_standing(update, record, point) if point in unchanged else None
            if row and row[0] > last:
                places[index] = last = row[0]
            else:
                unchanged.discard(point)
        positions |= zip(names, fill_places(places), strict=True)
    return positions


def fill_places(places: Sequence[float | None]) -> list[float]:
    """Return ascending places with one for each None: between its neighbours, or a whole step beyond."""
    known = [(index, place) for index, place in enumerate(places) if place is not None]
    index, place = known[0] if known else (0, 0)
    corners = [(-1, place - index - 1), *known]
    index, place = corners[-1]
    corners.append((len(places), place + len(places) - index))
    filled: list[float] = []
    for (index, place), (next_index, next_place) in pairwise(corners):
        step = (next_place - place) / (next_index - index)
        filled += [*(place + step * count for count in range(1, next_index - index)), next_place]
    return filled[:-1]


def _undo_same_hour(context: AttemptContext, ended: list[Row], standing: list[Row]) -> list[Row]:
    """Undo what an earlier attempt at this hour wrote; return the points that are new even so."""
    context.db.executemany(DELETE_PRICE, ((*point, context.hour) for _, *point in ended))
    return [row for row in standing if not context.db.execute(REOPEN_PRICE, row).rowcount]


def _add_standing_bases(
    context: AttemptContext,
    record: int,
    before: PricePoints,
    after: PricePoints,
    old_pricing: Any,
    new_pricing: Any,
) -> None:
    """Add to the points of a record the prices outside its schedule that are known from earlier hours.

    A pricing object states them only outside the windows; inside, they stand as they were read last.
    """
    scheduled = list_scheduled_dimensions(new_pricing)
    for name in sorted(list_scheduled_dimensions(old_pricing)):  # positions follow, and sets have no order
        point = (escape_surrogates(name), "")
        if row := _find_standing(context.update, record, point):
            before[point] = Decimal(row[2])
            if name in scheduled:
                after.setdefault(point, before[point])
