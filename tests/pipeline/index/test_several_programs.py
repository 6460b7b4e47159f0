"""Several programs at one index: each waits for the others, or says that the index is in use."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from orarchive.errors import ArchiveError
from orarchive.index import download
from orarchive.index.database import INDEX_NAME, open_index
from orarchive.index.download_rows import list_records
from orarchive.store.git import run_git
from tests.support.downloads import export_bytes
from tests.support.histories import update_index
from tests.support.index_driver import IndexDriver
from tests.support.six_hours import EARLY, SixHours, assert_sound


@pytest.fixture(scope="module")
def drivers() -> Iterator[list[IndexDriver]]:
    """Yield three drivers of builds."""
    with ExitStack() as stack:
        yield [stack.enter_context(IndexDriver()) for _ in range(3)]


@pytest.mark.faults
@pytest.mark.parametrize("begin", ["no index", "an index"])
def test_several_builds_at_once(
    six_hours: SixHours, drivers: list[IndexDriver], tmp_path: Path, begin: str
) -> None:
    archive, cache = six_hours.copy(tmp_path)
    if begin == "no index":
        shutil.rmtree(cache)
    for _ in range(3):
        for driver in drivers:
            driver.start(archive, cache)
        assert [driver.wait() for driver in drivers] == [(0, "0")] * 3
        assert_sound(archive, cache, six_hours.rows)
        shutil.rmtree(cache)


def test_the_second_build_waits_for_the_first(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    results: list[list[str]] = []
    second = threading.Thread(target=lambda: results.append(update_index(archive, cache)))
    before = (cache / INDEX_NAME).read_bytes()
    with FileLock(cache / f"{INDEX_NAME}.lock"):
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert (cache / INDEX_NAME).read_bytes() == before
    second.join()
    assert results == [six_hours.rows]


def test_an_index_that_is_updated_during_an_export(
    six_hours: SixHours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tables are exported as they were when the export began."""
    archive, cache = six_hours.copy(tmp_path)
    run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[EARLY])
    results: list[list[str]] = []
    update = threading.Thread(target=lambda: results.append(update_index(archive, cache)))

    def start_update(db: sqlite3.Connection) -> Any:
        run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[-1])
        update.start()
        update.join(0.5)
        return list_records(db)

    with open_index(archive, cache) as db:
        with monkeypatch.context() as patch:
            patch.setattr(download, "list_records", start_update)
            content = export_bytes(db)
        update.join()
    assert results == [six_hours.rows]
    with open_index(six_hours.clone_at(tmp_path / "early", EARLY)) as db:
        assert content == export_bytes(db)


@pytest.mark.parametrize("when", ["before it is read", "while it is read"])
def test_an_index_that_another_program_locks(
    six_hours: SixHours, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """After a wait one line says so, and the index is the same file with the same rows."""
    archive, cache = six_hours.copy(tmp_path)
    update_index(archive, cache)
    inode = (cache / INDEX_NAME).stat().st_ino
    connect = sqlite3.connect

    def connect_with_short_timeout(*arguments: Any, **options: Any) -> Any:
        return connect(*arguments, **{**options, "timeout": 0.1})

    with closing(connect(cache / INDEX_NAME, isolation_level=None)) as other_db:
        monkeypatch.setattr(sqlite3, "connect", connect_with_short_timeout)
        if when == "before it is read":
            other_db.execute("begin exclusive")
        message = r"is in use by another program; try again$"
        with pytest.raises(ArchiveError, match=message) as error, open_index(archive, cache) as db:
            if when == "while it is read":
                other_db.execute("begin exclusive")
            db.execute("select * from attempts").fetchall()
    assert str(cache / INDEX_NAME) in str(error.value)
    assert (cache / INDEX_NAME).stat().st_ino == inode
    assert_sound(archive, cache, six_hours.rows)
