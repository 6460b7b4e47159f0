"""Direct prices: what makers ask for models that they serve themselves, beside OpenRouter's prices.

The prices are pinned in reviewed files, because no maker's API states them. The age of a pin is counted from
the hour of the catalogue. Currencies are never converted: a pin that is not in dollars from the start is
compared with nothing.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from orarchive.catalog.data_files import build_row, list_data_files, load_document, load_rows
from orarchive.catalog.labs import Lab
from orarchive.catalog.source import CatalogEndpoint, CatalogModel, CatalogSource
from orarchive.catalog.tiers import blend
from orarchive.domain.phrasing import label_dimension
from orarchive.domain.prices import (
    CONDITIONS,
    MILLION,
    format_price,
    get_prices_at,
    is_same_price,
    list_readable_entries,
    list_scheduled_dimensions,
    list_thresholds,
    read_prices,
    read_schedule,
)
from orarchive.jsonl import Record

DIRECT_FOLDER = "direct"
"""Folder of the reviewed files, below the folder of data."""

MAX_PIN_AGE_DAYS = 90
"""Days between a check and the catalogue's hour beyond which a pin is stale: makers change prices a few times
a year."""

DOLLARS = "USD"
"""Currency of all prices on OpenRouter."""

ANOTHER_CURRENCY = "in another currency"
NOT_ON_OPENROUTER = "not on OpenRouter"
NOT_LISTED = "not listed now"
NOT_THE_MAKER = "sold by another than its maker"
NO_OWN_ENDPOINT = "not served on OpenRouter by its maker"
UNREADABLE = "a schedule with conditions that cannot be read"
TIME_OF_DAY = "priced by the time of day"
OTHER_THRESHOLDS = "priced above other numbers of prompt tokens"


@dataclass(frozen=True)
class ListRow:
    """The prices of a provider in one region, as the file has them."""

    region: str
    currency: str
    price_page: str
    """The provider's own page of prices, to check them against."""
    source_url: str
    """Where the figures were read."""
    checked_on: dt.date
    models: tuple[Record, ...]
    feed: str | None = None
    """The feed that lists the models of this region."""
    converted_from: str | None = None
    """The currency of the price list, where the source had converted it."""


@dataclass(frozen=True)
class PriceRow:
    """The prices of one model, as the file has them: decimal strings for a million tokens."""

    id: str
    prices: Mapping[str, str]
    conditions: tuple[Record, ...] = ()
    openrouter: str | None = None
    context: int | None = None
    max_output: int | None = None
    source_url: str | None = None
    """Where the figures were read, if elsewhere than those of the list; the next likewise."""
    checked_on: dt.date | None = None


@dataclass(frozen=True)
class Pin:
    """The pinned direct prices of one model in one region."""

    provider: str
    """Slug of the provider on OpenRouter."""
    provider_name: str
    region: str
    id: str
    """The provider's id of the model."""
    openrouter: str | None
    """OpenRouter's id of the same model; None where there is none that is surely the same."""
    currency: str
    converted_from: str | None
    pricing: Record
    """Prices for a token and their conditions, in the form of a pricing object of OpenRouter's."""
    context: int | None
    max_output: int | None
    feed: str | None
    price_page: str
    source_url: str
    checked_on: dt.date

    @property
    def prices(self) -> dict[str, Decimal]:
        """Return the prices for a token by dimension, those of an ordinary prompt."""
        return read_prices(self.pricing)

    @property
    def name(self) -> str:
        """Return provider, region and id for people: `DeepSeek (global) deepseek-v4-pro`."""
        return f"{self.provider_name} ({self.region}) {self.id}"


@dataclass(frozen=True)
class Disagreement:
    """A price that a maker asks directly, and a different one of its own endpoint on OpenRouter."""

    dimension: str
    min_prompt_tokens: Decimal
    """Number of prompt tokens above which both hold; 0 for an ordinary prompt."""
    pinned: Decimal
    """USD for a token, as the next."""
    listed: Decimal
    """The endpoint's price before its discount, if it has one."""

    def __str__(self) -> str:
        """Return both prices in words."""
        above = f" above {self.min_prompt_tokens:,} tokens" if self.min_prompt_tokens else ""
        pinned, listed = (format_price(self.dimension, price) for price in (self.pinned, self.listed))
        return f"{label_dimension(self.dimension)}{above} {pinned}, on OpenRouter {listed}"


@dataclass(frozen=True)
class Comparison:
    """The direct prices of a model beside those of its maker's own endpoint on OpenRouter."""

    endpoint: CatalogEndpoint
    disagreements: tuple[Disagreement, ...]
    uncompared: tuple[str, ...]
    """What cannot be compared, with the reason: `prompt: priced by the time of day`."""


@dataclass(frozen=True)
class DirectPrice:
    """A pin beside the prices on OpenRouter at the hour of the catalogue."""

    pin: Pin
    age_days: int
    """Days from the check to the hour; negative where it was checked later."""
    is_offered: bool | None
    """Whether the provider's own list has the id; None where no list was read."""
    cheapest: CatalogEndpoint | None
    """The endpoint with the lowest price, three tokens of input to one of output."""
    cheapest_ratio: Decimal | None
    """The direct price by that of this endpoint, discount included: 0.5 is half as dear."""
    own: Comparison | None
    """The comparison with the maker's own endpoint."""
    own_ratio: Decimal | None
    reason: str
    """Why it is compared with no own endpoint; "" where it is."""

    @property
    def is_stale(self) -> bool:
        """Return whether the check lies further from the hour than MAX_PIN_AGE_DAYS."""
        return abs(self.age_days) > MAX_PIN_AGE_DAYS


@cache
def load_pins() -> tuple[Pin, ...]:
    """Read the pinned prices, by the names of their files; raise ArchiveError where one cannot be read."""
    return tuple(pin for file in list_data_files(DIRECT_FOLDER) for pin in _read_pins(file))


def _read_pins(file: str) -> Iterator[Pin]:
    document = load_document(file)
    for listing in load_rows(file, "list", ListRow):
        for record in listing.models:
            row = build_row(file, "list.models", PriceRow, record)
            yield Pin(
                provider=document["provider"],
                provider_name=document["name"],
                region=listing.region,
                id=row.id,
                openrouter=row.openrouter,
                currency=listing.currency,
                converted_from=listing.converted_from,
                pricing=build_pricing(row.prices, row.conditions),
                context=row.context,
                max_output=row.max_output,
                feed=listing.feed,
                price_page=listing.price_page,
                source_url=row.source_url or listing.source_url,
                checked_on=row.checked_on or listing.checked_on,
            )


def build_pricing(prices: Mapping[str, str], conditions: Iterable[Record]) -> Record:
    """Return a pricing object of OpenRouter's form for prices of a million tokens and their conditions."""
    overrides = [_divide_prices(entry) for entry in conditions]
    return _divide_prices(prices) | ({"overrides": overrides} if overrides else {})


def _divide_prices(prices: Mapping[str, Any]) -> Record:
    return {
        name: value if name in CONDITIONS else f"{Decimal(value) / MILLION:f}"
        for name, value in prices.items()
    }


def build_direct_prices(
    source: CatalogSource, labs: Mapping[str, Lab], pins: Iterable[Pin]
) -> list[DirectPrice]:
    """Put each pin beside the prices on OpenRouter at the hour of the source."""
    return [_build_direct_price(pin, source, labs) for pin in pins]


def _build_direct_price(pin: Pin, source: CatalogSource, labs: Mapping[str, Lab]) -> DirectPrice:
    model = source.listed.get(pin.openrouter or "")
    reason = _find_reason_apart(pin, model, labs)
    priced = [endpoint for endpoint in model.endpoints if _blend(endpoint)] if model else []
    cheapest = min(priced, key=lambda endpoint: (_blend(endpoint), endpoint.key), default=None)
    comparisons = [] if reason or not model else _compare_all(pin, model, source.hour)
    # Of several own endpoints, such as one a region, the pin is about that which it fits best.
    own = min(comparisons, key=lambda entry: (len(entry.disagreements), entry.endpoint.key), default=None)
    ids = source.direct_ids.get(pin.feed or "")
    return DirectPrice(
        pin=pin,
        age_days=(source.hour.date() - pin.checked_on).days,
        is_offered=None if ids is None else pin.id in ids,
        cheapest=cheapest,
        cheapest_ratio=_compute_ratio(pin, cheapest),
        own=own,
        own_ratio=_compute_ratio(pin, own.endpoint if own else None),
        reason=reason or ("" if own else NO_OWN_ENDPOINT),
    )


def _find_reason_apart(pin: Pin, model: CatalogModel | None, labs: Mapping[str, Lab]) -> str:
    """Say why a pin is compared with no own endpoint of its maker; "" where it may be."""
    if not _is_in_dollars(pin):
        return ANOTHER_CURRENCY
    if pin.openrouter is None:
        return NOT_ON_OPENROUTER
    if model is None:
        return NOT_LISTED
    return "" if labs[model.model.lab].provider in (None, pin.provider) else NOT_THE_MAKER


def _is_in_dollars(pin: Pin) -> bool:
    return pin.currency == DOLLARS and pin.converted_from is None


def _blend(endpoint: CatalogEndpoint) -> Decimal:
    """Return the blended price of an endpoint; 0 where it has none."""
    return blend(endpoint.endpoint.prices) or Decimal(0)


def _compute_ratio(pin: Pin, endpoint: CatalogEndpoint | None) -> Decimal | None:
    """Return the direct price by that of an endpoint, both blended; None where either is unknown or 0."""
    direct = blend(pin.prices) if _is_in_dollars(pin) else None
    charged = _blend(endpoint) if endpoint else None
    return direct / charged if direct is not None and charged else None


def _compare_all(pin: Pin, model: CatalogModel, moment: dt.datetime) -> list[Comparison]:
    """Compare a pin with each endpoint of its provider."""
    own = [endpoint for endpoint in model.endpoints if endpoint.key.provider == pin.provider]
    return [compare(pin, endpoint, moment) for endpoint in own]


def compare(pin: Pin, endpoint: CatalogEndpoint, moment: dt.datetime) -> Comparison:
    """Compare a pin with an endpoint at a moment, as far as both state prices for the same conditions.

    OpenRouter reduces prices by a discount of its own, which is taken off before they are compared.
    """
    pricing = endpoint.record.get("pricing")
    if len(list_readable_entries(pricing)) < len(read_schedule(pricing)):
        return Comparison(endpoint, (), (UNREADABLE,))
    by_time = list_scheduled_dimensions(pin.pricing) | list_scheduled_dimensions(pricing)
    uncompared = [f"{name}: {TIME_OF_DAY}" for name in sorted(by_time)]
    thresholds = list_thresholds(pin.pricing, moment)
    if thresholds != list_thresholds(pricing, moment):
        uncompared.append(f"long prompts: {OTHER_THRESHOLDS}")
        thresholds = []
    share = 1 - (endpoint.endpoint.discount or 0)
    disagreements = []
    for over in [Decimal(0), *thresholds]:
        pinned, listed = (get_prices_at(prices, moment, over) for prices in (pin.pricing, pricing))
        for name in pinned:
            if name in by_time or name not in listed:
                continue
            if not is_same_price(pinned[name][0] * share, listed[name][0]):
                disagreements.append(Disagreement(name, over, pinned[name][0], listed[name][0] / share))
    return Comparison(endpoint, tuple(disagreements), tuple(uncompared))
