"""No folder, no permission, no room: one line says so, and what was there stays."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError
from orarchive.index.database import INDEX_NAME, dump_rows
from orarchive.store.archive import open_archive
from tests.support.archives import read_all_files
from tests.support.histories import update_index
from tests.support.index_checks import set_other_schema
from tests.support.index_driver import IndexDriver
from tests.support.requirements import find_permission_prefix
from tests.support.six_hours import SixHours, assert_sound, run_orarchive


@pytest.mark.parametrize("folder", ["below a file", "a file", "/proc", "/proc/1/mine", "/dev/null"])
def test_a_folder_that_cannot_be_made(six_hours: SixHours, tmp_path: Path, folder: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    folders = {"below a file": file / "cache", "a file": file}
    with pytest.raises(ArchiveError, match="--cache") as error:
        update_index(open_archive(six_hours.root), folders.get(folder, Path(folder)))
    assert "\n" not in str(error.value)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("target", ["folder", "index", "out"])
def test_a_folder_or_file_that_is_read_only(six_hours: SixHours, tmp_path: Path, target: str) -> None:
    archive, cache = six_hours.copy(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.sqlite").write_bytes(b"old")
    (cache / f"{INDEX_NAME}.lock").unlink(missing_ok=True)
    before = (cache / INDEX_NAME).read_bytes()
    locked = {"folder": cache, "index": cache / INDEX_NAME, "out": out}[target]
    locked.chmod(0o555 if locked.is_dir() else 0o444)
    command = ("index", "--archive", archive.root, "--cache", cache, "--out", out / "index.sqlite")
    try:
        result = run_orarchive(*command, prefix=tuple(find_permission_prefix()))
    finally:
        locked.chmod(0o755)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert str(locked) in result.stderr
    if target != "out":
        assert (cache / INDEX_NAME).read_bytes() == before
    assert read_all_files(out) == {"index.sqlite": b"old"}


@pytest.mark.parametrize("max_bytes", [0, 100, 4096, 20_000, 200_000])
@pytest.mark.parametrize("begin", ["no index", "an index", "a damaged index"])
def test_no_room_for_the_index(
    six_hours: SixHours, driver: IndexDriver, tmp_path: Path, begin: str, max_bytes: int
) -> None:
    """No file can grow beyond so many bytes."""
    archive, cache = six_hours.copy(tmp_path)
    if begin == "no index":
        (cache / INDEX_NAME).unlink()
    elif begin == "a damaged index":
        set_other_schema(cache / INDEX_NAME)
    before = read_all_files(cache)
    driver.start(archive, cache, max_bytes=max_bytes)
    code, message = driver.wait()
    assert code == 0
    assert message.startswith("ArchiveError: ")
    assert "\n" not in message
    if begin == "an index":  # it may have half of a change, beside the journal that takes the change back
        shutil.copytree(cache, tmp_path / "left")
        with closing(sqlite3.connect(tmp_path / "left" / INDEX_NAME)) as db:
            assert list(dump_rows(db)) == six_hours.early_rows
    else:
        lock = {f"{INDEX_NAME}.lock": b""}
        assert read_all_files(cache) | lock == before | lock
    assert_sound(archive, cache, six_hours.rows)


def test_no_room_for_the_export(six_hours: SixHours, driver: IndexDriver, tmp_path: Path) -> None:
    """The old file stays, and nothing lies beside it."""
    archive, cache = six_hours.copy(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.sqlite").write_bytes(b"old")
    driver.start(archive, cache, max_bytes=100_000, out=str(out / "index.sqlite"))
    code, message = driver.wait()
    assert code == 0
    assert message.startswith(f"ArchiveError: {out}/index.sqlite cannot be written: ")
    assert read_all_files(out) == {"index.sqlite": b"old"}
