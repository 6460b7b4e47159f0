"""Random hours against a model of what an archive is, and round trips of arbitrary JSON through its files."""

import datetime as dt
import json
import math
import os
import random
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orarchive.domain.changes import diff_snapshots
from orarchive.domain.feeds import ENDPOINTS, FEEDS, MODELS, PROVIDERS, Feed
from orarchive.domain.record_files import (
    is_same_json,
    join_record,
    sort_set_fields,
    split_record,
    stable_part,
)
from orarchive.domain.relations import count_relations
from orarchive.domain.snapshot import (
    Snapshot,
    build_copy_state,
    empty_snapshot,
    snapshot_from_files,
    snapshot_to_files,
)
from orarchive.jsonl import Record, _number_fragment, _serialize, dumps, loads, read_lines, write_lines
from orarchive.sample import START, Reply, Service
from orarchive.sample.faults import encode
from orarchive.store.commit_message import format_message
from orarchive.store.ledger import Attempt
from tests.support.archives import (
    FEW,
    HOUR,
    LISTS,
    Payloads,
    Stage,
    data_files,
    edited,
    kept,
    new_archive,
    payloads,
    replies,
    said,
    tidy,
)

settings.register_profile(
    "tests",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tests")

# --- random hours -------------------------------------------------------------------------------------------

BAD = ("429", "503", "404", "html", "error-object", "invalid-json", "cut-off", "reset", "not-utf8")
DAILY = ("images", "videos")


@dataclass(frozen=True)
class Step:
    """One run: how many hours after the last one, what is served, and what fails."""

    later: int
    edition: int
    models: tuple[str, ...]
    faults: dict[str, str]
    """Route (of endpoints: a model's) -> fault."""


ROUTES = [*LISTS.values(), "models/count", *(f"models/{model}/endpoints" for model in FEW)]

STEPS = st.builds(
    Step,
    later=st.sampled_from([0, 0, 1, 1, 1, 2, 30]),
    edition=st.integers(0, 3),
    models=st.sets(st.sampled_from(FEW), max_size=2).map(
        lambda gone: tuple(model for model in FEW if model not in gone)
    ),
    faults=st.dictionaries(st.sampled_from(ROUTES), st.sampled_from(BAD), max_size=5)
    | st.sampled_from(BAD).map(lambda fault: dict.fromkeys(ROUTES, fault)),
)


@dataclass
class Model:
    """What an archive must hold: of every feed the last good payload, of endpoints that of each model."""

    lists: Payloads = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    good: dict[str, dt.datetime] = field(default_factory=dict)
    """Feed, or a model's route -> the hour in which it was read last."""

    def due(self, feed: str, hour: dt.datetime) -> bool:
        last = self.good.get(feed)
        return last is None or (last.date() < hour.date() if feed in DAILY else last < hour)

    def take(self, step: Step, served: Payloads, hour: dt.datetime) -> None:
        asked = {feed: self.due(feed, hour) for feed in (*LISTS, "endpoints")}
        for feed, route in LISTS.items():
            if feed != "zdr" and asked[feed]:
                self.listed(feed, step, served[route], hour)
        if asked["endpoints"] or asked["models"]:
            self.swept(step, served, hour)
        if asked["zdr"]:
            self.listed("zdr", step, served[LISTS["zdr"]], hour)

    def listed(self, feed: str, step: Step, body: Any, hour: dt.datetime) -> None:
        before, rows = self.lists.get(feed, {"data": []})["data"], body["data"]
        if LISTS[feed] not in step.faults and len(rows) >= 0.8 * len(before):
            self.lists[feed], self.good[feed] = {"data": rows}, hour

    def swept(self, step: Step, served: Payloads, hour: dt.datetime) -> None:
        listed = {
            row["id"]: f"models/{row['id']}/endpoints"
            for row in self.lists.get("models", {"data": []})["data"]
        }
        read = {model: served.get(route) for model, route in listed.items() if route not in step.faults}
        read = {
            model: self.endpoints[model] if self.good.get(listed[model]) == hour else body
            for model, body in read.items()
            if body
        }
        read |= {model: self.endpoints[model] for model in listed if self.good.get(listed[model]) == hour}
        state = {model: self.endpoints[model] for model in listed if model in self.endpoints} | read
        before, now = (
            sum(len(one["data"]["endpoints"]) for one in each.values()) for each in (self.endpoints, state)
        )
        if not read or not now or now < 0.8 * before:
            return
        self.endpoints = state
        self.good |= {listed[model]: hour for model in read}
        if len(read) >= 0.99 * len(listed):
            self.good["endpoints"] = hour


@settings(max_examples=25)
@given(steps=st.lists(STEPS, min_size=2, max_size=6))
def test_hours(running: Service, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> None:
    """Whatever fails, each feed stands as the last good payload had it, and each model's endpoints do."""
    stage = Stage(running, new_archive(tmp_path_factory.mktemp("hours")))
    model = Model()
    hour = START
    for step in steps:
        hour += step.later * HOUR
        served = edited(payloads(START, step.models), str(step.edition))
        stage.serve(served)
        running.heal()
        for route, fault in step.faults.items():
            running.fail(route, fault)
        code = stage.run(hour)
        model.take(step, served, hour)
        assert code == int(any(model.due(feed, hour) for feed in (*LISTS, "endpoints")))
        snapshot = stage.snapshot()
        for feed in LISTS:
            rows = loads(dumps(list(snapshot[feed].values())))
            wanted = model.lists.get(feed, {"data": []})["data"]
            if feed == "zdr":
                wanted = [stable_part(ENDPOINTS, row) for row in wanted]
            assert kept({"data": rows}) == said({"data": wanted}), feed
        found = {key: kept(response) for (key,), response in snapshot["endpoints"].items()}
        assert found == {key: said(body) for key, body in model.endpoints.items()}
    tidy(stage.root)


# --- round trips --------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
NUMBERS = st.builds(
    lambda whole, rest, power: loads(f"{whole}{rest}{power}"),
    st.integers() | st.sampled_from(["-0"]),
    st.sampled_from(["", ".0", ".10", ".000000001", ".30000000000000004"]),
    st.sampled_from(["", "e0", "E+7", "e-07", "e300", "E-300"]),
)
NAMES = TEXT | st.sampled_from(
    [
        "model",
        "n",
        "lacks",
        "response",
        "=model",
        "==n",
        "=lacks",
        "id",
        "tag",
        "data",
        "endpoints",
        "pricing",
    ]
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)


JSON = st.recursive(LEAVES, containers, max_leaves=12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@given(PLAIN)
def test_json_is_what_it_was(value: Any) -> None:
    """The standard library, which knows nothing of us, reads the same value from what we wrote."""
    assert json.loads(dumps(loads(json.dumps(value)))) == value
    if "\\ud" not in json.dumps(value):
        assert json.loads(dumps(loads(json.dumps(value, ensure_ascii=False)))) == value


@given(NUMBERS)
def test_number_tokens(number: Any) -> None:
    token = dumps(number)
    assert dumps(loads(token)) == token
    assert math.isclose(float(token), float(str(number)))


@given(JSON)
def test_lines(value: Any) -> None:
    """One line each, canonical: written and read again any number of times it is the same bytes."""
    line = write_lines([{"value": value}])
    assert line.count(b"\n") == 1
    assert write_lines(read_lines(line, "test")) == line


@given(JSON)
def test_two_ways_to_write(value: Any) -> None:
    """What orjson can write, the exact path writes in the same bytes."""
    try:
        wanted = orjson.dumps(value, default=_number_fragment, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return
    assert _serialize(value).encode() == wanted


@pytest.mark.parametrize("route", ["providers", "models/z-ai/glm-5.1/endpoints"])
def test_deep_nesting(stage: Stage, route: str) -> None:
    """However deep a value is nested it is archived exactly, or refused; it never ends the run."""
    feed = "providers" if route == "providers" else "endpoints"
    outcomes = []
    for hour, depth in enumerate([0, 250, *range(340, 400, 5), 100_000]):
        deep = b'"deep":' + b'[{"a":' * (depth // 2) + b"0" + b"}]" * (depth // 2)
        body = encode(payloads(START)[route]).replace(b'"name":', deep + b',"name":', 1)
        stage.service.respond = replies({**payloads(START), route: Reply(200, body)})
        code = stage.run(START + hour * HOUR, feeds=("models", "providers", "endpoints"))
        outcomes.append(stage.report(feed)["outcome"])
        assert code == (outcomes[-1] != "ok")
        assert code or deep in b"".join(data_files(stage.root).values())
    assert [outcomes[0], outcomes[1], outcomes[-1]] == [
        "ok",
        "ok",
        {"providers": "quarantined"}.get(feed, "partial"),
    ]
    tidy(stage.root)


ODD = [
    "",
    "a",
    "\ud800",
    "\n\nHour: 1999-01-01T00Z",
    "\u202e",
    "0",
    "-1",
    "0.000001",
    "1e999999",
    "NaN",
    "1e-999999",
]
LEAF = [
    None,
    True,
    False,
    0,
    -1,
    1,
    *map(loads, ("1.0", "-0", "1e-7", "1e400", "99999999999999999999")),
    *ODD,
]
PRICES = [
    "prompt",
    "completion",
    "image",
    "overrides",
    "discount",
    "utc_start",
    "utc_days",
    "min_prompt_tokens",
]
FIELDS = [
    *(
        "pricing",
        "description",
        "benchmarks",
        "architecture",
        "supported_parameters",
        "alias_target",
        "status",
    ),
    *(
        "uptime_last_1d",
        "name",
        "created",
        "expiration_date",
        "context_length",
        "quantization",
        "top_provider",
    ),
    *("model", "n", "lacks", "response", "=model", "==n", "=lacks", "data", "slug", "input_modalities"),
]


class Anything:
    """Arbitrary records under the names that mean something, drawn far faster than by strategies."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, most: int) -> range:
        return range(self.random.randint(0, most))

    def value(self, deep: int = 3) -> Any:
        kind = self.random.random()
        if not deep or kind < 0.5:
            return self.random.choice(LEAF)
        if kind < 0.7:
            return [self.value(deep - 1) for _ in self.some(3)]
        return {self.random.choice(FIELDS + PRICES + ODD): self.value(deep - 1) for _ in self.some(4)}

    def pricing(self) -> Any:
        overrides = [{self.random.choice(PRICES): self.value(1) for _ in self.some(4)} for _ in self.some(3)]
        return {self.random.choice(PRICES): self.value(1) for _ in self.some(4)} | {"overrides": overrides}

    def record(self) -> Record:
        found = {self.random.choice(FIELDS + ODD): self.value() for _ in self.some(8)}
        return found | ({"pricing": self.pricing()} if self.random.random() < 0.6 else {})

    def records(self, **names: list[str]) -> dict[Any, Record]:
        ((name, keys),) = names.items()
        chosen = self.random.sample(keys, self.random.randint(0, len(keys)))
        return {(key,): {**self.record(), name: key} for key in chosen}

    def item(self) -> Record:
        return {**self.record(), "tag": self.random.choice(TAGS), "model_id": self.random.choice(IDS)}

    def response(self) -> Record:
        items = [self.item() for _ in self.some(4)]
        return {**self.record(), "data": {**self.record(), "endpoints": items}}

    def snapshot(self) -> Snapshot:
        found = empty_snapshot()
        for name in ("models", "images", "videos"):
            found[name] = self.records(id=IDS)
        found["providers"] = self.records(slug=TAGS)
        found["endpoints"] = {(key,): self.response() for key in IDS if self.random.random() < 0.7}
        found["image_endpoints"] = {
            (key,): {**self.record(), "endpoints": [self.item() for _ in self.some(2)]} for key in IDS
        }
        for name, state in found.items():
            for record in state.values():
                sort_set_fields(record["data"] if name == "endpoints" else record, FEEDS[name].set_fields)
        copies = [item for one in found["endpoints"].values() for item in one["data"]["endpoints"]]
        rows = self.random.sample(copies, self.random.randint(0, len(copies))) + [
            self.item() for _ in self.some(3)
        ]
        found["zdr"] = build_copy_state(FEEDS["zdr"], rows, found)
        return found


IDS = ["a/x", "a/y", "~a/z", "a/x:free"]
TAGS = ["p", "p/eu", "q"]


@given(feed=st.sampled_from([MODELS, PROVIDERS, ENDPOINTS]), seed=st.integers())
def test_facets(feed: Feed, seed: int) -> None:
    """A record taken apart, written, read and put together again is the record."""
    own = {"model": "a/x", "n": 0} if feed is ENDPOINTS else {}
    record = {**Anything(seed).record(), **{name: "key" for name in feed.key if name not in own}}
    lines = {file: read_lines(write_lines([line]), file)[0] for file, line in split_record(feed, own, record)}
    assert is_same_json(join_record(feed, lines, own), record)


@settings(max_examples=300)
@given(st.integers())
def test_snapshot(seed: int) -> None:
    """Written and read again it is the same; what is read is written in the same bytes."""
    snapshot = Anything(seed).snapshot()
    files = snapshot_to_files(snapshot)
    again = snapshot_from_files(files.get)
    for name in FEEDS:
        if name == "zdr":
            assert sorted(map(dumps, again[name].values())) == sorted(map(dumps, snapshot[name].values()))
        else:
            assert {key: kept(one) for key, one in again[name].items()} == {
                key: kept(one) for key, one in snapshot[name].items()
            }
    assert snapshot_to_files(again) == files


@settings(max_examples=300)
@given(st.integers())
def test_words_for_anything(seed: int) -> None:
    """Whatever differs, there is a message of one subject, and its trailers cannot be forged."""
    old, new = Anything(seed).snapshot(), Anything(seed + 1).snapshot()
    attempt: Attempt = {
        "hour": "2026-06-01T00:00:00Z",
        "attempt": 1,
        "started": "2026-06-01T00:00:00Z",
        "finished": "2026-06-01T00:00:00Z",
        "origin": "live",
        "version": "0",
        "feeds": {},
        "relations": count_relations(new),
    }
    text = format_message(START, attempt, diff_snapshots(old, new), {})
    assert text.startswith("2026-06-01T00Z: ")
    assert text.split("\n")[1] == ""
    assert text.count("\nHour: ") == 1
    text.encode()
