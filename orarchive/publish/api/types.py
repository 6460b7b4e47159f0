"""Members of the static API with their types and descriptions: files and schemas are both made of these.

The descriptions are the documentation that users read: in the JSON Schemas, in the OpenAPI file and on the
page of data. Ranking files have their types in `ranking_types`.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from orarchive.domain.event_kinds import ADDED, EVENT_KINDS, FIRST_OBSERVED, JOINED, RETURNED
from orarchive.domain.feeds import FEEDS
from orarchive.publish.views.endpoints import ABILITIES
from orarchive.publish.views.states import STATE_MEANINGS


def describe(description: str) -> Meta:
    """Return the description of a member."""
    return Meta(description=description)


def restrict(values: Iterable[str]) -> Meta:
    """Return the restriction of a text to some values."""
    return Meta(extra_json_schema={"enum": [*values]})


Hour = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:00:00Z$", examples=["2026-11-20T06:00:00Z"])]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", examples=["2026-11-20T06:04:31Z"])]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2026-11-20"])]
Month = Annotated[str, Meta(pattern=r"^\d{4}-\d\d$", examples=["2026-11"])]
DecimalText = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", examples=["0.00000125"])]
Link = Annotated[
    str, Meta(pattern="^/", extra_json_schema={"format": "uri-reference"}, examples=["/api/v1/models.json"])
]
Count = Annotated[int, Meta(ge=0)]
Foreign = Annotated[dict[str, Any], Meta(extra_json_schema={"additionalProperties": True})]
"""An object as OpenRouter sent it, with members that only OpenRouter decides on."""

RecordState = Annotated[str, restrict(["active", "stale", "deprecated", "removed", "left", "unobserved"])]
Capabilities = list[Annotated[str, restrict(ABILITIES.values())]]
Arrival = Annotated[str, restrict(["baseline", FIRST_OBSERVED, ADDED, RETURNED, JOINED])]

MODEL_ID = "Id of the model, `author/slug`, with `:variant` where it has one; an alias begins with `~`"


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of the API; a member that its type does not name is an error."""


class Lifecycle(Shape, frozen=True, kw_only=True):
    """How long a record has been listed."""

    state: Annotated[
        RecordState,
        describe(
            "`active`: listed at the last good hour; missing from the list for less than 14 days: `stale`,"
            " for 14 days or more: `deprecated`, for 30 or more: `removed`; `left`: an endpoint that is"
            " gone; `unobserved`: the current requests to OpenRouter cannot show it"
        ),
    ]
    first_seen: Annotated[Hour, describe("First hour (UTC) in which this archive saw it")]
    last_seen: Annotated[Hour | None, describe("Last hour (UTC) in which it was listed; null while it is")]
    arrival: Annotated[
        Arrival,
        describe(
            "How it was last added. `baseline` and `first_observed`: it was there when the record, or the"
            " wider request, began, and may be older; `joined`: `added` of an endpoint; `returned`: it was"
            " gone before"
        ),
    ]


class Priced(Lifecycle, frozen=True, kw_only=True):
    """A listed record with its prices at the last good hour."""

    pricing: Annotated[
        dict[str, DecimalText],
        describe(
            "Price by dimension, as OpenRouter names them (`prompt`, `completion`, `input_cache_read`,"
            " `web_search` ...): exact decimal as text, in USD per token; of `request`, `image` and"
            " `web_search` in USD per request, image and search; of `image_output` OpenRouter states no"
            " unit. `-1`: a router, whose price is that of the model it picks. It is the price at the last"
            " good hour of a prompt of ordinary length, and of a time-of-day price the rate in that hour;"
            " of what is gone those at its last hour. Zeros are left out, but for `prompt` and"
            " `completion`, where 0 means free"
        ),
    ]
    overrides: Annotated[
        list[Foreign],
        describe(
            "Conditional prices as OpenRouter sent them in `pricing.overrides`, in order: of those whose"
            " conditions (`min_prompt_tokens`, `utc_start`, `utc_end`, `utc_days`) hold the last wins; []"
            " for none"
        ),
    ]
    has_conditions: Annotated[
        bool, describe("Whether any price depends on the time of day or the length of the prompt")
    ]
    price_ranges: Annotated[
        dict[str, tuple[DecimalText, DecimalText]],
        describe(
            "By dimension whose price depends on conditions: the lowest and the highest of all its prices,"
            " in the units of `pricing`"
        ),
    ]


class PricePoint(Shape, frozen=True, kw_only=True):
    """A price and the hours in which it held."""

    since: Annotated[Hour, describe("First hour (UTC) that showed the price")] = field(name="from")
    until: Annotated[
        Hour | None, describe("Last hour (UTC) that showed the price, inclusive; null while it holds")
    ] = field(name="to")
    price: Annotated[
        DecimalText, describe("Exact decimal as text, in USD, in the unit of its dimension (see `pricing`)")
    ]


class ConditionalPrice(Shape, frozen=True, kw_only=True):
    """Every price of a dimension under a condition."""

    dimension: Annotated[str, describe("Price dimension, as in `pricing`")]
    condition: Annotated[
        Foreign,
        describe(
            "What must hold, as OpenRouter sent it: `min_prompt_tokens` (the prompt is longer than so many"
            " tokens), `utc_start` and `utc_end` (times of day in UTC as numbers, 930 for 09:30; the end is"
            " exclusive), `utc_days` (names of weekdays)"
        ),
    ]
    points: Annotated[list[PricePoint], describe("Its prices, oldest first")]


PriceHistory = Annotated[
    dict[str, list[PricePoint]], describe("By dimension every price without a condition, oldest first")
]
ConditionalPrices = Annotated[
    list[ConditionalPrice], describe("Every price that holds only under a condition")
]


class Links(Shape, frozen=True, kw_only=True):
    """Links of a row."""

    details: Annotated[Link, describe("File of its own, as a link from the root of the host")]


class ModelRow(Priced, frozen=True, kw_only=True):
    """A model that is or was listed."""

    id: Annotated[str, describe(MODEL_ID)]
    name: Annotated[str, describe("Name for people, as last sent; the id where none was sent")]
    author: Annotated[
        str, describe("Who made it: the part of the id before `/`, without the `~` of an alias")
    ]
    canonical_slug: Annotated[
        str | None,
        describe("OpenRouter's permanent name; several variants may share one; null if none is sent"),
    ]
    states: Annotated[
        list[Annotated[str, restrict(STATE_MEANINGS)]],
        describe(
            "States as the pages show them, the most telling first. "
            + "; ".join(f"`{state}`: {meaning.in_list}" for state, meaning in STATE_MEANINGS.items())
        ),
    ]
    context_length: Annotated[
        int | None, describe("Longest input and output together, in tokens; null if none is stated")
    ]
    max_completion_tokens: Annotated[
        int | None,
        describe("Longest output, in tokens, of the provider listed first; null if none is stated"),
    ]
    input_modalities: Annotated[list[str], describe("What it takes: `text`, `image`, `audio`, `file` ...")]
    output_modalities: Annotated[list[str], describe("What it gives: `text`, `image` ...")]
    capabilities: Annotated[
        Capabilities,
        describe(
            "Those of these request parameters that OpenRouter lists as supported by any of its endpoints;"
            " each endpoint has its own"
        ),
    ]
    expiration_date: Annotated[
        Date | None, describe("Day on which OpenRouter ends it; null if no such date is set")
    ]
    providers: Annotated[
        list[str], describe("Slugs of the providers that serve it now, sorted; see `slug` of providers.json")
    ]
    links: Annotated[Links, describe("Links to more about it")]


class EndpointRow(Priced, frozen=True, kw_only=True):
    """An endpoint: a provider that serves a model. `model`, `tag` and `n` identify it."""

    model: Annotated[str, describe(f"{MODEL_ID}: the id that was asked for")]
    tag: Annotated[
        str, describe("OpenRouter's name of the endpoint: the provider's slug, with what follows `/`")
    ]
    n: Annotated[Count, describe("Tells endpoints of equal model and tag apart; 0 for the first")]
    provider: Annotated[str, describe("Slug of the provider: the part of the tag before `/`")]
    context_length: Annotated[
        int | None, describe("Longest input and output together, in tokens; null if none is stated")
    ]
    max_completion_tokens: Annotated[
        int | None, describe("Longest output, in tokens; null if none is stated")
    ]
    capabilities: Annotated[
        Capabilities, describe("Those of these request parameters that OpenRouter lists as supported")
    ]
    quantization: Annotated[str | None, describe("As OpenRouter sent it: `fp8`, `unknown` ...")]
    discount: Annotated[
        DecimalText | None,
        describe("Share, from 0 to 1, by which its prices are already reduced; null for no discount"),
    ]


class ModelEndpoint(EndpointRow, frozen=True, kw_only=True):
    """An endpoint, current or former, with every price of it."""

    price_history: PriceHistory
    conditional_price_history: ConditionalPrices


class AuthorRow(Shape, frozen=True, kw_only=True):
    """An author of models."""

    author: Annotated[str, describe("Author, as in `author` of models.json")]
    models: Annotated[Count, describe("Number of its models that are listed")]
    gone: Annotated[Count, describe("Number of its models that are no longer listed")]
    first_seen: Annotated[Hour, describe("First hour (UTC) in which this archive saw a model of it")]


class ProviderRow(Shape, frozen=True, kw_only=True):
    """A provider that is or was listed, or serves or served a model."""

    slug: Annotated[str, describe("OpenRouter's name of the provider for programs")]
    name: Annotated[str, describe("Name for people; the slug where none was sent")]
    endpoints: Annotated[Count, describe("Number of its endpoints now")]
    left: Annotated[Count, describe("Number of its endpoints that are gone")]
    state: Annotated[
        RecordState | None, describe("As in models.json; null of a provider that OpenRouter's list never had")
    ]
    first_seen: Annotated[
        Hour | None, describe("First hour (UTC) in which the list had it; null if the list never had it")
    ]
    last_seen: Annotated[
        Hour | None,
        describe("Last hour (UTC) in which the list had it; null while it does, and if it never did"),
    ]
    arrival: Annotated[Arrival | None, describe("As in models.json; null if the list never had it")]


class Relations(Shape, frozen=True, kw_only=True):
    """Who made and who serves which model."""

    author_models: Annotated[
        list[tuple[str, str]], describe("Pairs of author and model id, of all models ever listed")
    ]
    provider_models: Annotated[
        list[tuple[str, str]], describe("Pairs of provider slug and model id, of what is served now")
    ]


class Event(Shape, frozen=True, kw_only=True):
    """A meaningful change. Members without content are left out."""

    id: Annotated[
        str,
        Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\dZ-[0-9a-f]{12}$"),
        describe("Permanent id of the event; it begins with the hour, and is opaque from there on"),
    ]
    hour: Annotated[Hour, describe("Hour (UTC) in which it became known")]
    after: Annotated[
        Hour | UnsetType,
        describe("It happened later than this hour (UTC): the last good one with the old state"),
    ] = UNSET
    by: Annotated[
        Hour, describe("It happened not later than in this hour (UTC): the first with the new state")
    ]
    kind: Annotated[
        str,
        restrict(kind.name for kind in EVENT_KINDS.values() if kind.is_stored),
        describe(
            "; ".join(f"`{kind.name}`: {kind.description}" for kind in EVENT_KINDS.values() if kind.is_stored)
        ),
    ]
    feed: Annotated[
        str, restrict([*FEEDS, "rankings"]), describe("List of OpenRouter's to which the record belongs")
    ]
    key: Annotated[
        str,
        describe(
            "Which record: a model id, `model@tag` of an endpoint (with `#1` from the second of equal tags"
            " on), a provider's slug; of `field_appeared` and `field_vanished` the path of the field"
        ),
    ]
    field: Annotated[str | UnsetType, describe("Which field of the record, or which price dimension")] = UNSET
    old: Annotated[
        Any,
        describe(
            "Value before, as OpenRouter sent it; prices are exact decimals as text, in the units of"
            " `pricing`, or a list of conditions, each with its `price`"
        ),
    ] = UNSET
    new: Annotated[Any, describe("Value after, in the form of `old`")] = UNSET
    percent: Annotated[
        float | UnsetType, describe("Of a price with two positive ends: its change in percent of the old one")
    ] = UNSET
    cause: Annotated[
        str | UnsetType,
        describe(
            "Of a price: `endpoint` (an endpoint's own price moved), `provider` (another provider is"
            " listed first), `schedule`, or `unknown`; of `missing`: how OpenRouter answered for the id; of"
            " a record that came or went with its `model` or `endpoint`: this word"
        ),
    ] = UNSET
    origin: Annotated[str, describe("`live`, or `import:` and the name of the archive that observed it")]
