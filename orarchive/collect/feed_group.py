"""A group of feeds as sources: the hourly ones, the daily ones, or those of other services."""

import datetime as dt
import logging
from dataclasses import dataclass, replace
from typing import Any

from orarchive.collect.attempt import AttemptBase
from orarchive.collect.client import Client
from orarchive.collect.feed_fetch import fetch_fan_out, fetch_list, fetch_probes
from orarchive.collect.feed_merge import (
    KeyReads,
    MergedFeed,
    complete_merge,
    count_first_records,
    merge_fan_out,
    merge_list,
)
from orarchive.collect.feed_schedule import (
    drop_archived,
    list_due_feeds,
    list_due_keys,
    list_read_keys,
)
from orarchive.collect.merge_result import MergeResult
from orarchive.collect.plausibility import summarize_recent_reads
from orarchive.collect.results import FanOutFetch, FeedFetch, FetchResult, ListFetch, parse_http_date
from orarchive.collect.retirement import is_retired, list_feed_outcomes, summarize_feed
from orarchive.collect.settings import RunOptions
from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import MODELS, FanOutFeed, ListFeed
from orarchive.domain.scopes import apply_scopes, mark_returned
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import ArchiveError
from orarchive.store import ledger
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import Attempt, get_attempt_hour
from orarchive.store.reports import count_kept_keys
from orarchive.store.vanished import read_vanished_models
from orarchive.timestamps import HOUR, YEARS, format_hour, format_stamp

log = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 60.0
"""Longest time for the probes of vanished models: all that may be sent take 13 s at 4 a second. An outage, or
a request to come back later, must not cost minutes for what is only noted beside the records."""

MAX_CLOCK_DIFFERENCE = 2 * HOUR
"""Largest difference of the hour from the service's clock: a run may begin at its end, and last."""

WRONG_DATE = "wrong-date"
"""Reason why a feed failed whose answers have dates that contradict the clock."""


@dataclass(frozen=True)
class FeedBatch:
    """Feeds that were fetched, merged on top of the base of the attempt."""

    base: AttemptBase
    merged_feeds: list[MergedFeed]


@dataclass(frozen=True)
class FeedGroup:
    """A group of feeds, `hourly` or `daily`.

    `latency` sends the API key for endpoints, which opens their latency and throughput; `progress` draws a
    bar for each fan-out feed.
    """

    name: str
    client: Client
    options: RunOptions
    latency: bool = False
    progress: bool = False

    def is_due(self, base: AttemptBase) -> bool:
        """Return whether any feed is due."""
        return bool(self._list_due(base))

    def _list_due(self, base: AttemptBase) -> list[ListFeed | FanOutFeed]:
        """List the feeds that are due and among those of the run's options."""
        due = list_due_feeds(base.lines, self.options.hour, self.name)
        return [feed for feed in due if feed.name in self.options.feeds]

    def fetch(self, base: AttemptBase) -> FeedBatch:
        """Fetch the feeds that are due, and merge each on top of the base as soon as it is fetched.

        So a fan-out feed is fetched for the keys of its parent as they stand after this hour's response. A
        feed whose answers contradict the clock fails; raise WrongClock where all of them do.
        """
        feeds = self._list_due(base)
        log.info("Starting %s: %s", format_hour(self.options.hour), ", ".join(feed.name for feed in feeds))
        snapshot = base.snapshot
        merged: list[MergedFeed] = []
        times: list[dt.datetime] = []
        for feed in feeds:
            fetched = self._fetch_feed(feed, snapshot, base)
            if time := read_service_time(fetched):
                times.append(time)
                if self._is_contradicted(time):
                    fetched = fail_feed(fetched, WRONG_DATE)
            merged.append(self._merge_feed(fetched, snapshot, base))
            snapshot = {**snapshot, feed.name: merged[-1].state}
            _log_feed(merged[-1])
        # A clock that is ahead would close the archive until its hour has come. One odd answer is no
        # proof, nor are all of an attempt where an earlier one at this hour read what did not contradict it.
        if times and all(map(self._is_contradicted, times)) and not self._is_confirmed(base):
            raise WrongClock(self, max(times), [entry.fetched for entry in merged])
        # The probes come last, so that they take no time from the feeds.
        return FeedBatch(base, [self._probe(entry) for entry in merged])

    def _is_confirmed(self, base: AttemptBase) -> bool:
        """Return whether an attempt at the run's hour has read a feed."""
        return any(
            get_attempt_hour(line) == self.options.hour and report["outcome"] == "ok"
            for line in base.lines
            for report in line["feeds"].values()
        )

    def _is_contradicted(self, time: dt.datetime) -> bool:
        """Return whether the service's clock contradicts an hour that was read from the clock here."""
        is_named = self.options.is_hour_given or self.options.force
        return not is_named and abs(self.options.hour - time) > MAX_CLOCK_DIFFERENCE

    def _fetch_feed(self, feed: ListFeed | FanOutFeed, snapshot: Snapshot, base: AttemptBase) -> FeedFetch:
        """Fetch one feed; a fan-out feed for the keys that its parent has in the snapshot."""
        if isinstance(feed, ListFeed):
            return fetch_list(self.client, feed)
        keys = list_due_keys(feed, snapshot, base.kept_keys[feed.name], self._list_read_keys(feed, base))
        keyed = self.latency and feed.name == "endpoints"
        return fetch_fan_out(self.client, feed, keys, keyed=keyed, progress=self.progress)

    def _merge_feed(self, fetched: FeedFetch, snapshot: Snapshot, base: AttemptBase) -> MergedFeed:
        """Merge one feed into a snapshot that holds the feeds of the attempt merged so far."""
        recent = summarize_recent_reads(base.lines, fetched.feed, self.options.hour)
        accepted = fetched.feed.name in self.options.accept
        if isinstance(fetched, ListFetch):
            return self._retire(merge_list(fetched, snapshot, recent, accepted=accepted), base)
        keys = KeyReads(
            self.options.hour, base.kept_keys[fetched.feed.name], self._list_read_keys(fetched.feed, base)
        )
        return self._retire(merge_fan_out(fetched, snapshot, recent, keys, accepted=accepted), base)

    def _list_read_keys(self, feed: FanOutFeed, base: AttemptBase) -> set[str]:
        """List the keys that an earlier attempt at the run's hour has read."""
        kept = base.kept_keys[feed.name]
        return list_read_keys(feed, base.snapshot, kept, base.lines, self.options.hour)

    def _retire(self, merged: MergedFeed, base: AttemptBase) -> MergedFeed:
        """Set the outcome of a feed whose route is gone for days to `retired`."""
        outcome = summarize_feed(self.options.hour, merged.report)
        if is_retired(outcome, list_feed_outcomes(base.lines, merged.feed.name)):
            return replace(merged, report={**merged.report, "outcome": "retired"})
        return merged

    def _probe(self, merged: MergedFeed) -> MergedFeed:
        """Fetch each record that left a list by itself; its merge stays as it is."""
        if not (merged.vanished_keys and isinstance(merged.fetched, ListFetch)):
            return merged
        self.client.deadline = min(self.client.deadline, self.client.clock() + PROBE_TIMEOUT_S)
        return replace(merged, fetched=fetch_probes(self.client, merged.fetched, merged.vanished_keys))

    def fail(self, fetched: list[FeedFetch], base: AttemptBase) -> FeedBatch:
        """Return a batch in which all fetched feeds failed, as the clock is wrong."""
        failed = [fail_feed(feed, WRONG_DATE) for feed in fetched]
        return FeedBatch(base, [self._merge_feed(feed, base.snapshot, base) for feed in failed])

    def merge(self, batch: FeedBatch, base: AttemptBase) -> MergeResult | None:
        """Complete the merge on top of the base that was fetched on; on any other one merge again."""
        merged = batch.merged_feeds
        if base is not batch.base:
            merged = self._merge_again([entry.fetched for entry in merged], base)
        return complete_merge(base.snapshot, base.files, merged) if merged else None

    def _merge_again(self, fetched: list[FeedFetch], base: AttemptBase) -> list[MergedFeed]:
        """Merge the feeds that another writer has not archived on top of their commit."""
        snapshot = base.snapshot
        merged: list[MergedFeed] = []
        for fetch in drop_archived(fetched, snapshot, base.kept_keys, base.lines, self.options.hour):
            merged.append(self._merge_feed(fetch, snapshot, base))
            snapshot = {**snapshot, fetch.feed.name: merged[-1].state}
        return merged

    def describe(self, result: MergeResult, line: Attempt, base: AttemptBase) -> str:
        """Describe the changes of the feeds as a commit message: the changelog of the hour."""
        scopes = [ledger.find_last_scope(lines, "models") for lines in (base.lines, [*base.lines, line])]
        changes = apply_scopes(diff_snapshots(base.snapshot, result.snapshot), *scopes)
        if any((change.feed, change.kind) == ("models", MODELS.added_kind) for change in changes):
            changes = mark_returned(changes, read_vanished_models(base.archive, base.commit))
        first = count_first_records(result.feeds, base.snapshot, result.snapshot)
        return format_message(self.options.hour, line, changes, first)


class WrongClock(ArchiveError):
    """All answers that a group fetched contradict the clock; `service_time` is the service's."""

    def __init__(self, group: FeedGroup, service_time: dt.datetime, fetched: list[FeedFetch]) -> None:
        super().__init__(
            f"the clock here says {format_hour(group.options.hour)}, and the service's"
            f" {format_stamp(service_time)} (set it right, or name the hour with --hour)"
        )
        self.group = group
        self.service_time = service_time
        self.fetched = fetched


def read_service_time(fetched: FeedFetch) -> dt.datetime | None:
    """Return the service's clock by the answers for a feed; None where they have no date that can be read.

    The date of an answer from a cache is as old as its age; the newest one counts.
    """
    dated = [(parse_http_date(result.date), result.age) for result in fetched.all_responses if result.date]
    times = [date + dt.timedelta(seconds=age or 0) for date, age in dated if date.year in YEARS]
    return max(times, default=None)


def fail_feed(fetched: FeedFetch, reason: str) -> FeedFetch:
    """Return a fetched feed whose answers count as failures, for one reason; its requests stay counted."""

    def fail(result: FetchResult[Any]) -> FetchResult[Any]:
        return replace(result, body=None, raw=b"", reason=reason, is_rejected=False)

    if isinstance(fetched, FanOutFetch):
        return replace(fetched, results={key: fail(result) for key, result in fetched.results.items()})
    return replace(fetched, result=fail(fetched.result))


def _log_feed(merged: MergedFeed) -> None:
    """Log the outcome of a feed: an error with the reasons, or the count of its rows or responses."""
    report = merged.report
    if report["outcome"] == "retired":
        log.warning("%s: its route has been gone for days; it is requested once a day", merged.feed.name)
        return
    if report["outcome"] in ("failed", "quarantined"):
        log.error("Sync failed: %s (%s)", merged.feed.name, ", ".join(report["reasons"]))
        return
    fetched = merged.fetched
    count = len(fetched.bodies) if isinstance(fetched, FanOutFetch) else len(merged.state)
    kept = count_kept_keys(report)
    note = f", {kept} kept" if kept else ""
    log.info("Synced %d %s%s", count, merged.feed.name, note)
