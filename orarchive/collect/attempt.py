"""Attempts: fetch a group of sources, merge them on top of a commit, and write one commit.

Where another writer pushed first, the fetched data is merged again on top of their commit.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar

from orarchive.collect.merge_result import MergeResult, build_ledger_line
from orarchive.collect.settings import RunOptions
from orarchive.domain.data_paths import HEALTH_PATH, KEPT_FILES, SNAPSHOT_FILES
from orarchive.domain.feeds import FEEDS, FanOutFeed
from orarchive.domain.snapshot import Snapshot, parse_snapshot_files
from orarchive.errors import ArchiveError, GitError
from orarchive.store import commit, health_branch, health_commits, ledger, push, quarantine
from orarchive.store.archive import Archive
from orarchive.store.kept_keys import KeptKeys, parse_kept_keys
from orarchive.store.ledger import Attempt, HealthEntry, get_attempt_hour, hash_line
from orarchive.timestamps import format_hour

log = logging.getLogger(__name__)

Batch = TypeVar("Batch")
"""The results that a group of sources fetched in one attempt."""


@dataclass(frozen=True)
class AttemptBase:
    """The state that an attempt stands on."""

    commit: str | None
    files: Mapping[str, bytes | None]
    """The files of the snapshot, with that of health, those of kept keys, the last ledger files and that of
    the hour: path below data/ -> bytes."""
    snapshot: Snapshot
    """The snapshot that these files hold."""
    lines: list[Attempt]
    """The last lines of the ledger."""
    archive: Archive

    @cached_property
    def kept_keys(self) -> dict[str, KeptKeys]:
        """Return the keys that were not read, by fan-out feed."""
        return {
            name: parse_kept_keys(feed, self.files.get(feed.kept_path))
            for name, feed in FEEDS.items()
            if isinstance(feed, FanOutFeed)
        }

    def is_past(self, hour: dt.datetime) -> bool:
        """Return whether the ledger has an hour after this one."""
        return max(map(get_attempt_hour, self.lines), default=hour) > hour


def read_base(archive: Archive, hour: dt.datetime) -> AttemptBase:
    """Read from HEAD the snapshot and the ledger lines for an attempt at an hour."""
    head = archive.resolve_commit()
    months = ledger.select_files(archive.list_blobs(head), ledger.RUN_MONTHS)
    paths = {*SNAPSHOT_FILES, *KEPT_FILES, ledger.get_ledger_path(hour), *months}
    files = archive.read_files(head, paths)
    lines = ledger.drop_repeats(ledger.parse_files(files, months))
    if lines:
        entry = health_branch.find_health_entry(lines)
        try:
            if health := health_branch.read_health(archive, entry, get_attempt_hour(lines[-1])):
                files[HEALTH_PATH] = health
        except ArchiveError as error:
            # Only endpoints that cannot be read in this hour need it. An hour must not be lost for that.
            log.warning("Archiving without the health of the hour before: %s", error)
    base = AttemptBase(head, files, parse_snapshot_files(files.get), lines, archive)
    _ = base.kept_keys  # a file that cannot be read stops the run before it asks anything
    return base


class SourceGroup(Protocol[Batch]):
    """Sources that one attempt fetches and commits together."""

    def is_due(self, base: AttemptBase) -> bool:
        """Return whether any source is due at the run's hour."""

    def fetch(self, base: AttemptBase) -> Batch:
        """Fetch the sources that are due."""

    def merge(self, batch: Batch, base: AttemptBase) -> MergeResult | None:
        """Merge a fetched batch on top of a base: its files, its reports and its snapshot.

        Return None where another writer has archived all of it for the hour.
        """

    def describe(self, result: MergeResult, line: Attempt, base: AttemptBase) -> str:
        """Format the commit message of a merge on top of a base; `line` is its line of the ledger."""


@dataclass
class AttemptWriter:
    """Makes the attempts of one run, each as one commit."""

    archive: Archive
    options: RunOptions
    now: Callable[[], dt.datetime]
    remote: push.Remote
    health_tip: str | None = field(default=None, init=False)
    """The end of the branch of health, as the attempt that is written found it."""
    push_error: GitError | None = field(default=None, init=False)
    """Why the last push failed; a remote that is away does not keep the run from archiving."""

    def make_attempt(
        self, group: SourceGroup[Batch], base: AttemptBase, notes: list[str]
    ) -> tuple[bool | None, AttemptBase]:
        """Fetch the sources of a group that are due, and archive them on top of a base.

        Return whether all of them are good (None where none was due), and the base of the next attempt.
        `notes` go into the ledger line.
        """
        if not group.is_due(base):
            return None, base
        started = self.now()
        return self.write_attempt(group, group.fetch(base), base, started, notes)

    def write_attempt(
        self,
        group: SourceGroup[Batch],
        batch: Batch,
        base: AttemptBase,
        started: dt.datetime,
        notes: list[str],
    ) -> tuple[bool, AttemptBase]:
        """Archive a fetched batch on top of a base; return whether all of it is good, and the next base."""

        def write(base: AttemptBase) -> tuple[bool, AttemptBase] | None:
            result = group.merge(batch, base)
            if result is None:
                return None
            line = build_ledger_line(
                self.options.hour,
                result.snapshot,
                result.feeds,
                result.rankings,
                attempt=1 + sum(get_attempt_hour(line) == self.options.hour for line in base.lines),
                started=started,
                finished=self.now(),
                notes=notes,
            )
            if base.lines:
                line["previous"] = hash_line(base.lines[-1])
            return result.is_good, self._commit(base, result, line, group.describe(result, line, base))

        return self._write_on_top(base, write)

    def _write_on_top(
        self, base: AttemptBase, write: Callable[[AttemptBase], tuple[bool, AttemptBase] | None]
    ) -> tuple[bool, AttemptBase]:
        """Write on top of a base and push; where another writer pushed first, write again on their commit.

        `write` makes the commit and returns whether all is good, with the next base; None where nothing is
        left to write.
        """
        hour = self.options.hour
        for _ in range(push.MAX_PUSH_TRIES):
            self.health_tip = health_commits.read_refs(self.archive)[health_branch.HEALTH_REF]
            written = write(base)
            if written is None:
                log.info("%s is already archived by another writer", format_hour(hour))
                return True, base
            if self.push():
                return written
            health_commits.move_branch(self.archive, self.health_tip)
            push.reset_to_remote(self.remote, base.commit)
            base = read_base(self.archive, hour)
            if base.is_past(hour):
                log.error(
                    "Sync failed: the remote is already past %s; this attempt is dropped", format_hour(hour)
                )
                return False, base
        tries = push.MAX_PUSH_TRIES
        msg = (
            f"the push was refused {tries} times; {format_hour(hour)} is not archived by this run;"
            " other writers were first each time: run it again within the hour"
        )
        raise ArchiveError(msg)

    def push(self) -> bool:
        """Push if the run's options say so; return False where another writer was first.

        A push that fails otherwise is logged and stored in `push_error`.
        """
        self.push_error = None
        if not self.options.push or self.options.dry_run:
            return True
        try:
            return push.push_branch(self.remote)
        except GitError as error:
            log.error("Not pushed: %s", error)
            self.push_error = error
            return True

    def _commit(self, base: AttemptBase, result: MergeResult, line: Attempt, message: str) -> AttemptBase:
        """Write the files of a merge and its ledger line as one commit; a dry run only prints the message.

        Return the base of the next attempt.
        """
        hour = self.options.hour
        path = ledger.get_ledger_path(hour)
        if entry := self._write_health(base, result, line["attempt"]):
            line["health"] = entry
        ledger_file = ledger.append_line(base.files.get(path) or b"", line)
        name = base.commit
        if self.options.dry_run:
            print(message)
        else:
            quarantine.save_payloads(self.archive, hour, line["attempt"], result.payloads)
            first = commit.list_first_files(self.archive, base.commit)
            files = {file: content for file, content in result.files.items() if file != HEALTH_PATH}
            name = self._write({**files, **first, path: ledger_file}, message) or base.commit
            if HEALTH_PATH in result.files and self.options.commit:
                health_commits.move_branch(self.archive, line["health"]["commit"])
        files = {**base.files, **result.files, path: ledger_file}
        return AttemptBase(name, files, result.snapshot, [*base.lines, line], self.archive)

    def _write_health(self, base: AttemptBase, result: MergeResult, attempt: int) -> HealthEntry | None:
        """Make the commit of the health that a merge changed; return what the ledger is to say of health."""
        if HEALTH_PATH not in result.files or self.options.dry_run:
            return health_branch.find_health_entry(base.lines)
        content = result.files[HEALTH_PATH] or b""
        return health_commits.write_health_commit(
            self.archive, content, self.options.hour, attempt, self.health_tip
        )

    def _write(self, files: dict[str, bytes | None], message: str) -> str | None:
        """Commit files and return the commit's name; with --no-commit only write them and return None."""
        subject = message.partition("\n")[0]
        if not self.options.commit:
            commit.write_files(self.archive, files)
            log.info("Written, not committed: %s", subject)
            return None
        name = commit.commit_files(self.archive, files, self.options.hour, message)
        log.info("Committed %.10s %s", name, subject)
        commit.collect_garbage(self.archive)
        return name
