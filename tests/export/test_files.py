"""The files of an export: equal archives give equal bytes, closed months stay, and no half export is one."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orarchive.errors import ArchiveError
from orarchive.export.export import export_archive
from orarchive.export.kept_days import KeptDays
from orarchive.export.manifest import MANIFEST_NAME, Manifest, read_manifest
from orarchive.export.months import MonthTask, write_month
from orarchive.export.parquet_files import ROW_GROUP_ROWS, FileEntry, hash_file
from orarchive.export.schemas import HEALTH, SCHEMA_VERSION, TABLES
from orarchive.export.tables import write_tables
from orarchive.index.database import INDEX_NAME, dump_rows, open_index
from orarchive.queries.health_attempts import list_months as list_months_of_health
from orarchive.store.archive import Archive, open_archive
from tests.support.archives import read_git
from tests.support.export_archives import HalfYear, make_half_year
from tests.support.six_hours import run_orarchive


def hash_files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hash_file(path) for path in folder.rglob("*") if path.is_file()}


def list_times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def copy_export(out: Path, folder: Path) -> Path:
    shutil.copytree(out, folder, copy_function=shutil.copy)
    return folder


def read_prices(archive: Archive) -> Iterator[str]:
    """Yield the rows of the prices of an index, in which nothing may follow the order of a set."""
    with open_index(archive) as db:
        yield from (row for row in dump_rows(db) if row.startswith("prices:"))


def list_months(manifest: Manifest) -> list[str]:
    return [entry.period for entry in manifest.files if entry.table == HEALTH.name]


def test_equal_archives_give_equal_bytes(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path
) -> None:
    """A clone elsewhere, with its own index and two processes that write months."""
    read_git(tmp_path, "clone", "--quiet", str(half_year.archive.root), "clone")
    other = tmp_path / "other"
    done = run_orarchive("export", "--archive", tmp_path / "clone", "--out", other, "--jobs", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert '"files":' in done.stdout
    assert hash_files(other) == hash_files(out)
    indexes = (half_year.archive, open_archive(tmp_path / "clone"))
    rows, other_rows = ([*read_prices(archive)] for archive in indexes)
    assert rows == other_rows
    assert len(list_months(manifest)) >= 5


def test_a_second_export_writes_no_file(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path
) -> None:
    folder = copy_export(out, tmp_path / "copy")
    times = list_times(folder)
    again, months = export_archive(half_year.archive, folder)
    assert (again, months) == (manifest, [])
    assert list_times(folder) == times


def test_a_new_day_rewrites_one_month(
    half_year: HalfYear, out: Path, tmp_path: Path, manifest: Manifest
) -> None:
    """An export of the first hours, brought up to the whole archive: months that were closed then stay."""
    clone = tmp_path / "clone"
    read_git(tmp_path, "clone", "--quiet", str(half_year.archive.root), "clone")
    month = list_months(manifest)[-1]
    good = [
        commit
        for commit, attempt in zip(half_year.commits, half_year.attempts, strict=True)
        if attempt.line["hour"] > month and attempt.line["feeds"]["endpoints"]["outcome"] == "ok"
    ]
    read_git(clone, "reset", "--quiet", "--hard", good[0])
    archive, folder = open_archive(clone), tmp_path / "export"
    _, months = export_archive(archive, folder)
    assert months == list_months(manifest)
    times = list_times(folder / "health")
    read_git(clone, "reset", "--quiet", "--hard", half_year.commits[-1])
    _, months = export_archive(archive, folder)
    assert months == [month]
    changed = {path for path, time in list_times(folder / "health").items() if time != times[path]}
    assert changed == {folder / HEALTH.build_path(month)}
    assert hash_files(folder) == hash_files(out)


@pytest.mark.parametrize("damage", ["cut", "changed", "deleted"])
def test_a_damaged_month_is_written_again(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path, damage: str
) -> None:
    folder = copy_export(out, tmp_path / "copy")
    month = list_months(manifest)[1]
    path = folder / HEALTH.build_path(month)
    content = path.read_bytes()
    path.unlink()
    if damage != "deleted":
        path.write_bytes(content[:-1] if damage == "cut" else b"x" + content[1:])
    _, months = export_archive(half_year.archive, folder)
    assert months == [month]
    assert hash_files(folder) == hash_files(out)


def test_months_of_other_schemas_are_written_again(
    half_year: HalfYear, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    folder = copy_export(out, tmp_path / "copy")
    monkeypatch.setattr("orarchive.export.months.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    _, months = export_archive(half_year.archive, folder)
    assert months == list_months(manifest)


def test_an_export_that_was_cut_off_goes_on(
    half_year: HalfYear, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    """Without a manifest nothing counts as exported; a month that is half written has no name yet."""
    folder = tmp_path / "export"
    calls: list[str] = []

    def write_some(task: MonthTask) -> FileEntry:
        calls.append(task.month)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return write_month(task)

    with monkeypatch.context() as patch:
        patch.setattr("orarchive.export.export.write_month", write_some)
        with pytest.raises(KeyboardInterrupt):
            export_archive(half_year.archive, folder)
    assert read_manifest(folder) is None
    assert len([*folder.glob(".new/health/*/*.parquet")]) == 2
    export_archive(half_year.archive, folder)
    assert hash_files(folder) == hash_files(out)


def test_without_health_there_are_no_months(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path
) -> None:
    export, months = export_archive(half_year.archive, tmp_path / "new", health=False)
    assert (list_months(export), months) == ([], [])
    folder = copy_export(out, tmp_path / "copy")
    assert export_archive(half_year.archive, folder, health=False) == (manifest, [])


def test_months_that_the_archive_no_longer_has_stay(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health may be cut off after its months are exported."""
    folder = copy_export(out, tmp_path / "copy")
    months = list_months(manifest)
    monkeypatch.setattr(
        "orarchive.export.export.list_months",
        lambda db, branch: {month: list_months_of_health(db, branch)[month] for month in months[-2:]},
    )
    assert export_archive(half_year.archive, folder) == (manifest, [])
    assert hash_files(folder) == hash_files(out)
    path = folder / HEALTH.build_path(months[0])
    path.write_bytes(path.read_bytes()[1:])
    with pytest.raises(ArchiveError, match="the archive no longer holds the health of that month; restore"):
        export_archive(half_year.archive, folder)


def test_the_export_of_another_archive_is_not_touched(out: Path, manifest: Manifest, tmp_path: Path) -> None:
    other = make_half_year(tmp_path / "archive", seed=9, steps=3)
    before = hash_files(out)
    with pytest.raises(ArchiveError, match="export of another archive; name another folder"):
        export_archive(other.archive, out)
    assert hash_files(out) == before


def test_a_manifest_that_is_none(half_year: HalfYear, tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_text('{"archive": 5}')
    with pytest.raises(ArchiveError, match="is no manifest of an export"):
        export_archive(half_year.archive, tmp_path)


def test_files_of_tables_that_are_gone_are_deleted(
    half_year: HalfYear, out: Path, tmp_path: Path, manifest: Manifest
) -> None:
    folder = copy_export(out, tmp_path / "copy")
    gone = "events/year=2020/part-0.parquet"
    (folder / gone).parent.mkdir()
    shutil.copy(folder / "events/year=2026/part-0.parquet", folder / gone)
    text = (folder / MANIFEST_NAME).read_text()
    (folder / MANIFEST_NAME).write_text(text.replace("events/year=2026/part-0.parquet", gone))
    export_archive(half_year.archive, folder)
    assert not (folder / gone).exists()


def test_all_tables_show_the_same_state_of_the_index(
    half_year: HalfYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While tables are written no other program changes the index."""
    cache = tmp_path / "cache"

    def write_and_try(db: sqlite3.Connection, folder: Path, kept_days: KeptDays) -> list[FileEntry]:
        entries = write_tables(db, folder, kept_days)
        with closing(sqlite3.connect(cache / INDEX_NAME, timeout=0)) as writer:
            writer.execute("delete from events")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                writer.commit()
        return entries

    monkeypatch.setattr("orarchive.export.export.write_tables", write_and_try)
    export_archive(half_year.archive, tmp_path / "out", cache, health=False)


def test_files_are_laid_out_to_be_pruned(out: Path, manifest: Manifest) -> None:
    """Rows are sorted by the key, which has no nulls and no repeats; types are those of the schema."""
    tables = {table.name: table for table in TABLES}
    for entry in manifest.files:
        table, file = tables[entry.table], pq.ParquetFile(out / entry.path)
        assert file.schema_arrow.equals(table.schema)
        rows = [tuple(row.values()) for row in file.read(columns=list(table.key)).to_pylist()]
        assert rows == sorted(set(rows))
        assert (len(rows), entry.bytes, entry.sha256) == (
            entry.rows,
            (out / entry.path).stat().st_size,
            hash_file(out / entry.path),
        )
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        assert all(group.num_rows <= ROW_GROUP_ROWS for group in groups)
        assert {group.column(0).compression for group in groups if group.num_rows} <= {"ZSTD"}


def test_the_command_refuses_the_archives_own_data(half_year: HalfYear) -> None:
    data = half_year.archive.data_folder
    done = run_orarchive("export", "--archive", half_year.archive.root, "--out", data / "parquet")
    assert (done.returncode, done.stdout) == (2, "")
    assert "lies inside" in done.stderr


def test_without_pyarrow_the_command_names_the_extra(half_year: HalfYear, tmp_path: Path) -> None:
    stub = tmp_path / "pyarrow"
    stub.mkdir()
    (stub / "__init__.py").write_text("raise ModuleNotFoundError('none', name='pyarrow')")
    done = run_orarchive(
        "export", "--archive", half_year.archive.root, "--out", tmp_path / "out", PYTHONPATH=str(tmp_path)
    )
    assert done.returncode == 2
    assert done.stderr == "Error: this command needs pyarrow: pip install 'openrouter-archive[parquet]'\n"
