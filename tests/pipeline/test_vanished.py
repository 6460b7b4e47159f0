"""Ids that leave the models list: each is asked for once, and the ledger says renamed, unlisted or gone."""

import copy
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orarchive.collect import client
from orarchive.collect import run as run_module
from orarchive.collect.client import RetryPolicy
from orarchive.collect.fetch import MAX_PROBE_TRIES, MAX_PROBES
from orarchive.sample import HAPPENINGS, START, Reply, routes, world_at
from orarchive.sample.faults import encode
from tests.pipeline.test_race import Writers
from tests.support.archives import FEW, HOUR, Payloads, Stage, every_byte, payloads, replies, say

NEXT = START + HOUR
FREE, ALIAS, ROUTER = "openai/gpt-oss-20b:free", "~openai/gpt-latest", "openrouter/auto"

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
"""Answers of which none says by what id a model is known."""


def without(bodies: Payloads, *models: str) -> Payloads:
    """The same with a shorter list of models."""
    found = copy.deepcopy(bodies)
    rows = [row for row in found["models"]["data"] if row["id"] not in models]
    found["models"] |= {"data": rows, "total_count": len(rows)}
    return found | {"models/count": {"data": {"count": len(rows)}}}


def many(count: int) -> Payloads:
    """So many models, with ids in the order of their numbers."""
    row = payloads(START)["models"]["data"][0]
    rows = [row | {"id": f"lab/{number:03}"} for number in range(count)]
    return {"models": {"data": rows}, "models/count": {"data": {"count": count}}}


def known(name: str) -> dict[str, Any]:
    """The answer to one model asked for by itself."""
    return {"data": payloads(START)["models"]["data"][0] | {"id": name}}


def probes(stage: Stage) -> list[str]:
    """The probes sent since the last time."""
    return [path for path in stage.asked() if path.startswith("model/")]


def lines(stage: Stage) -> list[str]:
    """What the last commit's message says is missing."""
    return [line for line in say(stage.root, "log", "-1", "--format=%b").splitlines() if "missing" in line]


@pytest.fixture
def begun(stage: Stage) -> Stage:
    """An archive with one good hour."""
    assert stage.run(START) == 0
    stage.asked()
    return stage


# --- what became of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FREE, ALIAS, ROUTER])
@pytest.mark.parametrize(
    ("answer", "told", "words"),
    [
        (None, "gone", " (gone)"),
        ("{}", "unlisted", " (still known, listed no more)"),
        ("openai/gpt-y", "renamed:openai/gpt-y", " (renamed to openai/gpt-y)"),
        ("{}:free", "renamed:{}:free", " (renamed to {}:free)"),
    ],
)
def test_what_became_of_it(begun: Stage, name: str, answer: str | None, told: str, words: str) -> None:
    """One request by the whole id, variant and tilde included, tells; the ledger and the message say it."""
    path = f"model/{name}"
    served = {path: known(answer.format(name))} if answer else {}
    begun.serve(without(payloads(START), name) | served)
    assert begun.run(NEXT) == 0
    assert probes(begun) == [path]
    report = begun.report("models")
    assert (report["outcome"], report["vanished"]) == ("ok", {name: told.format(name)})
    assert report["requests"] == 3, "the count, the list and the probe"
    assert lines(begun) == [f"- {name}: missing{words.format(name)}"]
    assert "removed" not in say(begun.root, "log", "-1", "--format=%B")


def test_an_id_that_needs_quoting(stage: Stage) -> None:
    name = "lab/a #1 50% \u00e9"
    bodies = payloads(START)
    row = bodies["models"]["data"][0] | {"id": name}
    bodies["models"]["data"].append(row)
    bodies["models"]["total_count"] += 1
    answer = {f"models/{name}/endpoints": {"data": {"id": name, "endpoints": []}}}
    stage.serve(bodies | answer)
    assert stage.run(START) == 0
    stage.asked()
    stage.serve(without(bodies, name) | {f"model/{name}": known(name)})
    assert stage.run(NEXT) == 0
    assert probes(stage) == [f"model/{name}"]
    assert stage.report("models")["vanished"] == {name: "unlisted"}


@pytest.mark.parametrize("new", ["lab/\ud800", "a/b\n\nHour: 1999-01-01T00Z\n\u202e", "lab/" + "x" * 5000])
def test_a_new_id_is_foreign_text(begun: Stage, new: str) -> None:
    """The ledger has it to the letter; it can neither forge a message nor flood it."""
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": known(new)})
    assert begun.run(NEXT) == 0
    assert begun.report("models")["vanished"] == {FREE: f"renamed:{new}"}
    message = say(begun.root, "log", "-1", "--format=%B")
    assert message.count("\nHour: ") == 1
    assert max(map(len, message.splitlines())) < 300


def test_several_at_once(begun: Stage) -> None:
    """Each has an answer of its own, in the order of their ids."""
    served = {f"model/{FREE}": known("openai/gpt-y")}
    begun.serve(without(payloads(START), ALIAS, FREE) | served)
    assert begun.run(NEXT) == 0
    assert probes(begun) == [f"model/{FREE}", f"model/{ALIAS}"]
    assert begun.report("models")["vanished"] == {FREE: "renamed:openai/gpt-y", ALIAS: "gone"}
    assert lines(begun) == [f"- {FREE}: missing (renamed to openai/gpt-y)", f"- {ALIAS}: missing (gone)"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("microsoft/phi-4", "unlisted"),
        ("amazon/nova-premier-v1", "gone"),
        ("mistralai/mistral-medium-3-5", "renamed:mistralai/mistral-medium-3.5"),
    ],
)
def test_the_sample_has_one_of_each(stage: Stage, key: str, told: str) -> None:
    moment = next(one.at for one in HAPPENINGS if one.key == key)
    for at in (moment - HOUR, moment):
        at_hour(stage, at)
        assert stage.run(at, feeds=("models",)) == 0
    assert stage.report("models")["vanished"] == {key: told}


def at_hour(stage: Stage, at: datetime) -> None:
    """Serve the sample as it is in an hour, all of it."""
    world = world_at(at)
    stage.service.respond = lambda path, query, headers: routes.answer(world, path, query, headers, "no key")


# --- a probe that fails -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAILING)
def test_a_probe_that_fails(begun: Stage, fault: str) -> None:
    """It says why, and nothing else: the list stays good, and what is not known is not told."""
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": known(FREE)})
    begun.service.fail("model/*", fault, **({"size": 11_000_000} if fault == "huge" else {}))
    assert begun.run(NEXT) == 0
    assert begun.outcomes(NEXT) == dict.fromkeys(("models", "endpoints", "providers", "zdr"), "ok")
    report = begun.report("models")
    assert report["vanished"] == {FREE: f"unknown:{FAILING[fault]}"}
    assert not report.keys() & {"reasons", "notes", "refused"}
    assert len(probes(begun)) == report["requests"] - 2 <= MAX_PROBE_TRIES
    assert lines(begun) == [f"- {FREE}: missing"]
    assert not (begun.root / "quarantine").exists()


def test_a_probe_is_tried_again(begun: Stage) -> None:
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": known(FREE)})
    begun.service.fail("model/*", "503", times=1)
    assert begun.run(NEXT) == 0
    assert begun.report("models")["vanished"] == {FREE: "unlisted"}
    assert begun.report("models")["requests"] == 4


@pytest.mark.parametrize("body", SHAPES, ids=repr)
def test_an_answer_of_another_shape(begun: Stage, body: Any) -> None:
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": Reply(200, encode(body))})
    assert begun.run(NEXT) == 0
    assert begun.report("models")["outcome"] == "ok"
    assert begun.report("models")["vanished"] == {FREE: "unknown:wrong-shape"}


@pytest.mark.parametrize("status", [301, 400, 401, 403, 410, 451])
def test_another_status(begun: Stage, status: int) -> None:
    """Only 404 is gone."""
    answer = Reply(status, encode(known(FREE)), {"Location": "/api/v1/providers"})
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": answer})
    assert begun.run(NEXT) == 0
    assert begun.report("models")["vanished"] == {FREE: f"unknown:{status}"}
    assert len(probes(begun)) == 1


def test_a_probe_that_times_out(begun: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUTS_S", (5.0, 0.2))
    begun.serve(without(payloads(START), FREE) | {f"model/{FREE}": known(FREE)})
    begun.service.fail("model/*", "slow-drip", interval=2)
    assert begun.run(NEXT) == 0
    assert begun.report("models")["vanished"] == {FREE: "unknown:timeout"}


@pytest.mark.parametrize(("run", "own"), [(2.0, 60.0), (600.0, 0.2)])
def test_a_probe_past_the_deadline(
    begun: Stage, run: float, own: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's deadline is the probes' too, and they have a shorter one; past it nothing is sent."""
    monkeypatch.setattr(run_module, "PROBE_TIMEOUT_S", own)
    served = replies(without(payloads(START), FREE, ALIAS))

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        if path == f"model/{FREE}":
            time.sleep(min(run, own) + 0.2)
        return served(path, query, headers)

    begun.service.respond = respond
    begun.options = {"timeout": run}
    assert begun.run(NEXT, feeds=("models",)) == 0
    assert probes(begun) == [f"model/{FREE}"]
    assert begun.report("models")["vanished"] == {FREE: "gone", ALIAS: "unknown:deadline"}


def test_a_service_that_says_later(begun: Stage) -> None:
    """It is not waited for longer than a probe is worth."""
    begun.serve(without(payloads(START), FREE, ALIAS))
    begun.service.fail("model/*", "429-retry-after", seconds=3600)
    begun.options = {"retry_policy": RetryPolicy(first_wait=0, max_wait=3600), "timeout": 10_000.0}
    assert begun.run(NEXT, feeds=("models",)) == 0
    assert probes(begun) == [f"model/{FREE}"]
    assert begun.report("models")["vanished"] == {FREE: "unknown:429", ALIAS: "unknown:deadline"}


def test_the_feeds_come_first(begun: Stage) -> None:
    """What became of a model is asked last of all, at no feed's cost; and its age is not the list's."""
    served = replies(without(payloads(START), FREE) | {f"model/{FREE}": known(FREE)})

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        begun.service.age = 500 if path.startswith("model/") else 7
        return served(path, query, headers)

    begun.service.respond = respond
    begun.options = {"workers": 1}
    assert begun.run(NEXT) == 0
    assert begun.asked()[-2:] == ["endpoints/zdr", f"model/{FREE}"]
    assert begun.report("models")["age"] == 7


# --- how many -----------------------------------------------------------------------------------------------


def test_so_many_and_no_more(stage: Stage) -> None:
    """Of more that vanish at once the first ones are asked for; the others stay unknown."""
    bodies, away = many(300), [f"lab/{number:03}" for number in range(MAX_PROBES + 5)]
    stage.serve(bodies)
    assert stage.run(START, feeds=("models",)) == 0
    stage.serve(without(bodies, *away))
    stage.asked()
    assert stage.run(NEXT, feeds=("models",)) == 0
    assert probes(stage) == [f"model/{name}" for name in away[:MAX_PROBES]]
    assert stage.report("models")["vanished"] == {
        name: "gone" if name in away[:MAX_PROBES] else "unknown:not-asked" for name in away
    }
    assert sum("(gone)" in line for line in lines(stage)) == MAX_PROBES


# --- when ---------------------------------------------------------------------------------------------------


def test_nothing_vanished(begun: Stage) -> None:
    """Neither in the first hour nor in one with the same ids, nor where one is new."""
    assert "vanished" not in begun.report("models")
    begun.serve(payloads(START, (*FEW, "microsoft/phi-4")))
    for at in (NEXT, NEXT + HOUR):
        assert begun.run(at) == 0
        assert "vanished" not in begun.report("models")
    assert probes(begun) == []


def test_the_first_hour_asks_for_no_one(stage: Stage) -> None:
    assert stage.run(START) == 0
    assert probes(stage) == []
    assert "vanished" not in stage.report("models")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("shrunken", "quarantined"), ("empty", "quarantined"), ("html", "quarantined"), ("503", "failed")],
)
def test_a_list_that_is_not_good(begun: Stage, fault: str, outcome: str) -> None:
    """It tells of no one that he is missing; the repair in the same hour asks."""
    begun.serve(without(payloads(START), FREE))
    begun.service.fail("models", fault)
    if fault in ("shrunken", "empty"):
        begun.service.fail("models/count", "503")
    assert begun.run(NEXT) == 1
    report = begun.report("models")
    assert (report["outcome"], "vanished" in report, probes(begun)) == (outcome, False, [])
    begun.service.heal()
    assert begun.run(NEXT) == 0
    assert begun.report("models")["vanished"] == {FREE: "gone"}
    assert probes(begun) == [f"model/{FREE}"]


def test_a_shrink_that_is_accepted(begun: Stage) -> None:
    begun.serve(without(payloads(START), *FEW[:6]))
    assert begun.run(NEXT, accept=("models", "endpoints", "zdr")) == 0
    assert begun.report("models")["vanished"] == dict.fromkeys(sorted(FEW[:6]), "gone")


def test_asked_for_once(begun: Stage) -> None:
    """A repair of other feeds and the next hour do not ask again."""
    begun.serve(without(payloads(START), FREE))
    begun.service.fail("providers", "503")
    assert begun.run(NEXT) == 1
    assert probes(begun) == [f"model/{FREE}"]
    begun.service.heal()
    assert begun.run(NEXT) == 0
    assert begun.run(NEXT + HOUR) == 0
    assert probes(begun) == []
    told = [line["feeds"]["models"].get("vanished") for line in begun.attempts()]
    assert told == [None, None, {FREE: "gone"}, None, None]


def test_it_comes_back_and_vanishes_again(begun: Stage) -> None:
    """Each time is asked about by itself."""
    away = without(payloads(START), FREE)
    told = []
    for number, served in enumerate((away | {f"model/{FREE}": known(FREE)}, payloads(START), away)):
        begun.serve(served)
        assert begun.run(NEXT + number * HOUR) == 0
        told.append(begun.report("models").get("vanished"))
    assert told == [{FREE: "unlisted"}, None, {FREE: "gone"}]
    assert probes(begun) == [f"model/{FREE}"] * 2


def test_dry_run(begun: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """It asks and says, and writes nothing."""
    begun.serve(without(payloads(START), FREE))
    before = every_byte(begun.root)
    assert begun.run(NEXT, dry_run=True) == 0
    assert probes(begun) == [f"model/{FREE}"]
    assert f"- {FREE}: missing (gone)" in capsys.readouterr().out
    assert every_byte(begun.root) == before


# --- races --------------------------------------------------------------------------------------------------


@pytest.fixture
def writers(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    writers = Writers(stage, tmp_path, monkeypatch)
    writers.ours.serve(without(payloads(START), FREE, ALIAS) | {f"model/{FREE}": known(FREE)})
    stage.asked()
    return writers


def test_a_race_asks_for_nothing_twice(writers: Writers) -> None:
    """Another's edit is in the way: the answers that were fetched go on top of it."""
    writers.before = [lambda: writers.edit("README.md")]
    assert writers.ours.run(NEXT, push=True) == 0
    assert writers.lost == 1
    assert probes(writers.ours) == [f"model/{FREE}", f"model/{ALIAS}"]
    assert writers.ours.report("models")["vanished"] == {FREE: "unlisted", ALIAS: "gone"}
    writers.sound()


def test_a_race_with_one_who_had_the_list(writers: Writers) -> None:
    """Their answer stands; ours is dropped with the list that it belongs to."""
    theirs = without(payloads(START), FREE)
    writers.before = [lambda: writers.archive(NEXT, theirs, "providers")]
    assert writers.ours.run(NEXT, push=True) == 0
    told = [line["feeds"]["models"].get("vanished") for line in writers.ours.attempts()]
    assert told[2:] == [{FREE: "gone"}, None]
    writers.sound()


def test_a_race_with_an_hour_in_between(writers: Writers) -> None:
    """On their base other ids are missing than those asked for: one less, and one that nobody asked for."""
    new = "microsoft/phi-4"
    theirs = without(payloads(START, (*FEW, new)), ALIAS)
    writers.before = [lambda: writers.archive(NEXT, theirs)]
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert writers.lost == 1
    asked = [path for path, _ in writers.ours.service.requests if path.startswith("model/")]
    assert sorted(asked) == [f"model/{FREE}", f"model/{ALIAS}", f"model/{ALIAS}"], "theirs is one of them"
    told = [line["feeds"]["models"].get("vanished") for line in writers.ours.attempts()]
    assert told[2:] == [{ALIAS: "gone"}, {new: "unknown:not-asked", FREE: "unlisted"}]
    assert lines(writers.ours) == [
        f"- {new}: missing",
        f"- {FREE}: missing (still known, listed no more)",
    ]
    writers.sound()
