"""The list of providers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orarchive.publish.views import View
from orarchive.publish.views.health import HealthFigure, has_strips
from orarchive.publish.views.labs_providers import ProviderView
from orarchive.publish.views.marks import make_monogram
from orarchive.publish.views.provider_figures import (
    MIN_HEALTHY_UPTIME,
    Market,
    ProviderFigures,
    build_market,
    compute_figures,
)
from orarchive.publish.views.status import Trouble, list_troubles


@dataclass(frozen=True)
class ProviderRow:
    """A provider in the list."""

    slug: str
    name: str
    is_name_shared: bool
    """Whether another provider in the list has the same name."""
    monogram: str
    figures: ProviderFigures
    ratio: str
    health: HealthFigure | None
    country: str
    is_gone: bool
    """Whether it is no longer listed."""


@dataclass(frozen=True)
class ProvidersPage:
    """The context of the list of providers."""

    troubles: list[Trouble]
    rows: list[ProviderRow]
    """Providers that serve a model, those of the most models first."""
    empty: list[ProviderRow]
    """The others, by name."""
    has_speed: bool
    """Whether latency and throughput were measured."""
    days_read: int
    """Of the last 30 days those of which an uptime is known."""
    has_strips: bool
    """Whether enough of these days were read to draw them."""
    has_degraded: bool
    """Whether an endpoint of any is degraded now."""
    is_health_known: bool
    """Whether enough of the last hours were read to tell which are degraded."""
    has_zdr: bool
    """Whether the list of endpoints without data retention was read."""
    min_uptime: int = MIN_HEALTHY_UPTIME


def build_providers_page(view: View) -> ProvidersPage:
    """Build the list of providers."""
    market = build_market(view.dataset, view.listed_models, view.catalog)
    names = Counter(provider.name for provider in view.providers)
    rows = [_build_row(provider, market, names[provider.name] > 1) for provider in view.providers]
    serving = sorted((row for row in rows if row.figures.models), key=lambda row: -row.figures.models)
    return ProvidersPage(
        troubles=list_troubles(view.dataset),
        rows=serving,
        empty=[row for row in rows if not row.figures.models],
        has_speed=_has_value(row.figures.throughput for row in serving),
        days_read=max((len(row.health.bars) for row in serving if row.health), default=0),
        has_strips=has_strips(row.health for row in serving),
        has_degraded=any(row.figures.degraded for row in serving),
        is_health_known=view.is_health_known,
        has_zdr=_has_value(row.figures.zdr for row in serving),
    )


def _has_value(values: Iterable[float | None]) -> bool:
    return any(value is not None for value in values)


def _build_row(provider: ProviderView, market: Market, is_name_shared: bool) -> ProviderRow:
    figures = compute_figures(provider, market)
    return ProviderRow(
        slug=provider.slug,
        name=provider.name,
        is_name_shared=is_name_shared,
        monogram=make_monogram(provider.name),
        figures=figures,
        ratio=format_ratio(figures.price_ratio),
        health=provider.health.figure,
        country=provider.country,
        is_gone=provider.is_gone,
    )


def format_ratio(ratio: Decimal | None) -> str:
    """Format a price as a multiple of another one: `1.25`; "" for None."""
    return "" if ratio is None else f"{ratio:.2f}×"
