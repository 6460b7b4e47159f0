"""Plausibility: whether a list that came whole may be true, by what the hours before it brought.

A list is compared with the median of the last good hours, so that one wrong hour neither passes nor becomes
the measure of the next. What stays true is believed in the end: a list that is doubted, and comes again alike
for some hours, is taken, and the ledger says so.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from orarchive.collect.results import ListFetch
from orarchive.domain.feeds import FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.jsonl import dumps
from orarchive.store.ledger import (
    Attempt,
    BelievedDoubt,
    FeedReport,
    Received,
    get_attempt_hour,
    get_feed_outcome,
)
from orarchive.timestamps import DAY, format_stamp

MAX_CHANGE = 0.2
"""Largest believable loss or gain of rows against the median: the worst true loss of an hour on record was
8 % (364 to 336 models on 31 July 2026)."""

MEDIAN_HOURS = 24
"""Good hours whose median number of rows a list is compared with."""

CONFIRMING_HOURS = 6
"""Hours that must bring a doubted list alike, the last one included, until it is believed."""

CONFIRMING_HOURS_OF_GROWTH = 2
"""The same for a list of which only the growth is doubted, which loses nothing."""

CONFIRMING_TIME = 2 * DAY
"""Hours longer ago confirm nothing."""

MAX_FAULTY_SHARE = 0.01
"""Share of rows without a key, or with a repeated one, that are left out; one row may always be."""

MAX_COUNT_DIFFERENCE = 2
"""Largest difference of a list from `/models/count`: the two are cached apart at the edge."""

MAX_ALIKE_SHARE = 0.01
"""Share of its rows by which a list may differ in length from one like it; two rows always may."""

SAMPLE_KEYS = 8
"""Keys by which two lists are compared: those with the smallest hashes, the same ones in equal lists."""

MIN_SHARED_SHARE = 0.75
"""Share of the sampled keys that two alike lists have in common: single rows come and go in any hour."""

EMPTY, SHRUNK, GROWN, FAULTY = "empty", "shrunk", "grown", "faulty-rows"
COUNT_MISMATCH, COUNT_OFF = "count-mismatch", "count-off"

SIZE_DOUBTS = {EMPTY, SHRUNK, GROWN}
CONTRADICTIONS = {COUNT_MISMATCH, COUNT_OFF}
LASTING_DOUBTS = {*CONTRADICTIONS, FAULTY}
"""Doubts that are raised anew each hour for as long as their cause lasts."""


@dataclass(frozen=True)
class Doubt:
    """Why a list may not be true: one word of the ledger, and the figures."""

    reason: str
    detail: str
    is_counted: bool = False
    """Whether `/models/count` confirms the list all the same."""
    is_of_part: bool = False
    """Whether a count has the usual number, and the list less: it is a part of the whole."""

    def __str__(self) -> str:
        """Return reason and figures, as notes show them."""
        return f"{self.reason}: {self.detail}"

    def to_entry(self) -> BelievedDoubt:
        """Return the doubt as the ledger names it."""
        return {"reason": self.reason, "detail": self.detail}


@dataclass(frozen=True)
class RecentReads:
    """The last hours of a feed: how many rows are usual, and what was doubted since the last good hour."""

    usual_rows: float
    """Median of the rows of the last good hours, of a fan-out feed for each key; 0 before the first."""
    counted_rows: float | None = None
    """Rows of the last growth that the count confirmed, which may have been wrong all the same."""
    doubted: Sequence[Received] = ()
    """What each doubted hour brought, the latest first."""
    settled: Collection[str] = ()
    """Doubts in spite of which the last good hour was believed: if they last, they are none any more."""
    judges_growth: bool = True

    def count_confirming_hours(self, received: Received) -> int:
        """Count the hours running that brought the like of what was received, this one included."""
        count = 1
        for earlier in self.doubted:
            if not are_alike(earlier, received):
                break
            count += 1
        return count


def summarize_recent_reads(lines: Sequence[Attempt], feed: Feed, hour: dt.datetime) -> RecentReads:
    """Summarize from the ledger what a feed brought before an hour, as far as its scope was the same."""
    rows: list[float] = []
    counted_rows: float | None = None
    settled: set[str] | None = None
    for line in reversed(lines):
        report = line["feeds"].get(feed.name)
        if report and report["outcome"] == "ok" and report.get("scope") == feed.scope:
            if settled is None:
                reasons = {doubt["reason"] for doubt in report.get("believed", [])}
                settled = reasons & LASTING_DOUBTS
            if keys := _count_keys(line, feed):
                rows.append(report.get("rows", 0) / keys)
            believed = report.get("believed", [])
            if counted_rows is None and rows and any("counted" in doubt for doubt in believed):
                counted_rows = rows[-1]
            # What was believed at last is the measure from then on.
            is_measure = any(doubt.keys() & {"hours", "accepted"} for doubt in believed)
            if len(rows) == MEDIAN_HOURS or is_measure:
                break
    doubted = tuple(_list_doubted(lines, feed.name, hour))
    return RecentReads(median_low(rows) if rows else 0, counted_rows, doubted, settled or ())


def _count_keys(line: Attempt, feed: Feed) -> int:
    """Return for how many keys an attempt has rows of a fan-out feed, 0 where unknown; 1 for a list."""
    if not isinstance(feed, FanOutFeed):
        return 1
    parent = line["feeds"].get(feed.parent)
    return parent.get("rows", 0) if parent else 0


def _list_doubted(lines: Sequence[Attempt], feed: str, hour: dt.datetime) -> Iterator[Received]:
    """Yield what the hours since the last good one brought, latest first, where it was doubted."""
    hours = {format_stamp(hour)}
    for line in reversed(lines):
        if (
            get_feed_outcome(line, feed) in ("ok", "partial")
            or hour - get_attempt_hour(line) > CONFIRMING_TIME
        ):
            return
        report: FeedReport | None = line["feeds"].get(feed)
        if report and "received" in report and line["hour"] not in hours:
            hours.add(line["hour"])
            yield report["received"]


def describe_received(keys: Collection[Key]) -> Received:
    """Describe the rows that came by their number and a sample of their keys."""
    hashes = sorted({hashlib.sha256(dumps([*key])).hexdigest()[:8] for key in keys})
    return {"rows": len(keys), "sample": " ".join(hashes[:SAMPLE_KEYS])}


def are_alike(one: Received, other: Received) -> bool:
    """Return whether two hours brought the same list, but for single rows."""
    samples = [set(received["sample"].split()) for received in (one, other)]
    shared = len(samples[0] & samples[1])
    difference = abs(one["rows"] - other["rows"])
    is_as_long = difference <= max(2, MAX_ALIKE_SHARE * one["rows"])
    return is_as_long and shared >= MIN_SHARED_SHARE * max(map(len, samples))


def list_doubts(fetched: ListFetch, rows: int, count: int | None, recent: RecentReads) -> list[Doubt]:
    """List the reasons why a list of so many rows may not be true; `count` is that of `/models/count`."""
    received = rows + len(fetched.faults)
    fault_doubts = list_fault_doubts(len(fetched.faults), received)
    usual = int(recent.usual_rows)

    def is_of_part(counted: int) -> bool:
        return rows < counted and abs(counted - usual) <= MAX_COUNT_DIFFERENCE

    total = fetched.total_count
    contradictions = []
    if total is not None and total not in (received, rows):
        detail = f"{received} rows, total_count {total}"
        contradictions.append(Doubt(COUNT_MISMATCH, detail, is_of_part=is_of_part(total)))
    count_doubts = [] if count is None else [*list_count_doubts(rows, count)]
    contradictions += [replace(doubt, is_of_part=is_of_part(count or 0)) for doubt in count_doubts]
    # What cannot be checked in this hour goes on.
    unchecked = [
        Doubt(reason, "not checked in this hour")
        for reason, counted in ((COUNT_MISMATCH, total), (COUNT_OFF, count))
        if counted is None and reason in recent.settled
    ]
    is_counted = count is not None and not count_doubts
    # A row that is left out was there: it makes no list shorter, unless such rows are usual.
    size = rows if FAULTY in recent.settled else received
    size_doubts = [
        replace(doubt, is_counted=is_counted and doubt.reason == GROWN)
        for doubt in list_size_doubts(
            size if rows else 0,
            [usual, usual if recent.counted_rows is None else int(recent.counted_rows)],
            is_required=fetched.feed.must_not_be_empty,
            judges_growth=recent.judges_growth,
        )
    ]
    return [*fault_doubts, *size_doubts, *contradictions, *unchecked]


def list_size_doubts(
    rows: int, usual_rows: Collection[int], *, is_required: bool, judges_growth: bool
) -> Iterator[Doubt]:
    """Yield the doubt about the number of rows, if there is one; a required list must have some.

    `usual_rows` has one or more numbers; it is enough if the list is like one of them.
    """
    least, most = min(usual_rows), max(usual_rows)
    if not rows and (is_required or least):
        yield Doubt(EMPTY, f"{most} before")
    elif rows < least * (1 - MAX_CHANGE):
        yield Doubt(SHRUNK, f"{least} to {rows}")
    elif most and judges_growth and rows > max(most * (1 + MAX_CHANGE), most + 2):
        yield Doubt(GROWN, f"{most} to {rows}")


def list_fault_doubts(faulty: int, received: int) -> Iterator[Doubt]:
    """Yield a doubt where more rows than may be are without a key, or repeat one."""
    if faulty > max(1, MAX_FAULTY_SHARE * received):
        yield Doubt(FAULTY, f"{faulty} of {received}")


def list_count_doubts(rows: int, count: int) -> Iterator[Doubt]:
    """Yield a doubt where the number of rows is not that of `/models/count`."""
    if abs(rows - count) > MAX_COUNT_DIFFERENCE:
        yield Doubt(COUNT_OFF, f"{rows} rows, /models/count says {count}")


def is_believed(doubts: Sequence[Doubt], confirming_hours: int) -> bool:
    """Return whether a list is believed in spite of doubts, as so many hours running brought it alike.

    Never believed is a list that is shorter than a count of the usual number, or whose size changed and that
    a count contradicts: it is a part of the whole; nor is one of whose rows none has a key, as if the key
    had another name.
    """
    if not doubts:
        return True
    reasons = {doubt.reason for doubt in doubts}
    is_part = reasons & CONTRADICTIONS and reasons & SIZE_DOUBTS
    if is_part or any(doubt.is_of_part for doubt in doubts) or {FAULTY, EMPTY} <= reasons:
        return False
    needed = CONFIRMING_HOURS_OF_GROWTH if reasons == {GROWN} else CONFIRMING_HOURS
    return confirming_hours >= needed
