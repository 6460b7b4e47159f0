"""The importer: the versions of a models file in another repository become hours of an archive."""

import datetime as dt
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main as orarchive_command
from orarchive.collect.validate import validate_list
from orarchive.domain import snapshot
from orarchive.domain.feeds import FEEDS, MODELS
from orarchive.errors import ArchiveError, GitError
from orarchive.history.history import read_history
from orarchive.importer import report as import_report
from orarchive.importer.convert import import_versions
from orarchive.importer.git_source import repository_name
from orarchive.importer.report import ImportResult
from orarchive.index.database import open_index
from orarchive.jsonl import dumps, loads
from orarchive.sample import START
from orarchive.store import fast_import, ledger
from orarchive.store.archive import Archive, open_archive
from orarchive.store.commit import archive_lock
from orarchive.store.git import run_git
from orarchive.store.ledger import Attempt
from tests.support import requirements
from tests.support.archives import ROOT, Stage, new_archive, say, tidy
from tests.support.recordings import FIVE_DAYS, TWO_YEARS, Whole, exactly, unordered, versions

PATH = "data/output.json"
BEGUN = dt.datetime(2025, 3, 1, 6, 7, 8, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 5, 1, 12, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

Rows = list[dict[str, Any]]


def row(name: str, prompt: str = "0.000001", **fields: Any) -> dict[str, Any]:
    """A record as they were in 2024: few fields, and one price that is no more."""
    about = {"id": name, "name": name.upper(), "created": 1727000000, "description": f"About {name}."}
    pricing = {"prompt": prompt, "completion": "0.000002", "request": "0", "image": "0"}
    return {**about, "context_length": 8192, "pricing": pricing, "per_request_limits": None, **fields}


ROWS: Rows = [row(name) for name in ("b/two", "a/one", "c/three", "d/four", "e/five")]


def body(rows: Any = ROWS, **beside: Any) -> bytes:
    return json.dumps({"data": rows, **beside}).encode()


def repriced(prompt: str) -> bytes:
    """The list with another price of one model."""
    return body([row("b/two", prompt), *ROWS[1:]])


@dataclass
class Source:
    """Another repository; `save` commits a version of its file."""

    root: Path

    def save(self, content: bytes | None, after: dt.timedelta = dt.timedelta(), path: str = PATH) -> str:
        """Commit the file, or its removal, so long after the beginning; the commit's name."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.unlink()
        else:
            target.write_bytes(content)
        date = f"{(BEGUN + after).timestamp():.0f} +0200"
        plain = ("-c", "core.autocrlf=false", "-c", "commit.gpgsign=false")
        run_git(self.root, *plain, "add", "--all")
        env = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        run_git(self.root, *plain, "commit", "--quiet", "-m", "update", env=env)
        return say(self.root, "rev-parse", "HEAD")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(new_archive(tmp_path / "tracker"))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(new_archive(tmp_path / "archive"))


@pytest.fixture
def three(source: Source) -> list[str]:
    """A source with three versions, an hour apart: a price moves, and a model comes."""
    bodies = (body(), repriced("0.000003"), body([row("b/two", "0.000003"), *ROWS[1:], row("f/six")]))
    return [source.save(content, number * HOUR) for number, content in enumerate(bodies)]


def bring(archive: Archive, source: Source | Path | str, path: str = PATH, **options: Any) -> ImportResult:
    where = source.root if isinstance(source, Source) else source
    return import_versions(archive, str(where), path, NOW, **options)


def lines(archive: Archive, commit: str = "HEAD") -> list[Attempt]:
    return ledger.read_attempts(archive, archive.resolve_commit(commit))


def became(imported: ImportResult) -> list[str]:
    return [one.outcome for one in imported.versions]


def ids(archive: Archive, commit: str = "HEAD") -> set[str]:
    return {key[0] for key in archive.read_snapshot(commit)["models"]}


def state(archive: Archive) -> dict[str, Any]:
    """All that an import must leave alone where it fails: refs, index, files."""
    files = (path for path in archive.root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {
        "refs": say(archive.root, "for-each-ref"),
        "index": say(archive.root, "ls-files", "--stage"),
        "files": {str(path): path.read_bytes() for path in files},
    }


def refused(archive: Archive, match: str, *arguments: Any, **options: Any) -> None:
    """Assert that an import is refused in one line and changes nothing."""
    before = state(archive)
    with pytest.raises(ArchiveError, match=match) as error:
        bring(archive, *arguments, **options)
    assert "\n" not in str(error.value)
    assert state(archive) == before
    assert not (archive.git_dir / "orarchive.journal").exists()


# an hour


def test_each_version_becomes_an_hour(archive: Archive, source: Source, three: list[str]) -> None:
    imported = bring(archive, source)
    assert imported.branch == "main"
    assert imported.hours == [BEGUN.replace(minute=0, second=0) + number * HOUR for number in range(3)]
    assert became(imported) == ["written"] * 3
    assert [one.version.commit for one in imported.versions] == three
    assert say(archive.root, "diff-files") == "", "the index knows that these files are those"
    assert say(archive.root, "count-objects") == "0 objects, 0 kilobytes", "all is packed"
    tidy(archive.root)
    assert say(archive.root, "log", "--reverse", "--format=%s").splitlines() == [
        "2025-03-01T06Z: first record of 5 models",
        "2025-03-01T07Z: 1 repriced",
        "2025-03-01T08Z: 1 model added",
    ]
    about = say(archive.root, "log", "-1", "--format=%aI|%cI|%an|%ae|%cn|%ce|%B").split("|")
    assert about[0].replace("+00:00", "Z") == "2025-03-01T08:00:00Z"
    assert dt.datetime.fromisoformat(about[1]) == NOW
    assert about[2:6] == ["Test", "test@example.org"] * 2
    assert "\n+ f/six: added, " in about[6]
    assert about[6].endswith("\n\nHour: 2025-03-01T08Z\nAttempt: 1\nModels-Added: 1")


def test_the_ledger_says_where_an_hour_came_from(archive: Archive, source: Source, three: list[str]) -> None:
    bring(archive, source, name="elsewhere")
    for number, line in enumerate(lines(archive)):
        moment = BEGUN + number * HOUR
        assert line["hour"] == f"{moment:%Y-%m-%dT%H}:00:00Z"
        assert line["started"] == line["finished"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        assert (line["attempt"], line["origin"]) == (1, "import:elsewhere")
        assert line["source"] == {"commit": three[number], "path": PATH}
        assert line["relations"]["models_without_endpoints"] == line["feeds"]["models"]["rows"]
        assert list(line["feeds"]) == sorted(FEEDS)
        assert {name for name, report in line["feeds"].items() if report["outcome"] != "not-due"} == {
            "models"
        }
        nothing = {"outcome": "not-due", "sha256": hashlib.sha256().hexdigest()}
        assert all(line["feeds"][name] == nothing for name in FEEDS if name != "models")
    assert [line["feeds"]["models"]["rows"] for line in lines(archive)] == [5, 5, 6]


def test_files_and_hashes_are_those_of_a_live_hour(
    archive: Archive, source: Source, three: list[str]
) -> None:
    bring(archive, source)
    for commit, line in zip(("HEAD~2", "HEAD~1", "HEAD"), lines(archive), strict=True):
        files = archive.read_files(commit)
        expected = snapshot.snapshot_to_files(archive.read_snapshot(commit))
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
    bring(archive, source)
    shown = say(archive.root, "log", "--format=", "--name-status", "-2").split()
    assert shown[:6] == ["M", "data/hours/2025-03.jsonl", "D", "data/models/benchmarks.jsonl", "M", shown[5]]
    assert shown[-2:] == ["M", "data/hours/2025-03.jsonl"]
    assert not (archive.data_folder / "models/benchmarks.jsonl").exists()
    assert say(archive.root, "log", "-1", "--skip=1", "--format=%s") == "2025-03-01T07Z: no change"
    tidy(archive.root)


def test_a_month_has_a_ledger_of_its_own(archive: Archive, source: Source) -> None:
    for days in (0, 30, 31):
        source.save(repriced(f"0.{days + 1}"), dt.timedelta(days=days))
    bring(archive, source)
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
    """Numbers and prices stay the tokens they were, whatever is around them."""
    source.save(content)
    bring(archive, source)
    found = archive.read_snapshot("HEAD")["models"]["a/one",]
    assert dumps(found) == (
        b'{"big":1234567890123456789012,"id":"a/one","m":1e-7,"n":1.0,"pricing":{"request":"0.10"}}'
    )


def test_the_scope_is_what_one_says(archive: Archive, source: Source, three: list[str]) -> None:
    bring(archive, source, scope="models?output_modalities=all")
    assert {line["feeds"]["models"].get("scope") for line in lines(archive)} == {
        "models?output_modalities=all"
    }


def test_the_past_answers_and_live_hours_follow(source: Source, three: list[str], stage: Stage) -> None:
    bring(stage.archive, source)
    assert stage.run(START) == 0
    found = read_history(stage.archive)
    assert len(found.good_hours("models")) == 4
    rows = found.rebuild_response(MODELS, BEGUN.replace(minute=0, second=0))["data"]
    assert sorted(rows, key=lambda one: one["id"]) == sorted(ROWS, key=lambda one: one["id"])
    tidy(stage.root)


def test_the_index_says_where_what_it_holds_came_from(
    source: Source, three: list[str], stage: Stage, tmp_path: Path
) -> None:
    """Of versions and events; and every other view can be read as well."""
    bring(stage.archive, source, name="elsewhere")
    assert stage.run(START) == 0
    with open_index(stage.archive, tmp_path) as db:
        columns = "select distinct origin, source_commit from"
        for view in ("version_log", "event_log"):
            found = {*db.execute(f"{columns} {view}")}
            assert found - {("live", None)} <= {("import:elsewhere", commit) for commit in three}, view
        price = "version_log where key = 'b/two' and file = 'prices' order by first limit 2"
        assert [*db.execute(f"select first, origin, source_commit from {price}")] == [
            ("2025-03-01T06:00:00Z", "import:elsewhere", three[0]),
            ("2025-03-01T07:00:00Z", "import:elsewhere", three[1]),
        ]
        added = "event_log where kind = 'added' and feed = 'models' and hour < '2026'"
        assert db.execute(f"{columns} {added}").fetchall() == [("import:elsewhere", three[2])]
        views = [name for (name,) in db.execute("select name from sqlite_schema where type = 'view'")]
        rows = {name: db.execute(f"select count(*) from {name}").fetchone()[0] for name in views}
        unread = {"rankings", "rankings_source"}  # nobody asked for them here
        assert {name for name, count in rows.items() if not count} == unread
        health = "select hour, status, uptime_last_1d from health_history order by key limit 1"
        hour, status, uptime = db.execute(health).fetchone()
        assert hour == "2026-06-01T00:00:00Z"
        assert isinstance(status, int)
        assert 0 <= uptime <= 100


# which versions count


def test_the_last_version_of_an_hour_wins(archive: Archive, source: Source, three: list[str]) -> None:
    minutes = dt.timedelta(minutes=10)
    more = [source.save(repriced(f"0.{number}"), 2 * HOUR + number * minutes) for number in (1, 2)]
    imported = bring(archive, source)
    assert became(imported) == ["written", "written", "merged", "merged", "written"]
    assert imported.versions[2].reason == imported.versions[3].reason == more[1]
    assert len(imported.hours) == len(lines(archive)) == 3
    line = lines(archive)[-1]
    assert line["source"] == {"commit": more[1], "path": PATH, "merged": [three[2], more[0]]}
    assert line["started"] == "2025-03-01T08:27:08Z"
    assert archive.read_snapshot("HEAD")["models"]["b/two",]["pricing"]["prompt"] == "0.2"
    assert ids(archive) == {one["id"] for one in ROWS}


def test_a_commit_that_removes_the_file_is_no_version(archive: Archive, source: Source) -> None:
    commits = [
        source.save(content, number * HOUR) for number, content in enumerate((body(), None, repriced("0.5")))
    ]
    source.save(b"# about", 3 * HOUR, path="README.md")
    imported = bring(archive, source)
    assert [one.version.commit for one in imported.versions] == [commits[0], commits[2]]
    assert ids(archive, "HEAD~1") == ids(archive)


def test_hours_that_run_backwards_are_left_out(archive: Archive, source: Source) -> None:
    """The next line says so; after the last one only the summary does."""
    hours = (0, 2, 1, 0, 3, 2)
    commits = [source.save(repriced(f"0.{n}1"), hour * HOUR) for n, hour in enumerate(hours)]
    imported = bring(archive, source)
    assert became(imported) == [
        "written",
        "written",
        "out-of-order",
        "out-of-order",
        "written",
        "out-of-order",
    ]
    assert [line["hour"][11:13] for line in lines(archive)] == ["06", "08", "09"]
    assert lines(archive)[2]["notes"] == [
        f"out of order, left out: {commits[2]} of 2025-03-01T07:07:08Z",
        f"out of order, left out: {commits[3]} of 2025-03-01T06:07:08Z",
    ]
    assert "notes" not in lines(archive)[1]
    assert f"out-of-order {commits[5]} 2025-03-01T08:07:08Z" in import_report.format_summary(imported)


def test_hours_yet_to_come_are_left_out(archive: Archive, source: Source, three: list[str]) -> None:
    """One of them as last hour would close the archive to live ones until then."""
    source.save(repriced("0.1"), NOW + 2 * HOUR - BEGUN)
    source.save(repriced("0.2"), NOW + HOUR - BEGUN)
    assert became(bring(archive, source)) == ["written", "written", "written", "too-late", "written"]


def test_side_branches_count(archive: Archive, source: Source, three: list[str]) -> None:
    """Two writers that merged: versions of both, by their time."""
    run_git(source.root, "checkout", "--quiet", "-b", "side", three[0])
    side = source.save(repriced("0.7"), HOUR + dt.timedelta(minutes=20))
    run_git(source.root, "checkout", "--quiet", "main")
    run_git(source.root, "merge", "--quiet", "--no-commit", "--strategy=ours", "side")
    merge = source.save(repriced("0.9"), 3 * HOUR)
    imported = bring(archive, source)
    assert [one.version.commit for one in imported.versions] == [three[0], three[1], side, three[2], merge]
    assert became(imported) == ["written", "merged", "written", "written", "written"]


def test_a_parent_comes_before_its_children(archive: Archive, source: Source) -> None:
    """Whatever the clocks of two branches say."""
    found = [source.save(repriced(f"0.{hour}2"), hour * HOUR) for hour in (0, 5, 2)]
    run_git(source.root, "checkout", "--quiet", "-b", "side", found[1])
    found.insert(2, source.save(repriced("0.11"), HOUR))
    run_git(source.root, "checkout", "--quiet", "main")
    run_git(source.root, "merge", "--quiet", "--no-commit", "--strategy=ours", "side")
    found.append(source.save(repriced("0.6"), 6 * HOUR))
    imported = bring(archive, source)
    assert [one.version.commit for one in imported.versions] == found
    assert became(imported) == ["written", "written", "out-of-order", "out-of-order", "written"]


def test_a_path_is_no_pattern(archive: Archive, source: Source) -> None:
    for number, path in enumerate(("[x].json", "x.json", "[x].json")):
        source.save(repriced(f"0.{number}1"), number * HOUR, path)
    assert len(bring(archive, source, "[x].json").versions) == 2


# quarantine

BAD = {
    "not-json": b'{"data": [{"id": "a/one"',
    "not-json twice": b'{"data": [{"id": "a/one", "id": "b/two"}]}',
    "wrong-shape": b'{"error": {"message": "gone"}}',
    "wrong-shape rows": b'["a/one"]',
    "key-missing": body([*ROWS, {"name": "nobody"}]),
    "duplicate-key": body([*ROWS, ROWS[0]]),
    "count-mismatch": body(total_count=9),
    "more-pages": body(links={"next": "/api/v1/models?page=2"}),
    "empty": body([]),
    "shrunk": body(ROWS[:3]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_broken_version_is_quarantined(
    archive: Archive, source: Source, three: list[str], case: str
) -> None:
    reason = case.partition(" ")[0]
    bad = source.save(BAD[case], 3 * HOUR)
    source.save(repriced("0.5"), 4 * HOUR)
    imported = bring(archive, source)
    assert became(imported) == ["written", "written", "written", "quarantined", "written"]
    assert imported.versions[3].reason == reason
    assert len(imported.hours) == 5
    line = lines(archive)[3]
    report = line["feeds"]["models"]
    assert (report["outcome"], report["reasons"], report["rows"]) == ("quarantined", [reason], 6)
    digest = hashlib.sha256(BAD[case]).hexdigest()
    assert report["refused"] == [{"reason": reason, "sha256": digest, "bytes": len(BAD[case])}]
    assert report["notes"][0].startswith(f"{bad} refused: {reason}")
    assert report["sha256"] == lines(archive)[2]["feeds"]["models"]["sha256"]
    assert run_git(source.root, "show", f"{line['source']['commit']}:{line['source']['path']}") == BAD[case]
    assert say(archive.root, "show", "--format=%s", "--name-only", "HEAD~1").split("\n") == [
        "2025-03-01T09Z: no change; not good: models",
        "",
        "data/hours/2025-03.jsonl",
    ]
    assert lines(archive)[4]["feeds"]["models"]["outcome"] == "ok"


def test_broken_versions_before_the_first_good_one(archive: Archive, source: Source) -> None:
    for number, content in enumerate((b"", body([]), body())):
        source.save(content, number * HOUR)
    assert became(bring(archive, source)) == ["quarantined", "quarantined", "written"]
    assert [line["feeds"]["models"].get("rows") for line in lines(archive)] == [0, 0, 5]
    assert say(archive.root, "log", "-1", "--format=%s") == "2025-03-01T08Z: first record of 5 models"
    assert set(archive.read_files("HEAD~2")) == {".gitattributes", "README.md", "hours/2025-03.jsonl"}


def test_an_earlier_good_version_of_the_hour_counts(
    archive: Archive, source: Source, three: list[str]
) -> None:
    minute = dt.timedelta(minutes=1)
    good = source.save(repriced("0.5"), 2 * HOUR + minute)
    bad = [source.save(BAD[name], 2 * HOUR + n * minute) for n, name in ((2, "shrunk"), (3, "not-json"))]
    imported = bring(archive, source)
    assert became(imported) == ["written", "written", "merged", "written", "quarantined", "quarantined"]
    assert len(imported.hours) == 3
    line = lines(archive)[-1]
    assert line["source"] == {"commit": good, "path": PATH, "merged": [three[2]]}
    assert [note[:60] for note in line["notes"]] == [
        f"{bad[1]} refused: not-json: "[:60],
        f"{bad[0]} refused: shrunk: 5 to 3"[:60],
    ]
    assert all(note.endswith(f"; {good} of the same hour counts") for note in line["notes"])
    report = line["feeds"]["models"]
    assert (report["outcome"], report["rows"]) == ("ok", 5)
    assert [one["reason"] for one in report["refused"]] == ["not-json", "shrunk"]
    assert archive.read_snapshot("HEAD")["models"]["b/two",]["pricing"]["prompt"] == "0.5"


def test_an_hour_without_a_good_version(archive: Archive, source: Source, three: list[str]) -> None:
    minute = dt.timedelta(minutes=1)
    bad = [source.save(BAD[name], 3 * HOUR + n * minute) for n, name in ((2, "shrunk"), (3, "not-json"))]
    imported = bring(archive, source)
    assert became(imported)[3:] == ["quarantined", "quarantined"]
    line = lines(archive)[-1]
    assert line["source"] == {"commit": bad[1], "path": PATH, "merged": [bad[0]]}
    assert line["feeds"]["models"]["reasons"] == ["not-json", "shrunk"]
    assert ids(archive) == ids(archive, "HEAD~1")


def test_a_shrink_can_be_accepted(archive: Archive, source: Source, three: list[str]) -> None:
    small = source.save(BAD["shrunk"], 3 * HOUR)
    bring(archive, source, accept=[small])
    assert lines(archive)[-1]["feeds"]["models"]["rows"] == 3


def test_a_shrink_can_be_accepted_by_the_beginning_of_its_name(
    archive: Archive, source: Source, three: list[str]
) -> None:
    small = source.save(BAD["shrunk"], 3 * HOUR)
    bring(archive, source, accept=[small[:12].upper()])
    assert lines(archive)[-1]["feeds"]["models"]["rows"] == 3


def test_accepting_a_commit_that_is_none(archive: Archive, source: Source, three: list[str]) -> None:
    """Also one of the source that did not touch the file; the one that is meant may stand beside it."""
    other = source.save(b"# about", 3 * HOUR, path="README.md")
    for name in ("0" * 40, f"{three[0]}0", other, other[:12], "main", "HEAD", "", " "):
        match = f"no version of {PATH} is of a commit {re.escape(repr(name))}, which --accept names"
        refused(archive, match, source, accept=[three[0], name])


def test_accepting_what_several_commits_begin_with(archive: Archive, source: Source) -> None:
    found = [source.save(repriced(f"0.{number}1"), number * HOUR) for number in range(17)]
    first = next(one for one, count in Counter(name[0] for name in found).items() if count > 1)
    some = [name for name in found if name[0] == first]
    match = f"'{first}', which --accept names, may be any of {len(some)} versions: {some[0]}, {some[1]}"
    refused(archive, match, source, accept=[first])


def test_a_file_of_something_else(archive: Archive, source: Source, three: list[str]) -> None:
    source.save(b'{"name": "app"}', 4 * HOUR, path="package.json")
    refused(archive, "no version of package.json is a list of models: wrong-shape", source, "package.json")


# the source


@pytest.mark.parametrize("form", ["work tree", "git folder", "bare", "bundle", "url"])
def test_forms_of_a_repository(
    archive: Archive, source: Source, three: list[str], tmp_path: Path, form: str
) -> None:
    bare, bundle = tmp_path / "mirror/tracker.git", tmp_path / "tracker.bundle"
    run_git(source.root, "clone", "--quiet", "--bare", ".", str(bare))
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "refs/heads/main")
    assert "HEAD" not in say(source.root, "bundle", "list-heads", str(bundle))
    forms: dict[str, Path | str] = {
        "work tree": source.root,
        "git folder": source.root / ".git",
        "bare": bare,
        "bundle": bundle,
        "url": f"file://{source.root}/",
    }
    assert became(bring(archive, forms[form])) == ["written"] * 3
    assert lines(archive)[0]["origin"] == "import:tracker"


def test_a_path_below_the_folder_one_is_in(
    archive: Archive, source: Source, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.root.parent)
    bring(archive, "tracker", f"./{PATH}")
    assert {line["source"]["path"] for line in lines(archive)} == {PATH}


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert repository_name(".") == tmp_path.name
    assert repository_name("https://example.org/who/prices.git/") == "prices"
    assert repository_name("git@example.org:prices.git") == "prices"
    assert repository_name("/srv/old.bundle") == "old"


@pytest.mark.parametrize("name", ["a b", "a/b", "..", "x.lock", "a~1", ".git"])
def test_a_name_that_no_branch_can_have(
    archive: Archive, source: Source, three: list[str], name: str
) -> None:
    refused(archive, "cannot be part of a branch's name; --name gives another", source, name=name)


def test_two_branches_without_head(
    archive: Archive, source: Source, three: list[str], tmp_path: Path
) -> None:
    run_git(source.root, "branch", "old", "HEAD~1")
    bundle = tmp_path / "two.bundle"
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "--branches")
    refused(archive, "the repository has no HEAD; --branch takes one of: main, old", bundle)
    refused(archive, "there is no branch new; --branch takes one of: main, old", bundle, branch="new")
    assert became(bring(archive, bundle, branch="old")) == ["written"] * 2


def test_what_is_no_repository(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no bundle")
    for where in (tmp_path / "nowhere", tmp_path / "text", tmp_path, "file:///nowhere.git"):
        refused(archive, "cannot be cloned; a repository, a bundle or a URL is wanted", where, name="x")
    refused(archive, "the repository has no commits", new_archive(tmp_path / "empty"))


def test_a_path_that_never_was(archive: Archive, source: Source, three: list[str]) -> None:
    for path in ("data/models.json", "data", "data/*.json"):
        refused(archive, f"was never a file there; files that are: {PATH}$", source, path)


def test_a_source_without_its_past(
    archive: Archive, source: Source, three: list[str], tmp_path: Path
) -> None:
    run_git(source.root, "config", "uploadpack.allowFilter", "true")
    for name, option in (("shallow", "--depth=1"), ("partial", "--filter=blob:none")):
        run_git(tmp_path, "clone", "--quiet", option, f"file://{source.root}", name)
        refused(archive, f"{name} clone", tmp_path / name)


# where it goes


def test_on_top_of_what_is_there(archive: Archive, source: Source, three: list[str]) -> None:
    """The owner's files stay, committed, staged, edited or new; those below data/ are as HEAD has them."""
    root = archive.root
    (root / "README.md").write_text("mine\n")
    (root / "data").mkdir()
    (root / "data/README.md").write_text("about\n")
    run_git(root, "add", "--all")
    run_git(root, "commit", "--quiet", "-m", "begun")
    (root / "README.md").write_text("mine, edited\n")
    (root / "new.txt").write_text("new\n")
    (root / "staged.txt").write_text("staged\n")
    run_git(root, "add", "staged.txt")
    bring(archive, source)
    assert say(root, "status", "--porcelain").splitlines() == [" M README.md", "A  staged.txt", "?? new.txt"]
    assert say(root, "log", "--format=%s", "-1", "--skip=3") == "begun"
    assert say(root, "show", "HEAD:README.md") == "mine"
    assert say(root, "show", "HEAD:data/README.md") == "about"
    for path, data in archive.read_files("HEAD").items():
        assert (archive.data_folder / path).read_bytes() == data


def test_dirt_below_data_is_refused(archive: Archive, source: Source, three: list[str]) -> None:
    (archive.root / "data").mkdir()
    (archive.root / "data/mine.txt").write_text("mine\n")
    refused(archive, "uncommitted changes below data/: data/mine.txt", source)


def test_records_without_a_ledger_are_refused(archive: Archive, source: Source, three: list[str]) -> None:
    (archive.root / "data/models").mkdir(parents=True)
    (archive.root / "data/models/facts.jsonl").write_text('{"id":"x"}\n')
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    refused(archive, "holds records, but no ledger", source)


def test_beside_hours_it_becomes_a_past(stage: Stage, source: Source, three: list[str]) -> None:
    """A root history of its own; HEAD and the files are as they were; what HEAD covers is left out."""
    archive = stage.archive
    late = [source.save(repriced(f"0.{n}1"), START + n * HOUR - BEGUN) for n in (0, 5)]
    assert stage.run(START) == 0
    (archive.root / "mine.txt").write_text("mine\n")
    before = state(archive)
    imported = import_versions(archive, str(source.root), PATH, START + 9 * HOUR)
    assert imported.branch == "past/tracker"
    assert became(imported) == ["written"] * 3 + ["too-late"] * 2
    assert [one.version.commit for one in imported.versions][3:] == late
    after = state(archive)
    assert (after["index"], after["files"]) == (before["index"], before["files"])
    assert [ref for ref in after["refs"].splitlines() if "past/" not in ref] == before["refs"].splitlines()
    assert say(archive.root, "log", "--format=%s", "past/tracker").splitlines() == [
        "2025-03-01T08Z: 1 model added",
        "2025-03-01T07Z: 1 repriced",
        "2025-03-01T06Z: first record of 5 models",
    ]
    assert {".gitattributes", "README.md"} < set(archive.read_files("past/tracker"))
    assert not say(archive.root, "ls-tree", "--name-only", "past/tracker").replace("data", "")
    refused(archive, r"refs/heads/past/tracker is there already, and nothing is rewritten", source)


def undo(archive: Archive, git_command: str) -> None:
    """Undo an import by the line of README that begins so."""
    (line,) = re.findall(rf"`git ({git_command} [^`]*)`", (ROOT / "README.md").read_text())
    archive.run_git(*line.split(" "))


def indexed(archive: Archive) -> int:
    """The good hours of models that answers know."""
    good = len(read_history(archive).good_hours("models"))
    with open_index(archive) as db:
        assert db.execute("select count(distinct hour) from attempts").fetchone() == (good,)
    return good


def test_a_past_beside_hours_can_be_undone(stage: Stage, source: Source, three: list[str]) -> None:
    """Refs, index, files and answers are as they were, and it can come again."""
    archive = stage.archive
    assert stage.run(START) == 0
    before = state(archive)
    bring(archive, source, name="openrouterlist")
    assert indexed(archive) == 4
    undo(archive, "branch")
    assert state(archive) == before
    assert indexed(archive) == 1
    assert became(bring(archive, source, name="openrouterlist")) == ["written"] * 3


def test_an_import_into_an_archive_without_hours_can_be_undone(
    archive: Archive, source: Source, three: list[str]
) -> None:
    """What the owner has and has not committed stays; and it can come again."""
    (archive.root / "README.md").write_text("mine\n")
    (archive.root / "data").mkdir()
    (archive.root / "data/README.md").write_text("about\n")
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    (archive.root / "README.md").write_text("mine, edited\n")
    (archive.root / "new.txt").write_text("new\n")
    before = state(archive)
    bring(archive, source)
    undo(archive, "reset")
    assert state(archive) == before
    assert became(bring(archive, source)) == ["written"] * 3


def test_a_past_lies_before_every_other(
    stage: Stage, source: Source, three: list[str], tmp_path: Path
) -> None:
    archive = stage.archive
    assert stage.run(START) == 0
    bring(archive, source)
    older = Source(new_archive(tmp_path / "older"))
    for days in (-9, 0):
        older.save(repriced(f"0.1{days + 9}"), dt.timedelta(days=days))
    imported = bring(archive, older)
    assert became(imported) == ["written", "too-late"]
    refused(
        archive, "no version of .* is of an hour before 2025-02-20T06Z: nothing to import", older, name="b"
    )
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", str(archive.root), str(clone))
    other = open_archive(clone)
    refused(other, "refs/remotes/origin/past/older is there already", older)
    refused(other, "no version of .* is of an hour before 2025-02-20T06Z", older, name="b")


def test_a_branch_that_moved_is_not_moved_back(
    archive: Archive, source: Source, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner commits while the import is under way: his commit stays."""
    run_git(archive.root, "commit", "--quiet", "--allow-empty", "-m", "begun")
    real = fast_import._feed

    def slow(*arguments: Any) -> None:
        real(*arguments)
        run_git(archive.root, "commit", "--quiet", "--allow-empty", "-m", "mine")

    monkeypatch.setattr(fast_import, "_feed", slow)
    with pytest.raises(GitError, match="update-ref"):
        bring(archive, source)
    assert say(archive.root, "log", "-1", "--format=%s") == "mine"
    tidy(archive.root)
    assert "orarchive" not in say(archive.root, "for-each-ref")


NASTY = """
[core]
    autocrlf = true
    quotePath = true
    logAllRefUpdates = always
[user]
    name = Test
    email = test@example.org
[commit]
    gpgsign = true
[log]
    showSignature = true
    date = relative
    follow = true
[color]
    ui = always
[diff]
    noprefix = true
    external = false
[i18n]
    logOutputEncoding = ISO-8859-1
    commitEncoding = ISO-8859-1
[init]
    defaultBranch = main
[safe]
    bareRepository = explicit
[status]
    branch = true
    showUntrackedFiles = no
[clone]
    defaultRemoteName = elsewhere
[gc]
    auto = 0
"""


def test_nobodys_settings_change_an_import(
    archive: Archive, source: Source, three: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same commits to the last bit; a bundle without HEAD has none, whatever git's default branch is."""
    source.save(body([row("ü/ü"), *ROWS]), 3 * HOUR)
    run_git(source.root, "branch", "old")
    bundle = tmp_path / "two.bundle"
    run_git(source.root, "bundle", "create", "--quiet", str(bundle), "--branches")
    other = open_archive(new_archive(tmp_path / "other"))
    bring(other, source)
    (tmp_path / "config").write_text(NASTY)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    bring(archive, source)
    assert archive.resolve_commit() == other.resolve_commit()
    assert archive.run_git("status", "--porcelain", "--untracked-files=all") == ""
    for path, data in archive.read_files("HEAD").items():
        assert (archive.data_folder / path).read_bytes() == data
    with pytest.raises(ArchiveError, match="the repository has no HEAD"):
        bring(open_archive(new_archive(tmp_path / "third")), bundle)


# kills


def killed(archive: Archive, source: Source, step: int, kind: str) -> int:
    """Import in a process of its own, which kills itself before a step of that number; the steps it took."""
    counted = archive.root.parent / "steps"
    left = archive.root.parent / "left"
    left.mkdir(exist_ok=True)
    pid = os.fork()
    if not pid:
        steps = 0
        # who is killed cannot clean up
        os.environ["TMPDIR"] = tempfile.tempdir = str(left)

        def one() -> None:
            nonlocal steps
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def before(real: Callable[..., Any]) -> Callable[..., Any]:
            def step(*arguments: Any, **options: Any) -> Any:
                one()
                return real(*arguments, **options)

            return step

        def parts(*arguments: Any) -> Iterator[bytes]:
            for part in real_stream(*arguments):
                one()
                yield part

        real_stream = fast_import._stream
        if kind == "stream":
            fast_import._stream = parts  # type: ignore[assignment]
        else:
            subprocess.run = before(subprocess.run)
            for name in ("write_bytes", "write_text", "replace", "unlink"):
                setattr(Path, name, before(getattr(Path, name)))
        try:
            bring(archive, source)
            os.write(os.open(counted, os.O_CREAT | os.O_WRONLY), str(steps).encode())
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == (-signal.SIGKILL if step else 0)
    return 0 if step else int(counted.read_text())


@pytest.mark.faults
@pytest.mark.parametrize(
    ("kind", "config"), [("step", ""), ("step", NASTY), ("stream", "")], ids=["step", "nasty", "stream"]
)
def test_killed_before_every_step(
    source: Source, three: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, config: str
) -> None:
    """Each git command, file written, and part of what git is fed: no commit, or all; then it works."""
    if config:
        (tmp_path / "config").write_text(config)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    whole = open_archive(new_archive(tmp_path / "whole"))
    count = killed(whole, source, 0, kind)
    assert count > 20
    seen = Counter[str]()
    for step in range(count, 0, -5 if kind == "stream" else -1):
        archive = open_archive(new_archive(tmp_path / str(step)))
        killed(archive, source, step, kind)
        while (archive.git_dir / f"{fast_import.IMPORT_REF}.lock").exists():
            time.sleep(0.01)
        if archive.resolve_commit() is None:
            seen["nothing"] += 1
            bring(archive, source)
        else:
            seen["all"] += 1
            with pytest.raises(ArchiveError):  # its hours are there; but what was left is put right
                bring(archive, source)
            with archive_lock(archive, sleep=lambda _: None):
                pass
        assert archive.resolve_commit() == whole.resolve_commit(), step
        assert say(archive.root, "for-each-ref", "refs/orarchive") == ""
        assert archive.run_git("status", "--porcelain", "--untracked-files=all") == ""
        for path, data in archive.read_files("HEAD").items():
            assert (archive.data_folder / path).read_bytes() == data
    assert seen["nothing"] > 3
    assert seen["all"] > 3 or kind == "stream"


def test_half_a_stream_makes_no_commit(archive: Archive) -> None:
    commit = b"commit %s\ncommitter A <a@example.org> 1 +0000\ndata 1\na\n" % fast_import.IMPORT_REF.encode()
    with pytest.raises(GitError, match="fast-import"):
        fast_import._feed(archive, [commit])
    assert say(archive.root, "for-each-ref") == ""


def test_what_a_killed_import_left_is_dropped(archive: Archive, source: Source, three: list[str]) -> None:
    """Its ref stands on commits that are no start for another import."""
    tree = say(archive.root, "hash-object", "-w", "-t", "tree", os.devnull)
    archive.run_git(
        "update-ref", fast_import.IMPORT_REF, archive.run_git("commit-tree", tree, "-m", "half an import")
    )
    bring(archive, source)
    assert say(archive.root, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert say(archive.root, "rev-list", "--count", "HEAD") == "3"


def test_the_first_line_says_what_was_restored(archive: Archive, source: Source, three: list[str]) -> None:
    (archive.root / "data").mkdir()
    (archive.root / "data/README.md").write_text("about\n")
    run_git(archive.root, "add", "--all")
    run_git(archive.root, "commit", "--quiet", "-m", "begun")
    (archive.root / "data/README.md").write_text("abo")
    (archive.git_dir / "orarchive.journal").write_text("a run under way")
    bring(archive, source)
    notes = [line.get("notes") for line in lines(archive)]
    assert notes == [["restored after a killed run: data/README.md"], None, None]


def test_one_run_at_a_time(archive: Archive, source: Source, three: list[str]) -> None:
    with archive_lock(archive), pytest.raises(ArchiveError, match="another run is archiving into"):
        bring(archive, source)
    assert archive.resolve_commit() is None


# what is said


def test_what_is_said_adds_up(archive: Archive, source: Source, three: list[str]) -> None:
    source.save(repriced("0.1"), 2 * HOUR + dt.timedelta(minutes=9))
    bad = source.save(BAD["shrunk"], 3 * HOUR)
    source.save(repriced("0.2"), 400 * 24 * HOUR)
    source.save(repriced("0.3"), 900 * 24 * HOUR)
    imported = bring(archive, source)
    assert import_report.format_summary(imported) == [
        "Hours on main: 5, 2025-03-01T06Z to 2026-04-05T06Z",
        "Versions of data/output.json: 7 (4 written, 1 merged, 1 quarantined, 1 too-late)",
        f"quarantined {bad} 2025-03-01T09:07:08Z shrunk: 5 to 3 rows",
        ACCEPT,
    ]
    said = import_report.to_json(imported)
    assert sum(said["counts"].values()) == len(said["versions"]) == 7
    assert loads(dumps(said)) == said
    assert (said["first"], said["last"], said["hours"]) == ("2025-03-01T06:00:00Z", "2026-04-05T06:00:00Z", 5)
    assert said["versions"][4] == {
        "commit": bad,
        "time": "2025-03-01T09:07:08Z",
        "became": "quarantined",
        "why": "shrunk",
    }


ACCEPT = (
    "If you know that a list truly shrank: undo this import (see README), and import again with"
    " --accept COMMIT, the first one refused for it."
)


def test_what_is_said_of_a_true_shrink(archive: Archive, source: Source, three: list[str]) -> None:
    """It refuses all that follows, each with its numbers; the way out is told once."""
    few = (ROWS[:3], ROWS[:4], ROWS[1:])
    commits = [source.save(body(rows), hour * HOUR) for hour, rows in enumerate(few, 3)]
    commits.append(source.save(body({}), 6 * HOUR))
    said = import_report.format_summary(bring(archive, source))
    times = [f"{BEGUN + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}" for hour in (3, 4, 5, 6)]
    assert said[2:] == [
        f"quarantined {commits[0]} {times[0]} shrunk: 6 to 3 rows",
        f"quarantined {commits[1]} {times[1]} shrunk: 6 to 4 rows",
        f"quarantined {commits[2]} {times[2]} shrunk: 6 to 4 rows",
        f"quarantined {commits[3]} {times[3]} wrong-shape: data is not a list of objects",
        ACCEPT,
    ]
    other = open_archive(new_archive(archive.root.parent / "other"))
    again = bring(other, source, accept=[commits[0][:10]])
    assert became(again) == ["written"] * 6 + ["quarantined"]
    assert "--accept" not in "".join(import_report.format_summary(again))


def test_what_the_source_says_stays_in_its_line(archive: Archive, source: Source, three: list[str]) -> None:
    """An id may forge lines, or drive a terminal."""
    bad = source.save(body([*ROWS, *[row("x\nHours\x1b[2J")] * 2]), 3 * HOUR)
    command = ["import", str(source.root), "--path", PATH, "--archive", str(archive.root)]
    printed = CliRunner().invoke(orarchive_command, command).stdout.splitlines()
    assert printed[2:] == [f"quarantined {bad} 2025-03-01T09:07:08Z duplicate-key: x Hours [2J"]


# recorded data


@pytest.mark.real_data
def test_two_years_become_hours(two_years: Whole) -> None:
    assert import_report.count_outcomes(two_years.imported) == {"written": 942, "merged": 1}
    assert len(two_years.imported.hours) == 942
    assert say(two_years.archive.root, "rev-list", "--count", "HEAD") == "942"
    assert len(lines(two_years.archive)) == 942
    tidy(two_years.archive.root)


@pytest.mark.real_data
def test_versions_come_back_exactly(two_years: Whole, tmp_path: Path) -> None:
    """To the number token; the files are those that a snapshot is written as."""
    bundle, path = TWO_YEARS
    some = versions(requirements.recordings() / bundle, tmp_path, path, every=157)
    found = read_history(two_years.archive)
    commits = {hour: commit for commit, hour in found.iterate_commits()}
    ends = {line["hour"]: line["feeds"]["models"]["sha256"] for line in found.attempts}
    assert len(some) == 7
    assert some[-1][0] == two_years.imported.versions[-1].version.time.isoformat()
    for moment, content in some:
        hour = dt.datetime.fromisoformat(moment).astimezone(dt.UTC).replace(minute=0, second=0)
        rows = two_years.archive.read_snapshot(commits[hour])["models"].values()
        assert unordered({"data": exactly(dumps(list(rows)))}) == unordered(exactly(content))
        state = snapshot.empty_snapshot() | {
            "models": {(one["id"],): one for one in validate_list(MODELS, loads(content))}
        }
        files = snapshot.snapshot_to_files(state)
        assert two_years.archive.read_files(commits[hour], files) == files
        assert ends[f"{hour:%Y-%m-%dT%H:%M:%SZ}"] == snapshot.hash_feed(MODELS, files)


@pytest.mark.real_data
def test_two_years_take_little_room(two_years: Whole) -> None:
    """Models with ledger and message take less than 2 KB an hour."""
    packs = list((two_years.archive.git_dir / "objects/pack").glob("*.pack"))
    assert len(packs) == 1
    assert packs[0].stat().st_size < 942 * 2000


@pytest.mark.real_data
def test_clock_prices_of_the_past_have_their_file(tmp_path: Path) -> None:
    archive = open_archive(new_archive(tmp_path / "archive"))
    bundle, path = FIVE_DAYS
    now = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
    imported = import_versions(archive, str(requirements.recordings() / bundle), path, now)
    assert import_report.count_outcomes(imported) == {"written": 20}
    assert len(say(archive.root, "log", "--oneline", "--", "data/models/spot.jsonl").splitlines()) >= 9
