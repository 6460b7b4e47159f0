"""Price points: from when to when each dimension of a model or an endpoint had which price."""

import sqlite3
from decimal import Decimal
from typing import Any

from orarchive.domain.prices import read_entry_prices, read_prices, read_schedule, time_of_day_keys
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.presence import Lifecycle
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import dumps

PRICED = ("models", "endpoints")

Points = dict[tuple[str, str], Decimal]
"""(dimension, condition) -> price; the condition is "" or the JSON of what must hold."""


def list_price_points(pricing: Any) -> Points:
    """Every price of a price object; of what follows the clock only those of its schedule."""
    clock = time_of_day_keys(pricing)
    found = {
        (escape_surrogates(name), ""): price
        for name, price in read_prices(pricing).items()
        if name not in clock
    }
    for entry in read_schedule(pricing):
        prices = read_entry_prices(entry)
        condition = dumps({name: value for name, value in entry.items() if name not in prices}).decode()
        found |= {(escape_surrogates(name), condition): price for name, price in prices.items()}
    return found


def apply_attempt(
    db: sqlite3.Connection, presence: Lifecycle, moment: AttemptContext, step: ReplayStep
) -> None:
    """Write what an attempt did to the prices."""
    ended: list[Row] = []
    stand: list[Row] = []
    for feed in PRICED:
        for key, (old, new) in step.records.get(feed, {}).items():
            before, after = (end.get("pricing") if end else None for end in (old, new))
            if before == after:
                continue
            was, now = list_price_points(before), list_price_points(after)
            row = presence.ids[feed, key]
            last, _ = moment.span(feed, key[0] if feed == "endpoints" else None)
            moved = [point for point in {**was, **now} if was.get(point) != now.get(point)]
            ended += [(last, row, *point) for point in moved if point in was]
            stand += [(row, *point, f"{now[point]:f}", last) for point in moved if point in now]
    db.executemany(f"update prices set last = max(first, coalesce(?, first)) {WHERE} and last is null", ended)
    if moment.again:
        stand = _taken_back(db, moment, ended, stand)
    values = (
        (*point, moment.hour, amount, float(amount) if float(amount) >= 0 else None)
        for *point, amount, _ in stand
    )
    db.executemany("insert into prices values (?, ?, ?, ?, null, ?, ?)", values)


Row = tuple[Any, ...]

WHERE = "where record = ? and dimension = ? and condition = ?"


def _taken_back(
    db: sqlite3.Connection, moment: AttemptContext, ended: list[Row], stand: list[Row]
) -> list[Row]:
    """Take back what an earlier attempt at this very hour wrote; returns the points that are new even so."""
    unstood = f"delete from prices {WHERE} and first = ?"
    db.executemany(unstood, ((*point, moment.hour) for _, *point in ended))
    again = f"update prices set last = null {WHERE} and amount = ? and last = ?"
    return [one for one in stand if not db.execute(again, one).rowcount]
