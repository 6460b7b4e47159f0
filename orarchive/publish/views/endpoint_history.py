"""What is folded below the providers of a model: conditions, earlier prices, and former providers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from orarchive.domain.keys import EndpointKey
from orarchive.domain.phrasing import sort_dimensions
from orarchive.publish.dataset import RecordEntry
from orarchive.publish.views.cells import PriceCell, PricePointRow, build_point_row
from orarchive.publish.views.conditions import Condition
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.models import ModelView


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
class EndpointHistory:
    """The prices of endpoints under conditions and in the past, and the endpoints that left."""

    conditional_count: int
    """Endpoints whose prices have conditions."""
    conditional_rows: list[ConditionRow]
    changed_count: int
    """Endpoints whose prices changed."""
    changed_rows: list[EndpointPoint]
    former_endpoints: list[FormerEndpoint]


def build_endpoint_history(view: ModelView) -> EndpointHistory:
    """Build what is folded below the providers of a model."""
    conditional = [endpoint for endpoint in view.endpoints if endpoint.conditions]
    changed = [endpoint for endpoint in view.endpoints if endpoint.changed_prices]
    return EndpointHistory(
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
