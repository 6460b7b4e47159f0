"""The Data Package (version 2) of an export: one resource a file, with its schema, hash and licence."""

from typing import Any

import pyarrow as pa

from orarchive.export import columns
from orarchive.export.columns import Column, Table
from orarchive.export.licences import TERMS, get_terms
from orarchive.export.manifest import Manifest
from orarchive.export.parquet_files import FileEntry
from orarchive.export.schemas import TABLES

DATAPACKAGE_NAME = "datapackage.json"

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

NAME = "openrouter-archive"
TITLE = "OpenRouter archive"
DESCRIPTION = (
    "Every hour, everything that OpenRouter says about its models: versions, prices, endpoints, health and"
    " rankings, with the hours in which each was seen. Not affiliated with OpenRouter."
)

FIELD_TYPES: dict[pa.DataType, str] = {
    columns.TEXT: "string",
    columns.TEXTS: "array",
    columns.INTEGER: "integer",
    columns.MEASURE: "number",
    columns.PRICE: "number",
    columns.FLAG: "boolean",
    columns.DATE: "date",
    columns.TIME: "datetime",
}
"""Type of a column -> its type in a Table Schema."""


def build_datapackage(manifest: Manifest) -> dict[str, Any]:
    """Build the descriptor of an export."""
    tables = {table.name: table for table in TABLES}
    return {
        "$schema": PROFILE,
        "name": NAME,
        "title": TITLE,
        "description": DESCRIPTION,
        "version": manifest.as_of,
        "licenses": [_build_licence(terms.id, terms.title, terms.url) for terms in TERMS.values()],
        "sources": [{"title": "OpenRouter", "path": "https://openrouter.ai"}],
        "resources": [_build_resource(entry, tables[entry.table]) for entry in manifest.files],
    }


def build_resource_name(entry: FileEntry) -> str:
    """Return the name of a file's resource: `models`, `health-2026-11`."""
    return f"{entry.table}-{entry.period}" if entry.period else entry.table


def _build_resource(entry: FileEntry, table: Table) -> dict[str, Any]:
    terms = get_terms(table)
    return {
        "name": build_resource_name(entry),
        "title": table.title,
        "type": "table",
        "path": entry.path,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": entry.bytes,
        "hash": f"sha256:{entry.sha256}",
        "licenses": [_build_licence(terms.id, terms.title, terms.url)],
        "sources": [{"title": terms.citation, "path": "https://openrouter.ai"}],
        "schema": {
            "fields": [_build_field(column, table) for column in table.columns],
            "primaryKey": list(table.key),
            "missingValues": [],  # an empty text is a value: of a condition, a tag, a slice
        },
    }


def _build_field(column: Column, table: Table) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": FIELD_TYPES[column.type],
        "description": column.description,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.name in table.key:
        field["constraints"] = {"required": True}
    return field


def _build_licence(name: str, title: str, path: str) -> dict[str, str]:
    return {"name": name, "title": title, "path": path}
