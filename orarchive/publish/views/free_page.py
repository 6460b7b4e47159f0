"""The page of free models: those there are, those that were, and the limits of their use."""

import datetime as dt
from dataclasses import dataclass, replace

from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, Since, build_price_pair, build_since
from orarchive.publish.views.free_models import FreeEnd, find_free_since, list_free_ends
from orarchive.publish.views.model_catalog import describe_value
from orarchive.publish.views.models import ModelView, floor_day
from orarchive.publish.views.replacements import Replacement, build_replacement

ENDED_DAYS = 90
"""Days for which the page shows a model that is no longer free."""


@dataclass(frozen=True)
class ProviderLink:
    """A provider of a model."""

    slug: str
    name: str


@dataclass(frozen=True)
class FreeRow:
    """A free model."""

    id: str
    name: str
    since: Since
    context: int | None
    max_output: int | None
    inputs: tuple[str, ...]
    tools: str
    """`yes`, `no`, or "" where it is not known."""
    reasoning: str
    """Likewise, with whether it can be set."""
    providers: list[ProviderLink]
    """Those that serve it for nothing."""
    has_only_paid: bool
    """Whether every endpoint that OpenRouter names has a price."""
    expires: dt.date | None


@dataclass(frozen=True)
class EndedRow:
    """A model that was free."""

    id: str
    name: str
    since: Since
    last: dt.date
    """The last day on which it was free."""
    has_price: bool
    """Whether it got a price; otherwise it went."""
    is_listed: bool
    prices: tuple[PriceCell, PriceCell]
    """Its first prices of input and output."""
    replacement: Replacement | None


@dataclass(frozen=True)
class FreePage:
    """The context of the page of free models."""

    rows: list[FreeRow]
    ended: list[EndedRow]
    ended_days: int = ENDED_DAYS

    @property
    def has_prices(self) -> bool:
        """Return whether any of the models that are no longer free got a price."""
        return any(row.has_price for row in self.ended)


def build_free_page(view: View) -> FreePage:
    """Build the page of free models. An alias is none, and neither is a model with another kind of price."""
    free = [model for model in view.listed_models if _is_free(view, model)]
    begin = floor_day(view.now) - dt.timedelta(days=ENDED_DAYS)
    rows = [_build_row(view, model) for model in free]
    rows.sort(key=lambda row: (row.since.date, row.id), reverse=True)
    ends = list_free_ends(view.dataset, view.models, begin)
    return FreePage(rows, [_build_ended(view, end) for end in ends])


def _is_free(view: View, model: ModelView) -> bool:
    info = view.catalog.models[model.model.id]
    return info.is_choice and info.is_free


def _build_row(view: View, model: ModelView) -> FreeRow:
    info = view.catalog.models[model.model.id]
    free = [endpoint for endpoint in model.endpoints if endpoint.is_free]
    providers = {endpoint.provider: endpoint.endpoint.provider for endpoint in free}
    return FreeRow(
        id=info.id,
        name=info.name,
        since=_build_since(view, model, view.now),
        context=info.context,
        max_output=info.max_output,
        inputs=info.inputs,
        tools=describe_value(info.flags["tools"]),
        reasoning=describe_value(info.flags["reasoning"]),
        has_only_paid=model.has_only_paid_endpoints,
        providers=[ProviderLink(slug, name) for slug, name in sorted(providers.items())],
        expires=info.expires,
    )


def _build_since(view: View, model: ModelView, last: dt.datetime) -> Since:
    """Build since when a model was free, up to an hour in which it was."""
    since = find_free_since(view.dataset, model, last)
    built = build_since(model.entry) if since == model.entry.first else Since(since.date(), False)
    before = view.dataset.find_gap_before("models", since)
    return replace(built, after=before.date()) if before else built


def _build_ended(view: View, end: FreeEnd) -> EndedRow:
    model = end.model
    return EndedRow(
        id=model.model.id,
        name=model.model.name,
        since=_build_since(view, model, end.last),
        last=end.last.date(),
        has_price=end.paid_from is not None,
        is_listed=model.is_there,
        prices=build_price_pair(end.prices, is_free=False, is_priced_elsewhere=False),
        replacement=build_replacement(view.catalog, model.model.id),
    )
