"""Scopes: what a feed can contain depends on what was asked, and only hours of equal scope compare."""

from dataclasses import replace
from urllib.parse import parse_qsl

from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS, MODELS
from orarchive.domain.records import as_texts, get_object
from orarchive.jsonl import Record


def can_hold(scope: str, record: Record) -> bool | None:
    """Whether a scope, route and query, can contain a record; None where that cannot be said.

    Of conditions only the models' `output_modalities` is understood; without it the service means text. Old
    records name no modalities.
    """
    query = dict(parse_qsl(scope.partition("?")[2]))
    wanted = set(query.pop("output_modalities", "text").split(","))
    outputs = {*as_texts(get_object(record, "architecture").get("output_modalities"))}
    if "all" not in wanted and outputs and not wanted & outputs:
        return False
    return True if not query and ("all" in wanted or outputs) else None


def apply_scopes(changes: list[Change], old: str, new: str) -> list[Change]:
    """Changes as they are to be told where the models' scope became another one.

    What is outside of the old scope was not added but `first_observed`; what is outside of the new one is
    not told at all.
    """
    if old == new:
        return changes
    outside, hidden = set(), set()
    for change in changes:
        if change.feed == "models" and change.kind == MODELS.added_kind and not can_hold(old, change.new):
            outside.add(change.key)
        elif change.feed == "models" and change.kind == MODELS.removed_kind and not can_hold(new, change.old):
            hidden.add(change.key)
    told = []
    for change in changes:
        feed, model = FEEDS[change.feed], change.key.partition("@")[0]
        if change.kind == feed.added_kind and model in outside:
            told.append(replace(change, kind="first_observed"))
        elif not (change.kind == feed.removed_kind and model in hidden):
            told.append(change)
    return told
