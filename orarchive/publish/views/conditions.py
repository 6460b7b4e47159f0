"""Conditions of price schedules, and their words."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.phrasing import label_dimension, sort_dimensions
from orarchive.domain.prices import CONDITIONS, format_time_of_day, read_entry_prices
from orarchive.domain.records import as_integer, as_texts
from orarchive.jsonl import Record, loads
from orarchive.publish.charts.week import parse_minutes
from orarchive.publish.dataset import PriceKey


@dataclass(frozen=True)
class Condition:
    """An entry of a price schedule: when it holds, and its prices by dimension."""

    over: int | None
    """Prompts of more tokens than this."""
    window: tuple[int, int] | None
    """Times of day, UTC, in minutes; the second is the smaller number where it runs past midnight."""
    days: list[str]
    unknown: list[str]
    """Members that are neither a known condition nor a price: an entry with any is not understood."""
    prices: dict[str, Decimal]

    @property
    def words(self) -> list[str]:
        """Phrase the conditions, all of which must hold for the prices: `prompt over 200,000 tokens`.

        Without any condition the prices hold `always`.
        """
        words = []
        if self.over is not None:
            words.append(f"prompt over {self.over:,} tokens")
        if self.window:
            words.append(f"{format_time_of_day(self.window[0])}–{format_time_of_day(self.window[1])} UTC")
        if self.days:
            words.append(", ".join(self.days) + ("" if self.window else " UTC"))
        if self.unknown:
            words.append(f"and {', '.join(self.unknown)}, which is not understood here")
        return words or ["always"]


def read_condition(entry: Record) -> Condition:
    """Read one entry of a price schedule."""
    prices = read_entry_prices(entry)
    start, end = parse_minutes(entry.get("utc_start")), parse_minutes(entry.get("utc_end"))
    return Condition(
        over=as_integer(entry.get("min_prompt_tokens")),
        window=(start, end) if start is not None and end is not None else None,
        days=[day.capitalize() for day in as_texts(entry.get("utc_days"))],
        unknown=sorted(entry.keys() - prices.keys() - set(CONDITIONS)),
        prices=prices,
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
