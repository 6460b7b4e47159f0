"""What the pages show of endpoints: by the model asked, cheapest first, with their health by day."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

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
"""What people look for -> the parameter that says it."""


@dataclass(frozen=True)
class EndpointView:
    """An endpoint of a model: what it is, since when, and its health by day."""

    endpoint: Endpoint
    entry: RecordEntry
    health: Health
    points: Prices
    """Its price points."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What may be sent to it."""
        return as_texts(self.entry.record.get("supported_parameters"))

    @property
    def abilities(self) -> list[str]:
        """What people look for and it can."""
        return [name for name, parameter in ABILITIES.items() if parameter in self.parameters]

    @property
    def answers_as(self) -> str | None:
        """The model that it names, where that is another one than was asked for."""
        named = as_text(self.entry.record.get("model_id"))
        return named if named != self.endpoint.model else None

    @property
    def conditions(self) -> list[Condition]:
        """What its prices depend on."""
        return [read_condition(one) for one in self.endpoint.schedule]

    @property
    def provider(self) -> str:
        """The provider's slug."""
        return provider_slug(self.endpoint.tag)

    @property
    def moved(self) -> Prices:
        """What once had another price, with its points, newest first."""
        found = {rate: self.points[rate][::-1] for rate in sort_price_keys(self.points)}
        return {rate: points for rate, points in found.items() if len(points) > 1}


def build_endpoint_views(book: Dataset, now: dt.datetime) -> dict[str, list[EndpointView]]:
    """Endpoints by the model asked, cheapest first; those without a price last."""
    # whole days alone, so that a quiet hour leaves the page as it is
    days = [str(now.date() - dt.timedelta(days=n)) for n in reversed(range(1, 31))]
    found = [
        EndpointView(
            Endpoint.from_record(one.parts[0], one.parts[2], one.record),
            one,
            Health([book.health.get(one.key, {}).get(day) for day in days]),
            book.prices.get(("endpoints", one.key), {}),
        )
        for one in book.entries["endpoints"].values()
        if one.last is None
    ]
    if not found:
        return {}
    frame = pd.DataFrame(
        {
            "offer": found,
            "model": [one.endpoint.model for one in found],
            "input": [_sortable(one.endpoint.prices.get("prompt")) for one in found],
            "output": [_sortable(one.endpoint.prices.get("completion")) for one in found],
            "tag": [one.endpoint.tag for one in found],
            "n": [one.endpoint.n for one in found],
        }
    ).sort_values(["model", "input", "output", "tag", "n"], kind="stable")
    return {str(model): list(group["offer"]) for model, group in frame.groupby("model", sort=False)}


def _sortable(price: Decimal | None) -> float:
    """A price to sort by, never to show."""
    return float(price) if price is not None and price >= 0 else float("inf")


def lowest_prices(offers: list[EndpointView]) -> dict[str, Decimal]:
    """The lowest input and output price, each where prices differ."""
    found = {}
    for name in ("prompt", "completion"):
        prices = {price for one in offers if (price := one.endpoint.prices.get(name, Decimal(-1))) >= 0}
        if len(prices) > 1:
            found[name] = min(prices)
    return found


def provider_slug(tag: str) -> str:
    """The provider of an endpoint, by its tag."""
    return tag.partition("/")[0]
