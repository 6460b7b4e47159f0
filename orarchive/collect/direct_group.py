"""The lists of other services than OpenRouter, as a group of sources: once a UTC day, each with its key.

They come last, in a commit of their own, each with a client, a rate and a short time of its own, so that
nothing they do costs OpenRouter's feeds an hour.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from orarchive.collect.attempt import AttemptBase
from orarchive.collect.client import Client
from orarchive.collect.feed_fetch import fetch_list
from orarchive.collect.feed_group import FeedGroup
from orarchive.collect.results import FeedFetch
from orarchive.domain.feeds import FanOutFeed, ListFeed
from orarchive.domain.snapshot import Snapshot

DIRECT_TIMEOUT_S = 30.0
"""Longest time for one such list, with all its tries: a few kilobytes."""


@dataclass(frozen=True)
class DirectGroup(FeedGroup):
    """The feeds of other services for which there is a key."""

    clients: Mapping[str, Client] = field(default_factory=dict)
    """By feed; a feed without a client is never due."""

    def _list_due(self, base: AttemptBase) -> list[ListFeed | FanOutFeed]:
        return [feed for feed in super()._list_due(base) if feed.name in self.clients]

    def _is_confirmed(self, base: AttemptBase) -> bool:
        """Return True: the clock of another service is no proof against the one here."""
        return True

    def _fetch_feed(self, feed: ListFeed | FanOutFeed, snapshot: Snapshot, base: AttemptBase) -> FeedFetch:
        """Fetch the list of a service with its own client."""
        assert isinstance(feed, ListFeed)
        with closing(self.clients[feed.name]) as client:
            client.deadline = min(self.client.deadline, client.clock() + DIRECT_TIMEOUT_S)
            return fetch_list(client, feed, keyed=True)
