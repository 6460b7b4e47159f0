"""Scores: how good a model is for a need, from published parts that anyone can add up again.

Each part is normalised by rank: the share of the candidates that do not have a better value. The parts have
different units, prices reach over four orders of magnitude, and third parties rescale their indices, so any
fixed scale would be a choice of ours; a rank needs none.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.candidates import Candidate
from orarchive.catalog.measures import COST, LATENCY, RELIABILITY, Measure, Reading
from orarchive.jsonl import Record

TEN_THOUSANDTH = Decimal("0.0001")

QUALITY = "quality"
PART_MEASURES: Mapping[str, Measure] = {"reliability": RELIABILITY, "latency": LATENCY, "cost": COST}
"""Part of a score -> its measure; that of `quality` depends on the need."""


@dataclass(frozen=True)
class Part:
    """A part of a score."""

    name: str
    measure: Measure
    reading: Reading
    better: int
    """Number of candidates with a better value."""
    count: int
    """Number of candidates with a value."""
    normalised: Decimal
    """1 - better / count, to four digits."""
    weight: Decimal
    """Its share of the score; the shares of the parts that are known add up to 1, but for rounding."""

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "measure": self.measure.name,
            "source": self.measure.source,
            "unit": self.measure.unit,
            "value": self.reading.text,
            "endpoint": self.reading.endpoint,
            "samples": self.reading.samples,
            "better": self.better,
            "of": self.count,
            "normalised": f"{self.normalised:f}",
            "weight": f"{self.weight:f}",
        }


@dataclass(frozen=True)
class Score:
    """A score with its parts."""

    value: Decimal
    """The sum of weight * normalised over the parts, to four digits; 1 is best."""
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    """Names of the parts that are not known of the model."""

    def to_json(self) -> Record:
        """Return all members as a JSON object."""
        return {
            "score": f"{self.value:f}",
            "parts": {part.name: part.to_json() for part in self.parts},
            "unknown": list(self.unknown),
        }


@dataclass(frozen=True)
class Scale:
    """The values of a measure that candidates have."""

    measure: Measure
    keys: Sequence[Decimal]
    """The sort keys of the values, best first."""


def build_scale(measure: Measure, candidates: Iterable[Candidate]) -> Scale:
    """Return the values of a measure that candidates have."""
    readings = [measure.read_best(candidate) for candidate in candidates]
    return Scale(measure, sorted(measure.sort_key(reading.value) for reading in readings if reading))


def compute_score(
    candidate: Candidate, scales: Mapping[str, Scale], weights: Mapping[str, Decimal]
) -> Score | None:
    """Return the score of a candidate; None where no part is known.

    A part that is not known of it, or of none of the candidates on the scale, is left out, and the weights of
    the rest are raised in proportion. A variant is scored although its base may stand on the scale instead.
    """
    readings = {
        name: reading
        for name, scale in scales.items()
        if scale.keys and (reading := scale.measure.read_best(candidate))
    }
    if not readings:
        return None
    total = sum(weights[name] for name in readings)
    parts = tuple(
        _build_part(name, scales[name], readings[name], weights[name] / total)
        for name in weights
        if name in readings
    )
    value = sum((part.weight * part.normalised for part in parts), Decimal(0)).quantize(TEN_THOUSANDTH)
    return Score(value, parts, tuple(name for name in weights if name not in readings))


def _build_part(name: str, scale: Scale, reading: Reading, weight: Decimal) -> Part:
    better, count = bisect_left(scale.keys, scale.measure.sort_key(reading.value)), len(scale.keys)
    normalised = 1 - Decimal(better) / count
    return Part(
        name=name,
        measure=scale.measure,
        reading=reading,
        better=better,
        count=count,
        normalised=normalised.quantize(TEN_THOUSANDTH),
        weight=weight.quantize(TEN_THOUSANDTH),
    )
