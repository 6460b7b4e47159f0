"""The four large figures at the top of the page of a model: input, output, cached input and context."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.figures import format_percent_change, format_short
from orarchive.domain.prices import MILLION, compute_percent_change, format_dollars
from orarchive.publish.spans import find_span_start
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.endpoints import EndpointView, collect_prices, is_unhealthy
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.publish.views.moves import find_causes, is_confirmed
from orarchive.timestamps import format_day

LABELS = {"prompt": "Input", "completion": "Output", "input_cache_read": "Cache read"}

MAX_NAMED = 2
"""Providers that are named as having a list price."""

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
    providers: str
    """Who asks it."""
    change: MonthChange | None
    """None where it depends on the time of day, or 30 days ago was not read and it has not moved since."""


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

    @property
    def is_priced_elsewhere(self) -> bool:
        """Return whether the model is not charged by the token."""
        return self.prices[0].cell.is_elsewhere


def build_figures(view: ModelView) -> ModelFigures:
    """Build the figures of a model."""
    return ModelFigures([_build_figure(view, name) for name in LABELS], _build_context(view))


def _build_figure(view: ModelView, dimension: str) -> Figure:
    price = view.model.prices.get(dimension)
    cell = PriceCell(price, dimension, view.is_free, view.is_priced_elsewhere)
    change = None
    if price is not None and (rates := view.time_of_day_rates.get(dimension)):
        cell = PriceCell(rates[0], dimension, highest=rates[1])
        providers = f"per M, by time of day; last read {format_dollars(price * MILLION)}"
    elif price is not None and (lowest := _find_lowest_charged(view, dimension, price)):
        cell = PriceCell(lowest, dimension)
        providers = f"no provider charges the list price, {format_dollars(price * MILLION)}"
    else:
        providers = _describe_providers(view, dimension, price)
        change = None if cell.is_elsewhere else _find_change(view, dimension, price)
    return Figure(
        label=LABELS[dimension],
        cell=cell,
        is_stated=price is not None or dimension != "input_cache_read",
        unit=_describe_unit(cell),
        providers=providers,
        change=change,
    )


def _find_lowest_charged(view: ModelView, dimension: str, price: Decimal) -> Decimal | None:
    """Return the lowest price of a provider where none has the list price; None otherwise.

    A provider that is known to be unhealthy counts where all are.
    """
    stated = collect_prices(view.endpoints, dimension)
    if view.is_free or view.is_priced_elsewhere or price < 0 or price in stated:
        return None
    healthy = [endpoint for endpoint in view.endpoints if not is_unhealthy(endpoint)]
    return min(collect_prices(healthy, dimension) or stated, default=None)


def _describe_unit(cell: PriceCell) -> str:
    """Name the unit of a price; "" for a free or unpriced one, and for a range, whose note names it."""
    if cell.is_elsewhere:
        return "not charged by the token; the description may say how"
    if cell.price is None or cell.price <= 0 or cell.highest is not None:
        return ""
    return "per M tokens"


def _describe_providers(view: ModelView, dimension: str, price: Decimal | None) -> str:
    """Name who asks the list price; "" without endpoints, for a free model, and for no price."""
    if not view.endpoints or view.is_free or view.is_priced_elsewhere or price is None or price < 0:
        return ""
    asking = [endpoint for endpoint in view.endpoints if endpoint.endpoint.prices.get(dimension) == price]
    return f"at {_name_providers(asking)}" if asking else "no provider has this price now"


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
