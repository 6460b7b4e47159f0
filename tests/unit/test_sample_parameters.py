"""The sample's OpenAPI document, which describes its query parameters, and the limits of its Data API."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from orarchive.sample import END, START, Service
from orarchive.sample.datasets import DATASETS
from tests.support.sample_client import Ask

DOCUMENT = "/openapi.json"
APPS, COSTS, TASKS = "datasets/app-rankings", "datasets/session-cost", "classifications/task"
RANKINGS = "datasets/rankings-daily"
NOW = datetime(2026, 7, 2, 5, tzinfo=UTC)


def list_choices(ask: Ask, at: datetime) -> dict[tuple[str, str], list[str]]:
    """Return the words that a parameter may be, as the document says: (path, parameter) -> words."""
    paths = ask(DOCUMENT, at=at).json()["paths"]
    return {
        (path.removeprefix("/"), parameter["name"]): parameter["schema"]["enum"]
        for path, methods in paths.items()
        for parameter in methods["get"]["parameters"]
        if "enum" in parameter["schema"]
    }


def test_every_documented_route_is_served(ask: Ask) -> None:
    body = ask(DOCUMENT).json()
    assert body["openapi"].startswith("3.1") and body["info"].keys() == {"title", "version"}
    routes = {f"/{path}" for path in (*DATASETS, "models", "providers", "endpoints/zdr")}
    assert routes < body["paths"].keys()
    keyed = {path for path, methods in body["paths"].items() if methods["get"]["security"]}
    assert keyed == {f"/{path}" for path in DATASETS}
    for path in body["paths"]:
        model = "openai/gpt-5-image"  # is in every list that has endpoints
        assert ask(path.removeprefix("/").replace("{author}/{slug}", model)).status_code == 200, path


def test_every_word_of_the_document_is_accepted_and_no_other(ask: Ask) -> None:
    choices = list_choices(ask, NOW)
    assert {path for path, _name in choices} == {"models", *DATASETS}
    for (path, name), words in choices.items():
        assert {ask(path, **{name: word}).status_code for word in words} == {200}, (path, name)
        assert ask(path, **{name: "nonsense"}).status_code == 400, (path, name)


def test_categories_follow_the_script(ask: Ask) -> None:
    """The document names the categories of the hour, and the routes accept these alone."""
    categories = []
    for moment in (START, datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC), END):
        choices = list_choices(ask, moment)
        assert choices["models", "category"] == choices[RANKINGS, "category"]
        categories.append(set(choices["models", "category"]))
        for path in ("models", RANKINGS):
            for name in ("gaming", "trivia"):
                assert (ask(path, category=name).status_code == 200) is (name in categories[-1])
    assert len(categories[0]) == 12 and {"programming", "marketing/seo", "academia"} < categories[0]
    assert [after ^ before for before, after in pairwise(categories)] == [{"gaming"}, {"trivia"}, set()]


def test_the_document_is_seen_and_fails_like_a_route(sample: Service, ask: Ask) -> None:
    sample.fail(DOCUMENT, "503", times=1)
    assert [ask(DOCUMENT).status_code for _ in range(2)] == [503, 200]
    assert sample.requests == [(DOCUMENT, 503), (DOCUMENT, 200)]
    assert ask("openapi.json").status_code == ask("/providers").status_code == 404


BAD: list[tuple[str, dict[str, Any]]] = [
    *((path, {"limit": limit}) for path, limit in [(APPS, 0), (APPS, 101), (COSTS, 0), (COSTS, 501)]),
    *((path, {"offset": offset}) for path, offset in [(APPS, -1), (APPS, 101), (COSTS, -1), (COSTS, 5001)]),
    (APPS, {"limit": "many"}),
    (APPS, {"category": "coding", "subcategory": "roleplay"}),
    (APPS, {"end_date": "2024-12-31"}),
    (APPS, {"start_date": "2025-06-01"}),
    ("benchmarks", {"max_results": 0}),
    ("benchmarks", {"include_run_config": "maybe"}),
    (TASKS, {"window": "30d"}),
    (RANKINGS, {"end_date": "2024-12-31"}),
    (RANKINGS, {"start_date": "2025-06-30"}),  # to 2026-07-01 are 367 days
    (RANKINGS, {"start_date": "2026-06-02", "end_date": "2026-06-01"}),
    (RANKINGS, {"start_date": "2026-07-02"}),  # after the last complete day
    *((RANKINGS, {"start_date": text}) for text in ("1 July", "20260701", "2026-02-30")),
    (RANKINGS, {"category": "programming", "period": "day"}),
    (RANKINGS, {"language_type": "natural", "period": "day"}),
    (RANKINGS, {"category": "programming", "language_type": "natural"}),
    (RANKINGS, {"category": "programming", "modality": "text"}),
    (RANKINGS, {"language_type": "natural", "context_bucket": "1K"}),
]
GOOD: list[dict[str, Any]] = [
    {"end_date": "2025-01-01"},
    {"start_date": "2025-07-01"},
    {"start_date": "2026-06-01", "end_date": "2026-06-01"},
    {"start_date": "2026-07-02", "end_date": "2026-07-02"},
    {"category": "programming", "period": "week"},
    {"language_type": "natural", "period": "month"},
    {"modality": "image", "context_bucket": "10K"},
    {"unknown": "parameter"},
]


def test_bad_parameters_are_refused(ask: Ask) -> None:
    for path, query in BAD:
        response = ask(path, at=NOW, **query)
        assert response.status_code == 400, (path, query)
        assert response.json()["error"].keys() == {"code", "message"}
        assert response.json()["error"]["code"] == 400
    message = ask(RANKINGS, end_date="2024-12-31").json()["error"]["message"]
    assert "2025-01-01" in message, "the first date that has usage"
    for query in GOOD:
        assert ask(RANKINGS, **query).status_code == 200, query


# Limits


def test_requests_that_count(sample: Service, ask: Ask) -> None:
    """Requests of the Data API with a key count, also those that fail; all other requests do not."""
    sample.now = NOW
    sample.fail(TASKS, "503")
    sample.fail(COSTS, "reset")
    assert [ask(path).status_code for path in (APPS, "benchmarks", TASKS)] == [200, 200, 503]
    with pytest.raises(requests.ConnectionError):
        ask(COSTS)
    assert ask(APPS, limit=0).status_code == 400
    assert sample.data_requests == {date(2026, 7, 2): 5}
    for path in (APPS, TASKS):  # the second has a fault that hides its 401
        ask(path, headers={})
    for path in ("models", "providers", "key", "datasets/other", DOCUMENT):
        ask(path)
    assert sample.data_requests == {date(2026, 7, 2): 5}


def test_the_limit_of_a_day(sample: Service, ask: Ask) -> None:
    assert sample.limits.per_day == 500
    sample.limits.per_day = 3
    sample.now = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)
    assert [ask(path).status_code for path in (APPS, TASKS, "benchmarks", COSTS)] == [200, 200, 200, 429]
    refused = ask(APPS)
    assert refused.json() == {"error": {"message": "Rate limit exceeded", "code": 429}}
    assert refused.headers["Retry-After"] == "1800" and ask("models").status_code == 200
    assert ask(APPS, headers={}).status_code == 401
    assert sample.data_requests == {date(2026, 7, 2): 3}
    sample.now += timedelta(minutes=30)
    assert ask(APPS).status_code == 200
    assert sample.data_requests == {date(2026, 7, 2): 3, date(2026, 7, 3): 1}


def test_the_limit_of_a_minute(sample: Service, ask: Ask) -> None:
    seconds = 1000.0
    sample.limits.clock = lambda: seconds
    assert {ask(TASKS, at=NOW).status_code for _ in range(40)} == {200}  # there is none unless it is set
    seconds += 60
    sample.limits.per_minute = 30
    assert ask(TASKS).status_code == 200
    seconds += 10.5
    assert {ask(TASKS).status_code for _ in range(29)} == {200}
    refused = ask(APPS)
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "50"  # the first was 10.5 s ago
    seconds += 49.4
    assert ask(TASKS).status_code == 429
    seconds += 0.1
    assert [ask(TASKS).status_code for _ in range(2)] == [200, 429]
    assert sample.data_requests == {date(2026, 7, 2): 71}
