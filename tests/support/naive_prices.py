"""Prices of recorded versions, read naively, and answers that are looked up in the versions."""

import datetime as dt
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from orarchive.queries.price import PriceQuote
from tests.support.archives import HOUR
from tests.support.naive_versions import DAY, Record, Version, find_new_paths, remove_paths

CONDITIONS = ("min_prompt_tokens", "utc_start", "utc_end", "utc_days")

# --- price objects ------------------------------------------------------------------------------------------


def read_price(pricing: Record, name: str) -> Fraction | None:
    """Return a price; None if there is none. Zero is a price of prompt and completion only."""
    value = pricing.get(name)
    if value is None or (not Fraction(value) and name not in ("prompt", "completion")):
        return None
    return Fraction(value)


def list_dimensions(pricing: Record) -> set[str]:
    """Return the dimensions that a price object names."""
    return set(pricing) - {"overrides", "discount"}


def format_condition(entry: Record) -> str:
    """Return the conditions of an entry as text."""
    return json.dumps({name: entry[name] for name in CONDITIONS if name in entry})


def read_conditions(pricing: Record) -> dict[str, list[tuple[str, Fraction]]]:
    """Return by dimension its conditions, each with the price under it."""
    result: dict[str, list[tuple[str, Fraction]]] = {}
    for entry in pricing.get("overrides") or ():
        for name in entry.keys() - set(CONDITIONS):
            result.setdefault(name, []).append((format_condition(entry), Fraction(entry[name])))
    return result


def list_scheduled(pricing: Record) -> set[str]:
    """Return the dimensions that have a time-of-day price."""
    return {
        name
        for name, prices in read_conditions(pricing).items()
        if any("utc_" in condition for condition, _ in prices)
    }


def read_tariff(pricing: Record, name: str) -> Any:
    """Return what a dimension costs: a price, or all its conditions with the plain price first."""
    plain = None if name in list_scheduled(pricing) else read_price(pricing, name)
    conditions = read_conditions(pricing).get(name)
    return [*([("{}", plain)] if plain is not None else []), *conditions] if conditions else plain


def parse_event_tariff(value: Any) -> Any:
    """Return the same for the old or new value of an event."""
    if not isinstance(value, list):
        return None if value is None else Fraction(value)
    return [(format_condition(entry), Fraction(entry["price"])) for entry in value]


def is_same_price(old: Any, new: Any) -> bool:
    """Return whether two values of a price object are equal: zero and an absent price are."""
    return is_near(Fraction(old or 0), Fraction(new or 0))


def is_near(old: Fraction | None, new: Fraction | None) -> bool:
    """Return whether two prices differ by no more than a billionth part; None is no price."""
    if old is None or new is None:
        return old is new
    return abs(old - new) * 10**9 <= max(abs(old), abs(new))


def is_near_tariff(old: Any, new: Any) -> bool:
    """Return whether two tariffs have near prices under the same conditions."""
    if not isinstance(old, list) or not isinstance(new, list):
        return not isinstance(old, list) and not isinstance(new, list) and is_near(old, new)
    return len(old) == len(new) and all(
        before[0] == after[0] and is_near(before[1], after[1]) for before, after in zip(old, new, strict=True)
    )


def is_same_pricing(first: Record, second: Record) -> bool:
    """Return whether two price objects have equal prices, without the current time-of-day rates."""
    if first == second:
        return True
    scheduled = list_scheduled(first)
    if scheduled != list_scheduled(second) or read_conditions(first) != read_conditions(second):
        return False
    names = (list_dimensions(first) | list_dimensions(second)) - scheduled
    return all(is_near(read_price(first, name), read_price(second, name)) for name in names)


# --- changes ------------------------------------------------------------------------------------------------


def list_pricing_changes(versions: Sequence[Version]) -> Iterator[tuple[str, str, Record, Record]]:
    """Yield every change of a price object from one version to the next: hour, id, before, after."""
    for before, version in pairwise(versions):
        for name in version.rows.keys() & before.rows.keys():
            old, new = (side.rows[name]["pricing"] for side in (before, version))
            if old != new:
                yield version.hour, name, old, new


def list_reprices(versions: Sequence[Version]) -> Iterator[tuple[Any, ...]]:
    """Yield what must be an event of a price or of its schedule: hour, id, dimension, old, new, cause.

    Aliases, which repeat the prices of other models, have none; nor has a price that nothing had before.
    """
    for before, version, new_paths in find_new_paths(versions):
        for name in version.rows.keys() & before.rows.keys():
            old, new = (side.rows[name]["pricing"] for side in (before, version))
            if old == new or name.startswith("~"):
                continue
            hidden = {path for path in new_paths if not path.startswith("pricing.overrides")}
            stripped = remove_paths(new, hidden, "pricing.")
            plain = (list_dimensions(old) | list_dimensions(stripped)) - list_scheduled(old)
            plain -= list_scheduled(new)
            moved = {
                dimension
                for dimension in plain
                if not is_near(read_price(old, dimension), read_price(stripped, dimension))
            }
            ruled = read_conditions(old).keys() | read_conditions(new).keys()
            if old.get("overrides") == stripped.get("overrides"):
                ruled = set()
            turned = {
                dimension
                for dimension in ruled
                if not is_near_tariff(read_tariff(old, dimension), read_tariff(new, dimension))
            }
            for dimension in moved | turned:
                read = read_tariff if dimension in ruled else read_price
                # Nobody's endpoints are on record here that could explain it.
                yield version.hour, name, dimension, read(old, dimension), read(new, dimension), "unknown"


# --- what did it cost? --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NaiveQuote:
    """The answer of somebody who looks a price up in the versions of the file."""

    seen: str
    since: str
    next: str | None
    same: bool | None
    pricing: Record


def look_up(versions: Sequence[Version], model: str, at: dt.datetime) -> NaiveQuote | None:
    """Return what a model cost at a time by the last version that had been recorded; None if not listed.

    A time on the hour stands for the hour as a whole: a version of 02:13 answers for 02:00.
    """
    is_on_the_hour = not (at.minute or at.second)
    times = [version.hour_start if is_on_the_hour else version.time for version in versions]
    position = max((position for position, time in enumerate(times) if time <= at), default=-1)
    if position < 0 or model not in versions[position].rows:
        return None
    pricing = versions[position].rows[model]["pricing"]

    def is_same_in(version: Version) -> bool:
        return model in version.rows and is_same_pricing(pricing, version.rows[model]["pricing"])

    first = position
    while first and is_same_in(versions[first - 1]):
        first -= 1
    seen, since = versions[position].hour, versions[first].hour
    if position + 1 == len(versions):
        return NaiveQuote(seen, since, None, None, pricing)
    following = versions[position + 1]
    return NaiveQuote(seen, since, following.hour, is_same_in(following), pricing)


def is_window_open(entry: Record, at: dt.datetime) -> bool:
    """Return whether the time-of-day window of an entry is open; it may span midnight."""
    now, start, end = at.hour * 100 + at.minute, entry["utc_start"], entry["utc_end"]
    return bool(start <= now < end or (start > end and not end <= now < start))


def read_prices_at(pricing: Record, at: dt.datetime) -> dict[str, Fraction]:
    """Return every price for a short prompt at a time."""
    prices = {
        name: price for name in list_dimensions(pricing) if (price := read_price(pricing, name)) is not None
    }
    for entry in pricing.get("overrides") or ():
        if "utc_start" in entry and is_window_open(entry, at):
            prices |= {name: Fraction(entry[name]) for name in entry.keys() - set(CONDITIONS)}
    return prices


def draw_questions(versions: Sequence[Version], count: int) -> Iterator[tuple[str, dt.datetime]]:
    """Yield random models and times: any time, around a listing, and before a change of price, in turn."""
    chance = random.Random(20260531)
    names = sorted({name for version in versions for name in version.rows})
    positions: dict[str, list[int]] = {}
    for position, version in enumerate(versions):
        for name in version.rows:
            positions.setdefault(name, []).append(position)
    begin, end = versions[0].time - 3 * DAY, versions[-1].time + 3 * DAY
    changes = [(name, dt.datetime.fromisoformat(hour)) for hour, name, *_ in list_pricing_changes(versions)]
    for number in range(count):
        name = chance.choice(names)
        at = begin + chance.random() * (end - begin)
        if number % 3 == 1:
            at = versions[chance.choice(positions[name])].time + (chance.random() - 0.3) * 12 * HOUR
        if number % 3 == 2:
            name, at = chance.choice(changes)
            at -= chance.random() * 12 * HOUR
        yield name, at.replace(microsecond=0)


def assert_same_quote(quote: PriceQuote, naive: NaiveQuote, at: dt.datetime) -> None:
    """Assert that an answer is the naive one."""
    prices = {name: Fraction(price["price"]) for name, price in quote.prices.items()}
    assert prices == read_prices_at(naive.pricing, at)
    assert quote.pricing == naive.pricing
    assert (quote.seen, quote.next, quote.same) == (naive.seen, naive.next, naive.same), quote
