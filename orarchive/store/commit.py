"""Committing: one new commit on the branch, then the files. A kill at any moment loses or doubles nothing.

Blobs, tree and commit are built in an index of our own and the branch moves by one `update-ref`; the
files under data/ and the owner's index follow. A journal in the git folder names a run under way: the
next run that finds it restores what was left half done.
"""

import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orarchive.errors import ArchiveError, GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.timestamps import format_stamp

log = logging.getLogger(__name__)

LOCK_FILE = "orarchive.lock"
JOURNAL_FILE = "orarchive.journal"
INDEX_FILE = "orarchive.index"
PARTIAL_ENDING = ".orarchive-partial"
"""Ending of a file under data/ that is being written."""

LOCK_GRACE_S = 2.0
"""Seconds that a git lock must stand still before it counts as left by the killed run."""

FILE_MODE = "100644"

NEW_ARCHIVE_FILES = Path(__file__).with_name("new_archive")
"""What a new archive gets beside its records: links to
data/README.md and data/.gitattributes of the checkout."""


@contextmanager
def archive_lock(archive: Archive, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
    """Hold the archive for one run: one run at a time, leftovers of a killed one restored, no dirt.

    Yields notes for the ledger. An error that is not the archive's own leaves the journal, so that the
    next run tidies up.
    """
    journal = archive.git_dir / JOURNAL_FILE
    try:
        lock = FileLock(archive.git_dir / LOCK_FILE, timeout=0)
        with lock:
            notes = _recover(archive, journal, sleep) if journal.exists() else []
            _refuse_dirt(archive)
            _writable(archive)
            journal.write_text(f"a run under way, process {os.getpid()}\n")
            try:
                yield notes
            except ArchiveError:
                # a git command that was killed leaves its lock: the journal tells the next run whose it is
                if not _dirt(archive) and not _locks(archive, journal.stat().st_mtime):
                    journal.unlink()
                raise
            journal.unlink()
    except Timeout:
        msg = f"another run is archiving into {archive.root}; this one leaves"
        raise ArchiveError(msg) from None


def _recover(archive: Archive, journal: Path, sleep: Callable[[float], None]) -> list[str]:
    """Restore data/ from HEAD after a killed run; says what it did."""
    _unlock(archive, journal.stat().st_mtime, sleep)
    for partial in archive.data_folder.rglob(f"*{PARTIAL_ENDING}"):
        partial.unlink()
    dirt = _dirt(archive)
    if dirt and archive.resolve_commit():
        archive.run_git("restore", "--source=HEAD", "--staged", "--worktree", "--", DATA_PREFIX)
    journal.unlink()
    if not dirt:
        return []
    log.warning("An earlier run was killed; restored from HEAD: %s", ", ".join(dirt))
    return [f"restored after a killed run: {', '.join(dirt)}"]


def _locks(archive: Archive, since: float) -> list[Path]:
    """Git's lock files that are newer than a moment."""
    locks = [
        archive.git_dir / "index.lock",
        archive.git_dir / "HEAD.lock",
        archive.git_dir / "shallow.lock",
        archive.git_dir / "packed-refs.lock",
        *archive.git_dir.glob("refs/heads/**/*.lock"),
    ]
    return [lock for lock in locks if lock.exists() and lock.stat().st_mtime >= since]


def _unlock(archive: Archive, since: float, sleep: Callable[[float], None]) -> None:
    """Remove git's lock files that a killed run left: newer than its journal, and standing still."""
    left = _locks(archive, since)
    if left:
        sleep(LOCK_GRACE_S)
    for lock in left:
        lock.unlink(missing_ok=True)
    for ours in (INDEX_FILE, f"{INDEX_FILE}.lock"):
        (archive.git_dir / ours).unlink(missing_ok=True)


def _dirt(archive: Archive) -> list[str]:
    status = archive.run_git(
        "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", DATA_PREFIX
    )
    return [entry[3:] for entry in status.split("\0") if entry]


def _refuse_dirt(archive: Archive) -> None:
    if dirt := _dirt(archive):
        msg = f"uncommitted changes below data/: {', '.join(dirt[:5])}; commit them or git restore data/"
        raise ArchiveError(msg)


def _writable(archive: Archive) -> None:
    """Say what is missing before the fetch, not after it."""
    for folder in (archive.root, archive.git_dir, archive.data_folder):
        if folder.exists() and not os.access(folder, os.W_OK):
            msg = f"{folder} is read-only"
            raise ArchiveError(msg)
    try:
        archive.run_git("var", "GIT_COMMITTER_IDENT")
        archive.run_git("var", "GIT_AUTHOR_IDENT")
    except GitError as error:
        msg = f"git does not know who commits here; set user.name and user.email ({error})"
        raise ArchiveError(msg) from error


def commit_files(archive: Archive, files: dict[str, bytes | None], hour: dt.datetime, message: str) -> str:
    """Commit files (path below data/ -> bytes; None: gone) with the hour as author date; returns its name."""
    parent = archive.resolve_commit()
    env = {"GIT_INDEX_FILE": str(archive.git_dir / INDEX_FILE), "GIT_AUTHOR_DATE": format_stamp(hour)}
    for ours in (INDEX_FILE, f"{INDEX_FILE}.lock"):  # nobody else's: the run holds the archive
        (archive.git_dir / ours).unlink(missing_ok=True)
    if parent:
        archive.run_git("read-tree", parent, env=env)
    entries = _entries(archive, files)
    archive.run_git("update-index", "-z", "--index-info", stdin=entries, env=env)
    tree = archive.run_git("write-tree", env=env)
    parents = ["-p", parent] if parent else []
    command = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, *parents, "-F", "-"]
    made = archive.run_git(*command, stdin=message.encode(), env=env)
    archive.run_git("update-ref", "-m", message.partition("\n")[0], "HEAD", made, parent or "0" * len(made))
    write_files(archive, files)
    archive.run_git("update-index", "-z", "--index-info", stdin=entries)
    # the index learns that these files are those: without it, `reset --keep` would take them for edited ones
    archive.run_git("update-index", "-q", "--refresh")
    (archive.git_dir / INDEX_FILE).unlink()
    return made


def collect_garbage(archive: Archive) -> None:
    """Let git pack what has piled up, once a month or so; plumbing never does that by itself."""
    try:
        archive.run_git("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
    except GitError as error:
        log.warning("%s", error)


def list_first_files(archive: Archive, head: str | None) -> dict[str, bytes | None]:
    """What a new archive needs beside its records."""
    there = archive.list_blobs(head)
    names = (".gitattributes", "README.md")
    return {name: (NEW_ARCHIVE_FILES / name).read_bytes() for name in names if name not in there}


def _entries(archive: Archive, files: dict[str, bytes | None]) -> bytes:
    """What `update-index --index-info` reads, after writing the blobs."""
    lines = []
    for path, data in files.items():
        if data is None:
            # mode 0 removes; the name is not looked at
            lines.append(f"0 {archive.resolve_commit()}\t{DATA_PREFIX}{path}\0")
        else:
            blob = archive.run_git("hash-object", "-w", "--no-filters", "--stdin", stdin=data)
            lines.append(f"{FILE_MODE} {blob}\t{DATA_PREFIX}{path}\0")
    return "".join(lines).encode()


def write_files(archive: Archive, files: dict[str, bytes | None]) -> None:
    """Write files below data/, each by one rename; None removes."""
    for path, data in files.items():
        target = archive.data_folder / path
        if data is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + PARTIAL_ENDING)
        partial.write_bytes(data)
        partial.replace(target)
