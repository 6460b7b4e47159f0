"""Endpoints for the pages: by requested model, cheapest first, with their health by day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orarchive.catalog.tiers import blend
from orarchive.domain.keys import EndpointKey, get_provider_of_tag
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.domain.records import Endpoint, Model, as_text, as_texts
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
"""Ability that tables and filters name -> the request parameter that stands for it."""

HEALTH_DAYS = 30

LONG_CONTEXT_TOKENS = 128_000
"""Tokens of context from which on a model or an endpoint has the trait `128k`."""


@dataclass(frozen=True)
class EndpointView:
    """An endpoint of a model: what it is, since when, and its health by day."""

    dataset: Dataset = field(repr=False)
    endpoint: Endpoint
    entry: RecordEntry
    health: Health
    is_free: bool
    """Whether its model is charged by the token, and all its prices are 0."""

    @property
    def points(self) -> Prices:
        """Return its price points."""
        return self.dataset.prices.get(("endpoints", self.entry.key), {})

    @property
    def label(self) -> str:
        """Return the tag, from the second endpoint with the same tag on with a number: `deepinfra/fp8#1`."""
        return EndpointKey(self.endpoint.model, self.endpoint.tag, self.endpoint.n).label

    @property
    def quantization(self) -> str:
        """Return the quantization as sent, "" where it is missing or `unknown`."""
        quantization = self.endpoint.quantization
        return quantization if quantization and quantization != "unknown" else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of the request parameters that it supports."""
        return as_texts(self.entry.record.get("supported_parameters"))

    @property
    def abilities(self) -> list[str]:
        """Return the abilities, keys of `ABILITIES`, whose parameter it supports."""
        return [name for name, parameter in ABILITIES.items() if parameter in self.parameters]

    @property
    def answers_as(self) -> str | None:
        """Return the model that the response names; None where it is the requested one."""
        model = as_text(self.entry.record.get("model_id"))
        return model if model != self.endpoint.model else None

    @property
    def conditions(self) -> list[Condition]:
        """Return the entries of its price schedule."""
        return [read_condition(entry) for entry in self.endpoint.schedule]

    @property
    def provider(self) -> str:
        """Return the provider's slug."""
        return get_provider_of_tag(self.endpoint.tag)

    @property
    def changed_prices(self) -> Prices:
        """Return the price points, newest first, of the prices that had more than one amount.

        An endpoint that was away for a while has several points of one amount: nothing changed.
        """
        points = self.points
        return {
            key: points[key][::-1]
            for key in sort_price_keys(points)
            if len({point.amount for point in points[key]}) > 1
        }


def build_endpoint_views(
    dataset: Dataset, models: Mapping[str, Model], now: dt.datetime
) -> dict[str, list[EndpointView]]:
    """Build the current endpoints by requested model, cheapest first; those without a price last."""
    # Whole days alone, so that a quiet hour leaves the page as it is.
    days = [str(now.date() - dt.timedelta(days=n)) for n in reversed(range(1, HEALTH_DAYS + 1))]
    views = [
        _build_view(dataset, entry, models.get(entry.parts[0]), days)
        for entry in dataset.entries["endpoints"].values()
        if entry.last is None
    ]
    return _sort_by_model(views)


def read_endpoint(dataset: Dataset, entry: RecordEntry) -> Endpoint:
    """Read an endpoint, current or former, with its prices at the last hour that showed it."""
    model, _, n = entry.parts
    return Endpoint.from_record(model, n, entry.record, dataset.find_read_hour(entry))


def _build_view(
    dataset: Dataset, entry: RecordEntry, model: Model | None, days: Sequence[str]
) -> EndpointView:
    """Build a current endpoint of a model with its health on some days."""
    endpoint = read_endpoint(dataset, entry)
    return EndpointView(
        dataset=dataset,
        endpoint=endpoint,
        entry=entry,
        health=Health(
            [dataset.health.get(entry.key, {}).get(day) for day in days], dt.date.fromisoformat(days[-1])
        ),
        is_free=endpoint.has_zero_prices and model is not None and model.is_charged_by_token,
    )


def _sort_by_model(views: Sequence[EndpointView]) -> dict[str, list[EndpointView]]:
    # Pandas is no help here: with pyarrow installed it refuses keys that hold a lone surrogate.
    by_model: dict[str, list[EndpointView]] = defaultdict(list)
    for view in sorted(views, key=_get_sort_key):
        by_model[view.endpoint.model].append(view)
    return by_model


def _get_sort_key(view: EndpointView) -> tuple[str, float, float, str, int]:
    endpoint = view.endpoint
    prompt, completion = (_sort_value(endpoint.prices.get(name)) for name in MAIN_DIMENSIONS)
    return endpoint.model, prompt, completion, endpoint.tag, endpoint.n


def _sort_value(price: Decimal | None) -> float:
    """Return a price as a number to sort by, never to show; infinity for none and for a dynamic one."""
    return float(price) if price is not None and price >= 0 else float("inf")


MIN_HEALTHY_PERCENT = 95
"""Uptime over the last 30 days from which on an endpoint is healthy."""


def is_unhealthy(view: EndpointView) -> bool:
    """Return whether the uptime of an endpoint is known, and too low to recommend it."""
    uptime = view.health.uptime
    return uptime is not None and uptime < MIN_HEALTHY_PERCENT


def list_priced(views: Iterable[EndpointView]) -> list[tuple[Decimal, EndpointView]]:
    """List the endpoints that may be recommended with their blended prices, the cheapest first.

    The price is in USD for a million tokens, three of input to one of output. Of equal ones that which reads
    its cache for less comes first.
    """
    priced = [
        (blended, view)
        for view in views
        if not is_unhealthy(view) and (blended := blend(view.endpoint.prices)) is not None
    ]
    priced.sort(key=lambda pair: _sort_value(pair[1].endpoint.prices.get("input_cache_read")))
    return sorted(priced, key=lambda pair: pair[0])


def find_cheapest(views: Iterable[EndpointView]) -> tuple[Decimal, EndpointView] | None:
    """Find the first of `list_priced`; None where it is empty."""
    return next(iter(list_priced(views)), None)


def find_lowest_price(views: Iterable[EndpointView], dimension: str) -> Decimal | None:
    """Return the lowest price of a dimension; None where the prices that endpoints state do not differ."""
    stated = (view.endpoint.prices.get(dimension, Decimal(-1)) for view in views)
    prices = {price for price in stated if price >= 0}
    return min(prices) if len(prices) > 1 else None
