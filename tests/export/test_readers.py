"""DuckDB, polars and pandas read every file with the documented types, and the same rows."""

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orarchive.export import columns
from orarchive.export.manifest import Manifest
from orarchive.export.parquet_files import FileEntry
from orarchive.export.schemas import TABLES

DUCKDB_TYPES = {
    columns.TEXT: "VARCHAR",
    columns.TEXTS: "VARCHAR[]",
    columns.INTEGER: "BIGINT",
    columns.MEASURE: "DOUBLE",
    columns.PRICE: "DECIMAL(38,24)",
    columns.FLAG: "BOOLEAN",
    columns.DATE: "DATE",
    columns.TIME: "TIMESTAMP WITH TIME ZONE",
}
POLARS_TYPES: dict[Any, Any] = {
    columns.TEXT: pl.String,
    columns.TEXTS: pl.List(pl.String),
    columns.INTEGER: pl.Int64,
    columns.MEASURE: pl.Float64,
    columns.PRICE: pl.Decimal(38, 24),
    columns.FLAG: pl.Boolean,
    columns.DATE: pl.Date,
    columns.TIME: pl.Datetime("us", "UTC"),
}
PANDAS_TYPES = {
    columns.TEXT: "string",
    columns.TEXTS: "list<element: string>",
    columns.INTEGER: "int64",
    columns.MEASURE: "double",
    columns.PRICE: "decimal128(38, 24)",
    columns.FLAG: "bool",
    columns.DATE: "date32[day]",
    columns.TIME: "timestamp[us, tz=UTC]",
}
"""Types of pandas' columns that are kept as arrow arrays; its own have no exact decimals and no lists."""


def get_types(entry: FileEntry, types: dict[Any, Any]) -> dict[str, Any]:
    """Return the types that a reader must show for the columns of a file."""
    (table,) = (table for table in TABLES if table.name == entry.table)
    return {column.name: types[column.type] for column in table.columns}


def read_expected(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in pq.ParquetFile(path).read().to_pylist()]


def test_duckdb(out: Path, manifest: Manifest) -> None:
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        for entry in manifest.files:
            path = out / entry.path
            relation = f"read_parquet('{path}', hive_partitioning = false)"
            described = db.execute(f"describe select * from {relation}").fetchall()
            assert {name: type_ for name, type_, *_ in described} == get_types(entry, DUCKDB_TYPES)
            assert db.execute(f"select * from {relation}").fetchall() == read_expected(path)


def test_polars(out: Path, manifest: Manifest) -> None:
    for entry in manifest.files:
        frame = pl.read_parquet(out / entry.path, hive_partitioning=False)
        assert dict(frame.schema) == get_types(entry, POLARS_TYPES)
        assert frame.rows() == read_expected(out / entry.path)


def test_pandas(out: Path, manifest: Manifest) -> None:
    for entry in manifest.files:
        frame = pd.read_parquet(out / entry.path, dtype_backend="pyarrow", partitioning=None)
        types = {name: str(dtype.pyarrow_dtype) for name, dtype in frame.dtypes.items()}
        assert types == get_types(entry, PANDAS_TYPES)
        rows = [tuple(row.values()) for row in pa.Table.from_pandas(frame).to_pylist()]
        assert rows == read_expected(out / entry.path)
