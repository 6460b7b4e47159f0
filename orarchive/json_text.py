"""JSON as people read it."""

from typing import Any

from orarchive.jsonl import Record, dumps

INDENT = "  "
MAX_INDENT = 40
"""Letters of indentation from which on a value is written in one line: deeper nesting is not readable."""


def format_json(value: Any, indent: str = "") -> str:
    """Format a value as JSON with a line for each member; lists of plain values take one line.

    Number tokens stay as sent. `indent` is the indentation of the line that the value begins in.
    """
    deeper = indent + INDENT
    is_shallow = len(indent) < MAX_INDENT
    if isinstance(value, dict) and value and is_shallow:
        members = [
            f"{deeper}{_format_token(name)}: {format_json(value[name], deeper)}"
            for name in _sort_names(value)
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and is_shallow:
        items = [f"{deeper}{format_json(item, deeper)}" for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    if isinstance(value, list):
        return "[" + ", ".join(map(_format_token, value)) + "]"
    return _format_token(value)


def _sort_names(record: Record) -> list[str]:
    """Sort the names of members, `id` and `name` first."""
    return sorted(record, key=lambda name: (name not in ("id", "name"), name))


def _format_token(value: Any) -> str:
    """Format a value in one line."""
    return dumps(value).decode()
