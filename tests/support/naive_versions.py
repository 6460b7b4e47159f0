"""Versions of a recorded models file, read naively: plain JSON that knows nothing of an archive."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support import requirements
from tests.support.bundles import versions

DAY = dt.timedelta(days=1)

Record = Mapping[str, Any]
Rows = Mapping[str, Record]
"""The rows of a models list, by id."""


@dataclass(frozen=True)
class Version:
    """A version of a models file: when it was recorded, and its rows."""

    time: dt.datetime
    rows: Rows

    @property
    def hour(self) -> str:
        """Return the hour in which it was recorded, as the archive's files write it."""
        return f"{self.time:%Y-%m-%dT%H}:00:00Z"

    @property
    def hour_start(self) -> dt.datetime:
        """Return the start of that hour."""
        return dt.datetime.fromisoformat(self.hour)


def index_rows(body: bytes) -> dict[str, Record]:
    """Return the rows of a response by id."""
    return {row["id"]: row for row in json.loads(body)["data"]}


def read_versions(bundle: str, path: str, scratch: Path) -> list[Version]:
    """Return every version in a bundle, oldest first; rows that are equal are one object, to save memory."""
    result: list[Version] = []
    rows: Rows = {}
    for time, body in versions(requirements.find_recordings() / bundle, scratch, path):
        old_rows, new_rows = rows, index_rows(body)
        rows = {name: old_rows[name] if old_rows.get(name) == row else row for name, row in new_rows.items()}
        result.append(Version(dt.datetime.fromisoformat(time).astimezone(dt.UTC), rows))
    return result


def select_hourly(versions: Sequence[Version]) -> list[Version]:
    """Return the last version of each hour."""
    return list({version.hour: version for version in versions}.values())


# --- fields -------------------------------------------------------------------------------------------------


def list_paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted paths of all fields inside a value."""
    if isinstance(value, list):
        for item in value:
            yield from list_paths(item, prefix)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield prefix + name
            yield from list_paths(inner, f"{prefix}{name}.")


def remove_paths(value: Any, paths: set[str], prefix: str = "") -> Any:
    """Return a value without the fields at some paths."""
    if isinstance(value, list):
        return [remove_paths(item, paths, prefix) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: remove_paths(inner, paths, f"{prefix}{name}.")
        for name, inner in value.items()
        if prefix + name not in paths
    }


def find_new_paths(versions: Sequence[Version]) -> Iterator[tuple[Version, Version, set[str]]]:
    """Yield every version after the one before it, with the paths that no earlier version has."""
    paths_so_far = {path for row in versions[0].rows.values() for path in list_paths(row)}
    for before, version in pairwise(versions):
        changed = (row for name, row in version.rows.items() if before.rows.get(name) is not row)
        new_paths = {path for row in changed for path in list_paths(row)} - paths_so_far
        paths_so_far |= new_paths
        yield before, version, new_paths


# --- presence -----------------------------------------------------------------------------------------------


def list_moves(versions: Sequence[Version]) -> list[tuple[str, str, str]]:
    """Return the models that were added, returned or went missing: (hour, kind of event, id)."""
    ids_so_far = set(versions[0].rows)
    moves = []
    for before, version in pairwise(versions):
        moves += [(version.hour, "missing", name) for name in before.rows.keys() - version.rows.keys()]
        for name in version.rows.keys() - before.rows.keys():
            moves.append((version.hour, "returned" if name in ids_so_far else "added", name))
        ids_so_far |= version.rows.keys()
    return moves


@dataclass(frozen=True)
class Absence:
    """A model that is not listed for a while."""

    model: str
    hours: list[tuple[str, dt.timedelta]]
    """Each hour without the model, with the length of the absence up to then."""
    has_ended: bool


def list_absences(versions: Sequence[Version]) -> Iterator[Absence]:
    """Yield every absence, counted from its first hour; between two hours at most a day counts."""
    intervals = [
        dt.timedelta(),
        *(min(after.hour_start - before.hour_start, DAY) for before, after in pairwise(versions)),
    ]
    absent: dict[str, list[tuple[str, dt.timedelta]]] = {}
    for position, version in enumerate(versions):
        for name in [name for name in absent if name in version.rows]:
            yield Absence(name, absent.pop(name), has_ended=True)
        for hours in absent.values():
            hours.append((version.hour, hours[-1][1] + intervals[position]))
        if position:
            for name in versions[position - 1].rows.keys() - version.rows.keys():
                absent[name] = [(version.hour, dt.timedelta())]
    for name, hours in absent.items():
        yield Absence(name, hours, has_ended=False)
