"""Events: one meaningful fact each, derived from changes, with the bounds in which it came about.

Changes that make none stand in EXCUSES, each with its reason.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from orarchive.changes import Change
from orarchive.feeds import FEEDS
from orarchive.index.moment import Moment
from orarchive.index.text import as_json, storable
from orarchive.jsonl import Record
from orarchive.prices import clock_keys, dimensions, rates, schedule
from orarchive.records import expiry

EXCUSES = {
    "baseline": "the first good reading of a feed, or of a model's endpoints, is where its record begins",
    "silent": "health and benchmarks move by themselves; health_days and latest keep them",
    "clock": "the price of the moment flips by the clock; its schedule does not",
    "form": "a price that goes between absent and zero, or is spelled another way, is the same price",
    "alias": "an alias repeats the prices of its target; alias_moved says when that is another one",
    "repeat": "what only repeats another record: a zdr row its endpoint, a response's envelope its model",
    "new field": "field_appeared says it once for all records",
    "no date": "expiration dates from 2098-12-31 on mean that there is none",
    "unobserved": "what a narrower scope no longer shows is not gone, and was not when it shows again",
}

POLICY = ("privacy_policy_url", "terms_of_service_url", "headquarters", "datacenters")
"""Fields of a provider that say under which rules it works."""


@dataclass(frozen=True)
class Event:
    """One meaningful fact; `old` and `new` as they go into JSON, prices as plain decimals."""

    kind: str
    feed: str
    key: str
    field: str = ""
    old: Any = None
    new: Any = None
    percent: float | None = None
    cause: str = ""
    after: str | None = None
    by: str = ""
    """Where left open: the hour of the attempt."""


def write(db: sqlite3.Connection, moment: Moment, events: Iterable[Event]) -> None:
    """Write the events of an attempt."""
    db.executemany(
        "insert into events values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(moment.hour, moment.attempt, one.after, one.by or moment.hour),
                *(one.kind, one.feed, storable(one.key), storable(one.field)),
                *(as_json(one.old), as_json(one.new), one.percent, one.cause),
            )
            for one in events
        ),
    )


def of_changes(changes: Iterable[Change], moment: Moment) -> Iterator[Event]:
    """The events that changes of records and new fields make; coming and going is not theirs to tell."""
    for change in changes:
        feed = FEEDS[change.feed]
        if change.kind in (feed.came, feed.went):
            continue
        asked = change.key.partition("@")[0] if feed.each else None
        _, after = moment.span(feed.name, asked if change.kind != "field_appeared" else None)
        yield from _events(change, after)


def _events(change: Change, after: str | None) -> Iterator[Event]:
    same = Event(change.kind, change.feed, change.key, change.field, change.old, change.new, after=after)
    if change.kind == "repriced":
        yield replace(
            same,
            old=_plain(change.old),
            new=_plain(change.new),
            percent=_percent(change.old, change.new),
            cause=change.cause,
        )
    elif change.kind == "schedule_changed":
        yield from _scheduled(change, after)
    elif change.kind == "expiry_changed":
        old, new = expiry(change.old), expiry(change.new)
        if old != new:
            kind = "expiry_set" if old is None else "expiry_moved" if new else "expiry_cleared"
            yield replace(same, kind=kind)
    elif change.feed == "providers" and change.field in POLICY:
        yield replace(same, kind="policy_changed")
    else:
        yield same


def _scheduled(change: Change, after: str | None) -> Iterator[Event]:
    """What a changed schedule does to each price: fixed before or after, or by other conditions."""
    names = {name for end in (change.old, change.new) for entry in schedule(end) for name in rates(entry)}
    found = False
    for name in sorted(names):
        prices = tariff(change.old, name), tariff(change.new, name)
        if prices[0] != prices[1]:
            found = True
            cause = "schedule" if change.feed == "models" else ""
            yield Event("repriced", change.feed, change.key, name, *prices, cause=cause, after=after)
    if not found:
        old, new = schedule(change.old), schedule(change.new)
        yield Event("edited", change.feed, change.key, "pricing.overrides", old, new, after=after)


def tariff(pricing: Any, dimension: str) -> str | list[Record] | None:
    """What a dimension costs: a plain decimal, or where conditions rule it, the list of them with prices."""
    entries = [
        {**_conditions(entry), "price": _plain(found[dimension])}
        for entry in schedule(pricing)
        if dimension in (found := rates(entry))
    ]
    if entries:
        return entries
    return None if dimension in clock_keys(pricing) else _plain(dimensions(pricing).get(dimension))


def _conditions(entry: Record) -> Record:
    prices = rates(entry)
    return {name: value for name, value in entry.items() if name not in prices}


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def _percent(old: Decimal | None, new: Decimal | None) -> float | None:
    """The move in percent, where both ends are positive prices."""
    if not old or not new or old < 0 or new < 0:
        return None
    return round(float((new - old) / old * 100), 4)
