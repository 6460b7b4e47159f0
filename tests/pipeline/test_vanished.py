"""Models that leave the list: each is probed, and the ledger says renamed, unlisted, gone or unknown."""

import time
from collections.abc import Mapping
from datetime import datetime
from threading import Event
from typing import Any

import pytest

from orarchive.collect import client, feed_group
from orarchive.collect.client import RetryPolicy
from orarchive.collect.feed_fetch import MAX_PROBE_TRIES
from orarchive.sample import HAPPENINGS, START, Reply, build_world_at, routes
from orarchive.sample.faults import encode
from tests.support.archives import HOUR, Stage, build_payloads, make_responder, read_git
from tests.support.probes import (
    ALIAS,
    FREE,
    NEXT,
    ROUTER,
    build_probe,
    list_missing_lines,
    list_probes,
    without,
)

FAILING = {
    **{status: status for status in ("429", "500", "502", "503")},
    "429-retry-after": "429",
    **dict.fromkeys(("html", "invalid-json", "not-utf8", "nan"), "not-json"),
    "error-object": "error-object",
    "wrong-type": "wrong-shape",
    "cut-off": "cut-off",
    "reset": "connection",
    "huge": "too-large",
}
"""Fault -> the reason in the ledger."""

SHAPES: tuple[Any, ...] = (
    None, "text", [], [{"id": FREE}], {}, {"id": FREE}, {"data": None}, {"data": FREE}, {"data": {}},
    {"data": [{"id": FREE}]}, {"data": {"id": None}}, {"data": {"id": ""}}, {"data": {"id": 7}},
    {"data": {"id": [FREE]}},
)  # fmt: skip
"""Bodies that do not have the id of a model in the right place."""


# --- results of probes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FREE, ALIAS, ROUTER])
@pytest.mark.parametrize(
    ("answer", "result", "words"),
    [
        (None, "gone", " (gone)"),
        ("{}", "unlisted", " (still known, but no longer listed)"),
        ("openai/gpt-y", "renamed:openai/gpt-y", " (renamed to openai/gpt-y)"),
        ("{}:free", "renamed:{}:free", " (renamed to {}:free)"),
    ],
)
def test_the_result_of_a_probe(begun: Stage, name: str, answer: str | None, result: str, words: str) -> None:
    """Send one request with the whole id, variant and tilde included; ledger and message have the result."""
    path = f"model/{name}"
    served = {path: build_probe(answer.format(name))} if answer else {}
    begun.serve(without(build_payloads(START), name) | served)
    assert begun.run(NEXT) == 0
    assert list_probes(begun) == [path]
    report = begun.read_report("models")
    assert (report["outcome"], report["vanished"]) == ("ok", {name: result.format(name)})
    assert report["requests"] == 3, "the count, the list and the probe"
    assert list_missing_lines(begun) == [f"- {name}: missing{words.format(name)}"]
    assert "removed" not in read_git(begun.root, "log", "-1", "--format=%B")


def test_an_id_that_needs_quoting(stage: Stage) -> None:
    name = "lab/a #1 50% \u00e9"
    bodies = build_payloads(START)
    row = bodies["models"]["data"][0] | {"id": name}
    bodies["models"]["data"].append(row)
    bodies["models"]["total_count"] += 1
    answer = {f"models/{name}/endpoints": {"data": {"id": name, "endpoints": []}}}
    stage.serve(bodies | answer)
    assert stage.run(START) == 0
    stage.take_requests()
    stage.serve(without(bodies, name) | {f"model/{name}": build_probe(name)})
    assert stage.run(NEXT) == 0
    assert list_probes(stage) == [f"model/{name}"]
    assert stage.read_report("models")["vanished"] == {name: "unlisted"}


@pytest.mark.parametrize("new", ["lab/\ud800", "a/b\n\nHour: 1999-01-01T00Z\n\u202e", "lab/" + "x" * 5000])
def test_a_new_id_is_foreign_text(begun: Stage, new: str) -> None:
    """Keep it exactly in the ledger, and let it neither forge nor flood the message."""
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": build_probe(new)})
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["vanished"] == {FREE: f"renamed:{new}"}
    message = read_git(begun.root, "log", "-1", "--format=%B")
    assert message.count("\nHour: ") == 1
    assert max(map(len, message.splitlines())) < 300


def test_several_at_once(begun: Stage) -> None:
    """Probe each model by itself, in the order of the ids."""
    served = {f"model/{FREE}": build_probe("openai/gpt-y")}
    begun.serve(without(build_payloads(START), ALIAS, FREE) | served)
    assert begun.run(NEXT) == 0
    assert list_probes(begun) == [f"model/{FREE}", f"model/{ALIAS}"]
    assert begun.read_report("models")["vanished"] == {FREE: "renamed:openai/gpt-y", ALIAS: "gone"}
    assert list_missing_lines(begun) == [
        f"- {FREE}: missing (renamed to openai/gpt-y)",
        f"- {ALIAS}: missing (gone)",
    ]


@pytest.mark.parametrize(
    ("key", "result"),
    [
        ("microsoft/phi-4", "unlisted"),
        ("amazon/nova-premier-v1", "gone"),
        ("mistralai/mistral-medium-3-5", "renamed:mistralai/mistral-medium-3.5"),
    ],
)
def test_the_sample_has_every_result(stage: Stage, key: str, result: str) -> None:
    moment = next(happening.at for happening in HAPPENINGS if happening.key == key)
    for hour in (moment - HOUR, moment):
        serve_sample(stage, hour)
        assert stage.run(hour, feeds=("models",)) == 0
    assert stage.read_report("models")["vanished"] == {key: result}


def serve_sample(stage: Stage, hour: datetime) -> None:
    """Serve the whole sample as it is in an hour."""
    world = build_world_at(hour)
    stage.service.respond = lambda path, query, headers: routes.answer(world, path, query, headers, "no key")


# --- a probe that fails -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAILING)
def test_a_probe_that_fails(begun: Stage, fault: str) -> None:
    """Say only why it failed: the list stays good, and the message claims nothing."""
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": build_probe(FREE)})
    begun.service.fail("model/*", fault, **({"size": 21_000_000} if fault == "huge" else {}))
    assert begun.run(NEXT) == 0
    assert begun.read_outcomes(NEXT) == dict.fromkeys(("models", "endpoints", "providers", "zdr"), "ok")
    report = begun.read_report("models")
    assert report["vanished"] == {FREE: f"unknown:{FAILING[fault]}"}
    assert not report.keys() & {"reasons", "notes", "refused"}
    assert len(list_probes(begun)) == report["requests"] - 2 <= MAX_PROBE_TRIES
    assert list_missing_lines(begun) == [f"- {FREE}: missing"]
    assert not (begun.root / "quarantine").exists()


def test_a_probe_is_tried_again(begun: Stage) -> None:
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": build_probe(FREE)})
    begun.service.fail("model/*", "503", times=1)
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["vanished"] == {FREE: "unlisted"}
    assert begun.read_report("models")["requests"] == 4


@pytest.mark.parametrize("body", SHAPES, ids=repr)
def test_an_answer_of_another_shape(begun: Stage, body: Any) -> None:
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": Reply(200, encode(body))})
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["outcome"] == "ok"
    assert begun.read_report("models")["vanished"] == {FREE: "unknown:wrong-shape"}


@pytest.mark.parametrize("status", [301, 400, 401, 403, 410, 451])
def test_another_status(begun: Stage, status: int) -> None:
    """Take only 404 for gone."""
    answer = Reply(status, encode(build_probe(FREE)), {"Location": "/api/v1/providers"})
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": answer})
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["vanished"] == {FREE: f"unknown:{status}"}
    assert len(list_probes(begun)) == 1


def test_a_probe_that_times_out(begun: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUTS_S", (5.0, 0.2))
    begun.serve(without(build_payloads(START), FREE) | {f"model/{FREE}": build_probe(FREE)})
    begun.service.fail("model/*", "slow-drip", interval=2)
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["vanished"] == {FREE: "unknown:timeout"}


@pytest.mark.parametrize(("run_timeout", "probe_timeout"), [(2.0, 60.0), (600.0, 0.2)])
def test_a_probe_past_the_deadline(
    begun: Stage, run_timeout: float, probe_timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End the probe at the deadline of the run, or of the probes, which is shorter, and send no other."""
    monkeypatch.setattr(feed_group, "PROBE_TIMEOUT_S", probe_timeout)
    served = make_responder(without(build_payloads(START), FREE, ALIAS))
    released = Event()

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        if path.startswith("model/"):
            released.wait(30)
        return served(path, query, headers)

    begun.service.respond = respond
    begun.options = {"timeout": run_timeout}
    assert begun.run(NEXT, feeds=("models",)) == 0
    released.set()
    while not (probes := list_probes(begun)):  # The service notes a request when it has answered.
        time.sleep(0.01)
    assert probes == [f"model/{FREE}"]
    assert begun.read_report("models")["vanished"] == dict.fromkeys((FREE, ALIAS), "unknown:deadline")


def test_a_service_that_asks_to_wait(begun: Stage) -> None:
    """Wait no longer than the deadline of the probes."""
    begun.serve(without(build_payloads(START), FREE, ALIAS))
    begun.service.fail("model/*", "429-retry-after", seconds=3600)
    begun.options = {"retry_policy": RetryPolicy(first_wait=0, max_wait=3600), "timeout": 10_000.0}
    assert begun.run(NEXT, feeds=("models",)) == 0
    assert list_probes(begun) == [f"model/{FREE}"]
    assert begun.read_report("models")["vanished"] == {FREE: "unknown:429", ALIAS: "unknown:deadline"}


def test_the_feeds_come_first(begun: Stage) -> None:
    """Send probes after all feeds, so that they delay none; their `age` header is not the list's."""
    served = make_responder(without(build_payloads(START), FREE) | {f"model/{FREE}": build_probe(FREE)})

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        begun.service.age = 500 if path.startswith("model/") else 7
        return served(path, query, headers)

    begun.service.respond = respond
    begun.options = {"workers": 1}
    assert begun.run(NEXT) == 0
    assert begun.take_requests()[-2:] == ["endpoints/zdr", f"model/{FREE}"]
    assert begun.read_report("models")["age"] == 7
