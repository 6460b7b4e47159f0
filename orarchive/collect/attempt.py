"""Writing: what an attempt stands on, its line of the ledger, its commit, and a push that others may win."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from orarchive import __version__
from orarchive.collect.settings import Wish
from orarchive.domain.snapshot import Snapshot, read
from orarchive.errors import ArchiveError, GitError
from orarchive.store import commit, ledger, push, quarantine
from orarchive.store.archive import SNAPSHOT_FILES, Archive
from orarchive.store.ledger import Attempt, hour_of
from orarchive.timestamps import prose, stamp

log = logging.getLogger(__name__)

MONTHS = 2
"""Ledger files that a run looks back into: this month's and the one before."""


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
class Writer:
    """Writes what attempts of one run bring, each as one commit."""

    archive: Archive
    wish: Wish
    now: Callable[[], dt.datetime]
    sleep: Callable[[float], None] = time.sleep
    not_pushed: GitError | None = field(default=None, init=False)
    """Why the last push failed; a remote that is away keeps nothing from being archived."""

    def on_top(self, base: Base, write: Callable[[Base], tuple[bool, Base] | None]) -> tuple[bool, Base]:
        """Write on top of a base and push; where another writer was first, again on top of what they left.

        `write` makes the commit and returns whether all is good, with what comes next; None: nothing is left.
        """
        hour = self.wish.hour
        for _ in range(push.TRIES):
            written = write(base)
            if written is None:
                log.info("%s is already archived by another writer", prose(hour))
                return True, base
            if self.pushed():
                return written
            push.retreat(self.archive, base.commit)
            base = base_of(self.archive, hour)
            if base.is_past(hour):
                log.error("Sync failed: the remote is already past %s; this attempt is dropped", prose(hour))
                return False, base
        msg = f"the push was refused {push.TRIES} times; {prose(hour)} is not archived by this run"
        raise ArchiveError(msg)

    def pushed(self) -> bool:
        """Push if that is wanted; False where another writer was first."""
        self.not_pushed = None
        if not self.wish.push or self.wish.dry_run:
            return True
        try:
            return push.push(self.archive, self.sleep)
        except GitError as error:
            log.error("Not pushed: %s", error)
            self.not_pushed = error
            return True

    def line(self, base: Base, started: dt.datetime, notes: list[str]) -> Attempt:
        """The ledger line of an attempt, without what it asked for."""
        hour = self.wish.hour
        attempt: Attempt = {
            "hour": stamp(hour),
            "attempt": 1 + sum(hour_of(line) == hour for line in base.lines),
            "started": stamp(started),
            "finished": stamp(self.now()),
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
        base: Base,
        attempt: Attempt,
        files: dict[str, bytes | None],
        payloads: Mapping[str, bytes],
        text: str,
    ) -> Base:
        """Write files and an attempt's line as one commit; a dry run prints its message alone."""
        hour = self.wish.hour
        book = ledger.appended(base.book, attempt)
        made = base.commit
        if self.wish.dry_run:
            print(text)
        else:
            quarantine.save(self.archive, hour, payloads)
            first = commit.first_files(self.archive, base.commit)
            made = self._write({**files, **first, ledger.path(hour): book}, text) or made
        return replace(base, commit=made, lines=[*base.lines, attempt], book=book)

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
