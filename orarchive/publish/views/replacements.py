"""What replaces a model, in words."""

from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.flag_labels import label_losses
from orarchive.catalog.redirects import (
    ALIAS_TARGET,
    ANNOUNCED,
    CHEAPER,
    OPENROUTER,
    REVIEWED,
    SAME,
    SAME_FAMILY,
    UNKNOWN,
    VARIANT_BASE,
    Redirect,
)
from orarchive.domain.figures import format_share

KIND_WORDS = {
    OPENROUTER: "OpenRouter answers to the old id with it",
    ALIAS_TARGET: "an alias of OpenRouter's leads to it",
    VARIANT_BASE: "the same model without the variant",
    ANNOUNCED: "the description of the old model names it",
    REVIEWED: "reviewed by people",
    SAME_FAMILY: "advice of this archive: of the same family, and can do as much",
}

SHORT_KIND_WORDS = {
    OPENROUTER: "says OpenRouter",
    ALIAS_TARGET: "by an alias",
    VARIANT_BASE: "the plain model",
    ANNOUNCED: "by its description",
    REVIEWED: "reviewed",
    SAME_FAMILY: "",
}
"""The same in few words; "" of the archive's own guess."""

WHOLE_FROM_TIMES = 100
"""Ratio of prices from which on it is told without decimals."""


@dataclass(frozen=True)
class Replacement:
    """What replaces a model that is gone or about to go."""

    target: str
    """The id of a listed model; "" where nothing replaces it."""
    kind: str
    """Who says so."""
    price: str
    """How its price compares with that of the model."""
    lost: list[str]
    """What the model could do, and it is not known to be able to."""
    evidence: str
    via: list[str]
    """Ids of models between, which are gone or about to go themselves."""
    reason: str
    """Why nothing replaces the model; "" where something does."""


@dataclass(frozen=True)
class ReplacementLink:
    """What replaces a model, in a row of a list."""

    id: str
    name: str
    source: str
    """Who says so; "" of a guess of this archive."""


def build_replacement_link(catalog: Catalog, model: str) -> ReplacementLink | None:
    """Build the link to what replaces a model; None where nothing does."""
    redirect = catalog.redirects.by_source.get(model)
    if redirect is None:
        return None
    target = catalog.models[redirect.target]
    return ReplacementLink(target.id, target.name, SHORT_KIND_WORDS[redirect.kind])


def build_replacement(catalog: Catalog, model: str) -> Replacement | None:
    """Build what replaces a model; None of a model that is listed and not announced to go."""
    redirect = catalog.redirects.by_source.get(model)
    if redirect:
        return Replacement(
            target=redirect.target,
            kind=KIND_WORDS[redirect.kind],
            price=describe_price(redirect),
            lost=label_losses(redirect.lost),
            evidence=redirect.evidence,
            via=[*redirect.via],
            reason="",
        )
    unreplaced = catalog.redirects.unreplaced.get(model)
    return Replacement("", "", "", [], "", [], unreplaced.reason) if unreplaced else None


def describe_price(redirect: Redirect) -> str:
    """Compare the price of a replacement with that of the model, as `1.68 times the price`."""
    if redirect.price == UNKNOWN:
        return "prices cannot be compared"
    if redirect.price == SAME:
        return "the same price"
    if redirect.price_ratio is None:
        return "has a price; the old model was free"
    if not redirect.price_ratio:
        return "free"
    ratio = Decimal(redirect.price_ratio.numerator) / redirect.price_ratio.denominator
    if redirect.price == CHEAPER:
        share = format_share(ratio, decimals=0)
        return "slightly cheaper" if share == ">99%" else f"{share} of the price"
    times = f"{ratio:,.0f}" if ratio >= WHOLE_FROM_TIMES else f"{ratio:.3g}"
    return "slightly dearer" if times == "1.00" else f"{times} times the price"
