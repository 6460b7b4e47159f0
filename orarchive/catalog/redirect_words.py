"""Replacements in words: who says so, and how the prices compare."""

from decimal import Decimal

from orarchive.catalog.comparison import SAME, UNKNOWN
from orarchive.catalog.redirects import (
    ALIAS_TARGET,
    ANNOUNCED,
    OPENROUTER,
    PERMANENT_NAME,
    REVIEWED,
    SAME_FAMILY,
    VARIANT_BASE,
    Redirect,
    Redirects,
)
from orarchive.domain.figures import describe_ratio

KIND_WORDS = {
    OPENROUTER: "OpenRouter answers to the old id with it",
    PERMANENT_NAME: "the same model under another id, by OpenRouter's permanent name of it",
    ALIAS_TARGET: "an alias of OpenRouter's leads to it",
    VARIANT_BASE: "the same model without the variant",
    ANNOUNCED: "the description of the old model names it",
    REVIEWED: "reviewed by people",
    SAME_FAMILY: "suggested here: same family and features",
}
"""Kind of a replacement -> who says so."""

SHORT_KIND_WORDS = {
    OPENROUTER: "says OpenRouter",
    PERMANENT_NAME: "the same model",
    ALIAS_TARGET: "by an alias",
    VARIANT_BASE: "the model without the variant",
    ANNOUNCED: "by its description",
    REVIEWED: "reviewed",
    SAME_FAMILY: "",
}
"""The same in few words; "" of the archive's own guess."""


def describe_price(redirect: Redirect) -> str:
    """Compare the price of a replacement with that of the model: `33% cheaper`, `2.5 times the price`."""
    if redirect.price == UNKNOWN:
        return "prices cannot be compared"
    if redirect.price == SAME:
        return "the same price"
    if redirect.price_ratio is None:
        return "paid, where the old model was free"
    if not redirect.price_ratio:
        return "free"
    ratio = Decimal(redirect.price_ratio.numerator) / redirect.price_ratio.denominator
    return describe_ratio(ratio)


def describe_replacement(redirects: Redirects, model: str) -> str:
    """Say in a sentence what replaces a model, or why nothing does; "" of one that stays."""
    if redirect := redirects.by_source.get(model):
        return f"Replacement: {redirect.target} ({KIND_WORDS[redirect.kind]}; {describe_price(redirect)})."
    if unreplaced := redirects.unreplaced.get(model):
        near = f"; nearest: {unreplaced.nearest}" if unreplaced.nearest else ""
        newest = f"; newest of its lab: {', '.join(unreplaced.newest)}" if unreplaced.newest else ""
        return f"No replacement: {unreplaced.reason}{near}{newest}."
    return ""
