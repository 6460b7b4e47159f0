"""The workflows: findings of checkers, rules that they must keep, and scrape.yml with a fake scrape.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from orarchive.cli.scrape import scrape_command
from orarchive.sample import START
from tests.support.archives import ROOT, read_git
from tests.support.workflow_rules import KEY, find_violations
from tests.support.workflow_runner import FOLDER, WORKFLOWS, Job, Repository

GITHUB = ROOT / ".github"
ACTION = ROOT / "check"
BIN = Path(sys.executable).parent


# Checkers


def check(*command: str | Path) -> None:
    """Run a checker, which must find nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    check(BIN / "zizmor", "--offline", "--no-config", "--persona=pedantic", GITHUB, ACTION)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
        ("vendor.github-actions", [ACTION / "action.yml"]),
    ],
    ids=["workflows", "dependabot", "action"],
)
def test_schema_holds(schema: str, files: list[Path]) -> None:
    check(BIN / "check-jsonschema", "--builtin-schema", schema, *files)


# Rules


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_wrong(path: Path) -> None:
    assert find_violations(path.name, path.read_text()) == set()


# fmt: off
MUTATIONS = [
    ("test.yml", "permissions: {}", "permissions: {contents: read}", "a right for the whole workflow"),
    ("test.yml", "permissions:\n      contents: read", "env:\n      A: b",
     "a job that does not name its rights"),
    ("test.yml", "timeout-minutes: 60", "continue-on-error: false", "a job without a timeout"),
    ("test.yml", "checkout@", "checkout@v6+", "an action without a full SHA"),
    ("test.yml", " # v", " # ", "an action without its version in a comment"),
    ("test.yml", "persist-credentials: false", "fetch-depth: 1",
     "a checkout that does not say whether it leaves its token"),
    ("test.yml", "persist-credentials: false", "persist-credentials: true",
     "a token that is left where a pull request runs"),
    ("test.yml", "  pull_request:", "  pull_request_target:",
     "an event that runs untrusted code with our rights"),
    ("test.yml", "run: make test", f"run: make test\n        env:\n          {KEY}",
     "a secret where a pull request runs"),
    ("test.yml", "contents: read", "contents: write", "a right to write where a pull request runs"),
    ("test.yml", "uses: actions/setup-python@", "uses: actions/cache@",
     "a cache of the archive where a pull request runs"),
    ("contract.yml", "GH_REPO: ${{ github.repository }}", KEY,
     "the key in a step that sends no requests to the service"),
    ("scrape.yml", "    permissions:\n      contents: write", f"    env:\n      {KEY}\n    permissions: {{}}",
     "the key in a step that sends no requests to the service"),
    ("scrape.yml", 'scrape.py "${options[@]}"', "scrape.py --feeds=${{ inputs.feeds }}",
     "an expression in a script"),
    ("scrape.yml", "secrets.OPENROUTER_API_KEY", "secrets.DEPLOY_TOKEN", "a secret that is not needed"),
    ("scrape.yml", "    with:\n      commit:", "    secrets: inherit\n    with:\n      commit:",
     "all secrets handed on"),
    ("scrape.yml", "7,23,37,53 *", "0,23,37,53 *", "a tick at a round minute"),
    ("scrape.yml", "7,23,37,53 *", "7,37 *", "fewer than three ticks an hour"),
    ("scrape.yml", "53 * * * *", "53 */2 * * *", "a tick that is not hourly"),
    ("scrape.yml", "cancel-in-progress: false", "cancel-in-progress: true", "a running job is cancelled"),
    ("scrape.yml", "queue: max", "queue: single", "a run started by hand that the next tick drops"),
    ("scrape.yml", "ref: ${{ github.ref_name }}", "ref: ${{ github.sha }}",
     "a checkout that is not by the branch's name"),
    ("scrape.yml", "timeout-minutes: 35", "continue-on-error: true", "a failure that does not fail the run"),
    ("scrape.yml", "always() && steps", "success() && steps", "the commit of a failed scrape is not found"),
    ("scrape.yml", "!cancelled() && needs", "success() && needs",
     "the commit of a failed scrape is not published"),
    ("scrape.yml", "id-token: write", "id-token: none",
     "publish.yml is called with fewer rights than its jobs name"),
    ("publish.yml", "cancel-in-progress: false", "cancel-in-progress: true", "a running job is cancelled"),
    ("publish.yml", "concurrency:\n  group: pages-${{ github.ref }}\n  cancel-in-progress: false", "",
     "two runs at once"),
    ("publish.yml", "!cancelled() && github", "github", "a job that is skipped after a failed scrape"),
    ("publish.yml", "fetch-depth: 0", "fetch-depth: 1", "a site without its history"),
    ("publish.yml", "--refetch ", "", "files that are fetched one by one where an index is built anew"),
    ("publish.yml", "- name: Install packages\n        if: ${{ steps.archive.outputs.hours == 'yes' }}",
     "- name: Install packages", "a step that fails where nothing is archived yet"),
    ("publish.yml", " && needs.build.outputs.hours == 'yes'", "", "a deployment without a site"),
    ("publish.yml", "pages: read", "pages: write", "a right to write outside deploy"),
    ("publish.yml", "always() && ", "", "a failed build that loses its index"),
    ("publish.yml", "cache/save@", "cache@", "a failed build that loses its index"),
    ("publish.yml", "timeout-minutes: 45", "timeout-minutes: 60",
     "a long build that leaves no time to save its index"),
    ("months.yml", 'health-months "$month"', 'health-months "$month" --clobber',
     "a released month that is replaced"),
    ("months.yml", "gh release view health-months", "gh release view health-months 2> /dev/null",
     "a failed request that counts as an empty list"),
    ("months.yml", "cancel-in-progress: false", "cancel-in-progress: true", "a running job is cancelled"),
    ("audit.yml", "  schedule:\n    - cron", "  push:\n    - cron", "an audit without a schedule"),
    ("audit.yml", "requirements/*.lock; do", "requirements/run.lock; do", "a lock that is not audited"),
    ("audit.yml", "--strict ", "", "an audit that skips packages it cannot look up"),
]
"""Of each rule a change that breaks it: file, text, replacement, message."""
# fmt: on


@pytest.mark.parametrize(("name", "old", "new", "message"), MUTATIONS)
def test_the_guard_notices(name: str, old: str, new: str, message: str) -> None:
    text = (FOLDER / name).read_text()
    assert old in text
    assert message in find_violations(name, text.replace(old, new))


# scrape.yml with a fake scrape.py

FAKE = """[ "$1" = -m ] && exit
printf '%s\\n' "$@" > "$ARGUMENTS"
archive() { git commit --quiet --allow-empty --message "$1" --message "~ <b>$1</b>"; }
push() { git push --quiet origin HEAD:refs/heads/main; }
"""
"""A python that has all packages, and runs the commands of a test in place of scrape.py."""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a remote with one commit, and another writer's clone beside it."""
    repository = Repository(tmp_path, "", START)
    repository.environment["ARGUMENTS"] = str(tmp_path / "arguments")
    read_git(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(repository.remote))
    read_git(tmp_path, "clone", "--quiet", str(repository.remote), "other")
    for name in ("user.name", "user.email"):
        read_git(tmp_path / "other", "config", name, "other@example.org")
    lock = tmp_path / "other" / "requirements" / "run.lock"
    lock.parent.mkdir()
    lock.touch()
    read_git(tmp_path / "other", "add", "--all")
    read_git(tmp_path / "other", "commit", "--quiet", "--message", "one")
    read_git(tmp_path / "other", "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return repository


def run_fake(repository: Repository, script: str, **inputs: object) -> Job:
    """Return the scrape job of scrape.yml with a script in place of scrape.py."""
    repository.commands["python"] = FAKE + script
    return repository.run("scrape.yml", "workflow_dispatch" if inputs else "schedule", **inputs)["scrape"]


def test_a_commit_that_was_refused_is_not_published(repository: Repository) -> None:
    """Only the pushed one of two commits is handed to publish.yml; its message is code."""
    job = run_fake(repository, "archive hourly && push && archive daily; exit 2")
    assert job.result == "failure"
    assert job.outputs == {"commit": repository.tip()}
    assert job.summary.endswith("Pushed:\n\n    hourly\n    \n    ~ <b>hourly</b>\n    \n")
    assert repository.git("log", "-1", "--format=%cn <%ce>") == (
        "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    )


def test_our_commit_on_top_of_another_writers(repository: Repository) -> None:
    """The summary lists the commits of both writers, and not the refused one."""
    job = run_fake(
        repository,
        f"(cd {repository.home / 'other'} && archive theirs && push)\n"
        "archive refused; push 2> /dev/null && exit 9\n"
        "git fetch --quiet origin refs/heads/main && git reset --quiet --keep FETCH_HEAD\n"
        "archive ours && push",
    )
    assert job.result == "success", job["Scrape"].printed
    assert job.outputs == {"commit": repository.tip()}
    subjects = [
        line.strip() for line in job.summary.splitlines() if line.startswith("    ") and "~" not in line
    ]
    assert [subject for subject in subjects if subject] == ["theirs", "ours"]


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({}, {"push": True}),
        ({"force": False}, {"push": True}),
        ({"force": True}, {"push": True, "force": True}),
        ({"feeds": "models, zdr"}, {"push": True, "feeds": ("models", "zdr")}),
        ({"accept": "models,providers"}, {"push": True, "accept": ("models", "providers")}),
    ],
)
def test_inputs_become_options_that_scrape_knows(
    repository: Repository, inputs: dict[str, object], options: dict[str, object]
) -> None:
    assert run_fake(repository, "", **inputs).result == "success"
    script, *arguments = (repository.home / "arguments").read_text().splitlines()
    assert script == "scrape.py"
    params = scrape_command.make_context("scrape.py", arguments).params
    defaults = scrape_command.make_context("scrape.py", []).params
    assert params == defaults | options


def test_an_input_is_never_run(repository: Repository) -> None:
    hostile = '$(touch evil) `touch evil`"; touch evil; "'
    assert run_fake(repository, "", feeds=hostile, accept="--force").result == "success"
    assert not [*repository.home.rglob("evil")]
    assert "--accept=--force" in (repository.home / "arguments").read_text().splitlines()
