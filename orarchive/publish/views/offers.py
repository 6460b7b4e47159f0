"""What the pages show of endpoints: by the model asked, cheapest first, with their health by day."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from orarchive.publish.book import Book, Entry, HealthDay, Point, Prices
from orarchive.records import Endpoint
from orarchive.wording import in_order


@dataclass(frozen=True)
class Offer:
    """An endpoint of a model: what it is, since when, and its health by day."""

    endpoint: Endpoint
    entry: Entry
    health: list[HealthDay | None]
    """The last 30 days, oldest first."""
    points: Prices
    """Its price points by dimension."""

    @property
    def moved(self) -> dict[str, list[Point]]:
        """The dimensions that once had another price, with their points, newest first."""
        found = {name: self.points[name][::-1] for name in in_order(self.points)}
        return {name: points for name, points in found.items() if len(points) > 1}


def offers_of(book: Book, now: dt.datetime) -> dict[str, list[Offer]]:
    """Endpoints by the model asked, cheapest first; those without a price last."""
    # whole days alone, so that a quiet hour leaves the page as it is
    days = [str(now.date() - dt.timedelta(days=n)) for n in reversed(range(1, 31))]
    found = [
        Offer(
            Endpoint.from_record(one.parts[0], one.parts[2], one.record),
            one,
            [book.health.get(one.key, {}).get(day) for day in days],
            book.prices.get(("endpoints", one.key), {}),
        )
        for one in book.entries["endpoints"].values()
        if one.last is None
    ]
    if not found:
        return {}
    frame = pd.DataFrame(
        {
            "offer": found,
            "model": [one.endpoint.model for one in found],
            "input": [_sortable(one.endpoint.prices.get("prompt")) for one in found],
            "output": [_sortable(one.endpoint.prices.get("completion")) for one in found],
            "tag": [one.endpoint.tag for one in found],
            "n": [one.endpoint.n for one in found],
        }
    ).sort_values(["model", "input", "output", "tag", "n"], kind="stable")
    return {str(model): list(group["offer"]) for model, group in frame.groupby("model", sort=False)}


def _sortable(price: Decimal | None) -> float:
    """A price to sort by, never to show."""
    return float(price) if price is not None and price >= 0 else float("inf")


def lowest_of(offers: list[Offer]) -> dict[str, Decimal]:
    found = {}
    for name in ("prompt", "completion"):
        prices = {price for one in offers if (price := one.endpoint.prices.get(name, Decimal(-1))) >= 0}
        if len(prices) > 1:
            found[name] = min(prices)
    return found
