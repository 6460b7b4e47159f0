"""Scores and ranks as they stood at a past hour: the index keeps only the latest of these, git keeps all."""

import datetime as dt
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from orarchive.catalog.source import CatalogSource
from orarchive.domain.feeds import MODELS
from orarchive.domain.ranking_series import ORDER
from orarchive.domain.records import get_object
from orarchive.jsonl import Record, read_lines
from orarchive.store.archive import Archive
from orarchive.timestamps import format_stamp

BENCHMARKS = f"{MODELS.folder}/benchmarks.jsonl"
ORDER_FILE = ORDER.get_file_path("")

SELECT_COMMIT = """
    select commit_id from attempts where hour <= ? and commit_id is not null order by attempt desc limit 1
"""


def restore_scores(
    source: CatalogSource, db: sqlite3.Connection, archive: Archive, at: dt.datetime, benchmarks: bool
) -> CatalogSource:
    """Return the source of a past hour with the benchmarks and ranks that stood at it, read from git.

    Without `benchmarks` these are left out.
    """
    commit = db.execute(SELECT_COMMIT, (format_stamp(at),)).fetchone()
    files = archive.read_files(commit[0], (BENCHMARKS, ORDER_FILE)) if commit else {}
    scores = _index(read_lines(files.get(BENCHMARKS, b""), BENCHMARKS)) if benchmarks else {}
    order = read_lines(files.get(ORDER_FILE, b""), ORDER_FILE)
    ranks = {str(row.get("id")): rank for rank, row in enumerate(order, start=1)}
    models = {
        key: replace(model, benchmarks=get_object(scores.get(key, {}), "benchmarks"), rank=ranks.get(key))
        for key, model in source.models.items()
    }
    return replace(source, models=models)


def _index(rows: Iterable[Record]) -> dict[str, Record]:
    return {str(row.get("id")): row for row in rows}
