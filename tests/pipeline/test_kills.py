"""Runs killed at any step and at any moment: after the next run nothing is lost, repeated or left behind."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from orarchive.errors import ArchiveError
from orarchive.sample import START, Service
from orarchive.store.commit import LOCK_FILE, write_journal
from tests.support.archives import (
    DAY,
    Payloads,
    Stage,
    assert_tidy,
    build_payloads,
    edit_records,
    make_archive,
    read_data_files,
    read_git,
)
from tests.support.driver import Driver

pytestmark = pytest.mark.faults

LATER = START + DAY
"""The first hour of the next day: hourly and daily feeds are due, in two commits."""


@dataclass(frozen=True)
class ReadyArchive:
    """An archive with one good hour, another hour served, and the result of an undisturbed run."""

    stage: Stage
    driver: Driver
    files: dict[str, bytes]
    commits: list[str]
    steps: int
    seconds: float


@pytest.fixture(scope="module")
def ready(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyArchive]:
    """Archive an hour, serve the next one, and measure an undisturbed run."""
    folder = tmp_path_factory.mktemp("kills")
    stage = Stage(running, make_archive(folder / "archive"))
    stage.serve(build_payloads(START))
    assert stage.run(START) == 0
    stage.serve(edit_next_hour())
    with Driver() as driver:
        undisturbed = stage.copy(folder / "undisturbed")
        driver.start(undisturbed, LATER)
        assert driver.wait_for_exit() == 0
        begun = time.monotonic()
        counted = stage.copy(folder / "counted")
        driver.start(counted, LATER, step=0, steps=str(folder / "steps"))
        assert driver.wait_for_exit() == 0
        seconds = time.monotonic() - begun
        steps = int((folder / "steps").read_text())
        yield ReadyArchive(
            stage, driver, read_data_files(undisturbed.root), undisturbed.list_subjects(), steps, seconds
        )


def edit_next_hour() -> Payloads:
    """Return bodies with every record edited and one facet without lines: a file that the commit removes."""
    bodies = edit_records(build_payloads(LATER), "second")
    for row in bodies["models"]["data"]:
        row.pop("benchmarks", None)
    return bodies


def assert_recovers(ready: ReadyArchive, stage: Stage) -> None:
    """Assert that a normal run gives the result of an undisturbed one."""
    assert stage.run(LATER) == 0
    assert_tidy(stage.root)
    assert read_data_files(stage.root) == ready.files
    assert stage.list_subjects() == ready.commits
    assert [(line["hour"], line["attempt"]) for line in stage.read_attempts()] == [
        ("2026-06-01T00:00:00Z", 1),
        ("2026-06-01T00:00:00Z", 2),
        ("2026-06-02T00:00:00Z", 1),
        ("2026-06-02T00:00:00Z", 2),
    ]


def test_killed_before_every_step(ready: ReadyArchive, tmp_path: Path) -> None:
    """Kill the run before each git command and each file written, renamed or removed."""
    for step in range(1, ready.steps + 1):
        stage = ready.stage.copy(tmp_path / str(step))
        ready.driver.start(stage, LATER, step=step)
        assert ready.driver.wait_for_exit() == -signal.SIGKILL, step
        assert_recovers(ready, stage)


def test_first_run_killed_at_steps(ready: ReadyArchive, tmp_path: Path) -> None:
    """Kill the first run of a branch without commits, at every fifth step."""
    for step in range(1, ready.steps, 5):
        stage = Stage(ready.stage.service, make_archive(tmp_path / str(step)))
        ready.driver.start(stage, LATER, step=step)
        code = ready.driver.wait_for_exit()
        assert code in (0, -signal.SIGKILL)
        assert stage.run(LATER) == 0
        assert_tidy(stage.root)
        assert read_data_files(stage.root) == ready.files
        assert len(stage.list_subjects()) == len(stage.read_attempts()) == 2


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its git"])
def test_killed_at_random_moments(ready: ReadyArchive, tmp_path: Path, group: bool) -> None:
    """Kill forty runs in all: alone, or with the git command that they are waiting for."""
    killed = 0
    chance = random.Random(f"kills {group}")
    span = ready.seconds
    for number in range(100):
        stage = ready.stage.copy(tmp_path / str(number))
        pid = ready.driver.start(stage, LATER)
        time.sleep(chance.uniform(0, span))
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(pid, signal.SIGKILL)
        if ready.driver.wait_for_exit() == -signal.SIGKILL:
            killed += 1
            time.sleep(0.03)  # lets a git command end that outlives the run
            # On a busy machine that takes longer: then the lock is still held.
            with FileLock(stage.root / ".git" / LOCK_FILE, timeout=10):
                pass
        else:
            span *= 0.9  # the machine has become faster than it was when the run was measured
        assert_recovers(ready, stage)
        if killed == 20:
            return
    pytest.fail(f"only {killed} runs were killed before they ended")


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock", "orarchive.index.lock"])
@pytest.mark.parametrize("left", [0, 3, 12])
def test_lock_left_by_the_killed_run_is_removed(
    ready: ReadyArchive, tmp_path: Path, lock: str, left: int
) -> None:
    """Git removes its locks on every signal but SIGKILL."""
    stage = ready.stage.copy(tmp_path / "archive")
    ready.driver.start(stage, LATER, step=ready.steps - left)
    ready.driver.wait_for_exit()
    (stage.root / ".git" / lock).write_bytes(b"")
    assert_recovers(ready, stage)


def test_recovery_is_noted(ready: ReadyArchive, tmp_path: Path) -> None:
    """Check that the note is in the first ledger line and message of the run that recovered."""
    stage = ready.stage.copy(tmp_path / "archive")
    write_journal(stage.archive, ["models/facts.jsonl"])
    (stage.root / "data/models/facts.jsonl").write_text("half a li")
    (stage.root / "data/models/text.jsonl.orarchive-partial").write_text("half a li")
    assert stage.run(LATER) == 0
    notes = ["restored after a killed run: data/models/facts.jsonl"]
    assert [line.get("notes") for line in stage.read_attempts()] == [None, None, notes, None]
    assert f"! {notes[0]}" in read_git(stage.root, "log", "-1", "--skip=1", "--format=%B")
    assert_tidy(stage.root)


def test_an_edit_by_hand_outlives_a_killed_run(ready: ReadyArchive, tmp_path: Path) -> None:
    """Restore only what the run was replacing; the run is refused for what was not."""
    stage = ready.stage.copy(tmp_path / "archive")
    write_journal(stage.archive, ["models/facts.jsonl", "models/gone.jsonl"])
    (stage.root / "data/models/facts.jsonl").write_text("half a li")
    (stage.root / "data/models/gone.jsonl").write_text("of a commit that was not made")
    (stage.root / "data/README.md").write_text("mine")
    with pytest.raises(ArchiveError, match=r"uncommitted changes below data/: data/README\.md;"):
        stage.run(LATER)
    assert (stage.root / "data/README.md").read_text() == "mine"
    read_git(stage.root, "restore", "data/README.md")
    assert_recovers(ready, stage)


def test_what_desktops_leave_behind_stops_no_run(ready: ReadyArchive, tmp_path: Path) -> None:
    stage = ready.stage.copy(tmp_path / "archive")
    names = (
        *(
            ".DS_Store",
            "models/._facts.jsonl",
            "Thumbs.db",
            "models/.facts.jsonl.swp",
            "README.md~",
            "Icon\r",
        ),
        *("Icon\r", "models/#facts.jsonl#", ".nfs01", ".fuse_hidden01", "Desktop.ini", ".Trash-1000/files/x"),
    )
    for name in names:
        path = stage.root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("litter")
    assert stage.run(LATER) == 0
    assert all((stage.root / "data" / name).read_text() == "litter" for name in names)
    tracked = read_git(stage.root, "ls-files")
    assert not [name for name in names if name in tracked]


def test_two_runs_at_once(ready: ReadyArchive, tmp_path: Path) -> None:
    """Check that the second stops with an error and does no harm to the first."""
    stage = ready.stage.copy(tmp_path / "archive")
    stage.service.latency = 0.2
    try:
        ready.driver.start(stage, LATER)
        while not (stage.root / ".git/orarchive.journal").exists():
            time.sleep(0.005)
        with pytest.raises(ArchiveError, match=r"another run is archiving into .*; this one stops"):
            stage.run(LATER)
        stage.service.latency = 0
        assert ready.driver.wait_for_exit() == 0
    finally:
        stage.service.latency = 0
    assert_recovers(ready, stage)


@pytest.mark.parametrize("size", [0, 200, 1000, 3000])
def test_killed_git_does_not_block_the_next_run(ready: ReadyArchive, tmp_path: Path, size: int) -> None:
    """Beyond a size of files it is killed; the run fails with an error, and the next one goes on."""
    stage = ready.stage.copy(tmp_path / "archive")
    ready.driver.start(stage, LATER, named=True, disk=size)
    assert ready.driver.wait_for_exit() == 2
    assert_recovers(ready, stage)
