"""The Action in check/, as a workflow of another repository uses it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from orarchive.sample import START
from tests.support.archives import read_git
from tests.support.list_server import ListServer, make_current_list, serve_list
from tests.support.workflow_runner import CHECK_ACTION, Job, Repository, load_yaml

WORKFLOW = f"""
name: Models
on: {{push: {{}}}}
jobs:
  models:
    permissions: {{contents: read}}
    steps:
      - name: Check out
        uses: actions/checkout@v6
      - name: Check
        id: check
        uses: {CHECK_ACTION}
        with:
          site: SITE
          days: 20
      - name: Tell
        if: ${{{{ always() && steps.check.outputs.gone }}}}
        env:
          GONE: ${{{{ steps.check.outputs.gone }}}}
          OTHERS: ${{{{ steps.check.outputs.expiring }}}}
        run: echo "gone $GONE, expiring $OTHERS"
"""


@pytest.fixture
def site() -> Iterator[ListServer]:
    with serve_list() as site:
        site.content = make_current_list(expires_in=20)
        yield site


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return the repository of somebody who uses models."""
    repository = Repository(tmp_path, "", START)
    read_git(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(repository.remote))
    read_git(tmp_path, "clone", "--quiet", str(repository.remote), "code")
    return repository


def run_workflow(repository: Repository, site: ListServer, *names: str) -> Job:
    """Push a file with ids, which starts the workflow."""
    code = repository.home / "code"
    (code / "models.yaml").write_text("models:\n" + "".join(f"  - {name}\n" for name in names))
    read_git(code, "add", "--all")
    read_git(code, "commit", "--quiet", "--message", "Use models")
    read_git(code, "push", "--quiet", "origin", "HEAD:main")
    run = repository.start(load_yaml(WORKFLOW.replace("SITE", site.address)), "push", {})
    return run["models"]


def test_a_repository_with_living_models_passes(repository: Repository, site: ListServer) -> None:
    job = run_workflow(repository, site, "openai/gpt-4o", "~openai/gpt-latest")
    assert (job.result, job["Check"].outputs) == ("success", {"gone": "", "expiring": "", "unknown": ""})
    assert job["Tell"].outcome == "skipped"
    assert "ids: 0 gone, 0 expiring, 0 unknown, 2 alive" in job.summary


def test_a_gone_model_fails_with_a_line_and_an_output(repository: Repository, site: ListServer) -> None:
    names = ("openai/gpt-4o", "openai/gpt-4-vision-preview", "google/gemini-2.0-flash-001")
    job = run_workflow(repository, site, *names)
    assert (job.result, job["Check"].outcome) == ("failure", "failure")
    error, warning = job["Check"].printed.splitlines()
    assert error.startswith("::error file=models.yaml,line=3,col=5,title=OpenRouter model gone::")
    assert warning.startswith("::warning file=models.yaml,line=4,")
    assert job["Tell"].printed == "gone openai/gpt-4-vision-preview, expiring google/gemini-2.0-flash-001\n"
    assert "| `openai/gpt-4-vision-preview` |" in job.summary


def test_a_list_that_is_too_old_fails(repository: Repository, site: ListServer) -> None:
    site.content = make_current_list(dt.timedelta(days=2))
    job = run_workflow(repository, site, "openai/gpt-4o")
    assert job.result == "failure"
    assert job["Check"].printed.startswith("::error title=OpenRouter models::the list is of ")
