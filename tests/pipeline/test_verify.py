"""Verify: what lies in git is what was received, and where it is not, the hour and the feed are named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orarchive.cli.main import main as orarchive_command
from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import hash_feed
from orarchive.importer.convert import import_versions
from orarchive.jsonl import dumps, loads
from orarchive.sample import START, Service
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from tests.support.archives import HOUR, Stage, edited, new_archive, payloads, replies, say
from tests.support.histories import Made, anew, grown, made, make, tables
from tests.support.imports import PATH, Source, repriced

HOURS = (START, START + HOUR, START + 3 * HOUR)
FIRST, DAILY, SECOND, LAST = range(4)
"""The commits: two attempts at the first hour, the second one for the daily feeds; then one an hour."""

FACTS, LEDGER = "models/facts.jsonl", "hours/2026-06.jsonl"

Commits = list[Made]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An archive of three hours, with one missing before the last."""
    with Service(replies({})) as service:
        stage = Stage(service, new_archive(tmp_path_factory.mktemp("kept") / "archive"))
        for hour, word in zip(HOURS, ("one", "two", "three"), strict=True):
            stage.serve(edited(payloads(START), word))
            assert stage.run(hour) == 0
        yield stage


@pytest.fixture(scope="module")
def base(kept: Stage) -> Commits:
    found = made(kept.archive)
    assert [one.message.partition(":")[0] for one in found] == [
        *["2026-06-01T00Z"] * 2,
        *["2026-06-01T01Z", "2026-06-01T03Z"],
    ]
    return found


def verified(root: Path, *options: str) -> Result:
    return CliRunner().invoke(orarchive_command, ["verify", "--archive", str(root), *options])


def findings(root: Path) -> dict[str, Any]:
    """What verify finds, without what is empty; it must say the same to people and by its exit code."""
    result, shown = verified(root, "--json"), verified(root)
    said: dict[str, Any] = json.loads(result.stdout)
    assert said.keys() == {
        "attempts",
        "differs",
        "broken",
        "by_hand",
        "in_doubt",
        "twice",
        "replayed",
        "gaps",
        "wrong",
    }
    assert result.exit_code == shown.exit_code == int(said["wrong"])
    *_, verdict = shown.stdout.splitlines()
    assert verdict == f"{said['attempts']} attempts: " + (
        "NOT as received" if said["wrong"] else "all as received"
    )
    found = {name: value for name, value in said.items() if isinstance(value, list) and value}
    assert all(one in shown.stdout for name, ones in found.items() if name != "gaps" for one in ones)
    assert said["wrong"] == bool(found.keys() - {"gaps"})
    return found


def found_in(root: Path, commits: Commits) -> dict[str, Any]:
    """What verify finds in a history, but for the gap that all of them have."""
    make(new_archive(root), commits)
    found = findings(root)
    assert found.pop("gaps") == ["2026-06-01T02Z to 2026-06-01T02Z (1 h)"]
    return found


def flipped(one: Made, path: str) -> Made:
    """The same with one bit of a file flipped, inside a word that was sent."""
    content = bytearray(one[path])
    content[content.index(b'"edition"' if b'"edition"' in content else b'"') + 1] ^= 1
    return one.having({path: bytes(content)})


def by_hand(one: Made) -> Made:
    """A commit of somebody with the same files."""
    return replace(one, message="Mend a typo\n")


def at(commits: Commits, position: int, other: Made) -> Commits:
    """The same history with another commit at a position."""
    return [*commits[:position], other, *commits[position + 1 :]]


# --- sound --------------------------------------------------------------------------------------------------


def test_a_sound_archive_is_as_received(kept: Stage) -> None:
    """A gap is told, and is no error."""
    result = verified(kept.root)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "gap: 2026-06-01T02Z to 2026-06-01T02Z (1 h)",
        "4 attempts: all as received",
    ]
    assert json.loads(verified(kept.root, "--json").stdout) == {
        "attempts": 4,
        **{name: [] for name in ("differs", "broken", "by_hand", "in_doubt", "twice", "replayed")},
        "gaps": ["2026-06-01T02Z to 2026-06-01T02Z (1 h)"],
        "wrong": False,
    }


FAULTS = (
    ("models", "503"),
    ("endpoints/zdr", "503"),  # its lines say more where the endpoints that they repeat have changed
    ("providers", "invalid-json"),
    ("models/z-ai/*/endpoints", "404"),
    ("models/*/endpoints", "503"),  # the same of their models
    ("*", "reset"),
)


def test_hours_that_failed_are_sound(stage: Stage) -> None:
    """A feed that was not had, refused, or only in part stays as it was; that is as received."""
    assert stage.run(START) == 0
    for number, (route, fault) in enumerate(FAULTS, start=1):
        bodies = edited(payloads(START), str(number))
        for row in bodies["models"]["data"] if route == "models/*/endpoints" else ():
            row["name"] += f" {number}"
        stage.service.fail(route, fault)
        stage.serve(bodies)
        assert stage.run(START + number * HOUR) == 1
        stage.service.heal()
    assert stage.run(START + len(FAULTS) * HOUR) == 0, "a repair of the same hour"
    reports = {name: [line["feeds"][name] for line in stage.attempts()] for name in ("endpoints", "zdr")}
    for reports_of in reports.values():
        changed = [one["outcome"] for last, one in pairwise(reports_of) if one["sha256"] != last["sha256"]]
        assert "failed" in changed
    assert findings(stage.root) == {}


def test_a_gap_is_of_the_hourly_feeds(stage: Stage) -> None:
    """Videos alone, once a day, make no hour."""
    for hour, code in ((0, 0), (24, 1), (25, 0)):
        for route in ("models*", "providers", "endpoints/*") if code else ():
            stage.service.fail(route, "503")
        assert stage.run(START + hour * HOUR) == code
        stage.service.heal()
    assert stage.outcomes(START + 24 * HOUR)["videos"] == "ok"
    assert findings(stage.root) == {"gaps": ["2026-06-01T01Z to 2026-06-02T00Z (24 h)"]}


def test_code_and_notes_beside_the_data_do_not_matter(base: Commits, tmp_path: Path) -> None:
    code = replace(base[LAST], files={**base[LAST].files, "README.md": b"mine\n", "data/NOTES.md": b"mine\n"})
    assert found_in(tmp_path / "archive", [*base, by_hand(code)]) == {}


def test_a_feed_that_nobody_knows_any_more_does_not_matter(base: Commits, tmp_path: Path) -> None:
    assert found_in(tmp_path / "archive", [*base, recorded(base[LAST], SECOND, "rss", "0" * 64)]) == {}


def recorded(one: Made, line: int, feed: str, digest: str) -> Made:
    """A commit of somebody who wrote another hash of a feed into a line of the ledger."""
    lines = [loads(text) for text in one[LEDGER].splitlines()]
    lines[line]["feeds"].setdefault(feed, {"outcome": "ok"})["sha256"] = digest
    return by_hand(one.having({LEDGER: b"".join(dumps(one) + b"\n" for one in lines)}))


# --- changed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "path"), [(feed.name, path) for feed in FEEDS.values() for path in feed.files]
)
def test_a_flipped_bit_in_an_hour_is_found(base: Commits, tmp_path: Path, feed: str, path: str) -> None:
    """In any file, whether that hour brought it or left it as it was."""
    found = found_in(tmp_path / "archive", at(base, SECOND, flipped(base[SECOND], path)))
    assert found["differs"] == [f"2026-06-01T01Z {feed}"]
    assert found.keys() <= {"differs", "broken"}


@pytest.mark.parametrize(("position", "name"), [(FIRST, ""), (DAILY, " attempt 2"), (LAST, "")])
def test_the_attempt_is_named(base: Commits, tmp_path: Path, position: int, name: str) -> None:
    found = found_in(tmp_path / "archive", at(base, position, flipped(base[position], FACTS)))
    assert found["differs"] == [f"2026-06-01T0{3 if position == LAST else 0}Z{name} models"]


def test_a_file_that_is_gone_is_found(base: Commits, tmp_path: Path) -> None:
    found = found_in(tmp_path / "archive", at(base, SECOND, base[SECOND].having({"zdr/facts.jsonl": None})))
    assert found == {"differs": ["2026-06-01T01Z zdr"]}


def test_lines_in_another_order_are_found(base: Commits, tmp_path: Path) -> None:
    lines = base[SECOND]["providers/facts.jsonl"].splitlines(keepends=True)
    other = base[SECOND].having({"providers/facts.jsonl": b"".join(lines[::-1])})
    assert found_in(tmp_path / "archive", at(base, SECOND, other)) == {
        "differs": ["2026-06-01T01Z providers"]
    }


def test_an_edited_hash_is_found(base: Commits, tmp_path: Path) -> None:
    """By a commit after all hours: the ledger is read at the tip, and git is what it says otherwise."""
    edit = recorded(base[LAST], SECOND, "endpoints", "0" * 64)
    assert found_in(tmp_path / "archive", [*base, edit]) == {"differs": ["2026-06-01T01Z endpoints"]}


# --- by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("feed", "path"), [("models", FACTS), ("zdr", "zdr/facts.jsonl")])
def test_a_commit_after_the_last_hour_is_found(base: Commits, tmp_path: Path, feed: str, path: str) -> None:
    found = found_in(tmp_path / "archive", [*base, by_hand(flipped(base[LAST], path))])
    assert found == {"by_hand": [f"2026-06-01T03Z {feed}"]}


def test_a_commit_that_was_taken_back_does_not_matter(base: Commits, tmp_path: Path) -> None:
    """Nor does one that the next hour has written over: nothing of it was taken for received."""
    edit = by_hand(flipped(base[LAST], FACTS))
    assert found_in(tmp_path / "back", [*base, edit, by_hand(base[LAST])]) == {}
    edit = by_hand(flipped(base[SECOND], FACTS))
    assert found_in(tmp_path / "over", [*base[:LAST], edit, base[LAST]]) == {}


@pytest.mark.parametrize(
    ("feed", "faults"), [("videos", {}), ("providers", {"providers": "503"}), ("models", {"models": "html"})]
)
def test_what_the_next_hour_carries_on_is_found(
    kept: Stage, tmp_path: Path, feed: str, faults: dict[str, str]
) -> None:
    """A feed that was not read stands in the next hour's ledger as somebody had changed it by hand."""
    stage = kept.copy(tmp_path / "archive")
    path = stage.root / "data" / FEEDS[feed].files[0]
    path.write_bytes(path.read_bytes().replace(b'"three"', b'"four"').replace(b'"one"', b'"zero"'))
    say(stage.root, "commit", "--all", "--quiet", "-m", "Mend a typo")
    for route, fault in faults.items():
        stage.service.fail(route, fault)
    stage.serve(edited(payloads(START), "five"))
    stage.run(HOURS[-1] + HOUR)
    stage.service.heal()
    found = findings(stage.root)
    assert found.pop("gaps")
    assert found == {"by_hand": [f"2026-06-01T03Z {feed}"]}


# --- broken -------------------------------------------------------------------------------------------------

BREAKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not JSON": (lambda content: content.replace(b'"id"', b'"id', 1), "data/models/facts.jsonl: "),
    "no object": (lambda content: b'["a"]\n' + content, "a line that is not an object"),
    "no key": (lambda content: content.replace(b'"id":', b'"it":', 1), "a line without"),
    "twice": (lambda content: content.splitlines(keepends=True)[0] + content, "two lines for"),
    "half a record": (lambda content: content.partition(b"\n")[2], "has no line for"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_line_is_found(base: Commits, tmp_path: Path, kind: str) -> None:
    change, words = BREAKS[kind]
    broken = base[SECOND].having({FACTS: change(base[SECOND][FACTS])})
    found = found_in(tmp_path / "archive", at(base, SECOND, broken))
    commit = say(tmp_path / "archive", "rev-parse", "--short=10", "HEAD~1")
    (said,) = found.pop("broken")
    assert said.startswith(f"2026-06-01T01Z {commit}: data/models/facts.jsonl")
    assert words in said
    assert found == {"differs": ["2026-06-01T01Z models"]}


def test_a_broken_line_is_found_also_where_the_ledger_has_its_hash(base: Commits, tmp_path: Path) -> None:
    change, _ = BREAKS["not JSON"]
    broken = base[SECOND].having({FACTS: change(base[SECOND][FACTS])})
    files = {path.removeprefix("data/"): content for path, content in broken.files.items()}
    edit = recorded(base[LAST], SECOND, "models", hash_feed(FEEDS["models"], files))
    assert found_in(tmp_path / "archive", [*at(base, SECOND, broken), edit]).keys() == {"broken"}


def test_a_broken_last_hour_is_not_what_replaying_gives(base: Commits, tmp_path: Path) -> None:
    change, _ = BREAKS["not JSON"]
    found = found_in(
        tmp_path / "archive", at(base, LAST, base[LAST].having({FACTS: change(base[LAST][FACTS])}))
    )
    assert found["differs"] == ["2026-06-01T03Z models"]
    assert len(found["broken"]) == 1
    assert FACTS in found["replayed"]
    assert "videos/facts.jsonl" not in found["replayed"]


def test_two_hours_in_one_commit_are_in_doubt(base: Commits, tmp_path: Path) -> None:
    """Squashed into one, only the second hour's state is there."""
    found = found_in(tmp_path / "archive", [*base[:SECOND], base[LAST]])
    assert found == {"in_doubt": ["2026-06-01T01Z: no commit shows its state"]}


# --- what the questions say to it ---------------------------------------------------------------------------


def asked(root: Path, *arguments: str) -> tuple[int, bool, str]:
    """The exit code of a question, whether there was an answer, and what was said beside it."""
    name, *others = arguments
    result = CliRunner().invoke(orarchive_command, [name, "--archive", str(root), *others])
    return result.exit_code, bool(result.stdout), result.stderr


@pytest.mark.parametrize("how", ["a line twice", "a line edited"])
def test_an_hour_that_is_not_as_received_is_not_served(base: Commits, tmp_path: Path, how: str) -> None:
    """Nor what is put together with it; other feeds and hours are."""
    root = new_archive(tmp_path / "archive")
    facts = base[SECOND][FACTS]
    twice = base[SECOND].having({FACTS: facts.splitlines(keepends=True)[0] + facts})
    make(root, at(base, SECOND, twice if how == "a line twice" else flipped(base[SECOND], FACTS)))
    said = (
        "Error: the files of models at 2026-06-01T01Z are not those that the ledger hashed;"
        " python -m orarchive verify names all that differs\n"
    )
    for question in (
        ("at", "2026-06-01T01Z", "models"),
        ("at", "2026-06-01T01Z", "zdr"),
        ("raw", "2026-06-01T01Z", "models"),
        ("raw", "2026-06-01T01Z", "endpoints"),
        ("diff", "2026-06-01T00Z", "2026-06-01T01Z"),
        ("diff", "2026-06-01T01Z", "2026-06-01T03Z", "endpoints"),
    ):
        assert asked(root, *question) == (2, False, said), question
    for question in (
        ("at", "2026-06-01T01Z", "providers"),
        ("raw", "2026-06-01T01Z", "providers"),
        ("diff", "2026-06-01T00Z", "2026-06-01T01Z", "providers"),
        ("raw", "2026-06-01T03Z", "models"),
    ):
        assert asked(root, *question) == (0, True, ""), question


def test_an_hour_in_doubt_is_answered_as_a_gap_is(base: Commits, tmp_path: Path) -> None:
    root = new_archive(tmp_path / "archive")
    make(root, [*base[:SECOND], base[LAST]])
    note = "No commit shows models as of 2026-06-01T01Z; this is 2026-06-01T00Z\n"
    assert asked(root, "at", "2026-06-01T01Z", "models") == (0, True, note)
    assert asked(root, "diff", "2026-06-01T01Z", "2026-06-01T03Z") == (0, True, note)
    near = "good hours next to it: 2026-06-01T00Z, 2026-06-01T03Z"
    error = f"Error: no commit shows models as of 2026-06-01T01Z; {near}\n"
    assert asked(root, "raw", "2026-06-01T01Z", "models") == (1, False, error)


def test_a_later_attempt_in_doubt(base: Commits, tmp_path: Path) -> None:
    """What it read is not what the first attempt at that hour left."""
    root = new_archive(tmp_path / "archive")
    make(root, [base[FIRST], *base[SECOND:]])
    assert asked(root, "raw", "2026-06-01T00Z", "models") == (0, True, "")
    error = "Error: no commit shows images as of 2026-06-01T00Z\n"
    assert asked(root, "raw", "2026-06-01T00Z", "images") == (1, False, error)
    assert asked(root, "at", "2026-06-01T00Z", "images") == (1, False, error)


def test_a_first_hour_in_doubt(base: Commits, tmp_path: Path) -> None:
    """Nothing before it could answer; of a shallow clone it is said what is missing."""
    root = new_archive(tmp_path / "archive")
    make(root, base[LAST:])
    error = "Error: no commit shows models as of 2026-06-01T01Z; good hours next to it: 2026-06-01T03Z\n"
    assert asked(root, "at", "2026-06-01T02Z", "models") == (1, False, error)
    make(root, base)
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", "clone")
    for question in (("at", "2026-06-01T00Z", "models"), ("raw", "2026-06-01T00Z", "models")):
        code, answered, said = asked(tmp_path / "clone", *question)
        assert (code, answered) == (2, False)
        assert "git fetch --unshallow brings it" in said
    assert asked(tmp_path / "clone", "at", "2026-06-01T03Z", "models") == (0, True, "")


# --- imported -----------------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Nine versions, a day apart; the last one is no list."""
    source = Source(new_archive(tmp_path / "tracker"))
    for day in range(8):
        source.save(repriced(f"0.{day}1"), day * 24 * HOUR)
    source.save(b"{}", 8 * 24 * HOUR)
    return source


def test_an_imported_archive_is_sound(source: Source, tmp_path: Path) -> None:
    """Of many gaps the first five are shown."""
    root = new_archive(tmp_path / "archive")
    import_versions(open_archive(root), str(source.root), PATH, START)
    result = verified(root)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        *(f"gap: 2025-03-0{day}T07Z to 2025-03-0{day + 1}T05Z (23 h)" for day in range(1, 6)),
        "... and 2 more gaps (--json names them)",
        "9 attempts: all as received",
    ]
    assert findings(root)["gaps"][-1] == "2025-03-07T07Z to 2025-03-08T05Z (23 h)"


def test_a_past_is_verified_with_the_rest(stage: Stage, source: Source) -> None:
    assert stage.run(START) == 0
    import_versions(stage.archive, str(source.root), PATH, START)
    assert findings(stage.root).keys() == {"gaps"}
    run_git(stage.root, "checkout", "--quiet", "past/tracker")
    facts = stage.root / "data" / FACTS
    facts.write_bytes(facts.read_bytes().replace(b"b/two", b"b/ten"))
    run_git(stage.root, "commit", "--quiet", "--all", "--amend", "--no-edit")
    run_git(stage.root, "checkout", "--quiet", "main")
    found = findings(stage.root)
    assert found["differs"] == ["2025-03-09T06Z models"]


def test_hours_on_top_of_a_past_are_sound(stage: Stage, source: Source) -> None:
    """Also where the models were not had in the first of them: they are those of the import."""
    import_versions(stage.archive, str(source.root), PATH, START)
    stage.service.fail("models", "503")
    assert stage.run(START) == 1
    stage.service.heal()
    assert findings(stage.root).keys() == {"gaps"}


def test_hours_beside_a_past_begin_anew(stage: Stage, source: Source) -> None:
    """The first of them has no models, where the last of the past had some; nobody changed that by hand."""
    stage.service.fail("models", "503")
    assert stage.run(START) == 1
    stage.service.heal()
    import_versions(stage.archive, str(source.root), PATH, START)
    assert findings(stage.root).keys() == {"gaps"}


def test_a_past_without_hours_of_its_own_after_it(stage: Stage, source: Source) -> None:
    """The owner's branch begins anew; that it holds none of the past's records is nobody's doing."""
    assert stage.run(START) == 0
    import_versions(stage.archive, str(source.root), PATH, START)
    run_git(stage.root, "checkout", "--quiet", "--orphan", "new")
    run_git(stage.root, "rm", "-r", "--quiet", "--force", ".")
    run_git(stage.root, "commit", "--quiet", "--allow-empty", "-m", "Begin anew")
    assert findings(stage.root).keys() == {"gaps"}


def test_the_first_hour_is_seen_whole(base: Commits, tmp_path: Path) -> None:
    """Also where the ledger has lost the hour before it, which brought some of its files."""
    lines = b"".join(base[LAST][LEDGER].splitlines(keepends=True)[SECOND:])
    edit = by_hand(base[LAST].having({LEDGER: lines}))
    assert found_in(tmp_path / "archive", [*base, edit]) == {}


# --- the ledger ---------------------------------------------------------------------------------------------


def without(*path: str) -> Callable[[Any], Any]:
    """A line that lacks a member."""

    def change(line: Any) -> Any:
        inner = line
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return line

    return change


NO_LINES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "something else": (lambda _: {"a": 1}, "Object missing required field `hour`"),
    "no relations": (without("relations"), "Object missing required field `relations`"),
    "no feeds": (without("feeds"), "Object missing required field `feeds`"),
    "no hash": (without("feeds", "zdr", "sha256"), "feeds, zdr: Object missing required field `sha256`"),
    "feeds in a list": (
        lambda line: {**line, "feeds": [line["feeds"]]},
        "Expected `object`, got `array` - at `$.feeds`",
    ),
    "a feed is a word": (
        lambda line: {**line, "feeds": {"zdr": "ok"}},
        "feeds, zdr: Expected `object`, got `str`",
    ),
    "kept in a list": (
        lambda line: {**line, "feeds": {"zdr": {"outcome": "ok", "sha256": "", "kept": []}}},
        "feeds, zdr: Expected `object`, got `array` - at `$.kept`",
    ),
    "a number for the hour": (lambda line: {**line, "hour": 7}, "Expected `str`, got `int` - at `$.hour`"),
    "a word for the hour": (
        lambda line: {**line, "hour": "noon"},
        "hour is not a UTC time: 'noon' (write 2026-11-20T06:05:04Z)",
    ),
    "an hour in prose": (
        lambda line: {**line, "hour": "2026-06-01T01Z"},
        "hour is not a UTC hour: '2026-06-01T01Z' (write 2026-11-20T06:00:00Z)",
    ),
    "half past": (
        lambda line: {**line, "hour": "2026-06-01T01:30:00Z"},
        "hour is not a UTC hour: '2026-06-01T01:30:00Z' (write 2026-11-20T06:00:00Z)",
    ),
    "no time zone": (
        lambda line: {**line, "started": "2026-06-01T01:00:00"},
        "started is not a UTC time: '2026-06-01T01:00:00' (write 2026-11-20T06:05:04Z)",
    ),
    "attempt in words": (
        lambda line: {**line, "attempt": "first"},
        "Expected `int`, got `str` - at `$.attempt`",
    ),
}
COMMANDS = (
    ("verify",),
    ("status",),
    ("at", "2026-06-01T00Z", "models"),
    ("raw", "2026-06-01T00Z", "models"),
    ("diff", "2026-06-01T00Z", "2026-06-01T03Z"),
    ("log", "openai/gpt-5-image"),
    ("price", "openai/gpt-5-image"),
    ("index",),
)


def with_ledger(one: Made, change: Callable[[list[Any]], list[Any]]) -> Made:
    """A commit of somebody who changed the ledger's lines."""
    lines = change([loads(text) for text in one[LEDGER].splitlines()])
    return by_hand(one.having({LEDGER: b"".join(dumps(line) + b"\n" for line in lines)}))


@pytest.mark.parametrize("kind", NO_LINES)
def test_what_is_no_line_of_the_ledger_is_told_in_one_line(base: Commits, tmp_path: Path, kind: str) -> None:
    change, words = NO_LINES[kind]
    root = new_archive(tmp_path / "archive")
    edit = with_ledger(base[LAST], lambda lines: [*lines[:2], change(lines[2]), *lines[3:]])
    make(root, [*base, edit])
    for name, *arguments in COMMANDS if kind == "something else" else COMMANDS[:1]:
        result = CliRunner().invoke(orarchive_command, [name, "--archive", str(root), *arguments])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"Error: data/{LEDGER}, line 3: not a line of the ledger: {words}\n"


def test_an_index_that_goes_on_names_the_line_in_the_file(base: Commits, tmp_path: Path) -> None:
    root = new_archive(tmp_path / "archive")
    make(root, base)
    assert CliRunner().invoke(orarchive_command, ["index", "--archive", str(root)]).exit_code == 0
    names = make(root, [*base, with_ledger(base[LAST], lambda lines: [*lines, {"a": 1}])])
    assert say(root, "rev-parse", "HEAD") == names[-1]
    result = CliRunner().invoke(orarchive_command, ["index", "--archive", str(root)])
    assert f"{LEDGER}, line 5: not a line of the ledger" in result.stderr


def test_what_was_no_ledger_and_is_gone_does_not_matter(base: Commits, tmp_path: Path) -> None:
    content = b'{"a":1}\n{"hour":[],"attempt":1}\n["a"]\n{\n'
    mess = by_hand(base[LAST].having({"hours/2026-05.jsonl": content}))
    assert found_in(tmp_path / "archive", [*base, mess, by_hand(base[LAST])]) == {}


@pytest.mark.parametrize("last", [False, True], ids=["an older one", "the last one"])
def test_a_line_that_stands_twice_is_found_and_counts_once(base: Commits, tmp_path: Path, last: bool) -> None:
    """Also by an index that has its hour already."""
    root = new_archive(tmp_path / "archive")
    names = make(root, base)
    before = tables(open_archive(root))
    position = LAST if last else DAILY
    edit = with_ledger(base[LAST], lambda lines: [*lines, lines[position]])
    assert found_in(root, [*base, edit]) == {"twice": [f"2026-06-01T0{'3Z' if last else '0Z attempt 2'}"]}
    tip = say(root, "rev-parse", "HEAD")
    assert tables(open_archive(root)) == before
    assert grown(root, [names[-1], tip]) == anew(open_archive(root))


def test_an_attempt_with_two_lines_is_found(base: Commits, tmp_path: Path) -> None:
    """Which of them is right, nobody can say: both count."""
    edit = with_ledger(base[LAST], lambda lines: [*lines, {**lines[LAST], "version": "another"}])
    found = found_in(tmp_path / "archive", [*base, edit])
    assert found == {"twice": ["2026-06-01T03Z"]}


def test_more_members_in_the_ledger_do_not_matter(base: Commits, tmp_path: Path) -> None:
    """A newer version may write them."""

    def more(lines: list[Any]) -> list[Any]:
        for line in lines:
            line["mood"] = ["good"]
            line["feeds"]["models"]["mood"] = None
        return lines

    assert found_in(tmp_path / "archive", [*base, with_ledger(base[LAST], more)]) == {}


# --- what cannot be verified --------------------------------------------------------------------------------


def test_a_shallow_clone_cannot_be_verified(kept: Stage, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{kept.root}", "shallow")
    result = verified(tmp_path / "shallow")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "git fetch --unshallow" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_archive_without_hours_cannot_be_verified(tmp_path: Path) -> None:
    result = verified(new_archive(tmp_path / "new"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no hours yet" in result.stderr
