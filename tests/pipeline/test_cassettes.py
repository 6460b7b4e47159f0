"""Recorded exchanges, replayed without any server: what is requested, how, and what becomes of the response.

Recorded against the sample service, with the public base URL written in; `make cassettes` does it anew, and
with OPENROUTER_BASE_URL set against that service. One worker: recordings are not made for threads.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from urllib3.poolmanager import pool_classes_by_scheme

from orarchive.collect import connection, validate
from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.run import Run
from orarchive.collect.settings import RunOptions, Settings
from orarchive.domain.ranking_series import MODELS, merge_rows
from orarchive.history.history import read_history
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, sample_service
from orarchive.store.archive import open_archive
from tests.support.archives import make_archive

PUBLIC = Settings().base_url
RECORDED_FROM = os.environ.get("OPENROUTER_BASE_URL")
"""Read before the tests' own environment removes it; unset: the sample service."""

KEY = "sk-or-v1-this-key-is-a-test"

RECORDED_MODELS = (
    "deepseek/deepseek-v4-pro",
    "google/gemini-2.5-pro",
    "openrouter/auto",
    "qwen/qwen3-235b-a22b-2507",
)
"""Models that a recording keeps: time-of-day prices, thresholds, a router, endpoints with the same tag."""

PRIVATE = {"authorization": "(left out)"}
DROPPED = ("set-cookie", "content-length")
"""Headers of a response that identify the client, or give the length of the body before it was trimmed."""


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    return {
        "filter_headers": list(PRIVATE.items()),
        "decode_compressed_response": True,
        "before_record_request": _make_public,
        "before_record_response": _trim,
    }


def _make_public(request: Any) -> Any:
    """Change a request to one to the public service; return None, not to be recorded, for other models."""
    base = RECORDED_FROM or request.uri.partition("/api/v1")[0] + "/api/v1"
    request.uri = request.uri.replace(base, PUBLIC)
    model = request.uri.removeprefix(f"{PUBLIC}/models/").removesuffix("/endpoints")
    is_recorded = not request.uri.endswith("/endpoints") or model in (*RECORDED_MODELS, "nobody/nothing")
    return request if is_recorded or "/images/" in request.uri else None


def _trim(response: Any) -> Any:
    """Drop cookies and all but a handful of rows of a response, so that a person can read the cassette."""
    headers = response["headers"].items()
    response["headers"] = {name: value for name, value in headers if name.lower() not in DROPPED}
    body = loads(response["body"]["string"])
    data = body.get("data")
    if isinstance(data, list):
        body["data"] = [
            row for row in data if row.get("id", row.get("model_id", RECORDED_MODELS[0])) in RECORDED_MODELS
        ][:25]
        if "total_count" in body:
            body["total_count"] = len(body["data"])
    elif isinstance(data, dict) and "count" in data:
        data["count"] = len(RECORDED_MODELS)
    response["body"]["string"] = dumps(body)
    return response


@pytest.fixture
def base_url(record_mode: str) -> Iterator[str]:
    """Yield the public base URL; while recording, that of the service that is recorded."""
    if record_mode == "none":
        yield PUBLIC
    elif RECORDED_FROM:
        yield RECORDED_FROM
    else:
        with sample_service(START, key=KEY) as service:
            yield service.base_url


@pytest.fixture(autouse=True)
def plain_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests over the connections of urllib3, which the cassettes stand in for."""
    monkeypatch.setattr(connection, "POOL_CLASSES", pool_classes_by_scheme)


@pytest.fixture
def client(base_url: str) -> Client:
    clock = iter(range(10_000)).__next__
    return Client(
        base_url,
        RateLimiter(0, clock, lambda _: None),
        10_000,
        RetryPolicy(max_tries=1),
        key=KEY,
        clock=clock,
    )


@pytest.mark.vcr
def test_an_hour(base_url: str, record_mode: str, tmp_path: Path) -> None:
    archive = open_archive(make_archive(tmp_path / "archive"))
    settings = Settings(base_url, workers=1, per_second=0, retry_policy=RetryPolicy(max_tries=1))
    assert Run(archive, settings, RunOptions(START, is_hour_given=True), lambda: START).execute() == 0
    history = read_history(archive)
    hourly, daily = history.attempts
    assert {
        name: report["outcome"] for name, report in hourly["feeds"].items() if "scope" in report
    } == dict.fromkeys(("models", "endpoints", "providers", "zdr"), "ok")
    assert {
        name: report["outcome"] for name, report in daily["feeds"].items() if "scope" in report
    } == dict.fromkeys(("images", "image_endpoints", "videos"), "ok")
    models = [key for (key,) in history.read_snapshot(START)["models"]]
    assert set(RECORDED_MODELS) <= set(models)
    assert record_mode != "none" or models == list(RECORDED_MODELS)
    assert hourly["feeds"]["models"]["date"].endswith("GMT")


@pytest.mark.vcr
def test_without_a_key_a_gated_route_says_401(client: Client) -> None:
    assert client.get("datasets/rankings-daily").reason == "401"


@pytest.mark.vcr
def test_an_unknown_model_says_404(client: Client) -> None:
    assert client.get("models/nobody/nothing/endpoints").reason == "404"


@pytest.mark.vcr
def test_a_key_is_sent_only_to_keyed_routes(client: Client) -> None:
    response = client.get("models/google/gemini-2.5-pro/endpoints", keyed=True)
    assert response.body is not None
    assert response.body["data"]["id"] == "google/gemini-2.5-pro"
    assert client.get("providers").reason is None


@pytest.mark.vcr
def test_rankings_of_two_days(client: Client) -> None:
    """Read a route that needs the key, as the rankings are read."""
    query = {**MODELS.query, "start_date": "2026-05-30", "end_date": "2026-05-31"}
    response = client.get(MODELS.route, query, keyed=True)
    rows = validate.validate_ranking(MODELS, response.body)
    assert response.body is not None
    assert rows[0].keys() == {"date", "model_permaslug", "total_tokens"}
    assert all(row["total_tokens"].isdecimal() for row in rows)
    assert set(merge_rows(MODELS, "", rows, [])) == {"rankings/models/2026-05.jsonl"}
    assert response.body["meta"]["as_of"].startswith(f"{START.date()}T")


def test_no_cassette_holds_a_key_or_another_host() -> None:
    cassettes = list((Path(__file__).parent / "cassettes").rglob("*.yaml"))
    assert len(cassettes) == 5
    for cassette in cassettes:
        text = cassette.read_text()
        assert "sk-or" not in text
        assert "127.0.0.1" not in text
        assert f"uri: {PUBLIC}/" in text
