"""The lists of makers that serve their models themselves, each with the fields that its service sends."""

from typing import Any

from orarchive.sample.catalogue import Row

CREATED = 1764547200
"""Unix seconds that the lists give for every model."""


def _build_row(id_: str, owner: str, **fields: Any) -> Row:
    return {"id": id_, "object": "model", "owned_by": owner, **fields}


LISTS: dict[str, list[Row]] = {
    "deepseek": [
        _build_row(name, "deepseek")
        for name in ("deepseek-chat", "deepseek-reasoner", "deepseek-v4-flash", "deepseek-v4-pro")
    ],
    "dashscope": [
        _build_row(name, "system", created=CREATED)
        for name in ("qwen-plus", "qwen3-coder-plus", "qwen3-max", "qwen3.6-27b", "qwen3.7-max")
    ],
    "moonshot": [
        _build_row(
            name,
            "moonshot",
            created=CREATED,
            context_length=262144,
            supports_image_in=has_images,
            supports_video_in=has_images,
            supports_reasoning=True,
        )
        for name, has_images in (
            *(("kimi-k2-thinking", False), ("kimi-k2.5", True), ("kimi-k2.6", True)),
            ("kimi-k2.7-code", False),
        )
    ],
}
"""Maker -> the rows of its list."""

DIRECT_BODIES = {f"direct/{name}/models": {"object": "list", "data": rows} for name, rows in LISTS.items()}
"""Path below the base -> body; each maker's base URL ends with `/direct/` and its name."""
