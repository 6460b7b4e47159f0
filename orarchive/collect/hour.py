"""The runner: archives one hour. It owns every side effect; what it calls on the way is pure where it can be.

An attempt asks for the feeds of one cadence that are due, settles what came on top of the last commit, and
makes one commit. A run is at most two attempts: hourly feeds first, daily ones with a deadline of their own.
"""

import datetime as dt
import gzip
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orarchive import __version__, ledger
from orarchive.archive import SNAPSHOT_FILES, Archive
from orarchive.changes import diff
from orarchive.collect import commit
from orarchive.collect.client import Client, Waits
from orarchive.collect.fetch import Fetched, fetch_list, fetch_sweep
from orarchive.collect.message import message
from orarchive.collect.pacing import Pacer
from orarchive.collect.settle import Settled, settle, settle_one
from orarchive.errors import ArchiveError
from orarchive.feeds import FEEDS, Feed
from orarchive.hours import prose, stamp
from orarchive.ledger import Attempt, hour_of
from orarchive.relations import relations
from orarchive.snapshot import Snapshot, read

log = logging.getLogger(__name__)

TEMPLATE = Path(__file__).parents[2] / "data"
"""This repository's own data/: a new archive gets its README and its .gitattributes."""

BAD = ("partial", "quarantined", "failed")
MONTHS = 2
"""Ledger files that a run looks back into: this month's and the one before."""

MAX_SAVED = 20
"""Refused payloads saved by one attempt; when a whole sweep is refused they are all alike."""


@dataclass(frozen=True)
class Settings:
    """How to ask, from the environment (see README)."""

    base_url: str = "https://openrouter.ai/api/v1"
    key: str | None = field(default=None, repr=False)
    latency: bool = False
    contact: str | None = None
    min_interval: dt.timedelta = dt.timedelta(minutes=30)
    timeout: float = 600.0
    workers: int = 8
    per_second: float = 4.0
    waits: Waits = field(default_factory=Waits)


@dataclass(frozen=True)
class Wish:
    """What one run shall do."""

    hour: dt.datetime
    given: bool = False
    """The hour was named, not read from the clock: the minimum interval does not apply."""
    feeds: tuple[str, ...] = tuple(FEEDS)
    dry_run: bool = False
    force: bool = False
    commit: bool = True
    push: bool = False
    accept: tuple[str, ...] = ()


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the settings; a value that is no number raises ArchiveError."""

    def number(name: str, default: float, least: float = 0) -> float:
        text = environment.get(name) or str(default)
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not least <= value < float("inf"):
            msg = f"{name} is {text!r}; it must be a number of at least {least:g}"
            raise ArchiveError(msg)
        return value

    repository = environment.get("GITHUB_REPOSITORY")
    contact = (
        f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}" if repository else None
    )
    default = Settings()
    return Settings(
        base_url=(environment.get("OPENROUTER_BASE_URL") or default.base_url).rstrip("/"),
        key=environment.get("OPENROUTER_API_KEY") or None,
        latency=environment.get("ARCHIVE_LATENCY") == "1",
        contact=environment.get("ARCHIVE_CONTACT_URL") or contact,
        min_interval=dt.timedelta(minutes=number("SYNC_MIN_INTERVAL_MINUTES", 30)),
        timeout=number("SYNC_TIMEOUT_SECONDS", default.timeout, 1),
        workers=int(number("SYNC_WORKERS", default.workers, 1)),
        per_second=number("SYNC_REQUESTS_PER_SECOND", default.per_second),
    )


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
        with commit.held(self.archive, self.sleep) as notes:
            self.notes = notes
            return self._attempts()

    def _attempts(self) -> int:
        head = self.archive.commit()
        lines = ledger.attempts(self.archive, head, MONTHS)
        if self._too_early(lines):
            return 0
        settings = self.settings
        pacer = Pacer(settings.per_second, time.monotonic, self.sleep)
        client = Client(
            settings.base_url,
            pacer,
            deadline=0.0,
            waits=settings.waits,
            workers=settings.workers,
            key=settings.key,
            contact=settings.contact,
            sleep=self.sleep,
        )
        results = []
        for cadence in ("hourly", "daily"):
            client.deadline = time.monotonic() + settings.timeout
            results.append(self._attempt(client, cadence))
        if results == [None, None]:
            log.info("Nothing due at %s", prose(self.wish.hour))
        return int(False in results)

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
        hour = self.wish.hour
        head = self.archive.commit()
        lines = ledger.attempts(self.archive, head, MONTHS)
        due = [feed for feed in _due(lines, hour, cadence) if feed.name in self.wish.feeds]
        if not due:
            return None
        log.info("Starting %s: %s", prose(hour), ", ".join(feed.name for feed in due))
        started = self.now()
        fetched = self._fetch(client, due, self.archive.snapshot(head), lines)
        for _ in range(commit.TRIES):
            outcomes = self._settle(fetched, started, head)
            if not self.wish.push or self.wish.dry_run or commit.push(self.archive):
                return not any(outcome in BAD for outcome in outcomes)
            commit.retreat(self.archive, head)
            head = self.archive.commit()
            lines = ledger.attempts(self.archive, head, MONTHS)
            if max(map(hour_of, lines), default=hour) > hour:
                log.error("Sync failed: the remote is already past %s; this attempt is dropped", prose(hour))
                return False
            fetched = _still_wanted(fetched, lines, hour)
            if not fetched:
                log.info("%s is already archived by another writer", prose(hour))
                return True
        msg = f"the push was refused {commit.TRIES} times; {prose(hour)} is not archived by this run"
        raise ArchiveError(msg)

    def _fetch(self, client: Client, due: list[Feed], base: Snapshot, lines: list[Attempt]) -> list[Fetched]:
        """Ask for the due feeds; a sweep for the keys of its list as that list now stands."""
        current = dict(base)
        fetched = []
        for feed in due:
            if feed.each:
                keys = _to_ask(feed, [key for (key,) in current[feed.each]], current, lines, self.wish.hour)
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
                log.info(
                    "Synced %d %s%s", len(one.good) if feed.each else len(current[feed.name]), feed.name, kept
                )
        return fetched

    def _settle(self, fetched: list[Fetched], started: dt.datetime, head: str | None) -> list[str]:
        """Settle what was fetched on top of `head` and write it; returns the outcomes of the feeds."""
        archive, hour = self.archive, self.wish.hour
        before = archive.files(head, [*SNAPSHOT_FILES, ledger.path(hour)])
        book = before.pop(ledger.path(hour), b"")
        base = read(before.get)
        settled = settle(base, fetched, self.wish.accept)
        lines = ledger.attempts(archive, head, MONTHS)
        attempt: Attempt = {
            "hour": stamp(hour),
            "attempt": 1 + sum(hour_of(line) == hour for line in lines),
            "started": stamp(started),
            "finished": stamp(self.now()),
            "origin": "live",
            "version": __version__,
            "feeds": settled.reports,
            "relations": relations(settled.snapshot),
        }
        if self.notes:
            attempt["notes"] = self.notes
        text = message(hour, attempt, diff(base, settled.snapshot), _first(base, settled))
        if self.wish.dry_run:
            print(text)
        else:
            files = _changed(before, settled.files)
            files |= _first_files(archive, head) | {ledger.path(hour): ledger.appended(book, attempt)}
            self._quarantine(settled)
            self._write(files, text)
        return [settled.reports[one.feed.name]["outcome"] for one in fetched]

    def _write(self, files: dict[str, bytes | None], text: str) -> None:
        if self.wish.commit:
            made = commit.commit(self.archive, files, self.wish.hour, text)
            log.info("Committed %.10s %s", made, text.partition("\n")[0])
        else:
            commit.write_files(self.archive, files)
            log.info("Written, not committed: %s", text.partition("\n")[0])

    def _quarantine(self, settled: Settled) -> None:
        """Save refused payloads, gzipped, where git does not see them."""
        if not settled.payloads:
            return
        exclude = Path(self.archive.git("rev-parse", "--git-path", "info/exclude"))
        exclude = exclude if exclude.is_absolute() else self.archive.root / exclude
        known = exclude.read_text() if exclude.exists() else ""
        if "/quarantine/" not in known.splitlines():
            exclude.parent.mkdir(parents=True, exist_ok=True)
            exclude.write_text(f"{known}/quarantine/\n")
        folder = self.archive.root / "quarantine"
        folder.mkdir(exist_ok=True)
        for name, payload in list(settled.payloads.items())[:MAX_SAVED]:
            (folder / f"{prose(self.wish.hour)}-{name}.gz").write_bytes(gzip.compress(payload, mtime=0))


def _due(lines: list[Attempt], hour: dt.datetime, cadence: str) -> list[Feed]:
    """The feeds of a cadence without a good answer in this hour, or this UTC day."""

    def covers(line: Attempt) -> bool:
        return hour_of(line) == hour if cadence == "hourly" else hour_of(line).date() == hour.date()

    had = [line for line in lines if covers(line)]
    feeds = (feed for feed in FEEDS.values() if feed.cadence == cadence)
    return [feed for feed in feeds if not any(ledger.outcome(line, feed.name) == "ok" for line in had)]


def _to_ask(
    feed: Feed, listed: list[str], current: Snapshot, lines: list[Attempt], hour: dt.datetime
) -> list[str]:
    """The keys that a sweep asks for: those not yet read in this hour, the longest unread first.

    A key that has no record yet comes first of all; a run cut short by its deadline so goes on where the
    last one stopped.
    """
    read_at: dict[str, str] = {}
    for line in reversed(lines):
        if ledger.outcome(line, feed.name) in ("ok", "partial"):
            kept = ledger.kept(line, feed.name)
            for key in listed:
                if key not in kept:
                    read_at.setdefault(key, line["hour"])
            if len(read_at) == len(listed):
                break
    known = {key for (key,) in current[feed.name]}
    unread = [key for key in listed if key not in known or read_at.get(key) != stamp(hour)]
    return sorted(unread, key=lambda key: (key in known, read_at.get(key, ""), key))


def _still_wanted(fetched: list[Fetched], lines: list[Attempt], hour: dt.datetime) -> list[Fetched]:
    """What of the fetched another writer has not archived for the same hour."""
    due = {feed.name for cadence in ("hourly", "daily") for feed in _due(lines, hour, cadence)}
    wanted = []
    for one in fetched:
        if one.feed.name not in due:
            continue
        theirs = [line for line in lines if hour_of(line) == hour]
        partial = [line for line in theirs if ledger.outcome(line, one.feed.name) == "partial"]
        if partial:
            kept = ledger.kept(partial[-1], one.feed.name)
            one = replace(one, answers={key: found for key, found in one.answers.items() if key in kept})
        wanted.append(one)
    return wanted


def _first(base: Snapshot, settled: Settled) -> dict[str, int]:
    """The feeds that had no records before this attempt, with how many they have now."""
    return {
        name: settled.reports[name]["rows"] for name in FEEDS if not base[name] and settled.snapshot[name]
    }


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files whose bytes differ; None: no longer there."""
    return {
        path: after.get(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }


def _first_files(archive: Archive, head: str | None) -> dict[str, bytes | None]:
    """What a new archive needs beside its records."""
    there = archive.blobs(head)
    names = (".gitattributes", "README.md")
    return {name: (TEMPLATE / name).read_bytes() for name in names if name not in there}
