"""First prices of records: what a model or an endpoint cost when it came."""

from collections.abc import Iterator

from orarchive.domain.event_kinds import ADDED, FIRST_OBSERVED, JOINED
from orarchive.domain.keys import get_model_of_key
from orarchive.domain.phrasing import label_dimension
from orarchive.domain.prices import MAIN_DIMENSIONS, format_price, format_unit
from orarchive.domain.records import Model
from orarchive.index.events import Event
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey
from orarchive.publish.price_moves import Move
from orarchive.timestamps import parse_stamp

FIRST_KINDS = (ADDED, FIRST_OBSERVED, JOINED)
"""Kinds of events whose line has the first prices."""


def list_first_prices(event: Event, dataset: Dataset) -> tuple[Move, ...]:
    """Return the main prices that a record was added with; no zeros of a model not charged by the token."""
    first = _find_first_prices(event, dataset)
    if not first:
        return ()
    moves = [Move(name, None, price.amount) for name, price in first.items() if not _is_range(price)]
    entry = dataset.entries["models"].get(get_model_of_key(event.key))
    has_price = any(move.new for move in moves)
    if entry and not has_price:
        model = Model.from_record(entry.record, parse_stamp(event.hour))
        return tuple(moves) if model.is_charged_by_token else ()
    return tuple(moves)


def describe_first_rates(event: Event, dataset: Dataset) -> Iterator[str]:
    """Yield the time-of-day prices that a record was added with.

    For example `input $0.22 to $0.44 per M by time of day`.
    """
    for name, price in _find_first_prices(event, dataset).items():
        if _is_range(price):
            low, high = (format_price(name, amount) for amount in (price.amount, price.highest))
            yield f"{label_dimension(name)} {low.removesuffix(format_unit(name))} to {high} by time of day"


def _find_first_prices(event: Event, dataset: Dataset) -> dict[str, PriceInterval]:
    """Find the main prices that a record was added with; {} of any other event."""
    if event.kind not in FIRST_KINDS:
        return {}
    prices = dataset.prices.get((event.feed, event.key), {})
    merged = merge_time_of_day(prices, dataset.good_hours[event.feed])
    hour = parse_stamp(event.hour)
    begun = {
        name: [price for price in merged.get(PriceKey(name), ()) if price.first == hour]
        for name in MAIN_DIMENSIONS
    }
    return {name: found[0] for name, found in begun.items() if found}


def _is_range(price: PriceInterval) -> bool:
    return price.highest is not None and price.highest != price.amount
