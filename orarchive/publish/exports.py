"""Tables as CSV for spreadsheets; a cell that a spreadsheet could take for a formula is marked as text."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.jsonl import dumps
from orarchive.publish.dataset import Dataset, format_span
from orarchive.publish.sanitize import show_invisible
from orarchive.publish.views import View
from orarchive.publish.views.models import ModelView

ENCODING = "utf-8-sig"
"""UTF-8 with a byte order mark: without it Excel reads a table in the code page of the machine."""

FORMULA_SIGNS = ("=", "+", "-", "@")
"""First characters of a cell that a spreadsheet would evaluate, also behind white space."""

STRIPPED_STARTS = ("\t", "\r", "\n")
"""First characters that a program may drop, or take for the end of a cell, before it looks for a formula."""

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""A plain decimal number, which stays one although it may begin with a sign."""

SPAN = ("first_seen", "last_seen")
MODEL_COLUMNS = ("id", "name", "author", "states", *SPAN, "context_length", *MAIN_DIMENSIONS)
ENDPOINT_COLUMNS = ("model", "provider", "tag", "n", *SPAN)
PRICE_COLUMNS = ("feed", "key", "dimension", "condition", "from", "to", "usd")
EVENT_COLUMNS = (
    *("hour", "after", "by", "kind", "feed", "key", "field"),
    *("old", "new", "percent", "cause", "origin"),
)

Row = list[Any]
"""Cells; None is an empty cell."""


def build_tables(view: View) -> dict[str, bytes]:
    """Build every CSV table: path -> bytes."""
    return {
        "data/models.csv": _write_table(MODEL_COLUMNS, _list_model_rows(view.models)),
        "data/endpoints.csv": _write_table(ENDPOINT_COLUMNS, _list_endpoint_rows(view.dataset)),
        "data/prices.csv": _write_table(PRICE_COLUMNS, _list_price_rows(view.dataset)),
        "data/events.csv": _write_table(EVENT_COLUMNS, _list_event_rows(view.dataset)),
    }


def _list_model_rows(models: Iterable[ModelView]) -> Iterator[Row]:
    """Yield a row for each model that was ever listed."""
    for view in models:
        model = view.model
        prices = [_format_price(model.prices.get(name)) for name in MAIN_DIMENSIONS]
        states = " ".join(view.states)
        yield [model.id, model.name, model.lab, states, *format_span(view.entry), model.context, *prices]


def _list_endpoint_rows(dataset: Dataset) -> Iterator[Row]:
    """Yield a row for each endpoint that was ever listed."""
    for entry in dataset.entries["endpoints"].values():
        model, tag, n = entry.parts
        yield [model, get_provider_of_tag(tag), tag, n, *format_span(entry)]


def _list_price_rows(dataset: Dataset) -> Iterator[Row]:
    """Yield a row for each price interval."""
    for (feed, key), prices in sorted(dataset.prices.items()):
        for price_key, intervals in sorted(prices.items()):
            for interval in intervals:
                yield [feed, key, *price_key, *format_span(interval), _format_price(interval.amount)]


def _list_event_rows(dataset: Dataset) -> Iterator[Row]:
    """Yield a row for each event."""
    for event in dataset.log:
        yield [
            *(event.hour, event.after, event.by, event.kind, event.feed, event.key, event.field),
            *(_format_json(event.old), _format_json(event.new), event.percent, event.cause, event.origin),
        ]


def _format_price(price: Decimal | None) -> str | None:
    """Write an exact price in plain digits."""
    return None if price is None else f"{price:f}"


def _format_json(value: Any) -> str | None:
    """Write a value as JSON, a text as it is."""
    return value if value is None or isinstance(value, str) else dumps(value).decode()


def _write_table(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Write a table with its header as CSV, in UTF-8 with a byte order mark."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_format_cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode(ENCODING)


def _format_cell(value: Any) -> Any:
    """Show invisible characters of a text, and put an apostrophe before one that looks like a formula."""
    value = show_invisible(value)
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet could evaluate a cell.

    Full-width and small forms of a sign count as the sign: spreadsheets in East Asian settings read them so.
    """
    if (text[:1].isascii() and text[:1].isalnum()) or NUMBER.fullmatch(text):
        return False
    sign = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return text.startswith(STRIPPED_STARTS) or sign.startswith(FORMULA_SIGNS)
