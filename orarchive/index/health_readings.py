"""Readings of health: the figures of a file in columns as typed rows of the table `health`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from orarchive.domain.columns import Column, ColumnFile
from orarchive.domain.field_paths import list_paths
from orarchive.domain.health_values import DISTRIBUTIONS, PERCENTILES, STATUS, UPTIMES
from orarchive.domain.records import MAX_NUMBER, as_integer, as_number
from orarchive.index.sql_values import to_json
from orarchive.jsonl import Number

PLAIN_TYPES = {int, float, type(None)}

Numbers = list[int | float | None]
"""A figure of each endpoint, None where no number was sent."""


def read_integers(file: ColumnFile, name: str) -> list[int | None]:
    """Return the values of a field as whole numbers, None for any other value."""
    values = _get_values(file, name)
    if {*map(type, values)} <= {int, type(None)} and _are_bounded(values):
        return values
    return [as_integer(_to_exact(value)) for value in values]


def read_numbers(file: ColumnFile, name: str, member: str | None = None) -> Numbers:
    """Return the values of a field, or of a member of it, as numbers; None for any other value."""
    values = _get_values(file, name)
    if member:
        values = [value.get(member) if type(value) is dict else None for value in values]
    if {*map(type, values)} <= PLAIN_TYPES and _are_bounded(values):
        return values
    numbers = (as_number(_to_exact(value)) for value in values)
    return [None if number is None else float(number) for number in numbers]


def _get_values(file: ColumnFile, name: str) -> list[Any]:
    column = file.columns.get(name)
    return column.values if column else [None] * len(file.keys)


def _to_exact(value: Any) -> Any:
    """Return a float as the number that the exact reader makes of it, another value as it is."""
    return Number(repr(value)) if type(value) is float else value


def _are_bounded(values: list[Any]) -> bool:
    """Return whether all numbers, among which there may be None, are in the range of those that are read."""
    return (
        max(filter(None, values), default=0) < MAX_NUMBER
        and min(filter(None, values), default=0) > -MAX_NUMBER
    )


def build_rows(file: ColumnFile) -> Iterator[tuple[Any, ...]]:
    """Yield for each endpoint its values in the table `health`, from `status` on."""
    columns: list[Iterable[Any]] = [read_integers(file, STATUS)]
    columns += [read_numbers(file, name) for name in UPTIMES]
    columns += [read_numbers(file, name, member) for name in DISTRIBUTIONS for member in PERCENTILES]
    return zip(*columns, _list_other_values(file), strict=True)


def _list_other_values(file: ColumnFile) -> list[str | None]:
    """Return for each endpoint, as JSON, what was sent and has no column of its own; None for nothing."""
    values: dict[int, dict[str, Any]] = {}
    for name, column in file.columns.items():
        for position in _list_unfit(name, column):
            values.setdefault(position, {})[name] = column.values[position]
    return [to_json(values.get(position)) for position in range(len(file.keys))]


def _list_unfit(name: str, column: Column) -> list[int]:
    """List the positions of the values of a field that do not fit the columns of the table."""
    if name == STATUS or name in UPTIMES:
        kinds = {int, type(None)} if name == STATUS else PLAIN_TYPES
        if {*map(type, column.values)} <= kinds:
            return []
        return [position for position, value in enumerate(column.values) if type(value) not in kinds]
    return [
        position
        for position, value in enumerate(column.values)
        if position not in column.absent and not (name in DISTRIBUTIONS and _is_distribution(value))
    ]


def _is_distribution(value: Any) -> bool:
    return value is None or (
        type(value) is dict
        and value.keys() <= {*PERCENTILES}
        and all(type(number) in PLAIN_TYPES for number in value.values())
    )


def count_paths(file: ColumnFile) -> Counter[str]:
    """Count the records that have each field path of health."""
    counts: Counter[str] = Counter()
    for name, column in file.columns.items():
        counts[name] = len(column.values) - len(column.absent)
        if not {*map(type, column.values)}.isdisjoint((dict, list)):
            for shape, count in Counter(map(_describe_shape, column.values)).items():
                for path in shape:
                    counts[f"{name}.{path}"] += count
    return counts


def _describe_shape(value: Any) -> tuple[str, ...]:
    """Return the paths of the fields inside a value."""
    if type(value) is dict and {*map(type, value.values())}.isdisjoint((dict, list)):
        return tuple(value)
    return tuple({path.partition(".")[2] for path in list_paths({"": value})} - {""})
