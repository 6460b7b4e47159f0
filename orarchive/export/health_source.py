"""Health as git has it: the readings of endpoints in the attempts of a month, as columns.

This module alone knows in which form the archive keeps health.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orarchive.domain.columns import read_column_file
from orarchive.errors import ArchiveError
from orarchive.history.health import NOT_FETCHED, READ
from orarchive.jsonl import loads
from orarchive.store.archive import Archive
from orarchive.store.health_branch import list_health_commits, stream_health

SELECT_ATTEMPTS = """
    select attempts.hour, number, health_commit, coalesce(kept, '{}'), health
    from reads join attempts on attempts.attempt = reads.attempt
    where feed = 'endpoints' and good and health_commit is not null order by attempts.attempt
"""


@dataclass(frozen=True)
class HealthAttempt:
    """An attempt that read endpoints well, and where its health is."""

    hour: str
    number: int
    commit: str
    """The commit of health that the ledger names."""
    kept_models: frozenset[str]
    """Models that were not read, whose endpoints have the health of an earlier attempt."""


@dataclass(frozen=True)
class HealthReading:
    """The health of all endpoints after an attempt."""

    attempt: HealthAttempt
    keys: list[tuple[str, str, int]]
    """Model, tag and n of each endpoint."""
    columns: dict[str, list[Any]]
    """Field -> its value for each endpoint, None where it has none."""


def list_health_attempts(
    db: sqlite3.Connection, commits: Mapping[str, str]
) -> dict[str, list[HealthAttempt]]:
    """List the attempts with health by month, `2026-11`, oldest first.

    `commits` are those of health that are here, by the name that the ledger has. A month of which some health
    was cut off, lost or damaged is left out. Raise ArchiveError where the branch of health was not fetched.
    """
    months: dict[str, list[HealthAttempt]] = {}
    broken = set()
    for hour, number, commit, kept, state in db.execute(SELECT_ATTEMPTS):
        if state == NOT_FETCHED:
            msg = "this clone lacks the branch health: git fetch origin +health:health, or export --no-health"
            raise ArchiveError(msg)
        attempt = HealthAttempt(hour, number, commit, frozenset(loads(kept)))
        months.setdefault(hour[:7], []).append(attempt)
        if state != READ or commit not in commits:
            broken.add(hour[:7])
    return {month: attempts for month, attempts in months.items() if month not in broken}


def read_health(archive: Archive, attempts: Sequence[HealthAttempt]) -> Iterator[HealthReading]:
    """Yield the health after each attempt that has some, in their order, with one git process."""
    commits = list_health_commits(archive)
    contents = stream_health(archive, [commits[attempt.commit] for attempt in attempts])
    for attempt, content in zip(attempts, contents, strict=True):
        file = read_column_file(content, is_exact=True)
        if file.keys:
            columns = {name: column.values for name, column in file.columns.items()}
            yield HealthReading(attempt, file.keys, columns)
