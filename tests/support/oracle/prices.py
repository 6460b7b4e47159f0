"""Prices: the facts and excuses of changed price objects, and whose price moved."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.keys import Key
from orarchive.jsonl import Record, dumps
from tests.support.oracle.attempts import AttemptLog
from tests.support.oracle.facts import EXCUSE_TIME_OF_DAY, FactLog
from tests.support.oracle.values import (
    format_plain,
    get_pricing,
    is_equal,
    is_near,
    list_scheduled,
    normalize_schedule,
    normalize_tariff,
    parse_number,
    read_base,
    read_entries,
    read_entry_prices,
    read_price,
    read_tariff,
    remove_paths,
    says_same,
)

PriceValue = tuple[str, Decimal | None]
"""A dimension and its price."""


@dataclass(frozen=True)
class PricingChange:
    """A price object before and after an attempt."""

    old: Record
    new: Record
    """Without the fields that are new in its feed."""
    sent: Record
    """As it was sent."""

    @property
    def is_rescheduled(self) -> bool:
        """Return whether the schedule changed."""
        return not says_same(read_entries(self.old), read_entries(self.new))

    @property
    def time_of_day_dimensions(self) -> set[str]:
        """Return the dimensions that have a time-of-day price before or after."""
        return list_scheduled(self.old) | list_scheduled(self.sent)

    @property
    def rescheduled_dimensions(self) -> set[str]:
        """Return the dimensions that a changed schedule names."""
        entries = [*read_entries(self.old), *read_entries(self.sent)] if self.is_rescheduled else []
        return {name for entry in entries for name in read_entry_prices(entry)}

    @property
    def dimensions(self) -> set[str]:
        """Return all dimensions."""
        names = self.old.keys() | self.new.keys() | self.rescheduled_dimensions
        return names - {"overrides", "discount"}


class PriceOracle:
    """Compares the prices of an attempt with those before it."""

    def __init__(self, log: AttemptLog, facts: FactLog) -> None:
        self.log, self.facts = log, facts

    def start_attempt(self, new_paths: dict[str, list[str]]) -> None:
        """Begin the current attempt; `new_paths` are the fields that are new, by feed."""
        self.new_paths = new_paths
        self.moved_endpoint_prices: dict[str, set[PriceValue]] = defaultdict(set)
        self.rescheduled_endpoint_prices: dict[str, set[PriceValue]] = defaultdict(set)

    def apply_models(self) -> None:
        """Compare the prices of all models; those of the endpoints must have been compared before."""
        if self.log.find_last_read("models") is None:
            return
        for key in self.log.old["models"].keys() & self.log.new["models"].keys():
            old, new = self.log.old["models"][key], self.log.new["models"][key]
            if is_equal(old, new, "pricing"):
                continue
            if any(record["id"].startswith("~") or record.get("alias_target") for record in (old, new)):
                self.facts.excuse("alias")
            else:
                self.compare(FEEDS["models"], key)

    def compare(self, feed: Feed, key: Key) -> None:
        """Compare the price object of a record before and after the current attempt."""
        old, sent = (get_pricing(side[feed.name][key]) for side in (self.log.old, self.log.new))
        change = self._compare_pricing(feed.name, old, sent)
        new = change.new
        if feed.name == "endpoints":
            self._note_endpoint(key[0], change)
        are_ruled = [self._compare_price(feed, key, change, name) for name in sorted(change.dimensions)]
        if change.is_rescheduled and not any(are_ruled):
            schedules = [read_entries(old), read_entries(sent)]
            if says_same(*map(normalize_schedule, schedules)):
                self.facts.excuse("form")
            else:
                self._add(feed, key, "edited", "pricing.overrides", *schedules)
        discounts = [pricing.get("discount") or 0 for pricing in (old, new)]
        if not says_same(*discounts):
            self._add(feed, key, "discounted", "discount", *discounts)
        if sent != new:
            self.facts.excuse("new field")

    def _compare_pricing(self, feed: str, old: Record, sent: Record) -> PricingChange:
        """Compare two price objects of a feed, without the fields that are new in it but for a schedule."""
        new_paths = [path for path in self.new_paths[feed] if not path.startswith("pricing.overrides")]
        new = {} if "pricing" in new_paths else remove_paths(sent, "pricing", new_paths)
        return PricingChange(old, new, sent)

    def _compare_price(self, feed: Feed, key: Key, change: PricingChange, name: str) -> bool:
        """Compare one price; return whether the changed schedule changed its conditions."""
        old, new = read_price(change.old, name), read_price(change.new, name)
        is_time_of_day = name in change.time_of_day_dimensions
        tariffs = [read_tariff(pricing, name) for pricing in (change.old, change.sent)]
        is_ruled = name in change.rescheduled_dimensions and (not says_same(*map(normalize_tariff, tariffs)))
        is_moved = not is_time_of_day and not is_near(old, new)
        if is_moved:
            values = tariffs if is_ruled else [format_plain(old), format_plain(new)]
            cause = self._find_cause(key[0], name, new) if feed.name == "models" else ""
            percent = _find_percent(old, new)
            self._add(feed, key, "repriced", name, *values, percent=percent, cause=cause)
        elif is_time_of_day and not change.is_rescheduled and self._has_new_base(change, name):
            base, new_base = (read_base(pricing, name) for pricing in (change.old, change.sent))
            cause = self._find_cause(key[0], name, new_base) if feed.name == "models" else ""
            values = [format_plain(base), format_plain(new_base)]
            percent = _find_percent(base, new_base)
            self._add(feed, key, "repriced", name, *values, percent=percent, cause=cause)
        elif is_ruled:
            cause = self._find_schedule_cause(key[0], change) if feed.name == "models" else ""
            self._add(feed, key, "repriced", name, *tariffs, cause=cause)
        elif not is_equal(change.old, change.new, name):
            self.facts.excuse(
                EXCUSE_TIME_OF_DAY
                if is_time_of_day
                else _find_form_excuse(change.old.get(name), change.new.get(name))
            )
        return is_ruled

    def _has_new_base(self, change: PricingChange, name: str) -> bool:
        """Return whether the price outside the schedule was stated before and after, and moved."""
        bases = [read_base(pricing, name) for pricing in (change.old, change.sent)]
        return None not in bases and not is_near(*bases)

    def _add(self, feed: Feed, key: Key, kind: str, field: str, old: Any, new: Any, **values: Any) -> None:
        after = self.log.find_after(feed.name, feed.get_parent_key(key))
        self.facts.add(kind, feed.name, format_key(feed, key), field, old=old, new=new, after=after, **values)

    # -- whose price moved

    def _note_endpoint(self, model: str, change: PricingChange) -> None:
        """Note what moved at an endpoint, for the cause of its model's prices."""
        time_of_day = change.time_of_day_dimensions
        for name in change.dimensions - time_of_day:
            price = read_price(change.new, name)
            if not is_near(read_price(change.old, name), price):
                self.moved_endpoint_prices[model].add((name, price))
        for name in [] if change.is_rescheduled else time_of_day:
            if self._has_new_base(change, name):
                self.moved_endpoint_prices[model].add((name, read_base(change.sent, name)))
        if change.is_rescheduled:
            prices: set[PriceValue] = {(name, read_price(change.sent, name)) for name in time_of_day}
            for entry in [*read_entries(change.old), *read_entries(change.sent)]:
                prices |= {*read_entry_prices(entry).items()}
            self.rescheduled_endpoint_prices[model] |= {
                (name, price) for name, price in prices if name in time_of_day
            }

    def _find_schedule_cause(self, model: str, change: PricingChange) -> str:
        """Return the cause of a new schedule of a model."""
        old, new = (
            {key: get_pricing(record) for key, record in side["endpoints"].items() if key[0] == model}
            for side in (self.log.old, self.log.new)
        )
        moves = [self._compare_pricing("endpoints", old[key], new[key]) for key in old.keys() & new.keys()]
        described = _describe_schedule(change)
        if any(move.is_rescheduled and _describe_schedule(move) == described for move in moves):
            return "endpoint"
        rates = _read_current_rates(change)
        for pricing in (*old.values(), *new.values()):
            has_rates = all(read_price(pricing, name) == price for name, price in rates.items())
            if has_rates and dumps(read_entries(pricing)) == dumps(read_entries(change.sent)):
                return "provider"
        return "unknown"

    def _find_cause(self, model: str, dimension: str, price: Decimal | None) -> str:
        """Return the cause of a new price of a model."""
        if (dimension, price) in self.moved_endpoint_prices[model]:
            return "endpoint"
        if price is not None and (dimension, price) in self.rescheduled_endpoint_prices[model]:
            return "schedule"
        endpoints = [
            record
            for side in (self.log.old, self.log.new)
            for key, record in side["endpoints"].items()
            if key[0] == model
        ]
        if any(read_price(get_pricing(endpoint), dimension) == price for endpoint in endpoints):
            return "provider"
        return "unknown"


def _read_current_rates(change: PricingChange) -> dict[str, Decimal | None]:
    """Read the new prices of the dimensions that depend on the time of day, before or after."""
    prices = {name: read_price(change.sent, name) for name in change.time_of_day_dimensions}
    return {name: price for name, price in prices.items() if price is not None}


def _describe_schedule(change: PricingChange) -> Any:
    """Describe a changed schedule, to compare it with another."""
    schedules = [dumps(read_entries(pricing)) for pricing in (change.old, change.sent)]
    return schedules, _read_current_rates(change)


def _find_percent(old: Decimal | None, new: Decimal | None) -> float | None:
    """Return by how many percent a price moved; None unless both are positive."""
    if old is None or new is None or old <= 0 or new <= 0:
        return None
    return round(float((new - old) / old * 100), 4)


def _find_form_excuse(old: Any, new: Any) -> str:
    """Return why two values of a price are no event."""
    is_unreadable = any(value is not None and parse_number(value) is None for value in (old, new))
    return "no price" if is_unreadable else "form"
