"""JSON over several lines, for people and for diffs. Number tokens stay as sent."""

from typing import Any

from orarchive.jsonl import dumps

MAX_INDENT = 40
"""Characters of indent from which on a value on a page is written in one line: deeper is not readable."""


def format_for_diffs(value: Any) -> str:
    """Format a value as JSON with a line for each member and each item, names sorted."""
    return _format(value, "", is_on_page=False)


def format_for_pages(value: Any) -> str:
    """Format a value as JSON with `id` and `name` first, and lists of plain values in one line."""
    return _format(value, "", is_on_page=True)


def _format(value: Any, indent: str, *, is_on_page: bool) -> str:
    """Format a value that begins in a line with an indent; its members are indented further."""
    inner = indent + ("  " if is_on_page else " ")
    is_container = isinstance(value, dict | list) and bool(value)
    if not is_container or (is_on_page and len(indent) >= MAX_INDENT):
        return dumps(value).decode()
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (is_on_page and name not in ("id", "name"), name))
        prefixed = [(f"{dumps(name).decode()}: ", value[name]) for name in names]
    else:
        if is_on_page and not any(isinstance(item, dict | list) for item in value):
            return f"[{', '.join(dumps(item).decode() for item in value)}]"
        prefixed = [("", item) for item in value]
    lines = [f"{inner}{prefix}{_format(child, inner, is_on_page=is_on_page)}" for prefix, child in prefixed]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([begin, ",\n".join(lines), f"{indent}{end}"])
