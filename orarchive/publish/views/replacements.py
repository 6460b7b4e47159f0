"""What replaces a model, in words."""

from collections.abc import Collection
from dataclasses import dataclass

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.flag_labels import label_losses
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.redirect_words import KIND_WORDS, SHORT_KIND_WORDS, describe_price
from orarchive.catalog.redirects import SAME_FAMILY


@dataclass(frozen=True)
class Replacement:
    """What replaces a model that is gone or about to go."""

    target: str
    """The id of a listed model; "" where nothing replaces it."""
    kind: str
    """Who says so."""
    price: str
    """How its price compares with that of the model."""
    is_guess: bool
    """Whether it follows from a rule of this archive alone."""
    lost: str
    """What the model could do, and it, or the nearest one, is not known to be able to: `lacks tools`."""
    evidence: str
    via: list[str]
    """Ids of models between, which are gone or about to go themselves."""
    reason: str
    """Why nothing replaces the model; "" where something does."""
    nearest: str
    """Where nothing replaces it: the id of the listed model of its family that lacks least; "" for none."""
    newest: list[str]
    """Where none of its family can: ids of the newest listed models of its lab."""


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


def describe_lost(lost: Collection[str], target: ModelInfo) -> str:
    """Say what a model lacks of what another could do: `lacks tools; zero data retention is not known`."""
    unknown = [name for name in lost if name in target.flags and target.flags[name].value is None]
    missing = label_losses(name for name in lost if name not in unknown)
    words = [f"lacks {', '.join(missing)}"] if missing else []
    if unknown:
        words.append(f"{', '.join(label_losses(unknown))} {'is' if len(unknown) == 1 else 'are'} not known")
    return "; ".join(words)


def build_replacement(catalog: Catalog, model: str) -> Replacement | None:
    """Build what replaces a model; None of a model that is listed and not announced to go."""
    redirect = catalog.redirects.by_source.get(model)
    if redirect:
        return Replacement(
            target=redirect.target,
            kind=KIND_WORDS[redirect.kind],
            price=describe_price(redirect),
            is_guess=redirect.kind == SAME_FAMILY,
            lost=describe_lost(redirect.lost, catalog.models[redirect.target]),
            evidence=redirect.evidence,
            via=[*redirect.via],
            reason="",
            nearest="",
            newest=[],
        )
    unreplaced = catalog.redirects.unreplaced.get(model)
    if unreplaced is None:
        return None
    return Replacement(
        target="",
        kind="",
        price="",
        is_guess=False,
        lost=describe_lost(unreplaced.lost, catalog.models[unreplaced.nearest]) if unreplaced.nearest else "",
        evidence="",
        via=[],
        reason=unreplaced.reason,
        nearest=unreplaced.nearest or "",
        newest=[*unreplaced.newest],
    )
