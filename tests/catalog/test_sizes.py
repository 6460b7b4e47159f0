"""Numbers of parameters from ids and from sentences."""

import datetime as dt

import pytest

from orarchive.catalog.data_files import Override
from orarchive.catalog.sizes import UNKNOWN_SIZE, find_size, read_size_of_id, read_size_of_text
from tests.support.catalog_models import build_model
from tests.support.read_ids import SIZES


@pytest.mark.parametrize(
    ("model", "total", "active", "text"),
    [
        ("qwen/qwen3-235b-a22b-2507", 235 * 10**9, 22 * 10**9, "235B-A22B"),
        ("mistralai/mixtral-8x7b", None, None, "8x7B"),
        ("google/gemma-3n-e4b-it", None, None, "E4B"),
        ("moonshotai/kimi-vl-a3b-thinking", None, 3 * 10**9, "A3B"),
        ("perplexity/pplx-embed-v1-0.6b", 600 * 10**6, None, "0.6B"),
        ("hexgrad/kokoro-82m", 82 * 10**6, None, "82M"),
        ("inclusionai/ling-1t", 10**12, None, "1T"),
        ("cohere/command-r7b-12-2024", 7 * 10**9, None, "7B"),
        ("deepcogito/cogito-v2-preview-llama-405B", 405 * 10**9, None, "405B"),
    ],
)
def test_size_of_an_id(model: str, total: int | None, active: int | None, text: str) -> None:
    """Total and active parameters are told apart, and both from experts that share a part."""
    size = read_size_of_id(model)
    assert (size.total, size.active, size.text) == (total, active, text)


@pytest.mark.parametrize(
    "model",
    [
        "deepseek/deepseek-v3.1",
        "tngtech/deepseek-r1t2-chimera",
        "mistralai/mistral-large-2407",
        "openai/gpt-4-32k",
        "sentence-transformers/all-minilm-l6-v2",
        "minimax/minimax-m2",
        "openai/gpt-4o-2024-05-13",
        "7b/model",
    ],
)
def test_versions_dates_and_contexts_are_no_sizes(model: str) -> None:
    """What looks like a size is none where it is part of a longer word, or in the name of the lab."""
    assert read_size_of_id(model) is UNKNOWN_SIZE


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("It has 671B parameters, with 37B active in a pass.", "671B-A37B"),
        ("A model with 13B active parameters out of 284B total.", "284B-A13B"),
        ("It selectively activates only 11B of its 196B parameters per token.", "196B-A11B"),
        ("Large (1 trillion total parameters, 32 billion active).", "1T-A32B"),
        ("A 72 B-parameter model. It beats a 405B-parameter model.", "72B"),
        ("A 117B-parameter model. It activates 5.1B parameters per pass.", "117B-A5.1B"),
        ("36B parameters are active on any input.", "A36B"),
        ("Trained on 15 trillion tokens, for 128k of context.", None),
    ],
)
def test_size_of_a_description(description: str, text: str | None) -> None:
    """The first sentence with a size counts, and the next one for the active part."""
    assert read_size_of_text(description).text == text


def test_description_completes_an_id() -> None:
    """What an id does not say is taken from the description, and only that."""
    model = build_model(
        "tencent/hunyuan-a13b", description="A 99B-parameter model with 5B active parameters."
    )
    size = find_size(model)
    assert (size.total, size.active, size.source) == (99 * 10**9, 13 * 10**9, "heuristic")
    effective = build_model("google/gemma-3n-e4b-it", description="An 8B-parameter model.")
    assert find_size(effective).total is None


def test_override_outranks_id_and_description() -> None:
    """A reviewed number counts, and the other one stays."""
    reviewed = Override(
        "lab/moe-30b-a3b",
        "total_parameters",
        31 * 10**9,
        None,
        "reason",
        "https://x.example",
        dt.date(2026, 8, 22),
    )
    size = find_size(build_model("lab/moe-30b-a3b"), (reviewed,))
    assert (size.text, size.source) == ("31B-A3B", "override")
    assert find_size(build_model("lab/other-30b"), (reviewed,)).source == "heuristic"


def test_reading_has_enough_ids() -> None:
    """A sample of at least sixty ids; those whose id alone states a size need no recording."""
    assert len(SIZES) >= 60
    for model, text in SIZES.items():
        size = read_size_of_id(model)
        assert size is UNKNOWN_SIZE or text is None or text.startswith(str(size.text)) or size.total is None
