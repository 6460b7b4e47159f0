"""The package: a small wheel with all it needs, installed apart from the checkout, that starts fast."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest

from orarchive import __version__
from orarchive.store.git import run_git
from tests.support.archives import ROOT, Stage

SOURCES = (
    "orarchive",
    "templates",
    "data/README.md",
    "data/.gitattributes",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
MAX_WHEEL_BYTES = 1_000_000
MODEL = "anthropic/claude-haiku-4.5"

STALE = 1
"""Exit code of `status` for an archive whose last hour is long past, as that of the tests is."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the checkout, so that no folder of the build is left in it."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ("-z", "--cached", "--others", "--exclude-standard")
    listed = run_git(ROOT, "ls-files", *options, "--", *SOURCES).decode()
    for name in filter(None, listed.split("\0")):
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    run_pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", folder, folder / "source")
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment and return its folder of scripts.

    The packages that it depends on are those of the environment that runs the tests: no network is needed.
    """
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    paths = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    (Path(paths["purelib"]) / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = Path(paths["scripts"]) / "python"
    run_pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    return python.parent


def run_pip(*arguments: str | Path) -> None:
    """Run the pip of the environment that runs the tests."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def run(
    folder: Path, *command: str | Path, code: int = 0, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Run an installed script in a folder outside of the checkout and assert its exit code."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables |= environment
    result = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60)
    assert result.returncode == code, result.stderr
    return result


def test_the_wheel_is_small_and_complete(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_WHEEL_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert not [name for name in names if not name.startswith(("orarchive/", "openrouter_archive-"))]
    packaged = {
        "orarchive/py.typed",
        *(f"orarchive/index/{name}.sql" for name in ("schema", "download", "download_views")),
        "orarchive/catalog/tables.sql",
        *(f"orarchive/store/new_archive/{name}" for name in ("README.md", "gitattributes", "HEALTH.md")),
        *(str(path.relative_to(ROOT)) for path in (ROOT / "orarchive/catalog/data").rglob("*.toml")),
        *(f"orarchive/publish/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*.*")),
        *(str(path.relative_to(ROOT)) for path in (ROOT / "orarchive/sample/catalogue").glob("*.jsonl")),
    }
    assert len(packaged) > 30
    assert packaged - names == set()


def test_commands_run_outside_of_the_checkout(scripts: Path, two_hours: Stage, tmp_path: Path) -> None:
    command, archive = scripts / "orarchive", ("--archive", two_hours.root)
    assert run(tmp_path, command, "--version").stdout == f"orarchive {__version__}\n"
    module = run(tmp_path, scripts / "python", "-c", "import orarchive; print(orarchive.__file__)").stdout
    assert Path(module.strip()).is_relative_to(scripts.parent)
    assert "models" in run(tmp_path, command, "status", *archive, code=STALE).stdout
    price = json.loads(run(tmp_path, command, "price", MODEL, *archive, "--json").stdout)
    assert price["quotes"][0]["prices"]["prompt"]["price"] == "0.000001"
    run(tmp_path, command, "index", *archive, "--out", "x.sqlite")
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as db:
        assert db.execute("select count(distinct hour) from attempts").fetchone() == (2,)
    run(tmp_path, command, "build-site", *archive, "--out", "site")
    assert MODEL in (tmp_path / "site/index.html").read_text()
    again = run(tmp_path, command, "build-site", *archive).stdout
    assert "0 files written, 0 removed: site/index.html" in again, "the default is ./site"


def list_imports(folder: Path, scripts: Path, *arguments: str | Path, code: int = 0) -> set[str]:
    """Run a command and return the packages and modules of the top level that it imports."""
    command = (scripts / "python", "-X", "importtime", scripts / "orarchive")
    result = run(folder, *command, *arguments, code=code)
    names = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if "|" in line}
    return {name.partition(".")[0] for name in names - {"imported package"}}


def test_the_version_needs_click_alone(scripts: Path, tmp_path: Path) -> None:
    imports = list_imports(tmp_path, scripts, "--version") - sys.stdlib_module_names
    # a machine may add modules of its own to every Python
    assert imports - {"sitecustomize", "usercustomize"} == {"click", "orarchive"}


@pytest.mark.parametrize(("arguments", "code"), [(("status",), STALE), (("price", MODEL), 0)])
def test_questions_need_neither_network_nor_tables(
    scripts: Path, two_hours: Stage, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    imports = list_imports(tmp_path, scripts, *arguments, "--archive", two_hours.root, code=code)
    assert "orjson" in imports
    assert imports & {"requests", "urllib3", "pandas", "numpy", "jinja2"} == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(scripts: Path, tmp_path: Path, shell: str) -> None:
    def run_shell(mode: str, **words: str) -> str:
        environment = {"_ORARCHIVE_COMPLETE": f"{shell}_{mode}", **words}
        return run(tmp_path, scripts / "orarchive", environment=environment).stdout

    assert f"_ORARCHIVE_COMPLETE={shell}_complete" in run_shell("source")
    word = "build" if shell == "fish" else "1"
    assert "build-site" in run_shell("complete", COMP_WORDS="orarchive build", COMP_CWORD=word)
