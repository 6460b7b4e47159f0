"""The project's own files: they agree with each other and hold nothing that belongs elsewhere."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

from orarchive.cli.extras import EXTRAS
from orarchive.cli.main import main as orarchive_command
from orarchive.collect.settings import read_settings
from orarchive.domain.feeds import FEEDS
from orarchive.publish.units import RENDERING_PACKAGES

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
MACHINE = re.compile(r"(?<![\w.~}-])/(?:work|root|tmp|home/\w+)/")
"""A path that exists on one machine only; a character before its slash makes it a part of another path."""


def read_texts() -> Iterator[tuple[str, str]]:
    """Yield the name and content of every text file but the records in data/, which others wrote."""
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
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+", entry)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.partition("\n")[0]


def test_locks_agree() -> None:
    locks = {
        lock.stem: dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS
    }
    run = locks["run"]
    assert run.keys() < locks["test"].keys()
    assert "pip-audit" in locks["audit"]
    for pins in locks.values():
        assert {name: pins[name] for name in run.keys() & pins.keys()} == {
            name: run[name] for name in run.keys() & pins.keys()
        }


def read_extra(name: str) -> set[str]:
    """Return the packages of an extra of the project, in lower case."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][name]
    return {package.lower() for line in lines for package in re.findall(r"^[\w-]+", line)}


@pytest.mark.parametrize("name", EXTRAS)
def test_a_missing_package_of_an_extra_is_named(name: str) -> None:
    packages = packages_distributions()
    named = {package.lower() for module in EXTRAS[name] for package in packages[module]}
    # bars of progress are drawn only where tqdm is installed
    assert read_extra(name) - named <= {"tqdm"}


def test_every_package_of_the_site_shows_in_its_files() -> None:
    assert read_extra("site") - {package.lower() for package in RENDERING_PACKAGES} == {"tqdm"}


def test_no_file_names_a_package_registry() -> None:
    assert [name for name, text in read_texts() if any(host in text for host in REGISTRIES)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [
        name for name, text in read_texts() if not name.startswith("tests/") and MACHINE.search(text)
    ] == []


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
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"setup", "test", "demo"} <= targets
    assert named
    assert named - targets == set()


class RecordingEnvironment(dict[str, str]):
    """An empty environment that records the names that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return default


def test_every_setting_stands_in_the_readme() -> None:
    environment = RecordingEnvironment()
    read_settings(environment)
    names = {name for name in environment.names if not name.startswith("GITHUB_")}
    assert {"OPENROUTER_API_KEY", "SYNC_WORKERS"} <= names
    readme = (ROOT / "README.md").read_text()
    context = click.Context(orarchive_command)
    commands = [
        orarchive_command.get_command(context, name) for name in orarchive_command.list_commands(context)
    ]
    options = [option for command in commands if command for option in command.params]
    names |= {str(option.envvar) for option in options if option.envvar}
    assert {"ARCHIVE_CACHE", "ARCHIVE_DIR"} <= names
    assert [name for name in sorted(names) if f"| `{name}` |" not in readme] == []


def test_every_feed_and_file_stands_in_the_readme_of_the_data() -> None:
    readme = (ROOT / "data" / "README.md").read_text()
    assert [name for name in FEEDS if f"`{name}`" not in readme] == []
    files = {Path(file).name for feed in FEEDS.values() for file in feed.files}
    assert [name for name in sorted(files) if f"{name}`" not in readme] == []


def test_every_file_and_test_in_the_threat_model_exists() -> None:
    named = re.findall(r"`([\w./-]+/[\w.-]*)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text())
    assert len([test for _, test in named if test]) > 20
    created = {"quarantine/"}
    assert [path for path, _ in named if path not in created and not (ROOT / path).exists()] == []
    tests = [(path, test) for path, test in named if test]
    assert [(path, test) for path, test in tests if f"def {test}(" not in (ROOT / path).read_text()] == []


def test_every_decision_names_its_test() -> None:
    paragraphs = (ROOT / "docs" / "decisions.md").read_text().split("\n\n")
    decisions = [paragraph for paragraph in paragraphs if paragraph.startswith("**")]
    assert len(decisions) > 30
    tests = [re.search(r"\[`([\w/]+\.py)`\]\n?$", decision) for decision in decisions]
    assert all(test and (ROOT / "tests" / test[1]).exists() for test in tests)


def test_every_test_in_the_manual_exists() -> None:
    named = re.findall(r"`(tests/[\w./-]+)`", (ROOT / "OPERATIONS.md").read_text())
    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []


COLLECT = sorted((ROOT / "orarchive" / "collect").glob("*.py"))
REASON = re.compile(
    r"""(?:(?:RejectedPayload|_FailedTry)\(|reason=|^NO_\w+ = )"([a-z-]+)"|return "(budget|deadline)"$""",
    re.MULTILINE,
)


def read_symptoms() -> set[str]:
    """Return the texts in backticks in the first column of OPERATIONS.md's table of failures."""
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "OPERATIONS.md").read_text(), re.MULTILINE)
    return {text for row in rows for text in re.findall(r"`([^`]+)`", row)}


def test_every_reason_has_a_remedy() -> None:
    reasons = {
        word for path in COLLECT for words in REASON.findall(path.read_text()) for word in words if word
    }
    assert {"timeout", "shrunk", "too-large", "no-values", "budget"} <= reasons
    assert sorted(reasons - read_symptoms()) == []


def test_every_error_of_a_run_has_a_remedy() -> None:
    """Each `msg` of an error that ends a run contains a phrase of the table."""
    modules = (
        *("store/commit", "store/push"),
        *("collect/run", "collect/settings", "collect/attempt", "collect/feed_group"),
    )
    messages = [message for name in modules for message in read_messages(ROOT / "orarchive" / f"{name}.py")]
    assert len(messages) > 15
    phrases = [phrase for phrase in read_symptoms() if " " in phrase]
    assert [message for message in messages if not any(phrase in message for phrase in phrases)] == []


def read_messages(path: Path) -> Iterator[str]:
    """Yield the messages of a module's errors, without the values that are filled in."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "msg":
            parts = (part for part in ast.walk(node.value) if isinstance(part, ast.Constant))
            yield "".join(part.value for part in parts if isinstance(part.value, str))


def test_no_link_has_a_name_that_git_reads() -> None:
    """Git refuses such a link, and warns of it at every diff."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    links = [line.partition("\t")[2] for line in listed.stdout.splitlines() if line.startswith("120000")]
    assert links
    assert [path for path in links if Path(path).name.startswith(".git")] == []
