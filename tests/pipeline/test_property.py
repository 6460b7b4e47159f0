"""Random hours, compared with a model of an archive."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orarchive.collect.plausibility import are_alike, describe_received
from orarchive.domain.feeds import ENDPOINTS, FEEDS
from orarchive.domain.record_files import extract_stable_part
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, Service
from orarchive.store.ledger import Received
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

# 404 is not among them: it has rules of its own where it lasts (test_healing).
FAULTS = ("429", "503", "html", "error-object", "invalid-json", "cut-off", "reset", "not-utf8")
SPOILED_BODIES = ("invalid-json", "not-utf8")
"""Faults that leave the status as it is: a 404 says all, whatever its body."""

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
    unknown: dict[str, dt.datetime] = field(default_factory=dict)
    """Model with a record -> the first hour in which the service did not know it."""
    counts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Feed -> the rows of each good hour, from the last one on that was believed after a doubt."""
    doubted: dict[str, dict[dt.datetime, Received]] = field(default_factory=lambda: defaultdict(dict))
    """Feed -> what the hours since the last good one brought and was not believed."""

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
        rows = body["data"]
        if LIST_ROUTES[feed] in step.faults:
            return
        needed = self._count_needed_hours(feed, step, rows)
        if needed > 1:
            if self._count_alike_hours(feed, rows, hour) < needed:
                return
            self.counts[feed].clear()
        self.lists[feed], self.good[feed] = {"data": rows}, hour
        self.counts[feed].append(len(rows))
        self.doubted[feed].clear()

    def _count_needed_hours(self, feed: str, step: Step, rows: list[Any]) -> int:
        """Return how many hours must bring the like of a list: one if it is near the median, or else more."""
        usual = median_low(self.counts[feed][-24:] or [0])
        is_longer = len(rows) > max(1.2 * usual, usual + 2) and usual > 0
        if feed == "models" and "models/count" not in step.faults:
            is_longer = False
        if len(rows) < 0.8 * usual:
            return 6
        return 2 if is_longer else 1

    def _count_alike_hours(self, feed: str, rows: list[Any], hour: dt.datetime) -> int:
        """Count the hours running, this one included, that brought the like of a list that is doubted."""
        names = [name for name in FEEDS[feed].key if name != "n"]
        received = describe_received([tuple(row[name] for name in names) for row in rows])
        earlier = {
            time: seen
            for time, seen in self.doubted[feed].items()
            if time != hour and hour - time <= dt.timedelta(days=2)
        }
        self.doubted[feed][hour] = received
        alike = 1
        for time in sorted(earlier, reverse=True):
            if not are_alike(earlier[time], received):
                break
            alike += 1
        return alike

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
        unknown = {
            model
            for model, route in listed.items()
            if model not in done and route not in served and step.faults.get(route) in (None, *SPOILED_BODIES)
        }
        if not read or not any(response["data"]["endpoints"] for response in state.values()):
            return
        for model in read:
            self.unknown.pop(model, None)
        # 404 is the answer for a model without a record, and where it has lasted a day.
        gone = {
            model
            for model in unknown
            if model not in state or hour - self.unknown.setdefault(model, hour) >= dt.timedelta(days=1)
        }
        self.endpoints = {model: response for model, response in state.items() if model not in gone}
        self.good |= {listed[model]: hour for model in read}
        if len(read) + len(gone) >= 0.99 * len(listed):
            self.good["endpoints"] = hour


WITHOUT_DEEPSEEK = tuple(model for model in FEW if model != "deepseek/deepseek-v4-pro")
"""The models without the one that has a third of the ZDR rows."""

GROWN_LIST = [Step(1, 0, WITHOUT_DEEPSEEK, {}), *[Step(1, edition, FEW, {}) for edition in (0, 0, 1, 2)]]
"""The list of ZDR endpoints grows by half: the second hour of it is believed, and so is every later one."""


UNKNOWN = "openai/gpt-oss-20b:free"

SPOILED_404 = [
    Step(0, 0, FEW, {f"models/{UNKNOWN}/endpoints": "429"}),
    Step(0, 0, tuple(model for model in FEW if model != UNKNOWN), dict.fromkeys(ROUTES, "invalid-json")),
]
"""A model is asked for again, and is not known any more: the body of that answer does not matter."""


@examples(12)
@example(steps=GROWN_LIST)
@example(steps=SPOILED_404)
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
