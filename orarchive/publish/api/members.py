"""Members of the files of the static API as a list for people: path, type and description of each."""

from collections.abc import Iterator
from dataclasses import dataclass

from orarchive.jsonl import Record
from orarchive.publish.api.kinds import FileKind
from orarchive.publish.api.schemas import build_schema

TYPE_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}
"""Type of a JSON Schema -> its words for people."""


IDENTITIES = ("id", "name", "author", "model", "tag", "n")
"""Members that come first: they say what an object is about."""


@dataclass(frozen=True)
class Member:
    """A member of a file."""

    path: str
    """Names of the members that lead to it; `[]` stands for each item of a list, `*` for each of a map."""
    type: str
    description: str


def list_members(kind: FileKind) -> list[Member]:
    """List the members of the data of a kind of file, what identifies an object first."""
    schema = build_schema(kind, "")
    return list(_walk(schema["properties"]["data"], "data", schema["$defs"]))


def _walk(schema: Record, path: str, definitions: Record) -> Iterator[Member]:
    """Yield the members below a part of a schema."""
    schema = _resolve(schema, definitions)
    members = schema.get("properties", {}).items()
    for name, member in sorted(members, key=lambda item: item[0] not in IDENTITIES):
        inner = f"{path}.{name}"
        yield Member(inner, _describe_type(member, definitions), member["description"])
        yield from _walk(member, inner, definitions)
    for suffix, part in (("[]", schema.get("items")), (".*", schema.get("additionalProperties"))):
        if isinstance(part, dict):
            yield from _walk(part, f"{path}{suffix}", definitions)


def _resolve(schema: Record, definitions: Record) -> Record:
    """Return the schema that a reference names."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    return definitions[reference] if reference else schema


def _describe_type(schema: Record, definitions: Record) -> str:
    """Describe the type of a member."""
    schema = _resolve(schema, definitions)
    if "anyOf" in schema:
        return " or ".join(_describe_type(part, definitions) for part in schema["anyOf"])
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_describe_type(schema['additionalProperties'], definitions)}"
    if "prefixItems" in schema:
        return f"pair of {_describe_type(schema['prefixItems'][0], definitions)}"
    if isinstance(schema.get("items"), dict):
        return f"list of {_describe_type(schema['items'], definitions)}"
    return TYPE_WORDS[schema["type"]] if "type" in schema else "any value"
