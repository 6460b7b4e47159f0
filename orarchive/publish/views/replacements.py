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

MAX_NEWEST = 3
"""Newest models of a lab that are named where no successor is known."""

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
    newest: list[str]
    """Where no listed model is of its family: ids of the newest of its lab."""


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
            newest=[],
        )
    unreplaced = catalog.redirects.unreplaced.get(model)
    if unreplaced is None:
        return None
    return Replacement("", "", "", [], "", [], unreplaced.reason, _list_newest(catalog, model))


def _list_newest(catalog: Catalog, model: str) -> list[str]:
    """List the newest models of the lab of a model of whose family none is listed."""
    info = catalog.models[model]
    listed = [other for other in catalog.models.values() if other.lab == info.lab and other.is_choice]
    if info.is_alias or info.is_router or any(other.family.name == info.family.name for other in listed):
        return []
    plain = [other for other in listed if not other.variant and other.expires is None]
    plain.sort(key=lambda other: (other.created or other.first_seen, other.id), reverse=True)
    return [other.id for other in plain[:MAX_NEWEST]]


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
