"""Simulated hours with everything that goes wrong: nothing is lost, and no event is false."""

from pathlib import Path

import pytest

from orarchive.sample import START
from tests.support.archives import Stage
from tests.support.soak import FAULTS, KINDS, SoakResult, check_explained, soak

pytestmark = pytest.mark.soak

HOURS = 100
"""Five rounds of all kinds of hours, and nearly all faults; `python -m tests.support.soak 2000` goes on."""

SEED = 7
"""Of the lasting causes four, which heal within hours, come in the first hundred hours."""


def test_a_hundred_hours(tmp_path: Path) -> None:
    """Keep every record and report no false event through each kind of trouble."""
    result = soak(tmp_path, HOURS, SEED)
    assert len({*result.causes.values()}) == 4
    assert result.is_clean, result
    assert len(result.faults) > 0.8 * len({*FAULTS})
    assert result.kinds == {kind: KINDS.count(kind) * HOURS // len(KINDS) for kind in KINDS}
    assert result.records > 3_000
    assert len(result.good) > 0.5 * HOURS
    assert result.unwritten < result.bad


def test_bad_hours_need_a_reason(stage: Stage) -> None:
    """Find a bad report without reasons, and a bad hour that neither report nor disturbance explains."""
    stage.service.fail("providers", "500")
    assert stage.run(START) == 1
    lines, result = stage.read_attempts(), SoakResult(bad={START})
    check_explained(lines, result)
    assert (result.errors, result.unwritten) == ([], set())
    del lines[0]["feeds"]["providers"]["reasons"]
    check_explained(lines, result)
    assert result.errors.pop().endswith("no reason why providers is failed")
    lines[0]["feeds"]["providers"]["outcome"] = "ok"
    check_explained(lines, result)
    assert result.errors.pop().endswith("no reason why it is not good")
    check_explained([], result)
    assert result.errors.pop().endswith("no reason why it is not good")
    assert result.unwritten == {START}
    result.disturbed.add(START)
    check_explained([], result)
    assert result.errors == []
