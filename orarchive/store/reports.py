"""Reports of the ledger: what is named in them as far as it may be, and otherwise counted."""

from collections import Counter
from collections.abc import Mapping

from orarchive.store.ledger import FeedReport, RejectedEntry, SeriesReport

MAX_KEPT_NAMED = 10
"""Kept keys that a report names; all are in the feed's own file (see `kept_keys`)."""

MAX_REFUSED_NAMED = 5
"""Rejected payloads that a report names, each with its hash; all are in the bundle of the attempt."""


def describe_new_doubts(report: FeedReport) -> list[str]:
    """Describe the doubts in spite of which a list was believed in an hour for the first time."""
    descriptions = []
    for doubt in report.get("believed", []):
        words = f"{doubt['reason']}: {doubt['detail']}"
        if "accepted" in doubt:
            descriptions.append(f"{words}; accepted by hand")
        elif "counted" in doubt:
            descriptions.append(f"{words}; as /models/count says")
        elif "hours" in doubt:
            descriptions.append(f"{words}; alike for {doubt['hours']} hours")
    return descriptions


def name_kept_keys(report: FeedReport, reasons: Mapping[str, str]) -> None:
    """Add to a report the keys that were not read, by name as far as they may be, otherwise by number."""
    report["reasons"] = sorted(set(reasons.values()))
    report["kept"] = dict(sorted(reasons.items())[:MAX_KEPT_NAMED])
    if len(reasons) > MAX_KEPT_NAMED:
        report["kept_counts"] = _sort_counts(Counter(reasons.values()))


def add_refused(report: FeedReport | SeriesReport, entry: RejectedEntry) -> None:
    """Add to a report a payload that was rejected, by name as far as it may be, otherwise by number."""
    named = report.setdefault("refused", [])
    if len(named) < MAX_REFUSED_NAMED:
        named.append(entry)
    else:
        counts = Counter(report.get("refused_counts") or [other["reason"] for other in named])
        report["refused_counts"] = _sort_counts(counts + Counter([entry["reason"]]))


def _sort_counts(counts: Counter[str]) -> dict[str, int]:
    """Return counts of reasons, sorted by reason."""
    return dict(sorted(counts.items()))


def count_kept_keys(report: FeedReport) -> int:
    """Return the number of keys that a report calls kept."""
    return sum(report["kept_counts"].values()) if "kept_counts" in report else len(report.get("kept", ()))
