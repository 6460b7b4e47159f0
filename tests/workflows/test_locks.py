"""Rehearsals of locks.yml: it proposes new lock files once, on one branch."""

import json

from tests.support.action_stubs import NO_CREDENTIALS
from tests.support.workflow_runner import Repository, join_summaries, run_result


def test_new_locks_are_proposed_once(fork: Repository) -> None:
    """The locks are proposed as a branch of one commit with a pull request; next month's replace them there.

    The step that writes them has no token. Fails without either right, `gh auth setup-git`, `--force`, the
    query for an open pull request, `--author` in it, and with credentials left by the checkout.
    """
    theirs = {"head": "locks", "base": "main", "title": "", "body": "", "state": "open", "author": "stranger"}
    fork.pulls.write_text(json.dumps([theirs]))
    for month in ("first", "second"):
        fork.commands["make"] = (
            f'[ "$1 $(git remote get-url --push origin)" = "lock {NO_CREDENTIALS}" ] || exit 1\n'
            f'echo "# {month}" >> requirements/run.lock'
        )
        run = fork.run("locks.yml")
        steps = run["locks"].steps
        assert run_result(run) == "success", [step.printed for step in steps]
        assert [step.name for step in steps if "GH_TOKEN" in step.env] == ["Propose"]
        _, ours = json.loads(fork.pulls.read_text())
        assert (ours["head"], ours["base"], ours["state"]) == ("locks", "main", "open")
        assert fork.git("show", "locks:requirements/run.lock").endswith(f"\n# {month}")
        assert fork.git("rev-list", "--count", "main..locks") == "1"
        assert fork.git("diff", "--name-only", "main", "locks") == "requirements/run.lock"
    assert "Pull request #2 now contains the new locks" in join_summaries(run)


def test_locks_that_are_new_propose_nothing(fork: Repository) -> None:
    """Without a difference there is no branch and no pull request."""
    fork.commands["make"] = "exit 0"
    run = fork.run("locks.yml")
    assert (run_result(run), join_summaries(run)) == ("success", "The locks are up to date.\n")
    assert fork.git("branch", "--list", "locks") == ""
    assert not fork.pulls.exists()


def test_where_no_pull_request_may_be_opened_the_branch_waits(fork: Repository) -> None:
    """Where Actions may not open pull requests, as in a new repository, the run succeeds and says so."""
    fork.commands["make"] = "echo >> requirements/run.lock"
    fork.may_open_pulls = False
    run = fork.run("locks.yml")
    assert run_result(run) == "success", run["locks"].steps[-1].printed
    assert "the new locks are on the branch `locks`" in join_summaries(run)
    assert fork.git("rev-list", "--count", "main..locks") == "1"


def test_locks_that_cannot_be_written_are_an_error(fork: Repository) -> None:
    """The run fails where make does, and where a pull request fails for any other reason than the setting."""
    fork.commands["make"] = "exit 2"
    assert run_result(fork.run("locks.yml")) == "failure"
    fork.commands |= {
        "make": "echo >> requirements/run.lock",
        "gh": 'case "$2" in create) echo "HTTP 502"; exit 1;; esac\n'
        f'[ "$2" != setup-git ] || git remote set-url --push origin "{fork.remote}"',
    }
    run = fork.run("locks.yml")
    assert (run_result(run), run["locks"].steps[-1].printed) == ("failure", "HTTP 502\n")
