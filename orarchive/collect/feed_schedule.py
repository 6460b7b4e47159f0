"""The schedule of feeds: which are due, which keys of a fan-out feed, and what others have archived."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from orarchive.collect.results import FanOutFetch, FeedFetch
from orarchive.domain.feeds import FEEDS, FanOutFeed, Feed, ListFeed
from orarchive.domain.snapshot import Snapshot
from orarchive.store import ledger
from orarchive.store.ledger import Attempt, get_attempt_hour


def list_due_feeds(lines: list[Attempt], hour: dt.datetime, cadence: str) -> list[ListFeed | FanOutFeed]:
    """List the feeds of a cadence without an `ok` attempt in this hour, or for daily ones in this UTC day.

    A list that is fetched again may bring keys that its fan-out feed has not read, so that is due with it.
    """
    feeds = [feed for feed in FEEDS.values() if feed.cadence == cadence]
    due = {
        feed.name
        for feed in feeds
        if not any(
            ledger.get_feed_outcome(line, feed.name) == "ok" for line in _list_period_lines(feed, lines, hour)
        )
    }
    return [
        feed for feed in feeds if feed.name in due or (isinstance(feed, FanOutFeed) and feed.parent in due)
    ]


def _list_period_lines(feed: Feed, lines: list[Attempt], hour: dt.datetime) -> list[Attempt]:
    """List the attempts of the hour, or for a daily feed of the UTC day, in which a feed is read once."""
    if feed.cadence == "hourly":
        return [line for line in lines if get_attempt_hour(line) == hour]
    return [line for line in lines if get_attempt_hour(line).date() == hour.date()]


def list_read_keys(feed: Feed, snapshot: Snapshot, lines: list[Attempt], hour: dt.datetime) -> set[str]:
    """List the keys of a fan-out feed that an earlier attempt of the same hour (or day) has read."""
    reads = [line for line in _list_period_lines(feed, lines, hour) if _is_read(line, feed)]
    if not reads:
        return set()
    return {key for (key,) in snapshot[feed.name]} - ledger.get_kept_keys(reads[-1], feed.name).keys()


def _is_read(line: Attempt, feed: Feed) -> bool:
    """Return whether an attempt has read a feed: all of it or, of a fan-out feed, a part."""
    return ledger.get_feed_outcome(line, feed.name) in ("ok", "partial")


def list_due_keys(feed: FanOutFeed, snapshot: Snapshot, lines: list[Attempt], hour: dt.datetime) -> list[str]:
    """List the keys of a fan-out feed not yet read in this hour (or day), the longest unread first.

    A key without a record comes before all others. A run that its deadline cut short so continues where the
    last one stopped.
    """
    listed = {key for (key,) in snapshot[feed.parent]}
    last_read: dict[str, str] = {}
    for line in reversed(lines):
        if _is_read(line, feed):
            for key in listed - last_read.keys() - ledger.get_kept_keys(line, feed.name).keys():
                last_read[key] = line["hour"]
        if len(last_read) == len(listed):
            break
    recorded = {key for (key,) in snapshot[feed.name]}
    unread = listed - list_read_keys(feed, snapshot, lines, hour)
    return sorted(unread, key=lambda key: (key in recorded, last_read.get(key, ""), key))


def drop_archived(
    fetched: Iterable[FeedFetch], snapshot: Snapshot, lines: list[Attempt], hour: dt.datetime
) -> list[FeedFetch]:
    """Return fetched feeds without the feeds and keys that another writer has archived for the hour.

    `snapshot` and `lines` are those that the other writer left.
    """
    due = {feed.name for cadence in ("hourly", "daily") for feed in list_due_feeds(lines, hour, cadence)}
    remaining: list[FeedFetch] = []
    for fetch in fetched:
        if fetch.feed.name not in due:
            continue
        if isinstance(fetch, FanOutFetch):
            read = list_read_keys(fetch.feed, snapshot, lines, hour)
            results = {key: result for key, result in fetch.results.items() if key not in read}
            remaining.append(replace(fetch, results=results))
        else:
            remaining.append(fetch)
    return remaining
