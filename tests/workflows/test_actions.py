"""The stand-in for GitHub Actions does what GitHub does, and refuses what it does not know."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orarchive.sample import START
from tests.support.archives import ROOT, say
from tests.support.expressions import Known, value, wanted
from tests.support.workflow_runner import STUBS, WORKFLOWS, Repository, colour, load, summary

KNOWN: Known = {
    "steps": {"one": {"outcome": "success", "outputs": {"hours": "yes"}}},
    "needs": {},
    "inputs": {"force": True, "commit": ""},
    "github": {"ref_name": "main"},
}


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("steps.one.outputs.hours == 'yes'", True),
        ("steps.one.outputs.hours != 'yes'", False),
        ("steps.two.outputs.hours", ""),
        ("steps.one.outcome == 'SUCCESS' && needs.build.result == ''", True),
        ("inputs.commit || github.ref_name", "main"),
        ("inputs.force", True),
        ("!(inputs.force && inputs.commit)", True),
        ("'it''s' == 'it''s' && 'a && b'", "a && b"),
        ("always() && !cancelled()", True),
        ("'' || '' == '' && 'both bind closer'", "both bind closer"),
    ],
)
def test_what_an_expression_says(expression: str, says: object) -> None:
    assert value(expression, KNOWN, {"always()": True, "cancelled()": False}) == says


@pytest.mark.parametrize(
    "expression",
    [
        *("", "steps.one.outcome ==", "(always()", "always() always()", "hours", "runner.os", "success(1)"),
        *("contains(github.ref, 'x')", "inputs.force == 'true'", "steps['one']", "1 < 2"),
    ],
)
def test_an_expression_that_is_not_known_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"^(no|only)"):
        value(expression, KNOWN, {"always()": True})


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        (None, True, False),
        ("${{ always() }}", True, True),
        ("${{ !cancelled() }}", True, True),
        ("${{ failure() }}", False, True),
        ("steps.one.outputs.hours == 'yes'", True, False),
        ("${{ always() && steps.two.outcome == 'success' }}", False, False),
    ],
)
def test_when_a_step_runs(condition: str | None, after_success: bool, after_failure: bool) -> None:
    assert wanted(condition, KNOWN, failed=False) is after_success
    assert wanted(condition, KNOWN, failed=True) is after_failure


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A remote with one commit."""
    made = Repository(tmp_path, "http://127.0.0.1:1", START, secrets={"KEY": "a secret"})
    say(tmp_path, "init", "--quiet", "--bare", "-b", "main", str(made.remote))
    say(tmp_path, "clone", "--quiet", str(made.remote), "other")
    say(tmp_path / "other", "commit", "--quiet", "--allow-empty", "--message", "one")
    say(tmp_path / "other", "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return made


def flow(text: str) -> dict[str, Any]:
    """A workflow of these jobs."""
    return load("name: Try\non: {push: {}}\ndefaults: {run: {shell: bash}}\njobs:\n" + text)


STEPS = """
  try:
    env: {A: of the job, B: of the job}
    outputs: {word: "${{ steps.say.outputs.word }}"}
    steps:
      - name: Say
        id: say
        env: {B: own}
        run: echo word=$B >> "$GITHUB_OUTPUT"; echo C=$A >> "$GITHUB_ENV"
      - name: Fail
        run: echo $C, $B, ${KEY-none} | tee "$GITHUB_STEP_SUMMARY"; false | true; echo not here
      - {name: Skipped, run: exit 1}
      - {name: Last, if: always(), run: '[ "$KEY" = "a secret" ]', env: {KEY: "${{ secrets.KEY }}"}}
  after: {needs: try, steps: []}
  always: {needs: try, if: "${{ !cancelled() && needs.try.outputs.word == 'own' }}", steps: []}
"""


def test_a_job_runs_as_on_github(repository: Repository) -> None:
    """In order, with the environment of each layer, until one fails; a job that needs it is skipped then."""
    run = repository.start(flow(STEPS), "push", {})
    assert [step.outcome for step in run["try"].steps] == ["success", "failure", "skipped", "success"]
    assert run["try"]["Fail"].said == "of the job, of the job, none\n"
    assert summary(run) == "of the job, of the job, none\n"
    assert run["try"].outputs == {"word": "own"}
    assert [run[name].result for name in run] == ["failure", "skipped", "success"]
    assert colour(run) == "red"


def test_a_variant_for_each_value_of_a_matrix(repository: Repository) -> None:
    matrix = """
  t:
    strategy: {matrix: {v: [a, b]}}
    steps: [{name: S, run: test $V = a, env: {V: "${{ matrix.v }}"}}]
"""
    run = repository.start(flow(matrix), "push", {})
    assert {name: job.result for name, job in run.items()} == {"t (a)": "success", "t (b)": "failure"}


@pytest.mark.parametrize(
    "step",
    [
        "{name: S, uses: some/action@v1}",
        "{name: S, run: 'true', continue-on-error: true}",
        "{name: S, run: 'true', if: hashFiles('x')}",
        "{name: S, run: 'echo nonsense >> $GITHUB_OUTPUT'}",
    ],
)
def test_what_is_not_known_is_an_error(repository: Repository, step: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        repository.start(flow(f"  t: {{steps: [{step}]}}"), "push", {})


def test_a_workflow_is_started_by_its_events_alone(repository: Repository) -> None:
    with pytest.raises(ValueError, match="Try is not started by schedule"):
        repository.start(flow("  t: {steps: []}"), "schedule", {})


def test_a_workflow_has_no_more_rights_than_who_calls_it(repository: Repository) -> None:
    job = "  t: {uses: $/.github/workflows/publish.yml, permissions: {contents: read, pages: read}}"
    with pytest.raises(ValueError, match="Publish asks for pages: write, which it is not given"):
        repository.start(flow(job), "push", {})


@pytest.mark.parametrize(
    ("action", "given", "rights", "says"),
    [
        ("checkout", "ref: gone", "{}", "git fetch failed"),
        ("setup-python", "cache: pip, cache-dependency-path: x.lock", "{}", "No file matched"),
        ("upload-artifact", "path: gone/, name: x, if-no-files-found: error", "{}", "No files were found"),
        ("configure-pages", "", "{contents: read}", "Get Pages site failed"),
        ("deploy-pages", "", "{pages: write}", "id-token: write"),
        ("deploy-pages", "", "{id-token: write}", "pages: write"),
    ],
)
def test_an_action_fails_where_the_real_one_does(
    repository: Repository, action: str, given: str, rights: str, says: str
) -> None:
    step = f"{{name: S, uses: actions/{action}@x, with: {{{given}}}}}"
    run = repository.start(flow(f"  t: {{permissions: {rights}, steps: [{step}]}}"), "push", {})
    assert run["t"].result == "failure"
    assert re.search(says, run["t"]["S"].said)


@pytest.mark.parametrize(
    ("rights", "keeps", "result"),
    [("write", "true", "success"), ("read", "true", "failure"), ("write", "false", "failure")],
)
def test_only_a_job_with_the_right_pushes(
    repository: Repository, rights: str, keeps: str, result: str
) -> None:
    job = f"""
  t:
    permissions: {{contents: {rights}}}
    steps:
      - {{name: C, uses: actions/checkout@x, with: {{ref: main, persist-credentials: {keeps}}}}}
      - name: P
        run: |
          git -c user.name=I -c user.email=i@example.org commit -q --allow-empty -m I
          git push -q origin main
"""
    assert repository.start(flow(job), "push", {})["t"].result == result


def test_nobody_lends_git_a_name(repository: Repository) -> None:
    """Whatever the machine is called, and whatever whoever runs the tests has set."""
    job = "  t: {steps: [{name: C, uses: actions/checkout@x}, {name: S, run: git commit --allow-empty -m I}]}"
    assert "tell me who you are" in repository.start(flow(job), "push", {})["t"]["S"].said


@pytest.mark.parametrize(
    ("command", "token", "code"),
    [
        ("issue view 1", "issues: write", 2),
        ("issue list --label x", "issues: write", 2),
        ("issue list --json number --jq .[0]", "issues: write", 2),
        ("issue list --json number --jq '.[0].number // empty' --search words", "issues: write", 1),
        ("issue list --json number --jq '.[0].number // empty'", "issues: write", 0),
        ("issue create --title x", "issues: write", 2),
        ("issue close 1", "issues: read", 1),
        ("issue close 1", "", 4),
        ("pr list --head x --json number --jq '.[0].number // empty'", "pull-requests: write", 0),
        ("pr list --head x --json number --jq '.[0].number // empty'", "issues: write", 1),
        ("pr create --fill", "pull-requests: write", 2),
        ("api repos/a/b --jq .has_issues", "contents: read", 0),
        ("api repos/a/c --jq .has_issues", "contents: read", 2),
        ("api repos/a/b --jq .has_wiki", "contents: read", 2),
    ],
)
def test_gh_refuses_what_it_does_not_know(tmp_path: Path, command: str, token: str, code: int) -> None:
    """And what the token may not; without one it ends with 4, as the real one does."""
    env = {"REHEARSAL_ISSUES": str(tmp_path / "issues.json"), "GH_TOKEN": token, "GH_REPO": "a/b"}
    env |= {"REHEARSAL_HAS_ISSUES": "true", "REHEARSAL_PULLS": str(tmp_path / "pulls.json")}
    done = subprocess.run(
        [sys.executable, STUBS / "gh.py", *shlex.split(command)], env=env, capture_output=True, check=False
    )
    assert done.returncode == code


def test_make_refuses_a_target_that_is_not_there() -> None:
    env = {"PATH": f"{STUBS}:{os.environ['PATH']}"}
    for target, code in (("test", 0), ("tets", 2)):
        done = subprocess.run(["make", target], cwd=ROOT, env=env, capture_output=True, check=False)
        assert done.returncode == code


def test_there_are_workflows() -> None:
    """Or nothing would be rehearsed."""
    assert WORKFLOWS
