"""Measures: what models are ranked by, each with its unit, its direction and who measured it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from orarchive.catalog.candidates import Candidate
from orarchive.catalog.source import CatalogEndpoint, CatalogModel
from orarchive.catalog.tiers import blend
from orarchive.domain.records import as_number, get_nested

MIN_HEALTH_DAYS = 20
"""Days on which an endpoint must have been read, and half-hours with an uptime, for it to be ranked."""

MIN_SPEED_READINGS = 24
"""Half-hours with a latency and a throughput below which their mean is left out: a single one says little."""

TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")


@dataclass(frozen=True)
class Reading:
    """A value of a measure."""

    value: Decimal
    samples: int | None = None
    """Number of half-hours that it is the mean or the share of; None of a value that is not sampled."""
    endpoint: str | None = None
    """The endpoint that has it; None of a value of the model itself."""

    @property
    def text(self) -> str:
        """Return the exact value without trailing zeros."""
        return f"{self.value.normalize():f}"


@dataclass(frozen=True)
class Measure:
    """What models are ranked by."""

    name: str
    title: str
    unit: str
    source: str
    """Who measured it."""
    is_highest_best: bool
    read: Callable[[Candidate, CatalogEndpoint | None], Reading | None]
    """Read the value at an endpoint; with None that of the model as it is listed."""

    def sort_key(self, value: Decimal) -> Decimal:
        """Return a number that is the lower, the better the value is."""
        return -value if self.is_highest_best else value

    def read_best(self, candidate: Candidate) -> Reading | None:
        """Return the best value at the endpoints of a candidate, else as listed; None where it is not known.

        Of equal values that of the first endpoint by its text form.
        """
        readings = [reading for offer in candidate.offers if (reading := self.read(candidate, offer))]
        if not readings:
            return self.read(candidate, None)
        return min(readings, key=lambda reading: (self.sort_key(reading.value), reading.endpoint or ""))


def _read_throughput(candidate: Candidate, endpoint: CatalogEndpoint | None) -> Reading | None:
    health = endpoint.health if endpoint else None
    if endpoint is None or health is None or health.throughput is None:
        return None
    return _build_speed(health.throughput, health.speed_readings, endpoint)


def _read_latency(candidate: Candidate, endpoint: CatalogEndpoint | None) -> Reading | None:
    health = endpoint.health if endpoint else None
    if endpoint is None or health is None or health.latency_ms is None:
        return None
    return _build_speed(health.latency_ms, health.speed_readings, endpoint)


def _build_speed(mean: float, samples: int, endpoint: CatalogEndpoint) -> Reading | None:
    if samples < MIN_SPEED_READINGS:
        return None
    return Reading(Decimal(mean).quantize(TENTH), samples, endpoint.key.text)


def _read_reliability(candidate: Candidate, endpoint: CatalogEndpoint | None) -> Reading | None:
    health = endpoint.health if endpoint else None
    if endpoint is None or health is None or min(health.days, health.readings) < MIN_HEALTH_DAYS:
        return None
    percent = (100 * Decimal(health.well) / health.readings).quantize(HUNDREDTH)
    return Reading(percent, health.readings, endpoint.key.text)


def _read_cost(candidate: Candidate, endpoint: CatalogEndpoint | None) -> Reading | None:
    if candidate.info.price_class.outside:
        return None
    if endpoint is None:
        return _build_reading(candidate.info.price_class.blended)
    return _build_reading(blend(endpoint.endpoint.prices), endpoint)


def _read_context(candidate: Candidate, endpoint: CatalogEndpoint | None) -> Reading | None:
    context = candidate.info.context if endpoint is None else endpoint.endpoint.context
    return _build_reading(None if context is None else Decimal(context), endpoint)


def _build_reading(value: Decimal | None, endpoint: CatalogEndpoint | None = None) -> Reading | None:
    if value is None:
        return None
    return Reading(value, endpoint=endpoint.key.text if endpoint else None)


OPENROUTER = "OpenRouter, as it measures it"
PRICE_LIST = "OpenRouter, as listed"

THROUGHPUT = Measure("throughput", "throughput", "tokens/s", OPENROUTER, True, _read_throughput)
LATENCY = Measure("latency", "time to the first token", "ms", OPENROUTER, False, _read_latency)
RELIABILITY = Measure("reliability", "half-hours with 99% uptime", "%", OPENROUTER, True, _read_reliability)
COST = Measure("cost", "price with 3 tokens in for 1 out", "USD per M tokens", PRICE_LIST, False, _read_cost)
CONTEXT = Measure("context", "context", "tokens", PRICE_LIST, True, _read_context)

POINTS = "points"
"""Unit of an index, which has one decimal."""

INDEX, ARENA, USE = "artificial_analysis", "design_arena", "use"
"""Sources of quality: the first words of the names of its measures."""


@dataclass(frozen=True)
class QualitySource:
    """Who tells how good a model is."""

    source: str
    title: str
    """Name of the measure; {} is the last word of its name in files."""
    unit: str
    is_highest_best: bool
    read: Callable[..., Decimal | None]
    """Read the value of a model; further arguments are the words of the measure's name."""


@cache
def get_quality_measure(name: str) -> Measure:
    """Return the measure of quality of a name.

    `artificial_analysis.INDEX`, `design_arena.ARENA.CATEGORY` (an Elo), or `use`: OpenRouter's order by use.
    """
    group, *words = name.split(".")
    source = QUALITY_SOURCES[group]
    return Measure(
        name=name,
        title=source.title.format(words[-1].replace("_", " ") if words else ""),
        unit=source.unit,
        source=source.source,
        is_highest_best=source.is_highest_best,
        read=lambda candidate, _: _build_reading(source.read(candidate.model, *words)),
    )


def _read_index(model: CatalogModel, name: str) -> Decimal | None:
    return as_number(get_nested(model.benchmarks, INDEX, name))


def _read_elo(model: CatalogModel, arena: str, category: str) -> Decimal | None:
    rows = model.benchmarks.get(ARENA)
    for row in rows if isinstance(rows, list) else ():
        if get_nested(row, "arena") == arena and get_nested(row, "category") == category:
            return as_number(row.get("elo"))
    return None


def _read_rank(model: CatalogModel) -> Decimal | None:
    return None if model.rank is None else Decimal(model.rank)


QUALITY_SOURCES = {
    INDEX: QualitySource("Artificial Analysis, as OpenRouter passes it on", "{}", POINTS, True, _read_index),
    ARENA: QualitySource("Design Arena, as OpenRouter passes it on", "{} arena", "Elo", True, _read_elo),
    USE: QualitySource("OpenRouter, its order of models by use", "rank by use", "", False, _read_rank),
}
