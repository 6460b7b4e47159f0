"""The catalogue in the static API: the summary of listed models, and what each model's file says of it."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.check_list import build_check_list
from orarchive.catalog.direct import DirectPrice
from orarchive.catalog.flags import NO_REASONING, Flag
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo
from orarchive.catalog.redirects import Redirect
from orarchive.catalog.tiers import PriceClass
from orarchive.domain.foreign_text import escape_invisible
from orarchive.domain.prices import MILLION, read_schedule
from orarchive.jsonl import Record
from orarchive.publish.api import catalog_types as types
from orarchive.publish.api import direct_types, kinds, name_types, shortlist_types
from orarchive.publish.api.envelope import ApiFile

SUMMARY_DIMENSIONS = ("prompt", "completion", "input_cache_read")
"""Prices of the summary; the blended one comes after them."""


def build_summary(catalog: Catalog) -> list[types.CatalogRow]:
    """Build the row of every listed model, aliases and routers too, by id."""
    return [_build_row(catalog, info) for _, info in sorted(catalog.models.items()) if info.is_listed]


def _build_row(catalog: Catalog, info: ModelInfo) -> types.CatalogRow:
    flags = _list_all_flags(info)
    model = catalog.source.models[info.id]
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
        providers=(
            len({endpoint.key.provider for endpoint in model.endpoints})
            if model.endpoints or model.former_endpoints
            else None
        ),
    )


def describe_model(catalog: Catalog, model: str) -> Record:
    """Return what the catalogue says of a model, as members of the model's own file.

    Nothing in it changes with the hour alone.
    """
    info, redirect = catalog.models[model], catalog.redirects.by_source.get(model)
    successor = None
    if redirect:
        members = {
            name: value for name, value in redirect.to_json().items() if name not in ("from", "last_verified")
        }
        successor = msgspec.convert(members, name_types.Replacement)
    return {
        "names": sorted(name.name for name in catalog.names.by_model.get(model, ())),
        "successor": successor,
        "family": types.FamilyRow(**vars(info.family)),
        "size": types.SizeRow(**vars(info.size)),
        "price_class": _build_price_class(info.price_class),
        "flags": {
            name: types.FlagRow(**{**vars(flag), "modes": [*flag.modes]})
            for name, flag in _list_all_flags(info).items()
        },
    }


def _list_all_flags(info: ModelInfo) -> dict[str, Flag]:
    return {**info.flags, OPEN_WEIGHTS: info.open_weights}


def _build_price_class(price_class: PriceClass) -> types.PriceClassRow:
    return types.PriceClassRow(**{**vars(price_class), "blended": _format(price_class.blended)})


def _format_per_million(price: Decimal | None) -> str | None:
    """Return the exact price of a million tokens; a router's -1 stays."""
    return _format(price * MILLION if price is not None and price > 0 else price)


def _format(amount: Decimal | None) -> str | None:
    """Return an exact amount in plain digits, without zeros at its end."""
    if amount is None:
        return None
    digits = f"{amount:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def build_shortlist_files(catalog: Catalog) -> list[shortlist_types.ShortlistData]:
    """Build the shortlists, in the order of their file."""
    return msgspec.convert(
        [shortlist.to_json() for shortlist in catalog.shortlists], list[shortlist_types.ShortlistData]
    )


def build_name_rows(catalog: Catalog) -> list[name_types.NameRow]:
    """Build the rows of all names, in the order of the alphabet."""
    rows = [name.to_json() for name in catalog.names.by_name.values()]
    return msgspec.convert(rows, list[name_types.NameRow])


def build_redirect_file(catalog: Catalog) -> name_types.RedirectFile:
    """Build what replaces what, and what nothing replaces, by id."""
    redirects = catalog.redirects
    rows = [_describe_redirect(redirect) for _, redirect in sorted(redirects.by_source.items())]
    return name_types.RedirectFile(
        redirects=msgspec.convert(rows, list[name_types.RedirectRow]),
        unreplaced=msgspec.convert(
            [row.to_json() for _, row in sorted(redirects.unreplaced.items())], list[name_types.UnreplacedRow]
        ),
    )


def _describe_redirect(redirect: Redirect) -> Record:
    """Return a replacement; when it was last seen is given by the day, for the hour changes every hour."""
    return {**redirect.to_json(), "last_verified": f"{redirect.last_verified:%Y-%m-%d}"}


def build_gone_rows(catalog: Catalog) -> list[name_types.TombstoneRow]:
    """Build a row for each model that is gone, by id."""
    rows = [
        {**stone.to_json(), "replacement": stone.redirect.target if stone.redirect else None}
        for _, stone in sorted(catalog.tombstones.items())
    ]
    return msgspec.convert(rows, list[name_types.TombstoneRow])


def build_check_file(catalog: Catalog) -> types.CheckList:
    """Build the list that the ids of a repository are checked by."""
    return msgspec.convert(build_check_list(catalog), types.CheckList)


def build_direct_rows(catalog: Catalog) -> list[direct_types.DirectRow]:
    """Build a row for each direct price, in the order of their files."""
    return [_build_direct_row(price) for price in catalog.direct]


def _build_direct_row(price: DirectPrice) -> direct_types.DirectRow:
    pin, own = price.pin, price.own
    return direct_types.DirectRow(
        provider=pin.provider,
        name=pin.provider_name,
        region=pin.region,
        id=pin.id,
        model=pin.openrouter,
        currency=pin.currency,
        converted_from=pin.converted_from,
        pricing={name: f"{amount:f}" for name, amount in pin.prices.items()},
        overrides=read_schedule(pin.pricing),
        context_length=pin.context,
        max_completion_tokens=pin.max_output,
        price_page=pin.price_page,
        source_url=pin.source_url,
        checked_on=f"{pin.checked_on}",
        is_stale=price.is_stale,
        is_offered=price.is_offered,
        cheapest_endpoint=price.cheapest.key.text if price.cheapest else None,
        cheapest_ratio=_format(price.cheapest_ratio),
        own_endpoint=own.endpoint.key.text if own else None,
        own_ratio=_format(price.own_ratio),
        disagreements=[
            direct_types.DirectDisagreement(
                dimension=disagreement.dimension,
                min_prompt_tokens=f"{disagreement.min_prompt_tokens:f}",
                pinned=f"{disagreement.pinned:f}",
                listed=f"{disagreement.listed:f}",
            )
            for disagreement in (own.disagreements if own else ())
        ],
        uncompared=[*own.uncompared] if own else [],
        reason=price.reason,
    )


def list_catalog_files(catalog: Catalog, as_of: dt.datetime) -> Iterator[ApiFile]:
    """Yield the files of the catalogue; `as_of` is the hour of the last change of the records."""
    for kind, data in (
        (kinds.CATALOG, build_summary(catalog)),
        (kinds.ALIASES, build_name_rows(catalog)),
        (kinds.REDIRECTS, build_redirect_file(catalog)),
        (kinds.GONE, build_gone_rows(catalog)),
        (kinds.SHORTLISTS, build_shortlist_files(catalog)),
        (kinds.BEST_VALUE, msgspec.convert(catalog.best_value.to_json(), shortlist_types.BestValueData)),
        (kinds.DIRECT, build_direct_rows(catalog)),
    ):
        yield ApiFile(kind.paths[0], kind, as_of, data)
    yield ApiFile(kinds.CHECK.paths[0], kinds.CHECK, catalog.hour, build_check_file(catalog))
    for ranked in catalog.lists:
        path = f"lists/{ranked.kind.name}.json"
        yield ApiFile(
            path, kinds.LIST, as_of, msgspec.convert(ranked.to_json(), shortlist_types.RankedListData)
        )
