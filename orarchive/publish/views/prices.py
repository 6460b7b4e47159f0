"""The cheapest models for a need, as the page of prices lists them."""

from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.models import ModelView

INPUT_TOKENS, OUTPUT_TOKENS = 3, 1
"""Weights of the mix that is compared: three tokens in for one out, as in a conversation with context."""

MAX_CHEAPEST = 10
"""Models that are listed for a need."""


@dataclass(frozen=True)
class Need:
    """A use that people need a model for, as demands on the model and the endpoint."""

    name: str
    rule: str
    """Which models count, in words."""
    modality: str = ""
    """Modality that the model must accept as input."""
    parameter: str = ""
    context: int = 0

    def fits(self, model: ModelView, endpoint: EndpointView | None) -> bool:
        """Return whether a model at an endpoint meets the need; without endpoints the model must."""
        context = endpoint.endpoint.context if endpoint else model.model.context
        parameters = endpoint.parameters if endpoint else model.model.parameters
        return (
            (not self.modality or self.modality in model.model.inputs)
            and (not self.parameter or self.parameter in parameters)
            and (context or 0) >= self.context
        )


NEEDS = (
    Need("Text", "any model"),
    Need("Long context", "200,000 tokens or more at that endpoint", context=200_000),
    Need("Reading images", "image input", modality="image"),
    Need("Calling tools", "tools at that endpoint", parameter="tools"),
    Need("Reasoning", "reasoning at that endpoint", parameter="reasoning"),
    Need("Structured output", "JSON schema at that endpoint", parameter="structured_outputs"),
)


@dataclass(frozen=True)
class PricedModel:
    """A model at the price of an endpoint; without endpoint at its list price."""

    model: ModelView
    endpoint: EndpointView | None
    prices: dict[str, Decimal]

    @property
    def mix(self) -> Decimal:
        """Return the price of a token of the mix, USD."""
        total = INPUT_TOKENS * self.prices["prompt"] + OUTPUT_TOKENS * self.prices["completion"]
        return total / (INPUT_TOKENS + OUTPUT_TOKENS)


def list_cheapest(models: list[ModelView], has_endpoints: bool) -> dict[str, list[PricedModel]]:
    """List for each need, by its name, the cheapest models that are not free, each model once.

    `has_endpoints` says whether endpoints were ever read; if not, the list price stands for them.
    """
    priced = [
        priced
        for model in models
        if not model.model.is_alias and not model.is_free
        for priced in _list_prices(model, has_endpoints)
    ]
    priced.sort(key=lambda priced: (priced.mix, priced.model.model.id))
    cheapest = {}
    for need in NEEDS:
        fitting = [candidate for candidate in priced if need.fits(candidate.model, candidate.endpoint)]
        first = {candidate.model.model.id: candidate for candidate in reversed(fitting)}
        once = [candidate for candidate in fitting if first[candidate.model.model.id] is candidate]
        cheapest[need.name] = once[:MAX_CHEAPEST]
    return cheapest


def _list_prices(model: ModelView, has_endpoints: bool) -> list[PricedModel]:
    """List a model at each endpoint that has a plain price; without endpoints at its list price, if plain."""
    if not has_endpoints:
        prices, is_ruled = model.model.prices, model.model.schedule or model.has_media_prices
        return [PricedModel(model, None, prices)] if _is_priced(prices) and not is_ruled else []
    return [
        PricedModel(model, endpoint, endpoint.endpoint.prices)
        for endpoint in model.endpoints
        if _is_priced(endpoint.endpoint.prices) and not endpoint.endpoint.schedule
    ]


def _is_priced(prices: dict[str, Decimal]) -> bool:
    return all(prices.get(name, Decimal(0)) > 0 for name in MAIN_DIMENSIONS)
