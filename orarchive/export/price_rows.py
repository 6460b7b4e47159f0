"""Rows of prices: from when to when and on which conditions each held, exactly and as it was sent."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import PER_UNIT, parse_price, parse_time_of_day, read_schedule
from orarchive.export.record_rows import Row, build_endpoint_key
from orarchive.export.spans import GoodReads
from orarchive.export.values import fit_integer, fit_price, format_sent, parse_optional_time
from orarchive.index.prices import PRICED_FEEDS
from orarchive.index.sql_values import escape_surrogates, escape_values, to_json
from orarchive.jsonl import Record, loads

SELECT_PRICES = """
    select records.id, feed, parts, dimension, condition, position, amount, prices.first,
        prices.last, lead(prices.first) over (partition by record, dimension, condition order by prices.first)
    from prices join records on records.id = record
"""

SELECT_PRICE_LINES = """
    select record, file, versions.first, versions.last, line
    from versions join records on records.id = record
    where feed = ? and file in (?, ?) order by record, versions.first
"""

PriceLines = dict[int, list[tuple[str, str | None, Record]]]
"""Record -> its lines with prices, oldest first: the first and the last hour of each, and its pricing."""


def list_price_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each price of a model or an endpoint, with its conditions and its span."""
    lines = _read_price_lines(db)
    for record, feed, parts, dimension, condition, position, amount, *span in db.execute(SELECT_PRICES):
        key, first = loads(parts), span[0]
        parent_key = FEEDS[feed].get_parent_key(tuple(key))
        valid_from, last_seen, superseded_at = reads.close_span(feed, parent_key, *span)
        yield escape_values(
            {
                "feed": feed,
                **_build_key(feed, key),
                "dimension": dimension,
                "unit": PER_UNIT.get(dimension, "token") or None,
                "price_usd": fit_price(amount),
                "price_sent": _find_sent(lines.get(record, []), dimension, condition, first, amount),
                "condition": condition,
                "position": position,
                **_read_conditions(condition),
                "valid_from": parse_optional_time(valid_from),
                "last_seen": parse_optional_time(last_seen),
                "superseded_at": parse_optional_time(superseded_at),
            }
        )


def _build_key(feed: str, key: list[Any]) -> Row:
    """Return the key of a model or an endpoint as columns."""
    if feed == "endpoints":
        return build_endpoint_key(*key)
    return {"model": key[0], "tag": "", "n": 0, "provider": None}


def _read_conditions(condition: str) -> Row:
    """Return the known conditions of a price as columns; one that cannot be read is null."""
    if not condition:
        return {}
    conditions = loads(condition)
    days = conditions.get("utc_days")
    return {
        "min_prompt_tokens": fit_integer(conditions.get("min_prompt_tokens")),
        "utc_start_minute": parse_time_of_day(conditions.get("utc_start")),
        "utc_end_minute": parse_time_of_day(conditions.get("utc_end")),
        "utc_days": [escape_surrogates(str(day)) for day in days] if isinstance(days, list) else None,
    }


def _read_price_lines(db: sqlite3.Connection) -> PriceLines:
    """Read every line that holds prices: those of the schedule and those of the moment."""
    lines: PriceLines = defaultdict(list)
    for feed in PRICED_FEEDS:
        for record, _, first, last, line in db.execute(
            SELECT_PRICE_LINES, (feed, "prices", FEEDS[feed].spot_file)
        ):
            pricing = loads(line).get("pricing")
            if isinstance(pricing, dict):
                lines[record].append((first, last, pricing))
    return lines


def _find_sent(
    lines: list[tuple[str, str | None, Record]], dimension: str, condition: str, first: str, amount: str
) -> str:
    """Return a price that began in an hour as it was sent: of the lines that stood then the latest has it.

    Return its plain digits where no line has it: a price outside a schedule stands on while only the rates
    of the schedule are sent.
    """
    for begin, end, pricing in reversed(lines):
        if begin <= first and (end is None or end >= first):
            value = _get_sent(pricing, dimension, condition)
            if value is not None and f"{parse_price(value):f}" == amount:
                return format_sent(value)
    return amount


def _get_sent(pricing: Record, dimension: str, condition: str) -> Any:
    """Return the value of a dimension at the top level, or in the entry with a condition; None: no price."""
    members = [pricing]
    if condition:
        # The condition of a price is its entry without the prices: the last entry with it counts.
        conditions = loads(condition)
        members = [
            entry
            for entry in reversed(read_schedule(pricing))
            if to_json({name: entry.get(name) for name in conditions}) == condition
        ]
    values = (
        value for entry in members for name, value in entry.items() if escape_surrogates(name) == dimension
    )
    return next((value for value in values if parse_price(value) is not None), None)
