"""The descriptions of an export: valid to frictionless and mlcroissant, and true of every file."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import polars as pl
import pyarrow.parquet as pq
import pytest

from orarchive.export.croissant import CROISSANT_NAME
from orarchive.export.datapackage import DATAPACKAGE_NAME
from orarchive.export.manifest import CHECKSUMS_NAME, Manifest
from orarchive.export.readme import README_NAME, list_duckdb_lines, list_polars_lines
from orarchive.export.schemas import TABLES
from orarchive.export.staging import LOCK_NAME
from tests.support.archives import ROOT

MAX_VALIDATED_ROWS = 200
"""Rows of a file that frictionless validates; it takes a millisecond for each."""

BASE_URL = "https://example.org/parquet/"


def test_the_data_package_is_valid(out: Path, manifest: Manifest) -> None:
    """Validate the descriptor, and the rows against its schemas.

    frictionless reads Parquet by way of pandas, which turns missing integers into numbers that are none, and
    it counts no bytes of such files: it gets the rows as they are in the file.
    """
    package = frictionless.Package.from_descriptor(str(out / DATAPACKAGE_NAME))
    assert [resource.path for resource in package.resources] == [entry.path for entry in manifest.files]
    for resource, entry in zip(package.resources, manifest.files, strict=True):
        assert (resource.bytes, resource.hash) == (entry.bytes, f"sha256:{entry.sha256}")
        assert resource.to_descriptor()["licenses"]
        rows = pq.ParquetFile(out / entry.path).read().slice(0, MAX_VALIDATED_ROWS)
        data = [rows.column_names, *(list(row.values()) for row in rows.to_pylist())]
        table = frictionless.Resource(data=data, schema=resource.schema)
        report = table.validate()
        assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])[:3]


def test_a_wrong_type_would_not_pass(out: Path, manifest: Manifest) -> None:
    package = frictionless.Package.from_descriptor(str(out / DATAPACKAGE_NAME))
    schema = package.get_resource("orders").schema
    table = frictionless.Resource(data=[schema.field_names, ["now", None, "first", None]], schema=schema)
    errors = {error.type for error in table.validate().tasks[0].errors}
    assert errors == {"type-error", "constraint-error", "primary-key"}


def test_the_croissant_is_valid_and_reads_every_file(
    out: Path, manifest: Manifest, recwarn: pytest.WarningsRecorder
) -> None:
    # here, for every worker would load it: that takes half a second
    import mlcroissant

    dataset = mlcroissant.Dataset(str(out / CROISSANT_NAME))
    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    record_sets = dataset.metadata.record_sets
    assert len(record_sets) == len(manifest.files)
    for record_set, entry in zip(record_sets, manifest.files, strict=True):
        records = iter(dataset.records(record_set.uuid))
        record = next(records)
        (row,) = pq.ParquetFile(out / entry.path).read().slice(0, 1).to_pylist()
        key = next(table.key[0] for table in TABLES if table.name == entry.table)
        assert list(record) == [f"{record_set.uuid}/{name}" for name in row]
        value = record[f"{record_set.uuid}/{key}"]
        assert (value.decode() if isinstance(value, bytes) else value) == row[key]


def test_sums_are_those_of_the_files(out: Path, manifest: Manifest) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", CHECKSUMS_NAME], cwd=out, capture_output=True)
    assert done.returncode == 0, done.stdout
    names = {line.split("  ")[1] for line in (out / CHECKSUMS_NAME).read_text().splitlines()}
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files - names == {CHECKSUMS_NAME, "manifest.json", LOCK_NAME}


def test_every_column_is_described() -> None:
    columns = [(table.name, column) for table in TABLES for column in table.columns]
    assert [(name, column.name) for name, column in columns if not column.description.endswith(".")] == []
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert {*table.key} <= {*names}


def read_block(out: Path, language: str) -> str:
    """Return the lines of a block of code in the README."""
    match = re.search(rf"```{language}\n(.*?)```", (out / README_NAME).read_text(), re.DOTALL)
    assert match
    return match[1]


def test_the_lines_of_the_readme_open_every_table(
    out: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out)
    counts = {table.name: 0 for table in TABLES}
    for entry in manifest.files:
        counts[entry.table] += entry.rows
    with duckdb.connect() as db:
        db.execute(read_block(out, "sql"))
        views = {name: db.execute(f"select count(*) from {name}").fetchone() for name in counts}
    assert views == {name: (count,) for name, count in counts.items()}
    names: dict[str, Any] = {}
    exec(read_block(out, "python"), names)
    assert {name: names[name].select(pl.len()).collect().item() for name in counts} == counts


def test_lines_for_the_web_name_each_file(manifest: Manifest) -> None:
    for lines in (list_duckdb_lines(manifest, BASE_URL), list_polars_lines(manifest, BASE_URL)):
        paths = [path for line in lines for path in re.findall(rf"'{BASE_URL}([^']*)'", line)]
        assert sorted(paths) == sorted(entry.path for entry in manifest.files)
        assert not any("*" in path for path in paths)


def test_the_manifest_is_json_with_every_file(out: Path, manifest: Manifest) -> None:
    content = json.loads((out / "manifest.json").read_text())
    assert [file["path"] for file in content["files"]] == [entry.path for entry in manifest.files]
    assert content["as_of"] == manifest.as_of


def test_the_script_prints_the_lines(out: Path, manifest: Manifest) -> None:
    script = ROOT / "examples/one_liners.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script, out / "manifest.json"], env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        *list_duckdb_lines(manifest, f"{out}/"),
        *list_polars_lines(manifest, f"{out}/"),
    ], done.stderr
