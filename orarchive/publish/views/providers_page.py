"""The list of providers, and the page of each."""

from dataclasses import dataclass
from decimal import Decimal

from orarchive.publish.sanitize import check_url, url_host
from orarchive.publish.views.cells import PriceCell, Since, build_price_pair, build_since
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.health import HealthFigure
from orarchive.publish.views.labs_providers import ProviderView, Serving


@dataclass(frozen=True)
class ProviderRow:
    """A provider in the list."""

    slug: str
    name: str
    endpoint_count: int
    cheapest_count: int
    """Models of which it has the lowest input price."""
    uptime: float | None
    health: HealthFigure | None
    former_count: int
    """Endpoints that left."""
    since: Since | None
    """Since when it is listed, None where it never was."""
    is_gone: bool
    """Whether it is no longer listed."""
    headquarters: str


@dataclass(frozen=True)
class ProvidersPage:
    """The context of the list of providers."""

    rows: list[ProviderRow]


def build_providers_page(providers: list[ProviderView]) -> ProvidersPage:
    """Build the list of providers."""
    return ProvidersPage([_build_row(provider) for provider in providers])


def _build_row(provider: ProviderView) -> ProviderRow:
    health = provider.health
    return ProviderRow(
        slug=provider.slug,
        name=provider.name,
        endpoint_count=len(provider.servings),
        cheapest_count=provider.cheapest,
        uptime=health.uptime,
        health=health.figure,
        former_count=provider.former_count,
        since=build_since(provider.entry) if provider.entry else None,
        is_gone=_is_gone(provider),
        headquarters=provider.facts.get("Headquarters", ""),
    )


def _is_gone(provider: ProviderView) -> bool:
    return provider.entry is not None and provider.entry.last is not None


@dataclass(frozen=True)
class Fact:
    """A fact of a provider."""

    label: str
    text: str


@dataclass(frozen=True)
class PolicyLink:
    """A policy of a provider; an address that is not one of the web is shown, and no link."""

    label: str
    address: str
    url: str | None
    host: str


@dataclass(frozen=True)
class ServingRow:
    """A model that a provider serves."""

    model: str
    name: str
    label: str
    """The endpoint's tag."""
    input: PriceCell
    output: PriceCell
    ratio: Decimal | None
    """Its input price as a multiple of the lowest one."""
    ratio_text: str
    context: int | None
    quantization: str
    health: HealthFigure | None


@dataclass(frozen=True)
class ProviderPage:
    """The context of the page of a provider."""

    slug: str
    name: str
    is_gone: bool
    cheapest_count: int
    former_count: int
    health: HealthFigure | None
    facts: list[Fact]
    policies: list[PolicyLink]
    rows: list[ServingRow]
    changes: list[ChangeHour]


def build_provider_page(provider: ProviderView) -> ProviderPage:
    """Build the page of a provider: its facts, the endpoints that it serves, and its changes."""
    return ProviderPage(
        slug=provider.slug,
        name=provider.name,
        is_gone=_is_gone(provider),
        cheapest_count=provider.cheapest,
        former_count=provider.former_count,
        health=provider.health.figure,
        facts=[Fact(label, text) for label, text in provider.facts.items()],
        policies=[_build_policy(label, address) for label, address in provider.links.items()],
        rows=[_build_serving(serving) for serving in provider.servings],
        changes=build_change_hours(provider.changes),
    )


def _build_policy(label: str, address: str) -> PolicyLink:
    url = check_url(address)
    return PolicyLink(label, address, url, url_host(url) if url else "")


def _build_serving(serving: Serving) -> ServingRow:
    facts, ratio = serving.endpoint.endpoint, serving.price_ratio
    prompt, completion = build_price_pair(
        facts.prices, serving.endpoint.is_free, serving.model.is_priced_elsewhere
    )
    return ServingRow(
        model=serving.model.model.id,
        name=serving.model.model.name,
        label=serving.endpoint.label,
        input=prompt,
        output=completion,
        ratio=ratio,
        ratio_text=f"{float(ratio):.2f}×" if ratio else "",
        context=facts.context,
        quantization=serving.endpoint.quantization,
        health=serving.endpoint.health.figure,
    )
