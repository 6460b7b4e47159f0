"""A month of health as a table: attempt by attempt into typed arrays, then sorted by endpoint and hour."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

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
from orarchive.export.columns import MEASURE
from orarchive.export.schemas import HEALTH
from orarchive.export.values import parse_time
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import dumps
from orarchive.queries.health_attempts import HealthReading

KEY_COLUMNS = ("model", "tag", "n", "provider")
MEASURE_COLUMNS = tuple(column.name for column in HEALTH.columns if column.name not in KEY_COLUMNS)
"""The columns that each attempt fills, in their order."""

Extras = dict[int, dict[str, Any]]
"""Position of an endpoint -> fields that fit no column."""


@dataclass
class MonthOfHealth:
    """The readings of a month, gathered in columns."""

    endpoint_ids: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Key -> number of the endpoint, in the order in which they appear."""
    ids: list[pa.Array] = field(default_factory=list)
    """The endpoint of each row, an array for each attempt."""
    columns: dict[str, list[pa.Array]] = field(default_factory=lambda: {name: [] for name in MEASURE_COLUMNS})

    def add(self, reading: HealthReading) -> None:
        """Add the health after an attempt."""
        count = len(reading.keys)
        numbers = (self.endpoint_ids.setdefault(key, len(self.endpoint_ids)) for key in reading.keys)
        self.ids.append(pa.array(np.fromiter(numbers, np.int32, count)))
        attempt = reading.attempt
        arrays = _build_measures(reading) | {
            "hour": pa.repeat(pa.scalar(parse_time(attempt.hour), HEALTH.schema.field("hour").type), count),
            "attempt": pa.repeat(pa.scalar(attempt.number, pa.int64()), count),
            "fresh": pa.array(reading.fresh, pa.bool_()),
        }
        for name, chunks in self.columns.items():
            chunks.append(arrays[name])

    def list_row_groups(self, rows: int) -> Iterator[pa.Table]:
        """Yield the rows sorted by endpoint, hour and attempt, in tables of so many rows."""
        if not self.ids:
            yield HEALTH.schema.empty_table()
            return
        keys = sorted(self.endpoint_ids)
        ranks = np.empty(len(keys), np.int32)
        ranks[[self.endpoint_ids[key] for key in keys]] = np.arange(len(keys), dtype=np.int32)
        row_ranks = ranks[pa.chunked_array(self.ids).to_numpy()]
        order = np.argsort(row_ranks, kind="stable")
        measures = {name: pa.chunked_array(chunks).combine_chunks() for name, chunks in self.columns.items()}
        self.columns.clear()
        texts = {
            "model": pa.array([escape_surrogates(model) for model, _, _ in keys]),
            "tag": pa.array([escape_surrogates(tag) for _, tag, _ in keys]),
            "n": pa.array([n for _, _, n in keys], pa.int64()),
            "provider": pa.array([escape_surrogates(get_provider_of_tag(tag)) for _, tag, _ in keys]),
        }
        for start in range(0, len(order), rows):
            positions = pa.array(order[start : start + rows])
            endpoints = pa.array(row_ranks[order[start : start + rows]])
            arrays = {name: values.take(endpoints) for name, values in texts.items()}
            arrays |= {name: values.take(positions) for name, values in measures.items()}
            yield pa.table([arrays[name] for name in HEALTH.schema.names], schema=HEALTH.schema)


def _build_measures(reading: HealthReading) -> dict[str, pa.Array]:
    """Return the typed columns of a reading, and what fits none of them as JSON."""
    count, extras = len(reading.keys), Extras()
    arrays: dict[str, pa.Array] = {}
    for name, values in reading.columns.items():
        if name == STATUS:
            arrays[name] = _build_integers(name, values, extras)
        elif name in UPTIMES:
            arrays[name] = _build_doubles(name, values, extras)
        elif name in DISTRIBUTIONS:
            arrays |= _build_percentiles(name, values, extras)
        else:
            _add_extras(name, values, extras)
    for column in HEALTH.columns:
        if column.name in MEASURE_COLUMNS:
            arrays.setdefault(column.name, pa.nulls(count, column.type))
    texts = [dumps(extras[at]).decode() if at in extras else None for at in range(count)]
    return arrays | {"extra": pa.array(texts, pa.string())}


def _add_extras(name: str, values: Iterable[Any], extras: Extras) -> None:
    """Note the values of a field that has no column; null says no more than its absence."""
    for at, value in enumerate(values):
        if value is not None:
            extras.setdefault(at, {})[name] = value


def _build_integers(name: str, values: list[Any], extras: Extras) -> pa.Array:
    """Return whole numbers of 64 bits; other values go to `extras`."""
    if set(map(type, values)) <= {int, type(None)}:
        with suppress(pa.ArrowInvalid, OverflowError):  # more than 64 bits
            return pa.array(values, pa.int64())
    _add_extras(name, [None if fits_integer(value) else value for value in values], extras)
    return pa.array([value if fits_integer(value) else None for value in values], pa.int64())


def _build_doubles(name: str, values: list[Any], extras: Extras) -> pa.Array:
    """Return numbers as doubles; values that a double does not hold exactly go to `extras`."""
    if set(map(type, values)) <= {float, int, type(None)}:
        with suppress(pa.ArrowInvalid):  # a whole number that has no double
            return pa.array(values, MEASURE)
    _add_extras(name, [None if fits_double(value) else value for value in values], extras)
    numbers = [None if value is None or not fits_double(value) else float(value) for value in values]
    return pa.array(numbers, MEASURE)


def _build_percentiles(name: str, values: list[Any], extras: Extras) -> dict[str, pa.Array]:
    """Return the percentiles of a field as columns; an object of another form goes to `extras` as a whole."""
    objects = [value for value in values if value is not None]
    if not all(type(value) is dict and tuple(value) == PERCENTILES for value in objects):
        _add_extras(name, [None if is_distribution(value) else value for value in values], extras)
        values = [value if is_distribution(value) else None for value in values]
    columns = {
        percentile: [value[percentile] if value else None for value in values] for percentile in PERCENTILES
    }
    arrays, inexact = {}, Extras()
    for percentile, numbers in columns.items():
        arrays[f"{name}_{percentile}"] = _build_doubles(percentile, numbers, inexact)
    for at in inexact:
        extras.setdefault(at, {})[name] = values[at]
    return arrays
