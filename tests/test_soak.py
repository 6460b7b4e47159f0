"""Two hundred simulated hours with all that goes wrong: nothing is lost, and nothing is told falsely."""

from pathlib import Path

import pytest
from soak import soak

pytestmark = pytest.mark.soak


def test_two_hundred_hours(tmp_path: Path) -> None:
    soaked = soak(tmp_path, 200)
    assert soaked.wrong == []
    assert len(soaked.good) > 140
    assert soaked.kills > 10 and soaked.pairs > 3 and soaked.jumps > 3 and soaked.full > 3
    assert len(soaked.faults) > 12
