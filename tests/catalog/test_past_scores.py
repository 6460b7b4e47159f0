"""Scores of a past hour: read from the commit that stood at it, for the index keeps the latest alone."""

import sqlite3
from pathlib import Path

from orarchive.catalog.past_scores import restore_scores
from orarchive.catalog.source import CatalogSource
from orarchive.jsonl import write_lines
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR as ONE_HOUR
from orarchive.timestamps import format_stamp
from tests.support.archives import make_archive, read_git
from tests.support.catalog_models import HOUR, build_model
from tests.support.recorders import commit_recording

SCORES = {"artificial_analysis": {"coding_index": 50}}


def test_benchmarks_and_ranks_are_those_of_the_last_attempt_up_to_the_hour(tmp_path: Path) -> None:
    root = make_archive(tmp_path / "archive")
    for folder in ("rankings", "models"):
        (root / "data" / folder).mkdir(parents=True)
    db = sqlite3.connect(":memory:")
    db.execute("create table attempts (attempt integer primary key, hour text, commit_id text)")
    benchmarks = write_lines([{"id": "a/m", "benchmarks": SCORES}])
    orders = [["b/m", "a/m"], ["a/m", "b/m"]]
    for number, order in enumerate(orders):
        content = write_lines([{"id": key} for key in order])
        moment = HOUR + number * ONE_HOUR
        commit_recording(root, "data/rankings/order.jsonl", content, moment)
        commit_recording(root, "data/models/benchmarks.jsonl", benchmarks if number else b"", moment)
        row = (format_stamp(moment), read_git(root, "rev-parse", "HEAD"))
        db.execute("insert into attempts (hour, commit_id) values (?, ?)", row)
    db.execute("insert into attempts (hour) values (?)", (format_stamp(HOUR + ONE_HOUR),))
    source = CatalogSource(HOUR, {key: build_model(key) for key in ("a/m", "b/m")}, {})

    def restore(number: int, benchmarks: bool = True) -> dict[str, tuple[int | None, bool]]:
        at = HOUR + number * ONE_HOUR
        restored = restore_scores(source, db, open_archive(root), at, benchmarks)
        return {key: (model.rank, model.benchmarks == SCORES) for key, model in restored.models.items()}

    assert restore(-1) == {"a/m": (None, False), "b/m": (None, False)}
    assert restore(0) == {"a/m": (2, False), "b/m": (1, False)}
    assert restore(1) == {"a/m": (1, True), "b/m": (2, False)}
    assert restore(1, benchmarks=False) == {"a/m": (1, False), "b/m": (2, False)}
