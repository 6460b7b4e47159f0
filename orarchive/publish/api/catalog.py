"""The catalogue in the static API: the summary that one chooses by, and what each model's file says of it."""

from dataclasses import asdict
from decimal import Decimal

import msgspec

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.flags import NO_REASONING, Flag
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo
from orarchive.catalog.tiers import PriceClass
from orarchive.domain.foreign_text import escape_invisible
from orarchive.domain.prices import MILLION
from orarchive.jsonl import Record
from orarchive.publish.api import catalog_types as types
from orarchive.publish.api import shortlist_types

SUMMARY_DIMENSIONS = ("prompt", "completion", "input_cache_read")
"""Prices of the summary; the blended one comes after them."""


def build_summary(catalog: Catalog) -> list[types.CatalogRow]:
    """Build the row of every listed model, aliases and routers too, by id."""
    return [_build_row(catalog, info) for _, info in sorted(catalog.models.items()) if info.is_listed]


def _build_row(catalog: Catalog, info: ModelInfo) -> types.CatalogRow:
    flags = _list_all_flags(info)
    endpoints = catalog.source.models[info.id].endpoints
    return types.CatalogRow(
        id=info.id,
        name=escape_invisible(info.name),
        family=info.family.name,
        tier=info.price_class.tier,
        pricing=[
            *(_format_per_million(info.prices.get(name)) for name in SUMMARY_DIMENSIONS),
            _format(info.price_class.blended),
        ],
        is_free=info.is_free,
        context_length=info.context,
        max_completion_tokens=info.max_output,
        input_modalities=[*info.inputs],
        output_modalities=[*info.outputs],
        flags=[name for name, flag in flags.items() if flag.value not in (None, False, NO_REASONING)],
        unknown_flags=[name for name, flag in flags.items() if flag.value is None],
        size=info.size.text,
        created=f"{info.created:%Y-%m-%d}" if info.created else None,
        expires=f"{info.expires}" if info.expires else None,
        providers=len({endpoint.key.provider for endpoint in endpoints}),
    )


def describe_model(info: ModelInfo) -> Record:
    """Return what the catalogue says of a model, as members of the model's own file."""
    return {
        "family": types.FamilyRow(**asdict(info.family)),
        "size": types.SizeRow(**asdict(info.size)),
        "price_class": _build_price_class(info.price_class),
        "flags": {
            name: types.FlagRow(**{**asdict(flag), "modes": [*flag.modes]})
            for name, flag in _list_all_flags(info).items()
        },
    }


def _list_all_flags(info: ModelInfo) -> dict[str, Flag]:
    return {**info.flags, OPEN_WEIGHTS: info.open_weights}


def _build_price_class(price_class: PriceClass) -> types.PriceClassRow:
    return types.PriceClassRow(**{**asdict(price_class), "blended": _format(price_class.blended)})


def _format_per_million(price: Decimal | None) -> str | None:
    """Return the exact price of a million tokens; a router's -1 stays."""
    return _format(price * MILLION if price is not None and price > 0 else price)


def _format(amount: Decimal | None) -> str | None:
    """Return an exact amount in plain digits, without zeros at its end."""
    if amount is None:
        return None
    return f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"


def build_shortlist_files(catalog: Catalog) -> list[shortlist_types.ShortlistFile]:
    """Build the shortlists, in the order of their file."""
    return [
        msgspec.convert(shortlist.to_json(), shortlist_types.ShortlistFile)
        for shortlist in catalog.shortlists
    ]


def build_list_files(
    catalog: Catalog,
) -> dict[str, shortlist_types.ListFile | shortlist_types.BestValueFile]:
    """Build the lists by their name, that of the best value too."""
    lists = {row.kind.name: msgspec.convert(row.to_json(), shortlist_types.ListFile) for row in catalog.lists}
    best_value = msgspec.convert(catalog.best_value.to_json(), shortlist_types.BestValueFile)
    return {**lists, best_value.name: best_value}
