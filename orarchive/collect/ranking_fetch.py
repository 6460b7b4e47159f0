"""Fetch rankings and the OpenAPI file: which dates of which slices, within the limits of the service."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from orarchive.collect import openapi, validate
from orarchive.collect.client import Client
from orarchive.collect.feed_fetch import fetch_all_pages
from orarchive.collect.ranking_schedule import Slice
from orarchive.collect.results import FetchResult, SliceFetch
from orarchive.collect.validate import RejectedPayload
from orarchive.domain.ranking_series import FIRST_DATE, Series
from orarchive.jsonl import Record
from orarchive.timestamps import DAY

MAX_SPANS = {"daily": dt.timedelta(days=366), "weekly": dt.timedelta(days=364)}
"""Longest span of dates that one request may ask for; of weekly rows a span of whole weeks."""

RESTATEMENT_WINDOW = dt.timedelta(days=35)
"""Dates that are requested again each time: published days are restated."""

MAX_PAGES = 11
"""Pages of one slice: the service returns rows up to 5,500."""

MAX_TRIES = 2

CLOSING_REASONS = ("401", "403", "429", "budget")
"""Reasons after which no request with the key can succeed in the same attempt."""


def fetch_openapi(client: Client) -> FetchResult[bytes]:
    """Fetch the OpenAPI file; the body is the file as it is archived."""
    origin = replace(client, base_url=openapi.get_origin(client.base_url))
    response = origin.get(openapi.OPENAPI_ROUTE, tries=MAX_TRIES)

    def check(body: Any) -> bytes:
        validate.validate_openapi(body)
        return openapi.format_openapi(response.raw)

    result = validate.validate_result(response, check)
    return replace(result, raw=b"") if result.reason is None else result


def fetch_slices(
    client: Client,
    slices: Sequence[Slice],
    archived: Mapping[tuple[str, str], Set[str]],
    hour: dt.datetime,
) -> Iterator[SliceFetch]:
    """Fetch slices in order, until the requests with the key are used up or refused.

    `archived` holds the last archived dates of each slice, by (series name, slice name).
    """
    closed = ""
    for series, name in slices:
        if closed and series.needs_key:
            yield SliceFetch(series, name, FetchResult(reason=closed))
            continue
        begun = client.clock()
        fetched = _fetch_slice(client, series, name, archived.get((series.name, name), frozenset()), hour)
        is_new = bool(name) and (series.name, name) not in archived
        yield replace(fetched, is_new=is_new, seconds=client.clock() - begun)
        if series.needs_key and fetched.result.reason in CLOSING_REASONS:
            closed = fetched.result.reason


def _fetch_slice(client: Client, series: Series, name: str, dates: Set[str], hour: dt.datetime) -> SliceFetch:
    """Fetch one slice with all the requests that it takes; the result has all of its rows, or none.

    `dates` are the last dates that are archived of it.
    """
    rows: list[Record] = []
    raws: list[bytes] = []
    requests, as_of, citation = 0, "", ""
    queries = list(_list_queries(series, name, dates, hour))
    try:
        for query in queries:
            options: dict[str, Any] = {"keyed": series.needs_key, "tries": MAX_TRIES}
            # A series with offsets is read by them, whatever its answers say of a next page.
            response = (
                client.get(series.route, query, **options)
                if series.page_size
                else fetch_all_pages(client, series.route, query, validate.get_ranking_rows, **options)
            )
            requests += response.requests
            if response.reason is not None:
                return SliceFetch(series, name, replace(response, requests=requests), as_of)
            raws.append(response.raw)
            page = validate.validate_ranking(series, response.body)
            if "end_date" in query:
                validate.check_dates(series, page, query["start_date"], query["end_date"])
            as_of = _get_text(response.body, "as_of") or as_of
            citation = _get_text(response.body, "citation")
            rows += page
            if series.page_size and len(page) < series.page_size:
                break
        rows, faults = validate.drop_repeated_rows(series, rows)
    except RejectedPayload as rejection:
        payload: FetchResult[Any] = FetchResult(raw=b"\n".join(raws), requests=requests)
        return SliceFetch(series, name, validate.reject_result(payload, rejection), as_of)
    # The bytes are kept where archived rows may contradict them later: then they are saved in quarantine.
    raw = b"\n".join(raws) if dates or not series.key else b""
    result = FetchResult(body=rows, raw=raw, requests=requests)
    return SliceFetch(
        series, name, result, as_of, citation, _list_missing_dates(series, rows, queries), faults=faults
    )


def _list_queries(series: Series, name: str, dates: Set[str], hour: dt.datetime) -> Iterator[dict[str, str]]:
    """Yield the queries for one slice: for each page, span or day, as the series has it."""
    base = {**series.query, **({series.slice_parameter: name} if name else {})}
    if series.page_size:
        yield from ({**base, "offset": str(page * series.page_size)} for page in range(MAX_PAGES))
    elif series.date_mode == "span":
        yield from ({**base, **span} for span in _list_spans(series, dates, hour))
    elif series.date_mode == "day":
        yield from ({**base, **day} for day in _list_days(dates, hour))
    else:
        yield base


def _list_spans(series: Series, dates: Set[str], hour: dt.datetime) -> Iterator[dict[str, str]]:
    """Yield the spans of all dates that are not archived or may be restated, up to yesterday."""
    first, last = FIRST_DATE, hour.date() - DAY
    if dates:
        first = max(first, dt.date.fromisoformat(max(dates)) - RESTATEMENT_WINDOW + DAY)
    # Only whole weeks are read: a part of a week would look like a restatement of it.
    if series.cadence == "weekly":
        first -= first.weekday() * DAY
        last -= (last.weekday() + 1) % 7 * DAY
    yield from _split_span(first, last, MAX_SPANS[series.cadence])


def _list_days(dates: Set[str], hour: dt.datetime) -> Iterator[dict[str, str]]:
    """Yield yesterday, and each day since the first archived date that is not archived, as spans of a day."""
    first = last = hour.date() - DAY
    if dates:
        first = max(last - RESTATEMENT_WINDOW + DAY, dt.date.fromisoformat(min(dates)))
    for span in _split_span(first, last, DAY):
        if span["end_date"] not in dates or span["end_date"] == f"{last}":
            yield span


def _split_span(first: dt.date, last: dt.date, max_length: dt.timedelta) -> Iterator[dict[str, str]]:
    """Split a span of dates into query parameters of spans that one request may ask for, oldest first."""
    while first <= last:
        end = min(first + max_length - DAY, last)
        yield {"start_date": f"{first}", "end_date": f"{end}"}
        first = end + DAY


def _get_text(body: Any, member: str) -> str:
    """Return a text about the figures from a response's `meta` or `data`; "" where there is none."""
    parents = [body.get(name) for name in ("meta", "data")]
    values = (parent.get(member) for parent in parents if isinstance(parent, dict))
    return next((value for value in values if isinstance(value, str)), "")


def _list_missing_dates(series: Series, rows: list[Record], queries: list[dict[str, str]]) -> tuple[str, ...]:
    """List the requested dates that no row has; of spans only those after the first date with rows."""
    if not series.date_mode:
        return ()
    dates = {dt.date.fromisoformat(row["date"]) for row in rows}
    requested = {day for query in queries for day in _list_dates(query["start_date"], query["end_date"])}
    step = 1 if series.cadence == "daily" else 7
    first = min(dates) if series.date_mode == "span" else min(requested)
    missing = (day for day in requested - dates if day >= first and not (day - first).days % step)
    return tuple(f"{day}" for day in sorted(missing))


def _list_dates(first: str, last: str) -> Iterator[dt.date]:
    """Yield every date from the first to the last one."""
    day = dt.date.fromisoformat(first)
    while day <= dt.date.fromisoformat(last):
        yield day
        day += DAY
