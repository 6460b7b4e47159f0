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
from orarchive.collect.fetch import Fetched
from orarchive.collect.results import Answer
from orarchive.domain.feeds import FEEDS, Feed
from orarchive.domain.snapshot import Snapshot, State, copied_rows, rows, sha256, write
from orarchive.jsonl import dumps
from orarchive.store.ledger import Outcome, Refused, Report

KEPT_OK = 0.01
"""Share of a sweep's keys that may be kept in an hour that is still good: single models fail most hours."""


@dataclass(frozen=True)
class Settled:
    """A snapshot, its files (path below data/ -> bytes), and how each feed came to stand as it does."""

    snapshot: Snapshot
    files: dict[str, bytes]
    reports: dict[str, Report]
    payloads: dict[str, bytes]
    """Refused payloads by their sha256."""


def settle(
    base: Snapshot,
    fetched: Iterable[Fetched],
    accept: Collection[str] = (),
    read: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Settled:
    """Put fetched feeds on top of a base snapshot.

    `accept` names feeds that may shrink; `read` the keys of sweeps that earlier attempts at the same hour
    have read, by feed.
    """
    snapshot = dict(base)
    reports: dict[str, Report] = {}
    payloads: dict[str, bytes] = {}
    for one in fetched:
        state, report, refused = settle_one(one, snapshot, accept, read.get(one.feed.name, ()))
        snapshot[one.feed.name] = state
        _account(report, one, refused, payloads)
        reports[one.feed.name] = report
    files = write(snapshot)
    for feed in FEEDS.values():
        report = reports.setdefault(feed.name, {"outcome": "not-due", "sha256": ""})
        report["sha256"] = sha256(feed, files)
        if report["outcome"] != "not-due":
            report["rows"] = len(rows(feed, snapshot[feed.name]))
    return Settled(snapshot, files, reports, payloads)


Result = tuple[State, Report, list[tuple[str, Answer]]]
"""A feed's state, its report, and the answers whose payloads were refused, by key."""


def settle_one(
    fetched: Fetched, snapshot: Snapshot, accept: Collection[str] = (), read: Collection[str] = ()
) -> Result:
    """Put one fetched feed on top of a snapshot."""
    accepted = fetched.feed.name in accept
    if fetched.feed.each:
        return _settle_sweep(fetched, snapshot, accepted, read)
    return _settle_list(fetched, snapshot, accepted)


def _settle_list(fetched: Fetched, snapshot: Snapshot, accepted: bool) -> Result:
    feed, before = fetched.feed, snapshot[fetched.feed.name]
    answer = fetched.answers[""]
    report = _report("ok")
    if answer.reason is None:
        try:
            validate.plausible(feed, len(answer.body), len(before), accepted)
            if fetched.count and (note := validate.counted(len(answer.body), fetched.count)):
                report["notes"] = [note]
        except validate.Refusal as refusal:
            answer = Answer(reason=refusal.reason, refused=True, raw=answer.raw)
            report["notes"] = [str(refusal)]
    if answer.reason is None:
        if feed.copies:
            return copied_rows(feed, answer.body, snapshot), report, []
        state = {(row[feed.key[0]],): row for row in answer.body}
        if feed.probe_route and (left := before.keys() - state.keys()):
            report["vanished"] = {key: _became(key, fetched.probes.get(key)) for (key,) in sorted(left)}
        return state, report, []
    report["outcome"] = "quarantined" if answer.refused else "failed"
    report["reasons"] = [answer.reason]
    return before, report, [("", answer)] if answer.refused else []


def _became(key: str, probe: Answer | None) -> str:
    """What became of a key that left its list, in the words of the ledger."""
    if probe is None:
        return "unknown:not-asked"
    if probe.reason is not None:
        return "gone" if probe.reason == "404" else f"unknown:{probe.reason}"
    return "orphaned" if probe.body == key else f"renamed:{probe.body}"


def _settle_sweep(fetched: Fetched, snapshot: Snapshot, accepted: bool, read: Collection[str]) -> Result:
    feed, before = fetched.feed, snapshot[fetched.feed.name]
    assert feed.each
    bad = {key: answer for key, answer in fetched.answers.items() if answer.reason is not None}
    kept = {key: answer.reason for key, answer in bad.items() if answer.reason is not None}
    refused = [(key, answer) for key, answer in bad.items() if answer.refused]
    report = _report("ok")
    if feed.must_have_rows and not snapshot[feed.each]:
        return before, {**report, "outcome": "failed", "reasons": ["no-list"]}, []
    listed = {key for (key,) in snapshot[feed.each]}
    unasked = listed - fetched.answers.keys() - set(read)
    kept |= dict.fromkeys(sorted(unasked), "not-asked")
    if kept:
        report["reasons"] = sorted(set(kept.values()))
    if bad and len(bad) == len(fetched.answers) and listed <= bad.keys():
        report["outcome"] = "quarantined" if len(refused) == len(bad) else "failed"
        return before, report, refused
    state = {(key,): response for (key,), response in before.items() if key in listed}
    state |= {(key,): answer.body for key, answer in fetched.good.items()}
    try:
        validate.plausible(feed, _items(feed, state), _items(feed, before), accepted)
    except validate.Refusal as refusal:
        report |= {"outcome": "quarantined", "reasons": [refusal.reason], "notes": [str(refusal)]}
        whole = dumps({key: answer.body for key, answer in fetched.good.items()})
        return before, report, [*refused, ("", Answer(reason=refusal.reason, raw=whole))]
    if kept:
        report["kept"] = kept
    if len(kept) > KEPT_OK * len(listed):
        report["outcome"] = "partial"
    return state, report, refused


def sent_at(header: str) -> dt.datetime:
    """The moment that a `date` header names; one that cannot be read is the earliest of all."""
    try:
        return email.utils.parsedate_to_datetime(header).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def _items(feed: Feed, state: State) -> int:
    """How many items a sweep's responses hold."""
    return sum(len(feed.payload(response)[feed.items]) for response in state.values())


def _report(outcome: Outcome) -> Report:
    return {"outcome": outcome, "sha256": ""}


def _account(
    report: Report, fetched: Fetched, refused: list[tuple[str, Answer]], payloads: dict[str, bytes]
) -> None:
    """Add to a report what asking took, and which payloads were refused."""
    answers = fetched.answers.values()
    asked = [*answers, *fetched.probes.values(), *([fetched.count] if fetched.count else [])]
    report["scope"] = fetched.feed.scope
    report["requests"] = sum(answer.requests for answer in asked)
    if retries := sum(max(answer.requests - 1, 0) for answer in asked):
        report["retries"] = retries
    if limited := sum(answer.limited for answer in asked):
        report["limited"] = limited
    report["seconds"] = round(fetched.seconds, 1)
    if ages := [answer.age for answer in answers if answer.age is not None]:
        report["age"] = max(ages)
    if dates := [answer.date for answer in answers if answer.date]:
        report["date"] = max(dates, key=sent_at)
    for key, answer in refused:
        name = hashlib.sha256(answer.raw).hexdigest()
        payloads[name] = answer.raw
        line: Refused = {"reason": answer.reason or "", "sha256": name, "bytes": len(answer.raw)}
        report.setdefault("refused", []).append({**line, "key": key} if key else line)
