"""Health of endpoints, attempt by attempt: read from the branch `health` as one stream of whole files."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from orarchive.domain.columns import ColumnFile, read_column_file
from orarchive.history.attempts import AttemptCommit
from orarchive.store.archive import Archive
from orarchive.store.health_branch import list_health_commits, stream_health

READ, MISSING, DAMAGED = "read", "missing", "damaged"
"""Of the health of an attempt: it is here; it is not in this clone; it is not what the ledger hashed."""


@dataclass(frozen=True)
class AttemptHealth:
    """The health of all endpoints after an attempt; no file where it is missing or damaged."""

    state: str
    file: ColumnFile | None = None


def stream_attempt_health(archive: Archive, attempts: list[AttemptCommit]) -> Iterator[AttemptHealth | None]:
    """Yield the health after each attempt, the same object as long as it did not change.

    None stands for an attempt before the first health.
    """
    commits = list_health_commits(archive)
    entries = [attempt.attempt.get("health") for attempt in attempts]
    versions = [(entry, sum(1 for _ in group)) for entry, group in groupby(entries)]
    contents = stream_health(
        archive, [commits[entry["commit"]] for entry, _ in versions if entry and entry["commit"] in commits]
    )
    for entry, count in versions:
        health = None
        if entry and entry["commit"] not in commits:
            health = AttemptHealth(MISSING)
        elif entry:
            content = next(contents)
            if hashlib.sha256(content).hexdigest() == entry["sha256"]:
                health = AttemptHealth(READ, read_column_file(content))
            else:
                health = AttemptHealth(DAMAGED)
        for _ in range(count):
            yield health
    for _ in contents:
        pass  # Git reports a failure only at the end of its output.
