"""Scores of models: two sources' as the models list carries them, and the service's own, made up."""

from collections.abc import Iterator

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import CLASSIC, SEARCH
from orarchive.sample.rankings import stamp
from orarchive.sample.world import World, permaslug

SOURCES = {
    "artificial-analysis": ("Artificial Analysis", "https://artificialanalysis.ai"),
    "design-arena": ("Design Arena", "https://www.designarena.ai"),
    "openrouter": ("OpenRouter", "https://openrouter.ai/rankings"),
}
ENGINES = ("exa", "native")
TASKS = {"gpqa_diamond": "intelligence", "tau_bench_verified_airline": "agentic"} | dict.fromkeys(
    SEARCH, "search"
)
ARENA_TASKS = {"website": "coding", "svg": "coding", "fullstack": "agentic"}  # category -> task type


def benchmarks(world: World, asked: Row) -> Row:
    """Items of one source or of all; their fields differ by source."""
    wanted = asked["source"]
    asked = asked | {"arena": asked["arena"] or ("models" if wanted == "design-arena" else None)}
    models = sorted(world.models.values(), key=permaslug)
    items = [item for model in models for item in _items(model, world) if _matches(item, asked)]
    if not asked["include_run_config"]:
        items = [{name: value for name, value in item.items() if name != "run_config"} for item in items]
    items = items[: asked["max_results"]]
    name, url = SOURCES.get(wanted, (None, None))
    as_of = stamp(world.hour)
    return {
        "data": items,
        "meta": {
            "as_of": as_of,
            "version": "v1",
            "source": wanted,
            "source_url": url,
            "citation": f"Source: {name} ({url}), as of {as_of}." if name else None,
            "model_count": len({item["model_permaslug"] for item in items}),
            "task_type": asked["task_type"],
        },
    }


def _items(model: Row, world: World) -> Iterator[Row]:
    pricing = {name: model["pricing"][name] for name in ("prompt", "completion")}
    head = {"model_permaslug": permaslug(model), "display_name": model["name"]}
    scores = model.get("benchmarks", {})
    if "artificial_analysis" in scores:
        yield {"source": "artificial-analysis", **head, **scores["artificial_analysis"], "pricing": pricing}
    for row in scores.get("design_arena", ()):
        yield {
            "source": "design-arena",
            **head,
            **{name: row[name] for name in ("arena", "category", "elo", "win_rate")},
            "avg_generation_time_ms": round(20000 + 60000 * draw(head["model_permaslug"], "generation")),
            "tournament_stats": _stats(head["model_permaslug"], row["category"]),
            "pricing": pricing,
        }
    if scores:
        yield from _own(head, world)


def _stats(slug: str, category: str) -> Row:
    """Places taken in tournaments."""
    places = [int(90 * draw(slug, category, place)) for place in range(4)]
    names = ("first_place", "second_place", "third_place", "fourth_place")
    return {**dict(zip(names, places, strict=True)), "total": sum(places)}


def _own(head: Row, world: World) -> Iterator[Row]:
    """The service's own: both classic benchmarks, and one search benchmark for every third model or so."""
    slug = head["model_permaslug"]
    for kind in CLASSIC:
        yield {
            "source": "openrouter",
            **head,
            "benchmark_type": kind,
            "accuracy": round(0.4 + 0.5 * draw(slug, kind), 4),
            "accuracy_stddev": round(0.03 * draw(slug, kind, "stddev"), 4),
            "avg_cost_per_task": round(0.05 * draw(slug, kind, "cost"), 6),
            "total_tasks": 198 if kind == "gpqa_diamond" else 50,
            "last_run_timestamp": "2026-05-20T12:00:00.000Z",
        }
    luck = int(3 * len(SEARCH) * draw(slug, "search"))
    if luck < len(SEARCH):
        yield {
            "source": "openrouter",
            **head,
            "benchmark_type": SEARCH[luck],
            "primary_metric": "f1_by_item" if SEARCH[luck] == "search_widesearch" else "accuracy",
            "primary_score": round(0.2 + 0.6 * draw(slug, "score"), 4),
            "total_tasks": 100,
            "avg_cost_per_task": round(0.4 * draw(slug, "search cost"), 6),
            "avg_latency_per_task_ms": round(90000 * draw(slug, "latency")) if luck else None,
            "search_engine": ENGINES[luck % 2],
            "search_surface": ("server-tool", "plugin")[luck // 2 % 2],
            "last_run_timestamp": "2026-05-21T12:00:00.000Z",
            "run_config": {"max_agent_turns": 20, "reasoning_effort": None, "temperature": 0},
        }


def _matches(item: Row, asked: Row) -> bool:
    """Whether an item is of what was asked for; a filter on a field that a source lacks leaves its items."""
    if asked["source"] not in (None, item["source"]):
        return False
    if asked["task_type"] and not _of_task(item, asked["task_type"]):
        return False
    if asked["benchmark_type"] in SEARCH and item.get("benchmark_type") not in SEARCH:
        return False
    names = ("benchmark_type", "search_engine", "search_surface", "arena", "category")
    return all(asked[name] in (None, item.get(name, asked[name])) for name in names)


def _of_task(item: Row, task: str) -> bool:
    if item["source"] == "artificial-analysis":
        return item.get(f"{task}_index") is not None
    if item["source"] == "design-arena":
        return ARENA_TASKS[item["category"]] == task
    return TASKS[item["benchmark_type"]] == task
