"""Random histories: steps at the small service, archived by the archive's own rules, as a git repository.

No service is started and no run: what the service says is merged with the attempt before, as a run does it,
and all commits of a history are written by one git process.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orarchive.collect.feed_merge import KeyReads, complete_merge, merge_fan_out, merge_list
from orarchive.collect.feed_schedule import list_due_feeds, list_due_keys, list_read_keys
from orarchive.collect.plausibility import RecentReads
from orarchive.collect.results import FanOutFetch, FetchResult, ListFetch
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import FEEDS, MODELS, FanOutFeed, Feed, ListFeed
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import Snapshot, make_empty_snapshot, parse_snapshot_files
from orarchive.jsonl import Record
from orarchive.sample import START
from orarchive.store import ledger
from orarchive.store.fast_import import format_data
from orarchive.store.git import run_git
from orarchive.store.health_branch import HEALTH_REF
from orarchive.store.kept_keys import KeptKeys, format_kept_keys
from orarchive.store.ledger import Attempt, FeedReport, HealthEntry
from orarchive.timestamps import HOUR, format_stamp
from tests.support.archives import make_archive
from tests.support.random_steps import Step
from tests.support.small_service import SmallService

CADENCES = ("hourly", "daily")
FAN_OUT_FEEDS = [feed for feed in FEEDS.values() if isinstance(feed, FanOutFeed)]


@dataclass(frozen=True)
class ArchivedAttempt:
    """An attempt: its ledger line, and all files below data/ as it left them."""

    line: Attempt
    files: dict[str, bytes]
    snapshot: Snapshot
    read_models: frozenset[str] = frozenset()
    """Models whose endpoints were requested and received."""


@dataclass
class Archiver:
    """Archives the small service, hour by hour, as runs do it."""

    service: SmallService = field(default_factory=SmallService)
    hour: dt.datetime = START
    snapshot: Snapshot = field(default_factory=make_empty_snapshot)
    attempts: list[ArchivedAttempt] = field(default_factory=list)
    kept: dict[str, KeptKeys] = field(default_factory=lambda: {feed.name: {} for feed in FAN_OUT_FEEDS})

    def archive(self, steps: list[Step]) -> list[ArchivedAttempt]:
        """Take the steps of a history and return its attempts."""
        for step in steps:
            if step.scope and (step.later or not self.attempts):
                self.service.scope = step.scope
            for edit in step.edits:
                edit.apply(self.service)
            if self.attempts:
                self.hour += step.later * HOUR
            self._run(step)
            self._pass_quiet_hours(*step.quiet)
        return self.attempts

    def _pass_quiet_hours(self, count: int, gap: int) -> None:
        """Archive hours without a change; from the second on their attempts repeat the one before."""
        last_by_cadence: dict[str, ArchivedAttempt] = {}
        for position in range(count):
            self.hour += gap * HOUR
            lines = [attempt.line for attempt in self.attempts]
            cadences = [name for name in CADENCES if list_due_feeds(lines, self.hour, name)]
            if position < 2 or not last_by_cadence.keys() >= {*cadences}:
                self._run(Step(gap))
                new_attempts = self.attempts[len(lines) :]
                last_by_cadence |= {_find_cadence(attempt.line): attempt for attempt in new_attempts}
            else:
                for cadence in cadences:
                    reports = last_by_cadence[cadence].line["feeds"]
                    self._append(Step(gap), reports, self.attempts[-1].files)

    def _run(self, step: Step) -> None:
        """Attempt hourly feeds first, and daily ones in an attempt of their own."""
        for cadence in CADENCES:
            lines = [attempt.line for attempt in self.attempts]
            if step.again and cadence == "hourly":
                lines = []
            feeds = list_due_feeds(lines, self.hour, cadence)
            feeds = [feed for feed in feeds if step.bad.get(feed.name) != "not requested"]
            if feeds:
                self._attempt(step, feeds, lines)

    def _attempt(self, step: Step, feeds: list[ListFeed | FanOutFeed], lines: list[Attempt]) -> None:
        current = dict(self.snapshot)
        merges = []
        for feed in feeds:
            if isinstance(feed, FanOutFeed):
                kept = self.kept[feed.name]
                keys = KeyReads(self.hour, kept, list_read_keys(feed, self.snapshot, kept, lines, self.hour))
                responses = self._fetch_responses(step, feed, current, keys)
                merges.append(merge_fan_out(responses, current, RecentReads(0), keys, accepted=True))
                self.kept[feed.name] = merges[-1].kept if merges[-1].kept is not None else kept
            else:
                rows = self._fetch_list(step, feed)
                merges.append(merge_list(rows, current, RecentReads(0), accepted=True))
            current[feed.name] = merges[-1].state
        result = complete_merge(self.snapshot, {}, merges)
        if "scope" in result.feeds["models"]:
            result.feeds["models"]["scope"] = self.service.scope
        files = {path: content for path, content in result.files.items() if content is not None}
        for feed in FAN_OUT_FEEDS:
            if content := format_kept_keys(self.kept[feed.name]):
                files[feed.kept_path] = content
        self.snapshot = parse_snapshot_files(files.get)
        fetched = [merge.fetched for merge in merges if merge.feed.name == "endpoints"]
        models = {key for fetch in fetched if isinstance(fetch, FanOutFetch) for key in fetch.bodies}
        self._append(step, result.feeds, files, frozenset(models))

    def _fetch_list(self, step: Step, feed: ListFeed) -> ListFetch:
        result = (
            _fail(step, feed)
            if feed.name in step.bad
            else FetchResult(body=self.service.fetch_list(feed), age=step.age)
        )
        return ListFetch(feed, result, 0, probes=self._probe(step, feed, result))

    def _fetch_responses(
        self, step: Step, feed: FanOutFeed, current: Snapshot, reads: KeyReads
    ) -> FanOutFetch:
        keys = list_due_keys(feed, current, reads.kept, reads.read)
        if step.stray and feed.name == "endpoints" and step.stray not in keys:
            keys.append(step.stray)
        results = {
            key: _fail(step, feed)
            if feed.name in step.bad or key in step.missed
            else FetchResult(body=self.service.fetch_response(feed, key), age=step.age)
            for key in keys
        }
        return FanOutFetch(feed, results, 0)

    def _probe(
        self, step: Step, feed: Feed, result: FetchResult[list[Record]]
    ) -> dict[str, FetchResult[str]]:
        """Return the answers to requests for models that vanished, by id."""
        answer = step.probe_answer
        if feed is not MODELS or result.body is None or answer is None:
            return {}
        vanished = {key for (key,) in self.snapshot["models"]} - {row["id"] for row in result.body}
        if answer.isdigit():
            return {key: FetchResult(reason=answer) for key in vanished}
        return {key: FetchResult(body=key if answer == "unlisted" else answer) for key in vanished}

    def _append(
        self,
        step: Step,
        reports: dict[str, FeedReport],
        files: dict[str, bytes],
        read_models: frozenset[str] = frozenset(),
    ) -> None:
        """Append an attempt at the current hour."""
        hour = format_stamp(self.hour)
        started = format_stamp(self.hour + step.late * HOUR + dt.timedelta(minutes=7))
        line: Attempt = {
            "hour": hour,
            "attempt": 1 + sum(attempt.line["hour"] == hour for attempt in self.attempts),
            "started": started,
            "finished": started,
            "origin": "live",
            "version": "0",
            "feeds": reports,
            "relations": count_relations(self.snapshot),
        }
        self.attempts.append(ArchivedAttempt(line, files, self.snapshot, read_models))


def _find_cadence(line: Attempt) -> str:
    """Return the cadence of the feeds that an attempt requested."""
    feeds = (name for name, report in line["feeds"].items() if report["outcome"] != "not-due")
    return FEEDS[next(feeds)].cadence


def archive_steps(steps: list[Step]) -> list[ArchivedAttempt]:
    """Return all attempts of a history."""
    return Archiver().archive(steps)


# --- as a git repository ------------------------------------------------------------------------------------


def write_history(folder: Path, attempts: list[ArchivedAttempt], *, with_trailers: bool = True) -> list[str]:
    """Write a history as a git repository; return its commits.

    `with_trailers`: the message of a commit names its attempt.
    """
    make_archive(folder)
    stream = b"".join(_format_commits(attempts, with_trailers=with_trailers))
    marks = folder / ".git" / "marks"
    options = ("--quiet", "--done", f"--export-marks={marks}")
    run_git(folder, "-c", "fastimport.unpackLimit=0", "fast-import", *options, stdin=stream + b"done\n")
    commits = dict(line.split() for line in marks.read_text().splitlines())
    return [commits[f":{position}"] for position in range(1, len(attempts) + 1)]


def _fail(step: Step, feed: Feed) -> FetchResult[Any]:
    """Return the result of a request that fails in a step."""
    is_rejected = step.bad.get(feed.name) == "quarantined"
    reason = "wrong-shape" if is_rejected else "503"
    return FetchResult(reason=reason, is_rejected=is_rejected, age=step.age)


def set_branch(folder: Path, commit: str) -> None:
    """Set the branch of a repository to a commit."""
    (folder / ".git/refs/heads/main").write_text(f"{commit}\n")


def _build_health_entry(attempt: ArchivedAttempt) -> HealthEntry:
    """Return what the ledger says of the health of an attempt; its commit is one that another stands for."""
    content = attempt.files.get(HEALTH_PATH, b"")
    name = f"{attempt.line['hour']} {attempt.line['attempt']}".encode()
    return {"commit": hashlib.sha1(name).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}


def _format_health_commits(attempts: list[ArchivedAttempt]) -> Iterator[bytes]:
    """Yield the commits of health, each of which stands for the one that the ledger names."""
    for attempt in attempts:
        message = f"health\n\nStands-For: {_build_health_entry(attempt)['commit']}\n".encode()
        yield f"commit {HEALTH_REF}\ncommitter a <a@example.org> 1 +0000\n".encode()
        yield format_data(message)
        yield f"M 100644 inline data/{HEALTH_PATH}\n".encode()
        yield format_data(attempt.files.get(HEALTH_PATH, b""))


def _format_commits(attempts: list[ArchivedAttempt], *, with_trailers: bool) -> Iterator[bytes]:
    """Yield the commits of a history as `git fast-import` reads them."""
    yield from _format_health_commits(attempts)
    old_files: dict[str, bytes] = {}
    has_health = False
    for position, attempt in enumerate(attempts, 1):
        line, hour = attempt.line, ledger.get_attempt_hour(attempt.line)
        has_health = has_health or HEALTH_PATH in attempt.files
        if has_health:
            line = {**line, "health": _build_health_entry(attempt)}
        path = ledger.get_ledger_path(hour)
        ledger_files = {path: data for path, data in old_files.items() if path.startswith("hours/")}
        ledger_files[path] = ledger.append_line(ledger_files.get(path, b""), line)
        files = {**attempt.files, **ledger_files}
        files.pop(HEALTH_PATH, None)
        seconds = int(hour.timestamp())
        trailers = f"Hour: {line['hour']}\nAttempt: {line['attempt']}\n" if with_trailers else ""
        yield f"commit refs/heads/main\nmark :{position}\n".encode()
        yield f"author a <a@example.org> {seconds} +0000\ncommitter a <a@example.org> 1 +0000\n".encode()
        yield format_data(f"an hour\n\n{trailers}".encode())
        for name in sorted(old_files.keys() | files.keys()):
            if name not in files:
                yield f"D data/{name}\n".encode()
            elif old_files.get(name) != files[name]:
                yield f"M 100644 inline data/{name}\n".encode() + format_data(files[name])
        old_files = files
