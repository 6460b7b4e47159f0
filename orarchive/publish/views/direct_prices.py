"""Direct prices in words, for the page of them and for those of models."""

from decimal import Decimal

from orarchive.catalog.direct import DOLLARS, Pin
from orarchive.domain.phrasing import label_dimension, sort_dimensions
from orarchive.domain.prices import (
    MAIN_DIMENSIONS,
    MILLION,
    PER_UNIT,
    format_dollars,
    format_unit,
    read_schedule,
)


def list_price_texts(pin: Pin) -> list[str]:
    """List the prices of a pin, those of an ordinary prompt, as `$0.14 per M input`."""
    return [
        f"{format_direct(pin, name, pin.prices[name])}{format_unit(name)} {label_dimension(name)}"
        for name in MAIN_DIMENSIONS
        if name in pin.prices
    ]


def list_further_texts(pin: Pin) -> list[str]:
    """List the other prices of a pin, and say whether it has prices by time of day or prompt length."""
    texts = [
        f"{label_dimension(name)} {format_direct(pin, name, pin.prices[name])}"
        for name in sort_dimensions(pin.prices)
        if name not in MAIN_DIMENSIONS
    ]
    return [*texts, "others by time of day or prompt length"] if read_schedule(pin.pricing) else texts


def format_direct(pin: Pin, dimension: str, price: Decimal) -> str:
    """Format a price of a pin in its currency, without its unit: `$0.14`, `1.20 CNY`."""
    amount = format_dollars(price if dimension in PER_UNIT else price * MILLION)
    return amount if pin.currency == DOLLARS else f"{amount.removeprefix('$')} {pin.currency}"
