"""The list of models with its filters, and that of the models that are gone."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from orarchive.publish.views import View
from orarchive.publish.views.cells import ModelTable, build_model_table
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.states import STATE_MEANINGS, State

TRAIT_FILTERS = (
    ("in", "Input modalities"),
    ("out", "Output modalities"),
    ("can", "Abilities"),
    ("by", "Provider"),
)
"""Kind of trait -> label of its filter."""


@dataclass(frozen=True)
class Option:
    """A value of a filter."""

    value: str
    label: str


@dataclass(frozen=True)
class Filter:
    """A filter by a trait: its name in the address, its label, and the values to choose from."""

    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class CountedOptions:
    """Values to choose from, with how many models have each: of listed models, and of those that are gone."""

    listed: list[Option]
    gone: list[Option]


@dataclass(frozen=True)
class ModelsPage:
    """The context of the list of models."""

    table: ModelTable
    hour: dt.datetime
    """When the models were read."""
    count: int
    gone_count: int
    labs: CountedOptions
    states: CountedOptions
    filters: list[Filter]
    meanings: tuple[tuple[State, str], ...] = tuple(
        (state, meaning.in_list) for state, meaning in STATE_MEANINGS.items()
    )


def build_models_page(view: View) -> ModelsPage:
    """Build the list of models, with its filters by lab, state, modality and ability."""
    return ModelsPage(
        table=build_model_table(view.listed_models, "Models", has_labs=True),
        hour=view.models_hour,
        count=len(view.listed_models),
        gone_count=len(view.gone_models),
        labs=_build_lab_options(view),
        states=CountedOptions(
            _build_state_options(view.listed_models), _build_state_options(view.gone_models)
        ),
        filters=[_build_filter(view.listed_models, name, label) for name, label in TRAIT_FILTERS],
    )


def _build_lab_options(view: View) -> CountedOptions:
    """Build the labs by name; those that list no model any more stand apart."""
    listed = Counter(model.model.lab for model in view.listed_models)
    gone = Counter(model.model.lab for model in view.gone_models)
    return CountedOptions(
        _build_options(sorted(listed), listed), _build_options(sorted(gone.keys() - listed.keys()), gone)
    )


def _build_state_options(models: list[ModelView]) -> list[Option]:
    """Build the states that models are in, the most telling first."""
    counts: Counter[str] = Counter(state for model in models for state in model.states)
    return _build_options([state for state in get_args(State) if state in counts], counts)


def _build_options(values: Iterable[str], counts: Counter[str]) -> list[Option]:
    return [Option(value, f"{value} ({counts[value]})") for value in values]


def _build_filter(models: list[ModelView], name: str, label: str) -> Filter:
    prefix = f"{name}:"
    traits = {trait for model in models for trait in model.traits if trait.startswith(prefix)}
    return Filter(name, label, [Option(trait, trait.removeprefix(prefix)) for trait in sorted(traits)])


@dataclass(frozen=True)
class GonePage:
    """The context of the list of gone models."""

    table: ModelTable
    count: int


def build_gone_page(view: View) -> GonePage:
    """Build the list of the models that are no longer listed."""
    return GonePage(
        build_model_table(view.gone_models, "Models that are gone", has_labs=True), len(view.gone_models)
    )
