"""Lock files that a killed git command left, in the work tree of a clone and in a linked one."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError, GitError, GitLockedError
from orarchive.sample import START
from orarchive.store.commit import JOURNAL_FILE, archive_lock
from orarchive.store.git import run_git, run_remote_git
from orarchive.store.git_locks import STALE_LOCK_S
from tests.support.archives import HOUR, Stage, build_payloads, edit_records, read_git, run_scrape

NEXT = START + HOUR

WORK_TREE_LOCKS = ("index.lock", "HEAD.lock")
BRANCH_LOCK, TRACKING_LOCK = "refs/heads/{}.lock", "refs/remotes/origin/{}.lock"
BLOCKING_LOCKS = (*WORK_TREE_LOCKS, BRANCH_LOCK)
LOCKS = (*BLOCKING_LOCKS, TRACKING_LOCK, "packed-refs.lock", "shallow.lock")


@pytest.fixture(params=["plain", "linked"])
def pushed(request: pytest.FixtureRequest, begun: Stage, tmp_path: Path) -> Stage:
    """Return an archive of one pushed hour: the work tree of a clone, or one linked to it on a branch."""
    read_git(tmp_path, "clone", "--quiet", "--bare", str(begun.root), "remote.git")
    read_git(tmp_path, "clone", "--quiet", str(tmp_path / "remote.git"), "clone")
    root = tmp_path / "clone"
    if request.param == "linked":
        root = tmp_path / "linked"
        read_git(tmp_path / "clone", "worktree", "add", "--quiet", "-b", "side", str(root))
        read_git(root, "push", "--quiet", "origin", "side")
    begun.serve(edit_records(build_payloads(START), "second"))
    return Stage(begun.service, root)


def leave_lock(stage: Stage, name: str, age: float = 0.0) -> Path:
    """Make a lock as a killed git command leaves it, `age` seconds ago."""
    archive = stage.archive
    shared_dir = archive.root.parent / "clone" / ".git"
    folder = archive.git_dir if name in WORK_TREE_LOCKS else shared_dir
    lock = folder / name.format(read_git(stage.root, "branch", "--show-current"))
    lock.write_bytes(b"")
    moment = time.time() - age
    os.utime(lock, (moment, moment))
    return lock


def assert_archived(stage: Stage, lock: Path) -> None:
    """Assert that the hour is committed and pushed, and that the ledger names the lock that was removed."""
    assert not lock.exists()
    assert read_git(stage.root, "status", "--porcelain") == ""
    branch = read_git(stage.root, "branch", "--show-current")
    assert read_git(stage.root.parent / "remote.git", "rev-parse", branch) == stage.archive.resolve_commit()
    note = stage.read_attempts()[-1]["notes"][0]
    name = lock.relative_to(stage.root.parent / "clone" / ".git")
    assert note == f"removed locks that a killed git command left: {name}"


@pytest.mark.parametrize("name", LOCKS)
def test_old_lock_is_removed_and_noted(pushed: Stage, name: str) -> None:
    """Remove a lock that no run of ours left, once it is ten minutes old."""
    lock = leave_lock(pushed, name, age=STALE_LOCK_S + 60)
    assert pushed.run(NEXT, push=True) == 0
    assert_archived(pushed, lock)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_of_a_killed_run_is_removed_and_noted(pushed: Stage, name: str) -> None:
    """Remove a lock that is younger than the journal of a run that was killed, however new it is."""
    (pushed.archive.git_dir / JOURNAL_FILE).write_text("a run under way")
    lock = leave_lock(pushed, name)
    assert pushed.run(NEXT, push=True) == 0
    assert_archived(pushed, lock)


@pytest.mark.parametrize("name", BLOCKING_LOCKS)
def test_new_lock_is_named_before_anything_is_requested(pushed: Stage, name: str) -> None:
    """Leave the lock of a git command that may be at work; once it is gone, the hour is archived."""
    lock = leave_lock(pushed, name)
    head = pushed.archive.resolve_commit()
    for _ in range(2):
        with pytest.raises(ArchiveError, match=r"is in the way: .* if none runs, remove that file") as caught:
            pushed.run(NEXT, push=True)
        assert str(lock) in str(caught.value)
    assert lock.exists()
    assert pushed.take_requests() == []
    assert pushed.archive.resolve_commit() == head
    lock.unlink()
    assert pushed.run(NEXT, push=True) == 0


def test_lock_from_before_a_killed_run_is_named(pushed: Stage) -> None:
    """Leave a lock that was there before the killed run began, and the journal for the run that follows."""
    lock = leave_lock(pushed, "index.lock", age=60)
    (pushed.archive.git_dir / JOURNAL_FILE).write_text("a run under way")
    with pytest.raises(ArchiveError, match="is in the way"):
        pushed.run(NEXT)
    assert lock.exists()
    assert (pushed.archive.git_dir / JOURNAL_FILE).exists()


def test_lock_of_another_work_tree_is_left_alone(pushed: Stage) -> None:
    """Neither remove nor name a new lock that does not keep this run from committing."""
    other = pushed.archive.root.parent / "clone" / ".git" / "refs/heads/other.lock"
    other.write_bytes(b"")
    assert pushed.run(NEXT, push=True) == 0
    assert other.exists()


def test_lock_made_anew_during_the_pause_is_left_alone(pushed: Stage) -> None:
    """Take a lock that another file replaced meanwhile for that of a git command at work."""
    (pushed.archive.git_dir / JOURNAL_FILE).write_text("a run under way")
    lock = leave_lock(pushed, "packed-refs.lock")
    later = lock.with_name("later")

    def replace(_seconds: float) -> None:
        later.write_bytes(b"")
        later.replace(lock)

    with archive_lock(pushed.archive, replace) as notes:
        assert notes == []
    assert lock.exists()


def test_lock_that_keeps_git_from_fetching_is_named(pushed: Stage) -> None:
    """Refuse the run, for it would take the remote for one that is away, and write on an old commit."""
    branch = read_git(pushed.root, "branch", "--show-current")
    parent = pushed.root.parent
    read_git(parent, "clone", "--quiet", "--branch", branch, "remote.git", "theirs")
    read_git(parent / "theirs", "commit", "--quiet", "--allow-empty", "--message", "Theirs")
    read_git(parent / "theirs", "push", "--quiet")
    lock = leave_lock(pushed, TRACKING_LOCK)
    with pytest.raises(GitLockedError, match="if none runs, remove that file") as caught:
        pushed.run(NEXT, push=True)
    assert str(lock) in str(caught.value)
    assert pushed.take_requests() == []
    lock.unlink()
    assert pushed.run(NEXT, push=True) == 0
    assert "Theirs" in pushed.list_subjects()


def test_command_line_names_the_lock(pushed: Stage) -> None:
    """Exit with 2 and one line."""
    lock = leave_lock(pushed, "index.lock")
    done = run_scrape(
        "--archive", pushed.root, "--hour", "2026-06-01T01Z", OPENROUTER_BASE_URL=pushed.service.base_url
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"Error: git's lock {lock} is in the way: ")


def test_every_git_error_names_the_lock(pushed: Stage) -> None:
    """Say in one line which file is in the way, without git's advice about editors."""
    lock = leave_lock(pushed, "index.lock")
    with pytest.raises(GitLockedError) as caught:
        run_git(pushed.root, "add", "--all")
    assert str(caught.value) == (
        f"git add failed, for {lock} exists: another git command is at work, or was killed; if none runs,"
        " remove that file"
    )


def test_lock_of_the_remote_is_not_taken_for_ours(pushed: Stage) -> None:
    """Pass on what the remote says of its own lock."""
    branch = read_git(pushed.root, "branch", "--show-current")
    remote = pushed.root.parent / "remote.git"
    (remote / f"refs/heads/{branch}.lock").write_bytes(b"")
    read_git(pushed.root, "commit", "--quiet", "--allow-empty", "--message", "Ours")
    with pytest.raises(GitError, match=r"remote: .*Unable to create") as caught:
        read_git(pushed.root, "push", "origin", branch)
    assert not isinstance(caught.value, GitLockedError)


def test_deadline_lets_git_remove_its_locks(stage: Stage, tmp_path: Path) -> None:
    """End a command first with the signal on which git removes its locks, then with one that it must obey."""
    lock = tmp_path / "lock"
    mild = f"trap 'rm {lock}; exit' TERM; touch {lock}; sleep 60 & wait"
    deaf = f"trap '' TERM; touch {lock}; while true; do sleep 1; done"
    for script in (mild, deaf):
        with pytest.raises(GitError, match="took more than 1 s"):
            run_remote_git(stage.root, "-c", f"alias.stay=!{script}", "stay", timeout=1)
        assert lock.exists() is (script == deaf)
        programs = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(lock) not in programs
