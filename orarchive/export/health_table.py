"""A month of health as a table: attempt by attempt into typed arrays, then sorted by endpoint and hour."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from orarchive.domain.keys import get_provider_of_tag
from orarchive.export.columns import MEASURE, PERCENTILES
from orarchive.export.schemas import HEALTH, PERCENTILE_FIELDS, UPTIMES
from orarchive.export.values import MAX_INTEGER, parse_time
from orarchive.index.sql_values import escape_surrogates
from orarchive.jsonl import Number, dumps
from orarchive.queries.health_attempts import HealthReading

STATUS = "status"
UPTIME_NAMES = tuple(column.name for column in UPTIMES)
KEY_COLUMNS = ("model", "tag", "n", "provider")
MEASURE_COLUMNS = tuple(column.name for column in HEALTH.columns if column.name not in KEY_COLUMNS)
"""The columns that each attempt fills, in their order."""

MAX_EXACT_INTEGER = 2**53
"""Whole numbers up to this have a double each."""

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
        elif name in UPTIME_NAMES:
            arrays[name] = _build_doubles(name, values, extras)
        elif name in PERCENTILE_FIELDS:
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
    if not {type(value) for value in values} <= {int, type(None)}:
        _add_extras(name, [None if _is_integer(value) else value for value in values], extras)
        values = [value if _is_integer(value) else None for value in values]
    return pa.array(values, pa.int64())


def _is_integer(value: Any) -> bool:
    return type(value) is int and abs(value) <= MAX_INTEGER


def _build_doubles(name: str, values: list[Any], extras: Extras) -> pa.Array:
    """Return numbers as doubles; values that a double does not hold exactly go to `extras`."""
    if set(map(type, values)) <= {float, int, type(None)}:
        with suppress(pa.ArrowInvalid):  # a whole number that has no double
            return pa.array(values, MEASURE)
    _add_extras(name, [None if _is_double(value) else value for value in values], extras)
    numbers = [None if value is None or not _is_double(value) else float(value) for value in values]
    return pa.array(numbers, MEASURE)


def _is_double(value: Any) -> bool:
    """Return whether a value is None, or a number that its double gives back unchanged."""
    if isinstance(value, Number):
        return value == Number(repr(float(value)))
    return value is None or type(value) is float or (type(value) is int and abs(value) <= MAX_EXACT_INTEGER)


def _build_percentiles(name: str, values: list[Any], extras: Extras) -> dict[str, pa.Array]:
    """Return the percentiles of a field as columns; an object of another form goes to `extras` as a whole."""
    objects = [value for value in values if value is not None]
    if not all(type(value) is dict and tuple(value) == PERCENTILES for value in objects):
        _add_extras(name, [None if _is_percentiles(value) else value for value in values], extras)
        values = [value if _is_percentiles(value) else None for value in values]
    columns = {
        percentile: [value[percentile] if value else None for value in values] for percentile in PERCENTILES
    }
    arrays, inexact = {}, Extras()
    for percentile, numbers in columns.items():
        arrays[f"{name}_{percentile}"] = _build_doubles(percentile, numbers, inexact)
    for at in inexact:
        extras.setdefault(at, {})[name] = values[at]
    return arrays


def _is_percentiles(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == set(PERCENTILES)
