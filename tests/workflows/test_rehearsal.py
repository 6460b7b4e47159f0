"""Rehearsals of scrape.yml and publish.yml: their scripts run as on GitHub, with a local service."""

import datetime as dt
import random
import shutil
from pathlib import Path

import pytest

from orarchive.sample import START, Service
from orarchive.timestamps import format_hour, format_stamp
from tests.support.archives import FEW, HOUR, Stage, build_payloads
from tests.support.rehearsals import (
    KEY,
    NEXT,
    list_subjects,
    read_status,
    run_scrape,
    serve,
)
from tests.support.workflow_runner import (
    WORKFLOWS,
    Repository,
    join_summaries,
    load_workflow,
    load_yaml,
    run_result,
)

MINUTE = dt.timedelta(minutes=1)
REMOVED_MODEL = FEW[-1]


# The emulator

STEPS = """
name: Try
on: {push: {}}
defaults: {run: {shell: bash}}
jobs:
  try:
    permissions: {}
    outputs: {word: "${{ steps.say.outputs.word }}"}
    steps:
      - {name: Say, id: say, run: 'echo word=$B >> "$GITHUB_OUTPUT"', env: {B: text}}
      - name: Fail
        run: echo ${KEY-none} | tee "$GITHUB_STEP_SUMMARY"; false | true; echo not reached
      - {name: Skipped, run: exit 1}
      - {name: Last, if: always(), run: '[ "$KEY" = "a secret" ]', env: {KEY: "${{ secrets.KEY }}"}}
  after: {needs: try, permissions: {}, steps: []}
  always:
    needs: try
    permissions: {}
    if: ${{ !cancelled() && needs.try.outputs.word == 'text' }}
    steps: []
"""


def test_a_job_runs_as_on_github(fork: Repository) -> None:
    """Steps run in order with their own variables until one fails; a job that needs it is skipped then."""
    fork.secrets = {"KEY": "a secret"}
    run = fork.start(load_yaml(STEPS), "push", {})
    assert [step.outcome for step in run["try"].steps] == ["success", "failure", "skipped", "success"]
    assert run["try"]["Fail"].printed == join_summaries(run) == "none\n"
    assert run["try"].outputs == {"word": "text"}
    assert [run[name].result for name in run] == ["failure", "skipped", "success"]
    assert run_result(run) == "failure"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_step_of_every_workflow_runs(service: Service, archive: Repository, path: Path) -> None:
    """On an archive of good hours every step succeeds and none is skipped.

    Fails, for example, with a target of make or a path of a lock file that does not exist.
    """
    service.now = archive.now = NEXT
    archive.makes_tables = True
    event = "schedule" if "schedule" in load_workflow(path.name)["on"] else "workflow_dispatch"
    run = archive.run(path.name, event)
    steps = [step for job in run.values() for step in job.steps]
    failed = [step for step in steps if step.outcome == "failure"]
    assert not failed, failed[0].printed
    assert not [step.name for step in steps if step.outcome == "skipped"]
    assert {job.result for job in run.values()} == {"success"}


# Hours


def test_a_fork_set_up_as_operations_says(service: Service, fork: Repository) -> None:
    """A fork with Actions and Pages, and Scrape started by hand, gives data, a site and a correct status.

    No key is needed. Fails without the identity of commits and without any one of the rights of the jobs.
    """
    run = run_scrape(service, fork, START + 23 * MINUTE, force=False)
    assert run_result(run) == "success", join_summaries(run)
    *later, first, code = list_subjects(fork)
    assert code == "The code"
    assert first.startswith(f"{format_hour(START)}: first record of 10 models, 26 endpoints")
    hours = [subject.partition(":")[0] for subject in later]
    assert hours == [format_hour(START)] * 2, "one for the daily feeds, one for the rankings"
    author = fork.git("log", "-1", "--format=%cn|%aI", "main")
    assert author == f"github-actions[bot]|{format_stamp(START).replace('Z', '+00:00')}"
    assert not any("Authorization" in request.headers for request in service.seen)
    status = read_status(fork)
    assert (status["as_of"], status["last_run"]["hour"]) == (format_stamp(START), format_stamp(START))
    assert (status["last_run"]["outcome"], status["last_run"]["not_good"]) == ("ok", [])
    assert status["last_run"]["started"] == format_stamp(START + 23 * MINUTE)
    assert status["last_run"]["records"]["models"] == status["totals"]["models"] == 10
    assert status["complete"] == {"24": 1, "168": 1, "720": 1}
    assert {feed["last_good"] for feed in status["feeds"].values()} == {format_stamp(START)}
    assert "https://someone.example/archive/models/" in (fork.site / "sitemap.xml").read_text()


def test_a_fork_of_code_alone_has_nothing_to_publish(fork: Repository) -> None:
    """A push of code before the first hour succeeds without a deployment.

    Fails without the condition on hours in the `if` of deploy.
    """
    run = fork.run("publish.yml", "push")
    assert {name: job.result for name, job in run.items()} == {"build": "success", "deploy": "skipped"}
    assert join_summaries(run) == "No hour is archived yet, so there is no site to publish.\n"
    assert not fork.site.exists()


def test_an_hour_with_changes_and_a_repeated_tick(service: Service, archive: Repository) -> None:
    """The hour is committed and published; later runs in it fetch, commit and publish nothing.

    Fails without the condition on a commit in the `if` of publish.
    """
    bodies = build_payloads(START)
    rows = [row for row in bodies["models"]["data"] if row["id"] != REMOVED_MODEL]
    bodies["models"]["data"] = rows
    bodies["models"]["total_count"] = bodies["models/count"]["data"]["count"] = len(rows)
    serve(service, bodies)
    run = run_scrape(service, archive, NEXT + 7 * MINUTE)
    summary = join_summaries(run)
    assert run_result(run) == "success", summary
    assert list_subjects(archive)[0] == f"{format_hour(NEXT)}: 1 missing"
    assert "Scrape: **success**\n" in summary
    assert "    Synced 9 models\n" in summary
    assert f"Pushed:\n\n    {format_hour(NEXT)}: 1 missing\n" in summary
    status = read_status(archive)
    assert (status["last_run"]["models_missing"], status["complete"]["24"]) == (1, 4)

    tip = archive.tip()
    shutil.rmtree(archive.site)
    for minute in (23, 53):
        run = run_scrape(service, archive, NEXT + minute * MINUTE)
        assert {name: job.result for name, job in run.items()} == {"scrape": "success", "publish": "skipped"}
        assert service.seen == []
        assert archive.tip() == tip
        assert "Scrape: **success**\n" in join_summaries(run)
        end = f"    Nothing due at {format_hour(NEXT)}\n\nNothing new was pushed.\n"
        assert join_summaries(run).endswith(end)
    assert not archive.site.exists(), "it was not published again"


def test_a_feed_that_failed_is_repaired_by_a_later_tick(service: Service, archive: Repository) -> None:
    """The good feeds are pushed and published although the run fails; the refused payload is an artifact.

    A run within the half hour fetches nothing; the next one fetches only the missing feed. Fails without
    always() at either of the steps after the scrape, or !cancelled() at publish, or at its build.
    """
    service.fail("providers", "empty")
    run = run_scrape(service, archive, NEXT + 7 * MINUTE)
    assert {name: job.result for name, job in run.items()} == {
        "scrape": "failure",
        "publish": "success",
        "publish / build": "success",
        "publish / deploy": "success",
    }
    assert list_subjects(archive)[0] == f"{format_hour(NEXT)}: no change; not good: providers"
    assert "Scrape: **failure**\n" in join_summaries(run)
    assert "    Sync failed: providers (empty)\n" in join_summaries(run)
    assert read_status(archive)["last_run"]["not_good"] == ["providers"]
    assert [path.name for path in (archive.artifacts / "quarantine-1").rglob("*.*")]

    service.heal()
    tip = archive.tip()
    assert run_result(run_scrape(service, archive, NEXT + 23 * MINUTE)) == "success"
    assert (service.seen, archive.tip()) == ([], tip)
    run = run_scrape(service, archive, NEXT + 53 * MINUTE)
    assert run_result(run) == "success", join_summaries(run)
    assert [path for path, _status in service.requests] == ["providers"]
    assert list_subjects(archive)[0].startswith(f"{format_hour(NEXT)}: ")
    status = read_status(archive)
    assert (status["last_run"]["not_good"], status["complete"]["24"]) == ([], 4)


def test_an_error_of_a_run_is_reported(service: Service, archive: Repository) -> None:
    """After exit code 2 the summary has the error, and nothing is pushed."""
    run = run_scrape(service, archive, START - HOUR)
    assert {name: job.result for name, job in run.items()} == {"scrape": "failure", "publish": "skipped"}
    early, last = format_hour(START - HOUR), format_hour(NEXT - HOUR)
    error = (
        f"{early} lies before the last hour of the ledger, {last};"
        f" hours are archived in order: name {last} or a later one"
    )
    assert join_summaries(run) == f"Scrape: **failure**\n\n    Error: {error}\n\nNothing new was pushed.\n"


def test_a_failed_installation_is_reported(service: Service, archive: Repository) -> None:
    """Where the installation fails there is no log of scrape.py for the summary."""
    archive.commands["python"] = "exit 1"
    run = run_scrape(service, archive, NEXT)
    assert join_summaries(run) == "Scrape: **skipped**\n\nNothing new was pushed.\n"


def test_the_key_is_held_by_one_step_and_written_nowhere(service: Service, archive: Repository) -> None:
    """The key, which is sent here for the latency of endpoints, is in no commit, log or summary.

    Fails with the key in the environment of the job, and where the script prints it.
    """
    archive.secrets = {"OPENROUTER_API_KEY": KEY}
    archive.variables = {"ARCHIVE_LATENCY": "1"}
    archive.has_pages = False
    run = run_scrape(service, archive, NEXT, feeds="models, endpoints")
    assert run["scrape"].result == "success", join_summaries(run)
    assert any(KEY in request.headers.get("Authorization", "") for request in service.seen)
    steps = [step for job in run.values() for step in job.steps]
    assert [step.name for step in steps if KEY in step.env.values()] == ["Scrape"]
    assert KEY not in join_summaries(run) + "".join(step.printed for step in steps)
    assert KEY not in archive.git("log", "--patch", "--text", "main", "--", "data")


# Other writers, and Pages

HOOK = """#!/bin/sh
n=$(cat losses)
[ "$n" = 0 ] && exit 0
echo $((n - 1)) > losses
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=They GIT_AUTHOR_EMAIL=they@example.org
export GIT_COMMITTER_NAME=They GIT_COMMITTER_EMAIL=they@example.org
git update-ref refs/heads/main "$(git commit-tree 'main^{tree}' -p main -m "Theirs $n")"
"""
"""Adds a commit of another writer before the remote accepts a push, as often as the file `losses` says."""


@pytest.mark.parametrize("losses", [4, 7])
def test_pushes_lost_to_another_writer(service: Service, archive: Repository, losses: int) -> None:
    """After four lost pushes the fifth succeeds; after five the run fails and the next run succeeds.

    Fails with one try less, and with one more.
    """
    (archive.remote / "losses").write_text(str(losses))
    hook = archive.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    run = run_scrape(service, archive, NEXT + 7 * MINUTE)
    if losses > 4:
        assert run["scrape"].result == "failure"
        refusal = f"the push was refused 5 times; {format_hour(NEXT)} is not archived by this run"
        assert refusal in join_summaries(run)
        assert read_status(archive)["as_of"] == format_stamp(NEXT - HOUR), "the site of their commits"
        run = run_scrape(service, archive, NEXT + 23 * MINUTE)
    assert run_result(run) == "success", join_summaries(run)
    ours, *theirs = list_subjects(archive)[: losses + 1]
    assert ours == f"{format_hour(NEXT)}: no change"
    assert theirs == [f"Theirs {number + 1}" for number in range(losses)]
    assert archive.git("rev-list", "--merges", "main") == ""
    # Where the site of their commits is there, nothing has changed since but the clock.
    assert read_status(archive)["as_of"] == format_stamp(NEXT - HOUR if losses > 4 else NEXT)


def test_a_fork_without_pages_loses_nothing(service: Service, archive: Repository) -> None:
    """Without Pages the hour is pushed and only publishing fails; once Pages is enabled, the site has it."""
    archive.has_pages = False
    run = run_scrape(service, archive, NEXT)
    assert run["scrape"].result == "success"
    assert run["publish / build"]["Read the address of the site"].outcome == "failure"
    assert (run["publish / deploy"].result, run_result(run)) == ("skipped", "failure")
    assert list_subjects(archive)[0] == f"{format_hour(NEXT)}: no change"
    assert not archive.site.exists()
    archive.has_pages = True
    assert run_result(archive.run("publish.yml", "workflow_dispatch")) == "success"
    assert read_status(archive)["as_of"] == format_stamp(NEXT)


# Scheduled runs that GitHub drops

DROPPED_SHARE = 0.4
"""Share of scheduled runs that never start; of others' hourly runs up to half were missing."""


def plan_runs(hours: int) -> list[dt.datetime | None]:
    """Return the first run of each hour that is not dropped, or None."""
    (entry,) = load_workflow("scrape.yml")["on"]["schedule"]
    minutes = [int(minute) for minute in entry["cron"].split()[0].split(",")]
    chance = random.Random(40)
    runs: list[dt.datetime | None] = []
    for number in range(hours):
        started = [minute for minute in minutes if chance.random() >= DROPPED_SHARE]
        runs.append(START + number * HOUR + started[0] * MINUTE if started else None)
    return runs


def test_most_hours_are_covered_though_many_ticks_are_dropped(stage: Stage) -> None:
    """In thirty days at least 95 % of hours have a run; of the first two days every such hour is good.

    Fails with one tick an hour (437 of 720 hours have a run), and with two (604).
    """
    runs = plan_runs(30 * 24)
    assert sum(run is not None for run in runs) >= 0.95 * len(runs)
    stage.serve(build_payloads(START, FEW[:1]))
    planned = {START + number * HOUR: run for number, run in enumerate(runs[:48])}
    for hour, run in planned.items():
        if run:
            stage.service.now = hour
            assert stage.run(hour, now=run, is_hour_given=False, feeds=("models",)) == 0
    good = stage.read_history().list_complete_hours("models")
    assert good == [hour for hour, run in planned.items() if run]
