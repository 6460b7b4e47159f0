"""Words for the fields of records on pages and in news feeds."""

from dataclasses import replace

from orarchive.domain.changes import Change
from orarchive.domain.phrasing import list_item_changes

FIELD_LABELS = {
    "context_length": "context",
    "max_completion_tokens": "max output",
    "max_prompt_tokens": "max prompt",
    "supported_parameters": "parameters",
    "supported_features": "features",
    "canonical_slug": "permanent name",
    "hugging_face_id": "Hugging Face id",
    "top_provider.context_length": "context",
    "top_provider.max_completion_tokens": "max output",
    "top_provider.is_moderated": "moderation by OpenRouter",
    "architecture.input_modalities": "input",
    "architecture.output_modalities": "output",
    "architecture.instruct_type": "instruct type",
    "architecture.tokenizer": "tokenizer",
    "architecture.modality": "modality",
    "reasoning.mandatory": "reasoning mandatory",
    "reasoning.default_enabled": "reasoning by default",
    "reasoning.default_effort": "default reasoning effort",
    "reasoning.supported_efforts": "reasoning efforts",
    "reasoning.supports_max_tokens": "reasoning token limit",
    "supports_implicit_caching": "implicit caching",
    "supports_tool_choice": "tool choice",
}
"""Field, or field and member, -> its words; others go by their own names."""

FLAG_WORDS = {True: "yes", False: "no"}

PARAMETERS = "supported_parameters"

MAX_PARAMETERS = 3
"""Parameters, added and removed, that are named; more are counted."""


def label_field(field: str, member: str) -> str:
    """Return the words for a field ("" as second argument) or a member of it."""
    path = f"{field}.{member}" if member else field
    if member and field == "default_parameters":
        return f"default {member}".replace("_", " ")
    return FIELD_LABELS.get(path) or (f"{field}: {member}" if member else field).replace("_", " ")


def drop_modality(change: Change) -> Change:
    """Return a change of the architecture without its text `modality` where the lists of kinds say it."""
    sides = (change.old, change.new)
    if change.field != "architecture" or not all(isinstance(side, dict) for side in sides):
        return change
    if all(
        change.old.get(name) == change.new.get(name) for name in ("input_modalities", "output_modalities")
    ):
        return change
    old, new = ({name: side[name] for name in side if name != "modality"} for side in sides)
    return replace(change, old=old, new=new)


def describe_parameters(change: Change) -> tuple[str, str]:
    """Return words for changed parameters, and the names that these count; "" for either that there is not.

    `parameters added: seed; removed: stop`, and of many `5 parameters added, 2 removed`.
    """
    if change.field != PARAMETERS or not isinstance(change.old, list) or not isinstance(change.new, list):
        return "", ""
    sides = zip(("added", "removed"), list_item_changes(change.old, change.new), strict=True)
    named = [(verb, sorted(map(str, names))) for verb, names in sides if names]
    full = "; ".join(f"{verb}: {', '.join(names)}" for verb, names in named)
    if sum(len(names) for _, names in named) <= MAX_PARAMETERS:
        return full and f"parameters {full}", ""
    (verb, names), *rest = named
    counts = [f"{len(names)} parameters {verb}", *(f"{len(names)} {verb}" for verb, names in rest)]
    return ", ".join(counts), full
