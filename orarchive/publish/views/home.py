"""The home page: totals, the latest changes, what is new and what is about to go."""

import datetime as dt
from dataclasses import dataclass

from orarchive.publish.views import View
from orarchive.publish.views.changes import ChangeList, build_change_list
from orarchive.publish.views.figures import TrendFigure, build_trend_figure
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.moves import MoveRow, build_move_rows, list_moves
from orarchive.publish.views.ranked import Period, RankedEntry
from orarchive.publish.views.status import Calendar, Trouble, build_week_calendar, list_troubles

MAX_SHORT = 8
"""Lines of each short list."""

MOVES_SPAN = dt.timedelta(days=7)

TOTAL_LABELS = (
    ("models", "models", "models listed, with variants, aliases and routers"),
    ("served", "endpoints", "of them served by at least one endpoint"),
    ("endpoints", "endpoints", "endpoints: a provider serving a model"),
    ("providers", "providers", "providers listed"),
    ("free", "models", "models at no cost at all"),
    ("zdr", "zdr", "endpoints with zero data retention"),
)
"""Each total with the feed that it is of, and its label; what was never read is not 0, but left out."""


@dataclass(frozen=True)
class Total:
    """A count, and what is counted."""

    label: str
    count: int


@dataclass(frozen=True)
class DatedModel:
    """A model with the date of what happens to it."""

    id: str
    name: str
    date: dt.date


@dataclass(frozen=True)
class MostUsed:
    """The most used models: with totals of a week, or where there are none in OpenRouter's order."""

    week: Period | None
    entries: list[RankedEntry]
    chart: TrendFigure | None
    as_of: str


@dataclass(frozen=True)
class HomePage:
    """The context of the home page."""

    last_read: dt.datetime | None
    """The last hour of the record, where that is not `now`."""
    first_hour: dt.datetime
    troubles: list[Trouble]
    totals: list[Total]
    model_count: int
    changes: ChangeList
    moves: list[MoveRow]
    newest_models: list[DatedModel]
    expiring_models: list[DatedModel]
    expiring_count: int
    most_used: MostUsed | None
    complete_day: int
    """Complete hours of the last 24."""
    complete_week: int
    """Complete hours of the last 168."""
    calendar: Calendar


def build_home_page(view: View) -> HomePage:
    """Build the home page: the latest changes, and the first `MAX_SHORT` entries of each list."""
    expiring = list_expiring(view.listed_models)
    moves = list_moves(view.dataset, view.listed_models, view.now, MOVES_SPAN)
    return HomePage(
        last_read=view.hour if view.hour != view.now else None,
        first_hour=view.dataset.first_hour,
        troubles=list_troubles(view.dataset),
        totals=[
            Total(label, view.totals[key])
            for key, feed, label in TOTAL_LABELS
            if view.dataset.good_hours[feed]
        ],
        model_count=len(view.listed_models),
        changes=build_change_list(view.latest_changes, view.importance),
        moves=build_move_rows(moves[:MAX_SHORT]),
        newest_models=list_newest(view.listed_models)[:MAX_SHORT],
        expiring_models=expiring[:MAX_SHORT],
        expiring_count=len(expiring),
        most_used=_build_most_used(view),
        complete_day=view.complete_counts[24],
        complete_week=view.complete_counts[168],
        calendar=build_week_calendar(view.dataset, view.now),
    )


def list_newest(listed: list[ModelView]) -> list[DatedModel]:
    """List the models whose arrival the record shows, the last one first."""
    added = [model for model in listed if model.since == "added" and not model.model.is_alias]
    added.sort(key=lambda model: (model.entry.first, model.model.id), reverse=True)
    return [DatedModel(model.model.id, model.model.name, model.entry.first.date()) for model in added]


def list_expiring(listed: list[ModelView]) -> list[DatedModel]:
    """List the models that have a date for their end, the next one first."""
    dates = [(model.model, model.model.expires) for model in listed if "expiring" in model.states]
    expiring = [DatedModel(model.id, model.name, expires) for model, expires in dates if expires]
    return sorted(expiring, key=lambda model: (model.date, model.id))


def _build_most_used(view: View) -> MostUsed | None:
    rankings = view.rankings
    if week := rankings.week:
        chart = build_trend_figure(rankings.leaders)
        return MostUsed(week, week.entries[:MAX_SHORT], chart, rankings.as_of)
    if rankings.categories and rankings.categories[0].order:
        return MostUsed(None, rankings.categories[0].order[:MAX_SHORT], None, rankings.as_of)
    return None
