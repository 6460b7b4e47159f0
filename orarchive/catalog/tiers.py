"""Classes of price: what a model costs for a million tokens, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.source import CatalogModel
from orarchive.domain.prices import MAIN_DIMENSIONS, MILLION

FREE = "free"
TIER_LIMITS = (("budget", Decimal(1)), ("standard", Decimal(5)), ("pro", Decimal(15)))
"""Tier -> USD for a million tokens below which a price is in it; from the last limit on it is premium."""
PREMIUM = "premium"
TIERS = (FREE, *(name for name, _ in TIER_LIMITS), PREMIUM)

ALIAS, ROUTER, UNPRICED, NOT_BY_TOKEN = "alias", "router", "unpriced", "not charged by the token"


@dataclass(frozen=True)
class PriceClass:
    """The class of a model's price."""

    tier: str | None
    """By the price of input; None outside the tiers."""
    output_tier: str | None
    blended: Decimal | None
    """USD for a million tokens, three of input to one of output."""
    blended_tier: str | None
    outside: str
    """Why it is outside the tiers: `alias`, `router`, `unpriced`, `not charged by the token`; "" within."""


def classify_price(model: CatalogModel) -> PriceClass:
    """Return the class of a model's prices, those for an ordinary prompt at the hour."""
    if outside := _find_reason_outside(model):
        return PriceClass(None, None, None, None, outside)
    prices = [model.model.prices[name] * MILLION for name in MAIN_DIMENSIONS]
    blended = blend(model.model.prices)
    assert blended is not None
    tiers = [find_tier(price, model.is_free) for price in (*prices, blended)]
    return PriceClass(tiers[0], tiers[1], blended, tiers[2], "")


def blend(prices: Mapping[str, Decimal]) -> Decimal | None:
    """Return the price of a million tokens, three of input to one of output; None where one is unknown."""
    amounts = [prices.get(name) for name in MAIN_DIMENSIONS]
    if any(amount is None or amount < 0 for amount in amounts):
        return None
    prompt, completion = (amount or Decimal(0) for amount in amounts)
    return (3 * prompt + completion) / 4 * MILLION


def _find_reason_outside(model: CatalogModel) -> str:
    prices = model.model.prices
    if model.model.is_alias:
        return ALIAS
    if model.model.is_router:
        return ROUTER
    if not model.is_charged_by_token:
        return NOT_BY_TOKEN
    return "" if blend(prices) is not None else UNPRICED


def find_tier(price: Decimal, is_free: bool) -> str:
    """Return the tier of a price; a zero beside other prices is in the lowest that is not free."""
    if not price and is_free:
        return FREE
    return next((name for name, limit in TIER_LIMITS if price < limit), PREMIUM)
