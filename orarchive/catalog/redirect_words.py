"""Replacements in words: who says so, and how the prices compare."""

from decimal import Decimal

from orarchive.catalog.comparison import CHEAPER, SAME, UNKNOWN
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
from orarchive.domain.figures import format_share

KIND_WORDS = {
    OPENROUTER: "OpenRouter answers to the old id with it",
    PERMANENT_NAME: "the same model under another id, by OpenRouter's permanent name of it",
    ALIAS_TARGET: "an alias of OpenRouter's leads to it",
    VARIANT_BASE: "the same model without the variant",
    ANNOUNCED: "the description of the old model names it",
    REVIEWED: "reviewed by people",
    SAME_FAMILY: "suggested here: of the same family, with the same features",
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

WHOLE_FROM_TIMES = 100
"""Ratio of prices from which on it is told without decimals."""


def describe_price(redirect: Redirect) -> str:
    """Compare the price of a replacement with that of the model, as `1.68 times the price`."""
    if redirect.price == UNKNOWN:
        return "prices cannot be compared"
    if redirect.price == SAME:
        return "the same price"
    if redirect.price_ratio is None:
        return "paid, where the old model was free"
    if not redirect.price_ratio:
        return "free"
    ratio = Decimal(redirect.price_ratio.numerator) / redirect.price_ratio.denominator
    if redirect.price == CHEAPER:
        share = format_share(ratio, decimals=0)
        return "slightly cheaper" if share == ">99%" else f"{share} of the price"
    times = f"{ratio:,.0f}" if ratio >= WHOLE_FROM_TIMES else f"{ratio:.3g}"
    return "slightly dearer" if times == "1.00" else f"{times} times the price"


def describe_replacement(redirects: Redirects, model: str) -> str:
    """Say in a sentence what replaces a model, or why nothing does; "" of one that stays."""
    if redirect := redirects.by_source.get(model):
        return f"Replacement: {redirect.target} ({KIND_WORDS[redirect.kind]}; {describe_price(redirect)})."
    if unreplaced := redirects.unreplaced.get(model):
        near = f"; nearest: {unreplaced.nearest}" if unreplaced.nearest else ""
        newest = f"; newest of its lab: {', '.join(unreplaced.newest)}" if unreplaced.newest else ""
        return f"No replacement: {unreplaced.reason}{near}{newest}."
    return ""
