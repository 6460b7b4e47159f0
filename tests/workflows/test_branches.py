"""Rehearsals in a repository whose default branch is not called main, and of pushes to other branches."""

import json

import pytest

from orarchive.sample import Service
from orarchive.timestamps import format_hour, format_stamp
from tests.support.rehearsals import NEXT, list_subjects, read_status, run_scrape
from tests.support.workflow_runner import WORKFLOWS, Repository, join_summaries, load_workflow, run_result

PUSHED = [path.name for path in WORKFLOWS if "push" in load_workflow(path.name)["on"]]
"""The workflows that a push starts."""


@pytest.fixture
def trunk(archive: Repository) -> Repository:
    """Return an archive of three good hours on the default branch `trunk`."""
    archive.git("branch", "--move", "main", "trunk")
    archive.default_branch = "trunk"
    return archive


@pytest.mark.parametrize("name", PUSHED)
def test_push_to_the_default_branch_runs_every_job(trunk: Repository, name: str) -> None:
    trunk.builds_site = False
    run = trunk.run(name, "push")
    assert {job.result for job in run.values()} == {"success"}


@pytest.mark.parametrize("name", PUSHED)
def test_push_to_another_branch_runs_no_job(trunk: Repository, name: str) -> None:
    """Skip every job, also where the other branch is called main."""
    for branch in ("main", "topic"):
        trunk.git("branch", branch, "trunk")
        run = trunk.start(load_workflow(name), "push", {}, branch)
        assert {job.result for job in run.values()} == {"skipped"}
    assert not trunk.site.exists()


@pytest.mark.parametrize("name", PUSHED)
def test_push_to_another_branch_drops_no_waiting_run(name: str) -> None:
    """Keep the runs of branches in groups of their own, for a group keeps only the newest that waits."""
    assert "${{ github.ref }}" in load_workflow(name)["concurrency"]["group"]


def test_hour_is_archived_on_the_default_branch_and_published(service: Service, trunk: Repository) -> None:
    run = run_scrape(service, trunk, NEXT)
    assert run_result(run) == "success", join_summaries(run)
    assert list_subjects(trunk)[0] == f"{format_hour(NEXT)}: no change"
    assert read_status(trunk)["as_of"] == format_stamp(NEXT)
    assert trunk.git("branch", "--list", "main") == ""


@pytest.mark.parametrize("name", ["publish.yml", "test.yml"])
def test_workflow_is_started_by_hand(trunk: Repository, name: str) -> None:
    trunk.builds_site = False
    run = trunk.run(name, "workflow_dispatch")
    assert {job.result for job in run.values()} == {"success"}


def test_locks_are_proposed_for_the_default_branch(trunk: Repository) -> None:
    trunk.commands["make"] = "echo >> requirements/run.lock"
    assert run_result(trunk.run("locks.yml")) == "success"
    (pull,) = json.loads(trunk.pulls.read_text())
    assert (pull["head"], pull["base"]) == ("locks", "trunk")
