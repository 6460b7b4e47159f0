"""The demo, whole: 45 days of the sample go through the real scraper, and git log tells what happened."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from archives import ROOT, say, tidy

from orarchive.archive import open_archive
from orarchive.index.database import index, publish
from orarchive.sample import HAPPENINGS, Happening

pytestmark = pytest.mark.soak

TOLD = {
    "added": "+ {key}: added",
    "price cut": "~ {key}: prompt",
    "price rise": "~ {key}: prompt",
    "provider on top": "~ {model}: prompt .* \\(another provider on top\\)",
    "vanished": "- {key}: missing \\((gone|still known, listed no more)\\)$",
    "returned": "+ {key}: added",
    "renamed": "- {key}: missing \\(renamed to .*\\)$",
    "free ends": "- {key}: missing \\(gone\\)$",
    "orphaned": "- {key}@.*: left",
    "discount starts": "~ {key}: discount 0 -> ",
    "discount ends": "~ {key}: discount .* -> 0",
    "provider joins": "+ providers: {key}: added",
    "provider leaves": "- providers: {key}: missing",
    "provider edited": "~ providers: {key}: ",
    "expiry set": "~ {key}: expiration_date none -> ",
    "expiry moved": "~ {key}: expiration_date 2026-.* -> 2026-",
    "expiry cleared": "~ {key}: expiration_date 2026-.* -> none",
    "limits change": "~ {key}: .*(context_length|max_completion_tokens)",
    "alias moved": "~ {key}: alias moved",
    "schedule starts": "~ {key}: prices follow the clock from now on",
    "schedule ends": "~ {key}: prices no longer follow the clock",
    "requantized": "~ {key}: quantization ",
    "description hostile": "~ {key}: description edited",
    "new field": "+ (endpoints|models): new field (supports_tool_choice|supported_regions)",
    "zdr gained": "+ zdr: {key}: gained",
    "zdr lost": "- zdr: {key}: lost",
}
"""Kind of happening -> its line in a commit message ({key}: what it happened to)."""

HEALTH = ("provider degrades", "provider recovers")
"""Told by health.jsonl alone, which only `git log -p --text` shows."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, "-m", "orarchive.demo", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_it_leaves_a_clean_archive_and_a_site(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    tidy(folder)
    assert (folder / "site" / "index.html").as_uri() in printed
    assert (folder / "site" / "index.html").is_file()


def test_every_happening_is_in_the_log(demo: tuple[Path, str]) -> None:
    log = say(demo[0], "log", "--format=%B")
    assert TOLD.keys() | set(HEALTH) == {happening.kind for happening in HAPPENINGS}
    silent = [
        happening for happening in HAPPENINGS if happening.kind not in HEALTH and not told(happening, log)
    ]
    assert silent == []


EVENTS = {
    "price cut": "repriced",
    "price rise": "repriced",
    "provider on top": "repriced",
    "vanished": "missing",
    "free ends": "missing",
    "discount starts": "discounted",
    "discount ends": "discounted",
    "provider joins": "added",
    "provider leaves": "missing",
    "provider edited": "policy_changed",
    "limits change": "limits_changed",
    "alias moved": "alias_moved",
    "schedule starts": "repriced",
    "schedule ends": "repriced",
    "description hostile": "edited",
    "new field": "field_appeared",
    "zdr gained": "gained",
    "zdr lost": "lost",
    "provider degrades": "degraded",
    "provider recovers": "recovered",
}
"""Kind of happening -> the kind of its event, where it is called otherwise."""


NO_DATE = "google/gemini-2.5-pro"
"""Its expiration date of 2098 means that there is none."""


def test_every_happening_is_an_event(demo: tuple[Path, str]) -> None:
    with index(open_archive(demo[0])) as db:
        rows = db.execute("select kind, key, after, by from events").fetchall()
    assert [one.key for one in HAPPENINGS if not _is_event(one, rows)] == [NO_DATE]


def _is_event(happening: Happening, rows: list[tuple[str, str, str, str]]) -> bool:
    kind = EVENTS.get(happening.kind, happening.kind.replace(" ", "_"))
    at = f"{happening.at:%Y-%m-%dT%H:%M:%SZ}"
    keys = [key for found, key, after, by in rows if found == kind and after < at <= by]
    if happening.kind == "new field":
        return bool(keys)
    # an endpoint's, a model's by another endpoint on top, or of all endpoints of a provider
    model = happening.key.partition("@")[0]
    return any(happening.key in key or model == key for key in keys)


def commands() -> list[str]:
    """The lines that README tells to type to read the history."""
    text = (ROOT / "README.md").read_text()
    part = text[text.index("## Read the history") : text.index("## Start with")]
    blocks = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def history(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo with a past/ branch, and the index as README writes it."""
    folder = tmp_path_factory.mktemp("history") / "demo"
    shutil.copytree(demo[0], folder)
    say(folder, "branch", "elsewhere", say(folder, "rev-list", "--max-parents=0", "HEAD"))
    return folder


def test_readme_shows_enough() -> None:
    git, ours, sql = (
        [line for line in commands() if line.startswith(program)]
        for program in ("git ", ".venv/bin/python -m orarchive ", "sqlite3 ")
    )
    assert (len(git) >= 10, len(ours) >= 8, len(sql) >= 5) == (True, True, True)
    assert len(git) + len(ours) + len(sql) == len(commands())


@pytest.mark.parametrize("line", commands())
def test_readme_one_liner(line: str, history: Path) -> None:
    """Each is typed as it stands, in the archive, and has something to say."""
    if line.startswith("sqlite3 "):
        _, file, query = shlex.split(line)
        with index(open_archive(history)) as db:
            publish(db, history / "site" / file)
        with closing(sqlite3.connect(history / "site" / file)) as db:
            assert db.execute(query).fetchall()
        return
    if line.startswith("git "):
        line = line.replace("past/openrouterlist", "elsewhere")
    else:
        line = line.replace(".venv/bin/python", sys.executable) + f" --archive {history}"
        line = line.replace("--out ", f"--out {history}/site/")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GIT_PAGER": "cat"}
    done = subprocess.run(
        line, shell=True, cwd=history, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def told(happening: Happening, log: str) -> bool:
    """Whether the log has the line of a happening."""
    sign, words = TOLD[happening.kind][:2], TOLD[happening.kind][2:]
    model = re.escape(happening.key.partition("@")[0])
    pattern = words.format(key=re.escape(happening.key), model=model)
    return re.search(f"(?m)^{re.escape(sign)}{pattern}", log) is not None


def test_what_moves_every_hour_is_out_of_the_way_but_there(demo: tuple[Path, str]) -> None:
    health = ["log", "-p", "--format=", "--", "data/endpoints/health.jsonl"]
    assert '"status"' not in say(demo[0], *health)
    shown = say(demo[0], "log", "--text", *health[1:])
    assert re.search(r'(?m)^\+.*"status":-[1-9].*"tag":"novita', shown)
    assert re.search(r'(?m)^-.*"status":-[1-9].*"tag":"novita', shown)


def test_clock_prices_flip_in_spot_and_not_in_prices(demo: tuple[Path, str]) -> None:
    spot = say(demo[0], "log", "--oneline", "--", "data/models/spot.jsonl").splitlines()
    assert len(spot) > 20
    prices = say(demo[0], "log", "-p", "-U0", "--format=", "--", "data/models/prices.jsonl")
    assert not re.search(r'(?m)^\+\{"id":"deepseek/deepseek-v4-pro","pricing":\{"completion"', prices)


def test_the_outage_is_named_and_deletes_nothing(demo: tuple[Path, str]) -> None:
    log = say(demo[0], "log", "--format=%B")
    assert "not good: endpoints, providers" in log
    assert "! providers: failed (503), the last good records stay" in log
    assert re.search(r"! endpoints: \d+ kept \(not-json\): deepseek/", log)
    assert log.count("- providers:") == 1  # the one that left


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    command = [sys.executable, "-m", "orarchive.demo", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "mine")
    assert "not empty" in done.stderr
