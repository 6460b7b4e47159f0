"""The Croissant description (1.0) of an export, which search engines for data sets and ML libraries read."""

from typing import Any

import pyarrow as pa

from orarchive.export import columns
from orarchive.export.columns import Column, Table
from orarchive.export.datapackage import DESCRIPTION, TITLE, build_resource_name
from orarchive.export.licences import TERMS
from orarchive.export.manifest import Manifest
from orarchive.export.parquet_files import FileEntry
from orarchive.export.schemas import TABLES

CROISSANT_NAME = "croissant.json"

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The terms of Croissant 1.0, as its specification gives them."""

DATA_TYPES: dict[pa.DataType, str] = {
    columns.TEXT: "sc:Text",
    columns.TEXTS: "sc:Text",
    columns.INTEGER: "sc:Integer",
    columns.MEASURE: "sc:Float",
    columns.PRICE: "sc:Float",
    columns.FLAG: "sc:Boolean",
    columns.DATE: "sc:Date",
    columns.TIME: "sc:DateTime",
}
"""Type of a column -> its data type; Croissant has no exact decimals, so its readers see prices as floats."""


def build_croissant(manifest: Manifest) -> dict[str, Any]:
    """Build the description of an export: a file object and a record set for each file."""
    tables = {table.name: table for table in TABLES}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": TITLE,
        "description": DESCRIPTION,
        "license": [terms.url for terms in TERMS.values()],
        "url": "https://openrouter.ai",
        "creator": {"@type": "sc:Organization", "name": "OpenRouter", "url": "https://openrouter.ai"},
        "citeAs": " ".join(terms.citation for terms in TERMS.values()),
        "datePublished": manifest.as_of[:10],
        "version": "1.0.0",
        "isLiveDataset": True,
        "distribution": [_build_file(entry) for entry in manifest.files],
        "recordSet": [_build_record_set(entry, tables[entry.table]) for entry in manifest.files],
    }


def _build_file(entry: FileEntry) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": entry.path,
        "name": entry.path,
        "contentUrl": entry.path,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": entry.sha256,
    }


def _build_record_set(entry: FileEntry, table: Table) -> dict[str, Any]:
    name = build_resource_name(entry)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.title,
        "key": [{"@id": f"{name}/{column}"} for column in table.key],
        "field": [_build_field(name, entry, column) for column in table.columns],
    }


def _build_field(record_set: str, entry: FileEntry, column: Column) -> dict[str, Any]:
    field = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column.name}",
        "name": f"{record_set}/{column.name}",
        "description": f"{column.description} Unit: {column.unit}." if column.unit else column.description,
        "dataType": DATA_TYPES[column.type],
        "source": {"fileObject": {"@id": entry.path}, "extract": {"column": column.name}},
    }
    return {**field, "repeated": True} if column.type == columns.TEXTS else field
