"""The runner: archives one hour. It owns every side effect; what it calls on the way is pure where it can be.

An attempt asks for the feeds of one cadence that are due, settles what came on top of the last commit, and
makes one commit. A run is at most two attempts: hourly feeds first, daily ones with a deadline of their own.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from orarchive import __version__, ledger
from orarchive.archive import SNAPSHOT_FILES, Archive
from orarchive.changes import diff
from orarchive.collect import commit, quarantine
from orarchive.collect.client import Client
from orarchive.collect.due import due, still_wanted, to_ask
from orarchive.collect.fetch import Fetched, fetch_list, fetch_sweep
from orarchive.collect.message import message
from orarchive.collect.pacing import Pacer
from orarchive.collect.settings import Settings, Wish
from orarchive.collect.settle import Settled, settle, settle_one
from orarchive.errors import ArchiveError
from orarchive.feeds import FEEDS, Feed
from orarchive.hours import prose, stamp
from orarchive.ledger import BAD, Attempt, hour_of
from orarchive.relations import relations
from orarchive.snapshot import Snapshot, read

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).parents[2] / "data"
"""This repository's own data/: a new archive gets its README and its .gitattributes."""

MONTHS = 2
"""Ledger files that a run looks back into: this month's and the one before."""


@dataclass(frozen=True)
class Base:
    """What an attempt stands on: a commit, its files, the snapshot they hold and the ledger's last lines."""

    commit: str | None
    files: dict[str, bytes]
    snapshot: Snapshot
    lines: list[Attempt]


def base_of(archive: Archive) -> Base:
    """Read what the archive holds at HEAD."""
    head = archive.commit()
    files = archive.files(head, SNAPSHOT_FILES)
    return Base(head, files, read(files.get), ledger.attempts(archive, head, MONTHS))


@dataclass
class Run:
    """One run: what it asks with, what it is told to do, and where it writes."""

    archive: Archive
    settings: Settings
    wish: Wish
    now: Callable[[], dt.datetime]
    progress: bool = False
    sleep: Callable[[float], None] = time.sleep
    notes: list[str] = field(default_factory=list)

    def __call__(self) -> int:
        """Archive the hour; 0: done or nothing due, 1: something was not good (the rest is committed)."""
        if self.wish.dry_run:
            return self._attempts()
        with commit.held(self.archive, self.sleep) as self.notes:
            if self.wish.push:
                commit.ready_to_push(self.archive)
            return self._attempts()

    def _attempts(self) -> int:
        if self._too_early(ledger.attempts(self.archive, self.archive.commit(), MONTHS)):
            return 0
        client = self._client()
        results = []
        for cadence in ("hourly", "daily"):
            client.deadline = time.monotonic() + self.settings.timeout
            results.append(self._attempt(client, cadence))
        if results == [None, None]:
            log.info("Nothing due at %s", prose(self.wish.hour))
            if self.wish.push and not self.wish.dry_run and not commit.push(self.archive):
                commit.retreat(self.archive, self.archive.commit())
        return int(False in results)

    def _client(self) -> Client:
        """The one client of the run; each attempt sets its deadline."""
        settings = self.settings
        return Client(
            settings.base_url,
            Pacer(settings.per_second, time.monotonic, self.sleep),
            deadline=0.0,
            waits=settings.waits,
            workers=settings.workers,
            key=settings.key,
            contact=settings.contact,
            sleep=self.sleep,
        )

    def _too_early(self, lines: list[Attempt]) -> bool:
        """Whether the last attempt at this hour is too fresh; an hour that is over raises ArchiveError."""
        hour = self.wish.hour
        if lines and (last := max(map(hour_of, lines))) > hour:
            msg = f"{prose(hour)} lies before the last hour of the ledger, {prose(last)}"
            raise ArchiveError(msg)
        started = [line["started"] for line in lines if hour_of(line) == hour]
        earliest = stamp(self.now() - self.settings.min_interval)
        if started and max(started) > earliest and not (self.wish.given or self.wish.force):
            log.info("Nothing due: the last attempt at %s began at %s", prose(hour), max(started))
            return True
        return False

    def _attempt(self, client: Client, cadence: str) -> bool | None:
        """One attempt at the feeds of a cadence: whether all went well, None where nothing was due."""
        hour, base = self.wish.hour, base_of(self.archive)
        feeds = [feed for feed in due(base.lines, hour, cadence) if feed.name in self.wish.feeds]
        if not feeds:
            return None
        log.info("Starting %s: %s", prose(hour), ", ".join(feed.name for feed in feeds))
        started = self.now()
        fetched = self._fetch(client, feeds, base)
        for _ in range(commit.TRIES):
            settled = settle(base.snapshot, fetched, self.wish.accept)
            self._keep(base, settled, started)
            if not self.wish.push or self.wish.dry_run or commit.push(self.archive):
                return not any(settled.reports[one.feed.name]["outcome"] in BAD for one in fetched)
            commit.retreat(self.archive, base.commit)
            base = base_of(self.archive)
            if max(map(hour_of, base.lines), default=hour) > hour:
                log.error("Sync failed: the remote is already past %s; this attempt is dropped", prose(hour))
                return False
            fetched = still_wanted(fetched, base.snapshot, base.lines, hour)
            if not fetched:
                log.info("%s is already archived by another writer", prose(hour))
                return True
        msg = f"the push was refused {commit.TRIES} times; {prose(hour)} is not archived by this run"
        raise ArchiveError(msg)

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
                one = fetch_list(client, feed, with_count=feed.name == "models")
            fetched.append(one)
            current[feed.name], report, _ = settle_one(one, current, self.wish.accept)
            if report["outcome"] in ("failed", "quarantined"):
                log.error("Sync failed: %s (%s)", feed.name, ", ".join(report["reasons"]))
            else:
                kept = f", {len(report['kept'])} kept" if report.get("kept") else ""
                count = len(one.good) if feed.each else len(current[feed.name])
                log.info("Synced %d %s%s", count, feed.name, kept)
        return fetched

    def _keep(self, base: Base, settled: Settled, started: dt.datetime) -> None:
        """Write what was settled, with its ledger line, as one commit; a dry run prints its message."""
        archive, hour = self.archive, self.wish.hour
        attempt: Attempt = {
            "hour": stamp(hour),
            "attempt": 1 + sum(hour_of(line) == hour for line in base.lines),
            "started": stamp(started),
            "finished": stamp(self.now()),
            "origin": "live",
            "version": __version__,
            "feeds": settled.reports,
            "relations": relations(settled.snapshot),
        }
        if self.notes:
            attempt["notes"] = self.notes
        changes = diff(base.snapshot, settled.snapshot)
        text = message(hour, attempt, changes, first_records(base.snapshot, settled))
        if self.wish.dry_run:
            print(text)
            return
        quarantine.save(archive, hour, settled.payloads)
        files = changed(base.files, settled.files) | first_files(archive, base.commit)
        book = archive.files(base.commit, [ledger.path(hour)]).get(ledger.path(hour), b"")
        files[ledger.path(hour)] = ledger.appended(book, attempt)
        if self.wish.commit:
            made = commit.commit(archive, files, hour, text)
            log.info("Committed %.10s %s", made, text.partition("\n")[0])
            commit.tidy(archive)
        else:
            commit.write_files(archive, files)
            log.info("Written, not committed: %s", text.partition("\n")[0])


def first_records(before: Snapshot, settled: Settled) -> dict[str, int]:
    """The feeds that had no records before this attempt, with how many they have now."""
    return {
        name: settled.reports[name]["rows"] for name in FEEDS if not before[name] and settled.snapshot[name]
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files whose bytes differ; None: no longer there."""
    paths = before.keys() | after.keys()
    return {path: after.get(path) for path in sorted(paths) if before.get(path) != after.get(path)}


def first_files(archive: Archive, head: str | None) -> dict[str, bytes | None]:
    """What a new archive needs beside its records."""
    there = archive.blobs(head)
    names = (".gitattributes", "README.md")
    return {name: (TEMPLATE / name).read_bytes() for name in names if name not in there}
