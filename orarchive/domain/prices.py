"""Exact prices: Decimal or the string as sent, never float; USD per unit.

Free (0), dynamic (-1, a router that passes on the price of the model it picks) and unpriced (no price) are
three different things. A pricing object may carry `overrides`, an ordered list of conditional prices in which
later entries win.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from orarchive.jsonl import Record

TIME_OF_DAY_CONDITIONS = ("utc_start", "utc_end", "utc_days")
CONDITIONS = ("min_prompt_tokens", *TIME_OF_DAY_CONDITIONS)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MILLION = 1_000_000
MAX_EXPONENT = 60
"""A number with an exponent beyond this is no price: arithmetic with it overflows, or fills the memory with
digits."""
MAX_PRICES = 200
"""Prices of a pricing object, and entries of a schedule, that are read. Real objects have fifteen prices and
a handful of entries; thousands, sent by mistake, must not fill pages or slow down runs."""
NOT_PRICES = ("overrides", "discount")
NUMERIC_TYPES = (str, int, Decimal)
MAX_TIME = 2400
"""The last time of a day, as schedules write it."""
ANY_MONDAY = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
ZERO = Decimal(0)
MAX_NOISE = Decimal("1e-9")
"""Relative difference up to which two numbers are equal: a decimal that went through a binary number comes
back with such noise."""

MAIN_DIMENSIONS = ("prompt", "completion")
"""Input and output: the dimensions that models are compared by, and the only two whose zero means free. For
every other dimension zero is the same as absence: the service has started and stopped spelling out "0" over
weeks."""

PER_TOKEN = (
    *(*MAIN_DIMENSIONS, "internal_reasoning", "input_cache_read", "input_cache_write"),
    *("input_cache_write_1h", "audio", "audio_output", "input_audio_cache", "image_token"),
)
"""Dimensions that are priced per token. An unknown dimension is taken for one of them."""

PER_UNIT = {"request": "request", "image": "image", "web_search": "search", "image_output": ""}
"""Dimensions that are not priced per token, with their units; "" where OpenRouter states none that can be
right. `image` is the provider's own unit: on some models it equals the token price, so it is never
multiplied. `image_output` is per image in the OpenAPI file, but by its size a token price: it equals
`image_token` wherever a record has both (0.0000119760479041916 beside an `image` of 0.01)."""

UNSTATED_UNIT = " (unit not stated by OpenRouter)"


def parse_price(value: Any) -> Decimal | None:
    """Return the value of one price, sent as a decimal string or a number; None where it is no price."""
    if isinstance(value, str):
        return _parse_text(value)
    return _parse_decimal(value) if isinstance(value, NUMERIC_TYPES) and not isinstance(value, bool) else None


def _parse_decimal(value: str | int | Decimal) -> Decimal | None:
    try:
        price = Decimal(value)
    except InvalidOperation:
        return None
    return price if price.is_finite() and abs(price.adjusted()) < MAX_EXPONENT else None


# Text alone: a cache takes the numbers 0.2 and 0.20 for the same, and would answer with what was read first.
_parse_text = lru_cache(maxsize=2**16)(_parse_decimal)


def list_scheduled_dimensions(pricing: Any) -> set[str]:
    """Return the dimensions whose price a readable override sets by the time of day."""
    return {
        name
        for entry in list_readable_entries(pricing)
        if any(entry.get(condition) is not None for condition in TIME_OF_DAY_CONDITIONS)
        for name in read_entry_prices(entry)
    }


def list_base_prices(pricing: Any) -> dict[str, Decimal]:
    """Return the prices at the top level of time-of-day dimensions that are not the rate of any entry.

    Such a price holds outside the windows of the schedule. Inside one, the top level repeats its rate, and
    the price outside is not stated.
    """
    scheduled = list_scheduled_dimensions(pricing)
    if not scheduled:
        return {}
    prices, bases = read_prices(pricing), {}
    for name in sorted(scheduled & prices.keys()):  # sets have no order
        entries = [entry for entry in list_readable_entries(pricing) if name in entry]
        rates = [read_entry_prices(entry).get(name) for entry in entries]
        if not any(is_same_price(prices[name], rate) for rate in rates) and not _covers_week(entries):
            bases[name] = prices[name]
    return bases


def _covers_week(entries: list[Record]) -> bool:
    """Return whether one of some readable entries holds at any time of the week for an ordinary prompt."""
    ordinary = [entry for entry in entries if not _read_threshold(entry)]
    times = (parse_time_of_day(entry.get(name)) for entry in ordinary for name in ("utc_start", "utc_end"))
    minutes = {0, *(minute for minute in times if minute is not None)}
    moments = (ANY_MONDAY + dt.timedelta(days=day, minutes=minute) for day in range(7) for minute in minutes)
    return all(any(is_in_force(entry, moment) for entry in ordinary) for moment in moments)


def list_time_of_day_keys(pricing: Any) -> set[str]:
    """Return the dimensions in an override with a time window or weekdays, whether they can be read or not.

    Pricing objects are split into files by these; `list_scheduled_dimensions` returns those that count. The
    service puts the rate of the current window at the top level, so these top-level values change several
    times a day with no change of price. All 11 such flips on record stayed inside these dimensions.
    """
    if not isinstance(pricing, dict) or not isinstance(pricing.get("overrides"), list):
        return set()
    dimensions: set[str] = set()
    for entry in pricing["overrides"]:
        if isinstance(entry, dict) and any(name in entry for name in TIME_OF_DAY_CONDITIONS):
            dimensions.update(name for name in entry if name not in CONDITIONS)
    return dimensions - {"overrides"}


def split_time_of_day(pricing: Record) -> tuple[Record, Record]:
    """Split a pricing object into its stable part, with the schedule, and its current time-of-day rates."""
    dimensions = list_time_of_day_keys(pricing)
    stable = {name: value for name, value in pricing.items() if name not in dimensions}
    return stable, {name: value for name, value in pricing.items() if name in dimensions}


def read_prices(pricing: Any) -> dict[str, Decimal]:
    """Return the top-level prices by dimension, without zeros that mean the same as absence."""
    if not isinstance(pricing, dict):
        return {}
    return {
        name: price
        for name, value in _list_first_members(pricing)
        if name not in NOT_PRICES
        and (price := parse_price(value)) is not None
        and (price or name in MAIN_DIMENSIONS)
    }


def _list_first_members(prices: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Return the members of a pricing object; of more than MAX_PRICES the first by name."""
    return (
        prices.items()
        if len(prices) <= MAX_PRICES
        else sorted(prices.items(), key=lambda member: member[0])[:MAX_PRICES]
    )


def read_schedule(pricing: Any) -> list[Record]:
    """Return the override entries in order; [] where there are none."""
    entries = pricing.get("overrides") if isinstance(pricing, dict) else None
    return (
        [entry for entry in entries[:MAX_PRICES] if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )


def read_entry_prices(entry: Record) -> dict[str, Decimal]:
    """Return the prices of one override entry by dimension."""
    prices = {name: _read_entry_price(name, value) for name, value in _list_first_members(entry)}
    return {name: price for name, price in prices.items() if price is not None}


def _read_entry_price(name: str, value: Any) -> Decimal | None:
    """Return the price in a member of an override entry; None where it is none.

    A number under an unknown name must be taken for a condition whose meaning is unknown.
    """
    if name in CONDITIONS or not (isinstance(value, str) or name in PER_TOKEN or name in PER_UNIT):
        return None
    return parse_price(value)


def get_prices_at(
    pricing: Any, moment: dt.datetime, over: Decimal = ZERO
) -> dict[str, tuple[Decimal, Record | None]]:
    """Return the price of each dimension at a moment (UTC), with the override entry that it comes from.

    `over` is the number of tokens that the prompt is longer than. Of the entries whose conditions all hold
    the last wins; an entry with an unknown condition is ignored. A price that no entry sets at the moment is
    that at the top level, with None for its entry.
    """
    prices: dict[str, tuple[Decimal, Record | None]] = {
        name: (price, None) for name, price in read_prices(pricing).items()
    }
    for entry in list_readable_entries(pricing):
        if _read_threshold(entry) <= over and is_in_force(entry, moment):
            prices |= {name: (price, entry) for name, price in read_entry_prices(entry).items()}
    return prices


def list_thresholds(pricing: Any, moment: dt.datetime) -> list[Decimal]:
    """Return the numbers of prompt tokens above which other entries hold at a moment (UTC), ascending."""
    entries = [entry for entry in list_readable_entries(pricing) if is_in_force(entry, moment)]
    return sorted({threshold for threshold in map(_read_threshold, entries) if threshold})


def list_readable_entries(pricing: Any) -> list[Record]:
    """Return the override entries, in order, whose conditions can all be read; the others count for nothing.

    A member that is neither a price nor a known condition must be taken for one whose meaning is unknown.
    """
    return [
        entry
        for entry in read_schedule(pricing)
        if is_readable({name: entry[name] for name in entry if _read_entry_price(name, entry[name]) is None})
    ]


def is_readable(conditions: Record) -> bool:
    """Return whether all conditions are known, and have values that can be read and can hold.

    A window or weekdays that are null are no condition.
    """
    days, start, end = (conditions.get(name) for name in ("utc_days", "utc_start", "utc_end"))
    return (
        conditions.keys() <= {*CONDITIONS}
        and (days is None or (isinstance(days, list) and bool(days) and all(day in WEEKDAYS for day in days)))
        and (start is end is None or None not in (parse_time_of_day(start), parse_time_of_day(end)))
        and parse_price(conditions.get("min_prompt_tokens", 0)) is not None
    )


def _read_threshold(entry: Record) -> Decimal:
    """Return the number of prompt tokens above which a readable entry holds."""
    return parse_price(entry.get("min_prompt_tokens", 0)) or ZERO


def is_in_force(entry: Record, moment: dt.datetime) -> bool:
    """Return whether the weekdays and the daily window of a readable entry include a moment (UTC).

    The window is half-open, and may go past midnight.
    """
    days = entry.get("utc_days")
    if days is not None and WEEKDAYS[moment.weekday()] not in days:
        return False
    start, end = (parse_price(entry.get(name)) for name in ("utc_start", "utc_end"))
    if start is None or end is None:
        return True
    hhmm = moment.hour * 100 + moment.minute
    return start <= hhmm < end if start < end else hhmm >= start or hhmm < end


def list_price_ranges(pricing: Any) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the lowest and the highest price of each dimension that depends on conditions.

    They count the price at the top level, and that of each readable entry, whatever its conditions.
    """
    base_prices = read_prices(pricing)
    amounts: dict[str, list[Decimal]] = {}
    for entry in list_readable_entries(pricing):
        for name, price in read_entry_prices(entry).items():
            amounts.setdefault(name, [base_prices[name]] if name in base_prices else []).append(price)
    return {name: (min(prices), max(prices)) for name, prices in amounts.items()}


def is_zero(prices: Mapping[str, Decimal], entries: Iterable[Record]) -> bool:
    """Return whether there are prices and all are 0, at every time of day and at every length of prompt."""
    return bool(prices) and not any(
        price
        for conditional_prices in (prices, *map(read_entry_prices, entries))
        for price in conditional_prices.values()
    )


def is_dynamic(price: Decimal | None) -> bool:
    """Return whether a price is the service's -1, which a router has instead of a price."""
    return price is not None and price < 0


def is_same_price(old: Decimal | None, new: Decimal | None) -> bool:
    """Return whether two amounts differ by no more than the noise of binary numbers; None is no amount."""
    if old is None or new is None:
        return old is new
    return old == new or abs(old - new) <= MAX_NOISE * max(abs(old), abs(new))


def compute_percent_change(old: Decimal | None, new: Decimal | None) -> Decimal | None:
    """Return the change of a price in percent of the old price; None where either is not a positive price."""
    if not old or not new or old < 0 or new < 0:
        return None
    return (new - old) / old * 100


def format_price(dimension: str, price: Decimal | None) -> str:
    """Return a price in words: `$1.25 per M`, `$0.01 per search`, `$0`, `dynamic` or `none`.

    A price of 0 does not read "free": a model is free only where nothing else is charged.
    """
    if price is None:
        return "none"
    if is_dynamic(price):
        return "dynamic"
    if not price:
        return "$0"
    amount = price if dimension in PER_UNIT else price * MILLION
    return f"{format_dollars(amount)}{format_unit(dimension)}"


def format_unit(dimension: str) -> str:
    """Return what stands behind a price of a dimension: ` per M`, ` per search`."""
    unit = PER_UNIT.get(dimension, "M")
    return f" per {unit}" if unit else UNSTATED_UNIT


def format_dollars(amount: Decimal) -> str:
    """Return an exact amount with all its digits, at least in cents: `$1.25`, `$1,000.00`, `$0.04166`."""
    digits = f"{amount.normalize():,f}"
    dollars, _, cents = digits.partition(".")
    return f"${dollars}.{cents:<02}" if len(cents) < 2 else f"${digits}"


def parse_time_of_day(hhmm: Any) -> int | None:
    """Return the minutes since midnight of a time sent as a whole number; None for any other value.

    30 is 00:30, 1000 is 10:00.
    """
    number = parse_price(hhmm)
    if number is None or number != int(number):
        return None
    hours, minutes = divmod(int(number), 100)
    return hours * 60 + minutes if 0 <= number <= MAX_TIME else None


def format_time_of_day(minute: int) -> str:
    """Return a time of day, given in minutes since midnight, as `00:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"
