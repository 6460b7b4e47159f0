"""Health as git has it: the readings of endpoints in the attempts of a month, as columns.

This module alone knows in which form the archive keeps health.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from orarchive.domain.feeds import ENDPOINTS
from orarchive.jsonl import Record, loads
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git import stream_git

HEALTH_PATH = f"{DATA_PREFIX}{ENDPOINTS.folder}/health.jsonl"

INEXACT = re.compile(rb"[0-9][0-9.eE+-]{18}|\\u[dD]")
"""Numbers with more digits than a double holds, and lone surrogates: only the exact reader reads them."""

SELECT_ATTEMPTS = """
    select attempts.hour, number, commit_id, coalesce(kept, '{}'), sha256
    from reads join attempts on attempts.attempt = reads.attempt
    where feed = 'endpoints' and good and commit_id is not null order by attempts.attempt
"""


@dataclass(frozen=True)
class HealthAttempt:
    """An attempt that read endpoints well, and where its health is."""

    hour: str
    number: int
    commit: str
    kept_models: frozenset[str]
    """Models that were not read, whose endpoints have the health of an earlier attempt."""
    sha256: str
    """Hash of the feed's files after the attempt."""


@dataclass(frozen=True)
class HealthReading:
    """The health of all endpoints after an attempt."""

    attempt: HealthAttempt
    keys: list[tuple[str, str, int]]
    """Model, tag and n of each endpoint."""
    columns: dict[str, list[Any]]
    """Field -> its value for each endpoint, None where it has none."""


def list_health_attempts(db: sqlite3.Connection) -> dict[str, list[HealthAttempt]]:
    """List the attempts with health by month, `2026-11`, oldest first."""
    months: dict[str, list[HealthAttempt]] = {}
    for hour, number, commit, kept, sha256 in db.execute(SELECT_ATTEMPTS):
        attempt = HealthAttempt(hour, number, commit, frozenset(loads(kept)), sha256)
        months.setdefault(hour[:7], []).append(attempt)
    return months


def read_health(archive: Archive, attempts: Sequence[HealthAttempt]) -> Iterator[HealthReading]:
    """Yield the health after each attempt, in their order, with one git process."""
    request = "".join(f"{attempt.commit}:{HEALTH_PATH}\n" for attempt in attempts).encode()
    output = stream_git(archive.root, "cat-file", "--batch", "--buffer", stdin=request)
    for attempt in attempts:
        header = next(output).split()
        if header[-1] == b"missing":
            # A feed that was never good has no file of health.
            continue
        size, lines = int(header[2]), []
        while size > 0:
            line = next(output)
            size -= len(line)
            lines.append(line)
        next(output)
        yield _build_reading(attempt, _parse_lines(lines))


def _parse_lines(lines: list[bytes]) -> list[Record]:
    """Parse lines; those that orjson would read inexactly, or not at all, with the exact reader."""
    try:
        if not any(map(INEXACT.search, lines)):
            records: list[Record] = orjson.loads(b"[" + b",".join(lines) + b"]")
            return records
    except orjson.JSONDecodeError:
        pass
    return [loads(line) for line in lines]


def _build_reading(attempt: HealthAttempt, records: list[Record]) -> HealthReading:
    """Turn records into columns; a field that a record lacks is None."""
    keys = [(str(record["model"]), str(record["tag"]), int(record["n"])) for record in records]
    names = {name: None for record in records for name in record if name not in ENDPOINTS.key}
    return HealthReading(attempt, keys, {name: [record.get(name) for record in records] for name in names})
