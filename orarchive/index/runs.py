"""Runs of good or bad hours, for states that take several hours running; in memory while indexing."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from operator import attrgetter

from orarchive.domain.event_kinds import ORPHANED

HEALTH = "health"
"""Kind of runs of the health of an endpoint; those of a model that no provider serves are ORPHANED."""


@dataclass(slots=True)
class Run:
    """The hours running in which a record was bad, or was not."""

    hour: str
    """The last hour counted."""
    seen: str
    """The hour in which the response of that hour may have been made (see reads.since)."""
    bad: bool
    run: int
    """Number of hours running."""
    since: str
    """First hour of the run."""
    after: str | None
    """`seen` of the last hour before the run."""
    is_reported: bool
    """An event says that the record is bad."""


NAMES = [member.name for member in fields(Run)]
COLUMNS = ", ".join(NAMES)
get_values = attrgetter(*NAMES)

INSERT_RUN = f"insert or replace into watched (kind, record, {COLUMNS}) values (?, ?{', ?' * len(NAMES)})"


@dataclass
class RunTracker:
    """The runs of all records, by kind and row id."""

    db: sqlite3.Connection
    runs: dict[str, dict[int, Run]] = field(default_factory=lambda: {HEALTH: {}, ORPHANED: {}})

    @classmethod
    def load(cls, db: sqlite3.Connection) -> "RunTracker":
        """Read the runs of an index."""
        tracker = cls(db)
        for kind, record, hour, seen, bad, length, since, after, is_reported in db.execute(
            f"select kind, record, {COLUMNS} from watched"
        ):
            run = Run(hour, seen, bool(bad), length, since, after, bool(is_reported))
            tracker.runs[kind][record] = run
        return tracker

    def count(
        self, kind: str, hour: str, seen: str, are_bad: Iterable[tuple[int, bool]]
    ) -> Iterator[tuple[int, Run]]:
        """Count an hour of records, given by row id, and yield each with its run.

        `seen` is the hour in which the response may have been made. A record that an earlier attempt at the
        hour counted is left out.
        """
        runs = self.runs[kind]
        for record, is_bad in are_bad:
            run = runs.get(record)
            if run is None:
                run = runs[record] = Run(hour, seen, is_bad, 1, hour, None, is_reported=False)
            elif run.hour >= hour:
                continue
            elif run.bad == is_bad:
                run.run += 1
                run.hour, run.seen = hour, seen
            else:
                run.run, run.since, run.after, run.bad = 1, hour, run.seen, is_bad
                run.hour, run.seen = hour, seen
            yield record, run

    def end(self, record: int) -> None:
        """Forget the runs of a record that is gone: later hours are another run."""
        for runs in self.runs.values():
            runs.pop(record, None)
        self.db.execute("delete from watched where record = ?", (record,))

    def write(self) -> None:
        """Write the runs into the index."""
        for kind, runs in self.runs.items():
            self.db.executemany(
                INSERT_RUN, ((kind, record, *get_values(run)) for record, run in runs.items())
            )
