"""Replay of files that are broken, unknown, renamed, or hold hostile texts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orarchive.jsonl import dumps, loads
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_stamp
from tests.support.archives import make_archive
from tests.support.histories import (
    NewCommit,
    Tables,
    build_index,
    grow_index,
    make_commits,
    query_index,
    read_facts,
    read_tables,
)
from tests.support.replays import (
    FACTS,
    HOURS,
    MODEL,
    SixHours,
    assert_consistent,
    assert_same,
    commit_by_hand,
    edit_field,
    edit_lines,
    read_commits,
)

PRICES = "models/prices.jsonl"

ITEMS = "endpoints/facts.jsonl"

TIME_OF_DAY_MODEL = "deepseek/deepseek-v4-pro"
"""A model with time-of-day prices."""


def append_line(line: bytes, path: str = FACTS) -> Callable[[NewCommit], NewCommit]:
    """Return a change of a commit: one more line in a file."""
    return lambda commit: commit.with_files({path: commit[path] + line + b"\n"})


def leave_conflict(commit: NewCommit) -> NewCommit:
    """Return the commit with the marks of a conflict in a file."""
    first, *rest = commit[FACTS].splitlines(keepends=True)
    marked = [b"<<<<<<< HEAD\n", first, b"=======\n", first, b">>>>>>> theirs\n", *rest]
    return commit.with_files({FACTS: b"".join(marked)})


def remove_line(path: str) -> Callable[[NewCommit], NewCommit]:
    """Return a change of a commit: a model's line is gone from a file."""
    return lambda commit: edit_lines(
        commit, path, lambda lines: [line for line in lines if line.get("id", line.get("model")) != MODEL]
    )


def move_line_to_unknown_file(commit: NewCommit) -> NewCommit:
    """Return the commit with a model's line only in a file that the archive does not write."""
    return remove_line(FACTS)(commit).with_files({"models/mine.jsonl": dumps({"id": MODEL}) + b"\n"})


def remove_prices(commit: NewCommit) -> NewCommit:
    """Return the commit without the prices of a model whose current rates are in another file."""
    return edit_lines(
        commit, PRICES, lambda lines: [line for line in lines if line["id"] != TIME_OF_DAY_MODEL]
    )


def set_prices_null(commit: NewCommit) -> NewCommit:
    """Return the commit with null as the prices of a model whose current rates are in another file."""
    return edit_field(commit, PRICES, "pricing", None, TIME_OF_DAY_MODEL)


def repeat_line(commit: NewCommit) -> NewCommit:
    """Return the commit with a line twice in a file."""
    return append_line(commit[FACTS].splitlines()[3])(commit)


BROKEN: dict[str, tuple[Callable[[NewCommit], NewCommit], str]] = {
    "bad JSON": (append_line(b'{"id":"x'), "data/models/facts.jsonl: Unterminated string"),
    "cut off": (lambda commit: commit.with_files({FACTS: commit[FACTS][:-9]}), "data/models/facts.jsonl: "),
    "conflict": (leave_conflict, "data/models/facts.jsonl: Expecting value"),
    "a key twice": (repeat_line, "data/models/facts.jsonl: two lines for"),
    "a new key twice": (append_line(b'{"id":"a/b"}\n{"id":"a/b"}'), "data/models/facts.jsonl: two lines for"),
    "no base line": (remove_line(FACTS), "data/models/facts.jsonl has no line for ('google/gemini-2.5-"),
    "a base line in an unknown file": (move_line_to_unknown_file, "data/models/facts.jsonl has no line for"),
    "no endpoint": (remove_line(ITEMS), "data/endpoints/facts.jsonl has no line for"),
    "prices without a model": (append_line(b'{"id":"a/b","pricing":{}}', PRICES), "facts.jsonl has no line"),
    "current rates without prices": (remove_prices, "data/models/spot.jsonl has a line for"),
    "current rates, prices null": (set_prices_null, "data/models/spot.jsonl has a line for"),
    "a list": (append_line(b'["x"]'), "data/models/facts.jsonl: a line that is not an object"),
    "null": (append_line(b"null"), "a line that is not an object"),
    "empty line": (append_line(b""), "data/models/facts.jsonl: Expecting value"),
    "no key": (append_line(b'{"name":"x"}'), "data/models/facts.jsonl: a line without a proper 'id'"),
    "key is a number": (append_line(b'{"id":5}'), "a line without a proper 'id'"),
    "key is a list": (append_line(b'{"id":["x"]}'), "a line without a proper 'id'"),
    "n is a word": (append_line(b'{"model":"a/b","tag":"c","n":"0"}', ITEMS), "proper 'n'"),
    "n is true": (append_line(b'{"model":"a/b","tag":"c","n":true}', ITEMS), "proper 'n'"),
    "a model twice": (append_line(b'{"model":"openrouter/auto"}', "endpoints/models.jsonl"), "two lines for"),
    "bad UTF-8": (append_line(b'{"id":"\xff"}'), "data/models/facts.jsonl: 'utf-8' codec can't decode"),
    "a name twice": (append_line(b'{"id":"x","id":"y"}'), "a name appears twice"),
    "NaN": (append_line(b'{"id":"x","score":NaN}'), "NaN is not JSON"),
}  # fmt: skip


@pytest.fixture(scope="module")
def facts_without_second_hour(six_hours: SixHours, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Return the tables of a history in which the second hour says nothing."""
    root = make_archive(tmp_path_factory.mktemp("without") / "archive")
    make_commits(root, six_hours.select(0, 2, 3, 4, 5))
    return read_facts(open_archive(root))


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_file_is_named_and_skipped(
    six_hours: SixHours, root: Path, facts_without_second_hour: Tables, kind: str
) -> None:
    """Nothing comes of that attempt, and the next one is right."""
    change, word = BROKEN[kind]
    b = six_hours.commits
    names = make_commits(root, [*b[:2], change(b[2]), *b[3:]])
    broken = query_index(
        open_archive(root), "select hour, commit_id, broken from attempts where broken is not null"
    )
    assert [row[:2] for row in broken] == [(format_stamp(HOURS[1]), names[2])]
    assert word in broken[0][2]
    good = f"select sum(good) from reads where hour = '{format_stamp(HOURS[1])}'"
    assert query_index(open_archive(root), good) == [(0,)]
    assert read_facts(open_archive(root)) == facts_without_second_hour


@pytest.mark.parametrize("number", [0, 2, 7])
def test_broken_file_at_any_position(six_hours: SixHours, root: Path, number: int) -> None:
    """In the first two commits, in the middle, in the last one: each is named, the rest is right."""
    b = [
        leave_conflict(commit) if at in (number, number + 1) else commit
        for at, commit in enumerate(six_hours.commits)
    ]
    names = make_commits(root, b)
    broken = query_index(open_archive(root), "select commit_id from attempts where broken is not null")
    assert broken == [(name,) for name in names[number : number + 2]]
    assert_consistent(root, names, number, min(number + 1, 7))


def test_broken_file_is_mended_by_hand(six_hours: SixHours, root: Path) -> None:
    """Check that the broken attempt stays skipped, and the commit that mends the file is no hour."""
    b = six_hours.commits
    names = make_commits(root, [*b[:2], leave_conflict(b[2]), commit_by_hand(b[2], "Mend\n"), *b[3:]])
    assert read_commits(root) == [*names[:3], *names[4:]]
    assert_consistent(root, names, 2, 3)


def rename_file(commits: list[NewCommit], old: str, new: str) -> list[NewCommit]:
    """Return the commits with another name for a file below data/."""
    return [
        commit.with_files({old: None, new: commit[old]}) if f"data/{old}" in commit.files else commit
        for commit in commits
    ]


@pytest.mark.parametrize(
    ("name", "former"),
    [
        ("models/text.jsonl", "models/words.jsonl"),
        ("models/facts.jsonl", "models/main.jsonl"),
        ("models/prices.jsonl", "models/a.jsonl"),
        ("endpoints/health.jsonl", "endpoints/uptime.jsonl"),
        ("providers/facts.jsonl", "providers/main.jsonl"),
    ],
)
def test_file_had_another_name(six_hours: SixHours, root: Path, name: str, former: str) -> None:
    """In the first half of the history: that makes no event, and records are what they were."""
    b = six_hours.commits
    names = make_commits(root, [*rename_file(b[:4], name, former), *b[4:]])
    contents = read_tables(open_archive(root))
    of_files = ("versions", "latest")
    assert {name: rows for name, rows in contents.items() if name not in of_files} == {
        name: rows for name, rows in six_hours.tables.items() if name not in of_files
    }
    assert grow_index(root, [*names[2:5], names[-1]]) == build_index(open_archive(root))


UNKNOWN_FILES: dict[str, bytes] = {
    "models/README.md": b'{"id":"mine/readme"}\n',
    "models/notes.jsonl": b'{"note":"mine"}\n{"note":"too"}\n',
    "models/words.jsonl": b"-- a/data/models/facts.jsonl\n++ b/data/models/facts.jsonl\n@@ -1 +1 @@\n",
    "models/mine.jsonl": b'{"id":"mine/one","name":"One"}\n{"id":"mine/two"}\n',
    "models/old/facts.jsonl": b'{"id":"mine/old"}\n',
    "models/facts.jsonl.orig": b'{"id":"google/gemini-2.5-pro","name":"Of a merge"}\n',
    "endpoints/notes.jsonl": b'{"model":"mine/three","tag":"mine","n":0}\n{"model":5,"tag":"mine","n":0}\n',
    "providers/\xe4.jsonl": b"\xff\n",
    "facts.jsonl": b'{"id":"mine/top"}\n',
    "mine/facts.jsonl": b'{"id":"mine/folder"}\n',
    "models/x b/data/models/facts.jsonl": b'{"id":"mine/name"}\n',
}
"""Files of the kind that people put below data/."""


def test_unknown_files_hold_no_records(six_hours: SixHours, root: Path) -> None:
    """Add, change and remove them in turn."""
    commits = []
    for number, commit in enumerate(six_hours.commits):
        files: dict[str, bytes | None] = {}
        for position, (path, content) in enumerate(sorted(UNKNOWN_FILES.items())):
            phase = (number + position) % 6
            files[path] = None if phase == 5 else content + b'{"id":"mine/%d"}\n' % number * (phase > 1)
        commits.append(commit.with_files(files))
    assert_same(six_hours, root, commits, 2, 3, 5)


def test_unknown_file_about_a_model_that_leaves(six_hours: SixHours, root: Path) -> None:
    """Nothing of it counts while the model is not listed."""
    b = six_hours.commits
    line = dumps({"id": MODEL, "mine": 1, "name": "Mine"}) + b"\n"
    gone = b[4]
    for path in ("models", "endpoints", "zdr"):
        for name in [name for name in gone.files if name.startswith(f"data/{path}/")]:
            lines = [text for text in gone.files[name].splitlines(True) if MODEL.encode() not in text]
            gone = gone.with_files({name.removeprefix("data/"): b"".join(lines)})
    names = make_commits(root, [
        *(commit.with_files({"models/mine.jsonl": line}) for commit in (*b[:4], gone)),
        b[5].with_files({"models/mine.jsonl": line.replace(b"1", b"2")}),
        b[6].with_files({"models/mine.jsonl": line.replace(b"1", b"3")}),
        b[7],
    ])  # fmt: skip
    assert grow_index(root, names) == build_index(open_archive(root))
    query = "select state from records where key like '%gemini%' and feed = 'models'"
    assert query_index(open_archive(root), query) == [("active",)]


def test_field_in_two_files(six_hours: SixHours, root: Path) -> None:
    """Check that the archive's own file counts; a field that only the other file has counts as well."""
    b = six_hours.commits
    line = {"models/mine.jsonl": dumps({"id": MODEL, "mine": 1, "name": "Mine"}) + b"\n"}
    names = make_commits(root, [*b[:2], *(commit.with_files(line) for commit in b[2:6]), *b[6:]])
    assert grow_index(root, [names[2], names[4], names[-1]]) == build_index(open_archive(root))
    query = "select kind, key, field from events where 'mine' in (key, field) or field = 'name'"
    assert query_index(open_archive(root), query) == [
        ("field_appeared", "mine", ""),
        ("edited", MODEL, "mine"),
    ]


HOSTILE_TEXTS = [
    "a break \u2028 and \u2029, \x85, a return \r, a null \0, a tab \t",
    "-", "--- a/data/models/facts.jsonl", "+++ b/data/models/facts.jsonl", "diff --git a/data/x b/data/x",
    "@@ -1 +1 @@", "\\ No newline at end of file", "a\n-b\n+c\n@@ -1 +1 @@\ndiff --git a/x b/x\n\0",
    "a lone \ud800 surrogate", "\U0001f600 \u202e", "",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_hostile_texts(six_hours: SixHours, root: Path, text: str) -> None:
    """Check that they come and go, and events have them exactly."""
    b = six_hours.commits
    changed = edit_field(b[2], "models/text.jsonl", "description", text)
    changed = edit_field(changed, FACTS, text or "empty", text)
    names = make_commits(root, [*b[:2], changed, *b[3:]])
    assert_consistent(root, names, 2)
    rows = query_index(
        open_archive(root), "select old, new from events where field = 'description' and hour < '2026-06'"
    )
    old = dumps(loads(b[0]["models/text.jsonl"].splitlines()[2])["description"]).decode()
    assert rows == [(old, dumps(text).decode()), (dumps(text).decode(), old)]


def test_no_line_end_at_the_end_of_files(six_hours: SixHours, root: Path) -> None:
    """In every other hour, in the ledger too: nothing has changed."""
    bare = {
        at: commit.with_fields(
            files={
                path: data if path.endswith(".gitattributes") else data.removesuffix(b"\n")
                for path, data in commit.files.items()
            }
        )
        for at, commit in enumerate(six_hours.commits)
        if at % 2
    }
    assert_same(
        six_hours, root, [bare.get(at, commit) for at, commit in enumerate(six_hours.commits)], 0, 1, 2
    )


def test_lines_in_another_order(six_hours: SixHours, root: Path) -> None:
    """Check that a file that somebody reversed says the same."""
    reversed_lines = [
        commit.with_files({path: b"".join(reversed(commit[path].splitlines(keepends=True))) for path in
                    ("models/facts.jsonl", "endpoints/prices.jsonl", "zdr/facts.jsonl")})
        if at in (2, 5) else commit
        for at, commit in enumerate(six_hours.commits)
    ]  # fmt: skip
    assert_same(six_hours, root, reversed_lines, 2, 5)


def test_files_are_removed_and_come_back(six_hours: SixHours, root: Path) -> None:
    """Empty, absent, and there again: their records are gone and come back."""
    b = six_hours.commits
    names = make_commits(
        root,
        [
            *b[:2],
            b[2].with_files(
                {"zdr/facts.jsonl": b"", "models/benchmarks.jsonl": None, "providers/facts.jsonl": b""}
            ),
            b[3].with_files({"zdr/facts.jsonl": None, "models/benchmarks.jsonl": b""}),
            *b[4:],
        ],
    )
    assert_consistent(root, names, 2, 3, 4)
    kinds = query_index(
        open_archive(root), "select kind, feed, count(*) from events where hour < '2026-06' group by 1, 2"
    )
    count = b[1]["providers/facts.jsonl"].count(b"\n")
    assert ("missing", "providers", count) in kinds
    assert ("returned", "providers", count) in kinds
