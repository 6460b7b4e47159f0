"""SERIES: the one table of the rankings that are archived: what the service publishes of usage, by date.

A feed says how things are, and git holds how they were. A series is history by itself: its rows carry dates,
and published ones are restated. So its files are by month, and what is restated is replaced in place.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
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
"""Models of an order that are kept: the first ones."""

RESTATED_SHARE = Decimal("0.01")
"""Share by which the total of a date must have moved to be told."""

ALL_SLICES = "*"
"""Stands in the ledger for all parts of a series of which no OpenAPI file names any."""

USAGE_KEY = ("date", "model_permaslug")
"""The key of rows that say how many tokens went through a model on a date."""


@dataclass(frozen=True)
class Series:
    """A ranking, or one for each value of a parameter: its parts."""

    name: str
    route: str
    key: tuple[str, ...] = ()
    """The fields that identify a line, the date first; (): lines stand in the order sent, as they are now."""
    cadence: Literal["daily", "weekly"] = "daily"
    query: Mapping[str, str] = field(default_factory=dict)
    slice_parameter: str = ""
    """The parameter whose every value is asked for by itself; the service's OpenAPI file names them."""
    has_total: bool = False
    """Whether it is asked for without that parameter, too."""
    needs_key: bool = True
    date_mode: Literal["span", "day", ""] = ""
    """With which dates: all that are not known or may be restated; yesterday, and each late one that is not
    known, by itself; or none."""
    date_path: str = ""
    """Where a response tells the date of its rows, if they do not: `meta.end_date`."""
    page_size: int = 0
    """Rows of one answer, where there may be more; 0: an answer is all there is."""

    @property
    def is_usage(self) -> bool:
        """Whether its rows say how many tokens went through a model on a date."""
        return self.key == USAGE_KEY

    @property
    def scope(self) -> str:
        """Route and query, without parts and dates."""
        return self.route + ("?" + urlencode(self.query) if self.query else "")

    def folder(self, part: str = "") -> str:
        """The folder of a part's files below `data/`."""
        return "/".join([RANKINGS_FOLDER, self.name, *([escape_path(part)] if part else [])])

    def file_path(self, part: str, date: str = "") -> str:
        """The file of a part for the month of a date; of one that is as it is now the only one."""
        return f"{self.folder(part)}/{date[:7]}.jsonl" if self.key else f"{self.folder(part)}.jsonl"


DAILY_QUERY, WEEKLY_QUERY = {"period": "day"}, {"period": "week"}
RANKINGS_ROUTE = "datasets/rankings-daily"

ORDER = Series(
    name="order",
    route="models",
    query={"sort": "top-weekly", "output_modalities": "all"},
    slice_parameter="category",
    has_total=True,
    needs_key=False,
)
MODELS = Series("models", RANKINGS_ROUTE, USAGE_KEY, query=DAILY_QUERY, date_mode="span")
APPS = Series(
    name="apps",
    route="datasets/app-rankings",
    key=("date", "app_id"),
    query={"limit": "100"},
    slice_parameter="sort",
    date_mode="day",
    date_path="meta.end_date",
)
TASKS = Series("tasks", "classifications/task", ("as_of",), query={"window": "7d"})
MODALITY = Series(
    "modality", RANKINGS_ROUTE, USAGE_KEY, query=DAILY_QUERY, slice_parameter="modality", date_mode="span"
)
CONTEXT = Series(
    "context",
    RANKINGS_ROUTE,
    USAGE_KEY,
    query=DAILY_QUERY,
    slice_parameter="context_bucket",
    date_mode="span",
)
CATEGORY = Series(
    "category",
    RANKINGS_ROUTE,
    USAGE_KEY,
    "weekly",
    WEEKLY_QUERY,
    slice_parameter="category",
    date_mode="span",
)
LANGUAGE = Series(
    "language",
    RANKINGS_ROUTE,
    USAGE_KEY,
    "weekly",
    WEEKLY_QUERY,
    slice_parameter="language_type",
    date_mode="span",
)
SESSIONS = Series(
    name="sessions",
    route="datasets/session-cost",
    key=("date", "app_slug", "turn_range", "model_permaslug"),
    cadence="weekly",
    query={"limit": "500"},
    date_path="meta.window_end_date",
    page_size=500,
)
BENCHMARKS = Series("benchmarks", "benchmarks", cadence="weekly", slice_parameter="source")
"""Figures of others, under their terms: asked for only where that is wished."""

SERIES: dict[str, Series] = {
    one.name: one
    for one in (ORDER, MODELS, APPS, TASKS, MODALITY, CONTEXT, CATEGORY, LANGUAGE, SESSIONS, BENCHMARKS)
}
"""In the order in which they are asked for: what says most comes first, should the requests not last."""


def merge_rows(
    series: Series, part: str, rows: Iterable[Record], files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """A part's files with new rows: a date that they have is replaced whole, one that they lack stays.

    `files` holds the part's files by path below `data/`; those of other months are not needed.
    """
    if not series.key:
        return {series.file_path(part): write_lines(rows)}
    by_month: dict[str, list[Record]] = {}
    for row in rows:
        by_month.setdefault(row_date(series, row)[:7], []).append(row)
    found = {}
    for month, new in by_month.items():
        path = series.file_path(part, month)
        dates = {row_date(series, row) for row in new}
        old = [
            row
            for row in parse_rows(series, files.get(path, b""), f"data/{path}")
            if row_date(series, row) not in dates
        ]
        found[path] = write_lines(sorted([*old, *new], key=lambda row: _place(series, row)))
    return found


def list_file_paths(series: Series, part: str, rows: Iterable[Record]) -> set[str]:
    """The files that rows of a part belong into."""
    return {series.file_path(part, month) for month in {row_date(series, row)[:7] for row in rows}}


def row_date(series: Series, row: Record) -> str:
    """The date of a row; "" where rows have none."""
    return str(row[series.key[0]]) if series.key else ""


def parse_rows(series: Series, content: bytes, name: str) -> list[Record]:
    """The rows of a file; `name` is what an error calls it."""
    rows = read_lines(content, name)
    for number, row in enumerate(rows, start=1):
        if not is_row(series, row):
            msg = f"{name}, line {number}: no row of {series.name}, with {' and '.join(series.key)}"
            raise ArchiveError(msg)
    return rows


def is_row(series: Series, row: Record) -> bool:
    """Whether a row says of when it is, and of what."""
    named = all(isinstance(row.get(name), str | int) for name in series.key)
    return named and (not series.key or is_date(row_date(series, row)))


def is_date(text: str) -> bool:
    """Whether a text is a date as rows have it."""
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return False
    return f"{date}" == text and date.year in YEARS  # of a week's days Python reads other forms too


def _place(series: Series, row: Record) -> list[tuple[str, Any]]:
    """Where a row stands among others, whatever kinds its key fields are of."""
    return [(type(row[name]).__name__, row[name]) for name in series.key]


def series_of_path(path: str) -> str | None:
    """The series that a file below `data/` is of, by name; of the service's OpenAPI file `openapi`."""
    top, _, rest = path.partition("/")
    if top == "openapi":
        return top
    name = rest.partition("/")[0].removesuffix(".jsonl")
    return name if top == RANKINGS_FOLDER and path.endswith(".jsonl") else None
