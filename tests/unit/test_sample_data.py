"""The rest of the sample's Data API: apps, session costs, benchmarks, tasks."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from orarchive.sample import START, Service, sample_service, world_at
from orarchive.sample.world import format_permaslug

KEY = {"Authorization": "Bearer sample-key"}
APPS, COSTS, TASKS = "datasets/app-rankings", "datasets/session-cost", "classifications/task"
NOW = datetime(2026, 7, 2, 5, tzinfo=UTC)
DAY = timedelta(days=1)

Ask = Callable[..., requests.Response]


@pytest.fixture
def service() -> Iterator[Service]:
    with sample_service(NOW) as service:
        yield service


@pytest.fixture
def ask(service: Service) -> Ask:
    def ask(path: str, headers: Any = KEY, **query: Any) -> requests.Response:
        return requests.get(f"{service.base_url}/{path}", query, headers=headers, timeout=5)

    return ask


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


# --- apps ---------------------------------------------------------------------------------------------------


def test_app_rows(ask: Ask) -> None:
    answer = ask(APPS)
    found = rows(answer)
    assert all(
        row.keys() == {"rank", "app_id", "app_name", "total_tokens", "total_requests"} for row in found
    )
    assert [row["rank"] for row in found] == list(range(1, 51))
    assert {type(row["total_tokens"]) for row in found} == {str}
    assert {type(row["total_requests"]) for row in found} == {int}
    figures = [int(row["total_tokens"]) for row in found]
    assert figures == sorted(figures, reverse=True)
    meta = answer.json()["meta"]
    assert (meta["start_date"], meta["end_date"], meta["version"]) == ("2026-06-02", "2026-07-01", "v1")


def test_pages_of_apps(ask: Ask) -> None:
    every = rows(ask(APPS, limit=100)) + rows(ask(APPS, limit=100, offset=100))
    assert 100 < len(every) == len({row["app_id"] for row in every}) and every[100]["rank"] == 101
    assert rows(ask(APPS, limit=10, offset=5)) == every[5:15]


def test_apps_of_a_window_sum_its_days(ask: Ask) -> None:
    def tokens(first: str, last: str) -> dict[int, int]:
        found = rows(ask(APPS, start_date=f"2026-06-{first}", end_date=f"2026-06-{last}", limit=100))
        return {row["app_id"]: int(row["total_tokens"]) for row in found}

    both, days = tokens("10", "11"), [tokens("10", "10"), tokens("11", "11")]
    assert all(
        both[app] == days[0][app] + days[1][app] for app in both.keys() & days[0].keys() & days[1].keys()
    )
    assert days[0] != days[1]


def test_apps_of_the_running_and_of_the_late_day(service: Service, ask: Ask) -> None:
    today = {"start_date": "2026-07-02", "end_date": "2026-07-02"}
    early = rows(ask(APPS, **today))
    service.now += timedelta(hours=7)
    assert int(rows(ask(APPS, **today))[0]["total_tokens"]) > int(early[0]["total_tokens"])
    late = {"start_date": "2026-06-20", "end_date": "2026-06-20"}
    assert rows(ask(APPS, **late))
    service.now = datetime(2026, 6, 22, 23, tzinfo=UTC)
    assert rows(ask(APPS, **late)) == []


def test_groups_of_apps(ask: Ask) -> None:
    every = {row["app_id"] for row in [*rows(ask(APPS, limit=100)), *rows(ask(APPS, limit=100, offset=100))]}
    groups = [
        {row["app_id"] for row in rows(ask(APPS, category=name, limit=100))}
        for name in ("coding", "creative", "productivity", "entertainment")
    ]
    assert set().union(*groups) == every and sum(map(len, groups)) == len(every)
    agents = rows(ask(APPS, subcategory="cli-agent", category="coding"))
    assert agents == rows(ask(APPS, subcategory="cli-agent")) and agents[0]["rank"] == 1
    assert {row["app_id"] for row in agents} < groups[0]


def test_trending_apps_grow(ask: Ask) -> None:
    def found(first: date, last: date, **query: Any) -> list[dict[str, Any]]:
        return rows(ask(APPS, start_date=first, end_date=last, **query))

    day = date(2026, 6, 30)
    trending = found(day, day, sort="trending", limit=100)
    assert [row["rank"] for row in trending] == list(range(1, len(trending) + 1)) and 0 < len(trending) < 100
    now, before = (
        {
            row["app_id"]: int(row["total_tokens"])
            for page in (0, 100)
            for row in found(*window, limit=100, offset=page)
        }
        for window in ((day, day), (day - 3 * DAY, day - DAY))
    )
    assert all(row["total_requests"] > 0 for row in trending)
    growth = [now[row["app_id"]] - before[row["app_id"]] / 3 for row in trending]
    assert growth == sorted(growth, reverse=True) and growth[-1] > 0
    assert len(trending) == sum(now[app] > before[app] / 3 for app in now)


def test_nothing_came_before_the_floor(ask: Ask) -> None:
    first = {"start_date": "2025-01-01", "end_date": "2025-01-01", "offset": 100}
    assert rows(ask(APPS, **first, sort="trending")) == rows(ask(APPS, **first)) != []


# --- session costs ------------------------------------------------------------------------------------------


def cells(ask: Ask, **query: Any) -> list[dict[str, Any]]:
    return rows(ask(COSTS, **query, limit=500)) + rows(ask(COSTS, **query, limit=500, offset=500))


def test_session_costs(ask: Ask) -> None:
    answer, found = ask(COSTS, limit=500), cells(ask)
    fields = {"app_slug", "app_name", "turn_range", "model_permaslug", "median_session_cost_usd"}
    assert all(row.keys() == fields for row in found)
    assert all(type(row["median_session_cost_usd"]) is float for row in found)
    assert answer.json()["meta"] == {
        "as_of": "2026-07-02T05:00:00.000Z",
        "version": "v1",
        "window_days": 30,
        "window_end_date": "2026-06-28",
    }
    assert {row["turn_range"] for row in found} == {"1-turn", "2-9-turns", "10-49-turns", "50-plus-turns"}
    slugs = {format_permaslug(model) for model in world_at(NOW).models.values()}
    assert {row["model_permaslug"] for row in found} <= slugs


def test_session_costs_move_weekly(service: Service, ask: Ask) -> None:
    told = []
    for week in range(6):
        monday = START + week * 7 * DAY
        for service.now in (monday, monday + 6 * DAY + timedelta(hours=23)):
            told.append(cells(ask))
            assert ask(COSTS).json()["meta"]["window_end_date"] == str((monday - DAY).date())
    assert told[::2] == told[1::2] and all(before != after for before, after in pairwise(told[::2]))


def test_pages_and_filters_of_session_costs(ask: Ask) -> None:
    every = cells(ask)
    assert len(every) > 500 and rows(ask(COSTS)) == every[:100]
    assert rows(ask(COSTS, limit=50, offset=70)) == every[70:120] and rows(ask(COSTS, offset=5000)) == []
    for name, parameter in [
        ("app_slug", "app_slug"),
        ("model_permaslug", "model"),
        ("turn_range", "turn_range"),
    ]:
        value = every[-1][name]
        assert cells(ask, **{parameter: value}) == [r for r in every if r[name] == value]
    assert rows(ask(COSTS, app_slug="no-such-app")) == []


# --- benchmarks and tasks -----------------------------------------------------------------------------------

HEAD = {"source", "model_permaslug", "display_name"}
OWN = HEAD | {"benchmark_type", "avg_cost_per_task", "total_tasks", "last_run_timestamp"}
CLASSIC = OWN | {"accuracy", "accuracy_stddev"}
SEARCH = OWN | {
    *("primary_metric", "primary_score", "avg_latency_per_task_ms", "search_engine", "search_surface")
}
ITEMS = {
    "artificial-analysis": [HEAD | {"intelligence_index", "coding_index", "agentic_index", "pricing"}],
    "design-arena": [
        HEAD
        | {"arena", "category", "elo", "win_rate", "avg_generation_time_ms", "tournament_stats", "pricing"}
    ],
    "openrouter": [CLASSIC, SEARCH],
}


@pytest.mark.parametrize("source", ITEMS)
def test_benchmarks_of_a_source(ask: Ask, source: str) -> None:
    answer = ask("benchmarks", source=source)
    found, meta = rows(answer), answer.json()["meta"]
    assert {row["source"] for row in found} == {source}
    assert all(row.keys() in ITEMS[source] for row in found)
    assert meta["source"] == source and str(meta["as_of"]) in meta["citation"] and meta["source_url"]
    assert meta["model_count"] == len({row["model_permaslug"] for row in found}) > 5
    listed = {format_permaslug(model): model for model in world_at(NOW).models.values()}
    assert all(listed[row["model_permaslug"]]["name"] == row["display_name"] for row in found)


def test_benchmarks_of_all_sources(ask: Ask) -> None:
    answer = ask("benchmarks")
    found, meta = rows(answer), answer.json()["meta"]
    assert {row["source"] for row in found} == ITEMS.keys() and len(found) > 100
    assert all(row.keys() in ITEMS[row["source"]] for row in found)
    assert meta["source"] is meta["source_url"] is meta["citation"] is meta["task_type"] is None
    assert rows(ask("benchmarks", max_results=7)) == found[:7]


FILTERS: list[tuple[dict[str, str], Callable[[dict[str, Any]], Any]]] = [
    ({"task_type": "search"}, lambda row: row.get("benchmark_type", "").startswith("search_")),
    (
        {"source": "artificial-analysis", "task_type": "agentic"},
        lambda row: row["source"] == "artificial-analysis" and row["agentic_index"] is not None,
    ),
    (
        {"source": "openrouter", "task_type": "intelligence"},
        lambda row: row.get("benchmark_type") == "gpqa_diamond",
    ),
    ({"benchmark_type": "search_hle"}, lambda row: row.get("benchmark_type") == "search_hle"),
    (
        {"benchmark_type": "gpqa_diamond"},
        lambda row: row["source"] != "openrouter" or row["benchmark_type"] == "gpqa_diamond",
    ),
    ({"search_engine": "exa"}, lambda row: row.get("search_engine", "exa") == "exa"),
    ({"search_surface": "plugin"}, lambda row: row.get("search_surface", "plugin") == "plugin"),
    ({"arena": "agents"}, lambda row: row.get("arena", "agents") == "agents"),
    (
        {"source": "design-arena"},
        lambda row: row["source"] == "design-arena" and row["arena"] == "models",
    ),
    ({"category": "svg"}, lambda row: row.get("category", "svg") == "svg"),
]


@pytest.mark.parametrize(("query", "kept"), FILTERS, ids=[str(query) for query, _kept in FILTERS])
def test_benchmarks_filtered(ask: Ask, query: dict[str, str], kept: Callable[[dict[str, Any]], Any]) -> None:
    every, found = rows(ask("benchmarks")), rows(ask("benchmarks", **query))
    assert found == [row for row in every if kept(row)] and 0 < len(found) < len(every)


def test_the_configuration_of_a_run_on_demand(ask: Ask) -> None:
    found = rows(ask("benchmarks", include_run_config="true"))
    shown = [row for row in found if "run_config" in row]
    assert shown and all(row.keys() == SEARCH | {"run_config"} for row in shown)
    assert all(
        row["run_config"].keys() == {"max_agent_turns", "reasoning_effort", "temperature"} for row in shown
    )
    assert rows(ask("benchmarks")) == rows(ask("benchmarks", include_run_config="false"))


def test_tasks(service: Service, ask: Ask) -> None:
    data = ask(TASKS).json()["data"]
    assert data.keys() == {"as_of", "window_days", "classifications", "macro_categories"}
    assert data["as_of"] == "2026-07-01" and data["window_days"] == 7
    tags, macros = data["classifications"], {row["key"]: row for row in data["macro_categories"]}
    assert macros.keys() == {"code", "data", "agent", "general"} and len(tags) > 10
    for kind in ("usage", "token"):
        assert abs(sum(tag[f"{kind}_share"] for tag in tags) - 1) < 1e-4
        for key, macro in macros.items():
            inside = [tag for tag in tags if tag["macro_category"] == key]
            assert abs(sum(tag[f"{kind}_share"] for tag in inside) - macro[f"{kind}_share"]) < 1e-4
            assert abs(sum(tag[f"category_{kind}_share"] for tag in inside) - 1) < 1e-4
    for tag in tags:
        assert all(row.keys() == {"id", "tag_usage_share", "tag_token_share"} for row in tag["models"])
        shares = [row["tag_usage_share"] for row in tag["models"]]
        assert shares == sorted(shares, reverse=True) and 0 < sum(shares) < 1
    assert ask(TASKS, window="7d").json()["data"] == data
    service.now += timedelta(days=1)
    assert ask(TASKS).json()["data"]["classifications"] != tags
    service.now = datetime(2026, 6, 21, tzinfo=UTC)  # the day before comes late
    assert all(tag["models"] for tag in ask(TASKS).json()["data"]["classifications"])


# --- parameters ---------------------------------------------------------------------------------------------

BAD = [
    *((path, {"limit": limit}) for path, limit in [(APPS, 0), (APPS, 101), (COSTS, 0), (COSTS, 501)]),
    *((path, {"offset": offset}) for path, offset in [(APPS, -1), (APPS, 101), (COSTS, -1), (COSTS, 5001)]),
    (APPS, {"limit": "many"}),
    (APPS, {"category": "coding", "subcategory": "roleplay"}),
    (APPS, {"end_date": "2024-12-31"}),
    (APPS, {"start_date": "2025-06-01"}),
    ("benchmarks", {"max_results": 0}),
    ("benchmarks", {"include_run_config": "maybe"}),
    (TASKS, {"window": "30d"}),
]


@pytest.mark.parametrize(("path", "query"), BAD, ids=str)
def test_bad_parameters(ask: Ask, path: str, query: dict[str, Any]) -> None:
    answer = ask(path, **query)
    assert answer.status_code == answer.json()["error"]["code"] == 400
