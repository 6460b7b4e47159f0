"""The form that all files of the static API share: links, and the envelope around their data."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET, Struct

from orarchive.publish.api.kinds import API_FOLDER, FileKind
from orarchive.publish.api.schemas import get_schema_path
from orarchive.publish.api.types import Links
from orarchive.publish.sanitize import to_safe_json
from orarchive.timestamps import format_stamp

PLAIN_TYPES = frozenset({str, int, float, bool, type(None)})
"""Types of the values that hold no others: nearly all values are of one."""


@dataclass(frozen=True)
class ApiSite:
    """The site that the files belong to."""

    base: str | None
    """Address of the site with a slash at its end; None where it is not known, as if it had a host alone."""

    def link(self, path: str) -> str:
        """Return the link from the root of the host to a file of the site."""
        return f"{urlsplit(self.base or '/').path}{path}"

    def link_details(self, name: str) -> Links:
        """Return the links of a row that has a file of its own, given without folder and `.json`."""
        return Links(details=self.link(f"{API_FOLDER}/{name}.json"))


@dataclass(frozen=True)
class ApiFile:
    """A file of the API."""

    path: str
    """Path below `API_FOLDER`."""
    kind: FileKind
    as_of: dt.datetime
    data: Any

    def render(self, site: ApiSite) -> bytes:
        """Write the file: its data in the envelope."""
        return to_safe_json(
            {
                "as_of": format_stamp(self.as_of),
                "schema": site.link(get_schema_path(self.kind)),
                "data": to_plain(self.data),
            }
        )


def to_plain(value: Any) -> Any:
    """Return a value of the API as plain dicts and lists, without members that are left out."""
    if value.__class__ in PLAIN_TYPES:
        return value
    if isinstance(value, Struct):
        members = ((name, getattr(value, attribute)) for name, attribute in _list_members(value.__class__))
        return {name: to_plain(member) for name, member in members if member is not UNSET}
    if isinstance(value, dict):
        return {name: to_plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


@cache
def _list_members(struct: type[Struct]) -> list[tuple[str, str]]:
    """List the members of a type: the name in a file, and that of the attribute."""
    return [*zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)]
