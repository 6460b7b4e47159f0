"""The four large figures at the top of the page of a model: input, output, cached input and context."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.figures import format_percent_change, format_short
from orarchive.domain.prices import MILLION, compute_percent_change, format_dollars
from orarchive.publish.spans import find_span_start
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.endpoints import EndpointView, is_unhealthy
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.publish.views.moves import find_causes, is_confirmed
from orarchive.timestamps import format_day

LABELS = {"prompt": "Input", "completion": "Output", "input_cache_read": "Cache read"}

SHORT_LABELS = {"prompt": "in", "completion": "out", "input_cache_read": "cached"}

MAX_NAMED = 2
"""Providers that are named as having the prices."""

CHANGE_SPAN = dt.timedelta(days=30)
"""How far back a price is compared."""

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class MonthChange:
    """How a price differs from that of 30 days ago, or of the first reading since where that was not read."""

    words: str
    """`-12%`, or a word."""
    tone: str
    """`cheap` or `dear`; "" where it does not differ, or no provider is known to have changed it."""


@dataclass(frozen=True)
class Figure:
    """A price in large print."""

    label: str
    cell: PriceCell
    is_stated: bool
    unit: str
    note: str
    """Of a time-of-day price the unit and its last rate; else ""."""
    change: MonthChange | None
    """Of a list price without a range; None where 30 days ago was not read and it has not moved since."""


@dataclass(frozen=True)
class ContextFigure:
    """The context in large print."""

    tokens: int | None
    providers: str
    """How many providers have it."""


@dataclass(frozen=True)
class ModelFigures:
    """The figures at the top."""

    prices: list[Figure]
    context: ContextFigure
    source: str
    """Who charges the prices; "" where there is nothing to say."""

    @property
    def is_priced_elsewhere(self) -> bool:
        """Return whether the model is not charged by the token."""
        return self.prices[0].cell.is_elsewhere


def build_figures(view: ModelView) -> ModelFigures:
    """Build the figures of a model."""
    prices = [_build_figure(view, name) for name in LABELS]
    return ModelFigures(prices, _build_context(view), _describe_source(view))


def _build_figure(view: ModelView, dimension: str) -> Figure:
    price = view.asked_prices.get(dimension)
    cell = view.build_price_cell(dimension)
    is_range, is_listed = cell.highest is not None, price == view.model.prices.get(dimension)
    has_change = is_listed and not is_range and not cell.is_elsewhere
    return Figure(
        label=LABELS[dimension],
        cell=cell,
        is_stated=price is not None or dimension != "input_cache_read",
        unit=_describe_unit(cell),
        note=f"per M, by time of day; last read {format_dollars(price * MILLION)}"
        if is_range and price
        else "",
        change=_find_change(view, dimension, price) if has_change else None,
    )


def _describe_unit(cell: PriceCell) -> str:
    """Name the unit of a price; "" for a free or unpriced one, and for a range, whose note names it."""
    if cell.is_elsewhere:
        return "not charged by the token; the description may say how"
    if cell.price is None or cell.price <= 0 or cell.highest is not None:
        return ""
    return "per M"


def _describe_source(view: ModelView) -> str:
    """Say who charges the prices, and what OpenRouter lists where it differs; "" for a list price."""
    if view.offer is None:
        is_none_healthy = bool(view.endpoints) and all(map(is_unhealthy, view.endpoints))
        return "OpenRouter's list price; no provider has 95% uptime" if is_none_healthy else ""
    prices = _read_prices(view.offer.endpoint.prices)
    healthy = [endpoint for endpoint in view.endpoints if not is_unhealthy(endpoint)]
    same = [endpoint for endpoint in healthy if _read_prices(endpoint.endpoint.prices) == prices]
    count = len(healthy)
    condition = " with 95% uptime" if count < len(view.endpoints) else ""
    if len(same) == count > MAX_NAMED and not condition:
        words = f"Prices of all {count} endpoints"
    else:
        words = f"Prices of {_name_providers(same)}"
        words += f", the cheapest of {count} endpoints{condition}" if len(same) < count else ""
    listed = _read_prices(view.model.prices)
    if listed == prices:
        return words
    amounts = [
        f"{format_dollars(listed[name] * MILLION)} {word}"
        for name, word in SHORT_LABELS.items()
        if name in listed
    ]
    return f"{words}; OpenRouter's list price: {', '.join(amounts)}"


def _read_prices(prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the prices of the figures that are amounts, USD per token."""
    return {name: prices[name] for name in LABELS if prices.get(name, -1) >= 0}


def _name_providers(endpoints: list[EndpointView]) -> str:
    """Name the first providers of some endpoints, and count the others: `DeepInfra, Novita and 3 more`."""
    names = [*dict.fromkeys(endpoint.endpoint.provider for endpoint in endpoints)]
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _find_change(view: ModelView, dimension: str, price: Decimal | None) -> MonthChange | None:
    then = floor_day(view.now) - CHANGE_SPAN
    hour = find_span_start(view.dataset, "models", view.entry.parts, then)
    is_young = view.dataset.first_hour > then
    if not view.is_there or is_young or hour is None or hour < view.entry.first or price is None or price < 0:
        return None
    before = view.dataset.find_price_at(view.entry, dimension, hour)
    if before is None or hour == view.dataset.find_read_hour(view.entry):
        return None
    day = format_day(hour.date())
    span, when = ("in 30 days", "30 days ago") if hour <= then else (f"against {day}", f"on {day}")
    if before == price:
        return MonthChange("unchanged in 30 days", "") if hour <= then else None
    percent = compute_percent_change(before, price)
    if not is_confirmed(find_causes(view.dataset, view.entry, dimension, hour)):
        moved = "moved" if percent is None else format_percent_change(percent, MINUS)
        return MonthChange(f"list price {moved} {span}", "")
    tone = "cheap" if price < before else "dear"
    if percent is None:
        return MonthChange(f"was {'not ' if before else ''}free {when}", tone)
    return MonthChange(f"{format_percent_change(percent, MINUS)} {span}", tone)


def _build_context(view: ModelView) -> ContextFigure:
    tokens = view.model.context
    if not tokens or not view.endpoints:
        return ContextFigure(tokens, "")
    contexts = [endpoint.endpoint.context or 0 for endpoint in view.endpoints]
    count = sum(context >= tokens for context in contexts)
    if not count and max(contexts):
        return ContextFigure(tokens, f"at most {format_short(max(contexts))} at its endpoints")
    return ContextFigure(tokens, f"at {count} of {len(contexts)} endpoints")
