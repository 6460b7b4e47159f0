"""Fixtures of all tests: an identity for git, an environment without settings, services and archives."""

import atexit
import datetime as dt
import gc
import os
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from orarchive.domain.feeds import DIRECT_FEEDS
from orarchive.importer.convert import import_versions
from orarchive.importer.report import ImportResult
from orarchive.index.database import open_index
from orarchive.sample import START, Service
from orarchive.store.archive import open_archive
from tests.support import requirements, verifying
from tests.support.archives import (
    DAY,
    HOUR,
    Stage,
    build_payloads,
    edit_records,
    make_archive,
    make_responder,
)
from tests.support.bundles import TWO_YEARS
from tests.support.histories import NewCommit, Tables, list_commits, read_tables
from tests.support.recordings import Whole
from tests.support.replays import HOURS, SixHours
from tests.support.requirements import LEFT_OUT
from tests.support.shared import copy_shared

# Nothing here is timed: a slow machine is no failure.
hypothesis.settings.register_profile("untimed", hypothesis.settings.get_profile("default"), deadline=None)
hypothesis.settings.load_profile("untimed")

PROJECT_VARIABLES = (
    "ARCHIVE_CACHE",
    "ARCHIVE_CONTACT_URL",
    "ARCHIVE_DIR",
    "ARCHIVE_LATENCY",
    "ARCHIVE_BENCHMARK",
)
REMOVED_PREFIXES = (
    *("GIT_", "OPENROUTER_", "SYNC_", "PYTHONDONTWRITEBYTECODE", *PROJECT_VARIABLES),
    *(feed.variable_prefix + "_" for feed in DIRECT_FEEDS),
)
"""Beginnings of environment variables that no test may see: with PYTHONDONTWRITEBYTECODE every command that a
test starts would compile the package anew."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Use four workers more than there are cores, for half of the time they wait for browsers and pauses."""
    return (os.cpu_count() or 1) + 4


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, which took a third of the time, and for less afterwards.

    There is little: with Python's own threshold of 700 objects the search takes 4% of a test's time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.set_threshold(20_000)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the machine's git configuration, and the project's settings in the environment."""
    folder = tmp_path_factory.mktemp("git")
    config, template = folder / "config", folder / "template"
    template.mkdir()
    # Tests kill programs, not machines: git need not wait until the disk has what it writes. A new repository
    # gets no examples of hooks, which thousands of copies would hold.
    config.write_text(
        "[user]\n\tname = Test\n\temail = test@example.org\n[gc]\n\tauto = 0\n"
        f"[core]\n\tfsync = none\n[init]\n\ttemplateDir = {template}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(REMOVED_PREFIXES):
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    """Run a service for all tests of a module; `stage` sets what it serves."""
    with Service(make_responder({})) as service:
        yield service


@pytest.fixture
def stage(running: Service, tmp_path: Path) -> Stage:
    """Return a healthy service with a few models of the first sample hour, and an archive without hours."""
    running.heal()
    running.now, running.latency, running.age = START, 0.0, 0
    running.seen.clear()
    stage = Stage(running, make_archive(tmp_path / "archive"))
    stage.serve(build_payloads(START))
    return stage


@pytest.fixture(scope="module")
def two_hours(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Return an archive of two hours, which tests copy and do not change."""
    running.heal()
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("hours") / "archive"))
    for number in range(2):
        stage.serve(edit_records(build_payloads(START), f"{number}"))
        assert stage.run(START + number * HOUR) == 0
    return stage


@pytest.fixture(scope="session")
def shared_six_hours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[NewCommit], Tables]:
    """Return the folder of an archive of six hours, its commits and the tables of its index.

    Each hour has the records of a week later. Tests do not change it.
    """

    def make(folder: Path) -> tuple[list[NewCommit], Tables]:
        with Service(make_responder({})) as service:
            stage = Stage(service, make_archive(folder))
            for number, hour in enumerate(HOURS):
                stage.serve(build_payloads(START + 7 * number * DAY))
                assert stage.run(hour) == 0
        return list_commits(stage.archive), read_tables(stage.archive)

    folder, (commits, tables) = copy_shared(tmp_path_factory, "six-hours", make)
    return folder, commits, tables


@pytest.fixture(scope="module")
def six_hours(running: Service, shared_six_hours: tuple[Path, list[NewCommit], Tables]) -> SixHours:
    """Return the archive of six hours with the service of the module; tests do not change it."""
    folder, commits, tables = shared_six_hours
    return SixHours(Stage(running, folder), commits, tables)


@pytest.fixture(scope="session")
def three_hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return an archive of three hours, with one missing before the last; tests do not change it."""
    with Service(make_responder({})) as service:

        def make(folder: Path) -> None:
            stage = Stage(service, make_archive(folder))
            for hour, word in zip(verifying.HOURS, ("one", "two", "three"), strict=True):
                stage.serve(edit_records(build_payloads(START), word))
                assert stage.run(hour) == 0

        folder, _ = copy_shared(tmp_path_factory, "three-hours", make)
        stage = Stage(service, folder)
        stage.serve(edit_records(build_payloads(START), "three"))
        yield stage


@pytest.fixture(scope="session")
def hour_commits(three_hours: Stage) -> list[NewCommit]:
    """Return the commits of the three hours: two of the first hour, then one an hour."""
    commits = list_commits(three_hours.archive)
    assert [commit.message.partition(":")[0] for commit in commits] == [
        *["2026-06-01T00Z"] * 2,
        *["2026-06-01T01Z", "2026-06-01T03Z"],
    ]
    return commits


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of an archive without commits."""
    return make_archive(tmp_path / "archive")


@pytest.fixture(scope="session")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Return the archive of 20 months of recordings with its index, made in 30 s: no test may change it."""
    bundle, path = requirements.find_recordings() / TWO_YEARS[0], TWO_YEARS[1]
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)

    def make(folder: Path) -> ImportResult:
        archive = open_archive(make_archive(folder))
        imported = import_versions(archive, str(bundle), path, now)
        with open_index(archive):
            return imported

    folder, imported = copy_shared(tmp_path_factory, "two-years", make)
    return Whole(open_archive(folder), imported)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print as the last line which tests were left out for want of a tool or of data."""
    reasons = Counter(
        str(report.longrepr[2]).partition(f"{LEFT_OUT}: ")[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and LEFT_OUT in str(report.longrepr[2])
    )
    if reasons:
        summary = "; ".join(f"{count} tests ({reason})" for reason, count in reasons.items())
        atexit.register(print, f"Left out: {summary}. REQUIRE_ALL=1 makes this a failure.")


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Collect no cyclic garbage during a test that reaches the recursion limit.

    A finalizer that runs there fails with a RecursionError of its own, which pytest reports as the test's.
    """
    gc.disable()
    yield
    gc.enable()
