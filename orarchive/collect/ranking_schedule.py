"""The schedule of rankings: which series are read, which slices are due, and what is archived of them.

A series is read once a UTC day or week; a series with a parameter has a slice for each value of it that the
service's OpenAPI file names, and that file is read once a UTC day.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from orarchive.collect import openapi
from orarchive.collect.retirement import is_resting, list_series_outcomes
from orarchive.domain.ranking_series import BENCHMARKS, SERIES, Series, get_row_date, parse_rows
from orarchive.jsonl import loads
from orarchive.store.archive import Archive
from orarchive.store.ledger import Attempt, get_attempt_hour
from orarchive.timestamps import DAY

OPENAPI_NAME = "openapi"
"""Name of the service's OpenAPI file beside the series in the ledger."""

MAX_REJECTIONS_PER_DAY = 3
"""Rejections a day after which a slice is not requested again before the next one."""

MAX_MONTHS = 3
"""Files of a slice that the last 35 days may lie in."""

TRANSIENT_REASONS = (
    *("timeout", "connection", "refused", "dns", "tls", "proxy", "cut-off", "too-slow", "deadline"),
    *("429", "budget"),
)
"""Reasons that may be gone in an hour, as may the service's own errors (see `is_transient`)."""

Slice = tuple[Series, str]
"""A series, and the value of its parameter that makes the slice; "" is the slice without the parameter."""


def is_openapi_due(lines: Sequence[Attempt], hour: dt.datetime) -> bool:
    """Return whether the OpenAPI file was not read yet in the hour's UTC day, unless its route is retired."""
    return not is_resting(list_series_outcomes(lines, OPENAPI_NAME), hour) and not any(
        line["rankings"][OPENAPI_NAME]["outcome"] == "ok"
        for line in lines
        if get_attempt_hour(line).date() == hour.date() and OPENAPI_NAME in line.get("rankings", {})
    )


def list_series(*, has_key: bool, benchmarks: bool) -> list[Series]:
    """List the series that are read with or without a key, with or without the benchmarks of others."""
    return [
        series
        for series in SERIES.values()
        if (has_key or not series.needs_key) and (benchmarks or series is not BENCHMARKS)
    ]


def list_due_slices(
    series_list: Iterable[Series], spec: Any, lines: Sequence[Attempt], hour: dt.datetime
) -> list[Slice]:
    """List the slices not read yet in this day (or week), in the order to request them, but no retired ones.

    `spec` is the parsed OpenAPI file, None where there is none.
    """
    due = []
    for series in series_list:
        if is_resting(list_series_outcomes(lines, series.name), hour):
            continue
        done = list_read_slices(series, lines, hour) | list_rejected_slices(series, lines, hour)
        due += [(series, name) for name in list_slices(series, spec) if name not in done]
    return due


def list_slices(series: Series, spec: Any) -> list[str]:
    """List the slices of a series that the OpenAPI file names; "" is the one without the parameter."""
    if not series.slice_parameter:
        return [""]
    values = openapi.list_values(spec, series.route, series.slice_parameter)
    return ["", *values] if series.has_total else values


def get_period_start(series: Series, hour: dt.datetime) -> dt.date:
    """Return the first day of the period in which a series is read once: the day, or the week's Monday."""
    day = hour.date()
    return day if series.cadence == "daily" else day - day.weekday() * DAY


def list_read_slices(series: Series, lines: Iterable[Attempt], hour: dt.datetime) -> set[str]:
    """List the slices of a series that were read in this day, or week."""
    start = get_period_start(series, hour)
    return {
        name
        for line in lines
        if get_period_start(series, get_attempt_hour(line)) == start
        and series.name in line.get("rankings", {})
        for name in line["rankings"][series.name]["read"]
    }


def list_rejected_slices(series: Series, lines: Iterable[Attempt], hour: dt.datetime) -> set[str]:
    """List the slices that were rejected so often in this UTC day that they wait for the next one."""
    rejections = Counter(
        name
        for line in lines
        if get_attempt_hour(line).date() == hour.date() and series.name in line.get("rankings", {})
        for name, reason in line["rankings"][series.name].get("kept", {}).items()
        if not is_transient(reason)
    )
    return {name for name, count in rejections.items() if count >= MAX_REJECTIONS_PER_DAY}


def is_transient(reason: str) -> bool:
    """Return whether the reason of a failed request may be gone in an hour."""
    return reason in TRANSIENT_REASONS or reason.startswith("5")


def read_archived_openapi(archive: Archive, commit: str | None) -> Any:
    """Read and parse the OpenAPI file at a commit; return None where there is none."""
    content = archive.read_files(commit, [openapi.OPENAPI_PATH]).get(openapi.OPENAPI_PATH)
    return loads(content) if content else None


def read_archived_dates(
    archive: Archive, commit: str | None, slices: Iterable[Slice]
) -> dict[tuple[str, str], set[str]]:
    """Read the last dates that are archived of each slice: (series name, slice name) -> dates.

    A slice of which nothing is archived is left out; one whose rows have no dates has an empty set.
    """
    blobs = archive.list_blobs(commit)
    paths: dict[tuple[str, str], list[str]] = {}
    for series, name in slices:
        folder = series.get_folder(name) + "/"
        months = [path for path in blobs if path.startswith(folder) and "/" not in path.removeprefix(folder)]
        if not series.key and series.get_file_path(name) in blobs:
            paths[series.name, name] = []
        elif series.key and months:
            count = MAX_MONTHS if series.date_mode == "day" else 1
            paths[series.name, name] = sorted(months)[-count:]
    contents = archive.read_blobs({blobs[path] for months in paths.values() for path in months})
    return {
        (series_name, name): {
            get_row_date(SERIES[series_name], row)
            for path in months
            for row in parse_rows(SERIES[series_name], contents[blobs[path]], f"data/{path}")
        }
        for (series_name, name), months in paths.items()
    }
