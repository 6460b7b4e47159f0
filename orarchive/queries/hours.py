"""Answer questions about the records of one hour, or about what differs between two."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby

from orarchive.domain.changes import Change, diff_snapshots, format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import get_model_of_key
from orarchive.domain.phrasing import is_added, is_removed
from orarchive.domain.scopes import apply_scopes, mark_returned
from orarchive.domain.snapshot import Snapshot, get_records_by_key
from orarchive.history.history import History, select_records
from orarchive.index.events import derive_record_events
from orarchive.jsonl import Record
from orarchive.queries.suggestions import raise_not_found
from orarchive.store import ledger
from orarchive.store.vanished import list_vanished_models
from orarchive.timestamps import format_hour

EVENT_MEMBERS = ("kind", "feed", "key", "field", "old", "new", "percent", "cause")
"""Members of an event that say what changed; its hours are those of the question."""


def explain_other_hour(history: History, feed: str, requested: dt.datetime, hour: dt.datetime) -> str:
    """Phrase in one sentence why another hour than the requested one answers for a feed."""
    reason = (
        f"No commit shows {feed} as of"
        if requested in history.list_complete_hours(feed)
        else f"No good hour of {feed} at"
    )
    return f"{reason} {format_hour(requested)}; this is {format_hour(hour)}"


def find_records(feed: str, snapshot: Snapshot, hour: dt.datetime, key: str | None) -> list[Record]:
    """Return a feed's records as received, all or those of one key.

    Raise NotArchivedError, which suggests similar keys, where the key has none at that hour.
    """
    records = select_records(FEEDS[feed], snapshot, key)
    if key is not None and not records:
        keys = get_records_by_key(FEEDS[feed], snapshot[feed])
        names = [format_key(FEEDS[feed], record_key) for record_key in keys]
        raise_not_found(f"{feed} at {format_hour(hour)}:", key, names)
    return records


def find_kept_keys(history: History, feed: str, hour: dt.datetime, key: str | None) -> dict[str, str]:
    """Return the models that were not read for a feed in a good hour, with the reasons.

    With a key, which may be that of an endpoint (`model@tag`), return only its model.
    """
    kept = history.read_kept_keys(FEEDS[feed], hour)
    if key is None:
        return kept
    return {model: reason for model, reason in kept.items() if model in (key, get_model_of_key(key))}


def describe_kept_keys(feed: str, hour: dt.datetime, kept: dict[str, str]) -> str:
    """Phrase in one sentence which models' records are from before an hour; a single one with its reason."""
    models = [f"{model} ({reason})" for model, reason in kept.items()]
    subject = models[0] if len(models) == 1 else f"{len(models):,} models"
    return f"Not read at {format_hour(hour)}: {feed} of {subject}; this is from before"


def refuse_unknown_model(history: History, feed: str, hour: dt.datetime, model: str) -> None:
    """Raise NotArchivedError, which suggests similar ids, where a feed was read without a model."""
    if history.list_attempts_reading(feed, hour):
        models = [name for (name,) in history.read_snapshot(hour)[feed]]
        if model not in models:
            raise_not_found(f"{feed} at {format_hour(hour)}:", model, models)


def compare_hours(history: History, old: dt.datetime, new: dt.datetime, feed: str | None) -> list[Change]:
    """Return the changes from one hour to another, of all feeds or of one."""
    before, after = (history.read_snapshot(hour, *([feed] if feed else FEEDS)) for hour in (old, new))
    lines = [history.truncate_after(hour).attempts for hour in (old, new)]
    scopes = [ledger.find_last_scope(attempts, "models") for attempts in lines]
    changes = apply_scopes(diff_snapshots(before, after), *scopes)
    changes = mark_returned(changes, list_vanished_models(lines[0]))
    return [change for change in changes if feed in (None, change.feed)]


def describe_changes(changes: Iterable[Change]) -> Iterator[Record]:
    """Yield changes for programs: those inside a record as events, which have prices as plain decimals."""
    for _, group in groupby(changes, key=lambda change: (change.feed, change.key)):
        inside = []
        for change in group:
            if is_added(change) or is_removed(change):
                yield vars(change)
            else:
                inside.append(change)
        for event in derive_record_events(inside):
            yield {name: getattr(event, name) for name in EVENT_MEMBERS}
