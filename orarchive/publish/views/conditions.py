"""What the pages show of price schedules."""

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
    """A row of a price schedule: when it holds, and its prices by dimension."""

    over: int | None
    """Prompts of more tokens than this."""
    window: tuple[int, int] | None
    """Times of day, UTC, in minutes; the second may be the smaller one: past midnight."""
    days: list[str]
    other: list[str]
    """Members that are neither a known condition nor a price: an entry with any is not understood."""
    prices: dict[str, Decimal]

    @property
    def words(self) -> list[str]:
        """What must hold, in words; all of it."""
        found = []
        if self.over is not None:
            found.append(f"prompt over {self.over:,} tokens")
        if self.window:
            found.append(f"{format_time_of_day(self.window[0])}–{format_time_of_day(self.window[1])} UTC")
        if self.days:
            found.append(", ".join(self.days) + ("" if self.window else " UTC"))
        if self.other:
            found.append(f"and {', '.join(self.other)}, which is not understood here")
        return found or ["always"]


def read_condition(entry: Record) -> Condition:
    """One entry of a price schedule."""
    prices = read_entry_prices(entry)
    start, end = parse_minutes(entry.get("utc_start")), parse_minutes(entry.get("utc_end"))
    return Condition(
        over=as_integer(entry.get("min_prompt_tokens")),
        window=(start, end) if start is not None and end is not None else None,
        days=[day.capitalize() for day in as_texts(entry.get("utc_days"))],
        other=sorted(entry.keys() - prices.keys() - set(CONDITIONS)),
        prices=prices,
    )


def format_price_key(rate: PriceKey) -> str:
    """A price in words: `input`, `output (prompt over 200,000 tokens)`."""
    name = label_dimension(rate.dimension)
    return f"{name} ({'; '.join(read_condition(loads(rate.condition)).words)})" if rate.condition else name


def sort_price_keys(rates: Collection[PriceKey]) -> list[PriceKey]:
    """Prices in the order in which they are shown, the plain one of a dimension first."""
    by = {name: place for place, name in enumerate(sort_dimensions({rate.dimension for rate in rates}))}
    return sorted(rates, key=lambda rate: (by[rate.dimension], len(rate.condition), rate.condition))
