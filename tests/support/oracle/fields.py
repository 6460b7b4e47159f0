"""Fields: which are new in a feed, which events and excuses their changes have, and which vanished."""

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import Any

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.jsonl import Record, dumps
from tests.support.oracle.attempts import DAY_S, AttemptLog, sum_absence_s
from tests.support.oracle.facts import EXCUSE_VOLATILE, FactLog
from tests.support.oracle.prices import PriceOracle
from tests.support.oracle.values import (
    is_equal,
    list_paths,
    parse_date,
    remove_paths,
    says_no_date,
    says_same,
)

FIELD_KINDS = {
    "canonical_slug": "renamed",
    "context_length": "limits_changed",
    "top_provider": "limits_changed",
    "supported_parameters": "capabilities_changed",
    "architecture": "capabilities_changed",
    "alias_target": "alias_moved",
    "quantization": "requantized",
}
POLICY_FIELDS = ("headquarters", "datacenters")
VOLATILE_FIELDS = {
    "models": ("benchmarks",),
    "endpoints": ("status", "uptime_*", "latency_*", "throughput_*"),
}

NewPaths = dict[str, list[str]]
"""Feed -> the paths that no record of it ever had."""


class FieldOracle:
    """Follows the fields of every feed through all attempts."""

    def __init__(self, log: AttemptLog, facts: FactLog) -> None:
        self.log, self.facts = log, facts
        self.paths_so_far: dict[str, set[str]] = defaultdict(set)
        self.hours_without: dict[tuple[str, str], list[str]] = {}
        """Feed and path -> the good hours since no record has the field."""
        self.vanished: set[tuple[str, str]] = set()

    # -- fields that are new

    def find_new_paths(self) -> NewPaths:
        """Return the paths that are new in the current attempt, without those inside another new field."""
        return {name: self._find_new_paths(name) for name in FEEDS}

    def _find_new_paths(self, feed: str) -> list[str]:
        if self.log.old is self.log.new:
            return []
        paths = self._list_paths(self.log.new[feed])
        new_paths = sorted(paths - self.paths_so_far[feed])
        self.paths_so_far[feed] |= paths
        if self.log.find_last_read(feed) is None:
            return []
        return [path for path in new_paths if not _is_inside(path, new_paths)]

    def _list_paths(self, records: dict[Key, Record]) -> set[str]:
        return {path for record in records.values() for path in list_paths(record)}

    # -- fields that changed

    def apply_attempt(self, new_paths: NewPaths, prices: PriceOracle) -> None:
        """Add the facts of new fields, and of changed fields and prices but for those of models."""
        for name, feed in FEEDS.items():
            if not isinstance(feed, CopyFeed):
                for path in new_paths[name]:
                    self.facts.add("field_appeared", name, path, after=self.log.find_after(name))
            for key in self.log.old[name].keys() & self.log.new[name].keys():
                self._compare(feed, key, new_paths[name], prices)

    def _compare(self, feed: Feed, key: Key, new_paths: list[str], prices: PriceOracle) -> None:
        """Compare a record before and after the current attempt, field by field."""
        old, new = self.log.old[feed.name][key], self.log.new[feed.name][key]
        if dumps(old) == dumps(new):
            return
        if isinstance(feed, CopyFeed) or self.log.find_last_read(feed.name) is None:
            self.facts.excuse("repeat" if isinstance(feed, CopyFeed) else "baseline")
            return
        for name in sorted(old.keys() | new.keys()):
            if is_equal(old, new, name):
                continue
            if any(fnmatchcase(name, pattern) for pattern in VOLATILE_FIELDS.get(feed.name, ())):
                self.facts.excuse(EXCUSE_VOLATILE)
            elif name != "pricing":
                self._compare_field(feed, key, name, new_paths)
            elif feed.name != "models":
                prices.compare(feed, key)

    def _compare_field(self, feed: Feed, key: Key, name: str, new_paths: list[str]) -> None:
        old, new = (side[feed.name][key].get(name) for side in (self.log.old, self.log.new))
        excuse = "new field" if name in new_paths else self._find_excuse(name, old, new, new_paths)
        if excuse:
            self.facts.excuse(excuse)
            return
        kind = FIELD_KINDS.get(name, "edited")
        if name == "expiration_date":
            kind = _name_expiry_kind(old, new)
        elif name == "alias_target" and isinstance(old, dict) and isinstance(new, dict):
            kind = "alias_moved" if old["slug"] != new["slug"] else "edited"
        elif feed.name == "providers" and name in POLICY_FIELDS:
            kind = "policy_changed"
        after = self.log.find_after(feed.name, feed.get_parent_key(key))
        self.facts.add(kind, feed.name, format_key(feed, key), name, old=old, new=new, after=after)

    def _find_excuse(self, name: str, old: Any, new: Any, new_paths: list[str]) -> str | None:
        if dumps(old) == dumps(remove_paths(new, name, new_paths)):
            return "new field" if dumps(old) != dumps(new) else "null"
        if says_same(old, remove_paths(new, name, new_paths)):
            return "form"
        if name == "expiration_date" and says_no_date(old) and says_no_date(new):
            return "no date"
        return None

    # -- fields that vanished

    def find_vanished(self, feed: Feed) -> None:
        """Add the facts of fields of a feed that have been on no record for a week of good hours."""
        if isinstance(feed, CopyFeed):
            return
        name = feed.name
        old_paths, new_paths = (self._list_paths(side[name]) for side in (self.log.old, self.log.new))
        is_rescoped = self.log.find_scope_change(FEEDS[feed.parent] if isinstance(feed, FanOutFeed) else feed)
        due = []
        for path in self.paths_so_far[name]:
            if path in new_paths:
                self.hours_without.pop((name, path), None)
                self.vanished.discard((name, path))
                continue
            if path in old_paths and is_rescoped:
                self.vanished.add((name, path))  # it was only on records that are not requested any more
            hours = self.hours_without.setdefault((name, path), [])
            if self.log.hour not in hours:
                hours.append(self.log.hour)
            absence_s = sum_absence_s([(hour, True) for hour in hours])
            if (name, path) not in self.vanished and absence_s >= 7 * DAY_S:
                due.append(path)
                self.vanished.add((name, path))
        for path in due:
            if not _is_inside(path, due):
                by = self.hours_without[name, path][0]
                earlier = [hour for hour in self.log.list_good_hours(name) if hour < by]
                after = self.log.find_since(name, earlier[-1]) if earlier else None
                self.facts.add("field_vanished", name, path, after=after, by=by)


def _is_inside(path: str, outer_paths: list[str]) -> bool:
    """Return whether a path lies inside one of others."""
    return any(path.startswith(f"{outer}.") for outer in outer_paths)


def _name_expiry_kind(old: Any, new: Any) -> str:
    """Return the kind of event of a changed expiration date."""
    old_date, new_date = parse_date(old), parse_date(new)
    if old_date == new_date:
        return "edited"
    if old_date and new_date:
        return "expiry_moved"
    return "expiry_set" if new_date else "expiry_cleared"
