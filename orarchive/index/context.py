"""An attempt as the index takes it in: its hour, what it read, and what was read before it."""

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.history.attempts import AttemptCommit
from orarchive.index.sql_values import sql_row, to_json
from orarchive.store.ledger import Attempt, FeedReport
from orarchive.timestamps import floor_hour, format_stamp, parse_stamp


@dataclass(frozen=True)
class FeedRead:
    """A feed as it was read in an attempt; `since`: the hour in which the oldest body may have been made."""

    hour: str
    since: str
    scope: str
    clock: int = 0
    """Seconds of record up to this hour: between two good hours at most a day counts."""
    kept: frozenset[str] = frozenset()
    """Of a sweep: the keys that were not read."""
    attempt: int = 0


@dataclass
class AttemptContext:
    """One attempt: the hour, and the feeds that it read well, beside those that were read before it."""

    db: sqlite3.Connection
    attempt: int
    hour: str
    reads: dict[str, FeedRead]
    again: bool
    """Whether there was an attempt at this hour before."""
    vanished: dict[str, str]
    """Ids of models that are listed no more, with what asking for each told."""
    _before: dict[str, list[FeedRead]] = field(default_factory=dict)

    def before(self, feed: str, asked: str | None = None) -> FeedRead | None:
        """The last good read of a feed in an earlier hour; of a sweep the last in which a key was read."""
        known = self._before.setdefault(feed, [])
        for read in known:
            if asked not in read.kept:
                return read
        for read in self.earlier(feed, known[-1].attempt if known else self.attempt):
            known.append(read)
            if asked not in read.kept:
                return read
        return None

    def earlier(self, feed: str, attempt: int | None = None) -> Iterator[FeedRead]:
        """The good reads of a feed in earlier hours, and before an attempt, the last one first."""
        limit = self.attempt if attempt is None else attempt
        for row in self.db.execute(BEFORE, (feed, self.hour, limit)):
            yield FeedRead(row[0], row[1], row[2], row[3], frozenset(json.loads(row[4] or "{}")), row[5])

    def span(self, feed: str, asked: str | None = None) -> tuple[str | None, str | None]:
        """The last hour that showed what was, and the hour after which it may have changed."""
        read = self.before(feed, asked)
        return (read.hour, read.since) if read else (None, None)

    def scopes(self, feed: str) -> tuple[str, str] | None:
        """What a feed could contain before and can now, where that is not the same."""
        before, now = self.before(feed), self.reads.get(feed)
        return (before.scope, now.scope) if before and now and before.scope != now.scope else None

    def made(self, feed: str, hour: str) -> str | None:
        """When what a feed said in a good hour, or in the last one before it, was made."""
        row = self.db.execute(MADE, (feed, hour)).fetchone()
        return row[0] if row else None


MAX_INTERVAL_S = 24 * 60 * 60
"""Of the seconds between two good hours so many count: in a gap nobody looked."""

BEFORE = """
    select hour, since, scope, clock, kept, attempt from reads
    where feed = ? and good and hour < ? and attempt < ? order by attempt desc
"""

MADE = "select since from reads where feed = ? and good and hour <= ? order by attempt desc limit 1"


def write_attempt(db: sqlite3.Connection, held: AttemptCommit, broken: str) -> AttemptContext:
    """Write an attempt and what it read."""
    line = held.attempt
    again = bool(db.execute("select 1 from attempts where hour = ?", (line["hour"],)).fetchone())
    attempt = db.execute(
        "insert into attempts values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sql_row(
            *(line["hour"], line["attempt"], line["started"], line["finished"], line["origin"]),
            *(line["version"], held.commit, broken or None),
            *map(to_json, (line["relations"], line.get("source"), line.get("notes"))),
        ),
    ).lastrowid
    assert attempt
    found = AttemptContext(db, attempt, line["hour"], {}, again, {})
    for name, report in line["feeds"].items():
        if report["outcome"] == "not-due" or name not in FEEDS:
            continue
        good = not broken and _is_good(name, report)
        clock = _clock(found, name)
        read = FeedRead(line["hour"], _since(line, report), report.get("scope", ""), clock, _kept(report))
        db.execute(READ, _row(attempt, name, report, read, good))
        if good:
            found.reads[name] = read
            found.vanished |= report.get("vanished", {})
    return found


def _clock(found: AttemptContext, feed: str) -> int:
    before = found.before(feed)
    if before is None:
        return 0
    return before.clock + min(
        int((parse_stamp(found.hour) - parse_stamp(before.hour)).total_seconds()), MAX_INTERVAL_S
    )


READ = f"insert into reads values ({', '.join('?' * 20)})"


def _row(attempt: int, name: str, report: FeedReport, read: FeedRead, good: bool) -> tuple[Any, ...]:
    return sql_row(
        *(attempt, name, read.hour, report["outcome"], int(good), read.since, read.scope),
        *(report.get("rows"), report.get("requests"), report.get("retries", 0), report.get("limited", 0)),
        *(float(report.get("seconds", 0)), report.get("age")),
        *(read.clock, report["sha256"]),
        *(to_json(report.get(member)) for member in ("kept", "reasons", "notes", "refused", "vanished")),
    )


def _is_good(name: str, report: FeedReport) -> bool:
    return report["outcome"] in (("ok", "partial") if FEEDS[name].parent else ("ok",))


def _kept(report: FeedReport) -> frozenset[str]:
    return frozenset(report.get("kept", ()))


def _since(line: Attempt, report: FeedReport) -> str:
    age = dt.timedelta(seconds=report.get("age", 0))
    # an hour may be archived late (--hour): its stamp bounds it as well
    return (
        min(line["hour"], format_stamp(floor_hour(parse_stamp(line["started"]) - age)))
        if age
        else line["hour"]
    )
