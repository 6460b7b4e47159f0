"""Settling: put what was fetched on top of a snapshot. Pure, so that it can be done again on another one.

A failure keeps the last good records: a feed that was refused or not had stays as it stands, a sweep's
key that was not read keeps its last response, and nothing is ever deleted because something failed.
"""

import datetime as dt
import email.utils
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orarchive.collect import validate
from orarchive.collect.fetch import FeedFetch
from orarchive.collect.results import FetchResult
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.snapshot import (
    Snapshot,
    State,
    build_copy_state,
    hash_feed,
    records_by_key,
    snapshot_to_files,
)
from orarchive.jsonl import dumps
from orarchive.store.ledger import FeedReport, Outcome, RejectedEntry

MAX_KEPT_SHARE = 0.01
"""Share of a sweep's keys that may be kept in an hour that is still good: single models fail most hours."""


@dataclass(frozen=True)
class MergeResult:
    """A snapshot, its files (path below data/ -> bytes), and how each feed came to stand as it does."""

    snapshot: Snapshot
    files: dict[str, bytes]
    reports: dict[str, FeedReport]
    payloads: dict[str, bytes]
    """Refused payloads by their sha256."""


def merge_feeds(
    base: Snapshot,
    fetched: Iterable[FeedFetch],
    accept: Collection[str] = (),
    read: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> MergeResult:
    """Put fetched feeds on top of a base snapshot.

    `accept` names feeds that may shrink; `read` the keys of sweeps that earlier attempts at the same hour
    have read, by feed.
    """
    snapshot = dict(base)
    reports: dict[str, FeedReport] = {}
    payloads: dict[str, bytes] = {}
    for one in fetched:
        state, report, refused = merge_feed(one, snapshot, accept, read.get(one.feed.name, ()))
        snapshot[one.feed.name] = state
        _account(report, one, refused, payloads)
        reports[one.feed.name] = report
    files = snapshot_to_files(snapshot)
    for feed in FEEDS.values():
        report = reports.setdefault(feed.name, {"outcome": "not-due", "sha256": ""})
        report["sha256"] = hash_feed(feed, files)
        if report["outcome"] != "not-due":
            report["rows"] = len(records_by_key(feed, snapshot[feed.name]))
    return MergeResult(snapshot, files, reports, payloads)


Result = tuple[State, FeedReport, list[tuple[str, FetchResult]]]
"""A feed's state, its report, and the answers whose payloads were refused, by key."""


def merge_feed(
    fetched: FeedFetch, snapshot: Snapshot, accept: Collection[str] = (), read: Collection[str] = ()
) -> Result:
    """Put one fetched feed on top of a snapshot."""
    accepted = fetched.feed.name in accept
    if fetched.feed.parent:
        return _settle_sweep(fetched, snapshot, accepted, read)
    return _settle_list(fetched, snapshot, accepted)


def _settle_list(fetched: FeedFetch, snapshot: Snapshot, accepted: bool) -> Result:
    feed, before = fetched.feed, snapshot[fetched.feed.name]
    answer = fetched.results[""]
    report = _report("ok")
    if answer.reason is None:
        try:
            validate.check_row_count(feed, len(answer.body), len(before), accepted)
            if fetched.count and (note := validate.check_against_count(len(answer.body), fetched.count)):
                report["notes"] = [note]
        except validate.RejectedPayload as refusal:
            answer = FetchResult(reason=refusal.reason, is_rejected=True, raw=answer.raw)
            report["notes"] = [str(refusal)]
    if answer.reason is None:
        if feed.copied_feed:
            return build_copy_state(feed, answer.body, snapshot), report, []
        state = {(row[feed.key[0]],): row for row in answer.body}
        if feed.probe_route and (left := before.keys() - state.keys()):
            report["vanished"] = {key: _became(key, fetched.probes.get(key)) for (key,) in sorted(left)}
        return state, report, []
    report["outcome"] = "quarantined" if answer.is_rejected else "failed"
    report["reasons"] = [answer.reason]
    return before, report, [("", answer)] if answer.is_rejected else []


def _became(key: str, probe: FetchResult | None) -> str:
    """What became of a key that left its list, in the words of the ledger."""
    if probe is None:
        return "unknown:not-asked"
    if probe.reason is not None:
        return "gone" if probe.reason == "404" else f"unknown:{probe.reason}"
    return "unlisted" if probe.body == key else f"renamed:{probe.body}"


def _settle_sweep(fetched: FeedFetch, snapshot: Snapshot, accepted: bool, read: Collection[str]) -> Result:
    feed, before = fetched.feed, snapshot[fetched.feed.name]
    assert feed.parent
    bad = {key: answer for key, answer in fetched.results.items() if answer.reason is not None}
    kept = {key: answer.reason for key, answer in bad.items() if answer.reason is not None}
    refused = [(key, answer) for key, answer in bad.items() if answer.is_rejected]
    report = _report("ok")
    if feed.must_not_be_empty and not snapshot[feed.parent]:
        return before, {**report, "outcome": "failed", "reasons": ["no-list"]}, []
    listed = {key for (key,) in snapshot[feed.parent]}
    unasked = listed - fetched.results.keys() - set(read)
    kept |= dict.fromkeys(sorted(unasked), "not-asked")
    if kept:
        report["reasons"] = sorted(set(kept.values()))
    if bad and len(bad) == len(fetched.results) and listed <= bad.keys():
        report["outcome"] = "quarantined" if len(refused) == len(bad) else "failed"
        return before, report, refused
    state = {(key,): response for (key,), response in before.items() if key in listed}
    state |= {(key,): answer.body for key, answer in fetched.good.items()}
    try:
        validate.check_row_count(feed, _items(feed, state), _items(feed, before), accepted)
    except validate.RejectedPayload as refusal:
        report |= {"outcome": "quarantined", "reasons": [refusal.reason], "notes": [str(refusal)]}
        whole = dumps({key: answer.body for key, answer in fetched.good.items()})
        return before, report, [*refused, ("", FetchResult(reason=refusal.reason, raw=whole))]
    if kept:
        report["kept"] = kept
    if len(kept) > MAX_KEPT_SHARE * len(listed):
        report["outcome"] = "partial"
    return state, report, refused


def parse_http_date(header: str) -> dt.datetime:
    """The moment that a `date` header names; one that cannot be read is the earliest of all."""
    try:
        return email.utils.parsedate_to_datetime(header).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def _items(feed: Feed, state: State) -> int:
    """How many items a sweep's responses hold."""
    return sum(len(feed.get_payload(response)[feed.items_member]) for response in state.values())


def _report(outcome: Outcome) -> FeedReport:
    return {"outcome": outcome, "sha256": ""}


def _account(
    report: FeedReport, fetched: FeedFetch, refused: list[tuple[str, FetchResult]], payloads: dict[str, bytes]
) -> None:
    """Add to a report what asking took, and which payloads were refused."""
    answers = fetched.results.values()
    asked = [*answers, *fetched.probes.values(), *([fetched.count] if fetched.count else [])]
    report["scope"] = fetched.feed.scope
    report["requests"] = sum(answer.requests for answer in asked)
    if retries := sum(max(answer.requests - 1, 0) for answer in asked):
        report["retries"] = retries
    if limited := sum(answer.rate_limited for answer in asked):
        report["limited"] = limited
    report["seconds"] = round(fetched.seconds, 1)
    if ages := [answer.age for answer in answers if answer.age is not None]:
        report["age"] = max(ages)
    if dates := [answer.date for answer in answers if answer.date]:
        report["date"] = max(dates, key=parse_http_date)
    for key, answer in refused:
        name = hashlib.sha256(answer.raw).hexdigest()
        payloads[name] = answer.raw
        line: RejectedEntry = {"reason": answer.reason or "", "sha256": name, "bytes": len(answer.raw)}
        report.setdefault("refused", []).append({**line, "key": key} if key else line)
