"""Objects that git cannot read: there is no index of the rest, and with the object back all is well."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError, GitError
from orarchive.history.attempts import list_attempts, list_tips
from orarchive.history.replay import ReplayState, replay
from orarchive.index.database import INDEX_NAME
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from tests.support.archives import read_all_files, read_git
from tests.support.histories import build_index, update_index
from tests.support.six_hours import SixHours, assert_sound


def object_path(archive: Archive, name: str) -> Path:
    """Return the file of a loose object."""
    return archive.git_dir / "objects" / name[:2] / name[2:]


@pytest.fixture
def unpacked(six_hours: SixHours, tmp_path: Path) -> tuple[Archive, Path]:
    """Return a copy of the archive with all objects loose, and a cache."""
    archive, cache = six_hours.copy(tmp_path)
    packs = [path.read_bytes() for path in (archive.git_dir / "objects/pack").glob("*.pack")]
    shutil.rmtree(archive.git_dir / "objects/pack")
    for pack in packs:
        run_git(archive.root, "unpack-objects", "-q", stdin=pack)
    return archive, cache


OBJECTS = {
    "a file": "HEAD~2:data/endpoints/facts.jsonl",
    "a file of the first hour": "HEAD~7:data/providers/facts.jsonl",
    "a folder": "HEAD~2:data/models",
    "the root": "HEAD~2^{tree}",
    "a commit": "HEAD~2",
    "the ledger": "HEAD:data/hours/2026-05.jsonl",
    "an old ledger": "HEAD~5:data/hours/2026-05.jsonl",
}
DAMAGES: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(999)),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "missing": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", OBJECTS)
def test_a_damaged_object(
    unpacked: tuple[Archive, Path], six_hours: SixHours, tmp_path: Path, name: str, damage: str
) -> None:
    """One line reports it; an index is only updated if the object is not needed for that."""
    archive, cache = unpacked
    file = object_path(archive, read_git(archive.root, "rev-parse", OBJECTS[name]))
    content = file.read_bytes()
    file.chmod(0o644)
    DAMAGES[damage](file)
    new_cache = tmp_path / "new"
    lock = {f"{INDEX_NAME}.lock": b""}
    for folder in (new_cache, cache):
        before = read_all_files(folder) if folder.exists() else {}
        try:
            rows = update_index(archive, folder)
        except ArchiveError as error:
            assert "\n" not in str(error)
            assert read_all_files(folder) | lock == before | lock
        else:
            assert rows == six_hours.rows
            assert folder == cache or name == "an old ledger"
    file.write_bytes(content)
    assert_sound(archive, new_cache, six_hours.rows)
    assert_sound(archive, cache, six_hours.rows)


@pytest.mark.parametrize("position", [3, -1])
def test_a_missing_commit_is_not_one_that_changed_nothing(
    unpacked: tuple[Archive, Path], position: int
) -> None:
    archive, _ = unpacked
    attempts = list_attempts(archive, list_tips(archive, "HEAD"))
    commit = str(attempts[position].commit)
    object_path(archive, commit).unlink()
    with pytest.raises(GitError, match=commit):
        list(replay(archive, attempts, None, ReplayState()))


@pytest.mark.faults
def test_a_damaged_pack(six_hours: SixHours, tmp_path: Path) -> None:
    """At eight places in it."""
    archive, cache = six_hours.copy(tmp_path)
    run_git(archive.root, "repack", "-adq")
    (pack,) = (archive.git_dir / "objects/pack").glob("*.pack")
    pack.chmod(0o644)
    content = pack.read_bytes()
    reported = 0
    for number in range(8):
        offset = len(content) * (2 * number + 1) // 16
        flipped = bytes(byte ^ 0x55 for byte in content[offset : offset + 64])
        pack.write_bytes(content[:offset] + flipped + content[offset + 64 :])
        try:
            assert build_index(archive) == six_hours.rows
        except ArchiveError as error:
            reported += 1
            assert "\n" not in str(error)
    assert reported
    pack.write_bytes(content)
    assert_sound(archive, cache, six_hours.rows)
