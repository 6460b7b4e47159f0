"""A model that is back after it was missing is `returned`: in commits, of a clone without history too."""

from pathlib import Path

import pytest

from orarchive.sample import START
from orarchive.store.git import run_git
from tests.support.archives import HOUR, Stage, build_payloads, read_git
from tests.support.probes import FREE, without


@pytest.fixture
def missing(stage: Stage) -> Stage:
    """Return an archive of two hours, in the second of which a model is missing."""
    bodies = build_payloads(START)
    stage.serve(bodies)
    assert stage.run(START) == 0
    stage.serve(without(bodies, FREE))
    assert stage.run(START + HOUR) == 0
    stage.serve(bodies)
    return stage


def read_message(root: Path) -> str:
    """Read the message of the last commit that names a model."""
    return read_git(root, "log", "-1", "--format=%B", "--grep=model")


def test_a_model_that_is_back_has_returned(missing: Stage) -> None:
    assert missing.run(START + 2 * HOUR) == 0
    message = read_message(missing.root)
    assert message.startswith("2026-06-01T02Z: 1 model returned")
    assert f"\n+ {FREE}: returned, $0 in, $0 out\n" in message
    assert "\nModels-Returned: 1\n" in message
    assert "added" not in message


def test_a_clone_without_history_knows_it(missing: Stage, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    run_git(tmp_path, "clone", "--quiet", "--depth=1", missing.root.as_uri(), str(shallow))
    assert Stage(missing.service, shallow).run(START + 2 * HOUR) == 0
    assert f"\n+ {FREE}: returned, " in read_message(shallow)


def test_a_month_later_it_has_returned(missing: Stage) -> None:
    """The ledger of the month in which it vanished is read as well."""
    assert missing.run(START.replace(month=9)) == 0
    assert f"\n+ {FREE}: returned, " in read_message(missing.root)


def test_a_model_that_was_never_missing_is_added(missing: Stage) -> None:
    bodies = build_payloads(START)
    model = {**bodies["models"]["data"][0], "id": "new/model", "canonical_slug": "new/model"}
    bodies["models"]["data"].append(model)
    bodies["models"]["total_count"] += 1
    bodies["models/count"] = {"data": {"count": len(bodies["models"]["data"])}}
    bodies["models/new/model/endpoints"] = {"data": {"id": "new/model", "endpoints": []}}
    missing.serve(bodies)
    missing.run(START + 2 * HOUR)
    message = read_message(missing.root)
    assert "\n+ new/model: added" in message
    assert f"\n+ {FREE}: returned, " in message
