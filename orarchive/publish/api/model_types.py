"""Members of the file of a model with their types and descriptions."""

from typing import Annotated

from orarchive.publish.api.catalog_types import FamilyRow, FlagName, FlagRow, PriceClassRow, SizeRow
from orarchive.publish.api.name_types import Replacement
from orarchive.publish.api.types import (
    ConditionalPrices,
    Event,
    Foreign,
    ModelEndpoint,
    ModelRow,
    PriceHistory,
    describe,
)


class Model(ModelRow, frozen=True, kw_only=True):
    """A model with its record, every price of it, its endpoints, its changes, and what they mean."""

    record: Annotated[
        Foreign, describe("The model's entry in OpenRouter's list as last sent, with every field and value")
    ]
    price_history: PriceHistory
    conditional_price_history: ConditionalPrices
    endpoints: Annotated[list[ModelEndpoint], describe("Its endpoints, current and former")]
    events: Annotated[
        list[Event], describe("Changes of it and of its endpoints, in the order they became known")
    ]
    family: Annotated[FamilyRow, describe("Line of its author's models")]
    size: Annotated[SizeRow, describe("Its number of parameters")]
    price_class: Annotated[PriceClassRow, describe("Class of its prices")]
    flags: Annotated[dict[FlagName, FlagRow], describe("What is known of each ability")]
    names: Annotated[list[str], describe("Further names that stand for it, see aliases.json")]
    successor: Annotated[
        Replacement | None, describe("What replaces it; null while it stays, and where nothing does")
    ]
