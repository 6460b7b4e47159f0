"""A row for each endpoint on the page of a model: its prices, limits, speed and health."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.measures import MIN_SPEED_READINGS
from orarchive.catalog.source import CatalogEndpoint
from orarchive.catalog.tiers import blend
from orarchive.domain.prices import MILLION
from orarchive.publish.dataset import PriceInterval, PriceKey
from orarchive.publish.views.cells import PriceCell, Since, build_since
from orarchive.publish.views.endpoints import (
    LONG_CONTEXT_TOKENS,
    EndpointView,
    find_lowest_price,
    is_unhealthy,
)
from orarchive.publish.views.health import HealthFigure
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.publish.views.price_charts import CHART_DIMENSIONS

MOVE_SPAN = dt.timedelta(days=30)
"""How long a price that moved is marked."""

MIN_DECIMALS, MAX_DECIMALS = 2, 4
"""Decimals of a column of prices."""

BLENDED, MAX_BLENDED_DECIMALS = "blended", 3
"""Name of the column of blended prices, and its decimals: they are rounded."""

TAG_REGIONS = {"us": "US", "eu": "EU", "europe": "EU"}
"""First word of the last part of a tag -> the region that it means."""

SUPPORTED = {"tools": "tools", "structured": "schema"}
"""Ability of an endpoint that is shown and filtered by -> its label."""


@dataclass(frozen=True)
class PriceMove:
    """A price that moved lately."""

    tone: str
    sign: str
    before: PriceCell
    since: dt.date


@dataclass(frozen=True)
class EndpointPrice:
    """A price of an endpoint, with what is to be said of it."""

    cell: PriceCell
    text: str
    """The amount with as many decimals as the others of its column; "" where a word stands for it."""
    is_shown: bool
    """Whether there is anything to show: without a price of its own, reading the cache is left blank."""
    is_lowest: bool
    """Whether it is the lowest of those that are not unhealthy."""
    discount: Decimal | None
    varies: bool
    """Whether it has conditions."""
    move: PriceMove | None


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint in the table."""

    provider: str
    provider_name: str
    label: str
    detail: str
    """What its tag says beside provider and quantization; "" for nothing."""
    traits: list[str]
    """What filters look at."""
    is_cheapest: bool
    prices: list[EndpointPrice]
    blended: EndpointPrice
    context: int | None
    max_output: int | None
    quantization: str
    supports: list[str]
    regions: list[str]
    region_note: str
    throughput: Decimal | None
    """Output tokens a second."""
    latency_s: Decimal | None
    uptime: float | None
    health: HealthFigure | None
    since: Since


def list_rows(
    model: ModelView,
    catalog_endpoints: Mapping[str, CatalogEndpoint],
    regions: Mapping[str, tuple[list[str], str]],
) -> list[EndpointRow]:
    """List the rows, by blended price; those without one are last.

    None is the cheapest of a free model that has only paid ones.
    """
    compared = [] if model.has_only_paid_endpoints else model.endpoints
    healthy = [endpoint for endpoint in compared if not is_unhealthy(endpoint)]
    lowest = {name: find_lowest_price(healthy, name) for name in CHART_DIMENSIONS}
    blends = {endpoint.label: _blend(endpoint) for endpoint in model.endpoints}
    decimals = {
        name: _count_decimals(
            (endpoint.endpoint.prices.get(name) for endpoint in model.endpoints), MAX_DECIMALS
        )
        for name in CHART_DIMENSIONS
    } | {BLENDED: _count_decimals(blends.values(), MAX_BLENDED_DECIMALS)}
    amounts = [amount for endpoint in healthy if (amount := blends[endpoint.label]) is not None]
    # Of several that are equal none is the cheapest.
    is_single = len(model.endpoints) > 1 and bool(amounts) and amounts.count(min(amounts)) == 1
    cheapest = min(amounts) if is_single else None
    ordered = sorted(
        model.endpoints,
        key=lambda endpoint: (blends[endpoint.label] is None, blends[endpoint.label] or 0),
    )
    return [
        _build_row(
            model,
            endpoint,
            catalog_endpoints.get(endpoint.label),
            _find_region(endpoint) or regions.get(endpoint.provider, ([], "")),
            lowest,
            decimals,
            is_cheapest=cheapest is not None
            and blends[endpoint.label] == cheapest
            and not is_unhealthy(endpoint),
        )
        for endpoint in ordered
    ]


def _blend(endpoint: EndpointView) -> Decimal | None:
    """Return the price of a token, three of input to one of output; None where one is unknown."""
    blended = blend(endpoint.endpoint.prices)
    return None if blended is None else blended / MILLION


def _build_row(
    model: ModelView,
    endpoint: EndpointView,
    known: CatalogEndpoint | None,
    regions: tuple[list[str], str],
    lowest: Mapping[str, Decimal | None],
    decimals: Mapping[str, int],
    *,
    is_cheapest: bool,
) -> EndpointRow:
    facts, health = endpoint.endpoint, known.health if known else None
    is_zdr = bool(known and known.is_zdr)
    has_speed = health is not None and health.speed_readings >= MIN_SPEED_READINGS
    return EndpointRow(
        provider=endpoint.provider,
        provider_name=facts.provider,
        label=endpoint.label,
        detail=_find_detail(endpoint),
        traits=_list_traits(
            endpoint, regions[0], is_zdr=is_zdr, is_compared=not model.has_only_paid_endpoints
        ),
        is_cheapest=is_cheapest,
        prices=[
            _build_price(model, endpoint, name, lowest[name], decimals[name]) for name in CHART_DIMENSIONS
        ],
        blended=_build_blended(model, endpoint, decimals[BLENDED]),
        context=facts.context,
        max_output=facts.max_output,
        quantization=endpoint.quantization,
        supports=[
            *(label for name, label in SUPPORTED.items() if name in endpoint.abilities),
            *(["ZDR"] if is_zdr else []),
        ],
        regions=regions[0],
        region_note=regions[1],
        throughput=_round_speed(health.throughput) if health and has_speed else None,
        latency_s=_round_speed(health.latency_ms, 1000) if health and has_speed else None,
        uptime=endpoint.health.uptime,
        health=endpoint.health.figure,
        since=build_since(endpoint.entry, model.dataset.joined_hours.get(endpoint.entry.key)),
    )


def _round_speed(mean: float | None, divisor: int = 1) -> Decimal | None:
    """Round a mean to three digits, after a change of its unit."""
    return None if mean is None else Decimal(f"{mean / divisor:.3g}")


def _find_detail(endpoint: EndpointView) -> str:
    """Return what a tag says beside provider and quantization: `turbo`, `eu-west-1`, `#1`."""
    rest = endpoint.label.removeprefix(endpoint.provider).removeprefix("/")
    quantization = endpoint.quantization
    if quantization and (rest == quantization or rest.startswith(f"{quantization}#")):
        rest = rest.removeprefix(quantization)
    return rest


def _find_region(endpoint: EndpointView) -> tuple[list[str], str] | None:
    """Return the region that a tag such as `azure/eu-west-1` names, and what it is; None if there is none."""
    place = re.split("[^a-z]", endpoint.entry.parts[1].partition("/")[2])[0]
    return ([TAG_REGIONS[place]], "The region in its tag") if place in TAG_REGIONS else None


def _list_traits(
    endpoint: EndpointView, regions: Iterable[str], *, is_zdr: bool, is_compared: bool
) -> list[str]:
    """List what filters look at; `ok` of one that can be the cheapest: not known to be unhealthy."""
    uptime = endpoint.health.uptime
    traits = {
        "ok": is_compared and not is_unhealthy(endpoint),
        "healthy": uptime is not None and not is_unhealthy(endpoint),
        "128k": (endpoint.endpoint.context or 0) >= LONG_CONTEXT_TOKENS,
        "tools": "tools" in endpoint.abilities,
        "structured": "structured" in endpoint.abilities,
        "zdr": is_zdr,
    }
    named = [f"q:{endpoint.quantization}"] if endpoint.quantization else []
    return [*(name for name, holds in traits.items() if holds), *named, *(f"in:{name}" for name in regions)]


def _count_decimals(prices: Iterable[Decimal | None], most: int) -> int:
    """Count the decimals that the prices of a column need per million tokens, `MIN_DECIMALS` to `most`."""
    exponents = [(price * MILLION).normalize().as_tuple().exponent for price in prices if price]
    needed = max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)
    return min(max(needed, MIN_DECIMALS), most)


def _format_padded(cell: PriceCell, decimals: int) -> str:
    """Format an amount with a number of decimals; "" where a word stands for it, or it would be rounded."""
    if cell.sort_value is None or not cell.sort_value:
        return ""
    amount = cell.sort_value * MILLION
    return f"${amount:,.{decimals}f}" if amount == round(amount, decimals) else ""


def _build_blended(model: ModelView, endpoint: EndpointView, decimals: int) -> EndpointPrice:
    amount = _blend(endpoint)
    cell = PriceCell(amount, "prompt", endpoint.is_free, model.is_priced_elsewhere)
    text = f"${amount * MILLION:,.{decimals}f}" if amount and cell.sort_value else ""
    is_shown = amount is not None and not cell.is_elsewhere
    return EndpointPrice(cell, text, is_shown, False, None, False, None)


def _build_price(
    model: ModelView, endpoint: EndpointView, dimension: str, lowest: Decimal | None, decimals: int
) -> EndpointPrice:
    facts = endpoint.endpoint
    price = facts.prices.get(dimension)
    is_input = dimension == "prompt"
    cell = PriceCell(price, dimension, endpoint.is_free, model.is_priced_elsewhere)
    # That it is charged otherwise is said once a row, under input.
    is_said = cell.is_elsewhere and not is_input and not facts.prices.get("prompt")
    return EndpointPrice(
        cell=cell,
        text=_format_padded(cell, decimals),
        is_shown=not is_said and (price is not None or dimension != "input_cache_read"),
        is_lowest=lowest is not None and price == lowest and not is_unhealthy(endpoint),
        discount=facts.discount if is_input else None,
        varies=bool(facts.schedule) and is_input,
        move=_find_move(model, dimension, endpoint.changed_prices.get(PriceKey(dimension), [])),
    )


def _find_move(model: ModelView, dimension: str, newest_first: list[PriceInterval]) -> PriceMove | None:
    """Find the last move of a price that still holds; None where it is long ago, by whole days."""
    if not newest_first or newest_first[0].last:
        return None
    now = newest_first[0]
    # After an absence the first intervals may have one amount.
    number = next(n for n, interval in enumerate(newest_first) if interval.amount != now.amount)
    before, first = newest_first[number], newest_first[number - 1].first
    if first < floor_day(model.now) - MOVE_SPAN or before.amount < 0 or now.amount < 0:
        return None
    is_cut = now.amount < before.amount
    cell = PriceCell(before.amount, dimension)
    return PriceMove("cheap" if is_cut else "dear", "▼" if is_cut else "▲", cell, first.date())
