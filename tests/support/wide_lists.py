"""Recordings of the models list with all modalities, a wider scope than that of text models."""

import datetime as dt
import gzip
from dataclasses import dataclass

from tests.support import requirements
from tests.support.naive_versions import Record, index_rows

WIDE_LISTS = ("2026-08-04T032206Z", "2026-08-05T031928Z")
"""Names of the recordings, which are the times at which they were made."""


@dataclass(frozen=True)
class WideList:
    """A recording: when it was made, and its bytes."""

    time: dt.datetime
    body: bytes

    @property
    def rows(self) -> dict[str, Record]:
        """Return its rows by id."""
        return index_rows(self.body)


def read_wide_list(name: str) -> WideList:
    """Read a recording."""
    path = requirements.find_recordings() / f"models_v1_all_modalities/{name}.json.gz"
    time = dt.datetime.strptime(name, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    return WideList(time, gzip.decompress(path.read_bytes()))
