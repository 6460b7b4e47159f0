"""The list of models with its filters, and that of the models that are gone."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from orarchive.domain.records import split_variant
from orarchive.publish.views import View
from orarchive.publish.views.marks import get_lab_name
from orarchive.publish.views.model_table import (
    ModelRow,
    ModelTable,
    build_model_table,
    build_rows,
    caption_table,
)
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.states import STATE_MEANINGS, State

CHIPS = (
    ("tools", "Tools", "Calls tools"),
    ("json", "JSON schema", "Gives output that follows a JSON schema"),
    ("reasoning", "Reasoning", "Reasons before it answers"),
    ("vision", "Vision", "Takes images"),
    ("audio", "Audio", "Takes audio"),
    ("image", "Image output", "Gives images"),
    ("open", "Open weights", "Its weights are published"),
    ("free", "Free", "Every price is zero"),
    ("paid", "Paid", "Has a price above zero"),
    ("zdr", "Zero retention", "A provider of it keeps no data"),
    ("128k", "128K+", "Context of 128,000 tokens or more"),
    ("1usd", "≤ $1 in", "At most $1 for a million tokens of input"),
    ("new", "New", "First seen in the last seven days"),
)
"""Trait, its label, and what it means."""

NEW_QUERY = "has=new&variants=none&sort=released&dir=desc"

PRESETS = (
    ("Cheap with tools", "has=tools,paid,1usd&sort=blended&dir=asc"),
    ("Vision under $1", "has=vision,1usd&sort=blended&dir=asc"),
    ("Long context", "has=128k&sort=context&dir=desc"),
    ("Open weights", "has=open"),
    ("Free", "has=free"),
    ("New this week", NEW_QUERY),
)
"""Label of a choice of filters that people often need, and its address."""

COLUMN_LABELS = {
    "in": "Input",
    "out": "Output",
    "cache_read": "Cache read",
    "blended": "Blended",
    "spark": "30 days",
    "context": "Context",
    "max_output": "Max output",
    "inputs": "Inputs",
    "abilities": "Supports",
    "providers": "Providers",
    "released": "Released",
    "rank": "Rank by use",
    "uptime": "Best uptime",
    "speed": "Fastest",
}
"""Column that can be chosen -> its label."""


@dataclass(frozen=True)
class Option:
    """A value of a filter."""

    value: str
    label: str
    count: int
    """Models that have it, without variants and aliases."""


@dataclass(frozen=True)
class Chip:
    """A trait that can be chosen beside others."""

    value: str
    label: str
    meaning: str
    count: int


@dataclass(frozen=True)
class ModelsPage:
    """The context of the list of models."""

    table: ModelTable
    count: int
    """Models listed."""
    base_count: int
    """Those that stand for themselves: neither a variant nor an alias of another one in the list."""
    gone_count: int
    unread_count: int
    """Of `base_count` those whose providers are not known, where many are not; else 0."""
    labs: list[Option]
    providers: list[Option]
    chips: list[Chip]
    column_choices: list[tuple[str, str]]
    """Name and label of each column that can be chosen."""
    presets: tuple[tuple[str, str], ...] = PRESETS
    meanings: tuple[tuple[State, str], ...] = tuple(
        (state, meaning.in_list) for state, meaning in STATE_MEANINGS.items()
    )

    @property
    def order(self) -> str:
        """Return the order of the rows in words."""
        return "most used first" if "rank" in self.table.columns else "newest benchmarked models first"


def build_models_page(view: View) -> ModelsPage:
    """Build the list of models, with its filters by lab, provider and trait."""
    rows = build_rows(view, view.listed_models, has_labs=True)
    rows = order_rows(rows, _map_bases(view.listed_models), _count_marks(view))
    bases = [row for row in rows if not row.is_follower]
    providers = _count_providers(view, bases)
    table = ModelTable(caption_table("Models"), _number_providers(rows, providers), is_list=True)
    columns = table.columns | {"in", "out", "context"}
    return ModelsPage(
        table=table,
        count=len(rows),
        base_count=len(bases),
        gone_count=len(view.gone_models),
        unread_count=sum(not row.providers for row in bases) if view.is_endpoints_doubted else 0,
        labs=_count_labs(view, view.listed_models, {row.id for row in bases}),
        providers=providers,
        chips=_count_chips(rows),
        column_choices=[(name, label) for name, label in COLUMN_LABELS.items() if name in columns],
    )


def _map_bases(models: Iterable[ModelView]) -> dict[str, str]:
    """Map each model to the listed one that it is a variant or an alias of; one without such to itself."""
    facts = {view.model.id: view.model for view in models}
    bases = {}
    for key, model in facts.items():
        base = split_variant(model.alias_target or key)[0]
        bases[key] = base if base in facts and not facts[base].is_alias else key
    return bases


def _count_marks(view: View) -> dict[str, int]:
    """Count for each listed model what tells that readers may look for it: a known lab, and benchmarks."""
    known = view.importance.known_labs
    return {
        model.model.id: (known is None or model.model.lab in known) * (1 + bool(model.scores))
        for model in view.listed_models
    }


def order_rows(rows: list[ModelRow], bases: Mapping[str, str], marks: Mapping[str, int]) -> list[ModelRow]:
    """Order rows by use, then by their marks, then the newest first.

    Each is followed by its variants and aliases, by id.
    """
    followers: dict[str, list[ModelRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        if bases[row.id] != row.id:
            followers[bases[row.id]].append(replace(row, is_follower=True))
    ordered = []
    leading = [row for row in rows if bases[row.id] == row.id]
    for row in sorted(leading, key=lambda row: _get_order(row, marks[row.id])):
        ordered += [replace(row, variant_count=len(followers[row.id])), *followers[row.id]]
    return ordered


def _get_order(row: ModelRow, marks: int) -> tuple[float, int, int, str]:
    released = row.released or dt.date.min
    rank = float("inf") if row.rank is None else row.rank
    return rank, -marks, -released.toordinal(), row.id


def _count_labs(view: View, models: Iterable[ModelView], counted: set[str]) -> list[Option]:
    """Count the models of each lab, by its name; those that share a name have their slug beside it."""
    counts: Counter[str] = Counter()
    for model in models:
        counts[model.model.lab] += model.model.id in counted
    names = {slug: get_lab_name(view.catalog, slug) for slug in counts}
    sharing = Counter(names.values())
    labels = {slug: name if sharing[name] == 1 else f"{name}, {slug}" for slug, name in names.items()}
    return _sort_options(Option(slug, labels[slug], count) for slug, count in counts.items())


def _count_providers(view: View, rows: Iterable[ModelRow]) -> list[Option]:
    """Count the models that each provider serves, by its name."""
    names = {provider.slug: provider.name for provider in view.providers}
    counts = Counter(slug for row in rows for slug in row.providers)
    serving = {endpoint.provider for model in view.listed_models for endpoint in model.endpoints}
    return _sort_options(Option(slug, names.get(slug, slug), counts[slug]) for slug in serving)


def _number_providers(rows: Iterable[ModelRow], options: Iterable[Option]) -> list[ModelRow]:
    """Return rows that name their providers by their positions in the filter."""
    numbers = {option.value: number for number, option in enumerate(options, 1)}
    return [replace(row, provider_numbers=[numbers[slug] for slug in row.providers]) for row in rows]


def _sort_options(options: Iterable[Option]) -> list[Option]:
    return sorted(options, key=lambda option: (option.label.lower(), option.value))


def _count_chips(rows: list[ModelRow]) -> list[Chip]:
    """Count the rows that each trait would show; one that no model has is left out.

    A variant counts where its base does not have the trait; that a variant has alone is to be free.
    """
    counts: Counter[str] = Counter()
    base_traits: list[str] = []
    for row in rows:
        if row.is_follower:
            counts["free"] += "free" in row.traits and "free" not in base_traits
        else:
            base_traits = row.traits
            counts.update(row.traits)
    return [Chip(value, label, meaning, counts[value]) for value, label, meaning in CHIPS if counts[value]]


@dataclass(frozen=True)
class GonePage:
    """The context of the list of gone models."""

    table: ModelTable
    count: int
    labs: list[Option]


def _get_end(model: ModelView) -> dt.datetime:
    assert model.entry.last
    return model.entry.last


def build_gone_page(view: View) -> GonePage:
    """Build the list of the models that are no longer listed, the last one to go first."""
    models = sorted(view.gone_models, key=_get_end, reverse=True)
    return GonePage(
        table=build_model_table(view, models, "Models that are not listed", has_labs=True),
        count=len(models),
        labs=_count_labs(view, models, {model.model.id for model in models}),
    )
