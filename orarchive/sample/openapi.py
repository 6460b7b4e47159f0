"""The OpenAPI document of the service, a small one, which is served at the origin of its base URL."""

from collections.abc import Iterable
from typing import Any

from orarchive.sample.datasets import DATASETS
from orarchive.sample.parameters import build_schemas

PATH = "/openapi.json"
ROUTES = {
    "models": "Models",
    "models/count": "The number of models",
    "models/{author}/{slug}/endpoints": "Endpoints of a model",
    "model/{author}/{slug}": "One model",
    "embeddings/models": "Embedding models",
    "images/models": "Image models",
    "images/models/{author}/{slug}/endpoints": "Endpoints of an image model",
    "videos/models": "Video models",
    "providers": "Providers",
    "endpoints/zdr": "Endpoints that keep no data",
    "datasets/rankings-daily": "Tokens of the top 50 models by date",
    "datasets/app-rankings": "Apps by usage",
    "datasets/session-cost": "Cost of a session by app and model",
    "benchmarks": "Scores of models",
    "classifications/task": "Shares of tasks",
}


def build_document(categories: Iterable[str]) -> dict[str, Any]:
    """Return the document while these are the categories."""
    schemas = build_schemas(categories)
    return {
        "openapi": "3.1.0",
        "info": {"title": "A sample of the OpenRouter API", "version": "1.0.0"},
        "servers": [{"url": "/api/v1"}],
        "paths": {
            f"/{route}": {"get": _build_operation(route, summary, schemas.get(route, {}))}
            for route, summary in ROUTES.items()
        },
        "components": {"securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}}},
    }


def _build_operation(route: str, summary: str, query: dict[str, Any]) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("author", "slug")
        if f"{{{name}}}" in route
    ]
    in_query = [
        {"name": name, "in": "query", "required": False, "schema": schema} for name, schema in query.items()
    ]
    return {
        "summary": summary,
        "parameters": in_path + in_query,
        "security": [{"apiKey": []}] if route in DATASETS else [],
        "responses": {"200": {"description": "OK"}},
    }
