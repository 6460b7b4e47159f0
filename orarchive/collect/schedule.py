"""What is due: which feeds an attempt asks for, which keys of a sweep, and what another writer left to do."""

import datetime as dt
from dataclasses import replace

from orarchive.collect.fetch import Fetched
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.snapshot import Snapshot
from orarchive.store import ledger
from orarchive.store.ledger import Attempt, hour_of


def due(lines: list[Attempt], hour: dt.datetime, cadence: str) -> list[Feed]:
    """The feeds of a cadence without a good answer in this hour, or this UTC day.

    A list that is asked again may bring keys that its sweep has not read, so the sweep is due with it.
    """
    feeds = [feed for feed in FEEDS.values() if feed.cadence == cadence]
    due = {
        feed.name
        for feed in feeds
        if not any(ledger.outcome(line, feed.name) == "ok" for line in _same_turn(feed, lines, hour))
    }
    return [feed for feed in feeds if feed.name in due or feed.each in due]


def _same_turn(feed: Feed, lines: list[Attempt], hour: dt.datetime) -> list[Attempt]:
    """The attempts in the hour, or for a daily feed in the UTC day, that a feed is to be read in."""
    if feed.cadence == "hourly":
        return [line for line in lines if hour_of(line) == hour]
    return [line for line in lines if hour_of(line).date() == hour.date()]


def already_read(feed: Feed, current: Snapshot, lines: list[Attempt], hour: dt.datetime) -> set[str]:
    """The keys of a sweep that an earlier attempt of the same hour (or day) has read."""
    had = [line for line in _same_turn(feed, lines, hour) if _was_read(line, feed)]
    return {key for (key,) in current[feed.name]} - ledger.kept(had[-1], feed.name).keys() if had else set()


def _was_read(line: Attempt, feed: Feed) -> bool:
    return ledger.outcome(line, feed.name) in ("ok", "partial")


def to_ask(feed: Feed, current: Snapshot, lines: list[Attempt], hour: dt.datetime) -> list[str]:
    """The keys that a sweep asks for: those not yet read in this hour (or day), the longest unread first.

    A key that has no record yet comes first of all; a run cut short by its deadline so goes on where the
    last one stopped.
    """
    assert feed.each
    listed = {key for (key,) in current[feed.each]}
    read_at: dict[str, str] = {}
    for line in reversed(lines):
        if _was_read(line, feed):
            for key in listed - read_at.keys() - ledger.kept(line, feed.name).keys():
                read_at[key] = line["hour"]
        if len(read_at) == len(listed):
            break
    known = {key for (key,) in current[feed.name]}
    unread = listed - already_read(feed, current, lines, hour)
    return sorted(unread, key=lambda key: (key in known, read_at.get(key, ""), key))


def still_wanted(
    fetched: list[Fetched], current: Snapshot, lines: list[Attempt], hour: dt.datetime
) -> list[Fetched]:
    """What of the fetched another writer has not archived for the hour; `current` is what they left."""
    wanting = {feed.name for cadence in ("hourly", "daily") for feed in due(lines, hour, cadence)}
    wanted = []
    for one in fetched:
        if one.feed.name in wanting:
            read = already_read(one.feed, current, lines, hour) if one.feed.each else set()
            answers = {key: found for key, found in one.answers.items() if key not in read}
            wanted.append(replace(one, answers=answers))
    return wanted
