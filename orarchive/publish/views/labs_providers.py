"""Labs, which make models, and providers, which serve them, for the pages."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice

from orarchive.domain.event_kinds import (
    ADDED,
    DISCOUNTED,
    FIRST_OBSERVED,
    JOINED,
    LEFT,
    MISSING,
    RENAMED,
    REPRICED,
    RETURNED,
    get_event_kind,
)
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import as_text, as_texts
from orarchive.index.event_log import EventRow
from orarchive.index.events import OF_FIELDS
from orarchive.jsonl import Record
from orarchive.publish.changelog import ChangelogHour, build_changelog
from orarchive.publish.dataset import Dataset, RecordEntry
from orarchive.publish.event_groups import split_hours
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.health import Health, combine_health
from orarchive.publish.views.marks import get_country_name
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp

HEALTH_SPAN = dt.timedelta(days=30)
"""How long the page of a provider lists changes of health."""

MAX_CHANGE_HOURS = 40
"""Hours with changes on the page of a lab; the pages of its models have all."""

LAB_KINDS = (ADDED, FIRST_OBSERVED, RETURNED, MISSING, RENAMED)
"""Kinds of events that the page of a lab lists: that a model stays away follows from its being missing."""

PRICE_KINDS = (REPRICED, DISCOUNTED)
"""Kinds of events of the prices of an endpoint."""

SERVICE_KINDS = (JOINED, LEFT)
"""Kinds of events of an endpoint that came or went."""

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
    gone_models: list[ModelView]
    changes: list[ChangelogHour]
    """When its models were added, missing and returned."""

    @property
    def first(self) -> dt.datetime:
        """Return the earliest hour in which a model of the lab was seen."""
        return min(model.entry.first for model in (*self.models, *self.gone_models))


@dataclass(frozen=True)
class Serving:
    """A model that a provider serves."""

    model: ModelView
    endpoint: EndpointView


@dataclass(frozen=True)
class ProviderView:
    """Who serves models: the part of their endpoints' tags before `/`."""

    slug: str
    name: str
    entry: RecordEntry | None
    """None: the list of providers does not have it."""
    servings: list[Serving]
    """By model, then tag."""
    former: list[RecordEntry]
    """Endpoints that left."""
    events: list[EventRow]
    """Events of the prices of its endpoints, and of those that joined and left, oldest first."""
    changes: list[ChangelogHour]
    """Changes of itself, and in the last 30 days of the health of what it serves."""

    @property
    def is_gone(self) -> bool:
        """Return whether it was listed and is no longer."""
        return self.entry is not None and self.entry.last is not None

    @property
    def former_count(self) -> int:
        """Return the number of endpoints that left."""
        return len(self.former)

    @property
    def record(self) -> Record:
        """Return the record of the list of providers, {} where the list lacks the provider."""
        return self.entry.record if self.entry else {}

    @property
    def links(self) -> dict[str, str]:
        """Return the addresses of its policies by label, without those that the record lacks."""
        links = {label: as_text(self.record.get(name)) for name, label in POLICIES.items()}
        return {label: link for label, link in links.items() if link}

    @property
    def facts(self) -> dict[str, str]:
        """Return headquarters and datacenters of its record by label, without those that the record lacks."""
        facts = {
            "Headquarters": self.country,
            "Datacenters": ", ".join(map(get_country_name, as_texts(self.record.get("datacenters")))),
        }
        return {label: text for label, text in facts.items() if text}

    @property
    def country(self) -> str:
        """Return the name of the country of its headquarters, "" where it is not known."""
        return get_country_name(as_text(self.record.get("headquarters")) or "")

    @property
    def health(self) -> Health:
        """Return the health by day of all endpoints that it serves."""
        return combine_health([serving.endpoint.health for serving in self.servings])


def build_lab_views(dataset: Dataset, models: list[ModelView]) -> list[LabView]:
    """Build the view of every lab that ever had a listed model, by name."""
    by_lab: dict[str, list[ModelView]] = defaultdict(list)
    for model in sorted(models, key=lambda model: (model.entry.first, model.model.id), reverse=True):
        by_lab[model.model.lab].append(model)
    return [_build_lab(dataset, lab, by_lab[lab]) for lab in sorted(by_lab)]


def _build_lab(dataset: Dataset, lab: str, models: list[ModelView]) -> LabView:
    rows = [
        row
        for model in models
        for row in dataset.log.by_model.get(model.model.id, ())
        if row.feed == "models" and row.kind in LAB_KINDS
    ]
    rows.sort(key=lambda row: row.hour)
    hours = reversed([*split_hours(rows)])
    changes = (hour for rows in hours for hour in build_changelog(dataset.log.decode(rows), dataset))
    return LabView(
        name=lab,
        models=[model for model in models if model.is_there],
        gone_models=[model for model in models if not model.is_there],
        changes=[*islice(changes, MAX_CHANGE_HOURS + 1)],
    )


def build_provider_views(dataset: Dataset, models: list[ModelView], now: dt.datetime) -> list[ProviderView]:
    """Build the view of every provider that is or was listed, or serves or served a model, by name."""
    servings: dict[str, list[Serving]] = defaultdict(list)
    for model in models:
        for endpoint in model.endpoints:
            servings[endpoint.provider].append(Serving(model, endpoint))
    former: dict[str, list[RecordEntry]] = defaultdict(list)
    for entry in dataset.entries["endpoints"].values():
        if entry.last is not None:
            former[get_provider_of_tag(entry.parts[1])].append(entry)
    entries = dataset.entries["providers"]
    rows, events = _group_events(dataset, now), _group_endpoint_events(dataset)
    views = [
        ProviderView(
            slug=slug,
            name=_find_name(slug, entries.get(slug), servings[slug]),
            entry=entries.get(slug),
            servings=servings[slug],
            former=former[slug],
            events=events[slug],
            changes=build_changelog(dataset.log.decode(rows[slug]), dataset),
        )
        for slug in entries.keys() | servings.keys() | former.keys()
    ]
    return sorted(views, key=lambda view: (view.name.lower(), view.slug))


def _find_name(slug: str, entry: RecordEntry | None, servings: list[Serving]) -> str:
    """Find the name of a provider: in the list of providers, or on an endpoint, or else its slug."""
    if entry:
        return as_text(entry.record.get("name")) or slug
    names = (serving.endpoint.endpoint.provider for serving in servings)
    return next(filter(None, names), slug)


def _group_events(dataset: Dataset, now: dt.datetime) -> dict[str, list[EventRow]]:
    """Group by provider its own events, and the recent ones of the health of its endpoints."""
    rows: dict[str, list[EventRow]] = defaultdict(list)
    recent = format_stamp(now - HEALTH_SPAN)
    for row in dataset.log.rows:
        if row.feed == "providers" and row.kind not in OF_FIELDS:
            rows[row.key].append(row)
        elif row.hour > recent and get_event_kind(row.kind).is_health:
            rows[get_provider_of_tag(dataset.entries["endpoints"][row.key].parts[1])].append(row)
    return rows


def _group_endpoint_events(dataset: Dataset) -> dict[str, list[EventRow]]:
    """Group by provider the events of prices of endpoints, and of those that joined or left."""
    rows: dict[str, list[EventRow]] = defaultdict(list)
    for row in dataset.log.rows:
        if row.feed == "endpoints" and row.kind in (*PRICE_KINDS, *SERVICE_KINDS):
            rows[get_provider_of_tag(dataset.entries["endpoints"][row.key].parts[1])].append(row)
    return rows
