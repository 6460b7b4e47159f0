"""What a change means beside the two states: the scope may have hidden the record, or it was there once.

A feed's route and query decide what it can contain, so only hours of equal scope compare.
"""

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import parse_qsl

from orarchive.domain.changes import Change
from orarchive.domain.event_kinds import FIRST_OBSERVED, RETURNED
from orarchive.domain.feeds import FEEDS, MODELS
from orarchive.domain.keys import get_model_of_key
from orarchive.domain.records import as_texts, get_object
from orarchive.jsonl import Record


def can_hold(scope: str, record: Record) -> bool | None:
    """Return whether a scope, a route and query, can contain a record; None where that is unknown.

    Of the parameters only the models' `output_modalities` is understood; without it the service lists models
    with text output. Old records name no modalities.
    """
    query = dict(parse_qsl(scope.partition("?")[2]))
    modalities = set(query.pop("output_modalities", "text").split(","))
    outputs = {*as_texts(get_object(record, "architecture").get("output_modalities"))}
    if "all" not in modalities and outputs and not modalities & outputs:
        return False
    return True if not query and ("all" in modalities or outputs) else None


def apply_scopes(changes: list[Change], old: str, new: str) -> list[Change]:
    """Return changes corrected for a models feed whose scope went from `old` to `new`.

    A model that the old scope could not contain was not added but `first_observed`, and so were its
    endpoints. A model that the new scope cannot contain is not missing: it and its endpoints are left out.
    """
    if old == new:
        return changes
    revealed, hidden = set(), set()
    for change in changes:
        if change.feed == "models" and change.kind == MODELS.added_kind and not can_hold(old, change.new):
            revealed.add(change.key)
        elif change.feed == "models" and change.kind == MODELS.removed_kind and not can_hold(new, change.old):
            hidden.add(change.key)
    corrected = []
    for change in changes:
        feed, model = FEEDS[change.feed], get_model_of_key(change.key)
        if change.kind == feed.added_kind and model in revealed:
            corrected.append(replace(change, kind=FIRST_OBSERVED))
        elif not (change.kind == feed.removed_kind and model in hidden):
            corrected.append(change)
    return corrected


def mark_returned(changes: list[Change], vanished: Collection[str]) -> list[Change]:
    """Return changes in which an added model that had vanished is `returned`."""
    return [
        replace(change, kind=RETURNED)
        if (change.feed, change.kind) == ("models", MODELS.added_kind) and change.key in vanished
        else change
        for change in changes
    ]
