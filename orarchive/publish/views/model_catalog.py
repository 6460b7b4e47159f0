"""What the catalogue says of a model, on its page: abilities, family, names, replacement, direct prices.

Nothing here changes in an hour in which the model does not, so that its page is kept.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.direct import DirectPrice
from orarchive.catalog.flag_labels import FLAG_LABELS
from orarchive.catalog.flags import (
    API,
    CONFIGURABLE_REASONING,
    FIXED_REASONING,
    HEURISTIC,
    NO_REASONING,
    NONE,
    OVERRIDE,
    Flag,
)
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.names import KIND_PHRASES
from orarchive.domain.figures import describe_ratio, format_short
from orarchive.domain.prices import format_dollars
from orarchive.publish.views.cells import Since
from orarchive.publish.views.direct_prices import list_price_texts
from orarchive.publish.views.replacements import Replacement, build_replacement

SOURCE_WORDS = {
    API: "OpenRouter",
    HEURISTIC: "a rule of this archive",
    OVERRIDE: "reviewed by people",
    NONE: "",
}

ANSWERS: dict[bool | str, str] = {
    True: "yes",
    FIXED_REASONING: "always on",
    CONFIGURABLE_REASONING: "can be set",
}
"""Value of a flag that means that the model can -> its words."""


MAX_SIBLINGS = 8
"""Siblings that are named."""


@dataclass(frozen=True)
class Ability:
    """Something that a model can do, and who says so."""

    label: str
    note: str
    """How it can: `can be set: high, low`; "" where it simply can."""
    endpoints: str
    """`4 of 6`; "" where endpoints do not say."""


@dataclass(frozen=True)
class FlagSource:
    """Who says what a model can and cannot do."""

    source: str
    evidence: str
    labels: list[str]


@dataclass(frozen=True)
class CatalogFact:
    """A fact of the catalogue; "" as its value where it is not known."""

    label: str
    value: str
    note: str
    """Where it comes from, or a figure with it."""


@dataclass(frozen=True)
class NameRow:
    """A further name of a model."""

    name: str
    kind: str
    since: Since
    """Since when it stands for the model."""


@dataclass(frozen=True)
class AliasTarget:
    """A model that an alias pointed at, with the first and the last day that showed it."""

    model: str
    since: Since
    until: dt.date | None
    """None while it does."""


@dataclass(frozen=True)
class DirectLine:
    """The price that another asks for the model directly."""

    provider: str
    region: str
    prices: list[str]
    checked_on: dt.date
    is_stale: bool
    converted_from: str
    """The currency of the provider's list, where the source of the price had converted it."""
    ratio: str
    """Compared with the cheapest endpoint, in words; "" where that cannot be."""


@dataclass(frozen=True)
class CatalogSection:
    """What the catalogue says of a model."""

    facts: list[CatalogFact]
    abilities: list[Ability]
    has_endpoints: bool
    """Whether the endpoints of the model say something of any ability."""
    lacks: list[str]
    sources: list[FlagSource]
    unknown: list[str]
    """Labels of what is not known."""
    names: list[NameRow]
    alias_targets: list[AliasTarget]
    """Of an alias of OpenRouter's what it pointed at, newest first."""
    unrecorded_until: dt.date | None
    """The day up to which such an alias was listed without its target; None where there is none."""
    siblings: list[str]
    """Ids of the newest models of its lab and family beside it, newest first."""
    sibling_count: int
    replacement: Replacement | None
    """None of a model that is listed and not announced to go."""
    expires: dt.date | None
    """The date of its end, of a listed model."""
    direct: list[DirectLine]


def build_catalog_section(catalog: Catalog, model: str) -> CatalogSection:
    """Build what the catalogue says of a model."""
    info = catalog.models[model]
    abilities = [_build_ability(name, flag) for name, flag in info.flags.items() if flag.value in ANSWERS]
    siblings = _list_siblings(catalog, info)
    periods = [period for period in catalog.source.alias_periods if period.alias == model]
    return CatalogSection(
        facts=_list_facts(info),
        abilities=abilities,
        has_endpoints=any(ability.endpoints for ability in abilities),
        lacks=[_describe_lack(name, flag) for name, flag in info.flags.items() if _is_lacking(flag)],
        sources=_group_sources(info),
        unknown=[FLAG_LABELS[name] for name, flag in info.flags.items() if flag.value is None],
        names=[
            NameRow(name.name, KIND_PHRASES[name.kind], _build_since(catalog, name.since))
            for name in catalog.names.by_model.get(model, [])
        ],
        alias_targets=[
            AliasTarget(
                model=period.target,
                since=_build_since(catalog, period.since),
                until=period.until.date() if period.until else None,
            )
            for period in reversed(periods)
        ],
        unrecorded_until=(
            periods[0].since.date() if periods and periods[0].since > info.first_seen else None
        ),
        siblings=[entry.id for entry in siblings[:MAX_SIBLINGS]],
        sibling_count=len(siblings),
        replacement=build_replacement(catalog, model),
        expires=info.expires if info.is_listed else None,
        direct=[_build_direct_line(price) for price in catalog.direct if price.pin.openrouter == model],
    )


def _build_since(catalog: Catalog, hour: dt.datetime) -> Since:
    """Build the date since which a name holds; it may be older where the record begins with it."""
    return Since(hour.date(), hour in catalog.source.starts)


def _list_siblings(catalog: Catalog, info: ModelInfo) -> list[ModelInfo]:
    """List the other models of a lab's family that can be chosen, newest first, without variants."""
    members = [catalog.models[key] for key in catalog.names.families.get(info.family.name or "", ())]
    return [
        entry
        for entry in members
        if entry.is_choice and entry.lab == info.lab and entry.variant_group != info.variant_group
    ]


def _build_ability(name: str, flag: Flag) -> Ability:
    assert flag.value is not None
    words = ["" if flag.value is True else ANSWERS[flag.value], ", ".join(flag.modes)]
    notes = [": ".join(filter(None, words)), "only the list of models says so" if _is_at_none(flag) else ""]
    return Ability(
        label=FLAG_LABELS[name],
        note="; ".join(filter(None, notes)),
        endpoints=flag.endpoints or "",
    )


def describe_value(flag: Flag) -> str:
    """Return the value of a flag in a word: `yes`, `no`; "" where it is not known."""
    return "" if flag.value is None else ANSWERS.get(flag.value, "no")


def _is_lacking(flag: Flag) -> bool:
    return flag.value in (False, NO_REASONING)


def _is_at_none(flag: Flag) -> bool:
    return flag.endpoints is not None and flag.endpoints.startswith("0 ")


def _describe_lack(name: str, flag: Flag) -> str:
    """Name what a model cannot do by its list; some of its endpoints may say that they can."""
    exception = flag.endpoints and not _is_at_none(flag)
    return FLAG_LABELS[name] + (f" (though {flag.endpoints} endpoints state it)" if exception else "")


def _group_sources(info: ModelInfo) -> list[FlagSource]:
    """Group what a model can and cannot do by who says so."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, flag in info.flags.items():
        if flag.value is not None:
            label = f"no {FLAG_LABELS[name]}" if _is_lacking(flag) else FLAG_LABELS[name]
            groups[SOURCE_WORDS[flag.source], flag.evidence].append(label)
    return [FlagSource(*source, labels) for source, labels in groups.items()]


def _list_facts(info: ModelInfo) -> list[CatalogFact]:
    family, size = info.family, info.size
    return [
        CatalogFact("Family", family.name or "", _describe_source(family.source, family.evidence)),
        CatalogFact("Generation", family.generation or "", "read from the id" if family.generation else ""),
        *([CatalogFact("Tuned from", family.base, "by its id")] if family.base else []),
        CatalogFact("Parameters", _describe_size(info), _describe_source(size.source, size.evidence)),
        CatalogFact("Weights", "open" if info.open_weights.value else "", _describe_weights(info)),
        _build_price_fact(info),
    ]


def _describe_source(source: str, evidence: str) -> str:
    """Name a source with its evidence: `OpenRouter: ~openai/gpt-latest`; "" where nothing is known."""
    words = SOURCE_WORDS[source]
    return f"{words}: {evidence}" if words else ""


def _describe_weights(info: ModelInfo) -> str:
    flag = info.open_weights
    if flag.value is False:
        return f"closed; {_describe_source(flag.source, flag.evidence)}"
    source = _describe_source(flag.source, flag.evidence)
    return source or "OpenRouter links no Hugging Face page; the weights may be open or closed"


def _describe_size(info: ModelInfo) -> str:
    """Say how many parameters a model has, as `235B, 22B of them active`; "" where that is not known."""
    size = info.size
    if size.total and size.active:
        return f"{format_short(size.total)}, {format_short(size.active)} of them active"
    if size.active and not size.total:
        return f"{format_short(size.active)} active"
    return size.text or ""


def _build_price_fact(info: ModelInfo) -> CatalogFact:
    """Name the class of the price, by its input price, with the blended price."""
    price = info.price_class
    if price.tier is None:
        return CatalogFact("Price class", f"none: {price.outside}", "")
    blended = (
        f"{format_dollars(price.blended)} for a million tokens, three quarters of them input"
        if price.blended
        else ""
    )
    words = price.tier if price.output_tier == price.tier else f"{price.tier}, output {price.output_tier}"
    return CatalogFact("Price class", words, blended)


def _build_direct_line(price: DirectPrice) -> DirectLine:
    return DirectLine(
        provider=price.pin.provider_name,
        region=price.pin.region,
        prices=list_price_texts(price.pin),
        checked_on=price.pin.checked_on,
        is_stale=price.is_stale,
        converted_from=price.pin.converted_from or "",
        ratio=describe_ratio(price.cheapest_ratio),
    )
