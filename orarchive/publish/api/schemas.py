"""JSON Schemas (2020-12) and the OpenAPI file (3.1), made from the types of the files."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec

from orarchive.jsonl import Record
from orarchive.publish.api.kinds import (
    API_FOLDER,
    API_VERSION,
    AS_OF,
    CHANGES,
    KINDS,
    OPENAPI_FILE,
    PARAMETER,
    PATH_PARAMETERS,
    PLAIN_FILES,
    PROMISE,
    SCHEMA_FOLDER,
    FileKind,
)
from orarchive.publish.api.types import Hour, Link

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def get_schema_path(kind: FileKind) -> str:
    """Return the path of the JSON Schema of a kind of file."""
    return f"{API_FOLDER}/{SCHEMA_FOLDER}/{kind.name}.json"


def build_schemas(link: Callable[[str], str]) -> dict[str, Record]:
    """Build the JSON Schema of each kind of file: path -> schema; `link` makes a link of a path."""
    return {get_schema_path(kind): build_schema(kind, link(get_schema_path(kind))) for kind in KINDS}


def build_schema(kind: FileKind, identifier: str) -> Record:
    """Build the JSON Schema of a kind of file, complete in itself."""
    (data, *parts), definitions = _generate((kind.data, Hour, Link), "#/$defs/{name}")
    envelope = _wrap(kind, data, *parts)
    return {"$schema": DIALECT, "$id": identifier, **envelope, "$defs": definitions}


def build_openapi(link: Callable[[str], str]) -> Record:
    """Build the OpenAPI description of every file below `API_FOLDER`."""
    types = (*(kind.data for kind in KINDS), Hour, Link)
    (*datas, hour, address), definitions = _generate(types, "#/components/schemas/{name}")
    schemas = definitions | {
        _name_envelope(kind): _wrap(kind, data, hour, address)
        for kind, data in zip(KINDS, datas, strict=True)
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OpenRouter archive",
            "summary": "Everything OpenRouter says about its models, every hour, as static JSON files.",
            "description": _describe_api(),
            "version": API_VERSION,
        },
        "servers": [{"url": link(API_FOLDER)}],
        "paths": {f"/{path}": item for path, item in _list_paths()},
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


# Files of the API, the page that lists their members and every other site of a process need the same ones.
@cache
def _generate(types: tuple[Any, ...], template: str) -> tuple[list[Record], dict[str, Any]]:
    """Generate the schemas of types, and those that they refer to by name; nobody may change them."""
    schemas, definitions = msgspec.json.schema_components(types, ref_template=template)
    return list(schemas), dict(definitions)


def _wrap(kind: FileKind, data: Record, hour: Record, link: Record) -> Record:
    """Return the schema of a file with the schema of its data."""
    return {
        "title": kind.name,
        "description": f"{kind.description}.",
        "type": "object",
        "properties": {
            "as_of": {**hour, "description": AS_OF},
            "schema": {
                **link,
                "description": "JSON Schema of this file, as a link from the root of the host",
            },
            "data": {**data, "description": kind.description},
        },
        "required": ["as_of", "schema", "data"],
        "additionalProperties": False,
    }


def _name_envelope(kind: FileKind) -> str:
    """Return the name of the schema of a kind of file among the components."""
    return f"{kind.name.title()}File"


def _describe_api() -> str:
    """Return what holds for all files, the promise and the changelog, as Markdown."""
    return "\n".join(
        [
            "Static files: no key, no limit. Prices are exact decimals as text, in USD per token or unit;"
            " hours are UTC. Every file but this and the schemas is an object of `as_of`, `schema` and"
            " `data`. Links begin at the root of the host. Figures of rankings carry their `source`, which"
            " has to go along with them.",
            "\n## Compatibility\n",
            *(f"- {paragraph}" for paragraph in PROMISE),
            "\n## Changelog\n",
            *(f"- **{version}** {words}" for version, words in CHANGES),
        ]
    )


def _list_paths() -> Iterator[tuple[str, Record]]:
    """Yield every path with what can be had there."""
    for kind in KINDS:
        schema = {"$ref": f"#/components/schemas/{_name_envelope(kind)}"}
        for path in kind.paths:
            yield path, _describe_path(path, kind.name, kind.description, schema)
    for path, file in PLAIN_FILES.items():
        name = path.partition(".")[0]
        yield path, _describe_path(path, f"{name}_list", file.description, {"type": "string"}, file.type)
    for path, name, summary in (
        (f"{SCHEMA_FOLDER}/{{schema}}.json", "schema", "JSON Schema of a kind of file"),
        (OPENAPI_FILE, "openapi", "This description"),
    ):
        yield path, _describe_path(path, name, summary, {"type": "object"})


def _describe_path(
    path: str, name: str, summary: str, schema: Record, media_type: str = "application/json"
) -> Record:
    """Return the item of a path: its parameters, and the answer to a request."""
    parameters = PARAMETER.findall(path)
    item: Record = {
        "get": {
            "operationId": "_".join(["get", name, *parameters]),
            "summary": summary,
            "responses": {
                "200": {"description": summary, "content": {media_type: {"schema": schema}}},
                **({"404": {"description": "There is no such file"}} if parameters else {}),
            },
        }
    }
    if parameters:
        item["parameters"] = [
            {
                "name": parameter,
                "in": "path",
                "required": True,
                "description": PATH_PARAMETERS[parameter],
                "schema": {"type": "string"},
            }
            for parameter in parameters
        ]
    return item
