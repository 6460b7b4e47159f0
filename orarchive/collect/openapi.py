"""The service's OpenAPI file: which values its parameters take, and how it is archived."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from orarchive.domain.records import get_nested
from orarchive.json_text import format_for_diffs
from orarchive.jsonl import loads

OPENAPI_PATH = "openapi/spec.json"
"""Its file below `data/`."""

OPENAPI_ROUTE = "openapi.json"
"""Its path at the origin of the base URL."""

MAX_REFERENCES = 20
"""References that are followed in a row: one may lead to itself."""


def get_origin(base_url: str) -> str:
    """Return the origin of a base URL: scheme and host."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def format_openapi(raw: bytes) -> bytes:
    """Format the file as it is archived: a line for each member, keys sorted, so that its diffs read well.

    Not by `msgspec.json.format`, which refuses the lone surrogates that JSON may hold.
    """
    return f"{format_for_diffs(loads(raw))}\n".encode()


def list_parameters(spec: Any, route: str) -> dict[str, list[str]] | None:
    """List the parameters of a GET route with the values that each takes, in order.

    The values are [] where the file names none; the result is None where the file does not name the route.
    """
    operation = get_nested(spec, "paths", f"/{route}", "get")
    if not isinstance(operation, dict):
        return None
    listed = operation.get("parameters")
    parameters = [_resolve(spec, node) for node in listed] if isinstance(listed, list) else []
    # Of two parameters with the same name the first counts, so it comes last here.
    return {
        parameter["name"]: list(dict.fromkeys(_list_enum(spec, parameter.get("schema"))))
        for parameter in reversed(parameters)
        if isinstance(parameter, dict) and isinstance(parameter.get("name"), str)
    }


def list_values(spec: Any, route: str, parameter: str) -> list[str]:
    """List the values that a parameter of a GET route takes, in order; [] where the file names none."""
    return (list_parameters(spec, route) or {}).get(parameter, [])


def _list_enum(spec: Any, schema: Any) -> Iterator[str]:
    """Yield the texts of an enum, also of one of items or of alternatives; each schema is read once."""
    pending, visited = [schema], set()
    while pending:
        node = _resolve(spec, pending.pop())
        if not isinstance(node, dict) or id(node) in visited:
            continue
        visited.add(id(node))
        values = node.get("enum")
        yield from (value for value in values if _is_valid_value(value)) if isinstance(values, list) else ()
        children = [node.get("items")]
        for name in ("anyOf", "oneOf", "allOf"):
            children += node[name] if isinstance(node.get(name), list) else []
        pending += reversed(children)


def _is_valid_value(value: Any) -> bool:
    """Return whether a value can be sent in a query: a lone surrogate or "" cannot."""
    return isinstance(value, str) and value.isprintable() and value != ""


def _resolve(spec: Any, node: Any) -> Any:
    """Follow a node's `$ref` to what it refers to; a node without one is returned as it is."""
    for _ in range(MAX_REFERENCES):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not (isinstance(reference, str) and reference.startswith("#/")):
            return node
        names = (part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))
        node = get_nested(spec, *names)
    return None
