"""What the reviewed files of the catalogue need: figures to check again, statements to withdraw."""

from collections import Counter
from collections.abc import Iterator

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.direct import MAX_PIN_AGE_DAYS
from orarchive.catalog.overrides import DRIFTED, OVERRIDES_FILE, REDUNDANT
from orarchive.catalog.redirects import DEAD, OUTRANKED, REDIRECTS_FILE
from orarchive.timestamps import format_hour

MAX_NAMED_PRICES = 20
"""Direct prices that disagree and are named; of more the number is told."""


def list_reviews(catalog: Catalog) -> list[str]:
    """List what somebody should look at in the reviewed files at the hour of a catalogue, a sentence each."""
    return [
        *_list_stale_pins(catalog),
        *_list_disagreements(catalog),
        *_list_vanished_pins(catalog),
        *_list_overrides(catalog),
        *_list_redirects(catalog),
    ]


def _list_stale_pins(catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for the stale direct prices of each provider, region and day of the check."""
    stale = Counter(
        (price.pin.provider_name, price.pin.region, price.pin.checked_on, price.pin.price_page)
        for price in catalog.direct
        if price.is_stale
    )
    for (name, region, checked_on, page), count in stale.items():
        yield (
            f"{count} direct prices of {name} ({region}) were checked on {checked_on}, more than"
            f" {MAX_PIN_AGE_DAYS} days from {format_hour(catalog.hour)}: compare them with {page}"
        )


def _list_disagreements(catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for each direct price, not stale, from which the maker's own endpoint differs."""
    differing = [
        price for price in catalog.direct if price.own and price.own.disagreements and not price.is_stale
    ]
    for price in differing[:MAX_NAMED_PRICES]:
        assert price.own
        prices = "; ".join(map(str, price.own.disagreements))
        if discount := price.own.endpoint.endpoint.discount:
            prices += f" (before its discount of {discount:.0%})"
        yield (
            f"direct from {price.pin.name}, as of {price.pin.checked_on}, beside"
            f" {price.own.endpoint.key.text}: {prices}"
        )
    if len(differing) > MAX_NAMED_PRICES:
        yield f"{len(differing) - MAX_NAMED_PRICES} more direct prices differ"


def _list_vanished_pins(catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for each direct price whose model its provider no longer lists."""
    for price in catalog.direct:
        if price.is_offered is False:
            yield f"{price.pin.name} has a direct price and is not in the list that the provider itself sends"


def _list_overrides(catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for each override that is redundant, or whose ground has shifted."""
    for audit in catalog.override_audits:
        override = audit.override
        name = f"{OVERRIDES_FILE}: {override.field} of {override.id}"
        if audit.status == REDUNDANT:
            yield f"{name} is redundant: without it the value is {audit.now} as well"
        elif audit.status == DRIFTED:
            yield f"{name} has drifted: it corrected {override.was}, and now the value is {audit.now}"


def _list_redirects(catalog: Catalog) -> Iterator[str]:
    """Yield a sentence for each reviewed replacement that leads to no listed model, or is not needed."""
    for audit in catalog.redirects.audits:
        name = f"{REDIRECTS_FILE}: {audit.row.source}"
        if audit.status == DEAD:
            yield f"{name}: its replacement, {audit.row.target}, leads to no listed model"
        elif audit.status == OUTRANKED:
            yield f"{name} needs no row: {catalog.redirects.by_source[audit.row.source].evidence}"
