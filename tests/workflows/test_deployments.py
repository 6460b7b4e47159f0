"""Rehearsals of when publish.yml deploys: not for the clock alone, and never more than ten times an hour."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from orarchive.export.manifest import read_manifest
from orarchive.publish.deployment import QUIET_SPAN, compute_pause, is_due
from orarchive.sample import START, Service
from orarchive.timestamps import format_stamp
from tests.support.archives import HOUR, build_payloads, edit_records
from tests.support.rehearsals import NEXT, list_subjects, read_status, run_scrape, serve
from tests.support.workflow_runner import Repository, join_summaries, run_result

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def published_files(
    three_hours: Path, running_service: Service, installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of an archive whose last hour is on the site; tests copy it."""
    home = tmp_path_factory.mktemp("published")
    shutil.copytree(three_hours, home / "remote.git")
    running_service.heal()
    serve(running_service, build_payloads(START))
    archive = Repository(home, running_service.base_url, START, makes_tables=False, installed=installed)
    assert run_result(run_scrape(running_service, archive, NEXT)) == "success"
    assert read_status(archive)["as_of"] == format_stamp(NEXT)
    assert not (archive.site / "parquet").exists()
    shutil.rmtree(home / "work")
    return home


@pytest.fixture
def published(published_files: Path, service: Service, installed: Path, tmp_path: Path) -> Repository:
    """Return an archive whose last hour is on the site."""
    shutil.copytree(published_files, tmp_path, dirs_exist_ok=True)
    return Repository(tmp_path, service.base_url, NEXT, makes_tables=False, installed=installed, runs=1)


def test_quiet_hour_is_archived_and_not_deployed(service: Service, published: Repository) -> None:
    """Leave the site as it is for six hours, if nothing changed but the clock; then it would look stopped."""
    # From 10:00 to 01:00 UTC no time-of-day price of the sample changes.
    begin = NEXT.replace(hour=11)
    # From the sixth reading of a day on the site says what is degraded.
    for hour in (begin - HOUR, begin):
        assert run_scrape(service, published, hour)["publish / deploy"].result == "success"
    run = run_scrape(service, published, begin + QUIET_SPAN - HOUR)
    assert run_result(run) == "success"
    assert run["publish / deploy"].result == "skipped"
    assert "Nothing changed but the clock" in join_summaries(run)
    assert len(list_subjects(published)) == len({*list_subjects(published)}), "each hour has its commit"
    assert read_status(published)["as_of"] == format_stamp(begin)
    run = run_scrape(service, published, begin + QUIET_SPAN)
    assert run["publish / deploy"].result == "success"
    assert read_status(published)["as_of"] == format_stamp(begin + QUIET_SPAN)


def test_hour_that_changed_is_deployed(service: Service, published: Repository) -> None:
    """Deploy a change at once, and again when it is taken back."""
    bodies = build_payloads(START)
    for hour, served in ((NEXT + HOUR, edit_records(bodies, "second")), (NEXT + 2 * HOUR, bodies)):
        serve(service, served)
        assert run_scrape(service, published, hour)["publish / deploy"].result == "success"
        assert read_status(published)["as_of"] == format_stamp(hour)


def test_hour_that_failed_is_deployed(service: Service, published: Repository) -> None:
    """Say on the site that a feed is not good, and that it is good again."""
    service.fail("providers", "404")
    run_scrape(service, published, NEXT + HOUR)
    assert read_status(published)["last_run"]["not_good"] == ["providers"]
    service.heal()
    serve(service, build_payloads(START))
    run_scrape(service, published, NEXT + 2 * HOUR)
    assert read_status(published)["last_run"]["not_good"] == []


@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_push_of_code_and_a_run_by_hand_are_deployed(published: Repository, event: str) -> None:
    """Deploy without a comparison, for code may have changed what the digest leaves out."""
    (published.site / "index.html").unlink()
    published.makes_tables = True
    assert run_result(published.run("publish.yml", event)) == "success"
    assert (published.site / "index.html").exists()
    tables = read_manifest(published.site / "parquet")
    assert tables
    names = {entry.table for entry in tables.files if (published.site / "parquet" / entry.path).is_file()}
    assert {"models", "prices", "coverage", "health_days"} <= names
    assert "health" not in names, "raw health is released by months.yml"
    index = json.loads((published.site / "api/v1/index.json").read_text())
    assert len(index["data"]["parquet"]) == len(tables.files)


def test_another_site_at_the_address_is_replaced(service: Service, published: Repository) -> None:
    (published.site / "api/v1/status.json").write_text("<html>")
    assert run_scrape(service, published, NEXT + HOUR)["publish / deploy"].result == "success"


BUILT = {"data": {"digest": "a"}, "as_of": format_stamp(NEXT)}


@pytest.mark.parametrize(
    ("deployed", "is_worth_it"),
    [
        (BUILT, False),
        ({**BUILT, "data": {"digest": "b"}}, True),
        ({**BUILT, "as_of": format_stamp(NEXT - QUIET_SPAN + HOUR)}, False),
        ({**BUILT, "as_of": format_stamp(NEXT - QUIET_SPAN)}, True),
        # a later one, as after a rewritten branch
        ({**BUILT, "as_of": format_stamp(NEXT + HOUR)}, True),
        # another site at the address
        (None, True),
        ([], True),
        ({"as_of": format_stamp(NEXT)}, True),
        # a site of an older version
        ({"digest": "a", "as_of": format_stamp(NEXT)}, True),
    ],
)
def test_what_is_worth_a_deployment(deployed: object, is_worth_it: bool) -> None:
    content = b"" if deployed is None else json.dumps(deployed).encode()
    assert is_due(content, json.dumps(BUILT).encode()) == is_worth_it


def test_deployment_waits_until_the_last_one_is_six_minutes_old(archive: Repository) -> None:
    """Fails without the right to read deployments."""
    archive.builds_site = False
    pauses = archive.home / "pauses"
    archive.commands["sleep"] = f'echo "$1" >> {pauses}'
    for minutes in (0, 0, 4, 10):
        archive.now = NEXT + minutes * MINUTE
        assert run_result(archive.run("publish.yml", "push")) == "success"
    assert pauses.read_text().split() == ["0", "360", "120", "0"]


def test_no_hour_has_more_than_ten_deployments() -> None:
    """Push code every minute; a run that waits takes the place of one that waits already."""
    now, deployed = START, [START]
    while now < START + 5 * HOUR:
        now += MINUTE
        now += dt.timedelta(seconds=compute_pause(format_stamp(deployed[-1]), now))
        deployed.append(now)
    for moment in deployed:
        assert sum(moment <= other < moment + HOUR for other in deployed) <= 10


def test_pause_is_short_though_a_clock_is_wrong() -> None:
    assert compute_pause(format_stamp(START + 9 * HOUR), START) == 360
    assert compute_pause("", START) == 0
