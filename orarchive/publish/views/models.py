"""What the pages show of models: state, endpoints by price, conditions, relatives and history."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal, get_args

from orarchive.domain.phrasing import sort_dimensions
from orarchive.domain.prices import time_of_day_keys
from orarchive.domain.records import Model, as_text
from orarchive.publish.changelog import ChangelogHour, build_changelog
from orarchive.publish.charts.steps import Chart, draw_steps
from orarchive.publish.charts.week import Week, draw_week
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey, Prices, RecordEntry
from orarchive.publish.views.conditions import Condition, read_condition, sort_price_keys
from orarchive.publish.views.endpoints import ABILITIES, EndpointView, build_endpoint_views, lowest_prices
from orarchive.publish.views.scores import list_scores
from orarchive.timestamps import DAY, parse_stamp

NEW = dt.timedelta(days=7)
"""How long a model is called new, or returned."""


MOST_DRAWN = 250
"""Entries of a schedule, times the prices that follow it, that can be drawn: there are a handful of each."""

State = Literal[
    "new",
    "returned",
    "expiring",
    "orphaned",
    "alias",
    "router",
    "kept",
    "live",
    "missing",
    "deprecated",
    "removed",
    "unobserved",
]

GONE: dict[str, State] = {
    "stale": "missing",
    "deprecated": "deprecated",
    "removed": "removed",
    "unobserved": "unobserved",
}
"""The index's word for what became of a record that is not there -> the pages'."""


@dataclass(frozen=True)
class ModelView:
    """All that is known of one model, living or dead."""

    dataset: Dataset
    now: dt.datetime
    entry: RecordEntry
    model: Model
    states: list[State]
    endpoints: list[EndpointView]
    """Its endpoints now, cheapest first."""
    former: list[RecordEntry]
    """Endpoints that left, the last one first."""
    lowest: dict[str, Decimal]
    """Lowest price by dimension, where its endpoints differ."""
    kept: str | None
    """Why its endpoints were not read in the last hour; None if they were."""
    elsewhere: bool
    """Whether it has prices that only the image or video feeds know."""
    conditions: list[Condition]
    clock: set[str]
    """The price dimensions that follow the clock."""
    related: list[str]
    """Ids of its variants, its base and the aliases that point at it."""

    @property
    def description(self) -> str | None:
        """In full: the list cuts it short, the response for its endpoints does not."""
        return as_text(self.entry.response.get("description")) or self.model.description

    @property
    def is_there(self) -> bool:
        return self.entry.last is None

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing at all."""
        return self.model.is_free and not self.elsewhere

    @property
    def since(self) -> str:
        """What is known of its beginning: the record may have begun with it."""
        return "added" if self.model.id in self.dataset.came else "first seen"

    @property
    def added_after(self) -> dt.datetime | None:
        """It came some time after this hour, where that is not about the hour before it was first seen."""
        after = self.dataset.came.get(self.model.id)
        return after if after and self.entry.first - after > DAY else None

    @property
    def list_price_endpoints(self) -> list[EndpointView]:
        """The endpoints that ask what OpenRouter lists as the model's price."""
        names = ("prompt", "completion")
        listed = [self.model.prices.get(name) for name in names]
        return [one for one in self.endpoints if [one.endpoint.prices.get(name) for name in names] == listed]

    @property
    def scores(self) -> list[tuple[str, str, str]]:
        """What others' benchmarks say of it now: source, what was measured, and the score as sent."""
        found = self.dataset.benchmarks.get(self.model.id)
        return list(list_scores(found)) if isinstance(found, dict) else []

    @property
    def rank(self) -> int:
        """Its most telling state, by which lists are sorted."""
        return get_args(State).index(self.states[0])

    @property
    def traits(self) -> list[str]:
        """What a list of models filters by: `in:image`, `out:text`, `can:tools`, `by:novita`, `free`."""
        model = self.model
        found = [f"in:{one}" for one in model.inputs if one != "text"]
        found += [f"out:{one}" for one in model.outputs if one != "text"]
        found += [f"can:{name}" for name, parameter in ABILITIES.items() if parameter in model.parameters]
        found += sorted({f"by:{one.provider}" for one in self.endpoints})
        return [*found, "free"] if self.is_free else found

    @property
    def points(self) -> Prices:
        """Its price points, in the order in which prices are shown."""
        found = self.dataset.prices.get(("models", self.model.id), {})
        return {rate: found[rate] for rate in sort_price_keys(found)}

    @cached_property
    def charts(self) -> list[Chart]:
        """A chart for each price that ever changed; an alias repeats those of its targets."""
        looks = self.dataset.good["models"]
        # by whole days, so that a quiet hour leaves the page as it is
        end = self.entry.last or max(
            [start_of_day(self.now), *(some[-1].first for some in self.points.values())]
        )
        moved = {rate: some for rate, some in self.points.items() if len(_levels(some)) > 1}
        return [draw_steps(rate, some, looks, end) for rate, some in moved.items() if not self.model.is_alias]

    @property
    def unchanged_prices(self) -> list[PriceKey]:
        """The prices that were never others: one level as long as the model was there, or nothing."""
        whole = (self.entry.first, self.entry.last)
        return [
            rate
            for rate, points in self.points.items()
            if len(_levels(points)) < 2
            and ((points[0].first, points[-1].last) == whole or not any(_levels(points)))
        ]

    @property
    def weeks(self) -> list[Week]:
        """What the prices that follow the clock are through the week."""
        pricing = self.entry.record.get("pricing", {})
        if len(self.conditions) * len(self.clock) > MOST_DRAWN:
            return []
        found = [
            draw_week(name, pricing)
            for name in sort_dimensions(self.clock)
            if any(name in one.prices and not one.over for one in self.conditions)
        ]
        return [one for one in found if any(row.parts for row in one.rows)]

    @cached_property
    def log(self) -> list[ChangelogHour]:
        """What happened to it and its endpoints, newest first."""
        return build_changelog(self.dataset.news.get(self.model.id, ()), self.dataset)


def start_of_day(now: dt.datetime) -> dt.datetime:
    """The beginning of the day that an hour lies in."""
    return dt.datetime.combine(now.date(), dt.time(), dt.UTC)


def _levels(points: list[PriceInterval]) -> set[Decimal]:
    return {point.amount for point in points if point.amount >= 0}


def build_model_views(book: Dataset, now: dt.datetime) -> list[ModelView]:
    """Every model there ever was, by id, aliases last."""
    entries = book.entries["models"]
    models = {key: Model.from_record(one.record) for key, one in entries.items()}
    kept = _kept(book)
    elsewhere = book.entries["images"].keys() | book.entries["videos"].keys()
    related = _related([models[key] for key, one in entries.items() if one.last is None])
    offers = build_endpoint_views(book, now)
    returned = {
        one.key
        for one in book.log
        if one.kind == "returned" and one.feed == "models" and parse_stamp(one.hour) > now - NEW
    }
    views = [
        ModelView(
            dataset=book,
            now=now,
            entry=entry,
            model=models[key],
            states=_states(book, entry, models[key], bool(offers.get(key)), kept, key in returned, now),
            endpoints=offers.get(key, []),
            former=sorted(
                (one for one in book.endpoints.get(key, ()) if one.last),
                key=lambda one: (one.last or now, one.key),
                reverse=True,
            ),
            lowest=lowest_prices(offers.get(key, [])),
            kept=kept.get(key),
            elsewhere=key in elsewhere,
            conditions=[read_condition(one) for one in models[key].schedule],
            clock=time_of_day_keys(entry.record.get("pricing")),
            related=related.get(key, []),
        )
        for key, entry in entries.items()
    ]
    return sorted(views, key=lambda one: (one.model.is_alias, one.model.id))


def _kept(book: Dataset) -> dict[str, str]:
    """The models whose endpoints were not read in the last hour, with the reason."""
    asked = [one for one in book.readings if one.feed == "endpoints"]
    if not asked or asked[-1].hour < book.hour:
        return {}
    hour = asked[-1].hour
    last = [one for one in asked if one.hour == hour]
    if good := [one for one in last if one.good]:
        return good[-1].kept
    why = ", ".join(last[-1].reasons) or "failed"
    return {key: why for key, one in book.entries["models"].items() if one.last is None}


def _states(
    book: Dataset,
    entry: RecordEntry,
    model: Model,
    served: bool,
    kept: dict[str, str],
    back: bool,
    now: dt.datetime,
) -> list[State]:
    """The words for a model's state, the most telling first; a date that is over says nothing of it."""
    if entry.last:
        return [GONE[entry.state]]
    own = not model.is_alias and not model.is_router
    asked = bool(book.good["endpoints"]) and book.good["endpoints"][-1] >= entry.first
    found: list[tuple[State, bool]] = [
        ("new", book.came.get(entry.key, entry.first) > now - NEW and entry.key in book.came),
        ("returned", back),
        ("expiring", model.expires is not None and model.expires >= now.date()),
        ("orphaned", own and asked and not served and entry.key not in kept),
        ("alias", model.is_alias),
        ("router", model.is_router),
        ("kept", own and entry.key in kept),
    ]
    return [word for word, holds in found if holds] or ["live"]


def _related(models: list[Model]) -> dict[str, list[str]]:
    """For each model the other variants of it, and the aliases that point at it."""
    families: dict[str, list[str]] = defaultdict(list)
    for model in models:
        families[model.id.partition(":")[0]].append(model.id)
    found = {
        model.id: [one for one in families[model.id.partition(":")[0]] if one != model.id] for model in models
    }
    for model in models:
        if model.alias_target in found:
            found[model.alias_target].append(model.id)
    return found
