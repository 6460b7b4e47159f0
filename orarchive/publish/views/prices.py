"""What the page of prices shows: the cheapest for a need, the biggest moves, and the middle of the market."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from orarchive.publish.book import Book, Point
from orarchive.publish.charts import Chart, steps
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.offers import Offer

INPUT_PARTS, OUTPUT_PARTS = 3, 1
"""What is compared: a mix of three tokens in for one out, as a conversation with some context is."""

MOST = 10
STEP = dt.timedelta(days=7)


@dataclass(frozen=True)
class Need:
    """Something that people need a model for."""

    name: str
    rule: str
    """Which models count, in words."""
    fits: Callable[[ModelView], bool]


NEEDS = (
    Need("Text", "gives text", lambda one: "text" in one.model.outputs or not one.model.outputs),
    Need("Long context", "200,000 tokens or more", lambda one: (one.model.context or 0) >= 200_000),
    Need("Reading images", "takes images", lambda one: "image" in one.model.inputs),
    Need("Calling tools", "supports tools", lambda one: "tools" in one.model.parameters),
    Need("Reasoning", "supports reasoning", lambda one: "reasoning" in one.model.parameters),
    Need(
        "Structured output",
        "supports structured_outputs",
        lambda one: "structured_outputs" in one.model.parameters,
    ),
)


@dataclass(frozen=True)
class Cheap:
    """A model at its lowest price, and who asks it; None: the list price, where endpoints are not known."""

    one: ModelView
    offer: Offer | None
    prices: dict[str, Decimal]

    @property
    def mix(self) -> Decimal:
        """USD a token of the mix."""
        parts = INPUT_PARTS * self.prices["prompt"] + OUTPUT_PARTS * self.prices["completion"]
        return parts / (INPUT_PARTS + OUTPUT_PARTS)


def cheapest(models: list[ModelView]) -> dict[str, list[Cheap]]:
    """For each need the cheapest models that are not free, by its name."""
    priced = [cheap for one in models if not one.model.is_alias and (cheap := _cheap(one))]
    priced.sort(key=lambda cheap: (cheap.mix, cheap.one.model.id))
    return {need.name: [cheap for cheap in priced if need.fits(cheap.one)][:MOST] for need in NEEDS}


def _cheap(one: ModelView) -> Cheap | None:
    """A model at its lowest mix of prices; None where it is free, dynamic or unpriced."""
    offers = [
        Cheap(one, offer, offer.endpoint.prices)
        for offer in one.offers
        if _is_priced(offer.endpoint.prices) and not offer.endpoint.schedule
    ]
    if offers:
        return min(offers, key=lambda cheap: (cheap.mix, cheap.offer.endpoint.tag if cheap.offer else ""))
    known = not one.offers and _is_priced(one.model.prices) and not one.elsewhere
    return Cheap(one, None, one.model.prices) if known else None


def _is_priced(prices: dict[str, Decimal]) -> bool:
    return all(prices.get(name, Decimal(0)) > 0 for name in ("prompt", "completion"))


def medians(book: Book, now: dt.datetime) -> list[Chart]:
    """The middle input and output price of all listed models with a price, week by week."""
    looks = book.good["models"]
    if not looks:
        return []
    moments = [looks[0] + n * STEP for n in range(int((now - looks[0]) / STEP) + 1)]
    found = []
    for name in ("prompt", "completion"):
        points: list[Point] = []
        all_points = [
            points_[name]
            for (feed, key), points_ in book.prices.items()
            if feed == "models" and name in points_ and not key.startswith("~")
        ]
        for at in moments:
            amounts = [amount for some in all_points if (amount := _at(some, at)) is not None and amount > 0]
            if amounts:
                points.append(Point(at, min(at + STEP, now), Decimal(median(amounts))))
        if points:
            found.append(steps(name, points, looks, now))
    return found


def _at(points: list[Point], at: dt.datetime) -> Decimal | None:
    return next(
        (one.amount for one in points if one.first <= at and (one.last is None or at <= one.last)), None
    )
