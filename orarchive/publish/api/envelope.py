"""The form that all files of the static API share: links, and the envelope around their data."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from msgspec import to_builtins

from orarchive.domain.keys import RecordName
from orarchive.jsonl import Number
from orarchive.publish.api.kinds import API_FOLDER, FileKind
from orarchive.publish.api.schemas import get_schema_path
from orarchive.publish.api.types import Links
from orarchive.publish.sanitize import to_safe_json
from orarchive.timestamps import format_stamp


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
                "data": to_builtins(self.data, builtin_types=(Number, RecordName)),
            }
        )
