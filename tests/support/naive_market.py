"""The medians of prices by month and the cheapest models for a need, read naively from recorded rows."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from tests.support.naive_moves import read_rate
from tests.support.naive_versions import Record, Rows, Version

MAIN = ("prompt", "completion")
MAX_CHEAPEST = 10


# --- medians ------------------------------------------------------------------------------------------------


def has_text_output(row: Record) -> bool:
    """Return whether a model outputs text, as a model does whose record does not say."""
    return "text" in row.get("architecture", {}).get("output_modalities", ["text"])


def find_last_rows(versions: Sequence[Version]) -> dict[str, Record]:
    """Return the last row of every model that was ever listed."""
    return {name: row for version in versions for name, row in version.rows.items()}


TIERS = {
    "Budget (under $1)": (0, 1),
    "Standard (under $5)": (1, 5),
    "Pro (under $15)": (5, 15),
    "Premium ($15 or more)": (15, 10**9),
}
"""Class of price -> the prices of a million tokens from which on, and below which, it reaches."""

MIN_MODELS = 3


def list_medians(versions: Sequence[Version], now: dt.datetime) -> dict[str, dict[str, Fraction]]:
    """List the median blended prices of some classes by month, USD per million tokens."""
    past = [version for version in versions if version.hour_start <= now]
    last_rows = find_last_rows(past)
    counted = {key for key in last_rows if not key.startswith("~") and ":" not in key}
    counted = {key for key in counted if has_text_output(last_rows[key])}
    seeing = {key for key in counted if "image" in read_inputs(last_rows[key])}
    medians: dict[str, dict[str, Fraction]] = {
        "All text models": {},
        "Image input": {},
        **{name: {} for name in TIERS},
    }
    for month, version in {version.hour[:7]: version for version in past}.items():
        prices = {
            key: price for key in counted & version.rows.keys() if (price := read_blended(version, key))
        }
        classes = {
            "All text models": [*prices.values()],
            "Image input": [price for key, price in prices.items() if key in seeing],
            **{
                name: [price for price in prices.values() if low <= price < high]
                for name, (low, high) in TIERS.items()
            },
        }
        for name, amounts in classes.items():
            if len(amounts) >= MIN_MODELS:
                medians[name][month] = median(amounts)
    return medians


def read_blended(version: Version, key: str) -> Fraction | None:
    """Return the price of a million tokens, three of input to one of output; None where one is not known."""
    prompt, completion = (read_rate(version.rows[key]["pricing"], name, version.hour_start) for name in MAIN)
    if prompt is None or completion is None or min(prompt, completion) < 0:
        return None
    return (3 * prompt + completion) / 4 * 10**6


# --- the cheapest -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """A model at the price of an endpoint, or at its list price."""

    model: str
    provider: str
    row: Record
    """The row of the model."""
    record: Record
    """The endpoint; without endpoints the row of the model."""
    prices: tuple[Fraction, Fraction]

    @property
    def mix(self) -> Fraction:
        """Return the price of three tokens in and one out."""
        return 3 * self.prices[0] + self.prices[1]


def read_inputs(row: Record) -> list[str]:
    """Return what a model takes; until 2025 rows had it in one word only, such as `text+image->text`."""
    architecture = row["architecture"]
    words = architecture["modality"].partition("->")[0].split("+")
    return list(architecture.get("input_modalities", words))


def has_parameter(plan: Plan, name: str) -> bool:
    """Return whether requests may have a parameter; until 2025 no row said so."""
    return name in plan.record.get("supported_parameters", ())


NEEDS: Mapping[str, Callable[[Plan], bool]] = {
    "any model": lambda _: True,
    "200,000 tokens or more at that endpoint": lambda plan: (
        (plan.record.get("context_length") or 0) >= 200_000
    ),
    "image input": lambda plan: "image" in read_inputs(plan.row),
    "tools at that endpoint": lambda plan: has_parameter(plan, "tools"),
    "reasoning at that endpoint": lambda plan: has_parameter(plan, "reasoning"),
    "JSON schema at that endpoint": lambda plan: has_parameter(plan, "structured_outputs"),
}
"""Rule of a need, as the page words it -> whether a plan meets it."""


def list_plans(rows: Rows, aliases: set[str], responses: Mapping[str, Any] | None) -> Iterator[Plan]:
    """Yield each listed model at each endpoint; without endpoints at its list price.

    Free models, plans without a price of both input and output, and those whose price has conditions are left
    out.
    """
    for model in rows.keys() - aliases:
        if is_free(rows[model]["pricing"]):
            continue
        row = rows[model]
        offers = [("listed", row)]
        if responses is not None:
            endpoints = responses.get(model, {"data": {"endpoints": []}})["data"]["endpoints"]
            offers = [(endpoint["provider_name"], endpoint) for endpoint in endpoints]
        for provider, record in offers:
            pricing = record["pricing"]
            prices = Fraction(pricing.get("prompt", 0)), Fraction(pricing.get("completion", 0))
            if min(prices) > 0 and not pricing.get("overrides"):
                yield Plan(model, provider, row, record, prices)


def is_free(pricing: Record) -> bool:
    """Return whether all prices of a price object are zero."""
    return not any(
        Fraction(price) for name, price in pricing.items() if name not in ("overrides", "discount")
    )


def list_cheapest(plans: Sequence[Plan], is_fitting: Callable[[Plan], bool]) -> list[Plan]:
    """List the cheapest plans that meet a need, each model once; what costs the same by model and tag."""
    cheapest: dict[str, Plan] = {}
    ordered = sorted(plans, key=lambda plan: (plan.mix, plan.model, plan.prices, plan.record.get("tag")))
    for plan in ordered:
        if is_fitting(plan):
            cheapest.setdefault(plan.model, plan)
    return list(cheapest.values())[:MAX_CHEAPEST]
