"""Recorded responses of the real service, served on loopback; numbers keep the tokens they were sent as."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orarchive.cli.scrape import scrape_command
from orarchive.importer.report import ImportResult
from orarchive.sample import Service
from orarchive.sample.faults import Reply
from orarchive.store.archive import Archive
from tests.support.all_readers import run_command
from tests.support.bundles import versions

DAYS = ("2026-08-18", "2026-08-19", "2026-08-20", "2026-08-21", "2026-08-22")

SETS = ("supported_parameters", "input_modalities", "output_modalities", "datacenters")
"""Members whose lists are sets; repeated here on purpose, to be independent of the code under test."""


def exactly(text: bytes | str) -> Any:
    """Parse JSON; a number becomes ("number", the token it was sent as)."""
    return json.loads(text, parse_float=_keep_token, parse_int=_keep_token)


def _keep_token(token: str) -> tuple[str, str]:
    return "number", token


def written(value: Any) -> str:
    """Write what `exactly` parsed as JSON again."""
    if isinstance(value, tuple):
        return str(value[1])
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def unordered(value: Any) -> Any:
    """Return a value with its set-like lists and its lists of records sorted."""
    if isinstance(value, dict):
        return {
            name: sorted(map(unordered, item), key=repr)
            if isinstance(item, list) and name in (*SETS, "data", "endpoints")
            else unordered(item)
            for name, item in sorted(value.items())
        }
    return [unordered(item) for item in value] if isinstance(value, list) else value


def recorded(path: Path) -> Any:
    """Read a compressed recording with `exactly`."""
    return exactly(gzip.decompress(path.read_bytes()))


@dataclass(frozen=True)
class Whole:
    """The archive of a whole bundle, and the result of its import."""

    archive: Archive
    imported: ImportResult


class Recordings:
    """A responder that serves one day's recordings; other routes get a small body made by hand.

    The models are those of the day, and those of May whose endpoints are recorded but that were removed by
    August.
    The first two days are served from the older recording of endpoints, so that something changes.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        history = versions(folder / "models_history.bundle", scratch, "data/output.json", last=40)
        self._may = {row["id"]: row for _, body in history for row in exactly(body)["data"]}

    def stand_at(self, day: str) -> None:
        """Serve the recordings of a day from now on."""
        self.models = recorded(self._folder / f"models_v1/{day}.json.gz")
        name = "2026-05-18T21" if day in DAYS[:2] else "2026-05-31T10"
        self.endpoints = recorded(self._folder / f"endpoints_v1/{name}.json.gz")
        unlisted = self.endpoints.keys() - {row["id"] for row in self.models["data"]}
        self.models["data"] += [self._may[model] for model in unlisted if model in self._may]
        self.models["total_count"] = len(self.models["data"])
        self.providers = recorded(self._folder / f"providers_v1/{day}.json.gz")

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Answer a request with a recording; 404 for a question about a single model."""
        if path.startswith("model/"):
            return Reply(404, b'{"error":{"message":"Not Found","code":404}}')
        return Reply(200, written(self._get_body(path)).encode())

    def _get_body(self, path: str) -> Any:
        """Return the body that is served at a path."""
        model = path.removeprefix("models/").removesuffix("/endpoints")
        if model in self.endpoints:
            return self.endpoints[model]
        bodies = {
            "models": self.models,
            "models/count": {"data": {"count": len(self.models["data"])}},
            "providers": self.providers,
            "endpoints/zdr": {"data": [response["data"]["endpoints"][0] for response in self._list_served()]},
            "images/models": {"data": []},
            "videos/models": {"data": []},
        }
        return bodies.get(path, {"data": {"id": model, "name": model, "endpoints": []}})

    def _list_served(self) -> list[Any]:
        """Return the responses of models with an endpoint."""
        return [response for response in self.endpoints.values() if response["data"]["endpoints"]]


def archive_hour(root: Path, service: Service, hour: str, *options: str) -> None:
    """Run the command `scrape`, without rankings, at an hour and assert that it succeeds."""
    arguments = ("--no-rankings", "--archive", str(root), "--hour", hour, *options)
    environment = {"OPENROUTER_BASE_URL": service.base_url, "SYNC_REQUESTS_PER_SECOND": "0"}
    result = run_command(scrape_command, *arguments, **environment)
    assert result.exit_code == 0, result.stderr
