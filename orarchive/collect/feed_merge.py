"""Merge fetched feeds into a snapshot. Pure, so that it can be done again on top of another one.

A failure keeps the last good records: a feed that was rejected or failed stays as it stands, a key of a
fan-out feed that was not read keeps its last response, and nothing is ever deleted because something failed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orarchive.collect import validate
from orarchive.collect.merge_result import MergeResult, report_rejection
from orarchive.collect.results import FanOutFetch, FeedFetch, FetchResult, ListFetch, parse_http_date
from orarchive.domain.data_paths import SNAPSHOT_FILES
from orarchive.domain.feeds import FEEDS, CopyFeed, FanOutFeed, Feed
from orarchive.domain.snapshot import (
    Snapshot,
    State,
    build_copy_state,
    format_snapshot_files,
    get_records_by_key,
    hash_feed,
)
from orarchive.jsonl import dumps
from orarchive.store.ledger import FeedReport

MAX_KEPT_SHARE = 0.01
"""Share of a fan-out feed's keys that may be kept in a good hour: single models fail in most hours."""


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

    @property
    def feed(self) -> Feed:
        """Return the feed that was fetched."""
        return self.fetched.feed


def merge_feed(
    fetched: FeedFetch, snapshot: Snapshot, *, accept: Collection[str] = (), read: Collection[str] = ()
) -> MergedFeed:
    """Merge one fetched feed into a snapshot.

    `accept` names the feeds that may shrink; `read` are the keys of a fan-out feed that earlier attempts at
    the same hour have read.
    """
    accepted = fetched.feed.name in accept
    if isinstance(fetched, FanOutFetch):
        return merge_fan_out(fetched, snapshot, accepted=accepted, read=read)
    return merge_list(fetched, snapshot, accepted=accepted)


def merge_list(fetched: ListFetch, snapshot: Snapshot, *, accepted: bool) -> MergedFeed:
    """Merge a list into a snapshot; `accepted` lets it shrink.

    A list that failed or was rejected keeps the records of the snapshot; the report has the reason.
    """
    feed, records, result = fetched.feed, snapshot[fetched.feed.name], fetched.result
    report = _start_report()
    if result.body is not None:
        try:
            validate.check_row_count(feed, len(result.body), len(records), accepted)
            if fetched.count and (note := validate.check_against_count(len(result.body), fetched.count)):
                report["notes"] = [note]
        except validate.RejectedPayload as rejection:
            result = validate.reject_result(result, rejection)
            report["notes"] = [result.detail]
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
    fetched: FanOutFetch, snapshot: Snapshot, *, accepted: bool, read: Collection[str]
) -> MergedFeed:
    """Merge the responses of a fan-out feed into a snapshot.

    `accepted` lets it shrink; `read` are the keys that earlier attempts at the same hour have read.
    """
    feed, records = fetched.feed, snapshot[fetched.feed.name]
    report = _start_report()
    if feed.must_not_be_empty and not snapshot[feed.parent]:
        return MergedFeed(fetched, records, {**report, "outcome": "failed", "reasons": ["no-list"]})
    listed = {key for (key,) in snapshot[feed.parent]}
    failed = {key: result for key, result in fetched.results.items() if result.reason is not None}
    rejected = tuple((key, result) for key, result in failed.items() if result.is_rejected)
    unread = {key: str(result.reason) for key, result in failed.items()}
    unread |= dict.fromkeys(sorted(listed - fetched.results.keys() - set(read)), "not-asked")
    if unread:
        report["reasons"] = sorted(set(unread.values()))
    if failed and len(failed) == len(fetched.results) and listed <= failed.keys():
        report["outcome"] = "quarantined" if len(rejected) == len(failed) else "failed"
        return MergedFeed(fetched, records, report, rejected)
    state = {(key,): response for (key,), response in records.items() if key in listed}
    state |= {(key,): response for key, response in fetched.bodies.items()}
    try:
        validate.check_row_count(feed, _count_items(feed, state), _count_items(feed, records), accepted)
    except validate.RejectedPayload as rejection:
        report |= {"outcome": "quarantined", "reasons": [rejection.reason], "notes": [str(rejection)]}
        whole = validate.reject_result(FetchResult(raw=dumps(fetched.bodies)), rejection)
        return MergedFeed(fetched, records, report, (*rejected, ("", whole)))
    if unread:
        report["kept"] = unread
    if len(unread) > MAX_KEPT_SHARE * len(listed):
        report["outcome"] = "partial"
    return MergedFeed(fetched, state, report, rejected)


def _start_report() -> FeedReport:
    """Build a report with the outcome `ok`, and the hash still empty."""
    return {"outcome": "ok", "sha256": ""}


def _count_items(feed: FanOutFeed, state: State) -> int:
    """Count the items in the responses of a fan-out feed."""
    return sum(len(feed.get_payload(response)[feed.items_member]) for response in state.values())


def complete_merge(
    snapshot: Snapshot, files: Mapping[str, bytes | None], merged: Sequence[MergedFeed]
) -> MergeResult:
    """Put merged feeds on top of a snapshot and its files (path below data/ -> bytes), with their reports."""
    snapshot = {**snapshot, **{entry.feed.name: entry.state for entry in merged}}
    payloads: dict[str, bytes] = {}
    reports = {entry.feed.name: _report_fetch(entry, payloads) for entry in merged}
    complete = format_snapshot_files(snapshot)
    changed = {path: complete.get(path) for path in SNAPSHOT_FILES if files.get(path) != complete.get(path)}
    return MergeResult(snapshot, changed, payloads, feeds=complete_reports(reports, snapshot, complete))


def complete_reports(
    reports: Mapping[str, FeedReport], snapshot: Snapshot, files: dict[str, bytes]
) -> dict[str, FeedReport]:
    """Add to the reports of the fetched feeds their rows and hashes, and a report for each other feed."""
    completed: dict[str, FeedReport] = {name: {**report} for name, report in reports.items()}
    for feed in FEEDS.values():
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
            key: _describe_probe(key, fetched.probes.get(key)) for key in merged.vanished_keys
        }
    return report


def _describe_probe(key: str, probe: FetchResult[str] | None) -> str:
    """Format the probe of a vanished key: `gone`, `unlisted`, `renamed:NEW-ID` or `unknown:REASON`."""
    if probe is None:
        return "unknown:not-asked"
    if probe.reason is not None:
        return "gone" if probe.reason == "404" else f"unknown:{probe.reason}"
    return "unlisted" if probe.body == key else f"renamed:{probe.body}"
