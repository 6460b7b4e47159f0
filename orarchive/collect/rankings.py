"""Rankings: an attempt of its own, once a day. What is due is asked for and put into files by month.

Pure but for what is read of the archive; the runner (`hour`) asks, commits and pushes.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from orarchive.collect import openapi, validate
from orarchive.collect.fetch_rankings import (
    SeriesFetch,
    count_keyed_requests,
    list_read_slices,
    list_rejected_slices,
    list_slices,
)
from orarchive.collect.results import FetchResult
from orarchive.domain.ranking_series import (
    ALL_SLICES,
    BENCHMARKS,
    RANKINGS_FOLDER,
    RESTATED_SHARE,
    SERIES,
    Series,
    list_file_paths,
    merge_rows,
    parse_rows,
    row_date,
)
from orarchive.jsonl import Record, loads
from orarchive.store.archive import Archive
from orarchive.store.ledger import BAD_OUTCOMES, Attempt, RejectedEntry, SeriesReport, attempt_hour
from orarchive.timestamps import format_hour

OPENAPI = "openapi"
"""What the service's OpenAPI file is called beside the series."""

MAX_LINES = 60

MONTHS = 3
"""Files that the last 35 days may be in."""

NO_PARTS = "no-values"
"""Why a series was not asked for: no OpenAPI file names the values of its parameter."""


def spec_due(lines: Sequence[Attempt], hour: dt.datetime) -> bool:
    """Whether the OpenAPI file was not had yet in this UTC day."""
    return not any(
        line["rankings"][OPENAPI]["outcome"] == "ok"
        for line in lines
        if attempt_hour(line).date() == hour.date() and OPENAPI in line.get("rankings", {})
    )


def archived_spec(archive: Archive, commit: str | None) -> Any:
    """The OpenAPI file as it stands; None where there is none."""
    found = archive.read_files(commit, [openapi.OPENAPI_PATH]).get(openapi.OPENAPI_PATH)
    return loads(found) if found else None


def due(
    spec: Any, lines: Sequence[Attempt], hour: dt.datetime, *, keyed: bool, benchmarks: bool
) -> list[tuple[Series, str]]:
    """The parts of series that were not read yet in this day (or week), in the order to ask for them."""
    found = []
    for series in chosen(keyed=keyed, benchmarks=benchmarks):
        done = list_read_slices(series, lines, hour) | list_rejected_slices(series, lines, hour)
        found += [(series, part) for part in list_slices(series, spec) if part not in done]
    return found


def chosen(*, keyed: bool, benchmarks: bool) -> list[Series]:
    """The series that are asked for with or without a key."""
    return [
        series
        for series in SERIES.values()
        if (keyed or not series.needs_key) and (benchmarks or series is not BENCHMARKS)
    ]


def held_dates(
    archive: Archive, commit: str | None, wanted: Collection[tuple[Series, str]]
) -> dict[tuple[str, str], set[str]]:
    """The last dates that are held of each part, by (series, part)."""
    blobs = archive.list_blobs(commit)
    newest: dict[tuple[str, str], list[str]] = {}
    for series, part in wanted:
        folder = series.folder(part) + "/"
        months = [path for path in blobs if path.startswith(folder) and "/" not in path.removeprefix(folder)]
        if not series.key and series.file_path(part) in blobs:
            newest[series.name, part] = []
        elif series.key and months:
            newest[series.name, part] = sorted(months)[-MONTHS if series.date_mode == "day" else -1 :]
    contents = archive.read_blobs({blobs[path] for paths in newest.values() for path in paths})
    return {
        (name, part): {
            row_date(SERIES[name], row)
            for path in paths
            for row in parse_rows(SERIES[name], contents[blobs[path]], f"data/{path}")
        }
        for (name, part), paths in newest.items()
    }


def standing(archive: Archive, commit: str | None, got: Collection[SeriesFetch]) -> dict[str, bytes]:
    """The files that what was fetched goes into, as they stand."""
    wanted = [
        path for one in got for path in list_file_paths(one.series, one.slice_name, one.result.body or ())
    ]
    return archive.read_files(commit, [*wanted, openapi.OPENAPI_PATH])


@dataclass(frozen=True)
class Settled:
    """What an attempt at rankings writes: path below data/ -> bytes, and how each series fared."""

    files: dict[str, bytes]
    reports: dict[str, SeriesReport]
    payloads: dict[str, bytes]
    """Refused payloads by their sha256."""
    told: tuple[str, ...]
    """Lines of the message: parts that the service names now or no more, and dates whose totals moved."""


def settle(
    spec: FetchResult | None,
    got: Sequence[SeriesFetch],
    unnamed: Sequence[Series],
    before: Mapping[str, bytes],
    accept: Collection[str] = (),
) -> Settled:
    """Put what was fetched on top of the files that stand; a part that was not had stays as it is.

    `unnamed` are series of whose parts no OpenAPI file knows, `accept` names those that may shrink.
    """
    files: dict[str, bytes] = {}
    reports: dict[str, SeriesReport] = {}
    payloads: dict[str, bytes] = {}
    told: list[str] = []
    if spec is not None:
        reports[OPENAPI] = _report(openapi.OPENAPI_ROUTE)
        _account(reports[OPENAPI], "", spec, payloads)
        if spec.reason is None:
            files[openapi.OPENAPI_PATH] = spec.body
            told += _named(before.get(openapi.OPENAPI_PATH), spec.body)
    had = {one.series.name for one in got if one.result.reason is None}
    for one in got:
        report = reports.setdefault(one.series.name, _report(one.series.scope))
        answer = one.result
        if answer.reason == "empty" and one.is_new and one.series.name in had:
            # a part of which there is nothing yet, where others have something: no failure, and no figures
            answer = FetchResult(body=[], requests=answer.requests)
            report["notes"] = [*report.get("notes", []), f"{one.slice_name}: nothing yet"]
        elif answer.reason is None:
            held = _held(one, before)
            try:
                if one.series.name not in accept:
                    validate.check_shrunk_dates(one.series, answer.body, held)
                files |= merge_rows(one.series, one.slice_name, answer.body, {**before, **files})
                told += _restated(one, held)
            except validate.RejectedPayload as refusal:
                answer = replace(answer, body=None, reason=refusal.reason, is_rejected=True)
                report["notes"] = [
                    *report.get("notes", []),
                    f"{one.slice_name or one.series.name}: {refusal}",
                ]
        _account(report, one.slice_name, answer, payloads)
        report["seconds"] = round(report.get("seconds", 0) + one.seconds, 1)
        if answer.reason is None:
            report["read"][one.slice_name] = one.as_of
            if one.missing:
                report.setdefault("missing", {})[one.slice_name] = list(one.missing)
            if one.citation:
                report.setdefault("citations", {})[one.slice_name] = one.citation
    for series in unnamed:
        reports.setdefault(series.name, _report(series.scope)).setdefault("kept", {})[ALL_SLICES] = NO_PARTS
    for report in reports.values():
        if report.get("kept"):
            report["outcome"] = (
                "partial" if report["read"] else "quarantined" if report.get("refused") else "failed"
            )
    return Settled(files, reports, payloads, tuple(told))


def _report(scope: str) -> SeriesReport:
    return {"outcome": "ok", "scope": scope, "sha256": "", "requests": 0, "rows": 0, "read": {}}


def _account(report: SeriesReport, part: str, answer: FetchResult, payloads: dict[str, bytes]) -> None:
    """Add to a report what asking for one part took, and why it was not had."""
    report["requests"] += answer.requests
    if answer.reason is None:
        report["read"][part] = ""
        report["rows"] += len(answer.body) if isinstance(answer.body, list) else 1
        return
    report.setdefault("kept", {})[part] = answer.reason
    if answer.is_rejected:
        name = hashlib.sha256(answer.raw).hexdigest()
        payloads[name] = answer.raw
        line: RejectedEntry = {"reason": answer.reason, "sha256": name, "bytes": len(answer.raw), "key": part}
        report.setdefault("refused", []).append(line)


def _held(one: SeriesFetch, before: Mapping[str, bytes]) -> list[Record]:
    """The rows that stand for the dates that came."""
    dates = {row_date(one.series, row) for row in one.result.body}
    paths = list_file_paths(one.series, one.slice_name, one.result.body)
    held = ((path, before.get(path, b"")) for path in sorted(paths))
    rows = (row for path, content in held for row in parse_rows(one.series, content, f"data/{path}"))
    return [row for row in rows if row_date(one.series, row) in dates]


def _named(before: bytes | None, after: bytes) -> Iterator[str]:
    """A line for each part that the OpenAPI file did not name before, and for each that it names no more."""
    old, new = (loads(one) if one else None for one in (before, after))
    for series in SERIES.values() if before else ():
        was, now = (list_slices(series, spec) for spec in (old, new))
        yield from (f"+ {series.name}: {part} is named" for part in now if part not in was)
        yield from (f"- {series.name}: {part} is named no more" for part in was if part not in now)


def _restated(one: SeriesFetch, held: list[Record]) -> Iterator[str]:
    """A line for each date whose total is another than it was, by more than a hundredth."""
    if one.series.key[-1:] != ("model_permaslug",) or one.series.key[0] != "date":
        return
    was, now = (totals(rows) for rows in (held, one.result.body))
    for date in sorted(was.keys() & now.keys()):
        if was[date] and abs(now[date] / was[date] - 1) > RESTATED_SHARE:
            what = f"{one.series.name}{'/' if one.slice_name else ''}{one.slice_name}"
            yield f"~ {what} {date}: {was[date]:f} -> {now[date]:f} tokens ({now[date] / was[date] - 1:+.1%})"


def totals(rows: Collection[Record]) -> dict[str, Decimal]:
    """The tokens of each date, of rows that have such."""
    found: dict[str, Decimal] = {}
    for row in rows:
        tokens = row.get("total_tokens")
        if isinstance(tokens, str) and tokens.isdecimal():
            found[row["date"]] = found.get(row["date"], Decimal(0)) + Decimal(tokens)
    return found


def message(hour: dt.datetime, attempt: int, settled: Settled) -> str:
    """The commit message of an attempt at rankings."""
    reports = settled.reports
    asked = [_said(name, report) for name, report in reports.items() if report["read"]]
    bad = [name for name, report in reports.items() if report["outcome"] in BAD_OUTCOMES]
    subject = f"{format_hour(hour)}: rankings of {', '.join(asked) or 'nothing'}"
    subject += f"; not good: {', '.join(bad)}" if bad else ""
    troubles = [
        f"! {name}: {len(report['kept'])} not had ({', '.join(sorted(set(report['kept'].values())))})"
        for name, report in reports.items()
        if report.get("kept")
    ]
    lines = [*troubles, *settled.told]
    more = [f"... and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    body = "\n".join([*lines[:MAX_LINES], *more])
    requests = count_keyed_requests(reports)
    trailers = [
        f"Hour: {format_hour(hour)}",
        f"Attempt: {attempt}",
        *([f"Data-Requests: {requests}"] if requests else []),
    ]
    return "\n\n".join(filter(None, [subject, body, "\n".join(trailers)])) + "\n"


def _said(name: str, report: SeriesReport) -> str:
    return f"{name} ({len(report['read'])})" if len(report["read"]) > 1 else name


HIDDEN = b"""# orders move all the time; --text shows them
order.jsonl -diff
order/** -diff
"""
"""What git shall not show of the rankings."""

NOTICE = b"""The figures below this folder, but for order, order/ and benchmarks/, are OpenRouter's, published
under CC BY 4.0 (creativecommons.org/licenses/by/4.0). Wherever they are used, these lines go along, with the
as_of that the ledger (data/hours/) has for them:

apps      Source: OpenRouter (openrouter.ai/apps), as of {as_of}.
sessions  Source: OpenRouter Data API (openrouter.ai/docs/cookbook/administration/data-api), as of {as_of}.
others    Source: OpenRouter (openrouter.ai/rankings), as of {as_of}.
"""

FIRST = {f"{RANKINGS_FOLDER}/.gitattributes": HIDDEN, f"{RANKINGS_FOLDER}/NOTICE": NOTICE}
"""Written with the first rankings."""
