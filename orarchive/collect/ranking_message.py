"""The commit message of an attempt at rankings: slices that were read or failed, and their changes."""

import datetime as dt

from orarchive.collect.merge_result import MergeResult
from orarchive.collect.ranking_schedule import OPENAPI_NAME
from orarchive.collect.request_budget import count_keyed_requests
from orarchive.domain.ranking_series import ALL_SLICES, SERIES
from orarchive.store.ledger import BAD_OUTCOMES, SeriesReport
from orarchive.timestamps import format_hour

MAX_TITLES = 3
"""Titles in a subject; with a key there are up to ten, and the body has them all."""

MAX_LINES = 60
"""A message is read by people; past this many lines it says how many more there are."""


def format_ranking_message(hour: dt.datetime, attempt: int, result: MergeResult) -> str:
    """Format the whole message of an attempt at an hour, counted from 1."""
    reports = result.rankings
    read = [_describe_read(name, report) for name, report in reports.items() if report["read"]]
    bad = [_get_title(name) for name, report in reports.items() if report["outcome"] in BAD_OUTCOMES]
    # The OpenAPI file is read first, but matters least to a reader.
    read.sort(key=lambda title: title == _get_title(OPENAPI_NAME))
    subject = f"{format_hour(hour)}: {_summarize(read)}" + (f"; not good: {', '.join(bad)}" if bad else "")
    listing = f"Read: {', '.join(read)}" if len(read) > MAX_TITLES else ""
    failures = [_describe_failure(name, report) for name, report in reports.items() if report.get("kept")]
    lines = [*failures, *result.lines]
    body = lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        body.append(f"... and {len(lines) - MAX_LINES:,} more")
    trailers = [f"Hour: {format_hour(hour)}", f"Attempt: {attempt}"]
    if requests := count_keyed_requests(reports):
        trailers.append(f"Data-Requests: {requests}")
    return "\n\n".join(filter(None, [subject, listing, "\n".join(body), "\n".join(trailers)])) + "\n"


def _summarize(read: list[str]) -> str:
    """Summarize the series that were read, for a subject."""
    if not read:
        return "no rankings read"
    remaining = f" and {len(read) - MAX_TITLES} more" if len(read) > MAX_TITLES else ""
    return f"rankings read: {', '.join(read[:MAX_TITLES])}{remaining}"


def _get_title(name: str) -> str:
    """Return the title of a series, or of the OpenAPI file, by its name in the ledger."""
    return "OpenAPI file" if name == OPENAPI_NAME else SERIES[name].title


def _describe_read(name: str, report: SeriesReport) -> str:
    """Describe the slices of a series that were read: `model order in 12 categories`."""
    values = sum(bool(value) for value in report["read"])
    if name == OPENAPI_NAME or not (SERIES[name].has_total and values):
        return _get_title(name)
    parameter = SERIES[name].slice_parameter
    plural = f"{parameter.removesuffix('y')}ies" if parameter.endswith("y") else f"{parameter}s"
    return f"{_get_title(name)} in {values} {parameter if values == 1 else plural}"


def _describe_failure(name: str, report: SeriesReport) -> str:
    """Describe the slices of a series that failed: `! model order: 2 of 13 not read (timeout)`."""
    failed, total = len(report["kept"]), len(report["kept"]) + len(report["read"])
    count = f"{failed} of {total} " if total > 1 else ""
    if ALL_SLICES in report["kept"]:
        count = "slices "
    return f"! {_get_title(name)}: {count}not read ({', '.join(sorted(set(report['kept'].values())))})"
