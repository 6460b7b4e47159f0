"""The service's OpenAPI file: which values its parameters take, and how it is archived."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

PATH = "openapi/spec.json"
"""Its file below `data/`."""

ROUTE = "openapi.json"
"""Its path at the origin of the base URL."""

DEEP = 20
"""References that are followed at the most: one may lead to itself."""


def origin(base_url: str) -> str:
    """The origin of a base URL."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def written(raw: bytes) -> bytes:
    """The file as it is archived: a line a member, keys sorted, so that its diffs read well."""
    text = json.dumps(json.loads(raw), indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def values(spec: Any, route: str, parameter: str) -> list[str]:
    """The values that a parameter of a GET route takes, in order; [] where the file names none."""
    listed = _member(spec, "paths", f"/{route}", "get", "parameters")
    for one in listed if isinstance(listed, list) else ():
        found = _followed(spec, one)
        if isinstance(found, dict) and found.get("name") == parameter:
            return list(dict.fromkeys(_enum(spec, found.get("schema"), DEEP)))
    return []


def _enum(spec: Any, schema: Any, left: int) -> Iterator[str]:
    """The texts of an enum, also one of items, or of alternatives."""
    schema = _followed(spec, schema)
    if not isinstance(schema, dict) or not left:
        return
    listed = schema.get("enum")
    yield from (one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    inner = [schema.get("items")]
    for name in ("anyOf", "oneOf", "allOf"):
        inner += schema[name] if isinstance(schema.get(name), list) else []
    for one in inner:
        yield from _enum(spec, one, left - 1)


def _followed(spec: Any, node: Any) -> Any:
    """What a node refers to, itself where it does not."""
    for _ in range(DEEP):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not (isinstance(reference, str) and reference.startswith("#/")):
            return node
        node = _member(
            spec, *(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))
        )
    return None


def _member(node: Any, *names: str) -> Any:
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node
