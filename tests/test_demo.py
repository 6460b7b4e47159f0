"""The demo, whole: 45 days of the sample go through the real scraper, and git log tells what happened."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from archives import ROOT, say, tidy

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
