"""What the pages show of others' benchmarks: the latest scores, as OpenRouter passes them on."""

from collections.abc import Iterator

from orarchive.domain.records import get_object
from orarchive.jsonl import Record


def list_scores(benchmarks: Record) -> Iterator[tuple[str, str, str]]:
    """Source, what was measured, and the score as sent."""
    for name, measured in sorted(get_object(benchmarks, "artificial_analysis").items()):
        if measured is not None:
            yield "Artificial Analysis", name.replace("_", " "), str(measured)
    arenas = benchmarks.get("design_arena")
    for one in arenas if isinstance(arenas, list) else ():
        if isinstance(one, dict) and one.get("elo") is not None:
            place = f", rank {one['rank']}" if one.get("rank") else ""
            what = " ".join(str(one[name]) for name in ("arena", "category") if one.get(name))
            yield "Design Arena", what, f"Elo {one['elo']}{place}"
