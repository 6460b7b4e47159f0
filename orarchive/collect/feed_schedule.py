"""The schedule of feeds: which are due, which keys of a fan-out feed, and what others have archived."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from orarchive.collect.results import FanOutFetch, FeedFetch
from orarchive.collect.retirement import is_resting, list_feed_outcomes
from orarchive.domain.feeds import FEEDS, GROUPS, FanOutFeed, Feed, ListFeed
from orarchive.domain.snapshot import Snapshot
from orarchive.store import ledger
from orarchive.store.kept_keys import KeptKeys
from orarchive.store.ledger import Attempt, get_attempt_hour


def list_due_feeds(lines: list[Attempt], hour: dt.datetime, group: str) -> list[ListFeed | FanOutFeed]:
    """List the feeds of a group without an `ok` attempt in this hour, or for daily ones in this UTC day.

    A list that is fetched again may bring keys that its fan-out feed has not read, so that is due with it.
    """
    feeds = [feed for feed in FEEDS.values() if feed.group == group]
    due = {
        feed.name
        for feed in feeds
        if not any(
            ledger.get_feed_outcome(line, feed.name) == "ok" for line in _list_period_lines(feed, lines, hour)
        )
    }
    return [
        feed
        for feed in feeds
        if (feed.name in due or (isinstance(feed, FanOutFeed) and feed.parent in due))
        and not is_resting(list_feed_outcomes(lines, feed.name), hour)
    ]


def _list_period_lines(feed: Feed, lines: list[Attempt], hour: dt.datetime) -> list[Attempt]:
    """List the attempts of the hour, or for a daily feed of the UTC day, in which a feed is read once."""
    if feed.cadence == "hourly":
        return [line for line in lines if get_attempt_hour(line) == hour]
    return [line for line in lines if get_attempt_hour(line).date() == hour.date()]


def list_read_keys(
    feed: FanOutFeed, snapshot: Snapshot, kept: KeptKeys, lines: list[Attempt], hour: dt.datetime
) -> set[str]:
    """List the keys of a fan-out feed that an earlier attempt of the same hour (or day) has read.

    `kept` are the keys that the last attempt at the feed did not read.
    """
    outcomes = (ledger.get_feed_outcome(line, feed.name) for line in _list_period_lines(feed, lines, hour))
    is_read = any(outcome in ("ok", "partial") for outcome in outcomes)
    return {key for (key,) in snapshot[feed.name]} - kept.keys() if is_read else set()


def list_due_keys(feed: FanOutFeed, snapshot: Snapshot, kept: KeptKeys, read: Collection[str]) -> list[str]:
    """List the keys of a fan-out feed that are not among `read`, the longest unread first.

    `kept` are the keys that the last attempt at the feed did not read. A key without a record comes before
    all others. A run that its deadline cut short so continues where the last one stopped.
    """
    recorded = {key for (key,) in snapshot[feed.name]}

    def rank(key: str) -> tuple[bool, bool, str, str]:
        return key in recorded, key not in kept, kept[key].since if key in kept else "", key

    return sorted({key for (key,) in snapshot[feed.parent]}.difference(read), key=rank)


def drop_archived(
    fetched: Iterable[FeedFetch],
    snapshot: Snapshot,
    kept: Mapping[str, KeptKeys],
    lines: list[Attempt],
    hour: dt.datetime,
) -> list[FeedFetch]:
    """Return fetched feeds without the feeds and keys that another writer has archived for the hour.

    `snapshot`, `kept` and `lines` are those that the other writer left.
    """
    due = {feed.name for group in GROUPS for feed in list_due_feeds(lines, hour, group)}
    remaining: list[FeedFetch] = []
    for fetch in fetched:
        if fetch.feed.name not in due:
            continue
        if isinstance(fetch, FanOutFetch):
            read = list_read_keys(fetch.feed, snapshot, kept[fetch.feed.name], lines, hour)
            results = {key: result for key, result in fetch.results.items() if key not in read}
            remaining.append(replace(fetch, results=results))
        else:
            remaining.append(fetch)
    return remaining
