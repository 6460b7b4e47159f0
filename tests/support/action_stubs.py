"""Stubs of the actions that the workflows use; each acts on the repository of a rehearsal."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.support.archives import read_git

if TYPE_CHECKING:
    from tests.support.workflow_runner import Runner

NO_CREDENTIALS, READ_ONLY = "no-credentials:", "read-only:"
"""Push addresses of a clone that has no token, and of one whose token may not push."""


class ActionError(Exception):
    """An action fails, and its step with it."""


def check_out(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Fetch the commits that the real action fetches and leave its refs and its right to push.

    https://github.com/actions/checkout: src/ref-helper.ts
    """
    github, work = runner.contexts["github"], runner.work
    ref = inputs.get("ref") or github["ref"]
    is_commit = bool(re.fullmatch("[0-9a-f]{40}", ref))
    branch = ref.removeprefix("refs/heads/")
    read_git(work, "init", "--quiet", ".")
    read_git(work, "remote", "add", "origin", runner.repository.remote.as_uri())
    if inputs.get("persist-credentials") == "false":
        read_git(work, "remote", "set-url", "--push", "origin", NO_CREDENTIALS)
    elif runner.rights.get("contents") != "write":
        read_git(work, "remote", "set-url", "--push", "origin", READ_ONLY)
    depth = ["--depth=1"]
    if inputs.get("fetch-depth") == "0":
        depth, specs = [], ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    elif is_commit:
        specs = [ref]
    elif ref == branch:  # a branch by its name: its current tip
        specs = [f"+refs/heads/{branch}*:refs/remotes/origin/{branch}*"]
    else:  # the ref of the event: its commit at that time
        specs = [f"+{github['sha']}:refs/remotes/origin/{branch}"]
    filters = [f"--filter={inputs['filter']}"] if "filter" in inputs else []
    read_git(runner.repository.remote, "config", "uploadpack.allowFilter", "true")
    read_git(work, "fetch", "--no-tags", "--quiet", *depth, *filters, "origin", *specs)
    if is_commit:
        read_git(work, "checkout", "--quiet", "--detach", ref)
    else:
        read_git(work, "checkout", "--quiet", "--force", "-B", branch, f"refs/remotes/origin/{branch}")
    if runner.repository.installed:
        shutil.copytree(
            runner.repository.installed / "compiled", work, copy_function=os.link, dirs_exist_ok=True
        )
    return {"ref": ref, "commit": read_git(work, "rev-parse", "HEAD")}


def set_up_python(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Fail where a file that the cache depends on is missing; the Python is always that of the tests."""
    if inputs.get("cache") and not [*runner.work.glob(inputs["cache-dependency-path"])]:
        raise ActionError(f"No file matched to {inputs['cache-dependency-path']}")
    return {"python-version": inputs["python-version"]}


def restore_cache(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Restore the folder of the key, or the newest whose key begins with `restore-keys`."""
    caches, key = runner.repository.caches, inputs["key"]
    folders = [*caches.iterdir()] if caches.exists() else []
    newest_first = sorted(folders, key=lambda folder: folder.stat().st_ctime_ns, reverse=True)
    prefix = inputs.get("restore-keys") or key
    matches = [folder for folder in newest_first if folder.name == key]
    matches += [folder for folder in newest_first if folder.name.startswith(prefix)]
    if not matches:
        return {"cache-primary-key": key}
    shutil.copytree(matches[0], runner.work / inputs["path"], dirs_exist_ok=True)
    is_hit = str(matches[0].name == key).lower()
    return {"cache-primary-key": key, "cache-matched-key": matches[0].name, "cache-hit": is_hit}


def save_cache(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Save the folder under the key; a folder that is missing or a key that exists is no failure."""
    path, target = runner.work / inputs["path"], runner.repository.caches / inputs["key"]
    if path.exists() and not target.exists():
        shutil.copytree(path, target)
    return {}


def configure_pages(runner: "Runner", _inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the address of the site; fail where Pages is disabled or the job may not read it."""
    if not runner.repository.has_pages or runner.rights.get("pages") not in ("read", "write"):
        raise ActionError("Get Pages site failed. Please verify that the repository has Pages enabled")
    return {"base_url": "https://someone.example/archive"}


def upload_pages_artifact(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Keep the site without its hidden files, which the real action leaves out."""
    artifact = runner.repository.artifacts / "github-pages"
    shutil.copytree(runner.work / inputs["path"], artifact, ignore=shutil.ignore_patterns(".*"))
    return {}


def deploy_pages(runner: "Runner", _inputs: Mapping[str, str]) -> dict[str, str]:
    """Deploy the site that an earlier job has uploaded; fail without the rights for it."""
    if {"pages": "write", "id-token": "write"}.items() - runner.rights.items():
        raise ActionError("Ensure GITHUB_TOKEN has permission id-token: write and pages: write")
    now = runner.repository.now
    (runner.repository.home / "deployed").write_text(now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    shutil.rmtree(runner.repository.site, ignore_errors=True)
    shutil.copytree(runner.repository.artifacts / "github-pages", runner.repository.site)
    return {"page_url": "https://someone.example/archive/"}


def upload_artifact(runner: "Runner", inputs: Mapping[str, str]) -> dict[str, str]:
    """Keep a folder, if it exists."""
    path = runner.work / inputs["path"]
    if path.exists():
        shutil.copytree(path, runner.repository.artifacts / inputs["name"])
    return {}


ACTIONS: dict[str, Callable[["Runner", Mapping[str, str]], dict[str, str]]] = {
    "actions/cache/restore": restore_cache,
    "actions/cache/save": save_cache,
    "actions/checkout": check_out,
    "actions/configure-pages": configure_pages,
    "actions/deploy-pages": deploy_pages,
    "actions/setup-python": set_up_python,
    "actions/upload-artifact": upload_artifact,
    "actions/upload-pages-artifact": upload_pages_artifact,
}
"""Action -> its stub, from runner and inputs to outputs. An action without a stub is a KeyError."""
