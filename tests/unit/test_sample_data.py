"""The rest of the sample's Data API: apps, session costs, benchmarks, tasks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from orarchive.sample import START, Service, build_world_at
from orarchive.sample.world import format_permaslug
from tests.support.sample_client import Ask, read_rows

APPS, COSTS, TASKS = "datasets/app-rankings", "datasets/session-cost", "classifications/task"
NOW = datetime(2026, 7, 2, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_now(sample: Service) -> None:
    """Set the sample to the time of these tests."""
    sample.now = NOW


# Apps


def list_apps(ask: Ask, **query: Any) -> list[dict[str, Any]]:
    """Return all apps, which come on two pages."""
    return read_rows(ask(APPS, **query, limit=100)) + read_rows(ask(APPS, **query, limit=100, offset=100))


def test_app_rows(ask: Ask) -> None:
    response = ask(APPS)
    rows = read_rows(response)
    fields = {"rank", "app_id", "app_name", "total_tokens", "total_requests"}
    assert all(row.keys() == fields for row in rows)
    assert [row["rank"] for row in rows] == list(range(1, 51))
    assert {type(row["total_tokens"]) for row in rows} == {str}
    assert {type(row["total_requests"]) for row in rows} == {int}
    tokens = [int(row["total_tokens"]) for row in rows]
    assert tokens == sorted(tokens, reverse=True)
    meta = response.json()["meta"]
    assert (meta["start_date"], meta["end_date"], meta["version"]) == ("2026-06-02", "2026-07-01", "v1")


def test_pages_of_apps(ask: Ask) -> None:
    apps = list_apps(ask)
    assert 100 < len(apps) == len({row["app_id"] for row in apps}) and apps[100]["rank"] == 101
    assert read_rows(ask(APPS, limit=10, offset=5)) == apps[5:15]


def test_apps_of_a_window_sum_its_days(ask: Ask) -> None:
    def count_tokens(first: int, last: int) -> dict[int, int]:
        rows = list_apps(ask, start_date=f"2026-06-{first}", end_date=f"2026-06-{last}")
        return {row["app_id"]: int(row["total_tokens"]) for row in rows}

    total, first, second = count_tokens(10, 11), count_tokens(10, 10), count_tokens(11, 11)
    assert total == {app: first[app] + second[app] for app in total}
    assert first != second


def test_apps_of_the_running_and_of_the_late_day(ask: Ask) -> None:
    today = {"start_date": "2026-07-02", "end_date": "2026-07-02"}
    early, later = (read_rows(ask(APPS, at=at, **today)) for at in (NOW, NOW + timedelta(hours=7)))
    assert int(later[0]["total_tokens"]) > int(early[0]["total_tokens"])
    late = {"start_date": "2026-06-20", "end_date": "2026-06-20"}
    assert read_rows(ask(APPS, **late))
    assert read_rows(ask(APPS, at=datetime(2026, 6, 22, 23, tzinfo=UTC), **late)) == []


def test_groups_of_apps(ask: Ask) -> None:
    ids = [row["app_id"] for row in list_apps(ask)]
    names = ("coding", "creative", "productivity", "entertainment")
    groups = [{row["app_id"] for row in list_apps(ask, category=name)} for name in names]
    assert set().union(*groups) == set(ids) and sum(map(len, groups)) == len(ids)
    agents = read_rows(ask(APPS, subcategory="cli-agent", category="coding"))
    assert agents == read_rows(ask(APPS, subcategory="cli-agent")) and agents[0]["rank"] == 1
    assert {row["app_id"] for row in agents} < groups[0]


def test_trending_apps_grow(ask: Ask) -> None:
    """Trending apps have more tokens than in the average of the three windows before."""

    def count_tokens(first: date, last: date) -> dict[int, int]:
        rows = list_apps(ask, start_date=first, end_date=last)
        return {row["app_id"]: int(row["total_tokens"]) for row in rows}

    day = date(2026, 6, 30)
    trending = list_apps(ask, start_date=day, end_date=day, sort="trending")
    assert [row["rank"] for row in trending] == list(range(1, len(trending) + 1)) and trending
    now, before = count_tokens(day, day), count_tokens(day - 3 * DAY, day - DAY)
    growth = [now[row["app_id"]] - before[row["app_id"]] / 3 for row in trending]
    assert growth == sorted(growth, reverse=True) and growth[-1] > 0
    assert len(trending) == sum(now[app] > before[app] / 3 for app in now)
    first_day = {"start_date": "2025-01-01", "end_date": "2025-01-01"}
    assert list_apps(ask, **first_day, sort="trending") == list_apps(ask, **first_day) != []


# Session costs


def list_costs(ask: Ask, **query: Any) -> list[dict[str, Any]]:
    """Return all session costs, which come on two pages."""
    return read_rows(ask(COSTS, **query, limit=500)) + read_rows(ask(COSTS, **query, limit=500, offset=500))


def test_session_costs(ask: Ask) -> None:
    rows = list_costs(ask)
    fields = {"app_slug", "app_name", "turn_range", "model_permaslug", "median_session_cost_usd"}
    assert all(row.keys() == fields for row in rows)
    assert all(type(row["median_session_cost_usd"]) is float for row in rows)
    assert ask(COSTS).json()["meta"] == {
        "as_of": "2026-07-02T05:00:00.000Z",
        "version": "v1",
        "window_days": 30,
        "window_end_date": "2026-06-28",
    }
    assert {row["turn_range"] for row in rows} == {"1-turn", "2-9-turns", "10-49-turns", "50-plus-turns"}
    slugs = {format_permaslug(model) for model in build_world_at(NOW).models.values()}
    assert {row["model_permaslug"] for row in rows} <= slugs


def test_session_costs_change_on_mondays(sample: Service, ask: Ask) -> None:
    costs = []
    for week in range(6):
        monday = START + week * 7 * DAY
        for sample.now in (monday, monday + 6 * DAY + timedelta(hours=23)):
            costs.append(list_costs(ask))
            assert ask(COSTS).json()["meta"]["window_end_date"] == str((monday - DAY).date())
    assert costs[::2] == costs[1::2] and all(before != after for before, after in pairwise(costs[::2]))


def test_pages_and_filters_of_session_costs(ask: Ask) -> None:
    costs = list_costs(ask)
    assert len(costs) > 500 and read_rows(ask(COSTS)) == costs[:100]
    assert read_rows(ask(COSTS, limit=50, offset=70)) == costs[70:120]
    assert read_rows(ask(COSTS, offset=5000)) == []
    parameters = {"app_slug": "app_slug", "model_permaslug": "model", "turn_range": "turn_range"}
    for name, parameter in parameters.items():
        value = costs[-1][name]
        assert list_costs(ask, **{parameter: value}) == [row for row in costs if row[name] == value]
    assert read_rows(ask(COSTS, app_slug="no-such-app")) == []


# Benchmarks and tasks

HEAD = {"source", "model_permaslug", "display_name"}
OWN = HEAD | {"benchmark_type", "avg_cost_per_task", "total_tasks", "last_run_timestamp"}
CLASSIC = OWN | {"accuracy", "accuracy_stddev"}
SEARCH = OWN | {
    "primary_metric",
    "primary_score",
    "avg_latency_per_task_ms",
    "search_engine",
    "search_surface",
}
ARENA = {"arena", "category", "elo", "win_rate", "avg_generation_time_ms", "tournament_stats", "pricing"}
FIELDS = {
    "artificial-analysis": [HEAD | {"intelligence_index", "coding_index", "agentic_index", "pricing"}],
    "design-arena": [HEAD | ARENA],
    "openrouter": [CLASSIC, SEARCH],
}
"""Source -> the sets of fields that its items have."""


def test_benchmarks(ask: Ask) -> None:
    response = ask("benchmarks")
    items, meta = read_rows(response), response.json()["meta"]
    assert {item["source"] for item in items} == FIELDS.keys() and len(items) > 100
    assert all(item.keys() in FIELDS[item["source"]] for item in items)
    assert meta["source"] is meta["source_url"] is meta["citation"] is meta["task_type"] is None
    assert read_rows(ask("benchmarks", max_results=7)) == items[:7]
    names = {format_permaslug(model): model["name"] for model in build_world_at(NOW).models.values()}
    assert all(names[item["model_permaslug"]] == item["display_name"] for item in items)
    for source in FIELDS:
        response = ask("benchmarks", source=source)
        rows, meta = read_rows(response), response.json()["meta"]
        assert {row["source"] for row in rows} == {source}
        assert meta["source"] == source and str(meta["as_of"]) in meta["citation"] and meta["source_url"]
        assert meta["model_count"] == len({row["model_permaslug"] for row in rows}) > 5


Item = dict[str, Any]
FILTERS: list[tuple[dict[str, str], Callable[[Item], Any]]] = [
    ({"task_type": "search"}, lambda item: item.get("benchmark_type", "").startswith("search_")),
    (
        {"source": "artificial-analysis", "task_type": "agentic"},
        lambda item: item["source"] == "artificial-analysis" and item["agentic_index"] is not None,
    ),
    (
        {"source": "openrouter", "task_type": "intelligence"},
        lambda item: item.get("benchmark_type") == "gpqa_diamond",
    ),
    ({"benchmark_type": "search_hle"}, lambda item: item.get("benchmark_type") == "search_hle"),
    (
        {"benchmark_type": "gpqa_diamond"},
        lambda item: item["source"] != "openrouter" or item["benchmark_type"] == "gpqa_diamond",
    ),
    ({"search_engine": "exa"}, lambda item: item.get("search_engine", "exa") == "exa"),
    ({"search_surface": "plugin"}, lambda item: item.get("search_surface", "plugin") == "plugin"),
    ({"arena": "agents"}, lambda item: item.get("arena", "agents") == "agents"),
    (
        {"source": "design-arena"},
        lambda item: item["source"] == "design-arena" and item["arena"] == "models",
    ),
    ({"category": "svg"}, lambda item: item.get("category", "svg") == "svg"),
]
"""Query -> whether an item of all passes its filter; one on a field that a source lacks leaves its items."""


def test_filters_of_benchmarks(ask: Ask) -> None:
    items = read_rows(ask("benchmarks"))
    for query, passes in FILTERS:
        rows = read_rows(ask("benchmarks", **query))
        assert rows == [item for item in items if passes(item)] and 0 < len(rows) < len(items), query


def test_the_configuration_of_a_run_on_demand(ask: Ask) -> None:
    rows = [row for row in read_rows(ask("benchmarks", include_run_config="true")) if "run_config" in row]
    assert rows and all(row.keys() == SEARCH | {"run_config"} for row in rows)
    fields = {"max_agent_turns", "reasoning_effort", "temperature"}
    assert all(row["run_config"].keys() == fields for row in rows)
    assert read_rows(ask("benchmarks")) == read_rows(ask("benchmarks", include_run_config="false"))


def test_tasks(ask: Ask) -> None:
    data = ask(TASKS).json()["data"]
    assert data.keys() == {"as_of", "window_days", "classifications", "macro_categories"}
    assert data["as_of"] == "2026-07-01" and data["window_days"] == 7
    tags, macros = data["classifications"], {row["key"]: row for row in data["macro_categories"]}
    assert macros.keys() == {"code", "data", "agent", "general"} and len(tags) > 10
    for kind in ("usage", "token"):
        assert abs(sum(tag[f"{kind}_share"] for tag in tags) - 1) < 1e-4
        for key, macro in macros.items():
            members = [tag for tag in tags if tag["macro_category"] == key]
            assert abs(sum(tag[f"{kind}_share"] for tag in members) - macro[f"{kind}_share"]) < 1e-4
            assert abs(sum(tag[f"category_{kind}_share"] for tag in members) - 1) < 1e-4
    for tag in tags:
        assert all(row.keys() == {"id", "tag_usage_share", "tag_token_share"} for row in tag["models"])
        shares = [row["tag_usage_share"] for row in tag["models"]]
        assert shares == sorted(shares, reverse=True) and 0 < sum(shares) < 1
    assert ask(TASKS, window="7d").json()["data"] == data
    assert ask(TASKS, at=NOW + DAY).json()["data"]["classifications"] != tags
    after_late_day = ask(TASKS, at=datetime(2026, 6, 21, tzinfo=UTC)).json()["data"]
    assert all(tag["models"] for tag in after_late_day["classifications"])
