"""What providers charge for a model in the list: the lowest price, and that of more abilities."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.source import CatalogEndpoint
from orarchive.domain.prices import MILLION
from orarchive.publish.amounts import format_amount, format_exact, pad_decimals
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.endpoints import LONG_CONTEXT_TOKENS, EndpointView, list_priced
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.price_charts import CHART_DIMENSIONS

ABILITY_TRAITS = {"tools": "tools", "json": "structured", "reasoning": "reasoning"}
"""Trait to filter models by -> the ability of an endpoint that stands for it."""

OFFERED = {*ABILITY_TRAITS, "128k", "zdr"}
"""Traits that one provider must have together where several are chosen."""

MAX_BLENDED_DECIMALS = 3
"""Decimals of a blended price; more where it would have less than two significant digits."""


@dataclass(frozen=True)
class Offer:
    """The prices of a provider for a model."""

    cells: list[PriceCell | None]
    """Input, output, reading the cache and blended; None for one that it does not have."""
    traits: list[str]
    """Traits to filter models by that it has, sorted."""
    provider: str
    """Display name."""

    @property
    def text(self) -> str:
        """Return it as the script of the list reads it: the prices as shown, the traits and the provider."""
        provider = self.provider.replace("|", " ").replace("/", " ")
        return "|".join([*map(_format_cell, self.cells), " ".join(self.traits), provider])


def _format_cell(cell: PriceCell | None) -> str:
    """Format a price, which nothing rounds, with the spaces that align it."""
    if cell is None or cell.price is None:
        return "–"
    amount = format_exact(cell.price, cell.dimension) or format_amount(cell.price, cell.dimension)
    return amount + ("+" if cell.highest else "") + pad_decimals(amount)


def is_offered(model: ModelView, trait: str) -> bool:
    """Return whether a provider has the ability of a trait; True where no provider is known to serve it."""
    ability = ABILITY_TRAITS.get(trait)
    return not ability or not model.endpoints or any(_has(view, ability) for view in model.endpoints)


def _has(view: EndpointView, ability: str) -> bool:
    """Return whether an endpoint has an ability; True where it does not state what it supports."""
    return ability in view.abilities or "supported_parameters" not in view.entry.record


def list_offers(model: ModelView, endpoints: Iterable[CatalogEndpoint]) -> list[Offer]:
    """List the offers that may be recommended, by blended price: each has traits that no cheaper one has.

    `endpoints` are those of the model in the catalogue.
    """
    zdr = {endpoint.key.label for endpoint in endpoints if endpoint.is_zdr}
    offers: list[Offer] = []
    for amount, view in list_priced(model.endpoints):
        traits = _list_traits(view, is_zdr=view.label in zdr)
        if not any({*traits} <= {*cheaper.traits} for cheaper in offers):
            prices = [view.endpoint.prices.get(name) for name in CHART_DIMENSIONS]
            cells = [PriceCell(price, name) for price, name in zip(prices, CHART_DIMENSIONS, strict=True)]
            offers.append(Offer([*cells, build_blended(amount)], traits, view.endpoint.provider))
    return offers


def has_all_traits(offer: Offer, traits: Collection[str]) -> bool:
    """Return whether an offer has all those traits of a model that an offer can have."""
    return {*traits} & OFFERED <= {*offer.traits}


def build_blended(amount: Decimal, is_free: bool = False, highest: Decimal | None = None) -> PriceCell:
    """Build the cell of a blended price, USD for a million tokens, which nobody needs in full length."""
    decimals = max(MAX_BLENDED_DECIMALS, 1 - amount.adjusted())
    top = highest / MILLION if highest and highest != amount else None
    return PriceCell(round(amount, decimals) / MILLION, "prompt", is_free, highest=top)


def _list_traits(view: EndpointView, is_zdr: bool) -> list[str]:
    traits = {
        **{trait: _has(view, ability) for trait, ability in ABILITY_TRAITS.items()},
        "128k": (view.endpoint.context or 0) >= LONG_CONTEXT_TOKENS,
        "zdr": is_zdr,
    }
    return sorted(trait for trait, holds in traits.items() if holds)
