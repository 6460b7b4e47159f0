"""Members of the files of the catalogue with their types and descriptions."""

from typing import Annotated

from msgspec import Meta

from orarchive.catalog.flags import FLAGS, SOURCES
from orarchive.catalog.tiers import ALIAS, NOT_BY_TOKEN, ROUTER, TIERS, UNPRICED
from orarchive.publish.api.types import (
    MODEL_ID,
    Count,
    Date,
    DecimalText,
    Hour,
    Shape,
    describe,
    restrict,
)

FlagName = Annotated[str, restrict([*FLAGS, "open_weights"])]
Tier = Annotated[str, restrict(TIERS)]
PositiveCount = Annotated[int, Meta(gt=0)]


class FlagRow(Shape, frozen=True, kw_only=True):
    """What is known of an ability of a model."""

    value: Annotated[
        bool | str | None,
        describe(
            "`true`, `false` or null: unknown, which is not no. Of `reasoning` `none`, `fixed` or"
            " `configurable`"
        ),
    ]
    source: Annotated[
        str,
        restrict(SOURCES),
        describe("Who says so: `api`, a `heuristic`, a reviewed `override`, or `none`"),
    ]
    evidence: Annotated[str, describe("Field or rule that it comes from; empty of an unknown value")]
    endpoints: Annotated[
        str | None, describe("How many of the endpoints that say so have it, such as `4 of 6`; null for none")
    ]
    modes: Annotated[
        list[str], describe("Of `tool_choice` the modes that an endpoint honours, of `reasoning` the efforts")
    ]


class FamilyRow(Shape, frozen=True, kw_only=True):
    """The line of models that a model belongs to."""

    name: Annotated[str | None, describe("Family, such as `claude-opus`; null where it cannot be told")]
    source: Annotated[
        str,
        restrict(["api", "heuristic", "none"]),
        describe("`api`: an alias of OpenRouter's names it; `heuristic`: a rule does"),
    ]
    evidence: Annotated[str, describe("Alias or rule that it comes from")]
    generation: Annotated[str | None, describe("Version in the id, such as `4.5`")]
    base: Annotated[str | None, describe("Family of another author that it was tuned from")]


class SizeRow(Shape, frozen=True, kw_only=True):
    """The number of parameters of a model."""

    total: Annotated[PositiveCount | None, describe("Number of all parameters; null where it is not stated")]
    active: Annotated[PositiveCount | None, describe("Number of parameters active for a token")]
    text: Annotated[str | None, describe("As people write it: `235B-A22B`, `8x7B`")]
    source: Annotated[str, restrict(["heuristic", "override", "none"]), describe("Where it comes from")]
    evidence: Annotated[str, describe("Part of the id or of the description that states it")]


class PriceClassRow(Shape, frozen=True, kw_only=True):
    """The class of a model's prices, for an ordinary prompt at the last good hour."""

    tier: Annotated[
        Tier | None,
        describe(
            "By the price of a million input tokens: `free` 0, `budget` under $1, `standard` under $5,"
            " `pro` under $15, `premium`; null outside the tiers"
        ),
    ]
    output_tier: Annotated[Tier | None, describe("The same by the price of output")]
    blended: Annotated[
        DecimalText | None, describe("USD for a million tokens, three of input to one of output")
    ]
    blended_tier: Annotated[Tier | None, describe("The same by `blended`")]
    outside: Annotated[
        str,
        restrict(["", ALIAS, ROUTER, UNPRICED, NOT_BY_TOKEN]),
        describe("Why it is outside the tiers; empty within"),
    ]


class CheckList(Shape, frozen=True, kw_only=True):
    """Every id that was ever listed, with its state, to check the ids of a repository by."""

    format: Annotated[Count, describe("Number of this form, for the script that reads it")]
    as_of: Annotated[Hour, describe("Hour (UTC) of the list")]
    alive: Annotated[list[str], describe("Ids that are listed without a date of their end")]
    expires: Annotated[dict[str, Date], describe("Ids that are listed -> the day of their end")]
    gone: Annotated[dict[str, Date], describe("Ids that are no longer listed -> the last day")]
    slugs: Annotated[dict[str, str], describe("Permanent names that requests may have -> ids")]
    replacements: Annotated[dict[str, str], describe("Ids that are gone or go -> what replaces them")]
    dearer: Annotated[list[str], describe("Those of them whose replacement costs more")]
    advice: Annotated[
        list[str], describe("Those whose replacement is of the same family: advice of this archive only")
    ]


class CatalogRow(Shape, frozen=True, kw_only=True):
    """The facts to compare a listed model by."""

    id: Annotated[str, describe(MODEL_ID)]
    name: Annotated[str, describe("Name for people; the id where none was sent")]
    family: Annotated[str | None, describe("Line of its author's models")]
    tier: Annotated[Tier | None, describe("Class of its input price; null outside the tiers")]
    pricing: Annotated[
        list[DecimalText | None],
        Meta(min_length=4, max_length=4),
        describe(
            "USD for a million tokens of input, of output, of input read from the cache, and of three parts"
            " input to one of output; null where unknown, -1 of a router"
        ),
    ]
    is_free: Annotated[bool, describe("Whether tokens are what is charged, and every price is 0")]
    context_length: Annotated[Count | None, describe("Tokens of input and output together, as listed")]
    max_completion_tokens: Annotated[Count | None, describe("Longest output of an endpoint, tokens")]
    input_modalities: Annotated[list[str], describe("What it takes: `text`, `image` ...")]
    output_modalities: Annotated[list[str], describe("What it gives: `text`, `image`, `embeddings` ...")]
    flags: Annotated[list[FlagName], describe("Abilities that it has; of `reasoning`: if not `none`")]
    unknown_flags: Annotated[list[FlagName], describe("Abilities of which it is not known")]
    size: Annotated[str | None, describe("Number of parameters, such as `235B-A22B`")]
    created: Annotated[Date | None, describe("Day on which OpenRouter added it, according to OpenRouter")]
    expires: Annotated[Date | None, describe("Day on which OpenRouter will remove it")]
    providers: Annotated[
        Count | None, describe("Number of providers that serve it; null where its endpoints were never read")
    ]
