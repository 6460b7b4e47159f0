"""Events: one meaningful fact each, derived from changes, with the bounds in which it came about.

Changes that make none stand in EXCUSES, each with its reason.
"""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from orarchive.domain.changes import Change
from orarchive.domain.feeds import FEEDS
from orarchive.domain.prices import read_entry_prices, read_prices, read_schedule, time_of_day_keys
from orarchive.domain.records import NO_DATE, parse_expiry
from orarchive.index.context import AttemptContext
from orarchive.index.sql_values import escape_surrogates, to_json
from orarchive.jsonl import Record

EXCUSES = {
    "baseline": "the first good reading of a feed, or of a model's endpoints, is where its record begins",
    "silent": "health and benchmarks move by themselves; health_days and latest keep them",
    "clock": "the price of the moment flips by the clock; its schedule does not",
    "form": "a price that goes between absent and zero, or is spelled another way, is the same price",
    "alias": "an alias repeats the prices of its target; alias_moved says when that is another one",
    "repeat": "what only repeats: a zdr row its endpoint, a response's envelope its model, and the context"
    " length of the provider on top that of the model",
    "new field": "field_appeared says it once for all records",
    "no date": "expiration dates from 2098-12-31 on mean that there is none",
    "null": "a field that is null and one that is not there say the same",
    "no price": "a value among prices that is no number before and after is no price; versions keep it",
    "unobserved": "what a narrower scope no longer shows is not gone, and was not when it shows again",
}

POLICY_FIELDS = ("privacy_policy_url", "terms_of_service_url", "headquarters", "datacenters")
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


def write_events(db: sqlite3.Connection, moment: AttemptContext, events: Iterable[Event]) -> None:
    """Write the events of an attempt."""
    db.executemany(
        "insert into events values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(moment.hour, moment.attempt, one.after, one.by or moment.hour),
                *(one.kind, one.feed, escape_surrogates(one.key), escape_surrogates(one.field)),
                *(to_json(one.old), to_json(one.new), one.percent, one.cause),
            )
            for one in events
        ),
    )


def derive_events(changes: Iterable[Change], moment: AttemptContext) -> Iterator[Event]:
    """The events that changes of records and new fields make; coming and going is not theirs to tell."""
    for (name, key), found in groupby(changes, lambda change: (change.feed, change.key)):
        feed = FEEDS[name]
        told = [change for change in found if change.kind not in (feed.added_kind, feed.removed_kind)]
        appeared = any(change.kind == "field_appeared" for change in told)
        _, after = moment.span(name, key.partition("@")[0] if feed.parent and not appeared else None)
        yield from derive_record_events(told, after)


def derive_record_events(changes: list[Change], after: str | None = None) -> Iterator[Event]:
    """The events of what changed of one record; each price is told once, with all that rules it."""
    ruled = {name: prices for change in changes for name, prices in _ruled(change).items()}
    alone = {change.field: change for change in changes if change.kind == "repriced"}
    for change in changes:
        if change.kind == "schedule_changed":
            yield from _scheduled(change, ruled, alone, after)
        elif change.kind != "repriced" or change.field not in ruled:
            yield from _events(change, after)


def _events(change: Change, after: str | None) -> Iterator[Event]:
    what = (change.kind, change.feed, change.key, change.field)
    if change.kind == "repriced":
        prices = (_plain(change.old), _plain(change.new), _percent(change.old, change.new))
        yield Event(*what, *prices, change.cause, after)
        return
    same = Event(*what, change.old, change.new, after=after)
    if change.kind == "expiry_changed":
        old, new = parse_expiry(change.old), parse_expiry(change.new)
        if old != new:
            kind = "expiry_set" if old is None else "expiry_moved" if new else "expiry_cleared"
            yield replace(same, kind=kind)
        elif not (_is_no_date(change.old) and _is_no_date(change.new)):
            yield replace(same, kind="edited")
    elif change.feed == "providers" and change.field in POLICY_FIELDS:
        yield replace(same, kind="policy_changed")
    else:
        yield same


def _is_no_date(value: Any) -> bool:
    """Whether an expiration date is one of the ways to say that there is none."""
    try:
        return value is None or dt.date.fromisoformat(value[:10]) >= NO_DATE
    except (TypeError, ValueError):
        return False


Tariff = list[tuple[Record, Decimal]]
"""What a dimension costs: each price with the conditions under which it holds, {} for the plain one."""


def _ruled(change: Change) -> dict[str, tuple[Tariff, Tariff]]:
    """What a changed schedule does to each price: fixed before or after, or by other conditions."""
    if change.kind != "schedule_changed":
        return {}
    names = {
        name
        for end in (change.old, change.new)
        for entry in read_schedule(end)
        for name in read_entry_prices(entry)
    }
    before, after = _tariffs(change.old), _tariffs(change.new)
    found = {name: (before.get(name, []), after.get(name, [])) for name in sorted(names)}
    return {name: prices for name, prices in found.items() if prices[0] != prices[1]}


def _scheduled(
    change: Change, ruled: dict[str, tuple[Tariff, Tariff]], alone: dict[str, Change], after: str | None
) -> Iterator[Event]:
    """The events of a changed schedule; `alone`: the plain prices that moved beside it."""
    event = Event("repriced", change.feed, change.key, after=after)
    for name, prices in ruled.items():
        old, new = map(_as_told, prices)
        if plain := alone.get(name):
            percent, cause = _percent(plain.old, plain.new), plain.cause
        else:
            percent, cause = None, "schedule" if change.feed == "models" else ""
        yield replace(event, field=name, old=old, new=new, percent=percent, cause=cause)
    old, new = read_schedule(change.old), read_schedule(change.new)
    if not ruled and [{**one, **read_entry_prices(one)} for one in old] != [
        {**one, **read_entry_prices(one)} for one in new
    ]:
        yield replace(event, kind="edited", field="pricing.overrides", old=old, new=new)


def _tariffs(pricing: Any) -> dict[str, Tariff]:
    """What each dimension costs: the plain price unless that follows the clock, and those with conditions."""
    clock = time_of_day_keys(pricing)
    found: dict[str, Tariff] = {
        name: [({}, price)] for name, price in read_prices(pricing).items() if name not in clock
    }
    for entry in read_schedule(pricing):
        conditions = _conditions(entry)
        for name, price in read_entry_prices(entry).items():
            found.setdefault(name, []).append((conditions, price))
    return found


def _as_told(tariff: Tariff) -> str | list[Record] | None:
    """A tariff as it goes into an event: a plain decimal, or the list of conditions with their prices."""
    if len(tariff) > 1 or any(conditions for conditions, _ in tariff):
        return [{**conditions, "price": _plain(price)} for conditions, price in tariff]
    return _plain(tariff[0][1]) if tariff else None


def _conditions(entry: Record) -> Record:
    prices = read_entry_prices(entry)
    return {name: value for name, value in entry.items() if name not in prices}


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def _percent(old: Decimal | None, new: Decimal | None) -> float | None:
    """The move in percent, where both ends are positive prices."""
    if not old or not new or old < 0 or new < 0:
        return None
    return round(float((new - old) / old * 100), 4)
