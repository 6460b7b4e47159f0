"""Values in the types of the columns: times, exact prices, JSON."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Any

from orarchive.domain.prices import parse_price
from orarchive.domain.records import as_number
from orarchive.export.columns import PRICE
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import dumps
from orarchive.timestamps import parse_stamp

MAX_PRICE = Decimal(10) ** (PRICE.precision - PRICE.scale)


@lru_cache(maxsize=2**16)
def parse_time(stamp: str) -> dt.datetime:
    """Parse a stamp of the index, in UTC."""
    return parse_stamp(stamp).astimezone(dt.UTC)


def parse_optional_time(stamp: str | None) -> dt.datetime | None:
    """Parse a stamp of the index; None stays None."""
    return parse_time(stamp) if stamp else None


def fit_price(value: Any) -> Decimal | None:
    """Return a price, given as a Decimal or a text, if the type of prices holds it exactly; else None."""
    price = parse_price(value)
    if price is None or abs(price) >= MAX_PRICE:
        return None
    exponent = price.normalize().as_tuple().exponent
    return price if isinstance(exponent, int) and exponent >= -PRICE.scale else None


def fit_integer(value: Any) -> int | None:
    """Return a whole number that 64 bits hold, however it is spelled; None for any other value."""
    number = as_number(value)
    return int(number) if number is not None and number == int(number) else None


def format_sent(value: Any) -> str:
    """Return a value of a record as it was sent: a text as it is, anything else as JSON."""
    return escape_surrogates(value) if isinstance(value, str) else dumps(value).decode()
