"""What the pages show of price schedules."""

from dataclasses import dataclass
from decimal import Decimal

from orarchive.jsonl import Record
from orarchive.prices import CONDITIONS, rates
from orarchive.publish.clocks import minutes
from orarchive.records import integer, texts


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


def condition(entry: Record) -> Condition:
    """One entry of a price schedule."""
    prices = rates(entry)
    start, end = minutes(entry.get("utc_start")), minutes(entry.get("utc_end"))
    return Condition(
        over=integer(entry.get("min_prompt_tokens")),
        window=(start, end) if start is not None and end is not None else None,
        days=[day.capitalize() for day in texts(entry.get("utc_days"))],
        other=sorted(entry.keys() - prices.keys() - set(CONDITIONS)),
        prices=prices,
    )
