"""Verify: the files in git are those that were received, and where they differ, hour and feed are named."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from orarchive.domain.feeds import FEEDS
from orarchive.domain.snapshot import hash_feed
from orarchive.history.verify import verify
from orarchive.sample import START
from tests.support.archives import HOUR, KEYLESS_FEEDS, Stage, build_payloads, edit_records, read_git
from tests.support.verifying import (
    DAILY,
    FACTS,
    FINDINGS,
    FIRST,
    HOURS,
    LAST,
    SECOND,
    Commits,
    commit_by_hand,
    flip_bit,
    record_hash,
    replace_commit,
    run_verify,
    verify_archive,
    verify_history,
)


def test_sound_archive_is_as_received(three_hours: Stage) -> None:
    """Check that a gap is printed, and is no error."""
    result = run_verify(three_hours.root)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "gap: 2026-06-01T02Z to 2026-06-01T02Z (1 h)",
        "4 attempts: all as received",
    ]
    assert json.loads(run_verify(three_hours.root, "--json").stdout) == {
        "attempts": 4,
        **{name: [] for name in (*FINDINGS, "health_extra")},
        "health_absent": 0,
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


def test_failed_hours_are_sound(stage: Stage) -> None:
    """Check that a feed that failed, was rejected or was read in part stays as it was."""
    assert stage.run(START) == 0
    for number, (route, fault) in enumerate(FAULTS, start=1):
        bodies = edit_records(build_payloads(START), str(number))
        for row in bodies["models"]["data"] if route == "models/*/endpoints" else ():
            row["name"] += f" {number}"
        stage.service.fail(route, fault)
        stage.serve(bodies)
        assert stage.run(START + number * HOUR) == 1
        stage.service.heal()
    assert stage.run(START + len(FAULTS) * HOUR) == 0, "a repair of the same hour"
    reports = {name: [line["feeds"][name] for line in stage.read_attempts()] for name in ("endpoints", "zdr")}
    for reports_of in reports.values():
        changed = [
            report["outcome"]
            for previous, report in pairwise(reports_of)
            if report["sha256"] != previous["sha256"]
        ]
        assert "failed" in changed
    assert verify_archive(stage.root) == {}


def test_gap_is_of_the_hourly_feeds(stage: Stage) -> None:
    """Check that an hour with only videos, which are fetched daily, is no good hour."""
    for hour, code in ((0, 0), (24, 1), (25, 0)):
        for route in ("models*", "providers", "endpoints/*") if code else ():
            stage.service.fail(route, "503")
        assert stage.run(START + hour * HOUR) == code
        stage.service.heal()
    assert stage.read_outcomes(START + 24 * HOUR)["videos"] == "ok"
    assert verify_archive(stage.root) == {"gaps": ["2026-06-01T01Z to 2026-06-02T00Z (24 h)"]}


def test_code_and_notes_beside_the_data_do_not_matter(hour_commits: Commits, tmp_path: Path) -> None:
    code = replace(
        hour_commits[LAST],
        files={**hour_commits[LAST].files, "README.md": b"code\n", "data/NOTES.md": b"note\n"},
    )
    assert verify_history(tmp_path / "archive", [*hour_commits, commit_by_hand(code)]) == {}


def test_unknown_feed_in_the_ledger_does_not_matter(hour_commits: Commits, tmp_path: Path) -> None:
    assert verify_history(
        tmp_path / "archive", [*hour_commits, record_hash(hour_commits[LAST], LAST, "rss", "0" * 64)]
    ) == {"rewritten": ["2026-06-01T03Z"]}


@pytest.mark.parametrize(
    ("feed", "path"), [(name, path) for name in KEYLESS_FEEDS for path in FEEDS[name].files]
)
def test_a_flipped_bit_in_an_hour_is_found(
    hour_commits: Commits, tmp_path: Path, feed: str, path: str
) -> None:
    """Check that it is found in any file, whether that hour wrote the file or left it as it was."""
    findings = verify_history(
        tmp_path / "archive", replace_commit(hour_commits, SECOND, flip_bit(hour_commits[SECOND], path))
    )
    assert findings["differs"] == [f"2026-06-01T01Z {feed}"]
    assert findings.keys() <= {"differs", "broken"}


@pytest.mark.parametrize(("position", "name"), [(FIRST, ""), (DAILY, " attempt 2"), (LAST, "")])
def test_attempt_is_named(hour_commits: Commits, tmp_path: Path, position: int, name: str) -> None:
    findings = verify_history(
        tmp_path / "archive", replace_commit(hour_commits, position, flip_bit(hour_commits[position], FACTS))
    )
    assert findings["differs"] == [f"2026-06-01T0{3 if position == LAST else 0}Z{name} models"]


def test_removed_file_is_found(hour_commits: Commits, tmp_path: Path) -> None:
    findings = verify_history(
        tmp_path / "archive",
        replace_commit(hour_commits, SECOND, hour_commits[SECOND].with_files({"zdr/facts.jsonl": None})),
    )
    assert findings == {"differs": ["2026-06-01T01Z zdr"]}


def test_lines_in_another_order_are_found(hour_commits: Commits, tmp_path: Path) -> None:
    lines = hour_commits[SECOND]["providers/facts.jsonl"].splitlines(keepends=True)
    turned = hour_commits[SECOND].with_files({"providers/facts.jsonl": b"".join(lines[::-1])})
    assert verify_history(tmp_path / "archive", replace_commit(hour_commits, SECOND, turned)) == {
        "differs": ["2026-06-01T01Z providers"]
    }


def test_an_edited_hash_is_found(hour_commits: Commits, tmp_path: Path) -> None:
    """Edit it by a commit after all hours: the ledger is read at the tip, and the files contradict it."""
    manual = record_hash(hour_commits[LAST], SECOND, "endpoints", "0" * 64)
    assert verify_history(tmp_path / "archive", [*hour_commits, manual]) == {
        "differs": ["2026-06-01T01Z endpoints"],
        "unchained": ["2026-06-01T03Z"],
        "rewritten": ["2026-06-01T01Z"],
    }


@pytest.mark.parametrize(("feed", "path"), [("models", FACTS), ("zdr", "zdr/facts.jsonl")])
def test_a_commit_after_the_last_hour_is_found(
    hour_commits: Commits, tmp_path: Path, feed: str, path: str
) -> None:
    findings = verify_history(
        tmp_path / "archive", [*hour_commits, commit_by_hand(flip_bit(hour_commits[LAST], path))]
    )
    assert findings == {"by_hand": [f"2026-06-01T03Z {feed}"]}


def test_commit_that_was_taken_back_does_not_matter(hour_commits: Commits, tmp_path: Path) -> None:
    """Allow it, and one that the next hour has overwritten: nothing of it was taken for received."""
    manual = commit_by_hand(flip_bit(hour_commits[LAST], FACTS))
    assert (
        verify_history(tmp_path / "back", [*hour_commits, manual, commit_by_hand(hour_commits[LAST])]) == {}
    )
    manual = commit_by_hand(flip_bit(hour_commits[SECOND], FACTS))
    assert verify_history(tmp_path / "over", [*hour_commits[:LAST], manual, hour_commits[LAST]]) == {}


@pytest.mark.parametrize(
    ("feed", "faults"),
    [
        ("videos", {}),
        ("providers", {"providers": "503"}),
        ("models", {"models": "html"}),
        ("endpoints", {"models/anthropic/*/endpoints": "503"}),
    ],
)
def test_edit_that_the_next_hour_carries_on_is_found(
    three_hours: Stage, tmp_path: Path, feed: str, faults: dict[str, str]
) -> None:
    """Find it although the next hour, which did not read the feed, has the hash of the edit in its ledger."""
    stage = three_hours.copy(tmp_path / "archive")
    path = stage.root / "data" / FEEDS[feed].files[0]
    path.write_bytes(path.read_bytes().replace(b'"three"', b'"four"').replace(b'"one"', b'"zero"'))
    read_git(stage.root, "commit", "--all", "--quiet", "-m", "Mend a typo")
    for route, fault in faults.items():
        stage.service.fail(route, fault)
    stage.serve(edit_records(build_payloads(START), "five"))
    stage.run(HOURS[-1] + HOUR)
    stage.service.heal()
    findings = verify_archive(stage.root)
    assert findings.pop("gaps")
    assert findings == {"by_hand": [f"2026-06-01T03Z {feed}"]}


def test_edit_that_a_repair_carries_on_is_found(three_hours: Stage, tmp_path: Path) -> None:
    """The repair of an hour asks only for what its first attempt did not read."""
    stage = three_hours.copy(tmp_path / "archive")
    hour = HOURS[-1] + HOUR
    stage.serve(build_payloads(START))
    stage.service.fail("models/anthropic/*/endpoints", "404")
    stage.service.fail("models/z-ai/*/endpoints", "502")
    assert stage.run(hour) == 1
    path = stage.root / "data/endpoints/facts.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"provider_name":"', b'"provider_name":"X', 1))
    read_git(stage.root, "commit", "--all", "--quiet", "-m", "Mend a typo")
    stage.service.heal()
    assert stage.run(hour) == 0
    findings = verify_archive(stage.root)
    assert findings["by_hand"] == ["2026-06-01T04Z endpoints"]


def test_edited_kept_keys_are_found(three_hours: Stage, tmp_path: Path) -> None:
    stage = three_hours.copy(tmp_path / "archive")
    line = b'{"model":"z-ai/glm-5.1","reason":"404","since":"2026-05-01T00:00:00Z"}\n'
    (stage.root / "data/endpoints/kept.jsonl").write_bytes(line)
    read_git(stage.root, "add", "data")
    read_git(stage.root, "commit", "--quiet", "-m", "Keep it")
    stage.run(HOURS[-1] + HOUR)
    assert verify_archive(stage.root)["by_hand"] == ["2026-06-01T03Z endpoints/kept.jsonl"]


BREAKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not JSON": (lambda content: content.replace(b'"id"', b'"id', 1), "data/models/facts.jsonl: "),
    "no object": (lambda content: b'["a"]\n' + content, "a line that is not an object"),
    "no key": (lambda content: content.replace(b'"id":', b'"it":', 1), "a line without"),
    "twice": (lambda content: content.splitlines(keepends=True)[0] + content, "two lines for"),
    "half a record": (lambda content: content.partition(b"\n")[2], "has no line for"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_broken_line_is_found(hour_commits: Commits, tmp_path: Path, kind: str) -> None:
    change, words = BREAKS[kind]
    broken = hour_commits[SECOND].with_files({FACTS: change(hour_commits[SECOND][FACTS])})
    findings = verify_history(tmp_path / "archive", replace_commit(hour_commits, SECOND, broken))
    commit = read_git(tmp_path / "archive", "rev-parse", "--short=10", "HEAD~1")
    (line,) = findings.pop("broken")
    assert line.startswith(f"2026-06-01T01Z {commit}: data/models/facts.jsonl")
    assert words in line
    assert findings == {"differs": ["2026-06-01T01Z models"]}


def test_broken_line_is_found_where_the_ledger_has_its_hash(hour_commits: Commits, tmp_path: Path) -> None:
    change, _ = BREAKS["not JSON"]
    broken = hour_commits[SECOND].with_files({FACTS: change(hour_commits[SECOND][FACTS])})
    files = {path.removeprefix("data/"): content for path, content in broken.files.items()}
    manual = record_hash(hour_commits[LAST], SECOND, "models", hash_feed(FEEDS["models"], files))
    assert verify_history(
        tmp_path / "archive", [*replace_commit(hour_commits, SECOND, broken), manual]
    ).keys() == {"broken", "unchained", "rewritten"}


def test_broken_last_hour_differs_from_the_replay(hour_commits: Commits, tmp_path: Path) -> None:
    change, _ = BREAKS["not JSON"]
    findings = verify_history(
        tmp_path / "archive",
        replace_commit(
            hour_commits, LAST, hour_commits[LAST].with_files({FACTS: change(hour_commits[LAST][FACTS])})
        ),
    )
    assert findings["differs"] == ["2026-06-01T03Z models"]
    assert len(findings["broken"]) == 1
    assert FACTS in findings["replayed"]
    assert "videos/facts.jsonl" not in findings["replayed"]


def test_a_run_beside_it_is_no_finding(three_hours: Stage, tmp_path: Path) -> None:
    """The history is checked as it was when it was read."""
    stage = three_hours.copy(tmp_path / "archive")
    history = stage.read_history()
    stage.serve(edit_records(build_payloads(START), "six"))
    assert stage.run(HOURS[-1] + HOUR) == 0
    assert not verify(history).wrong


def test_two_hours_in_one_commit_are_in_doubt(hour_commits: Commits, tmp_path: Path) -> None:
    """Squashed into one commit, only the second hour's state is there."""
    findings = verify_history(tmp_path / "archive", [*hour_commits[:SECOND], hour_commits[LAST]])
    assert findings == {"in_doubt": ["2026-06-01T01Z: no commit shows its state"]}
