"""SERIES: the rankings that are archived, a row for each, and the files that their rows go into.

A feed is the state of now, and git holds its past states. A series is a history by itself: its rows carry
dates, and the service restates published rows. So its files are by month, and restated rows are replaced in
place.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlencode

from orarchive.errors import ArchiveError
from orarchive.jsonl import Record, read_lines, write_lines
from orarchive.paths import escape_path
from orarchive.timestamps import YEARS

RANKINGS_FOLDER = "rankings"
"""Folder below `data/`."""

FIRST_DATE = dt.date(2025, 1, 1)
"""The first date that the service publishes."""

MAX_ORDER_LENGTH = 200
"""Models of an order that are archived, from the first on."""

MAX_COUNT_DIGITS = 18
"""Digits of a count that 64 bits can hold whatever they are."""

RESTATED_PERCENT = 1
"""Percent by which the total of a date must have moved to make an event."""

ALL_SLICES = "*"
"""Stands in the ledger for all slices of a series, where no OpenAPI file could be read that names them."""

KEY_TYPES = frozenset({str, int, bool})
"""Types that a field of a key may have."""

USAGE_KEY = ("date", "model_permaslug")
"""The key of rows with the number of tokens that went through a model on a date."""


@dataclass(frozen=True)
class Series:
    """A ranking, or several: one for each value of a parameter, its slices."""

    name: str
    title: str
    """Its name for people, as in commit messages."""
    route: str
    key: tuple[str, ...] = ()
    """The fields that identify a line, the date first; (): a ranking of now, whose lines keep the order
    sent."""
    cadence: Literal["daily", "weekly"] = "daily"
    query: Mapping[str, str] = field(default_factory=dict)
    slice_parameter: str = ""
    """The parameter of which every value is requested by itself; the service's OpenAPI file lists the
    values."""
    has_total: bool = False
    """True where it is also requested without that parameter. The total's slice name is ""."""
    needs_key: bool = True
    date_mode: Literal["span", "day", ""] = ""
    """Dates in requests: `span`, all dates that are not archived or may be restated; `day`, a request each
    for yesterday and for every earlier date that is not archived; or none."""
    date_path: str = ""
    """Dotted path in a response of the date of its rows, where rows carry none: `meta.end_date`."""
    page_size: int = 0
    """Rows in one response, where there may be more pages; 0: a response is complete."""

    @property
    def is_usage(self) -> bool:
        """Return whether its rows hold the tokens that went through a model on a date."""
        return self.key == USAGE_KEY

    @property
    def scope(self) -> str:
        """Return route and query, without slices and dates."""
        return self.route + ("?" + urlencode(self.query) if self.query else "")

    def get_folder(self, slice_name: str = "") -> str:
        """Return the folder below `data/` of a slice's files."""
        return "/".join([RANKINGS_FOLDER, self.name, *([escape_path(slice_name)] if slice_name else [])])

    def get_file_path(self, slice_name: str, date: str = "") -> str:
        """Return the path of a slice's file for the month of a date; a ranking of now has only one file."""
        return (
            f"{self.get_folder(slice_name)}/{date[:7]}.jsonl"
            if self.key
            else f"{self.get_folder(slice_name)}.jsonl"
        )


DAILY_QUERY, WEEKLY_QUERY = {"period": "day"}, {"period": "week"}
RANKINGS_ROUTE = "datasets/rankings-daily"

ORDER = Series(
    name="order",
    title="model order",
    route="models",
    query={"sort": "top-weekly", "output_modalities": "all"},
    slice_parameter="category",
    has_total=True,
    needs_key=False,
)
MODELS = Series(
    "models", "daily totals of models", RANKINGS_ROUTE, USAGE_KEY, query=DAILY_QUERY, date_mode="span"
)
APPS = Series(
    name="apps",
    title="top apps",
    route="datasets/app-rankings",
    key=("date", "app_id"),
    query={"limit": "100"},
    slice_parameter="sort",
    date_mode="day",
    date_path="meta.end_date",
)
TASKS = Series("tasks", "tasks", "classifications/task", ("as_of",), query={"window": "7d"})
MODALITY = Series(
    "modality",
    "daily totals by modality",
    RANKINGS_ROUTE,
    USAGE_KEY,
    query=DAILY_QUERY,
    slice_parameter="modality",
    date_mode="span",
)
CONTEXT = Series(
    "context",
    "daily totals by context length",
    RANKINGS_ROUTE,
    USAGE_KEY,
    query=DAILY_QUERY,
    slice_parameter="context_bucket",
    date_mode="span",
)
CATEGORY = Series(
    "category",
    "weekly totals by category",
    RANKINGS_ROUTE,
    USAGE_KEY,
    "weekly",
    WEEKLY_QUERY,
    slice_parameter="category",
    date_mode="span",
)
LANGUAGE = Series(
    "language",
    "weekly totals by language",
    RANKINGS_ROUTE,
    USAGE_KEY,
    "weekly",
    WEEKLY_QUERY,
    slice_parameter="language_type",
    date_mode="span",
)
SESSIONS = Series(
    name="sessions",
    title="session costs",
    route="datasets/session-cost",
    key=("date", "app_slug", "turn_range", "model_permaslug"),
    cadence="weekly",
    query={"limit": "500"},
    date_path="meta.window_end_date",
    page_size=500,
)
BENCHMARKS = Series("benchmarks", "benchmarks", "benchmarks", cadence="weekly", slice_parameter="source")
"""Scores by third parties, under their terms: requested only where the settings say so."""

SERIES: dict[str, Series] = {
    series.name: series
    for series in (ORDER, MODELS, APPS, TASKS, MODALITY, CONTEXT, CATEGORY, LANGUAGE, SESSIONS, BENCHMARKS)
}
"""In the order in which they are requested: the most informative first, in case the request budget runs
out."""


def merge_rows(
    series: Series, slice_name: str, rows: Iterable[Record], archived: Iterable[Record]
) -> dict[str, bytes]:
    """Return a slice's files with new rows merged in, of the months that these are of.

    Every date of the new rows is replaced whole; all other dates stay. `archived` holds the rows so far of
    the files that `list_file_paths` names. The result maps paths below `data/` to contents.
    """
    if not series.key:
        return {series.get_file_path(slice_name): write_lines(rows)}
    by_date = {**_group_by_date(series, archived), **_group_by_date(series, rows)}
    by_month: dict[str, list[Record]] = {}
    for date in sorted(by_date):
        date_rows = sorted(by_date[date], key=lambda row: _build_sort_key(series, row))
        by_month.setdefault(date[:7], []).extend(date_rows)
    return {
        series.get_file_path(slice_name, month): write_lines(month_rows)
        for month, month_rows in by_month.items()
    }


def _group_by_date(series: Series, rows: Iterable[Record]) -> dict[str, list[Record]]:
    """Group rows by their date."""
    by_date: dict[str, list[Record]] = {}
    for row in rows:
        by_date.setdefault(get_row_date(series, row), []).append(row)
    return by_date


def list_file_paths(series: Series, slice_name: str, rows: Iterable[Record]) -> set[str]:
    """Return the paths of the files that rows of a slice belong into."""
    return {
        series.get_file_path(slice_name, month) for month in {get_row_date(series, row)[:7] for row in rows}
    }


def get_row_date(series: Series, row: Record) -> str:
    """Return the date of a row; "" where rows have no dates."""
    return str(row[series.key[0]]) if series.key else ""


def parse_rows(series: Series, content: bytes, name: str) -> list[Record]:
    """Return the rows of a file; raise ArchiveError, naming the file by `name`, for a line that is no row."""
    rows = read_lines(content, name)
    for number, row in enumerate(rows, start=1):
        if not is_row(series, row):
            msg = (
                f"{name}, line {number}: no row of {series.name}, with {' and '.join(series.key)};"
                " git log says who changed it, git revert undoes that"
            )
            raise ArchiveError(msg)
    return rows


def is_row(series: Series, row: Record) -> bool:
    """Return whether a row has all key fields, and a date where rows of the series have one."""
    return has_key(series, row) and (not series.key or is_date(get_row_date(series, row)))


def has_key(series: Series, row: Record) -> bool:
    """Return whether a row has all key fields, each a text or a whole number."""
    return KEY_TYPES.issuperset(map(type, map(row.get, series.key)))


@lru_cache(maxsize=2**12)
def is_date(text: str) -> bool:
    """Return whether a text is a date as rows have it: `2026-11-20`, of a year that hours may have."""
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return False
    # Python also reads other forms, such as `20261120` and `2026-W47-5`.
    return f"{date}" == text and date.year in YEARS


def _build_sort_key(series: Series, row: Record) -> list[tuple[str, Any]]:
    """Return the sort key of a row among those of its date; it also works for fields of mixed types."""
    return [(type(row[name]).__name__, row[name]) for name in series.key[1:]]


def get_series_of_path(path: str) -> str | None:
    """Return the series name of a file below `data/`; `openapi` for the OpenAPI file; else None."""
    folder, _, name = path.partition("/")
    if folder == "openapi":
        return folder
    series = name.partition("/")[0].removesuffix(".jsonl")
    return series if is_series_file(path) else None


def is_series_file(path: str) -> bool:
    """Return whether a file below `data/` holds rankings."""
    return path.startswith(f"{RANKINGS_FOLDER}/") and path.endswith(".jsonl")


def compute_restatement(old: int, new: int) -> Decimal | None:
    """Return the change of a total in percent; None where it is small, or from 0."""
    percent = Decimal(new - old) / old * 100 if old else Decimal(0)
    return percent if abs(percent) > RESTATED_PERCENT else None


def read_count(value: Any) -> int | None:
    """Return a count, sent as a text or a number, that 64 bits can hold; None for any other value."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_COUNT_DIGITS else None
