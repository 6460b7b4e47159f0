"""The list of labs, and the page of each."""

import datetime as dt
from dataclasses import dataclass

from orarchive.publish.views import View
from orarchive.publish.views.changes import ChangeHour, build_change_hours
from orarchive.publish.views.figures import TrendFigure, build_trend_figure
from orarchive.publish.views.labs_providers import MAX_CHANGE_HOURS, LabView
from orarchive.publish.views.model_table import ModelTable, build_model_table
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS


@dataclass(frozen=True)
class LabRow:
    """A lab in the list."""

    name: str
    count: int
    """Models that are listed."""
    gone_count: int
    first: dt.date
    newest: str
    """Name of the listed model that was last first seen; "" where none is listed."""


@dataclass(frozen=True)
class LabsPage:
    """The context of the list of labs."""

    rows: list[LabRow]


def build_labs_page(labs: list[LabView]) -> LabsPage:
    """Build the list of labs, a row for each in the order given."""
    return LabsPage([_build_row(lab) for lab in labs])


def _build_row(lab: LabView) -> LabRow:
    newest = lab.models[0].model.name if lab.models else ""
    return LabRow(lab.name, len(lab.models), len(lab.gone_models), lab.first.date(), newest)


@dataclass(frozen=True)
class GoneModel:
    """A model that is no longer listed."""

    id: str
    name: str
    last: dt.date


@dataclass(frozen=True)
class LabPage:
    """The context of the page of a lab."""

    name: str
    count: int
    """Models that are listed."""
    first: dt.datetime
    """When the first of its models was first seen."""
    table: ModelTable
    usage: TrendFigure | None
    as_of: str
    gone_models: list[GoneModel]
    changes: list[ChangeHour]
    has_older_changes: bool
    usage_caption: str = f"Tokens by week, of its models among the {MAX_ENTRIES_IN_WORDS} that are published"


def build_lab_page(view: View, lab: LabView) -> LabPage:
    """Build the page of a lab: its models, listed and gone, its usage and its changes."""
    return LabPage(
        name=lab.name,
        count=len(lab.models),
        first=lab.first,
        table=build_model_table(view, lab.models, "Models of this lab"),
        usage=build_trend_figure(view.rankings.draw_lab(lab.name)),
        as_of=view.rankings.as_of,
        gone_models=[_build_gone(model) for model in lab.gone_models],
        changes=build_change_hours(lab.changes[:MAX_CHANGE_HOURS]),
        has_older_changes=len(lab.changes) > MAX_CHANGE_HOURS,
    )


def _build_gone(model: ModelView) -> GoneModel:
    assert model.entry.last
    return GoneModel(model.model.id, model.model.name, model.entry.last.date())
