"""An archive of six hours with its index, for tests in which something goes wrong with one of them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from orarchive.index.checksums import CHECKSUMS_NAME
from orarchive.index.database import INDEX_NAME
from orarchive.store.archive import Archive, open_archive
from tests.support.archives import ROOT, make_archive, read_git
from tests.support.histories import NewCommit, build_index, make_commits, update_index

EARLY = 4
"""Position of the commit at which the early index stands."""


@dataclass(frozen=True)
class SixHours:
    """An archive of six hours in eight commits, and its index at an early commit and at the last one."""

    root: Path
    commits: list[NewCommit]
    names: list[str]
    early_cache: Path
    """A cache with the index at the early commit."""
    early_rows: list[str]
    rows: list[str]

    def copy(self, folder: Path) -> tuple[Archive, Path]:
        """Copy the archive and the cache with the early index into a folder."""
        shutil.copytree(self.root, folder / "archive")
        shutil.copytree(self.early_cache, folder / "cache")
        return open_archive(folder / "archive"), folder / "cache"

    def clone_at(self, root: Path, position: int) -> Archive:
        """Clone the archive and set the branch to a commit."""
        read_git(root.parent, "clone", "--quiet", "--no-local", str(self.root), root.name)
        read_git(root, "reset", "--quiet", "--hard", self.names[position])
        return open_archive(root)


def write_six_hours(commits: list[NewCommit], folder: Path) -> SixHours:
    """Write the commits of an archive of six hours into a folder, and index them."""
    root = make_archive(folder / "archive")
    names = make_commits(root, commits)
    archive = open_archive(root)
    read_git(root, "reset", "--hard", "--quiet", names[EARLY])
    early_rows = update_index(archive, folder / "early")
    read_git(root, "reset", "--hard", "--quiet", names[-1])
    return SixHours(root, commits, names, folder / "early", early_rows, build_index(archive))


def assert_sound(archive: Archive, cache: Path, rows: list[str]) -> None:
    """Assert that the next update gives the right rows and leaves nothing beside the index."""
    assert update_index(archive, cache) == rows
    assert {path.name for path in cache.iterdir()} == {INDEX_NAME, f"{INDEX_NAME}.lock", CHECKSUMS_NAME}


def run_orarchive(
    *arguments: str | Path, prefix: tuple[str, ...] = (), **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command of `orarchive` in a process of its own; `prefix` begins the command line."""
    return subprocess.run(
        [*prefix, sys.executable, "-m", "orarchive", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
