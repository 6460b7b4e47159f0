"""Words for the fields of records on pages and in news feeds."""

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
