"""The service's OpenAPI file: which values its parameters take, and how it is archived."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from orarchive.jsonl import dumps, loads

OPENAPI_PATH = "openapi/spec.json"
"""Its file below `data/`."""

OPENAPI_ROUTE = "openapi.json"
"""Its path at the origin of the base URL."""

MAX_REFERENCES = 20
"""References that are followed at the most: one may lead to itself."""


def get_origin(base_url: str) -> str:
    """The origin of a base URL."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def format_openapi(raw: bytes) -> bytes:
    """The file as it is archived: a line a member, keys sorted, so that its diffs read well."""
    return b"".join(_lines(loads(raw), b"\n")) + b"\n"


def _lines(value: Any, end: bytes) -> Iterator[bytes]:
    """A value over several lines; `end` is a line end with the indent."""
    inner = end + b" "
    if isinstance(value, dict) and value:
        for number, name in enumerate(sorted(value)):
            yield (b"," if number else b"{") + inner + dumps(name) + b": "
            yield from _lines(value[name], inner)
        yield end + b"}"
    elif isinstance(value, list) and value:
        for number, child in enumerate(value):
            yield (b"," if number else b"[") + inner
            yield from _lines(child, inner)
        yield end + b"]"
    else:
        yield dumps(value)


def list_parameters(spec: Any, route: str) -> dict[str, list[str]] | None:
    """The parameters of a GET route, with the values that each takes, in order ([]: the file names none).

    None where the file does not name the route.
    """
    found = _member(spec, "paths", f"/{route}", "get")
    if not isinstance(found, dict):
        return None
    listed = found.get("parameters")
    known = [_followed(spec, one) for one in listed] if isinstance(listed, list) else []
    return {
        one["name"]: list(dict.fromkeys(_enum(spec, one.get("schema"))))
        for one in reversed(known)  # of two of one name the first
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }


def list_values(spec: Any, route: str, parameter: str) -> list[str]:
    """The values that a parameter of a GET route takes, in order; [] where the file names none."""
    return (list_parameters(spec, route) or {}).get(parameter, [])


def _enum(spec: Any, schema: Any) -> Iterator[str]:
    """The texts of an enum, also one of items, or of alternatives; each schema is looked at once."""
    left, seen = [schema], set()
    while left:
        one = _followed(spec, left.pop())
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        listed = one.get("enum")
        yield from (text for text in listed if _can_be_asked(text)) if isinstance(listed, list) else ()
        inner = [one.get("items")]
        for name in ("anyOf", "oneOf", "allOf"):
            inner += one[name] if isinstance(one.get(name), list) else []
        left += reversed(inner)


def _can_be_asked(text: Any) -> bool:
    """Whether a value can stand in a query, and in a line: half a character cannot, nor can nothing."""
    return isinstance(text, str) and text.isprintable() and text != ""


def _followed(spec: Any, node: Any) -> Any:
    """What a node refers to, itself where it does not."""
    for _ in range(MAX_REFERENCES):
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
