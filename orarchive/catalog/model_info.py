"""What the catalogue says of one model."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.catalog.data_files import Override
from orarchive.catalog.families import Family, find_family
from orarchive.catalog.flags import API, UNKNOWN, Flag, detect_flags
from orarchive.catalog.overrides import apply_overrides
from orarchive.catalog.sizes import ModelSize, find_size
from orarchive.catalog.source import CatalogModel
from orarchive.catalog.tiers import PriceClass, classify_price


@dataclass(frozen=True)
class ModelInfo:
    """What the catalogue says of a model, listed or gone; what is not known is None."""

    id: str
    lab: str
    name: str
    family: Family
    variant: str
    """`free`, `batch`, ...; "" of a base."""
    variant_group: str
    """Canonical slug, which variants share with their base."""
    created: dt.datetime | None
    first_seen: dt.datetime
    last_seen: dt.datetime | None
    """None while it is listed."""
    state: str
    expires: dt.date | None
    context: int | None
    """Tokens, as listed."""
    served_context: int | None
    """The largest that an endpoint serves."""
    max_output: int | None
    """The longest output of an endpoint, or as listed."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    flags: Mapping[str, Flag]
    open_weights: Flag
    hugging_face: str | None
    size: ModelSize
    prices: Mapping[str, Decimal]
    """By dimension, USD per unit, at the hour; -1 is dynamic."""
    price_class: PriceClass
    is_free: bool
    alias_target: str | None
    """The model that an alias of OpenRouter's points at."""
    is_alias: bool
    is_router: bool

    @property
    def is_listed(self) -> bool:
        """Return whether the model is listed."""
        return self.last_seen is None

    @property
    def is_choice(self) -> bool:
        """Return whether it can be chosen: listed, and itself a model, not a name or a router of others."""
        return self.is_listed and not self.is_alias and not self.is_router


def build_model_info(
    model: CatalogModel, api_families: Mapping[str, str], overrides: Iterable[Override]
) -> ModelInfo:
    """Return what the catalogue says of a model."""
    facts = model.model
    contexts = [endpoint.endpoint.context for endpoint in model.endpoints]
    outputs = [endpoint.endpoint.max_output for endpoint in model.endpoints]
    hugging_face = Flag(True, API, "hugging_face_id") if facts.hugging_face else UNKNOWN
    flags = apply_overrides(model.id, {**detect_flags(model), OPEN_WEIGHTS: hugging_face}, overrides)
    return ModelInfo(
        id=model.id,
        lab=facts.lab,
        name=facts.name,
        family=find_family(model.id, api_families),
        variant=facts.variant,
        variant_group=facts.canonical_slug or model.id,
        created=facts.created,
        first_seen=model.first,
        last_seen=model.last,
        state=model.state,
        expires=facts.expires,
        context=facts.context,
        served_context=max(filter(None, contexts), default=None),
        max_output=max(filter(None, [*outputs, facts.max_output]), default=None),
        inputs=facts.inputs,
        outputs=facts.outputs,
        open_weights=flags.pop(OPEN_WEIGHTS),
        flags=flags,
        hugging_face=facts.hugging_face,
        size=find_size(model, overrides),
        prices=facts.prices,
        price_class=classify_price(model),
        is_free=model.is_free,
        alias_target=facts.alias_target,
        is_alias=facts.is_alias,
        is_router=facts.is_router,
    )


OPEN_WEIGHTS = "open_weights"
"""Name of this flag in overrides. A model without a Hugging Face id may still be open: that is unknown."""
