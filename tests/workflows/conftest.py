"""Repositories for the rehearsals of workflows: a fork without hours, and an archive of three hours."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orarchive.sample import START, Service, sample_service
from tests.support.archives import HOUR, build_payloads
from tests.support.rehearsals import clone_writer, commit_code, compile_code, serve
from tests.support.shared import copy_shared
from tests.support.workflow_runner import Repository


@pytest.fixture(scope="session")
def running_service() -> Iterator[Service]:
    """Run a service for all rehearsals."""
    with sample_service(START) as service:
        yield service


@pytest.fixture
def service(running_service: Service) -> Service:
    """Return the service without faults and with few models, so that runs are quick."""
    running_service.heal()
    serve(running_service, build_payloads(START))
    return running_service


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bare repository of the code."""
    return commit_code(tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="session")
def three_hours(code: Path, running_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bare repository of the code and three good hours, rankings of the day among them."""
    folder = tmp_path_factory.mktemp("hours")
    shutil.copytree(code, folder / "remote.git")
    running_service.heal()
    serve(running_service, build_payloads(START))
    writer = clone_writer(running_service, Repository(folder, running_service.base_url, START), folder)
    for number in range(3):
        running_service.now = START + number * HOUR
        assert writer.run(running_service.now, push=True, rankings=True) == 0
    return folder / "remote.git"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the machines of all rehearsals share, with the code compiled."""
    folder, _ = copy_shared(tmp_path_factory, "installed", lambda folder: compile_code(folder / "compiled"))
    return folder


@pytest.fixture
def fork(code: Path, service: Service, installed: Path, tmp_path: Path) -> Repository:
    """Return a fork of the code without hours, with Actions and Pages enabled, as OPERATIONS.md says."""
    shutil.copytree(code, tmp_path / "remote.git")
    return Repository(tmp_path, service.base_url, START, installed=installed)


@pytest.fixture
def archive(three_hours: Path, service: Service, installed: Path, tmp_path: Path) -> Repository:
    """Return an archive of three good hours, whose runs make no Parquet files."""
    shutil.copytree(three_hours, tmp_path / "remote.git")
    return Repository(tmp_path, service.base_url, START, makes_tables=False, installed=installed)
