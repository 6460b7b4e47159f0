"""Helpers of the tests that rehearse workflows: a service with few models, and repositories with hours."""

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode
from py_compile import compile as compile_file
from typing import Any

from orarchive.sample import START, Service, build_world_at, routes
from orarchive.store.git import run_git
from tests.support.archives import HOUR, ROOT, Payloads, Stage, read_git
from tests.support.workflow_runner import Repository, WorkflowRun

NEXT = START + 3 * HOUR
"""The first hour that the archive of the rehearsals lacks."""

KEY = "sk-or-v1-secret"


def serve(service: Service, bodies: Payloads) -> None:
    """Serve these bodies by path; other requests get the answer of the sample's first hour."""
    world = build_world_at(START)

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        body = bodies.get(path) if query.keys() <= {"output_modalities"} else None
        return (200, body) if body else routes.answer(world, path, query, headers, KEY)

    service.respond = respond


def commit_code(folder: Path) -> Path:
    """Return a bare repository with this one's files in one commit, without the hours that it may hold."""
    remote, work = folder / "remote.git", folder / "work"
    read_git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    read_git(folder, "clone", "--quiet", str(remote), str(work))
    listed = run_git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    for name in listed.rstrip("\0").split("\0"):
        path = ROOT / name
        is_record = name.startswith("data/") and name not in ("data/README.md", "data/.gitattributes")
        if not is_record and (path.is_file() or path.is_symlink()):
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, work / name, follow_symlinks=False)
    read_git(work, "checkout", "--quiet", "-B", "main")
    read_git(work, "add", "--all")
    read_git(work, "commit", "--quiet", "--message", "The code")
    read_git(work, "push", "--quiet", "origin", "main")
    return remote


def compile_code(folder: Path) -> None:
    """Compile the package into the folders that a checkout would have it in, without the sources.

    Each job has a new checkout, whose files are of another time each: Python compares their contents.
    """
    for source in (ROOT / "orarchive").rglob("*.py"):
        target = cache_from_source(folder / source.relative_to(ROOT))
        compile_file(str(source), target, doraise=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def clone_writer(service: Service, repository: Repository, folder: Path) -> Stage:
    """Clone a repository as another writer, which archives hours in this process and pushes them."""
    read_git(folder, "clone", "--quiet", str(repository.remote), "writer")
    return Stage(service, folder / "writer")


def run_scrape(service: Service, repository: Repository, moment: dt.datetime, **inputs: Any) -> WorkflowRun:
    """Run scrape.yml at a moment, by the schedule, or by hand where inputs are given."""
    service.seen.clear()
    service.now = repository.now = moment
    return repository.run("scrape.yml", "workflow_dispatch" if inputs else "schedule", **inputs)


def list_subjects(repository: Repository) -> list[str]:
    """Return the subjects of the remote's commits, newest first."""
    return repository.git("log", "--format=%s", repository.default_branch).splitlines()


def read_status(repository: Repository) -> dict[str, Any]:
    """Return the status that the deployed site shows, with its hour."""
    file: dict[str, Any] = json.loads((repository.site / "api/v1/status.json").read_text())
    return {**file["data"], "as_of": file["as_of"]}


def read_issues(repository: Repository) -> list[dict[str, Any]]:
    """Return the issues of a repository."""
    issues: list[dict[str, Any]] = json.loads(repository.issues.read_text())
    return issues
