"""The sample service for its tests, and a client of it."""

from collections.abc import Iterator

import pytest
import requests

from orarchive.sample import START, Service, sample_service
from orarchive.sample.limits import Limits
from tests.support.sample_client import Ask, make_ask


@pytest.fixture(scope="session")
def running_sample() -> Iterator[Service]:
    """Run the sample service for all tests."""
    with sample_service(START) as service:
        yield service


@pytest.fixture
def sample(running_sample: Service) -> Service:
    """Return the sample at the start of its script, without faults, recorded requests and counted limits."""
    running_sample.heal()
    running_sample.now, running_sample.latency, running_sample.age = START, 0.0, 0
    running_sample.seen.clear()
    running_sample.limits = Limits()
    return running_sample


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    """Share one session, whose connections stay open."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def ask(sample: Service, session: requests.Session) -> Ask:
    """Return a function that sends a GET with the key: (path, at=..., headers=..., **query)."""
    return make_ask(sample, session)
