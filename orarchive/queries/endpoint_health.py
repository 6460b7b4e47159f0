"""Raw health of endpoints, reading by reading: from git, or from a Parquet file of a month."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from orarchive.domain.health_values import (
    DISTRIBUTIONS,
    PERCENTILES,
    STATUS,
    UPTIMES,
    fits_double,
    fits_integer,
    is_distribution,
)
from orarchive.domain.keys import get_provider_of_tag
from orarchive.errors import ArchiveError, NotCoveredError
from orarchive.index.database import open_index
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import Record, loads
from orarchive.queries.health_attempts import HealthAttempt, HealthReading, list_months, read_health
from orarchive.store.archive import Archive
from orarchive.store.health_branch import read_branch
from orarchive.timestamps import parse_stamp

BATCH_ROWS = 20_000
"""Rows of a file that are Python objects at the same time."""

FILE_REMEDY = (
    "its Parquet file, of an export or of the release health-months of its repository, answers:"
    " health({month!r}, FILE)"
)


@dataclass(frozen=True)
class EndpointHealth:
    """The health of an endpoint after an attempt, as the service said it; None where it said nothing."""

    model: str
    tag: str
    n: int
    provider: str
    hour: dt.datetime
    """Hour that the attempt archived."""
    attempt: int
    """Number of the attempt within its hour, from 1."""
    fresh: bool | None
    """False: it was not read in this attempt, and the values are older; None: that cannot be told."""
    status: int | None
    """0 is normal; OpenRouter does not document the negative values."""
    uptime_last_5m: float | None
    """Percent of requests that succeeded, as the next two."""
    uptime_last_30m: float | None
    uptime_last_1d: float | None
    latency_last_30m: Mapping[str, float | None] | None
    """Milliseconds to the first token by percentile: p50, p75, p90, p99."""
    throughput_last_30m: Mapping[str, float | None] | None
    """Output tokens a second by percentile."""
    extra: Mapping[str, Any]
    """Fields, as sent, that are new, or whose value does not fit their type here."""

    @classmethod
    def from_record(cls, reading: HealthReading, position: int, record: Record) -> Self:
        """Return the typed form of what was sent of an endpoint, given by its position in a reading."""
        model, tag, n = reading.keys[position]
        extra = {name: value for name, value in record.items() if value is not None}
        status = extra.pop(STATUS) if fits_integer(extra.get(STATUS)) else None
        values: dict[str, Any] = {name: _pop_double(extra, name) for name in UPTIMES}
        values |= {name: _pop_distribution(extra, name) for name in DISTRIBUTIONS}
        return cls(
            model=escape_surrogates(model),
            tag=escape_surrogates(tag),
            n=n,
            provider=escape_surrogates(get_provider_of_tag(tag)),
            hour=parse_stamp(reading.attempt.hour),
            attempt=reading.attempt.number,
            fresh=reading.fresh[position],
            status=status,
            extra=extra,
            **values,
        )

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Return the typed form of a row of the table `health` of an export."""
        for name in DISTRIBUTIONS:
            values = {percentile: row.pop(f"{name}_{percentile}") for percentile in PERCENTILES}
            row[name] = None if set(values.values()) == {None} else values
        return cls(**{**row, "extra": loads(row["extra"] or "{}")})


def _pop_double(record: Record, name: str) -> float | None:
    """Take a number that a double holds exactly out of a record."""
    return float(record.pop(name)) if name in record and fits_double(record[name]) else None


def _pop_distribution(record: Record, name: str) -> dict[str, float | None] | None:
    """Take percentiles out of a record; those that no double holds exactly stay, all together."""
    if not is_distribution(record.get(name)):
        return None
    rest = {percentile: record[name][percentile] for percentile in PERCENTILES}
    rest = {percentile: value for percentile, value in rest.items() if value is not None}
    numbers = {percentile: _pop_double(rest, percentile) for percentile in PERCENTILES}
    if not rest:
        del record[name]
    return None if set(numbers.values()) == {None} else numbers


def read_archive_month(archive: Archive, cache: Path, month: str) -> Iterator[EndpointHealth]:
    """Return the readings of a month from git, by hour and attempt; what the archive has lost is left out.

    `cache` is the folder of the index. Raise NotCoveredError where the health of that month is not here.
    """
    with open_index(archive, cache) as db:
        months = list_months(db, read_branch(archive))
    if month not in months:
        covered = f"it was read from {min(months)} to {max(months)}" if months else "none was ever read"
        msg = f"no health of {month} (write 2026-11); {covered}"
        raise NotCoveredError(msg)
    if not months[month].is_fetched:
        msg = f"this clone lacks the health of {month}; git fetch origin +health:health brings it"
        raise NotCoveredError(msg)
    if months[month].is_cut:
        msg = f"the health of {month} was cut off; {FILE_REMEDY.format(month=month)}"
        raise NotCoveredError(msg)
    return _list_readings(archive, months[month].attempts)


def _list_readings(archive: Archive, attempts: list[HealthAttempt]) -> Iterator[EndpointHealth]:
    for reading in read_health(archive, attempts):
        names = list(reading.columns)
        for position, values in enumerate(zip(*reading.columns.values(), strict=True)):
            record = dict(zip(names, values, strict=True))
            yield EndpointHealth.from_record(reading, position, record)


def read_month_file(path: Path, month: str) -> Iterator[EndpointHealth]:
    """Return the readings in a Parquet file of a month, by endpoint.

    Raise NotCoveredError for a file of another month, and ArchiveError for any other file, or where the
    package that reads such files is missing.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        msg = f"to read {path} takes pyarrow: pip install 'openrouter-archive[parquet]'"
        raise ArchiveError(msg) from error
    try:
        file = pq.ParquetFile(path)
        rows = next(file.iter_batches(1, columns=["hour"])).to_pylist()
        months = {f"{row['hour']:%Y-%m}" for row in rows}
    except (OSError, pa.ArrowInvalid, KeyError, StopIteration) as error:
        msg = f"{path} is no file of health: {error}"
        raise ArchiveError(msg) from error
    if months != {month}:
        msg = f"{path} has the health of {', '.join(months)}, not of {month}"
        raise NotCoveredError(msg)
    return (
        EndpointHealth.from_row(row) for batch in file.iter_batches(BATCH_ROWS) for row in batch.to_pylist()
    )
