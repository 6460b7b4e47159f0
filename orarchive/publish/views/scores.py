"""Scores in benchmarks by third parties: the latest ones, as OpenRouter passes them on."""

from collections.abc import Iterator
from dataclasses import dataclass

from orarchive.domain.records import get_object
from orarchive.jsonl import Record

ANALYSIS, ARENA = "Artificial Analysis", "Design Arena"


@dataclass(frozen=True)
class Score:
    """A score as sent."""

    source: str
    measure: str
    """Name of the measure."""
    score: str


def list_scores(benchmarks: Record) -> Iterator[Score]:
    """Yield every score of a model's benchmarks."""
    for name, value in sorted(get_object(benchmarks, "artificial_analysis").items()):
        if value is not None:
            yield Score(ANALYSIS, name.replace("_", " "), str(value))
    arenas = benchmarks.get("design_arena")
    for arena in arenas if isinstance(arenas, list) else ():
        if isinstance(arena, dict) and arena.get("elo") is not None:
            rank = f", rank {arena['rank']}" if arena.get("rank") else ""
            measure = " ".join(str(arena[name]) for name in ("arena", "category") if arena.get(name))
            yield Score(ARENA, measure, f"Elo {arena['elo']}{rank}")
