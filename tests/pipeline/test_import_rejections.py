"""Importing broken versions: what is quarantined, which versions count instead, and what the summary says."""

import datetime as dt
import hashlib
import re
from collections import Counter

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.importer import report as import_report
from orarchive.jsonl import dumps, loads
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support.archives import make_archive, read_git
from tests.support.import_source import (
    BAD_VERSIONS,
    BEGUN,
    HOUR,
    PATH,
    ROWS,
    Source,
    body,
    check_refused,
    list_outcomes,
    read_ids,
    read_ledger,
    repriced,
    row,
    run_import,
)


@pytest.mark.parametrize("case", BAD_VERSIONS)
def test_a_broken_version_is_quarantined(
    archive: Archive, source: Source, three_commits: list[str], case: str
) -> None:
    reason = case.partition(" ")[0]
    bad = source.save(BAD_VERSIONS[case], 3 * HOUR)
    source.save(repriced("0.5"), 4 * HOUR)
    imported = run_import(archive, source)
    assert list_outcomes(imported) == ["written", "written", "written", "quarantined", "written"]
    assert imported.versions[3].reason == reason
    assert len(imported.hours) == 5
    line = read_ledger(archive)[3]
    report = line["feeds"]["models"]
    assert (report["outcome"], report["reasons"], report["rows"]) == ("quarantined", [reason], 6)
    digest = hashlib.sha256(BAD_VERSIONS[case]).hexdigest()
    assert report["refused"] == [{"reason": reason, "sha256": digest, "bytes": len(BAD_VERSIONS[case])}]
    assert report["notes"][0].startswith(f"{bad} refused: {reason}")
    assert report["sha256"] == read_ledger(archive)[2]["feeds"]["models"]["sha256"]
    assert (
        run_git(source.root, "show", f"{line['source']['commit']}:{line['source']['path']}")
        == BAD_VERSIONS[case]
    )
    assert read_git(archive.root, "show", "--format=%s", "--name-only", "HEAD~1").split("\n") == [
        "2025-03-01T09Z: no change; not good: models",
        "",
        "data/hours/2025-03.jsonl",
    ]
    assert read_ledger(archive)[4]["feeds"]["models"]["outcome"] == "ok"


def test_broken_versions_before_the_first_good_one(archive: Archive, source: Source) -> None:
    for number, content in enumerate((b"", body([]), body())):
        source.save(content, number * HOUR)
    assert list_outcomes(run_import(archive, source)) == ["quarantined", "quarantined", "written"]
    assert [line["feeds"]["models"].get("rows") for line in read_ledger(archive)] == [0, 0, 5]
    assert read_git(archive.root, "log", "-1", "--format=%s") == "2025-03-01T08Z: first record of 5 models"
    assert set(archive.read_files("HEAD~2")) == {".gitattributes", "README.md", "hours/2025-03.jsonl"}


def test_an_earlier_good_version_of_the_hour_counts(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    minute = dt.timedelta(minutes=1)
    good = source.save(repriced("0.5"), 2 * HOUR + minute)
    bad = [
        source.save(BAD_VERSIONS[name], 2 * HOUR + n * minute) for n, name in ((2, "shrunk"), (3, "not-json"))
    ]
    imported = run_import(archive, source)
    assert list_outcomes(imported) == [
        "written",
        "written",
        "merged",
        "written",
        "quarantined",
        "quarantined",
    ]
    assert len(imported.hours) == 3
    line = read_ledger(archive)[-1]
    assert line["source"] == {"commit": good, "path": PATH, "merged": [three_commits[2]]}
    assert [note[:60] for note in line["notes"]] == [
        f"{bad[1]} refused: not-json: "[:60],
        f"{bad[0]} refused: shrunk: 5 to 3"[:60],
    ]
    assert all(note.endswith(f"; {good} of the same hour counts") for note in line["notes"])
    report = line["feeds"]["models"]
    assert (report["outcome"], report["rows"]) == ("ok", 5)
    assert [entry["reason"] for entry in report["refused"]] == ["not-json", "shrunk"]
    assert archive.read_snapshot("HEAD")["models"]["b/two",]["pricing"]["prompt"] == "0.5"


def test_an_hour_without_a_good_version(archive: Archive, source: Source, three_commits: list[str]) -> None:
    minute = dt.timedelta(minutes=1)
    bad = [
        source.save(BAD_VERSIONS[name], 3 * HOUR + n * minute) for n, name in ((2, "shrunk"), (3, "not-json"))
    ]
    imported = run_import(archive, source)
    assert list_outcomes(imported)[3:] == ["quarantined", "quarantined"]
    line = read_ledger(archive)[-1]
    assert line["source"] == {"commit": bad[1], "path": PATH, "merged": [bad[0]]}
    assert line["feeds"]["models"]["reasons"] == ["not-json", "shrunk"]
    assert read_ids(archive) == read_ids(archive, "HEAD~1")


def test_a_shrink_can_be_accepted(archive: Archive, source: Source, three_commits: list[str]) -> None:
    small = source.save(BAD_VERSIONS["shrunk"], 3 * HOUR)
    run_import(archive, source, accept=[small])
    assert read_ledger(archive)[-1]["feeds"]["models"]["rows"] == 3


def test_a_shrink_can_be_accepted_by_the_beginning_of_its_name(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    small = source.save(BAD_VERSIONS["shrunk"], 3 * HOUR)
    run_import(archive, source, accept=[small[:12].upper()])
    assert read_ledger(archive)[-1]["feeds"]["models"]["rows"] == 3


def test_accepting_a_commit_that_is_none(archive: Archive, source: Source, three_commits: list[str]) -> None:
    """Refuse also a commit of the source that did not touch the file, and one beside a valid name."""
    unrelated = source.save(b"# about", 3 * HOUR, path="README.md")
    for name in ("0" * 40, f"{three_commits[0]}0", unrelated, unrelated[:12], "main", "HEAD", "", " "):
        match = f"--accept names {re.escape(repr(name))}, but no version of {PATH} is of such a commit"
        check_refused(archive, match, source, accept=[three_commits[0], name])


def test_accepting_what_several_commits_begin_with(archive: Archive, source: Source) -> None:
    commits = [source.save(repriced(f"0.{number}1"), number * HOUR) for number in range(17)]
    first = next(letter for letter, count in Counter(name[0] for name in commits).items() if count > 1)
    matches = [name for name in commits if name[0] == first]
    listing = f"{len(matches)} versions .write more digits.: {matches[0]}, {matches[1]}"
    match = f"--accept names '{first}', which may be any of {listing}"
    check_refused(archive, match, source, accept=[first])


def test_a_file_of_something_else(archive: Archive, source: Source, three_commits: list[str]) -> None:
    source.save(b'{"name": "app"}', 4 * HOUR, path="package.json")
    check_refused(
        archive, "no version of package.json is a list of models: wrong-shape", source, "package.json"
    )


# --- the summary -------------------------------------------------------------------------------------------


def test_the_summary_adds_up(archive: Archive, source: Source, three_commits: list[str]) -> None:
    source.save(repriced("0.1"), 2 * HOUR + dt.timedelta(minutes=9))
    bad = source.save(BAD_VERSIONS["shrunk"], 3 * HOUR)
    source.save(repriced("0.2"), 400 * 24 * HOUR)
    late = source.save(repriced("0.3"), 900 * 24 * HOUR)
    imported = run_import(archive, source)
    assert import_report.format_summary(imported) == [
        "Hours on main: 5, 2025-03-01T06Z to 2026-04-05T06Z",
        "Versions of data/output.json: 7 (4 written, 1 merged, 1 quarantined, 1 wrong-time)",
        f"quarantined {bad} 2025-03-01T09:07:08Z shrunk: 5 to 3 rows",
        f"wrong-time {late} 2027-08-18T06:07:08Z",
        ACCEPT,
    ]
    report = import_report.to_json(imported)
    assert sum(report["counts"].values()) == len(report["versions"]) == 7
    assert loads(dumps(report)) == report
    assert (report["first"], report["last"], report["hours"]) == (
        "2025-03-01T06:00:00Z",
        "2026-04-05T06:00:00Z",
        5,
    )
    assert report["versions"][4] == {
        "commit": bad,
        "time": "2025-03-01T09:07:08Z",
        "became": "quarantined",
        "why": "shrunk",
    }


ACCEPT = (
    "If you know that a list truly shrank: undo this import (see README), and import again with"
    " --accept COMMIT, the first one refused for it."
)


def test_the_summary_of_a_true_shrink(archive: Archive, source: Source, three_commits: list[str]) -> None:
    """Every list that follows is rejected with its numbers; the summary ends with the remedy."""
    few = (ROWS[:3], ROWS[:4], ROWS[1:])
    commits = [source.save(body(rows), hour * HOUR) for hour, rows in enumerate(few, 3)]
    commits.append(source.save(body({}), 6 * HOUR))
    summary = import_report.format_summary(run_import(archive, source))
    times = [f"{BEGUN + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}" for hour in (3, 4, 5, 6)]
    assert summary[2:] == [
        f"quarantined {commits[0]} {times[0]} shrunk: 6 to 3 rows",
        f"quarantined {commits[1]} {times[1]} shrunk: 6 to 4 rows",
        f"quarantined {commits[2]} {times[2]} shrunk: 6 to 4 rows",
        f"quarantined {commits[3]} {times[3]} wrong-shape: data is not a list of objects",
        ACCEPT,
    ]
    second = open_archive(make_archive(archive.root.parent / "second"))
    again = run_import(second, source, accept=[commits[0][:10]])
    assert list_outcomes(again) == ["written"] * 6 + ["quarantined"]
    assert "--accept" not in "".join(import_report.format_summary(again))


def test_text_of_the_source_stays_in_its_line(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    """Name a repeated id, which could forge lines or drive a terminal, in the ledger alone."""
    source.save(body([*ROWS, *[row("x\nHours\x1b[2J")] * 2]), 3 * HOUR)
    command = ["import", str(source.root), "--path", PATH, "--archive", str(archive.root)]
    printed = CliRunner().invoke(orarchive_command, command).stdout
    assert "\x1b" not in printed
    notes = read_ledger(archive)[-1]["feeds"]["models"]["notes"]
    assert notes == ["left out: duplicate-key: x\nHours\x1b[2J"]
