"""Queries of an index of recorded data, and checks of its events of new fields."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from tests.support.naive_prices import parse_event_tariff, read_tariff
from tests.support.naive_versions import Version, find_new_paths, remove_paths
from tests.support.recordings import unordered

EventValues = tuple[str, str, str, Any, Any, str]
"""Hour, key, field, old, new, cause."""


def read_event_values(db: sqlite3.Connection, *kinds: str) -> list[EventValues]:
    """Return the events of some kinds, in order."""
    marks = ", ".join("?" * len(kinds))
    query = f"select hour, key, field, old, new, cause from events where kind in ({marks}) order by id"
    return [
        (hour, key, field, *(json.loads(value) if value else None for value in (old, new)), cause)
        for hour, key, field, old, new, cause in db.execute(query, kinds)
    ]


def read_reprices(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Return the events of prices, with their values as numbers."""
    return [
        (hour, key, field, parse_event_tariff(old), parse_event_tariff(new), cause)
        for hour, key, field, old, new, cause in read_event_values(db, "repriced")
    ]


def count_rows(db: sqlite3.Connection, source: str) -> int:
    """Return the number of rows of a table, with a condition if one follows its name."""
    return int(db.execute(f"select count(*) from {source}").fetchone()[0])


def check_new_fields(
    db: sqlite3.Connection, versions: Sequence[Version], events: list[tuple[str, str]]
) -> int:
    """Assert that events, given as (hour, path), are the new fields of versions, and the only ones of them.

    Return how many records won a new field.
    """
    covered: set[tuple[str, str]] = set()
    count = 0
    for before, version, new_paths in find_new_paths(versions):
        for path in new_paths:
            parts = path.split(".")
            prefixes = [".".join(parts[: size + 1]) for size in range(len(parts))]
            (event,) = [(version.hour, prefix) for prefix in prefixes if (version.hour, prefix) in events]
            assert event[1] == next(prefix for prefix in prefixes if prefix in new_paths)
            covered.add(event)
        if new_paths:
            count += _check_model_events(db, before, version, new_paths)
    assert sorted(covered) == sorted(events)
    return count


def _check_model_events(
    db: sqlite3.Connection, before: Version, version: Version, new_paths: set[str]
) -> int:
    """Assert that each event of a model is one without the new fields as well, but for schedules.

    Return how many records have a new field.
    """
    rows = {
        name: (before.rows[name], version.rows[name]) for name in version.rows.keys() & before.rows.keys()
    }
    query = "select key, kind, field from events where hour = ? and feed = 'models' and field != ''"
    for key, kind, field in db.execute(query, (version.hour,)):
        hidden = {path for path in new_paths if not path.startswith("pricing.overrides")}
        old, new = rows[key][0], remove_paths(rows[key][1], hidden)
        if kind == "repriced":
            old_value, new_value = (read_tariff(row["pricing"], field) for row in (old, new))
        else:
            old_value, new_value = (unordered({field: row.get(field)}) for row in (old, new))
        assert old_value != new_value, (version.hour, key, field)
    return sum(remove_paths(new, new_paths) != new for _, new in rows.values())
