"""New feeds are rows in FEEDS, and their own kinds of event rows in EVENT_KINDS. They need nothing else."""

import copy
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.jsonl import loads
from orarchive.sample import START, Service
from orarchive.timestamps import format_hour
from tests.support.archives import (
    DAY,
    ROOT,
    Payloads,
    assert_tidy,
    build_payloads,
    make_archive,
    make_responder,
    read_git,
)

WITH_ROWS = """
import runpy, sys
from orarchive.domain.event_kinds import EVENT_KINDS, EventKind
for kind in (
    EventKind("opened", "opened", "+", "endpoint", "a vector is served, and was not before", ("vectors",)),
    EventKind("closed", "closed", "−", "endpoint", "a vector is no longer served", ("vectors",)),
):
    EVENT_KINDS[kind.name] = kind
from orarchive.domain.feeds import FEEDS, FanOutFeed, ListFeed
for row in (
    ListFeed(
        name="embeddings", route="embeddings/models", key=("id",), cadence="daily", folder="embeddings"
    ),
    FanOutFeed(
        name="vectors", route="embeddings/models/{}/endpoints", parent="embeddings", has_item_lines=True,
        key=("model", "tag", "n"), cadence="daily", folder="vectors",
        added_kind="opened", removed_kind="closed",
    ),
    ListFeed(
        name="shop_windows", route="shop/windows", key=("slug",), cadence="hourly", folder="windows"
    ),
):
    FEEDS[row.name] = row
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Adds a list of models, a fan-out feed of it with lines for items and its own kinds of event, and a list of
other records; then runs a script with its arguments."""

SECOND = START + DAY
ENDPOINTS_PATH = "embeddings/models/e/{}/endpoints"


def run_script(
    script: str, root: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of the project on an archive, with the rows added."""
    return subprocess.run(
        [sys.executable, "-c", WITH_ROWS, script, *arguments, "--archive", str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "SYNC_REQUESTS_PER_SECOND": "0", **environment},
        timeout=60,
    )


def build_first_payloads() -> Payloads:
    """Return what the service sends in the first hour."""
    rows = [{"id": f"e/{n}", "name": f"E{n}", "pricing": {"prompt": "0.000001"}} for n in range(8)]
    duplicates = [{"tag": "east", "size": n, "pricing": {"prompt": "0.000001"}} for n in range(2)]
    bodies = build_payloads(START, ())
    bodies["embeddings/models"] = {"data": rows}
    bodies["shop/windows"] = {"data": [{"slug": f"w{n}", "lit": True} for n in range(8)]}
    for n in range(9):
        endpoints = copy.deepcopy(duplicates[n > 0 :])
        bodies[ENDPOINTS_PATH.format(n)] = {"data": {"id": f"e/{n}", "endpoints": endpoints}}
    return bodies


def build_second_payloads() -> Payloads:
    """Return what it sends a day later: of every feed a new record, a missing one and two that differ."""
    bodies = build_first_payloads()
    rows = bodies["embeddings/models"]["data"]
    rows[0]["name"] = "New name"
    rows[1]["pricing"]["prompt"] = "0.000002"
    rows[7] = {"id": "e/8", "name": "E8", "pricing": {"prompt": "0.000003"}}
    windows = bodies["shop/windows"]["data"]
    windows[0]["lit"] = False
    windows[7] = {"slug": "w8", "lit": True}
    endpoints: list[Any] = [bodies[ENDPOINTS_PATH.format(n)]["data"]["endpoints"] for n in range(3)]
    endpoints[0].pop()
    endpoints[1].append({"tag": "west", "size": 0, "pricing": {"prompt": "0.000001"}})
    endpoints[2][0]["pricing"]["prompt"] = "0.000002"
    return bodies


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make an archive of a good hour and of one a day later, which failed in part and was then repaired."""
    root = make_archive(tmp_path_factory.mktemp("feeds") / "archive")
    with Service(make_responder({})) as service:
        first, second = build_first_payloads(), build_second_payloads()
        broken = {path: body for path, body in second.items() if path != "embeddings/models"}
        for hour, bodies, code in ((START, first, 0), (SECOND, broken, 1), (SECOND, second, 0)):
            service.respond = make_responder(bodies)
            result = run_script(
                "scrape.py",
                root,
                "--no-rankings",
                "--hour",
                format_hour(hour),
                OPENROUTER_BASE_URL=service.base_url,
            )
            assert result.returncode == code, result.stderr
    yield root
    assert_tidy(root)


def test_the_first_hour_is_a_record(archive: Path) -> None:
    log = read_git(archive, "log", "--format=%s", f"--grep=^{format_hour(START)}")
    assert "8 embeddings, 9 vectors" in log
    assert "8 shop windows" in log
    assert "added" not in log


def test_a_failure_is_named_and_repaired(archive: Path) -> None:
    log = read_git(archive, "log", "--format=%B")
    assert "; not good: embeddings" in log
    assert "! embeddings: failed (404), the last good records stay" in log
    status = run_script("orarchive/__main__.py", archive, "status", "--now", format_hour(SECOND))
    assert [
        line.split()[:2] for line in status.stdout.splitlines() if line.startswith(("emb", "vec", "shop"))
    ] == [[name, format_hour(SECOND)] for name in ("embeddings", "vectors", "shop_windows")]


@pytest.mark.parametrize(
    "words",
    [
        "1 added in embeddings, 1 missing in embeddings, 1 repriced in embeddings",
        "1 opened in vectors, 1 closed in vectors, 1 repriced in vectors",
        "1 added in shop windows, 1 missing in shop windows, 1 edited",
        "+ embeddings: e/8: added, $3.00 per M in",
        "- embeddings: e/7: missing",
        "~ embeddings: e/0: name E0 -> New name",
        "~ embeddings: e/1: prompt $1.00 -> $2.00 per M",
        "+ vectors: e/1@west: opened, $1.00 per M in",
        "- vectors: e/0@east#1: closed",
        "~ vectors: e/2@east: prompt $1.00 -> $2.00 per M",
        "+ shop windows: w8: added",
        "- shop windows: w7: missing",
        "~ shop windows: w0: lit true -> false",
    ],
)
def test_a_message_names_the_changes(archive: Path, words: str) -> None:
    assert words in read_git(archive, "log", "--format=%B", f"--grep=^{format_hour(SECOND)}")


def test_questions_are_answered(archive: Path) -> None:
    def ask(*arguments: str) -> Any:
        result = run_script("orarchive/__main__.py", archive, *arguments)
        assert result.returncode == 0, result.stderr
        return loads(result.stdout)

    bodies = build_second_payloads()
    assert ask("raw", format_hour(SECOND), "embeddings") == bodies["embeddings/models"]
    assert ask("raw", format_hour(SECOND), "vectors", "e/1") == bodies[ENDPOINTS_PATH.format(1)]
    assert ask("at", format_hour(START), "embeddings", "e/7")["name"] == "E7"
    assert ask("at", format_hour(START), "vectors", "e/0@east#1")["size"] == 1
    assert ask("at", format_hour(SECOND), "shop_windows", "w0") == {"slug": "w0", "lit": False}


def test_the_site_shows_them(archive: Path, tmp_path: Path) -> None:
    result = run_script("build_site.py", archive, "--out", str(tmp_path / "site"))
    assert result.returncode == 0, result.stderr
    home = (tmp_path / "site" / "index.html").read_text()
    status = (tmp_path / "site" / "status" / "index.html").read_text()
    for name in ("embeddings", "vectors", "shop windows"):
        assert f'<th scope="row">{name} <small>' in status
    for words in ("in embeddings", "at west in vectors", "shop windows: w8"):
        assert f'<bdi class="at">{words}</bdi>' in home
    for label in ("opened", "closed"):
        assert re.search(rf'<span class="(kind {label}" data-sign="[+−]|of)">{label}<', home)
        assert (tmp_path / "site" / "feeds" / "kinds" / f"{label}.atom").exists()
