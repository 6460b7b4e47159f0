"""A damaged file in the cache, or one of another archive: the index is built anew."""

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError
from orarchive.index.checksums import CHECKSUMS_NAME, record_checksum
from orarchive.index.database import INDEX_NAME, dump_rows, open_index
from orarchive.sample import START
from orarchive.store.git import run_git
from tests.support.archives import Stage, read_all_files
from tests.support.histories import build_index, update_index
from tests.support.index_checks import set_other_schema
from tests.support.six_hours import EARLY, SixHours, assert_sound

PAGE_BYTES = 4096


def delete_meta(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("delete from meta")
    record_checksum(path)


def make_other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table mine (x)")


def overwrite_pages(path: Path) -> None:
    """Overwrite all pages but the first: header and length stay right."""
    data = path.read_bytes()
    path.write_bytes(data[:PAGE_BYTES] + os.urandom(len(data) - PAGE_BYTES))


def leave_journal(path: Path) -> None:
    """Delete the index, but not the journal of a change that was under way in it."""
    journal = path.with_name(f"{INDEX_NAME}-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma cache_size = 1")
        db.execute("begin")
        db.execute("update versions set line = line || line")
        content = journal.read_bytes()
        db.execute("rollback")
    path.unlink()
    journal.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "another schema": set_other_schema,
    "no meta": delete_meta,
    "another database": make_other_database,
    "zero bytes": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("an index\n" * 9999),
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(99_999)),
    "garbage behind the first page": overwrite_pages,
    "a table that is no UTF-8": lambda path: path.write_bytes(
        path.read_bytes().replace(b"CREATE TABLE feeds", b"CREATE TABL\xf6 feeds")
    ),
    "half of it": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a page short": lambda path: os.truncate(path, path.stat().st_size - PAGE_BYTES),
    "a byte short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "a page only": lambda path: os.truncate(path, PAGE_BYTES),
    "half a page": lambda path: os.truncate(path, PAGE_BYTES // 2),
    "more than it says": lambda path: path.write_bytes(path.read_bytes() + bytes(PAGE_BYTES)),
    "deleted": Path.unlink,
    "all deleted": lambda path: shutil.rmtree(path.parent),
    "deleted but for its journal": leave_journal,
    "a journal of another": lambda path: path.with_name(f"{INDEX_NAME}-journal").write_bytes(
        os.urandom(9999)
    ),
    "leftovers of a killed build": lambda path: [
        path.with_name(f"{INDEX_NAME}.new{end}").write_bytes(os.urandom(9999)) for end in ("", "-journal")
    ],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("has_new_hours", [True, False], ids=["with new hours", "with nothing new"])
def test_a_damaged_index(six_hours: SixHours, tmp_path: Path, damage: str, has_new_hours: bool) -> None:
    archive, cache = six_hours.copy(tmp_path)
    if not has_new_hours:
        run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[EARLY])
    DAMAGES[damage](cache / INDEX_NAME)
    assert_sound(archive, cache, six_hours.rows if has_new_hours else six_hours.early_rows)


@pytest.mark.parametrize("has_new_hours", [True, False], ids=["with new hours", "with nothing new"])
def test_a_flipped_bit(six_hours: SixHours, tmp_path: Path, has_new_hours: bool) -> None:
    """At thirty places, most of which SQLite reads without noticing."""
    archive, cache = six_hours.copy(tmp_path)
    if not has_new_hours:
        run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[EARLY])
    contents = read_all_files(cache)
    chance = random.Random(7)
    for _ in range(30):
        damaged = bytearray(contents[INDEX_NAME])
        position = chance.randrange(len(damaged))
        damaged[position] ^= 1 << chance.randrange(8)
        (cache / CHECKSUMS_NAME).write_bytes(contents[CHECKSUMS_NAME])
        (cache / INDEX_NAME).write_bytes(damaged)
        rows = six_hours.rows if has_new_hours else six_hours.early_rows
        assert update_index(archive, cache) == rows, position
        assert (cache / INDEX_NAME).read_bytes() != damaged, position
    assert_sound(archive, cache, rows)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\xff\0" * 99, b"0" * 64 + b"  index.sqlite\n"],
    ids=lambda content: str(content)[:9],
)
def test_an_index_without_its_checksum(six_hours: SixHours, tmp_path: Path, content: bytes | None) -> None:
    """As an older version of the program left it, or with another one: it is built anew."""
    archive, cache = six_hours.copy(tmp_path)
    inode = (cache / INDEX_NAME).stat().st_ino
    if content is None:
        (cache / CHECKSUMS_NAME).unlink()
    else:
        (cache / CHECKSUMS_NAME).write_bytes(content)
    assert_sound(archive, cache, six_hours.rows)
    assert (cache / INDEX_NAME).stat().st_ino != inode


def test_a_folder_in_place_of_the_checksum(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    (cache / CHECKSUMS_NAME).unlink()
    (cache / CHECKSUMS_NAME).mkdir()
    with pytest.raises(ArchiveError, match="--cache"):
        update_index(archive, cache)


def test_an_index_with_nothing_new_is_not_written(six_hours: SixHours, tmp_path: Path) -> None:
    """So a question to it costs one checksum and no write; the checksum is one that a common tool checks."""
    archive, cache = six_hours.copy(tmp_path)
    inode = (cache / INDEX_NAME).stat().st_ino
    update_index(archive, cache)
    times = {path.name: path.stat().st_mtime_ns for path in cache.iterdir() if path.suffix != ".lock"}
    assert update_index(archive, cache) == six_hours.rows
    assert (cache / INDEX_NAME).stat().st_ino == inode
    assert {name: (cache / name).stat().st_mtime_ns for name in times} == times
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS_NAME], cwd=cache, check=True)


@pytest.mark.parametrize("name", ["versions", "versions_open", "latest", "records", "attempts"])
def test_an_index_that_lost_the_rows_of_a_table(six_hours: SixHours, tmp_path: Path, name: str) -> None:
    """Or of an index of SQLite, before its checksum was recorded: it is built anew when the loss shows."""
    archive, cache = six_hours.copy(tmp_path)
    with closing(sqlite3.connect(cache / INDEX_NAME)) as db:
        query = "select rootpage, type from sqlite_schema where name = ?"
        page, kind = db.execute(query, (name,)).fetchone()
    with (cache / INDEX_NAME).open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        leaf = b"\x0a" if kind == "index" else b"\x0d"
        file.write((leaf + b"\0\0\0\0\x10\0\0").ljust(PAGE_BYTES, b"\0"))
    record_checksum(cache / INDEX_NAME)
    assert_sound(archive, cache, six_hours.rows)


@pytest.mark.faults
def test_any_damaged_page(six_hours: SixHours, tmp_path: Path) -> None:
    """A page that the disk damages after the check is reported when it is read; the next update rebuilds."""
    archive, cache = six_hours.copy(tmp_path)
    update_index(archive, cache)
    content = (cache / INDEX_NAME).read_bytes()
    reported = 0
    for page in range(PAGE_BYTES, len(content), 7 * PAGE_BYTES):
        damaged = content[:page] + b"\xff" * PAGE_BYTES + content[page + PAGE_BYTES :]
        try:
            with open_index(archive, cache) as db:
                (cache / INDEX_NAME).write_bytes(damaged)
                rows = list(dump_rows(db))
            assert rows == six_hours.rows, page
        except ArchiveError as error:
            reported += 1
            assert "damaged" in str(error)
            assert "\n" not in str(error)
        assert_sound(archive, cache, six_hours.rows)
        content = (cache / INDEX_NAME).read_bytes()
    assert reported


def test_an_index_of_another_archive(six_hours: SixHours, stage: Stage, tmp_path: Path) -> None:
    """In the same cache each archive gets its own index, whichever was there before."""
    archive, cache = six_hours.copy(tmp_path / "copy")
    assert stage.run(START) == 0
    rows = build_index(stage.archive)
    for _ in range(2):
        assert update_index(stage.archive, cache) == rows
        assert_sound(archive, cache, six_hours.rows)


def test_a_folder_in_place_of_the_index(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    (cache / INDEX_NAME).unlink()
    (cache / INDEX_NAME / "mine").mkdir(parents=True)
    with pytest.raises(ArchiveError, match="--cache"):
        update_index(archive, cache)
