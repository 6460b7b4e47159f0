"""Labs: each fact is the word of the first source that has it."""

from dataclasses import replace
from typing import Any

import pytest

from orarchive.catalog.labs import Lab, build_labs
from orarchive.catalog.source import CatalogModel
from orarchive.jsonl import Record
from tests.support.catalog_models import build_model
from tests.support.catalog_sources import at_hour, build_source

PROVIDER: Record = {"slug": "lab", "name": "Lab Cloud", "headquarters": "SG"}


def model(key: str, name: str, *, is_listed: bool = True, hugging_face: str = "") -> CatalogModel:
    """Return a model of a name."""
    last = None if is_listed else at_hour(1)
    return build_model(key, last=last, name=name, hugging_face_id=hugging_face or None)


def build_lab(*models: CatalogModel, provider: Record | None = None) -> Lab:
    """Return the lab of some models, beside the provider of its slug."""
    source = replace(build_source(*models), providers={"lab": provider} if provider else {})
    return build_labs(source)["lab"]


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("The Lab", [("The Lab: A", True), ("The Lab: B", True), ("Other: C", True)]),
        ("New", [("New: A", True), ("Old: B", False), ("Old: C", False)]),
        ("Old", [("A", True), ("Old: B", False)]),
        ("Lab Cloud", [("A", True)]),
    ],
)
def test_name(name: str, models: list[tuple[str, bool]]) -> None:
    """Before the colon of most listed models, else of those that are gone; else that of the provider."""
    rows = [model(f"lab/{n}", text, is_listed=listed) for n, (text, listed) in enumerate(models)]
    lab = build_lab(*rows, provider=PROVIDER)
    assert (lab.name, lab.provider, lab.country) == (name, "lab", "SG")
    assert lab.sources == {"name": "api", "country": "api"}


@pytest.mark.parametrize(("organisation", "name"), [("LAB", "LAB"), ("elsewhere", None)])
def test_name_is_the_labs_own_spelling_of_its_slug(organisation: str, name: str | None) -> None:
    """In Hugging Face ids; another organisation's name is not the lab's."""
    lab = build_lab(model("lab/a", "A", hugging_face=f"{organisation}/a"))
    sources: dict[str, Any] = {"hugging_face": "api"} | ({"name": "api"} if name else {})
    assert (lab.name, lab.hugging_face, lab.country, lab.sources) == (name, organisation, None, sources)
