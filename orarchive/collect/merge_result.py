"""The result of merging what an attempt fetched, and the ledger line that says how it went."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orarchive import __version__
from orarchive.collect.results import FetchResult
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import Snapshot
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, FeedReport, RejectedEntry, SeriesReport
from orarchive.store.reports import add_refused
from orarchive.timestamps import format_stamp

MAX_NAMED = 10
"""Rows that a note names; of the others it has the number."""


@dataclass(frozen=True)
class MergeResult:
    """The files that an attempt writes on top of a commit, and the report of each source."""

    snapshot: Snapshot
    """All feeds as they stand after the attempt."""
    files: dict[str, bytes | None]
    """The files that change: path below data/ -> bytes, None where a file goes."""
    payloads: dict[str, bytes]
    """Rejected payloads by their sha256."""
    feeds: dict[str, FeedReport] = field(default_factory=dict)
    rankings: dict[str, SeriesReport] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    """Lines for the commit message about changes that the files do not show at a glance."""

    @property
    def is_good(self) -> bool:
        """Return whether no source that was fetched is partial, quarantined or failed."""
        reports = [*self.feeds.values(), *self.rankings.values()]
        return not any(report["outcome"] in BAD_OUTCOMES for report in reports)


def describe_faults(faults: Sequence[str]) -> list[str]:
    """Return a note that names rows which were left out, none where all are good."""
    more = [f"and {len(faults) - MAX_NAMED} more"] if len(faults) > MAX_NAMED else []
    return [f"left out: {', '.join([*faults[:MAX_NAMED], *more])}"] if faults else []


def report_rejection(
    report: FeedReport | SeriesReport, result: FetchResult[Any], key: str | None = None
) -> str:
    """Add the payload of a rejected result to a report; return its sha256, the name to save it under."""
    digest = hashlib.sha256(result.raw).hexdigest()
    entry: RejectedEntry = {"reason": str(result.reason), "sha256": digest, "bytes": len(result.raw)}
    add_refused(report, entry if key is None else {**entry, "key": key})
    return digest


def build_ledger_line(
    hour: dt.datetime,
    snapshot: Snapshot,
    feeds: dict[str, FeedReport],
    rankings: dict[str, SeriesReport] | None = None,
    *,
    attempt: int = 1,
    started: dt.datetime,
    finished: dt.datetime,
    origin: str = "live",
    notes: Sequence[str] = (),
) -> Attempt:
    """Build the ledger line of an attempt at an hour, from its reports and the snapshot after it.

    `attempt` counts the attempts at the hour from 1.
    """
    line: Attempt = {
        "hour": format_stamp(hour),
        "attempt": attempt,
        "started": format_stamp(started),
        "finished": format_stamp(finished),
        "origin": origin,
        "version": __version__,
        "feeds": feeds,
        "relations": count_relations(snapshot),
    }
    if rankings:
        line["rankings"] = rankings
    if notes:
        line["notes"] = [*notes]
    return line
