"""Writing: what an attempt stands on, its line of the ledger, its commit, and a push that others may win."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from orarchive import __version__
from orarchive.collect.settings import RunOptions
from orarchive.domain.snapshot import Snapshot, snapshot_from_files
from orarchive.errors import ArchiveError, GitError
from orarchive.store import commit, ledger, push, quarantine
from orarchive.store.archive import SNAPSHOT_FILES, Archive
from orarchive.store.ledger import Attempt, attempt_hour
from orarchive.timestamps import format_hour, format_stamp

log = logging.getLogger(__name__)

LEDGER_MONTHS = 2
"""Ledger files that a run looks back into: this month's and the one before."""


@dataclass(frozen=True)
class AttemptBase:
    """What an attempt stands on: a commit, its files and the snapshot they hold, and of the ledger the last
    lines and the file that the hour's line goes to."""

    commit: str | None
    files: dict[str, bytes]
    snapshot: Snapshot
    lines: list[Attempt]
    ledger_file: bytes

    def is_past(self, hour: dt.datetime) -> bool:
        """Whether the ledger has gone beyond an hour."""
        return max(map(attempt_hour, self.lines), default=hour) > hour


def read_base(archive: Archive, hour: dt.datetime) -> AttemptBase:
    """Read what the archive holds at HEAD."""
    head = archive.resolve_commit()
    files = archive.read_files(head, [*SNAPSHOT_FILES, ledger.ledger_path(hour)])
    book = files.pop(ledger.ledger_path(hour), b"")
    return AttemptBase(
        head, files, snapshot_from_files(files.get), ledger.read_attempts(archive, head, LEDGER_MONTHS), book
    )


@dataclass
class AttemptWriter:
    """Writes what attempts of one run bring, each as one commit."""

    archive: Archive
    options: RunOptions
    now: Callable[[], dt.datetime]
    sleep: Callable[[float], None] = time.sleep
    push_error: GitError | None = field(default=None, init=False)
    """Why the last push failed; a remote that is away keeps nothing from being archived."""

    def write_on_top(
        self, base: AttemptBase, write: Callable[[AttemptBase], tuple[bool, AttemptBase] | None]
    ) -> tuple[bool, AttemptBase]:
        """Write on top of a base and push; where another writer was first, again on top of what they left.

        `write` makes the commit and returns whether all is good, with what comes next; None: nothing is left.
        """
        hour = self.options.hour
        for _ in range(push.MAX_PUSH_TRIES):
            written = write(base)
            if written is None:
                log.info("%s is already archived by another writer", format_hour(hour))
                return True, base
            if self.push():
                return written
            push.reset_to_remote(self.archive, base.commit)
            base = read_base(self.archive, hour)
            if base.is_past(hour):
                log.error(
                    "Sync failed: the remote is already past %s; this attempt is dropped", format_hour(hour)
                )
                return False, base
        tries = push.MAX_PUSH_TRIES
        msg = f"the push was refused {tries} times; {format_hour(hour)} is not archived by this run"
        raise ArchiveError(msg)

    def push(self) -> bool:
        """Push if that is wanted; False where another writer was first."""
        self.push_error = None
        if not self.options.push or self.options.dry_run:
            return True
        try:
            return push.push_branch(self.archive, self.sleep)
        except GitError as error:
            log.error("Not pushed: %s", error)
            self.push_error = error
            return True

    def start_line(self, base: AttemptBase, started: dt.datetime, notes: list[str]) -> Attempt:
        """The ledger line of an attempt, without what it asked for."""
        hour = self.options.hour
        attempt: Attempt = {
            "hour": format_stamp(hour),
            "attempt": 1 + sum(attempt_hour(line) == hour for line in base.lines),
            "started": format_stamp(started),
            "finished": format_stamp(self.now()),
            "origin": "live",
            "version": __version__,
            "feeds": {},
            "relations": {},
        }
        if notes:
            attempt["notes"] = notes
        return attempt

    def commit(
        self,
        base: AttemptBase,
        attempt: Attempt,
        files: dict[str, bytes | None],
        payloads: Mapping[str, bytes],
        text: str,
    ) -> AttemptBase:
        """Write files and an attempt's line as one commit; a dry run prints its message alone."""
        hour = self.options.hour
        book = ledger.append_line(base.ledger_file, attempt)
        made = base.commit
        if self.options.dry_run:
            print(text)
        else:
            quarantine.save_payloads(self.archive, hour, payloads)
            first = commit.list_first_files(self.archive, base.commit)
            made = self._write({**files, **first, ledger.ledger_path(hour): book}, text) or made
        return replace(base, commit=made, lines=[*base.lines, attempt], ledger_file=book)

    def _write(self, files: dict[str, bytes | None], text: str) -> str | None:
        """Commit files and return the commit, or only write them."""
        if not self.options.commit:
            commit.write_files(self.archive, files)
            log.info("Written, not committed: %s", text.partition("\n")[0])
            return None
        made = commit.commit_files(self.archive, files, self.options.hour, text)
        log.info("Committed %.10s %s", made, text.partition("\n")[0])
        commit.collect_garbage(self.archive)
        return made
