"""A list to check ids by, with ids of every state, written by hand."""

import json
from typing import Any

from orarchive.catalog.id_check import CheckList, parse_check_list

LIST: dict[str, Any] = {
    "format": 1,
    "as_of": "2026-11-20T06:00:00Z",
    "alive": [
        *("anthropic/claude-opus-4.1", "anthropic/claude-sonnet-4.5", "cohere/command-a"),
        *(
            "deepseek/deepseek-chat",
            "deepseek/deepseek-r1",
            "google/gemini-2.5-flash",
            "google/gemini-2.5-pro",
        ),
        *("meta/llama-muse", "meta-llama/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct:free"),
        *("microsoft/phi-4", "mistralai/mistral-large-2411", "nvidia/nemotron-nano-9b-v2", "openai/gpt-4o"),
        *(
            "openai/gpt-5",
            "openai/gpt-5-mini",
            "openai/gpt-oss-20b",
            "openai/gpt-oss-120b",
            "openrouter/auto",
        ),
        *("qwen/qwen3-235b-a22b", "x-ai/grok-4", "~openai/gpt-latest", "deepcogito/cogito-405B"),
    ],
    "expires": {"google/gemini-2.0-flash-001": "2026-12-20", "anthropic/claude-opus-4": "2026-12-21"},
    "gone": {
        "anthropic/claude-2.1": "2025-07-21",
        "google/palm-2-chat-bison": "2025-01-31",
        "mistralai/mistral-7b-instruct": "2026-11-19",
        "openai/gpt-4-vision-preview": "2025-02-01",
        "openai/gpt-4o:exacto": "2026-01-01",
    },
    "slugs": {"anthropic/claude-4.5-sonnet-20250929": "anthropic/claude-sonnet-4.5"},
    "replacements": {
        "anthropic/claude-opus-4": "anthropic/claude-opus-4.1",
        "openai/gpt-4-vision-preview": "openai/gpt-4o",
    },
    "dearer": ["anthropic/claude-opus-4"],
    "advice": ["openai/gpt-4-vision-preview"],
}


def make_list(**members: Any) -> bytes:
    """Return the content of the list with other members."""
    return json.dumps({"data": {**LIST, **members}}).encode()


def read_list() -> CheckList:
    """Return the list."""
    return parse_check_list(make_list())
