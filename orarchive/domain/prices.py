"""Exact prices: Decimal or the string as sent, never float; USD per unit.

Free (0), dynamic (-1, a router that passes on what it picks) and unpriced (no price) are three different
things. A price object may carry `overrides`, an ordered list in which later entries win.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from orarchive.jsonl import Record

CLOCK_CONDITIONS = ("utc_start", "utc_end", "utc_days")
CONDITIONS = ("min_prompt_tokens", *CLOCK_CONDITIONS)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MILLION = 1_000_000
MAX_EXPONENT = 60
"""A number further from 1 than so many digits is no price: arithmetic with it overflows, or prints a book."""
MAX_PRICES = 200
"""Prices of an object, and entries of a schedule, that are read: there are fifteen, and a handful. Whoever
sends thousands must not fill pages, nor hours, with them."""
NOT_PRICES = ("overrides", "discount")
NUMERIC_TYPES = (str, int, Decimal)
ZERO = Decimal(0)

PER_TOKEN = (
    *("prompt", "completion", "internal_reasoning", "input_cache_read", "input_cache_write"),
    *("input_cache_write_1h", "audio", "audio_output", "input_audio_cache", "image_token"),
)
"""Dimensions that are priced per token, as is any that nobody knows yet."""

PER_UNIT = {"request": "request", "image": "image", "image_output": "image", "web_search": "search"}
"""Dimensions that are not priced per token. `image` is the provider's own unit: on some models it equals
the token price, so it is never multiplied."""

FREE_DIMENSIONS = ("prompt", "completion")
"""The two dimensions whose zero means free; every other one at zero is the same as not being there: the
service has started and stopped spelling out "0" for them over weeks."""


def parse_price(value: Any) -> Decimal | None:
    """The value of one price (a decimal string or a number), None where there is none."""
    return _exact(value) if isinstance(value, NUMERIC_TYPES) and not isinstance(value, bool) else None


@lru_cache(maxsize=2**16)
def _exact(value: str | int | Decimal) -> Decimal | None:
    try:
        price = Decimal(value)
    except InvalidOperation:
        return None
    return price if price.is_finite() and abs(price.adjusted()) < MAX_EXPONENT else None


def time_of_day_keys(pricing: Any) -> set[str]:
    """The price dimensions that follow the clock: those that an override with a time window names.

    The service puts the rate of the running window at the top level, so these top-level values flip
    several times a day with no change of price (all 11 flips on record stayed inside these keys).
    """
    if not isinstance(pricing, dict) or not isinstance(pricing.get("overrides"), list):
        return set()
    keys: set[str] = set()
    for entry in pricing["overrides"]:
        if isinstance(entry, dict) and any(name in entry for name in CLOCK_CONDITIONS):
            keys.update(name for name in entry if name not in CONDITIONS)
    return keys - {"overrides"}


def split_time_of_day(pricing: Record) -> tuple[Record, Record]:
    """A price object apart: what stays, with the schedule, and the prices of the moment."""
    clock = time_of_day_keys(pricing)
    stays = {name: value for name, value in pricing.items() if name not in clock}
    return stays, {name: value for name, value in pricing.items() if name in clock}


def read_prices(pricing: Any) -> dict[str, Decimal]:
    """Every top-level price that is one, by dimension, without zeros that are only a way of writing."""
    if not isinstance(pricing, Mapping):
        return {}
    return {
        name: price
        for name, value in _first(pricing)
        if name not in NOT_PRICES
        and (price := parse_price(value)) is not None
        and (price or name in FREE_DIMENSIONS)
    }


def _first(prices: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The members of a price object, of very many the first by name."""
    return (
        prices.items()
        if len(prices) <= MAX_PRICES
        else sorted(prices.items(), key=lambda one: one[0])[:MAX_PRICES]
    )


def read_schedule(pricing: Any) -> list[Record]:
    """The override entries, in order; [] where there are none."""
    entries = pricing.get("overrides") if isinstance(pricing, Mapping) else None
    return (
        [entry for entry in entries[:MAX_PRICES] if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )


def read_entry_prices(entry: Record) -> dict[str, Decimal]:
    """The prices of one override entry, by dimension."""
    found = {name: parse_price(value) for name, value in _first(entry) if name not in CONDITIONS}
    return {name: price for name, price in found.items() if price is not None}


def prices_at(
    pricing: Any, moment: dt.datetime, over: Decimal = ZERO
) -> dict[str, tuple[Decimal, Record | None]]:
    """What each dimension costs at a moment (UTC) for a prompt over so many tokens, and which entry says so.

    Of the entries whose conditions all hold the last one wins; one with a condition that nobody knows counts
    for nothing. A price that follows the clock but has no entry now is the one that was seen: entry None.
    """
    found: dict[str, tuple[Decimal, Record | None]] = {
        name: (price, None) for name, price in read_prices(pricing).items()
    }
    for entry in read_schedule(pricing):
        least = _least(entry)
        if least is not None and least <= over and is_understood(entry) and is_in_force(entry, moment):
            found |= {name: (price, entry) for name, price in read_entry_prices(entry).items()}
    return found


def list_thresholds(pricing: Any, moment: dt.datetime) -> list[Decimal]:
    """The numbers of prompt tokens over which other entries hold at a moment."""
    entries = [
        entry for entry in read_schedule(pricing) if is_understood(entry) and is_in_force(entry, moment)
    ]
    return sorted({least for least in map(_least, entries) if least})


def _least(entry: Record) -> Decimal | None:
    """The prompt tokens that an entry is for more than; None where that cannot be said."""
    return parse_price(entry.get("min_prompt_tokens", 0))


def is_understood(entry: Record) -> bool:
    """Whether an override entry has no condition that nobody knows: what is no price in a string is one."""
    return all(
        name in CONDITIONS or (isinstance(value, str) and parse_price(value) is not None)
        for name, value in entry.items()
    )


def is_in_force(entry: Record, moment: dt.datetime) -> bool:
    """Whether the clock conditions of an entry hold: a half-open daily window, which may go over midnight."""
    days = entry.get("utc_days")
    if isinstance(days, list) and WEEKDAYS[moment.weekday()] not in days:
        return False
    start, end = (parse_price(entry.get(name)) for name in ("utc_start", "utc_end"))
    if start is None or end is None:
        return True
    now = moment.hour * 100 + moment.minute
    return start <= now < end if start < end else now >= start or now < end


def is_free(prices: Mapping[str, Decimal], entries: Iterable[Record]) -> bool:
    """Whether there are prices and all are 0, at every time of day and at every length of prompt."""
    return bool(prices) and not any(
        price for some in (prices, *map(read_entry_prices, entries)) for price in some.values()
    )


def is_dynamic(price: Decimal | None) -> bool:
    """Whether a price is the service's -1: no price, a router's."""
    return price is not None and price < 0


def format_price(dimension: str, price: Decimal | None) -> str:
    """A price as people read it: `$1.25 per M`, `$0.01 per search`, `free`, `dynamic` or `none`."""
    if price is None:
        return "none"
    if is_dynamic(price):
        return "dynamic"
    if not price:
        return "free"
    unit = PER_UNIT.get(dimension)
    return f"{format_dollars(price)} per {unit}" if unit else f"{format_dollars(price * MILLION)} per M"


def format_dollars(amount: Decimal) -> str:
    """An exact amount in plain digits, at least cents: `$1.25`, `$10.00`, `$0.0416666666666667`."""
    digits = f"{amount.normalize():f}"
    whole, _, cents = digits.partition(".")
    return f"${whole}.{cents:<02}" if len(cents) < 2 else f"${digits}"
