"""Median prices of classes of models by month: by ability, by class of price, and by family."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.flags import NO_REASONING
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.tiers import PREMIUM, TIER_LIMITS, blend, find_tier
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.dataset import Dataset, RecordEntry

LONG_CONTEXT = 200_000
"""Tokens from which on a context counts as long."""

MAX_FAMILIES = 8
"""Families that are shown: those with most models."""

MIN_MODELS = 3
"""Models of an ability or a class of price that a median is made of, at least."""

ALL_MODELS = "All text models"

Classify = Callable[[ModelInfo, Decimal], Iterable[str]]
"""Returns the names of the classes that a model is in at a blended price."""


@dataclass(frozen=True)
class MonthMedian:
    """The median price of the models of a class at the end of a month, USD per million."""

    price: Decimal
    amounts: Mapping[str, Decimal]
    """By model."""

    @property
    def count(self) -> int:
        """Return the number of models."""
        return len(self.amounts)

    def compare_models(self, before: "MonthMedian") -> Decimal | None:
        """Return the median change since another month of the models of both, percent.

        None where they are fewer than `MIN_MODELS`.
        """
        same = self.amounts.keys() & before.amounts.keys()
        if len(same) < MIN_MODELS:
            return None
        return Decimal(median(100 * (self.amounts[key] / before.amounts[key] - 1) for key in same))


@dataclass(frozen=True)
class ClassTrends:
    """A way to divide models into classes, and the medians of each class by month, oldest first."""

    id: str
    title: str
    note: str
    medians: dict[str, dict[str, MonthMedian]]
    """By class and month, such as `2026-03`."""


@dataclass(frozen=True)
class PricedMonth:
    """A model at the end of a month, with its blended price, USD per million tokens."""

    month: str
    info: ModelInfo
    blended: Decimal


def list_priced_months(dataset: Dataset, catalog: Catalog) -> list[PricedMonth]:
    """List every text model that is not free in each month at whose last reading it was listed.

    Aliases and variants are left out: they would count a model twice. The running month counts as of its last
    reading.
    """
    hours = {f"{hour:%Y-%m}": hour for hour in dataset.good_hours["models"]}
    return [
        PricedMonth(month, info, blended)
        for key, entry in dataset.entries["models"].items()
        if (info := catalog.models.get(key)) and _is_counted(info)
        for month, hour in hours.items()
        if _is_listed_at(dataset, entry, hour)
        if (blended := _find_blended(dataset, entry, hour))
    ]


def _is_counted(info: ModelInfo) -> bool:
    outputs = info.outputs or ("text",)  # the first records do not say it
    return not info.is_alias and ":" not in info.id and "text" in outputs


def _is_listed_at(dataset: Dataset, entry: RecordEntry, hour: dt.datetime) -> bool:
    stretches = dataset.stretches.get(entry.key, ())
    return any(first <= hour and (last is None or hour <= last) for first, last in stretches)


def _find_blended(dataset: Dataset, entry: RecordEntry, hour: dt.datetime) -> Decimal | None:
    prices = {name: dataset.find_price_at(entry, name, hour) for name in MAIN_DIMENSIONS}
    return blend({name: price for name, price in prices.items() if price is not None})


def build_class_trends(rows: list[PricedMonth], catalog: Catalog) -> list[ClassTrends]:
    """Build the medians of all ways to divide models into classes; a class without enough models has none."""
    names = _name_families(rows, catalog)
    divisions: tuple[tuple[str, str, str, int, list[str], Classify], ...] = (
        (
            "ability",
            "By ability",
            "A model counts in each class that it belongs to now.",
            MIN_MODELS,
            [ALL_MODELS, *ABILITIES],
            _list_abilities,
        ),
        (
            "tier",
            "By price class",
            "The class is that of the price in that month: the number of models tells how the market moves.",
            MIN_MODELS,
            [_label_tier(name) for name in (*(name for name, _ in TIER_LIMITS), PREMIUM)],
            lambda _, blended: [_label_tier(find_tier(blended, is_free=False))],
        ),
        (
            "family",
            "By family",
            "The families with most models now; a month may have a single model.",
            1,
            [*names.values()],
            lambda info, _: [names[key]] if (key := _get_family(info)) in names else [],
        ),
    )
    return [
        ClassTrends(name, title, note, _compute_medians(rows, min_models, classes, classify))
        for name, title, note, min_models, classes, classify in divisions
    ]


def _compute_medians(
    rows: Iterable[PricedMonth], min_models: int, classes: Iterable[str], classify: Classify
) -> dict[str, dict[str, MonthMedian]]:
    prices: dict[str, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        for name in classify(row.info, row.blended):
            prices[name][row.month][row.info.id] = row.blended
    return {
        name: {
            month: MonthMedian(Decimal(median(amounts.values())), amounts)
            for month, amounts in sorted(prices[name].items())
            if len(amounts) >= min_models
        }
        for name in classes
    }


ABILITIES: Mapping[str, Callable[[ModelInfo], bool]] = {
    "Image input": lambda info: info.flags["vision"].value is True,
    "Tools": lambda info: info.flags["tools"].value is True,
    "JSON Schema": lambda info: info.flags["json_schema"].value is True,
    "Reasoning": lambda info: info.flags["reasoning"].value not in (None, NO_REASONING),
    "200K+ context": lambda info: (info.context or 0) >= LONG_CONTEXT,
    "Open weights": lambda info: info.open_weights.value is True,
}
"""Name of a class -> whether a model is in it."""


def _list_abilities(info: ModelInfo, _: Decimal) -> list[str]:
    return [ALL_MODELS, *(name for name, has_ability in ABILITIES.items() if has_ability(info))]


def _label_tier(tier: str) -> str:
    limits = dict(TIER_LIMITS)
    if tier == PREMIUM:
        return f"Premium (${TIER_LIMITS[-1][1]} or more)"
    return f"{tier.capitalize()} (under ${limits[tier]})"


def _get_family(info: ModelInfo) -> tuple[str, str | None]:
    return info.lab, info.family.name


def _name_families(rows: list[PricedMonth], catalog: Catalog) -> dict[tuple[str, str | None], str]:
    """Return the names of the families with most models in the last month, the largest first."""
    last = max((row.month for row in rows), default="")
    counts = Counter(_get_family(row.info) for row in rows if row.month == last and row.info.family.name)
    largest = sorted(counts, key=lambda key: (-counts[key], key))[:MAX_FAMILIES]
    return {(lab, name): f"{name} ({catalog.labs[lab].name or lab})" for lab, name in largest}
