"""943 recorded versions over 20 months: all are in the archive and in its index, and nothing else is."""

import datetime as dt
import json
import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orarchive.history.attempts import list_attempts, list_tips
from orarchive.history.replay import ReplayState, replay
from orarchive.importer import report
from orarchive.index.database import dump_rows
from orarchive.jsonl import dumps
from orarchive.store.git import run_git
from tests.support import requirements
from tests.support.all_readers import ask_at
from tests.support.archives import HOUR, read_git
from tests.support.bundles import TWO_YEARS, versions
from tests.support.histories import grow_index
from tests.support.naive_versions import DAY, Version, list_absences, list_moves, select_hourly
from tests.support.real_indexes import check_new_fields, count_rows, read_event_values
from tests.support.recordings import Whole, exactly, unordered

pytestmark = pytest.mark.real_data


# --- from versions to hours ---------------------------------------------------------------------------------


def test_every_version_is_accounted_for(two_years: Whole, two_years_versions: list[Version]) -> None:
    printed = report.to_json(two_years.imported)
    entries = printed["versions"]
    assert sum(printed["counts"].values()) == len(entries) == len(two_years_versions) == 943
    assert printed["counts"] == {"written": 942, "merged": 1}
    times = [dt.datetime.fromisoformat(entry["time"]) for entry in entries]
    assert times == [version.time for version in two_years_versions]
    written = [
        version
        for version, entry in zip(two_years_versions, entries, strict=True)
        if entry["became"] == "written"
    ]
    assert written == select_hourly(two_years_versions)
    assert printed["hours"] == len(written)
    (merged,) = [position for position, entry in enumerate(entries) if entry["became"] == "merged"]
    assert entries[merged]["why"] == entries[merged + 1]["commit"]
    assert two_years_versions[merged].hour == two_years_versions[merged + 1].hour


def test_a_replay_ends_with_the_last_version(two_years: Whole, tmp_path: Path) -> None:
    """It is built from the changes in git alone, and equal to the number token."""
    bundle, path = TWO_YEARS
    ((_, body),) = versions(requirements.find_recordings() / bundle, tmp_path, path, last=1)
    archive, state = two_years.archive, ReplayState()
    attempts = list_attempts(archive, list_tips(archive, str(archive.resolve_commit())))
    for step in replay(archive, attempts, None, state):
        assert not step.broken_reason
    rows = [exactly(dumps(row)) for row in state.records["models"].values()]
    assert unordered({"data": rows}) == unordered({"data": exactly(body)["data"]})


def test_the_index_ends_with_the_last_version(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """The lines that stand make up its rows."""
    rows: dict[str, dict[str, Any]] = {}
    for table, end in (("versions", "versions.last"), ("latest", "gone")):
        query = f"select key, line from {table} join records on record = id where {end} is null"
        for key, line in two_years_index.execute(query):
            rows.setdefault(key, {}).update(json.loads(line))
    assert unordered(rows) == unordered(two_years_versions[-1].rows)


def test_the_archive_passes_verification(two_years: Whole, two_years_versions: list[Version]) -> None:
    """It was recorded about twice a day: nearly every stretch between two versions is a gap, and no error."""
    result = ask_at(two_years.archive.root, "verify", "--json")
    printed = json.loads(result.stdout)
    assert (result.exit_code, printed["wrong"], printed["attempts"]) == (0, False, 942)
    starts = [version.hour_start for version in select_hourly(two_years_versions)]
    gaps = sum(after - before > HOUR for before, after in pairwise(starts))
    assert len(printed["gaps"]) == gaps > 900


def test_an_index_built_in_three_parts_is_the_same(
    two_years: Whole, two_years_index: sqlite3.Connection, tmp_path: Path
) -> None:
    run_git(tmp_path, "clone", "--quiet", "--no-checkout", str(two_years.archive.root), "clone")
    names = read_git(tmp_path / "clone", "rev-list", "--reverse", "HEAD").split()
    parts = [names[300], names[700], names[-1]]
    assert grow_index(tmp_path / "clone", parts) == list(dump_rows(two_years_index))


# --- presence and fields ------------------------------------------------------------------------------------


def test_models_are_added_return_and_go_missing(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    moves = list_moves(two_years_versions)
    counts = Counter(kind for _, kind, _ in moves)
    assert counts == {"added": 658, "returned": 83, "missing": 573}, "741 additions"
    events = [
        (hour, kind, key) for kind in counts for hour, key, *_ in read_event_values(two_years_index, kind)
    ]
    assert sorted(events) == sorted(moves) == sorted(list_moves(select_hourly(two_years_versions)))
    ids = {name for version in two_years_versions for name in version.rows}
    assert len(ids) == count_rows(two_years_index, "records") == 836
    listed = count_rows(two_years_index, "records where last is null")
    assert len(two_years_versions[-1].rows) == listed == 346


def test_missing_models_are_deprecated_and_removed(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """Stale, deprecated from 14 days on, removed from 30 on; each is one event, in the first such hour."""
    states, expected = Counter[str](), []
    for absence in list_absences(select_hourly(two_years_versions)):
        state = "stale"
        for next_state, days in (("deprecated", 14), ("removed", 30)):
            if reached := [hour for hour, length in absence.hours if length >= days * DAY]:
                expected.append((reached[0], next_state, absence.model))
                state = next_state
        states[state] += not absence.has_ended
    assert states == {"stale": 26, "deprecated": 21, "removed": 443}
    query = "select state, count(*) from records where last is not null group by state"
    assert dict(two_years_index.execute(query).fetchall()) == states
    events = [
        (hour, kind, key)
        for kind in ("deprecated", "removed")
        for hour, key, *_ in read_event_values(two_years_index, kind)
    ]
    assert sorted(events) == sorted(expected)


def test_a_new_field_is_one_event(
    two_years_index: sqlite3.Connection, two_years_versions: list[Version]
) -> None:
    """Of its path, or of the outermost new one above it, in the first hour; no event of a model says it."""
    events = [(hour, path) for hour, path, *_ in read_event_values(two_years_index, "field_appeared")]
    assert len(events) == 18
    assert check_new_fields(two_years_index, select_hourly(two_years_versions), events) > 1000
