"""Figures of providers: how often each is the cheapest, how dear and how fast it is, and what is degraded.

Prices are compared as a mix, three tokens in for one out. An endpoint that is degraded, or whose mean uptime
of 30 days is under `MIN_HEALTHY_UPTIME`, is not the cheapest of a model whatever it costs. A free model whose
endpoints all have a price is not compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.measures import MIN_SPEED_READINGS
from orarchive.catalog.source import CatalogEndpoint
from orarchive.catalog.tiers import blend
from orarchive.domain.event_kinds import DEGRADED, RECOVERED
from orarchive.publish.dataset import Dataset
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.labs_providers import ProviderView, Serving
from orarchive.publish.views.models import ModelView

MIN_HEALTHY_UPTIME = 95
"""Mean uptime of 30 days, in percent, below which an endpoint is not called the cheapest."""


@dataclass(frozen=True)
class ProviderFigures:
    """What a provider's endpoints come to."""

    models: int
    endpoints: int
    contested_models: int
    """Models that it and another provider serve at prices that differ."""
    cheapest_models: int
    """Those of which it is the cheapest healthy provider, alone or with others."""
    price_ratio: Decimal | None
    """Median over models that others serve too of its price by the lowest healthy one; None without any."""
    degraded: int
    """Endpoints that are degraded now."""
    zdr: int | None
    """Endpoints without data retention; None where that was never read."""
    throughput: float | None
    """Median over its endpoints, tokens a second; None where it was not measured often, as the next."""
    latency_ms: float | None

    @property
    def speed(self) -> str:
        """Return the throughput in words, "" where it is not known."""
        return "" if self.throughput is None else f"{self.throughput:.0f}"

    @property
    def latency(self) -> str:
        """Return the latency in seconds, "" where it is not known."""
        return "" if self.latency_ms is None else f"{self.latency_ms / 1000:.2f} s"


@dataclass(frozen=True)
class Market:
    """What the figures of all providers are compared with."""

    degraded: frozenset[str]
    """Keys of the endpoints that are degraded now."""
    lowest: Mapping[str, Decimal]
    """Model id -> the lowest healthy price, of models that several providers serve."""
    contested: frozenset[str]
    """Ids of those of them whose prices differ."""
    endpoints: Mapping[str, CatalogEndpoint]
    """By key."""

    def compute_ratio(self, serving: Serving) -> Decimal | None:
        """Return the price of an endpoint by the cheapest healthy one of its model; None without both."""
        price, lowest = get_price(serving.endpoint), self.lowest.get(serving.model.model.id)
        return price / lowest if price and lowest else None


def build_market(dataset: Dataset, models: Iterable[ModelView], catalog: Catalog) -> Market:
    """Build what providers are compared with, of listed models."""
    degraded = find_degraded(dataset)
    lowest: dict[str, Decimal] = {}
    contested = set()
    for model in models:
        if model.has_only_paid_endpoints:
            continue
        priced = [(endpoint, price) for endpoint in model.endpoints if (price := get_price(endpoint))]
        healthy = [price for endpoint, price in priced if _is_healthy(endpoint, degraded)]
        if healthy and len({endpoint.provider for endpoint, _ in priced}) > 1:
            lowest[model.model.id] = min(healthy)
            if len({price for _, price in priced}) > 1:
                contested.add(model.model.id)
    endpoints = {
        endpoint.key.text: endpoint
        for model in catalog.source.listed.values()
        for endpoint in model.endpoints
    }
    return Market(degraded, lowest, frozenset(contested), endpoints)


def find_degraded(dataset: Dataset) -> frozenset[str]:
    """Find the endpoints that serve a model and whose last event of health says that they are degraded."""
    last_kinds = {row.key: row.kind for row in dataset.log.rows if row.kind in (DEGRADED, RECOVERED)}
    entries = dataset.entries["endpoints"]
    return frozenset(
        key for key, kind in last_kinds.items() if kind == DEGRADED and entries[key].last is None
    )


def get_price(endpoint: EndpointView) -> Decimal | None:
    """Return the price of a million tokens of the mix; None where it is free or not known."""
    return blend(endpoint.endpoint.prices) or None


def _is_healthy(endpoint: EndpointView, degraded: frozenset[str]) -> bool:
    """Return whether an endpoint is not known to be unwell."""
    uptime = endpoint.health.uptime
    return endpoint.entry.key not in degraded and (uptime is None or uptime >= MIN_HEALTHY_UPTIME)


def is_cheapest(serving: Serving, market: Market) -> bool:
    """Return whether an endpoint is the cheapest healthy one of a model whose prices differ."""
    return (
        serving.model.model.id in market.contested
        and _is_healthy(serving.endpoint, market.degraded)
        and market.compute_ratio(serving) == 1
    )


def compute_figures(provider: ProviderView, market: Market) -> ProviderFigures:
    """Compute the figures of a provider."""
    ratios: dict[str, Decimal] = {}
    for serving in provider.servings:
        if (ratio := market.compute_ratio(serving)) is not None:
            model = serving.model.model.id
            ratios[model] = min(ratio, ratios.get(model, ratio))
    cheapest = {serving.model.model.id for serving in provider.servings if is_cheapest(serving, market)}
    keys = [serving.endpoint.entry.key for serving in provider.servings]
    facts = [market.endpoints[key] for key in keys if key in market.endpoints]
    retentions = [endpoint.is_zdr for endpoint in facts if endpoint.is_zdr is not None]
    speeds = [
        endpoint.health
        for endpoint in facts
        if endpoint.health and endpoint.health.speed_readings >= MIN_SPEED_READINGS
    ]
    return ProviderFigures(
        models=len({serving.model.model.id for serving in provider.servings}),
        endpoints=len(keys),
        contested_models=len(ratios.keys() & market.contested),
        cheapest_models=len(cheapest),
        price_ratio=median(ratios.values()) if ratios else None,
        degraded=sum(key in market.degraded for key in keys),
        zdr=sum(retentions) if retentions else None,
        throughput=_compute_median(health.throughput for health in speeds),
        latency_ms=_compute_median(health.latency_ms for health in speeds),
    )


def _compute_median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
