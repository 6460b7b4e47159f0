"""The catalogue of recorded lists: sources of flags, union of endpoints, sizes, families and open weights."""

import gzip
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.catalog.data_files import load_document
from orarchive.catalog.flags import FLAGS
from orarchive.catalog.model_info import ModelInfo, build_model_info
from orarchive.domain.records import split_variant
from tests.support import requirements
from tests.support.catalog_models import build_endpoint, build_model, list_union_breaks
from tests.support.read_ids import CLOSED, CLOSED_LABS, OPEN, OPEN_LABS, SIZES

pytestmark = pytest.mark.real_data

MAX_HEURISTIC_SHARE = 0.02

LISTS = ("models_v1", "models_v1_all_modalities")

EXPLAINED = {
    ("qwen", "qwen-max"), ("qwen", "qwen-plus"), ("qwen", "qwen-turbo"), ("qwen", "qwen-flash"),
    ("qwen", "qwen-vl"), ("qwen", "qwen-coder"), ("qwen", "qwen-asr"), ("qwen", "qwen-next"),
    ("qwen", "qwq"), ("qwen", "qvq"), ("qwen3.6", "qwen-flash"),
    ("qwen", "deepseek-r1-distill"),
    ("deepseek-thinking", "deepseek-r1"), ("deepseek-thinking", "deepseek-r1-distill"),
    ("deepseek-thinking", "deepseek"),
    ("deepseek-flash", "deepseek-v4-flash"),
    ("kimi-k2", "kimi"), ("kimi-thinking", "kimi"), ("kimi-k2", "kimi-code"),
}  # fmt: skip
"""Family of models.dev and ours where they differ; docs/catalog.md says by which rule."""


@pytest.fixture(scope="module")
def recorded_models() -> dict[str, list[ModelInfo]]:
    """Return what the catalogue says of each model of each recorded list, by the list's name."""
    folder = requirements.find_recordings()
    return {
        path.name: [
            build_model_info(build_model(row["id"], **_drop_id(row)), {}, ())
            for row in json.loads(gzip.decompress(path.read_bytes()))["data"]
        ]
        for name in LISTS
        for path in sorted((folder / name).glob("*.json.gz"))
    }


@pytest.fixture(scope="module")
def catalog(two_years_index: sqlite3.Connection) -> Catalog:
    """Return the catalogue of 20 months."""
    return build_catalog(two_years_index)


def _drop_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "benchmarks")}


def test_every_flag_of_recorded_lists_has_a_source(recorded_models: dict[str, list[ModelInfo]]) -> None:
    """Rules decide under two percent of the flags; the rest is the API's word, or unknown."""
    assert len(recorded_models) == 7
    for name, models in recorded_models.items():
        flags = [flag for model in models for flag in (*model.flags.values(), model.open_weights)]
        counts = Counter(flag.source for flag in flags)
        share = counts["heuristic"] / counts.total()
        print(f"{name}: {len(models)} models, {dict(counts)}, {share:.2%} by heuristics")
        assert share < MAX_HEURISTIC_SHARE
        assert all(tuple(model.flags) == FLAGS for model in models)


def test_list_is_the_union_of_the_endpoints(catalog: Catalog) -> None:
    """The parameters of each model with endpoints are those of its endpoints together, read the same day."""
    path = requirements.find_recordings() / "endpoints_v1/2026-05-31T10.json.gz"
    responses = json.loads(gzip.decompress(path.read_bytes()))
    checked = 0
    for key, response in responses.items():
        rows = response.get("data", {}).get("endpoints", [])
        listed = catalog.source.listed.get(key)
        # Asked by a slug that variants share, the service answered for another model.
        if not rows or response["data"]["id"] != key or listed is None:
            continue
        endpoints = [build_endpoint(**row) for row in rows]
        assert list_union_breaks(build_model(key, endpoints=endpoints, **_drop_id(listed.record))) == []
        checked += 1
    assert checked > 300


def test_sizes_of_read_ids(catalog: Catalog, recorded_models: dict[str, list[ModelInfo]]) -> None:
    """Every size is printed for reading; those of the sample, read by hand, have no error."""
    models = {model.id: model for models in recorded_models.values() for model in models}
    models |= catalog.models
    for key, model in sorted(models.items()):
        if model.size.text:
            print(f"{key}: {model.size.text} ({model.size.evidence})")
    assert {key: models[key].size.text for key in SIZES} == SIZES


def test_open_weights_of_read_ids(catalog: Catalog) -> None:
    """A model of a lab that publishes all is open unless its id was never recorded; a closed one never is."""
    judged = list(_list_judged(catalog))
    assert len(judged) >= 100
    for model, is_open in judged:
        assert model.open_weights.value in (is_open, None), model.id
    assert sum(model.open_weights.value is True for model, is_open in judged if is_open) >= 60


def _list_judged(catalog: Catalog) -> Iterator[tuple[ModelInfo, bool]]:
    for model in catalog.models.values():
        base = split_variant(model.id)[0]
        if base in OPEN or model.lab in OPEN_LABS:
            yield model, True
        elif base in CLOSED or model.lab in CLOSED_LABS:
            yield model, False


def test_families_that_another_catalogue_names_differ_by_a_rule(catalog: Catalog) -> None:
    """Every difference from the families of models.dev is one that the documents explain."""
    path = requirements.find_recordings().parent / "facts/direct_providers.json"
    providers = json.loads(path.read_text())["providers"]
    theirs = {
        name: facts["family"]
        for provider in providers.values()
        for name, facts in provider["models"].items()
        if facts.get("family")
    }
    differing = {
        (theirs[slug], model.family.name)
        for model in catalog.models.values()
        if (slug := split_variant(model.id.partition("/")[2])[0]) in theirs
        and model.lab in ("qwen", "deepseek", "moonshotai", "z-ai", "minimax")
        and theirs[slug] != model.family.name
    }
    assert differing
    assert differing <= EXPLAINED


def test_every_family_rule_names_a_recorded_model(
    catalog: Catalog, recorded_models: dict[str, list[ModelInfo]]
) -> None:
    """A rule that fits no id that was ever recorded is a slip of the pen."""
    models = [*catalog.models.values(), *(model for models in recorded_models.values() for model in models)]
    used = {(model.lab, model.family.evidence) for model in models}
    rules = load_document("families.toml")["family"]
    unused = [rule for rule in rules if (rule["lab"], f"families:{' '.join(rule['words'])}") not in used]
    assert unused == []
