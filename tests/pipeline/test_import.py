"""Importing: the versions of a models file in another repository become hours of an archive."""

import datetime as dt
import hashlib
from operator import itemgetter
from pathlib import Path

import pytest

from orarchive.domain import snapshot
from orarchive.domain.feeds import MODELS
from orarchive.errors import ArchiveError
from orarchive.history.history import read_history
from orarchive.importer import git_source
from orarchive.importer import report as import_report
from orarchive.index.database import open_index
from orarchive.jsonl import dumps
from orarchive.sample import START
from orarchive.store.archive import Archive
from orarchive.store.git import run_git
from tests.support.archives import KEYLESS_FEEDS, Stage, assert_tidy, read_git
from tests.support.import_source import (
    BEGUN,
    HOUR,
    NOW,
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


def test_each_version_becomes_an_hour(archive: Archive, source: Source, three_commits: list[str]) -> None:
    imported = run_import(archive, source)
    assert imported.branch == "main"
    assert imported.hours == [BEGUN.replace(minute=0, second=0) + number * HOUR for number in range(3)]
    assert list_outcomes(imported) == ["written"] * 3
    assert [result.version.commit for result in imported.versions] == three_commits
    assert read_git(archive.root, "diff-files") == "", "the index knows that these files are those"
    assert read_git(archive.root, "count-objects") == "0 objects, 0 kilobytes", "all is packed"
    assert_tidy(archive.root)
    assert read_git(archive.root, "log", "--reverse", "--format=%s").splitlines() == [
        "2025-03-01T06Z: first record of 5 models",
        "2025-03-01T07Z: 1 repriced",
        "2025-03-01T08Z: 1 model added",
    ]
    about = read_git(archive.root, "log", "-1", "--format=%aI|%cI|%an|%ae|%cn|%ce|%B").split("|")
    assert about[0].replace("+00:00", "Z") == "2025-03-01T08:00:00Z"
    assert dt.datetime.fromisoformat(about[1]) == NOW
    assert about[2:6] == ["Test", "test@example.org"] * 2
    assert "\n+ f/six: added, " in about[6]
    assert about[6].endswith("\n\nHour: 2025-03-01T08Z\nAttempt: 1\nModels-Added: 1")


def test_the_ledger_says_where_an_hour_came_from(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    run_import(archive, source, name="elsewhere")
    for number, line in enumerate(read_ledger(archive)):
        moment = BEGUN + number * HOUR
        assert line["hour"] == f"{moment:%Y-%m-%dT%H}:00:00Z"
        assert line["started"] == line["finished"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        assert (line["attempt"], line["origin"]) == (1, "import:elsewhere")
        assert line["source"] == {"commit": three_commits[number], "path": PATH}
        assert line["relations"]["models_without_endpoints"] == line["feeds"]["models"]["rows"]
        assert list(line["feeds"]) == sorted(KEYLESS_FEEDS)
        assert {name for name, report in line["feeds"].items() if report["outcome"] != "not-due"} == {
            "models"
        }
        nothing = {"outcome": "not-due", "sha256": hashlib.sha256().hexdigest()}
        assert all(line["feeds"][name] == nothing for name in KEYLESS_FEEDS if name != "models")
    assert [line["feeds"]["models"]["rows"] for line in read_ledger(archive)] == [5, 5, 6]


def test_files_and_hashes_are_those_of_a_live_hour(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    run_import(archive, source)
    for commit, line in zip(("HEAD~2", "HEAD~1", "HEAD"), read_ledger(archive), strict=True):
        files = archive.read_files(commit)
        expected = snapshot.format_snapshot_files(archive.read_snapshot(commit))
        assert {path: data for path, data in files.items() if path.startswith("models/")} == expected
        assert set(files) - set(expected) == {".gitattributes", "README.md", "hours/2025-03.jsonl"}
        report = line["feeds"]["models"]
        assert report == {
            "outcome": "ok",
            "scope": "models",
            "rows": len(archive.read_snapshot(commit)["models"]),
            "sha256": snapshot.hash_feed(MODELS, expected),
        }
    assert len(archive.read_files("HEAD~1")["hours/2025-03.jsonl"].splitlines()) == 2


def test_only_what_changed_is_in_a_commit(archive: Archive, source: Source) -> None:
    """Equal content gets a ledger line and nothing else; a file without lines goes."""
    scored = [row("a/one", benchmarks={"x": 1.5}), *ROWS[2:]]
    for number, rows in enumerate((scored, scored[::-1], ROWS[1:])):
        source.save(body(rows), number * HOUR)
    run_import(archive, source)
    changes = read_git(archive.root, "log", "--format=", "--name-status", "-2").split()
    assert changes[:5] == ["M", "data/hours/2025-03.jsonl", "D", "data/models/benchmarks.jsonl", "M"]
    assert changes[-2:] == ["M", "data/hours/2025-03.jsonl"]
    assert not (archive.data_folder / "models/benchmarks.jsonl").exists()
    assert read_git(archive.root, "log", "-1", "--skip=1", "--format=%s") == "2025-03-01T07Z: no change"
    assert_tidy(archive.root)


def test_a_month_has_a_ledger_of_its_own(archive: Archive, source: Source) -> None:
    for days in (0, 30, 31):
        source.save(repriced(f"0.{days + 1}"), dt.timedelta(days=days))
    run_import(archive, source)
    files = archive.read_files("HEAD")
    assert len(files["hours/2025-03.jsonl"].splitlines()) == 2
    assert len(files["hours/2025-04.jsonl"].splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'{"data":[{"id":"a/one","n":1.0,"m":1e-7,"big":1234567890123456789012,"pricing":{"request":"0.10"}}]}',
        b'{\r\n  "data": [\n {"pricing": {"request": "0.10"}, "big": 1234567890123456789012,\n'
        b' "m": 1e-7, "n": 1.0, "id": "a/one"}]\n}\n',
        b' [{"id":"a/one","big":1234567890123456789012,"n":1.0,"m":1e-7,"pricing":{"request":"0.10"}}]\n',
    ],
    ids=["as served", "pretty", "bare list"],
)
def test_forms_of_the_file(archive: Archive, source: Source, content: bytes) -> None:
    """Keep the tokens of numbers and prices, whatever is around them."""
    source.save(content)
    run_import(archive, source)
    record = archive.read_snapshot("HEAD")["models"]["a/one",]
    assert dumps(record) == (
        b'{"big":1234567890123456789012,"id":"a/one","m":1e-7,"n":1.0,"pricing":{"request":"0.10"}}'
    )


def test_the_scope_is_what_one_says(archive: Archive, source: Source, three_commits: list[str]) -> None:
    run_import(archive, source, scope="models?output_modalities=all")
    assert {line["feeds"]["models"].get("scope") for line in read_ledger(archive)} == {
        "models?output_modalities=all"
    }


def test_the_past_answers_and_live_hours_follow(
    source: Source, three_commits: list[str], stage: Stage
) -> None:
    run_import(stage.archive, source)
    assert stage.run(START) == 0
    history = read_history(stage.archive)
    assert len(history.list_complete_hours("models")) == 4
    rows = history.rebuild_response(MODELS, BEGUN.replace(minute=0, second=0))["data"]
    assert sorted(rows, key=itemgetter("id")) == sorted(ROWS, key=itemgetter("id"))
    assert_tidy(stage.root)


def test_the_index_says_where_what_it_holds_came_from(
    source: Source, three_commits: list[str], stage: Stage, tmp_path: Path
) -> None:
    """Check versions and events; every view can be read as well."""
    run_import(stage.archive, source, name="elsewhere")
    assert stage.run(START) == 0
    with open_index(stage.archive, tmp_path) as db:
        columns = "select distinct origin, source_commit from"
        events = "events join attempts using (attempt)"
        for rows in ("version_log", events):
            origins = {*db.execute(f"{columns} {rows}")}
            assert origins - {("live", None)} <= {("import:elsewhere", commit) for commit in three_commits}, (
                rows
            )
        price = "version_log where key = 'b/two' and file = 'prices' order by first limit 2"
        assert [*db.execute(f"select first, origin, source_commit from {price}")] == [
            ("2025-03-01T06:00:00Z", "import:elsewhere", three_commits[0]),
            ("2025-03-01T07:00:00Z", "import:elsewhere", three_commits[1]),
        ]
        added = f"{events} where kind = 'added' and feed = 'models' and events.hour < '2026'"
        assert db.execute(f"{columns} {added}").fetchall() == [("import:elsewhere", three_commits[2])]
        views = [name for (name,) in db.execute("select name from sqlite_schema where type = 'view'")]
        assert all(db.execute(f"select count(*) from {name}").fetchone()[0] for name in views)


# --- which versions count ----------------------------------------------------------------------------------


def test_the_last_version_of_an_hour_wins(archive: Archive, source: Source, three_commits: list[str]) -> None:
    minutes = dt.timedelta(minutes=10)
    more = [source.save(repriced(f"0.{number}"), 2 * HOUR + number * minutes) for number in (1, 2)]
    imported = run_import(archive, source)
    assert list_outcomes(imported) == ["written", "written", "merged", "merged", "written"]
    assert imported.versions[2].reason == imported.versions[3].reason == more[1]
    assert len(imported.hours) == len(read_ledger(archive)) == 3
    line = read_ledger(archive)[-1]
    assert line["source"] == {"commit": more[1], "path": PATH, "merged": [three_commits[2], more[0]]}
    assert line["started"] == "2025-03-01T08:27:08Z"
    assert archive.read_snapshot("HEAD")["models"]["b/two",]["pricing"]["prompt"] == "0.2"
    assert read_ids(archive) == {record["id"] for record in ROWS}


def test_a_commit_that_removes_the_file_is_no_version(archive: Archive, source: Source) -> None:
    commits = [
        source.save(content, number * HOUR) for number, content in enumerate((body(), None, repriced("0.5")))
    ]
    source.save(b"# about", 3 * HOUR, path="README.md")
    imported = run_import(archive, source)
    assert [result.version.commit for result in imported.versions] == [commits[0], commits[2]]
    assert read_ids(archive, "HEAD~1") == read_ids(archive)


def test_hours_that_run_backwards_are_left_out(archive: Archive, source: Source) -> None:
    """Note them in the next line; after the last one only the summary names them."""
    hours = (0, 2, 1, 0, 3, 2)
    commits = [source.save(repriced(f"0.{n}1"), hour * HOUR) for n, hour in enumerate(hours)]
    imported = run_import(archive, source)
    assert list_outcomes(imported) == [
        "written",
        "written",
        "out-of-order",
        "out-of-order",
        "written",
        "out-of-order",
    ]
    assert [line["hour"][11:13] for line in read_ledger(archive)] == ["06", "08", "09"]
    assert read_ledger(archive)[2]["notes"] == [
        f"out of order, left out: {commits[2]} of 2025-03-01T07:07:08Z",
        f"out of order, left out: {commits[3]} of 2025-03-01T06:07:08Z",
    ]
    assert "notes" not in read_ledger(archive)[1]
    assert f"out-of-order {commits[5]} 2025-03-01T08:07:08Z" in import_report.format_summary(imported)


def test_hours_yet_to_come_are_left_out(archive: Archive, source: Source, three_commits: list[str]) -> None:
    """Such a last hour would close the archive to live ones until then."""
    source.save(repriced("0.1"), NOW + 2 * HOUR - BEGUN)
    source.save(repriced("0.2"), NOW + HOUR - BEGUN)
    assert list_outcomes(run_import(archive, source)) == [
        "written",
        "written",
        "written",
        "too-late",
        "written",
    ]


def test_side_branches_count(archive: Archive, source: Source, three_commits: list[str]) -> None:
    """Two writers that merged: versions of both, by their time."""
    run_git(source.root, "checkout", "--quiet", "-b", "side", three_commits[0])
    side = source.save(repriced("0.7"), HOUR + dt.timedelta(minutes=20))
    run_git(source.root, "checkout", "--quiet", "main")
    run_git(source.root, "merge", "--quiet", "--no-commit", "--strategy=ours", "side")
    merge = source.save(repriced("0.9"), 3 * HOUR)
    imported = run_import(archive, source)
    assert [result.version.commit for result in imported.versions] == [
        three_commits[0],
        three_commits[1],
        side,
        three_commits[2],
        merge,
    ]
    assert list_outcomes(imported) == ["written", "merged", "written", "written", "written"]


def test_a_parent_comes_before_its_children(archive: Archive, source: Source) -> None:
    """Keep the order of commits; one whose clock was ahead costs itself, and not all that follow."""
    commits = [source.save(repriced(f"0.{hour}2"), hour * HOUR) for hour in (0, 5, 2)]
    run_git(source.root, "checkout", "--quiet", "-b", "side", commits[1])
    commits.insert(2, source.save(repriced("0.11"), HOUR))
    run_git(source.root, "checkout", "--quiet", "main")
    run_git(source.root, "merge", "--quiet", "--no-commit", "--strategy=ours", "side")
    commits.append(source.save(repriced("0.6"), 6 * HOUR))
    imported = run_import(archive, source)
    assert [result.version.commit for result in imported.versions] == commits
    assert list_outcomes(imported) == ["written", "out-of-order", "written", "written", "written"]


@pytest.mark.parametrize("year", [1980, 1970, 2152])
def test_a_version_of_an_impossible_time_is_left_out(
    archive: Archive, source: Source, three_commits: list[str], year: int
) -> None:
    odd = source.save(repriced("0.8"), dt.datetime(year, 12, 31, 23, 59, 59, tzinfo=dt.UTC) - BEGUN)
    source.save(repriced("0.9"), 9 * HOUR)
    imported = run_import(archive, source)
    outcomes = {result.version.commit: result.outcome for result in imported.versions}
    assert outcomes.pop(odd) == "wrong-time"
    assert set(outcomes.values()) == {"written"}
    assert any(line.startswith(f"wrong-time {odd}") for line in import_report.format_summary(imported))


@pytest.mark.parametrize("seconds", ["-1", "10000000000", "1000000000000000000", "x"])
def test_no_number_of_seconds_stops_an_import(seconds: str) -> None:
    assert not 2000 <= git_source._parse_time(seconds).year <= 2200


def test_a_source_without_a_possible_time_says_so(archive: Archive, source: Source) -> None:
    source.save(body(), dt.datetime(1970, 1, 2, tzinfo=dt.UTC) - BEGUN)
    with pytest.raises(ArchiveError, match=r"1 of 1 have an impossible time"):
        run_import(archive, source)


def test_a_history_that_was_written_anew_has_the_times_of_its_authors(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    """All of its committers' dates are of one hour."""
    for number, commit in enumerate(three_commits):
        names = ("--date", f"@{(BEGUN + number * HOUR).timestamp():.0f} +0000", "-C", commit)
        run_git(source.root, "checkout", "--quiet", *(["--orphan", "anew"] if not number else ["anew"]))
        run_git(source.root, "checkout", commit, "--", ".")
        env = {"GIT_COMMITTER_DATE": "2025-04-01T00:00:00Z"}
        run_git(source.root, "commit", "--quiet", *names, env=env)
    assert len(run_import(archive, source, branch="anew").hours) == 3


@pytest.mark.parametrize("at_once", [True, False])
def test_a_file_that_was_renamed_is_followed(archive: Archive, source: Source, at_once: bool) -> None:
    """Follow it through a commit that renames it, or one that removes it and one that adds it again."""
    old = source.save(body(), 0 * HOUR, path="models.json")
    run_git(source.root, "rm", "--quiet", "models.json")
    if not at_once:
        run_git(source.root, "commit", "--quiet", "-m", "Remove it")
    source.save(body(), HOUR, path="data/models.json")
    imported = run_import(archive, source, "data/models.json")
    assert imported.versions[0].version.commit == old
    assert "Earlier names, followed: models.json" in import_report.format_summary(imported)
    assert [line["source"]["path"] for line in read_ledger(archive)] == ["models.json", "data/models.json"]


def test_a_path_with_a_line_end_is_an_error(
    archive: Archive, source: Source, three_commits: list[str]
) -> None:
    check_refused(archive, "a path with a line end cannot be imported", source, "a\nb.json")


def test_a_path_is_no_pattern(archive: Archive, source: Source) -> None:
    for number, path in enumerate(("[x].json", "x.json", "[x].json")):
        source.save(repriced(f"0.{number}1"), number * HOUR, path)
    assert len(run_import(archive, source, "[x].json").versions) == 2
