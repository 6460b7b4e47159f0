"""Replay of histories that were rewritten, imported, or committed by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orarchive.errors import ArchiveError
from orarchive.history.attempts import HistoryRewritten, list_new_attempts, list_tips
from orarchive.history.replay import NO_COMMIT
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from orarchive.timestamps import format_stamp
from tests.support.archives import DAY, HOUR, Stage, build_payloads, edit_records, make_archive, read_git
from tests.support.histories import (
    NewCommit,
    build_index,
    list_commits,
    make_commits,
    query_index,
    read_facts,
    read_tables,
    update_index,
)
from tests.support.replays import (
    HOURS,
    LAST,
    SixHours,
    assert_consistent,
    assert_replayed,
    assert_same,
    change_finish,
    commit_by_hand,
    make_pasts,
    read_commits,
    rename_model,
)


def amend(stage: Stage) -> None:
    """Change the message of the last commit."""
    read_git(stage.root, "commit", "--quiet", "--amend", "-m", "Amended")


def rebase(stage: Stage) -> None:
    """Make the last commits anew, signed off: unchanged ones of the same second would have the same names."""
    read_git(stage.root, "-c", "core.editor=true", "rebase", "--quiet", "--signoff", "HEAD~3")


def reset(stage: Stage) -> None:
    """Remove the last commits."""
    read_git(stage.root, "reset", "--quiet", "--hard", "HEAD~3")


def reset_and_go_on(stage: Stage) -> None:
    """Remove the last commits and archive the last hour again, with other records."""
    reset(stage)
    stage.serve(edit_records(build_payloads(START), "elsewhere"))
    assert stage.run(LAST) == 0


def replace_history(stage: Stage) -> None:
    """Make all commits anew, with another name for a model."""
    made_up = [rename_model(commit, "Another") for commit in list_commits(stage.archive)]
    make_commits(stage.root, made_up)


def fetch_forced_push(stage: Stage) -> None:
    """Fetch what somebody else has pushed with force, and reset to it."""
    clone = stage.copy(stage.root.with_name("clone"))
    reset_and_go_on(clone)
    read_git(stage.root, "fetch", "--quiet", str(clone.root), "main", "+health:health")
    read_git(stage.root, "reset", "--quiet", "--hard", "FETCH_HEAD")


@pytest.mark.parametrize(
    "rewrite", [amend, rebase, reset, reset_and_go_on, replace_history, fetch_forced_push]
)
def test_rewritten_history_is_noticed(
    six_hours: SixHours, tmp_path: Path, rewrite: Callable[[Stage], None]
) -> None:
    """Check that the index is built anew, and hours that follow are added to that."""
    stage = six_hours.stage.copy(tmp_path / "copy")
    archive = stage.archive
    tips = list_tips(archive, str(archive.resolve_commit()))
    update_index(archive)
    rewrite(stage)
    assert tips != list_tips(archive, str(archive.resolve_commit()))
    with pytest.raises(HistoryRewritten):
        list_new_attempts(archive, tips, list_tips(archive, str(archive.resolve_commit())))
    assert update_index(archive) == build_index(archive)
    stage.serve(build_payloads(START))
    assert stage.run(LAST + DAY) == 0
    assert update_index(archive) == build_index(archive)
    assert_replayed(stage.root)


def test_shallow_clone_is_refused(six_hours: SixHours, tmp_path: Path) -> None:
    read_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{six_hours.stage.root}", "clone")
    archive = open_archive(tmp_path / "clone")
    with pytest.raises(ArchiveError, match=r"shallow clone and lacks its past; git fetch --unshallow"):
        update_index(archive)
    assert not (archive.git_dir / "orarchive/index.sqlite").exists()
    read_git(archive.root, "fetch", "--quiet", "--unshallow", "origin", "main", "health:health")
    assert read_tables(archive) == six_hours.tables


@pytest.mark.parametrize(
    "parts",
    [
        [("past/x", (0, 1, 2)), ("main", (3, 4, 5))],
        [("past/b", (0, 1)), ("past/a/deep", (2, 3)), ("main", (4, 5))],
    ],
    ids=["one", "two"],
)
@pytest.mark.parametrize("where", ["ours", "a clone's", "both"])
def test_imported_pasts(
    six_hours: SixHours, root: Path, tmp_path: Path, parts: list[tuple[str, tuple[int, ...]]], where: str
) -> None:
    """Read them before the main line, in the order of their hours, wherever their branches are."""
    make_pasts(six_hours, root, *parts)
    if where != "ours":
        read_git(tmp_path, "clone", "--quiet", str(root), "clone")
        root = tmp_path / "clone"
    if where == "both":
        for branch, _ in parts[:-1]:
            read_git(root, "branch", "--quiet", branch, f"origin/{branch}")
    assert read_tables(open_archive(root)) == six_hours.tables
    assert_replayed(root)


def test_past_is_imported_later(six_hours: SixHours, root: Path) -> None:
    """Check that the index is built anew, and again where the past goes on or is removed."""
    archive = open_archive(root)
    make_commits(root, six_hours.select(3, 4, 5))
    cache = root / ".git/cache"
    before = update_index(archive, cache)
    for numbers in ((1,), (1, 2)):
        make_commits(root, six_hours.select(*numbers), "past/x")
        assert update_index(archive, cache) == build_index(archive) != before
    run_git(root, "branch", "-D", "past/x")
    assert update_index(archive, cache) == before


def test_pasts_that_overlap_are_refused(six_hours: SixHours, root: Path) -> None:
    """Nothing says which of them is right."""
    make_pasts(six_hours, root, ("past/x", (0, 1, 2, 3)), ("main", (3, 4, 5)))
    with pytest.raises(
        ArchiveError,
        match="an imported past ends at 2026-06-01T00Z, but the hours after it begin at 2026-06-01T00Z",
    ):
        build_index(open_archive(root))
    make_pasts(six_hours, root, ("past/x", (0, 2)), ("past/y", (1,)), ("main", (3, 4, 5)))
    with pytest.raises(
        ArchiveError,
        match="an imported past ends at 2026-05-31T23Z, but the hours after it begin at 2026-05-31T22Z",
    ):
        build_index(open_archive(root))


@pytest.mark.parametrize("how", ["checked out", "hours on top", "merged"])
def test_past_in_the_history_of_the_branch(six_hours: SixHours, root: Path, how: str) -> None:
    """Check that it is not read a second time."""
    b = six_hours.commits
    if how == "merged":
        side = [
            NewCommit({"README.md": b"About\n"}),
            b[0].with_fields(parents=()),
            *b[1:3],
            b[2].with_fields(parents=(0, 3)),
        ]
        names = make_commits(root, [*side, *b[3:]])
        read_git(root, "branch", "past/x", names[3])
    else:
        names = make_commits(root, b)
        read_git(root, "branch", "past/x", names[-1 if how == "checked out" else 2])
    if how == "checked out":
        read_git(root, "checkout", "--quiet", "past/x")
    assert read_tables(open_archive(root)) == six_hours.tables
    assert_replayed(root)


def test_branches_that_are_no_pasts(six_hours: SixHours, root: Path) -> None:
    """Check that a branch without a ledger, and branches of similar names, are not read."""
    make_commits(root, six_hours.commits)
    make_commits(root, [NewCommit({"README.md": b"About\n"})], "past/nothing")
    for branch in ("passed", "feature/past/x", "pastime/x"):
        read_git(root, "branch", branch)
    assert read_tables(open_archive(root)) == six_hours.tables
    read_git(root, "branch", "-D", "past/nothing")
    read_git(root, "branch", "past")
    assert read_tables(open_archive(root)) == six_hours.tables


def test_hours_committed_by_hand(six_hours: SixHours, tmp_path: Path) -> None:
    """After `--no-commit` somebody commits: that commit shows the hour, with both of its attempts."""
    stage = six_hours.stage.copy(tmp_path / "copy")
    names = [str(stage.archive.resolve_commit())]
    for number, hour in enumerate((LAST + DAY, LAST + DAY + HOUR)):
        stage.serve(build_payloads(START + (40 + number) * DAY))
        assert stage.run(hour, commit=False) == 0
        read_git(stage.root, "add", "--all")
        read_git(stage.root, "commit", "--quiet", "-m", "Archive")
        names.append(str(stage.archive.resolve_commit()))
    assert stage.run(LAST + DAY + HOUR) == 0  # it has nothing to do but to move the branch of health
    assert read_commits(stage.root)[-3:] == [names[1], names[1], names[2]]
    assert query_index(stage.archive, "select count(*) from attempts where broken is not null") == [(0,)]
    assert_consistent(stage.root, names, 0, 1)
    usual = six_hours.stage.copy(tmp_path / "usual")
    for number, hour in enumerate((LAST + DAY, LAST + DAY + HOUR)):
        usual.serve(build_payloads(START + (40 + number) * DAY))
        assert usual.run(hour) == 0
    # The events are compared below: here the first of the two attempts at an hour brings them all.
    without = ("events", "seconds")
    assert read_tables(stage.archive, *without) == read_tables(usual.archive, *without)
    events = "select hour, kind, key, field, old, new, after from events order by 1, 2, 3, 4"
    assert query_index(stage.archive, events) == query_index(usual.archive, events)


@pytest.mark.parametrize("message", ["Squashed\n", None], ids=["own message", "the first one's"])
def test_squashed_hours(six_hours: SixHours, root: Path, tmp_path: Path, message: str | None) -> None:
    """Of several hours in one commit only the last is shown; the others are named as not shown."""
    b = six_hours.commits
    squash = (
        commit_by_hand(b[5], message) if message else b[5].with_fields(message=b[2].message, date=b[2].date)
    )
    names = make_commits(root, [*b[:2], squash, *b[6:]])
    assert read_commits(root) == [*names[:2], None, None, names[2], names[2], *names[3:]]
    assert query_index(open_archive(root), "select hour, broken from attempts where commit_id is null") == [
        (format_stamp(HOURS[1]), NO_COMMIT),
        (format_stamp(HOURS[2]), NO_COMMIT),
    ]
    assert_consistent(root, names, 1, 2)
    contents = read_facts(open_archive(root))
    straight = make_archive(tmp_path / "straight")
    make_commits(straight, six_hours.select(0, 3, 4, 5))
    assert contents == read_facts(open_archive(straight))


def test_hour_by_hand_after_a_revert(six_hours: SixHours, root: Path) -> None:
    """Take the line for the commit by hand's, though the reverted commit names the same attempt."""
    b = [change_finish(commit, 5) for commit in six_hours.commits]
    names = make_commits(
        root,
        [
            *b[:7],
            rename_model(six_hours.commits[7], "Bad"),
            commit_by_hand(b[6], "Revert\n"),
            commit_by_hand(b[7]),
        ],
    )
    assert read_commits(root) == [*names[:7], names[9]]
    assert read_tables(open_archive(root), "finished").keys() == six_hours.tables.keys()
    assert query_index(open_archive(root), "select count(*) from events where new like '%Bad%'") == [(0,)]
    assert_consistent(root, names, 7, 8)


def test_other_files_beside_the_ledger(six_hours: SixHours, root: Path) -> None:
    """Check that they are ignored, whatever they say, and may be removed."""
    b = six_hours.commits
    path = "hours/2026-05.jsonl"
    files = {f"{path}.orig": b[3][path], "hours/README.md": b"About\n", "hours/old/2026-05.jsonl": b"{"}
    mess = commit_by_hand(b[3].with_files(files))
    assert_same(
        six_hours,
        root,
        [*b[:4], mess, commit_by_hand(b[3]), *(commit.with_files(files) for commit in b[4:])],
        4,
        5,
        6,
    )
    assert_same(six_hours, root, [*b[:3], b[3].with_files(files), *b[4:]], 3, 4)


def test_ledger_is_rewritten_with_other_texts(six_hours: SixHours, root: Path) -> None:
    """One commit changes every line: each hour is still what its own commit shows."""
    b = six_hours.commits
    reworded = b[5]
    for number in range(4):
        reworded = change_finish(reworded, number)
    rest = b[6:]
    for number in range(4):
        rest = [change_finish(commit, number) for commit in rest]
    names = make_commits(root, [*b[:6], commit_by_hand(reworded, "Reword\n"), *rest])
    assert read_commits(root) == [*names[:6], *names[7:]]
    assert_consistent(root, names, 5, 6)
