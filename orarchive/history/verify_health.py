"""Verify of health: compare the branch `health` with what the ledger says of each attempt."""

from dataclasses import dataclass

from orarchive.history.attempts import AttemptCommit
from orarchive.history.health import DAMAGED, NOT_FOUND, READ, stream_attempt_health
from orarchive.history.history import History
from orarchive.store.health_branch import list_health_commits


@dataclass(frozen=True)
class HealthFindings:
    """What differs between the ledger and the branch of health."""

    damaged: list[AttemptCommit]
    """Attempts whose file is not the one that the ledger hashed."""
    lost: list[AttemptCommit]
    """Attempts whose health the branch lacks, although it was not cut off."""
    absent: int
    """Number of attempts whose health was cut off, or is in no branch of this clone."""
    extra: list[str]
    """Commits of the branch that the ledger does not name."""


def check_health(history: History) -> HealthFindings:
    """Compare the health of every attempt with the ledger, and the branch with the commits that it names."""
    attempts = history.attempt_commits
    states = [health.state if health else READ for health in stream_attempt_health(history.archive, attempts)]
    by_state = {
        state: [attempt for attempt, its_state in zip(attempts, states, strict=True) if its_state == state]
        for state in {*states, DAMAGED, NOT_FOUND}
    }
    named = {line["health"]["commit"] for line in history.attempts if "health" in line}
    commits = list_health_commits(history.archive)
    return HealthFindings(
        damaged=by_state[DAMAGED],
        lost=by_state[NOT_FOUND],
        absent=sum(state not in (READ, DAMAGED, NOT_FOUND) for state in states),
        extra=sorted(commits[name] for name in commits.keys() - named),
    )
