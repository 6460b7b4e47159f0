"""The script of the Action: its exit codes, its outputs, and which files it reads."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archives import ROOT, make_archive, read_git
from tests.support.list_server import ListServer, make_current_list, serve_list

GONE_ID, EXPIRING_ID, ALIVE_ID, UNKNOWN_ID = (
    *("openai/gpt-4-vision-preview", "google/gemini-2.0-flash-001"),
    *("openai/gpt-4o", "openai/gpt-99"),
)
GITHUB_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")


@pytest.fixture(scope="module")
def running() -> Iterator[ListServer]:
    with serve_list() as site:
        yield site


@pytest.fixture
def site(running: ListServer) -> ListServer:
    """Return the site with a list that was made now."""
    running.status, running.content = 200, make_current_list()
    running.paths.clear()
    return running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "repository").mkdir()
    return tmp_path / "repository"


def check(
    site: ListServer, folder: Path, *arguments: str, script: Path = ROOT / "check/check.py", **env: str
) -> "subprocess.CompletedProcess[str]":
    """Run the script in a folder, as the Action does, and without any package that is installed (-S)."""
    files = {name: str(folder.parent / name) for name in GITHUB_FILES}
    return subprocess.run(
        [sys.executable, "-I", "-S", script, "--site", site.address, *arguments],
        cwd=folder,
        env=os.environ | files | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read_outputs(folder: Path) -> dict[str, str]:
    lines = (folder.parent / "GITHUB_OUTPUT").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), 0),
        ((ALIVE_ID,), 0),
        ((ALIVE_ID, EXPIRING_ID), 1),
        ((GONE_ID, GONE_ID), 1),
        ((GONE_ID, EXPIRING_ID, UNKNOWN_ID), 2),
    ],
)
def test_the_exit_code_and_the_outputs(
    site: ListServer, folder: Path, names: tuple[str, ...], code: int
) -> None:
    (folder / "app.env").write_text("".join(f"MODEL={name}\n" for name in names))
    result = check(site, folder, "--format", "github")
    assert (result.returncode, result.stderr) == (code, "")
    assert read_outputs(folder) == {
        name: listed if listed in names else ""
        for name, listed in (("gone", GONE_ID), ("expiring", EXPIRING_ID), ("unknown", UNKNOWN_ID))
    }
    lines = [line for line in result.stdout.splitlines() if line]
    assert len(lines) == len([name for name in names if name != ALIVE_ID])
    if GONE_ID in names:
        assert lines[0].startswith("::error file=app.env,line=1,col=7,title=OpenRouter model gone::")
        assert "; perhaps openai/gpt-4o" in (folder.parent / "GITHUB_STEP_SUMMARY").read_text()
    assert site.paths == ["/api/v1/check.json"]


def test_the_days(site: ListServer, folder: Path) -> None:
    (folder / "app.env").write_text(f"MODEL={EXPIRING_ID}\n")
    assert check(site, folder, "--days", "9").returncode == 0
    result = check(site, folder, "--days", "10")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (
        1,
        "ids: 0 gone, 1 expiring, 0 unknown, 0 alive",
    )


def test_a_list_that_is_too_old_says_nothing_for_certain(site: ListServer, folder: Path) -> None:
    site.content = make_current_list(dt.timedelta(hours=25, minutes=1))
    (folder / "app.env").write_text(f"MODEL={ALIVE_ID}\n")
    result = check(site, folder)
    assert result.returncode == 2
    assert "25 hours ago: too old to say what is alive" in result.stderr
    site.content = make_current_list(dt.timedelta(hours=24, minutes=59))
    assert check(site, folder).returncode == 0


def test_an_address_that_is_none(site: ListServer, folder: Path) -> None:
    """It is a failed look-up, not the 1 that says that a model is gone."""
    result = check(site, folder, "--site", "openrouter-archive")
    assert (result.returncode, result.stdout.strip()) == (2, "ids: 0 gone, 0 expiring, 0 unknown, 0 alive")
    assert "must begin with https://" in result.stderr


@pytest.mark.parametrize(
    ("status", "cut", "requests", "words"),
    [
        (404, None, 1, "HTTP Error 404"),
        (503, None, 2, "HTTP Error 503"),
        (200, -1, 2, "the list cannot be read: JSONDecodeError"),
    ],
)
def test_a_list_that_cannot_be_read(
    site: ListServer, folder: Path, status: int, cut: int | None, requests: int, words: str
) -> None:
    """A failed look-up is never safe; it is tried once more unless there is nothing."""
    site.status, site.content = status, site.content[:cut]
    (folder / "app.env").write_text(f"MODEL={ALIVE_ID}\n")
    result = check(site, folder, "--format", "github")
    assert result.returncode == 2
    assert result.stdout.startswith("::error title=OpenRouter models::nothing was checked: http://127.0.0.1:")
    assert words in result.stdout
    assert len(site.paths) == requests
    assert "nothing was checked" in (folder.parent / "GITHUB_STEP_SUMMARY").read_text()


def test_the_site_is_that_of_the_repository_with_the_action(site: ListServer, folder: Path) -> None:
    """GitHub puts it into a folder with its name; anywhere else the site must be named."""
    action = folder.parent / "_actions" / "Someone" / "archive" / "v1"
    shutil.copytree(ROOT / "check", action / "check")
    (action / "orarchive").symlink_to(ROOT / "orarchive")
    script, nowhere = action / "check" / "check.py", {"https_proxy": "http://127.0.0.1:9"}
    result = check(site, folder, "--site", "", script=script, **nowhere)
    assert result.returncode == 2
    assert "nothing was checked: https://someone.github.io/archive/api/v1/check.json" in result.stderr
    unnamed = check(site, folder, "--site", "")
    assert (unnamed.returncode, unnamed.stderr.splitlines()[-1][:13]) == (2, "name the site")


def test_which_files_are_read(site: ListServer, folder: Path) -> None:
    """Those that git tracks, or all; never binary or long files, links, lock files, folders of others."""
    text = f"MODEL={GONE_ID}\n"
    skipped = ("poetry.lock", "web/package-lock.json", "node_modules/a/b.js", "a/vendor/c.go", "d.min.js")
    for name in ("app.env", "é ü.py", "a/b/.hidden.yml", *skipped):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "binary.txt").write_bytes(text.encode() + b"\0")
    (folder / "long.json").write_text(text + " " * (1 << 20))
    (folder / "link.env").symlink_to("app.env")
    (folder / "latin.txt").write_bytes(b"\xe9\xff " + text.encode())
    expected = {"a/b/.hidden.yml", "app.env", "latin.txt", "é ü.py"}
    assert list_found_files(site, folder) == expected
    make_archive(folder)
    read_git(
        folder, "add", "--force", "app.env", "latin.txt", *skipped, "binary.txt", "long.json", "link.env"
    )
    assert list_found_files(site, folder) == {"app.env", "latin.txt"}
    (folder / "latin.txt").unlink()
    assert list_found_files(site, folder) == {"app.env"}, "git still tracks the other"
    assert list_found_files(site, folder, "é ü.py", "a/b") == {"é ü.py"}


def list_found_files(site: ListServer, folder: Path, *paths: str) -> set[str]:
    """Return the names of the files in which an id is found."""
    result = check(site, folder, *paths)
    return {line.partition(":")[0] for line in result.stdout.splitlines() if GONE_ID in line}


def test_old_versions_of_python_can_read_it() -> None:
    shared = (
        "catalog/id_finder.py",
        "catalog/id_check.py",
        "cli/checked_files.py",
        "errors.py",
        "__init__.py",
    )
    files = [ROOT / "check/check.py", *(ROOT / "orarchive" / name for name in shared)]
    rules = ("--isolated", "--target-version", "py39", "--select", "FA102,B905,YTT")
    command: list[str | Path] = [Path(sys.executable).parent / "ruff", "check", *rules, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "datetime.UTC" not in "".join(file.read_text().replace("dt.", "datetime.") for file in files)


def test_a_file_that_is_not_there(site: ListServer, folder: Path) -> None:
    assert check(site, folder, "none.env").returncode == 2
