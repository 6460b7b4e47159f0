"""Recorded responses of the real service, served on loopback; numbers stay the tokens they were."""

import gzip
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from orarchive.importer.report import ImportResult
from orarchive.sample.faults import Reply
from orarchive.store.archive import Archive

TWO_YEARS = "models_history.bundle", "data/output.json"
"""A bundle, and the file in it: 943 versions of the text models, about 12 hours apart."""

FIVE_DAYS = "models_sixhourly.bundle", "data/models.json"
"""The same for 20 versions, six hours apart, with prices that follow the clock."""

DAYS = ("2026-08-18", "2026-08-19", "2026-08-20", "2026-08-21", "2026-08-22")

SETS = ("supported_parameters", "input_modalities", "output_modalities", "datacenters")
"""Members whose lists are sets; said here again on purpose, apart from the code under test."""


def exactly(text: bytes | str) -> Any:
    """JSON with every number as ("number", the text it was sent as)."""
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(token: str) -> tuple[str, str]:
    return "number", token


def written(value: Any) -> str:
    """The JSON text of what `exactly` read."""
    if isinstance(value, tuple):
        return str(value[1])
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def unordered(value: Any) -> Any:
    """A value whose set-like lists and lists of records stand in one order."""
    if isinstance(value, dict):
        return {
            name: sorted(map(unordered, item), key=repr)
            if isinstance(item, list) and name in (*SETS, "data", "endpoints")
            else unordered(item)
            for name, item in sorted(value.items())
        }
    return [unordered(item) for item in value] if isinstance(value, list) else value


def recorded(path: Path) -> Any:
    """A recording, read exactly."""
    return exactly(gzip.decompress(path.read_bytes()))


def versions(
    bundle: Path, scratch: Path, file: str, every: int = 1, last: int = 0
) -> list[tuple[str, bytes]]:
    """Versions of a file in a bundled history, oldest first: (commit time, bytes); `last` 0 is all."""
    clone = scratch / bundle.stem
    if not clone.exists():
        subprocess.run(["git", "clone", "-q", "--bare", "-b", "main", bundle, clone], check=True)
    listed = _git(clone, "log", "--reverse", "--format=%H %cI", "--", file).decode()
    commits = [line.split(" ") for line in listed.splitlines()][-last::every]
    asked = "".join(f"{name}:{file}\n" for name, _ in commits)
    printed = BytesIO(_git(clone, "cat-file", "--batch", asked=asked))
    # before each version a line that ends with its size, behind it a line end
    return [(time, printed.read(int(printed.readline().split()[-1]) + 1)[:-1]) for _, time in commits]


def _git(clone: Path, *arguments: str, asked: str = "") -> bytes:
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, input=asked.encode(), check=True, capture_output=True).stdout


@dataclass(frozen=True)
class Whole:
    """The archive of a whole bundle, and what the import said."""

    archive: Archive
    imported: ImportResult


class Recordings:
    """A responder over one day's recordings; what has none gets a small body made by hand.

    The models are the day's, and those of May whose endpoints are on record but that were gone by August.
    The endpoints' older recording serves the first two days, so that something moves.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        history = versions(folder / "models_history.bundle", scratch, "data/output.json", last=40)
        self._may = {row["id"]: row for _, body in history for row in exactly(body)["data"]}

    def stand_at(self, day: str) -> None:
        """Serve what was recorded on a day."""
        self.models = recorded(self._folder / f"models_v1/{day}.json.gz")
        name = "2026-05-18T21" if day in DAYS[:2] else "2026-05-31T10"
        self.endpoints = recorded(self._folder / f"endpoints_v1/{name}.json.gz")
        gone = self.endpoints.keys() - {row["id"] for row in self.models["data"]}
        self.models["data"] += [self._may[model] for model in gone if model in self._may]
        self.models["total_count"] = len(self.models["data"])
        self.providers = recorded(self._folder / f"providers_v1/{day}.json.gz")

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if path.startswith("model/"):
            return Reply(404, b'{"error":{"message":"Not Found","code":404}}')
        return Reply(200, written(self._body(path)).encode())

    def _body(self, path: str) -> Any:
        asked = path.removeprefix("models/").removesuffix("/endpoints")
        if asked in self.endpoints:
            return self.endpoints[asked]
        bodies = {
            "models": self.models,
            "models/count": {"data": {"count": len(self.models["data"])}},
            "providers": self.providers,
            "endpoints/zdr": {"data": [one["data"]["endpoints"][0] for one in self._served()]},
            "images/models": {"data": []},
            "videos/models": {"data": []},
        }
        return bodies.get(path, {"data": {"id": asked, "name": asked, "endpoints": []}})

    def _served(self) -> list[Any]:
        return [one for one in self.endpoints.values() if one["data"]["endpoints"]]
