"""Runs killed at any step and at any moment: the next run finds nothing lost, doubled or left behind."""

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

from orarchive.errors import ArchiveError, GitError
from orarchive.sample import START, Service
from orarchive.store.commit import LOCK_FILE
from tests.support.archives import (
    DAY,
    Payloads,
    Stage,
    data_files,
    edited,
    new_archive,
    payloads,
    say,
    tidy,
)
from tests.support.driver import Driver

pytestmark = pytest.mark.faults

LATER = START + DAY
"""The first hour of the next day: hourly and daily feeds are due, in two commits."""


@dataclass(frozen=True)
class Ready:
    """An archive with one good hour, another hour served, and what an undisturbed run makes of it."""

    stage: Stage
    driver: Driver
    files: dict[str, bytes]
    commits: list[str]
    steps: int
    seconds: float


@pytest.fixture(scope="module")
def ready(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    folder = tmp_path_factory.mktemp("kills")
    stage = Stage(running, new_archive(folder / "archive"))
    stage.serve(payloads(START))
    assert stage.run(START) == 0
    stage.serve(next_hour())
    with Driver() as driver:
        undisturbed = stage.copy(folder / "undisturbed")
        driver.start(undisturbed, LATER)
        assert driver.ended() == 0
        begun = time.monotonic()
        counted = stage.copy(folder / "counted")
        driver.start(counted, LATER, step=0, steps=str(folder / "steps"))
        assert driver.ended() == 0
        seconds = time.monotonic() - begun
        steps = int((folder / "steps").read_text())
        yield Ready(stage, driver, data_files(undisturbed.root), undisturbed.commits(), steps, seconds)


def next_hour() -> Payloads:
    """Every record edited, and one feed without rows any more: a file that the commit removes."""
    bodies = edited(payloads(LATER), "second")
    for row in bodies["models"]["data"]:
        row.pop("benchmarks", None)
    return bodies


def recovers(ready: Ready, stage: Stage) -> None:
    """Assert that a normal run leaves all as if nothing had happened."""
    assert stage.run(LATER) == 0
    tidy(stage.root)
    assert data_files(stage.root) == ready.files
    assert stage.commits() == ready.commits
    assert [(line["hour"], line["attempt"]) for line in stage.attempts()] == [
        ("2026-06-01T00:00:00Z", 1),
        ("2026-06-01T00:00:00Z", 2),
        ("2026-06-02T00:00:00Z", 1),
        ("2026-06-02T00:00:00Z", 2),
    ]


def test_killed_before_every_step(ready: Ready, tmp_path: Path) -> None:
    """Each git command and each file written, renamed or removed, of the whole run, is a step."""
    for step in range(1, ready.steps + 1):
        stage = ready.stage.copy(tmp_path / str(step))
        ready.driver.start(stage, LATER, step=step)
        assert ready.driver.ended() == -signal.SIGKILL, step
        recovers(ready, stage)


def test_first_run_killed(ready: Ready, tmp_path: Path) -> None:
    """The same on a branch without commits, at every fifth step."""
    for step in range(1, ready.steps, 5):
        stage = Stage(ready.stage.service, new_archive(tmp_path / str(step)))
        ready.driver.start(stage, LATER, step=step)
        code = ready.driver.ended()
        assert code in (0, -signal.SIGKILL)
        assert stage.run(LATER) == 0
        tidy(stage.root)
        assert data_files(stage.root) == ready.files
        assert len(stage.commits()) == len(stage.attempts()) == 2


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its git"])
def test_killed_at_random_moments(ready: Ready, tmp_path: Path, group: bool) -> None:
    """A hundred moments in all: of the run alone, and of the run with the git that it is waiting for."""
    killed = 0
    moments = random.Random(f"kills {group}")
    span = ready.seconds
    for number in range(200):
        stage = ready.stage.copy(tmp_path / str(number))
        pid = ready.driver.start(stage, LATER)
        time.sleep(moments.uniform(0, span))
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(pid, signal.SIGKILL)
        if ready.driver.ended() == -signal.SIGKILL:
            killed += 1
            time.sleep(0.03)  # a git command that outlives the run ends now
            with FileLock(stage.root / ".git" / LOCK_FILE, timeout=10):  # on a busy machine later
                pass
        else:
            span *= 0.9  # the machine has become faster
        recovers(ready, stage)
        if killed == 50:
            return
    pytest.fail(f"only {killed} runs were caught")


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock", "orarchive.index.lock"])
@pytest.mark.parametrize("left", [0, 3, 12])
def test_a_lock_left_by_the_killed_run(ready: Ready, tmp_path: Path, lock: str, left: int) -> None:
    """Git removes its locks on every signal but this one."""
    stage = ready.stage.copy(tmp_path / "archive")
    ready.driver.start(stage, LATER, step=ready.steps - left)
    ready.driver.ended()
    (stage.root / ".git" / lock).write_bytes(b"")
    recovers(ready, stage)


def test_the_lock_of_another_is_left_alone(ready: Ready, tmp_path: Path) -> None:
    """It is said that git is busy; when the other is done, the next run finishes the work."""
    stage = ready.stage.copy(tmp_path / "archive")
    lock = stage.root / ".git/index.lock"
    lock.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(GitError, match=r"index\.lock"):
            stage.run(LATER)
        assert lock.exists()
    lock.unlink()
    recovers(ready, stage)


def test_what_was_done_is_said(ready: Ready, tmp_path: Path) -> None:
    """The note stands in the first ledger line and message of the run that tidied up."""
    stage = ready.stage.copy(tmp_path / "archive")
    (stage.root / ".git/orarchive.journal").write_text("a run under way")
    (stage.root / "data/models/facts.jsonl").write_text("half a li")
    (stage.root / "data/models/text.jsonl.orarchive-partial").write_text("half a li")
    assert stage.run(LATER) == 0
    notes = ["restored after a killed run: data/models/facts.jsonl"]
    assert [line.get("notes") for line in stage.attempts()] == [None, None, notes, None]
    assert f"! {notes[0]}" in say(stage.root, "log", "-1", "--skip=1", "--format=%B")
    tidy(stage.root)


def test_two_runs_at_once(ready: Ready, tmp_path: Path) -> None:
    """The second leaves with a clear word and does no harm to the first."""
    stage = ready.stage.copy(tmp_path / "archive")
    stage.service.latency = 0.2
    try:
        ready.driver.start(stage, LATER)
        while not (stage.root / ".git/orarchive.journal").exists():
            time.sleep(0.005)
        with pytest.raises(ArchiveError, match=r"another run is archiving into .*; this one stops"):
            stage.run(LATER)
        stage.service.latency = 0
        assert ready.driver.ended() == 0
    finally:
        stage.service.latency = 0
    recovers(ready, stage)


@pytest.mark.parametrize("size", [0, 200, 1000, 3000])
def test_a_git_that_is_killed_keeps_nobody_out(ready: Ready, tmp_path: Path, size: int) -> None:
    """Its files may grow to a size alone, then it is killed; the run ends by name, the next goes on."""
    stage = ready.stage.copy(tmp_path / "archive")
    ready.driver.start(stage, LATER, named=True, disk=size)
    assert ready.driver.ended() == 2
    recovers(ready, stage)
