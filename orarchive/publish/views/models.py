"""Models for the pages: state, endpoints by price, conditions, relatives and history."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import get_args

from orarchive.catalog.tiers import blend
from orarchive.domain.event_kinds import RETURNED
from orarchive.domain.phrasing import sort_dimensions
from orarchive.domain.prices import MAIN_DIMENSIONS, list_scheduled_dimensions
from orarchive.domain.records import Model, as_text, split_variant
from orarchive.publish.alias_prices import add_alias_prices
from orarchive.publish.changelog import ChangelogHour, build_changelog
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.week import Week, draw_week
from orarchive.publish.dataset import (
    Dataset,
    PriceInterval,
    PriceKey,
    Prices,
    RecordEntry,
    Stretch,
    merge_stretches,
)
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.conditions import Condition, read_condition, sort_price_keys
from orarchive.publish.views.endpoints import (
    ABILITIES,
    EndpointView,
    build_endpoint_views,
    find_cheapest,
)
from orarchive.publish.views.scores import Score, list_scores
from orarchive.publish.views.states import NEW_SPAN, State, list_states
from orarchive.timestamps import DAY, parse_stamp

MAX_DRAWN_RATES = 250
"""Entries of a schedule, times its time-of-day prices, that can be drawn: there are a handful of each."""


@dataclass(frozen=True)
class ModelView:
    """All that is known of one model, listed or gone."""

    dataset: Dataset = field(repr=False)
    now: dt.datetime = field(repr=False)
    entry: RecordEntry
    model: Model
    states: list[State]
    endpoints: list[EndpointView]
    """Its endpoints now, cheapest first."""
    former_endpoints: list[RecordEntry]
    """Endpoints that left, the last one first."""
    kept_reason: str | None
    """Why its endpoints were not read in the last hour; None if they were."""
    has_media_prices: bool
    """Whether it has prices that only the image or video feeds know."""
    conditions: list[Condition]
    time_of_day_dimensions: list[str]
    """The price dimensions that a daily schedule rules, sorted."""
    related_ids: list[str]
    """Ids of its variants, its base and the aliases that point at it."""

    @property
    def description(self) -> str | None:
        """Return the description, if possible from the response for its endpoints: the list cuts it short."""
        return as_text(self.entry.response.get("description")) or self.model.description

    @property
    def is_there(self) -> bool:
        """Return whether the model is listed."""
        return self.entry.last is None

    @property
    def is_free(self) -> bool:
        """Return whether the prices of the model are zero and it has none by the image or the video."""
        return self.model.is_free and not self.has_media_prices

    @property
    def price_cells(self) -> tuple[PriceCell, PriceCell]:
        """Return the cells of the input and the output price."""
        prompt, completion = map(self.build_price_cell, MAIN_DIMENSIONS)
        return prompt, completion

    def build_price_cell(self, dimension: str) -> PriceCell:
        """Build the cell of one of `asked_prices`, with the range of a time-of-day price."""
        price = self.asked_prices.get(dimension)
        low, high = (price, None) if self.offer else self.time_of_day_rates.get(dimension, (price, None))
        return PriceCell(low, dimension, self.is_free, self.is_priced_elsewhere, high)

    @property
    def asked_prices(self) -> dict[str, Decimal]:
        """Return the prices of `offer`, else the list price, USD per unit."""
        return self.offer.endpoint.prices if self.offer else self.model.prices

    @cached_property
    def offer(self) -> EndpointView | None:
        """Return the cheapest endpoint that may be recommended, whose prices are shown as the model's.

        None where the list price counts: of a model that is free, is not charged by the token, has no such
        endpoint, or has a time-of-day price that somebody charges and that is at times as low.
        """
        found = None if self.is_free or self.is_priced_elsewhere else find_cheapest(self.endpoints)
        if not found:
            return None
        rates = {name: low for name, (low, _) in self.time_of_day_rates.items()}
        is_charged = bool(rates) and self.has_provider_at_list_price
        lowest = blend({**self.model.prices, **rates}) if is_charged else None
        return None if lowest is not None and lowest <= found[0] else found[1]

    @property
    def time_of_day_rates(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return the lowest and the highest rate of each dimension whose price depends on the time of day."""
        if not self.time_of_day_dimensions:
            return {}
        merged = merge_time_of_day(self.points, self.dataset.good_hours["models"])
        rates = {}
        for name in self.time_of_day_dimensions:
            last = merged[PriceKey(name)][-1]
            if last.highest is not None and last.highest != last.amount:
                rates[name] = (last.amount, last.highest)
        return rates

    @property
    def has_only_paid_endpoints(self) -> bool:
        """Return whether it is free by its list price, and every endpoint that OpenRouter names has a price.

        Of a free variant it may name the endpoints of the base.
        """
        return self.is_free and bool(self.endpoints) and not any(e.is_free for e in self.endpoints)

    @property
    def has_provider_at_list_price(self) -> bool | None:
        """Return whether an endpoint has the input and output price of the list; None without endpoints."""
        if not self.endpoints:
            return None
        pairs = (self.model.prices, *(endpoint.endpoint.prices for endpoint in self.endpoints))
        listed, *asked = ([prices.get(name) for name in MAIN_DIMENSIONS] for prices in pairs)
        return listed in asked

    @property
    def is_priced_elsewhere(self) -> bool:
        """Return whether something else than tokens is charged, so that a zero says nothing."""
        prices = self.model.prices
        has_others_alone = bool(prices) and not any(name in prices for name in MAIN_DIMENSIONS)
        return self.has_media_prices or not self.model.is_charged_by_token or has_others_alone

    @property
    def since(self) -> str:
        """Return `added`, or `first seen` where the record began with the model, which may then be older."""
        return "added" if self.model.id in self.dataset.added_after else "first seen"

    @property
    def added_after(self) -> dt.datetime | None:
        """Return the hour after which it was added, None where that is about when it was first seen."""
        after = self.dataset.added_after.get(self.model.id)
        return after if after and self.entry.first - after > DAY else None

    @property
    def scores(self) -> list[Score]:
        """Return its latest scores in benchmarks by third parties; [] where none is archived."""
        benchmarks = self.dataset.benchmarks.get(self.model.id)
        return list(list_scores(benchmarks)) if isinstance(benchmarks, dict) else []

    @property
    def state_order(self) -> int:
        """Return the position of its first state among all states, by which lists are sorted."""
        return get_args(State).index(self.states[0])

    @property
    def traits(self) -> list[str]:
        """Return the traits to filter by: `in:image`, `out:text`, `can:tools`, `by:novita`, `free`."""
        model = self.model
        traits = [f"in:{modality}" for modality in model.inputs if modality != "text"]
        traits += [f"out:{modality}" for modality in model.outputs if modality != "text"]
        traits += [f"can:{name}" for name, parameter in ABILITIES.items() if parameter in model.parameters]
        traits += sorted({f"by:{endpoint.provider}" for endpoint in self.endpoints})
        return [*traits, "free"] if self.is_free else traits

    @property
    def points(self) -> Prices:
        """Return its price points by key, in the order in which prices are shown."""
        prices = self.dataset.prices.get(("models", self.model.id), {})
        return {price_key: prices[price_key] for price_key in sort_price_keys(prices)}

    @property
    def stretches(self) -> list[Stretch]:
        """Return the stretches of good hours in which it was listed, oldest first."""
        return self.dataset.stretches.get(self.entry.key, [])

    @property
    def unchanged_prices(self) -> list[PriceKey]:
        """Return the prices that never changed: one amount as long as the model was there, or no amount."""

        def is_held(points: list[PriceInterval]) -> bool:
            """Return whether one amount held throughout, or there never was an amount to pay."""
            spans = [(point.first, point.last) for point in points]
            is_lifelong = merge_stretches(spans, self.dataset.good_hours["models"]) == self.stretches
            return is_lifelong or not any(point.amount > 0 for point in points)

        return [
            price_key
            for price_key, points in self.points.items()
            if len(collect_amounts(points)) < 2 and is_held(points)
        ]

    @property
    def week(self) -> Week | None:
        """Draw its time-of-day prices through the week.

        None without any, and where more than `MAX_DRAWN_RATES` prices would have to be drawn.
        """
        if not 0 < len(self.conditions) * len(self.time_of_day_dimensions) <= MAX_DRAWN_RATES:
            return None
        timed = {name for rule in self.conditions if not rule.is_about_length for name in rule.prices}
        dimensions = sort_dimensions(timed & {*self.time_of_day_dimensions})
        week = draw_week(dimensions, self.entry.record.get("pricing", {}))
        return week if week.rates else None

    def list_changes(self) -> list[ChangelogHour]:
        """Return the changes of it and its endpoints, newest first."""
        log = self.dataset.log
        changes = build_changelog(log.decode(log.by_model.get(self.model.id, ())), self.dataset)
        return add_alias_prices(changes, self.model.id, self.dataset) if self.model.is_alias else changes


def floor_day(now: dt.datetime) -> dt.datetime:
    """Return the beginning of the UTC day that an hour lies in."""
    return dt.datetime.combine(now.date(), dt.time(), dt.UTC)


def collect_amounts(points: list[PriceInterval]) -> set[tuple[Decimal, Decimal]]:
    """Return the distinct ranges of price points, which binary noise does not make different.

    The -1 of a router is not an amount.
    """
    return {
        (_round(point.amount), _round(point.highest or point.amount)) for point in points if point.amount >= 0
    }


def _round(amount: Decimal) -> Decimal:
    """Round an amount to nine significant digits."""
    return Decimal(f"{amount:.8e}")


def build_model_views(dataset: Dataset, now: dt.datetime) -> list[ModelView]:
    """Build the view of every model that was ever listed, by id, aliases last."""
    entries = dataset.entries["models"]
    models = {
        key: Model.from_record(entry.record, dataset.find_read_hour(entry)) for key, entry in entries.items()
    }
    kept_reasons = _find_kept(dataset)
    with_media_prices = dataset.entries["images"].keys() | dataset.entries["videos"].keys()
    related = _find_related([models[key] for key, entry in entries.items() if entry.last is None])
    endpoints = build_endpoint_views(dataset, models, now)
    returned = {
        row.key for row in dataset.log.select(RETURNED, "models") if parse_stamp(row.hour) > now - NEW_SPAN
    }
    views = [
        ModelView(
            dataset=dataset,
            now=now,
            entry=entry,
            model=models[key],
            states=list_states(
                dataset,
                entry,
                models[key],
                is_kept=key in kept_reasons,
                is_returned=key in returned,
                now=now,
            ),
            endpoints=endpoints.get(key, []),
            former_endpoints=_list_former(dataset, key, now),
            kept_reason=kept_reasons.get(key),
            has_media_prices=key in with_media_prices,
            conditions=[read_condition(rule) for rule in models[key].schedule],
            time_of_day_dimensions=sorted(list_scheduled_dimensions(entry.record.get("pricing"))),
            related_ids=related.get(key, []),
        )
        for key, entry in entries.items()
    ]
    return sorted(views, key=lambda view: (view.model.is_alias, view.model.id))


def _list_former(dataset: Dataset, model: str, now: dt.datetime) -> list[RecordEntry]:
    """List the endpoints that left a model, the last one first."""
    former = [entry for entry in dataset.endpoints_by_model.get(model, ()) if entry.last]
    return sorted(former, key=lambda entry: (entry.last or now, entry.key), reverse=True)


def _find_kept(dataset: Dataset) -> dict[str, str]:
    """Find the models whose endpoints were not read in the last hour, with the reason."""
    readings = [reading for reading in dataset.readings if reading.feed == "endpoints"]
    if not readings or readings[-1].hour < dataset.hour:
        return {}
    latest = [reading for reading in readings if reading.hour == readings[-1].hour]
    if good := [reading for reading in latest if reading.is_good]:
        return good[-1].kept
    reason = ", ".join(latest[-1].reasons) or "failed"
    return {key: reason for key, entry in dataset.entries["models"].items() if entry.last is None}


def _find_related(models: list[Model]) -> dict[str, list[str]]:
    """Find for each model its other variants, and the aliases that point at it."""
    families: dict[str, list[str]] = defaultdict(list)
    for model in models:
        families[split_variant(model.id)[0]].append(model.id)
    related = {
        model.id: [variant for variant in families[split_variant(model.id)[0]] if variant != model.id]
        for model in models
    }
    for model in models:
        if model.alias_target in related:
            related[model.alias_target].append(model.id)
    return related
