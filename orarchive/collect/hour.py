"""The runner: archives one hour. It owns every side effect; what it calls on the way is pure where it can be.

An attempt asks for the feeds of one cadence that are due, settles what came on top of the last commit, and
makes one commit. A run is at most two attempts: hourly feeds first, daily ones with a deadline of their own.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from orarchive import __version__, ledger
from orarchive.archive import SNAPSHOT_FILES, Archive
from orarchive.changes import diff
from orarchive.collect import commit, quarantine, remote
from orarchive.collect.client import Client
from orarchive.collect.due import already_read, due, still_wanted, to_ask
from orarchive.collect.fetch import Fetched, fetch_list, fetch_probes, fetch_sweep
from orarchive.collect.message import message
from orarchive.collect.pacing import Pacer
from orarchive.collect.settings import Settings, Wish
from orarchive.collect.settle import Settled, settle, settle_one
from orarchive.errors import ArchiveError, GitError
from orarchive.feeds import FEEDS, Feed
from orarchive.hours import HOUR, prose, stamp
from orarchive.ledger import BAD, Attempt, hour_of
from orarchive.relations import relations
from orarchive.scopes import rescoped
from orarchive.snapshot import Snapshot, read

log = logging.getLogger(__name__)

MONTHS = 2
"""Ledger files that a run looks back into: this month's and the one before."""

PROBE_SECONDS = 60.0
"""Longest time for asking what became of vanished models: all that may be sent take 13 s at 4 a second, and
an outage, or a word to come back later, must not cost minutes for what is only said beside the records."""


@dataclass(frozen=True)
class Base:
    """What an attempt stands on: a commit, its files and the snapshot they hold, and of the ledger the last
    lines and the file that the hour's line goes to."""

    commit: str | None
    files: dict[str, bytes]
    snapshot: Snapshot
    lines: list[Attempt]
    book: bytes

    def is_past(self, hour: dt.datetime) -> bool:
        """Whether the ledger has gone beyond an hour."""
        return max(map(hour_of, self.lines), default=hour) > hour


def base_of(archive: Archive, hour: dt.datetime) -> Base:
    """Read what the archive holds at HEAD."""
    head = archive.commit()
    files = archive.files(head, [*SNAPSHOT_FILES, ledger.path(hour)])
    book = files.pop(ledger.path(hour), b"")
    return Base(head, files, read(files.get), ledger.attempts(archive, head, MONTHS), book)


@dataclass
class Run:
    """One run: what it asks with, what it is told to do, and where it writes."""

    archive: Archive
    settings: Settings
    wish: Wish
    now: Callable[[], dt.datetime]
    progress: bool = False
    sleep: Callable[[float], None] = time.sleep
    not_pushed: GitError | None = field(default=None, init=False)
    """Why the last push failed; a remote that is away keeps nothing from being archived."""

    def __call__(self) -> int:
        """Archive the hour; 0: done or nothing due, 1: something was not good (the rest is committed)."""
        if self.wish.dry_run:
            return self._attempts([])
        with commit.held(self.archive, self.sleep) as notes:
            if self.wish.push:
                remote.catch_up(self.archive)
            return self._attempts(notes)

    def _attempts(self, notes: list[str]) -> int:
        """The attempts at both cadences, each on top of the one before; `notes` go to the first line."""
        base = base_of(self.archive, self.wish.hour)
        self._refuse_hour(base)
        client = self._client()
        results = []
        for cadence in () if self._too_early(base.lines) else ("hourly", "daily"):
            if base.is_past(self.wish.hour):
                break  # another writer was there while we asked
            client.deadline = time.monotonic() + self.settings.timeout
            result, base = self._attempt(client, cadence, base, notes)
            notes = [] if result is not None else notes
            results.append(result)
        if not any(result is not None for result in results):
            log.info("Nothing due at %s", prose(self.wish.hour))
            if not self._pushed():  # what an earlier run could not push
                remote.catch_up(self.archive)
        if self.not_pushed:
            raise self.not_pushed
        return int(False in results)

    def _pushed(self) -> bool:
        """Push if that is wanted; False where another writer was first."""
        self.not_pushed = None
        if not self.wish.push or self.wish.dry_run:
            return True
        try:
            return remote.push(self.archive, self.sleep)
        except GitError as error:
            log.error("Not pushed: %s", error)
            self.not_pushed = error
            return True

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

    def _too_early(self, lines: list[Attempt]) -> bool:
        """Whether the last attempt at this hour is too fresh for another."""
        hour = self.wish.hour
        started = [line["started"] for line in lines if hour_of(line) == hour]
        earliest = stamp(self.now() - self.settings.min_interval)
        if started and max(started) > earliest and not (self.wish.given or self.wish.force):
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
        for _ in range(remote.TRIES):
            read = {one.feed.name: already_read(one.feed, base.snapshot, base.lines, hour) for one in fetched}
            settled = settle(base.snapshot, fetched, self.wish.accept, read)
            after = self._keep(base, settled, started, notes)
            if self._pushed():
                good = not any(settled.reports[one.feed.name]["outcome"] in BAD for one in fetched)
                return good, after
            remote.retreat(self.archive, base.commit)
            base = base_of(self.archive, hour)
            if base.is_past(hour):
                log.error("Sync failed: the remote is already past %s; this attempt is dropped", prose(hour))
                return False, base
            fetched = still_wanted(fetched, base.snapshot, base.lines, hour)
            if not fetched:
                log.info("%s is already archived by another writer", prose(hour))
                return True, base
        msg = f"the push was refused {remote.TRIES} times; {prose(hour)} is not archived by this run"
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
                one = fetch_list(client, feed)
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
        if notes:
            attempt["notes"] = notes
        scopes = [ledger.scope(lines, "models") for lines in (base.lines, [*base.lines, attempt])]
        changes = rescoped(diff(base.snapshot, settled.snapshot), *scopes)
        text = message(hour, attempt, changes, first_records(base.snapshot, settled))
        book = ledger.appended(base.book, attempt)
        files = changed(base.files, settled.files) | commit.first_files(archive, base.commit)
        files[ledger.path(hour)] = book
        made = base.commit
        if self.wish.dry_run:
            print(text)
        else:
            quarantine.save(archive, hour, settled.payloads)
            made = self._write(files, text) or made
        return Base(made, settled.files, settled.snapshot, [*base.lines, attempt], book)

    def _write(self, files: dict[str, bytes | None], text: str) -> str | None:
        """Commit files and return the commit, or only write them."""
        if not self.wish.commit:
            commit.write_files(self.archive, files)
            log.info("Written, not committed: %s", text.partition("\n")[0])
            return None
        made = commit.commit(self.archive, files, self.wish.hour, text)
        log.info("Committed %.10s %s", made, text.partition("\n")[0])
        commit.tidy(self.archive)
        return made


def first_records(before: Snapshot, settled: Settled) -> dict[str, int]:
    """The feeds that had no records before this attempt, with how many they have now."""
    return {
        name: settled.reports[name]["rows"] for name in FEEDS if not before[name] and settled.snapshot[name]
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files whose bytes differ; None: no longer there."""
    paths = before.keys() | after.keys()
    return {path: after.get(path) for path in sorted(paths) if before.get(path) != after.get(path)}
