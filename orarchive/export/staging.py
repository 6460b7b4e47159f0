"""Staging: an export is written beside the last one, and takes its place as a whole.

A reader that finds a manifest finds the files that it names. First everything is written into the folder
NEW_FOLDER of the export. Renamed to READY_FOLDER it counts as complete: the manifest of the last export is
deleted, the files move into their places, and the new manifest comes last. A kill before the rename leaves
the last export, and one after it an export without a manifest, which the next export completes first.
"""

import filecmp
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orarchive.errors import ArchiveError
from orarchive.export.manifest import MANIFEST_NAME, read_manifest
from orarchive.export.schemas import TABLES

NEW_FOLDER = ".new"
READY_FOLDER = ".ready"
LOCK_NAME = ".lock"


@contextmanager
def export_lock(out: Path) -> Iterator[None]:
    """Lock a folder for one export, which is made if there is none; raise ArchiveError for a second one."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / LOCK_NAME, timeout=0):
            yield
    except Timeout:
        msg = f"another export is writing into {out}; wait for its end, or name another folder"
        raise ArchiveError(msg) from None


def complete_replacement(out: Path) -> None:
    """Complete an export that was cut off while it took the place of the last one."""
    if (out / READY_FOLDER).exists():
        _take_place(out)


def make_staging_folder(out: Path) -> Path:
    """Return an empty folder for the files of a new export."""
    folder = out / NEW_FOLDER
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def replace_export(out: Path) -> None:
    """Put the staged files, with their manifest among them, in the place of the last export.

    A file that has its bytes already is not touched.
    """
    folder = out / NEW_FOLDER
    for path in _list_files(folder):
        place = out / path.relative_to(folder)
        if place.exists() and filecmp.cmp(path, place, shallow=False):
            path.unlink()
    folder.rename(out / READY_FOLDER)
    _take_place(out)


def _take_place(out: Path) -> None:
    folder = out / READY_FOLDER
    manifest = folder / MANIFEST_NAME
    if manifest.exists():
        (out / MANIFEST_NAME).unlink(missing_ok=True)
    for path in _list_files(folder):
        if path != manifest:
            place = out / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    if manifest.exists():
        _delete_unnamed(out, folder)
        manifest.replace(out / MANIFEST_NAME)
    shutil.rmtree(folder)


def _delete_unnamed(out: Path, folder: Path) -> None:
    """Delete the files of tables that the manifest in a folder does not name."""
    manifest = read_manifest(folder)
    assert manifest
    named = {out / entry.path for entry in manifest.files}
    for table in TABLES:
        for path in out.glob(table.build_path("*") if table.period else table.build_path()):
            if path not in named:
                path.unlink()


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
