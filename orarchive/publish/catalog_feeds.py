"""News feeds of the catalogue: models that become or cease to be free, and models that go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from orarchive.catalog.redirect_words import describe_replacement
from orarchive.domain.event_kinds import (
    ADDED,
    EXPIRY_CLEARED,
    EXPIRY_MOVED,
    EXPIRY_SET,
    FIRST_OBSERVED,
    MISSING,
    RENAMED,
    REPRICED,
    RETURNED,
    get_event_kind,
)
from orarchive.domain.feeds import MODELS
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.changelog import ChangelogLine
from orarchive.publish.news_feeds import FREE_FEED, RETIREMENTS_FEED, GeneralFeed, NewsEntry
from orarchive.publish.price_moves import Move
from orarchive.publish.views import View

ARRIVALS, ENDS = (ADDED, FIRST_OBSERVED, RETURNED), (MISSING,)
RETIREMENT_KINDS = (EXPIRY_SET, EXPIRY_MOVED, EXPIRY_CLEARED, MISSING, RENAMED, RETURNED)
"""A model that is missing is told once: not again after 14 and 30 days."""


@dataclass(frozen=True)
class CatalogFeed:
    """A feed, the hours that can have an entry of it, and which lines are entries."""

    feed: GeneralFeed
    hours: list[str]
    """Newest first."""
    is_wanted: Callable[[ChangelogLine], bool]


def list_catalog_feeds(view: View) -> Iterator[CatalogFeed]:
    """Yield the feeds of the catalogue."""
    free = {
        model for feed, model in view.dataset.prices.rows if feed == MODELS.name and _was_free(view, model)
    }
    yield CatalogFeed(
        FREE_FEED,
        _list_hours(view, (*ARRIVALS, *ENDS, REPRICED), free),
        lambda line: line.model in free and _is_about_free(view, line),
    )
    labels = {get_event_kind(kind).label for kind in RETIREMENT_KINDS}
    yield CatalogFeed(
        RETIREMENTS_FEED,
        _list_hours(view, RETIREMENT_KINDS, None),
        lambda line: line.model is not None and not line.subject and line.kind in labels,
    )


def add_replacement(view: View, entry: NewsEntry) -> NewsEntry:
    """Return an entry with a sentence on what replaces its model, if that is gone or about to go."""
    sentence = describe_replacement(view.catalog.redirects, entry.line.model or "")
    return replace(entry, text=f"{entry.text} {sentence}") if sentence else entry


def _list_hours(view: View, kinds: tuple[str, ...], models: set[str] | None) -> list[str]:
    """List the hours with events of some kinds about models, or about some of them, newest first."""
    log = view.dataset.log
    hours = {
        row.hour
        for model, rows in log.by_model.items()
        if models is None or model in models
        for row in rows
        if row.feed == MODELS.name and row.kind in kinds
    }
    return sorted(hours, reverse=True)


def _was_free(view: View, model: str) -> bool:
    """Return whether a model is charged by the token, and its input once cost nothing."""
    known = view.catalog.source.models.get(model)
    if known is None or not known.is_charged_by_token:
        return False
    rows = view.dataset.prices.rows[MODELS.name, model]
    return any(dimension == MAIN_DIMENSIONS[0] and not Decimal(amount) for dimension, *_, amount in rows)


def _is_about_free(view: View, line: ChangelogLine) -> bool:
    """Return whether a line is about a model that came or went free, or became or ceased to be free."""
    moves = [move for move in line.moves if move.dimension in MAIN_DIMENSIONS]
    if line.subject or line.model is None:
        return False
    if any(map(crosses_zero, moves)):
        return True
    if line.kind in {get_event_kind(kind).label for kind in ARRIVALS} and moves:
        return not any(move.new for move in moves)
    is_end = line.kind in {get_event_kind(kind).label for kind in (*ARRIVALS, *ENDS)}
    return is_end and view.catalog.models[line.model].is_free


def crosses_zero(move: Move) -> bool:
    """Return whether a price became zero, or ceased to be."""
    return move.old is not None and move.new is not None and bool(move.old) is not bool(move.new)
