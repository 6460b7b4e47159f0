"""Candidates: the models that can be chosen, and the endpoints of each that come into question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.source import CatalogEndpoint, CatalogModel, CatalogSource

DEFERRED_VARIANT = "batch"
"""Variant for requests that are answered later, mostly at half the price: no choice for one that waits."""


@dataclass(frozen=True)
class Candidate:
    """A model that can be chosen."""

    info: ModelInfo
    model: CatalogModel
    endpoints: tuple[CatalogEndpoint, ...]
    """Those that come into question: all that serve it, or those that a filter leaves."""

    @property
    def offers(self) -> tuple[CatalogEndpoint | None, ...]:
        """Return its endpoints; where none is known None stands for the model as it is listed."""
        return self.endpoints or (None,)

    @property
    def is_served(self) -> bool:
        """Return whether it has endpoints, or none is known of: endpoints may never have been read."""
        return bool(self.model.endpoints) or not self.model.former_endpoints


ROUTER_TOKENIZER = "Router"
"""Tokenizer that OpenRouter gives for its routers, also for `openrouter/free`, whose prices are zero."""


def list_candidates(source: CatalogSource, models: Mapping[str, ModelInfo]) -> list[Candidate]:
    """List the models that can be chosen: listed and served, neither an alias nor a router, nor deferred."""
    candidates = (
        Candidate(info, source.models[key], source.models[key].endpoints)
        for key, info in models.items()
        if info.is_choice and info.variant != DEFERRED_VARIANT
    )
    return [
        candidate
        for candidate in candidates
        if candidate.is_served and candidate.model.model.tokenizer != ROUTER_TOKENIZER
    ]


def choose_representatives(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Keep of each variant group its base, or the first by id where the base is not among the candidates."""
    groups: dict[str, Candidate] = {}
    for candidate in candidates:
        group = candidate.info.variant_group
        if group not in groups or _rank(candidate) < _rank(groups[group]):
            groups[group] = candidate
    return list(groups.values())


def _rank(candidate: Candidate) -> tuple[bool, str]:
    return candidate.info.variant != "", candidate.info.id
