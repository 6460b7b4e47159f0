"""Scores in benchmarks by third parties: the latest ones, as OpenRouter passes them on."""

from collections.abc import Iterator
from dataclasses import dataclass

from orarchive.domain.records import get_object
from orarchive.jsonl import Record

ANALYSIS, ARENA = "Artificial Analysis", "Design Arena"

ARENA_OF_MODELS = "models"
"""The arena in which models alone compete, without a name on pages; in the others agents do."""

CATEGORY_LABELS = {
    "3d": "3D",
    "asciiart": "ASCII art",
    "codecategories": "code, all categories",
    "dataviz": "data visualization",
    "gamedev": "games",
    "graphicdesign": "graphic design",
    "imageediting": "image editing",
    "svg": "SVG",
    "uicomponent": "UI components",
    "website": "websites",
}
"""Category of Design Arena -> its words; others go by their own names."""


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
            yield Score(ARENA, _name_measure(arena), f"Elo {arena['elo']}{rank}")


def _name_measure(arena: Record) -> str:
    """Name what an arena measures: `games`, or `agents, fullstack` where not models alone compete."""
    name, category = (str(arena.get(member) or "") for member in ("arena", "category"))
    label = CATEGORY_LABELS.get(category, category)
    return label if label and name == ARENA_OF_MODELS else ", ".join(filter(None, (name, label)))
