"""Current prices: what each price of a model or endpoint was at the last hour that showed it.

A time-of-day price is the rate of that hour, so it changes without a change of the record: it is computed
when the record leaves, and for all that are listed once after the last attempt of an update.
"""

import sqlite3
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import get_prices_at, list_price_ranges, list_scheduled_dimensions
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext, IndexUpdate
from orarchive.index.prices import PRICED_FEEDS
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import loads
from orarchive.timestamps import parse_stamp

DELETE_PRICES = "delete from current_prices where record = ?"

SELECT_READS = "select hour, kept from reads where feed = ? and good order by attempt desc"

INSERT_PRICE = """
    insert into current_prices (record, dimension, amount, value, lowest, highest) values (?, ?, ?, ?, ?, ?)
"""


def apply_attempt(context: AttemptContext, step: ReplayStep) -> None:
    """Note the models and endpoints whose pricing an attempt changed, or that it removed."""
    changed = context.update.changed_pricing
    for feed in PRICED_FEEDS:
        for key, (old, new) in step.records.get(feed, {}).items():
            old_pricing, new_pricing = (record.get("pricing") if record else None for record in (old, new))
            row_id = context.update.rows.ids[feed, key]
            if new and old_pricing != new_pricing:
                changed[row_id] = (new_pricing, context.hour)
            elif old and not new and list_scheduled_dimensions(old_pricing):
                last, _ = context.find_span(feed, FEEDS[feed].get_parent_key(key))
                changed[row_id] = (old_pricing, last or context.hour)


def write_prices(update: IndexUpdate) -> None:
    """Write the prices of the records whose pricing changed: of each the last, however often it changed."""
    for row_id, (pricing, hour) in update.changed_pricing.items():
        _write_prices(update.db, row_id, pricing, hour)
    update.changed_pricing.clear()


def update_rates(context: AttemptContext) -> None:
    """Write the rates of the listed time-of-day prices at the last hour that showed each.

    It is called after the last attempt of an update, with the context of that.
    """
    for feed in PRICED_FEEDS:
        for key, record in context.update.state.records[feed].items():
            if not list_scheduled_dimensions(record.get("pricing")):
                continue
            hour = _find_last_hour(context, feed, FEEDS[feed].get_parent_key(key))
            _write_prices(context.db, context.update.rows.ids[feed, key], record["pricing"], hour)


def _find_last_hour(context: AttemptContext, feed: str, parent_key: str | None) -> str:
    """Return the last hour in which a feed was read, or one key of its parent."""
    reads = context.db.execute(SELECT_READS, (feed,))
    return next((hour for hour, kept in reads if parent_key not in loads(kept or "{}")), context.hour)


def _write_prices(db: sqlite3.Connection, record: int, pricing: Any, hour: str) -> None:
    """Replace the prices of a record, given by its row id, by those at an hour."""
    ranges = list_price_ranges(pricing)
    rows = []
    for name, (price, _) in get_prices_at(pricing, parse_stamp(hour)).items():
        lowest, highest = ranges.get(name, (None, None))
        rows.append(
            (
                record,
                escape_surrogates(name),
                f"{price:f}",
                float(price) if price >= 0 else None,
                None if lowest is None else f"{lowest:f}",
                None if highest is None else f"{highest:f}",
            )
        )
    db.execute(DELETE_PRICES, (record,))
    db.executemany(INSERT_PRICE, rows)
