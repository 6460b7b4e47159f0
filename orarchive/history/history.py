"""The past: which hours are good, which commit holds one, and what any of them said."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.snapshot import Snapshot, hash_feed, records_by_key, snapshot_from_files
from orarchive.errors import ArchiveError, NotArchivedError
from orarchive.history.attempts import AttemptCommit, list_attempts, list_tips, refuse_shallow
from orarchive.history.coverage import Coverage, compute_coverage
from orarchive.jsonl import Record
from orarchive.store import ledger
from orarchive.store.archive import SNAPSHOT_FILES, Archive
from orarchive.store.ledger import Attempt, attempt_hour
from orarchive.timestamps import format_hour


@dataclass(frozen=True)
class History:
    """An archive's attempts, imported pasts first, each with the commit that shows the state after it."""

    archive: Archive
    attempt_commits: list[AttemptCommit]

    @cached_property
    def attempts(self) -> list[Attempt]:
        """The ledger, oldest attempt first."""
        return [one.attempt for one in self.attempt_commits]

    @property
    def commit(self) -> str:
        """The last commit of data."""
        return next(self.iterate_commits())[0]

    def good_hours(self, feed: str) -> list[dt.datetime]:
        """The hours in which a feed was read completely, oldest first."""
        return sorted(ledger.good_hours(self.attempts, feed))

    @property
    def requested_feeds(self) -> set[str]:
        """The feeds that any attempt asked for."""
        return {
            name for one in self.attempts for name in FEEDS if ledger.feed_outcome(one, name) != "not-due"
        }

    def compute_coverage(self, now: dt.datetime) -> list[Coverage]:
        """How well each feed is covered at a moment."""
        return compute_coverage({name: self.good_hours(name) for name in FEEDS}, self.requested_feeds, now)

    def last_good_hour(self, feed: str, hour: dt.datetime) -> dt.datetime:
        """The last good hour of a feed at or before an hour, of those that a commit shows."""
        hours = self._shown(feed)
        at = bisect_right(hours, hour)
        if not at:
            if unseen := [one for one in self.good_hours(feed) if one <= hour]:
                raise self._unseen(feed, unseen[-1])
            msg = f"no good hour of {feed} at or before {format_hour(hour)}" + self._neighbours(feed, hour)
            raise NotArchivedError(msg)
        return hours[at - 1]

    def _shown(self, feed: str, had: Collection[str] = ("ok",)) -> list[dt.datetime]:
        """The hours in which a feed was read and that a commit shows, of that attempt or one after it."""
        read: set[dt.datetime] = set()
        shown: set[dt.datetime] = set()
        for one in self.attempt_commits:
            if ledger.feed_outcome(one.attempt, feed) in had:
                read.add(one.hour)
            if one.commit and one.hour in read:
                shown.add(one.hour)
        return sorted(shown)

    def _unseen(self, feed: str, hour: dt.datetime) -> ArchiveError:
        """Why what was read in an hour cannot be shown."""
        refuse_shallow(self.archive)
        near = self._neighbours(feed, hour) if self._shown(feed) else ""
        return NotArchivedError(f"no commit shows {feed} as of {format_hour(hour)}{near}")

    def iterate_commits(self) -> Iterator[tuple[str, dt.datetime]]:
        """Yield the commits of the archive's attempts with their hour, newest first."""
        for one in reversed(self.attempt_commits):
            if one.commit:
                yield one.commit, one.hour

    def until(self, hour: dt.datetime) -> "History":
        """The past as it was at an hour: nothing that was recorded later is in it."""
        held = [one for one in self.attempt_commits if one.hour <= hour]
        if not any(one.commit for one in held):
            msg = f"the archive begins after {format_hour(hour)}"
            raise NotArchivedError(msg)
        return History(self.archive, held)

    def read_snapshot(self, hour: dt.datetime, *feeds: str) -> Snapshot:
        """The snapshot as it stood after the last attempt at an hour, one that a commit shows.

        Where the files of one of the feeds asked for are not those that the ledger hashed, it is refused.
        """
        held = next((one for one in reversed(self.attempt_commits) if one.hour == hour and one.commit), None)
        if held is None:
            msg = f"no commit shows {format_hour(hour)}"
            raise NotArchivedError(msg)
        files = self.archive.read_files(held.commit, SNAPSHOT_FILES)
        for name in _made_of(feeds):
            report = held.attempt["feeds"].get(name)
            if report and report["sha256"] != hash_feed(FEEDS[name], files):
                msg = (
                    f"the files of {name} at {format_hour(hour)} are not those that the ledger hashed;"
                    " python -m orarchive verify names all that differs"
                )
                raise ArchiveError(msg)
        return snapshot_from_files(files.get)

    def rebuild_response(self, feed: Feed, hour: dt.datetime, asked: str | None = None) -> Record:
        """What the service sent for a feed in that very hour, but for the order of rows and keys.

        A list gives `{"data": [...]}`; a sweep one model's response, or without a model all that were
        read in that hour, by model id. Anything else raises NotArchivedError and names the neighbours.
        """
        if feed.copied_feed:
            msg = f"of {feed.name} only what differs from {feed.copied_feed} is kept: ask `at`, not `raw`"
            raise ArchiveError(msg)
        if asked is not None and not feed.parent:
            msg = f"{feed.name} is one list; leave out {asked}"
            raise ArchiveError(msg)
        kept = self._kept(feed, hour)
        state = self.read_snapshot(hour, feed.name)[feed.name]
        if not feed.parent:
            return {"data": list(state.values())}
        if asked is None:
            return {key: response for (key,), response in state.items() if key not in kept}
        if asked in kept:
            msg = f"{feed.name} of {asked} were not read at {format_hour(hour)} ({kept[asked]})"
            raise NotArchivedError(msg)
        if (asked,) not in state:
            msg = f"{feed.name} has no {asked} at {format_hour(hour)}"
            raise NotArchivedError(msg)
        return state[asked,]

    def _kept(self, feed: Feed, hour: dt.datetime) -> dict[str, str]:
        """The keys not read in an hour; NotArchivedError where none was, or no commit shows it."""
        had = ("ok", "partial") if feed.parent else ("ok",)
        lines = [
            one
            for one in self.attempts
            if attempt_hour(one) == hour and ledger.feed_outcome(one, feed.name) in had
        ]
        if not lines:
            msg = f"{feed.name} was not read at {format_hour(hour)}{self._neighbours(feed.name, hour)}"
            raise NotArchivedError(msg)
        if hour not in self._shown(feed.name, had):
            raise self._unseen(feed.name, hour)
        return ledger.kept_keys(lines[-1], feed.name)

    def _neighbours(self, feed: str, hour: dt.datetime) -> str:
        hours = self._shown(feed)
        at = bisect_left(hours, hour)
        near = [format_hour(one) for one in (*hours[max(at - 1, 0) : at], *hours[at : at + 1])]
        return f"; good hours next to it: {', '.join(near)}" if near else "; there is no good hour at all"


def _made_of(feeds: Iterable[str]) -> list[str]:
    """Feeds, with those whose records complete theirs: what repeats is kept once."""
    found = set(feeds)
    for name, feed in reversed(FEEDS.items()):
        if name in found:
            found |= {one for one in (feed.copied_feed, feed.parent if feed.repeated_fields else None) if one}
    return [name for name in FEEDS if name in found]


def read_history(archive: Archive) -> History:
    """The past of an archive as of its HEAD."""
    head = archive.resolve_commit()
    found = list_attempts(archive, list_tips(archive, head)) if head else []
    if not found:
        msg = f"{archive.root} holds no hours yet; python scrape.py archives one"
        raise NotArchivedError(msg)
    return History(archive, found)


def select_records(feed: Feed, snapshot: Snapshot, key: str | None = None) -> list[Record]:
    """A feed's records as received, all of them or those of one key (text form, or a model id)."""
    found = records_by_key(feed, snapshot[feed.name])
    if key is None:
        return list(found.values())
    return [record for one, record in found.items() if key in (format_key(feed, one), one[0])]
