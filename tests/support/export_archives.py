"""Archives of half a year in which much happens to a few models, and their exports as Python rows."""

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orarchive.domain.ranking_series import MODELS, ORDER
from orarchive.export.manifest import Manifest
from orarchive.jsonl import Record, loads, write_lines
from orarchive.store.archive import Archive, open_archive
from tests.support.random_histories import ArchivedAttempt, archive_steps, write_history
from tests.support.random_steps import (
    ENDPOINTS,
    FIELD_EDITS,
    HEALTH_EDITS,
    LISTING_EDITS,
    NEW_FIELD_EDITS,
    PRICE_EDITS,
    Edit,
    Step,
)

STEPS = 66
HOURS_APART = (1, 2, 24, 100, 120, 150, 150)
"""Hours between two steps; all of them together take half a year."""

PERCENTILES: Record = {"p50": 10, "p75": 20.5, "p90": 30, "p99": loads("123456789.12345678901")}
"""Percentiles of which the last has more digits than a double."""

MEASURE_EDITS = [
    Edit(target, name, value)
    for target in ENDPOINTS
    for name, value in (
        ("latency_last_30m", {**PERCENTILES, "p99": 40.25}),
        ("throughput_last_30m", PERCENTILES),
        ("uptime_last_5m", 99.98765432109876),
        ("uptime_last_5m", "all"),
        ("status", -(2**62)),
        ("status", loads("1.5")),
        ("uptime_last_2w", 5),
    )
]
GROUPS = (LISTING_EDITS, PRICE_EDITS, FIELD_EDITS, HEALTH_EDITS, MEASURE_EDITS, NEW_FIELD_EDITS)

USAGE = [
    {"date": "2025-12-31", "model_permaslug": "a/plain-1", "total_tokens": "123456789012"},
    {"date": "2026-06-01", "model_permaslug": "a/plain-1", "total_tokens": "5"},
    {"date": "2026-06-01", "model_permaslug": "other", "total_tokens": "many"},
]
AS_OF = "2026-06-02"


@dataclass(frozen=True)
class HalfYear:
    """An archive with the attempts that it was made of, and the commit of each."""

    archive: Archive
    attempts: list[ArchivedAttempt]
    commits: list[str]


def make_half_year(folder: Path, seed: int, steps: int = STEPS) -> HalfYear:
    """Make an archive of half a year of random hours, some of which are repaired, partial or failed.

    The last attempt also read rankings.
    """
    chance = random.Random(seed)
    *attempts, last = archive_steps([_draw_step(chance) for _ in range(steps)])
    attempts.append(_add_rankings(last))
    commits = write_history(folder, attempts)
    return HalfYear(open_archive(folder), attempts, commits)


def _draw_step(chance: random.Random) -> Step:
    return Step(
        later=chance.choice([0, *HOURS_APART * 2]),
        edits=[chance.choice(chance.choice(GROUPS)) for _ in range(chance.randint(0, 6))],
        missed=frozenset(chance.sample(["a/plain", "a/night", "o/old"], chance.choice([0, 0, 1, 2]))),
        bad=chance.choice([{}, {}, {}, {"endpoints": "failed"}, {"models": "quarantined"}]),
        age=chance.choice([None, 30]),
    )


def _add_rankings(attempt: ArchivedAttempt) -> ArchivedAttempt:
    """Return an attempt that has also read the usage of models and their order."""
    report = {"outcome": "ok", "scope": "", "sha256": "", "requests": 1, "rows": 3}
    rankings: Any = {
        MODELS.name: {**report, "read": {"": AS_OF}},
        ORDER.name: {**report, "read": {"": ""}},
    }
    files = {
        MODELS.get_file_path("", "2025-12"): write_lines(USAGE[:1]),
        MODELS.get_file_path("", "2026-06"): write_lines(USAGE[1:]),
        ORDER.get_file_path(""): write_lines([{"id": "a/plain"}, {"id": "a/night"}]),
    }
    return replace(attempt, line={**attempt.line, "rankings": rankings}, files={**attempt.files, **files})


def read_rows(out: Path, manifest: Manifest, table: str) -> list[dict[str, Any]]:
    """Read the rows of a table of an export."""
    paths = [entry.path for entry in manifest.files if entry.table == table]
    return [row for path in paths for row in pq.ParquetFile(out / path).read().to_pylist()]
