"""An archive of six hours and a driver of builds for all tests of the index."""

from collections.abc import Iterator

import pytest

from orarchive.sample import Service
from tests.support.archives import make_responder
from tests.support.index_driver import IndexDriver
from tests.support.six_hours import SixHours, archive_six_hours


@pytest.fixture(scope="package")
def six_hours(tmp_path_factory: pytest.TempPathFactory) -> SixHours:
    """Return an archive of six hours with its index. No test may change it."""
    with Service(make_responder({})) as service:
        return archive_six_hours(service, tmp_path_factory.mktemp("six-hours"))


@pytest.fixture(scope="package")
def driver() -> Iterator[IndexDriver]:
    """Yield a driver of builds."""
    with IndexDriver() as driver:
        yield driver
