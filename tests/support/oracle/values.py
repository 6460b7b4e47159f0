"""Values of records, read naively: fields, dates, prices and schedules."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from orarchive.jsonl import Record, dumps

CLOCK_CONDITIONS = ("utc_start", "utc_end", "utc_days")
CONDITIONS = (*CLOCK_CONDITIONS, "min_prompt_tokens")

HALF_HOURS = [hour * 100 + minute for hour in range(24) for minute in (0, 30)]

# --- fields -------------------------------------------------------------------------------------------------


def is_equal(old: Record, new: Record, name: str) -> bool:
    """Return whether both records have a field, with equal values."""
    return name in old and name in new and dumps(old[name]) == dumps(new[name])


def says_same(old: Any, new: Any) -> bool:
    """Return whether two values differ at most in the form of numbers, or by binary noise."""
    if isinstance(old, dict) and isinstance(new, dict):
        return set(old) == set(new) and all(says_same(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(says_same(*pair) for pair in zip(old, new, strict=True))
    if {type(old), type(new)} & {bool, type(None)} or (isinstance(old, str) and isinstance(new, str)):
        return type(old) is type(new) and bool(old == new)
    numbers = [parse_number(value) for value in (old, new)]
    return is_near(*numbers) if None not in numbers else type(old) is type(new) and bool(old == new)


def is_near(old: Decimal | None, new: Decimal | None) -> bool:
    """Return whether two amounts are equal but for a billionth part; None is no amount."""
    if old is None or new is None or old == new:
        return old is new or old == new
    return abs(old - new) * 1_000_000_000 <= max(abs(old), abs(new))


def list_paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted paths of all fields inside a value."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            for name, inner in item.items():
                yield f"{prefix}{name}"
                yield from list_paths(inner, f"{prefix}{name}.")


def remove_paths(value: Any, path: str, new_paths: list[str]) -> Any:
    """Return a value that stands at a path without the fields that are new."""
    if isinstance(value, list):
        return [remove_paths(item, path, new_paths) for item in value]
    if isinstance(value, dict):
        return {
            name: remove_paths(inner, f"{path}.{name}", new_paths)
            for name, inner in value.items()
            if f"{path}.{name}" not in new_paths
        }
    return value


def parse_date(value: Any) -> dt.date | None:
    """Return an expiration date; None if the value is none, or a filler from 2098-12-31 on."""
    try:
        date = dt.date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None
    return date if date < dt.date(2098, 12, 31) else None


def says_no_date(value: Any) -> bool:
    """Return whether an expiration date is null, or a filler that means none."""
    return value is None or (isinstance(value, str) and value >= "2098-12-31" and value[:1].isdigit())


# --- prices -------------------------------------------------------------------------------------------------


def get_pricing(record: Record) -> Record:
    """Return the price object of a record; {} if it has none."""
    pricing = record.get("pricing")
    return pricing if isinstance(pricing, dict) else {}


def parse_number(value: Any) -> Decimal | None:
    """Return a number; None if the value is none."""
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None


def read_price(pricing: Record, dimension: str) -> Decimal | None:
    """Return a price; zero is a price of prompt and completion only."""
    amount = parse_number(pricing.get(dimension))
    return amount if amount or dimension in ("prompt", "completion") else None


def format_plain(amount: Decimal | None) -> str | None:
    """Return a price as a plain decimal."""
    return None if amount is None else format(amount, "f")


def read_entries(pricing: Record) -> list[Record]:
    """Return the entries of a schedule."""
    return pricing.get("overrides") or []


def read_entry_prices(entry: Record) -> dict[str, Decimal]:
    """Return the prices of an entry by dimension."""
    amounts = {name: parse_number(value) for name, value in entry.items() if name not in CONDITIONS}
    return {name: amount for name, amount in amounts.items() if amount is not None}


def read_entry_conditions(entry: Record) -> Record:
    """Return the conditions of an entry."""
    prices = read_entry_prices(entry)
    return {name: value for name, value in entry.items() if name not in prices}


def list_scheduled(pricing: Record) -> set[str]:
    """Return the dimensions that have a time-of-day price."""
    entries = [entry for entry in read_entries(pricing) if is_clock(entry)]
    return {name for entry in entries for name in read_entry_prices(entry)}


def is_clock(entry: Record) -> bool:
    """Return whether all conditions of an entry can be read, and one of them is a time of day."""
    conditions = read_entry_conditions(entry)
    days, times = conditions.get("utc_days"), [conditions.get(name) for name in ("utc_start", "utc_end")]
    numbers = [parse_number(time) for time in times]
    is_window = all(number is not None and 0 <= number <= 2400 for number in numbers)
    are_days = isinstance(days, list) and bool(days) and all(str(day).endswith("day") for day in days)
    return (
        conditions.keys() <= set(CONDITIONS)
        and (is_window or times == [None, None])
        and (are_days or days is None)
        and parse_number(conditions.get("min_prompt_tokens", 0)) is not None
        and (is_window or are_days)
    )


def read_base(pricing: Record, dimension: str) -> Decimal | None:
    """Return the price of a scheduled dimension outside its schedule; None inside, where it is not stated."""
    price = read_price(pricing, dimension)
    entries = [entry for entry in read_entries(pricing) if dimension in read_entry_prices(entry)]
    rates = [read_entry_prices(entry)[dimension] for entry in entries]
    is_rate = any(is_near(price, rate) for rate in rates)
    return (
        None
        if is_rate or all(any(map(is_open, entries, [hhmm] * len(entries))) for hhmm in HALF_HOURS)
        else price
    )


def is_open(entry: Record, hhmm: int) -> bool:
    """Return whether an entry that names no weekdays and no length of prompt holds at a time of day."""
    if entry.get("min_prompt_tokens") or entry.get("utc_days") is not None or entry.get("utc_start") is None:
        return not entry.get("min_prompt_tokens") and entry.get("utc_days") is None and not is_clock(entry)
    start, end = int(entry["utc_start"]), int(entry["utc_end"])
    return start <= hhmm < end if start < end else hhmm >= start or hhmm < end


def list_points(record: Record) -> dict[tuple[str, str], Decimal]:
    """Return every price of a record by dimension and condition: JSON, or "" for the plain price."""
    pricing, scheduled = get_pricing(record), list_scheduled(get_pricing(record))
    points: dict[tuple[str, str], Decimal] = {}
    for name in pricing.keys() - scheduled - {"overrides", "discount"}:
        amount = read_price(pricing, name)
        if amount is not None:
            points[name, ""] = amount
    points |= {(name, ""): base for name in scheduled if (base := read_base(pricing, name)) is not None}
    for entry in read_entries(pricing):
        condition = dumps(read_entry_conditions(entry)).decode()
        points |= {(name, condition): amount for name, amount in read_entry_prices(entry).items()}
    return points


def read_tariff(pricing: Record, dimension: str) -> Any:
    """Return what a dimension costs: a plain price, or the list of its conditions with their prices."""
    entries = [
        {**read_entry_conditions(entry), "price": format_plain(amount)}
        for entry in read_entries(pricing)
        if (amount := read_entry_prices(entry).get(dimension)) is not None
    ]
    is_scheduled = dimension in list_scheduled(pricing)
    price = format_plain((read_base if is_scheduled else read_price)(pricing, dimension))
    return [*([{"price": price}] if price is not None else []), *entries] if entries else price


def normalize_tariff(tariff: Any) -> Any:
    """Return a tariff with its prices as numbers, so that equal ones compare equal."""
    if isinstance(tariff, list):
        return [{**entry, "price": Decimal(entry["price"])} for entry in tariff]
    return None if tariff is None else Decimal(tariff)


def normalize_schedule(entries: list[Record]) -> list[Record]:
    """Return the entries of a schedule with their prices as numbers."""
    return [{**entry, **read_entry_prices(entry)} for entry in entries]
