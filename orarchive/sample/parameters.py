"""The query parameters of the routes: the schemas of /openapi.json, which requests are checked against."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

Schema = dict[str, Any]


class BadRequest(Exception):
    """A request that is answered with 400."""


def build_choice(*values: str, default: str | None = None) -> Schema:
    """Return the schema of a parameter that must be one of these words."""
    return {"type": "string", "enum": list(values)} | ({"default": default} if default else {})


def build_integer(minimum: int, maximum: int | None = None, default: int | None = None) -> Schema:
    """Return the schema of a parameter that is an integer in bounds."""
    bounds = {"minimum": minimum, "maximum": maximum, "default": default}
    return {"type": "integer"} | {name: value for name, value in bounds.items() if value is not None}


TEXT: Schema = {"type": "string"}
MODALITIES: Schema = {"type": "string", "default": "text"}
FLAG: Schema = {"type": "boolean", "default": False}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
WINDOW = {"start_date": DATE, "end_date": DATE}

SUBCATEGORIES = {
    "coding": ("cli-agent", "ide-extension", "cloud-agent", "programming-app", "native-app-builder"),
    "creative": ("creative-writing", "video-gen", "image-gen", "audio-gen"),
    "entertainment": ("roleplay", "game"),
    "productivity": ("writing-assistant", "general-chat", "personal-agent", "legal"),
}
TURN_RANGES = ("1-turn", "2-9-turns", "10-49-turns", "50-plus-turns")
CLASSIC = ("gpqa_diamond", "tau_bench_verified_airline")
SEARCH = ("search_browsecomp", "search_hle", "search_dsqa", "search_widesearch")
MODEL_SORTS = (
    *("most-popular", "newest", "top-weekly", "pricing-low-to-high", "pricing-high-to-low"),
    *("context-high-to-low", "throughput-high-to-low", "latency-low-to-high", "intelligence-high-to-low"),
    *("coding-high-to-low", "agentic-high-to-low", "design-arena-elo-high-to-low"),
)


def build_schemas(categories: Iterable[str]) -> dict[str, dict[str, Schema]]:
    """Return the schemas of the query parameters: path below the base -> name -> schema.

    The categories, which change with time, are the words that a `category` may be.
    """
    category = build_choice(*categories)
    return {
        "models": {"category": category, "output_modalities": MODALITIES, "sort": build_choice(*MODEL_SORTS)},
        "models/count": {"output_modalities": MODALITIES},
        "datasets/rankings-daily": {
            **WINDOW,
            "period": build_choice("day", "week", "month"),
            "modality": build_choice("text", "image", "image_output", "audio", "tool_calling"),
            "context_bucket": build_choice("1K", "10K", "100K", "1M", "10M"),
            "category": category,
            "language_type": build_choice("natural", "programming"),
        },
        "datasets/app-rankings": {
            **WINDOW,
            "category": build_choice(*SUBCATEGORIES),
            "subcategory": build_choice(*(name for names in SUBCATEGORIES.values() for name in names)),
            "sort": build_choice("popular", "trending", default="popular"),
            "limit": build_integer(1, 100, default=50),
            "offset": build_integer(0, 100, default=0),
        },
        "datasets/session-cost": {
            "app_slug": TEXT,
            "model": TEXT,
            "turn_range": build_choice(*TURN_RANGES),
            "limit": build_integer(1, 500, default=100),
            "offset": build_integer(0, 5000, default=0),
        },
        "benchmarks": {
            "source": build_choice("artificial-analysis", "design-arena", "openrouter"),
            "task_type": build_choice("coding", "intelligence", "agentic", "search"),
            "benchmark_type": build_choice(*CLASSIC, *SEARCH),
            "include_run_config": FLAG,
            "search_engine": TEXT,
            "search_surface": build_choice("server-tool", "plugin"),
            "arena": build_choice("models", "builders", "agents"),
            "category": TEXT,
            "max_results": build_integer(1),
        },
        "classifications/task": {"window": build_choice("7d", default="7d")},
    }


def read_parameters(query: Mapping[str, str], schemas: dict[str, Schema]) -> dict[str, Any]:
    """Return the parameters that have a schema, as values; parameters without a schema are ignored.

    One that is left out has its default, or None. Raise BadRequest for a value that its schema forbids.
    """
    return {name: _read_value(name, query.get(name), schema) for name, schema in schemas.items()}


def _read_value(name: str, text: str | None, schema: Schema) -> Any:
    if text is None:
        return schema.get("default")
    try:
        return _parse_value(text, schema)
    except ValueError as error:
        msg = f"Invalid {name}: {error}"
        raise BadRequest(msg) from error


def _parse_value(text: str, schema: Schema) -> Any:
    """Return a parameter's text as a value; raise ValueError if the schema does not allow it."""
    words = schema.get("enum") or (["true", "false"] if schema["type"] == "boolean" else None)
    if words and text not in words:
        msg = f"expected one of {', '.join(words)}"
        raise ValueError(msg)
    if schema["type"] == "boolean":
        return text == "true"
    if schema["type"] == "integer":
        number = int(text)
        if not schema["minimum"] <= number <= schema.get("maximum", number):
            msg = f"{number} is out of bounds"
            raise ValueError(msg)
        return number
    if "pattern" in schema:
        if not re.search(schema["pattern"], text, re.ASCII):
            msg = "expected YYYY-MM-DD"
            raise ValueError(msg)
        return date.fromisoformat(text)
    return text
