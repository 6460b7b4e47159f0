"""The page of direct prices: what makers ask for models that they serve themselves, beside OpenRouter's."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.direct import MAX_PIN_AGE_DAYS, DirectPrice, Pin
from orarchive.catalog.tombstones import count_days
from orarchive.domain.figures import describe_ratio, format_share
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.views.direct_prices import format_direct, list_further_texts


@dataclass(frozen=True)
class DirectRow:
    """The direct price of a model."""

    id: str
    """The provider's id."""
    openrouter: str
    """OpenRouter's id; "" where no model there is surely the same."""
    is_gone_there: bool
    """Whether the provider's own list no longer has it."""
    prices: list[str]
    """Input and output, "" where there is none."""
    further: list[str]
    """Other prices, in words."""
    checked_on: dt.date
    age: str
    is_stale: bool
    cheapest: str
    """The provider with the lowest price on OpenRouter."""
    cheapest_ratio: str
    """The direct price as a share of that; "" where they cannot be compared."""
    own_ratio: str
    """Likewise of the price of the maker's own endpoint."""
    disagreements: list[str]
    """Where its maker's own endpoint on OpenRouter has another price before OpenRouter's discount."""
    discount: str
    """That discount; "" where there is none."""
    uncompared: list[str]
    reason: str
    """Why there is no own endpoint to compare with; "" where there is."""

    @property
    def is_compared(self) -> bool:
        """Return whether OpenRouter has a price to compare it with."""
        return bool(self.cheapest_ratio or self.own_ratio or self.disagreements)


@dataclass(frozen=True)
class DirectList:
    """The direct prices of a provider in a region."""

    id: str
    provider: str
    slug: str
    region: str
    currency: str
    converted_from: str
    """The currency of the provider's list, where the source had converted it."""
    price_page: str
    source_url: str
    caption: str
    rows: list[DirectRow]
    """Those that are compared."""
    others: list[DirectRow]
    checked: DirectRow | None
    """A row that was checked on the day on which all were; None where days differ."""

    @property
    def others_caption(self) -> str:
        """Return the name of the table of the others."""
        return f"{self.caption}, without a comparison"

    @property
    def others_id(self) -> str:
        """Return the id of the table of the others."""
        return f"{self.id}-others"


@dataclass(frozen=True)
class DirectPage:
    """The context of the page of direct prices."""

    providers: list[str]
    lists: list[DirectList]
    stale: int
    """Number of prices that were checked too long ago."""
    max_age_days: int = MAX_PIN_AGE_DAYS


def build_direct_page(catalog: Catalog) -> DirectPage:
    """Build the page of direct prices, a list for each provider and region."""
    groups = groupby(catalog.direct, key=lambda price: (price.pin.provider, price.pin.region))
    return DirectPage(
        providers=list(dict.fromkeys(price.pin.provider_name for price in catalog.direct)),
        lists=[_build_list(n, [*prices]) for n, (_, prices) in enumerate(groups, start=1)],
        stale=sum(price.is_stale for price in catalog.direct),
    )


def _build_list(n: int, prices: list[DirectPrice]) -> DirectList:
    pin = prices[0].pin
    rows = [_build_row(price) for price in sorted(prices, key=lambda price: not price.pin.openrouter)]
    return DirectList(
        id=f"direct-{n}",
        provider=pin.provider_name,
        slug=pin.provider,
        region=pin.region,
        currency=pin.currency,
        converted_from=pin.converted_from or "",
        price_page=pin.price_page,
        source_url=pin.source_url,
        caption=f"Direct prices of {pin.provider_name}, {pin.region}, in {pin.currency} for a million tokens",
        rows=[row for row in rows if row.is_compared],
        others=[row for row in rows if not row.is_compared],
        checked=rows[0] if len({row.checked_on for row in rows}) == 1 else None,
    )


def _build_row(price: DirectPrice) -> DirectRow:
    pin, own = price.pin, price.own
    discount = own.endpoint.endpoint.discount if own else None
    return DirectRow(
        id=pin.id,
        openrouter=pin.openrouter or "",
        is_gone_there=price.is_offered is False,
        prices=[_format_main(pin, name) for name in MAIN_DIMENSIONS],
        further=list_further_texts(pin),
        checked_on=pin.checked_on,
        age=count_days(price.age_days) if price.age_days >= 0 else "after this hour",
        is_stale=price.is_stale,
        cheapest=price.cheapest.endpoint.provider if price.cheapest else "",
        cheapest_ratio=describe_ratio(price.cheapest_ratio),
        own_ratio=describe_ratio(price.own_ratio),
        disagreements=[str(disagreement) for disagreement in own.disagreements] if own else [],
        discount=format_share(discount, 0) if discount else "",
        uncompared=[*own.uncompared] if own else [],
        reason=price.reason,
    )


def _format_main(pin: Pin, dimension: str) -> str:
    price = pin.prices.get(dimension)
    return "" if price is None else format_direct(pin, dimension, price)
