"""Rehearsals of watch.yml and contract.yml with issue.sh: the issues that they open, comment on and close."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import START, Service
from tests.support.archives import HOUR, build_payloads, read_git
from tests.support.rehearsals import KEY, clone_writer, read_issues, serve
from tests.support.workflow_runner import Repository, join_summaries, run_result

TITLE = "The archive needs attention"
DRIFT_TITLE = "The OpenRouter API has changed"


def run_watch(repository: Repository, now: dt.datetime) -> list[dict[str, Any]]:
    """Run watch.yml, which must succeed, and return the issues."""
    repository.now = now
    run = repository.run("watch.yml")
    assert run_result(run) == "success", [step.printed for step in run["watch"].steps]
    return read_issues(repository)


def test_the_issue_is_opened_commented_on_and_closed(
    service: Service, fork: Repository, tmp_path: Path
) -> None:
    """A day with few good hours opens an issue, the next such day adds a comment, a good archive closes it.

    Fails without the token, without the right, and where closed issues are searched as well.
    """
    writer = clone_writer(service, fork, tmp_path)
    assert writer.run(START, push=True, feeds=("models",)) == 0
    (issue,) = run_watch(fork, START + 5 * HOUR)
    assert (issue["title"], issue["state"]) == (TITLE, "open")
    assert "- only 1 of the last 6 hours are good for models" in issue["body"]
    (issue,) = run_watch(fork, START + 29 * HOUR)
    assert issue["state"] == "open"
    assert ["has no good hour since" in comment for comment in issue["comments"]] == [True]
    for number in range(30, 48):
        assert writer.run(START + number * HOUR, push=True, feeds=("models",)) == 0
    (issue,) = run_watch(fork, START + 48 * HOUR)
    assert (issue["state"], issue["comments"][1:]) == ("closed", ["The check passes again."])
    assert run_watch(fork, START + 49 * HOUR) == [issue], "a good archive changes no issue"


HOSTILE_NAME = "@somebody ![x](https://evil.example/a.png) <img src=x> #1"


def test_what_the_service_says_is_code_in_an_issue(service: Service, archive: Repository) -> None:
    """A name that mentions a user and shows a picture is code in the body, the comment and the summary.

    Once the service answers as before, the issue is closed. Fails without the four spaces in each of the
    three, and in watch.yml, and without the exit code of `contract`.
    """
    bodies = build_payloads(START)
    for row in bodies["models"]["data"]:
        row["pricing"][HOSTILE_NAME] = "1"
    serve(service, bodies)
    runs = [archive.run("contract.yml") for _ in range(2)]
    (issue,) = read_issues(archive)
    assert (issue["title"], issue["state"]) == (DRIFT_TITLE, "open")
    texts = [issue["body"], *issue["comments"], *map(join_summaries, runs)]
    assert len(texts) == 4
    for text in texts:
        assert f"    - models: a price of unknown unit, {HOSTILE_NAME}\n" in text
    archive.now = START + 99 * HOUR
    for text in (*texts, join_summaries(archive.run("watch.yml"))):
        assert all(line.startswith("    ") for line in text.splitlines())
    archive.now = START
    serve(service, build_payloads(START))
    assert run_result(archive.run("contract.yml")) == "success"
    issues = {issue["title"]: issue["state"] for issue in read_issues(archive)}
    assert issues == {DRIFT_TITLE: "closed", TITLE: "open"}


def test_a_key_that_contract_has_is_written_nowhere(service: Service, archive: Repository) -> None:
    """A key that the service refuses is reported in an issue, and neither printed nor handed to other steps.

    With a valid key the test would take longer. Fails with the key in the step of the issue, and where the
    script prints it.
    """
    refused_key = f"{KEY}-revoked"
    archive.secrets = {"OPENROUTER_API_KEY": refused_key}
    service.seen.clear()
    run = archive.run("contract.yml")
    steps = run["contract"].steps
    assert run_result(run) == "success", steps[-1].printed
    assert any(refused_key in request.headers.get("Authorization", "") for request in service.seen)
    assert [step.name for step in steps if refused_key in step.env.values()] == ["Compare the answers"]
    issues = archive.issues.read_text()
    assert "- rankings/models: 401" in issues
    assert refused_key not in issues + join_summaries(run) + "".join(step.printed for step in steps)


@pytest.mark.parametrize("name", ["watch", "contract"])
def test_a_program_that_crashes_opens_no_issue(archive: Repository, name: str) -> None:
    """A crash, which Python ends with exit code 1, fails the run instead."""
    archive.commands["python"] = '[ "$2" = pip ] || { echo "Traceback"; exit 1; }'
    run = archive.run(f"{name}.yml")
    assert (run[name].result, run[name].steps[-1].outcome) == ("failure", "skipped")
    assert not archive.issues.exists()


def test_a_ledger_that_cannot_be_read_opens_no_issue(
    service: Service, archive: Repository, tmp_path: Path
) -> None:
    """An error with exit code 2 fails the run instead."""
    writer = clone_writer(service, archive, tmp_path)
    (ledger,) = (writer.root / "data" / "hours").glob("*.jsonl")
    ledger.write_text('{"hour": "never"}\n')
    read_git(writer.root, "commit", "--quiet", "--all", "--message", "By hand")
    read_git(writer.root, "push", "--quiet")
    run = archive.run("watch.yml")
    assert "not a line of the ledger" in run["watch"]["Write the report"].printed
    assert (run_result(run), run["watch"].steps[-1].outcome) == ("failure", "skipped")
    assert not archive.issues.exists()


def test_where_issues_are_off_the_summary_has_the_report(archive: Repository) -> None:
    """Where issues are disabled, as GitHub does in forks, the run succeeds and its summary has the report."""
    archive.has_issues = False
    archive.now = START + 99 * HOUR
    run = archive.run("watch.yml")
    assert run_result(run) == "success", run["watch"].steps[-1].printed
    assert "Issues are disabled in this repository" in run["watch"].steps[-1].printed
    assert "has no good hour since" in join_summaries(run)
    assert not archive.issues.exists()


def test_an_issue_of_another_author_is_left_alone(archive: Repository) -> None:
    """An issue with this title by another author is not used. Fails without `--author` in issue.sh."""
    theirs: dict[str, Any] = {"title": TITLE, "state": "open", "author": "stranger"}
    theirs |= {"body": "Look here", "comments": []}
    archive.issues.write_text(json.dumps([theirs]))
    for hours in (99, 100):
        first, ours = run_watch(archive, START + hours * HOUR)
    assert first == theirs
    assert (ours["title"], len(ours["comments"])) == (TITLE, 1)
