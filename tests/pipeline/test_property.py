"""Random hours, compared with a model of an archive."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.domain.feeds import ENDPOINTS
from orarchive.domain.record_files import extract_stable_part
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, Service
from tests.support.archives import (
    FEW,
    HOUR,
    LIST_ROUTES,
    Payloads,
    Stage,
    assert_tidy,
    build_payloads,
    edit_records,
    encode_archived,
    encode_sent,
    make_archive,
)
from tests.support.random_records import examples

FAULTS = ("429", "503", "404", "html", "error-object", "invalid-json", "cut-off", "reset", "not-utf8")
DAILY = ("images", "videos")
ROUTES = [*LIST_ROUTES.values(), "models/count", *(f"models/{model}/endpoints" for model in FEW)]


@dataclass(frozen=True)
class Step:
    """One run: the hours since the last one, what is served, and what fails."""

    hours_later: int
    edition: int
    models: tuple[str, ...]
    faults: dict[str, str]
    """Route -> fault."""


STEPS = st.builds(
    Step,
    hours_later=st.sampled_from([0, 0, 1, 1, 1, 2, 30]),
    edition=st.integers(0, 3),
    models=st.sets(st.sampled_from(FEW), max_size=2).map(
        lambda removed: tuple(model for model in FEW if model not in removed)
    ),
    faults=st.dictionaries(st.sampled_from(ROUTES), st.sampled_from(FAULTS), max_size=5)
    | st.sampled_from(FAULTS).map(lambda fault: dict.fromkeys(ROUTES, fault)),
)


@dataclass
class ArchiveModel:
    """The content that an archive must have: the last good payload of each list and each model."""

    lists: Payloads = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    good: dict[str, dt.datetime] = field(default_factory=dict)
    """Feed, or route of a model -> the hour in which it was last read."""

    def is_due(self, feed: str, hour: dt.datetime) -> bool:
        """Return whether a feed must be fetched in an hour."""
        last = self.good.get(feed)
        return last is None or (last.date() < hour.date() if feed in DAILY else last < hour)

    def apply(self, step: Step, served: Payloads, hour: dt.datetime) -> None:
        """Take what a run reads."""
        due = {feed: self.is_due(feed, hour) for feed in (*LIST_ROUTES, "endpoints")}
        for feed, route in LIST_ROUTES.items():
            if feed != "zdr" and due[feed]:
                self._apply_list(feed, step, served[route], hour)
        if due["endpoints"] or due["models"]:
            self._apply_endpoints(step, served, hour)
        if due["zdr"]:
            self._apply_list("zdr", step, served[LIST_ROUTES["zdr"]], hour)

    def _apply_list(self, feed: str, step: Step, body: Any, hour: dt.datetime) -> None:
        before, rows = self.lists.get(feed, {"data": []})["data"], body["data"]
        if LIST_ROUTES[feed] not in step.faults and len(rows) >= 0.8 * len(before):
            self.lists[feed], self.good[feed] = {"data": rows}, hour

    def _apply_endpoints(self, step: Step, served: Payloads, hour: dt.datetime) -> None:
        listed = {
            row["id"]: f"models/{row['id']}/endpoints"
            for row in self.lists.get("models", {"data": []})["data"]
        }
        done = {model for model, route in listed.items() if self.good.get(route) == hour}
        read = {model: self.endpoints[model] for model in done} | {
            model: served[route]
            for model, route in listed.items()
            if model not in done and route in served and route not in step.faults
        }
        state = {model: self.endpoints[model] for model in listed if model in self.endpoints} | read
        before, after = (
            sum(len(response["data"]["endpoints"]) for response in responses.values())
            for responses in (self.endpoints, state)
        )
        if not read or not after or after < 0.8 * before:
            return
        self.endpoints = state
        self.good |= {listed[model]: hour for model in read}
        if len(read) >= 0.99 * len(listed):
            self.good["endpoints"] = hour


@examples(12)
@given(steps=st.lists(STEPS, min_size=2, max_size=6))
def test_hours(running: Service, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> None:
    """Hold the last good payload of each feed, and of each model's endpoints, whatever fails."""
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("hours")))
    model = ArchiveModel()
    hour = START
    for step in steps:
        hour += step.hours_later * HOUR
        served = edit_records(build_payloads(START, step.models), str(step.edition))
        stage.serve(served)
        running.heal()
        for route, fault in step.faults.items():
            running.fail(route, fault)
        code = stage.run(hour)
        model.apply(step, served, hour)
        assert code == int(any(model.is_due(feed, hour) for feed in (*LIST_ROUTES, "endpoints")))
        snapshot = stage.read_snapshot()
        for feed in LIST_ROUTES:
            rows = loads(dumps(list(snapshot[feed].values())))
            expected = model.lists.get(feed, {"data": []})["data"]
            if feed == "zdr":
                expected = [extract_stable_part(ENDPOINTS, row) for row in expected]
            assert encode_archived({"data": rows}) == encode_sent({"data": expected}), feed
        responses = {key: encode_archived(response) for (key,), response in snapshot["endpoints"].items()}
        assert responses == {key: encode_sent(body) for key, body in model.endpoints.items()}
    assert_tidy(stage.root)
