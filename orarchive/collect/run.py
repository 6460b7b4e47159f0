"""One run archives one hour, in up to four attempts: hourly feeds, daily feeds, rankings, other services."""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from orarchive.collect.attempt import AttemptBase, AttemptWriter, SourceGroup, read_base
from orarchive.collect.client import Client
from orarchive.collect.direct_group import DirectGroup
from orarchive.collect.feed_group import FeedGroup, WrongClock
from orarchive.collect.ranking_group import RankingGroup
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.feeds import DIRECT_GROUP
from orarchive.errors import ArchiveError
from orarchive.store import commit, health_commits, push
from orarchive.store.archive import Archive
from orarchive.store.ledger import Attempt, get_attempt_hour
from orarchive.timestamps import HOUR, floor_hour, format_hour, format_stamp

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One run: how to send requests, what to archive, and where to write it."""

    archive: Archive
    settings: Settings
    options: RunOptions
    now: Callable[[], dt.datetime]
    progress: bool = False
    sleep: Callable[[float], None] = time.sleep
    stopped: threading.Event = field(default_factory=threading.Event)
    """Once it is set, no request is sent, and those under way end; `sleep` should end then, too."""

    def execute(self) -> int:
        """Archive the hour; return 0 where all is good or nothing was due, 1 where something is not good.

        Whatever is good is committed in both cases. Raise ArchiveError where the run is refused, or not
        pushed.
        """
        remote = push.Remote(self.archive, self.settings.timeout, self.sleep)
        if self.options.dry_run:
            return self._make_attempts([], remote)
        health_commits.refuse_health_checkout(self.archive)
        with commit.archive_lock(self.archive, self.sleep) as notes:
            if self.options.push:
                push.fast_forward(remote)
            return self._make_attempts(notes, remote)

    def _make_attempts(self, notes: list[str], remote: push.Remote) -> int:
        """Make the attempts of the run, each on top of the last; `notes` go into the first ledger line."""
        base = read_base(self.archive, self.options.hour)
        if not self.options.dry_run:
            health_commits.align_branch(self.archive, base.lines)
        self._refuse_hour(base)
        writer = AttemptWriter(self.archive, self.options, self.now, remote)
        results = []
        with closing(self.settings.make_client(self.sleep, stopped=self.stopped)) as client:
            for group in [] if self._is_too_early(base.lines) else self._list_groups(client):
                # Another writer may have archived a later hour meanwhile.
                if base.is_past(self.options.hour):
                    break
                client.deadline = client.clock() + self.settings.timeout
                try:
                    is_good, base = writer.make_attempt(group, base, notes)
                except WrongClock as error:
                    self._record_wrong_clock(error, writer, base, notes)
                    raise
                if is_good is not None:
                    notes = []
                    results.append(is_good)
        if not results:
            log.info("Nothing due at %s", format_hour(self.options.hour))
            # There may be commits that an earlier run could not push.
            if not writer.push():
                push.fast_forward(remote)
        if writer.push_error:
            raise writer.push_error
        return int(not all(results))

    def _record_wrong_clock(
        self, error: WrongClock, writer: AttemptWriter, base: AttemptBase, notes: list[str]
    ) -> None:
        """Write the ledger line of an attempt, made on a base, whose answers all contradict the clock.

        It is of the earlier hour of the two clocks: an hour that is yet to come would close the archive.
        """
        earlier = min(self.options.hour, floor_hour(error.service_time))
        hour = max([earlier, *map(get_attempt_hour, base.lines)])
        options = replace(self.options, hour=hour)
        group, base = replace(error.group, options=options), read_base(self.archive, hour)
        batch = group.fail(error.fetched, base)
        replace(writer, options=options).write_attempt(
            group, batch, base, error.service_time, [str(error), *notes]
        )

    def _list_groups(self, client: Client) -> list[SourceGroup[Any]]:
        """List the groups of sources, in the order in which they are archived."""
        groups: list[SourceGroup[Any]] = [
            FeedGroup(name, client, self.options, self.settings.latency, self.progress)
            for name in ("hourly", "daily")
        ]
        if self.options.rankings:
            groups.append(RankingGroup(self.archive, client, self.settings, self.options, self.sleep))
        if clients := self.settings.make_direct_clients(self.sleep, client.clock, self.stopped):
            groups.append(DirectGroup(DIRECT_GROUP, client, self.options, clients=clients))
        return groups

    def _refuse_hour(self, base: AttemptBase) -> None:
        """Refuse an hour before the last one of the ledger, and one that is yet to come.

        The latter would close the archive until it has come.
        """
        hour = self.options.hour
        if base.is_past(hour):
            last = format_hour(max(map(get_attempt_hour, base.lines)))
            msg = (
                f"{format_hour(hour)} lies before the last hour of the ledger, {last}; hours are archived in"
                f" order: name {last} or a later one"
            )
            raise ArchiveError(msg)
        if hour > self.now() + HOUR and not self.options.force:
            msg = (
                f"{format_hour(hour)} is yet to come; nothing else could be archived until then"
                " (--force does it)"
            )
            raise ArchiveError(msg)

    def _is_too_early(self, lines: list[Attempt]) -> bool:
        """Return whether the last attempt at this hour is too recent for another one."""
        hour, options = self.options.hour, self.options
        started = max((line["started"] for line in lines if get_attempt_hour(line) == hour), default="")
        if options.is_hour_given or options.force or options.accept:
            return False
        if started <= format_stamp(self.now() - self.settings.min_interval):
            return False
        log.info("Nothing is due yet: the last attempt at %s began at %s", format_hour(hour), started)
        return True
