"""What flags are called in sentences and on pages."""

from collections.abc import Iterable

from orarchive.catalog.flags import CONFIGURABLE_REASONING, FLAGS

FLAG_LABELS = {
    "tools": "tool calls",
    "tool_choice": "tool choice",
    "parallel_tools": "parallel tool calls",
    "json_mode": "JSON mode",
    "json_schema": "JSON Schema",
    "vision": "image input",
    "audio_input": "audio input",
    "video_input": "video input",
    "file_input": "file input",
    "image_output": "image output",
    "audio_output": "audio output",
    "video_output": "video output",
    "embeddings": "embeddings",
    "rerank": "reranking",
    "transcription": "transcription",
    "reasoning": "reasoning",
    "prompt_caching": "prompt caching",
    "web_search": "web search",
    "seed": "seed",
    "logprobs": "log probabilities",
    "moderated": "moderation by OpenRouter",
    "zdr": "zero data retention",
}
assert FLAG_LABELS.keys() == {*FLAGS}


def label_losses(lost: Iterable[str]) -> list[str]:
    """Return the words of what a replacement lacks, each once; see `Redirect.lost`."""
    return [*dict.fromkeys(map(_label_loss, lost))]


def _label_loss(loss: str) -> str:
    if loss == "context":
        return "as long a context"
    name, _, detail = loss.partition(":")
    if name == "output":
        return f"{detail} output"
    return "reasoning effort setting" if detail == CONFIGURABLE_REASONING else FLAG_LABELS[name]
