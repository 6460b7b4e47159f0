"""The remote: other writers may archive into the same branch. Data is never rebased or merged.

Whoever loses a push stands on the winner's commit and writes again what is still wanted, as a new commit.
"""

import logging
import time
from collections.abc import Callable

from orarchive.errors import ArchiveError, GitError
from orarchive.store.archive import Archive

log = logging.getLogger(__name__)

MAX_PUSH_TRIES = 5
"""How often a refused push is answered with a new commit on top of the remote's."""

RETRY_PAUSES_S = (5.0, 30.0)
"""Seconds before a push that failed without a race is tried again."""


def current_branch(archive: Archive) -> str:
    """The branch that HEAD stands on."""
    try:
        return archive.run_git("symbolic-ref", "--short", "HEAD")
    except GitError as error:
        msg = "HEAD is not on a branch; --push needs one"
        raise ArchiveError(msg) from error


def fast_forward(archive: Archive, remote: str = "origin") -> None:
    """Stand on what other writers have pushed, before the service is asked for anything.

    A remote that is away now is no reason not to archive: the push at the end will tell. Commits of ours
    that were never pushed and that the remote has gone past raise ArchiveError, for data is never rebased.
    """
    name = current_branch(archive)
    archive.run_git("remote", "get-url", remote)
    if archive.resolve_commit() is None or not _has_news(archive, remote, name):
        return
    if not archive.is_ancestor("HEAD", "FETCH_HEAD"):
        msg = (
            f"commits here were never pushed, and {remote}/{name} has gone another way; look at them, then"
            f" give them up (git reset --keep {remote}/{name}) or archive into a branch of your own"
        )
        raise ArchiveError(msg)
    archive.run_git("reset", "--quiet", "--keep", "FETCH_HEAD")


def push_branch(
    archive: Archive, sleep: Callable[[float], None] = time.sleep, remote: str = "origin"
) -> bool:
    """Push the branch; False where the remote has commits that we have not (they are fetched).

    Any other refusal is tried again after a while: the hour's commit may live in this clone alone.
    """
    name = current_branch(archive)
    for pause in (*RETRY_PAUSES_S, None):
        try:
            archive.run_git("push", "--quiet", remote, f"HEAD:refs/heads/{name}")
            return True
        except GitError:
            if _has_news(archive, remote, name):
                return False
            if pause is None:
                raise
            sleep(pause)
    return False


def _has_news(archive: Archive, remote: str, name: str) -> bool:
    """Whether the remote's branch has commits that we have not; a remote that is away tells none."""
    try:
        archive.run_git("fetch", "--quiet", remote, f"refs/heads/{name}")
    except GitError:
        return False
    return not archive.is_ancestor("FETCH_HEAD", "HEAD")


def reset_to_remote(archive: Archive, base: str | None) -> None:
    """Give up our commits since `base` and stand on the remote's tip, which was fetched."""
    if base is not None and not archive.is_ancestor(base, "FETCH_HEAD"):
        msg = f"the remote's branch has another past than ours ({base} is not in it)"
        raise ArchiveError(msg)
    log.warning(
        "Another writer was first; writing again on top of %.10s", archive.resolve_commit("FETCH_HEAD")
    )
    archive.run_git("reset", "--quiet", "--keep", "FETCH_HEAD")
