"""Values as SQLite can hold them."""

from typing import Any

from orarchive.jsonl import dumps


def storable(text: str) -> str:
    """A text, lone surrogates as escapes: JSON can carry them, SQLite cannot."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def as_json(value: Any) -> str | None:
    """A value as JSON text, null where there is none."""
    return None if value is None else dumps(value).decode()
