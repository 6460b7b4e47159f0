"""Importing recorded histories of the real service."""

import datetime as dt
from pathlib import Path

import pytest

from orarchive.collect.validate import validate_list
from orarchive.domain import snapshot
from orarchive.domain.feeds import MODELS
from orarchive.history.history import read_history
from orarchive.importer import report as import_report
from orarchive.importer.convert import import_versions
from orarchive.jsonl import dumps, loads
from orarchive.store.archive import open_archive
from tests.support import requirements
from tests.support.archives import assert_tidy, make_archive, read_git
from tests.support.bundles import FIVE_DAYS, TWO_YEARS, versions
from tests.support.import_source import (
    read_ledger,
)
from tests.support.recordings import Whole, exactly, unordered


@pytest.mark.real_data
def test_two_years_become_hours(two_years: Whole) -> None:
    assert import_report.count_outcomes(two_years.imported) == {"written": 942, "merged": 1}
    assert len(two_years.imported.hours) == 942
    assert read_git(two_years.archive.root, "rev-list", "--count", "HEAD") == "942"
    assert len(read_ledger(two_years.archive)) == 942
    assert_tidy(two_years.archive.root)


@pytest.mark.real_data
def test_versions_come_back_exactly(two_years: Whole, tmp_path: Path) -> None:
    """Compare number tokens, too; the files are those that a snapshot is written as."""
    bundle, path = TWO_YEARS
    samples = versions(requirements.find_recordings() / bundle, tmp_path, path, every=157)
    history = read_history(two_years.archive)
    commits = {hour: commit for commit, hour in history.iterate_commits()}
    ends = {line["hour"]: line["feeds"]["models"]["sha256"] for line in history.attempts}
    assert len(samples) == 7
    assert samples[-1][0] == two_years.imported.versions[-1].version.time.isoformat()
    for moment, content in samples:
        hour = dt.datetime.fromisoformat(moment).astimezone(dt.UTC).replace(minute=0, second=0)
        rows = two_years.archive.read_snapshot(commits[hour])["models"].values()
        assert unordered({"data": exactly(dumps(list(rows)))}) == unordered(exactly(content))
        state = snapshot.make_empty_snapshot() | {
            "models": {(row["id"],): row for row in validate_list(MODELS, loads(content)).rows}
        }
        files = snapshot.format_snapshot_files(state)
        assert two_years.archive.read_files(commits[hour], files) == files
        assert ends[f"{hour:%Y-%m-%dT%H:%M:%SZ}"] == snapshot.hash_feed(MODELS, files)


@pytest.mark.real_data
def test_two_years_take_little_room(two_years: Whole) -> None:
    """Models with ledger and message take less than 2 KB an hour."""
    packs = list((two_years.archive.git_dir / "objects/pack").glob("*.pack"))
    assert len(packs) == 1
    assert packs[0].stat().st_size < 942 * 2000


@pytest.mark.real_data
def test_clock_prices_of_the_past_have_their_file(tmp_path: Path) -> None:
    archive = open_archive(make_archive(tmp_path / "archive"))
    bundle, path = FIVE_DAYS
    now = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    imported = import_versions(archive, str(requirements.find_recordings() / bundle), path, now)
    assert import_report.count_outcomes(imported) == {"written": 20}
    assert len(read_git(archive.root, "log", "--oneline", "--", "data/models/spot.jsonl").splitlines()) >= 9
