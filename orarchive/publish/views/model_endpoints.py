"""The endpoints on the page of a model: now, under conditions, in the past, and those that left."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.keys import EndpointKey
from orarchive.domain.phrasing import sort_dimensions
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.dataset import PriceKey, RecordEntry
from orarchive.publish.views.cells import PriceCell, PricePointRow, Since, build_point_row, build_since
from orarchive.publish.views.conditions import Condition
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.health import HealthFigure
from orarchive.publish.views.models import ModelView

SHOWN_DIMENSIONS = (*MAIN_DIMENSIONS, "input_cache_read")

MAX_ANSWERED = 3
"""Other models that are named under which OpenRouter answered."""


@dataclass(frozen=True)
class EndpointPrice:
    """A price of an endpoint, with what is to be said of it."""

    cell: PriceCell
    is_shown: bool
    """Whether there is anything to show: without a price of its own, reading the cache is left blank."""
    is_lowest: bool
    discount: Decimal | None
    varies: bool
    """Whether it has conditions."""
    since: dt.date | None
    """Since when it holds, where it was once different."""


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint in the table."""

    provider: str
    provider_name: str
    label: str
    prices: list[EndpointPrice]
    context: int | None
    max_output: int | None
    abilities: list[str]
    quantization: str
    uptime: float | None
    health: HealthFigure | None
    since: Since


@dataclass(frozen=True)
class DimensionPrice:
    """A price with the dimension that it is of."""

    dimension: str
    cell: PriceCell


@dataclass(frozen=True)
class ConditionRow:
    """The prices of an endpoint under a condition."""

    label: str
    words: list[str]
    prices: list[DimensionPrice]


@dataclass(frozen=True)
class EndpointPoint:
    """A price that an endpoint has or had."""

    label: str
    point: PricePointRow


@dataclass(frozen=True)
class FormerEndpoint:
    """An endpoint that left."""

    label: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class EndpointSection:
    """The endpoints of a model."""

    rows: list[EndpointRow]
    is_read: bool
    """Whether they were ever read, and in the last hour."""
    has_discounts: bool
    has_conditions: bool
    answered: list[str]
    """Ids of the first of other models that OpenRouter named in its answer."""
    answered_count: int
    """Endpoints of which it named another model."""
    conditional_count: int
    """Endpoints whose prices have conditions."""
    conditional_rows: list[ConditionRow]
    changed_count: int
    """Endpoints whose prices changed."""
    changed_rows: list[EndpointPoint]
    former_endpoints: list[FormerEndpoint]


def build_endpoint_section(view: ModelView) -> EndpointSection | None:
    """Build the endpoints of a model, those that left included.

    None for an alias, a router, and a gone model that never had any.
    """
    if view.model.is_alias or view.model.is_router or not (view.is_there or view.former_endpoints):
        return None
    endpoints = view.endpoints
    answered = [endpoint.answers_as for endpoint in endpoints if endpoint.answers_as]
    conditional = [endpoint for endpoint in endpoints if endpoint.conditions]
    changed = [endpoint for endpoint in endpoints if endpoint.changed_prices]
    return EndpointSection(
        rows=[_build_row(view, endpoint) for endpoint in endpoints],
        is_read=bool(view.dataset.good_hours["endpoints"]) and not view.kept_reason,
        has_discounts=any(endpoint.endpoint.discount for endpoint in endpoints),
        has_conditions=any(endpoint.endpoint.schedule for endpoint in endpoints),
        answered=list(dict.fromkeys(answered))[:MAX_ANSWERED],
        answered_count=len(answered),
        conditional_count=len(conditional),
        conditional_rows=[
            _build_condition_row(endpoint, condition)
            for endpoint in conditional
            for condition in endpoint.conditions
        ],
        changed_count=len(changed),
        changed_rows=_build_changed_rows(changed),
        former_endpoints=[_build_former(entry) for entry in view.former_endpoints],
    )


def _build_row(view: ModelView, endpoint: EndpointView) -> EndpointRow:
    facts = endpoint.endpoint
    return EndpointRow(
        provider=endpoint.provider,
        provider_name=facts.provider,
        label=endpoint.label,
        prices=[_build_price(view, endpoint, name) for name in SHOWN_DIMENSIONS],
        context=facts.context,
        max_output=facts.max_output,
        abilities=endpoint.abilities,
        quantization=endpoint.quantization,
        uptime=endpoint.health.uptime,
        health=endpoint.health.figure,
        since=build_since(endpoint.entry),
    )


def _build_price(view: ModelView, endpoint: EndpointView, dimension: str) -> EndpointPrice:
    facts = endpoint.endpoint
    price = facts.prices.get(dimension)
    is_input = dimension == "prompt"
    intervals = endpoint.changed_prices.get(PriceKey(dimension), [])
    return EndpointPrice(
        cell=PriceCell(price, dimension, endpoint.is_free, view.is_priced_elsewhere),
        is_shown=price is not None or dimension != "input_cache_read",
        is_lowest=dimension in view.lowest_prices and price == view.lowest_prices[dimension],
        discount=facts.discount if is_input else None,
        varies=bool(facts.schedule) and is_input,
        since=intervals[0].first.date() if intervals and not intervals[0].last else None,
    )


def _build_condition_row(endpoint: EndpointView, condition: Condition) -> ConditionRow:
    prices = [
        DimensionPrice(name, PriceCell(condition.prices[name], name))
        for name in sort_dimensions(condition.prices)
    ]
    return ConditionRow(endpoint.label, condition.words, prices)


def _build_changed_rows(endpoints: Sequence[EndpointView]) -> list[EndpointPoint]:
    """Build the prices of endpoints that were once different, newest first."""
    return [
        EndpointPoint(endpoint.label, build_point_row(price_key, point))
        for endpoint in endpoints
        for price_key, points in endpoint.changed_prices.items()
        for point in points
    ]


def _build_former(entry: RecordEntry) -> FormerEndpoint:
    assert entry.last
    return FormerEndpoint(EndpointKey(*entry.parts).label, entry.first.date(), entry.last.date())
