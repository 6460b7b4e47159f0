"""The contract with the service: what has drifted is reported, and nothing else."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from orarchive.collect.contract import find_drifts, find_undocumented
from orarchive.collect.expected_fields import EXPECTED_FIELDS, find_drift
from orarchive.collect.settings import Settings
from orarchive.domain.feeds import FEEDS
from orarchive.domain.ranking_series import SERIES
from orarchive.domain.records import Endpoint, Model
from orarchive.jsonl import loads
from orarchive.sample import START, Service, sample_service
from tests.support import requirements
from tests.support.archives import ROOT, build_payloads

KEY = "sample-key"
MODEL = "google/gemini-2.5-pro"
Change = Callable[[Any], Any]


def list_drifts(service: Service, key: str | None = KEY) -> list[str]:
    """List the drifts of a service."""
    return list(
        find_drifts(Settings(service.base_url, key=key, benchmarks=True, per_second=0), START, lambda _: None)
    )


@pytest.fixture
def service() -> Service:
    """Return a sample of the service that is not started yet."""
    return sample_service(START, KEY)


def alter(service: Service, route: str, change: Change) -> None:
    """Change the responses of a service on the routes that match."""
    original = service.respond

    def respond(path: str, query: Any, headers: Any) -> Any:
        answer = original(path, query, headers)
        if not (re.fullmatch(route, path) and isinstance(answer, tuple) and answer[0] == 200):
            return answer
        return 200, change(json.loads(json.dumps(answer[1])))

    service.respond = respond


@pytest.mark.parametrize("key", [None, KEY])
def test_the_sample_has_no_drift(service: Service, key: str | None) -> None:
    with service:
        assert list_drifts(service, key) == []
        paths = {path.partition("?")[0] for path, _ in service.requests}
        keyed = sum(service.data_requests.values())
    assert {"models/count", "providers", "endpoints/zdr", "videos/models", "/openapi.json"} <= paths
    assert any(re.match("model/.", path) for path in paths)
    assert 5 < keyed <= 20 if key else keyed == 0


def test_all_that_is_archived_is_compared() -> None:
    assert EXPECTED_FIELDS.keys() == {*FEEDS, *(f"rankings/{name}" for name in SERIES)}


class ReadRecord(dict[str, Any]):
    """A record that notes the paths that are read of it."""

    def __init__(self, record: dict[str, Any], noted: set[str], path: str = "") -> None:
        self.noted, self.path = noted, path
        super().__init__(
            {name: wrap_records(value, noted, f"{path}{name}.") for name, value in record.items()}
        )

    def __getitem__(self, name: str) -> Any:
        self.noted.add(f"{self.path}{name}")
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.noted.add(f"{self.path}{name}")
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.noted.add(f"{self.path}{name}")
        return super().__contains__(name)


def wrap_records(value: Any, noted: set[str], path: str) -> Any:
    """Return a copy of a value whose objects note the paths that are read of them."""
    if isinstance(value, list):
        return [wrap_records(item, noted, path) for item in value]
    return ReadRecord(value, noted, path) if isinstance(value, dict) else value


def test_all_that_the_readers_read_is_compared() -> None:
    bodies = build_payloads(START)
    read: dict[str, set[str]] = {"models": set(), "endpoints": set()}
    for row in bodies["models"]["data"]:
        Model.from_record(ReadRecord(row, read["models"]), START)
        for item in bodies[f"models/{row['id']}/endpoints"]["data"]["endpoints"]:
            endpoint = ReadRecord(item, read["endpoints"], "data.endpoints.")
            Endpoint.from_record(row["id"], 0, endpoint, START)
    for name, paths in read.items():
        assert any(path.endswith("pricing.overrides") for path in paths)
        objects = {path.rpartition(".")[0] for path in EXPECTED_FIELDS[name]}
        # The members of a schedule's entries are compared as one: see `list_unknown_members`.
        fields = {path for path in paths if ".pricing.overrides." not in f".{path}"}
        assert fields <= EXPECTED_FIELDS[name].keys() | objects


def change_rows(change: Change) -> Change:
    """Return a change of every row of a list."""

    def change_body(body: Any) -> Any:
        for row in body["data"] if isinstance(body["data"], list) else body["data"]["endpoints"]:
            change(row)
        return body

    return change_body


def rename_field(old: str, new: str) -> Change:
    """Return a change that renames a field of every row."""
    return change_rows(lambda row: row.update({new: row.pop(old, None)}))


def set_prices(**prices: Any) -> Change:
    """Return a change that sets members of every row's pricing."""
    return change_rows(lambda row: row["pricing"].update(prices))


OVERRIDE = {"overrides": [{"prompt": "1", "region": "eu"}]}


@pytest.mark.parametrize(
    ("route", "change", "line"),
    [
        ("models", rename_field("context_length", "context"), "models: no record has context_length"),
        (
            "models",
            change_rows(lambda row: row.update(created="now")),
            r"models: created is text on (\d+) of \1",
        ),
        ("models", set_prices(prompt=1), r"models: pricing.prompt is number on (\d+) of \1"),
        ("models", set_prices(video_second="1"), "models: a price of unknown unit, video_second"),
        ("models", set_prices(**OVERRIDE), "models: an override with an unknown member, region"),
        ("models", lambda body: {"rows": body["data"]}, "models: wrong-shape"),
        ("models/count", lambda body: {"data": {"count": 1}}, r"models: count-off: .* says 1"),
        ("models/count", lambda body: {"data": {}}, "models: no count to compare with: wrong-shape"),
        ("model/.*", lambda body: {"data": []}, r"models by model/{}, .*: wrong-shape"),
        (".*/endpoints", lambda body: {"data": {"offers": []}}, "endpoints, .*: wrong-shape"),
        (
            "models/.*/endpoints",
            rename_field("provider_name", "provider"),
            "endpoints: no record has data.endpoints.provider_name",
        ),
        (
            "models/.*/endpoints",
            set_prices(audio_minute="1"),
            "endpoints: a price of unknown unit, audio_minute",
        ),
        ("providers", rename_field("slug", "id"), "providers: left out: key-missing: row 0"),
        ("endpoints/zdr", lambda body: {"data": "none"}, "zdr: wrong-shape"),
        ("images/models", rename_field("name", "title"), "images: no record has name"),
        (
            "videos/models",
            change_rows(lambda row: row.update(name=7)),
            r"videos: name is number on (\d+) of \1",
        ),
        (
            "datasets/rankings-daily",
            rename_field("total_tokens", "tokens"),
            "rankings/models: no record has .*",
        ),
        ("datasets/app-rankings", rename_field("rank", "place"), "rankings/apps: no record has rank"),
        ("classifications/task", lambda body: {"data": [1]}, "rankings/tasks: wrong-shape"),
        ("benchmarks", rename_field("source", "from"), "rankings/benchmarks: no record has source"),
        ("/openapi.json", lambda body: {"openapi": "3"}, "openapi.json: wrong-shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_drift_is_reported(service: Service, route: str, change: Change, line: str) -> None:
    alter(service, route, change)
    with service:
        assert [drift for drift in list_drifts(service) if re.fullmatch(line, drift)]


def test_a_route_that_is_gone(service: Service) -> None:
    service.fail("providers", "404")
    service.fail("datasets/session-cost", "404")
    with service:
        assert list_drifts(service) == ["providers: 404", "rankings/sessions: 404"]


@pytest.mark.parametrize("fault", ["500", "429", "cut-off", "reset", "404"])
def test_a_transient_failure_is_no_drift(service: Service, fault: str) -> None:
    """Ignore one model whose endpoints failed, and a count that failed."""
    service.fail(f"models/{MODEL}/endpoints", fault)
    if fault != "404":
        service.fail("models/count", fault)
    with service:
        assert list_drifts(service, None) == []
        assert f"models/{MODEL}/endpoints" in {path for path, _ in service.requests}


@pytest.mark.parametrize(
    ("routes", "line"),
    [
        ({"providers": "500"}, "providers: nothing could be fetched: 500"),
        ({"/openapi.json": "cut-off"}, "openapi.json: nothing could be fetched: cut-off"),
        ({"models/*/endpoints": "404"}, "endpoints: nothing could be fetched: 404"),
        (
            {"models/*/endpoints": "reset", f"models/{MODEL}/endpoints": "404"},
            "endpoints: nothing could be fetched: 404, connection",
        ),
        ({"model/*": "404"}, "models by model/{}: nothing could be fetched: 404"),
        ({"datasets/session-cost": "502"}, "rankings/sessions: nothing could be fetched: 502"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_route_that_only_fails_is_reported(service: Service, routes: dict[str, str], line: str) -> None:
    """Report a feed of which nothing came, whatever the reasons: a route may be gone."""
    for route, fault in routes.items():
        service.fail(route, fault)
    with service:
        assert list_drifts(service) == [line]


def test_a_lasting_failure_is_reported_beside_transient_ones(service: Service) -> None:
    service.fail("models/*/endpoints", "500")
    service.fail(f"models/{MODEL}/endpoints", "wrong-type")
    with service:
        assert list_drifts(service, None) == [
            f"endpoints, {MODEL}: wrong-shape",
            "endpoints: nothing could be fetched: 500, wrong-shape",
        ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda paths: paths.pop("/endpoints/zdr"), "zdr: the OpenAPI file does not name /endpoints/zdr"),
        (
            lambda paths: paths["/datasets/app-rankings"]["get"].update(parameters=[]),
            "apps: the OpenAPI file names no parameter limit of /datasets/app-rankings",
        ),
        (
            lambda paths: [
                parameter["schema"].update(enum=["newest"])
                for parameter in paths["/models"]["get"]["parameters"]
                if parameter["name"] == "sort"
            ],
            "order: the OpenAPI file does not name top-weekly for sort of /models",
        ),
    ],
    ids=["route", "parameter", "value"],
)
def test_a_request_that_is_no_longer_documented(service: Service, change: Change, line: str) -> None:
    alter(service, "/openapi.json", lambda body: (change(body["paths"]) and body) or body)
    with service:
        assert line in list_drifts(service)


def run_contract(service: Service, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the workflow runs it."""
    return subprocess.run(
        [sys.executable, "-m", "orarchive", "contract", "--now", "2026-06-01T00Z"],
        cwd=ROOT,
        env={
            **os.environ,
            "OPENROUTER_BASE_URL": service.base_url,
            "SYNC_REQUESTS_PER_SECOND": "0",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(service: Service) -> None:
    with service:
        result = run_contract(service)
        assert (result.returncode, result.stdout) == (0, "Every route answers as it is read.\n")
        service.fail("providers", "404")
        result = run_contract(service)
        assert (result.returncode, result.stdout) == (3, "- providers: 404\n")
        result = run_contract(service, SYNC_WORKERS="many")
        assert result.returncode == 2
        assert result.stderr.startswith("Error: SYNC_WORKERS")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("files", "name"),
    [
        ("models_v1*/*.json.gz", "models"),
        ("endpoints_v1/*.json.gz", "endpoints"),
        ("providers_v1/*.json.gz", "providers"),
        ("datasets_rankings_daily/*.json.gz", "rankings/models"),
    ],
)
def test_recorded_responses_have_no_drift(files: str, name: str) -> None:
    paths = sorted(requirements.find_recordings().glob(files))
    assert paths
    for path in paths:
        body = loads(gzip.decompress(path.read_bytes()))
        records = list(body.values()) if name == "endpoints" else body["data"]
        assert list(find_drift(name, records)) == []


@pytest.mark.real_data
def test_every_request_is_documented() -> None:
    """Compare the requests with the service's own file."""
    text = gzip.decompress((requirements.find_recordings() / "openapi-2026-08-22.yaml.gz").read_bytes())
    spec = YAML(typ="safe").load(text)
    assert list(find_undocumented(spec)) == []
