"""The tables that the index holds, written as files: batch by batch into arrow, then sorted."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from orarchive.export import catalog_rows, event_rows, price_rows, record_rows, schemas
from orarchive.export.columns import Table
from orarchive.export.kept_days import KeptDays
from orarchive.export.parquet_files import FileEntry, sort_groups, write_parquet
from orarchive.export.record_rows import Row
from orarchive.index.good_reads import GoodReads

BATCH_ROWS = 20_000
"""Rows that are Python objects at the same time."""

ROW_LISTS: dict[str, Callable[[sqlite3.Connection, GoodReads], Iterator[Row]]] = {
    schemas.MODELS.name: record_rows.list_model_rows,
    schemas.CATALOG.name: catalog_rows.list_catalog_rows,
    schemas.MODEL_VERSIONS.name: record_rows.list_model_version_rows,
    schemas.ENDPOINTS.name: record_rows.list_endpoint_rows,
    schemas.ENDPOINT_VERSIONS.name: record_rows.list_endpoint_version_rows,
    schemas.PROVIDERS.name: record_rows.list_provider_rows,
    schemas.PRICES.name: price_rows.list_price_rows,
    schemas.EVENTS.name: event_rows.list_event_rows,
    schemas.COVERAGE.name: event_rows.list_coverage_rows,
    schemas.RANKINGS.name: event_rows.list_ranking_rows,
    schemas.ORDERS.name: event_rows.list_order_rows,
    schemas.HEALTH_DAYS.name: event_rows.list_health_day_rows,
}
"""Table -> the function that yields its rows, in any order; raw health comes from git and not from here."""


def write_tables(db: sqlite3.Connection, folder: Path, kept_days: KeptDays) -> list[FileEntry]:
    """Write every table but raw health, with the days of health that only the last export has.

    Return the files, which are in `folder`.
    """
    reads = GoodReads.load(db)
    tables = [table for table in schemas.TABLES if table.name in ROW_LISTS]
    return [
        entry
        for table in tables
        for entry in _write_table(table, ROW_LISTS[table.name](db, reads), folder, kept_days)
    ]


def _write_table(table: Table, rows: Iterator[Row], folder: Path, kept_days: KeptDays) -> Iterator[FileEntry]:
    """Write the files of a table, one for each period, and yield them."""
    batches: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    if not table.period:
        batches[""] = []
    while batch := list(islice(rows, BATCH_ROWS)):
        by_period: dict[str, list[Row]] = defaultdict(list)
        for row in batch:
            by_period[f"{row[table.period_column]:%Y}" if table.period else ""].append(row)
        for period, period_rows in by_period.items():
            batches[period].append(_build_batch(table, period_rows))
    has_days = table is schemas.HEALTH_DAYS
    for period in sorted(batches.keys() | (kept_days.list_years() if has_days else set())):
        content = pa.Table.from_batches(batches.get(period, []), table.schema)
        if has_days:
            content = kept_days.merge(period, content)
        path = table.build_path(period)
        figures = write_parquet(folder, path, table.schema, sort_groups(content, table.key))
        yield FileEntry(path, table.name, period, *figures)


def _build_batch(table: Table, rows: list[Row]) -> pa.RecordBatch:
    arrays = [
        pa.array([row.get(column.name) for row in rows], column.type, from_pandas=False)
        for column in table.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)
