"""Files and commits that the archive did not write: they are read, or refused in one line."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from orarchive.errors import ArchiveError
from orarchive.index.database import open_index
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, sample_service
from orarchive.store.git import run_git
from tests.support import hostile_values
from tests.support.all_readers import ask, commit_by_hand, run_everything, site, with_rankings
from tests.support.archives import DAY, HOUR, Stage, assert_tidy, read_git
from tests.support.rankings import EARLY


@hostile_values.examples(8)
@given(hostile_values.CHANCES)
def test_any_file(
    two_hours: Stage,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    chance: random.Random,
) -> None:
    """Whatever is in it, each command ends with an answer or an error message."""
    stage = two_hours.copy(tmp_path_factory.mktemp("garbled") / "archive")
    paths = sorted(path.relative_to(stage.root / "data") for path in stage.root.glob("data/*/*.jsonl"))
    chosen = [str(path) for path in chance.sample(paths, chance.choice([1, 1, 3]))]
    chosen += ["hours/2026-06.jsonl"] if chance.randrange(3) == 0 else []
    commit_by_hand(
        stage,
        {path: hostile_values.garble(chance, (stage.root / "data" / path).read_bytes()) for path in chosen},
    )
    run_everything(stage, monkeypatch)


LINES = {
    # case: file, a line of it, and words of the error
    "no key": ("models/facts.jsonl", b'{"name":"x"}', "line 1: member 'id' is missing"),
    "a key that is a list": (
        "models/facts.jsonl",
        b'{"id":["x"]}',
        "line 1: member 'id' is missing",
    ),
    "no number of an endpoint": (
        "zdr/facts.jsonl",
        b'{"model_id":"x","tag":"y"}',
        "member 'n' is missing",
    ),
    "a current rate of a model without prices": (
        "models/spot.jsonl",
        b'{"id":"openrouter/auto"}',
        "never wrote",
    ),
    "an endpoint without facts": (
        "endpoints/facts.jsonl",
        b'{"model":"x","n":0,"tag":"y"}',
        "is not in facts",
    ),
    "a number for the list of lacking fields": (
        "endpoints/models.jsonl",
        b'{"lacks":5,"model":"x"}',
        "never wrote",
    ),
    "a number for a response": (
        "endpoints/models.jsonl",
        b'{"model":"x","response":{"data":5}}',
        "never wrote",
    ),
    "no list of endpoints": ("images/endpoints.jsonl", b'{"model":"x"}', "never wrote"),
    "a list of texts for endpoints": (
        "images/endpoints.jsonl",
        b'{"endpoints":["x"],"model":"x"}',
        "has no list of endpoints",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_that_the_archive_never_wrote(two_hours: Stage, tmp_path: Path, case: str) -> None:
    """The next run names it and changes nothing."""
    path, line, message = LINES[case]
    stage = two_hours.copy(tmp_path / "archive")
    commit_by_hand(stage, {path: line + b"\n"})
    before = stage.archive.resolve_commit()
    with pytest.raises(ArchiveError, match=message):
        stage.run(START + 2 * HOUR)
    assert stage.archive.resolve_commit() == before
    assert_tidy(stage.root)


READ_REPORT = {"outcome": "ok", "scope": "", "sha256": "", "requests": 1, "rows": 1, "read": {}}

LEDGERS: dict[str, tuple[list[str], Any]] = {
    # case: path of a member of the line, and its new value
    "an enormous age": (["feeds", "models", "age"], 10**17),
    "year 1": (["hour"], "0001-01-01T00:00:00Z"),
    "the last year of the calendar": (["started"], "9999-12-31T23:59:59Z"),
    "reasons that are numbers": (["feeds", "models", "reasons"], [1, None]),
    "keys kept for a list": (["feeds", "endpoints", "kept"], {"x": []}),
    "vanished models with numbers": (["feeds", "models", "vanished"], {"x": 1}),
    "relations that are words": (["relations", "zdr_without_endpoint"], "many"),
    "notes that are objects": (["notes"], [{}]),
    "a number for missing dates": (["rankings"], {"models": READ_REPORT | {"missing": {"": 5}}}),
}


@pytest.mark.parametrize("case", LEDGERS)
def test_a_line_of_the_ledger_with_a_wrong_member(
    two_hours: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Every command refuses the ledger and names the line."""
    stage = two_hours.copy(tmp_path / "archive")
    path = stage.root / "data/hours/2026-06.jsonl"
    *lines, last = path.read_bytes().splitlines(keepends=True)
    line = node = loads(last)
    (*outer, name), value = LEDGERS[case]
    for step in outer:
        node = node[step]
    node[name] = value
    commit_by_hand(stage, {"hours/2026-06.jsonl": b"".join([*lines, dumps(line), b"\n"])})
    assert run_everything(stage, monkeypatch) == [2, 2]
    assert f"line {len(lines) + 1}: not a line of the ledger" in ask(stage, "verify").stderr


TEXT_MEMBERS = (
    *(["origin"], ["version"], ["feeds", "models", "outcome"], ["feeds", "models", "scope"]),
    *(
        ["feeds", "models", "sha256"],
        ["rankings", "models", "read", "\ud800"],
        ["rankings", "models", "kept", ""],
    ),
)
"""Paths of members of a line whose texts go into tables of the index as they are."""


@pytest.mark.parametrize("member", TEXT_MEMBERS, ids=ascii)
def test_a_lone_surrogate_in_a_line_of_the_ledger(
    two_hours: Stage, tmp_path: Path, member: list[str]
) -> None:
    """JSON can carry it, SQLite cannot: the index has an escape, and the site is built."""
    stage = two_hours.copy(tmp_path / "archive")
    path = stage.root / "data/hours/2026-06.jsonl"
    line = node = loads(path.read_bytes().splitlines()[-1])
    line |= {"attempt": 9, "rankings": {"models": READ_REPORT | {"kept": {}}}}
    *outer, name = member
    for step in outer:
        node = node[step]
    node[name] = "\ud800"
    commit_by_hand(stage, {"hours/2026-06.jsonl": path.read_bytes() + dumps(line) + b"\n"})
    assert "index.html" in site(stage)
    with open_index(stage.archive) as db:
        assert "\\ud800" in "".join(db.iterdump())


@pytest.mark.parametrize("year", ["0001", "1999", "9999"])
def test_hours_of_years_without_an_archive(two_hours: Stage, year: str) -> None:
    """They are refused: arithmetic with the first or last hour of the calendar would overflow."""
    hour = f"{year}-01-01T00Z"
    for question in (["status", "--now", hour], ["report", "--now", hour], ["at", hour, "models"]):
        assert ask(two_hours, *question).exit_code == 2
    assert ask(two_hours, "price", "openrouter/auto", "--at", f"{year}-12-31T23:59Z").exit_code == 2


@pytest.mark.usefixtures("few_ranked")
def test_rows_of_rankings_that_were_committed_by_hand(tmp_path: Path) -> None:
    """Lines that are no rows are ignored, now and in every later site; a run of rankings refuses them."""
    stage = with_rankings(tmp_path / "archive")
    path = stage.root / "data/rankings/models/2025-01.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    row = loads(lines[0])
    changes = ({"date": "9999-99-99"}, {"date": "9999-12-31"}, {"date": 5}, {"model_permaslug": None})
    path.write_bytes(b"".join([*lines, *(dumps(row | change) + b"\n" for change in changes)]))
    read_git(stage.root, "commit", "--quiet", "-am", "By hand")
    with sample_service(EARLY) as service:
        stage.service = service
        with pytest.raises(ArchiveError, match=rf"2025-01\.jsonl, line {len(lines) + 1}: no row of models"):
            stage.run(EARLY + 2 * DAY, feeds=(), rankings=True)
        assert stage.run(EARLY + 2 * DAY, feeds=("models",)) == 0
        duplicate = dumps(row | {"total_tokens": "1"}) + b"\n"
        path.write_bytes(path.read_bytes() + b"<<<<<<< ours\n[]\n" + duplicate + b'{"date":\n')
        read_git(stage.root, "commit", "--quiet", "-am", "By hand")
        assert stage.run(EARLY + 2 * DAY + HOUR, feeds=("models",)) == 0
    assert "rankings/index.html" in site(stage)


@pytest.mark.usefixtures("few_ranked")
def test_an_order_with_conflict_markers(tmp_path: Path) -> None:
    """Lines that are no rows are ignored."""
    stage = with_rankings(tmp_path / "archive")
    order = stage.root / "data/rankings/order.jsonl"
    order.write_bytes(b"{}\n=======\n" + order.read_bytes())
    read_git(stage.root, "commit", "--quiet", "-a", "--amend", "--no-edit")
    assert "rankings/index.html" in site(stage)


Change = Callable[[Stage], None]
AUTHOR = b"author A <a@example.org> 1780000000 +0000"


def commit_raw(head: bytes = AUTHOR, message: bytes = b"By hand\n") -> Change:
    """Return a change that commits the ledger with a head and a message that git itself would not write."""

    def commit(stage: Stage) -> None:
        path = stage.root / "data/hours/2026-06.jsonl"
        path.write_bytes(path.read_bytes().replace(b"{", b'{"added":1,', 1))
        read_git(stage.root, "add", "data")
        tree, parent = read_git(stage.root, "write-tree"), read_git(stage.root, "rev-parse", "HEAD")
        names = f"tree {tree}\nparent {parent}\n".encode()
        content = names + head + b"\ncommitter " + AUTHOR[7:] + b"\n\n" + message
        command = ("hash-object", "-t", "commit", "--literally", "-w", "--stdin")
        name = run_git(stage.root, *command, stdin=content).decode().strip()
        read_git(stage.root, "reset", "--quiet", "--hard", name)

    return commit


def commit_data(edit: Callable[[Path], None]) -> Change:
    """Return a change that edits the folder data/ and commits the result."""

    def commit(stage: Stage) -> None:
        edit(stage.root / "data")
        commit_by_hand(stage, {})

    return commit


def add_unusual_names(data: Path) -> None:
    for name in (
        b"\xff\xfe.jsonl",
        b'a"b\\c\n.jsonl',
        "\u202e\u2028.jsonl".encode(),
        b"hours\t2026-06.jsonl",
    ):
        (Path(os.fsdecode(bytes(data) + b"/models/" + name))).write_bytes(b"{}\n")


def link_file(data: Path) -> None:
    (data / "models/facts.jsonl").unlink()
    (data / "models/facts.jsonl").symlink_to("prices.jsonl")


def link_folder(data: Path) -> None:
    (data / "providers").rename(data / "moved")
    (data / "providers").symlink_to("moved")


def replace_file_by_folder(data: Path) -> None:
    (data / "models/facts.jsonl").unlink()
    (data / "models/facts.jsonl").mkdir()
    (data / "models/facts.jsonl/x").write_bytes(b"")


def rename_file(data: Path) -> None:
    (data / "models/facts.jsonl").rename(data / "models/FACTS.jsonl")


def make_executable(data: Path) -> None:
    (data / "models/facts.jsonl").chmod(0o755)


def commit_submodule(path: str) -> Change:
    """Return a change that commits a submodule at a path."""

    def commit(stage: Stage) -> None:
        head = read_git(stage.root, "rev-parse", "HEAD")
        read_git(stage.root, "rm", "--quiet", "-r", "--ignore-unmatch", "--", path)
        read_git(stage.root, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
        read_git(stage.root, "commit", "--quiet", "-m", "By hand")
        read_git(stage.root, "reset", "--quiet", "--hard")

    return commit


def merge_three_branches(stage: Stage) -> None:
    start = read_git(stage.root, "rev-parse", "HEAD")
    for branch in ("one", "two", "three"):
        read_git(stage.root, "checkout", "--quiet", "-b", branch, start)
        commit_by_hand(stage, {f"{branch}.txt": b""})
    read_git(stage.root, "checkout", "--quiet", "main")
    read_git(stage.root, "merge", "--quiet", "-m", "All", "one", "two", "three")


COMMITS: dict[str, tuple[Change, list[int]]] = {
    # case: the change, and the exit codes of the next run and of the site
    "a time beyond the calendar": (commit_raw(AUTHOR.replace(b"1780000000", b"9" * 15)), [0, 0]),
    "no time": (commit_raw(b"author nobody"), [0, 0]),
    "a negative time": (commit_raw(AUTHOR.replace(b"1780000000", b"-5")), [0, 0]),
    "no message": (commit_raw(message=b""), [0, 0]),
    "a long message": (commit_raw(message=b"x" * 1_000_000), [0, 0]),
    "an attempt that is not UTF-8": (commit_raw(message=b"x\n\nAttempt: \xff\n"), [0, 0]),
    "an attempt with line separators": (
        commit_raw(message="x\n\nAttempt: 1\u2028a b c\x0bd e f\n".encode()),
        [0, 0],
    ),
    "another encoding": (commit_raw(AUTHOR, b"\xa4\n\nAttempt: \xa4\n"), [0, 0]),
    "unusual names": (commit_data(add_unusual_names), [0, 0]),
    "a link": (commit_data(link_file), [2, 0]),
    "a link to a folder": (commit_data(link_folder), [0, 0]),
    "a folder for a file": (commit_data(replace_file_by_folder), [2, 0]),
    "another name": (commit_data(rename_file), [2, 0]),
    "an executable file": (commit_data(make_executable), [0, 0]),
    "a submodule": (commit_submodule("data/x"), [0, 0]),
    "a submodule for a file": (commit_submodule("data/models/facts.jsonl"), [2, 0]),
    "an octopus": (merge_three_branches, [0, 0]),
}


@pytest.mark.parametrize("case", COMMITS)
def test_a_commit_by_hand(
    two_hours: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Every command ends with an answer or an error message, the next run and the site with these codes."""
    change, codes = COMMITS[case]
    stage = two_hours.copy(tmp_path / "archive")
    change(stage)
    assert run_everything(stage, monkeypatch) == codes


def test_an_archive_in_a_folder_whose_name_is_not_utf_8(
    two_hours: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = two_hours.copy(tmp_path / os.fsdecode(b"\xff"))
    assert run_everything(stage, monkeypatch) == [0, 0]
