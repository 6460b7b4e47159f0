"""An emulator of GitHub Actions: it runs the jobs of a workflow as GitHub does, on a bare repository.

Scripts run unchanged, in an environment made from nothing. Actions have stubs in action_stubs.py, commands
in stubs/, which comes first on PATH. A key of a job or step, an expression or an action that is unknown here
is an error, so that no part of a workflow is skipped unnoticed. Concurrency, timeouts and versions of Python
are not emulated: there is one runner, with the Python that runs the tests. A run can be cancelled in a step.
"""

import datetime as dt
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from orarchive.errors import GitError
from tests.support.action_stubs import ACTIONS, ActionError
from tests.support.archives import ROOT, read_git
from tests.support.expressions import fill, is_met

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
STUBS = Path(__file__).parent / "stubs"

SHELLS = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
}
"""How GitHub runs a script; only a shell that is named comes with pipefail."""

CHECK_ACTION = "someone/openrouter-archive/check@v1"
"""Our own action, as a repository of somebody uses it."""

JOB_KEYS = {"concurrency", "environment", "if", "name", "needs", "outputs", "permissions", "runs-on"}
JOB_KEYS |= {"steps", "strategy", "timeout-minutes", "uses", "with"}
STEP_KEYS = {"env", "id", "if", "name", "run", "timeout-minutes", "uses", "with"}


def load_yaml(text: str) -> dict[str, Any]:
    """Parse as YAML 1.2, in which `on` is a word and not a boolean."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return content


def load_workflow(name: str) -> dict[str, Any]:
    """Return a workflow of this repository by the name of its file."""
    return load_yaml((FOLDER / name).read_text())


@dataclass
class Step:
    """A step of a job: its outcome (`success`, `failure`, `cancelled` or `skipped`), variables and output."""

    name: str
    outcome: str
    env: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    printed: str = ""


@dataclass
class Job:
    """A job that has ended (`success`, `failure` or `cancelled`) or was `skipped`."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    summary: str = ""

    def __getitem__(self, name: str) -> Step:
        """Return a step by its name."""
        return next(step for step in self.steps if step.name == name)


WorkflowRun = dict[str, Job]
"""The jobs of a run by name; of a called workflow as `publish / build`, of a matrix as `test (3.11)`."""


def run_result(run: WorkflowRun) -> str:
    """Return the result of a run: `cancelled` or `failure` where any job was or has, else `success`."""
    results = {job.result for job in run.values()}
    return next((result for result in ("cancelled", "failure") if result in results), "success")


def join_summaries(run: WorkflowRun) -> str:
    """Return the summaries of all jobs."""
    return "".join(job.summary for job in run.values())


@dataclass
class Repository:
    """A repository on GitHub: its branches, its settings, and the results of its workflows.

    All files lie below `home`; `service` is the base URL used for OpenRouter's API, `now` the time of runs.
    """

    home: Path
    service: str
    now: dt.datetime
    default_branch: str = "main"
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    has_pages: bool = True
    has_issues: bool = True
    may_open_pulls: bool = True
    """Whether Actions may open pull requests, which is a setting."""
    commands: dict[str, str] = field(default_factory=dict)
    """Scripts that replace a command, by its name."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of the machine, beside GitHub's."""
    cancelled_step: str = ""
    """Name of the step at whose end runs are cancelled."""
    builds_site: bool = True
    """Whether build_site.py runs; else the site is an empty folder, in tests about other steps."""
    makes_tables: bool = True
    """Whether `orarchive export` runs; else it succeeds without tables, in tests about other steps."""
    installed: Path | None = None
    """Folder that remembers which lock files are installed; by default one of the repository's own.

    The files in its folder `compiled` go into every checkout, so that no job compiles the code anew.
    """
    runs: int = 0

    @property
    def remote(self) -> Path:
        """Return the path of the bare repository."""
        return self.home / "remote.git"

    @property
    def site(self) -> Path:
        """Return the folder of the deployed site."""
        return self.home / "site"

    @property
    def caches(self) -> Path:
        """Return the folder with a folder for each key of a cache."""
        return self.home / "caches"

    @property
    def work(self) -> Path:
        """Return the work tree of the last job."""
        return self.home / "work" / "archive" / "archive"

    @property
    def issues(self) -> Path:
        """Return the JSON file of the issues."""
        return self.home / "issues.json"

    @property
    def pulls(self) -> Path:
        """Return the JSON file of the pull requests."""
        return self.home / "pulls.json"

    @property
    def releases(self) -> Path:
        """Return the folder with a folder of assets for each release, by its tag."""
        return self.home / "releases"

    @property
    def artifacts(self) -> Path:
        """Return the folder with a folder for each artifact of the last run."""
        return self.home / "artifacts"

    def git(self, *arguments: str) -> str:
        """Return the output of a git command in the bare repository."""
        return read_git(self.remote, *arguments)

    def tip(self) -> str:
        """Return the commit of the default branch."""
        return self.git("rev-parse", self.default_branch)

    def run(self, name: str, event: str = "schedule", **inputs: Any) -> WorkflowRun:
        """Run a workflow of this repository, started by an event on the default branch."""
        return self.start(load_workflow(name), event, inputs)

    def start(
        self, workflow: dict[str, Any], event: str, inputs: Mapping[str, Any], branch: str = ""
    ) -> WorkflowRun:
        """Run a loaded workflow, on the default branch if none is given; KeyError if nothing starts it."""
        self.runs += 1
        shutil.rmtree(self.artifacts, ignore_errors=True)
        trigger = workflow["on"][event] or {}
        branch = branch or self.default_branch
        if event == "push" and not any(
            fnmatchcase(branch, pattern) for pattern in trigger.get("branches", "*")
        ):
            raise KeyError(branch)
        declared = trigger.get("inputs", {}) if event == "workflow_dispatch" else {}
        defaults = {name: declaration.get("default", "") for name, declaration in declared.items()}
        github = {
            # The payload of a scheduled run says nothing of the repository (github/codeql-action#1211).
            "event": {} if event == "schedule" else {"repository": {"default_branch": self.default_branch}},
            "event_name": event,
            "ref": f"refs/heads/{branch}",
            "ref_name": branch,
            "repository": "someone/archive",
            "run_id": str(self.runs),
            "run_attempt": "1",
            "server_url": "https://github.example",
            "sha": self.git("rev-parse", branch),
            "workflow": workflow["name"],
        }
        contexts: dict[str, Any] = {"github": github, "inputs": defaults | {**inputs}}
        contexts |= {"vars": self.variables, "secrets": self.secrets}
        return self._run_jobs(workflow, contexts, has_failed=False)

    def _run_jobs(self, workflow: dict[str, Any], contexts: dict[str, Any], has_failed: bool) -> WorkflowRun:
        """Run the jobs of a workflow, each after those that it needs, which stand before it in the file.

        In a workflow that is called after a failure, no job counts as following a success.
        """
        run: WorkflowRun = {}
        for name, job in workflow["jobs"].items():
            _refuse_unknown(job, JOB_KEYS)
            job_contexts, after_failure = {**contexts, "needs": {}}, has_failed
            if "needs" in job:
                needed = run[job["needs"]]
                job_contexts["needs"] = {job["needs"]: {"result": needed.result, "outputs": needed.outputs}}
                after_failure = has_failed or needed.result != "success"
            is_cancelled = run_result(run) == "cancelled"
            if not is_met(job.get("if"), job_contexts, after_failure, is_cancelled):
                run[name] = Job("skipped")
            elif "uses" in job:
                inputs = {key: fill(text, job_contexts) for key, text in job.get("with", {}).items()}
                called = load_workflow(job["uses"].removeprefix("$/.github/workflows/"))
                inner = self._run_jobs(called, {**contexts, "inputs": inputs, "secrets": {}}, after_failure)
                run[name] = Job(run_result(inner))
                run |= {f"{name} / {key}": inner_job for key, inner_job in inner.items()}
            else:
                for title, values in _expand_matrix(name, job):
                    run[title] = Runner(self, workflow, job, {**job_contexts, "matrix": values}).run_job()
        return run


def _refuse_unknown(definition: Mapping[str, Any], known_keys: set[str]) -> None:
    if unknown := definition.keys() - known_keys:
        raise ValueError(f"unknown keys of a job or step: {sorted(unknown)}")


def _expand_matrix(name: str, job: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the title and the values of each variant of a job."""
    axes = job.get("strategy", {}).get("matrix", {})
    for values in itertools.product(*axes.values()):
        title = f"{name} ({', '.join(map(str, values))})" if values else name
        yield title, dict(zip(axes, map(str, values), strict=True))


class Runner:
    """A new machine for one job."""

    def __init__(
        self, repository: Repository, workflow: dict[str, Any], job: dict[str, Any], contexts: dict[str, Any]
    ) -> None:
        self.repository, self.workflow, self.definition = repository, workflow, job
        self.rights: dict[str, str] = job["permissions"]
        # the token of a rehearsal lists its rights, which the stub of gh reads
        token = ", ".join(
            ["token of the run", *(f"{right}: {level}" for right, level in self.rights.items())]
        )
        self.contexts = {**contexts, "github": {**contexts["github"], "token": token}, "steps": {}}
        self.work = repository.work
        self.files = repository.home / "work" / "_files"
        self.env = self._build_environment()
        self.job = Job("success")

    def _build_environment(self) -> dict[str, str]:
        """Return the variables of every step: GitHub's, and those of the rehearsal."""
        shutil.rmtree(self.repository.home / "work", ignore_errors=True)
        home, commands, rehearsal = self.files / "home", self.files / "bin", self.repository.home
        shutil.copytree(STUBS, commands)
        for name, script in self.repository.commands.items():
            (commands / name).write_text(f"#!/bin/sh\n{script}\n")
            (commands / name).chmod(0o755)
        self.work.mkdir(parents=True)
        home.mkdir()
        # without it git would take an identity from the machine, if its host has a full name
        (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
        installed = self.repository.installed or rehearsal / "installed"
        installed.mkdir(exist_ok=True)
        github = {
            f"GITHUB_{key.upper()}": text
            for key, text in self.contexts["github"].items()
            if key not in ("event", "token")
        }
        return github | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.work),
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "OPENROUTER_BASE_URL": self.repository.service,
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": str(commands),
            "REHEARSAL_BUILDS_SITE": str(self.repository.builds_site).lower(),
            "REHEARSAL_DEPLOYED": str(rehearsal / "deployed"),
            "REHEARSAL_HAS_ISSUES": str(self.repository.has_issues).lower(),
            "REHEARSAL_INSTALLED": str(installed),
            "REHEARSAL_ISSUES": str(self.repository.issues),
            "REHEARSAL_MAKES_TABLES": str(self.repository.makes_tables).lower(),
            "REHEARSAL_MAY_OPEN_PULLS": str(self.repository.may_open_pulls).lower(),
            "REHEARSAL_NOW": self.repository.now.isoformat(),
            "REHEARSAL_PULLS": str(self.repository.pulls),
            "REHEARSAL_PYTHON": sys.executable,
            "REHEARSAL_RELEASES": str(self.repository.releases),
            "REHEARSAL_SITE": str(self.repository.site),
            "RUNNER_TEMP": str(self.files),
            "SYNC_REQUESTS_PER_SECOND": "0",
            **self.repository.environment,
        }

    def run_job(self) -> Job:
        """Run the steps in order; after a failure or a cancellation only those whose `if` allows it."""
        for definition in self.definition["steps"]:
            _refuse_unknown(definition, STEP_KEYS)
            step = Step(definition["name"], "skipped")
            ended = {result: self.job.result == result for result in ("failure", "cancelled")}
            if is_met(definition.get("if"), self.contexts, ended["failure"], ended["cancelled"]):
                step = self._run_step(definition)
                if step.name == self.repository.cancelled_step:
                    step.outcome = "cancelled"
            if step.outcome == "cancelled" or (step.outcome == "failure" and not ended["cancelled"]):
                self.job.result = step.outcome
            if "id" in definition:
                outputs = {"outcome": step.outcome, "outputs": step.outputs}
                self.contexts["steps"][definition["id"]] = outputs
            self.job.steps.append(step)
        outputs = self.definition.get("outputs", {})
        self.job.outputs = {name: fill(text, self.contexts) for name, text in outputs.items()}
        return self.job

    def _run_step(self, definition: dict[str, Any]) -> Step:
        env = {name: fill(text, self.contexts) for name, text in definition.get("env", {}).items()}
        step = Step(definition["name"], "success", self.env | env)
        if "run" in definition:
            self._run_script(definition["run"], step)
            return step
        inputs = {name: fill(text, self.contexts) for name, text in definition.get("with", {}).items()}
        if definition["uses"] == CHECK_ACTION:
            self._run_composite(inputs, step)
            return step
        try:
            step.outputs = ACTIONS[definition["uses"].partition("@")[0]](self, inputs)
        except (ActionError, GitError) as error:
            step.outcome, step.printed = "failure", str(error)
        return step

    def _run_composite(self, inputs: Mapping[str, str], step: Step) -> None:
        """Run the only step of our own action, from where GitHub puts the repository that has it."""
        repository = self.files / "_actions" / CHECK_ACTION.replace("/check@", "/")
        for name in ("check", "orarchive"):
            shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
        action = load_yaml((repository / "check" / "action.yml").read_text())
        if unknown := inputs.keys() - action["inputs"]:
            raise ValueError(f"unknown inputs: {sorted(unknown)}")
        defaults = {name: declaration["default"] for name, declaration in action["inputs"].items()}
        contexts: dict[str, Any] = {**self.contexts, "inputs": {**defaults, **inputs}}
        (part,) = action["runs"]["steps"]
        _refuse_unknown(part, {*STEP_KEYS, "shell"})
        step.env |= {name: fill(text, contexts) for name, text in part["env"].items()}
        step.env["GITHUB_ACTION_PATH"] = str(repository / "check")
        self._run_script(part["run"], step, part["shell"])
        contexts["steps"] = {part["id"]: {"outputs": step.outputs}}
        step.outputs = {name: fill(output["value"], contexts) for name, output in action["outputs"].items()}

    def _run_script(self, script: str, step: Step, shell_name: str | None = None) -> None:
        """Run a script, and read the outputs and the summary that it wrote."""
        paths = {name: self.files / name for name in ("output", "step_summary")}
        for path in paths.values():
            path.write_text("")
        shell = SHELLS[shell_name or self.workflow.get("defaults", {}).get("run", {}).get("shell")]
        file = self.files / "script.sh"
        file.write_text(fill(script, self.contexts))
        done = subprocess.run(
            [*shell, file],
            cwd=self.work,
            env=step.env | {f"GITHUB_{name.upper()}": str(path) for name, path in paths.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        step.printed = done.stdout
        step.outcome = "failure" if done.returncode else "success"
        step.outputs = dict(line.split("=", 1) for line in paths["output"].read_text().splitlines())
        self.job.summary += paths["step_summary"].read_text()
