"""Pushes that lose a race with another writer: no hour is lost or repeated, and every state was observed."""

import copy
import datetime as dt
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError, GitError
from orarchive.sample import START
from orarchive.store.git import run_git
from tests.support.archives import (
    FEW,
    HOUR,
    KEYLESS_FEEDS,
    Stage,
    assert_tidy,
    build_payloads,
    edit_records,
    read_data_files,
    read_git,
)
from tests.support.writers import Writers, encode_served, read_stored

NEXT = START + HOUR
OURS, THEIRS, SECOND = (edit_records(build_payloads(START), word) for word in ("ours", "theirs", "second"))


@pytest.fixture
def writers(begun: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    """Return two writers of one remote; ours is served other records than theirs."""
    writers = Writers(begun, tmp_path, monkeypatch)
    writers.ours.serve(OURS)
    return writers


def test_no_race(writers: Writers) -> None:
    """Check that a clone of depth 1 archives and pushes two hours."""
    assert writers.ours.run(NEXT, push=True) == 0
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert len(writers.assert_sound()) == 2
    writers.assert_observed(OURS)


def test_hour_is_archived_by_another(writers: Writers) -> None:
    """Our attempt is dropped."""
    writers.before = [lambda: writers.archive_theirs(NEXT, THEIRS)]
    assert writers.ours.run(NEXT, push=True) == 0
    assert len(writers.assert_sound()) == 1
    writers.assert_observed(OURS, THEIRS)
    assert read_data_files(writers.ours.root) == read_data_files(writers.theirs.root)
    assert b'"ours"' not in b"".join(read_data_files(writers.ours.root).values())


@pytest.mark.parametrize(
    "failing",
    [
        ("models",),
        ("providers", "endpoints/zdr"),
        ("models/*/endpoints",),
        tuple(f"models/{model}/endpoints" for model in FEW[:2]),
    ],
)
def test_hour_is_archived_by_another_in_part(writers: Writers, failing: tuple[str, ...]) -> None:
    """Ours adds only what theirs could not read, and nothing is requested twice."""
    writers.before = [lambda: writers.archive_theirs(NEXT, THEIRS, *failing)]
    assert writers.ours.run(NEXT, push=True) == 0
    paths = [path for path, status in writers.ours.service.requests if status == 200]
    assert paths.count("providers") == (1 if "providers" in failing else 2)
    assert len(writers.assert_sound()) == 2
    assert set(writers.ours.read_outcomes(NEXT).values()) == {"ok"}
    writers.assert_observed(OURS, THEIRS)
    ours = {path for path, content in read_stored(writers.ours, "HEAD").items() if b'"ours"' in content}
    assert ours == {
        path
        for path, body in encode_served(OURS).items()
        if b'"ours"' in body and any(fnmatchcase(path, route) for route in failing)
    }


def test_code_changes_meanwhile(writers: Writers) -> None:
    """Our work tree follows the remote's files, and the hour is on top."""
    (writers.ours.root / "notes.txt").write_text("the owner's text")
    writers.before = [lambda: writers.edit_theirs("README.md"), lambda: writers.edit_theirs("scrape.py")]
    assert writers.ours.run(NEXT, push=True) == 0
    (writers.ours.root / "notes.txt").unlink()
    subjects = writers.assert_sound()
    assert subjects[:2] == ["Edit README.md", "Edit scrape.py"]
    assert len(subjects) == 3
    assert (writers.ours.root / "README.md").read_text() == "new"
    writers.assert_observed(OURS)


def test_edit_of_the_owner_is_never_overwritten(writers: Writers) -> None:
    """Git names the file in the way, and nothing is pushed."""
    (writers.ours.root / "README.md").write_text("the owner's text")
    writers.before = [lambda: writers.edit_theirs("README.md")]
    with pytest.raises(GitError, match=r"README\.md"):
        writers.ours.run(NEXT, push=True)
    assert (writers.ours.root / "README.md").read_text() == "the owner's text"
    assert read_git(writers.remote, "log", "-1", "--format=%s", "main") == "Edit README.md"


@pytest.mark.parametrize("later", [1, 2])
def test_later_hour_is_already_pushed(writers: Writers, later: int) -> None:
    """Our earlier hour is dropped with an error, for the ledger never goes back."""
    writers.before = [lambda: writers.archive_theirs(NEXT + HOUR, THEIRS)]
    assert writers.ours.run(NEXT, push=True) == 1
    assert len(writers.assert_sound()) == 1
    writers.assert_observed(OURS, THEIRS)
    assert writers.ours.run(NEXT + (1 + later) * HOUR, push=True) == 0
    assert len(writers.assert_sound()) == 2


def test_earlier_hour_is_already_pushed(writers: Writers) -> None:
    """Check that our hour goes on top of it, for it was archived late."""
    writers.before = [lambda: writers.archive_theirs(NEXT, THEIRS)]
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert len(writers.assert_sound()) == 2
    writers.assert_observed(OURS, THEIRS)


@pytest.mark.parametrize("losses", [1, 2, 3, 4, 5])
def test_races_lost_in_a_row(writers: Writers, losses: int, tmp_path: Path) -> None:
    """Up to four are made good; after five the run fails, and the next one makes it good."""
    writers.before = [lambda number=number: writers.edit_theirs(f"{number}.txt") for number in range(losses)]  # type: ignore[misc]
    if losses < 5:
        assert writers.ours.run(NEXT, push=True) == 0
    else:
        with pytest.raises(ArchiveError, match=r"refused 5 times; 2026-06-01T01Z is not archived"):
            writers.ours.run(NEXT, push=True)
        assert len(writers.assert_sound()) == 5
        assert writers.ours.run(NEXT, push=True) == 0
    assert writers.lost == losses
    assert len(writers.assert_sound()) == losses + 1
    writers.assert_observed(OURS)


def test_several_writers_of_the_same_hour_in_part(writers: Writers) -> None:
    """Each of four others archives one feed of the hour before we can push."""
    feeds = ["providers", "zdr", "models", "endpoints"]
    writers.before = [lambda feed=feed: writers.archive_theirs(NEXT, THEIRS, feeds=(feed,)) for feed in feeds]  # type: ignore[misc]
    assert writers.ours.run(NEXT, push=True) == 0
    assert len(writers.assert_sound()) == 4
    writers.assert_observed(OURS, THEIRS)


def test_missing_remote(writers: Writers) -> None:
    """Check that the hour is committed and the run fails; when the remote is back both hours are pushed."""
    writers.remote.rename(writers.remote.with_name("away"))
    with pytest.raises(GitError):
        writers.ours.run(NEXT, push=True)
    assert_tidy(writers.ours.root)
    writers.remote.with_name("away").rename(writers.remote)
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert len(writers.assert_sound()) == 2
    writers.assert_observed(OURS)


def test_missing_remote_keeps_nothing_from_being_archived(writers: Writers) -> None:
    """Check that the daily feeds, which follow the push of the hourly ones, are archived too."""
    writers.remote.rename(writers.remote.with_name("away"))
    with pytest.raises(GitError):
        writers.ours.run(START + 24 * HOUR, push=True)
    assert set(writers.ours.read_outcomes(START + 24 * HOUR)) == set(KEYLESS_FEEDS)
    assert_tidy(writers.ours.root)
    writers.remote.with_name("away").rename(writers.remote)
    day = START + 24 * HOUR
    assert writers.ours.run(day, now=day + HOUR / 60, is_hour_given=False, push=True) == 0, (
        "too early to request anything, not too early to push"
    )
    assert writers.read_tip() == writers.ours.archive.resolve_commit()


def test_commit_that_was_never_pushed(writers: Writers) -> None:
    """Kill a run between commit and push: the next one in the same hour requests nothing, but pushes."""
    assert writers.ours.run(NEXT) == 0
    assert writers.ours.run(NEXT, push=True) == 0
    assert len(writers.assert_sound()) == 1


def test_commit_that_was_never_pushed_and_a_race(writers: Writers) -> None:
    """Overwrite nothing on either side and fail, for the remote has gone on meanwhile."""
    assert writers.ours.run(NEXT) == 0
    commit = read_git(writers.ours.root, "rev-parse", "HEAD")
    writers.edit_theirs("README.md")
    tip = writers.read_tip()
    writers.ours.take_requests()
    for hour in (NEXT, NEXT + HOUR):
        with pytest.raises(ArchiveError, match="has diverged"):
            writers.ours.run(hour, push=True)
    assert writers.ours.take_requests() == []
    assert writers.read_tip() == tip
    assert commit in read_git(writers.ours.root, "rev-list", "HEAD")


def test_pushed_hour_is_fetched_before_anything_is_requested(writers: Writers) -> None:
    assert writers.archive_theirs(NEXT, THEIRS) == 0
    writers.ours.take_requests()
    assert writers.ours.run(NEXT, push=True) == 0
    assert writers.ours.take_requests() == []
    assert writers.ours.archive.resolve_commit() == writers.read_tip()


def test_push_that_fails_without_a_race_is_tried_again(writers: Writers) -> None:
    hook = writers.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\nrm "$0"\necho come back later >&2\nexit 1\n')
    hook.chmod(0o755)
    assert writers.ours.run(NEXT, push=True) == 0
    assert len(writers.assert_sound()) == 1


def test_dropped_attempt_ends_the_run(writers: Writers) -> None:
    """Write nothing at an hour before the last of the ledger, not even the daily feeds that are due."""
    day = dt.timedelta(days=1)
    writers.before = [lambda: writers.archive_theirs(START + day + HOUR, THEIRS, "images/models")]
    assert writers.ours.run(START + day, push=True) == 1
    hours = [line["hour"] for line in writers.ours.read_attempts()]
    assert hours == sorted(hours)
    assert writers.ours.archive.resolve_commit() == writers.read_tip()


def test_key_that_nobody_read_stays_kept(writers: Writers) -> None:
    """Keep a model that only their list has where they could not read its endpoints."""
    missed = FEW[0]
    ours = copy.deepcopy(OURS)
    ours["models"]["data"] = [row for row in ours["models"]["data"] if row["id"] != missed]
    ours["models"]["total_count"] = ours["models/count"]["data"]["count"] = len(ours["models"]["data"])
    writers.ours.serve(ours)
    failing = [f"models/{model}/endpoints" for model in FEW[:2]]
    writers.before = [lambda: writers.archive_theirs(NEXT, THEIRS, *failing)]
    assert writers.ours.run(NEXT, push=True) == 1
    report = writers.ours.read_report("endpoints")
    assert (report["outcome"], report["kept"]) == ("partial", {missed: "not-asked"})


def rewrite_remote(writers: Writers) -> str:
    """Replace the remote's newest commit by force and return the new tip."""
    root = writers.theirs.root
    read_git(root, "fetch", "--quiet")
    read_git(root, "reset", "--quiet", "--hard", "origin/main")
    read_git(root, "commit", "--quiet", "--amend", "-m", "Another past")
    read_git(root, "push", "--quiet", "--force")
    return writers.read_tip()


def run_remedy(writers: Writers, message: str) -> None:
    """Run the command that ends a message, as a person does."""
    command = message[message.index("git branch --force ") :]
    subprocess.run(command, shell=True, check=True, cwd=writers.ours.root)


@pytest.mark.parametrize("pushed_hours", [0, 1])
def test_rewritten_remote_is_said_and_healed(writers: Writers, pushed_hours: int) -> None:
    """Say that the remote was rewritten in every run, and name a command that loses no commit."""
    for number in range(pushed_hours):
        assert writers.ours.run(NEXT + number * HOUR, push=True) == 0
    head = read_git(writers.ours.root, "rev-parse", "HEAD")
    tip = rewrite_remote(writers)
    writers.ours.take_requests()
    for _ in range(2):
        with pytest.raises(ArchiveError, match=r"origin/main was rewritten \(pushed with force\)") as caught:
            writers.ours.run(NEXT + 5 * HOUR, push=True)
    assert writers.ours.take_requests() == []
    assert writers.read_tip() == tip
    run_remedy(writers, str(caught.value))
    assert head in read_git(writers.ours.root, "for-each-ref", "--format=%(objectname)", "refs/heads")
    assert writers.ours.run(NEXT + 5 * HOUR, push=True) == 0
    assert read_git(writers.remote, "rev-parse", "main~") == tip


def test_another_clone_that_archived_meanwhile_is_no_rewriting(writers: Writers) -> None:
    """Say only that our commit was never pushed, also after the remote's commits were fetched."""
    assert writers.ours.run(NEXT) == 0
    writers.edit_theirs("README.md")
    for _ in range(2):
        with pytest.raises(ArchiveError, match="never pushed, and origin/main has diverged"):
            writers.ours.run(NEXT + HOUR, push=True)


def test_a_remote_rewritten_during_a_run_is_not_overwritten(writers: Writers) -> None:
    """Keep the hour of the run on the branch that the message names."""
    writers.before = [lambda: rewrite_remote(writers)]
    with pytest.raises(ArchiveError, match=r"origin/main was rewritten \(pushed with force\)") as caught:
        writers.ours.run(NEXT, push=True)
    head = read_git(writers.ours.root, "rev-parse", "HEAD")
    run_remedy(writers, str(caught.value))
    assert head in read_git(writers.ours.root, "for-each-ref", "--format=%(objectname)", "refs/heads")
    assert writers.ours.run(NEXT, push=True) == 0


def test_a_remote_that_was_set_back_is_said_and_restored(
    writers: Writers, caplog: pytest.LogCaptureFixture
) -> None:
    """Warn that the push restores what somebody removed by force."""
    assert writers.ours.run(NEXT, push=True) == 0
    assert "set back" not in caplog.text
    read_git(writers.remote, "update-ref", "refs/heads/main", writers.first)
    assert writers.ours.run(NEXT + HOUR, push=True) == 0
    assert "origin/main was set back (pushed with force)" in caplog.text
    assert len(writers.assert_sound()) == 2


def test_a_run_with_nothing_due_takes_over_what_was_pushed_meanwhile(writers: Writers) -> None:
    assert writers.ours.run(NEXT, push=True) == 0
    read_git(writers.theirs.root, "pull", "--quiet", "--ff-only")
    writers.before = [lambda: writers.edit_theirs("README.md")]
    assert writers.ours.run(NEXT, push=True) == 0
    assert read_git(writers.ours.root, "rev-parse", "HEAD") == writers.read_tip()


@pytest.mark.parametrize("lock", ["shallow.lock", "index.lock", "refs/heads/main.lock"])
def test_lock_left_by_a_run_killed_in_a_race(writers: Writers, lock: str) -> None:
    (writers.ours.root / ".git/orarchive.journal").write_text("a run under way")
    (writers.ours.root / ".git" / lock).write_bytes(b"")
    writers.before = [lambda: writers.edit_theirs("README.md")]
    assert writers.ours.run(NEXT, push=True) == 0
    assert len(writers.assert_sound()) == 2


@pytest.mark.parametrize("lack", ["detached", "no remote"])
def test_push_without_branch_or_remote_fails_before_the_fetch(writers: Writers, lack: str) -> None:
    if lack == "detached":
        read_git(writers.ours.root, "checkout", "--quiet", "--detach")
    else:
        read_git(writers.ours.root, "remote", "remove", "origin")
    with pytest.raises(ArchiveError, match=r"HEAD is not on a branch|origin"):
        writers.ours.run(NEXT, push=True)
    assert writers.ours.take_requests() == []
    assert run_git(writers.ours.root, "status", "--porcelain") == b""
