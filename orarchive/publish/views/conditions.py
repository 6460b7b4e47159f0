"""Conditions of price schedules, and their words."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.phrasing import label_dimension, list_conditions, sort_dimensions
from orarchive.domain.prices import read_entry_prices
from orarchive.domain.records import as_integer
from orarchive.jsonl import Record, loads
from orarchive.publish.changelog import PAGE_STYLE
from orarchive.publish.dataset import PriceKey


@dataclass(frozen=True)
class Condition:
    """An entry of a price schedule: when it holds, and its prices by dimension."""

    words: list[str]
    """The conditions, all of which must hold: `prompt over 200,000 tokens`; without any, `always`."""
    is_about_length: bool
    """Whether the prices hold only for prompts over a number of tokens."""
    prices: dict[str, Decimal]


def read_condition(entry: Record) -> Condition:
    """Read one entry of a price schedule."""
    return Condition(
        words=list_conditions(entry, PAGE_STYLE) or ["always"],
        is_about_length=bool(as_integer(entry.get("min_prompt_tokens"))),
        prices=read_entry_prices(entry),
    )


def format_price_key(price_key: PriceKey) -> str:
    """Format dimension and condition of a price: `input`, `output (prompt over 200,000 tokens)`."""
    name = label_dimension(price_key.dimension)
    if not price_key.condition:
        return name
    return f"{name} ({'; '.join(read_condition(loads(price_key.condition)).words)})"


def sort_price_keys(price_keys: Collection[PriceKey]) -> list[PriceKey]:
    """Sort keys of prices by dimension, in the order of the pages, the price without condition first."""
    dimensions = sort_dimensions({price_key.dimension for price_key in price_keys})
    order = {name: n for n, name in enumerate(dimensions)}
    return sorted(price_keys, key=lambda key: (order[key.dimension], len(key.condition), key.condition))
