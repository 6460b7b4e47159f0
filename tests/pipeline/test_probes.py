"""Probes of models that left the list: how many are sent, when, and whose results stand after a race."""

from pathlib import Path

import pytest

from orarchive.collect.feed_fetch import MAX_PROBES
from orarchive.sample import START
from tests.support.archives import FEW, HOUR, Payloads, Stage, build_payloads, read_all_files
from tests.support.probes import ALIAS, FREE, NEXT, build_probe, list_missing_lines, list_probes, without
from tests.support.writers import Writers


def build_models(count: int) -> Payloads:
    """Return payloads with a number of models, whose ids sort by their numbers."""
    row = build_payloads(START)["models"]["data"][0]
    rows = [row | {"id": f"lab/{number:03}"} for number in range(count)]
    return {"models": {"data": rows}, "models/count": {"data": {"count": count}}}


# --- how many -----------------------------------------------------------------------------------------------


def test_the_number_of_probes_is_limited(stage: Stage) -> None:
    """Probe the first of many models that vanish at once; the result of the others is unknown."""
    bodies, vanished = build_models(300), [f"lab/{number:03}" for number in range(MAX_PROBES + 5)]
    stage.serve(bodies)
    assert stage.run(START, feeds=("models",)) == 0
    stage.serve(without(bodies, *vanished))
    stage.take_requests()
    assert stage.run(NEXT, feeds=("models",)) == 0
    assert list_probes(stage) == [f"model/{name}" for name in vanished[:MAX_PROBES]]
    assert stage.read_report("models")["vanished"] == {
        name: "gone" if name in vanished[:MAX_PROBES] else "unknown:not-asked" for name in vanished
    }
    assert sum("(gone)" in line for line in list_missing_lines(stage)) == MAX_PROBES


# --- when ---------------------------------------------------------------------------------------------------


def test_nothing_vanished(begun: Stage) -> None:
    """Probe nothing in the first hour, in an hour with the same ids, and in an hour with a new id."""
    assert "vanished" not in begun.read_report("models")
    begun.serve(build_payloads(START, (*FEW, "microsoft/phi-4")))
    for at in (NEXT, NEXT + HOUR):
        assert begun.run(at) == 0
        assert "vanished" not in begun.read_report("models")
    assert list_probes(begun) == []


def test_the_first_hour_sends_no_probes(stage: Stage) -> None:
    assert stage.run(START) == 0
    assert list_probes(stage) == []
    assert "vanished" not in stage.read_report("models")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("shrunken", "quarantined"), ("empty", "quarantined"), ("html", "quarantined"), ("503", "failed")],
)
def test_a_list_that_is_not_good(begun: Stage, fault: str, outcome: str) -> None:
    """Take no model for missing; the repair in the same hour probes."""
    begun.serve(without(build_payloads(START), FREE))
    begun.service.fail("models", fault)
    if fault in ("shrunken", "empty"):
        begun.service.fail("models/count", "503")
    assert begun.run(NEXT) == 1
    report = begun.read_report("models")
    assert (report["outcome"], "vanished" in report, list_probes(begun)) == (outcome, False, [])
    begun.service.heal()
    assert begun.run(NEXT) == 0
    assert begun.read_report("models")["vanished"] == {FREE: "gone"}
    assert list_probes(begun) == [f"model/{FREE}"]


def test_a_shrink_that_is_accepted(begun: Stage) -> None:
    begun.serve(without(build_payloads(START), *FEW[:6]))
    assert begun.run(NEXT, accept=("models", "endpoints", "zdr")) == 0
    assert begun.read_report("models")["vanished"] == dict.fromkeys(sorted(FEW[:6]), "gone")


def test_probed_once(begun: Stage) -> None:
    """Probe again neither in a repair of other feeds nor in the next hour."""
    begun.serve(without(build_payloads(START), FREE))
    begun.service.fail("providers", "503")
    assert begun.run(NEXT) == 1
    assert list_probes(begun) == [f"model/{FREE}"]
    begun.service.heal()
    assert begun.run(NEXT) == 0
    assert begun.run(NEXT + HOUR) == 0
    assert list_probes(begun) == []
    vanished = [line["feeds"]["models"].get("vanished") for line in begun.read_attempts()]
    assert vanished == [None, None, {FREE: "gone"}, None, None]


def test_it_comes_back_and_vanishes_again(begun: Stage) -> None:
    """Probe it each time."""
    shortened = without(build_payloads(START), FREE)
    bodies = (shortened | {f"model/{FREE}": build_probe(FREE)}, build_payloads(START), shortened)
    vanished = []
    for number, served in enumerate(bodies):
        begun.serve(served)
        assert begun.run(NEXT + number * HOUR) == 0
        vanished.append(begun.read_report("models").get("vanished"))
    assert vanished == [{FREE: "unlisted"}, None, {FREE: "gone"}]
    assert list_probes(begun) == [f"model/{FREE}"] * 2


def test_dry_run(begun: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Send the probe and print its result, but write nothing."""
    begun.serve(without(build_payloads(START), FREE))
    before = read_all_files(begun.root)
    assert begun.run(NEXT, dry_run=True) == 0
    assert list_probes(begun) == [f"model/{FREE}"]
    assert f"- {FREE}: missing (gone)" in capsys.readouterr().out
    assert read_all_files(begun.root) == before


# --- races --------------------------------------------------------------------------------------------------


@pytest.fixture
def writers(begun: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    writers = Writers(begun, tmp_path, monkeypatch)
    writers.ours.serve(without(build_payloads(START), FREE, ALIAS) | {f"model/{FREE}": build_probe(FREE)})
    return writers


def test_a_race_probes_nothing_twice(writers: Writers) -> None:
    """Write the results of the first probes again on top of another writer's commit."""
    writers.before = [lambda: writers.edit_theirs("README.md")]
    assert writers.ours.run(NEXT, push=True) == 0
    assert writers.lost == 1
    assert list_probes(writers.ours) == [f"model/{FREE}", f"model/{ALIAS}"]
    assert writers.ours.read_report("models")["vanished"] == {FREE: "unlisted", ALIAS: "gone"}
    writers.assert_sound()


def test_a_race_with_a_writer_who_archived_the_list(writers: Writers) -> None:
    """Keep their result, and drop ours with the list that it belongs to."""
    theirs = without(build_payloads(START), FREE)
    writers.before = [lambda: writers.archive_theirs(NEXT, theirs, "providers")]
    assert writers.ours.run(NEXT, push=True) == 0
    vanished = [line["feeds"]["models"].get("vanished") for line in writers.ours.read_attempts()]
    assert vanished[2:] == [{FREE: "gone"}, None]
    writers.assert_sound()


def test_a_race_with_an_hour_in_between(writers: Writers) -> None:
    """Merge onto a base on which one probed id is not missing, and an id is missing that was not probed."""
    new = "microsoft/phi-4"
    theirs = without(build_payloads(START, (*FEW, new)), ALIAS)
    writers.before = [lambda: writers.archive_theirs(NEXT, theirs)]
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert writers.lost == 1
    probes = [path for path, _ in writers.ours.service.requests if path.startswith("model/")]
    assert sorted(probes) == [f"model/{FREE}", f"model/{ALIAS}", f"model/{ALIAS}"], "theirs is one of them"
    vanished = [line["feeds"]["models"].get("vanished") for line in writers.ours.read_attempts()]
    assert vanished[2:] == [{ALIAS: "gone"}, {new: "unknown:not-asked", FREE: "unlisted"}]
    assert list_missing_lines(writers.ours) == [
        f"- {new}: missing",
        f"- {FREE}: missing (still known, but no longer listed)",
    ]
    writers.assert_sound()
