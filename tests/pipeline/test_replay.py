"""Replay: an hour is what its own commit shows, whatever is merged or reverted."""

import random
from pathlib import Path

import pytest

from orarchive.domain.data_paths import SNAPSHOT_FILES
from orarchive.history.attempts import list_attempts
from orarchive.history.replay import ReplayState, replay
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_stamp
from tests.support.archives import DAY, HOUR, Stage, build_payloads, edit_records, make_archive, read_git
from tests.support.histories import NewCommit, make_commits, query_index, read_tables
from tests.support.replays import (
    HOURS,
    LAST,
    NOON,
    SixHours,
    assert_consistent,
    assert_same,
    change_finish,
    commit_by_hand,
    commit_code,
    read_commits,
    rename_model,
)


def test_straight_history(six_hours: SixHours, root: Path) -> None:
    names = assert_same(six_hours, root, six_hours.commits, *range(len(six_hours.commits)))
    assert read_commits(root) == names
    kinds = {kind for (kind,) in query_index(open_archive(root), "select kind from events")}
    assert kinds >= {"missing", "joined", "left", "gained", "repriced", "field_appeared", "policy_changed"}


def test_code_between_and_in_commits_of_data(six_hours: SixHours, root: Path) -> None:
    """Commits of code between those of data, and changes of code in commits of data, change nothing."""
    commits: list[NewCommit] = []
    for number, commit in enumerate(six_hours.commits):
        word = b"%d" % number
        if commits:
            commits.append(commit_code(commits[-1], content=word))
            commits.append(commit_code(commits[-1], "data/README.md", word))
        commits.append(
            commit.with_fields(files={**commit.files, "scrape.py": word, "data/models/README.md": word})
        )
    assert_same(six_hours, root, commits)


def test_branch_of_code_is_merged(six_hours: SixHours, root: Path) -> None:
    """Begin it before the third commit of data and merge it after the fifth."""
    side = commit_code(six_hours.commits[1])
    merge = commit_code(six_hours.commits[4])
    b = six_hours.commits
    names = assert_same(
        six_hours,
        root,
        [*b[:2], side, b[2].with_fields(parents=(1,)), b[3], b[4], merge.with_fields(parents=(5, 2)), *b[5:]],
    )
    assert read_commits(root) == [*names[:2], *names[3:6], *names[7:]]


def test_hours_on_the_second_parent_of_a_merge(six_hours: SixHours, root: Path) -> None:
    """Somebody merges the remote into local code, so that the hours are on the side of the second parent."""
    b = six_hours.commits
    local = commit_code(b[2])
    merge = commit_code(b[5]).with_fields(parents=(3, 6))
    names = assert_same(
        six_hours, root, [*b[:3], local, b[3].with_fields(parents=(2,)), b[4], b[5], merge, *b[6:]], 3, 7
    )
    assert read_commits(root) == [*names[:3], *names[4:7], *names[8:]]


def test_two_branches_with_different_hours(six_hours: SixHours, root: Path) -> None:
    """Hours 1 and 3 are on one branch, 2 and 4 on the other: each is what its own commit shows, in order."""
    odd, even = six_hours.select(0, 1, 3), six_hours.select(0, 2, 4)[2:]
    *first, second, third = six_hours.commits[3]["hours/2026-05.jsonl"].splitlines(keepends=True)
    merged = {"hours/2026-05.jsonl": b"".join([*first, third, second])}
    merge = commit_by_hand(six_hours.select(0, 1, 2, 3, 4)[-1]).with_fields(parents=(4, 6)).with_files(merged)
    commits = [
        *odd,
        even[0].with_fields(parents=(1,)),
        even[1],
        merge,
        six_hours.commits[-1].with_files(merged),
    ]
    names = assert_same(six_hours, root, commits, 4, 7)
    assert read_commits(root) == [names[at] for at in (0, 1, 2, 5, 3, 4, 6, 8)]


def test_two_writers_of_one_hour(six_hours: SixHours, root: Path) -> None:
    """After a merge both attempts are in the ledger, and each is what its own commit shows."""
    b = six_hours.commits
    path = "hours/2026-05.jsonl"
    theirs = rename_model(change_finish(b[2], 1), "Theirs").with_fields(parents=(1,))
    lines = b[2][path] + theirs[path].splitlines(keepends=True)[-1]
    commits = [*b[:3], theirs, commit_by_hand(b[2].with_files({path: lines})).with_fields(parents=(2, 3))]
    names = make_commits(root, commits)
    assert read_commits(root) == names[:4]
    assert query_index(open_archive(root), "select old, new from events where field = 'name'") == [
        ('"Google: Gemini 2.5 Pro"', '"Theirs"')
    ]
    assert_consistent(root, names, 2)


def test_branch_that_a_merge_dropped(six_hours: SixHours, root: Path) -> None:
    """Check that its hours are not in the ledger."""
    b = six_hours.commits
    dropped = rename_model(change_finish(b[2], 1), "Dropped").with_fields(parents=(1,))
    merge = commit_by_hand(b[2]).with_fields(parents=(2, 3))
    assert_same(six_hours, root, [*b[:3], dropped, merge, *b[3:]], 3, 4)


def test_first_commit_of_data_is_a_merge(six_hours: SixHours, root: Path) -> None:
    """Git would compare it with both of its parents."""
    b = six_hours.commits
    left, right = NewCommit({"README.md": b"About\n"}), NewCommit({"scrape.py": b"pass\n"}, parents=())
    names = make_commits(root, [left, right, b[0].with_fields(parents=(0, 1)), *b[1:]])
    assert read_tables(open_archive(root)) == six_hours.tables
    assert_consistent(root, names, 2)


def test_reverted_hour(six_hours: SixHours, root: Path, tmp_path: Path) -> None:
    """Check that it leaves no trace. It is the first of its month, so the ledger's file goes with it."""
    b = six_hours.commits
    head = [*b[:6], commit_by_hand(b[3], 'Revert "2026-06-01T00Z: 1 missing"\n')]
    names = make_commits(root, head)
    assert query_index(open_archive(root), "select max(hour) from attempts") == [(format_stamp(HOURS[2]),)]
    assert_consistent(root, names, 5)
    names = make_commits(root, [*head, *six_hours.select(0, 1, 2, 4, 5)[4:]])
    assert_consistent(root, names, 5, 6, 7)
    straight = make_archive(tmp_path / "straight")
    make_commits(straight, six_hours.select(0, 1, 2, 4, 5))
    assert read_tables(open_archive(root)) == read_tables(open_archive(straight))


@pytest.mark.parametrize("when", ["word for word the same", "at another moment"])
def test_reverted_hour_is_archived_again(six_hours: SixHours, root: Path, tmp_path: Path, when: str) -> None:
    """Check that its state is that of the second commit."""
    b = six_hours.commits
    again = [change_finish(commit, 3) for commit in b] if when == "at another moment" else b
    bad = [rename_model(commit, "Bad") for commit in b[4:6]]
    names = make_commits(root, [*b[:4], *bad, commit_by_hand(b[3], "Revert\n"), *again[4:]])
    assert read_commits(root) == [*names[:4], *names[7:]]
    assert_consistent(root, names, 5, 6, 7)
    straight = make_archive(tmp_path / "straight")
    make_commits(straight, again)
    assert read_tables(open_archive(root)) == read_tables(open_archive(straight))


def test_revert_of_a_revert(six_hours: SixHours, root: Path) -> None:
    """Check that the hour is what it was."""
    b = six_hours.commits
    back = [commit_by_hand(b[3], "Revert\n"), commit_by_hand(b[5], "Revert the revert\n")]
    names = assert_same(six_hours, root, [*b[:6], *back, *b[6:]], 6, 7)
    assert read_commits(root) == [*names[:6], *names[8:]]


def test_revert_of_a_revert_after_other_hours(six_hours: SixHours, root: Path) -> None:
    """Check that the first commit counts: the one that brings the line back also shows the hours since."""
    b = six_hours.commits
    without = six_hours.select(0, 1, 2, 4)[-1]
    names = assert_same(
        six_hours, root, [*b[:6], commit_by_hand(b[3], "Revert\n"), without, commit_by_hand(b[6]), b[7]], 7, 8
    )
    assert read_commits(root) == [*names[:6], names[7], names[9]]


def test_first_hour_is_reverted(six_hours: SixHours, root: Path) -> None:
    """Then the next one is the beginning, and not what changed since the hour that is gone."""
    b = six_hours.commits
    nothing = NewCommit({"README.md": b"About\n"}, "Revert\n", NOON)
    names = assert_same(six_hours, root, [*b[:2], nothing, *b], 1, 3)
    assert read_commits(root) == names[3:]


def test_git_revert(six_hours: SixHours, tmp_path: Path) -> None:
    """Git itself reverts the hour; then it is archived again, and the next hour."""
    stage = six_hours.stage.copy(tmp_path / "copy")
    names = [str(stage.archive.resolve_commit())]
    read_git(stage.root, "revert", "--no-edit", "HEAD")
    names.append(str(stage.archive.resolve_commit()))
    for number, hour in enumerate((LAST, LAST + HOUR)):
        stage.serve(edit_records(build_payloads(START), str(number)))
        assert stage.run(hour) == 0
        names.append(str(stage.archive.resolve_commit()))
    assert read_commits(stage.root)[-2:] == names[-2:]
    assert query_index(
        stage.archive, "select hour from events where kind = 'field_appeared' and key = 'edition'"
    ) == [(format_stamp(LAST),)] * len({"models", "endpoints", "providers"})
    assert_consistent(stage.root, names, 0, 1, 2)


@pytest.mark.parametrize("seed", range(2))
def test_random_history(stage: Stage, seed: int) -> None:
    """Days, outages, code and reverts by chance: the state at the end equals the files, byte by byte."""
    chance = random.Random(seed)
    routes = ["models", "endpoints/zdr", "models/*/endpoints", "providers"]
    names = []
    for number in range(10):
        stage.serve(build_payloads(START + chance.randrange(45) * DAY))
        if chance.random() < 0.3:
            stage.service.fail(chance.choice(routes), "503")
        stage.run(START + (9 * number + chance.randrange(9)) * HOUR)
        stage.service.heal()
        if number and chance.random() < 0.3:
            read_git(stage.root, "revert", "--no-edit", "HEAD")
        if chance.random() < 0.4:
            (stage.root / "README.md").write_text(str(number))
            read_git(stage.root, "add", "README.md")
            read_git(stage.root, "commit", "--quiet", "-m", "Code")
        names.append(str(stage.archive.resolve_commit()))
    assert_consistent(stage.root, names, 0, 1, 5, 6)
    state = ReplayState()
    for _ in replay(stage.archive, list_attempts(stage.archive, [names[-1]]), None, state):
        pass
    assert write_lines(state) == {
        path: data for path, data in stage.archive.read_files("HEAD", SNAPSHOT_FILES).items() if data
    }


def write_lines(state: ReplayState) -> dict[str, bytes]:
    """Return the files that the lines of a state make up."""
    return {
        path: b"".join(line.text + b"\n" for _, line in sorted(lines.items()))
        for path, lines in state.files.items()
        if lines
    }
