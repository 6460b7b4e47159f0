"""Events: meaningful facts derived from changes, with the bounds in which each came about.

Changes that make no event are listed in EXCUSES, each with its reason.
"""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from orarchive.domain.changes import Change
from orarchive.domain.equality import is_same_value
from orarchive.domain.event_kinds import (
    EDITED,
    EXPIRY_CHANGED,
    EXPIRY_CLEARED,
    EXPIRY_MOVED,
    EXPIRY_SET,
    FIELD_APPEARED,
    FIELD_VANISHED,
    POLICY_CHANGED,
    REPRICED,
    SCHEDULE_CHANGED,
    get_event_kind,
)
from orarchive.domain.feeds import FEEDS, FanOutFeed
from orarchive.domain.keys import get_model_of_key
from orarchive.domain.prices import (
    compute_percent_change,
    list_base_prices,
    list_scheduled_dimensions,
    read_entry_prices,
    read_prices,
    read_schedule,
)
from orarchive.domain.records import NO_DATE, parse_expiry
from orarchive.index.context import AttemptContext
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.jsonl import Record

EXCUSES = {
    "baseline": "the first good reading of a feed, or of a model's endpoints, is where its record begins",
    "volatile": "health and benchmarks change every hour; health_days and latest keep them",
    "time of day": "current time-of-day rates change by the schedule, which does not change",
    "form": "a price that goes between absent and zero is the same price, and a number that is spelled in"
    ' another way (0 and "0", 1 and 1.0), or differs by less than 1e-9 of itself, is the same number',
    "alias": "an alias repeats the prices of its target; alias_moved says when the target is another one",
    "repeat": "fields that repeat others: of a zdr row its endpoint, of a response's envelope its model, and"
    " the context length of the top provider that of the model",
    "new field": "field_appeared says it once for all records",
    "no date": "expiration dates from 2098-12-31 on mean that there is none",
    "null": "a field that is null and an absent field say the same",
    "no price": "a value among prices that is no number before and after is no price; versions keep it",
    "unobserved": "a record that a narrower scope cannot show is not gone, nor new when it shows again",
}

INSERT_EVENT = """
    insert into events (hour, attempt, after, by, kind, feed, key, field, old, new, percent, cause)
    values (:hour, :attempt, :after, :by, :kind, :feed, :key, :field, :old, :new, :percent, :cause)
"""

OF_FIELDS = (FIELD_APPEARED, FIELD_VANISHED)
"""Kinds of events that are about a field of a feed."""

POLICY_FIELDS = ("privacy_policy_url", "terms_of_service_url", "headquarters", "datacenters")
"""Fields of a provider that say under which rules it works."""


@dataclass(frozen=True)
class Event:
    """One meaningful fact; see `events` and `attempts` in the index's schema."""

    kind: str
    feed: str
    key: str
    """The text form; of `field_appeared` and `field_vanished` the path of the field."""
    field: str = ""
    old: Any = None
    """A JSON value. Prices are plain decimals, or a list of conditions with their prices."""
    new: Any = None
    percent: float | None = None
    cause: str = ""
    after: str | None = None
    """The stamp of the last good hour with the old state; None where it is unknown."""
    by: str = ""
    """The stamp of the first hour with the new state; "" until it is stored, where that is the hour of the
    attempt."""
    hour: str = ""
    """The stamp of the attempt that made it known; "" until it is stored."""
    origin: str = ""
    """`live`, or the import that observed it; "" until it is stored."""

    def __post_init__(self) -> None:
        """Raise LookupError for a kind without a row in EVENT_KINDS."""
        get_event_kind(self.kind)

    @property
    def is_of_field(self) -> bool:
        """Return whether the event is about a field of a feed; its `key` is then the path of the field."""
        return self.kind in OF_FIELDS

    def to_change(self) -> Change:
        """Return the change from which the event was derived, with the fields that events have."""
        return Change(self.kind, self.feed, self.key, self.field, self.old, self.new)


def write_events(db: sqlite3.Connection, context: AttemptContext, events: Iterable[Event]) -> None:
    """Insert events into the table `events`, each with the hour and the number of the attempt."""
    db.executemany(
        INSERT_EVENT,
        (
            {
                "hour": context.hour,
                "attempt": context.attempt,
                "after": event.after,
                "by": event.by or context.hour,
                "kind": event.kind,
                "feed": event.feed,
                "key": escape_surrogates(event.key),
                "field": escape_surrogates(event.field),
                "old": to_json(event.old),
                "new": to_json(event.new),
                "percent": event.percent,
                "cause": event.cause,
            }
            for event in events
        ),
    )


def derive_events(changes: Iterable[Change], context: AttemptContext) -> Iterator[Event]:
    """Yield the events of changed records and new fields; `changes` are grouped by feed and key.

    Added and removed records are left out: their events need the record's past.
    """
    for (name, key), group in groupby(changes, lambda change: (change.feed, change.key)):
        feed = FEEDS[name]
        changed = [change for change in group if change.kind not in (feed.added_kind, feed.removed_kind)]
        appeared = any(change.kind == FIELD_APPEARED for change in changed)
        _, after = context.find_span(
            name, get_model_of_key(key) if isinstance(feed, FanOutFeed) and not appeared else None
        )
        yield from derive_record_events(changed, after)


def derive_record_events(changes: list[Change], after: str | None = None) -> Iterator[Event]:
    """Yield the events of the changes of one record: of each price one event, with all its conditions."""
    conditional = {
        name: tariffs for change in changes for name, tariffs in _list_changed_tariffs(change).items()
    }
    plain = {change.field: change for change in changes if change.kind == REPRICED}
    for change in changes:
        if change.kind == SCHEDULE_CHANGED:
            yield from _derive_schedule_events(change, conditional, plain, after)
        elif change.kind != REPRICED or change.field not in conditional:
            yield from _derive_field_events(change, after)


def _derive_field_events(change: Change, after: str | None) -> Iterator[Event]:
    """Yield the event of a change of one field, or none where an expiration date only changed its form."""
    kind, old, new, percent = change.kind, change.old, change.new, None
    if kind == REPRICED:
        percent = _compute_percent(old, new)
        old, new = _format_decimal(old), _format_decimal(new)
    elif kind == EXPIRY_CHANGED:
        old_date, new_date = parse_expiry(old), parse_expiry(new)
        if old_date != new_date:
            kind = EXPIRY_SET if old_date is None else EXPIRY_MOVED if new_date else EXPIRY_CLEARED
        elif _is_no_date(old) and _is_no_date(new):
            return
        else:
            kind = EDITED
    elif change.feed == "providers" and change.field in POLICY_FIELDS:
        kind = POLICY_CHANGED
    yield Event(kind, change.feed, change.key, change.field, old, new, percent, change.cause, after)


def _is_no_date(value: Any) -> bool:
    """Return whether an expiration date is one of the ways to say that there is none."""
    try:
        return value is None or dt.date.fromisoformat(value[:10]) >= NO_DATE
    except (TypeError, ValueError):
        return False


Tariff = list[tuple[Record, Decimal]]
"""All prices of a dimension: conditions, {} for the plain price, with the price that holds under them."""


def _list_changed_tariffs(change: Change) -> dict[str, tuple[Tariff, Tariff]]:
    """Return, before and after a changed schedule, the tariff of each dimension that it changed."""
    if change.kind != SCHEDULE_CHANGED:
        return {}
    names = {
        name
        for pricing in (change.old, change.new)
        for entry in read_schedule(pricing)
        for name in read_entry_prices(entry)
    }
    before, after = _read_tariffs(change.old), _read_tariffs(change.new)
    tariffs = {name: (before.get(name, []), after.get(name, [])) for name in sorted(names)}
    return {name: (old, new) for name, (old, new) in tariffs.items() if not _is_same_tariff(old, new)}


def _is_same_tariff(old: Tariff, new: Tariff) -> bool:
    """Return whether two tariffs have the same conditions and prices, in whatever form."""
    return is_same_value([[*entry] for entry in old], [[*entry] for entry in new])


def _derive_schedule_events(
    change: Change,
    tariffs: dict[str, tuple[Tariff, Tariff]],
    plain_changes: dict[str, Change],
    after: str | None,
) -> Iterator[Event]:
    """Yield the events of a changed schedule.

    `tariffs` are those that changed, before and after; `plain_changes` the plain prices that changed with
    them.
    """
    event = Event(REPRICED, change.feed, change.key, after=after)
    for name, (before, now) in tariffs.items():
        if plain := plain_changes.get(name):
            percent, cause = _compute_percent(plain.old, plain.new), plain.cause
        else:
            percent, cause = None, change.cause
        yield replace(
            event,
            field=name,
            old=_serialize_tariff(before),
            new=_serialize_tariff(now),
            percent=percent,
            cause=cause,
        )
    old, new = read_schedule(change.old), read_schedule(change.new)
    if not tariffs and not is_same_value(_normalize_entries(old), _normalize_entries(new)):
        yield replace(event, kind=EDITED, field="pricing.overrides", old=old, new=new)


def _normalize_entries(entries: list[Record]) -> list[Record]:
    """Return override entries with prices as numbers, so that spelling makes no difference."""
    return [{**entry, **read_entry_prices(entry)} for entry in entries]


def _read_tariffs(pricing: Any) -> dict[str, Tariff]:
    """Return the tariff of each dimension; a current time-of-day rate is no plain price."""
    time_of_day = list_scheduled_dimensions(pricing)
    tariffs: dict[str, Tariff] = {
        name: [({}, price)] for name, price in read_prices(pricing).items() if name not in time_of_day
    }
    tariffs |= {name: [({}, price)] for name, price in list_base_prices(pricing).items()}
    for entry in read_schedule(pricing):
        prices = read_entry_prices(entry)
        conditions = {name: value for name, value in entry.items() if name not in prices}
        for name, price in prices.items():
            tariffs.setdefault(name, []).append((conditions, price))
    return tariffs


def _serialize_tariff(tariff: Tariff) -> str | list[Record] | None:
    """Return a tariff as an event holds it: a plain decimal, or the list of conditions with their prices."""
    if len(tariff) > 1 or any(conditions for conditions, _ in tariff):
        return [{**conditions, "price": _format_decimal(price)} for conditions, price in tariff]
    return _format_decimal(tariff[0][1]) if tariff else None


def _format_decimal(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def _compute_percent(old: Decimal | None, new: Decimal | None) -> float | None:
    percent = compute_percent_change(old, new)
    return None if percent is None else round(float(percent), 4)
