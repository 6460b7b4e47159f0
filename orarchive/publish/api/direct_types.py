"""Members of the file of direct prices with their types and descriptions."""

from typing import Annotated

from orarchive.publish.api.types import Count, Date, DecimalText, Foreign, Shape, describe

Url = Annotated[str, describe("Address of a page of another site")]


class DirectDisagreement(Shape, frozen=True, kw_only=True):
    """A direct price, and a different one of the maker's own endpoint on OpenRouter."""

    dimension: Annotated[str, describe("Price dimension, as in `pricing` of models.json")]
    min_prompt_tokens: Annotated[
        DecimalText, describe("Number of prompt tokens above which both hold; 0 for an ordinary prompt")
    ]
    pinned: Annotated[DecimalText, describe("Direct price, USD for a token")]
    listed: Annotated[DecimalText, describe("Price of the endpoint before its discount, USD for a token")]


class DirectRow(Shape, frozen=True, kw_only=True):
    """What a maker asks for a model that it serves itself, beside OpenRouter's prices."""

    provider: Annotated[str, describe("Slug of the maker as a provider, as in providers.json")]
    name: Annotated[str, describe("Name of the service for people")]
    region: Annotated[str, describe("Region of the service")]
    id: Annotated[str, describe("The provider's own id of the model")]
    model: Annotated[str | None, describe("OpenRouter's id of the same model; null where none is surely it")]
    currency: Annotated[str, describe("Currency of the prices; they are never converted here")]
    converted_from: Annotated[
        str | None, describe("Currency of the price list, where the source had converted it")
    ]
    pricing: Annotated[
        dict[str, DecimalText], describe("Price by dimension, for a token; the names are OpenRouter's")
    ]
    overrides: Annotated[list[Foreign], describe("Conditional prices in the form of OpenRouter's")]
    context_length: Annotated[Count | None, describe("Tokens of input and output together")]
    max_completion_tokens: Annotated[Count | None, describe("Longest output, tokens")]
    price_page: Annotated[Url, describe("The provider's own page of prices, to check them against")]
    source_url: Annotated[Url, describe("Where the figures were read")]
    checked_on: Annotated[Date, describe("Day on which they were read there")]
    is_stale: Annotated[bool, describe("Whether that was more than 90 days from the hour of the site")]
    is_offered: Annotated[
        bool | None, describe("Whether the provider's own list has the id; null where it was not read")
    ]
    cheapest_endpoint: Annotated[str | None, describe("Cheapest endpoint of the model on OpenRouter")]
    cheapest_ratio: Annotated[
        DecimalText | None, describe("Direct price by that of this endpoint: 0.5 is half as dear")
    ]
    own_endpoint: Annotated[str | None, describe("The maker's own endpoint on OpenRouter")]
    own_ratio: Annotated[DecimalText | None, describe("Direct price by that of this endpoint")]
    disagreements: Annotated[list[DirectDisagreement], describe("Prices in which the two differ")]
    uncompared: Annotated[list[str], describe("What cannot be compared, with the reason")]
    reason: Annotated[str, describe("Why it is compared with no endpoint of the maker's; empty where it is")]
