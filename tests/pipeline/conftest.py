"""Fixtures of the pipeline tests."""

import pytest

from orarchive.sample import START
from tests.support.archives import Stage


@pytest.fixture
def begun(stage: Stage) -> Stage:
    """Make an archive with one good hour.

    The requests of that hour are forgotten: `stage.asked()` lists only later ones.
    """
    assert stage.run(START) == 0
    stage.asked()
    return stage
