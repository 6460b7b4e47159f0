"""Health of endpoints, attempt by attempt: read from the branch `health` as one stream of whole files."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from orarchive.domain.columns import ColumnFile, read_column_file
from orarchive.history.attempts import AttemptCommit
from orarchive.store.archive import Archive
from orarchive.store.health_branch import find_cut_hour, list_health_commits, stream_health
from orarchive.store.ledger import HealthEntry

READ, NOT_FETCHED, CUT, NOT_FOUND, DAMAGED = "read", "not fetched", "cut off", "not found", "damaged"
"""State of the health of an attempt: it is here; this clone has no branch of health; it was cut off; the
branch lacks it; it is not what the ledger hashed."""


@dataclass(frozen=True)
class AttemptHealth:
    """The health of all endpoints after an attempt; the file is None unless the state is READ."""

    state: str
    file: ColumnFile | None = None


def stream_attempt_health(archive: Archive, attempts: list[AttemptCommit]) -> Iterator[AttemptHealth | None]:
    """Yield the health after each attempt, the same object as long as it did not change.

    None stands for an attempt before the first health.
    """
    commits, cut_hour = list_health_commits(archive), find_cut_hour(archive)
    versions = [[*group] for _, group in groupby(attempts, lambda attempt: attempt.attempt.get("health"))]
    entries = [version[0].attempt.get("health") for version in versions]
    contents = stream_health(
        archive, [commits[entry["commit"]] for entry in entries if entry and entry["commit"] in commits]
    )
    for entry, version in zip(entries, versions, strict=True):
        health = None
        if entry and entry["commit"] in commits:
            health = _check(next(contents), entry)
        elif entry and not commits:
            health = AttemptHealth(NOT_FETCHED)
        elif entry:
            is_cut = cut_hour is not None and version[0].attempt["hour"] < cut_hour
            health = AttemptHealth(CUT if is_cut else NOT_FOUND)
        for _ in version:
            yield health
    for _ in contents:
        pass  # Git reports a failure only at the end of its output.


def _check(content: bytes, entry: HealthEntry) -> AttemptHealth:
    """Return the health in a file, if it is the one that the ledger hashed."""
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        return AttemptHealth(DAMAGED)
    return AttemptHealth(READ, read_column_file(content))
