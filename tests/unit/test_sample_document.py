"""The document of the sample's routes, which its parameters are held to, and the limits of its Data API."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from orarchive.sample import END, START, Service, sample_service
from orarchive.sample.datasets import DATASETS

KEY = {"Authorization": "Bearer sample-key"}
APPS, COSTS, TASKS = "datasets/app-rankings", "datasets/session-cost", "classifications/task"
NOW = datetime(2026, 7, 2, 5, tzinfo=UTC)

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


def document(service: Service) -> requests.Response:
    return requests.get(service.base_url.removesuffix("/api/v1") + "/openapi.json", timeout=5)


def words(service: Service) -> dict[tuple[str, str], list[str]]:
    """(path, parameter) -> the words it may be, of the document."""
    paths = document(service).json()["paths"]
    return {
        (path.removeprefix("/"), one["name"]): one["schema"]["enum"]
        for path, methods in paths.items()
        for one in methods["get"]["parameters"]
        if "enum" in one["schema"]
    }


def test_the_document(service: Service) -> None:
    body = document(service).json()
    assert body["openapi"].startswith("3.1") and body["info"].keys() == {"title", "version"}
    assert {f"/{path}" for path in (*DATASETS, "models", "providers", "endpoints/zdr")} < body["paths"].keys()
    assert all(methods["get"]["responses"] for methods in body["paths"].values())
    keyed = {path for path, methods in body["paths"].items() if methods["get"]["security"]}
    assert keyed == {f"/{path}" for path in DATASETS}


def test_every_documented_route_is_served(service: Service, ask: Ask) -> None:
    for path in document(service).json()["paths"]:
        model = "openai/gpt-5-image"  # is in every list that has endpoints
        assert ask(path.removeprefix("/").replace("{author}/{slug}", model)).status_code == 200, path


def test_every_word_of_the_document_is_accepted_and_no_other(service: Service, ask: Ask) -> None:
    told = words(service)
    assert {path for path, _name in told} == {"models", *DATASETS}
    for (path, name), values in told.items():
        assert {ask(path, **{name: value}).status_code for value in values} == {200}, (path, name)
        assert ask(path, **{name: "nonsense"}).status_code == 400, (path, name)


def test_the_categories_of_the_document_follow_the_script(service: Service) -> None:
    told = []
    for service.now in (START, datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), END):
        found = words(service)
        assert found["models", "category"] == found["datasets/rankings-daily", "category"]
        told.append(set(found["models", "category"]))
    assert len(told[0]) == 12 and {"programming", "marketing/seo", "academia"} < told[0]
    assert [after ^ before for before, after in pairwise(told)] == [{"gaming"}, {"trivia"}, set()]


def test_the_document_is_seen_and_fails_like_a_route(service: Service, ask: Ask) -> None:
    service.fail("/openapi.json", "503", times=1)
    assert [document(service).status_code for _ in range(2)] == [503, 200]
    assert service.requests == [("/openapi.json", 503), ("/openapi.json", 200)]
    assert ask("openapi.json").status_code == 404
    outside = service.base_url.removesuffix("/api/v1") + "/providers"
    assert requests.get(outside, timeout=5).status_code == 404 and len(service.seen) == 3


# --- limits -------------------------------------------------------------------------------------------------


def test_what_counts(service: Service, ask: Ask) -> None:
    service.fail(TASKS, "503")
    service.fail(COSTS, "reset")
    assert [ask(path).status_code for path in (APPS, "benchmarks", TASKS)] == [200, 200, 503]
    with pytest.raises(requests.ConnectionError):
        ask(COSTS)
    assert ask(APPS, limit=0).status_code == 400
    assert service.data_requests == {date(2026, 7, 2): 5}
    for path in (APPS, TASKS):  # the fault hides the 401 of one
        ask(path, headers={})
    for path in ("models", "providers", "key", "datasets/other"):
        ask(path)
    document(service)
    assert service.data_requests == {date(2026, 7, 2): 5}


def test_the_limit_of_a_day(service: Service, ask: Ask) -> None:
    assert service.limits.per_day == 500
    service.limits.per_day = 3
    service.now = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)
    assert [ask(path).status_code for path in (APPS, TASKS, "benchmarks", COSTS)] == [200, 200, 200, 429]
    over = ask(APPS)
    assert over.json() == {"error": {"message": "Rate limit exceeded", "code": 429}}
    assert over.headers["Retry-After"] == "1800" and ask("models").status_code == 200
    assert ask(APPS, headers={}).status_code == 401
    assert service.data_requests == {date(2026, 7, 2): 3}
    service.now += timedelta(minutes=30)
    assert ask(APPS).status_code == 200
    assert service.data_requests == {date(2026, 7, 2): 3, date(2026, 7, 3): 1}


def test_the_limit_of_a_minute(service: Service, ask: Ask) -> None:
    ticks = 1000.0
    service.limits.clock = lambda: ticks
    assert {ask(TASKS).status_code for _ in range(40)} == {200}  # off unless asked for
    ticks += 60
    service.limits.per_minute = 30
    assert ask(TASKS).status_code == 200
    ticks += 10.5
    assert {ask(TASKS).status_code for _ in range(29)} == {200}
    over = ask(APPS)
    assert over.status_code == 429 and over.headers["Retry-After"] == "50"  # the first was 10.5 s ago
    ticks += 49.4
    assert ask(TASKS).status_code == 429
    ticks += 0.1
    assert [ask(TASKS).status_code for _ in range(2)] == [200, 429]
    assert service.data_requests == {date(2026, 7, 2): 71}
