"""Cells and rows that several pages show: prices and dates of arrival."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.index.record_rows import FIRST_ARRIVALS
from orarchive.publish.dataset import PriceInterval, PriceKey, RecordEntry
from orarchive.publish.views.conditions import format_price_key


@dataclass(frozen=True)
class PriceCell:
    """A price of a dimension, USD per unit; None: unpriced."""

    price: Decimal | None
    dimension: str
    shows_free: bool = False
    """Whether 0 reads "free"; it reads "$0" where something else is charged for."""
    is_priced_elsewhere: bool = False
    """Whether something else than tokens is charged."""
    highest: Decimal | None = None
    """Of a range of prices its end; `price` is then the lowest."""

    @property
    def is_elsewhere(self) -> bool:
        """Return whether another price stands for this one, which is none or zero."""
        return self.is_priced_elsewhere and not self.price

    @property
    def sort_value(self) -> Decimal | None:
        """Return the price to sort a table by; None for any that is no amount, which stand last."""
        is_amount = self.price is not None and self.price >= 0 and not self.is_elsewhere
        return self.price if is_amount else None


@dataclass(frozen=True)
class PricePointRow:
    """A price and the hours that showed it."""

    name: str
    """Dimension and condition: `input (prompt over 200,000 tokens)`."""
    first: dt.datetime
    last: dt.datetime | None
    """None: it still holds."""
    price: PriceCell


def build_point_row(price_key: PriceKey, point: PriceInterval) -> PricePointRow:
    """Build the row of one price point."""
    cell = build_point_cell(price_key.dimension, point)
    return PricePointRow(format_price_key(price_key), point.first, point.last, cell)


def build_point_cell(dimension: str, point: PriceInterval) -> PriceCell:
    """Build the cell of the price of an interval."""
    return PriceCell(point.amount, dimension, highest=point.highest)


@dataclass(frozen=True)
class Since:
    """The date since which something is there, or before which it was."""

    date: dt.date
    is_record_start: bool
    """Whether the record began with it, so that it may be older."""
    after: dt.date | None = None
    """The day of the reading before, where more than a day lies between: it may be there since then."""


def find_common_since(values: Sequence[Since]) -> Since | None:
    """Return the date that several rows have in common, None where they differ or are fewer than two."""
    return values[0] if len(values) > 1 and len(set(values)) == 1 else None


def build_since(entry: RecordEntry, joined: dt.datetime | None = None) -> Since:
    """Build the date since which a record is there; `joined` is the last hour in which it joined, if any."""
    if joined and joined > entry.first:
        return Since(joined.date(), is_record_start=False)
    return Since(entry.first.date(), entry.arrival in FIRST_ARRIVALS)


def build_price_pair(
    prices: Mapping[str, Decimal], is_free: bool, is_priced_elsewhere: bool
) -> tuple[PriceCell, PriceCell]:
    """Build the cells of the input and the output price of a model or an endpoint."""
    prompt, completion = (
        PriceCell(prices.get(name), name, is_free, is_priced_elsewhere) for name in MAIN_DIMENSIONS
    )
    return prompt, completion
