"""Records: how each was added, when it went missing, and what its absence makes of it."""

from dataclasses import dataclass, field

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.jsonl import Record
from tests.support.oracle.attempts import DAY_S, AttemptLog, get_since, is_surely_in, sum_absence_s
from tests.support.oracle.facts import FactLog
from tests.support.oracle.health import HealthOracle

FIRST_ARRIVALS = ("baseline", "first_observed")
"""Arrivals that do not tell when a record came to be."""


@dataclass
class TrackedRecord:
    """A record that was listed once."""

    first: str
    arrival: str
    last: str | None = None
    state: str = "active"
    missing: str | None = None
    record: Record = field(default_factory=dict)
    has_removal_event: bool = False
    """Whether an event says that it is not listed."""
    hours_without: list[tuple[str, bool]] = field(default_factory=list)
    """The good hours since it is not listed, each with whether it could have contained it."""

    def absence_state(self) -> str:
        """Return the state that follows from the length of the absence."""
        absence_s = sum_absence_s(self.hours_without)
        if absence_s >= 30 * DAY_S:
            return "removed"
        return "deprecated" if absence_s >= 14 * DAY_S else "stale"


class RecordOracle:
    """Follows every record through all attempts."""

    def __init__(self, log: AttemptLog, facts: FactLog, health: HealthOracle) -> None:
        self.log, self.facts, self.health = log, facts, health
        self.tracked: dict[tuple[str, Key], TrackedRecord] = {}

    def apply_attempt(self) -> None:
        """Add the records that are new in the current attempt, and remove those that are gone."""
        for name, feed in FEEDS.items():
            old, new = self.log.old[name], self.log.new[name]
            for key in sorted(old.keys() | new.keys()):
                if key not in old:
                    self._add(feed, key)
                elif key not in new:
                    self._remove(feed, key)

    def is_first_arrival(self, key: Key) -> bool:
        """Return whether a model was listed when its record began, so that its addition was not observed."""
        return self.tracked["models", key].arrival in FIRST_ARRIVALS

    # -- records that are added

    def _add(self, feed: Feed, key: Key) -> None:
        name = feed.name
        tracked = self.tracked.get((name, key))
        arrival, cause = self._find_arrival(feed, key, tracked)
        old_state = tracked.state if tracked else None
        if tracked is None:
            tracked = self.tracked[name, key] = TrackedRecord(self.log.hour, arrival)
        tracked.arrival, tracked.last, tracked.state, tracked.missing = arrival, None, "active", None
        tracked.has_removal_event, tracked.hours_without = False, []
        if arrival == "baseline":
            self.facts.excuse("baseline")
        elif arrival == "first_observed" and old_state is not None:
            self.facts.excuse("unobserved")
        else:
            old = old_state if arrival == "returned" else None
            after = None if arrival == "first_observed" else self._find_last_without(feed, key)
            self.facts.add(arrival, name, format_key(feed, key), old=old, cause=cause, after=after)

    def _find_last_without(self, feed: Feed, key: Key) -> str | None:
        """Return when the last response was made that could have contained a record and did not."""
        if isinstance(feed, FanOutFeed) or not self.log.find_scope_change(feed):
            return self.log.find_after(feed.name, feed.get_parent_key(key))
        record = self.log.new[feed.name][key]
        lines = [
            line
            for line in self.log.list_earlier_reads(feed.name)
            if is_surely_in(line["feeds"][feed.name].get("scope", ""), record)
        ]
        return get_since(lines[-1], feed.name) if lines else None

    def _find_arrival(self, feed: Feed, key: Key, tracked: TrackedRecord | None) -> tuple[str, str]:
        """Return how a record was added, and the kind of record that it was added with."""
        if self.log.find_last_read(feed.name) is None:
            return "baseline", ""
        source, cause = None, ""
        if isinstance(feed, FanOutFeed) and not self._was_requested(feed, key[0]):
            source, cause = self.tracked.get((feed.parent, (key[0],))), "model"
        elif isinstance(feed, CopyFeed) and self._is_added(feed.copied_feed, key):
            source, cause = self.tracked[feed.copied_feed, key], "endpoint"
        if tracked and tracked.has_removal_event:
            return ("returned" if feed.removed_kind == "missing" else feed.added_kind), cause
        if cause:
            is_first = source is None or source.arrival in FIRST_ARRIVALS
            return ("first_observed", "") if is_first else (feed.added_kind, cause)
        scopes = self.log.find_scope_change(feed)
        if tracked or (scopes and not is_surely_in(scopes[0], self.log.new[feed.name][key])):
            return "first_observed", ""
        return feed.added_kind, ""

    def _was_requested(self, feed: Feed, parent_key: str) -> bool:
        position = self.log.position
        return bool(position) and (parent_key,) in self.log.attempts[position - 1].snapshot[feed.name]

    def _is_added(self, feed: str, key: Key) -> bool:
        return key not in self.log.old[feed] and key in self.log.new[feed]

    # -- records that go missing

    def _remove(self, feed: Feed, key: Key) -> None:
        name, tracked = feed.name, self.tracked[feed.name, key]
        parent_key = feed.get_parent_key(key)
        last_read = self.log.find_last_read(name, parent_key)
        tracked.last = max(last_read["hour"] if last_read else self.log.hour, tracked.first)
        # Of a record that was added and taken back within an hour the index keeps no line.
        tracked.record = {} if tracked.first == self.log.hour else self.log.old[name][key]
        self.health.end_runs(name, key)
        if self._is_outside_scope(feed, key):
            tracked.state = "unobserved"
            self.facts.excuse("unobserved")
            return
        tracked.state = "stale" if feed.removed_kind == "missing" else feed.removed_kind
        tracked.missing = self.log.hour
        tracked.has_removal_event = True
        answers = self.log.line["feeds"]["models"].get("vanished", {}) if name == "models" else {}
        text, after = format_key(feed, key), self.log.find_after(name, parent_key)
        cause, _, target = (answers.get(key[0]) or self._find_removed_source(feed, key)).partition(":")
        self.facts.add(feed.removed_kind, name, text, cause=cause, after=after)
        if cause == "renamed" and target != key[0].partition(":")[0]:
            self.facts.add("renamed", name, text, "id", old=key[0], new=target, after=after)

    def _is_outside_scope(self, feed: Feed, key: Key) -> bool:
        if isinstance(feed, FanOutFeed):
            parent = self.tracked.get((feed.parent, (key[0],)))
            return bool(parent and parent.state == "unobserved" and not parent.has_removal_event)
        if isinstance(feed, CopyFeed):
            source = self.tracked.get((feed.copied_feed, key))
            is_removed = self._is_removed(feed.copied_feed, key)
            return bool(is_removed and source and source.state == "unobserved")
        scopes = self.log.find_scope_change(feed)
        return scopes is not None and not is_surely_in(scopes[1], self.log.old[feed.name][key])

    def _find_removed_source(self, feed: Feed, key: Key) -> str:
        if isinstance(feed, FanOutFeed):
            return "" if (key[0],) in self.log.new[feed.parent] else "model"
        return "endpoint" if isinstance(feed, CopyFeed) and self._is_removed(feed.copied_feed, key) else ""

    def _is_removed(self, feed: str, key: Key) -> bool:
        return key in self.log.old[feed] and key not in self.log.new[feed]

    # -- absence

    def update_absences(self, feed: Feed) -> None:
        """Update the absent records of a feed that the current attempt read well."""
        absent = [
            (key, tracked)
            for (name, key), tracked in self.tracked.items()
            if name == feed.name and tracked.last is not None
        ]
        if feed.removed_kind == "missing":
            for key, tracked in absent:
                self._rescope(feed, key, tracked)
        for key, tracked in absent:
            self._age(feed, key, tracked)

    def _rescope(self, feed: Feed, key: Key, tracked: TrackedRecord) -> None:
        scopes = self.log.find_scope_change(feed)
        if (
            scopes
            and not isinstance(feed, FanOutFeed)
            and tracked.state in ("stale", "deprecated", "unobserved")
        ):
            # In the attempt that removes a record its line is still known.
            record = self.log.old[feed.name].get(key, tracked.record)
            is_visible = is_surely_in(scopes[1], record)
            if tracked.state == "unobserved" and is_visible and not tracked.has_removal_event:
                tracked.missing, tracked.has_removal_event = self.log.hour, True
                after = self.log.find_since(feed.name, str(tracked.last))
                self.facts.add(feed.removed_kind, feed.name, format_key(feed, key), after=after)
            tracked.state = tracked.absence_state() if is_visible else "unobserved"
        if not tracked.hours_without or tracked.hours_without[-1][0] != self.log.hour:
            tracked.hours_without.append((self.log.hour, tracked.state != "unobserved"))

    def _age(self, feed: Feed, key: Key, tracked: TrackedRecord) -> None:
        if tracked.state not in ("stale", "deprecated"):
            return
        state = tracked.absence_state()
        if state != tracked.state and (state == "removed" or feed.name == "models"):
            self.facts.add(state, feed.name, format_key(feed, key), after=self.log.find_after(feed.name))
        tracked.state = state
