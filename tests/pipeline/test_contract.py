"""The contract with the service: what has drifted is told, and nothing else.

Each line was seen to be missing when what tells it was taken out of shapes.py or contract.py.
"""

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
from tests.support.archives import ROOT, payloads

KEY = "sample-key"
ONE = "google/gemini-2.5-pro"
Change = Callable[[Any], Any]


def told(service: Service, key: str | None = KEY) -> list[str]:
    """What is told of a service."""
    return list(
        find_drifts(Settings(service.base_url, key=key, benchmarks=True, per_second=0), START, lambda _: None)
    )


@pytest.fixture
def service() -> Service:
    """A sample of the service, not begun."""
    return sample_service(START, KEY)


def altered(service: Service, route: str, change: Change) -> None:
    """Let a service answer otherwise on the routes that match."""
    real = service.respond

    def respond(path: str, query: Any, headers: Any) -> Any:
        answer = real(path, query, headers)
        if not (re.fullmatch(route, path) and isinstance(answer, tuple) and answer[0] == 200):
            return answer
        return 200, change(json.loads(json.dumps(answer[1])))

    service.respond = respond


@pytest.mark.parametrize("key", [None, KEY])
def test_nothing_is_told_of_what_is_as_it_was(service: Service, key: str | None) -> None:
    with service:
        assert told(service, key) == []
        asked = {path.partition("?")[0] for path, _ in service.requests}
        keyed = sum(service.data_requests.values())
    assert {"models/count", "providers", "endpoints/zdr", "videos/models", "/openapi.json"} <= asked
    assert any(re.match("model/.", path) for path in asked)
    assert 5 < keyed <= 20 if key else keyed == 0


def test_whatever_is_archived_is_held_against_something() -> None:
    assert EXPECTED_FIELDS.keys() == {*FEEDS, *(f"rankings/{name}" for name in SERIES)}


class Noting(dict[str, Any]):
    """A record that notes the paths that are read of it."""

    def __init__(self, record: dict[str, Any], noted: set[str], path: str = "") -> None:
        self.noted, self.path = noted, path
        super().__init__({name: noting(value, noted, f"{path}{name}.") for name, value in record.items()})

    def __getitem__(self, name: str) -> Any:
        self.noted.add(f"{self.path}{name}")
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.noted.add(f"{self.path}{name}")
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.noted.add(f"{self.path}{name}")
        return super().__contains__(name)


def noting(value: Any, noted: set[str], path: str) -> Any:
    """A copy of a value whose objects note what is read of them."""
    if isinstance(value, list):
        return [noting(item, noted, path) for item in value]
    return Noting(value, noted, path) if isinstance(value, dict) else value


def test_what_the_readers_read_is_held_against_something() -> None:
    """Seen to fail without `tokenizer` and without `discount` in READ, and where another field is read."""
    bodies = payloads(START)
    read: dict[str, set[str]] = {"models": set(), "endpoints": set()}
    for row in bodies["models"]["data"]:
        Model.from_record(Noting(row, read["models"]))
        for item in bodies[f"models/{row['id']}/endpoints"]["data"]["endpoints"]:
            Endpoint.from_record(row["id"], 0, Noting(item, read["endpoints"], "data.endpoints."))
    for name, paths in read.items():
        assert any(path.endswith("pricing.overrides") for path in paths)
        objects = {path.rpartition(".")[0] for path in EXPECTED_FIELDS[name]}
        assert paths <= EXPECTED_FIELDS[name].keys() | objects


def rows(change: Change) -> Change:
    """A change of every row of a list."""

    def changed(body: Any) -> Any:
        for row in body["data"] if isinstance(body["data"], list) else body["data"]["endpoints"]:
            change(row)
        return body

    return changed


def renamed(old: str, new: str) -> Change:
    return rows(lambda row: row.update({new: row.pop(old, None)}))


def priced(**more: Any) -> Change:
    return rows(lambda row: row["pricing"].update(more))


CLOCK = {"overrides": [{"prompt": "1", "region": "eu"}]}


@pytest.mark.parametrize(
    ("route", "change", "line"),
    [
        ("models", renamed("context_length", "context"), "models: no record has context_length"),
        ("models", rows(lambda row: row.update(created="now")), r"models: created is text on (\d+) of \1"),
        ("models", priced(prompt=1), r"models: pricing.prompt is number on (\d+) of \1"),
        ("models", priced(video_second="1"), "models: a price of unknown unit, video_second"),
        ("models", priced(**CLOCK), "models: an override with an unknown member, region"),
        ("models", lambda body: {"rows": body["data"]}, "models: wrong-shape"),
        ("models/count", lambda body: {"data": {"count": 1}}, r"models: count-off: .* says 1"),
        ("models/count", lambda body: {"data": {}}, "models: no count to compare with: wrong-shape"),
        ("model/.*", lambda body: {"data": []}, r"models by model/{}, .*: wrong-shape"),
        (".*/endpoints", lambda body: {"data": {"offers": []}}, "endpoints, .*: wrong-shape"),
        (
            "models/.*/endpoints",
            renamed("provider_name", "provider"),
            "endpoints: no record has data.endpoints.provider_name",
        ),
        (
            "models/.*/endpoints",
            priced(audio_minute="1"),
            "endpoints: a price of unknown unit, audio_minute",
        ),
        ("providers", renamed("slug", "id"), "providers: key-missing"),
        ("endpoints/zdr", lambda body: {"data": "none"}, "zdr: wrong-shape"),
        ("images/models", renamed("name", "title"), "images: no record has name"),
        ("videos/models", rows(lambda row: row.update(name=7)), r"videos: name is number on (\d+) of \1"),
        ("datasets/rankings-daily", renamed("total_tokens", "tokens"), "rankings/models: no record has .*"),
        ("datasets/app-rankings", renamed("rank", "place"), "rankings/apps: no record has rank"),
        ("classifications/task", lambda body: {"data": [1]}, "rankings/tasks: wrong-shape"),
        ("benchmarks", renamed("source", "from"), "rankings/benchmarks: no record has source"),
        ("/openapi.json", lambda body: {"openapi": "3"}, "openapi.json: wrong-shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_drifted_is_told(service: Service, route: str, change: Change, line: str) -> None:
    altered(service, route, change)
    with service:
        assert [one for one in told(service) if re.fullmatch(line, one)]


def test_a_route_that_is_gone(service: Service) -> None:
    service.fail("providers", "404")
    service.fail("datasets/session-cost", "404")
    with service:
        assert told(service) == ["providers: 404", "rankings/sessions: 404"]


@pytest.mark.parametrize("fault", ["500", "429", "cut-off", "reset", "404"])
def test_what_may_be_gone_in_an_hour_is_no_drift(service: Service, fault: str) -> None:
    """One model whose endpoints were not had, and a count; seen to fail without each condition of `lasting`
    in contract.py, and for the count without `passes` beside it.
    """
    service.fail(f"models/{ONE}/endpoints", fault)
    if fault != "404":
        service.fail("models/count", fault)
    with service:
        assert told(service, None) == []
        assert f"models/{ONE}/endpoints" in {path for path, _ in service.requests}


@pytest.mark.parametrize(
    ("routes", "line"),
    [
        ({"providers": "500"}, "providers: nothing could be fetched: 500"),
        ({"/openapi.json": "cut-off"}, "openapi.json: nothing could be fetched: cut-off"),
        ({"models/*/endpoints": "404"}, "endpoints: nothing could be fetched: 404"),
        (
            {"models/*/endpoints": "reset", f"models/{ONE}/endpoints": "404"},
            "endpoints: nothing could be fetched: 404, connection",
        ),
        ({"model/*": "404"}, "models by model/{}: nothing could be fetched: 404"),
        ({"datasets/session-cost": "502"}, "rankings/sessions: nothing could be fetched: 502"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_nothing_could_be_had(service: Service, routes: dict[str, str], line: str) -> None:
    """Else a route that has gone would be told by nobody: seen to fail without the last lines of `missed`."""
    for route, fault in routes.items():
        service.fail(route, fault)
    with service:
        assert told(service) == [line]


def test_one_that_answers_otherwise_is_told_beside_those_that_pass(service: Service) -> None:
    """Seen to fail with the one line or the other in place of both."""
    service.fail("models/*/endpoints", "500")
    service.fail(f"models/{ONE}/endpoints", "wrong-type")
    with service:
        assert told(service, None) == [
            f"endpoints, {ONE}: wrong-shape",
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
                one["schema"].update(enum=["newest"])
                for one in paths["/models"]["get"]["parameters"]
                if one["name"] == "sort"
            ],
            "order: the OpenAPI file does not name top-weekly for sort of /models",
        ),
    ],
    ids=["route", "parameter", "value"],
)
def test_what_the_documents_no_longer_name(service: Service, change: Change, line: str) -> None:
    altered(service, "/openapi.json", lambda body: (change(body["paths"]) and body) or body)
    with service:
        assert line in told(service)


def ask(service: Service, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as the workflow runs it."""
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
        well = ask(service)
        assert (well.returncode, well.stdout) == (0, "Every route answers as it is read.\n")
        service.fail("providers", "404")
        ill = ask(service)
        assert (ill.returncode, ill.stdout) == (3, "- providers: 404\n")
        wrong = ask(service, SYNC_WORKERS="many")
        assert wrong.returncode == 2
        assert wrong.stderr.startswith("Error: SYNC_WORKERS")


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
def test_nothing_is_told_of_what_was_recorded(files: str, name: str) -> None:
    paths = sorted(requirements.recordings().glob(files))
    assert paths
    for path in paths:
        body = loads(gzip.decompress(path.read_bytes()))
        records = list(body.values()) if name == "endpoints" else body["data"]
        assert list(find_drift(name, records)) == []


@pytest.mark.real_data
def test_all_that_is_asked_for_is_documented() -> None:
    """By the service's own file; it was seen to name no `limit` of the apps when that was misspelled."""
    text = gzip.decompress((requirements.recordings() / "openapi-2026-08-22.yaml.gz").read_bytes())
    spec = YAML(typ="safe").load(text)
    assert list(find_undocumented(spec)) == []
