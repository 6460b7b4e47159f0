"""Free models over time: since when one is free, and which have ceased to be."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.dataset import Dataset, PriceInterval
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class FreeEnd:
    """The end of a free model."""

    model: ModelView
    last: dt.datetime
    """The last good hour in which it was free."""
    paid_from: dt.datetime | None
    """The first good hour in which it had a price; None of a model that went while it was free."""
    prices: dict[str, Decimal]
    """Its first prices of input and output, USD for a token."""


def find_free_since(dataset: Dataset, model: ModelView, last: dt.datetime) -> dt.datetime:
    """Return the first hour since which a model was free, up to a good hour in which it was.

    It is the first good hour after the last one in which the model had a price.
    """
    intervals = _list_paid(dataset, model)
    ends = [interval.last for interval in intervals if interval.last and interval.last < last]
    if not ends:
        return model.entry.first
    hours = dataset.good_hours["models"]
    return hours[bisect_right(hours, max(ends))]


def list_free_ends(dataset: Dataset, models: Iterable[ModelView], begin: dt.datetime) -> list[FreeEnd]:
    """List the models that were free in an hour from `begin` on and no longer are, the last one first."""
    ends = [end for model in models if (end := _find_end(dataset, model)) and end.last >= begin]
    return sorted(ends, key=lambda end: (end.last, end.model.model.id), reverse=True)


def _find_end(dataset: Dataset, model: ModelView) -> FreeEnd | None:
    """Return when a model ceased to be free; None if it is free, never was, or has no price since.

    What is charged by something else than tokens has never been free.
    """
    if model.model.is_alias or model.is_priced_elsewhere:
        return None
    if model.is_free:
        return FreeEnd(model, model.entry.last, None, {}) if model.entry.last else None
    paid = [*_list_paid(dataset, model)]
    last = max(_list_free_hours(dataset, model, paid), default=None)
    if last is None:
        return None
    paid_from = min((interval.first for interval in paid if interval.first > last), default=None)
    if paid_from is None:
        return None
    prices = {name: dataset.find_price_at(model.entry, name, paid_from) for name in MAIN_DIMENSIONS}
    return FreeEnd(
        model, last, paid_from, {name: price for name, price in prices.items() if price is not None}
    )


def _list_paid(dataset: Dataset, model: ModelView) -> Iterator[PriceInterval]:
    """Yield the intervals of all prices of a model that are not 0, dynamic ones too."""
    for intervals in dataset.prices.get(("models", model.model.id), {}).values():
        yield from (interval for interval in intervals if interval.amount)


def _list_free_hours(
    dataset: Dataset, model: ModelView, paid: Iterable[PriceInterval]
) -> Iterator[dt.datetime]:
    """Yield the last hours of prices of 0 for input in which the model had no other price."""
    for price_key, intervals in dataset.prices.get(("models", model.model.id), {}).items():
        for interval in intervals if price_key.dimension == MAIN_DIMENSIONS[0] else ():
            last = interval.last
            if last and not interval.amount and not _is_paid_at(paid, last):
                yield last


def _is_paid_at(paid: Iterable[PriceInterval], hour: dt.datetime) -> bool:
    return any(interval.first <= hour and (not interval.last or hour <= interval.last) for interval in paid)
