"""Members of the files of shortlists and lists with their types and descriptions."""

from typing import Annotated

from msgspec import Meta

from orarchive.publish.api.types import MODEL_ID, Count, Date, DecimalText, Shape, describe

Position = Annotated[int, Meta(ge=1)]
EndpointKey = Annotated[
    str | None, describe("Endpoint that has it, `model@tag`; null of a value of the model itself")
]
Samples = Annotated[
    Count | None, describe("Number of half-hours that it comes from; null where it is not sampled")
]
Unknown = Annotated[str | None, describe("Why it is empty, and what fills it; null where it is not")]


class ScorePart(Shape, frozen=True, kw_only=True):
    """A part of a score."""

    measure: Annotated[str, describe("What it is made of")]
    source: Annotated[str, describe("Who measured it")]
    unit: Annotated[str, describe("Unit of `value`")]
    value: Annotated[DecimalText, describe("Value of the model, or of its best endpoint")]
    endpoint: EndpointKey
    samples: Samples
    better: Annotated[Count, describe("Number of candidates with a better value")]
    of: Annotated[Count, describe("Number of candidates with a value")]
    normalised: Annotated[
        DecimalText, describe("Share of the candidates that are not better: 1 - better / of, to four digits")
    ]
    weight: Annotated[
        DecimalText,
        describe("Its share of the score; those of the known parts add up to 1, but for rounding"),
    ]


class ShortlistEntry(Shape, frozen=True, kw_only=True):
    """A model in a shortlist."""

    id: Annotated[str, describe(MODEL_ID)]
    name: Annotated[str, describe("Name for people")]
    family: Annotated[str | None, describe("Line of its author's models")]
    position: Annotated[Position, describe("Its place by the score alone, from 1")]
    score: Annotated[
        DecimalText, describe("Sum of weight * normalised over the parts, to four digits; 1 is best")
    ]
    parts: Annotated[dict[str, ScorePart], describe("`quality`, `reliability`, `latency`, `cost`, if known")]
    unknown: Annotated[list[str], describe("Parts that are not known of it")]
    why: Annotated[list[str], describe("The parts in words")]
    expires: Annotated[Date | None, describe("Day on which OpenRouter will remove it")]
    endpoints: Annotated[list[str], describe("Endpoints that have what the need requires")]


class DisplacedEntry(Shape, frozen=True, kw_only=True):
    """A model that the limit of a family keeps out of a shortlist."""

    id: Annotated[str, describe(MODEL_ID)]
    family: Annotated[str | None, describe("Line of its author's models")]
    position: Annotated[Position, describe("Its place by the score alone")]
    score: Annotated[DecimalText, describe("Its score, as `score` of entries")]
    because_of: Annotated[list[str], describe("The models of its family that are in")]


class ShortlistData(Shape, frozen=True, kw_only=True):
    """A few models for a need."""

    name: Annotated[str, describe("Name of the need")]
    title: Annotated[str, describe("The need in words")]
    filled: Annotated[str, describe("How full it is, such as `3 of 5`")]
    quality: Annotated[str | None, describe("Measure of quality; null where none is known")]
    quality_source: Annotated[str | None, describe("Who measured it")]
    requires: Annotated[list[str], describe("What a model must have")]
    candidates: Annotated[Count, describe("Number of models that have it, and are ranked")]
    unranked: Annotated[Count, describe("Number of those whose quality is not known")]
    entries: Annotated[list[ShortlistEntry], describe("Best first; at most two of an author's family")]
    displaced: Annotated[list[DisplacedEntry], describe("Those that would be in it without that limit")]


class ListRow(Shape, frozen=True, kw_only=True):
    """A place in a list."""

    id: Annotated[str, describe(MODEL_ID)]
    value: Annotated[DecimalText, describe("Value, in the unit of the list")]
    endpoint: EndpointKey
    samples: Samples


class RankedListData(Shape, frozen=True, kw_only=True):
    """Endpoints, and models by their best endpoint, ranked by one measure."""

    name: Annotated[str, describe("Name of the list")]
    title: Annotated[str, describe("What it is of, in words")]
    unit: Annotated[str, describe("Unit of its values")]
    measured_by: Annotated[str, describe("Who measured them")]
    window_days: Annotated[
        Count | None, describe("Days before the day of the hour that it covers; null: the hour itself")
    ]
    rule: Annotated[str, describe("What is in it")]
    unknown: Unknown
    endpoints: Annotated[list[ListRow], describe("Every endpoint with a value, best first")]
    models: Annotated[list[ListRow], describe("Each model once, by its best endpoint; best first")]


class BestValueRow(Shape, frozen=True, kw_only=True):
    """A model that no other beats in both price and quality."""

    id: Annotated[str, describe(MODEL_ID)]
    cost: Annotated[DecimalText, describe("Its lowest price, in the unit of the list")]
    endpoint: EndpointKey
    quality: Annotated[DecimalText, describe("Its quality, by the measure of the list")]


class BestValueData(Shape, frozen=True, kw_only=True):
    """The models that give the best quality for their price."""

    name: Annotated[str, describe("Name of the list")]
    title: Annotated[str, describe("What it is of, in words")]
    unit: Annotated[str, describe("Unit of the prices")]
    quality: Annotated[str | None, describe("Measure of quality; null where none is known")]
    quality_source: Annotated[str | None, describe("Who measured it")]
    compared: Annotated[Count, describe("Number of models with both a price and a quality")]
    unknown: Unknown
    models: Annotated[list[BestValueRow], describe("Cheapest first; each is better than all before it")]
