"""What providers charge for a model in the list: the lowest price, and that of more abilities."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.source import CatalogEndpoint
from orarchive.domain.prices import MILLION
from orarchive.publish.amounts import format_amount, format_per_million, pad_decimals
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

    prices: list[str]
    """Input, output and reading the cache, USD for a million tokens; "" for one that it does not have."""
    blended: Decimal
    """USD for a million tokens."""
    traits: list[str]
    """Traits to filter models by that it has, sorted."""
    provider: str
    """Display name."""

    @property
    def text(self) -> str:
        """Return it as the script of the list reads it.

        That is the prices, the blended one as shown, the traits and the provider.
        """
        cell = build_blended(self.blended)
        amount = format_amount(cell.price, cell.dimension)
        provider = self.provider.replace("|", " ").replace("/", " ")
        return "|".join([*self.prices, amount + pad_decimals(amount), " ".join(self.traits), provider])


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
            offers.append(Offer(_list_prices(view.endpoint.prices), amount, traits, view.endpoint.provider))
    return offers


def is_list_price(offers: Sequence[Offer], model: ModelView, traits: Collection[str]) -> bool:
    """Return whether the only offer is the list price of a model, and has all its traits that offers have."""
    prices = [offer.prices for offer in offers]
    return prices == [_list_prices(model.model.prices)] and {*traits} & OFFERED <= {*offers[0].traits}


def build_blended(amount: Decimal, is_free: bool = False) -> PriceCell:
    """Build the cell of a blended price, USD for a million tokens, which nobody needs in full length."""
    decimals = max(MAX_BLENDED_DECIMALS, 1 - amount.adjusted())
    return PriceCell(round(amount, decimals) / MILLION, "prompt", is_free)


def _list_prices(prices: dict[str, Decimal]) -> list[str]:
    amounts = [prices.get(name) for name in CHART_DIMENSIONS]
    return ["" if amount is None else format_per_million(amount) for amount in amounts]


def _list_traits(view: EndpointView, is_zdr: bool) -> list[str]:
    traits = {
        **{trait: _has(view, ability) for trait, ability in ABILITY_TRAITS.items()},
        "128k": (view.endpoint.context or 0) >= LONG_CONTEXT_TOKENS,
        "zdr": is_zdr,
    }
    return sorted(trait for trait, holds in traits.items() if holds)
