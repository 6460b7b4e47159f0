"""Rules that the workflows must keep, each with the message of its violation."""

import re
from collections.abc import Iterator
from typing import Any

from orarchive.domain.feeds import DIRECT_FEEDS
from tests.support.workflow_runner import load_workflow, load_yaml

Workflow = dict[str, Any]

ACTION = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
VERSION = re.compile(r"uses: \S+@\S+ # v\d+\.\d+\.\d+$")

KEYS = [
    f"{name}: ${{{{ secrets.{name} }}}}"
    for name in ("OPENROUTER_API_KEY", *(feed.key_variable for feed in DIRECT_FEEDS))
]
KEY = KEYS[0]
"""The only secrets that a step may have: the keys of the services that it asks."""

KEYED_STEPS = {("scrape.yml", "Scrape"), ("contract.yml", "Compare the answers")}
"""The steps that may have them: they send requests to the services."""

LEVELS = ("none", "read", "write")


def find_violations(name: str, text: str) -> set[str]:
    """Return the messages of all rules that the text of a workflow breaks."""
    workflow = load_yaml(text)
    violations = {
        *_check_rights(workflow),
        *_check_actions(workflow, text),
        *_check_secrets(name, workflow, text),
        *_check_untrusted_code(workflow, text),
    }
    if name == "scrape.yml":
        violations |= {*_check_ticks(workflow), *_check_queue(workflow), *_check_scrape(workflow)}
    if name == "publish.yml":
        violations |= {*_check_queue(workflow), *_check_publish(workflow)}
    if name == "months.yml":
        violations |= {*_check_queue(workflow), *_check_months(workflow)}
    if name == "audit.yml":
        violations |= {*_check_audit(workflow)}
    return violations


def _list_steps(workflow: Workflow) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def _check_rights(workflow: Workflow) -> Iterator[str]:
    if workflow["permissions"] != {}:
        yield "a right for the whole workflow"
    for job in workflow["jobs"].values():
        if not isinstance(job.get("permissions"), dict):
            yield "a job that does not name its rights"
        if "steps" in job and "timeout-minutes" not in job:
            yield "a job without a timeout"


def _check_actions(workflow: Workflow, text: str) -> Iterator[str]:
    for step in _list_steps(workflow):
        if "uses" in step and not ACTION.match(step["uses"]):
            yield "an action without a full SHA"
        if _is_checkout(step) and "persist-credentials" not in step.get("with", {}):
            yield "a checkout that does not say whether it leaves its token"
        if "${{" in step.get("run", ""):
            yield "an expression in a script"
    for line in text.splitlines():
        if "uses: " in line and "@" in line and not VERSION.search(line):
            yield "an action without its version in a comment"


def _is_checkout(step: dict[str, Any]) -> bool:
    return str(step.get("uses", "")).startswith("actions/checkout@")


def _check_secrets(name: str, workflow: Workflow, text: str) -> Iterator[str]:
    """Check that there is no secret but the keys, and that only the steps that need them have them."""
    lines = [line.strip() for line in text.splitlines() if "secrets." in line]
    if {*lines} - {*KEYS}:
        yield "a secret that is not needed"
    keyed = [
        step
        for step in _list_steps(workflow)
        if "secrets." in str(step) and (name, step["name"]) in KEYED_STEPS
    ]
    if len(lines) != len(KEYS) * len(keyed):
        yield "the key in a step that sends no requests to the service"


def _check_untrusted_code(workflow: Workflow, text: str) -> Iterator[str]:
    """Check the workflows that a pull request, which anybody may write, starts.

    GitHub keeps the caches of their runs from branches.
    """
    if not {"pull_request_target", "workflow_run", "issue_comment"}.isdisjoint(workflow["on"]):
        yield "an event that runs untrusted code with our rights"
    if any(job.get("secrets") == "inherit" for job in workflow["jobs"].values()):
        yield "all secrets handed on"
    if "pull_request" not in workflow["on"]:
        return
    if "secrets." in text or "github.token" in text:
        yield "a secret where a pull request runs"
    if any("write" in job.get("permissions", {}).values() for job in workflow["jobs"].values()):
        yield "a right to write where a pull request runs"
    if "actions/cache" in text:
        yield "a cache of the archive where a pull request runs"
    checkouts = [step.get("with", {}) for step in _list_steps(workflow) if _is_checkout(step)]
    if any(inputs.get("persist-credentials") for inputs in checkouts):
        yield "a token that is left where a pull request runs"


def _check_audit(workflow: Workflow) -> Iterator[str]:
    if "schedule" not in workflow["on"]:
        yield "an audit without a schedule"
    script = "".join(step.get("run", "") for step in _list_steps(workflow))
    if "for lock in requirements/*.lock;" not in script:
        yield "a lock that is not audited"
    if "pip-audit --strict --require-hashes --disable-pip" not in script:
        yield "an audit that skips packages it cannot look up"


def _check_months(workflow: Workflow) -> Iterator[str]:
    script = "\n".join(step.get("run", "") for step in _list_steps(workflow))
    if re.search(r'upload \S+ "\$month" .*--clobber', script):
        yield "a released month that is replaced"
    if "|| true" in script or "2> /dev/null" in script:
        yield "a failed request that counts as an empty list"


def _check_ticks(workflow: Workflow) -> Iterator[str]:
    minutes = set()
    for entry in workflow["on"]["schedule"]:
        listed, rest = entry["cron"].split(" ", 1)
        if rest != "* * * *":
            yield "a tick that is not hourly"
        minutes |= {int(minute) for minute in listed.split(",")}
    if len(minutes) < 3:
        yield "fewer than three ticks an hour"
    if any(minute % 5 == 0 for minute in minutes):
        yield "a tick at a round minute"


def _check_queue(workflow: Workflow) -> Iterator[str]:
    """Check that there is a concurrency group and that no group cancels a running job."""
    parts = (workflow, *workflow["jobs"].values())
    groups = [part["concurrency"] for part in parts if "concurrency" in part]
    if not groups:
        yield "two runs at once"
    if any(group.get("cancel-in-progress") is not False for group in groups):
        yield "a running job is cancelled"


def _check_scrape(workflow: Workflow) -> Iterator[str]:
    job, publish = workflow["jobs"]["scrape"], workflow["jobs"]["publish"]
    steps = {step["name"]: step for step in job["steps"]}
    if steps["Check out the tip of the branch"]["with"]["ref"] != "${{ github.ref_name }}":
        yield "a checkout that is not by the branch's name"
    if job["concurrency"].get("queue") != "max":
        yield "a run started by hand that the next tick drops"
    if any("continue-on-error" in part for part in (job, *job["steps"])):
        yield "a failure that does not fail the run"
    if "always()" not in steps["Find the pushed commit"]["if"]:
        yield "the commit of a failed scrape is not found"
    if "!cancelled()" not in publish["if"] or "needs.scrape.outputs.commit != ''" not in publish["if"]:
        yield "the commit of a failed scrape is not published"
    for called in load_workflow("publish.yml")["jobs"].values():
        for right, level in called["permissions"].items():
            if LEVELS.index(publish["permissions"].get(right, "none")) < LEVELS.index(level):
                yield "publish.yml is called with fewer rights than its jobs name"


def _check_publish(workflow: Workflow) -> Iterator[str]:
    jobs = workflow["jobs"]
    if any("!cancelled()" not in job.get("if", "") for job in jobs.values()):
        yield "a job that is skipped after a failed scrape"
    checkout, check, *later = jobs["build"]["steps"]
    if checkout["with"]["fetch-depth"] != 0:
        yield "a site without its history"
    has_hours = f"steps.{check['id']}.outputs.hours == 'yes'"
    if any(has_hours not in step.get("if", "") for step in later):
        yield "a step that fails where nothing is archived yet"
    if "needs.build.outputs.hours == 'yes'" not in jobs["deploy"]["if"]:
        yield "a deployment without a site"
    if any("write" in job["permissions"].values() for name, job in jobs.items() if name != "deploy"):
        yield "a right to write outside deploy"
    fetches = [step for step in later if "git fetch" in step.get("run", "")]
    if "filter" in checkout["with"] and not any("--refetch" in step["run"] for step in fetches):
        yield "files that are fetched one by one where an index is built anew"
    yield from _check_index_cache(jobs["build"])


def _check_index_cache(job: dict[str, Any]) -> Iterator[str]:
    """Check that the index of a build that fails or is cut off is kept."""
    build = next(step for step in job["steps"] if step.get("id") == "build")
    saves = [step for step in job["steps"] if "actions/cache/save@" in step.get("uses", "")]
    if not any("always()" in step["if"] for step in saves):
        yield "a failed build that loses its index"
    if build.get("timeout-minutes", job["timeout-minutes"]) >= job["timeout-minutes"]:
        yield "a long build that leaves no time to save its index"
