"""Replay: whatever people do to an archive's history, an hour is what its own commit shows.

Histories are put together from the commits of one archive of six hours, which straddle the turn of a month.
"""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import records_by_key, snapshot_from_files
from orarchive.errors import ArchiveError
from orarchive.history.attempts import HistoryRewritten, list_attempts, list_new_attempts, list_tips
from orarchive.history.replay import NO_COMMIT, ReplayState, replay
from orarchive.jsonl import Record, dumps, loads
from orarchive.sample import START, Service
from orarchive.store.archive import SNAPSHOT_FILES, Archive, open_archive
from orarchive.store.git import run_git
from orarchive.timestamps import format_stamp
from tests.support.archives import DAY, HOUR, Stage, edited, new_archive, payloads, say
from tests.support.histories import Made, Tables, anew, ask, facts, grown, indexed, made, make, tables

HOURS = [START + number * HOUR for number in range(-3, 3)]
LAST = HOURS[-1]
MODEL = "google/gemini-2.5-pro"
NOON = dt.datetime(2026, 6, 1, 12, 34, 56, tzinfo=dt.UTC)
"""When people commit."""


@dataclass(frozen=True)
class Base:
    """The archive that histories are made of: its commits, and what the index says of them."""

    stage: Stage
    commits: list[Made]
    """Of hours 0, 0 (daily feeds), 1, 2, 3, 3 (daily feeds), 4 and 5."""
    said: Tables

    def of(self, *numbers: int) -> list[Made]:
        """The commits of some hours, with no other hours in their ledgers."""
        hours = [format_stamp(HOURS[number]) for number in numbers]
        return [one.keeping(*hours) for one in self.commits if one.hours[-1] in hours]


@pytest.fixture(scope="module")
def base(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Base:
    stage = Stage(running, new_archive(tmp_path_factory.mktemp("base") / "archive"))
    for number, hour in enumerate(HOURS):
        stage.serve(payloads(START + 7 * number * DAY))
        assert stage.run(hour) == 0
    return Base(stage, made(stage.archive), tables(stage.archive))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_archive(tmp_path / "archive")


def by_hand(one: Made, message: str = "Somebody's own\n\nAttempt: 7\n  or so\n") -> Made:
    """The same as somebody commits it: without our trailers, at another time."""
    return one.but(message=message, date=NOON)


def code(before: Made, name: str = "README.md", content: bytes = b"About\n") -> Made:
    """A commit of code on top of another."""
    return Made({**before.files, name: content}, date=NOON)


def told_later(one: Made, number: int) -> Made:
    """The same, but that the attempts at an hour ended at another moment."""

    def told(line: bytes) -> bytes:
        attempt = loads(line)
        if attempt["hour"] == format_stamp(HOURS[number]):
            attempt["finished"] = format_stamp(NOON)
        return dumps(attempt) + b"\n"

    ledgers = {path: data for path, data in one.files.items() if path.startswith("data/hours/")}
    dated = {path: b"".join(map(told, data.splitlines())) for path, data in ledgers.items()}
    return one.but(files={**one.files, **dated})


def with_lines(one: Made, path: str, change: Callable[[list[Record]], list[Record]]) -> Made:
    """The same with other lines in a file."""
    lines = change([loads(line) for line in one[path].splitlines()])
    return one.having({path: b"".join(dumps(line) + b"\n" for line in lines)})


def with_field(one: Made, path: str, name: str, value: Any, model: str = MODEL) -> Made:
    """The same with a field of a model changed."""
    return with_lines(
        one, path, lambda lines: [{**line, name: value} if line["id"] == model else line for line in lines]
    )


def named(one: Made, name: str) -> Made:
    """The same with another name for a model."""
    return with_field(one, "models/facts.jsonl", "name", name)


def commits_of(root: Path) -> list[str | None]:
    """The commits of all attempts."""
    return [
        commit for (commit,) in ask(open_archive(root), "select commit_id from attempts order by attempt")
    ]


def replays(root: Path) -> None:
    """Assert that after every attempt the lines and the records are those of its commit's tree."""
    archive = open_archive(root)
    state = ReplayState()
    for step in replay(
        archive, list_attempts(archive, list_tips(archive, str(archive.resolve_commit()))), None, state
    ):
        if step.broken:
            continue
        files = archive.read_files(step.attempt_commit.commit)
        there = {path: sorted(line.text for line in lines.values()) for path, lines in state.files.items()}
        assert {path: lines for path, lines in there.items() if lines and path in SNAPSHOT_FILES} == {
            path: sorted(content.split(b"\n")[:-1] if content.endswith(b"\n") else content.split(b"\n"))
            for path, content in files.items()
            if content and path in SNAPSHOT_FILES
        }
        snapshot = snapshot_from_files(files.get)
        for name, feed in FEEDS.items():
            if not feed.copied_feed:
                assert state.records[name] == records_by_key(feed, snapshot[name]), (
                    step.attempt_commit.attempt["hour"],
                    name,
                )


def holds(root: Path, names: list[str], *steps: int) -> None:
    """Assert that the replay is right, and an index that was brought up in steps as one built anew."""
    replays(root)
    assert grown(root, [*(names[at] for at in steps or (1, 4)), names[-1]]) == anew(open_archive(root))


def same(base: Base, root: Path, commits: list[Made], *steps: int) -> list[str]:
    """Assert that a history tells what the base tells; the names of its commits."""
    names = make(root, commits)
    assert tables(open_archive(root)) == base.said
    holds(root, names, *steps)
    return names


def test_straight(base: Base, root: Path) -> None:
    names = same(base, root, base.commits, *range(len(base.commits)))
    assert commits_of(root) == names
    kinds = {kind for (kind,) in ask(open_archive(root), "select kind from events")}
    assert kinds >= {"missing", "joined", "left", "gained", "repriced", "field_appeared", "policy_changed"}


# code, merges


def test_code_and_data_together(base: Base, root: Path) -> None:
    """Commits of code between those of data, and changes of code in those of data."""
    commits: list[Made] = []
    for number, one in enumerate(base.commits):
        word = b"%d" % number
        if commits:
            commits.append(code(commits[-1], content=word))
            commits.append(code(commits[-1], "data/README.md", word))
        commits.append(one.but(files={**one.files, "scrape.py": word, "data/models/README.md": word}))
    same(base, root, commits)


def test_a_branch_of_code(base: Base, root: Path) -> None:
    """Begun before the third commit of data, merged after the fifth."""
    side = code(base.commits[1])
    merge = code(base.commits[4])
    b = base.commits
    names = same(
        base,
        root,
        [*b[:2], side, b[2].but(parents=(1,)), b[3], b[4], merge.but(parents=(5, 2)), *b[5:]],
    )
    assert commits_of(root) == [*names[:2], *names[3:6], *names[7:]]


def test_a_foxtrot(base: Base, root: Path) -> None:
    """Somebody's merge of the remote into local code: the hours are on the second parent's side."""
    b = base.commits
    local = code(b[2])
    merge = code(b[5]).but(parents=(3, 6))
    names = same(base, root, [*b[:3], local, b[3].but(parents=(2,)), b[4], b[5], merge, *b[6:]], 3, 7)
    assert commits_of(root) == [*names[:3], *names[4:7], *names[8:]]


def test_two_branches_with_data(base: Base, root: Path) -> None:
    """Hours 1 and 3 on one, 2 and 4 on the other: each is what its own commit shows, in their order."""
    one, other = base.of(0, 1, 3), base.of(0, 2, 4)[2:]
    *first, second, third = base.commits[3]["hours/2026-05.jsonl"].splitlines(keepends=True)
    merged = {"hours/2026-05.jsonl": b"".join([*first, third, second])}
    merge = by_hand(base.of(0, 1, 2, 3, 4)[-1]).but(parents=(4, 6)).having(merged)
    commits = [*one, other[0].but(parents=(1,)), other[1], merge, base.commits[-1].having(merged)]
    names = same(base, root, commits, 4, 7)
    assert commits_of(root) == [names[at] for at in (0, 1, 2, 5, 3, 4, 6, 8)]


def test_two_writers_of_an_hour(base: Base, root: Path) -> None:
    """Merged, both attempts are in the ledger: each is what its own commit shows."""
    b = base.commits
    path = "hours/2026-05.jsonl"
    theirs = named(told_later(b[2], 1), "Theirs").but(parents=(1,))
    both = b[2][path] + theirs[path].splitlines(keepends=True)[-1]
    commits = [*b[:3], theirs, by_hand(b[2].having({path: both})).but(parents=(2, 3))]
    names = make(root, commits)
    assert commits_of(root) == names[:4]
    assert ask(open_archive(root), "select old, new from events where field = 'name'") == [
        ('"Google: Gemini 2.5 Pro"', '"Theirs"')
    ]
    holds(root, names, 2)


def test_a_branch_that_a_merge_dropped(base: Base, root: Path) -> None:
    """Its hours are not in the ledger."""
    b = base.commits
    dropped = named(told_later(b[2], 1), "Dropped").but(parents=(1,))
    merge = by_hand(b[2]).but(parents=(2, 3))
    same(base, root, [*b[:3], dropped, merge, *b[3:]], 3, 4)


def test_the_first_commit_of_data_is_a_merge(base: Base, root: Path) -> None:
    """Which git would compare with both of its parents."""
    b = base.commits
    one, other = Made({"README.md": b"About\n"}), Made({"scrape.py": b"pass\n"}, parents=())
    names = make(root, [one, other, b[0].but(parents=(0, 1)), *b[1:]])
    assert tables(open_archive(root)) == base.said
    holds(root, names, 2)


# reverts


def test_a_reverted_hour(base: Base, root: Path, tmp_path: Path) -> None:
    """As if it had not been. It is the first of its month: the ledger's file goes with it."""
    b = base.commits
    head = [*b[:6], by_hand(b[3], 'Revert "2026-06-01T00Z: 1 missing"\n')]
    names = make(root, head)
    assert ask(open_archive(root), "select max(hour) from attempts") == [(format_stamp(HOURS[2]),)]
    holds(root, names, 5)
    names = make(root, [*head, *base.of(0, 1, 2, 4, 5)[4:]])
    holds(root, names, 5, 6, 7)
    straight = new_archive(tmp_path / "straight")
    make(straight, base.of(0, 1, 2, 4, 5))
    assert tables(open_archive(root)) == tables(open_archive(straight))


@pytest.mark.parametrize("when", ["word for word the same", "at another moment"])
def test_a_reverted_hour_archived_again(base: Base, root: Path, tmp_path: Path, when: str) -> None:
    """What it shows now is in the second commit."""
    b = base.commits
    again = [told_later(one, 3) for one in b] if when == "at another moment" else b
    bad = [named(one, "Bad") for one in b[4:6]]
    names = make(root, [*b[:4], *bad, by_hand(b[3], "Revert\n"), *again[4:]])
    assert commits_of(root) == [*names[:4], *names[7:]]
    holds(root, names, 5, 6, 7)
    straight = new_archive(tmp_path / "straight")
    make(straight, again)
    assert tables(open_archive(root)) == tables(open_archive(straight))


def test_a_revert_of_a_revert(base: Base, root: Path) -> None:
    """The hour is what it was."""
    b = base.commits
    back = [by_hand(b[3], "Revert\n"), by_hand(b[5], "Revert the revert\n")]
    names = same(base, root, [*b[:6], *back, *b[6:]], 6, 7)
    assert commits_of(root) == [*names[:6], *names[8:]]


def test_a_revert_of_a_revert_after_other_hours(base: Base, root: Path) -> None:
    """The commit that brings its line back shows the hours after it as well: the first one tells."""
    b = base.commits
    without = base.of(0, 1, 2, 4)[-1]
    names = same(base, root, [*b[:6], by_hand(b[3], "Revert\n"), without, by_hand(b[6]), b[7]], 7, 8)
    assert commits_of(root) == [*names[:6], names[7], names[9]]


def test_the_first_hour_reverted(base: Base, root: Path) -> None:
    """Then the next one is the beginning, not what changed since the hour that is gone."""
    b = base.commits
    nothing = Made({"README.md": b"About\n"}, "Revert\n", NOON)
    names = same(base, root, [*b[:2], nothing, *b], 1, 3)
    assert commits_of(root) == names[3:]


def test_git_revert(base: Base, tmp_path: Path) -> None:
    """By git's own hand, then archived again by ours, and the next hour."""
    stage = base.stage.copy(tmp_path / "copy")
    names = [str(stage.archive.resolve_commit())]
    say(stage.root, "revert", "--no-edit", "HEAD")
    names.append(str(stage.archive.resolve_commit()))
    for number, hour in enumerate((LAST, LAST + HOUR)):
        stage.serve(edited(payloads(START), str(number)))
        assert stage.run(hour) == 0
        names.append(str(stage.archive.resolve_commit()))
    assert commits_of(stage.root)[-2:] == names[-2:]
    assert ask(
        stage.archive, "select hour from events where kind = 'field_appeared' and key = 'edition'"
    ) == [(format_stamp(LAST),)] * len({"models", "endpoints", "providers"})
    holds(stage.root, names, 0, 1, 2)


# another past


def amended(stage: Stage) -> None:
    say(stage.root, "commit", "--quiet", "--amend", "-m", "Amended")


def rebased(stage: Stage) -> None:
    say(stage.root, "-c", "core.editor=true", "rebase", "--quiet", "--force-rebase", "HEAD~3")


def reset(stage: Stage) -> None:
    say(stage.root, "reset", "--quiet", "--hard", "HEAD~3")


def went_on_elsewhere(stage: Stage) -> None:
    reset(stage)
    stage.serve(edited(payloads(START), "elsewhere"))
    assert stage.run(LAST) == 0


def replaced(stage: Stage) -> None:
    made_up = [named(one, "Another") for one in made(stage.archive)]
    make(stage.root, made_up)


def pushed_over(stage: Stage) -> None:
    """By somebody else: a fetch and a reset bring it."""
    other = stage.copy(stage.root.with_name("other"))
    went_on_elsewhere(other)
    say(stage.root, "fetch", "--quiet", str(other.root), "main")
    say(stage.root, "reset", "--quiet", "--hard", "FETCH_HEAD")


@pytest.mark.parametrize("rewrite", [amended, rebased, reset, went_on_elsewhere, replaced, pushed_over])
def test_another_past(base: Base, tmp_path: Path, rewrite: Callable[[Stage], None]) -> None:
    """It is noticed, and the index built anew; hours that follow are taken on top."""
    stage = base.stage.copy(tmp_path / "copy")
    archive = stage.archive
    known = list_tips(archive, str(archive.resolve_commit()))
    indexed(archive)
    rewrite(stage)
    assert known != list_tips(archive, str(archive.resolve_commit()))
    with pytest.raises(HistoryRewritten):
        list_new_attempts(archive, known, list_tips(archive, str(archive.resolve_commit())))
    assert indexed(archive) == anew(archive)
    stage.serve(payloads(START))
    assert stage.run(LAST + DAY) == 0
    assert indexed(archive) == anew(archive)
    replays(stage.root)


def test_a_shallow_clone(base: Base, tmp_path: Path) -> None:
    say(tmp_path, "clone", "--quiet", "--depth=1", f"file://{base.stage.root}", "clone")
    archive = open_archive(tmp_path / "clone")
    with pytest.raises(ArchiveError, match=r"shallow clone and lacks its past; git fetch --unshallow"):
        indexed(archive)
    assert not (archive.git_dir / "orarchive/index.sqlite").exists()
    say(archive.root, "fetch", "--quiet", "--unshallow")
    assert tables(archive) == base.said


# broken files

FACTS = "models/facts.jsonl"
PRICES = "models/prices.jsonl"
ITEMS = "endpoints/facts.jsonl"


def appended(line: bytes, path: str = FACTS) -> Callable[[Made], Made]:
    """A change of a commit: one more line in a file."""
    return lambda one: one.having({path: one[path] + line + b"\n"})


def conflict(one: Made) -> Made:
    first, *rest = one[FACTS].splitlines(keepends=True)
    marked = [b"<<<<<<< HEAD\n", first, b"=======\n", first, b">>>>>>> theirs\n", *rest]
    return one.having({FACTS: b"".join(marked)})


def without_line(path: str) -> Callable[[Made], Made]:
    """A change of a commit: a model's line is gone from a file."""
    return lambda one: with_lines(
        one, path, lambda lines: [line for line in lines if line.get("id", line.get("model")) != MODEL]
    )


def only_foreign(one: Made) -> Made:
    return without_line(FACTS)(one).having({"models/mine.jsonl": dumps({"id": MODEL}) + b"\n"})


BY_CLOCK = "deepseek/deepseek-v4-pro"
"""A model whose prices follow the clock."""


def without_prices(one: Made) -> Made:
    return with_lines(one, PRICES, lambda lines: [line for line in lines if line["id"] != BY_CLOCK])


def prices_are_none(one: Made) -> Made:
    return with_field(one, PRICES, "pricing", None, BY_CLOCK)


def key_twice(one: Made) -> Made:
    return appended(one[FACTS].splitlines()[3])(one)


BROKEN: dict[str, tuple[Callable[[Made], Made], str]] = {
    "bad JSON": (appended(b'{"id":"x'), "data/models/facts.jsonl: Unterminated string"),
    "cut off": (lambda one: one.having({FACTS: one[FACTS][:-9]}), "data/models/facts.jsonl: "),
    "conflict": (conflict, "data/models/facts.jsonl: Expecting value"),
    "a key twice": (key_twice, "data/models/facts.jsonl: two lines for"),
    "a new key twice": (appended(b'{"id":"a/b"}\n{"id":"a/b"}'), "data/models/facts.jsonl: two lines for"),
    "no base line": (without_line(FACTS), "data/models/facts.jsonl has no line for ('google/gemini-2.5-"),
    "no base line but a foreign one": (only_foreign, "data/models/facts.jsonl has no line for"),
    "no endpoint": (without_line(ITEMS), "data/endpoints/facts.jsonl has no line for"),
    "prices of nobody": (appended(b'{"id":"a/b","pricing":{}}', PRICES), "facts.jsonl has no line"),
    "clock without prices": (without_prices, "data/models/spot.jsonl has a line for"),
    "clock, prices null": (prices_are_none, "data/models/spot.jsonl has a line for"),
    "a list": (appended(b'["x"]'), "data/models/facts.jsonl: a line that is not an object"),
    "null": (appended(b"null"), "a line that is not an object"),
    "empty line": (appended(b""), "data/models/facts.jsonl: Expecting value"),
    "no key": (appended(b'{"name":"x"}'), "data/models/facts.jsonl: a line without a proper 'id'"),
    "key is a number": (appended(b'{"id":5}'), "a line without a proper 'id'"),
    "key is a list": (appended(b'{"id":["x"]}'), "a line without a proper 'id'"),
    "n is a word": (appended(b'{"model":"a/b","tag":"c","n":"0"}', ITEMS), "proper 'n'"),
    "n is true": (appended(b'{"model":"a/b","tag":"c","n":true}', ITEMS), "proper 'n'"),
    "asked twice": (appended(b'{"model":"openrouter/auto"}', "endpoints/models.jsonl"), "two lines for"),
    "bad UTF-8": (appended(b'{"id":"\xff"}'), "data/models/facts.jsonl: 'utf-8' codec can't decode"),
    "a name twice": (appended(b'{"id":"x","id":"y"}'), "a name appears twice"),
    "NaN": (appended(b'{"id":"x","score":NaN}'), "NaN is not JSON"),
}  # fmt: skip


@pytest.fixture(scope="module")
def without_the_second(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """What is to be said where the second hour tells nothing."""
    root = new_archive(tmp_path_factory.mktemp("without") / "archive")
    make(root, base.of(0, 2, 3, 4, 5))
    return facts(open_archive(root))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file(base: Base, root: Path, without_the_second: Tables, what: str) -> None:
    """That attempt is named and passed over; nothing comes of it, and the next one is right."""
    change, word = BROKEN[what]
    b = base.commits
    names = make(root, [*b[:2], change(b[2]), *b[3:]])
    broken = ask(open_archive(root), "select hour, commit_id, broken from attempts where broken is not null")
    assert [row[:2] for row in broken] == [(format_stamp(HOURS[1]), names[2])]
    assert word in broken[0][2]
    good = f"select sum(good) from reads where hour = '{format_stamp(HOURS[1])}'"
    assert ask(open_archive(root), good) == [(0,)]
    assert facts(open_archive(root)) == without_the_second


@pytest.mark.parametrize("number", [0, 2, 7])
def test_where_the_broken_file_is(base: Base, root: Path, number: int) -> None:
    """In the first two commits, amid others, in the last one: each is named, the rest is right."""
    b = [conflict(one) if at in (number, number + 1) else one for at, one in enumerate(base.commits)]
    names = make(root, b)
    broken = ask(open_archive(root), "select commit_id from attempts where broken is not null")
    assert broken == [(name,) for name in names[number : number + 2]]
    holds(root, names, number, min(number + 1, 7))


def test_a_broken_file_that_is_mended_by_hand(base: Base, root: Path) -> None:
    """What was broken stays passed over; the hand's commit is no hour."""
    b = base.commits
    names = make(root, [*b[:2], conflict(b[2]), by_hand(b[2], "Mend\n"), *b[3:]])
    assert commits_of(root) == [*names[:3], *names[4:]]
    holds(root, names, 2, 3)


# other files


def renamed(commits: list[Made], old: str, new: str) -> list[Made]:
    """The same with another name for a file below data/."""
    return [one.having({old: None, new: one[old]}) if f"data/{old}" in one.files else one for one in commits]


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
def test_a_file_that_had_another_name(base: Base, root: Path, name: str, former: str) -> None:
    """In the first half of history: it tells nothing, and records are what they were."""
    b = base.commits
    names = make(root, [*renamed(b[:4], name, former), *b[4:]])
    found = tables(open_archive(root))
    of_files = ("versions", "latest")
    assert {name: rows for name, rows in found.items() if name not in of_files} == {
        name: rows for name, rows in base.said.items() if name not in of_files
    }
    assert grown(root, [*names[2:5], names[-1]]) == anew(open_archive(root))


FOREIGN: dict[str, bytes] = {
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
"""Whatever people put below data/."""


def test_foreign_files(base: Base, root: Path) -> None:
    """They are nobody's records, whether they come, change or go."""
    commits = []
    for number, one in enumerate(base.commits):
        kept: dict[str, bytes | None] = {}
        for at, (path, content) in enumerate(sorted(FOREIGN.items())):
            moment = (number + at) % 6
            kept[path] = None if moment == 5 else content + b'{"id":"mine/%d"}\n' % number * (moment > 1)
        commits.append(one.having(kept))
    same(base, root, commits, 2, 3, 5)


def test_a_foreign_file_about_models_that_come_and_go(base: Base, root: Path) -> None:
    """Nothing of it is told of a model that is not there."""
    b = base.commits
    line = dumps({"id": MODEL, "mine": 1, "name": "Mine"}) + b"\n"
    gone = b[4]
    for path in ("models", "endpoints", "zdr"):
        for name in [name for name in gone.files if name.startswith(f"data/{path}/")]:
            kept = [text for text in gone.files[name].splitlines(True) if MODEL.encode() not in text]
            gone = gone.having({name.removeprefix("data/"): b"".join(kept)})
    names = make(root, [
        *(one.having({"models/mine.jsonl": line}) for one in (*b[:4], gone)),
        b[5].having({"models/mine.jsonl": line.replace(b"1", b"2")}),
        b[6].having({"models/mine.jsonl": line.replace(b"1", b"3")}),
        b[7],
    ])  # fmt: skip
    assert grown(root, names) == anew(open_archive(root))
    query = "select state from records where key like '%gemini%' and feed = 'models'"
    assert ask(open_archive(root), query) == [("active",)]


def test_a_field_that_is_in_two_files(base: Base, root: Path) -> None:
    """The archive's own file counts; what only the other one says is said."""
    b = base.commits
    line = {"models/mine.jsonl": dumps({"id": MODEL, "mine": 1, "name": "Mine"}) + b"\n"}
    names = make(root, [*b[:2], *(one.having(line) for one in b[2:6]), *b[6:]])
    assert grown(root, [names[2], names[4], names[-1]]) == anew(open_archive(root))
    query = "select kind, key, field from events where 'mine' in (key, field) or field = 'name'"
    assert ask(open_archive(root), query) == [("field_appeared", "mine", ""), ("edited", MODEL, "mine")]


ZDR = "zdr/facts.jsonl"

# odd contents

ODD = [
    "a break \u2028 and \u2029, \x85, a return \r, a null \0, a tab \t",
    "-", "--- a/data/models/facts.jsonl", "+++ b/data/models/facts.jsonl", "diff --git a/data/x b/data/x",
    "@@ -1 +1 @@", "\\ No newline at end of file", "a\n-b\n+c\n@@ -1 +1 @@\ndiff --git a/x b/x\n\0",
    "a lone \ud800 surrogate", "\U0001f600 \u202e", "",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_odd_texts(base: Base, root: Path, text: str) -> None:
    """They come, and go again, and are told word for word."""
    b = base.commits
    odd = with_field(with_field(b[2], "models/text.jsonl", "description", text), FACTS, text or "odd", text)
    names = make(root, [*b[:2], odd, *b[3:]])
    holds(root, names, 2)
    told = ask(
        open_archive(root), "select old, new from events where field = 'description' and hour < '2026-06'"
    )
    old = dumps(loads(b[0]["models/text.jsonl"].splitlines()[2])["description"]).decode()
    assert told == [(old, dumps(text).decode()), (dumps(text).decode(), old)]


def test_no_line_end_at_the_end_of_files(base: Base, root: Path) -> None:
    """In every other hour, the ledger too: nothing has changed."""
    bare = {
        at: one.but(
            files={
                path: data if path.endswith(".gitattributes") else data.removesuffix(b"\n")
                for path, data in one.files.items()
            }
        )
        for at, one in enumerate(base.commits)
        if at % 2
    }
    same(base, root, [bare.get(at, one) for at, one in enumerate(base.commits)], 0, 1, 2)


def test_lines_in_another_order(base: Base, root: Path) -> None:
    """A file that somebody turned round says the same."""
    turned = [
        one.having({path: b"".join(reversed(one[path].splitlines(keepends=True))) for path in
                    ("models/facts.jsonl", "endpoints/prices.jsonl", "zdr/facts.jsonl")})
        if at in (2, 5) else one
        for at, one in enumerate(base.commits)
    ]  # fmt: skip
    same(base, root, turned, 2, 5)


def test_files_that_come_and_go(base: Base, root: Path) -> None:
    """Empty, not there, there again: their records are gone, and back."""
    b = base.commits
    names = make(
        root,
        [
            *b[:2],
            b[2].having(
                {"zdr/facts.jsonl": b"", "models/benchmarks.jsonl": None, "providers/facts.jsonl": b""}
            ),
            b[3].having({"zdr/facts.jsonl": None, "models/benchmarks.jsonl": b""}),
            *b[4:],
        ],
    )
    holds(root, names, 2, 3, 4)
    kinds = ask(
        open_archive(root), "select kind, feed, count(*) from events where hour < '2026-06' group by 1, 2"
    )
    count = b[1]["providers/facts.jsonl"].count(b"\n")
    assert ("missing", "providers", count) in kinds
    assert ("returned", "providers", count) in kinds


# imported pasts


def with_pasts(base: Base, root: Path, *parts: tuple[str, tuple[int, ...]]) -> None:
    """Hours of the base on branches of their own, each with a ledger of its own."""
    for branch, numbers in parts:
        make(root, base.of(*numbers), branch)
        run_git(root, "reset", "--hard", "--quiet")


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
    base: Base, root: Path, tmp_path: Path, parts: list[tuple[str, tuple[int, ...]]], where: str
) -> None:
    """They are read before the main line, in the order of their hours, wherever their branches are."""
    with_pasts(base, root, *parts)
    if where != "ours":
        say(tmp_path, "clone", "--quiet", str(root), "clone")
        root = tmp_path / "clone"
    if where == "both":
        for branch, _ in parts[:-1]:
            say(root, "branch", "--quiet", branch, f"origin/{branch}")
    assert tables(open_archive(root)) == base.said
    replays(root)


def test_a_past_that_is_imported_later(base: Base, root: Path) -> None:
    """The index is built anew, and so where the past goes on or goes away."""
    archive = open_archive(root)
    make(root, base.of(3, 4, 5))
    cache = root / ".git/cache"
    before = indexed(archive, cache)
    for numbers in ((1,), (1, 2)):
        make(root, base.of(*numbers), "past/x")
        assert indexed(archive, cache) == anew(archive) != before
    run_git(root, "branch", "-D", "past/x")
    assert indexed(archive, cache) == before


def test_pasts_that_overlap(base: Base, root: Path) -> None:
    """Whichever is true, nobody can say."""
    with_pasts(base, root, ("past/x", (0, 1, 2, 3)), ("main", (3, 4, 5)))
    with pytest.raises(
        ArchiveError,
        match="an imported past ends at 2026-06-01T00Z, but the hours after it begin at 2026-06-01T00Z",
    ):
        anew(open_archive(root))
    with_pasts(base, root, ("past/x", (0, 2)), ("past/y", (1,)), ("main", (3, 4, 5)))
    with pytest.raises(
        ArchiveError,
        match="an imported past ends at 2026-05-31T23Z, but the hours after it begin at 2026-05-31T22Z",
    ):
        anew(open_archive(root))


@pytest.mark.parametrize("how", ["checked out", "hours on top", "merged"])
def test_a_past_in_the_history_of_the_branch(base: Base, root: Path, how: str) -> None:
    """It is no past beside it."""
    b = base.commits
    if how == "merged":
        side = [Made({"README.md": b"About\n"}), b[0].but(parents=()), *b[1:3], b[2].but(parents=(0, 3))]
        names = make(root, [*side, *b[3:]])
        say(root, "branch", "past/x", names[3])
    else:
        names = make(root, b)
        say(root, "branch", "past/x", names[-1 if how == "checked out" else 2])
    if how == "checked out":
        say(root, "checkout", "--quiet", "past/x")
    assert tables(open_archive(root)) == base.said
    replays(root)


def test_branches_that_are_no_pasts(base: Base, root: Path) -> None:
    """One without a ledger, and those of other names."""
    make(root, base.commits)
    make(root, [Made({"README.md": b"About\n"})], "past/nothing")
    for branch in ("passed", "feature/past/x", "pastime/x"):
        say(root, "branch", branch)
    assert tables(open_archive(root)) == base.said
    say(root, "branch", "-D", "past/nothing")
    say(root, "branch", "past")
    assert tables(open_archive(root)) == base.said


# by somebody's own hand


def test_committed_by_hand(base: Base, tmp_path: Path) -> None:
    """`--no-commit`, then one's own commit: it shows that hour, with both of its attempts."""
    stage = base.stage.copy(tmp_path / "copy")
    names = [str(stage.archive.resolve_commit())]
    for number, hour in enumerate((LAST + DAY, LAST + DAY + HOUR)):
        stage.serve(payloads(START + (40 + number) * DAY))
        assert stage.run(hour, commit=False) == 0
        say(stage.root, "add", "--all")
        say(stage.root, "commit", "--quiet", "-m", "Archive")
        names.append(str(stage.archive.resolve_commit()))
    assert commits_of(stage.root)[-3:] == [names[1], names[1], names[2]]
    assert ask(stage.archive, "select count(*) from attempts where broken is not null") == [(0,)]
    holds(stage.root, names, 0, 1)
    other = base.stage.copy(tmp_path / "other")
    for number, hour in enumerate((LAST + DAY, LAST + DAY + HOUR)):
        other.serve(payloads(START + (40 + number) * DAY))
        assert other.run(hour) == 0
    without = ("events", "seconds")  # what is in events is said by the first of the two attempts
    assert tables(stage.archive, *without) == tables(other.archive, *without)
    events = "select hour, kind, key, field, old, new, after from events order by 1, 2, 3, 4"
    assert ask(stage.archive, events) == ask(other.archive, events)


@pytest.mark.parametrize("message", ["Squashed\n", None], ids=["own message", "the first one's"])
def test_squashed(base: Base, root: Path, tmp_path: Path, message: str | None) -> None:
    """Of several hours in one commit the last one's state is shown; the others are named as not shown."""
    b = base.commits
    squash = by_hand(b[5], message) if message else b[5].but(message=b[2].message, date=b[2].date)
    names = make(root, [*b[:2], squash, *b[6:]])
    assert commits_of(root) == [*names[:2], None, None, names[2], names[2], *names[3:]]
    assert ask(open_archive(root), "select hour, broken from attempts where commit_id is null") == [
        (format_stamp(HOURS[1]), NO_COMMIT),
        (format_stamp(HOURS[2]), NO_COMMIT),
    ]
    holds(root, names, 1, 2)
    found = facts(open_archive(root))
    straight = new_archive(tmp_path / "straight")
    make(straight, base.of(0, 3, 4, 5))
    assert found == facts(open_archive(straight))


def test_by_hand_after_a_revert(base: Base, root: Path) -> None:
    """The line is the hand's, though the reverted commit goes by the same name."""
    b = [told_later(one, 5) for one in base.commits]
    names = make(root, [*b[:7], named(base.commits[7], "Bad"), by_hand(b[6], "Revert\n"), by_hand(b[7])])
    assert commits_of(root) == [*names[:7], names[9]]
    assert tables(open_archive(root), "finished").keys() == base.said.keys()
    assert ask(open_archive(root), "select count(*) from events where new like '%Bad%'") == [(0,)]
    holds(root, names, 7, 8)


def test_other_files_beside_the_ledger(base: Base, root: Path) -> None:
    """They are nobody's business, whatever they say, and may go again."""
    b = base.commits
    path = "hours/2026-05.jsonl"
    others = {f"{path}.orig": b[3][path], "hours/README.md": b"About\n", "hours/old/2026-05.jsonl": b"{"}
    mess = by_hand(b[3].having(others))
    same(base, root, [*b[:4], mess, by_hand(b[3]), *(one.having(others) for one in b[4:])], 4, 5, 6)
    same(base, root, [*b[:3], b[3].having(others), *b[4:]], 3, 4)


def test_a_ledger_reworded(base: Base, root: Path) -> None:
    """Every line written anew by one commit: each hour is still what its own commit shows."""
    b = base.commits
    reworded = b[5]
    for number in range(4):
        reworded = told_later(reworded, number)
    rest = b[6:]
    for number in range(4):
        rest = [told_later(one, number) for one in rest]
    names = make(root, [*b[:6], by_hand(reworded, "Reword\n"), *rest])
    assert commits_of(root) == [*names[:6], *names[7:]]
    holds(root, names, 5, 6)


# a user's settings

DRIVER = ("diff.foo.textconv", "cksum"), ("diff.foo.command", "false"), ("diff.foo.binary", "true")

SETTINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "colours": (("color.ui", "always"), ("color.diff", "always"), ("diff.colorMoved", "zebra"),
                ("diff.wsErrorHighlight", "all")),
    "prefixes": (("diff.noprefix", "true"),),
    "mnemonic prefixes": (("diff.mnemonicPrefix", "true"),),
    "another program": (("diff.external", "false"),),
    "patience": (("diff.algorithm", "patience"),),
    "histogram": (("diff.algorithm", "histogram"), ("diff.indentHeuristic", "true")),
    "copies": (("diff.renames", "copies"), ("diff.renameLimit", "0")),
    "context": (("diff.context", "9"), ("diff.interHunkContext", "50"), ("diff.suppressBlankEmpty", "true")),
    "order of files": (("diff.orderFile", "{folder}/order"),),
    "relative": (("diff.relative", "true"),),
    "quoted paths": (("core.quotePath", "true"),),
    "signatures": (("log.showSignature", "true"), ("gpg.program", "{folder}/gpg")),
    "follow": (("log.follow", "true"),),
    "no root": (("log.showRoot", "false"),),
    "merges": (("log.diffMerges", "first-parent"),),
    "dates": (("log.date", "relative"), ("log.decorate", "full"), ("log.abbrevCommit", "true")),
    "driver": (("core.attributesFile", "{folder}/attributes"), *DRIVER),
    "driver of the clone": DRIVER,
    "pager": (("core.pager", "false"), ("pager.log", "true"), ("pager.diff-tree", "true")),
    "encoding": (("i18n.logOutputEncoding", "UTF-16"),),
    "pretty": (("format.pretty", "oneline"),),
    "line ends": (("core.autocrlf", "true"), ("core.eol", "crlf")),
    "big files": (("core.bigFileThreshold", "1"),),
    "trailers": (("trailer.separators", "%"), ("trailer.attempt.key", "Tried: ")),
    "case": (("core.ignoreCase", "true"),),
}  # fmt: skip
"""Each alone; and all together."""

ENVIRONMENT = {
    "GIT_DIFF_OPTS": "-u3",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_PAGER": "false",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_ATTR_SOURCE": "HEAD",
    "GIT_TRACE": "1",
    "LC_ALL": "de_DE.UTF-8",
    "TZ": "Pacific/Auckland",
}


@dataclass(frozen=True)
class Lived:
    """An archive with all that a straight one has not, and its index without anybody's settings."""

    archive: Archive
    folder: Path
    rows: list[str]


@pytest.fixture(scope="module")
def lived(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Hours by hand, reverted, archived again, merged and signed, over a past of its own."""
    folder = tmp_path_factory.mktemp("lived")
    root = new_archive(folder / "archive")
    b = base.commits
    bad, back = told_later(named(b[7], "Bad"), 5), by_hand(b[6], "Revert\n")
    merge = code(b[6]).but(parents=(4, 5))
    more = [by_hand(b[4]), by_hand(b[5]), b[6], bad, back, code(b[5]).but(parents=(1,)), merge, by_hand(b[7])]
    names = make(root, [one.keeping(*map(format_stamp, HOURS[3:])) for one in more])
    make(root, base.of(0, 1, 2), "past/x")
    signed = run_git(root, "cat-file", "commit", names[-1]).replace(
        b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n", 1
    )
    name = run_git(root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=signed).decode().strip()
    run_git(root, "update-ref", "refs/heads/main", name)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("*.jsonl diff=foo\n")
    (folder / "attributes").write_text(
        "*.jsonl diff=foo text eol=crlf filter=none working-tree-encoding=UTF-16\n"
    )
    (folder / "order").write_text("*/zdr/*\n*/text.jsonl\n")
    (folder / "gpg").write_text("#!/bin/sh\necho gpg: a good signature >&2\n")
    (folder / "gpg").chmod(0o755)
    return Lived(open_archive(root), folder, anew(open_archive(root)))


def under(lived: Lived, patch: pytest.MonkeyPatch, settings: list[tuple[str, str]]) -> list[str]:
    """The rows of an index that is built under a user's settings."""
    patch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (name, value) in enumerate(settings):
        patch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        patch.setenv(f"GIT_CONFIG_VALUE_{number}", value.format(folder=lived.folder))
    return anew(lived.archive)


def test_what_has_lived(base: Base, lived: Lived) -> None:
    """It tells of the world what the base tells."""
    assert facts(lived.archive) == facts(base.stage.archive)
    assert {
        held.commit is None for held in list_attempts(lived.archive, list_tips(lived.archive, "HEAD"))
    } == {False}


@pytest.mark.parametrize("settings", [*SETTINGS, "all"])
def test_a_users_settings(lived: Lived, monkeypatch: pytest.MonkeyPatch, settings: str) -> None:
    alone = SETTINGS.get(settings) or [one for some in SETTINGS.values() for one in some]
    assert under(lived, monkeypatch, list(alone)) == lived.rows


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_users_environment(lived: Lived, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, ENVIRONMENT[name])
    assert under(lived, monkeypatch, []) == lived.rows


def test_a_users_global_file(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lived.folder / "config"
    for name, value in [one for some in SETTINGS.values() for one in some]:
        say(lived.folder, "config", "--file", str(file), name, value.format(folder=lived.folder))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    assert anew(lived.archive) == lived.rows


@pytest.mark.parametrize("what", ["commit", "file", "graft", "grafts"])
def test_replaced_objects(base: Base, tmp_path: Path, what: str) -> None:
    """What somebody has git show in place of a commit or a file is in no other clone."""
    stage = base.stage.copy(tmp_path / "copy")
    rows = anew(stage.archive)
    before, after = say(stage.root, "rev-list", "-2", "HEAD~3").split()
    if what == "file":
        before, after = say(stage.root, "rev-parse", f"HEAD:data/{FACTS}", f"HEAD~5:data/{FACTS}").split()
    if what == "grafts":
        (stage.root / ".git/info").mkdir(exist_ok=True)
        (stage.root / ".git/info/grafts").write_text(f"{say(stage.root, 'rev-parse', 'HEAD')} {after}\n")
    elif what == "graft":
        say(stage.root, "replace", "--graft", before, say(stage.root, "rev-parse", "HEAD~6"))
    else:
        say(stage.root, "replace", before, after)
    assert anew(stage.archive) == rows


# everything at once


@pytest.mark.parametrize("seed", range(2))
def test_any_history(stage: Stage, seed: int) -> None:
    """Days, outages, code, merges and reverts by chance: the state at the end is the files, byte by byte."""
    chance = random.Random(seed)
    routes = ["models", "endpoints/zdr", "models/*/endpoints", "providers"]
    names = []
    for number in range(10):
        stage.serve(payloads(START + chance.randrange(45) * DAY))
        if chance.random() < 0.3:
            stage.service.fail(chance.choice(routes), "503")
        stage.run(START + (9 * number + chance.randrange(9)) * HOUR)
        stage.service.heal()
        if number and chance.random() < 0.3:
            say(stage.root, "revert", "--no-edit", "HEAD")
        if chance.random() < 0.4:
            (stage.root / "README.md").write_text(str(number))
            say(stage.root, "add", "README.md")
            say(stage.root, "commit", "--quiet", "-m", "Code")
        names.append(str(stage.archive.resolve_commit()))
    holds(stage.root, names, 0, 1, 5, 6)
    state = ReplayState()
    for _ in replay(stage.archive, list_attempts(stage.archive, [names[-1]]), None, state):
        pass
    assert written(state) == {
        path: data for path, data in stage.archive.read_files("HEAD", SNAPSHOT_FILES).items() if data
    }


def written(state: ReplayState) -> dict[str, bytes]:
    """The files that lines make up."""
    return {
        path: b"".join(line.text + b"\n" for _, line in sorted(lines.items()))
        for path, lines in state.files.items()
        if lines
    }
