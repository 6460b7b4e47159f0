"""The page of a model: its facts, prices, endpoints, usage and changes."""

import datetime as dt
from dataclasses import dataclass

from orarchive.json_text import format_for_pages
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, build_price_pair
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.figures import TrendFigure, build_trend_figure
from orarchive.publish.views.model_catalog import CatalogSection, build_catalog_section
from orarchive.publish.views.model_endpoints import EndpointSection, build_endpoint_section
from orarchive.publish.views.model_prices import (
    PriceHistory,
    PriceSection,
    build_price_history,
    build_price_section,
)
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.ranked import CategoryRank
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS
from orarchive.publish.views.scores import Score
from orarchive.publish.views.states import STATE_MEANINGS

MAX_CHANGE_HOURS = 60
"""Hours with changes that are shown; earlier ones unfold."""

MAX_LISTED_BY = 2
"""Providers that are named as having the list price."""


@dataclass(frozen=True)
class Absence:
    """The end of a model that is no longer listed."""

    words: str
    last: dt.datetime
    missing: dt.datetime | None
    """The first good hour without it."""
    successor: str
    """The id under which OpenRouter answered to its id; "" where it did not."""


@dataclass(frozen=True)
class Rate:
    """The input or the output price among the facts."""

    label: str
    note: str
    cell: PriceCell


@dataclass(frozen=True)
class ListPriceProviders:
    """The providers whose price is the list price: the first ones, and how many more there are."""

    names: list[str]
    more: int


@dataclass(frozen=True)
class Beginning:
    """Since when a model is known."""

    label: str
    note: str
    date: dt.date


@dataclass(frozen=True)
class ModelFacts:
    """The facts of a model; what OpenRouter does not state is None or empty."""

    alias_target: str | None
    rates: list[Rate]
    list_price_providers: ListPriceProviders | None
    context: int | None
    max_output: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    beginning: Beginning
    created: dt.date | None
    expires: dt.date | None
    knowledge_cutoff: str | None
    tokenizer: str | None
    canonical_slug: str | None
    hugging_face: str | None


@dataclass(frozen=True)
class ModelUsage:
    """How much a model is used."""

    chart: TrendFigure | None
    ranks: list[CategoryRank]
    as_of: str
    ranked_models: str = MAX_ENTRIES_IN_WORDS
    """Number of models in a published ranking, in words."""


@dataclass(frozen=True)
class ModelPage:
    """The context of the page of a model."""

    id: str
    name: str
    lab: str
    states: list[str]
    absence: Absence | None
    """None while it is listed."""
    kept_reason: str | None
    """Why its endpoints were not read in the last hour."""
    facts: ModelFacts
    catalog: CatalogSection
    prices: PriceSection
    history: PriceHistory | None
    endpoints: EndpointSection | None
    related: list[str]
    usage: ModelUsage | None
    scores: list[Score]
    changes: list[ChangeHour]
    earlier_changes: list[ChangeHour]
    first_seen: dt.datetime
    description: str | None
    raw: str
    """The record, as JSON."""


def build_model_page(view: View, model: ModelView) -> ModelPage:
    """Build the page of a model: changes beyond `MAX_CHANGE_HOURS` hours are set apart to unfold."""
    changes = build_change_hours(model.changes, on_model_page=True)
    return ModelPage(
        id=model.model.id,
        name=model.model.name,
        lab=model.model.lab,
        states=[*model.states],
        absence=_build_absence(view, model),
        kept_reason=model.kept_reason,
        facts=_build_facts(model),
        catalog=build_catalog_section(view.catalog, model.model.id),
        prices=build_price_section(model),
        history=build_price_history(model),
        endpoints=build_endpoint_section(model),
        related=model.related_ids,
        usage=build_usage(view, model),
        scores=model.scores,
        changes=changes[:MAX_CHANGE_HOURS],
        earlier_changes=changes[MAX_CHANGE_HOURS:],
        first_seen=model.entry.first,
        description=model.description,
        raw=format_for_pages(model.entry.record),
    )


def _build_absence(view: View, model: ModelView) -> Absence | None:
    entry = model.entry
    if entry.last is None:
        return None
    successor = view.successors.get(model.model.id, "")
    return Absence(STATE_MEANINGS[model.states[0]].on_page, entry.last, entry.missing, successor)


def _build_facts(view: ModelView) -> ModelFacts:
    model = view.model
    return ModelFacts(
        alias_target=model.alias_target,
        rates=_build_rates(view),
        list_price_providers=_build_list_price_providers(view),
        context=model.context,
        max_output=model.max_output,
        inputs=model.inputs,
        outputs=model.outputs,
        beginning=_build_beginning(view),
        created=model.created.date() if model.created else None,
        expires=model.expires,
        knowledge_cutoff=model.knowledge_cutoff,
        tokenizer=model.tokenizer,
        canonical_slug=model.canonical_slug,
        hugging_face=model.hugging_face,
    )


def _build_rates(view: ModelView) -> list[Rate]:
    cells = build_price_pair(view.model.prices, view.is_free, view.is_priced_elsewhere)
    return [
        Rate(label, _describe_unit(view, cell), cell)
        for label, cell in zip(("Input", "Output"), cells, strict=True)
    ]


def _describe_unit(view: ModelView, cell: PriceCell) -> str:
    """Name the unit of a price and whether it depends on the time of day; "" for a free or unpriced one."""
    if cell.is_elsewhere:
        return "not charged by the token; the description may say how"
    if cell.price is None or cell.price <= 0:
        return ""
    is_time_of_day = cell.dimension in view.time_of_day_dimensions
    return "per million tokens" + (", now: time-of-day price" if is_time_of_day else "")


def _build_list_price_providers(view: ModelView) -> ListPriceProviders | None:
    """List the providers whose prices equal the list price.

    None without endpoints, for a free model, and where the price depends on the time of day.
    """
    if not view.endpoints or view.is_free or view.is_priced_elsewhere or view.time_of_day_dimensions:
        return None
    names = [endpoint.endpoint.provider for endpoint in view.list_price_endpoints]
    return ListPriceProviders(names[:MAX_LISTED_BY], max(len(names) - MAX_LISTED_BY, 0))


def _build_beginning(view: ModelView) -> Beginning:
    note = ""
    if view.since == "first seen":
        note = "the record begins then"
    elif view.added_after:
        note = f"first seen; added after {view.added_after.date()}"
    return Beginning(view.since.capitalize(), note, view.entry.first.date())


def build_usage(view: View, model: ModelView) -> ModelUsage | None:
    """Build how much a model is used; None where that is not published."""
    chart = build_trend_figure(view.rankings.draw_model(model))
    ranks = view.rankings.ranks.get(model.model.id, [])
    return ModelUsage(chart, ranks, view.rankings.as_of) if chart or ranks else None
