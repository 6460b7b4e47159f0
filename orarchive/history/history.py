"""History: which hours of an archive are good, which commit shows an hour, and the records of any hour."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from orarchive.domain.changes import format_key
from orarchive.domain.data_paths import HEALTH_PATH, SNAPSHOT_FILES
from orarchive.domain.feeds import ENDPOINTS, FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.domain.snapshot import Snapshot, get_records_by_key, hash_feed, parse_snapshot_files
from orarchive.errors import ArchiveError, NotArchivedError
from orarchive.history.attempts import (
    AttemptCommit,
    build_no_hours_error,
    list_attempts,
    list_tips,
    refuse_shallow,
)
from orarchive.history.coverage import Coverage, compute_coverage
from orarchive.jsonl import Record
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.health_branch import read_health
from orarchive.store.kept_keys import read_kept_reasons
from orarchive.store.ledger import Attempt, get_attempt_hour
from orarchive.timestamps import format_hour


@dataclass(frozen=True)
class History:
    """An archive's attempts, imported pasts first, each with the commit that shows the state after it."""

    archive: Archive
    attempt_commits: list[AttemptCommit]
    head: str
    """The commit at which the history was read; a run may move the branch meanwhile."""

    @cached_property
    def attempts(self) -> list[Attempt]:
        """Return the lines of the ledger, oldest attempt first."""
        return [attempt.attempt for attempt in self.attempt_commits]

    @property
    def commit(self) -> str:
        """Return the name of the newest commit that shows the state after an attempt."""
        return next(self.iterate_commits())[0]

    def list_complete_hours(self, feed: str) -> list[dt.datetime]:
        """Return the hours in which a feed was read completely, oldest first."""
        return sorted(ledger.list_complete_hours(self.attempts, feed))

    @property
    def last_requests(self) -> dict[str, dt.datetime]:
        """Return the hour of the last attempt that requested each feed, without feeds never requested."""
        return {
            name: get_attempt_hour(line)
            for line in self.attempts
            for name in FEEDS
            if ledger.get_feed_outcome(line, name) != "not-due"
        }

    def compute_coverage(self, now: dt.datetime) -> list[Coverage]:
        """Compute how well each feed is covered at `now`."""
        return compute_coverage(
            {name: self.list_complete_hours(name) for name in FEEDS}, self.last_requests, now
        )

    def find_last_complete_hour(self, feed: str, hour: dt.datetime) -> dt.datetime:
        """Return the last complete hour of a feed, at or before `hour`, that a commit shows.

        Raise NotArchivedError where there is none.
        """
        hours = self._list_visible_hours(feed)
        position = bisect_right(hours, hour)
        if not position:
            if complete := [earlier for earlier in self.list_complete_hours(feed) if earlier <= hour]:
                raise self._build_not_visible_error(feed, complete[-1])
            neighbours = self._describe_neighbours(feed, hour)
            msg = f"no good hour of {feed} at or before {format_hour(hour)}{neighbours}"
            raise NotArchivedError(msg)
        return hours[position - 1]

    def _list_visible_hours(self, feed: str, outcomes: Collection[str] = ("ok",)) -> list[dt.datetime]:
        """Return the hours in which a feed was read and which a commit of that or a later attempt shows."""
        read: set[dt.datetime] = set()
        visible: set[dt.datetime] = set()
        for attempt in self.attempt_commits:
            if ledger.get_feed_outcome(attempt.attempt, feed) in outcomes:
                read.add(attempt.hour)
            if attempt.commit and attempt.hour in read:
                visible.add(attempt.hour)
        return sorted(visible)

    def _build_not_visible_error(self, feed: str, hour: dt.datetime) -> ArchiveError:
        """Build the error for records that were read in an hour but that no commit shows."""
        refuse_shallow(self.archive)
        neighbours = self._describe_neighbours(feed, hour) if self._list_visible_hours(feed) else ""
        return NotArchivedError(f"no commit shows {feed} as of {format_hour(hour)}{neighbours}")

    def iterate_commits(self) -> Iterator[tuple[str, dt.datetime]]:
        """Yield the commits of the archive's attempts with their hour, newest first."""
        for attempt in reversed(self.attempt_commits):
            if attempt.commit:
                yield attempt.commit, attempt.hour

    def truncate_after(self, hour: dt.datetime) -> "History":
        """Return the history as it was at an hour, without what was recorded later.

        Raise NotArchivedError where the archive begins after that hour.
        """
        attempts = [attempt for attempt in self.attempt_commits if attempt.hour <= hour]
        if not any(attempt.commit for attempt in attempts):
            msg = f"the archive begins after {format_hour(hour)}{self._describe_neighbours('models', hour)}"
            raise NotArchivedError(msg)
        return History(self.archive, attempts, self.head)

    def read_snapshot(self, hour: dt.datetime, *feeds: str, has_health: bool = False) -> Snapshot:
        """Read the snapshot after the last attempt at an hour that a commit shows.

        The endpoints have their health only if `has_health` asks for it. Raise NotArchivedError where no
        commit shows the hour, HealthMissingError where its health is not in this clone, and ArchiveError
        where the files of one of `feeds` are not those that the ledger hashed.
        """
        attempt = next(
            (
                attempt
                for attempt in reversed(self.attempt_commits)
                if attempt.hour == hour and attempt.commit
            ),
            None,
        )
        if attempt is None:
            neighbours = self._describe_neighbours(next(iter(feeds), "models"), hour)
            msg = f"no commit shows {format_hour(hour)}{neighbours}"
            raise NotArchivedError(msg)
        files = self.archive.read_files(attempt.commit, SNAPSHOT_FILES)
        for name in _add_completing_feeds(feeds):
            report = attempt.attempt["feeds"].get(name)
            if report and report["sha256"] != hash_feed(FEEDS[name], files):
                msg = (
                    f"the files of {name} at {format_hour(hour)} are not those that the ledger hashed;"
                    " orarchive verify names all that differs"
                )
                raise ArchiveError(msg)
        if has_health:
            files[HEALTH_PATH] = read_health(self.archive, attempt.attempt.get("health"), hour)
        return parse_snapshot_files(files.get)

    def rebuild_response(self, feed: Feed, hour: dt.datetime, parent_key: str | None = None) -> Record:
        """Rebuild the response of a feed in that very hour, but for the order of rows and keys.

        A list gives `{"data": [...]}`; a fan-out feed one model's response, or without a `parent_key` all
        that were read in that hour, by model id. Raise NotArchivedError, which names the neighbouring good
        hours, where the response was not read, and ArchiveError for a feed that cannot be asked for like
        this.
        """
        if isinstance(feed, CopyFeed):
            msg = f"of {feed.name} only what differs from {feed.copied_feed} is kept: ask `at`, not `raw`"
            raise ArchiveError(msg)
        if parent_key is not None and not isinstance(feed, FanOutFeed):
            msg = f"{feed.name} is one list; leave out {parent_key}"
            raise ArchiveError(msg)
        kept_keys = self._read_kept_keys(feed, hour)
        state = self.read_snapshot(hour, feed.name, has_health=feed is ENDPOINTS)[feed.name]
        if not isinstance(feed, FanOutFeed):
            return {"data": list(state.values())}
        if parent_key is None:
            return {key: response for (key,), response in state.items() if key not in kept_keys}
        if parent_key in kept_keys:
            reason = kept_keys[parent_key]
            msg = f"{feed.name} of {parent_key} were not read at {format_hour(hour)} ({reason})"
            raise NotArchivedError(msg)
        if (parent_key,) not in state:
            msg = f"{feed.name} has no {parent_key} at {format_hour(hour)}"
            raise NotArchivedError(msg)
        return state[parent_key,]

    def list_attempts_reading(self, feed: str, hour: dt.datetime) -> list[Attempt]:
        """Return the attempts at an hour that read a feed: completely, or a fan-out feed at least in part."""
        outcomes = _read_outcomes(FEEDS[feed])
        return [
            line
            for line in self.attempts
            if get_attempt_hour(line) == hour and ledger.get_feed_outcome(line, feed) in outcomes
        ]

    def read_kept_keys(self, feed: Feed, hour: dt.datetime) -> dict[str, str]:
        """Return the keys that the last attempt to read a feed at an hour did not read, with the reasons."""
        if not isinstance(feed, FanOutFeed):
            return {}
        last = self.list_attempts_reading(feed.name, hour)[-1]
        commit = next(entry.commit for entry in self.attempt_commits if entry.attempt is last)
        return read_kept_reasons(self.archive, last, commit, feed)

    def _read_kept_keys(self, feed: Feed, hour: dt.datetime) -> dict[str, str]:
        """Return the keys kept in an hour; raise NotArchivedError where none was read or no commit has it."""
        lines = self.list_attempts_reading(feed.name, hour)
        if not lines:
            neighbours = self._describe_neighbours(feed.name, hour)
            msg = f"{feed.name} was not read at {format_hour(hour)}{neighbours}"
            raise NotArchivedError(msg)
        if hour not in self._list_visible_hours(feed.name, _read_outcomes(feed)):
            raise self._build_not_visible_error(feed.name, hour)
        return self.read_kept_keys(feed, hour)

    def _describe_neighbours(self, feed: str, hour: dt.datetime) -> str:
        """Name the good hours of a feed before and after an hour."""
        hours = self._list_visible_hours(feed)
        position = bisect_left(hours, hour)
        neighbours = [*hours[max(position - 1, 0) : position], *hours[position : position + 1]]
        if not neighbours:
            return "; there is no good hour at all"
        return f"; good hours next to it: {', '.join(map(format_hour, neighbours))}"


def _read_outcomes(feed: Feed) -> tuple[str, ...]:
    """Return the outcomes of attempts that read a feed; a partial list is not used, a partial fan-out is."""
    return ("ok", "partial") if isinstance(feed, FanOutFeed) else ("ok",)


def _add_completing_feeds(feeds: Iterable[str]) -> list[str]:
    """Return feeds with those that complete their records: what feeds repeat of each other is kept once."""
    names = set(feeds)
    for name, feed in reversed(FEEDS.items()):
        if name in names:
            if isinstance(feed, CopyFeed):
                names.add(feed.copied_feed)
            elif isinstance(feed, FanOutFeed) and feed.repeated_fields:
                names.add(feed.parent)
    return [name for name in FEEDS if name in names]


def read_history(archive: Archive, until: dt.datetime | None = None) -> History:
    """Read the history of an archive at its HEAD; raise NotArchivedError where it has no attempts.

    With `until` it has only the months before and up to that hour: a year of the ledger takes a second.
    """
    head = archive.resolve_commit()
    attempts = list_attempts(archive, list_tips(archive, head), until) if head else []
    if not attempts:
        raise build_no_hours_error(archive)
    return History(archive, attempts, str(head))


def select_records(feed: Feed, snapshot: Snapshot, key: str | None = None) -> list[Record]:
    """Return a feed's records as received: all, or those of one key (its text form, or a model id)."""
    records = get_records_by_key(feed, snapshot[feed.name])
    if key is None:
        return list(records.values())
    return [
        record
        for record_key, record in records.items()
        if key in (format_key(feed, record_key), record_key[0])
    ]
