"""The demo: 45 days of the sample go through the real scraper, and the archive shows every happening."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from orarchive.domain.columns import parse_columns
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.domain.feeds import ENDPOINTS
from orarchive.index.database import open_index
from orarchive.sample import HAPPENINGS, Happening
from orarchive.store.archive import open_archive
from orarchive.store.health_branch import stream_health
from tests.support.archives import HOUR, ROOT, assert_tidy, make_archive, read_git
from tests.support.import_source import Source, body, repriced
from tests.support.shared import copy_shared

pytestmark = pytest.mark.soak

LOG_LINES = {
    "added": "+ {key}: added",
    "price cut": "~ {key}: prompt",
    "price rise": "~ {key}: prompt",
    "top provider changes": "~ {model}: prompt .* \\(listed at another provider's price\\)",
    "vanished": "- {key}: missing \\((gone|still known, but no longer listed)\\)$",
    "returned": "+ {key}: returned",
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
    "schedule starts": "~ {key}: prices depend on the time of day from now on",
    "schedule ends": "~ {key}: prices no longer depend on the time of day",
    "requantized": "~ {key}: quantization ",
    "description hostile": "~ {key}: description edited",
    "new field": "+ (endpoints|models): new field (supports_tool_choice|supported_regions)",
    "zdr gained": "+ zdr: {key}: gained",
    "zdr lost": "- zdr: {key}: lost",
    "category added": "+ model order: category {key} is new in the OpenAPI file$",
    "category removed": "- model order: category {key} is no longer in the OpenAPI file$",
}
"""Kind of happening -> its line in a commit message; {key} is its key, {model} that of the model."""

HEALTH_KINDS = {"provider degrades", "provider recovers"}
"""Kinds that change health alone, which is on a branch of its own."""


def run_demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo in a folder."""
    command = [sys.executable, "-m", "orarchive.sample.demo", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo's archive and site, which no test may change."""

    def make(folder: Path) -> None:
        done = run_demo(folder / "demo")
        assert done.returncode == 0, done.stderr
        assert (folder / "demo" / "site" / "index.html").as_uri() in done.stdout

    folder, _ = copy_shared(tmp_path_factory, "demo", make)
    return folder / "demo"


@pytest.fixture(scope="session")
def log(demo: Path) -> str:
    """Return all commit messages of the demo."""
    return read_git(demo, "log", "--format=%B")


def test_it_leaves_a_clean_archive_and_a_site(demo: Path) -> None:
    assert_tidy(demo)
    assert (demo / "site" / "index.html").is_file()


def test_every_happening_is_in_the_log(log: str) -> None:
    assert LOG_LINES.keys() | HEALTH_KINDS == {happening.kind for happening in HAPPENINGS}
    expected = [happening for happening in HAPPENINGS if happening.kind not in HEALTH_KINDS]
    assert [happening for happening in expected if not is_in_log(happening, log)] == []


def is_in_log(happening: Happening, log: str) -> bool:
    """Return whether the log has the line of a happening."""
    sign, words = LOG_LINES[happening.kind][:2], LOG_LINES[happening.kind][2:]
    model = re.escape(happening.key.partition("@")[0])
    pattern = words.format(key=re.escape(happening.key), model=model)
    return re.search(f"(?m)^{re.escape(sign)}{pattern}", log) is not None


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
"""Kind of happening -> the kind of its event, where the names differ."""

NO_DATE = "google/gemini-2.5-pro"
"""A model whose expiration date of 2098 means that there is none, so that it has no event."""


def test_every_happening_is_an_event(demo: Path) -> None:
    with open_index(open_archive(demo)) as db:
        rows = db.execute("select kind, key, after, by from events").fetchall()
    # a category has no event: it is in the log and on the site
    happenings = [happening for happening in HAPPENINGS if not happening.kind.startswith("category ")]
    assert [happening.key for happening in happenings if not is_event(happening, rows)] == [NO_DATE]


def is_event(happening: Happening, rows: list[tuple[str, str, str, str]]) -> bool:
    """Return whether rows (kind, key, after, by) have the event of a happening at its hour."""
    kind = EVENTS.get(happening.kind, happening.kind.replace(" ", "_"))
    at = f"{happening.at:%Y-%m-%dT%H:%M:%SZ}"
    keys = [key for row_kind, key, after, by in rows if row_kind == kind and after < at <= by]
    if happening.kind == "new field":
        return bool(keys)
    # the event of the endpoint, of its model (another top provider), or of all endpoints of a provider
    model = happening.key.partition("@")[0]
    return any(happening.key in key or model == key for key in keys)


def read_blocks(section: str) -> list[list[str]]:
    """Return the blocks of shell in a section of README, as lines."""
    part = (ROOT / "README.md").read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", part, re.DOTALL)]


READING = read_blocks("In five minutes")

PROMISED = {
    "the changelog: one line a change": r"(?m)^    ~ \S+: prompt \$",
    "every price that ever changed": r'(?m)^\+\{"id":".*"pricing":',
    "only the digits that changed": r'\[-"prompt":"[\d.]+"[}]*-\]\{\+"prompt":"[\d.]+"[}]*\+\}',
    "the hours in which models went missing": r"^2026-\d\d-\d\dT\d\dZ: .*\d missing",
    "one model's price changes": r"(?m)^[0-9a-f]+ 2026-06-02T21Z: 2 repriced$",
    "when it was added, and when it went missing": r"\+ minimax/minimax-m3: added",
    "the health of endpoints, on a branch of its own": "Health of endpoints at 2026-07",
    "since which hour each line stands": r'2026-06-02 21:00:00 \+0000 +\d+\) \{"id":"deepseek/',
    "a record as it was on a day": r'^\{.*"slug":"novita".*\}\n$',
    "what changed in a month": r" data/providers/facts\.jsonl +\| +\d+ ",
    "or --archive on each command": "^$",
    "everything that happened to it": r"2026-06-19T18Z .* deprecated\n.* returned ",
    "what it cost at a moment": r"at 2026-07-01T14:20Z\n  prompt +\$0\.\d+ per M +10:00-01:00 UTC\n",
    "and at one provider": r"^openai/gpt-oss-120b@novita/fp4 at .*\n  prompt +\$0\.\d+ per M\n",
    "which model a short name stands for": r"^openai/gpt-5\.5\n  state +listed at 2026-07-15T23Z\n",
    "the best for a need, and why": r"^Coding: 5 of \d+ models that fit, .*\n0\.\d+  \S+\n +quality: rank \d",
    "list, search and filter models": r"^id .*\n(qwen/\S+-coder\S* +\$\d.*\n)+$",
    "changes between two hours": "^- providers: nebius: missing\n",
    "records at any hour": r'(?m)^\{.*"name":"\S.* \| openai/gpt-oss-120b"',
    "the response as it was sent": r'^\{"data":\[\{.*\}\]\}\n$',
    "exit 1 when a feed has stopped": r"(?m)^models +2026-07-15T23Z  24 of 24 ",
    "compare git with the ledger's hashes": r"\d+ attempts: all as received\n$",
    "what a request costs, part by part": r"12,000 input .*\n.*\n  total +\$0\.005916\n$",
    "which ids in files are alive": r"^ids: 0 gone, 0 expiring, 0 unknown, \d+ alive\n$",
    "exit 3 and the reasons, if something is wrong": r"^All is well as of 2026-07-15T23Z\.\n(?!- )",
    "an imported past": r'2025-03-01T07Z: 1 repriced\n(.*\n)+\+\{"id":"b/two","pricing":',
}
"""Comment of a line in README -> pattern of the output of that line."""

SQLITE = shutil.which("sqlite3")
"""The program that the lines with SQL call; where there is none, they call SQLITE_STUB."""

SQLITE_STUB = (
    "import sqlite3, sys; [print(*row) for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2])]"
)


@pytest.fixture
def checkout(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project after `make demo`: its files, .venv and build/demo."""
    folder = tmp_path / "project"
    ignored = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build")
    shutil.copytree(ROOT, folder, ignore=ignored)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(demo, folder / "build/demo")
    if not SQLITE:
        (tmp_path / "bin").mkdir()
        program = tmp_path / "bin/sqlite3"
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", SQLITE_STUB])} "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return folder


def run_lines(lines: list[str], folder: Path, **environment: str) -> list[tuple[int, str]]:
    """Run lines in one shell that starts in a folder; return the exit code and the output of each."""
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


def check_lines(lines: list[str], folder: Path, **environment: str) -> None:
    """Assert that lines, unchanged, print what their comments promise and leave the shell in its folder."""
    *results, last = run_lines([*lines, 'echo "${PWD##*/} $ARCHIVE_DIR"'], folder, **environment)
    for line, (code, printed) in zip(lines, results, strict=True):
        comment = line.partition("  #")[2].strip()
        pattern = "^$" if line.startswith(("cd ", "unset ")) else r"\S"
        pattern = PROMISED[comment] if comment else pattern
        assert (code, bool(re.search(pattern, printed))) == (0, True), f"{line}\n{printed[:2000]}"
    assert last == (0, f"{folder.name} {environment.get('ARCHIVE_DIR', '')}\n")


def test_readme_shows_enough() -> None:
    programs = ("git ", ".venv/bin/python -m orarchive ", "sqlite3 ")
    counts = [sum(line.startswith(program) for block in READING for line in block) for program in programs]
    assert all(count >= minimum for count, minimum in zip(counts, (10, 8, 5), strict=True))


SQL_PROGRAM = "the program sqlite3" if SQLITE else "Python's module sqlite3"


@pytest.mark.parametrize("block", READING, ids=["git", "command", f"SQL, with {SQL_PROGRAM}", "Parquet"])
def test_readme_reads_the_history(block: list[str], checkout: Path) -> None:
    """Each block works unchanged in a shell, in a new clone after `make demo`."""
    check_lines(block, checkout)


def test_readme_shows_an_imported_past(checkout: Path, tmp_path: Path) -> None:
    """The blocks work beside the demo's hours; git replaces the repository that is named by a small one."""
    source = Source(make_archive(tmp_path / "openrouterlist"))
    source.save(body())
    source.save(repriced("0.000003"), HOUR)
    *_, (import_line,), show = read_blocks("Run it live")
    url = next(word for word in import_line.split() if word.startswith("https://"))
    replacement = {"KEY": f"url.{source.root.as_uri()}.insteadOf", "VALUE": url}
    config = {f"GIT_CONFIG_{name}_0": value for name, value in replacement.items()}
    check_lines([import_line], checkout, ARCHIVE_DIR="build/demo", GIT_CONFIG_COUNT="1", **config)
    check_lines(show, checkout / "build/demo")


def test_health_is_out_of_the_way_but_there(demo: Path) -> None:
    assert read_git(demo, "log", "--format=%H", "--", f"data/{HEALTH_PATH}") == ""
    archive = open_archive(demo)
    statuses = [
        line["status"]
        for content in stream_health(archive, read_git(demo, "rev-list", "--reverse", "health").split())
        for line in parse_columns(content, ENDPOINTS.key, HEALTH_PATH)
        if line["tag"].startswith("novita")
    ]
    assert min(statuses) < 0
    assert statuses[-1] == 0


def test_time_of_day_prices_flip_in_spot_and_not_in_prices(demo: Path) -> None:
    spot = read_git(demo, "log", "--oneline", "--", "data/models/spot.jsonl").splitlines()
    assert len(spot) > 20
    prices = read_git(demo, "log", "-p", "-U0", "--format=", "--", "data/models/prices.jsonl")
    assert not re.search(r'(?m)^\+\{"id":"deepseek/deepseek-v4-pro","pricing":\{"completion"', prices)


def test_the_outage_is_named_and_deletes_nothing(log: str) -> None:
    assert "not good: endpoints, providers" in log
    assert "! providers: failed (503), the last good records stay" in log
    assert re.search(r"! endpoints: \d+ kept \(not-json\): deepseek/", log)
    assert log.count("- providers:") == 1  # the one that left


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = run_demo(tmp_path)
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "mine")
    assert "not empty" in done.stderr


def test_the_library_answers_as_readme_says(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(checkout)
    exec(code, {})
    price, keys = capsys.readouterr().out.splitlines()
    assert Decimal(price) > 0
    assert "@" in keys
