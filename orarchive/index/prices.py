"""Price points: from when to when each dimension of a model or an endpoint had which price."""

from decimal import Decimal
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
from orarchive.index.context import AttemptContext
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import dumps

PRICED_FEEDS = ("models", "endpoints")

PricePoints = dict[tuple[str, str], Decimal]
"""(dimension, condition) -> price; the condition is "", or the JSON of what must hold."""

Row = tuple[Any, ...]

POINT_CONDITION = "record = ? and dimension = ? and condition = ?"

END_PRICE = f"""
    update prices set last = max(first, coalesce(?, first)) where {POINT_CONDITION} and last is null
"""

INSERT_PRICE = """
    insert into prices (record, dimension, condition, position, first, last, amount, value)
    values (?, ?, ?, ?, ?, null, ?, ?)
"""

SELECT_STANDING = f"select amount from prices where {POINT_CONDITION} and last is null"

DELETE_PRICE = f"delete from prices where {POINT_CONDITION} and first = ?"

REOPEN_PRICE = f"update prices set last = null where {POINT_CONDITION} and amount = ? and last = ?"


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
    """Write the price points that an attempt began or ended for models and endpoints."""
    ended: list[Row] = []
    """(last hour, record, dimension, condition) of the points that stand no more."""
    standing: list[Row] = []
    """(record, dimension, condition, position, amount, last hour of the point before) of those that stand."""
    for feed in PRICED_FEEDS:
        for key, (old, new) in step.records.get(feed, {}).items():
            old_pricing, new_pricing = (record.get("pricing") if record else None for record in (old, new))
            if old_pricing == new_pricing:
                continue
            before, after = list_price_points(old_pricing), list_price_points(new_pricing)
            record = context.update.rows.ids[feed, key]
            _add_standing_bases(context, record, before, after, old_pricing, new_pricing)
            last, _ = context.find_span(feed, FEEDS[feed].get_parent_key(key))
            moved = {point for point in {**before, **after} if before.get(point) != after.get(point)}
            ended += [(last, record, *point) for point in moved if point in before]
            standing += [
                (record, *point, position, f"{after[point]:f}", last)
                for position, point in enumerate(after)
                if point in moved
            ]
    context.db.executemany(END_PRICE, ended)
    if context.is_repeat:
        standing = _undo_same_hour(context, ended, standing)
    context.db.executemany(
        INSERT_PRICE,
        (
            (*point, context.hour, amount, float(amount) if float(amount) >= 0 else None)
            for *point, amount, _ in standing
        ),
    )


def _undo_same_hour(context: AttemptContext, ended: list[Row], standing: list[Row]) -> list[Row]:
    """Undo what an earlier attempt at this hour wrote; return the points that are new even so."""
    context.db.executemany(DELETE_PRICE, ((*point, context.hour) for _, *point in ended))
    return [
        (*point, position, amount, last)
        for *point, position, amount, last in standing
        if not context.db.execute(REOPEN_PRICE, (*point, amount, last)).rowcount
    ]


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
        row = context.db.execute(SELECT_STANDING, (record, *point)).fetchone()
        if row:
            before[point] = Decimal(row[0])
            if name in scheduled:
                after.setdefault(point, before[point])
