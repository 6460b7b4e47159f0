"""Members of the files of rankings, with their types and descriptions."""

from typing import Annotated

from msgspec import Meta

from orarchive.publish.api.types import Count, Date, Hour, Links, Shape, describe, restrict

Category = Annotated[
    str | None, describe("Name of the category (a use of models); null for all uses together")
]
IsPast = Annotated[bool, describe("Whether OpenRouter no longer names the category")]
OrderRead = Annotated[
    Hour | None, describe("Hour (UTC) in which the order of models was read; null if it never was")
]
Source = Annotated[
    str | None,
    describe(
        "Attribution that has to go along wherever the totals are used; null where there are no totals,"
        " which only an archive with an API key has"
    ),
]
TokenCount = Annotated[str, Meta(pattern=r"^\d+$")]


class CategoryRow(Shape, frozen=True, kw_only=True):
    """A category of rankings."""

    category: Category
    past: IsPast
    read: OrderRead
    links: Annotated[Links, describe("The file of its ranking")]


class Categories(Shape, frozen=True, kw_only=True):
    """The categories of rankings."""

    source: Source
    categories: Annotated[
        list[CategoryRow],
        describe("All categories ever read, and all uses together; [] without rankings"),
    ]


class Order(Shape, frozen=True, kw_only=True):
    """Models by use: ranks without totals."""

    read: OrderRead
    models: Annotated[list[str], describe("Ids of models, the most used first")]


class TotalRow(Shape, frozen=True, kw_only=True):
    """The published total of a model."""

    model_permaslug: Annotated[
        str,
        describe(
            "OpenRouter's permanent name of the model with its variant; `other` is the sum of all others"
        ),
    ]
    model: Annotated[str | None, describe("Id of the model that has this name; null if none has")]
    total_tokens: Annotated[
        TokenCount, describe("Input and output tokens on that date, as text, for it may exceed 2^53")
    ]


class DateTotals(Shape, frozen=True, kw_only=True):
    """The published totals of a date."""

    date: Annotated[Date, describe("UTC day, or the Monday on which the week begins")]
    unfinished: Annotated[
        bool, describe("Whether the day or week was not over when OpenRouter last published its totals")
    ]
    models: Annotated[list[TotalRow], describe("Totals by model, the highest first")]


class Totals(Shape, frozen=True, kw_only=True):
    """Published totals by date."""

    source: Source
    period: Annotated[
        str,
        restrict(["day", "week"]),
        describe("Whether a date stands for a day (all uses) or a week (a category)"),
    ]
    dates: Annotated[
        list[DateTotals], describe("The last 35 days or 8 weeks that were published, the last one first")
    ]
    missing: Annotated[
        list[Date], describe("Dates between the first and the last of these that were not published")
    ]


class Ranking(Shape, frozen=True, kw_only=True):
    """The ranking of models in a category, or of all uses together."""

    category: Category
    past: IsPast
    order: Annotated[Order, describe("The order of models by use")]
    totals: Annotated[Totals, describe("The totals that OpenRouter publishes")]


class RankingCheck(Shape, frozen=True, kw_only=True):
    """How a ranking was read last, and whether its names match models."""

    ranking: Annotated[str, describe("Series of rankings: `order`, `models`, `category`, `apps` ...")]
    part: Annotated[
        str | None, describe("Slice of the series, such as a category; null for the series as a whole")
    ]
    route: Annotated[str, describe("Route of OpenRouter's API that was asked")]
    asked: Annotated[Hour, describe("Hour (UTC) in which it was asked")]
    outcome: Annotated[str, describe("`ok`, or the reason of the failure")]
    as_of: Annotated[
        str | None, describe("Time of the figures as OpenRouter states it; null where it states none")
    ]
    rows: Annotated[Count, describe("Number of rows on record")]
    names: Annotated[Count, describe("Number of distinct names of models in them, without `other`")]
    joined: Annotated[Count, describe("Number of these names that belong to a model of models.json")]
    missing: Annotated[list[str], describe("Dates that were asked for and not published")]


class Validation(Shape, frozen=True, kw_only=True):
    """Checks of the rankings."""

    rankings: Annotated[list[RankingCheck], describe("The last reading of each ranking")]
    unmatched: Annotated[list[str], describe("Published names of models that match no model of models.json")]
