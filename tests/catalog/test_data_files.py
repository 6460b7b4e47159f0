"""Reviewed files: each has the form that its schema in `schemas/` says."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from orarchive.catalog.data_files import list_data_files, load_document
from orarchive.catalog.flags import FLAGS
from orarchive.catalog.model_info import OPEN_WEIGHTS
from orarchive.catalog.overrides import load_overrides
from orarchive.catalog.sizes import ACTIVE_FIELD, TOTAL_FIELD
from tests.support.archives import ROOT

DATA = ROOT / "orarchive" / "catalog" / "data"
SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.schema.json"))


def list_files() -> list[tuple[str, Path]]:
    """List each file that has a schema, and this: of its own name, or of the name of its folder."""
    files = []
    for path in SCHEMAS:
        name = path.name.removesuffix(".schema.json")
        names = list_data_files(name) if (DATA / name).is_dir() else [f"{name}.toml"]
        files += [(file, path) for file in names]
    return files


def test_every_file_has_a_schema() -> None:
    files = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*.toml")}
    assert files == {file for file, _ in list_files()}


def test_overrides_are_of_fields_that_there_are() -> None:
    """Each is of its model once."""
    overrides = load_overrides()
    assert {override.field for override in overrides} <= {*FLAGS, OPEN_WEIGHTS, TOTAL_FIELD, ACTIVE_FIELD}
    assert len({(override.id, override.field) for override in overrides}) == len(overrides) > 0


@pytest.mark.parametrize(("file", "path"), list_files(), ids=str)
def test_file_has_the_form_of_its_schema(file: str, path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(load_document(file), default=str))
    errors = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
