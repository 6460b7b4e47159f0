"""What the pages show of endpoints: by the model asked for, cheapest first, with their health by day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from orarchive.domain.keys import EndpointKey, provider_of_tag
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.domain.records import Endpoint, as_text, as_texts
from orarchive.publish.dataset import Dataset, Prices, RecordEntry
from orarchive.publish.views.conditions import Condition, read_condition, sort_price_keys
from orarchive.publish.views.health import Health

ABILITIES = {
    "tools": "tools",
    "reasoning": "reasoning",
    "structured": "structured_outputs",
    "logprobs": "logprobs",
    "seed": "seed",
}
"""What people look for -> the parameter that stands for it."""

HEALTH_DAYS = 30


@dataclass(frozen=True)
class EndpointView:
    """An endpoint of a model: what it is, since when, and its health by day."""

    endpoint: Endpoint
    entry: RecordEntry
    health: Health
    points: Prices
    """Its price points."""

    @property
    def label(self) -> str:
        """Return its tag, with a number from the second endpoint with the same tag on."""
        return EndpointKey(self.endpoint.model, self.endpoint.tag, self.endpoint.n).label

    @property
    def quantization(self) -> str:
        """Return its quantization, "" where it is not known."""
        quantization = self.endpoint.quantization
        return quantization if quantization and quantization != "unknown" else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return what may be sent to it."""
        return as_texts(self.entry.record.get("supported_parameters"))

    @property
    def abilities(self) -> list[str]:
        """Return what it can of what people look for."""
        return [name for name, parameter in ABILITIES.items() if parameter in self.parameters]

    @property
    def answers_as(self) -> str | None:
        """Return the model that it names, where that is not the model asked for."""
        model = as_text(self.entry.record.get("model_id"))
        return model if model != self.endpoint.model else None

    @property
    def conditions(self) -> list[Condition]:
        """Return what its prices depend on."""
        return [read_condition(entry) for entry in self.endpoint.schedule]

    @property
    def provider(self) -> str:
        """Return the provider's slug."""
        return provider_of_tag(self.endpoint.tag)

    @property
    def changed_prices(self) -> Prices:
        """Return the prices that were once different, with their points, newest first."""
        newest_first = {key: self.points[key][::-1] for key in sort_price_keys(self.points)}
        return {key: points for key, points in newest_first.items() if len(points) > 1}


def build_endpoint_views(dataset: Dataset, now: dt.datetime) -> dict[str, list[EndpointView]]:
    """Build the endpoints by the model asked for, cheapest first; those without a price last."""
    # Whole days alone, so that a quiet hour leaves the page as it is.
    days = [str(now.date() - dt.timedelta(days=n)) for n in reversed(range(1, HEALTH_DAYS + 1))]
    views = [
        EndpointView(
            Endpoint.from_record(entry.parts[0], entry.parts[2], entry.record),
            entry,
            Health([dataset.health.get(entry.key, {}).get(day) for day in days]),
            dataset.prices.get(("endpoints", entry.key), {}),
        )
        for entry in dataset.entries["endpoints"].values()
        if entry.last is None
    ]
    return _sort_by_model(views) if views else {}


def _sort_by_model(views: Sequence[EndpointView]) -> dict[str, list[EndpointView]]:
    frame = pd.DataFrame(
        {
            "view": views,
            "model": [view.endpoint.model for view in views],
            "input": [_sort_value(view.endpoint.prices.get("prompt")) for view in views],
            "output": [_sort_value(view.endpoint.prices.get("completion")) for view in views],
            "tag": [view.endpoint.tag for view in views],
            "n": [view.endpoint.n for view in views],
        }
    ).sort_values(["model", "input", "output", "tag", "n"], kind="stable")
    return {str(model): list(group["view"]) for model, group in frame.groupby("model", sort=False)}


def _sort_value(price: Decimal | None) -> float:
    """Return a price to sort by, never to show."""
    return float(price) if price is not None and price >= 0 else float("inf")


def lowest_prices(views: Sequence[EndpointView]) -> dict[str, Decimal]:
    """Find the lowest input and output price, each where prices differ."""
    lowest = {}
    for name in MAIN_DIMENSIONS:
        prices = {price for view in views if (price := view.endpoint.prices.get(name, Decimal(-1))) >= 0}
        if len(prices) > 1:
            lowest[name] = min(prices)
    return lowest
