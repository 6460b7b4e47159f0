"""What the page of prices shows: the cheapest for a need, the biggest moves, and the middle of the market."""

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from orarchive.domain.records import as_texts, get_object
from orarchive.jsonl import Record
from orarchive.publish.charts.steps import MAX_GAP, Chart, draw_steps
from orarchive.publish.dataset import Dataset, PriceInterval, PriceKey
from orarchive.publish.views.endpoints import EndpointView
from orarchive.publish.views.models import ModelView

INPUT_PARTS, OUTPUT_PARTS = 3, 1
"""What is compared: a mix of three tokens in for one out, as a conversation with some context is."""

MOST = 10
STEP = dt.timedelta(days=7)


@dataclass(frozen=True)
class Need:
    """Something that people need a model for: what the model, and what the endpoint must do."""

    name: str
    rule: str
    """Which count, in words."""
    takes: str = ""
    parameter: str = ""
    context: int = 0

    def fits(self, one: ModelView, offer: EndpointView | None) -> bool:
        """Whether a model at an endpoint will do; where endpoints are not known the model must."""
        context = offer.endpoint.context if offer else one.model.context
        parameters = offer.parameters if offer else one.model.parameters
        return (
            (not self.takes or self.takes in one.model.inputs)
            and (not self.parameter or self.parameter in parameters)
            and (context or 0) >= self.context
        )


NEEDS = (
    Need("Text", "any model"),
    Need("Long context", "200,000 tokens or more at that endpoint", context=200_000),
    Need("Reading images", "takes images", takes="image"),
    Need("Calling tools", "tools at that endpoint", parameter="tools"),
    Need("Reasoning", "reasoning at that endpoint", parameter="reasoning"),
    Need("Structured output", "structured_outputs at that endpoint", parameter="structured_outputs"),
)


@dataclass(frozen=True)
class PricedModel:
    """A model at its lowest price, and who asks it; None: the list price, where endpoints are not known."""

    model: ModelView
    endpoint: EndpointView | None
    prices: dict[str, Decimal]

    @property
    def mix(self) -> Decimal:
        """USD a token of the mix."""
        parts = INPUT_PARTS * self.prices["prompt"] + OUTPUT_PARTS * self.prices["completion"]
        return parts / (INPUT_PARTS + OUTPUT_PARTS)


def list_cheapest(models: list[ModelView], read: bool) -> dict[str, list[PricedModel]]:
    """For each need the cheapest models that are not free, each once, by the need's name.

    `read`: whether endpoints were ever read; if not the list price stands for them.
    """
    priced = [
        cheap for one in models if not one.model.is_alias and not one.is_free for cheap in _priced(one, read)
    ]
    priced.sort(key=lambda cheap: (cheap.mix, cheap.model.model.id))
    found = {}
    for need in NEEDS:
        fitting = [cheap for cheap in priced if need.fits(cheap.model, cheap.endpoint)]
        first = {cheap.model.model.id: cheap for cheap in reversed(fitting)}
        found[need.name] = [cheap for cheap in fitting if first[cheap.model.model.id] is cheap][:MOST]
    return found


def _priced(one: ModelView, read: bool) -> list[PricedModel]:
    """A model at each endpoint that asks a plain price."""
    if not read:
        known = _is_priced(one.model.prices) and not one.elsewhere
        return [PricedModel(one, None, one.model.prices)] if known else []
    return [
        PricedModel(one, offer, offer.endpoint.prices)
        for offer in one.endpoints
        if _is_priced(offer.endpoint.prices) and not offer.endpoint.schedule
    ]


def _is_priced(prices: dict[str, Decimal]) -> bool:
    return all(prices.get(name, Decimal(0)) > 0 for name in ("prompt", "completion"))


def draw_medians(book: Dataset, now: dt.datetime) -> list[Chart]:
    """The middle input and output price of all listed models with a price, week by week."""
    looks = book.good["models"]
    if not looks:
        return []
    weeks = [looks[0] + n * STEP for n in range(int((now - looks[0]) / STEP) + 1)]
    moments = [(at, until) for at in weeks if (until := _looked(looks, at))]
    found = []
    # lists of text models are all that the record began with; an alias or a variant would count a model twice
    counted = {
        key
        for key, one in book.entries["models"].items()
        if not key.startswith("~") and ":" not in key and _writes(one.record)
    }
    for rate in (PriceKey("prompt"), PriceKey("completion")):
        points: list[PriceInterval] = []
        all_points = [
            prices[rate]
            for (feed, key), prices in book.prices.items()
            if feed == "models" and rate in prices and key in counted
        ]
        for at, until in moments:
            amounts = [amount for some in all_points if (amount := _at(some, at)) is not None and amount > 0]
            if amounts:
                points.append(PriceInterval(at, until, Decimal(median(amounts))))
        if points:
            found.append(draw_steps(rate, points, looks, now))
    return found


def _writes(record: Record) -> bool:
    return "text" in as_texts(get_object(record, "architecture").get("output_modalities", ["text"]))


def _looked(looks: list[dt.datetime], at: dt.datetime) -> dt.datetime | None:
    """Until when somebody looked without a gap in the week from a moment on; None: nobody did at it."""
    first = bisect_right(looks, at) - 1
    if at - looks[first] > MAX_GAP:
        return None
    until = at
    for look in looks[first + 1 :]:
        if look - until > MAX_GAP or until >= at + STEP:
            break
        until = look
    return min(until, at + STEP)


def _at(points: list[PriceInterval], at: dt.datetime) -> Decimal | None:
    return next(
        (one.amount for one in points if one.first <= at and (one.last is None or at <= one.last)), None
    )
