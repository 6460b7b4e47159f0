"""Push to the remote, where other writers may archive into the same branch. Data is never rebased or merged.

A run whose push is refused resets to the remote's tip and writes what is still missing as a new commit.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from orarchive.errors import ArchiveError, GitError, GitLockedError
from orarchive.store import git
from orarchive.store.archive import DATA_PREFIX, Archive
from orarchive.store.commit import write_journal
from orarchive.store.git_locks import LOCK_GRACE_S
from orarchive.store.health_branch import (
    HEALTH_REF,
    REMOTE_HEALTH_REF,
    find_health_commit,
    find_health_entry,
    has_health,
)
from orarchive.store.health_commits import align_branch
from orarchive.store.ledger import RUN_MONTHS, read_attempts

log = logging.getLogger(__name__)

MAX_PUSH_TRIES = 5
"""Pushes of one attempt, each after the first with a new commit on top of the remote's tip."""

RETRY_PAUSES_S = (5.0, 30.0)
"""Pauses before a push is tried again that failed although the remote has no new commits."""


@dataclass
class Remote:
    """The remote that a run fetches from and pushes to, for a limited time in all."""

    archive: Archive
    seconds_left: float
    sleep: Callable[[float], None] = time.sleep
    name: str = "origin"

    def run_git(self, *arguments: str) -> None:
        """Run a git command that talks to the remote; raise GitError where it fails or no time is left."""
        if self.seconds_left <= 0:
            msg = f"git {arguments[0]} was not tried: no time is left for {self.name}"
            raise GitError(msg)
        begun = time.monotonic()
        try:
            git.run_remote_git(self.archive.root, *arguments, timeout=self.seconds_left)
        finally:
            self.seconds_left -= time.monotonic() - begun

    def pause(self, seconds: float) -> None:
        """Wait before another try, for no longer than there is time left."""
        seconds = min(seconds, max(self.seconds_left, 0.0))
        self.sleep(seconds)
        self.seconds_left -= seconds


def get_current_branch(archive: Archive) -> str:
    """Return the name of the branch that HEAD is on; raise ArchiveError where HEAD is detached."""
    try:
        return archive.run_git("symbolic-ref", "--short", "HEAD")
    except GitError as error:
        msg = "HEAD is not on a branch; --push needs one (git switch BRANCH)"
        raise ArchiveError(msg) from error


def fast_forward(remote: Remote) -> None:
    """Fetch what other writers have pushed and move the branch there, before anything is requested.

    A remote that cannot be reached is no error here: the hour can be archived, and the push at the end
    reports it. Raise ArchiveError where we have commits that the remote lacks and it has others, because they
    were never pushed or because it was rewritten: data is never rebased.
    """
    archive = remote.archive
    name = get_current_branch(archive)
    archive.run_git("remote", "get-url", remote.name)
    if archive.resolve_commit() is None:
        return
    if not _fetch_new_commits(remote, name):
        fetch_health(remote)
        return
    if not archive.is_ancestor("HEAD", "FETCH_HEAD"):
        _refuse_rewritten(archive, f"{remote.name}/{name}")
        msg = (
            f"commits here were never pushed, and {remote.name}/{name} has diverged; look at them, then"
            f" discard them (git reset --keep {remote.name}/{name}) or archive into another branch"
        )
        raise ArchiveError(msg)
    _move_to_fetched(archive)
    fetch_health(remote)


def _refuse_rewritten(archive: Archive, name: str) -> None:
    """Raise ArchiveError where the remote's branch (`origin/main`) was rewritten, and name the remedy."""
    if not _is_rewritten(archive, name):
        return
    branch = f"{get_current_branch(archive)}-{archive.resolve_commit():.10}"
    msg = (
        f"{name} was rewritten (pushed with force): it lacks commits that it had, and that are still here. To"
        f" take it over and keep the commits here on the branch {branch}:"
        f" git branch --force {branch} && git reset --keep {name}"
    )
    raise ArchiveError(msg)


def _is_rewritten(archive: Archive, name: str) -> bool:
    """Return whether the fetched branch lacks commits of ours that it once had.

    The reflog of its remote-tracking branch knows them: each push and each fetch adds to it. So every later
    run says the same as the one that fetched the new history.
    """
    lacking = archive.run_git("rev-list", "FETCH_HEAD..HEAD").split()
    return not _list_former_tips(archive, f"refs/remotes/{name}").isdisjoint(lacking)


def _list_former_tips(archive: Archive, ref: str) -> set[str]:
    """List the commits that a ref was at, as far as its reflog goes back."""
    try:
        tips = archive.run_git("log", "--walk-reflogs", "--format=%H", ref, "--").split()
    except GitError:
        return set()  # there is no such ref
    # The value that the oldest entry replaced: a clone makes no entry for the commit that it begins with.
    first = archive.resolve_commit(f"{ref}@{{{len(tips)}}}")
    return {*tips, first or ""}


def push_branch(remote: Remote) -> bool:
    """Push the branch; return False where the remote has commits that we lack (which are then fetched).

    Any other failure is tried again after a pause, for the hour's commit may exist in this clone alone; the
    last one raises GitError.
    """
    name = get_current_branch(remote.archive)
    archive = remote.archive
    for pause in (*RETRY_PAUSES_S, None):
        health = archive.resolve_commit(HEALTH_REF)
        refs = [f"HEAD:refs/heads/{name}", *([f"{HEALTH_REF}:{HEALTH_REF}"] if health else [])]
        try:
            remote.run_git("push", "--quiet", "--atomic", remote.name, *refs)
        except GitError:
            if _fetch_new_commits(remote, name):
                return False
            fetch_health(remote)
            if pause is None or remote.seconds_left <= 0:
                raise
            if archive.resolve_commit(HEALTH_REF) == health:
                remote.pause(pause)
        else:
            if health:
                archive.run_git("update-ref", REMOTE_HEALTH_REF, health)
            return True
    return False


def fetch_health(remote: Remote) -> None:
    """Fetch the branch of health and join ours with it.

    A shallow clone that does not have it gets its last commit, and the one that the ledger names where that
    is another. A remote that has no such branch yet, or cannot be reached, is no error here.
    """
    archive = remote.archive
    lines = read_attempts(archive, archive.resolve_commit(), RUN_MONTHS)
    depth = ["--depth=1"] if archive.is_shallow and not has_health(archive) else []
    command = ("fetch", "--quiet", "--no-write-fetch-head", *depth, remote.name)
    with suppress(GitError):
        remote.run_git(*command, f"+{HEALTH_REF}:{REMOTE_HEALTH_REF}")
    entry = find_health_entry(lines)
    if entry and not find_health_commit(archive, entry["commit"]):
        with suppress(GitError):
            remote.run_git(*command, entry["commit"])
    align_branch(archive, lines)


def _fetch_new_commits(remote: Remote, name: str) -> bool:
    """Fetch the remote's branch; return whether it has commits that we lack, False where the fetch fails.

    Raise GitLockedError where a lock of git stays in the way, for that is no fault of the remote's.
    """
    command = ("fetch", "--quiet", remote.name, f"refs/heads/{name}")
    # Another work tree of the repository may be fetching: its lock is worth a pause.
    for pause in (LOCK_GRACE_S, None):
        try:
            remote.run_git(*command)
            break
        except GitLockedError:
            if pause is None:
                raise
            remote.pause(pause)
        except GitError:
            return False
    if not remote.archive.is_ancestor("FETCH_HEAD", "HEAD"):
        return True
    if _is_rewritten(remote.archive, f"{remote.name}/{name}"):
        log.warning(
            "%s/%s was set back (pushed with force); the next push restores what it lost", remote.name, name
        )
    return False


def reset_to_remote(remote: Remote, base: str | None) -> None:
    """Discard our commits since `base` and move the branch to the remote's tip, which was fetched.

    The branch of health is fetched, and joined with ours. Raise ArchiveError where `base` is not in the
    remote's history.
    """
    archive = remote.archive
    if base is not None and not archive.is_ancestor(base, "FETCH_HEAD"):
        _refuse_rewritten(archive, f"{Remote.name}/{get_current_branch(archive)}")
        msg = (
            f"the remote's branch has another history: {base} is not in it; git reset --keep FETCH_HEAD takes"
            " that history over, git push --force restores the one here"
        )
        raise ArchiveError(msg)
    log.warning(
        "Another writer pushed first; writing again on top of %.10s", archive.resolve_commit("FETCH_HEAD")
    )
    _move_to_fetched(archive)
    fetch_health(remote)


def _move_to_fetched(archive: Archive) -> None:
    """Move the branch and its files to the commit that was fetched; the journal names the files first."""
    names = archive.run_git(
        "diff", "--name-only", "--no-renames", "-z", "HEAD", "FETCH_HEAD", "--", DATA_PREFIX
    )
    write_journal(archive, [name.removeprefix(DATA_PREFIX) for name in names.split("\0") if name])
    archive.run_git("reset", "--quiet", "--keep", "FETCH_HEAD")
