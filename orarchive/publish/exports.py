"""Tables as CSV, for spreadsheets: what could be taken for a formula is marked as text."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from orarchive.jsonl import dumps
from orarchive.publish.sanitize import show_invisible
from orarchive.publish.views import View
from orarchive.publish.views.endpoints import provider_slug
from orarchive.timestamps import format_stamp

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet runs."""


def build_tables(view: View) -> dict[str, bytes]:
    """Every table: path -> bytes."""
    book = view.dataset
    models = (
        [
            *(
                one.model.id,
                one.model.name,
                one.model.lab,
                " ".join(one.states),
                format_stamp(one.entry.first),
            ),
            *(format_stamp(one.entry.last) if one.entry.last else "", one.model.context),
            *(_price(one.model.prices.get(name)) for name in ("prompt", "completion")),
        ]
        for one in view.models
    )
    endpoints = (
        [
            *(one.parts[0], provider_slug(one.parts[1]), one.parts[1], one.parts[2], format_stamp(one.first)),
            format_stamp(one.last) if one.last else "",
        ]
        for one in book.entries["endpoints"].values()
    )
    points = (
        [
            feed,
            key,
            *rate,
            format_stamp(one.first),
            format_stamp(one.last) if one.last else "",
            _price(one.amount),
        ]
        for (feed, key), prices in sorted(book.prices.items())
        for rate, some in sorted(prices.items())
        for one in some
    )
    events = (
        [
            *(one.hour, one.after, one.by, one.kind, one.feed, one.key, one.field),
            *(_json(one.old), _json(one.new), one.percent, one.cause, one.origin),
        ]
        for one in book.log
    )
    return {
        "data/models.csv": _csv(MODELS, models),
        "data/endpoints.csv": _csv(ENDPOINTS, endpoints),
        "data/prices.csv": _csv(PRICES, points),
        "data/events.csv": _csv(EVENTS, events),
    }


SPAN = ("first_seen", "last_seen")
MODELS = ("id", "name", "lab", "states", *SPAN, "context", "prompt", "completion")
ENDPOINTS = ("model", "provider", "tag", "n", *SPAN)
PRICES = ("feed", "key", "dimension", "condition", "from", "to", "usd")
EVENTS = (
    *("hour", "after", "by", "kind", "feed", "key", "field"),
    *("old", "new", "percent", "cause", "origin"),
)


def _price(price: Any) -> str | None:
    return None if price is None else f"{price:f}"


def _json(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else dumps(value).decode()


def _csv(head: Sequence[str], rows: Iterable[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode(errors="backslashreplace")


def _cell(value: Any) -> Any:
    value = show_invisible(value)
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    return value if _is_number(value) else f"'{value}"


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()
