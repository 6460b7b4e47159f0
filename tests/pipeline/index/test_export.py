"""Exports of the index: equal archives give equal bytes, and a failed export changes nothing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.errors import ArchiveError
from orarchive.index.database import INDEX_NAME, open_index
from orarchive.index.download import export_file
from orarchive.store.git import run_git
from tests.support.archives import read_git
from tests.support.histories import update_index
from tests.support.six_hours import SixHours, assert_sound, run_orarchive


def test_equal_archives_give_equal_bytes(six_hours: SixHours, tmp_path: Path) -> None:
    """Three clones in other folders: indexed at once, hour by hour, and with commits of their own."""
    exports = []
    for name, positions in (("one", [7]), ("a longer name", range(8)), ("three", [2, 5, 7])):
        archive = six_hours.clone_at(tmp_path / name, 0)
        for position in positions:
            run_git(archive.root, "reset", "--quiet", "--hard", six_hours.names[position])
            update_index(archive)
        read_git(archive.root, "commit", "--quiet", "--allow-empty", "-m", name)
        out = tmp_path / f"{name}.sqlite"
        with open_index(archive) as db:
            export_file(db, out, added=CATALOG_TABLES)
            export_file(db, out, added=CATALOG_TABLES)
        exports.append(out.read_bytes())
    assert exports[0] == exports[1] == exports[2]
    with closing(sqlite3.connect(tmp_path / "one.sqlite")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        events = sum(row.startswith("events: ") for row in six_hours.rows)
        assert db.execute("select count(*) from events").fetchone() == (events,)


def test_an_export_without_a_file_name(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    result = run_orarchive("index", "--archive", archive.root, "--cache", cache, "--out", "")
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr.splitlines()[-1]
        == "Error: Invalid value for '--out': it must name a file, such as index.sqlite."
    )


def test_an_export_into_a_folder_that_does_not_exist(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    out = tmp_path / "no/index.sqlite"
    result = run_orarchive("index", "--archive", archive.root, "--cache", cache, "--out", out)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "no/index.sqlite" in result.stderr
    assert_sound(archive, cache, six_hours.rows)


def test_a_damaged_index_is_not_exported(six_hours: SixHours, tmp_path: Path) -> None:
    archive, cache = six_hours.copy(tmp_path)
    update_index(archive, cache)
    out = tmp_path / "export.sqlite"
    out.write_bytes(b"old")
    with pytest.raises(ArchiveError, match="damaged"), open_index(archive, cache) as db:
        with (cache / INDEX_NAME).open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        export_file(db, out)
    assert out.read_bytes() == b"old"
    assert_sound(archive, cache, six_hours.rows)
