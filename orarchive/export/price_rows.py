"""Rows of prices: from when to when and on which conditions each held, exactly and as it was sent."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import PER_UNIT, is_readable, parse_price, parse_time_of_day, read_schedule
from orarchive.export.record_rows import Row, build_endpoint_key
from orarchive.export.spans import close_span
from orarchive.export.values import fit_integer, fit_price, format_sent, parse_optional_time
from orarchive.index.good_reads import GoodReads
from orarchive.index.prices import PRICED_FEEDS
from orarchive.index.sql_values import escape_surrogates, escape_values, to_json
from orarchive.jsonl import Record, loads

SELECT_PRICES = """
    select records.id, feed, parts, dimension, condition, amount, prices.first, prices.last,
        lead(prices.first) over (partition by record, dimension, condition order by prices.first)
    from prices join records on records.id = record
"""

SELECT_PRICE_LINES = """
    select record, file, versions.first, versions.last, line
    from versions join records on records.id = record
    where feed = ? and file in (?, ?) order by record, versions.first
"""

PRICES_FILE = "prices"

Span = tuple[str, str | None, str | None]
"""First and last hour, and the first hour of what follows."""


@dataclass(frozen=True)
class PriceLine:
    """A line with prices, and the first and the last hour in which it stood."""

    file: str
    first: str
    last: str | None
    pricing: Record


def list_price_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each price of a model or an endpoint, with its conditions and its span.

    A price whose place among the overrides changed has a row for each place.
    """
    lines = _read_price_lines(db)
    for record, feed, parts, dimension, condition, amount, *span in db.execute(SELECT_PRICES):
        key = loads(parts)
        parent_key = FEEDS[feed].get_parent_key(tuple(key))
        for position, part in _split_by_position(lines[record], dimension, condition, (*span,)):
            valid_from, last_seen, superseded_at = close_span(reads, feed, parent_key, *part)
            yield escape_values(
                {
                    "feed": feed,
                    **_build_key(feed, key),
                    "dimension": dimension,
                    "unit": PER_UNIT.get(dimension, "token") or None,
                    "price_usd": fit_price(amount),
                    "price_sent": _find_sent(lines[record], dimension, condition, valid_from, amount),
                    "condition": condition,
                    "position": position,
                    **_read_conditions(condition),
                    "valid_from": parse_optional_time(valid_from),
                    "last_seen": parse_optional_time(last_seen),
                    "superseded_at": parse_optional_time(superseded_at),
                }
            )


def _split_by_position(
    lines: list[PriceLine], dimension: str, condition: str, span: Span
) -> Iterator[tuple[int, Span]]:
    """Yield the positions of a price, each with its part of the span.

    A price without conditions has position 0, and the first override position 1.
    """
    if not condition:
        yield 0, span
        return
    first, last, next_first = span
    standing = [
        line
        for line in lines
        if line.file == PRICES_FILE
        and (line.last is None or line.last >= first)
        and (last is None or line.first <= last)
    ]
    position, begin, seen = 0, first, first
    for line in standing:
        new_position = _find_position(line.pricing, dimension, condition)
        if new_position != position and line.first > begin:
            yield position, (begin, seen, line.first)
            begin = line.first
        position, seen = new_position, line.last or line.first
    yield position, (begin, last, next_first)


def _find_position(pricing: Record, dimension: str, condition: str) -> int:
    """Return the place, from 1, of the last override with a condition that has a dimension; 0 for none."""
    positions = [
        number
        for number, entry in enumerate(read_schedule(pricing), start=1)
        if _has_condition(entry, condition) and _get_price(entry, dimension) is not None
    ]
    return max(positions, default=0)


def _build_key(feed: str, key: list[Any]) -> Row:
    """Return the key of a model or an endpoint as columns."""
    if feed == "endpoints":
        return build_endpoint_key(*key)
    return {"model": key[0], "tag": "", "n": 0, "provider": None}


def _read_conditions(condition: str) -> Row:
    """Return the known conditions of a price as columns; one that cannot be read is null."""
    if not condition:
        return {"is_readable": True}
    conditions = loads(condition)
    days = conditions.get("utc_days")
    return {
        "is_readable": is_readable(conditions),
        "min_prompt_tokens": fit_integer(conditions.get("min_prompt_tokens")),
        "utc_start_minute": parse_time_of_day(conditions.get("utc_start")),
        "utc_end_minute": parse_time_of_day(conditions.get("utc_end")),
        "utc_days": [escape_surrogates(str(day)) for day in days] if isinstance(days, list) else None,
    }


def _read_price_lines(db: sqlite3.Connection) -> dict[int, list[PriceLine]]:
    """Read the lines with prices of each record, oldest first: those of the schedule and of the moment."""
    lines: dict[int, list[PriceLine]] = defaultdict(list)
    for feed in PRICED_FEEDS:
        files = (PRICES_FILE, FEEDS[feed].spot_file)
        for record, file, first, last, line in db.execute(SELECT_PRICE_LINES, (feed, *files)):
            pricing = loads(line).get("pricing")
            if isinstance(pricing, dict):
                lines[record].append(PriceLine(file, first, last, pricing))
    return lines


def _find_sent(lines: list[PriceLine], dimension: str, condition: str, first: str, amount: str) -> str:
    """Return a price that began in an hour as it was sent: of the lines that stood then the latest has it.

    Return its plain digits where no line has it: a price outside a schedule stands on while only the rates
    of the schedule are sent.
    """
    for line in reversed(lines):
        if line.first <= first and (line.last is None or line.last >= first):
            members = [line.pricing]
            if condition:
                entries = reversed(read_schedule(line.pricing))
                members = [entry for entry in entries if _has_condition(entry, condition)]
            values = (_get_price(entry, dimension) for entry in members)
            value = next((value for value in values if value is not None), None)
            if value is not None and f"{parse_price(value):f}" == amount:
                return format_sent(value)
    return amount


def _has_condition(entry: Record, condition: str) -> bool:
    """Return whether a condition is that of an override: the override without its prices."""
    return to_json({name: entry.get(name) for name in loads(condition)}) == condition


def _get_price(prices: Record, dimension: str) -> Any:
    """Return the value of a dimension in an object of prices, as sent; None where it is no price."""
    values = (value for name, value in prices.items() if escape_surrogates(name) == dimension)
    return next((value for value in values if parse_price(value) is not None), None)
