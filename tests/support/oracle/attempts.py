"""Attempts of a history: which of them count, and the records before and after each."""

import datetime as dt
from itertools import pairwise

from orarchive.domain.feeds import FEEDS, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.domain.snapshot import get_records_by_key
from orarchive.jsonl import Record
from orarchive.store.ledger import Attempt
from orarchive.timestamps import format_stamp, parse_stamp
from tests.support.random_histories import ArchivedAttempt

HOUR_S = 3600
DAY_S = 24 * HOUR_S

Records = dict[str, dict[Key, Record]]
"""Feed -> key -> record."""


class AttemptLog:
    """The attempts of a history up to the current one."""

    line: Attempt
    """Ledger line of the current attempt."""
    hour: str
    old: Records
    """The records before the current attempt."""
    new: Records
    """The records after the current attempt."""

    def __init__(self, attempts: list[ArchivedAttempt]) -> None:
        self.attempts = attempts
        self.records = _read_records(attempts)
        self.position = -1

    def advance(self, position: int) -> None:
        """Make the attempt at a position the current one."""
        self.position, self.line = position, self.attempts[position].line
        self.hour = self.line["hour"]
        self.old = self.records[position - 1] if position else {name: {} for name in FEEDS}
        self.new = self.records[position]

    def list_read_feeds(self) -> list[Feed]:
        """Return the feeds that the current attempt read well."""
        return [feed for name, feed in FEEDS.items() if is_good(self.line, name)]

    def list_earlier_reads(self, feed: str) -> list[Attempt]:
        """Return the lines of the attempts in earlier hours that read a feed well, oldest first."""
        return [
            attempt.line
            for attempt in self.attempts[: self.position]
            if attempt.line["hour"] < self.hour and is_good(attempt.line, feed)
        ]

    def find_last_read(self, feed: str, parent_key: str | None = None) -> Attempt | None:
        """Return the last line in an earlier hour that read a feed well, of a fan-out feed a key."""
        lines = [line for line in self.list_earlier_reads(feed) if parent_key not in get_kept(line, feed)]
        return lines[-1] if lines else None

    def find_after(self, feed: str, parent_key: str | None = None) -> str | None:
        """Return the hour in which the state before the current attempt may have been made."""
        line = self.find_last_read(feed, parent_key)
        return get_since(line, feed) if line else None

    def find_since(self, feed: str, hour: str) -> str:
        """Return the hour in which the last good response in an hour may have been made."""
        lines = [
            attempt.line
            for attempt in self.attempts
            if attempt.line["hour"] == hour and is_good(attempt.line, feed)
        ]
        return get_since(lines[-1], feed)

    def find_scope_change(self, feed: Feed) -> tuple[str, str] | None:
        """Return the scope of a feed before and in the current attempt; None if they are equal."""
        before = self.find_last_read(feed.name)
        if before is None or not is_good(self.line, feed.name):
            return None
        old, new = (line["feeds"][feed.name].get("scope", "") for line in (before, self.line))
        return (old, new) if old != new else None

    def list_good_hours(self, feed: str) -> list[str]:
        """Return the hours up to now in which a feed was read well."""
        attempts = self.attempts[: self.position + 1]
        return sorted({attempt.line["hour"] for attempt in attempts if is_good(attempt.line, feed)})

    def was_read(self, feed: str, parent_key: str, hour: str | None) -> bool:
        """Return whether a feed, of a fan-out feed a key, was read in an hour (None: in any)."""
        lines = [attempt.line for attempt in self.attempts if hour in (None, attempt.line["hour"])]
        return any(is_good(line, feed) and parent_key not in get_kept(line, feed) for line in lines)


def _read_records(attempts: list[ArchivedAttempt]) -> list[Records]:
    """Return the records after each attempt."""
    records: list[Records] = []
    for position, attempt in enumerate(attempts):
        if position and attempt.snapshot is attempts[position - 1].snapshot:
            records.append(records[-1])
        else:
            records.append(
                {name: get_records_by_key(feed, attempt.snapshot[name]) for name, feed in FEEDS.items()}
            )
    return records


def is_good(line: Attempt, feed: str) -> bool:
    """Return whether the read of a feed counts."""
    # A feed that needs a key of its own is not in the lines of an archive without it.
    return line["feeds"].get(feed, {"outcome": "not-due"})["outcome"] in (
        ("ok", "partial") if isinstance(FEEDS[feed], FanOutFeed) else ("ok",)
    )


def get_kept(line: Attempt, feed: str) -> dict[str, str]:
    """Return the keys of a fan-out feed that an attempt did not read."""
    return line["feeds"][feed].get("kept", {})


def get_since(line: Attempt, feed: str) -> str:
    """Return the hour in which a response may have been made: it may be as old as its age says."""
    age = line["feeds"][feed].get("age", 0)
    if not age:
        return line["hour"]
    made = parse_stamp(line["started"]) - dt.timedelta(seconds=age)
    return min(line["hour"], format_stamp(made.replace(minute=0, second=0)))


def sum_absence_s(hours: list[tuple[str, bool]]) -> float:
    """Return the seconds of an absence.

    `hours` are the good hours without the record, each with whether it could have contained it.
    """
    total = 0.0
    for (hour, counts), (next_hour, _) in pairwise(hours):
        interval_s = (parse_stamp(next_hour) - parse_stamp(hour)).total_seconds()
        total += min(interval_s, DAY_S) if counts else 0
    return total


def is_surely_in(scope: str, record: Record) -> bool:
    """Return whether a scope contains a record for certain."""
    _, _, query = scope.partition("?")
    if query == "output_modalities=all":
        return True
    name, _, modality = query.partition("=")
    outputs = record.get("architecture", {}).get("output_modalities", [])
    return name in ("", "output_modalities") and (modality or "text") in outputs
