"""Rankings: published usage by slice and date, recent orders of models, and restated dates."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from orarchive.domain.event_kinds import RESTATED
from orarchive.domain.ranking_series import ORDER, SERIES, Series, compute_restatement, is_row, read_count
from orarchive.errors import NotJSON
from orarchive.history.replay import ReplayStep
from orarchive.index.context import AttemptContext
from orarchive.index.events import Event
from orarchive.index.sql_values import escape_surrogates, escape_values, to_json
from orarchive.jsonl import Record, dumps, loads
from orarchive.store.ledger import SeriesReport
from orarchive.timestamps import format_stamp, parse_stamp

RANKINGS_FEED = "rankings"
"""Name of the feed in events."""

ORDER_RETENTION = dt.timedelta(days=36)
"""For so long orders are kept: a month, and the days that it is compared with."""

MONTH_FILE = re.compile(r".*/[0-9]{4}-[0-9]{2}\.jsonl")
"""Path of a file with the rows of one month."""

RowChanges = tuple[list[Record], list[Record]]
"""The rows that a step removed, and those that it added."""

INSERT_READ = """
    insert into ranking_reads (attempt, hour, series, slice, outcome, as_of, missing)
    values (:attempt, :hour, :series, :slice, :outcome, :as_of, :missing)
"""

INSERT_SLICE = (
    "insert or ignore into ranking_slices (series, slice, folder) values (:series, :slice, :folder)"
)

INSERT_ORDER = "insert into orders (hour, slice, rank, model) values (?, ?, ?, ?)"

SELECT_PERMASLUG_ID = "select id from permaslugs where permaslugs.permaslug = ?"

DELETE_USAGE = f"delete from usage where slice = ? and date = ? and permaslug = ({SELECT_PERMASLUG_ID})"

INSERT_USAGE = f"""
    insert or replace into usage (slice, date, permaslug, tokens) values (?, ?, ({SELECT_PERMASLUG_ID}), ?)
"""

# `total` adds floating-point numbers: `sum` fails where the integers exceed 64 bits.
SELECT_TOTAL = "select total(tokens) from usage where slice = ? and date = ?"

INSERT_LINE = """
    insert or replace into ranking_lines (series, slice, date, key, line) values (?, ?, ?, ?, ?)
"""


def apply_attempt(context: AttemptContext, step: ReplayStep) -> Iterator[Event]:
    """Write the ranking reads of an attempt and the rows that it changed; yield an event a restated date."""
    for name, report in step.attempt_commit.attempt.get("rankings", {}).items():
        _insert_reads(context, name, report)
        if name == ORDER.name:
            _insert_orders(context, step, list(report["read"]))
        elif name in SERIES:
            for slice_name in report["read"]:
                values = {"series": name, "slice": slice_name, "folder": SERIES[name].get_folder(slice_name)}
                context.db.execute(INSERT_SLICE, escape_values(values))
    # rows are taken from the files: a merge or an edit by hand may have changed them too
    for folder, changes in _group_changes_by_folder(step).items():
        query = "select id, series, slice from ranking_slices where folder = ?"
        for slice_id, name, slice_name in context.db.execute(query, (folder,)).fetchall():
            removed, added = ([row for row in rows if is_row(SERIES[name], row)] for rows in changes)
            if SERIES[name].is_usage:
                yield from _update_usage(context, slice_id, (name, slice_name), removed, added)
            else:
                _replace_lines(context, SERIES[name], slice_name, added)
    context.db.execute("delete from orders where hour <= ?", (_compute_order_limit(context.hour),))


def _compute_order_limit(hour: str) -> str:
    """Return the last hour whose orders are no longer kept at an hour."""
    return format_stamp(parse_stamp(hour) - ORDER_RETENTION)


def _group_changes_by_folder(step: ReplayStep) -> dict[str, RowChanges]:
    """Collect the changed rows by the folder of a slice.

    A slice with a single file has no folder; the file's path without its ending stands for it.
    """
    folders: dict[str, RowChanges] = {}
    for path, changed_lines in step.series.items():
        folder = path.rpartition("/")[0] if MONTH_FILE.fullmatch(path) else path.removesuffix(".jsonl")
        for rows, lines in zip(folders.setdefault(folder, ([], [])), changed_lines, strict=True):
            rows += _parse_rows(lines)
    return folders


def _parse_rows(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield the lines that are JSON objects; an edit by hand or a merge may have left others."""
    for line in lines:
        with suppress(NotJSON):
            if isinstance(row := loads(line), dict):
                yield row


def _insert_reads(context: AttemptContext, series: str, report: SeriesReport) -> None:
    """Insert the outcome of each slice of a series that an attempt requested."""
    missing = report.get("missing", {})
    outcomes = {
        slice_name: ("ok", as_of, missing.get(slice_name)) for slice_name, as_of in report["read"].items()
    }
    outcomes |= {slice_name: (reason, "", None) for slice_name, reason in report.get("kept", {}).items()}
    context.db.executemany(
        INSERT_READ,
        (
            escape_values(
                {
                    "attempt": context.attempt,
                    "hour": context.hour,
                    "series": series,
                    "slice": slice_name,
                    "outcome": outcome,
                    "as_of": as_of or None,
                    "missing": to_json(dates),
                }
            )
            for slice_name, (outcome, as_of, dates) in outcomes.items()
        ),
    )


def _insert_orders(context: AttemptContext, step: ReplayStep, slice_names: list[str]) -> None:
    """Insert the orders of the slices that were read, as they stand in the commit.

    Orders that would be too old at the end of the update are left out.
    """
    if context.hour <= _compute_order_limit(context.update.last_hour):
        return
    paths = {slice_name: ORDER.get_file_path(slice_name) for slice_name in slice_names}
    contents = context.update.archive.read_files(step.attempt_commit.commit, paths.values())
    for slice_name, path in paths.items():
        slice_value = escape_surrogates(slice_name)
        context.db.execute("delete from orders where hour = ? and slice = ?", (context.hour, slice_value))
        rows = _parse_rows(contents.get(path, b"").splitlines())
        context.db.executemany(
            INSERT_ORDER,
            (
                (context.hour, slice_value, rank, escape_surrogates(str(row.get("id"))))
                for rank, row in enumerate(rows, start=1)
            ),
        )


def _update_usage(
    context: AttemptContext,
    slice_id: int,
    slice_key: tuple[str, str],
    removed: list[Record],
    added: list[Record],
) -> Iterator[Event]:
    """Replace published totals; yield an event for each date whose total changed by more than a hundredth."""
    dates = {row["date"] for row in (*removed, *added)}
    old_totals = {date: _sum_tokens(context, slice_id, date) for date in dates}
    context.db.executemany(DELETE_USAGE, ((slice_id, row["date"], _get_permaslug(row)) for row in removed))
    context.db.executemany(
        "insert or ignore into permaslugs (permaslug) values (?)",
        ((slug,) for slug in sorted({_get_permaslug(row) for row in added})),
    )
    context.db.executemany(
        INSERT_USAGE,
        ((slice_id, row["date"], _get_permaslug(row), read_count(row.get("total_tokens"))) for row in added),
    )
    series, slice_name = slice_key
    for date in sorted(dates):
        percent = compute_restatement(old_totals[date], _sum_tokens(context, slice_id, date))
        if percent is not None:
            # The event has the percentage alone: the totals are in the files, beside the notice that the
            # terms of the service require wherever they are shown.
            key = f"{series}/{slice_name}" if slice_name else series
            yield Event(RESTATED, RANKINGS_FEED, key, date, percent=round(float(percent), 2))


def _get_permaslug(row: Record) -> str:
    return escape_surrogates(str(row["model_permaslug"]))


def _sum_tokens(context: AttemptContext, slice_id: int, date: str) -> int:
    return int(context.db.execute(SELECT_TOTAL, (slice_id, date)).fetchone()[0])


def _replace_lines(context: AttemptContext, series: Series, slice_name: str, added: list[Record]) -> None:
    """Replace the lines of a slice if the added ones are of its last date or a later one."""
    dates = [str(row[series.key[0]]) for row in added] if series.key else []
    newest = max(dates, default="")
    slice_key = (series.name, slice_name)
    query = "select max(date) from ranking_lines where series = ? and slice = ?"
    last_date = context.db.execute(query, slice_key).fetchone()[0] or ""
    if not added or newest < last_date:
        return
    delete = "delete from ranking_lines where series = ? and slice = ? and date < ?"
    context.db.execute(delete, (*slice_key, newest))
    rows = [row for row in added if not series.key or str(row[series.key[0]]) == newest]
    context.db.executemany(
        INSERT_LINE,
        ((*slice_key, newest, _format_key(series, row), dumps(row).decode()) for row in rows),
    )


def _format_key(series: Series, row: Record) -> str:
    return str(to_json([row[name] for name in series.key])) if series.key else dumps(row).decode()
