"""Families, bases and generations against a reading of recorded ids by hand."""

import pytest

from orarchive.catalog.families import find_family, list_api_families
from tests.support.read_ids import BASES, FAMILIES, GENERATIONS

READ_FAMILIES = [(model, family) for family, models in FAMILIES.items() for model in models.split()]


def test_the_reading_is_large_enough() -> None:
    """A list of at least a hundred ids, none of them twice."""
    assert len({model for model, _ in READ_FAMILIES}) == len(READ_FAMILIES) >= 100


@pytest.mark.parametrize(("model", "family"), READ_FAMILIES)
def test_family_is_that_of_the_reading(model: str, family: str) -> None:
    """The rules agree with the reading."""
    assert find_family(model, {}).name == family


@pytest.mark.parametrize(("model", "base"), BASES.items())
def test_tuned_model_names_its_base(model: str, base: str | None) -> None:
    """A model tuned from another lab's names that family; a lab's own does not."""
    assert find_family(model, {}).base == base


@pytest.mark.parametrize(("model", "generation"), GENERATIONS.items())
def test_generation_is_the_version_in_the_id(model: str, generation: str | None) -> None:
    """Sizes, dates and lengths of context are no versions."""
    assert find_family(model, {}).generation == generation


def test_alias_of_the_service_names_the_family() -> None:
    """What OpenRouter itself says comes before the rules, and is marked as its word."""
    families = list_api_families(
        {"~openai/gpt-mini-latest": "openai/gpt-5.4-small", "openai/gpt-4": None, "~x/y": "x/z"}
    )
    assert families == {"openai/gpt-5.4-small": "gpt-mini"}
    family = find_family("openai/gpt-5.4-small", families)
    assert (family.name, family.source, family.evidence) == ("gpt-mini", "api", "~openai/gpt-mini-latest")
    assert find_family("openai/gpt-5.4-small", {}).name == "gpt"
    assert find_family("~openai/gpt-mini-latest", {}).name == "gpt-mini"


def test_id_without_a_word_has_no_family() -> None:
    """What cannot be told stays empty."""
    assert find_family("lab/7", {}).name is None
    assert find_family("lab/word-7", {}).source == "heuristic"
