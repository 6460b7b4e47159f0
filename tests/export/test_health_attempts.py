"""Health as git has it: exact numbers, text that is no Unicode, no endpoints, and hours that are repaired."""

from pathlib import Path

import pytest

from orarchive.index.database import open_index
from orarchive.jsonl import loads
from orarchive.queries.health_attempts import HealthReading, list_months, read_health
from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import read_branch
from tests.support.browser import build_snapshot, write_archive
from tests.support.random_histories import ArchivedAttempt, archive_steps, write_history
from tests.support.random_steps import Edit, Step

MODEL = {"id": "a/b", "name": "b", "pricing": {"prompt": "1"}}
EXACT = loads("99.12345678901234567890")


def read(folder: Path, *hours: list[dict[str, object]]) -> list[HealthReading]:
    """Return the readings of an archive with these endpoints in its hours."""
    snapshots = [build_snapshot([MODEL], {"a/b": endpoints}) for endpoints in hours]
    archive = open_archive(write_archive(folder / "archive", *snapshots, start=START))
    with open_index(archive, folder / "cache") as db:
        months = list_months(db, read_branch(archive)).values()
    attempts = [attempt for month in months for attempt in month.attempts]
    return list(read_health(archive, attempts))


def test_an_hour_without_endpoints_has_no_reading(tmp_path: Path) -> None:
    readings = read(tmp_path, [], [{"tag": "x", "status": 0}], [])
    assert [(reading.attempt.hour, reading.keys) for reading in readings] == [
        ("2026-06-01T01:00:00Z", [("a/b", "x", 0)])
    ]


def test_numbers_come_as_they_were_sent(tmp_path: Path) -> None:
    endpoints = [
        {"tag": "x", "uptime_last_1d": EXACT, "status": 0},
        {"tag": "y", "uptime_last_1d": 99.98765432109876},
    ]
    (reading,) = read(tmp_path, endpoints)
    assert reading.columns == {"status": [0, None], "uptime_last_1d": [EXACT, loads("99.98765432109876")]}


def test_ordinary_numbers_are_doubles(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, [{"tag": "x", "uptime_last_1d": 99.98765432109876}])
    assert reading.columns == {"uptime_last_1d": [99.98765432109876]}


def test_text_that_is_no_unicode(tmp_path: Path) -> None:
    (reading,) = read(tmp_path, [{"tag": "\ud800", "uptime_last_1d": "\udfff"}])
    assert reading.keys == [("a/b", "\ud800", 0)]
    assert reading.columns == {"uptime_last_1d": ["\udfff"]}


@pytest.fixture
def repaired(tmp_path: Path) -> tuple[Archive, list[ArchivedAttempt]]:
    """Return an archive of an hour that missed a model, two repairs of it, and the next hour.

    Between the runs a model is listed, and one of its endpoints.
    """
    night = [Edit((target,)) for target in [("models", "a/night"), ("endpoints", "a/night", 0)]]
    missed = frozenset(["a/plain", "o/old"])
    steps = [Step(0, edits=night, missed=missed), Step(0, missed=frozenset(["o/old"])), Step(0, edits=night)]
    attempts = archive_steps([*steps, Step(1)])
    write_history(tmp_path / "archive", attempts)
    return open_archive(tmp_path / "archive"), attempts


def read_repaired(archive: Archive, folder: Path, *left_out: int) -> list[HealthReading]:
    """Return the readings of an archive but for the attempts of these positions."""
    with open_index(archive, folder / "cache") as db:
        (month,) = list_months(db, read_branch(archive)).values()
    attempts = [attempt for position, attempt in enumerate(month.attempts) if position not in left_out]
    return list(read_health(archive, attempts))


def test_a_repair_is_fresh_for_what_it_requested_alone(
    repaired: tuple[Archive, list[ArchivedAttempt]], tmp_path: Path
) -> None:
    archive, attempts = repaired
    attempts = [attempt for attempt in attempts if attempt.read_models]
    readings = read_repaired(archive, tmp_path)
    assert len(readings) == len(attempts) == 4
    for attempt, reading in zip(attempts, readings, strict=True):
        fresh = {key[0]: is_fresh for key, is_fresh in zip(reading.keys, reading.fresh, strict=True)}
        assert fresh == {model: model in attempt.read_models for model in fresh}
    assert {*readings[1].fresh} == {*readings[2].fresh} == {True, False}


def test_a_repair_of_a_lost_attempt_cannot_tell_what_is_fresh(
    repaired: tuple[Archive, list[ArchivedAttempt]], tmp_path: Path
) -> None:
    archive, _ = repaired
    reading, *_ = read_repaired(archive, tmp_path, 0)
    fresh = {key[0]: is_fresh for key, is_fresh in zip(reading.keys, reading.fresh, strict=True)}
    assert fresh == {"a/plain": None, "b/x:free": None, "i/draw": None}
