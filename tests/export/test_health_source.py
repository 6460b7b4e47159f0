"""Health as git has it: exact numbers, text that is no Unicode, and hours without any endpoint."""

from pathlib import Path

from orarchive.export.health_source import HealthReading, list_health_attempts, read_health
from orarchive.index.database import open_index
from orarchive.jsonl import loads
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.store.health_branch import list_health_commits
from tests.support.browser import build_snapshot, write_archive

MODEL = {"id": "a/b", "name": "b", "pricing": {"prompt": "1"}}
EXACT = loads("99.12345678901234567890")


def read(folder: Path, *hours: list[dict[str, object]]) -> list[HealthReading]:
    """Return the readings of an archive with these endpoints in its hours."""
    snapshots = [build_snapshot([MODEL], {"a/b": endpoints}) for endpoints in hours]
    archive = open_archive(write_archive(folder / "archive", *snapshots, start=START))
    with open_index(archive, folder / "cache") as db:
        attempts = [
            attempt
            for month in list_health_attempts(db, list_health_commits(archive)).values()
            for attempt in month
        ]
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
