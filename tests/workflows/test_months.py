"""Rehearsals of months.yml, which releases the closed months of health."""

import shutil

import pyarrow.parquet as pq

from orarchive.export.schemas import HEALTH
from orarchive.sample import START, Service
from tests.support.archives import DAY, build_payloads, edit_records
from tests.support.rehearsals import clone_writer, serve
from tests.support.workflow_runner import Repository, join_summaries, run_result

FIRST, SECOND = "health-2026-06.parquet", "health-2026-07.parquet"


def archive_hour(service: Service, archive: Repository, days: int) -> None:
    """Archive and push an hour some days after the first."""
    service.now = START + days * DAY
    shutil.rmtree(archive.home / "writer", ignore_errors=True)
    serve(service, edit_records(build_payloads(START), f"{days}"))
    assert clone_writer(service, archive, archive.home).run(service.now, push=True) == 0


def list_assets(archive: Repository) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.releases.glob("health-months/*")}


def test_closed_months_are_released_once(service: Service, archive: Repository) -> None:
    """A month has its file when an hour of the next one is archived; it is never replaced."""
    run = archive.run("months.yml")
    assert run_result(run) == "success", [step.printed for step in run["release"].steps]
    assert list_assets(archive) == {}
    archive_hour(service, archive, 31)
    run = archive.run("months.yml")
    assert run_result(run) == "success", [step.printed for step in run["release"].steps]
    assert join_summaries(run) == f"Released {FIRST}.\n"
    first = list_assets(archive)
    assert first.keys() == {FIRST, f"{FIRST}.sha256"}
    table = pq.ParquetFile(archive.releases / "health-months" / FIRST)
    assert table.schema_arrow.equals(HEALTH.schema)
    assert table.metadata.num_rows > 3
    archive_hour(service, archive, 61)
    assert join_summaries(archive.run("months.yml")) == f"Released {SECOND}.\n"
    second = list_assets(archive)
    assert second.keys() - first.keys() == {SECOND, f"{SECOND}.sha256"}
    assert {name: second[name] for name in first} == first
    assert join_summaries(archive.run("months.yml")) == ""


def test_a_release_that_cannot_be_read_is_a_failure(archive: Repository) -> None:
    """A list that fails must not count as an empty one: every month would be made again."""
    archive.commands["gh"] = "exit 1"
    run = archive.run("months.yml")
    assert run_result(run) == "failure"
    assert [step.name for step in run["release"].steps if step.outcome == "failure"] == [
        "List the months that are released"
    ]


def test_without_hours_there_is_nothing_to_release(fork: Repository) -> None:
    run = fork.run("months.yml")
    assert run_result(run) == "success"
    assert "No hour is archived yet" in join_summaries(run)
    assert not fork.releases.exists()
