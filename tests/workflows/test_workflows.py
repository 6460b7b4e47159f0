"""The workflows: what the checkers say, what must never be changed in them, and what their scripts do."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.cli.scrape import scrape_command
from orarchive.sample import START
from tests.support.archives import ROOT, say
from tests.support.workflow_runner import WORKFLOWS, Job, Repository, load, summary

GITHUB = ROOT / ".github"
BIN = Path(sys.executable).parent

ACTION = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
KEY = "OPENROUTER_API_KEY: ${{ secrets.OPENROUTER_API_KEY }}"
"""The one secret that a step may have."""

ASKS = {("scrape.yml", "Scrape"), ("contract.yml", "Ask")}
"""The steps that may have it: they ask the service."""

VERSION = re.compile(r"uses: \S+@\S+ # v\d+\.\d+\.\d+$")


def steps(flow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in flow["jobs"].values():
        yield from job.get("steps", ())


# What the checkers say


def test_zizmor_finds_nothing() -> None:
    command: list[str | Path] = [BIN / "zizmor", "--offline", "--no-config", "--persona=pedantic", GITHUB]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.dependabot", [GITHUB / "dependabot.yml"])],
    ids=["workflows", "dependabot"],
)
def test_schema_holds(schema: str, files: list[Path]) -> None:
    command: list[str | Path] = [BIN / "check-jsonschema", "--builtin-schema", schema, *files]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


# What must never be changed


def faults(name: str, text: str) -> set[str]:
    """What is wrong with a workflow, in words."""
    flow = load(text)
    found = {*rights(flow), *actions(flow, text), *keys(name, flow, text), *foreigners(flow, text)}
    if name == "scrape.yml":
        found |= {*ticks(flow), *queue(flow), *scraping(flow)}
    if name == "publish.yml":
        found |= {*queue(flow), *publishing(flow)}
    if name == "audit.yml":
        found |= {*auditing(flow)}
    return found


def rights(flow: dict[str, Any]) -> Iterator[str]:
    if flow["permissions"] != {}:
        yield "a right for the whole workflow"
    for job in flow["jobs"].values():
        if not isinstance(job.get("permissions"), dict):
            yield "a job that does not name its rights"
        if "steps" in job and "timeout-minutes" not in job:
            yield "a job without a timeout"


def actions(flow: dict[str, Any], text: str) -> Iterator[str]:
    for step in steps(flow):
        if "uses" in step and not ACTION.match(step["uses"]):
            yield "an action without a full SHA"
        if step.get("uses", "").startswith("actions/checkout@") and "persist-credentials" not in step.get(
            "with", {}
        ):
            yield "a checkout that does not say whether it leaves its token"
        if "${{" in step.get("run", ""):
            yield "an expression in a script"
    for line in text.splitlines():
        if "uses: " in line and "@" in line and not VERSION.search(line):
            yield "an action without its version in a comment"


def keys(name: str, flow: dict[str, Any], text: str) -> Iterator[str]:
    """Secrets that are none of ours, or that stand elsewhere than in a step that asks."""
    held = [line.strip() for line in text.splitlines() if "secrets." in line]
    if {*held} - {KEY}:
        yield "a secret that is not needed"
    asking = [step for step in steps(flow) if "secrets." in str(step) and (name, step["name"]) in ASKS]
    if len(held) != len(asking):
        yield "the key where nobody asks the service"


def foreigners(flow: dict[str, Any], text: str) -> Iterator[str]:
    """What a pull request, which anybody may write, must not have. Its caches GitHub keeps from branches."""
    if not {"pull_request_target", "workflow_run", "issue_comment"}.isdisjoint(flow["on"]):
        yield "an event that runs foreign code with our rights"
    if any(job.get("secrets") == "inherit" for job in flow["jobs"].values()):
        yield "all secrets handed on"
    if "pull_request" in flow["on"]:
        if "secrets." in text or "github.token" in text:
            yield "a secret where a pull request runs"
        if any(
            "write" in job["permissions"].values() for job in flow["jobs"].values() if "permissions" in job
        ):
            yield "a right to write where a pull request runs"
        if "actions/cache" in text:
            yield "a cache of the archive where a pull request runs"


def auditing(flow: dict[str, Any]) -> Iterator[str]:
    if "schedule" not in flow["on"]:
        yield "advisories that nobody sees"
    script = "".join(step.get("run", "") for step in steps(flow))
    if "for lock in requirements/*.lock;" not in script:
        yield "a lock that is not audited"
    if "pip-audit --strict --require-hashes --disable-pip" not in script:
        yield "an audit that passes over what it cannot look up"


def ticks(flow: dict[str, Any]) -> Iterator[str]:
    minutes = set()
    for entry in flow["on"]["schedule"]:
        minute, rest = entry["cron"].split(" ", 1)
        if rest != "* * * *":
            yield "a tick that is not hourly"
        minutes |= {int(one) for one in minute.split(",")}
    if len(minutes) < 3:
        yield "fewer than three ticks an hour"
    if any(minute % 5 == 0 for minute in minutes):
        yield "a tick at a round minute"


def queue(flow: dict[str, Any]) -> Iterator[str]:
    """Every concurrency group waits; at least one is there."""
    groups = [part["concurrency"] for part in (flow, *flow["jobs"].values()) if "concurrency" in part]
    if not groups:
        yield "two runs at once"
    if any(group.get("cancel-in-progress") is not False for group in groups):
        yield "a running job is cancelled"


def scraping(flow: dict[str, Any]) -> Iterator[str]:
    job, publish = flow["jobs"]["scrape"], flow["jobs"]["publish"]
    by_name = {step["name"]: step for step in job["steps"]}
    if by_name["Check out the tip of the branch"]["with"]["ref"] != "${{ github.ref_name }}":
        yield "a checkout that is not by the branch's name"
    if job["concurrency"].get("queue") != "max":
        yield "a run asked for by hand that the next tick drops"
    if any("continue-on-error" in part for part in (job, *job["steps"])):
        yield "a failure that leaves the run green"
    if "always()" not in by_name["See what was pushed"]["if"]:
        yield "a red scrape whose commit is not seen"
    if "!cancelled()" not in publish["if"] or "needs.scrape.outputs.commit != ''" not in publish["if"]:
        yield "a red scrape whose commit is not published"
    wanted = load((GITHUB / "workflows" / "publish.yml").read_text())["jobs"].values()
    order = ("none", "read", "write")
    for right, level in ((right, level) for one in wanted for right, level in one["permissions"].items()):
        if order.index(publish["permissions"].get(right, "none")) < order.index(level):
            yield "publish.yml is called with fewer rights than its jobs name"


def publishing(flow: dict[str, Any]) -> Iterator[str]:
    jobs = flow["jobs"]
    if any("!cancelled()" not in job.get("if", "") for job in jobs.values()):
        yield "a job that is skipped after a red scrape"
    first, see, *later = jobs["build"]["steps"]
    if first["with"]["fetch-depth"] != 0:
        yield "a site without its history"
    known = f"steps.{see['id']}.outputs.hours == 'yes'"
    if any(known not in step.get("if", "") for step in later):
        yield "a step that fails where nothing is archived yet"
    if "needs.build.outputs.hours == 'yes'" not in jobs["deploy"]["if"]:
        yield "a deployment of nothing"
    if any("write" in job["permissions"].values() for name, job in jobs.items() if name != "deploy"):
        yield "a right to write outside deploy"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_wrong(path: Path) -> None:
    assert faults(path.name, path.read_text()) == set()


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("test.yml", "permissions: {}", "permissions: {contents: read}", "a right for the whole workflow"),
        (
            "test.yml",
            "permissions:\n      contents: read",
            "env:\n      A: b",
            "a job that does not name its rights",
        ),
        ("test.yml", "timeout-minutes: 60", "continue-on-error: false", "a job without a timeout"),
        ("test.yml", "checkout@", "checkout@v6+", "an action without a full SHA"),
        ("test.yml", " # v", " # ", "an action without its version in a comment"),
        (
            "test.yml",
            "persist-credentials: false",
            "fetch-depth: 1",
            "a checkout that does not say whether it leaves its token",
        ),
        (
            "scrape.yml",
            'scrape.py "${options[@]}"',
            "scrape.py --feeds=${{ inputs.feeds }}",
            "an expression in a script",
        ),
        ("scrape.yml", "secrets.OPENROUTER_API_KEY", "secrets.DEPLOY_TOKEN", "a secret that is not needed"),
        (
            "contract.yml",
            "GH_REPO: ${{ github.repository }}",
            KEY,
            "the key where nobody asks the service",
        ),
        (
            "scrape.yml",
            "    permissions:\n      contents: write",
            f"    env:\n      {KEY}\n    permissions:\n      contents: write",
            "the key where nobody asks the service",
        ),
        ("scrape.yml", "7,23,37,53 *", "0,23,37,53 *", "a tick at a round minute"),
        ("scrape.yml", "7,23,37,53 *", "7,37 *", "fewer than three ticks an hour"),
        ("scrape.yml", "53 * * * *", "53 */2 * * *", "a tick that is not hourly"),
        ("scrape.yml", "cancel-in-progress: false", "cancel-in-progress: true", "a running job is cancelled"),
        ("scrape.yml", "queue: max", "queue: single", "a run asked for by hand that the next tick drops"),
        (
            "scrape.yml",
            "ref: ${{ github.ref_name }}",
            "ref: ${{ github.sha }}",
            "a checkout that is not by the branch's name",
        ),
        (
            "scrape.yml",
            "timeout-minutes: 35",
            "continue-on-error: true",
            "a failure that leaves the run green",
        ),
        ("scrape.yml", "always() && steps", "success() && steps", "a red scrape whose commit is not seen"),
        (
            "scrape.yml",
            "!cancelled() && needs",
            "success() && needs",
            "a red scrape whose commit is not published",
        ),
        (
            "scrape.yml",
            "id-token: write",
            "id-token: none",
            "publish.yml is called with fewer rights than its jobs name",
        ),
        (
            "publish.yml",
            "cancel-in-progress: false",
            "cancel-in-progress: true",
            "a running job is cancelled",
        ),
        ("publish.yml", "concurrency:\n  group: pages\n  cancel-in-progress: false", "", "two runs at once"),
        ("publish.yml", "if: ${{ !cancelled() }}\n", "\n", "a job that is skipped after a red scrape"),
        ("publish.yml", "fetch-depth: 0", "fetch-depth: 1", "a site without its history"),
        (
            "publish.yml",
            "- name: Install\n        if: ${{ steps.archive.outputs.hours == 'yes' }}",
            "- name: Install",
            "a step that fails where nothing is archived yet",
        ),
        ("publish.yml", " && needs.build.outputs.hours == 'yes'", "", "a deployment of nothing"),
        ("publish.yml", "pages: read", "pages: write", "a right to write outside deploy"),
        (
            "test.yml",
            "  pull_request:",
            "  pull_request_target:",
            "an event that runs foreign code with our rights",
        ),
        (
            "publish.yml",
            "  workflow_call:",
            "  workflow_run: {workflows: [Test]}\n  workflow_call:",
            "an event that runs foreign code with our rights",
        ),
        (
            "scrape.yml",
            "    with:\n      commit:",
            "    secrets: inherit\n    with:\n      commit:",
            "all secrets handed on",
        ),
        (
            "test.yml",
            "run: make test",
            f"run: make test\n        env:\n          {KEY}",
            "a secret where a pull request runs",
        ),
        ("test.yml", "contents: read", "contents: write", "a right to write where a pull request runs"),
        (
            "test.yml",
            "uses: actions/setup-python@",
            "uses: actions/cache@",
            "a cache of the archive where a pull request runs",
        ),
        ("audit.yml", "  schedule:\n    - cron", "  push:\n    - cron", "advisories that nobody sees"),
        ("audit.yml", "requirements/*.lock; do", "requirements/run.lock; do", "a lock that is not audited"),
        ("audit.yml", "--strict ", "", "an audit that passes over what it cannot look up"),
    ],
)
def test_the_guard_notices(name: str, old: str, new: str, fault: str) -> None:
    text = (GITHUB / "workflows" / name).read_text()
    assert old in text
    assert fault in faults(name, text.replace(old, new))


# What the scripts do, with another program in place of ours


FAKE = """[ "$1" = -m ] && exit
printf '%s\\n' "$@" > "$ARGUMENTS"
archive() { git commit --quiet --allow-empty --message "$1" --message "~ <b>$1</b>"; }
push() { git push --quiet origin HEAD:refs/heads/main; }
"""
"""A python that has all packages, and does what a test says in place of scrape.py."""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A remote with two commits, and another writer's clone beside it."""
    made = Repository(tmp_path, "", START)
    made.environment["ARGUMENTS"] = str(tmp_path / "arguments")
    say(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(made.remote))
    say(tmp_path, "clone", "--quiet", str(made.remote), "other")
    for name in ("user.name", "user.email"):
        say(tmp_path / "other", "config", name, "other@example.org")
    pushed(made, "one", "requirements/run.lock")
    pushed(made, "two")
    return made


def pushed(repository: Repository, message: str, *files: str) -> None:
    """Push a commit of files as another writer."""
    other = repository.home / "other"
    for name in files:
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text("{}\n")
    say(other, "add", "--all")
    say(other, "commit", "--quiet", "--allow-empty", "--message", message)
    say(other, "push", "--quiet", "origin", "HEAD:refs/heads/main")


def scraped(repository: Repository, does: str, **inputs: object) -> Job:
    """The scrape job where scrape.py does this."""
    repository.commands["python"] = FAKE + does
    return repository.run("scrape.yml", "workflow_dispatch" if inputs else "schedule", **inputs)["scrape"]


@pytest.mark.parametrize(
    ("files", "hours"),
    [
        (["data/README.md", "data/.gitattributes"], False),
        (["data/hours/2026-06.jsonl", "data/models/facts.jsonl"], True),
    ],
)
def test_only_an_archive_with_hours_is_published(
    repository: Repository, files: list[str], hours: bool
) -> None:
    pushed(repository, "files", *files)
    repository.commands["python"] = "mkdir -p site"
    run = repository.run("publish.yml", "push")
    assert run["build"].outputs == {"hours": "yes" if hours else ""}
    assert run["deploy"].result == ("success" if hours else "skipped")
    none = "No hour is archived yet: there is no site to publish.\n"
    assert summary(run) == ("" if hours else none)


@pytest.mark.parametrize(("code", "result"), [(0, "success"), (1, "failure")])
def test_what_was_pushed_is_handed_on(repository: Repository, code: int, result: str) -> None:
    job = scraped(repository, f"archive hour && push; exit {code}")
    assert job.result == result
    assert job.outputs == {"commit": repository.tip()}
    assert "Pushed:\n\n    hour\n" in job.summary
    assert "    ~ <b>hour</b>\n" in job.summary
    assert repository.git("log", "-1", "--format=%cn <%ce>") == (
        "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    )


@pytest.mark.parametrize("does", ["exit 0", "exit 1", "exit 2", "archive hour; exit 2"])
def test_nothing_pushed_is_nothing_to_publish(repository: Repository, does: str) -> None:
    job = scraped(repository, does)
    assert job.result == ("success" if does == "exit 0" else "failure")
    assert job.outputs == {"commit": ""}
    assert job.summary == f"Scrape: **{job.result}**\n\n\nNothing new was pushed.\n"


def test_a_commit_that_was_refused_is_not_published(repository: Repository) -> None:
    job = scraped(repository, "archive hourly && push && archive daily; exit 2")
    assert job.result == "failure"
    assert job.outputs == {"commit": repository.tip()}
    assert "daily" not in job.summary


def test_our_commit_on_top_of_another_writers(repository: Repository) -> None:
    other = repository.home / "other"
    job = scraped(
        repository,
        f"(cd {other} && archive theirs && push)\n"
        "archive refused; push 2> /dev/null && exit 9\n"
        "git fetch --quiet origin refs/heads/main && git reset --quiet --keep FETCH_HEAD\n"
        "archive ours && push",
    )
    assert job.result == "success", job["Scrape"].said
    assert job.outputs == {"commit": repository.tip()}
    assert re.findall("theirs|ours|refused", job.summary) == ["theirs", "theirs", "ours", "ours"]


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
    assert scraped(repository, "", **inputs).result == "success"
    script, *arguments = (repository.home / "arguments").read_text().splitlines()
    assert script == "scrape.py"
    given = scrape_command.make_context("scrape.py", arguments).params
    default = scrape_command.make_context("scrape.py", []).params
    assert given == default | options


def test_an_input_is_never_run(repository: Repository) -> None:
    evil = '$(touch evil) `touch evil`"; touch evil; "'
    assert scraped(repository, "", feeds=evil, accept="--force").result == "success"
    assert not [*repository.home.rglob("evil")]
    assert "--accept=--force" in (repository.home / "arguments").read_text().splitlines()
