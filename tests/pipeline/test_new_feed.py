"""A new feed is a new row in FEEDS and nothing else: rows of three kinds are added, and everything works."""

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.jsonl import loads
from orarchive.sample import START, Service
from orarchive.timestamps import format_hour
from tests.support.archives import DAY, ROOT, Payloads, new_archive, payloads, replies, say, tidy

WITH_ROWS = """
import runpy, sys
from orarchive.domain.feeds import FEEDS, Feed
for row in (
    Feed("embeddings", "embeddings/models", key=("id",), cadence="daily", folder="embeddings"),
    Feed(
        "vectors", "embeddings/models/{}/endpoints", parent="embeddings", has_item_lines=True,
        key=("model", "tag", "n"), cadence="daily", folder="vectors", added_kind="opened", removed_kind="closed",
    ),
    Feed("shop_windows", "shop/windows", key=("slug",), cadence="hourly", folder="windows"),
):
    FEEDS[row.name] = row
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""A list of models, a sweep over it with lines for items and words of its own, and a list of other things."""

SECOND = START + DAY
OFFERS = "embeddings/models/e/{}/endpoints"


def run(script: str, root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an entry of the project with the rows added, as a person does."""
    return subprocess.run(
        [sys.executable, "-c", WITH_ROWS, script, *arguments, "--archive", str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "SYNC_REQUESTS_PER_SECOND": "0", **environment},
        timeout=60,
    )


def first() -> Payloads:
    """What is served in the first hour."""
    rows = [{"id": f"e/{n}", "name": f"E{n}", "pricing": {"prompt": "0.000001"}} for n in range(8)]
    twins = [{"tag": "east", "size": n, "pricing": {"prompt": "0.000001"}} for n in range(2)]
    found = payloads(START, ())
    found["embeddings/models"] = {"data": rows}
    found["shop/windows"] = {"data": [{"slug": f"w{n}", "lit": True} for n in range(8)]}
    for n in range(9):
        found[OFFERS.format(n)] = {"data": {"id": f"e/{n}", "endpoints": copy.deepcopy(twins[n > 0 :])}}
    return found


def second() -> Payloads:
    """A day later: of everything one record more, one less and two that are other than they were."""
    found = first()
    rows = found["embeddings/models"]["data"]
    rows[0]["name"] = "New name"
    rows[1]["pricing"]["prompt"] = "0.000002"
    rows[7] = {"id": "e/8", "name": "E8", "pricing": {"prompt": "0.000003"}}
    windows = found["shop/windows"]["data"]
    windows[0]["lit"] = False
    windows[7] = {"slug": "w8", "lit": True}
    offers: list[Any] = [found[OFFERS.format(n)]["data"]["endpoints"] for n in range(3)]
    offers[0].pop()
    offers[1].append({"tag": "west", "size": 0, "pricing": {"prompt": "0.000001"}})
    offers[2][0]["pricing"]["prompt"] = "0.000002"
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive of a good hour, and one a day later that was not good at first and then repaired."""
    root = new_archive(tmp_path_factory.mktemp("feeds") / "archive")
    with Service(replies({})) as service:
        broken = {path: body for path, body in second().items() if path != "embeddings/models"}
        for hour, served, code in ((START, first(), 0), (SECOND, broken, 1), (SECOND, second(), 0)):
            service.respond = replies(served)
            done = run(
                "scrape.py",
                root,
                "--no-rankings",
                "--hour",
                format_hour(hour),
                OPENROUTER_BASE_URL=service.base_url,
            )
            assert done.returncode == code, done.stderr
    yield root
    tidy(root)


def test_the_first_hour_is_a_record(archive: Path) -> None:
    log = say(archive, "log", "--format=%s", f"--grep=^{format_hour(START)}")
    assert "8 embeddings, 9 vectors" in log
    assert "8 shop windows" in log
    assert "added" not in log


def test_a_failure_is_named_and_repaired(archive: Path) -> None:
    log = say(archive, "log", "--format=%B")
    assert "; not good: embeddings" in log
    assert "! embeddings: failed (404), the last good records stay" in log
    status = run("orarchive/__main__.py", archive, "status", "--now", format_hour(SECOND))
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
    assert words in say(archive, "log", "--format=%B", f"--grep=^{format_hour(SECOND)}")


def test_questions_are_answered(archive: Path) -> None:
    def ask(*arguments: str) -> Any:
        done = run("orarchive/__main__.py", archive, *arguments)
        assert done.returncode == 0, done.stderr
        return loads(done.stdout)

    bodies = second()
    assert ask("raw", format_hour(SECOND), "embeddings") == bodies["embeddings/models"]
    assert ask("raw", format_hour(SECOND), "vectors", "e/1") == bodies[OFFERS.format(1)]
    assert ask("at", format_hour(START), "embeddings", "e/7")["name"] == "E7"
    assert ask("at", format_hour(START), "vectors", "e/0@east#1")["size"] == 1
    assert ask("at", format_hour(SECOND), "shop_windows", "w0") == {"slug": "w0", "lit": False}


def test_the_site_tells_them(archive: Path, tmp_path: Path) -> None:
    done = run("build_site.py", archive, "--out", str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "site" / "index.html").read_text()
    status = (tmp_path / "site" / "status" / "index.html").read_text()
    for name in ("embeddings", "vectors", "shop windows"):
        assert f'<th scope="row">{name} <small>' in status
    for words in ("in embeddings", "at west in vectors", "shop windows: w8"):
        assert f'<bdi class="at">{words}</bdi>' in home
    assert '<span class="kind opened" data-sign="+">opened</span>' in home
    assert '<span class="kind closed" data-sign="−">closed</span>' in home
