"""The home page: what moved, is new, goes and is down; price against capability; the last changes."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from orarchive.domain.event_kinds import DEGRADED, RECOVERED
from orarchive.domain.keys import get_provider_of_tag
from orarchive.publish.charts.scatter import Scatter
from orarchive.publish.spans import describe_unread
from orarchive.publish.views import View
from orarchive.publish.views.announced import Announced, list_announced
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.changes import ChangeList, MoveView, build_change_list, group_days
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.models_page import NEW_QUERY
from orarchive.publish.views.moves import PriceMove, build_move_rows
from orarchive.publish.views.ranked import Period, RankedEntry
from orarchive.publish.views.status import Trouble, list_troubles
from orarchive.publish.views.value_chart import draw_value, name_quality
from orarchive.timestamps import parse_stamp

MAX_CARD_ROWS = 5

MAX_RANKED = 10
"""Models of the ranking."""

MAX_CHANGES = 25
"""Rows of a day that are not folded."""

MIN_CHANGES, MAX_DAYS = 8, 5
"""Rows from which on no earlier day is shown, and days that are shown at most."""

MOVES_SPAN = dt.timedelta(days=7)


@dataclass(frozen=True)
class CardMove:
    """A price that moved."""

    model: str
    subject: str
    """The endpoint whose price moved; "" for the listed price."""
    move: MoveView
    is_confirmed: bool
    """Whether a provider may have made it."""


@dataclass(frozen=True)
class NewModel:
    """A model that was added."""

    id: str
    lab: str
    """The name of the lab."""
    date: dt.date
    """The day on which it was created, as OpenRouter says, or first seen."""
    price: PriceCell


@dataclass(frozen=True)
class DegradedProvider:
    """A provider with endpoints that are degraded."""

    slug: str
    name: str
    count: int
    served: int
    """Its endpoints."""
    since: dt.date
    """The day since which the first of them is."""


@dataclass(frozen=True)
class HomeDay:
    """The changes of a day."""

    date: dt.date
    changes: ChangeList


@dataclass(frozen=True)
class MostUsed:
    """The most used models: with totals of a week, or where there are none in OpenRouter's order."""

    week: Period | None
    entries: list[RankedEntry]
    as_of: str
    """The time that OpenRouter states for its totals."""


@dataclass(frozen=True)
class HomePage:
    """The context of the home page."""

    begun: dt.date
    """The first day of the record."""
    troubles: list[Trouble]
    moves: list[CardMove]
    moves_note: str
    """What is not known of the span of the moves."""
    new_models: list[NewModel]
    new_query: str
    """The query of the list of models that shows the new ones alone."""
    retiring: list[Announced]
    """All that are still to come: an old page has to show other ones first."""
    degraded: list[DegradedProvider]
    has_health: bool
    """Whether the health of endpoints is on record."""
    is_health_known: bool
    """Whether enough of the last hours were read to tell which are degraded."""
    scatter: list[Scatter]
    quality: str
    """What the scatter's axis of quality is, and who measured it."""
    days: list[HomeDay]
    """The last days with changes, newest first."""
    most_used: MostUsed | None
    max_rows: int = MAX_CARD_ROWS

    @property
    def has_confirmed_moves(self) -> bool:
        """Return whether a provider may have made one of the moves."""
        return any(move.is_confirmed for move in self.moves)


def build_home_page(view: View) -> HomePage:
    """Build the home page."""
    return HomePage(
        begun=view.dataset.first_hour.date(),
        troubles=list_troubles(view.dataset),
        moves=_build_moves(view),
        moves_note=describe_unread(view.dataset, view.now - MOVES_SPAN),
        new_models=_list_new_models(view),
        new_query=NEW_QUERY,
        retiring=[row for row in list_announced(view) if row.expires >= view.now.date()],
        degraded=_list_degraded(view),
        has_health=bool(view.dataset.health),
        is_health_known=view.is_health_known,
        scatter=draw_value(view.catalog),
        quality=name_quality(view.catalog),
        days=[*_list_days(view)],
        most_used=_build_most_used(view),
    )


def _list_days(view: View) -> Iterator[HomeDay]:
    """Yield the last day with changes, and days before it while there are few."""
    rows = 0
    for day in islice(group_days(view.iterate_changes()), MAX_DAYS):
        changes = build_change_list(day.hours, view.importance, MAX_CHANGES)
        yield HomeDay(day.date, changes)
        rows += len(changes.rows)
        if rows >= MIN_CHANGES:
            return


def _build_moves(view: View) -> list[CardMove]:
    """Build the largest moves of a week, one a model, without minor ones.

    Those that a provider may have made come first, and of these those of used models.
    """
    largest: dict[str, PriceMove] = {}
    for move in view.list_moves(MOVES_SPAN):
        if not (move.is_minor or view.catalog.models[move.model].variant):
            largest.setdefault(move.model, move)
    used = view.importance.used_models or ()
    ranked = sorted(largest.values(), key=lambda move: (not move.is_confirmed, move.model not in used))
    moves = ranked[:MAX_CARD_ROWS]
    rows = zip(moves, build_move_rows(moves), strict=True)
    return [CardMove(row.model, row.subject, row.move, move.is_confirmed) for move, row in rows]


def _list_new_models(view: View) -> list[NewModel]:
    """List the models whose arrival the record shows, by creation, newest first; no variants."""
    added = [
        model
        for model in view.listed_models
        if model.since == "added"
        and not model.model.is_alias
        and not view.catalog.models[model.model.id].variant
    ]
    added.sort(key=lambda model: (_find_creation(model), model.model.id), reverse=True)
    return [_build_new_model(view, model) for model in added[:MAX_CARD_ROWS]]


def _build_new_model(view: View, model: ModelView) -> NewModel:
    lab = view.catalog.labs[model.model.lab].name or model.model.lab
    price, _ = model.price_cells
    return NewModel(model.model.id, lab, _find_creation(model).date(), price)


def _find_creation(model: ModelView) -> dt.datetime:
    """Return when OpenRouter created a model, else when it was first seen, which a gap may delay."""
    return model.model.created or model.entry.first


def _list_degraded(view: View) -> list[DegradedProvider]:
    """List the providers with degraded endpoints, the one with the most first."""
    since: dict[str, list[dt.date]] = defaultdict(list)
    for tag, date in _find_degraded(view):
        since[get_provider_of_tag(tag)].append(date)
    rows = [
        DegradedProvider(
            provider.slug,
            provider.name,
            len(since[provider.slug]),
            len(provider.servings),
            min(since[provider.slug]),
        )
        for provider in view.providers
        if provider.slug in since
    ]
    return sorted(rows, key=lambda row: (-row.count, row.name))[:MAX_CARD_ROWS]


def _find_degraded(view: View) -> Iterator[tuple[str, dt.date]]:
    """Yield the tag of each endpoint that is degraded, and the day since which it is."""
    log, entries = view.dataset.log, view.dataset.entries["endpoints"]
    last = {row.key: row for row in log.rows if row.kind in (DEGRADED, RECOVERED)}
    for key, row in last.items():
        if row.kind == DEGRADED and key in entries and entries[key].last is None:
            yield entries[key].parts[1], parse_stamp(row.hour).date()


def _build_most_used(view: View) -> MostUsed | None:
    rankings = view.rankings
    if week := rankings.week:
        return MostUsed(week, week.entries[:MAX_RANKED], rankings.as_of)
    if rankings.categories and rankings.categories[0].order:
        return MostUsed(None, rankings.categories[0].order[:MAX_RANKED], rankings.as_of)
    return None
