"""Amounts of prices as the pages show them, without their units."""

from decimal import Decimal
from functools import lru_cache

from markupsafe import Markup

from orarchive.domain.prices import MILLION, PER_UNIT, format_dollars, is_dynamic
from orarchive.timestamps import MAX_CACHED

MAX_DIGITS = 4
"""A price is shown exactly up to so many decimals or significant digits. A longer one is rounded, with its
exact form in the title."""

FIGURE_SPACE, PUNCTUATION_SPACE = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point."""


@lru_cache(MAX_CACHED)
def format_amount(price: Decimal, dimension: str) -> str:
    """Format a price without its unit: `$1.25`, `$0.0417`, `$0`, `dynamic`."""
    if is_dynamic(price):
        return "dynamic"
    if not price:
        return "$0"
    value = _scale_price(price, dimension)
    digits = value.normalize()
    significant = len(digits.as_tuple().digits)
    decimals = significant - 1 - digits.adjusted()
    if decimals <= MAX_DIGITS or significant <= MAX_DIGITS:
        return format_dollars(value)
    return format_dollars(round(value, MAX_DIGITS if value >= 1 else max(MAX_DIGITS, 2 - value.adjusted())))


def format_per_million(price: Decimal) -> str:
    """Return the digits of a token's price for a million; of one below 0, which is no amount, as it is."""
    return f"{price.normalize():f}" if price < 0 else f"{(price * MILLION).normalize():f}"


def pad_decimals(amount: str) -> Markup:
    """Return the spaces that align an amount with one of MAX_DIGITS decimals."""
    _, point, decimals = amount.partition(".")
    return Markup("" if point else PUNCTUATION_SPACE) + FIGURE_SPACE * (MAX_DIGITS - len(decimals))


@lru_cache(MAX_CACHED)
def format_exact(price: Decimal, dimension: str) -> str:
    """Format the exact price if `format_amount` rounds it; return "" otherwise."""
    if price <= 0:
        return ""
    exact = format_dollars(_scale_price(price, dimension))
    return exact if exact != format_amount(price, dimension) else ""


def exact_digits(price: Decimal, dimension: str) -> str:
    """Return the exact digits of a price, as scripts read them."""
    return f"{_scale_price(price, dimension).normalize():f}"


def _scale_price(price: Decimal, dimension: str) -> Decimal:
    """Return a price per million tokens, or per unit where the dimension is not charged by the token."""
    return price if dimension in PER_UNIT else price * MILLION
