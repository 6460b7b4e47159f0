"""Old health: exported, then cut off the branch; nothing else of the archive changes."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.export.schemas import HEALTH_DAYS
from orarchive.history.history import read_history
from orarchive.history.verify import verify
from orarchive.index.database import open_index
from orarchive.jsonl import Record
from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import HEALTH_REF, list_health_commits
from tests.support.archives import DAY, read_git
from tests.support.browser import build_snapshot, write_archive
from tests.support.damaged_health import damage_health

MODEL = {"id": "a/b", "name": "b", "pricing": {"prompt": "1"}}
HOURS_APART = 20 * DAY
"""The hours are of June, June, July, July and August."""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return an archive of five hours in three months, whose health differs."""
    endpoints: list[list[Record]] = [[{"tag": "x", "status": 0, "uptime_last_1d": n}] for n in range(5)]
    snapshots = [build_snapshot([MODEL], {"a/b": items}) for items in endpoints]
    return open_archive(write_archive(tmp_path / "archive", *snapshots, start=START, apart=HOURS_APART))


def thin(archive: Archive, out: Path, *options: str) -> Result:
    """Run `orarchive thin-health` on an archive."""
    command = ["thin-health", "--archive", str(archive.root), "--out", str(out), *options]
    return CliRunner().invoke(orarchive_command, command)


def test_months_are_exported_and_cut(archive: Archive, tmp_path: Path) -> None:
    result = thin(archive, tmp_path / "out", "--keep", "30d")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Cut off 2 commits of health before 2026-07-01T00Z" in result.stdout
    months = sorted(path.parent.name for path in (tmp_path / "out").glob("health/*/*.parquet"))
    assert months == ["month=2026-06", "month=2026-07", "month=2026-08"]
    assert len(list_health_commits(archive)) == 3
    findings = verify(read_history(archive))
    assert (findings.health_lost, findings.health_absent) == ([], 2)
    again = thin(archive, tmp_path / "out", "--keep", "30d")
    assert again.stdout == "No health before 2026-07-01T00Z is left to cut off\n"
    assert months == sorted(path.parent.name for path in (tmp_path / "out").glob("health/*/*.parquet"))


def test_another_export_of_a_cut_archive_has_the_months_that_are_left(
    archive: Archive, tmp_path: Path
) -> None:
    thin(archive, tmp_path / "out", "--keep", "30d")
    result = CliRunner().invoke(
        orarchive_command, ["export", "--archive", str(archive.root), "--out", str(tmp_path / "new")]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("months of health written: 2026-07, 2026-08\n")


def test_health_that_stands_over_the_cut_stays(tmp_path: Path) -> None:
    """The health of 31 July and 20 August is the same: the ledger of both names one commit, of 31 July.

    To an export that lacks July the rest of that month is no month.
    """
    endpoints: list[list[Record]] = [[{"tag": "x", "status": n}] for n in (0, 1, 2, 3, 3)]
    snapshots = [build_snapshot([MODEL], {"a/b": items}) for items in endpoints]
    folder = write_archive(tmp_path / "archive", *snapshots, start=START, apart=HOURS_APART)
    archive = open_archive(folder)
    assert thin(archive, tmp_path / "out", "--keep", "1d").exit_code == 0
    assert verify(read_history(archive)).health_lost == []
    result = thin(archive, tmp_path / "new", "--keep", "1d")
    assert "lacks the health of 2026-07, which cannot be exported" in result.stderr


def test_an_index_that_is_built_after_a_cut_has_the_days_and_events_of_before(tmp_path: Path) -> None:
    """An endpoint is degraded on 26 June and recovers on 31 July; June is cut off, then July."""
    figures = [(-2 if number < 7 else 0, 90.1 + number / 10) for number in range(14)]
    snapshots = [
        build_snapshot([MODEL], {"a/b": [{"tag": "x", "status": status, "uptime_last_30m": uptime}]})
        for status, uptime in figures
    ]
    folder = write_archive(tmp_path / "archive", *snapshots, start=START, apart=5 * DAY)
    archive = open_archive(folder)
    queries = ("select * from health_days", "select * from events", "select * from watched")

    def read(cache: str) -> list[list[Any]]:
        with open_index(archive, tmp_path / cache) as db:
            return [db.execute(query).fetchall() for query in queries]

    days, events, runs = read("before")
    kinds = [kind for event in events for kind in event if kind in ("degraded", "recovered")]
    assert kinds == ["degraded", "recovered"]
    for keep, commits in (("30d", 6), ("1d", 7)):
        result = thin(archive, tmp_path / "out", "--keep", keep, "--cache", str(tmp_path / keep))
        assert f"Cut off {commits} commits" in result.stdout
        new_days, new_events, new_runs = read(f"after {keep}")
        assert (new_days, new_events) == (days, events)
        assert [run[:5] for run in new_runs] == [run[:5] for run in runs]
    assert verify(read_history(archive)).health_lost == []


def test_days_of_which_the_health_was_cut_stay_in_an_export(archive: Archive, tmp_path: Path) -> None:
    """The index is built anew after the cut."""
    out, year = tmp_path / "out", tmp_path / "out" / HEALTH_DAYS.build_path("2026")
    thin(archive, out, "--keep", "30d")
    content = year.read_bytes()
    command = ["export", "--archive", str(archive.root), "--out", str(out), "--cache", str(tmp_path / "c")]
    result = CliRunner().invoke(orarchive_command, command)
    assert (result.exit_code, result.stderr) == (0, "")
    assert year.read_bytes() == content
    year.write_bytes(content[:-1])
    CliRunner().invoke(orarchive_command, command)
    assert year.read_bytes() == content


def test_a_month_with_lost_health_is_cut_if_the_loss_is_named(archive: Archive, tmp_path: Path) -> None:
    """The health of the first hour is not what the ledger hashed."""
    tip = damage_health(archive, 0)
    result = thin(archive, tmp_path / "out", "--keep", "30d", "--lost", "2026-06-21T00Z")
    assert result.exit_code == 2
    assert "nothing is cut off: " in result.stderr
    assert "has lost the health of 2026-06-01T00:00:00Z (attempt 1, damaged)" in result.stderr
    assert (
        "to cut off what is left of these months all the same, name the hours: --lost 2026-06-01T00Z\n"
        in (result.stderr)
    )
    assert archive.resolve_commit(HEALTH_REF) == tip
    result = thin(archive, tmp_path / "out", "--keep", "30d", "--lost", "2026-06-01T00Z")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(list_health_commits(archive)) == 3
    again = thin(archive, tmp_path / "out", "--keep", "30d")
    assert again.stdout == "No health before 2026-07-01T00Z is left to cut off\n"


def test_the_branch_at_the_remote_is_replaced(archive: Archive, tmp_path: Path) -> None:
    read_git(tmp_path, "clone", "--quiet", "--bare", str(archive.root), "remote.git")
    read_git(tmp_path, "clone", "--quiet", str(tmp_path / "remote.git"), "clone")
    clone = open_archive(tmp_path / "clone")
    result = thin(clone, tmp_path / "out", "--keep", "30d", "--push")
    assert result.stdout.endswith("Pushed the branch health\n"), result.output
    assert len(read_git(tmp_path / "remote.git", "rev-list", "health").split()) == 3


def test_a_clone_without_health_says_so(archive: Archive, tmp_path: Path) -> None:
    read_git(tmp_path, "clone", "--quiet", "--single-branch", f"file://{archive.root}", "small")
    result = thin(open_archive(tmp_path / "small"), tmp_path / "out", "--keep", "30d")
    assert result.exit_code == 2
    assert "git fetch origin +health:health brings it" in result.stderr


@pytest.mark.parametrize("keep", ["90", "0d", "d", "-1d", "1.5d"])
def test_a_number_of_days_is_needed(archive: Archive, tmp_path: Path, keep: str) -> None:
    result = thin(archive, tmp_path / "out", f"--keep={keep}")
    assert result.exit_code == 2
    assert "it must be a number of days, such as 90d" in result.stderr
