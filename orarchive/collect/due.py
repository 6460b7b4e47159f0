"""What is due: which feeds an attempt asks for, which keys of a sweep, and what another writer left to do."""

import datetime as dt
from dataclasses import replace

from orarchive import ledger
from orarchive.collect.fetch import Fetched
from orarchive.feeds import FEEDS, Feed
from orarchive.hours import stamp
from orarchive.ledger import Attempt, hour_of
from orarchive.snapshot import Snapshot


def due(lines: list[Attempt], hour: dt.datetime, cadence: str) -> list[Feed]:
    """The feeds of a cadence without a good answer in this hour, or this UTC day.

    A list that is asked again may bring keys that its sweep has not read, so the sweep is due with it.
    """

    def covers(line: Attempt) -> bool:
        return hour_of(line) == hour if cadence == "hourly" else hour_of(line).date() == hour.date()

    had = [line for line in lines if covers(line)]
    feeds = [feed for feed in FEEDS.values() if feed.cadence == cadence]
    due = {feed.name for feed in feeds if not any(ledger.outcome(line, feed.name) == "ok" for line in had)}
    return [feed for feed in feeds if feed.name in due or feed.each in due]


def to_ask(feed: Feed, current: Snapshot, lines: list[Attempt], hour: dt.datetime) -> list[str]:
    """The keys that a sweep asks for: those not yet read in this hour, the longest unread first.

    A key that has no record yet comes first of all; a run cut short by its deadline so goes on where the
    last one stopped.
    """
    assert feed.each
    listed = [key for (key,) in current[feed.each]]
    read_at: dict[str, str] = {}
    for line in reversed(lines):
        if ledger.outcome(line, feed.name) in ("ok", "partial"):
            kept = ledger.kept(line, feed.name)
            for key in listed:
                if key not in kept:
                    read_at.setdefault(key, line["hour"])
            if len(read_at) == len(listed):
                break
    known = {key for (key,) in current[feed.name]}
    unread = [key for key in listed if key not in known or read_at.get(key) != stamp(hour)]
    return sorted(unread, key=lambda key: (key in known, read_at.get(key, ""), key))


def still_wanted(
    fetched: list[Fetched], current: Snapshot, lines: list[Attempt], hour: dt.datetime
) -> list[Fetched]:
    """What of the fetched another writer has not archived for the hour; `current` is what they left."""
    wanting = {feed.name for cadence in ("hourly", "daily") for feed in due(lines, hour, cadence)}
    wanted = []
    for one in fetched:
        if one.feed.name not in wanting:
            continue
        name = one.feed.name
        theirs = [line for line in lines if hour_of(line) == hour]
        had = [line for line in theirs if ledger.outcome(line, name) in ("ok", "partial")]
        if one.feed.each and had:
            read = {key for (key,) in current[name]} - ledger.kept(had[-1], name).keys()
            one = replace(one, answers={key: found for key, found in one.answers.items() if key not in read})
        wanted.append(one)
    return wanted
