"""Raw records read with types: a field that is missing, or not what it should be, reads as None.

Nothing here raises on a record that the archive holds: the service may change any field at any hour.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from orarchive.domain.prices import dimensions, exact, is_dynamic, is_free, schedule
from orarchive.jsonl import Record

NO_DATE = dt.date(2098, 12, 31)
"""An expiration date from here on means that there is none (seen as a filler on several models)."""

LARGEST = 10**15
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
        architecture, top = part(record, "architecture"), part(record, "top_provider")
        return cls(
            id=model,
            lab=lab_of(model),
            variant=model.partition(":")[2],
            name=text(record.get("name")) or model,
            description=text(record.get("description")),
            canonical_slug=text(record.get("canonical_slug")),
            is_alias=is_alias(record),
            alias_target=alias_target(record.get("alias_target")),
            context=positive(record.get("context_length")),
            max_output=positive(top.get("max_completion_tokens")),
            prices=dimensions(record.get("pricing")),
            schedule=schedule(record.get("pricing")),
            expires=expiry(record.get("expiration_date")),
            created=moment(record.get("created")),
            knowledge_cutoff=text(record.get("knowledge_cutoff")),
            inputs=texts(architecture.get("input_modalities")),
            outputs=texts(architecture.get("output_modalities")),
            tokenizer=text(architecture.get("tokenizer")),
            parameters=texts(record.get("supported_parameters")),
            hugging_face=text(record.get("hugging_face_id")),
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
        discount = number(pricing.get("discount")) if isinstance(pricing, dict) else None
        return cls(
            model=model,
            tag=record["tag"],
            n=n,
            provider=text(record.get("provider_name")) or record["tag"],
            context=positive(record.get("context_length")),
            max_output=positive(record.get("max_completion_tokens")),
            quantization=text(record.get("quantization")),
            prices=dimensions(pricing),
            schedule=schedule(pricing),
            discount=discount if discount and 0 < discount < 1 else None,
            status=integer(record.get("status")),
            uptime=number(record.get("uptime_last_1d")),
        )

    @property
    def is_free(self) -> bool:
        """Whether every price that it has is 0."""
        return is_free(self.prices, self.schedule)


def lab_of(model: str) -> str:
    """Who made a model: the part of its id before `/`, without the `~` of an alias."""
    return model.partition("/")[0].removeprefix("~")


def is_alias(record: Record) -> bool:
    """Whether a record of the models feed only points at another one."""
    return record["id"].startswith("~") or bool(record.get("alias_target"))


def alias_target(value: Any) -> str | None:
    """The id of the model that an alias points at."""
    return text(value.get("slug")) if isinstance(value, dict) else None


def part(record: Record, name: str) -> Record:
    """A field that is an object, or an empty one."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """A text that says something: `""` and null are the same to the service."""
    return value if isinstance(value, str) and value.strip() else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def number(value: Any) -> Decimal | None:
    """A number of a size that a person may meet."""
    found = exact(value)
    return found if found is not None and abs(found) < LARGEST else None


def integer(value: Any) -> int | None:
    """A whole number, however it is spelled."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def positive(value: Any) -> int | None:
    """A number of tokens: 0 stands for not known."""
    found = integer(value)
    return found if found is not None and found > 0 else None


def moment(value: Any) -> dt.datetime | None:
    """A moment given in unix seconds."""
    seconds = integer(value)
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None


def expiry(value: Any) -> dt.date | None:
    """A date on which a model is to go."""
    try:
        date = dt.date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
    return date if date and date < NO_DATE else None
