"""Words for the fields of records on pages and in news feeds."""

from dataclasses import replace

from orarchive.domain.changes import Change

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
}
"""Field, or field and member, -> its words; others go by their own names."""


def label_field(field: str, member: str) -> str:
    """Return the words for a field ("" as second argument) or a member of it."""
    path = f"{field}.{member}" if member else field
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
