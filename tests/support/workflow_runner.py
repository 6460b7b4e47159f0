"""A small stand-in for GitHub Actions: it runs the jobs of a workflow as GitHub does, on a bare repository.

Scripts run as they stand, in an environment made from nothing. Actions have stand-ins below; so have the
commands in tests/support/stubs/, which come first on PATH. Whatever it does not know - a key of a step, an
expression, an action - is an error, so that nothing is left out unseen. It knows nothing of concurrency,
timeouts and versions of Python: there is one runner, with the Python of whoever runs the tests.
"""

import datetime as dt
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from orarchive.errors import GitError
from tests.support.archives import ROOT, say
from tests.support.expressions import filled, wanted

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STUBS = Path(__file__).parent / "stubs"

SHELLS = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
}
"""How GitHub runs a script; only a shell that is named comes with pipefail."""

TOKEN = "token of the run"
"""How github.token begins; what it may do stands behind it, for gh to read."""

NO_CREDENTIALS, READ_ONLY = "no-credentials:", "read-only:"
"""Where a clone pushes to that has no token, or one that may not push."""

STEP = {"name", "id", "if", "uses", "with", "run", "env", "timeout-minutes"}
"""The keys of a step that are known here."""


def load(text: str) -> dict[str, Any]:
    """Parse as YAML 1.2, where `on` is a word and not a truth."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def workflow(name: str) -> dict[str, Any]:
    """A workflow of this repository by the name of its file."""
    return load((ROOT / ".github" / "workflows" / name).read_text())


# What a run leaves behind


class Fails(Exception):
    """A stand-in for an action ends in red."""


@dataclass
class Step:
    """A step that was come to: `success`, `failure` or `skipped`, with all that it was given and said."""

    name: str
    outcome: str
    env: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""


@dataclass
class Job:
    """A job that has ended, or was skipped."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    summary: str = ""

    def __getitem__(self, name: str) -> Step:
        """A step by its name."""
        return next(step for step in self.steps if step.name == name)


Run = dict[str, Job]
"""The jobs of a run by name: of a called workflow as `publish / build`, of a matrix as `test (3.11)`."""


def colour(run: Run) -> str:
    """What a person sees beside a run: red where any job failed."""
    return "red" if any(job.result == "failure" for job in run.values()) else "green"


def summary(run: Run) -> str:
    """The summaries of all jobs."""
    return "".join(job.summary for job in run.values())


@dataclass
class Repository:
    """A repository on GitHub: its branches, its settings, and what its workflows have made of it.

    Everything lies below `home`; `service` is the base URL that takes OpenRouter's place, `now` the clock.
    """

    home: Path
    service: str
    now: dt.datetime
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    pages: bool = True
    has_issues: bool = True
    may_open_pulls: bool = True
    """Whether Actions may open pull requests, which is a setting."""
    commands: dict[str, str] = field(default_factory=dict)
    """Scripts that take a command's place, by its name."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of the machine, beside GitHub's."""
    runs: int = 0

    @property
    def remote(self) -> Path:
        return self.home / "remote.git"

    @property
    def site(self) -> Path:
        """The site that is deployed."""
        return self.home / "site"

    @property
    def caches(self) -> Path:
        """A folder for each key, with what was saved under it."""
        return self.home / "caches"

    @property
    def work(self) -> Path:
        """The work tree of the last job."""
        return self.home / "work" / "archive" / "archive"

    @property
    def issues(self) -> Path:
        return self.home / "issues.json"

    @property
    def pulls(self) -> Path:
        """The pull requests."""
        return self.home / "pulls.json"

    @property
    def artifacts(self) -> Path:
        """A folder for each artifact of the last run."""
        return self.home / "artifacts"

    def git(self, *arguments: str) -> str:
        return say(self.remote, *arguments)

    def tip(self) -> str:
        return self.git("rev-parse", "main")

    def run(self, name: str, event: str = "schedule", **inputs: Any) -> Run:
        """Run a workflow, started by an event on the branch main."""
        return self.start(workflow(name), event, inputs)

    def start(self, flow: dict[str, Any], event: str, inputs: Mapping[str, Any]) -> Run:
        """The same with a workflow that was read."""
        self.runs += 1
        shutil.rmtree(self.artifacts, ignore_errors=True)
        if event not in flow["on"]:
            raise ValueError(f"{flow['name']} is not started by {event}")
        defaults = (flow["on"][event] or {}).get("inputs", {}) if event == "workflow_dispatch" else {}
        given = {key: one.get("default", "") for key, one in defaults.items()} | {**inputs}
        github = {
            "event_name": event,
            "ref": "refs/heads/main",
            "ref_name": "main",
            "repository": "someone/archive",
            "run_id": str(self.runs),
            "run_attempt": "1",
            "server_url": "https://github.example",
            "sha": self.tip(),
            "workflow": flow["name"],
        }
        known = {"github": github, "inputs": given, "vars": self.variables, "secrets": self.secrets}
        return self._flow(flow, known)

    def _flow(self, flow: dict[str, Any], known: dict[str, Any], after_failure: bool = False) -> Run:
        """The jobs of a workflow, each after those it needs (they stand before it in the file).

        Where it is called after a failure, no job of it follows a success.
        """
        run: Run = {}
        for name, job in flow["jobs"].items():
            names = job.get("needs", [])
            before = {one: run[one] for one in ([names] if isinstance(names, str) else names)}
            needs = {one: {"result": job.result, "outputs": job.outputs} for one, job in before.items()}
            now_known = {**known, "needs": needs}
            failed = after_failure or any(one.result != "success" for one in before.values())
            if not wanted(job.get("if"), now_known, failed):
                run[name] = Job("skipped")
            elif "uses" in job:
                given = {key: filled(text, now_known) for key, text in job.get("with", {}).items()}
                secrets = known["secrets"] if job.get("secrets") == "inherit" else {}
                called = workflow(job["uses"].removeprefix("$/.github/workflows/"))
                _refuse_rights(called, job["permissions"])
                inner = self._flow(called, {**known, "inputs": given, "secrets": secrets}, failed)
                run[name] = Job("failure" if colour(inner) == "red" else "success")
                run |= {f"{name} / {one}": found for one, found in inner.items()}
            else:
                for title, matrix in _matrix(name, job):
                    run[title] = Runner(self, name, flow, job, {**now_known, "matrix": matrix}).job()
        return run


LEVELS = ("none", "read", "write")


def _refuse_rights(called: dict[str, Any], given: Mapping[str, str]) -> None:
    """Refuse a workflow that wants more than its caller may, as GitHub does before anything runs."""
    for job in called["jobs"].values():
        for right, level in job["permissions"].items():
            if LEVELS.index(level) > LEVELS.index(given.get(right, "none")):
                raise ValueError(f"{called['name']} asks for {right}: {level}, which it is not given")


def _matrix(name: str, job: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """The variants of a job: the title and the values of each."""
    axes = job.get("strategy", {}).get("matrix", {})
    for values in itertools.product(*axes.values()):
        title = f"{name} ({', '.join(map(str, values))})" if values else name
        yield title, dict(zip(axes, map(str, values), strict=True))


class Runner:
    """A fresh machine for one job."""

    def __init__(
        self,
        repository: Repository,
        name: str,
        flow: dict[str, Any],
        job: dict[str, Any],
        known: dict[str, Any],
    ) -> None:
        self.repository, self.flow, self.told = repository, flow, job
        self.rights: dict[str, str] = job.get("permissions", flow.get("permissions", {}))
        token = ", ".join(f"{right}: {level}" for right, level in self.rights.items())
        self.known = {**known, "github": {**known["github"], "token": f"{TOKEN} ({token})"}, "steps": {}}
        self.work = repository.work
        self.files = repository.home / "work" / "_files"
        self.after: list[Callable[[], object]] = []
        """What actions do at the end of a job that went well."""
        self.env = self._environment(name)
        self.ended = Job("success")

    def _environment(self, job: str) -> dict[str, str]:
        """What every step is given: GitHub's variables, and those of the rehearsal."""
        shutil.rmtree(self.repository.home / "work", ignore_errors=True)
        home, bin_ = self.files / "home", self.files / "bin"
        shutil.copytree(STUBS, bin_)
        for name, script in self.repository.commands.items():
            (bin_ / name).write_text(f"#!/bin/sh\n{script}\n")
            (bin_ / name).chmod(0o755)
        self.work.mkdir(parents=True)
        home.mkdir()
        # nobody's name: a machine whose host has a full name would lend git one
        (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
        installed = self.repository.home / "installed"
        installed.mkdir(exist_ok=True)
        github = {
            f"GITHUB_{key.upper()}": text for key, text in self.known["github"].items() if key != "token"
        }
        return github | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_JOB": job,
            "GITHUB_WORKSPACE": str(self.work),
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "OPENROUTER_BASE_URL": self.repository.service,
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": str(bin_),
            "REHEARSAL_INSTALLED": str(installed),
            "REHEARSAL_HAS_ISSUES": str(self.repository.has_issues).lower(),
            "REHEARSAL_ISSUES": str(self.repository.issues),
            "REHEARSAL_MAY_OPEN_PULLS": str(self.repository.may_open_pulls).lower(),
            "REHEARSAL_NOW": self.repository.now.isoformat(),
            "REHEARSAL_PULLS": str(self.repository.pulls),
            "REHEARSAL_PYTHON": sys.executable,
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.files),
            "SYNC_REQUESTS_PER_SECOND": "0",
            **self.repository.environment,
        }

    def job(self) -> Job:
        """Run the steps in order; after a failure only those that ask for it."""
        for told in self.told["steps"]:
            if unknown := told.keys() - STEP:
                raise ValueError(f"unknown keys of a step: {unknown}")
            if wanted(told.get("if"), self.known, self.ended.result == "failure"):
                step = self._step(told)
            else:
                step = Step(told["name"], "skipped")
            if step.outcome == "failure":
                self.ended.result = "failure"
            if "id" in told:
                self.known["steps"][told["id"]] = {"outcome": step.outcome, "outputs": step.outputs}
            self.ended.steps.append(step)
        for last in reversed(self.after if self.ended.result == "success" else []):
            last()
        outputs = self.told.get("outputs", {})
        self.ended.outputs = {name: filled(text, self.known) for name, text in outputs.items()}
        return self.ended

    def _step(self, told: dict[str, Any]) -> Step:
        layers = (self.flow.get("env", {}), self.told.get("env", {}), told.get("env", {}))
        own = {name: filled(text, self.known) for layer in layers for name, text in layer.items()}
        step = Step(told["name"], "success", self.env | own)
        if "run" in told:
            self._script(told["run"], step)
            return step
        action = told["uses"].partition("@")[0]
        given = {name: filled(text, self.known) for name, text in told.get("with", {}).items()}
        try:
            step.outputs = ACTIONS[action](self, given)
        except (Fails, GitError) as error:
            step.outcome, step.said = "failure", str(error)
        return step

    def _script(self, script: str, step: Step) -> None:
        """Run a script, and read what it wrote for GitHub."""
        named = {name: self.files / name for name in ("output", "env", "step_summary")}
        for path in named.values():
            path.write_text("")
        shell = SHELLS[self.flow.get("defaults", {}).get("run", {}).get("shell")]
        file = self.files / "script.sh"
        file.write_text(filled(script, self.known))
        done = subprocess.run(
            [*shell, file],
            cwd=self.work,
            env=step.env | {f"GITHUB_{name.upper()}": str(path) for name, path in named.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        step.said = done.stdout
        step.outcome = "failure" if done.returncode else "success"
        step.outputs = _pairs(named["output"])
        self.env |= _pairs(named["env"])
        self.ended.summary += named["step_summary"].read_text()


def _pairs(path: Path) -> dict[str, str]:
    """What a script wrote into GITHUB_OUTPUT or GITHUB_ENV: a line each."""
    lines = path.read_text().splitlines()
    if any("=" not in line for line in lines):
        raise ValueError(f"not name=value: {lines}")
    return dict(line.split("=", 1) for line in lines)


# Actions


def checkout(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    """The commits that the real one fetches, and the refs that it leaves; it pushes where it may.

    https://github.com/actions/checkout: src/ref-helper.ts
    """
    github, remote = at.known["github"], at.repository.remote
    ref = given.get("ref") or github["ref"]
    is_commit = bool(re.fullmatch("[0-9a-f]{40}", ref))
    branch = ref.removeprefix("refs/heads/")
    say(at.work, "init", "--quiet", ".")
    say(at.work, "remote", "add", "origin", remote.as_uri())
    if given.get("persist-credentials") == "false":
        say(at.work, "remote", "set-url", "--push", "origin", NO_CREDENTIALS)
    elif at.rights.get("contents") != "write":
        say(at.work, "remote", "set-url", "--push", "origin", READ_ONLY)
    depth = ["--depth=1"]
    if given.get("fetch-depth") == "0":
        depth, specs = [], ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    elif is_commit:
        specs = [ref]
    elif ref == branch:  # by its name: what it is now
        specs = [f"+refs/heads/{branch}*:refs/remotes/origin/{branch}*"]
    else:  # what it was when the event came
        specs = [f"+{github['sha']}:refs/remotes/origin/{branch}"]
    say(at.work, "fetch", "--no-tags", "--quiet", *depth, "origin", *specs)
    if is_commit:
        say(at.work, "checkout", "--quiet", "--detach", ref)
    else:
        say(at.work, "checkout", "--quiet", "--force", "-B", branch, f"refs/remotes/origin/{branch}")
    return {"ref": ref, "commit": say(at.work, "rev-parse", "HEAD")}


def setup_python(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    """The Python of whoever runs the tests, whatever is asked for; its cache needs the files it hangs on."""
    if given.get("cache") and not [*at.work.glob(given["cache-dependency-path"])]:
        raise Fails(f"No file matched to {given['cache-dependency-path']}")
    return {"python-version": given["python-version"]}


def cache(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    """The folder of the key, or the newest whose key begins with `restore-keys`; saved after a green job."""
    at.repository.caches.mkdir(exist_ok=True)
    path, own = at.work / given["path"], at.repository.caches / given["key"]
    newest = sorted(at.repository.caches.iterdir(), key=lambda one: one.stat().st_ctime_ns, reverse=True)
    starts = given.get("restore-keys", "").split()
    found = [own] if own.exists() else [one for one in newest if one.name.startswith(tuple(starts))]
    if found:
        shutil.copytree(found[0], path, dirs_exist_ok=True)
    if not own.exists():
        at.after.append(lambda: path.exists() and shutil.copytree(path, own))
    return {"cache-hit": str(own.exists()).lower()}


def configure_pages(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    if not at.repository.pages or at.rights.get("pages") not in ("read", "write"):
        raise Fails("Get Pages site failed. Please verify that the repository has Pages enabled")
    return {"base_url": "https://someone.example/archive"}


def upload_pages_artifact(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    """The site without its hidden files, which are left out unless asked for."""
    shutil.copytree(
        at.work / given["path"], at.repository.artifacts / "github-pages", ignore=shutil.ignore_patterns(".*")
    )
    return {}


def deploy_pages(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    if {"pages": "write", "id-token": "write"}.items() - at.rights.items():
        raise Fails("Ensure GITHUB_TOKEN has permission id-token: write and pages: write")
    shutil.rmtree(at.repository.site, ignore_errors=True)
    shutil.copytree(at.repository.artifacts / "github-pages", at.repository.site)
    return {"page_url": "https://someone.example/archive/"}


def upload_artifact(at: Runner, given: Mapping[str, str]) -> dict[str, str]:
    path = at.work / given["path"]
    if path.exists():
        shutil.copytree(path, at.repository.artifacts / given["name"])
    elif given.get("if-no-files-found") == "error":
        raise Fails(f"No files were found with the provided path: {given['path']}")
    return {}


ACTIONS: dict[str, Callable[[Runner, Mapping[str, str]], dict[str, str]]] = {
    "actions/cache": cache,
    "actions/checkout": checkout,
    "actions/configure-pages": configure_pages,
    "actions/deploy-pages": deploy_pages,
    "actions/setup-python": setup_python,
    "actions/upload-artifact": upload_artifact,
    "actions/upload-pages-artifact": upload_pages_artifact,
}
"""The stand-ins by the action's name; one that is not here is an error."""
