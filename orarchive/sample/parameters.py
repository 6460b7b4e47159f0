"""The query parameters of the routes: one table, which /openapi.json shows and requests are held to."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

Schema = dict[str, Any]


class Refused(Exception):
    """A request that is answered with 400."""


def one_of(*values: str, default: str | None = None) -> Schema:
    """A parameter that is one of some words."""
    return {"type": "string", "enum": list(values)} | ({"default": default} if default else {})


def whole(minimum: int, maximum: int | None = None, default: int | None = None) -> Schema:
    """A parameter that is a whole number in bounds."""
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


def parameters(categories: Iterable[str]) -> dict[str, dict[str, Schema]]:
    """Path below the base -> the query parameters it takes, by name; the categories change with time."""
    category = one_of(*categories)
    return {
        "models": {"category": category, "output_modalities": MODALITIES, "sort": one_of(*MODEL_SORTS)},
        "models/count": {"output_modalities": MODALITIES},
        "datasets/rankings-daily": {
            **WINDOW,
            "period": one_of("day", "week", "month"),
            "modality": one_of("text", "image", "image_output", "audio", "tool_calling"),
            "context_bucket": one_of("1K", "10K", "100K", "1M", "10M"),
            "category": category,
            "language_type": one_of("natural", "programming"),
        },
        "datasets/app-rankings": {
            **WINDOW,
            "category": one_of(*SUBCATEGORIES),
            "subcategory": one_of(*(name for names in SUBCATEGORIES.values() for name in names)),
            "sort": one_of("popular", "trending", default="popular"),
            "limit": whole(1, 100, default=50),
            "offset": whole(0, 100, default=0),
        },
        "datasets/session-cost": {
            "app_slug": TEXT,
            "model": TEXT,
            "turn_range": one_of(*TURN_RANGES),
            "limit": whole(1, 500, default=100),
            "offset": whole(0, 5000, default=0),
        },
        "benchmarks": {
            "source": one_of("artificial-analysis", "design-arena", "openrouter"),
            "task_type": one_of("coding", "intelligence", "agentic", "search"),
            "benchmark_type": one_of(*CLASSIC, *SEARCH),
            "include_run_config": FLAG,
            "search_engine": TEXT,
            "search_surface": one_of("server-tool", "plugin"),
            "arena": one_of("models", "builders", "agents"),
            "category": TEXT,
            "max_results": whole(1),
        },
        "classifications/task": {"window": one_of("7d", default="7d")},
    }


def read(query: Mapping[str, str], schemas: dict[str, Schema]) -> dict[str, Any]:
    """The parameters that are known, as values; left out and without a default: None. Others are ignored."""
    return {name: _value(name, query.get(name), schema) for name, schema in schemas.items()}


def _value(name: str, text: str | None, schema: Schema) -> Any:
    if text is None:
        return schema.get("default")
    try:
        return _typed(text, schema)
    except ValueError as error:
        msg = f"Invalid {name}: {error}"
        raise Refused(msg) from error


def _typed(text: str, schema: Schema) -> Any:
    """A parameter's text as a value; ValueError if the schema does not allow it."""
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
