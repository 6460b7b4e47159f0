"""Rows of the catalogue: what each model can do, what it is called and what replaces it, at the last hour."""

import sqlite3
from collections.abc import Iterator

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.catalog.flags import API, NONE
from orarchive.catalog.model_info import OPEN_WEIGHTS, ModelInfo
from orarchive.errors import NotCoveredError
from orarchive.export.record_rows import Row
from orarchive.export.values import fit_price
from orarchive.index.good_reads import GoodReads
from orarchive.index.sql_values import escape_values


def list_catalog_rows(db: sqlite3.Connection, _: GoodReads) -> Iterator[Row]:
    """Yield a row for each model that was ever listed; none where the models were never read."""
    try:
        catalog = build_catalog(db, benchmarks=False)
    except NotCoveredError:
        return
    for info in catalog.models.values():
        yield escape_values(_build_row(catalog, info))


def _build_row(catalog: Catalog, info: ModelInfo) -> Row:
    flags = {**info.flags, OPEN_WEIGHTS: info.open_weights}
    redirect = catalog.redirects.by_source.get(info.id)
    return {
        "id": info.id,
        "lab": info.lab,
        "family": info.family.name,
        "generation": info.family.generation,
        "base_family": info.family.base,
        "variant": info.variant or None,
        "first_seen": info.first_seen,
        "last_seen": info.last_seen,
        "served_context": info.served_context,
        "total_parameters": info.size.total,
        "active_parameters": info.size.active,
        "tier": info.price_class.tier,
        "outside_tiers": info.price_class.outside or None,
        "blended_usd": fit_price(info.price_class.blended),
        "is_free": info.is_free,
        "abilities": sorted(name for name, flag in flags.items() if flag.value is True),
        "inabilities": sorted(name for name, flag in flags.items() if flag.value is False),
        "reasoning": info.flags["reasoning"].value,
        "not_from_api": sorted(name for name, flag in flags.items() if flag.source not in (API, NONE)),
        "names": [name.name for name in catalog.names.by_model.get(info.id, ())],
        "replacement": redirect.target if redirect else None,
        "replacement_kind": redirect.kind if redirect else None,
    }
