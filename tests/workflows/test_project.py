"""The project's own files: they say the same thing and hold nothing that belongs elsewhere."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from orarchive.cli.main import main as orarchive_command
from orarchive.collect.settings import read_settings
from orarchive.domain.feeds import FEEDS

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
MACHINE = re.compile(r"(?<![\w.~}-])/(?:work|root|tmp|home/\w+)/")
"""A path that exists on one machine only; what stands before the slash would make it a part of another."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the project with its content; the records in data/ are other people's words."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in sorted(filter(None, names)):
        path = ROOT / name
        if re.match(r"data/.*\.jsonl$", name) or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            yield name, content.decode()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_name_no_address_and_hash_all(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?://", text)
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE), "an option of pip, such as an index"
    wanted = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert wanted
    for entry in wanted:
        assert re.match(r"[\w.-]+==\S+", entry)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.partition("\n")[0]


def test_locks_agree() -> None:
    found = {
        lock.stem: dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS
    }
    run = found["run"]
    assert run.keys() < found["test"].keys()
    assert "pip-audit" in found["audit"]
    for pins in found.values():
        assert {name: pins[name] for name in run.keys() & pins.keys()} == {
            name: run[name] for name in run.keys() & pins.keys()
        }


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in texts() if any(host in text for host in REGISTRIES)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [name for name, text in texts() if not name.startswith("tests/") and MACHINE.search(text)] == []


def test_licence_is_mit() -> None:
    text = " ".join((ROOT / "LICENSE").read_text().split())
    assert text.startswith("MIT License Copyright (c) 2026 OpenRouter archive contributors")
    assert "Permission is hereby granted, free of charge" in text
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text


@pytest.mark.parametrize(
    "line",
    [
        "Source: OpenRouter (openrouter.ai/rankings), as of {as_of}.",
        "Source: OpenRouter (openrouter.ai/apps), as of {as_of}.",
        "Source: OpenRouter Data API (openrouter.ai/docs/cookbook/administration/data-api), as of {as_of}.",
        "Licensed under CC BY 4.0.",
        "not affiliated with OpenRouter",
        "data/models/benchmarks.jsonl",
    ],
)
def test_notice_carries_the_lines_asked_for(line: str) -> None:
    assert line in " ".join((ROOT / "NOTICE").read_text().split())


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_every_make_target_in_prose_exists(path: Path) -> None:
    code = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", path.read_text(), re.MULTILINE | re.DOTALL))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code))
    there = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"setup", "test", "demo"} <= there
    assert named
    assert named - there == set()


class Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return default


def test_every_setting_stands_in_the_readme() -> None:
    environment = Asked()
    read_settings(environment)
    ours = {name for name in environment.names if not name.startswith("GITHUB_")}
    assert {"OPENROUTER_API_KEY", "SYNC_WORKERS"} <= ours
    readme = (ROOT / "README.md").read_text()
    context = click.Context(orarchive_command)
    commands = [
        orarchive_command.get_command(context, name) for name in orarchive_command.list_commands(context)
    ]
    options = [option for command in commands if command for option in command.params]
    ours |= {str(option.envvar) for option in options if option.envvar}
    assert {"ARCHIVE_CACHE", "ARCHIVE_DIR"} <= ours
    assert [name for name in sorted(ours) if f"| `{name}` |" not in readme] == []


def test_every_feed_and_file_stands_in_the_readme_of_the_data() -> None:
    readme = (ROOT / "data" / "README.md").read_text()
    assert [name for name in FEEDS if f"`{name}`" not in readme] == []
    files = {Path(file).name for feed in FEEDS.values() for file in feed.files}
    assert [name for name in sorted(files) if f"{name}`" not in readme] == []


def test_every_file_and_test_in_the_threat_model_exists() -> None:
    """Seen to fail for a test of another name and for a file that moved."""
    named = re.findall(r"`([\w./-]+/[\w.-]*)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())
    assert len([test for _, test in named if test]) > 20
    made = {"quarantine/"}
    assert [path for path, _ in named if path not in made and not (ROOT / path).exists()] == []
    tests = [(path, test) for path, test in named if test]
    assert [both for both in tests if f"def {both[1]}(" not in (ROOT / both[0]).read_text()] == []


COLLECT = sorted((ROOT / "orarchive" / "collect").glob("*.py"))
REASON = re.compile(
    r"""(?:(?:RejectedPayload|_Failed)\(|reason=|^NO_\w+ = )"([a-z-]+)"|return "(budget|deadline)"$""",
    re.MULTILINE,
)


def symptoms() -> set[str]:
    """What stands in backticks in the first column of OPERATIONS.md's table of failures."""
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "OPERATIONS.md").read_text(), re.MULTILINE)
    return {said for row in rows for said in re.findall(r"`([^`]+)`", row)}


def test_every_reason_has_a_remedy() -> None:
    """Seen to fail without `more-pages`, `budget` and `no-values` in the table, which it lacked."""
    found = {word for path in COLLECT for words in REASON.findall(path.read_text()) for word in words if word}
    assert {"timeout", "shrunk", "too-large", "no-values", "budget"} <= found
    assert sorted(found - symptoms()) == []


def test_every_error_of_a_run_has_a_remedy() -> None:
    """Each `msg` of what ends a run holds words of the table; seen to fail without each of them."""
    modules = ("store/commit", "store/push", "collect/run", "collect/settings", "collect/attempt")
    told = [said for name in modules for said in messages(ROOT / "orarchive" / f"{name}.py")]
    assert len(told) > 15
    phrases = [phrase for phrase in symptoms() if " " in phrase]
    assert [said for said in told if not any(phrase in said for phrase in phrases)] == []


def messages(path: Path) -> Iterator[str]:
    """The messages of a module's errors, with nothing where a value would stand."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "msg":
            parts = (part for part in ast.walk(node.value) if isinstance(part, ast.Constant))
            yield "".join(part.value for part in parts if isinstance(part.value, str))
