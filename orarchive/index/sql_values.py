"""Values in the form in which SQLite can store them."""

from collections.abc import Mapping
from typing import Any

from orarchive.jsonl import dumps


def escape_surrogates(text: str) -> str:
    """Return a text with lone surrogates written as escapes: JSON can carry them, SQLite cannot."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def escape_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Escape the strings among the values of a row, given as column -> value.

    A ledger that was edited by hand can have lone surrogates in any string.
    """
    return {
        name: escape_surrogates(value) if isinstance(value, str) else value for name, value in values.items()
    }


def decode_text(text: bytes) -> str:
    """Decode a text that SQLite returns; bytes that are not UTF-8 become escapes.

    SQLite's JSON functions turn the escape of a lone surrogate into such bytes.
    """
    return text.decode(errors="backslashreplace")


def to_json(value: Any) -> str | None:
    """Serialise a value as JSON text; None stays None."""
    return None if value is None else dumps(value).decode()
