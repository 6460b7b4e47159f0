"""Values as SQLite can hold them."""

from typing import Any

from orarchive.jsonl import dumps


def escape_surrogates(text: str) -> str:
    """A text, lone surrogates as escapes: JSON can carry them, SQLite cannot."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def sql_row(*values: Any) -> tuple[Any, ...]:
    """The values of a row, texts as SQLite can hold them: a hand may have left anything in the ledger."""
    return tuple(escape_surrogates(value) if isinstance(value, str) else value for value in values)


def decode_text(text: bytes) -> str:
    """A text out of SQLite: what its JSON functions make of a lone surrogate is shown as escapes."""
    return text.decode(errors="backslashreplace")


def to_json(value: Any) -> str | None:
    """A value as JSON text, null where there is none."""
    return None if value is None else dumps(value).decode()
