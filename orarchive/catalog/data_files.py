"""Reviewed files: facts that people checked and that no API states, as TOML beside this module in `data/`."""

import datetime as dt
import tomllib
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from orarchive.errors import ArchiveError

Row = TypeVar("Row")

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Override:
    """A reviewed statement about a field of a model, which outranks the API and every rule."""

    id: str
    field: str
    """Name of a flag, or `total_parameters`, `active_parameters`."""
    value: bool | int | str
    was: bool | int | str | None
    """What the API or the rules said when it was reviewed; None: nothing."""
    reason: str
    source_url: str
    checked_on: dt.date


@dataclass(frozen=True)
class FamilyRule:
    """A family of a lab's models, and the words that an id of it has."""

    name: str
    lab: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class BaseRule:
    """A family that other labs fine-tune: the word in an id that names it, and the lab that makes it."""

    name: str
    word: str
    lab: str


@dataclass(frozen=True)
class LabRow:
    """What is known of a lab beside the API."""

    slug: str
    provider: str | None = None
    """Slug of its own service as a provider, where it differs from the lab's."""
    name: str | None = None
    website: str | None = None
    country: str | None = None
    founded: int | None = None
    hugging_face: str | None = None
    source_url: str | None = None
    """Where the other fields were read."""


@dataclass(frozen=True)
class AliasRow:
    """A reviewed further name of a model."""

    alias: str
    id: str
    reason: str
    source_url: str


@dataclass(frozen=True)
class RedirectRow:
    """A reviewed replacement of a model."""

    source: str
    target: str
    reason: str
    source_url: str
    checked_on: dt.date


def load_rows(file: str, table: str, row_type: type[Row]) -> tuple[Row, ...]:
    """Read the rows of an array of tables in a file below `data/`, in their order.

    Raise ArchiveError where the file is no TOML, or a row has a member too many or lacks one.
    """
    document = load_document(file)
    return tuple(build_row(file, table, row_type, row) for row in document.get(table, ()))


def list_data_files(folder: str) -> list[str]:
    """List the TOML files of a folder below `data/`, as `load_document` takes them, by name."""
    return sorted(f"{folder}/{path.name}" for path in (DATA / folder).glob("*.toml"))


def hash_data_files() -> int:
    """Return a checksum of all files below `data/`, which changes when one of them does."""
    paths = sorted(DATA.rglob("*.toml"), key=lambda path: path.relative_to(DATA).as_posix())
    return crc32(b"".join(path.read_bytes() for path in paths))


@cache
def load_document(file: str) -> dict[str, Any]:
    """Read a file below `data/`; raise ArchiveError where it is no TOML."""
    try:
        return tomllib.loads((DATA / file).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        msg = f"orarchive/catalog/data/{file} is no TOML: {error}; restore it with git checkout"
        raise ArchiveError(msg) from error


def build_row(file: str, table: str, row_type: type[Row], row: dict[str, Any]) -> Row:
    """Return a row of a table of a file; raise ArchiveError where it has a member too many or lacks one."""
    names = {member.name for member in fields(row_type)}  # type: ignore[arg-type]
    required = {member.name for member in fields(row_type) if member.default is MISSING}  # type: ignore[arg-type]
    optional = {"was"}  # TOML has no null
    if (surplus := row.keys() - names) or (lacking := required - row.keys() - optional):
        problem = f"has the unknown {sorted(surplus)}" if surplus else f"lacks {sorted(lacking)}"
        msg = f"orarchive/catalog/data/{file}: a row of `{table}` {problem}: {row}"
        raise ArchiveError(msg)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return row_type(**dict.fromkeys(optional & names) | values)
