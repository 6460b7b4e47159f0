"""Merge fetched rankings into the archived files. Pure, so that it can be done again on another commit.

A slice that was rejected or failed stays as it stands; rows are replaced by date, and of a date that a
response lacks nothing is taken away.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orarchive.collect import openapi, validate
from orarchive.collect.merge_result import MergeResult, describe_faults, report_rejection
from orarchive.collect.ranking_schedule import OPENAPI_NAME, list_slices
from orarchive.collect.results import FetchResult, SliceFetch
from orarchive.domain.figures import format_percent_change
from orarchive.domain.ranking_series import (
    ALL_SLICES,
    RANKINGS_FOLDER,
    SERIES,
    Series,
    compute_restatement,
    get_row_date,
    get_series_of_path,
    list_file_paths,
    merge_rows,
    parse_rows,
    read_count,
)
from orarchive.domain.snapshot import Snapshot
from orarchive.jsonl import Record, loads
from orarchive.store.ledger import Outcome, SeriesReport

NO_SLICES = "no-values"
"""Reason why a series was not requested: no OpenAPI file names the values of its parameter."""

GIT_ATTRIBUTES = b"""# orders move all the time; --text shows them
order.jsonl -diff
order/** -diff
"""
"""What git does not show of the rankings."""

NOTICE = b"""The figures below this folder, but for order, order/ and benchmarks/, are OpenRouter's, published
under CC BY 4.0 (creativecommons.org/licenses/by/4.0). Wherever they are used, these lines go along, with the
as_of that the ledger (data/hours/) has for them:

apps      Source: OpenRouter (openrouter.ai/apps), as of {as_of}.
sessions  Source: OpenRouter Data API (openrouter.ai/docs/cookbook/administration/data-api), as of {as_of}.
others    Source: OpenRouter (openrouter.ai/rankings), as of {as_of}.
"""

FIRST_FILES = {f"{RANKINGS_FOLDER}/.gitattributes": GIT_ATTRIBUTES, f"{RANKINGS_FOLDER}/NOTICE": NOTICE}
"""Files written with the first rankings."""


@dataclass(frozen=True)
class MergedSlice:
    """One fetched slice, merged into its archived files."""

    fetched: SliceFetch
    result: FetchResult[list[Record]]
    """The fetched result after the checks against the archive."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Its files as they stand after the merge: path below data/ -> bytes."""
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """Lines for the commit message."""


def list_merge_paths(slices: Iterable[SliceFetch]) -> list[str]:
    """List the files below data/ that merging slices reads, the OpenAPI file among them."""
    paths = {
        path
        for fetched in slices
        for path in list_file_paths(fetched.series, fetched.slice_name, fetched.result.body or ())
    }
    return [*paths, openapi.OPENAPI_PATH, *FIRST_FILES]


def merge_rankings(
    spec: FetchResult[bytes] | None,
    slices: Sequence[SliceFetch],
    unnamed: Iterable[Series],
    archived: Mapping[str, bytes],
    snapshot: Snapshot,
    accept: Collection[str] = (),
) -> MergeResult:
    """Merge an OpenAPI file and slices into the archived files.

    `archived` holds these by path below data/ (see `list_merge_paths`); `spec` is None where the file was not
    fetched; `unnamed` are series of whose slices no OpenAPI file knows; `accept` names the series that may
    shrink; `snapshot` holds the feeds, which rankings do not change.
    """
    reports: dict[str, SeriesReport] = {}
    payloads: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    lines: list[str] = []
    if spec is not None:
        reports[OPENAPI_NAME] = _start_report(openapi.OPENAPI_ROUTE)
        _report_result(reports[OPENAPI_NAME], "", spec, payloads)
        if spec.body is not None:
            files[openapi.OPENAPI_PATH] = spec.body
            lines += _describe_slices(archived.get(openapi.OPENAPI_PATH), spec.body)
    read = {fetched.series.name for fetched in slices if fetched.result.body is not None}
    for fetched in slices:
        series = fetched.series
        merged = merge_slice(
            fetched, archived, accepted=series.name in accept, other_slices_have_rows=series.name in read
        )
        report = reports.setdefault(series.name, _start_report(series.scope))
        _report_slice(report, merged, payloads)
        files |= merged.files
        lines += merged.lines
    for series in unnamed:
        report = reports.setdefault(series.name, _start_report(series.scope))
        report.setdefault("kept", {})[ALL_SLICES] = NO_SLICES
    changed: dict[str, bytes | None] = {
        path: content for path, content in files.items() if archived.get(path) != content
    }
    _complete_reports(reports, {path: files[path] for path in changed})
    changed |= {path: content for path, content in FIRST_FILES.items() if path not in archived}
    return MergeResult(snapshot, changed, payloads, rankings=reports, lines=tuple(lines))


def merge_slice(
    fetched: SliceFetch, archived: Mapping[str, bytes], *, accepted: bool, other_slices_have_rows: bool
) -> MergedSlice:
    """Merge one slice into its archived files.

    `accepted` lets its dates shrink; `other_slices_have_rows` means that the series is not empty as a whole.
    """
    series, name, result = fetched.series, fetched.slice_name, fetched.result
    if result.reason == "empty" and fetched.is_new and other_slices_have_rows:
        # A new slice that has no rows yet, where other slices have rows, did not fail.
        empty: FetchResult[list[Record]] = FetchResult(body=[], requests=result.requests)
        return MergedSlice(fetched, empty, notes=(f"{name}: nothing yet",))
    if result.body is None:
        return MergedSlice(fetched, result)
    archived_rows = _list_archived_rows(series, name, result.body, archived)
    dates = {get_row_date(series, row) for row in result.body}
    replaced = [row for row in archived_rows if get_row_date(series, row) in dates]
    try:
        if not accepted:
            validate.check_shrunk_dates(series, result.body, replaced)
    except validate.RejectedPayload as rejection:
        rejected = validate.reject_result(result, rejection)
        return MergedSlice(fetched, rejected, notes=(f"{name or series.name}: {rejection}",))
    files = merge_rows(series, name, result.body, archived_rows)
    lines = tuple(_describe_restated(fetched, result.body, replaced))
    return MergedSlice(fetched, result, files, tuple(describe_faults(fetched.faults)), lines)


def _list_archived_rows(
    series: Series, name: str, rows: list[Record], archived: Mapping[str, bytes]
) -> list[Record]:
    """List the archived rows of a slice for the months of new rows."""
    return [
        row
        for path in sorted(list_file_paths(series, name, rows))
        for row in parse_rows(series, archived.get(path, b""), f"data/{path}")
    ]


def _start_report(scope: str) -> SeriesReport:
    """Return the report of a series of which nothing is read so far."""
    return {"outcome": "ok", "scope": scope, "sha256": "", "requests": 0, "rows": 0, "read": {}}


def _report_slice(report: SeriesReport, merged: MergedSlice, payloads: dict[str, bytes]) -> None:
    """Add a slice to the report of its series: its requests, and its rows or the reason for having none."""
    fetched, name = merged.fetched, merged.fetched.slice_name
    _report_result(report, name, merged.result, payloads)
    report["seconds"] = round(report.get("seconds", 0) + fetched.seconds, 1)
    if merged.notes:
        report["notes"] = [*report.get("notes", []), *merged.notes]
    if merged.result.body is None:
        return
    report["read"][name] = fetched.as_of
    if fetched.missing:
        report.setdefault("missing", {})[name] = list(fetched.missing)
    if fetched.citation:
        report.setdefault("citations", {})[name] = fetched.citation


def _report_result(
    report: SeriesReport, name: str, result: FetchResult[Any], payloads: dict[str, bytes]
) -> None:
    """Add one result to a report: its requests, and its rows or the reason why there are none."""
    report["requests"] += result.requests
    if result.reason is None:
        report["read"][name] = ""
        report["rows"] += len(result.body) if isinstance(result.body, list) else 1
        return
    report.setdefault("kept", {})[name] = result.reason
    if result.is_rejected:
        payloads[report_rejection(report, result, name)] = result.raw


def _complete_reports(reports: Mapping[str, SeriesReport], changed: Mapping[str, bytes]) -> None:
    """Set the outcome of each series, and the hash of its files that change."""
    for name, report in reports.items():
        if report.get("kept"):
            failure: Outcome = "quarantined" if report.get("refused") else "failed"
            report["outcome"] = "partial" if report["read"] else failure
        content = b"".join(changed[path] for path in sorted(changed) if get_series_of_path(path) == name)
        report["sha256"] = hashlib.sha256(content).hexdigest()


def _describe_slices(before: bytes | None, after: bytes) -> Iterator[str]:
    """Yield a line for each slice that the OpenAPI file newly names, and for each that it no longer names."""
    if before is None:
        return
    old_spec, new_spec = loads(before), loads(after)
    for series in SERIES.values():
        old, new = list_slices(series, old_spec), list_slices(series, new_spec)
        label = f"{series.title}: {series.slice_parameter.replace('_', ' ')}"
        yield from (f"+ {label} {name} is new in the OpenAPI file" for name in new if name not in old)
        yield from (f"- {label} {name} is no longer in the OpenAPI file" for name in old if name not in new)


def _describe_restated(fetched: SliceFetch, rows: list[Record], archived: list[Record]) -> Iterator[str]:
    """Yield a line for each date whose total is restated by more than RESTATED_PERCENT."""
    series = fetched.series
    if not series.is_usage:
        return
    old, new = sum_tokens(archived), sum_tokens(rows)
    label = f"{series.title} ({fetched.slice_name})" if fetched.slice_name else series.title
    for date in sorted(old.keys() & new.keys()):
        percent = compute_restatement(old[date], new[date])
        if percent is not None:
            totals = f"{old[date]:,} -> {new[date]:,} tokens"
            yield f"~ {label}, {date}: {totals} ({format_percent_change(percent)})"


def sum_tokens(rows: Iterable[Record]) -> Counter[str]:
    """Sum the tokens of each date, over the rows that have such a number."""
    totals = Counter[str]()
    for row in rows:
        totals[row["date"]] += read_count(row.get("total_tokens")) or 0
    return totals
