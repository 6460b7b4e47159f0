"""Scores of models: those of two sources, as in the models list, and invented ones of the service."""

from collections.abc import Iterator

from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import CLASSIC, SEARCH
from orarchive.sample.rankings import format_hour
from orarchive.sample.world import World, format_permaslug

SOURCES = {
    "artificial-analysis": ("Artificial Analysis", "https://artificialanalysis.ai"),
    "design-arena": ("Design Arena", "https://www.designarena.ai"),
    "openrouter": ("OpenRouter", "https://openrouter.ai/rankings"),
}
ENGINES = ("exa", "native")
TASKS = {"gpqa_diamond": "intelligence", "tau_bench_verified_airline": "agentic"} | dict.fromkeys(
    SEARCH, "search"
)
ARENA_TASKS = {"website": "coding", "svg": "coding", "fullstack": "agentic"}
"""Category -> task type."""


def answer_benchmarks(world: World, params: Row) -> Row:
    """Return the items of one source or of all; their fields differ by source."""
    source = params["source"]
    params = params | {"arena": params["arena"] or ("models" if source == "design-arena" else None)}
    models = sorted(world.models.values(), key=format_permaslug)
    items = [item for model in models for item in _list_items(model) if _matches(item, params)]
    if not params["include_run_config"]:
        items = [{name: value for name, value in item.items() if name != "run_config"} for item in items]
    items = items[: params["max_results"]]
    name, url = SOURCES.get(source, (None, None))
    as_of = format_hour(world.hour)
    return {
        "data": items,
        "meta": {
            "as_of": as_of,
            "version": "v1",
            "source": source,
            "source_url": url,
            "citation": f"Source: {name} ({url}), as of {as_of}." if name else None,
            "model_count": len({item["model_permaslug"] for item in items}),
            "task_type": params["task_type"],
        },
    }


def _list_items(model: Row) -> Iterator[Row]:
    pricing = {name: model["pricing"][name] for name in MAIN_DIMENSIONS}
    head = {"model_permaslug": format_permaslug(model), "display_name": model["name"]}
    scores = model.get("benchmarks", {})
    if "artificial_analysis" in scores:
        yield {"source": "artificial-analysis", **head, **scores["artificial_analysis"], "pricing": pricing}
    for row in scores.get("design_arena", ()):
        yield {
            "source": "design-arena",
            **head,
            **{name: row[name] for name in ("arena", "category", "elo", "win_rate")},
            "avg_generation_time_ms": round(20000 + 60000 * draw(head["model_permaslug"], "generation")),
            "tournament_stats": _draw_tournament(head["model_permaslug"], row["category"]),
            "pricing": pricing,
        }
    if scores:
        yield from _list_own_items(head)


def _draw_tournament(slug: str, category: str) -> Row:
    """Draw the number of tournaments in which a model took each of the ranks 1 to 4."""
    counts = [int(90 * draw(slug, category, number)) for number in range(4)]
    names = ("first_place", "second_place", "third_place", "fourth_place")
    return {**dict(zip(names, counts, strict=True)), "total": sum(counts)}


def _list_own_items(head: Row) -> Iterator[Row]:
    """Yield the service's own scores: both classic benchmarks, and search for a third of the models."""
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


def _matches(item: Row, params: Row) -> bool:
    """Return whether an item passes all filters; a filter on a field that it lacks does not apply."""
    if params["source"] not in (None, item["source"]):
        return False
    if params["task_type"] and not _belongs_to_task(item, params["task_type"]):
        return False
    if params["benchmark_type"] in SEARCH and item.get("benchmark_type") not in SEARCH:
        return False
    names = ("benchmark_type", "search_engine", "search_surface", "arena", "category")
    return all(params[name] in (None, item.get(name, params[name])) for name in names)


def _belongs_to_task(item: Row, task: str) -> bool:
    if item["source"] == "artificial-analysis":
        return item.get(f"{task}_index") is not None
    if item["source"] == "design-arena":
        return ARENA_TASKS[item["category"]] == task
    return TASKS[item["benchmark_type"]] == task
