"""The place of an export: kills at every step, and two exports at once."""

import hashlib
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from orarchive.errors import ArchiveError
from orarchive.export import staging
from orarchive.export.export import export_archive
from orarchive.export.manifest import MANIFEST_NAME, Manifest, format_manifest, read_manifest
from orarchive.export.parquet_files import FileEntry, hash_file
from orarchive.export.staging import complete_replacement, make_staging_folder, replace_export
from tests.support.export_archives import HalfYear
from tests.support.six_hours import run_orarchive

OLD = {"models.parquet": b"1", "prices.parquet": b"2", "events/year=2025/part-0.parquet": b"3"}
NEW = {"models.parquet": b"4", "prices.parquet": b"2", "events/year=2026/part-0.parquet": b"5"}


class Kill(BaseException):
    """Stands for the end of the process: nothing below a test catches it."""


def write_export(folder: Path, contents: dict[str, bytes]) -> None:
    """Write an export with these files; what is in them does not matter."""
    entries = []
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        table = path.partition("/")[0].removesuffix(".parquet")
        digest = hashlib.sha256(content).hexdigest()
        entries.append(FileEntry(path, table, "", 1, len(content), digest))
    (folder / "README.md").write_text(f"{len(contents)} files: {[*contents.values()]}")
    (folder / MANIFEST_NAME).write_text(format_manifest(Manifest("a", "2026", tuple(entries))))


def read_contents(folder: Path) -> dict[str, bytes] | None:
    """Return the files that the manifest of an export names; None without one. Their hashes are its."""
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    assert all(hash_file(folder / entry.path) == entry.sha256 for entry in manifest.files)
    return {entry.path: (folder / entry.path).read_bytes() for entry in manifest.files}


def list_tables(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.parquet")}


def kill_before(step: int, patch: pytest.MonkeyPatch) -> None:
    """Let the process end before the file operation of this number."""
    steps = count()

    def make(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            if next(steps) == step:
                raise Kill
            return operation(*arguments, **options)

        return run

    for name in ("replace", "rename", "unlink"):
        patch.setattr(Path, name, make(getattr(Path, name)))
    patch.setattr(staging, "shutil", type("Shutil", (), {"rmtree": staticmethod(make(shutil.rmtree))}))


def test_a_manifest_stands_for_the_files_that_it_names_at_every_kill(tmp_path: Path) -> None:
    """A reader sees the old export, the new one, or no manifest; the next export begins with a whole one."""
    seen = []
    for step in range(100):
        out = tmp_path / f"{step}"
        write_export(out, OLD)
        write_export(make_staging_folder(out), NEW)
        try:
            with pytest.MonkeyPatch.context() as patch:
                kill_before(step, patch)
                replace_export(out)
        except Kill:
            seen.append(read_contents(out))
            complete_replacement(out)
            assert read_contents(out) == (NEW if (out / "events/year=2026").exists() else OLD)
        else:
            break
    assert (seen[0], seen[-1]) == (OLD, NEW)
    assert None in seen
    assert read_contents(out) == NEW
    assert list_tables(out) == NEW.keys()
    assert not [*out.glob(".[!l]*")]


def test_an_export_completes_one_that_was_killed(
    half_year: HalfYear, out: Path, manifest: Manifest, tmp_path: Path
) -> None:
    """The kill came when no manifest was there."""
    folder = tmp_path / "export"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Kill):
        kill_before(5, patch)
        export_archive(half_year.archive, folder)
    assert read_manifest(folder) is None
    (ready,) = folder.glob(".ready")
    assert ready.is_dir()
    again, months = export_archive(half_year.archive, folder)
    assert (again, months) == (manifest, [])
    assert list_tables(folder) == list_tables(out)


def test_a_second_export_into_a_folder_stops(half_year: HalfYear, tmp_path: Path) -> None:
    with FileLock(tmp_path / staging.LOCK_NAME):
        done = run_orarchive("export", "--archive", half_year.archive.root, "--out", tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"another export is writing into {tmp_path}; wait for its end" in done.stderr
    with pytest.raises(ArchiveError, match="holds the export of another"):
        write_export(tmp_path, OLD)
        export_archive(half_year.archive, tmp_path)
