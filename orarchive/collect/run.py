"""The runner: archives one hour. It owns every side effect; what it calls on the way is pure where it can be.

An attempt asks for the feeds of one cadence that are due, settles what came on top of the last commit, and
makes one commit. A run is at most three attempts, each with a deadline of its own: hourly feeds, daily ones,
and rankings.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from orarchive.collect import rankings_attempt
from orarchive.collect.attempt import AttemptBase, AttemptWriter, read_base
from orarchive.collect.client import Client
from orarchive.collect.fetch import FeedFetch, fetch_fan_out, fetch_list, fetch_probes
from orarchive.collect.merge import MergeResult, merge_feed, merge_feeds, parse_http_date
from orarchive.collect.schedule import drop_archived, list_due_feeds, list_due_keys, list_read_keys
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.relations import count_relations
from orarchive.domain.scopes import apply_scopes
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import ArchiveError
from orarchive.store import commit, ledger, push
from orarchive.store.archive import Archive
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, attempt_hour
from orarchive.timestamps import HOUR, YEARS, format_hour, format_stamp

log = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 60.0
"""Longest time for asking what became of vanished models: all that may be sent take 13 s at 4 a second, and
an outage, or a word to come back later, must not cost minutes for what is only said beside the records."""


MAX_CLOCK_DIFFERENCE = 2 * HOUR
"""How far the hour may be from what the service's clock says: an answer from the edge may be an hour old."""


@dataclass
class Run:
    """One run: what it asks with, what it is told to do, and where it writes."""

    archive: Archive
    settings: Settings
    options: RunOptions
    now: Callable[[], dt.datetime]
    progress: bool = False
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def writer(self) -> AttemptWriter:
        """What writes its attempts."""
        return AttemptWriter(self.archive, self.options, self.now, self.sleep)

    def __call__(self) -> int:
        """Archive the hour; 0: done or nothing due, 1: something was not good (the rest is committed)."""
        if self.options.dry_run:
            return self._attempts([])
        with commit.archive_lock(self.archive, self.sleep) as notes:
            if self.options.push:
                push.fast_forward(self.archive)
            return self._attempts(notes)

    def _attempts(self, notes: list[str]) -> int:
        """The attempts of a run, each on top of the one before; `notes` go to the first line."""
        base = read_base(self.archive, self.options.hour)
        self._refuse_hour(base)
        client = self.settings.make_client(self.sleep)
        attempts = ("hourly", "daily", *(["rankings"] if self.options.rankings else []))
        results = []
        for kind in () if self._too_early(base.lines) else attempts:
            if base.is_past(self.options.hour):
                break  # another writer was there while we asked
            client.deadline = time.monotonic() + self.settings.timeout
            if kind == "rankings":
                result, base = rankings_attempt.attempt(self.writer, client, self.settings, base, notes)
            else:
                result, base = self._attempt(client, kind, base, notes)
            notes = [] if result is not None else notes
            results.append(result)
        if not any(result is not None for result in results):
            log.info("Nothing due at %s", format_hour(self.options.hour))
            if not self.writer.push():  # what an earlier run could not push
                push.fast_forward(self.archive)
        if self.writer.push_error:
            raise self.writer.push_error
        return int(False in results)

    def _refuse_hour(self, base: AttemptBase) -> None:
        """Refuse an hour that is over, or one that is yet to come and would close the archive until then."""
        hour = self.options.hour
        if base.is_past(hour):
            last = format_hour(max(map(attempt_hour, base.lines)))
            msg = f"{format_hour(hour)} lies before the last hour of the ledger, {last}"
            raise ArchiveError(msg)
        if hour > self.now() + HOUR and not self.options.force:
            word = format_hour(hour)
            msg = f"{word} is yet to come; nothing else could be archived until then (--force does it)"
            raise ArchiveError(msg)

    def _refuse_clock(self, fetched: FeedFetch) -> None:
        """Refuse an hour of a clock that the service's contradicts; one ahead would close the archive."""
        dates = [answer.date for answer in fetched.results.values() if answer.date]
        told = max(map(parse_http_date, dates), default=None)
        if self.options.is_hour_given or self.options.force or told is None or told.year not in YEARS:
            return
        if abs(self.options.hour - told) > MAX_CLOCK_DIFFERENCE:
            ours = format_hour(self.options.hour)
            msg = f"the clock here says {ours}, and the service's {format_stamp(told)}"
            raise ArchiveError(msg)

    def _too_early(self, lines: list[Attempt]) -> bool:
        """Whether the last attempt at this hour is too fresh for another."""
        hour = self.options.hour
        started = [line["started"] for line in lines if attempt_hour(line) == hour]
        earliest = format_stamp(self.now() - self.settings.min_interval)
        wished = self.options.is_hour_given or self.options.force or self.options.accept
        if started and max(started) > earliest and not wished:
            log.info("The last attempt at %s began at %s", format_hour(hour), max(started))
            return True
        return False

    def _attempt(
        self, client: Client, cadence: str, base: AttemptBase, notes: list[str]
    ) -> tuple[bool | None, AttemptBase]:
        """One attempt at the feeds of a cadence, on top of a base.

        Returns whether all went well (None where nothing was due), and the base for what comes next.
        """
        hour = self.options.hour
        feeds = [
            feed for feed in list_due_feeds(base.lines, hour, cadence) if feed.name in self.options.feeds
        ]
        if not feeds:
            return None, base
        log.info("Starting %s: %s", format_hour(hour), ", ".join(feed.name for feed in feeds))
        started = self.now()
        fetched = self._fetch(client, feeds, base)

        def write(base: AttemptBase) -> tuple[bool, AttemptBase] | None:
            left = fetched if base is begun else drop_archived(fetched, base.snapshot, base.lines, hour)
            if not left:
                return None
            read = {one.feed.name: list_read_keys(one.feed, base.snapshot, base.lines, hour) for one in left}
            settled = merge_feeds(base.snapshot, left, self.options.accept, read)
            after = self._keep(base, settled, started, notes)
            return not any(settled.reports[one.feed.name]["outcome"] in BAD_OUTCOMES for one in left), after

        begun = base
        return self.writer.write_on_top(base, write)

    def _fetch(self, client: Client, feeds: list[Feed], base: AttemptBase) -> list[FeedFetch]:
        """Ask for feeds; a sweep for the keys of its list as that list stands after this hour's answer."""
        current = dict(base.snapshot)
        fetched = []
        for feed in feeds:
            if feed.parent:
                keys = list_due_keys(feed, current, base.lines, self.options.hour)
                keyed = self.settings.latency and feed.name == "endpoints"
                one = fetch_fan_out(client, feed, keys, keyed=keyed, progress=self.progress)
            else:
                one = fetch_list(client, feed)
            self._refuse_clock(one)
            fetched.append(one)
            read = list_read_keys(feed, base.snapshot, base.lines, self.options.hour)
            current[feed.name], report, _ = merge_feed(one, current, self.options.accept, read)
            if report["outcome"] in ("failed", "quarantined"):
                log.error("Sync failed: %s (%s)", feed.name, ", ".join(report["reasons"]))
            else:
                kept = f", {len(report['kept'])} kept" if report.get("kept") else ""
                count = len(one.good) if feed.parent else len(current[feed.name])
                log.info("Synced %d %s%s", count, feed.name, kept)
        # last of all: what became of a record must not cost the feeds their time
        return [self._probed(client, one, base) for one in fetched]

    def _probed(self, client: Client, fetched: FeedFetch, base: AttemptBase) -> FeedFetch:
        """Ask what became of the records that left a list, if the list is a good one."""
        if not fetched.feed.probe_route:
            return fetched
        _, report, _ = merge_feed(fetched, base.snapshot, self.options.accept)
        keys = list(report.get("vanished", {}))
        client.deadline = min(client.deadline, time.monotonic() + PROBE_TIMEOUT_S)
        return fetch_probes(client, fetched, keys) if keys else fetched

    def _keep(
        self, base: AttemptBase, settled: MergeResult, started: dt.datetime, notes: list[str]
    ) -> AttemptBase:
        """Write what was settled, with its ledger line, as one commit; a dry run prints its message.

        Returns what the next attempt stands on.
        """
        attempt = self.writer.start_line(base, started, notes)
        attempt["feeds"] = settled.reports
        attempt["relations"] = count_relations(settled.snapshot)
        scopes = [ledger.last_scope(lines, "models") for lines in (base.lines, [*base.lines, attempt])]
        changes = apply_scopes(diff_snapshots(base.snapshot, settled.snapshot), *scopes)
        text = format_message(
            self.options.hour, attempt, changes, count_first_records(base.snapshot, settled)
        )
        files = list_changed_files(base.files, settled.files)
        after = self.writer.commit(base, attempt, files, settled.payloads, text)
        return replace(after, files=settled.files, snapshot=settled.snapshot)


def count_first_records(before: Snapshot, settled: MergeResult) -> dict[str, int]:
    """The feeds that had no records before this attempt, with how many they have now."""
    return {
        name: settled.reports[name]["rows"] for name in FEEDS if not before[name] and settled.snapshot[name]
    }


def list_changed_files(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files whose bytes differ; None: no longer there."""
    paths = before.keys() | after.keys()
    return {path: after.get(path) for path in sorted(paths) if before.get(path) != after.get(path)}
