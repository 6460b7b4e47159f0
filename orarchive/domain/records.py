"""Typed views of raw records: a field that is missing, or of an unexpected type, reads as None.

Nothing here raises on an archived record, because the service may change any field at any hour.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from orarchive.domain.prices import (
    get_prices_at,
    is_dynamic,
    is_zero,
    list_price_ranges,
    parse_price,
    read_schedule,
)
from orarchive.jsonl import Record

NO_DATE = dt.date(2098, 12, 31)
"""An expiration date from this day on means that there is none: several models have it as a filler."""

MAX_NUMBER = 10**15
"""Numbers from here on are not read: they are no counts and no times, and a large exponent would fill the
memory."""

FREE_VARIANT = "free"

PriceRanges = dict[str, tuple[Decimal, Decimal]]
"""The lowest and the highest price by dimension, of those that depend on conditions."""


@dataclass(frozen=True)
class Model:
    """An entry of the models feed."""

    id: str
    lab: str
    """The maker: the part of the id before `/`, without the `~` of an alias."""
    variant: str
    """The part of the id after `:`, or ""."""
    name: str
    description: str | None
    canonical_slug: str | None
    is_alias: bool
    """True of a model that only points at another model."""
    alias_target: str | None
    context: int | None
    max_output: int | None
    prices: dict[str, Decimal]
    """By dimension, USD per unit, at the moment of reading; -1 is dynamic."""
    price_ranges: PriceRanges
    schedule: list[Record]
    expires: dt.date | None
    created: dt.datetime | None
    """OpenRouter's own field, not the hour at which it was first seen here."""
    knowledge_cutoff: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tokenizer: str | None
    parameters: tuple[str, ...]
    hugging_face: str | None

    @property
    def media_inputs(self) -> list[str]:
        """Return the input modalities but for text, sorted."""
        return sorted({*self.inputs} - {"text", ""})

    @classmethod
    def from_record(cls, record: Record, moment: dt.datetime) -> Self:
        """Read a record of the models feed; time-of-day prices are those of a moment."""
        model, pricing = record["id"], record.get("pricing")
        architecture, top = get_object(record, "architecture"), get_object(record, "top_provider")
        return cls(
            id=model,
            lab=get_lab(model),
            variant=split_variant(model)[1] or "",
            name=as_text(record.get("name")) or model,
            description=as_text(record.get("description")),
            canonical_slug=as_text(record.get("canonical_slug")),
            is_alias=is_alias(record),
            alias_target=get_alias_target(record.get("alias_target")),
            context=as_positive(record.get("context_length")),
            max_output=as_positive(top.get("max_completion_tokens")),
            prices=_read_prices_at(pricing, moment),
            price_ranges=list_price_ranges(pricing),
            schedule=read_schedule(pricing),
            expires=parse_expiry(record.get("expiration_date")),
            created=as_moment(record.get("created")),
            knowledge_cutoff=as_text(record.get("knowledge_cutoff")),
            inputs=read_modalities(architecture, "input_modalities", 0),
            outputs=read_modalities(architecture, "output_modalities", 1),
            tokenizer=as_text(architecture.get("tokenizer")),
            parameters=as_texts(record.get("supported_parameters")),
            hugging_face=as_text(record.get("hugging_face_id")),
        )

    @property
    def is_router(self) -> bool:
        """Return whether it passes requests on to other models, at their prices."""
        return is_dynamic(self.prices.get("prompt"))

    @property
    def permaslug(self) -> str:
        """Return its name in rankings: the canonical slug, with the variant."""
        slug, variant = self.canonical_slug or self.id, self.variant
        return f"{slug}:{variant}" if variant and not slug.endswith(f":{variant}") else slug

    @property
    def is_charged_by_token(self) -> bool:
        """Return whether its token prices are all that it costs.

        They are where all that it gives is text, or where its variant says that it is free. Of other models
        the service lists zeros that nobody pays: two music models cost 8 cents a song, a rerank model is paid
        by the search, a video by the second.
        """
        return self.variant == FREE_VARIANT or set(self.outputs) <= {"text"}

    @property
    def is_free(self) -> bool:
        """Return whether it is charged by the token, has prices, and all of them are 0."""
        return self.is_charged_by_token and is_zero(self.prices, self.schedule)


@dataclass(frozen=True)
class Endpoint:
    """A provider that serves a model."""

    model: str
    """The model id that was requested."""
    tag: str
    n: int
    """Counts the endpoints with the same model and tag, from 0."""
    provider: str
    context: int | None
    max_output: int | None
    quantization: str | None
    prices: dict[str, Decimal]
    price_ranges: PriceRanges
    schedule: list[Record]
    discount: Decimal | None
    """Share, between 0 and 1, by which the prices are already reduced; None where there is no discount."""
    status: int | None
    """0 is normal; the meaning of the negative values is not documented."""
    uptime: Decimal | None
    """Percent of the last day."""

    @classmethod
    def from_record(cls, model: str, n: int, record: Record, moment: dt.datetime) -> Self:
        """Read an item of the endpoints feed; `n` counts the items with its tag, from 0.

        Time-of-day prices are those of a moment.
        """
        pricing = record.get("pricing")
        discount = as_number(pricing.get("discount")) if isinstance(pricing, dict) else None
        return cls(
            model=model,
            tag=record["tag"],
            n=n,
            provider=as_text(record.get("provider_name")) or record["tag"],
            context=as_positive(record.get("context_length")),
            max_output=as_positive(record.get("max_completion_tokens")),
            quantization=as_text(record.get("quantization")),
            prices=_read_prices_at(pricing, moment),
            price_ranges=list_price_ranges(pricing),
            schedule=read_schedule(pricing),
            discount=discount if discount and 0 < discount < 1 else None,
            status=as_integer(record.get("status")),
            uptime=as_number(record.get("uptime_last_1d")),
        )

    @property
    def has_zero_prices(self) -> bool:
        """Return whether it has prices and all of them are 0; see `Model.is_free`."""
        return is_zero(self.prices, self.schedule)


def _read_prices_at(pricing: Any, moment: dt.datetime) -> dict[str, Decimal]:
    return {name: price for name, (price, _) in get_prices_at(pricing, moment).items()}


def read_modalities(architecture: Record, name: str, position: int) -> tuple[str, ...]:
    """Read a list of modalities; until March 2025 records had both lists in one word: `text+image->text`."""
    if name in architecture:
        return as_texts(architecture[name])
    sides = (as_text(architecture.get("modality")) or "").split("->")
    return tuple(filter(None, sides[position].split("+"))) if len(sides) == 2 else ()


def get_lab(model: str) -> str:
    """Return the maker of a model: the part of its id before `/`, without the `~` of an alias."""
    return model.partition("/")[0].removeprefix("~")


def split_variant(model: str) -> tuple[str, str | None]:
    """Return the base of a model id and its variant: the parts before and after the first `:`.

    The variant is None without a `:`, and "" where the id ends with it, which is another id.
    """
    base, colon, variant = model.partition(":")
    return base, variant if colon else None


def is_alias(record: Record) -> bool:
    """Return whether a record of the models feed only points at another model."""
    return record["id"].startswith("~") or bool(record.get("alias_target"))


def get_alias_target(value: Any) -> str | None:
    """Return the id of the model in an `alias_target`; None where it names none."""
    return as_text(value.get("slug")) if isinstance(value, dict) else None


def get_object(record: Record, name: str) -> Record:
    """Return a field that is an object; {} where it is anything else."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def get_nested(value: Any, *names: str) -> Any:
    """Return the value at a path of member names; None where a member is missing or is no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def as_text(value: Any) -> str | None:
    """Return a string that is not blank; None for any other value: the service uses `""` and null alike."""
    return value if isinstance(value, str) and value.strip() else None


def as_texts(value: Any) -> tuple[str, ...]:
    """Return the strings in a list; () where the value is no list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_number(value: Any) -> Decimal | None:
    """Return a number below MAX_NUMBER, sent as a number or a decimal string; None for any other value."""
    number = parse_price(value)
    return number if number is not None and abs(number) < MAX_NUMBER else None


def as_integer(value: Any) -> int | None:
    """Return a whole number, however it is spelled (`8`, `8.0`, `"8"`); None for any other value."""
    number = as_number(value)
    return int(number) if number is not None and number == int(number) else None


def as_positive(value: Any) -> int | None:
    """Return a positive whole number; None for any other value: for numbers of tokens, 0 means unknown."""
    number = as_integer(value)
    return number if number is not None and number > 0 else None


def as_moment(value: Any) -> dt.datetime | None:
    """Return the time given in unix seconds; None where it is no number or out of range."""
    seconds = as_integer(value)
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None


def parse_expiry(value: Any) -> dt.date | None:
    """Return the date on which a model expires; None where it has none, or one from NO_DATE on."""
    try:
        date = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
    return date if date and date < NO_DATE else None
