"""Long builds that are cut off: the next one goes on from the last checkpoint, and the index is the same."""

import shutil
import signal
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError
from orarchive.history.attempts import AttemptCommit, list_attempts, list_tips
from orarchive.history.health import AttemptHealth
from orarchive.history.replay import ReplayStep
from orarchive.index import build, checkpoints
from orarchive.index.checksums import CHECKSUMS_NAME
from orarchive.index.context import AttemptContext, IndexUpdate, write_attempt
from orarchive.index.cut_health import CutHealth
from orarchive.index.database import INDEX_NAME
from orarchive.index.field_counts import FieldCounts
from orarchive.sample import START
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from tests.support.archives import DAY, Stage
from tests.support.histories import build_index, update_index
from tests.support.index_checks import set_other_schema
from tests.support.index_driver import IndexDriver
from tests.support.six_hours import SixHours, assert_sound

NEW_NAME = f"{INDEX_NAME}.new"


@pytest.fixture
def indexed_hours(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the hour of each attempt that is indexed from now on."""
    hours: list[str] = []

    def write_and_note(
        update: IndexUpdate, attempt_commit: AttemptCommit, broken: str, health: AttemptHealth | None
    ) -> AttemptContext:
        hours.append(attempt_commit.attempt["hour"])
        return write_attempt(update, attempt_commit, broken, health)

    monkeypatch.setattr(build, "write_attempt", write_and_note)
    return hours


def list_hours(archive: Archive) -> list[str]:
    """Return the hours of all attempts of an archive."""
    attempts = list_attempts(archive, list_tips(archive, str(archive.resolve_commit())))
    return [attempt.attempt["hour"] for attempt in attempts]


def kill_build(driver: IndexDriver, archive: Archive, cache: Path, attempt: int, size: int = 2) -> None:
    """Kill a build that saves a checkpoint every `size` attempts before it indexes one of them."""
    driver.start(archive, cache, kill_before_attempt=attempt, checkpoint_attempts=size)
    assert driver.wait()[0] == -signal.SIGKILL


@pytest.mark.parametrize("killed_at", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("begin", ["no index", "a damaged index", "an index of another version"])
def test_a_killed_rebuild_goes_on(
    six_hours: SixHours,
    driver: IndexDriver,
    tmp_path: Path,
    indexed_hours: list[str],
    begin: str,
    killed_at: int,
) -> None:
    archive, cache = six_hours.copy(tmp_path)
    if begin == "no index":
        (cache / INDEX_NAME).unlink()
    elif begin == "a damaged index":
        (cache / INDEX_NAME).write_bytes(bytes(9999))
    else:
        set_other_schema(cache / INDEX_NAME)
    kill_build(driver, archive, cache, killed_at)
    assert_sound(archive, cache, six_hours.rows)
    saved = (killed_at - 1) // 2 * 2
    assert indexed_hours == list_hours(archive)[saved:]


def test_a_build_that_is_killed_again_and_again(
    six_hours: SixHours, driver: IndexDriver, tmp_path: Path, indexed_hours: list[str]
) -> None:
    archive, cache = six_hours.copy(tmp_path)
    shutil.rmtree(cache)
    for _ in list_hours(archive)[:-1]:
        kill_build(driver, archive, cache, attempt=2, size=1)
    assert_sound(archive, cache, six_hours.rows)
    assert indexed_hours == list_hours(archive)[-1:]


def test_a_killed_update_of_many_hours_goes_on(
    six_hours: SixHours,
    driver: IndexDriver,
    tmp_path: Path,
    indexed_hours: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until it is complete the index stays as it was."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_ATTEMPTS", 1)
    archive, cache = six_hours.copy(tmp_path)
    before = (cache / INDEX_NAME).read_bytes()
    kill_build(driver, archive, cache, attempt=2, size=1)
    assert (cache / INDEX_NAME).read_bytes() == before
    assert_sound(archive, cache, six_hours.rows)
    early_attempts = sum(row.startswith("attempts: ") for row in six_hours.early_rows)
    assert indexed_hours == list_hours(archive)[early_attempts + 1 :]


@pytest.mark.parametrize("error", [ArchiveError("no more"), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_a_build_that_an_error_ends_goes_on(
    six_hours: SixHours,
    tmp_path: Path,
    indexed_hours: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_ATTEMPTS", 2)
    archive, cache = six_hours.copy(tmp_path)
    shutil.rmtree(cache)
    apply_attempt = build.apply_attempt

    def apply_or_fail(
        context: AttemptContext,
        step: ReplayStep,
        health: AttemptHealth | None,
        fields: FieldCounts,
        cut_health: CutHealth,
    ) -> None:
        if len(indexed_hours) == 4:
            raise error
        apply_attempt(context, step, health, fields, cut_health)

    monkeypatch.setattr(build, "apply_attempt", apply_or_fail)
    with pytest.raises(type(error)):
        update_index(archive, cache)
    assert_sound(archive, cache, six_hours.rows)
    hours = list_hours(archive)
    assert indexed_hours == hours[:4] + hours[2:]


@pytest.mark.parametrize("name", [INDEX_NAME, NEW_NAME])
def test_a_build_killed_while_it_replaces_the_index(
    six_hours: SixHours, tmp_path: Path, indexed_hours: list[str], name: str
) -> None:
    """Before the new file is moved, or before the checksum has its new name: nothing is indexed again."""
    archive, cache = six_hours.copy(tmp_path)
    update_index(archive, cache)
    indexed_hours.clear()
    (cache / INDEX_NAME).rename(cache / name)
    checksum = (cache / CHECKSUMS_NAME).read_text().split()[0]
    (cache / CHECKSUMS_NAME).write_text(f"{checksum}  {NEW_NAME}\n")
    assert_sound(archive, cache, six_hours.rows)
    assert indexed_hours == []


def test_a_damaged_checkpoint(
    six_hours: SixHours, driver: IndexDriver, tmp_path: Path, indexed_hours: list[str]
) -> None:
    archive, cache = six_hours.copy(tmp_path)
    (cache / INDEX_NAME).unlink()
    kill_build(driver, archive, cache, attempt=6)
    content = bytearray((cache / NEW_NAME).read_bytes())
    content[len(content) // 2] ^= 1
    (cache / NEW_NAME).write_bytes(content)
    assert_sound(archive, cache, six_hours.rows)
    assert indexed_hours == list_hours(archive)


def test_a_checkpoint_of_another_history(six_hours: SixHours, driver: IndexDriver, tmp_path: Path) -> None:
    """Of commits that were rewritten since: they are read from the first one on."""
    archive, cache = six_hours.copy(tmp_path)
    (cache / INDEX_NAME).unlink()
    kill_build(driver, archive, cache, attempt=6)
    environment = {"GIT_SEQUENCE_EDITOR": "true", "GIT_COMMITTER_DATE": "2027-01-01T00:00:00Z"}
    run_git(archive.root, "rebase", "--quiet", "--root", "--force-rebase", env=environment)
    rows = build_index(archive)
    assert rows != six_hours.rows
    assert_sound(archive, cache, rows)


def test_a_checkpoint_of_a_build_that_went_further(stage: Stage, driver: IndexDriver, tmp_path: Path) -> None:
    """The cut-off build left out readings that are too old at its last hour, which then was taken back."""
    archive, cache = stage.archive, tmp_path / "cache"
    assert [stage.run(START + number * 20 * DAY) for number in range(4)] == [0] * 4
    hours = list_hours(archive)
    kill_build(driver, archive, cache, attempt=hours.index(hours[-1]) + 1, size=1)
    while list_hours(archive)[-1] == hours[-1]:
        run_git(archive.root, "reset", "--quiet", "--hard", "HEAD~1")
    assert_sound(archive, cache, build_index(archive))
