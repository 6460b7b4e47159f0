"""Rows of models, endpoints and providers: the last record of each, and every version of every line."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import (
    as_moment,
    as_text,
    as_texts,
    get_alias_target,
    get_lab,
    get_object,
    is_alias,
    parse_expiry,
    read_modalities,
    split_variant,
)
from orarchive.export.spans import close_span, read_origins
from orarchive.export.values import fit_integer, fit_price, parse_optional_time
from orarchive.index.good_reads import GoodReads
from orarchive.index.sql_values import escape_surrogates, escape_values
from orarchive.jsonl import Record, loads

Row = dict[str, Any]
"""Column -> value; a column that is left out is null."""

SPAN_COLUMNS = ("valid_from", "last_seen", "superseded_at")

SELECT_RECORDS = """
    select records.id, parts, records.first, records.last, arrival, state, records.missing,
        (select line from versions where record = records.id and file = ? order by first desc limit 1) as line
    from records where feed = ?
"""

SELECT_VERSIONS = """
    select parts, file, line, versions.first, versions.last,
        lead(versions.first) over (partition by record, file order by versions.first)
    from versions join records on records.id = record where feed = ?
"""

SELECT_CURRENT_PRICES = """
    select record, dimension, amount from current_prices where dimension in ('prompt', 'completion')
"""


def list_model_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each model that was ever listed."""
    for (model,), life, record, json, prices in _list_records(db, reads, "models"):
        architecture = get_object(record, "architecture")
        yield escape_values(
            {
                "id": model,
                "author": get_lab(model),
                "variant": split_variant(model)[1],
                **_read_model_facts(record),
                **life,
                "canonical_slug": as_text(record.get("canonical_slug")),
                "is_alias": is_alias(record),
                "alias_target": get_alias_target(record.get("alias_target")),
                "created": as_moment(record.get("created")),
                "input_modalities": _list_texts(read_modalities(architecture, "input_modalities", 0)),
                "output_modalities": _list_texts(read_modalities(architecture, "output_modalities", 1)),
                "supported_parameters": _list_texts(as_texts(record.get("supported_parameters"))),
                "tokenizer": as_text(architecture.get("tokenizer")),
                "knowledge_cutoff": as_text(record.get("knowledge_cutoff")),
                "hugging_face_id": as_text(record.get("hugging_face_id")),
                **prices,
                "json": json,
            }
        )


def list_endpoint_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each endpoint that was ever observed."""
    for key, life, record, json, prices in _list_records(db, reads, "endpoints"):
        yield escape_values(
            {
                **build_endpoint_key(*key),
                **life,
                **_read_endpoint_facts(record),
                "supported_parameters": _list_texts(as_texts(record.get("supported_parameters"))),
                **prices,
                "json": json,
            }
        )


def list_provider_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each provider that was ever listed."""
    texts = ("name", "headquarters", "privacy_policy_url", "terms_of_service_url", "status_page_url")
    for (slug,), life, record, json, _ in _list_records(db, reads, "providers"):
        datacenters = _list_texts(as_texts(record.get("datacenters")))
        fields = {name: as_text(record.get(name)) for name in texts}
        yield escape_values({"slug": slug, **life, **fields, "datacenters": datacenters, "json": json})


def list_model_version_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each version of each line about a model."""
    for (model,), version in _list_versions(db, reads, "models"):
        facts = _read_model_facts(loads(version["json"])) if version["facet"] == "facts" else {}
        yield escape_values({"id": model, **version, **facts})


def list_endpoint_version_rows(db: sqlite3.Connection, reads: GoodReads) -> Iterator[Row]:
    """Yield a row for each version of each line about an endpoint."""
    for key, version in _list_versions(db, reads, "endpoints"):
        facts = _read_endpoint_facts(loads(version["json"])) if version["facet"] == "facts" else {}
        yield escape_values({**build_endpoint_key(*key), **version, **facts})


def build_endpoint_key(model: str, tag: str, n: int) -> Row:
    """Return the key of an endpoint as columns, with the provider that it names."""
    return escape_values({"model": model, "tag": tag, "n": n, "provider": get_provider_of_tag(tag)})


def _list_records(
    db: sqlite3.Connection, reads: GoodReads, feed: str
) -> Iterator[tuple[list[Any], Row, Record, str, Row]]:
    """Yield each record of a feed that has a line: key, columns of its life, line parsed, line, prices."""
    prices: dict[int, dict[str, Decimal | None]] = {}
    for row_id, dimension, amount in db.execute(SELECT_CURRENT_PRICES):
        prices.setdefault(row_id, {})[f"{dimension}_usd"] = fit_price(amount)
    for row_id, parts, first, last, arrival, state, missing, line in db.execute(
        SELECT_RECORDS, (FEEDS[feed].base_file, feed)
    ):
        if line is None:
            continue
        key = loads(parts)
        _, last_seen, _ = close_span(reads, feed, FEEDS[feed].get_parent_key(tuple(key)), first, last)
        life = {
            "state": state,
            "arrival": arrival,
            "first_seen": parse_optional_time(first),
            "last_seen": parse_optional_time(last_seen),
            "missing_since": parse_optional_time(missing),
        }
        yield key, life, loads(line), line, prices.get(row_id, {})


def _list_versions(db: sqlite3.Connection, reads: GoodReads, feed: str) -> Iterator[tuple[list[Any], Row]]:
    """Yield each version of each line of a feed's records: key and columns."""
    origins = read_origins(db)
    for parts, facet, line, *span in db.execute(SELECT_VERSIONS, (feed,)):
        key = loads(parts)
        # A line of `asked` is about a model, but was read together with its endpoints.
        read_feed = "endpoints" if facet == "asked" else feed
        parent_key = FEEDS[read_feed].get_parent_key(tuple(key))
        times = map(parse_optional_time, close_span(reads, read_feed, parent_key, *span))
        columns = dict(zip(SPAN_COLUMNS, times, strict=True))
        yield key, {"facet": facet, **columns, "origin": origins.get(span[0]), "json": line}


def _read_model_facts(record: Record) -> Row:
    """Return the columns that models and their versions share."""
    top = get_object(record, "top_provider")
    return {
        "name": as_text(record.get("name")),
        "context_length": fit_integer(record.get("context_length")),
        "max_completion_tokens": fit_integer(top.get("max_completion_tokens")),
        "expires": parse_expiry(record.get("expiration_date")),
    }


def _read_endpoint_facts(record: Record) -> Row:
    """Return the columns that endpoints and their versions share."""
    return {
        "provider_name": as_text(record.get("provider_name")),
        "context_length": fit_integer(record.get("context_length")),
        "max_completion_tokens": fit_integer(record.get("max_completion_tokens")),
        "quantization": as_text(record.get("quantization")),
    }


def _list_texts(texts: tuple[str, ...]) -> list[str]:
    return [escape_surrogates(text) for text in texts]
