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
from orarchive.collect.attempt import Base, Writer, base_of
from orarchive.collect.client import Client
from orarchive.collect.fetch import Fetched, fetch_list, fetch_probes, fetch_sweep
from orarchive.collect.merge import Settled, sent_at, settle, settle_one
from orarchive.collect.schedule import already_read, due, still_wanted, to_ask
from orarchive.collect.settings import Settings, Wish
from orarchive.domain.changes import diff
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.relations import relations
from orarchive.domain.scopes import rescoped
from orarchive.domain.snapshot import Snapshot
from orarchive.errors import ArchiveError
from orarchive.store import commit, ledger, push
from orarchive.store.archive import Archive
from orarchive.store.commit_message import message
from orarchive.store.ledger import BAD, Attempt, hour_of
from orarchive.timestamps import HOUR, YEARS, prose, stamp

log = logging.getLogger(__name__)

PROBE_SECONDS = 60.0
"""Longest time for asking what became of vanished models: all that may be sent take 13 s at 4 a second, and
an outage, or a word to come back later, must not cost minutes for what is only said beside the records."""


SKEW = 2 * HOUR
"""How far the hour may be from what the service's clock says: an answer from the edge may be an hour old."""


@dataclass
class Run:
    """One run: what it asks with, what it is told to do, and where it writes."""

    archive: Archive
    settings: Settings
    wish: Wish
    now: Callable[[], dt.datetime]
    progress: bool = False
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def writer(self) -> Writer:
        """What writes its attempts."""
        return Writer(self.archive, self.wish, self.now, self.sleep)

    def __call__(self) -> int:
        """Archive the hour; 0: done or nothing due, 1: something was not good (the rest is committed)."""
        if self.wish.dry_run:
            return self._attempts([])
        with commit.held(self.archive, self.sleep) as notes:
            if self.wish.push:
                push.catch_up(self.archive)
            return self._attempts(notes)

    def _attempts(self, notes: list[str]) -> int:
        """The attempts of a run, each on top of the one before; `notes` go to the first line."""
        base = base_of(self.archive, self.wish.hour)
        self._refuse_hour(base)
        client = self.settings.client(self.sleep)
        attempts = ("hourly", "daily", *(["rankings"] if self.wish.rankings else []))
        results = []
        for kind in () if self._too_early(base.lines) else attempts:
            if base.is_past(self.wish.hour):
                break  # another writer was there while we asked
            client.deadline = time.monotonic() + self.settings.timeout
            if kind == "rankings":
                result, base = rankings_attempt.attempt(self.writer, client, self.settings, base, notes)
            else:
                result, base = self._attempt(client, kind, base, notes)
            notes = [] if result is not None else notes
            results.append(result)
        if not any(result is not None for result in results):
            log.info("Nothing due at %s", prose(self.wish.hour))
            if not self.writer.pushed():  # what an earlier run could not push
                push.catch_up(self.archive)
        if self.writer.not_pushed:
            raise self.writer.not_pushed
        return int(False in results)

    def _refuse_hour(self, base: Base) -> None:
        """Refuse an hour that is over, or one that is yet to come and would close the archive until then."""
        hour = self.wish.hour
        if base.is_past(hour):
            last = prose(max(map(hour_of, base.lines)))
            msg = f"{prose(hour)} lies before the last hour of the ledger, {last}"
            raise ArchiveError(msg)
        if hour > self.now() + HOUR and not self.wish.force:
            msg = f"{prose(hour)} is yet to come; nothing else could be archived until then (--force does it)"
            raise ArchiveError(msg)

    def _refuse_clock(self, fetched: Fetched) -> None:
        """Refuse an hour of a clock that the service's contradicts; one ahead would close the archive."""
        dates = [answer.date for answer in fetched.answers.values() if answer.date]
        told = max(map(sent_at, dates), default=None)
        if self.wish.given or self.wish.force or told is None or told.year not in YEARS:
            return
        if abs(self.wish.hour - told) > SKEW:
            msg = f"the clock here says {prose(self.wish.hour)}, and the service's {stamp(told)}"
            raise ArchiveError(msg)

    def _too_early(self, lines: list[Attempt]) -> bool:
        """Whether the last attempt at this hour is too fresh for another."""
        hour = self.wish.hour
        started = [line["started"] for line in lines if hour_of(line) == hour]
        earliest = stamp(self.now() - self.settings.min_interval)
        wished = self.wish.given or self.wish.force or self.wish.accept
        if started and max(started) > earliest and not wished:
            log.info("The last attempt at %s began at %s", prose(hour), max(started))
            return True
        return False

    def _attempt(
        self, client: Client, cadence: str, base: Base, notes: list[str]
    ) -> tuple[bool | None, Base]:
        """One attempt at the feeds of a cadence, on top of a base.

        Returns whether all went well (None where nothing was due), and the base for what comes next.
        """
        hour = self.wish.hour
        feeds = [feed for feed in due(base.lines, hour, cadence) if feed.name in self.wish.feeds]
        if not feeds:
            return None, base
        log.info("Starting %s: %s", prose(hour), ", ".join(feed.name for feed in feeds))
        started = self.now()
        fetched = self._fetch(client, feeds, base)

        def write(base: Base) -> tuple[bool, Base] | None:
            left = fetched if base is begun else still_wanted(fetched, base.snapshot, base.lines, hour)
            if not left:
                return None
            read = {one.feed.name: already_read(one.feed, base.snapshot, base.lines, hour) for one in left}
            settled = settle(base.snapshot, left, self.wish.accept, read)
            after = self._keep(base, settled, started, notes)
            return not any(settled.reports[one.feed.name]["outcome"] in BAD for one in left), after

        begun = base
        return self.writer.on_top(base, write)

    def _fetch(self, client: Client, feeds: list[Feed], base: Base) -> list[Fetched]:
        """Ask for feeds; a sweep for the keys of its list as that list stands after this hour's answer."""
        current = dict(base.snapshot)
        fetched = []
        for feed in feeds:
            if feed.each:
                keys = to_ask(feed, current, base.lines, self.wish.hour)
                keyed = self.settings.latency and feed.name == "endpoints"
                one = fetch_sweep(client, feed, keys, keyed=keyed, progress=self.progress)
            else:
                one = fetch_list(client, feed)
            self._refuse_clock(one)
            fetched.append(one)
            read = already_read(feed, base.snapshot, base.lines, self.wish.hour)
            current[feed.name], report, _ = settle_one(one, current, self.wish.accept, read)
            if report["outcome"] in ("failed", "quarantined"):
                log.error("Sync failed: %s (%s)", feed.name, ", ".join(report["reasons"]))
            else:
                kept = f", {len(report['kept'])} kept" if report.get("kept") else ""
                count = len(one.good) if feed.each else len(current[feed.name])
                log.info("Synced %d %s%s", count, feed.name, kept)
        # last of all: what became of a record must not cost the feeds their time
        return [self._probed(client, one, base) for one in fetched]

    def _probed(self, client: Client, fetched: Fetched, base: Base) -> Fetched:
        """Ask what became of the records that left a list, if the list is a good one."""
        if not fetched.feed.probe_route:
            return fetched
        _, report, _ = settle_one(fetched, base.snapshot, self.wish.accept)
        keys = list(report.get("vanished", {}))
        client.deadline = min(client.deadline, time.monotonic() + PROBE_SECONDS)
        return fetch_probes(client, fetched, keys) if keys else fetched

    def _keep(self, base: Base, settled: Settled, started: dt.datetime, notes: list[str]) -> Base:
        """Write what was settled, with its ledger line, as one commit; a dry run prints its message.

        Returns what the next attempt stands on.
        """
        attempt = self.writer.line(base, started, notes)
        attempt["feeds"] = settled.reports
        attempt["relations"] = relations(settled.snapshot)
        scopes = [ledger.scope(lines, "models") for lines in (base.lines, [*base.lines, attempt])]
        changes = rescoped(diff(base.snapshot, settled.snapshot), *scopes)
        text = message(self.wish.hour, attempt, changes, first_records(base.snapshot, settled))
        files = changed(base.files, settled.files)
        after = self.writer.commit(base, attempt, files, settled.payloads, text)
        return replace(after, files=settled.files, snapshot=settled.snapshot)


def first_records(before: Snapshot, settled: Settled) -> dict[str, int]:
    """The feeds that had no records before this attempt, with how many they have now."""
    return {
        name: settled.reports[name]["rows"] for name in FEEDS if not before[name] and settled.snapshot[name]
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files whose bytes differ; None: no longer there."""
    paths = before.keys() | after.keys()
    return {path: after.get(path) for path in sorted(paths) if before.get(path) != after.get(path)}
