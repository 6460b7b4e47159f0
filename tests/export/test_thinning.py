"""Old health: exported, then cut off the branch; nothing else of the archive changes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.history.history import read_history
from orarchive.history.verify import verify
from orarchive.jsonl import Record
from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import HEALTH_REF, list_health_commits
from tests.support.archives import DAY, read_git
from tests.support.browser import build_snapshot, write_archive

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
    """The health of 11 and 31 July is the same: the ledger of both names one commit, which is of 11 July."""
    endpoints: list[list[Record]] = [[{"tag": "x", "status": n}] for n in (0, 1, 2, 2, 3)]
    snapshots = [build_snapshot([MODEL], {"a/b": items}) for items in endpoints]
    folder = write_archive(tmp_path / "archive", *snapshots, start=START + 20 * DAY, apart=HOURS_APART)
    archive = open_archive(folder)
    assert thin(archive, tmp_path / "out", "--keep", "1d").exit_code == 0
    assert verify(read_history(archive)).health_lost == []


def test_an_export_with_more_days_than_a_new_index_is_kept(archive: Archive, tmp_path: Path) -> None:
    thin(archive, tmp_path / "out", "--keep", "30d")
    result = CliRunner().invoke(
        orarchive_command,
        [
            "export",
            "--archive",
            str(archive.root),
            "--out",
            str(tmp_path / "out"),
            "--cache",
            str(tmp_path / "c"),
        ],
    )
    assert result.exit_code == 2
    assert "export into another folder and keep this one" in result.stderr


def test_a_month_that_cannot_be_exported_is_not_cut(archive: Archive, tmp_path: Path) -> None:
    """The health of the first hour is not what the ledger hashed."""
    names = read_git(archive.root, "rev-list", "--reverse", HEALTH_REF).split()
    tree = read_git(archive.root, "rev-parse", f"{names[1]}^{{tree}}")
    last = ""
    for number, name in enumerate(names):
        its_tree = tree if number == 0 else read_git(archive.root, "rev-parse", f"{name}^{{tree}}")
        message = f"{name}\n\nStands-For: {name}\n"
        parent = ["-p", last] if last else []
        date = read_git(archive.root, "log", "-1", "--format=%aI", name)
        last = archive.run_git("commit-tree", its_tree, *parent, "-m", message, env={"GIT_AUTHOR_DATE": date})
    archive.run_git("update-ref", HEALTH_REF, last)
    result = thin(archive, tmp_path / "out", "--keep", "30d")
    assert result.exit_code == 2
    assert "nothing is cut off: " in result.stderr
    assert "lacks the health of 2026-06, which cannot be exported" in result.stderr
    assert archive.resolve_commit(HEALTH_REF) == last


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
