"""The branch of health: written with the hour, pushed with it, read with it, and cut without harm to it."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest

from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.snapshot import parse_snapshot_files
from orarchive.errors import ArchiveError
from orarchive.history.history import read_history
from orarchive.history.verify import verify
from orarchive.sample import START, Service
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import (
    HEALTH_REF,
    HealthMissingError,
    find_health_entry,
    list_health_commits,
    read_health,
)
from orarchive.store.health_commits import align_branch, cut_branch, move_branch
from orarchive.store.ledger import HealthEntry
from tests.support.archives import (
    HOUR,
    Stage,
    assert_health_sound,
    build_payloads,
    edit_records,
    make_archive,
    read_git,
    read_whole_snapshot,
)
from tests.support.histories import query_index
from tests.support.six_hours import run_orarchive
from tests.support.writers import Writers

HOURS = [START + number * HOUR for number in range(4)]
BODIES = [edit_records(build_payloads(hour), f"hour {number}") for number, hour in enumerate(HOURS)]
STATES = "select health from attempts order by attempt"


@pytest.fixture(scope="module")
def four_hours(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Archive four hours."""
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("health") / "archive"))
    for hour, bodies in zip(HOURS, BODIES, strict=True):
        stage.serve(bodies)
        assert stage.run(hour) == 0
    return stage


@pytest.fixture
def archive(four_hours: Stage, tmp_path: Path) -> Archive:
    """Return a copy of the archive of four hours."""
    return four_hours.copy(tmp_path / "copy").archive


def clone(archive: Archive, folder: Path, *options: str) -> Archive:
    """Clone an archive into a folder."""
    read_git(folder.parent, "clone", "--quiet", *options, f"file://{archive.root}", folder.name)
    return open_archive(folder)


def list_names(archive: Archive) -> list[str]:
    """Return the commits of health that the ledger names, oldest first, each once."""
    lines = read_history(archive).attempts
    return list(dict.fromkeys(line["health"]["commit"] for line in lines if "health" in line))


# --- what an hour writes ------------------------------------------------------------------------------------


def test_each_hour_has_a_commit_that_its_ledger_line_names(archive: Archive) -> None:
    names = read_git(archive.root, "rev-list", "--reverse", HEALTH_REF).split()
    assert list_names(archive) == names
    assert len(names) == len(HOURS)
    for line in read_history(archive).attempts:
        if "health" in line:
            content = read_health(archive, line["health"], HOURS[0])
            assert hashlib.sha256(content).hexdigest() == line["health"]["sha256"]
    assert "2026" in read_git(archive.root, "log", "-1", "--format=%s", HEALTH_REF)


def test_main_has_no_health_and_the_branch_nothing_else(archive: Archive) -> None:
    assert HEALTH_PATH not in archive.list_blobs("HEAD")
    assert read_git(archive.root, "ls-tree", "-r", "--name-only", HEALTH_REF).split() == [
        "README.md",
        f"data/{HEALTH_PATH}",
    ]
    assert not (archive.data_folder / HEALTH_PATH).exists()


def test_an_hour_without_other_health_names_the_commit_before(four_hours: Stage, tmp_path: Path) -> None:
    stage = four_hours.copy(tmp_path / "same")
    before = stage.archive.resolve_commit(HEALTH_REF)
    stage.serve(BODIES[-1])
    assert stage.run(HOURS[-1] + HOUR) == 0
    entry = find_health_entry(stage.read_attempts())
    assert entry
    assert entry["commit"] == before == stage.archive.resolve_commit(HEALTH_REF)


def test_a_run_on_the_branch_of_health_is_refused(archive: Archive) -> None:
    read_git(archive.root, "symbolic-ref", "HEAD", HEALTH_REF)
    result = run_orarchive("scrape", "--archive", archive.root, "--hour", "2026-06-09T00Z")
    assert result.returncode == 2
    assert "the branch health is for health alone; archive into another one" in result.stderr


# --- killed between the two branches ------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 4])
def test_the_branch_follows_the_ledger_of_a_killed_run(archive: Archive, lost: int) -> None:
    """A run was killed before it moved the branch of health: the objects are there."""
    names = list_names(archive)
    move_branch(archive, ([None] * 4 + [*names])[-1 - lost])
    align_branch(archive, read_history(archive).attempts)
    assert archive.resolve_commit(HEALTH_REF) == names[-1]
    assert_health_sound(archive)


def test_a_run_with_nothing_due_repairs_the_branch(four_hours: Stage, tmp_path: Path) -> None:
    stage = four_hours.copy(tmp_path / "killed")
    tip = stage.archive.resolve_commit(HEALTH_REF)
    move_branch(stage.archive, list_names(stage.archive)[0])
    assert stage.run(HOURS[-1]) == 0
    assert stage.archive.resolve_commit(HEALTH_REF) == tip


# --- clones that lack it ------------------------------------------------------------------------------------


def test_a_clone_of_one_branch_is_read_without_health(archive: Archive, tmp_path: Path) -> None:
    small = clone(archive, tmp_path / "small", "--single-branch")
    hour = HOURS[1].strftime("%Y-%m-%dT%HZ")
    shown = run_orarchive("at", "--archive", small.root, hour, "endpoints")
    assert shown.returncode == 0
    assert "which this clone lacks; git fetch origin +health:health brings it" in shown.stderr
    assert '"status"' not in shown.stdout
    raw = run_orarchive("raw", "--archive", small.root, hour, "endpoints")
    assert raw.returncode == 2
    assert "git fetch origin +health:health" in raw.stderr
    assert {*query_index(small, STATES)} <= {("not fetched",), (None,)}
    findings = verify(read_history(small))
    assert not findings.wrong
    assert findings.health_absent == len(read_history(small).attempts)
    read_git(small.root, "fetch", "--quiet", "origin", "health:health")
    assert run_orarchive("raw", "--archive", small.root, hour, "endpoints").returncode == 0


def test_an_index_without_health_is_built_anew_once_it_is_here(archive: Archive, tmp_path: Path) -> None:
    small = clone(archive, tmp_path / "small", "--single-branch")
    cache = tmp_path / "cache"
    command = ("index", "--archive", small.root, "--cache", cache, "--json")
    assert run_orarchive(*command).returncode == 0
    read_git(small.root, "fetch", "--quiet", "origin", "health")
    assert run_orarchive(*command).returncode == 0
    read_git(small.root, "update-ref", HEALTH_REF, "FETCH_HEAD")
    assert run_orarchive(*command).returncode == 0
    assert query_index(small, "select count(*) > 0 from health") == [(1,)]
    rows = run_orarchive("index", "--archive", small.root, "--cache", cache, "--out", tmp_path / "a.sqlite")
    assert rows.returncode == 0


def test_a_clone_of_depth_1_archives_without_the_health_before(
    archive: Archive, four_hours: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An endpoint that cannot be read keeps its record, but for its health; all others are whole."""
    small = clone(archive, tmp_path / "small", "--depth=1")
    stage = Stage(four_hours.service, small.root)
    stage.serve(BODIES[0])
    assert stage.run(HOURS[-1] + HOUR) == 0
    assert "Archiving without the health of the hour before" in caplog.text
    assert stage.read_snapshot()["endpoints"]
    read_git(small.root, "fetch", "--quiet", "origin", "health:refs/orarchive/health")
    align_branch(small, stage.read_attempts())
    names = list_names(archive)
    assert [*list_health_commits(small)][::-1][:4] == names
    assert len(list_health_commits(small)) == len(names) + 1


# --- two writers --------------------------------------------------------------------------------------------


@pytest.fixture
def writers(begun: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writers:
    """Return two writers of one remote."""
    writers = Writers(begun, tmp_path, monkeypatch)
    writers.ours.serve(BODIES[1])
    return writers


def test_both_branches_are_pushed(writers: Writers) -> None:
    assert writers.ours.run(START + HOUR, push=True) == 0
    remote = open_archive(writers.theirs.root)
    read_git(remote.root, "pull", "--quiet", "--ff-only")
    read_git(remote.root, "fetch", "--quiet", "origin", "+health:health")
    assert_health_sound(remote)
    assert not verify(read_history(remote)).wrong


def test_the_health_of_a_lost_race_is_not_pushed(writers: Writers) -> None:
    writers.before = [lambda: writers.archive_theirs(START + HOUR, BODIES[2])]
    assert writers.ours.run(START + 2 * HOUR, push=True) == 0
    assert writers.lost == 1
    names = read_git(writers.remote, "rev-list", "--reverse", "health").split()
    read_git(writers.theirs.root, "pull", "--quiet", "--ff-only")
    assert list_names(writers.theirs.archive) == names
    assert read_git(writers.remote, "rev-list", "--merges", "health") == ""


def test_a_refused_push_leaves_both_branches(writers: Writers) -> None:
    """The remote refuses main: it gets no health either."""
    hook = writers.remote / "hooks/update"
    hook.parent.mkdir()
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ]\n')
    hook.chmod(0o755)
    before = read_git(writers.remote, "for-each-ref")
    with pytest.raises(ArchiveError, match="git push failed"):
        writers.ours.run(START + HOUR, push=True)
    assert read_git(writers.remote, "for-each-ref") == before
    hook.unlink()
    assert writers.ours.run(START + HOUR, push=True) == 0
    assert len(read_git(writers.remote, "rev-list", "health").split()) == 2


def test_two_branches_of_records_share_the_branch_of_health(writers: Writers) -> None:
    """Theirs archives into another branch: neither archive loses health, here or at the remote."""
    read_git(writers.theirs.root, "switch", "--quiet", "--create", "trial")
    writers.theirs.serve(BODIES[0])
    assert writers.theirs.run(START + HOUR, push=True) == 0
    assert writers.ours.run(START + HOUR, push=True) == 0
    writers.theirs.serve(BODIES[2])
    assert writers.theirs.run(START + 2 * HOUR, push=True) == 0
    read_git(writers.theirs.root, "fetch", "--quiet", "origin", "+health:refs/remotes/origin/health")
    for branch in ("main", "trial"):
        whole = clone(Archive(writers.remote, writers.remote), writers.remote.parent / branch, "-b", branch)
        assert {*list_names(whole)} <= {*list_health_commits(whole)}
        assert not verify(read_history(whole)).wrong


def test_branches_of_health_that_grew_apart_are_joined(writers: Writers) -> None:
    """A run of ours could not push; theirs archived into another branch meanwhile."""
    read_git(writers.theirs.root, "switch", "--quiet", "--create", "trial")
    assert writers.ours.run(START + HOUR) == 0
    writers.theirs.serve(BODIES[3])
    assert writers.theirs.run(START + HOUR, push=True) == 0
    writers.ours.serve(BODIES[2])
    assert writers.ours.run(START + 2 * HOUR, push=True) == 0
    for branch in ("main", "trial"):
        whole = clone(Archive(writers.remote, writers.remote), writers.remote.parent / branch, "-b", branch)
        assert {*list_names(whole)} <= {*list_health_commits(whole)}
        assert not verify(read_history(whole)).wrong
    assert read_git(writers.remote, "rev-list", "--merges", "health") == ""


# --- old health cut off -------------------------------------------------------------------------------------


def test_a_cut_leaves_what_the_ledger_names_readable(archive: Archive) -> None:
    before = {name: read_health(archive, entry, hour) for hour, name, entry in list_entries(archive)}
    assert cut_branch(archive, HOURS[2], read_history(archive).attempts, b"") == 2
    kept = list_names(archive)[2:]
    assert {*list_health_commits(archive)} == {*kept}
    assert archive.resolve_commit(HEALTH_REF) != kept[-1]
    archive.run_git("reflog", "expire", "--expire=now", "--all")
    archive.run_git("gc", "--quiet", "--prune=now")
    for hour, name, entry in list_entries(archive):
        if name in kept:
            assert read_health(archive, entry, hour) == before[name]
        else:
            with pytest.raises(HealthMissingError, match="was cut off"):
                read_health(archive, entry, hour)
    findings = verify(read_history(archive))
    assert not findings.wrong
    assert findings.health_absent > 0
    assert {state for (state,) in query_index(archive, STATES)} == {"cut off", "read"}
    assert cut_branch(archive, HOURS[2], read_history(archive).attempts, b"") == 0
    assert cut_branch(archive, HOURS[3], read_history(archive).attempts, b"") == 1
    assert [*list_health_commits(archive)] == kept[-1:]


def list_entries(archive: Archive) -> list[tuple[dt.datetime, str, HealthEntry]]:
    """Return hour, commit and entry of each attempt with health."""
    return [
        (attempt.hour, attempt.attempt["health"]["commit"], attempt.attempt["health"])
        for attempt in read_history(archive).attempt_commits
        if "health" in attempt.attempt
    ]


@pytest.mark.parametrize("depth", ["whole", "depth 1"])
def test_an_hour_goes_on_top_of_a_cut_branch(writers: Writers, depth: str) -> None:
    writer = writers.theirs if depth == "whole" else writers.ours
    assert writers.ours.run(START + HOUR, push=True) == 0
    cutter = clone(Archive(writers.remote, writers.remote), writers.remote.parent / "cutter")
    read_git(cutter.root, "branch", "--quiet", "health", "origin/health")
    assert cut_branch(cutter, START + HOUR, read_history(cutter).attempts, b"") == 1
    read_git(cutter.root, "push", "--quiet", "--force", "origin", "health")
    writer.serve(BODIES[3])
    assert writer.run(START + 2 * HOUR, push=True) == 0
    assert len(read_git(writers.remote, "rev-list", "health").split()) == 2
    whole = clone(Archive(writers.remote, writers.remote), writers.remote.parent / "last")
    findings = verify(read_history(whole))
    assert (findings.wrong, findings.health_lost) == (False, [])


# --- damage -------------------------------------------------------------------------------------------------


def test_health_that_is_not_what_was_hashed_is_named(archive: Archive) -> None:
    tree = archive.run_git("rev-parse", f"{list_names(archive)[0]}^{{tree}}")
    name = list_names(archive)[-1]
    commit = archive.run_git("commit-tree", tree, "-m", f"other\n\nStands-For: {name}\n")
    move_branch(archive, commit)
    findings = verify(read_history(archive))
    assert any(line.endswith(" health") for line in findings.differs)
    assert {state for (state,) in query_index(archive, STATES)} == {"not fetched", "damaged"}


def test_health_that_the_branch_lacks_is_named(archive: Archive) -> None:
    """Of four commits the second is not on the branch any more."""
    names, last = list_names(archive), ""
    for name in (names[0], *names[2:]):
        tree = archive.run_git("rev-parse", f"{name}^{{tree}}")
        parent = ["-p", last] if last else []
        message = archive.run_git("log", "-1", "--format=%B", name)
        last = archive.run_git("commit-tree", tree, *parent, "-m", f"{message}\nStands-For: {name}\n")
    move_branch(archive, last)
    findings = verify(read_history(archive))
    assert findings.health_lost == ["2026-06-01T01Z"]
    assert ("not found",) in query_index(archive, STATES)


def test_health_of_another_archive_is_not_cut(archive: Archive) -> None:
    read_git(archive.root, "reset", "--quiet", "--hard", "HEAD~3")
    tip = archive.resolve_commit(HEALTH_REF)
    with pytest.raises(ArchiveError, match="nothing is cut off: the ledger here does not name 1 commit"):
        cut_branch(archive, HOURS[2], read_history(archive).attempts, b"")
    assert archive.resolve_commit(HEALTH_REF) == tip


def test_fields_of_health_do_not_appear_because_old_health_is_not_here(archive: Archive) -> None:
    cut_branch(archive, HOURS[2], read_history(archive).attempts, b"")
    assert query_index(archive, "select key from events where kind = 'field_appeared'") == []


def test_a_snapshot_has_the_health_as_it_was_sent(archive: Archive) -> None:
    files = archive.read_files("HEAD")
    without = parse_snapshot_files(files.get)["endpoints"]
    (key, response), *_ = read_whole_snapshot(archive, "HEAD")["endpoints"].items()
    names = {name for row in response["data"]["endpoints"] for name in row}
    assert names - {name for row in without[key]["data"]["endpoints"] for name in row} >= {"status"}
