"""Archives of recorded data: 943 versions over 20 months, 20 over five days, and lists with a wider scope."""

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.importer import report
from orarchive.importer.convert import import_versions
from orarchive.index.database import open_index
from orarchive.sample import Service
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support import requirements
from tests.support.all_readers import ask_at
from tests.support.archives import make_archive
from tests.support.browser import build_site
from tests.support.bundles import FIVE_DAYS, TWO_YEARS
from tests.support.naive_versions import Version, read_versions
from tests.support.recorders import commit_recording
from tests.support.recordings import DAYS, Recordings, Whole, archive_hour
from tests.support.shared import copy_shared
from tests.support.wide_lists import WIDE_LISTS, read_wide_list

# Comparisons of long lists say where they differ.
pytest.register_assert_rewrite("tests.support.agreement")

NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def two_years_versions(tmp_path_factory: pytest.TempPathFactory) -> list[Version]:
    """Return all versions of 20 months."""
    return read_versions(*TWO_YEARS, tmp_path_factory.mktemp("two-years-versions"))


@pytest.fixture(scope="session")
def two_years_index(two_years: Whole) -> Iterator[sqlite3.Connection]:
    """Yield a connection to the index of 20 months."""
    with open_index(two_years.archive) as db:
        yield db


@pytest.fixture(scope="session")
def out(two_years: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site of 20 months with two more days; `archive` beside it is its archive."""

    def make(folder: Path) -> None:
        # A copy has the index, which the site would read all hours again for.
        shutil.copytree(two_years.archive.root, folder / "archive", symlinks=True)
        recordings = Recordings(requirements.find_recordings(), folder / "scratch")
        with Service(recordings.respond) as service:
            for day in DAYS[-2:]:
                recordings.stand_at(day)
                archive_hour(folder / "archive", service, f"{day}T06Z")
        build_site(folder / "archive", folder / "site", "--base-url", "https://example.org/archive/")

    folder, _ = copy_shared(tmp_path_factory, "two-years-site", make)
    return folder / "site"


@pytest.fixture(scope="session")
def august_versions(tmp_path_factory: pytest.TempPathFactory) -> list[Version]:
    """Return all versions of five days in August, in which time-of-day prices began."""
    return read_versions(*FIVE_DAYS, tmp_path_factory.mktemp("august-versions"))


@pytest.fixture(scope="session")
def august_archive(tmp_path_factory: pytest.TempPathFactory, august_versions: list[Version]) -> Archive:
    """Return the archive of these five days, imported by the command line."""
    root = make_archive(tmp_path_factory.mktemp("august") / "archive")
    bundle, path = requirements.find_recordings() / FIVE_DAYS[0], FIVE_DAYS[1]
    printed = json.loads(ask_at(root, "import", str(bundle), "--path", path, "--json").stdout)
    times = [version["time"] for version in printed["versions"]]
    assert times == [f"{version.time:%Y-%m-%dT%H:%M:%SZ}" for version in august_versions]
    assert {version["became"] for version in printed["versions"]} == {"written"}
    return open_archive(root)


@pytest.fixture(scope="session")
def august_index(august_archive: Archive) -> Iterator[sqlite3.Connection]:
    """Yield a connection to the index of five days in August."""
    with open_index(august_archive) as db:
        yield db


@pytest.fixture(scope="session")
def five_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Return an archive of five days of recordings with endpoints, and what was served in each hour."""

    def make(folder: Path) -> dict[str, Any]:
        make_archive(folder)
        recordings = Recordings(requirements.find_recordings(), tmp_path_factory.mktemp("history"))
        served = {}
        with Service(recordings.respond) as service:
            for day in DAYS:
                recordings.stand_at(day)
                archive_hour(folder, service, f"{day}T06Z")
                served[f"{day}T06Z"] = (recordings.models, recordings.providers, recordings.endpoints)
        return served

    return copy_shared(tmp_path_factory, "five-days", make)


@pytest.fixture(scope="session")
def narrowed_archive(august_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return the archive of these five days with two wider lists, 11 days older, as an imported past."""
    folder = tmp_path_factory.mktemp("narrowed")
    run_git(folder, "clone", "--quiet", str(august_archive.root), "archive")
    recorder = make_archive(folder / "recorder")
    for name in WIDE_LISTS:
        wide_list = read_wide_list(name)
        commit_recording(recorder, "models.json", wide_list.body, wide_list.time)
    archive = open_archive(folder / "archive")
    scope = "models?output_modalities=all"
    imported = import_versions(archive, str(recorder), "models.json", NOW, name="wide", scope=scope)
    assert (imported.branch, report.count_outcomes(imported)) == ("past/wide", {"written": 2})
    return archive
