"""Lock files that a killed git command left in the git folder: clear those that are stale, name the others.

Git removes its locks on every signal but SIGKILL. Until a lock that stayed is removed, each command that
needs it fails.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from orarchive.errors import ArchiveError, GitError
from orarchive.store.archive import Archive

log = logging.getLogger(__name__)

LOCK_GRACE_S = 2.0
"""Pause before locks are judged, so that a git command which outlives the killed run can end."""

STALE_LOCK_S = 600.0
"""Age from which a lock is stale, whoever left it.

Git holds its locks for moments, but for `git commit -a`, which holds one while an editor is open. If its lock
is removed, such a commit fails and its message stays in COMMIT_EDITMSG: nothing else is lost.
"""

WORK_TREE_LOCKS = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock")
"""Locks in the git folder of one work tree; a linked work tree has its own."""

SHARED_LOCKS = ("packed-refs.lock", "shallow.lock", "refs/**/*.lock")
"""Patterns of the locks that all work trees of a repository share."""


def find_git_locks(archive: Archive, since: float = 0.0) -> dict[Path, tuple[int, float]]:
    """Find git's lock files that were modified at or after `since` (seconds of the epoch).

    Return the inode and the time of modification of each.
    """
    paths = [archive.git_dir / name for name in WORK_TREE_LOCKS]
    paths += [path for pattern in SHARED_LOCKS for path in sorted(archive.shared_dir.glob(pattern))]
    locks = {path: identity for path in paths if (identity := _identify(path))}
    return {path: identity for path, identity in locks.items() if identity[1] >= since}


def clear_git_locks(
    archive: Archive, clock_file: Path, killed_since: float | None, sleep: Callable[[float], None]
) -> list[str]:
    """Remove stale locks and return a note that names them.

    A lock is stale if it is older than STALE_LOCK_S, or was made after `killed_since`, when a run began that
    was killed. Raise ArchiveError where another one would keep this run from committing. The time comes from
    the file system, by touching `clock_file`.
    """
    locks = find_git_locks(archive)
    if not locks:
        return []
    sleep(LOCK_GRACE_S)
    clock_file.touch()
    now = clock_file.stat().st_mtime
    kept, removed = [], []
    for path, identity in locks.items():
        # A lock that was made anew during the pause belongs to a git command at work.
        if _identify(path) != identity:
            continue
        if now - identity[1] > STALE_LOCK_S or (killed_since is not None and identity[1] >= killed_since):
            path.unlink(missing_ok=True)
            removed.append(path)
        else:
            kept.append(path)
    _refuse_blocking(archive, kept)
    if not removed:
        return []
    names = ", ".join(path.resolve().relative_to(archive.shared_dir).as_posix() for path in removed)
    log.warning("A git command was killed; removed the locks that it left: %s", names)
    return [f"removed locks that a killed git command left: {names}"]


def _refuse_blocking(archive: Archive, locks: list[Path]) -> None:
    """Raise ArchiveError where one of the locks would keep the branch or the index from being written."""
    needed = {archive.git_dir / "index.lock", archive.git_dir / "HEAD.lock"}
    try:
        branch = archive.run_git("symbolic-ref", "HEAD")
    except GitError:
        pass  # HEAD is detached
    else:
        needed.add(archive.shared_dir / f"{branch}.lock")
    for path in locks:
        if path in needed:
            msg = (
                f"git's lock {path} is in the way: a git command is at work, or was killed; if none runs,"
                f" remove that file (a run does so once it is {STALE_LOCK_S / 60:.0f} minutes old)"
            )
            raise ArchiveError(msg)


def _identify(path: Path) -> tuple[int, float] | None:
    """Return the inode and the time of modification of a file, None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime
