"""Commit files: make one new commit on the branch, then write the files into the work tree.

A kill at any moment loses nothing and doubles nothing. The new files are written beside the old ones; blobs,
tree and commit are built in a separate index and the branch moves by one `update-ref`; then the new files
take the places of the old ones, and the owner's index follows. A journal in the git folder marks a run under
way and names the files that are being replaced: the next run that finds it restores these from HEAD.
"""

import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from filelock import FileLock, Timeout

from orarchive.errors import ArchiveError, GitError
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.git_locks import clear_git_locks, find_git_locks
from orarchive.timestamps import format_stamp

log = logging.getLogger(__name__)

LOCK_FILE = "orarchive.lock"
JOURNAL_FILE = "orarchive.journal"
INDEX_FILE = "orarchive.index"
PARTIAL_ENDING = ".orarchive-partial"
"""Ending of a file under data/ that is being written."""

FILE_MODE = "100644"

LITTER = (
    *(
        ".ds_store",
        "._*",
        ".appledouble",
        ".spotlight-v100",
        ".fseventsd",
        ".trashes",
        "icon\r",
        ".localized",
    ),
    *("thumbs.db", "ehthumbs.db", "desktop.ini"),
    *(".directory", ".trash-*", ".nfs*", ".fuse_hidden*", ".goutputstream-*", "@eadir"),
    *("*~", ".*.sw?", "#*#", ".#*", ".~lock.*#"),
)
"""Names, in small letters, of files and folders that desktops, file systems and editors leave behind: they
are never committed, and stop no run."""

NEW_ARCHIVE_FILES = Path(__file__).with_name("new_archive")
"""Files that a new archive gets beside its records: links to data/README.md and data/.gitattributes.

The second has no dot here: git refuses to read a link named `.gitattributes`, and warns of it at every diff.
"""


@contextmanager
def archive_lock(archive: Archive, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
    """Lock the archive for one run, after restoring what a killed run left, and yield notes for the ledger.

    Raise ArchiveError where another run holds the lock, where a git command does, where data/ has uncommitted
    changes, or where git could not commit. An exception other than ArchiveError leaves the journal, so that
    the next run tidies up.
    """
    journal, lock_file = archive.git_dir / JOURNAL_FILE, archive.git_dir / LOCK_FILE
    try:
        lock = FileLock(lock_file, timeout=0)
        with lock:
            _check_writable(archive)
            killed_since = journal.stat().st_mtime if journal.exists() else None
            notes = clear_git_locks(archive, lock_file, killed_since, sleep)
            if killed_since is not None:
                notes += _recover_killed_run(archive, journal)
            _refuse_uncommitted(archive)
            write_journal(archive, [])
            try:
                yield notes
            except ArchiveError:
                # A git command that was killed leaves its lock. Where there is one the journal stays, so that
                # the next run knows that the lock is ours.
                if not _list_uncommitted(archive) and not find_git_locks(archive, journal.stat().st_mtime):
                    journal.unlink()
                raise
            journal.unlink()
    except Timeout:
        msg = f"another run is archiving into {archive.root}; this one stops"
        raise ArchiveError(msg) from None


def _recover_killed_run(archive: Archive, journal: Path) -> list[str]:
    """Restore from HEAD what a killed run was replacing, and return a note that names the restored files.

    Other edits below data/ are not ours: they stay, and the run is refused.
    """
    _remove_index(archive)
    for partial in archive.data_folder.rglob(f"*{PARTIAL_ENDING}"):
        partial.unlink()
    replaced = _read_journal(journal)
    paths = [path for path in _list_uncommitted(archive) if path in replaced]
    _restore_files(archive, paths)
    journal.unlink()
    if not paths:
        return []
    log.warning("An earlier run was killed; restored from HEAD: %s", ", ".join(paths))
    return [f"restored after a killed run: {', '.join(paths)}"]


def write_journal(archive: Archive, paths: Iterable[str]) -> None:
    """Write the journal of a run under way: its process, and the files below data/ that it is replacing.

    The branch moves after that: from then on the old files differ from HEAD.
    """
    lines = [f"a run under way, process {os.getpid()}", *(f"{DATA_PREFIX}{path}" for path in paths)]
    (archive.git_dir / JOURNAL_FILE).write_text("\n".join(lines), errors="surrogateescape")


def _read_journal(journal: Path) -> set[str]:
    """Return the files that a killed run was replacing; none where it was killed writing the journal."""
    return set(journal.read_text(errors="surrogateescape").split("\n")[1:])


def _restore_files(archive: Archive, paths: list[str]) -> None:
    """Restore files (paths in the work tree) and their entries of the index from HEAD."""
    committed = {f"{DATA_PREFIX}{path}" for path in archive.list_blobs(archive.resolve_commit())}
    kept = [path for path in paths if path in committed]
    gone = [path for path in paths if path not in committed]
    if kept:
        command = ("restore", "--source=HEAD", "--staged", "--worktree")
        options = ("--pathspec-from-file=-", "--pathspec-file-nul")
        names = "\0".join(kept).encode(errors="surrogateescape")
        archive.run_git(*command, *options, stdin=names, env={"GIT_LITERAL_PATHSPECS": "1"})
    for path in gone:
        (archive.root / path).unlink(missing_ok=True)
        archive.run_git("update-index", "--force-remove", "--", path)


def _remove_index(archive: Archive) -> None:
    """Remove the separate index and its lock, where a killed run left them."""
    for name in (INDEX_FILE, f"{INDEX_FILE}.lock"):
        (archive.git_dir / name).unlink(missing_ok=True)


def _list_uncommitted(archive: Archive) -> list[str]:
    """List the paths below data/ that differ from HEAD or are not tracked."""
    status = archive.run_git(
        "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", DATA_PREFIX
    )
    entries = [entry for entry in status.split("\0") if entry]
    return [entry[3:] for entry in entries if not _is_litter(entry[3:])]


def _is_litter(path: str) -> bool:
    """Return whether a file is one that desktops and editors leave in folders that they show."""
    names = path.lower().split("/")
    return any(fnmatchcase(name, pattern) for name in names for pattern in LITTER)


def _refuse_uncommitted(archive: Archive) -> None:
    """Raise ArchiveError where data/ has uncommitted changes."""
    if paths := _list_uncommitted(archive):
        msg = f"uncommitted changes below data/: {', '.join(paths[:5])}; commit them or git restore data/"
        raise ArchiveError(msg)


def _check_writable(archive: Archive) -> None:
    """Raise ArchiveError where files could not be written or committed: before the fetch, not after it."""
    for folder in (archive.root, archive.git_dir, archive.data_folder):
        if folder.exists() and not os.access(folder, os.W_OK):
            msg = f"{folder} is read-only; make it writable (chmod u+w, or mount it writable)"
            raise ArchiveError(msg)
    try:
        archive.run_git("var", "GIT_COMMITTER_IDENT")
        archive.run_git("var", "GIT_AUTHOR_IDENT")
    except GitError as error:
        msg = f"git does not know who commits here; set user.name and user.email ({error})"
        raise ArchiveError(msg) from error


def commit_files(archive: Archive, files: dict[str, bytes | None], hour: dt.datetime, message: str) -> str:
    """Commit files (path below data/ -> bytes, None to remove) and write them; return the commit's hash.

    The hour is the author date.
    """
    parent = archive.resolve_commit()
    env = {"GIT_INDEX_FILE": str(archive.git_dir / INDEX_FILE), "GIT_AUTHOR_DATE": format_stamp(hour)}
    # No other run uses the separate index, for this one holds the archive's lock.
    _remove_index(archive)
    if parent:
        archive.run_git("read-tree", parent, env=env)
    partials = _write_partials(archive, files)
    entries = _write_blobs(archive, files, partials, parent)
    archive.run_git("update-index", "-z", "--index-info", stdin=entries, env=env)
    tree = archive.run_git("write-tree", env=env)
    parents = ["-p", parent] if parent else []
    command = ["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, *parents, "-F", "-"]
    commit = archive.run_git(*command, stdin=message.encode(), env=env)
    subject = message.partition("\n")[0]
    write_journal(archive, files)
    archive.run_git("update-ref", "-m", subject, "HEAD", commit, parent or "0" * len(commit))
    _replace_files(archive, files, partials)
    update_index(archive)
    (archive.git_dir / INDEX_FILE).unlink()
    return commit


def update_index(archive: Archive) -> None:
    """Bring the owner's index below data/ to HEAD, and refresh it.

    Without that, `git reset --keep` would take the files just written for edited ones.
    """
    archive.run_git("reset", "--", DATA_PREFIX)


def collect_garbage(archive: Archive) -> None:
    """Let git pack loose objects where there are many, about once a month.

    Plumbing commands, which make our commits, never do that by themselves. A failure is logged.
    """
    try:
        archive.run_git("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
    except GitError as error:
        log.warning("%s", error)


def list_first_files(archive: Archive, head: str | None) -> dict[str, bytes | None]:
    """Return the files of a new archive that a commit lacks: path below data/ -> bytes."""
    paths = archive.list_blobs(head)
    names = (".gitattributes", "README.md")
    return {
        name: (NEW_ARCHIVE_FILES / name.removeprefix(".")).read_bytes() for name in names if name not in paths
    }


def _write_blobs(
    archive: Archive, files: dict[str, bytes | None], partials: dict[str, Path], parent: str | None
) -> bytes:
    """Write the blobs of files and return the entries that `update-index --index-info` reads."""
    names = "".join(f"{partial.relative_to(archive.root)}\n" for partial in partials.values())
    command = ("hash-object", "-w", "--no-filters", "--stdin-paths")
    blobs = archive.run_git(*command, stdin=os.fsencode(names)).splitlines()
    lines = [f"{FILE_MODE} {blob}\t{DATA_PREFIX}{path}\0" for path, blob in zip(partials, blobs, strict=True)]
    # Mode 0 removes the entry; git ignores the hash, but requires one.
    removed = sorted(files.keys() - partials.keys())
    lines += [f"0 {parent}\t{DATA_PREFIX}{path}\0" for path in removed]
    return "".join(lines).encode()


def write_files(archive: Archive, files: dict[str, bytes | None]) -> None:
    """Write files below data/ (path -> bytes), each by one rename; None removes the file."""
    write_journal(archive, files)
    _replace_files(archive, files, _write_partials(archive, files))


def _write_partials(archive: Archive, files: dict[str, bytes | None]) -> dict[str, Path]:
    """Write the contents of files beside them, under names with PARTIAL_ENDING; return these by path."""
    partials = {}
    for path, data in files.items():
        if data is not None:
            target = archive.data_folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            partials[path] = target.with_name(target.name + PARTIAL_ENDING)
            partials[path].write_bytes(data)
    return partials


def _replace_files(archive: Archive, files: dict[str, bytes | None], partials: dict[str, Path]) -> None:
    """Rename the partial files to the files that they are for, and remove those that have none."""
    for path in files:
        target = archive.data_folder / path
        if path in partials:
            partials[path].replace(target)
        else:
            target.unlink(missing_ok=True)
