"""The database for download in another engine: the views have the same rows there, and typed columns."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from orarchive.index.database import open_index
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR
from tests.support.browser import build_snapshot, write_archive
from tests.support.downloads import export_bytes

TYPES = {"TEXT": "varchar", "INTEGER": "bigint", "REAL": "double", "": "blob"}
"""Declared type in SQLite -> the type with which DuckDB's reader of SQLite files shows a column."""

DECLARED = "select name, upper(type) from pragma_table_info(?)"

TABLES = "select name from sqlite_schema where type = 'table' and name not glob '*_search*'"
"""The tables without those of full-text search, which DuckDB has in a way of its own."""

NUMBERS = {
    "prices_at": {"endpoint": "BIGINT", "n": "BIGINT", "position": "DOUBLE", "value": "DOUBLE"},
    "listed_at": {"n": "BIGINT", "record": "BIGINT"},
    "fields_at": {"record": "BIGINT"},
    "price_history": {"value": "DOUBLE"},
    "rankings": {"tokens": "BIGINT"},
    "health_log": {
        **dict.fromkeys(("n", "hours", "abnormal", "uptimes", "latencies"), "BIGINT"),
        **dict.fromkeys(("uptime_mean", "uptime_min", "latency_mean", "throughput_mean"), "DOUBLE"),
    },
    "event_log": {"id": "BIGINT", "n": "BIGINT", "percent": "DOUBLE"},
    "coverage": {"complete": "INTEGER"},
    "flags": {"with_flag": "BIGINT", "endpoints": "BIGINT"},
}
"""Columns of views that are no text."""


@contextmanager
def open_twice(archive: Path, cache: Path) -> Iterator[tuple[sqlite3.Connection, Any]]:
    """Open the database of an archive in SQLite and in DuckDB.

    DuckDB's reader of SQLite files is no part of its package. Like that reader this copies the tables with
    their declared types, and lets DuckDB run the text of the views.
    """
    with (
        closing(sqlite3.connect(":memory:")) as db,
        duckdb.connect(config={"pandas_analyze_sample": 0}) as other,
    ):
        with open_index(open_archive(archive), cache) as index:
            db.deserialize(export_bytes(index))
        # The sample has usage of a year.
        db.execute("delete from usage where date < (select max(date) from usage)")
        db.execute("delete from hours where attempts = 0")
        for (table,) in db.execute(TABLES).fetchall():
            columns = [f'"{name}" {TYPES[type_]}' for name, type_ in db.execute(DECLARED, (table,))]
            other.execute(f"create table {table} ({', '.join(columns)})")
            # All values as texts, which DuckDB casts: it is slow at single rows.
            frame = pd.read_sql_query(f"select * from {table}", db, dtype=object)
            other.register("frame", frame.where(frame.isna(), frame.astype(str)))
            other.execute(f"insert into {table} select * from frame")
        for (text,) in db.execute("select sql from sqlite_schema where type = 'view' order by rowid"):
            other.execute(text)
        yield db, other


def list_views(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("select name from sqlite_schema where type = 'view'")]


def compare_views(db: sqlite3.Connection, other: Any) -> None:
    """Fail unless every view has the same rows in both engines, each once, and typed columns."""
    for view in list_views(db):
        rows, others = (
            sorted(engine.execute(f"select * from {view}").fetchall(), key=repr) for engine in (db, other)
        )
        assert rows == others, view
        assert len(set(rows)) == len(rows), view
        types = {name: type_ for name, type_, *_ in other.execute(f"describe {view}").fetchall()}
        assert types == {**dict.fromkeys(types, "VARCHAR"), **NUMBERS.get(view, {})}, view


def test_views_are_the_same_in_another_engine(archive: Path, tmp_path: Path) -> None:
    with open_twice(archive, tmp_path) as (db, other):
        empty = {view for view in list_views(db) if not db.execute(f"select 1 from {view}").fetchone()}
        assert not empty
        compare_views(db, other)


@pytest.mark.parametrize("apart", [HOUR, 30 * HOUR])
def test_hostile_values_stop_no_view(tmp_path: Path, apart: Any) -> None:
    """Keep the row of a record with values of the wrong type, and with text that is no Unicode."""
    model = {
        "id": "a/b",
        "name": "\ud800",
        "context_length": "many",
        "created": "soon",
        "expiration_date": "2098-12-31",
        "pricing": {"prompt": "1"},
    }
    endpoints = [
        {"tag": "x", "status": 2**64 - 1, "uptime_last_1d": "all", "context_length": [1], "provider_name": 5},
        {"tag": "y", "status": -2, "uptime_last_1d": 99, "uptime_last_30m": {"\ud800\\u": 1}},
    ]
    snapshots = [
        build_snapshot([{**model, "context_length": length}], {"a/b": endpoints})
        for length in ("many", 2**64 - 1, 1e30, 8)
    ]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=apart, start=START)
    with open_twice(archive, tmp_path / "cache") as (db, other):
        compare_views(db, other)
        models = "select name, created, context_length, expires, prompt from models"
        assert other.execute(models).fetchall() == [("\\ud800", None, 8, None, "1")]
        days = "select distinct key, abnormal = hours, uptimes from health_log order by key"
        assert other.execute(days).fetchall() == [("a/b@x", False, 0), ("a/b@y", True, 0)]
