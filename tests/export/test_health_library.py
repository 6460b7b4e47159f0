"""Raw health in the library: an archive, its site and a file of a month say the same."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orarchive
from orarchive.export.health_table import MonthOfHealth
from orarchive.export.manifest import MANIFEST_NAME, Manifest
from orarchive.export.schemas import HEALTH
from orarchive.export.thinning import thin_health
from orarchive.jsonl import loads
from orarchive.publish.pages import DATABASE
from orarchive.queries import sources
from orarchive.queries.endpoint_health import EndpointHealth
from orarchive.queries.health_attempts import HealthAttempt, HealthReading
from orarchive.queries.sources import find_asset_address
from orarchive.store.archive import open_archive
from orarchive.timestamps import DAY
from tests.support.archives import read_git
from tests.support.browser import serve_site
from tests.support.export_archives import HalfYear, read_rows


def sort(readings: Iterator[EndpointHealth]) -> list[EndpointHealth]:
    """Return readings in an order of their own: git has them by hour, a file by endpoint."""
    return sorted(readings, key=lambda entry: (entry.model, entry.tag, entry.n, entry.hour, entry.attempt))


@pytest.fixture(scope="module")
def months(manifest: Manifest) -> list[str]:
    """Return the months with health."""
    return [entry.period for entry in manifest.files if entry.table == HEALTH.name]


@pytest.fixture(scope="module")
def expected(half_year: HalfYear, months: list[str]) -> list[EndpointHealth]:
    """Return the readings of the last month from git."""
    with orarchive.open(half_year.archive.root) as archive:
        return sort(archive.health(months[-1]))


@pytest.fixture
def site(half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path) -> Path:
    """Return the folder of a site that has raw health."""
    with orarchive.open(half_year.archive.root) as archive:
        (tmp_path / "site").mkdir()
        shutil.copy(archive.path, tmp_path / "site" / DATABASE)
    shutil.copytree(out, tmp_path / "site" / "parquet")
    return tmp_path / "site"


def test_git_and_files_say_the_same(
    half_year: HalfYear, out: Path, manifest: Manifest, months: list[str]
) -> None:
    count = 0
    with orarchive.open(half_year.archive.root) as archive:
        for month in months:
            readings = sort(archive.health(month))
            assert readings == sort(archive.health(month, out / HEALTH.build_path(month)))
            count += len(readings)
    rows = read_rows(out, manifest, HEALTH.name)
    assert count == len(rows)
    assert any(row["extra"] for row in rows)


def test_values_that_fit_no_type_are_the_same_in_git_and_files() -> None:
    percentiles = {"p50": 1, "p75": 2.5, "p90": None, "p99": 4}
    values: dict[str, list[Any]] = {
        "status": [True, loads("1.5"), "0", 2**63, 7],
        "uptime_last_5m": [loads("99.12345678901234567890"), 2**53 + 1, "all", loads("99.50"), 3],
        "latency_last_30m": [
            {**percentiles, "p99": loads("4.12345678901234567890")},
            {**percentiles, "p95": 3},
            dict.fromkeys(percentiles),
            {**percentiles, "p99": "slow"},
            percentiles,
        ],
        "novel": [{"deep": loads("1.10")}, None, None, None, 0],
    }
    keys = [("a/\ud800", "t/\udfff", n) for n in range(5)]
    attempt = HealthAttempt("2026-06-01T00:00:00Z", 1, "c", frozenset())
    reading = HealthReading(attempt, keys, values, [True, False, None, True, True])
    month = MonthOfHealth()
    month.add(reading)
    (group,) = month.list_row_groups(5)
    records = (dict(zip(values, column, strict=True)) for column in zip(*values.values(), strict=True))
    assert [EndpointHealth.from_row(row) for row in group.to_pylist()] == [
        EndpointHealth.from_record(reading, position, record) for position, record in enumerate(records)
    ]


def test_a_site_has_the_months_that_it_publishes(
    site: Path, months: list[str], expected: list[EndpointHealth], tmp_path: Path
) -> None:
    path = site / "parquet" / HEALTH.build_path(months[-1])
    with serve_site(site) as address, orarchive.open(address, tmp_path / "cache") as archive:
        assert sort(archive.health(months[-1])) == expected
        with pytest.raises(orarchive.NotCoveredError, match=r"no raw health of 2025-01; its Parquet file"):
            archive.health("2025-01")
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(orarchive.ArchiveError, match="is not the file that its manifest names"):
            archive.health(months[-1])
        (site / "parquet" / MANIFEST_NAME).write_text("{}")
        with pytest.raises(orarchive.ArchiveError, match="is no manifest of an export"):
            archive.health(months[-1])


def test_a_month_is_taken_from_the_release_of_the_repository(
    site: Path,
    months: list[str],
    expected: list[EndpointHealth],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (site / "parquet" / MANIFEST_NAME).unlink()
    shutil.move(site / "parquet" / HEALTH.build_path(months[-1]), site / "asset.parquet")
    with serve_site(site) as address, orarchive.open(address, tmp_path / "cache") as archive:
        with pytest.raises(orarchive.NotCoveredError, match=rf"health\('{months[-1]}', FILE\)"):
            archive.health(months[-1])
        assert sort(archive.health(months[-1], f"{address}/asset.parquet")) == expected
        monkeypatch.setattr(sources, "find_asset_address", lambda *_: f"{address}/asset.parquet")
        assert sort(archive.health(months[-1])) == expected
    monkeypatch.undo()
    for site_address, repository in (("a.github.io/b/", "a/b"), ("a.github.io/", "a/a.github.io")):
        asset = f"https://github.com/{repository}/releases/download/health-months/health-2026-06.parquet"
        assert find_asset_address(f"https://{site_address}", "2026-06") == asset
    assert find_asset_address("https://example.org/archive/", "2026-06") is None


def test_a_database_alone_has_no_raw_health(site: Path, out: Path, months: list[str]) -> None:
    with orarchive.open(site / DATABASE) as archive:
        with pytest.raises(orarchive.NotCoveredError, match="has no raw health of"):
            archive.health(months[0])
        with pytest.raises(orarchive.NotCoveredError, match=f"has the health of {months[1]}, not of"):
            archive.health(months[0], out / HEALTH.build_path(months[1]))
        with pytest.raises(orarchive.ArchiveError, match="is no file of health"):
            archive.health(months[0], site / DATABASE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            with pytest.raises(orarchive.ArchiveError, match=r"takes pyarrow: pip install .*\[parquet\]"):
                archive.health(months[0], out / HEALTH.build_path(months[0]))


def test_health_that_is_not_here_says_what_to_do(
    half_year: HalfYear, months: list[str], expected: list[EndpointHealth], tmp_path: Path
) -> None:
    read_git(tmp_path, "clone", "--quiet", f"file://{half_year.archive.root}", "clone")
    read_git(tmp_path / "clone", "branch", "health", "origin/health")
    read_git(tmp_path / "clone", "remote", "remove", "origin")
    thin_health(open_archive(tmp_path / "clone"), tmp_path / "export", DAY)
    read_git(tmp_path, "clone", "--quiet", "--single-branch", f"file://{half_year.archive.root}", "small")
    with orarchive.open(tmp_path / "clone") as archive, orarchive.open(tmp_path / "small") as small:
        assert sort(archive.health(months[-1])) == expected
        with pytest.raises(orarchive.NotCoveredError, match="was cut off; its Parquet file"):
            archive.health(months[0])
        with pytest.raises(orarchive.NotCoveredError, match=r"git fetch origin \+health:health brings it"):
            small.health(months[0])
        with pytest.raises(orarchive.NotCoveredError, match=f"it was read from {months[0]} to {months[-1]}"):
            archive.health("2020-01")
