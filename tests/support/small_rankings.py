"""Archives of rankings that a test sets row by row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orarchive.domain.ranking_series import MODELS
from orarchive.sample import Service
from tests.support.archives import Stage, make_archive


def select_rows(rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Select the rows of the dates in a query."""
    return [row for row in rows if query["start_date"] <= row["date"] <= query["end_date"]]


def make_small_stage(tmp_path: Path, served: dict[str, Any], key: str | None = "key") -> Stage:
    """Make an archive of rankings from bodies that a test sets, by path.

    The OpenAPI file names the categories of `served`.
    """

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        if path == "/openapi.json":
            parameters = [{"name": "category", "schema": {"enum": served["categories"]}}]
            return 200, {"openapi": "3.1.0", "paths": {"/models": {"get": {"parameters": parameters}}}}
        if path == "models":
            models = served["order"].get(query.get("category", ""))
            return (503, {}) if models is None else (200, {"data": [{"id": model} for model in models]})
        if path == MODELS.route:
            return 200, {"data": select_rows(served["rows"], query), "meta": {"as_of": served["as_of"]}}
        return (200, served[path]) if path in served else (404, {})

    service = Service(respond)
    return Stage(service, make_archive(tmp_path / "archive"), {"key": key})
