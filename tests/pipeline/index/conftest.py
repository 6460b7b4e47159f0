"""An archive of six hours and a driver of builds for all tests of the index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.histories import NewCommit, Tables
from tests.support.index_driver import IndexDriver
from tests.support.six_hours import SixHours, write_six_hours


@pytest.fixture(scope="package")
def six_hours(
    shared_six_hours: tuple[Path, list[NewCommit], Tables], tmp_path_factory: pytest.TempPathFactory
) -> SixHours:
    """Return an archive of six hours with its index. No test may change it."""
    _, commits, _ = shared_six_hours
    return write_six_hours(commits, tmp_path_factory.mktemp("indexed-hours"))


@pytest.fixture(scope="package")
def driver() -> Iterator[IndexDriver]:
    """Yield a driver of builds."""
    with IndexDriver() as driver:
        yield driver
