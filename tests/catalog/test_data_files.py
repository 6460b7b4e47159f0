"""Reviewed files: each has the form that its schema in `schemas/` says."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from orarchive.catalog.data_files import load_document

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.schema.json"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_file_has_the_form_of_its_schema(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    document = load_document(path.name.replace(".schema.json", ".toml"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []
