"""Recorded versions of a models file in git bundles, read without the archive's own code."""

import subprocess
from io import BytesIO
from pathlib import Path

TWO_YEARS = "models_history.bundle", "data/output.json"
"""A bundle, and the file in it: 943 versions of the text models, about 12 hours apart."""

FIVE_DAYS = "models_sixhourly.bundle", "data/models.json"
"""A bundle and its file with 20 versions, six hours apart, with time-of-day prices."""


def versions(
    bundle: Path, scratch: Path, file: str, every: int = 1, last: int = 0
) -> list[tuple[str, bytes]]:
    """Return versions of a file in a bundled history, oldest first, as (commit time, content).

    Of the last `last` versions (0: all of them) every `every`-th is taken.
    """
    clone = scratch / bundle.stem
    if not clone.exists():
        subprocess.run(["git", "clone", "-q", "--bare", "-b", "main", bundle, clone], check=True)
    log = _run_git(clone, "log", "--reverse", "--format=%H %cI", "--", file).decode()
    commits = [line.split(" ") for line in log.splitlines()][-last::every]
    names = "".join(f"{commit}:{file}\n" for commit, _ in commits)
    output = BytesIO(_run_git(clone, "cat-file", "--batch", stdin=names))
    # before each version stands a line that ends with its size, behind it a line end
    return [(time, output.read(int(output.readline().split()[-1]) + 1)[:-1]) for _, time in commits]


def _run_git(clone: Path, *arguments: str, stdin: str = "") -> bytes:
    """Run a git command in a bare clone and return its output."""
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, input=stdin.encode(), check=True, capture_output=True).stdout
