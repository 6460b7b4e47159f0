"""What the pages show of labs, who make models, and providers, who serve them."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.records import as_text
from orarchive.index.event_log import EventRow
from orarchive.publish.changelog import HEALTH_KINDS, ChangelogHour, build_changelog
from orarchive.publish.dataset import Dataset, RecordEntry
from orarchive.publish.views.endpoints import EndpointView, provider_slug
from orarchive.publish.views.health import Health, combine_health
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp

MONTH = dt.timedelta(days=30)
"""How long the health of endpoints is told."""

POLICIES = {
    "privacy_policy_url": "Privacy policy",
    "terms_of_service_url": "Terms of service",
    "status_page_url": "Status page",
}


@dataclass(frozen=True)
class LabView:
    """Who makes models: the part of their ids before `/`."""

    name: str
    models: list[ModelView]
    """Those that are listed, the last one first seen first."""
    gone: list[ModelView]
    log: list[ChangelogHour]

    @property
    def first(self) -> dt.datetime:
        """When the first of its models was first seen."""
        return min(one.entry.first for one in (*self.models, *self.gone))


@dataclass(frozen=True)
class Serving:
    """A model that a provider serves, and how its price compares."""

    model: ModelView
    offer: EndpointView

    @property
    def over(self) -> Decimal | None:
        """How many times the lowest input price it asks; None where nothing can be said."""
        price, lowest = self.offer.endpoint.prices.get("prompt"), self.model.lowest.get("prompt")
        return price / lowest if price and lowest and price > 0 else None


@dataclass(frozen=True)
class ProviderView:
    """Who serves models: the part of their endpoints' tags before `/`."""

    slug: str
    name: str
    entry: RecordEntry | None
    """None: the list of providers does not have it."""
    servings: list[Serving]
    """By model, then tag."""
    former: int
    """Endpoints that left."""
    log: list[ChangelogHour]
    """What happened to itself, and in the last 30 days to the health of what it serves."""

    @property
    def links(self) -> dict[str, str]:
        """Its policies, by their names."""
        record = self.entry.record if self.entry else {}
        return {words: found for name, words in POLICIES.items() if (found := as_text(record.get(name)))}

    @property
    def facts(self) -> dict[str, str]:
        """What else is said of it."""
        record = self.entry.record if self.entry else {}
        places = record.get("datacenters")
        found = {
            "Headquarters": as_text(record.get("headquarters")),
            "Datacenters": ", ".join(map(str, places)) if isinstance(places, list) else None,
        }
        return {name: words for name, words in found.items() if words}

    @property
    def health(self) -> Health:
        """That of all it serves."""
        return combine_health([one.offer.health for one in self.servings])

    @property
    def cheapest(self) -> int:
        """For how many models it asks the lowest input price, alone or with others, where prices differ."""
        return len({one.model.model.id for one in self.servings if one.over == 1})


def build_lab_views(book: Dataset, models: list[ModelView]) -> list[LabView]:
    """Every lab there ever was, by name."""
    found: dict[str, list[ModelView]] = defaultdict(list)
    for one in models:
        found[one.model.lab].append(one)
    views = []
    for name in sorted(found):
        own = sorted(found[name], key=lambda one: (one.entry.first, one.model.id), reverse=True)
        there, gone = [one for one in own if one.is_there], [one for one in own if not one.is_there]
        kinds = ("added", "first_observed", "returned", "missing", "deprecated", "removed", "renamed")
        news = [
            event
            for one in own
            for event in book.news.get(one.model.id, ())
            if event.feed == "models" and event.kind in kinds
        ]
        views.append(
            LabView(name, there, gone, build_changelog(sorted(news, key=lambda one: one.hour), book))
        )
    return views


def build_provider_views(book: Dataset, models: list[ModelView], now: dt.datetime) -> list[ProviderView]:
    """Every provider that is or was listed, or serves a model, by name."""
    serves: dict[str, list[Serving]] = defaultdict(list)
    for one in models:
        for offer in one.endpoints:
            serves[offer.provider].append(Serving(one, offer))
    former: dict[str, int] = defaultdict(int)
    for entry in book.entries["endpoints"].values():
        former[provider_slug(entry.parts[1])] += entry.last is not None
    listed = book.entries["providers"]
    news: dict[str, list[EventRow]] = defaultdict(list)
    recent = format_stamp(now - MONTH)
    for event in book.log:
        if event.feed == "providers" and not event.is_of_field:
            news[event.key].append(event)
        elif event.kind in HEALTH_KINDS and event.hour > recent:
            news[provider_slug(book.entries["endpoints"][event.key].parts[1])].append(event)
    views = []
    for key in listed.keys() | serves.keys() | former.keys():
        listing, own = listed.get(key), serves[key]
        named = (
            [as_text(listing.record.get("name"))] if listing else [one.offer.endpoint.provider for one in own]
        )
        name = next(filter(None, named), None)
        views.append(
            ProviderView(key, name or key, listing, own, former[key], build_changelog(news[key], book))
        )
    return sorted(views, key=lambda one: (one.name.lower(), one.slug))
