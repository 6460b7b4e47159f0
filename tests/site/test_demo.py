"""The demo, whole: 45 days of the sample go through the real scraper, and git log tells what happened."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orarchive.index.database import open_index
from orarchive.sample import HAPPENINGS, Happening
from orarchive.store.archive import open_archive
from tests.pipeline.test_import import Source, body, repriced
from tests.support.archives import HOUR, ROOT, new_archive, say, tidy

pytestmark = pytest.mark.soak

TOLD = {
    "added": "+ {key}: added",
    "price cut": "~ {key}: prompt",
    "price rise": "~ {key}: prompt",
    "top provider changes": "~ {model}: prompt .* \\(another provider on top\\)",
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
    "category added": "+ order: {key} is named$",
    "category removed": "- order: {key} is named no more$",
}
"""Kind of happening -> its line in a commit message ({key}: what it happened to)."""

HEALTH = ("provider degrades", "provider recovers")
"""Told by health.jsonl alone, which only `git log -p --text` shows."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, "-m", "orarchive.sample.demo", str(folder)]
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
    "top provider changes": "repriced",
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
    with open_index(open_archive(demo[0])) as db:
        rows = db.execute("select kind, key, after, by from events").fetchall()
    asked = [one for one in HAPPENINGS if not one.kind.startswith("category ")]  # the log tells, and the site
    assert [one.key for one in asked if not _is_event(one, rows)] == [NO_DATE]


def _is_event(happening: Happening, rows: list[tuple[str, str, str, str]]) -> bool:
    kind = EVENTS.get(happening.kind, happening.kind.replace(" ", "_"))
    at = f"{happening.at:%Y-%m-%dT%H:%M:%SZ}"
    keys = [key for found, key, after, by in rows if found == kind and after < at <= by]
    if happening.kind == "new field":
        return bool(keys)
    # an endpoint's, a model's by another endpoint on top, or of all endpoints of a provider
    model = happening.key.partition("@")[0]
    return any(happening.key in key or model == key for key in keys)


def blocks(section: str) -> list[list[str]]:
    """The blocks of shell in a section of README, as lines."""
    part = (ROOT / "README.md").read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL)]


READING = blocks("Read the history")

PROMISED = {
    "after `make demo`": "^$",
    "a changelog: one line a change": r"(?m)^    ~ \S+: prompt \$",
    "every price that ever changed": r'(?m)^\+\{"id":".*"pricing":',
    "only the digits that moved": r'\[-"prompt":"[\d.]+"[}]*-\]\{\+"prompt":"[\d.]+"[}]*\+\}',
    "the hours in which models went away": r"^2026-\d\d-\d\dT\d\dZ: .*\d missing",
    "when one model's prices moved": r"(?m)^[0-9a-f]+ 2026-06-02T12Z: 1 repriced$",
    "when it came, and when it went": r"\+ minimax/minimax-m3: added",
    "when somebody was ill": r"(?m)^[0-9a-f]+ 2026-07-\d\dT\d\dZ: ",
    "since which hour each line stands": r'2026-06-02 12:00:00 \+0000 +\d+\) \{"id":"deepseek/',
    "a record as it was that day": r'^\{.*"slug":"novita".*\}\n$',
    "what a month has changed": r" data/providers/facts\.jsonl +\| +\d+ ",
    "or --archive; else this repository": "^$",
    "all that happened to it": r"2026-06-19T18Z .* deprecated\n.* returned ",
    "what it cost then": r"at 2026-07-01T14:20Z\n  prompt +\$0\.\d+ per M +10:00-01:00 UTC\n",
    "and at one provider": r"^openai/gpt-oss-120b@novita/fp4 at .*\n  prompt +\$0\.\d+ per M\n",
    "between two hours": "^- providers: nebius: missing\n",
    "records of any hour": r'(?m)^\{.*"name":"\S.* \| openai/gpt-oss-120b"',
    "the response, as sent": r'^\{"data":\[\{.*\}\]\}\n$',
    "exit 1 when it has stopped": r"(?m)^models +2026-07-15T23Z  24 of 24 ",
    "as written, so received?": r"\d+ attempts: all as received\n$",
    "what is not well, and why": r"^All is well as of 2026-07-15T23Z\.$",
    "a past beside hours": r'2025-03-01T07Z: 1 repriced\n(.*\n)+\+\{"id":"b/two","pricing":',
}
"""What a line of README says that it does -> what it then prints."""

SQLITE = shutil.which("sqlite3")
"""The program that the lines with SQL run with; where there is none they run with Python's module."""

STAND_IN = "import sqlite3, sys; [print(*row) for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2])]"


@pytest.fixture
def checkout(demo: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project after `make demo`: its files, .venv and build/demo."""
    folder = tmp_path / "project"
    others = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build")
    shutil.copytree(ROOT, folder, ignore=others)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(demo[0], folder / "build/demo")
    if not SQLITE:
        (tmp_path / "bin").mkdir()
        program = tmp_path / "bin/sqlite3"
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", STAND_IN])} "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return folder


def typed(lines: list[str], folder: Path, **environment: str) -> list[tuple[int, str]]:
    """Type lines into one shell that is in a folder: of each its exit code and what it printed."""
    done = subprocess.run(
        ["sh", "-c", "".join(f"{line}\nprintf '\\0%s\\0' $?\n" for line in lines)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    parts = done.stdout.split("\0")[:-1]
    return [(int(code), printed) for printed, code in zip(parts[::2], parts[1::2], strict=True)]


def as_promised(lines: list[str], folder: Path, **environment: str) -> None:
    """Assert that lines, as they stand, do what they say; the shell is then where it was."""
    asked = [*lines, 'echo "${PWD##*/} $ARCHIVE_DIR"']
    *found, after = typed(asked, folder, **environment)
    for line, (code, printed) in zip(lines, found, strict=True):
        says = line.partition("  #")[2].strip()
        silent = line.startswith(("cd ", "unset "))
        promised = PROMISED[says] if says else "^$" if silent else r"\S"
        assert (code, bool(re.search(promised, printed))) == (0, True), f"{line}\n{printed[:2000]}"
    assert after == (0, f"{folder.name} {environment.get('ARCHIVE_DIR', '')}\n")


def test_readme_shows_enough() -> None:
    programs = ("git ", ".venv/bin/python -m orarchive ", "sqlite3 ")
    counts = [sum(line.startswith(one) for block in READING for line in block) for one in programs]
    assert all(count >= least for count, least in zip(counts, (10, 8, 5), strict=True))


WITH = "the program sqlite3" if SQLITE else "Python's module sqlite3"


@pytest.mark.parametrize("block", READING, ids=["git", "command", f"SQL, with {WITH}"])
def test_readme_reads_the_history(block: list[str], checkout: Path) -> None:
    """Each block is typed as it stands into a shell, in a fresh clone after `make demo`."""
    as_promised(block, checkout)


def test_readme_shows_an_imported_past(checkout: Path, tmp_path: Path) -> None:
    """As it stands, beside the demo's hours; git takes a small repository for the one that is named."""
    source = Source(new_archive(tmp_path / "openrouterlist"))
    source.save(body())
    source.save(repriced("0.000003"), HOUR)
    (bring,), show = blocks("Start with somebody's past")
    url = next(word for word in bring.split() if word.startswith("https://"))
    stands_for = {"KEY": f"url.{source.root.as_uri()}.insteadOf", "VALUE": url}
    config = {f"GIT_CONFIG_{name}_0": value for name, value in stands_for.items()}
    as_promised([bring], checkout, ARCHIVE_DIR="build/demo", GIT_CONFIG_COUNT="1", **config)
    as_promised(show, checkout / "build/demo")


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
    command = [sys.executable, "-m", "orarchive.sample.demo", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "mine")
    assert "not empty" in done.stderr
