"""Tables as CSV for spreadsheets; a cell that a spreadsheet could take for a formula is marked as text."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.jsonl import loads
from orarchive.publish.dataset import Dataset, format_span
from orarchive.publish.sanitize import show_invisible
from orarchive.publish.views import View
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import MAX_CACHED

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
    for feed, key in sorted(dataset.prices):
        rows = sorted(dataset.prices.rows[feed, key], key=itemgetter(0, 1))
        for dimension, condition, _, first, last, amount in rows:
            yield [feed, key, dimension, condition, first, last, _format_amount(amount)]


def _list_event_rows(dataset: Dataset) -> Iterator[Row]:
    """Yield a row for each event."""
    for row in dataset.log.rows:
        yield [
            *(row.hour, row.after, row.by, row.kind, row.feed, row.key, row.field),
            *(_format_json(row.old), _format_json(row.new), row.percent, row.cause, row.origin),
        ]


def _format_price(price: Decimal | None) -> str | None:
    """Write an exact price in plain digits."""
    return None if price is None else f"{price:f}"


@lru_cache(MAX_CACHED)
def _format_amount(amount: str) -> str:
    """Write an exact price, given as text, in plain digits."""
    return f"{Decimal(amount):f}"


@lru_cache(MAX_CACHED)
def _format_json(text: str | None) -> str | None:
    """Return a value that is given as JSON: a text as it is, others as JSON."""
    return loads(text) if text and text.startswith('"') else text


def _write_table(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Write a table with its header as CSV, in UTF-8 with a byte order mark."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [_format_text(value) if isinstance(value, str) else value for value in row] for row in rows
    )
    return buffer.getvalue().encode(ENCODING)


@lru_cache(MAX_CACHED)
def _format_text(text: str) -> str:
    """Show invisible characters of a text, and put an apostrophe before one that looks like a formula."""
    text = show_invisible(text)
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet could evaluate a cell.

    Full-width and small forms of a sign count as the sign: spreadsheets in East Asian settings read them so.
    """
    if (text[:1].isascii() and text[:1].isalnum()) or NUMBER.fullmatch(text):
        return False
    sign = unicodedata.normalize("NFKC", text.lstrip()[:1])
    return text.startswith(STRIPPED_STARTS) or sign.startswith(FORMULA_SIGNS)
