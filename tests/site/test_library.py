"""The library: the examples of its documentation without the extras, its answers, and its sources."""

import functools
import http.server
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sysconfig
import threading
import venv
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson
import pytest

import orarchive
from orarchive.cli.extras import EXTRAS
from orarchive.domain.records import Model
from orarchive.history.history import read_history
from orarchive.index.database import open_index
from orarchive.index.event_log import read_events
from orarchive.publish.pages import DATABASE
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR
from tests.support.archives import ROOT

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/library.md").read_text(), re.DOTALL)

EXTRA_MODULES = sorted({name for names in EXTRAS.values() for name in names} | {"msgspec"})

POLL_S = 0.01
"""Seconds after which the server of a site looks whether it is to stop."""

PROGRAM = """
import contextlib, importlib.util, io, json, sys
from pathlib import Path
import orarchive

source, cache, absent, examples = sys.argv[1], Path(sys.argv[2]), *map(json.loads, sys.argv[3:])
assert not [name for name in absent if importlib.util.find_spec(name)]
open_source = orarchive.open
orarchive.open = lambda _: open_source(source, cache)
outputs = []
for example in examples:
    scope = {"orarchive": orarchive, "archive": open_source(source, cache)}
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(example, scope)
    outputs.append(output.getvalue())
print(json.dumps(outputs))
"""
"""Runs examples on a source; the first example opens it, the others find it open."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment in which there is nothing but click, orjson and the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    paths = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    packages = Path(paths["purelib"])
    for module in (click, orjson):
        path = Path(module.__file__ or "").parent
        (packages / path.name).symlink_to(path)
    (packages / "checkout.pth").write_text(f"{ROOT}\n")
    return Path(paths["scripts"]) / "python"


def run_bare(python: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run that Python in a folder outside of the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, *arguments]
    return subprocess.run(
        command, cwd=python.parent, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class Site:
    """A folder that is served on loopback, and the answers to requests for it."""

    folder: Path
    address: str = ""
    statuses: list[int] = field(default_factory=list)
    truncates: bool = False
    """Whether answers end early."""


@pytest.fixture
def published(site_folder: Path, tmp_path: Path) -> Iterator[Site]:
    """Serve the database of the sample's site."""
    (tmp_path / "site").mkdir()
    shutil.copy(site_folder / DATABASE, tmp_path / "site")
    site = Site(tmp_path / "site")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            site.statuses.append(int(code))

        def log_error(self, *_: Any) -> None:
            pass

        def copyfile(self, source: Any, outputfile: Any) -> None:
            outputfile.write(source.read(1000 if site.truncates else -1))

    handler = functools.partial(Handler, directory=str(site.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        site.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield site
        server.shutdown()


# --- without the extras -------------------------------------------------------------------------------------


def test_the_examples_need_no_extra(python: Path, archive: Path, published: Site, tmp_path: Path) -> None:
    """Run all of them on the archive, whose index is built on the way, and on its site: answers are equal."""
    assert len(EXAMPLES) == 11
    outputs = []
    for source, cache in ((str(archive), "path"), (published.address, "address")):
        arguments = [json.dumps(values) for values in (EXTRA_MODULES, EXAMPLES)]
        result = run_bare(python, "-c", PROGRAM, source, tmp_path / cache, *arguments)
        assert result.returncode == 0, result.stderr
        outputs.append(json.loads(result.stdout))
    assert outputs[0] == outputs[1]
    assert all(outputs[0])
    assert outputs[0][0] == "01 June 2026 to 20 June 2026\n"
    answers = [line.partition(":")[0] for line in outputs[0][7].splitlines()]
    assert answers == ["unknown", "ambiguous", "not covered"]


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [
        (["scrape"], "requests", "collect"),
        (["import", "x", "--path", "y"], "tqdm", "collect"),
        (["build-site", "--archive", "{}"], "nh3", "site"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(
    python: Path, archive: Path, command: list[str], module: str, extra: str
) -> None:
    arguments = [word.format(archive) for word in command]
    result = run_bare(python, "-m", "orarchive", *arguments)
    message = f"Error: this command needs {module}: pip install 'openrouter-archive[{extra}]'"
    assert (result.returncode, result.stdout, result.stderr.splitlines()[-1]) == (2, "", message)


def test_questions_of_the_command_need_no_extra(python: Path, archive: Path, site_folder: Path) -> None:
    result = run_bare(python, "-m", "orarchive", "price", "deepseek/deepseek-v3.2", "--archive", archive)
    assert (result.returncode, result.stderr) == (0, "")


# --- answers ------------------------------------------------------------------------------------------------


def test_models_are_those_of_the_snapshots(archive: Path, site_folder: Path) -> None:
    history = read_history(open_archive(archive))
    with orarchive.open(site_folder / DATABASE) as reader:
        for hour in history.list_complete_hours("models"):
            records = history.read_snapshot(hour)["models"].values()
            expected = sorted(
                (Model.from_record(record, hour) for record in records), key=lambda model: model.id
            )
            assert reader.models(hour) == expected
            assert [model.id for model in reader.models(hour + HOUR / 2)] == [model.id for model in expected]
        assert reader.models() == expected


def test_events_and_history_are_those_of_the_index(archive: Path, site_folder: Path) -> None:
    with open_index(open_archive(archive)) as index, orarchive.open(site_folder / DATABASE) as reader:
        events = list(read_events(index))
        assert reader.events() == events
        since = datetime.fromisoformat(events[-1].hour)
        later = [event for event in events if event.hour == events[-1].hour]
        assert 0 < len(later) < len(events)
        assert reader.events(since=since) == reader.events(since=f"{since:%Y-%m-%d}") == later
        assert reader.events(kind="repriced") == [event for event in events if event.kind == "repriced"]
        history = reader.history("deepseek/deepseek-v3.2")
        assert history.events
        keys = {"deepseek/deepseek-v3.2"}
        assert {event.key.partition("@")[0] for event in history.events} == keys
        assert {record.state for record in history.records} == {"active"}


def test_questions_without_an_answer(site_folder: Path) -> None:
    with orarchive.open(site_folder / DATABASE) as reader:
        with pytest.raises(orarchive.UnknownError, match="did you mean repriced"):
            reader.events(kind="repriced!")
        with pytest.raises(orarchive.NotCoveredError, match="from 2026-06-01 to 2026-06-20"):
            reader.health_days("2026-05")
        for hour in ("2026-05-31T23Z", "2026-06-20T14Z"):
            with pytest.raises(orarchive.NotCoveredError, match="covers 2026-06-01T00Z to 2026-06-20T13Z"):
                reader.models(hour)
        with pytest.raises(orarchive.ArchiveError, match="no time zone"):
            reader.models(datetime(2026, 6, 1))
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.db.execute("delete from events")


# --- sources ------------------------------------------------------------------------------------------------


def test_a_site_is_downloaded_again_when_it_changed(published: Site, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for address in (published.address, f"{published.address}/", f"{published.address}/{DATABASE}"):
        orarchive.open(address, cache).close()
    assert published.statuses == [200, 304, 304]
    with closing(sqlite3.connect(published.folder / DATABASE)) as db, db:
        db.execute("update about set program = '9.9'")
    os.utime(published.folder / DATABASE, (2e9, 2e9))
    with orarchive.open(published.address, cache) as reader:
        assert reader.db.execute("select program from about").fetchall() == [("9.9",)]
    assert published.statuses[3:] == [200]


def test_a_site_that_cannot_be_read(published: Site, tmp_path: Path) -> None:
    """Name the address and the copy that there is; the copy stays as it is."""
    cache = tmp_path / "cache"
    with pytest.raises(orarchive.ArchiveError, match="name the address of a published site"):
        orarchive.open(f"{published.address}/nowhere", cache)
    orarchive.open(published.address, cache).close()
    (copy,) = cache.glob("*.sqlite")
    content = copy.read_bytes()
    os.utime(published.folder / DATABASE, (2e9, 2e9))
    published.truncates = True
    with pytest.raises(
        orarchive.ArchiveError, match=r"ended after 1,000 of .*; the copy of an earlier time is"
    ):
        orarchive.open(published.address, cache)
    assert copy.read_bytes() == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop table about", "is no database of an archive"),
        ("update about set format = 99, program = '9.9'", r"pip install 'openrouter-archive==9\.9'"),
    ],
)
def test_a_file_of_another_kind(site_folder: Path, tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / DATABASE
    shutil.copy(site_folder / DATABASE, path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(change)
    with pytest.raises(orarchive.ArchiveError, match=message):
        orarchive.open(path)
