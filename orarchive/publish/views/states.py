"""States of models as pages name them, and the one table of what each means."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from orarchive.domain.event_kinds import DEPRECATED_AFTER_DAYS, REMOVED_AFTER_DAYS
from orarchive.domain.records import Model
from orarchive.publish.dataset import Dataset, RecordEntry

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

GONE_STATES: dict[str, State] = {
    "stale": "missing",
    "deprecated": "deprecated",
    "removed": "removed",
    "unobserved": "unobserved",
}
"""The index's word for the state of a record that is not there -> the pages'."""

NEW_SPAN = dt.timedelta(days=7)
"""How long a model is called new, or returned."""

AGES = {14: "two weeks", 30: "a month"}
"""Days of absence -> their words on pages; a limit without words raises on import."""

_DEPRECATED_AGE, _REMOVED_AGE = AGES[DEPRECATED_AFTER_DAYS], AGES[REMOVED_AFTER_DAYS]


NO_LONGER_LISTED = "It is no longer listed."

STATE_LABELS = {"orphaned": "no provider", "deprecated": "gone"}
"""State, or kind of change -> its words on pages; the others are words that every reader knows."""


def label_state(name: str) -> str:
    """Return the words on pages for a state or a kind of change."""
    return STATE_LABELS.get(name, name)


@dataclass(frozen=True)
class StateMeaning:
    """What a state means, for the list of models and for the page of a model."""

    in_list: str
    on_page: str = ""
    """A sentence, for the states of a model that is no longer listed."""


STATE_MEANINGS: dict[State, StateMeaning] = {
    "new": StateMeaning(
        "first seen here in the last seven days; after a gap in the record, created in these days"
    ),
    "returned": StateMeaning("was gone, and came back in the last seven days"),
    "expiring": StateMeaning("OpenRouter has set a date for its end, which is not over"),
    "orphaned": StateMeaning("listed, but no provider serves it"),
    "alias": StateMeaning("points at another model"),
    "router": StateMeaning("picks other models, at their prices"),
    "kept": StateMeaning(
        "its endpoints were not read in the last hour; what is shown is from an earlier hour"
    ),
    "live": StateMeaning("none of these"),
    "missing": StateMeaning("not listed in the last reading", "It is not listed."),
    "deprecated": StateMeaning(
        f"not listed for {_DEPRECATED_AGE} or more",
        NO_LONGER_LISTED,
    ),
    "removed": StateMeaning(f"not listed for {_REMOVED_AGE} or more", NO_LONGER_LISTED),
    "unobserved": StateMeaning(
        "the current requests to OpenRouter cannot show it",
        "It is not known whether it is listed: the current requests to OpenRouter cannot show it.",
    ),
}


def list_states(
    dataset: Dataset,
    entry: RecordEntry,
    model: Model,
    *,
    is_kept: bool,
    is_returned: bool,
    now: dt.datetime,
) -> list[State]:
    """List the states of a model in the order of `State`: lists show and sort by the first.

    An expiration date that is over says nothing of the state.
    """
    if entry.last:
        return [GONE_STATES[entry.state]]
    has_endpoints = not model.is_alias and not model.is_router
    is_new = entry.key in dataset.added_after and _is_recent(dataset, entry, model, now)
    states: list[tuple[State, bool]] = [
        ("new", is_new),
        ("returned", is_returned),
        ("expiring", model.expires is not None and model.expires >= now.date()),
        ("orphaned", entry.key in dataset.orphaned),
        ("alias", model.is_alias),
        ("router", model.is_router),
        ("kept", has_endpoints and is_kept),
    ]
    return [state for state, holds in states if holds] or ["live"]


def _is_recent(dataset: Dataset, entry: RecordEntry, model: Model, now: dt.datetime) -> bool:
    """Return whether a model came within `NEW_SPAN`; after a gap it counts when OpenRouter created it."""
    came: dt.datetime | None = entry.first
    if dataset.is_after_gap("models", entry.first):
        came = min(entry.first, model.created) if model.created else None
    return came is not None and came > now - NEW_SPAN
