"""What is due: which feeds an attempt asks for, which keys of a sweep, and what another writer left to do."""

import datetime as dt
from dataclasses import replace

from orarchive.collect.fetch import FeedFetch
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.snapshot import Snapshot
from orarchive.store import ledger
from orarchive.store.ledger import Attempt, attempt_hour


def list_due_feeds(lines: list[Attempt], hour: dt.datetime, cadence: str) -> list[Feed]:
    """The feeds of a cadence without a good answer in this hour, or this UTC day.

    A list that is asked again may bring keys that its sweep has not read, so the sweep is due with it.
    """
    feeds = [feed for feed in FEEDS.values() if feed.cadence == cadence]
    due = {
        feed.name
        for feed in feeds
        if not any(ledger.feed_outcome(line, feed.name) == "ok" for line in _same_turn(feed, lines, hour))
    }
    return [feed for feed in feeds if feed.name in due or feed.parent in due]


def _same_turn(feed: Feed, lines: list[Attempt], hour: dt.datetime) -> list[Attempt]:
    """The attempts in the hour, or for a daily feed in the UTC day, that a feed is to be read in."""
    if feed.cadence == "hourly":
        return [line for line in lines if attempt_hour(line) == hour]
    return [line for line in lines if attempt_hour(line).date() == hour.date()]


def list_read_keys(feed: Feed, current: Snapshot, lines: list[Attempt], hour: dt.datetime) -> set[str]:
    """The keys of a sweep that an earlier attempt of the same hour (or day) has read."""
    had = [line for line in _same_turn(feed, lines, hour) if _was_read(line, feed)]
    return (
        {key for (key,) in current[feed.name]} - ledger.kept_keys(had[-1], feed.name).keys() if had else set()
    )


def _was_read(line: Attempt, feed: Feed) -> bool:
    return ledger.feed_outcome(line, feed.name) in ("ok", "partial")


def list_due_keys(feed: Feed, current: Snapshot, lines: list[Attempt], hour: dt.datetime) -> list[str]:
    """The keys that a sweep asks for: those not yet read in this hour (or day), the longest unread first.

    A key that has no record yet comes first of all; a run cut short by its deadline so goes on where the
    last one stopped.
    """
    assert feed.parent
    listed = {key for (key,) in current[feed.parent]}
    read_at: dict[str, str] = {}
    for line in reversed(lines):
        if _was_read(line, feed):
            for key in listed - read_at.keys() - ledger.kept_keys(line, feed.name).keys():
                read_at[key] = line["hour"]
        if len(read_at) == len(listed):
            break
    known = {key for (key,) in current[feed.name]}
    unread = listed - list_read_keys(feed, current, lines, hour)
    return sorted(unread, key=lambda key: (key in known, read_at.get(key, ""), key))


def drop_archived(
    fetched: list[FeedFetch], current: Snapshot, lines: list[Attempt], hour: dt.datetime
) -> list[FeedFetch]:
    """What of the fetched another writer has not archived for the hour; `current` is what they left."""
    wanting = {feed.name for cadence in ("hourly", "daily") for feed in list_due_feeds(lines, hour, cadence)}
    wanted = []
    for one in fetched:
        if one.feed.name in wanting:
            read = list_read_keys(one.feed, current, lines, hour) if one.feed.parent else set()
            answers = {key: found for key, found in one.results.items() if key not in read}
            wanted.append(replace(one, results=answers))
    return wanted
