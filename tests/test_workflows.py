"""The workflows: what the checkers say, what must never be changed in them, and what their scripts do."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import scrape

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""How GitHub runs a script."""

ACTION = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
KEY = "OPENROUTER_API_KEY: ${{ secrets.OPENROUTER_API_KEY }}"
"""The one secret that a step may have."""

VERSION = re.compile(r"uses: \S+@\S+ # v\d+\.\d+\.\d+$")


def load(text: str) -> dict[str, Any]:
    """Parse as YAML 1.2, where `on` is a word and not a truth."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


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
    found = {*rights(flow), *actions(flow, text), *foreigners(flow, text)}
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
        if "secrets." in line and line.strip() != KEY:
            yield "a secret that is not needed"


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


# What the script of publish.yml does


@pytest.mark.parametrize(
    ("files", "hours"),
    [
        (["data/README.md", "data/.gitattributes"], False),
        (["data/hours/2026-06.jsonl", "data/models/facts.jsonl"], True),
    ],
)
def test_only_an_archive_with_hours_is_published(tmp_path: Path, files: list[str], hours: bool) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}\n")
    subprocess.run(["git", "-C", tmp_path, "add", "--all"], check=True)
    flow = load((GITHUB / "workflows" / "publish.yml").read_text())
    job = flow["jobs"]["build"]
    see = job["steps"][1]
    output, summary = tmp_path / "output", tmp_path / "summary"
    env = os.environ | {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    subprocess.run([*BASH, see["run"]], cwd=tmp_path, env=env, check=True)
    assert output.exists() is hours
    assert summary.exists() is not hours
    said = (output if hours else summary).read_text()
    assert said == ("hours=yes\n" if hours else "No hour is archived yet: there is no site to publish.\n")
    assert job["outputs"] == {"hours": f"${{{{ steps.{see['id']}.outputs.hours }}}}"}


# What the scripts of scrape.yml do

FAKE = """#!/bin/sh
printf '%s\\n' "$@" > "$ARGUMENTS"
archive() { git commit --quiet --allow-empty --message "$1" --message "~ <b>$1</b>"; }
push() { git push --quiet origin HEAD:refs/heads/main; }
"""
"""A python that does what a test says in place of scrape.py."""


@dataclass
class Runner:
    """A clone as the checkout step leaves it, and what the steps of the scrape job wrote."""

    home: Path
    origin: Path
    code: int = -1

    @property
    def clone(self) -> Path:
        return self.home / "clone"

    def git(self, *arguments: str, at: Path | None = None) -> str:
        command = ["git", "-C", str(at or self.clone), *arguments]
        env = os.environ | {"HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.strip()

    def tip(self) -> str:
        return self.git("rev-parse", "main", at=self.origin)

    def read(self, name: str) -> str:
        path = self.home / name
        return path.read_text() if path.exists() else ""

    def job(self, does: str, **inputs: str) -> None:
        """Run the job's scripts as GitHub would; `does` is what scrape.py does."""
        fake = self.home / "bin" / "python"
        fake.parent.mkdir()
        fake.write_text(FAKE + does + "\n")
        fake.chmod(0o755)
        flow = load((GITHUB / "workflows" / "scrape.yml").read_text())
        scripts = {step["name"]: step["run"] for step in steps(flow) if "run" in step}
        assert flow["defaults"]["run"]["shell"] == "bash"
        env = {
            "PATH": f"{fake.parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITHUB_REF_NAME": "main",
            "GITHUB_OUTPUT": str(self.home / "output"),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
            "ARGUMENTS": str(self.home / "arguments"),
            "BEFORE": self.git("rev-parse", "HEAD"),
            "FORCE": "",
            "FEEDS": "",
            "ACCEPT": "",
        } | inputs
        codes = [
            subprocess.run(
                [*BASH, scripts[name]],
                cwd=self.clone,
                env=env,
                check=False,
            ).returncode
            for name in ("Say who commits", "Scrape", "See what was pushed")
        ]
        self.code = max(codes)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A remote with two commits, and a clone of depth 1 made as actions/checkout makes it."""
    made = Runner(tmp_path, tmp_path / "origin.git")
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", made.origin], check=True)
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "--quiet", made.origin, other], check=True, capture_output=True)
    for name in ("user.name", "user.email"):
        made.git("config", name, "other@example.org", at=other)
    made.git("checkout", "--quiet", "-B", "main", at=other)
    for text in ("one", "two"):
        made.git("commit", "--quiet", "--allow-empty", "--message", text, at=other)
    made.git("push", "--quiet", "origin", "main", at=other)
    subprocess.run(["git", "init", "--quiet", made.clone], check=True, capture_output=True)
    made.git("remote", "add", "origin", made.origin.as_uri())
    made.git("fetch", "--quiet", "--depth=1", "origin", "+refs/heads/main*:refs/remotes/origin/main*")
    made.git("checkout", "--quiet", "-B", "main", "refs/remotes/origin/main")
    return made


@pytest.mark.parametrize("code", [0, 1])
def test_what_was_pushed_is_handed_on(runner: Runner, code: int) -> None:
    runner.job(f"archive hour && push; exit {code}")
    assert runner.code == code
    assert runner.read("output") == f"commit={runner.tip()}\n"
    assert runner.read("summary").startswith("    hour\n")
    assert "    ~ <b>hour</b>\n" in runner.read("summary")
    assert runner.git("log", "-1", "--format=%cn <%ce>") == (
        "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"
    )


@pytest.mark.parametrize("does", ["exit 0", "exit 1", "exit 2", "archive hour; exit 2"])
def test_nothing_pushed_is_nothing_to_publish(runner: Runner, does: str) -> None:
    runner.job(does)
    assert runner.code == int(does[-1])
    assert runner.read("output") == ""
    assert runner.read("summary") == "Nothing new was pushed.\n"


def test_a_commit_that_was_refused_is_not_published(runner: Runner) -> None:
    runner.job("archive hourly && push && archive daily; exit 2")
    assert runner.code == 2
    assert runner.read("output") == f"commit={runner.tip()}\n"
    assert "daily" not in runner.read("summary")


def test_our_commit_on_top_of_another_writers(runner: Runner) -> None:
    other = runner.home / "other"
    runner.job(
        f"git -C {other} commit --quiet --allow-empty --message theirs && git -C {other} push --quiet\n"
        "archive refused; push && exit 9\n"
        "git fetch --quiet origin refs/heads/main && git reset --quiet --keep FETCH_HEAD\n"
        "archive ours && push"
    )
    assert runner.code == 0
    assert runner.read("output") == f"commit={runner.tip()}\n"
    assert re.findall("theirs|ours|refused", runner.read("summary")) == ["theirs", "ours", "ours"]


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        ({}, {"push": True}),
        ({"FORCE": "false"}, {"push": True}),
        ({"FORCE": "true"}, {"push": True, "force": True}),
        ({"FEEDS": "models, zdr"}, {"push": True, "feeds": ("models", "zdr")}),
        ({"ACCEPT": "models,providers"}, {"push": True, "accept": ("models", "providers")}),
    ],
)
def test_inputs_become_options_that_scrape_knows(
    runner: Runner, inputs: dict[str, str], options: dict[str, object]
) -> None:
    runner.job("", **inputs)
    assert runner.code == 0
    script, *arguments = runner.read("arguments").splitlines()
    assert script == "scrape.py"
    given = scrape.main.make_context("scrape.py", arguments).params
    default = scrape.main.make_context("scrape.py", []).params
    assert given == default | options


def test_an_input_is_never_run(runner: Runner) -> None:
    runner.job("", FEEDS='$(touch evil) `touch evil`"; touch evil; "', ACCEPT="--force")
    assert runner.code == 0
    assert not (runner.clone / "evil").exists()
    assert "--accept=--force" in runner.read("arguments").splitlines()
