"""Costs: what a usage comes to at the prices of a pricing object, exactly, part by part."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext

from orarchive.domain.phrasing import LOG_STYLE, list_conditions
from orarchive.domain.prices import (
    ZERO,
    get_prices_at,
    is_dynamic,
    list_base_prices,
    list_scheduled_dimensions,
    list_thresholds,
    parse_price,
)
from orarchive.domain.token_usage import Usage
from orarchive.errors import ArchiveError
from orarchive.jsonl import Record

EXACT = Context(prec=1000, traps=[Inexact])
"""Digits enough for any product and sum of prices and counts; where they are not, that is an error."""

CACHE_DIMENSIONS = ("input_cache_read", "input_cache_write", "input_cache_write_1h", "input_audio_cache")
"""Dimensions of which a listed zero is a price: without any, cached tokens cost as much as other input."""


@dataclass(frozen=True)
class CostPart:
    """A part of a usage: how many units, at which rate, and why at that."""

    name: str
    count: int
    dimension: str
    """The dimension of price that the rate is of; "" where there is no rate."""
    rate: Decimal | None
    """USD per unit; None where the listed prices do not say it."""
    reason: str
    """The conditions under which the rate holds, or why it is this one or none."""

    @property
    def amount(self) -> Decimal | None:
        """Return what the part costs, in USD."""
        return None if self.rate is None else EXACT.multiply(self.rate, Decimal(self.count))


@dataclass(frozen=True)
class PartRule:
    """How a part of a usage is priced."""

    name: str
    count: Callable[[Usage], int]
    dimensions: tuple[str, ...]
    """The dimensions that price it, the first that is listed counts."""
    unclear: str = ""
    """A dimension that may be meant for it, whose unit is not stated."""
    is_optional: bool = False
    """Whether no price means that it costs nothing."""


RULES = (
    PartRule("input", lambda usage: usage.plain_prompt, ("prompt",)),
    PartRule("cached input", lambda usage: usage.cached - usage.cached_audio, ("input_cache_read", "prompt")),
    PartRule(
        "cached audio input", lambda usage: usage.cached_audio, ("input_audio_cache", "audio", "prompt")
    ),
    PartRule("cache write", lambda usage: usage.written - usage.written_1h, ("input_cache_write", "prompt")),
    PartRule(
        "cache write for 1 hour",
        lambda usage: usage.written_1h,
        ("input_cache_write_1h", "input_cache_write", "prompt"),
    ),
    PartRule("audio input", lambda usage: usage.uncached_audio, ("audio", "prompt")),
    PartRule("image input", lambda usage: usage.image, ("image_token", "prompt"), unclear="image"),
    PartRule("output", lambda usage: usage.plain_completion, ("completion",)),
    PartRule("reasoning", lambda usage: usage.reasoning, ("internal_reasoning", "completion")),
    PartRule("audio output", lambda usage: usage.audio_output, ("audio_output", "completion")),
    PartRule(
        "image output",
        lambda usage: usage.image_output,
        ("image_token", "completion"),
        unclear="image_output",
    ),
    PartRule("images", lambda usage: usage.images, (), unclear="image"),
    PartRule("web searches", lambda usage: usage.web_searches, ("web_search",)),
    PartRule("other tool calls", lambda usage: usage.tool_calls, ()),
    PartRule("requests", lambda usage: usage.requests, ("request",), is_optional=True),
)
"""The parts of a usage, in the order in which they are listed."""

Rates = dict[str, tuple[Decimal | None, Record | None]]
"""Dimension -> its rate and the override entry that sets it; the rate is None where it was not stated."""


def list_cost_parts(pricing: Record, at: dt.datetime, usage: Usage, read_at: dt.datetime) -> list[CostPart]:
    """Return what a usage is made of, each part with its rate at a time (UTC).

    `read_at` is when the pricing object was read. Raise ArchiveError where the prices depend on the length of
    a prompt and several requests were added up.
    """
    rates = _read_rates(pricing, at, usage)
    for name in _list_unstated_bases(pricing, at, read_at):
        rates[name] = (None, None)
    return [
        _price_part(rule, rule.count(usage), rates)
        for rule in RULES
        if rule.count(usage) and not (rule.is_optional and rule.dimensions[0] not in rates)
    ]


def _list_unstated_bases(pricing: Record, at: dt.datetime, read_at: dt.datetime) -> list[str]:
    """List the dimensions whose price outside their hours was not stated, where it is asked for.

    When a price was read in its hours, the top level of the object repeats their rate.
    """
    rates, rates_then = get_prices_at(pricing, at), get_prices_at(pricing, read_at)
    return [
        name
        for name in list_scheduled_dimensions(pricing) - list_base_prices(pricing).keys()
        if name in rates and rates[name][1] is None and rates_then[name][1] is not None
    ]


def _read_rates(pricing: Record, at: dt.datetime, usage: Usage) -> Rates:
    """Return the rates for a prompt of that length; a threshold is for prompts that are longer than it."""
    thresholds = list_thresholds(pricing, at)
    if usage.requests > 1 and thresholds and usage.prompt > thresholds[0]:
        msg = (
            f"prompts over {thresholds[0]} tokens have other prices, and the lengths of the {usage.requests}"
            " prompts are not known: ask for one request at a time"
        )
        raise ArchiveError(msg)
    over = max(Decimal(usage.prompt - 1), ZERO)
    listed_zeros = {name: (ZERO, None) for name in CACHE_DIMENSIONS if parse_price(pricing.get(name)) == 0}
    return {**listed_zeros, **get_prices_at(pricing, at, over)}


def _price_part(rule: PartRule, count: int, rates: Rates) -> CostPart:
    name = next((name for name in rule.dimensions if name in rates), "")
    rate, entry = rates.get(name, (None, None))
    unclear = rates.get(rule.unclear, (None, None))[0]
    problem = ""
    if name and rate is None:
        problem = f"{name} was read within its hours, and what it is outside of them is not stated"
    elif rate is None:
        problem = f"no price {rule.dimensions[0]} is listed" if rule.dimensions else "its price is not listed"
    elif is_dynamic(rate):
        problem = f"{name} is -1, the price of another model"
    if unclear and name != "image_token" and unclear != rate:
        problem = f"the unit of {rule.unclear}, listed at ${unclear:f}, is not stated"
    if problem:
        return CostPart(rule.name, count, "", None, problem)
    reasons = list_conditions(entry or {}, LOG_STYLE)
    if name != rule.dimensions[0]:
        reasons.insert(0, f"no price {rule.dimensions[0]} is listed")
    elif not rate and name in CACHE_DIMENSIONS:
        reasons.insert(0, "listed as 0")
    return CostPart(rule.name, count, name, rate, ", ".join(reasons))


def add_amounts(parts: Iterable[CostPart]) -> Decimal:
    """Return the exact sum of the parts that have a rate, in USD."""
    with localcontext(EXACT):
        return sum((part.amount for part in parts if part.amount is not None), ZERO)
