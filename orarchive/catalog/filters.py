"""Filters: which models, and which endpoints of them, meet every condition of a need."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from orarchive.catalog.candidates import Candidate
from orarchive.catalog.flags import API, NO_REASONING, PARAMETER_FLAGS
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo
from orarchive.catalog.source import CatalogEndpoint
from orarchive.domain.prices import MILLION
from orarchive.domain.records import as_text
from orarchive.jsonl import Record

Check = Callable[[ModelInfo, CatalogEndpoint | None], bool]
"""Tells whether a model meets a condition at an endpoint, or, with None, as it is listed."""


class Condition(NamedTuple):
    """What a model must have, at one endpoint together with all other conditions."""

    label: str
    """As it was asked for: `--context 200000`."""
    is_met: Check


@dataclass(frozen=True)
class Filter:
    """What a model must have; what is not known does not count as had."""

    flags: tuple[str, ...] = ()
    """Names of flags, or `open_weights`."""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    context: int | None = None
    """Tokens."""
    max_price: Decimal | None = None
    """USD for a million tokens of input."""
    is_free: bool = False
    providers: tuple[str, ...] = ()
    """Slugs, tags or names, of which any will do."""
    countries: tuple[str, ...] = ()
    """Country codes of the headquarters of providers, of which any will do."""
    min_uptime: Decimal | None = None
    """Percent, the mean of the window of health."""

    def list_conditions(self, providers: Mapping[str, Record], label: str = "--{}") -> list[Condition]:
        """List the conditions; `label` has a place for the name of each.

        `providers` has the records of providers by slug.
        """
        conditions = [
            *(Condition(_name_flag(flag), _has_flag(flag)) for flag in self.flags),
            *(Condition(f"input {name}", _has_member("inputs", name)) for name in self.inputs),
            *(Condition(f"output {name}", _has_member("outputs", name)) for name in self.outputs),
        ]
        if self.context is not None:
            conditions.append(Condition(f"context {self.context}", _has_context(self.context)))
        if self.max_price is not None:
            conditions.append(Condition(f"max-price {self.max_price:f}", _costs_at_most(self.max_price)))
        if self.is_free:
            conditions.append(Condition("free", lambda info, _: info.is_free))
        if self.providers:
            conditions.append(Condition(f"provider {' '.join(self.providers)}", _is_at(self.providers)))
        if self.countries:
            label_text = f"country {' '.join(self.countries)}"
            conditions.append(Condition(label_text, _is_from(self.countries, providers)))
        if self.min_uptime is not None:
            conditions.append(Condition(f"min-uptime {self.min_uptime:f}", _has_uptime(self.min_uptime)))
        return [Condition(label.format(name), is_met) for name, is_met in conditions]


@dataclass(frozen=True)
class Selection:
    """What a number of conditions leaves of candidates."""

    candidates: tuple[Candidate, ...]
    """Those that meet all conditions, with the endpoints that do."""
    total: int
    """Number of candidates before."""
    excluded: Mapping[str, int]
    """Condition -> the number of candidates that do not meet it; in the order of conditions."""

    def describe_excluded(self) -> str:
        """Say why nothing is left: which condition excludes most, and the others."""
        counts = sorted(self.excluded.items(), key=lambda item: -item[1])
        if not counts or not counts[0][1]:
            return f"none of {self.total} models has an endpoint that meets all conditions at once"
        parts = [f"{label} excludes {count}" for label, count in counts if count]
        return f"of {self.total} models {', '.join(parts)}"


def select_candidates(candidates: Sequence[Candidate], conditions: Sequence[Condition]) -> Selection:
    """Select the candidates of which an endpoint meets all conditions.

    A model's abilities are the union of those of its endpoints, so each condition alone could be met by
    another endpoint. A candidate without endpoints must meet the conditions as it is listed.
    """
    excluded = dict.fromkeys((condition.label for condition in conditions), 0)
    selected = []
    for candidate in candidates:
        for label, is_met in conditions:
            excluded[label] += not any(is_met(candidate.info, offer) for offer in candidate.offers)
        offers = [
            offer
            for offer in candidate.offers
            if all(is_met(candidate.info, offer) for _, is_met in conditions)
        ]
        if offers:
            endpoints = tuple(offer for offer in offers if offer is not None)
            selected.append(replace(candidate, endpoints=endpoints))
    return Selection(tuple(selected), len(candidates), excluded)


def search_text(infos: Iterable[ModelInfo], text: str) -> list[ModelInfo]:
    """Return the models with every word of a text in their id, name, lab or family; case does not count."""
    words = text.lower().split()
    return [info for info in infos if all(word in _build_search_text(info) for word in words)]


def _build_search_text(info: ModelInfo) -> str:
    return " ".join((info.id, info.name, info.lab, info.family.name or "")).lower()


def _name_flag(flag: str) -> str:
    return flag.replace("_", "-")


def _has_flag(name: str) -> Check:
    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        flag = info.open_weights if name == OPEN_WEIGHTS else info.flags[name]
        if not flag.value or flag.value == NO_REASONING:
            return False
        return endpoint is None or flag.source != API or _read_endpoint_flag(name, endpoint) is not False

    return is_met


def _read_endpoint_flag(name: str, endpoint: CatalogEndpoint) -> bool | None:
    """Return what an endpoint itself says of a flag; None where it says nothing."""
    if name == "zdr":
        return endpoint.is_zdr
    if name not in PARAMETER_FLAGS or endpoint.parameters is None:
        return None
    return PARAMETER_FLAGS[name] in endpoint.parameters


def _has_member(member: str, modality: str) -> Check:
    return lambda info, _: modality in getattr(info, member)


def _has_context(tokens: int) -> Check:
    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        context = endpoint.endpoint.context if endpoint else None
        return (context or info.context or 0) >= tokens

    return is_met


def _costs_at_most(amount: Decimal) -> Check:
    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        price = (endpoint.endpoint.prices if endpoint else info.prices).get("prompt")
        return not info.price_class.outside and price is not None and price * MILLION <= amount

    return is_met


def _is_at(names: Iterable[str]) -> Check:
    lower_names = {name.lower() for name in names}

    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        if endpoint is None:
            return False
        return not lower_names.isdisjoint(label.lower() for label in endpoint.labels)

    return is_met


def _is_from(countries: Iterable[str], providers: Mapping[str, Record]) -> Check:
    codes = {country.upper() for country in countries}

    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        provider = providers.get(endpoint.key.provider, {}) if endpoint else {}
        return as_text(provider.get("headquarters")) in codes

    return is_met


def _has_uptime(percent: Decimal) -> Check:
    def is_met(info: ModelInfo, endpoint: CatalogEndpoint | None) -> bool:
        uptime = endpoint.health.uptime if endpoint and endpoint.health else None
        return uptime is not None and Decimal(uptime) >= percent

    return is_met
