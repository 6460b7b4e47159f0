"""Health as git has it: the readings of endpoints in the attempts of a month, as columns.

This module alone knows in which form the archive keeps health.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orarchive.domain.columns import read_column_file
from orarchive.errors import ArchiveError
from orarchive.history.health import CUT, NOT_FETCHED, NOT_FOUND, READ
from orarchive.jsonl import loads
from orarchive.store.archive import Archive
from orarchive.store.health_branch import HealthBranch, list_health_commits, stream_health

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
    repaired: int | None = None
    """Number of the attempt before, at the same hour, that read endpoints well: this one requested only the
    models that it had kept or did not know. None for the first of an hour."""


@dataclass(frozen=True)
class LostHealth:
    """An attempt whose health the archive should have and has not."""

    hour: str
    attempt: int
    reason: str
    """`not found`, or `damaged`."""


@dataclass
class MonthHealth:
    """The attempts of a month: those whose health is here, and those whose health is lost."""

    attempts: list[HealthAttempt] = field(default_factory=list)
    lost: list[LostHealth] = field(default_factory=list)
    all_attempts: list[HealthAttempt] = field(default_factory=list)
    """Both, oldest first."""
    is_cut: bool = False
    """Whether its health was cut off: then what is left of it, which later hours share, is no month."""
    is_fetched: bool = True
    """Whether this clone has the branch of health up to its end."""


@dataclass(frozen=True)
class HealthReading:
    """The health of all endpoints after an attempt."""

    attempt: HealthAttempt
    keys: list[tuple[str, str, int]]
    """Model, tag and n of each endpoint."""
    columns: dict[str, list[Any]]
    """Field -> its value for each endpoint, None where it has none."""
    fresh: list[bool | None]
    """Whether each endpoint was read in this attempt; None where that cannot be told."""


def list_months(db: sqlite3.Connection, branch: HealthBranch) -> dict[str, MonthHealth]:
    """List the months with health, `2026-11`, oldest first, also those whose health is not here any more.

    `branch` is that of this clone.
    """
    months: dict[str, MonthHealth] = defaultdict(MonthHealth)
    last: HealthAttempt | None = None
    for hour, number, commit, kept, indexed_state in db.execute(SELECT_ATTEMPTS):
        repaired = last.number if last and last.hour == hour else None
        last = HealthAttempt(hour, number, commit, frozenset(loads(kept)), repaired)
        month = months[hour[:7]]
        month.all_attempts.append(last)
        state = indexed_state
        if state == READ and commit not in branch.commits:  # it was here when it was indexed
            state = CUT if branch.cut_hour and hour < branch.cut_hour else NOT_FOUND
        if state == READ:
            month.attempts.append(last)
        elif state == CUT:
            month.is_cut = True
        elif state == NOT_FETCHED:
            month.is_fetched = False
        else:
            month.lost.append(LostHealth(hour, number, state))
    return dict(months)


def refuse_unfetched(months: Iterable[MonthHealth]) -> None:
    """Raise ArchiveError where this clone lacks the branch of health, or its end."""
    if not all(month.is_fetched for month in months):
        msg = "this clone lacks the branch health: git fetch origin +health:health, or export --no-health"
        raise ArchiveError(msg)


def read_health(archive: Archive, attempts: Sequence[HealthAttempt]) -> Iterator[HealthReading]:
    """Yield the health after each attempt that has some, in their order, with one git process."""
    commits = list_health_commits(archive)
    contents = stream_health(archive, [commits[attempt.commit] for attempt in attempts])
    last: HealthAttempt | None = None
    last_models: frozenset[str] = frozenset()
    for attempt, content in zip(attempts, contents, strict=True):
        file = read_column_file(content, is_exact=True)
        before = last if last and (last.hour, last.number) == (attempt.hour, attempt.repaired) else None
        models = frozenset(model for model, _, _ in file.keys)
        if file.keys:
            is_fresh = {model: _is_fresh(model, attempt, before, last_models) for model in models}
            columns = {name: column.values for name, column in file.columns.items()}
            yield HealthReading(attempt, file.keys, columns, [is_fresh[model] for model, _, _ in file.keys])
        last, last_models = attempt, models


def _is_fresh(
    model: str, attempt: HealthAttempt, before: HealthAttempt | None, known_models: frozenset[str]
) -> bool | None:
    """Return whether an attempt read the endpoints of a model, which has some; None: it cannot be told.

    The ledger does not name what was requested. An attempt that repairs one `before` requests the models that
    it kept, and those of which it had no record, which therefore are not among `known_models`, the models
    that had endpoints after it.
    """
    if model in attempt.kept_models:
        return False
    if attempt.repaired is None:
        return True
    return None if before is None else model in before.kept_models or model not in known_models
