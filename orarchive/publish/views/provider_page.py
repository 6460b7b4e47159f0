"""The page of a provider."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from orarchive.domain.event_kinds import JOINED
from orarchive.domain.figures import format_share
from orarchive.domain.keys import EndpointKey
from orarchive.domain.records import split_variant
from orarchive.index.event_log import EventRow
from orarchive.publish.changelog import ChangelogHour, build_changelog
from orarchive.publish.dataset import HealthMonth
from orarchive.publish.event_groups import split_hours
from orarchive.publish.sanitize import check_url, url_host
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, Since, build_price_pair, build_since, find_common_since
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.health import HealthFigure, format_uptime, has_strips
from orarchive.publish.views.labs_providers import PRICE_KINDS, SERVICE_KINDS, ProviderView, Serving
from orarchive.publish.views.marks import make_monogram
from orarchive.publish.views.provider_figures import (
    Market,
    ProviderFigures,
    build_market,
    compute_figures,
    is_cheapest,
)
from orarchive.publish.views.providers_page import format_ratio
from orarchive.timestamps import parse_stamp

MAX_PRICE_HOURS = 25
"""Hours with changes of prices that are shown."""

MAX_ARRIVALS = 60
"""Models that joined or left that are shown."""


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
    """Its price as a multiple of the lowest healthy one."""
    ratio_text: str
    is_cheapest: bool
    is_degraded: bool
    is_paid_for_free: bool
    """Whether the model is free, and OpenRouter names only paid endpoints for it."""
    context: int | None
    quantization: str
    health: HealthFigure | None
    since: Since


@dataclass(frozen=True)
class MonthRow:
    """The health of a provider's endpoints in a month."""

    month: str
    """`2026-08`."""
    name: str
    """`Aug 2026`."""
    endpoints: int
    days: int
    uptime: str
    """"" where no uptime was read."""
    problems: str


@dataclass(frozen=True)
class Arrival:
    """A model that a provider began to serve, or no longer serves."""

    model: str
    label: str
    date: dt.date
    is_joined: bool


@dataclass(frozen=True)
class ProviderPage:
    """The context of the page of a provider."""

    slug: str
    name: str
    monogram: str
    is_gone: bool
    figures: ProviderFigures
    ratio: str
    is_health_known: bool
    """Whether enough of the last hours were read to tell which endpoints are degraded."""
    former_count: int
    since: Since | None
    """Since when it is listed, None where it never was."""
    health: HealthFigure | None
    facts: list[Fact]
    policies: list[PolicyLink]
    rows: list[ServingRow]
    has_strips: bool
    """Whether enough days were read of a row's health to draw them."""
    common_since: Since | None
    """Since when it serves them, where that is the same of all."""
    months: list[MonthRow]
    arrivals: list[Arrival]
    """The last models that joined or left, the newest first."""
    more_arrivals: int
    """How many came and went before."""
    price_changes: list[ChangeHour]
    has_older_prices: bool
    changes: list[ChangeHour]
    """Of the provider itself, and of the health of what it serves."""


def build_provider_pages(view: View) -> Iterator[tuple[ProviderView, ProviderPage]]:
    """Yield every provider with its page."""
    market = build_market(view.dataset, view.listed_models, view.catalog)
    for provider in view.providers:
        yield provider, _build_page(view, provider, market)


def _build_page(view: View, provider: ProviderView, market: Market) -> ProviderPage:
    figures = compute_figures(provider, market)
    arrivals = _list_arrivals(view, provider)
    price_rows = [row for row in provider.events if row.kind in PRICE_KINDS]
    rows = [_build_serving(serving, market, view.now) for serving in provider.servings]
    prices = [*islice(_iterate_changes(view, price_rows), MAX_PRICE_HOURS + 1)]
    return ProviderPage(
        slug=provider.slug,
        name=provider.name,
        monogram=make_monogram(provider.name),
        is_gone=provider.is_gone,
        figures=figures,
        ratio=format_ratio(figures.price_ratio),
        is_health_known=view.is_health_known,
        former_count=provider.former_count,
        since=build_since(provider.entry) if provider.entry else None,
        health=provider.health.figure,
        facts=[Fact(label, text) for label, text in provider.facts.items()],
        policies=[_build_policy(label, address) for label, address in provider.links.items()],
        rows=rows,
        has_strips=has_strips(row.health for row in rows),
        common_since=find_common_since([row.since for row in rows]),
        months=[_build_month(*month) for month in view.dataset.health_months.get(provider.slug, {}).items()],
        arrivals=arrivals[:MAX_ARRIVALS],
        more_arrivals=max(len(arrivals) - MAX_ARRIVALS, 0),
        price_changes=build_change_hours(prices[:MAX_PRICE_HOURS]),
        has_older_prices=len(prices) > MAX_PRICE_HOURS,
        changes=build_change_hours(provider.changes),
    )


def _iterate_changes(view: View, rows: Iterable[EventRow]) -> Iterator[ChangelogHour]:
    """Yield the hours with lines of rows of events, newest first."""
    for hour_rows in reversed([*split_hours(rows)]):
        yield from build_changelog(view.dataset.log.decode(hour_rows), view.dataset)


def _build_policy(label: str, address: str) -> PolicyLink:
    url = check_url(address)
    return PolicyLink(label, address, url, url_host(url) if url else "")


def _build_serving(serving: Serving, market: Market, now: dt.datetime) -> ServingRow:
    endpoint, facts, ratio = serving.endpoint, serving.endpoint.endpoint, market.compute_ratio(serving)
    prompt, completion = build_price_pair(facts.prices, endpoint.is_free, serving.model.is_priced_elsewhere)
    return ServingRow(
        model=serving.model.model.id,
        name=serving.model.model.name,
        label=endpoint.label,
        input=prompt,
        output=completion,
        ratio=ratio,
        # Only an unhealthy endpoint is below the cheapest healthy one.
        ratio_text=f"{format_ratio(ratio)}{' unhealthy' if ratio is not None and ratio < 1 else ''}",
        is_cheapest=is_cheapest(serving, market),
        is_degraded=endpoint.entry.key in market.degraded,
        is_paid_for_free=serving.model.has_only_paid_endpoints,
        context=facts.context,
        quantization=endpoint.quantization,
        health=endpoint.health.figure,
        since=build_since(endpoint.entry, serving.model.dataset.joined_hours.get(endpoint.entry.key)),
    )


def _build_month(month: str, health: HealthMonth) -> MonthRow:
    return MonthRow(
        month=month,
        name=f"{dt.date.fromisoformat(f'{month}-01'):%b %Y}",
        endpoints=health.endpoints,
        days=health.days,
        uptime=format_uptime(health.uptime, keeps_zeros=True),
        problems=format_share(health.problems, keeps_zeros=True),
    )


def _list_arrivals(view: View, provider: ProviderView) -> list[Arrival]:
    """List the models that joined or left, the newest first; a variant only without its model."""
    arrivals = [_build_arrival(view, row) for row in reversed(provider.events) if row.kind in SERVICE_KINDS]
    days = {(arrival.model, arrival.date, arrival.is_joined) for arrival in arrivals}

    def is_told(arrival: Arrival) -> bool:
        base, variant = split_variant(arrival.model)
        return bool(variant) and (base, arrival.date, arrival.is_joined) in days

    return [arrival for arrival in arrivals if not is_told(arrival)]


def _build_arrival(view: View, row: EventRow) -> Arrival:
    entry = view.dataset.entries["endpoints"][row.key]
    key = EndpointKey(*entry.parts)
    return Arrival(key.model, key.label, parse_stamp(row.hour).date(), row.kind == JOINED)
