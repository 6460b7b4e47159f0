"""Asking for rankings: which series and parts are due, with which dates, within the service's limits.

The routes of the Data API share one budget for an account, 30 requests a minute and 500 a day. What is left
of the day's is reckoned from the ledger; what it does not suffice for is due in the next hour, or day.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from orarchive.collect import openapi, validate
from orarchive.collect.client import Client
from orarchive.collect.results import FetchResult
from orarchive.collect.validate import RejectedPayload
from orarchive.domain.ranking_series import FIRST_DATE, SERIES, Series
from orarchive.jsonl import Record
from orarchive.store.ledger import Attempt, SeriesReport, attempt_hour
from orarchive.timestamps import DAY, HOUR

MAX_REQUESTS_PER_MINUTE = 27
"""Requests to the Data API; 30 are allowed, by a clock that may be another."""

MAX_REQUESTS_PER_DAY = 480
"""Of 500 that are allowed: some are left for whoever else asks with the key."""

MAX_SPANS = {"daily": dt.timedelta(days=366), "weekly": dt.timedelta(days=364)}
"""Longest stretch that one request may ask for; of weekly rows one of whole weeks."""

RESTATEMENT_WINDOW = dt.timedelta(days=35)
"""What is asked for again each time: published days are restated."""

MAX_PAGES = 11
"""Pages of one answer: the service gives rows up to 5,500."""

MAX_TRIES = 2

MAX_REJECTIONS_PER_DAY = 3
"""Refusals a day after which a part is not asked for again before the next one."""

TRANSIENT_REASONS = ("timeout", "connection", "cut-off", "too-slow", "deadline", "429", "budget")
"""Reasons that may be gone in an hour, as may the service's own errors (see `passes`)."""


@dataclass(frozen=True)
class SeriesFetch:
    """What asking for one part of a series brought: rows by their dates, or the reason why there are none."""

    series: Series
    slice_name: str
    result: FetchResult
    """Its body is the list of rows."""
    as_of: str = ""
    citation: str = ""
    """How the service says that the figures of others are to be cited."""
    missing: tuple[str, ...] = ()
    """Dates that were asked for and that no row has."""
    is_new: bool = False
    """Whether nothing was ever had of it: there may be nothing yet."""
    seconds: float = 0.0


def period_start(series: Series, hour: dt.datetime) -> dt.date:
    """The day, or the Monday of the week, in which a series is read once."""
    day = hour.date()
    return day if series.cadence == "daily" else day - day.weekday() * DAY


def list_read_slices(series: Series, lines: Iterable[Attempt], hour: dt.datetime) -> set[str]:
    """The parts of a series that were read in this day, or week."""
    turn = period_start(series, hour)
    return {
        part
        for line in lines
        if period_start(series, attempt_hour(line)) == turn and series.name in line.get("rankings", {})
        for part in line["rankings"][series.name]["read"]
    }


def list_rejected_slices(series: Series, lines: Iterable[Attempt], hour: dt.datetime) -> set[str]:
    """The parts that were refused so often in this UTC day that they wait for the next one."""
    counted = Counter(
        part
        for line in lines
        if attempt_hour(line).date() == hour.date() and series.name in line.get("rankings", {})
        for part, reason in line["rankings"][series.name].get("kept", {}).items()
        if not is_transient(reason)
    )
    return {part for part, count in counted.items() if count >= MAX_REJECTIONS_PER_DAY}


def is_transient(reason: str) -> bool:
    """Whether that for which nothing was had may be gone in an hour."""
    return reason in TRANSIENT_REASONS or reason.startswith("5")


def count_requests_today(lines: Iterable[Attempt], hour: dt.datetime) -> int:
    """Requests to the Data API that the ledger knows of in this UTC day; one at its eve may have gone on."""
    eve = dt.datetime.combine(hour.date(), dt.time(), dt.UTC) - HOUR
    own = (line for line in lines if eve <= attempt_hour(line) < eve + HOUR + DAY)
    return sum(count_keyed_requests(line.get("rankings", {})) for line in own)


def count_keyed_requests(reports: Mapping[str, SeriesReport]) -> int:
    """Requests to the Data API among those of an attempt, by series."""
    return sum(
        report["requests"] for name, report in reports.items() if name in SERIES and SERIES[name].needs_key
    )


def list_slices(series: Series, spec: Any) -> list[str]:
    """The parts of a series, by the OpenAPI file; "" is the one without the parameter."""
    named = openapi.list_values(spec, series.route, series.slice_parameter) if series.slice_parameter else []
    return [*([""] if series.has_total or not series.slice_parameter else []), *named]


def fetch_openapi(client: Client) -> FetchResult:
    """Ask for the OpenAPI file; the body is the file as it is archived."""
    got = replace(client, base_url=openapi.get_origin(client.base_url)).get(
        openapi.OPENAPI_ROUTE, tries=MAX_TRIES
    )
    if got.reason is not None:
        return got
    try:
        validate.validate_openapi(got.body)
    except RejectedPayload as refusal:
        return replace(got, body=None, reason=refusal.reason, is_rejected=True)
    return replace(got, body=openapi.format_openapi(got.raw), raw=b"")


def fetch_slices(
    client: Client,
    wanted: Sequence[tuple[Series, str]],
    held: Mapping[tuple[str, str], Set[str]],
    hour: dt.datetime,
) -> Iterator[SeriesFetch]:
    """Ask for parts of series, `held` being the last dates held of each, until the requests are used up."""
    closed = ""
    for series, part in wanted:
        if closed and series.needs_key:
            yield SeriesFetch(series, part, FetchResult(reason=closed))
            continue
        begun = time.monotonic()
        got = _fetched(client, series, part, held.get((series.name, part), frozenset()), hour)
        is_new = bool(part) and (series.name, part) not in held
        yield replace(got, is_new=is_new, seconds=time.monotonic() - begun)
        if series.needs_key and got.result.reason in ("401", "403", "429", "budget"):
            closed = got.result.reason


def _fetched(client: Client, series: Series, part: str, held: Set[str], hour: dt.datetime) -> SeriesFetch:
    """One part of a series, with all the requests that it takes: all of it or nothing."""
    rows: list[Record] = []
    raws: list[bytes] = []
    requests, as_of, citation = 0, "", ""
    queries = list(_queries(series, part, held, hour))
    try:
        for query in queries:
            asked = client.get(series.route, query, keyed=series.needs_key, tries=MAX_TRIES)
            requests += asked.requests
            if asked.reason is not None:
                return SeriesFetch(series, part, replace(asked, requests=requests), as_of)
            raws.append(asked.raw)
            found = validate.validate_ranking(series, asked.body)
            if "end_date" in query:
                validate.check_dates(series, found, query["start_date"], query["end_date"])
            as_of, citation = _said(asked.body, "as_of") or as_of, _said(asked.body, "citation")
            rows += found
            if series.page_size and len(found) < series.page_size:
                break
        validate.check_unique_rows(series, rows)
    except RejectedPayload as refusal:
        refused = FetchResult(
            reason=refusal.reason, is_rejected=True, raw=b"\n".join(raws), requests=requests
        )
        return SeriesFetch(series, part, refused, as_of)
    # what is held may speak against it later, and then it is saved as it came
    answer = FetchResult(
        body=rows, raw=b"\n".join(raws) if held or not series.key else b"", requests=requests
    )
    return SeriesFetch(series, part, answer, as_of, citation, _missing(series, rows, queries))


def _queries(series: Series, part: str, held: Set[str], hour: dt.datetime) -> Iterator[dict[str, str]]:
    """The queries for one part: a page, a span or a day each."""
    base = {**series.query, **({series.slice_parameter: part} if part else {})}
    until = hour.date() - DAY
    if series.page_size:
        yield from ({**base, "offset": str(n * series.page_size)} for n in range(MAX_PAGES))
    elif series.date_mode == "span":
        since = (
            max(FIRST_DATE, dt.date.fromisoformat(max(held)) - RESTATEMENT_WINDOW + DAY)
            if held
            else FIRST_DATE
        )
        if series.cadence == "weekly":  # whole weeks alone: part of one would look like a restatement
            since -= since.weekday() * DAY
            until -= (until.weekday() + 1) % 7 * DAY
        yield from ({**base, **span} for span in _spans(since, until, MAX_SPANS[series.cadence]))
    elif series.date_mode == "day":
        since = max(until - RESTATEMENT_WINDOW + DAY, dt.date.fromisoformat(min(held))) if held else until
        for span in _spans(since, until, DAY):
            if span["end_date"] not in held or span["end_date"] == f"{until}":
                yield {**base, **span}
    else:
        yield base


def _spans(since: dt.date, until: dt.date, longest: dt.timedelta) -> Iterator[dict[str, str]]:
    """Stretches of days that one request may ask for, oldest first."""
    while since <= until:
        end = min(since + longest - DAY, until)
        yield {"start_date": f"{since}", "end_date": f"{end}"}
        since = end + DAY


def _said(body: Any, member: str) -> str:
    """What a response says of its figures: of when they are, how they are to be cited."""
    inner = [body.get(name) for name in ("meta", "data")]
    said = (one.get(member) for one in inner if isinstance(one, dict))
    return next((one for one in said if isinstance(one, str)), "")


def _missing(series: Series, rows: list[Record], queries: list[dict[str, str]]) -> tuple[str, ...]:
    """Dates that were asked for and that no row has; of spans those after the first that one has."""
    if not series.date_mode:
        return ()
    dates = {dt.date.fromisoformat(row["date"]) for row in rows}
    asked = {day for query in queries for day in _days(query["start_date"], query["end_date"])}
    step = 1 if series.cadence == "daily" else 7
    first = min(dates) if series.date_mode == "span" else min(asked)
    late = (day for day in asked - dates if day >= first and not (day - first).days % step)
    return tuple(f"{day}" for day in sorted(late))


def _days(first: str, last: str) -> Iterator[dt.date]:
    day = dt.date.fromisoformat(first)
    while day <= dt.date.fromisoformat(last):
        yield day
        day += DAY
