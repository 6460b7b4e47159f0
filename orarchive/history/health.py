"""Health of endpoints, attempt by attempt: read from the branch `health` as one stream of whole files."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from orarchive.domain.columns import ColumnFile, read_column_file
from orarchive.history.attempts import AttemptCommit
from orarchive.store.archive import Archive
from orarchive.store.health_branch import read_branch, stream_health
from orarchive.store.ledger import HealthEntry

READ, NOT_FETCHED, CUT, NOT_FOUND, DAMAGED = "read", "not fetched", "cut off", "not found", "damaged"
"""State of the health of an attempt: it is here; this clone has no branch of health, or one that ends before
it or begins after it; it was cut off; the branch lacks it; it is not what the ledger hashed."""


@dataclass(frozen=True)
class AttemptHealth:
    """The health of all endpoints after an attempt."""

    state: str
    content: bytes = b""
    """The bytes of its file if the state is READ."""

    @cached_property
    def file(self) -> ColumnFile | None:
        """Return the file, parsed when it is first asked for; None unless the state is READ."""
        return read_column_file(self.content) if self.state == READ else None


def stream_attempt_health(archive: Archive, attempts: list[AttemptCommit]) -> Iterator[AttemptHealth | None]:
    """Yield the health after each attempt, the same object as long as it did not change.

    None stands for an attempt before the first health.
    """
    versions = [[*group] for _, group in groupby(attempts, lambda attempt: attempt.attempt.get("health"))]
    entries = [version[0].attempt.get("health") for version in versions]
    if not any(entries):
        yield from (None for _ in attempts)
        return
    branch = read_branch(archive)
    commits = branch.commits
    names = [entry["commit"] for entry in entries if entry and _is_in(entry, commits)]
    contents = stream_health(archive, [commits[name] for name in names])
    for entry, version in zip(entries, versions, strict=True):
        health = None
        if entry and _is_in(entry, commits):
            health = _check(next(contents), entry)
        elif entry:
            hour = version[0].attempt["hour"]
            is_cut = branch.cut_hour is not None and hour < branch.cut_hour
            is_between = branch.hours and branch.hours[0] < hour < branch.hours[1]
            health = AttemptHealth(CUT if is_cut else NOT_FOUND if is_between else NOT_FETCHED)
        for _ in version:
            yield health
    for _ in contents:
        pass  # Git reports a failure only at the end of its output.


def _is_in(entry: HealthEntry | None, commits: Mapping[str, str]) -> bool:
    return entry is not None and entry["commit"] in commits


def _check(content: bytes, entry: HealthEntry) -> AttemptHealth:
    """Return the health in a file, if it is the one that the ledger hashed."""
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        return AttemptHealth(DAMAGED)
    return AttemptHealth(READ, content)
