"""Lists: endpoints, and models by their best endpoint, ranked by one measure; unknown values are in none."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.candidates import Candidate, choose_representatives
from orarchive.catalog.measures import (
    CONTEXT,
    COST,
    LATENCY,
    MIN_HEALTH_DAYS,
    MIN_SPEED_READINGS,
    RELIABILITY,
    THROUGHPUT,
    Measure,
    Reading,
)
from orarchive.catalog.shortlists import load_needs, rank_candidates
from orarchive.catalog.source import HEALTH_WINDOW_DAYS
from orarchive.jsonl import Record

SPEED_RULE = f"endpoints with at least {MIN_SPEED_READINGS} half-hours read"
RELIABILITY_RULE = f"endpoints read on at least {MIN_HEALTH_DAYS} of {HEALTH_WINDOW_DAYS} days"
NO_SPEED = (
    "not known: OpenRouter tells latency and throughput only to requests with a key, and the list needs"
    f" {SPEED_RULE}"
)
NO_RELIABILITY = f"not known yet: the list needs {RELIABILITY_RULE}"
NO_VALUE = "not known: no listed model has both a quality and a price by the token"

VALUE_NEED = "general"
"""Shortlist whose measure of quality tells which model is the better one for its price."""


@dataclass(frozen=True)
class ListRow:
    """A place in a list."""

    id: str
    """Of a model."""
    reading: Reading

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "id": self.id,
            "value": self.reading.text,
            "endpoint": self.reading.endpoint,
            "samples": self.reading.samples,
        }


@dataclass(frozen=True)
class ListKind:
    """What a list is of."""

    name: str
    title: str
    measure: Measure
    window_days: int | None
    """The days before the day of the hour that it covers; None: the hour itself."""
    rule: str
    """What is in it."""
    unknown: str
    """Why it is empty, where it is, and what fills it."""


LISTS = (
    ListKind("fastest", "Fastest", THROUGHPUT, HEALTH_WINDOW_DAYS, SPEED_RULE, NO_SPEED),
    ListKind("lowest-latency", "Lowest latency", LATENCY, HEALTH_WINDOW_DAYS, SPEED_RULE, NO_SPEED),
    ListKind(
        *("most-reliable", "Most reliable", RELIABILITY, HEALTH_WINDOW_DAYS),
        *(RELIABILITY_RULE, NO_RELIABILITY),
    ),
    ListKind(
        *("lowest-cost", "Lowest cost", COST, None),
        rule="models charged by the token",
        unknown="not known: no listed model has a price by the token",
    ),
    ListKind(
        *("longest-context", "Longest context", CONTEXT, None),
        rule="the context that an endpoint serves, else the listed",
        unknown="not known: no listed model has a context",
    ),
)
"""All lists but for the best value, which has two measures."""


@dataclass(frozen=True)
class RankedList:
    """A list, best first; of equal values by id."""

    kind: ListKind
    endpoints: tuple[ListRow, ...]
    models: tuple[ListRow, ...]
    """Each model once, by its best endpoint."""

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        kind = self.kind
        return {
            "name": kind.name,
            "title": kind.title,
            "unit": kind.measure.unit,
            "measured_by": kind.measure.source,
            "window_days": kind.window_days,
            "rule": kind.rule,
            "unknown": None if self.models else kind.unknown,
            "endpoints": [row.to_json() for row in self.endpoints],
            "models": [row.to_json() for row in self.models],
        }


@dataclass(frozen=True)
class ValueRow:
    """A model that no other beats in both price and quality."""

    id: str
    cost: Reading
    quality: Reading

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "id": self.id,
            "cost": self.cost.text,
            "endpoint": self.cost.endpoint,
            "quality": self.quality.text,
        }


@dataclass(frozen=True)
class BestValue:
    """The models that give the best quality for their price, cheapest first."""

    quality: Measure | None
    rows: tuple[ValueRow, ...]
    compared: int
    """Number of models with both."""

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "name": "best-value",
            "title": "Best value",
            "unit": COST.unit,
            "quality": self.quality.name if self.quality else None,
            "quality_source": self.quality.source if self.quality else None,
            "compared": self.compared,
            "unknown": None if self.rows else NO_VALUE,
            "models": [row.to_json() for row in self.rows],
        }


def build_list(kind: ListKind, candidates: Sequence[Candidate]) -> RankedList:
    """Return a list of the candidates of an hour."""
    measure = kind.measure
    endpoints = [
        ListRow(candidate.info.id, reading)
        for candidate in candidates
        for endpoint in candidate.endpoints
        if (reading := measure.read(candidate, endpoint))
    ]
    models = [
        ListRow(candidate.info.id, reading)
        for candidate in candidates
        if (reading := measure.read_best(candidate))
    ]
    return RankedList(kind, _sort(measure, endpoints), _sort(measure, models))


def build_best_value(candidates: Sequence[Candidate]) -> BestValue:
    """Return the Pareto front of quality and price: going up in price, each model is better than all before.

    Of models with the same price the best counts, of equal ones the first by id. Variants count once.
    """
    quality = rank_candidates(load_needs()[VALUE_NEED], candidates).quality
    if quality is None:
        return BestValue(None, (), 0)
    readings = [
        (candidate.info.id, COST.read_best(candidate), quality.read_best(candidate))
        for candidate in choose_representatives(candidates)
    ]
    rows = [ValueRow(model, cost, score) for model, cost, score in readings if cost and score]
    return BestValue(quality, tuple(select_front(quality, rows)), len(rows))


def select_front(quality: Measure, rows: Sequence[ValueRow]) -> list[ValueRow]:
    """Return the rows that no other is both cheaper and better than, cheapest first."""
    front: list[ValueRow] = []
    best: Decimal | None = None
    for row in sorted(rows, key=lambda row: (row.cost.value, quality.sort_key(row.quality.value), row.id)):
        key = quality.sort_key(row.quality.value)
        if best is None or key < best:
            front.append(row)
            best = key
    return front


def _sort(measure: Measure, rows: Sequence[ListRow]) -> tuple[ListRow, ...]:
    return tuple(
        sorted(
            rows,
            key=lambda row: (measure.sort_key(row.reading.value), row.id, row.reading.endpoint or ""),
        )
    )
