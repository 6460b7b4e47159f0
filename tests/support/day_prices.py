"""Readings of the file of days, as its pages read it, beside the answers of the program."""

import datetime as dt
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from orarchive.domain.prices import list_scheduled_dimensions
from orarchive.errors import NotCoveredError
from orarchive.queries.price import PriceQuote, find_quotes
from orarchive.timestamps import DAY, HOUR

MILLION = 1_000_000

CLOCK = [
    {"utc_start": 0, "utc_end": 800, "prompt": "0.000001"},
    {"utc_start": 800, "utc_end": 0, "prompt": "0.000003"},
]
"""A schedule: one price of input until 08:00 UTC, another after it."""


def make_priced(model: str, prompt: str, **more: Any) -> dict[str, Any]:
    """Return the record of a model with a price of input; `more` has further prices."""
    return {
        "id": model,
        "name": model.upper(),
        "pricing": {"prompt": prompt, "completion": "0.000002", **more},
    }


def read_day(file: dict[str, Any], model: str, day: dt.date) -> dict[str, list[Decimal]] | None:
    """Return the lowest and the highest price by dimension, or its only one; None if it was not listed."""
    number = (day - dt.date.fromisoformat(file["first"])).days
    (row,) = (row for row in file["models"] if row["id"] == model)
    if not any(first <= number and (end is None or number < end) for first, end in row["listed"]):
        return None
    prices = {}
    for dimension, steps in zip(file["dimensions"], row["prices"], strict=True):
        past = [amounts for first, *amounts in steps if first <= number]
        if past and past[-1] != [None]:
            prices[dimension] = [*map(Decimal, past[-1])]
    return prices


def assert_days_agree(
    db: sqlite3.Connection, file: dict[str, Any], samples: Iterable[tuple[str, dt.date]]
) -> dict[str, int]:
    """Assert that models cost on days what `price` says of the last hour; count the kinds of answers."""
    counts = {"absent": 0, "fixed": 0, "ranges": 0, "dynamic": 0}
    for model, day in samples:
        shown = read_day(file, model, day)
        quote = find_quote(db, model, day)
        assert (shown is None) == (quote is None), (model, day)
        if shown is None or quote is None:
            counts["absent"] += 1
            continue
        ranged = list_scheduled_dimensions(quote.pricing)
        for dimension in file["dimensions"]:
            kind = _compare(shown.get(dimension, []), quote, dimension, dimension in ranged)
            assert kind, (model, day, dimension, shown, quote.prices)
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def find_quote(db: sqlite3.Connection, model: str, day: dt.date) -> PriceQuote | None:
    """Return the answer of `price` for the last hour of a day; None if the model was not listed."""
    at = dt.datetime.combine(day, dt.time(), dt.UTC) + DAY - HOUR
    try:
        return find_quotes(db, model, at)[0]
    except NotCoveredError:
        return None


def _compare(shown: list[Decimal], quote: PriceQuote, dimension: str, is_ranged: bool) -> str:
    """Return the kind of answer on which both agree; "" where they do not."""
    answer = quote.prices.get(dimension)
    if answer is None:
        return "none" if not shown or is_ranged else ""
    price = Decimal(answer["price"])
    if price < 0:
        return "dynamic" if shown == [price] else ""
    if is_ranged:
        return "ranges" if shown and min(shown) <= price * MILLION <= max(shown) else ""
    return "fixed" if shown == [price * MILLION] else ""
