"""Merge fetched feeds into a snapshot. Pure, so that it can be done again on top of another one.

A failure keeps the last good records: a feed that was rejected or failed stays as it stands, a key of a
fan-out feed that was not read keeps its last response, and nothing is ever deleted because something failed.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orarchive.collect import validate
from orarchive.collect.merge_result import MergeResult, describe_faults, report_rejection
from orarchive.collect.plausibility import (
    Doubt,
    RecentReads,
    describe_received,
    is_believed,
    list_doubts,
    list_fault_doubts,
    list_size_doubts,
)
from orarchive.collect.results import FanOutFetch, FeedFetch, FetchResult, ListFetch, parse_http_date
from orarchive.domain.data_paths import HEALTH_PATH, SNAPSHOT_FILES
from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.domain.keys import Key
from orarchive.domain.record_files import number_items
from orarchive.domain.snapshot import (
    Snapshot,
    State,
    build_copy_state,
    format_snapshot_files,
    get_records_by_key,
    hash_feed,
)
from orarchive.jsonl import Record, dumps
from orarchive.store.kept_keys import NOT_FOUND, KeptKeys, format_kept_keys, update_kept_keys
from orarchive.store.ledger import FeedReport
from orarchive.store.reports import name_kept_keys
from orarchive.timestamps import DAY, parse_stamp

MAX_VANISHED_NAMED = 60
"""Keys that left a list which a report names: all that are probed, and some more."""

MAX_KEPT_SHARE = 0.01
"""Share of a fan-out feed's keys that may be kept in a good hour: single models fail in most hours."""


GONE_AFTER = DAY
"""A key that the service does not know for so long has no records: single models leave within hours."""


@dataclass(frozen=True)
class MergedFeed:
    """One fetched feed, merged into a snapshot."""

    fetched: FeedFetch
    state: State
    """The feed's records as they stand after the merge."""
    report: FeedReport
    """The outcome and its reasons; `complete_merge` adds the rest."""
    rejected_responses: tuple[tuple[str, FetchResult[Any]], ...] = ()
    """Rejected responses by key, "" for the feed as a whole."""
    vanished_keys: tuple[str, ...] = ()
    """Keys that left a list whose feed has probes."""
    kept: KeptKeys | None = None
    """Keys of a fan-out feed that were not read; None where it was not read at all."""

    @property
    def feed(self) -> Feed:
        """Return the feed that was fetched."""
        return self.fetched.feed


@dataclass(frozen=True)
class KeyReads:
    """What earlier attempts read of the keys of a fan-out feed, for an attempt at `hour`."""

    hour: dt.datetime
    kept: KeptKeys = field(default_factory=dict)
    """The keys that the last attempt at the feed did not read."""
    read: Collection[str] = ()
    """The keys that earlier attempts at the same hour have read."""

    def is_gone(self, key: str) -> bool:
        """Return whether the service has not known a key for so long that 404 is its answer."""
        last = self.kept.get(key)
        return bool(last and self.hour - parse_stamp(last.since) >= GONE_AFTER)


def merge_list(fetched: ListFetch, snapshot: Snapshot, recent: RecentReads, *, accepted: bool) -> MergedFeed:
    """Merge a list into a snapshot; `accepted` lets it be taken in spite of doubts.

    A list that failed or was rejected keeps the records of the snapshot; the report has the reason.
    """
    feed, records, result = fetched.feed, snapshot[fetched.feed.name], fetched.result
    report = _start_report()
    if result.body is not None:
        count = validate.read_count_route(fetched.count) if fetched.count else None
        _add_notes(report, describe_faults(fetched.faults))
        if fetched.count and count is None:
            _add_notes(report, [validate.describe_missing_count(fetched.count)])
        keys = [tuple(row[name] for name in feed.key if name in row) for row in result.body]
        doubts = list_doubts(fetched, len(result.body), count, recent)
        # A required list without rows is never taken: that is a failure which looks like emptiness.
        if not result.body and feed.must_not_be_empty:
            accepted, recent = False, replace(recent, doubted=())
        if rejection := _weigh_doubts(report, doubts, recent, keys, accepted=accepted):
            result = validate.reject_result(result, rejection)
    if result.body is None:
        report["outcome"] = "quarantined" if result.is_rejected else "failed"
        report["reasons"] = [str(result.reason)]
        return MergedFeed(fetched, records, report, (("", result),) if result.is_rejected else ())
    if isinstance(feed, CopyFeed):
        return MergedFeed(fetched, build_copy_state(feed, result.body, snapshot), report)
    state = {(row[feed.key[0]],): row for row in result.body}
    vanished = sorted(records.keys() - state.keys()) if feed.probe_route else []
    return MergedFeed(fetched, state, report, vanished_keys=tuple(key for (key,) in vanished))


def merge_fan_out(
    fetched: FanOutFetch,
    snapshot: Snapshot,
    recent: RecentReads,
    keys: KeyReads,
    *,
    accepted: bool,
) -> MergedFeed:
    """Merge the responses of a fan-out feed into a snapshot; `accepted` lets it be taken in spite of doubts.

    A key that the service did not know from the first, or for a day, has no records.
    """
    feed, records = fetched.feed, snapshot[fetched.feed.name]
    report = _start_report()
    if feed.must_not_be_empty and not snapshot[feed.parent]:
        return MergedFeed(fetched, records, {**report, "outcome": "failed", "reasons": ["no-list"]})
    listed = {key for (key,) in snapshot[feed.parent]}
    failed = {key: result for key, result in fetched.results.items() if result.reason is not None}
    rejected = tuple((key, result) for key, result in failed.items() if result.is_rejected)
    unread = {key: str(result.reason) for key, result in failed.items()}
    unread |= dict.fromkeys(sorted(listed - fetched.results.keys() - set(keys.read)), "not-asked")
    if failed and len(failed) == len(fetched.results) and listed <= failed.keys():
        report["outcome"] = "quarantined" if len(rejected) == len(failed) else "failed"
        report["reasons"] = sorted(set(unread.values()))
        return MergedFeed(fetched, records, report, rejected)
    bodies, faults = _drop_faulty_items(feed, fetched.bodies)
    _add_notes(report, describe_faults(faults))
    gone = {
        key
        for key, reason in unread.items()
        if reason in NOT_FOUND and ((key,) not in records or keys.is_gone(key))
    }
    unread = {key: reason for key, reason in unread.items() if key not in gone}
    state = {(key,): response for (key,), response in records.items() if key in listed - gone}
    fetched_state = {
        (key,): _number_items(feed, response, records.get((key,))) for key, response in bodies.items()
    }
    listed_records = {key: response for key, response in records.items() if key[0] in listed}
    received = _count_items(feed, fetched_state) + len(faults)
    state |= fetched_state
    doubts = [
        *list_fault_doubts(len(faults), received),
        *_list_item_doubts(feed, listed_records, state, recent),
    ]
    item_keys = [*get_records_by_key(feed, state)] if doubts and any(_list_items(feed, state)) else []
    if rejection := _weigh_doubts(report, doubts, recent, item_keys, accepted=accepted):
        report |= {"outcome": "quarantined", "reasons": [rejection.reason]}
        whole = validate.reject_result(FetchResult(raw=dumps(fetched.bodies)), rejection)
        return MergedFeed(fetched, records, report, (*rejected, ("", whole)))
    if gone:
        report["gone"] = len(gone)
    if unread:
        name_kept_keys(report, unread)
    if len(unread) > MAX_KEPT_SHARE * len(listed):
        report["outcome"] = "partial"
    kept = update_kept_keys(keys.kept, unread, keys.hour)
    return MergedFeed(fetched, state, report, rejected, kept=kept)


def _start_report() -> FeedReport:
    """Build a report with the outcome `ok`, and the hash still empty."""
    return {"outcome": "ok", "sha256": ""}


def _weigh_doubts(
    report: FeedReport, doubts: Sequence[Doubt], recent: RecentReads, keys: Collection[Key], *, accepted: bool
) -> validate.RejectedPayload | None:
    """Return the rejection of a doubted list; None where it is taken, which the report says."""
    if not doubts:
        return None
    believed = [doubt.to_entry() for doubt in doubts if doubt.reason in recent.settled]
    doubts = [doubt for doubt in doubts if doubt.reason not in recent.settled]
    received = describe_received(keys)
    hours = recent.count_confirming_hours(received)
    if accepted or is_believed([doubt for doubt in doubts if not doubt.is_counted], hours):
        for doubt, entry in zip(doubts, newly := [doubt.to_entry() for doubt in doubts], strict=True):
            if accepted:
                entry["accepted"] = True
            elif doubt.is_counted:
                entry["counted"] = True
            else:
                entry["hours"] = hours
        report["believed"] = [*believed, *newly]
        return None
    _add_notes(report, [*map(str, doubts)])
    report["received"] = received
    return validate.RejectedPayload(doubts[0].reason, doubts[0].detail)


def _add_notes(report: FeedReport, notes: Sequence[str]) -> None:
    """Add notes to a report, which has no such member where there are none."""
    if notes:
        report.setdefault("notes", []).extend(notes)


def _drop_faulty_items(feed: FanOutFeed, bodies: Mapping[str, Record]) -> tuple[dict[str, Record], list[str]]:
    """Return responses without the items that have no key, and a description of each of those."""
    good, faults = {}, []
    for key, body in bodies.items():
        good[key], faults_of_body = validate.drop_faulty_items(feed, body)
        faults += [f"{key}: {fault}" for fault in faults_of_body]
    return good, faults


def _number_items(feed: FanOutFeed, response: Record, before: Record | None) -> Record:
    """Return a response whose items are numbered as those of the response before, if they have numbers."""
    if not feed.has_item_lines:
        return response
    payload = feed.get_payload(response)
    items_before = feed.get_payload(before)[feed.items_member] if before else ()
    numbered = {**payload, feed.items_member: number_items(feed, payload[feed.items_member], items_before)}
    return {**response, feed.payload_member: numbered} if feed.payload_member else numbered


def _list_item_doubts(feed: FanOutFeed, records: State, state: State, recent: RecentReads) -> Iterator[Doubt]:
    """Yield the doubt about the number of items, of the keys that were there before and still are.

    `records` are those of keys that are still listed, which the parent has judged; `state` lacks those that
    are gone. The number is compared with that of the hour before, and with
    the usual one for so many keys: the former knows which keys are left, the latter is not of one hour alone.
    """
    before = _count_items(feed, records)
    count = _count_items(feed, _select(state, records) if records else state)
    if records and not before:
        return
    usual = int(recent.usual_rows * len(records)) if feed.has_item_lines else 0
    yield from list_size_doubts(
        count,
        [before, usual or before],
        is_required=feed.must_not_be_empty,
        judges_growth=recent.judges_growth,
    )


def _select(state: State, keys: Collection[Key]) -> State:
    """Return the records of a state that have one of these keys."""
    return {key: record for key, record in state.items() if key in keys}


def _list_items(feed: FanOutFeed, state: State) -> Iterator[Record]:
    """Yield the items in the responses of a fan-out feed."""
    for response in state.values():
        yield from feed.get_payload(response)[feed.items_member]


def _count_items(feed: FanOutFeed, state: State) -> int:
    """Count the items in the responses of a fan-out feed."""
    return sum(1 for _ in _list_items(feed, state))


def complete_merge(
    snapshot: Snapshot, files: Mapping[str, bytes | None], merged: Sequence[MergedFeed]
) -> MergeResult:
    """Put merged feeds on top of a snapshot and its files (path below data/ -> bytes), with their reports."""
    snapshot = {**snapshot, **{entry.feed.name: entry.state for entry in merged}}
    payloads: dict[str, bytes] = {}
    reports = {entry.feed.name: _report_fetch(entry, payloads) for entry in merged}
    complete = format_snapshot_files(snapshot)
    paths = (*SNAPSHOT_FILES, HEALTH_PATH)
    changed = {path: complete.get(path) for path in paths if files.get(path) != complete.get(path)}
    for entry in merged:
        if isinstance(entry.feed, FanOutFeed) and entry.kept is not None:
            path, content = entry.feed.kept_path, format_kept_keys(entry.kept)
            changed |= {path: content} if files.get(path) != content else {}
    return MergeResult(snapshot, changed, payloads, feeds=complete_reports(reports, snapshot, complete))


def complete_reports(
    reports: Mapping[str, FeedReport], snapshot: Snapshot, files: dict[str, bytes]
) -> dict[str, FeedReport]:
    """Add to the reports of the fetched feeds their rows and hashes, and a report for each other feed.

    An optional feed of which nothing is archived is left out: an archive without its key knows nothing of it.
    """
    completed: dict[str, FeedReport] = {name: {**report} for name, report in reports.items()}
    for feed in FEEDS.values():
        if feed.is_optional and feed.name not in reports and not snapshot[feed.name]:
            continue
        report = completed.setdefault(feed.name, {"outcome": "not-due", "sha256": ""})
        report["sha256"] = hash_feed(feed, files)
        if report["outcome"] != "not-due":
            report["rows"] = len(get_records_by_key(feed, snapshot[feed.name]))
    return completed


def count_first_records(
    reports: Mapping[str, FeedReport], before: Snapshot, after: Snapshot
) -> dict[str, int]:
    """Count the records of each feed that had none before the attempt of these reports."""
    return {name: reports[name]["rows"] for name in FEEDS if after[name] and not before[name]}


def _report_fetch(merged: MergedFeed, payloads: dict[str, bytes]) -> FeedReport:
    """Return the report of a feed with requests, seconds and ages; add rejected payloads to `payloads`."""
    fetched = merged.fetched
    report: FeedReport = {**merged.report}
    requests = [result.requests for result in fetched.all_responses]
    report["scope"] = merged.feed.scope
    report["requests"] = sum(requests)
    if retries := sum(max(count - 1, 0) for count in requests):
        report["retries"] = retries
    if limited := sum(result.rate_limited for result in fetched.all_responses):
        report["limited"] = limited
    report["seconds"] = round(fetched.seconds, 1)
    if ages := [result.age for result in fetched.responses if result.age is not None]:
        report["age"] = max(ages)
    if dates := [result.date for result in fetched.responses if result.date]:
        report["date"] = max(dates, key=parse_http_date)
    for key, result in merged.rejected_responses:
        payloads[report_rejection(report, result, key or None)] = result.raw
    if merged.vanished_keys and isinstance(fetched, ListFetch):
        report["vanished"] = {
            key: _describe_probe(key, fetched.probes.get(key))
            for key in merged.vanished_keys[:MAX_VANISHED_NAMED]
        }
    return report


def _describe_probe(key: str, probe: FetchResult[str] | None) -> str:
    """Format the probe of a vanished key: `gone`, `unlisted`, `renamed:NEW-ID` or `unknown:REASON`."""
    if probe is None:
        return "unknown:not-asked"
    if probe.reason is not None:
        return "gone" if probe.reason == "404" else f"unknown:{probe.reason}"
    return "unlisted" if probe.body == key else f"renamed:{probe.body}"
