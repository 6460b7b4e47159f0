"""Raw records read with types: a field that is missing, or not what it should be, reads as None.

Nothing here raises on a record that the archive holds: the service may change any field at any hour.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from orarchive.domain.prices import is_dynamic, is_free, parse_price, read_prices, read_schedule
from orarchive.jsonl import Record

NO_DATE = dt.date(2098, 12, 31)
"""An expiration date from here on means that there is none (seen as a filler on several models)."""

MAX_NUMBER = 10**15
"""A count or a moment beyond this is no count: exponents of foreign numbers must not fill the memory."""


@dataclass(frozen=True)
class Model:
    """An entry of the models feed."""

    id: str
    lab: str
    """Who made it: the part of the id before `/`, without the `~` of an alias."""
    variant: str
    """What stands after `:` in the id, or ""."""
    name: str
    description: str | None
    canonical_slug: str | None
    is_alias: bool
    """Whether it only points at another model."""
    alias_target: str | None
    context: int | None
    max_output: int | None
    prices: dict[str, Decimal]
    """By dimension, USD per unit; -1 is dynamic."""
    schedule: list[Record]
    expires: dt.date | None
    created: dt.datetime | None
    """OpenRouter's own field; not when it was first seen here."""
    knowledge_cutoff: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tokenizer: str | None
    parameters: tuple[str, ...]
    hugging_face: str | None

    @classmethod
    def from_record(cls, record: Record) -> Self:
        """Read a record of the models feed."""
        model = record["id"]
        architecture, top = get_object(record, "architecture"), get_object(record, "top_provider")
        return cls(
            id=model,
            lab=get_lab(model),
            variant=model.partition(":")[2],
            name=as_text(record.get("name")) or model,
            description=as_text(record.get("description")),
            canonical_slug=as_text(record.get("canonical_slug")),
            is_alias=is_alias(record),
            alias_target=get_alias_target(record.get("alias_target")),
            context=as_positive(record.get("context_length")),
            max_output=as_positive(top.get("max_completion_tokens")),
            prices=read_prices(record.get("pricing")),
            schedule=read_schedule(record.get("pricing")),
            expires=parse_expiry(record.get("expiration_date")),
            created=as_moment(record.get("created")),
            knowledge_cutoff=as_text(record.get("knowledge_cutoff")),
            inputs=as_texts(architecture.get("input_modalities")),
            outputs=as_texts(architecture.get("output_modalities")),
            tokenizer=as_text(architecture.get("tokenizer")),
            parameters=as_texts(record.get("supported_parameters")),
            hugging_face=as_text(record.get("hugging_face_id")),
        )

    @property
    def is_router(self) -> bool:
        """Whether it picks other models, at their prices."""
        return is_dynamic(self.prices.get("prompt"))

    @property
    def is_free(self) -> bool:
        """Whether every price that it has is 0. A free token beside a priced image is not free."""
        return is_free(self.prices, self.schedule)


@dataclass(frozen=True)
class Endpoint:
    """A provider that serves a model."""

    model: str
    """The id asked for."""
    tag: str
    n: int
    """Counts endpoints of one tag."""
    provider: str
    context: int | None
    max_output: int | None
    quantization: str | None
    prices: dict[str, Decimal]
    schedule: list[Record]
    discount: Decimal | None
    """0 to 1, already taken off the prices; None where there is none."""
    status: int | None
    """0 is normal; what the negative grades mean is not documented."""
    uptime: Decimal | None
    """Percent of the last day."""

    @classmethod
    def from_record(cls, model: str, n: int, record: Record) -> Self:
        """Read an item of the endpoints feed: the n-th of its tag."""
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
            prices=read_prices(pricing),
            schedule=read_schedule(pricing),
            discount=discount if discount and 0 < discount < 1 else None,
            status=as_integer(record.get("status")),
            uptime=as_number(record.get("uptime_last_1d")),
        )

    @property
    def is_free(self) -> bool:
        """Whether every price that it has is 0."""
        return is_free(self.prices, self.schedule)


def get_lab(model: str) -> str:
    """Who made a model: the part of its id before `/`, without the `~` of an alias."""
    return model.partition("/")[0].removeprefix("~")


def is_alias(record: Record) -> bool:
    """Whether a record of the models feed only points at another one."""
    return record["id"].startswith("~") or bool(record.get("alias_target"))


def get_alias_target(value: Any) -> str | None:
    """The id of the model that an alias points at."""
    return as_text(value.get("slug")) if isinstance(value, dict) else None


def get_object(record: Record, name: str) -> Record:
    """A field that is an object, or an empty one."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str | None:
    """A text that says something: `""` and null are the same to the service."""
    return value if isinstance(value, str) and value.strip() else None


def as_texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_number(value: Any) -> Decimal | None:
    """A number of a size that a person may meet."""
    found = parse_price(value)
    return found if found is not None and abs(found) < MAX_NUMBER else None


def as_integer(value: Any) -> int | None:
    """A whole number, however it is spelled."""
    found = as_number(value)
    return int(found) if found is not None and found == int(found) else None


def as_positive(value: Any) -> int | None:
    """A number of tokens: 0 stands for not known."""
    found = as_integer(value)
    return found if found is not None and found > 0 else None


def as_moment(value: Any) -> dt.datetime | None:
    """A moment given in unix seconds."""
    seconds = as_integer(value)
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None


def parse_expiry(value: Any) -> dt.date | None:
    """A date on which a model is to go."""
    try:
        date = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
    return date if date and date < NO_DATE else None
