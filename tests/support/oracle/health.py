"""Health: runs of good and bad hours, readings of health, and their figures by day."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import Key
from orarchive.jsonl import Record
from tests.support.oracle.attempts import AttemptLog, get_kept, get_since, is_good
from tests.support.oracle.facts import FactLog
from tests.support.oracle.values import get_pricing, read_price
from tests.support.random_histories import ArchivedAttempt

DEGRADED_HOURS = 6
ORPHANED_HOURS = 2
HEALTH_FIELDS = ("status", "uptime_", "latency_", "throughput_")
"""Prefixes of the fields that are health."""


class WatchedHour(NamedTuple):
    """An hour of a record that is watched: when its response may have been made, and whether it was bad."""

    hour: str
    since: str
    is_bad: bool


class Turn(NamedTuple):
    """A change of state that the last hour of a run makes known."""

    is_bad: bool
    by: str
    after: str | None


class HealthOracle:
    """Follows the health of endpoints and the models without endpoints through all attempts."""

    def __init__(self, log: AttemptLog, facts: FactLog) -> None:
        self.log, self.facts = log, facts
        self.hours: dict[tuple[str, str, Key], list[WatchedHour]] = defaultdict(list)
        """Kind of state, feed and key -> the hours watched."""

    def end_runs(self, feed: str, key: Key) -> None:
        """Forget the hours of a record that is gone."""
        for kind in ("health", "orphaned"):
            self.hours.pop((kind, feed, key), None)

    def apply_attempt(self, is_first_arrival: Callable[[Key], bool]) -> None:
        """Watch the endpoints and models of the current attempt.

        `is_first_arrival` tells of a model's key whether it was there when its record began.
        """
        if is_good(self.log.line, "endpoints"):
            self._watch_endpoints()
            self._watch_models(is_first_arrival)

    def _watch_endpoints(self) -> None:
        kept_keys = get_kept(self.log.line, "endpoints")
        for key, record in sorted(self.log.new["endpoints"].items()):
            if key[0] in kept_keys:
                continue
            uptime = record.get("uptime_last_1d")
            is_bad = bool(record.get("status")) or (uptime is not None and uptime < 90)
            turn = self._watch("health", "endpoints", key, DEGRADED_HOURS, is_bad=is_bad)
            if turn:
                kind = "degraded" if turn.is_bad else "recovered"
                name = format_key(FEEDS["endpoints"], key)
                self.facts.add(kind, "endpoints", name, after=turn.after, by=turn.by)

    def _watch_models(self, is_first_arrival: Callable[[Key], bool]) -> None:
        kept_keys = get_kept(self.log.line, "endpoints")
        served = {key[0] for key in self.log.new["endpoints"]}
        unserved: dict[Key, bool] = {}
        for key, record in sorted(self.log.new["models"].items()):
            is_alias = key[0].startswith("~") or record.get("alias_target")
            prompt = read_price(get_pricing(record), "prompt")
            if key[0] in kept_keys or is_alias or (prompt is not None and prompt < 0):
                continue
            unserved[key] = key[0] not in served
        if sum(unserved.values()) > max(2, len(unserved) / 10):
            return
        for key, is_bad in unserved.items():
            turn = self._watch("orphaned", "models", key, ORPHANED_HOURS, is_bad=is_bad)
            if turn and turn.is_bad and not (turn.after is None and is_first_arrival(key)):
                self.facts.add("orphaned", "models", key[0], after=turn.after, by=turn.by)

    def _watch(self, kind: str, feed: str, key: Key, min_hours: int, *, is_bad: bool) -> Turn | None:
        """Count an hour of a record once; return the turn that it makes known."""
        hours = self.hours[kind, feed, key]
        if hours and hours[-1].hour == self.log.hour:
            return None
        hours.append(WatchedHour(self.log.hour, get_since(self.log.line, "endpoints"), is_bad))
        return find_turn(hours, min_hours)

    def list_readings(self) -> dict[tuple[str, int, Key], Record]:
        """Return the health that was read, by hour, number of the attempt in it, and endpoint."""
        return {
            (attempt.line["hour"], attempt.line["attempt"], key): {
                name: value for name, value in record.items() if name.startswith(HEALTH_FIELDS)
            }
            for attempt, key, record in self._read_endpoints()
        }

    def sum_days(self) -> dict[tuple[Key, str], list[Any]]:
        """Return the figures of each endpoint and day; the first reading of an hour counts."""
        days: dict[tuple[Key, str], dict[str, Record]] = defaultdict(dict)
        for attempt, key, record in self._read_endpoints():
            hour = attempt.line["hour"]
            days[key, hour[:10]].setdefault(hour, record)
        return {key_and_day: _sum_day(list(hours.values())) for key_and_day, hours in days.items()}

    def _read_endpoints(self) -> Iterator[tuple[ArchivedAttempt, Key, Record]]:
        """Yield each endpoint that was read in each attempt."""
        for attempt, records in zip(self.log.attempts, self.log.records, strict=True):
            if is_good(attempt.line, "endpoints"):
                kept_keys = get_kept(attempt.line, "endpoints")
                for key, record in records["endpoints"].items():
                    if key[0] not in kept_keys:
                        yield attempt, key, record


def find_turn(hours: list[WatchedHour], min_hours: int) -> Turn | None:
    """Return the turn that the last of some hours makes known; None if there is none.

    A record turns bad, or well again, after `min_hours` running; an orphaned model is served again at once.
    """
    state_is_bad, run, turn = False, 0, None
    for position, watched in enumerate(hours):
        run = run + 1 if position and hours[position - 1].is_bad == watched.is_bad else 1
        turn = None
        is_long_enough = run >= min_hours or (min_hours == ORPHANED_HOURS and not watched.is_bad)
        if watched.is_bad != state_is_bad and is_long_enough:
            state_is_bad = watched.is_bad
            first = position - run + 1
            turn = Turn(state_is_bad, hours[first].hour, hours[first - 1].since if first else None)
    return turn


def _sum_day(records: list[Record]) -> list[Any]:
    """Return hours, abnormal ones, uptimes with sum and minimum, and latencies with sum."""
    uptimes = [record["uptime_last_30m"] for record in records if record.get("uptime_last_30m") is not None]
    measured = [
        record for record in records if "latency_last_30m" in record and "throughput_last_30m" in record
    ]
    return [
        *(len(records), sum(bool(record.get("status")) for record in records)),
        *(len(uptimes), sum(uptimes), min(uptimes, default=None)),
        *(len(measured), sum(record["latency_last_30m"]["p50"] for record in measured)),
    ]
