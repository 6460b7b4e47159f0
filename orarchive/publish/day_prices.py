"""What was listed on each day, and what it cost: the file that the pages of days and of comparison read.

A day shows what the last good reading up to its end showed, as the commands `at` and `price` answer for its
last hour. Days are counted from the first one of the record. The file changes only where a model does, so
that a quiet hour leaves it as it is.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from orarchive.domain.foreign_text import escape_invisible
from orarchive.publish.amounts import format_per_million
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import DAY

DAY_PRICES_PATH = "days/prices.json"

DIMENSIONS = ("prompt", "completion", "input_cache_read", "input_cache_write")
"""Prices in the file, in the order in which each model has them."""

ABILITY_WORDS = {"tools": "tools", "reasoning": "reasoning", "structured": "JSON"}
"""Ability of an endpoint -> its word, the same as that of a model."""

INDEXES = ("intelligence index", "coding index")
"""Scores in the file, in the order in which each model has them; none where benchmarks are left out."""

Step = list[int | str | None]
"""A day, and the price from then on, USD for a million tokens: [day, price], [day, lowest, highest] of a
time-of-day price, [day, null] where there is none."""


def build_day_prices(
    dataset: Dataset,
    models: Iterable[ModelView],
    paths: Mapping[str, str],
    abilities: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Build the content of the file; `paths` has the path of each model's page, `abilities` what it can do.

    `has_provider` of a model: whether a provider has its list price now; null without endpoints. Only where
    there are any: `cheapest`, the cheapest healthy provider and its prices now, where the list says
    other prices, context or abilities; `providers`, their number; `scores`, one for each of `indexes`.
    """
    hours = dataset.good_hours["models"]
    indexes = INDEXES if dataset.benchmarks else ()
    return {
        "first": f"{hours[0].date()}" if hours else None,
        "unread": [*_list_unread_days(hours)],
        "dimensions": [*DIMENSIONS],
        "indexes": [name.removesuffix(" index").capitalize() for name in indexes],
        "models": [
            _build_model(model, paths[model.model.id], abilities[model.model.id], hours)
            | _describe_now(model, abilities[model.model.id], indexes)
            for model in models
        ],
    }


def _describe_now(view: ModelView, abilities: Sequence[str], indexes: Sequence[str]) -> dict[str, Any]:
    """Return the cheapest provider, the number of providers and the scores, each only where there is one."""
    scores = {score.measure: score.score for score in view.scores if score.measure in indexes}
    members = {
        "cheapest": _describe_offer(view, abilities),
        "providers": len({endpoint.provider for endpoint in view.endpoints}),
        "scores": [scores.get(name) for name in indexes] if scores else [],
    }
    return {name: value for name, value in members.items() if value}


def _list_unread_days(hours: Sequence[dt.datetime]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last day of each stretch of whole days without a good hour."""
    for before, after in pairwise(hours):
        first, last = _count_days(before, hours) + 1, _count_days(after, hours) - 1
        if first <= last:
            yield first, last


def _build_model(
    view: ModelView, path: str, abilities: Sequence[str], hours: Sequence[dt.datetime]
) -> dict[str, Any]:
    prices = merge_time_of_day(view.points, hours)
    return {
        "id": escape_invisible(view.model.id),
        "name": escape_invisible(view.model.name),
        "path": path,
        "context": view.model.context,
        "max_output": view.model.max_output,
        "supports": [*abilities, *view.model.media_inputs],
        "has_provider": view.has_provider_at_list_price,
        "listed": [
            (_count_days(first, hours), _find_end_day(last, hours))
            for first, last in view.stretches
            if _count_days(first, hours) != _find_end_day(last, hours)
        ],
        "prices": [[*_list_steps(prices.get(PriceKey(name), []), hours)] for name in DIMENSIONS],
    }


def _describe_offer(view: ModelView, abilities: Sequence[str]) -> dict[str, Any] | None:
    """Describe the cheapest healthy provider: its prices by DIMENSIONS, limits and abilities.

    None where the list price counts, or the list says the same prices, context and `abilities`.
    """
    if view.offer is None:
        return None
    cheapest, listed = view.offer.endpoint, view.model
    supports = [word for name, word in ABILITY_WORDS.items() if name in view.offer.abilities]
    has_same_prices = all(cheapest.prices.get(name) == listed.prices.get(name) for name in DIMENSIONS)
    if has_same_prices and cheapest.context == listed.context and {*supports} == {*abilities}:
        return None
    prices = [cheapest.prices.get(name) for name in DIMENSIONS]
    return {
        "provider": escape_invisible(cheapest.provider),
        "prices": [None if price is None else format_per_million(price) for price in prices],
        "context": cheapest.context,
        "max_output": cheapest.max_output,
        "supports": [*supports, *view.model.media_inputs],
    }


def _list_steps(intervals: Iterable[PriceInterval], hours: Sequence[dt.datetime]) -> Iterator[Step]:
    """Yield the prices that held at the end of a day, without those that are as the one before."""
    steps: dict[int, list[str | None]] = {}
    for interval in intervals:
        amounts = dict.fromkeys((interval.amount, interval.highest or interval.amount))
        steps[_count_days(interval.first, hours)] = [*map(format_per_million, amounts)]
        if (end := _find_end_day(interval.last, hours)) is not None:
            steps[end] = [None]
    previous: list[str | None] = [None]
    for day, prices in sorted(steps.items()):
        if prices != previous:
            yield [day, *prices]
        previous = prices


def _find_end_day(last: dt.datetime | None, hours: Sequence[dt.datetime]) -> int | None:
    """Return the first day whose end no longer shows what was seen last in an hour; None while it is seen."""
    n = bisect_right(hours, last) if last else len(hours)
    return _count_days(hours[n], hours) if n < len(hours) else None


def _count_days(hour: dt.datetime, hours: Sequence[dt.datetime]) -> int:
    """Return the number of days between the first day of the record and that of an hour."""
    return (hour.date() - hours[0].date()) // DAY
