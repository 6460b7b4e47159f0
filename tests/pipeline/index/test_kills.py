"""Builds that are killed: the next update makes the index good."""

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from orarchive.store.git import run_git
from tests.support.archives import read_all_files
from tests.support.histories import update_index
from tests.support.index_driver import IndexDriver
from tests.support.six_hours import SixHours, assert_sound


@pytest.mark.faults
@pytest.mark.parametrize(
    ("begin", "cache_kb", "checkpoint_attempts"),
    [
        ("no index", 65536, 500),
        ("no index", 1, 1),
        ("an index", 65536, 500),
        ("an index", 1, 500),
        ("an index", 1, 1),
        ("an index of another history", 1, 500),
        ("an index of another history", 65536, 2),
    ],
)
def test_a_build_killed_at_any_step(
    six_hours: SixHours,
    driver: IndexDriver,
    tmp_path: Path,
    begin: str,
    cache_kb: int,
    checkpoint_attempts: int,
) -> None:
    """A step is a git command, a write, a rename, a removal, or a few hundred instructions of SQLite."""
    archive, cache = six_hours.copy(tmp_path)
    if begin == "an index of another history":
        run_git(archive.root, "commit", "--quiet", "--amend", "-m", "Another")
        update_index(archive, cache)
        run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[-1])
    elif begin == "no index":
        shutil.rmtree(cache)
        cache.mkdir()
    contents = read_all_files(cache)

    def restore_cache() -> None:
        shutil.rmtree(cache)
        cache.mkdir()
        for name, content in contents.items():
            (cache / name).write_bytes(content)

    options = {"cache_kb": cache_kb, "checkpoint_attempts": checkpoint_attempts}
    driver.start(archive, cache, step=0, **options)
    code, message = driver.wait()
    assert code == 0
    count = int(message)
    assert count > 50
    for step in (1, *(count * part // 8 for part in range(1, 8)), *range(count - 3, count + 1)):
        restore_cache()
        driver.start(archive, cache, step=step, **options)
        assert driver.wait()[0] == -signal.SIGKILL
        assert_sound(archive, cache, six_hours.rows)


@pytest.mark.faults
@pytest.mark.parametrize("begin", ["no index", "an index"])
def test_a_build_killed_at_any_time(
    six_hours: SixHours, driver: IndexDriver, tmp_path: Path, begin: str
) -> None:
    archive, cache = six_hours.copy(tmp_path)
    chance = random.Random(begin)
    killed = 0
    for _ in range(10):
        shutil.rmtree(cache)
        shutil.copytree(six_hours.early_cache, cache) if begin == "an index" else cache.mkdir()
        options = {"cache_kb": chance.choice([1, 65536]), "checkpoint_attempts": chance.choice([1, 500])}
        process = driver.start(archive, cache, **options)
        time.sleep(chance.uniform(0.005, 0.08))
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        killed += driver.wait()[0] == -signal.SIGKILL
        assert_sound(archive, cache, six_hours.rows)
    assert killed
