"""Context in which an attempt is indexed: its hour, its good reads, and the good reads before it."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orarchive.domain.feeds import FEEDS, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.history.attempts import AttemptCommit
from orarchive.history.health import AttemptHealth
from orarchive.history.replay import ReplayState
from orarchive.index.health_days import DayTracker
from orarchive.index.record_rows import RecordRows
from orarchive.index.runs import RunTracker
from orarchive.index.served_models import ServedModels
from orarchive.index.sql_values import escape_values, to_json
from orarchive.jsonl import Record
from orarchive.store.archive import Archive
from orarchive.store.kept_keys import read_kept_reasons
from orarchive.store.ledger import Attempt, FeedReport
from orarchive.timestamps import floor_hour, format_stamp, parse_stamp

MAX_INTERVAL_S = 24 * 60 * 60
"""Of the seconds between two good hours at most so many count: within a gap nothing was observed."""

INSERT_ATTEMPT = """
    insert into attempts
        (hour, hour_s, number, started, finished, origin, program, commit_id, broken, health, health_commit,
            relations, source, source_commit, notes)
    values
        (:hour, :hour_s, :number, :started, :finished, :origin, :program, :commit_id, :broken, :health,
            :health_commit, :relations, :source, :source_commit, :notes)
"""

INSERT_READ = """
    insert into reads
        (attempt, feed, hour, outcome, good, since, scope, records, requests, retries, limited, seconds, age,
            observed_s, sha256, kept, reasons, notes, refused, vanished)
    values
        (:attempt, :feed, :hour, :outcome, :good, :since, :scope, :records, :requests, :retries, :limited,
            :seconds, :age, :observed_s, :sha256, :kept, :reasons, :notes, :refused, :vanished)
"""

SELECT_EARLIER_READS = """
    select hour, since, scope, observed_s, kept, attempt from reads
    where feed = ? and good and hour < ? and attempt < ? order by attempt desc
"""

SELECT_SINCE = "select since from reads where feed = ? and good and hour <= ? order by attempt desc limit 1"


@dataclass(frozen=True)
class IndexUpdate:
    """Everything that the attempts of one update of an index share."""

    db: sqlite3.Connection
    archive: Archive
    state: ReplayState
    """All lines and records as the attempt that is indexed left them."""
    rows: RecordRows
    runs: RunTracker
    days: DayTracker
    served: ServedModels
    last_hour: str
    """The last hour that this update indexes."""
    open_versions: dict[tuple[int, str], tuple[str, bytes]] = field(default_factory=dict)
    """Row id and file -> first hour and text of the lines that stand and are not written yet."""
    open_prices: dict[tuple[int, str, str], tuple[float, str, str]] = field(default_factory=dict)
    """Row id, dimension and condition -> position, first hour and amount of the price points that stand and
    are not written yet."""
    changed_records: dict[int, tuple[str, Key, Record]] = field(default_factory=dict)
    """Row id -> feed, key and record of the models and endpoints whose facts are not written yet."""
    changed_pricing: dict[int, tuple[Any, str]] = field(default_factory=dict)
    """Row id -> the pricing that is not written yet, and the hour at which its prices are computed."""


@dataclass(frozen=True)
class FeedRead:
    """One good read of a feed."""

    hour: str
    since: str
    """The hour in which the oldest response may have been made."""
    scope: str
    observed_s: int = 0
    """Seconds observed up to this hour: of the time between two good hours at most a day counts."""
    kept_keys: frozenset[str] = frozenset()
    """Of a fan-out feed: the keys that were not read."""
    attempt: int = 0


@dataclass
class AttemptContext:
    """One attempt: its hour, the feeds that it read well, and a view of the good reads before it."""

    update: IndexUpdate
    attempt: int
    hour: str
    is_repeat: bool
    """Whether there was an earlier attempt at this hour."""
    reads: dict[str, FeedRead] = field(default_factory=dict)
    vanished: dict[str, str] = field(default_factory=dict)
    """Model ids that are listed no more -> how the service answered a request for each."""
    _earlier_reads: dict[str, list[FeedRead]] = field(default_factory=dict)

    @property
    def db(self) -> sqlite3.Connection:
        """Return the connection to the index."""
        return self.update.db

    def find_last_read(self, feed: str, parent_key: str | None = None) -> FeedRead | None:
        """Return the last good read of a feed in an earlier hour; None if there is none.

        With the key of a fan-out feed's parent: the last one in which that key was read.
        """
        reads = self._earlier_reads.setdefault(feed, [])
        for read in reads:
            if parent_key not in read.kept_keys:
                return read
        for read in self.list_earlier_reads(feed, reads[-1].attempt if reads else self.attempt):
            reads.append(read)
            if parent_key not in read.kept_keys:
                return read
        return None

    def list_earlier_reads(self, feed: str, attempt: int | None = None) -> Iterator[FeedRead]:
        """Yield the good reads of a feed in earlier hours, latest first; only those before `attempt`."""
        limit = self.attempt if attempt is None else attempt
        for hour, since, scope, observed_s, kept_json, number in self.db.execute(
            SELECT_EARLIER_READS, (feed, self.hour, limit)
        ):
            yield FeedRead(hour, since, scope, observed_s, frozenset(json.loads(kept_json or "{}")), number)

    def find_span(self, feed: str, parent_key: str | None = None) -> tuple[str | None, str | None]:
        """Return the last hour that showed the old state, and the hour after which it may have changed.

        Both are None before the first good read. `parent_key` as in `find_last_read`.
        """
        read = self.find_last_read(feed, parent_key)
        return (read.hour, read.since) if read else (None, None)

    def find_scope_change(self, feed: str) -> tuple[str, str] | None:
        """Return the scope of a feed before this attempt and in it; None if they are equal or unknown."""
        before, now = self.find_last_read(feed), self.reads.get(feed)
        return (before.scope, now.scope) if before and now and before.scope != now.scope else None

    def find_since(self, feed: str, hour: str) -> str | None:
        """Return the hour in which the last good response up to `hour` may have been made."""
        row = self.db.execute(SELECT_SINCE, (feed, hour)).fetchone()
        return row[0] if row else None


def write_attempt(
    update: IndexUpdate, attempt_commit: AttemptCommit, broken: str, health: AttemptHealth | None
) -> AttemptContext:
    """Insert an attempt and its reads; return its context.

    `broken` says why the commit could not be read, "" if it could; no read of a broken commit is good.
    """
    line = attempt_commit.attempt
    source = line.get("source")
    is_repeat = bool(update.db.execute("select 1 from attempts where hour = ?", (line["hour"],)).fetchone())
    attempt = update.db.execute(
        INSERT_ATTEMPT,
        escape_values(
            {
                "hour": line["hour"],
                "hour_s": int(parse_stamp(line["hour"]).timestamp()),
                "number": line["attempt"],
                "started": line["started"],
                "finished": line["finished"],
                "origin": line["origin"],
                "program": line["version"],
                "commit_id": attempt_commit.commit,
                "broken": broken or None,
                "health": health.state if health else None,
                "health_commit": line["health"]["commit"] if "health" in line else None,
                "relations": to_json(line["relations"]),
                "source": to_json(source),
                "source_commit": source["commit"] if source else None,
                "notes": to_json(line.get("notes")),
            }
        ),
    ).lastrowid
    assert attempt
    context = AttemptContext(update, attempt, line["hour"], is_repeat)
    for feed, report in line["feeds"].items():
        if report["outcome"] == "not-due" or feed not in FEEDS:
            continue
        good = not broken and _is_good(feed, report)
        kept = _read_kept_keys(update.archive, attempt_commit, FEEDS[feed])
        read = FeedRead(
            hour=line["hour"],
            since=_compute_since(line, report),
            scope=report.get("scope", ""),
            observed_s=_count_observed_s(context, feed),
            kept_keys=frozenset(kept),
        )
        _insert_read(context, feed, report, read, kept, good)
        if good:
            context.reads[feed] = read
            context.vanished |= report.get("vanished", {})
    return context


def _read_kept_keys(archive: Archive, attempt: AttemptCommit, feed: Feed) -> dict[str, str]:
    """Return the keys of a fan-out feed that an attempt did not read, with the reasons."""
    if not isinstance(feed, FanOutFeed):
        return {}
    return read_kept_reasons(archive, attempt.attempt, attempt.commit, feed)


def _insert_read(
    context: AttemptContext,
    feed: str,
    report: FeedReport,
    read: FeedRead,
    kept: Mapping[str, str],
    good: bool,
) -> None:
    values = {
        "attempt": context.attempt,
        "feed": feed,
        "hour": read.hour,
        "outcome": report["outcome"],
        "good": int(good),
        "since": read.since,
        "scope": read.scope,
        "records": report.get("rows"),
        "requests": report.get("requests"),
        "retries": report.get("retries", 0),
        "limited": report.get("limited", 0),
        "seconds": float(report.get("seconds", 0)),
        "age": report.get("age"),
        "observed_s": read.observed_s,
        "sha256": report["sha256"],
        "kept": to_json(kept or None),
        "reasons": to_json(report.get("reasons")),
        "notes": to_json(report.get("notes")),
        "refused": to_json(report.get("refused")),
        "vanished": to_json(report.get("vanished")),
    }
    context.db.execute(INSERT_READ, escape_values(values))


def _count_observed_s(context: AttemptContext, feed: str) -> int:
    """Return the seconds for which a feed has been observed up to this attempt's hour."""
    before = context.find_last_read(feed)
    if before is None:
        return 0
    interval_s = int((parse_stamp(context.hour) - parse_stamp(before.hour)).total_seconds())
    return before.observed_s + min(interval_s, MAX_INTERVAL_S)


def _is_good(feed: str, report: FeedReport) -> bool:
    """Return whether a read counts: if ok, of a fan-out feed also if partial."""
    return report["outcome"] in (("ok", "partial") if isinstance(FEEDS[feed], FanOutFeed) else ("ok",))


def _compute_since(line: Attempt, report: FeedReport) -> str:
    """Return the hour in which the oldest response of a feed may have been made: the start less its age.

    An hour may be archived late (`--hour`), so its stamp is an upper bound as well.
    """
    age = dt.timedelta(seconds=report.get("age", 0))
    if not age:
        return line["hour"]
    return min(line["hour"], format_stamp(floor_hour(parse_stamp(line["started"]) - age)))
