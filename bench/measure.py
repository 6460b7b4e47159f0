"""Measurements of whole processes, one after the other, in new archives; figures beside their budgets."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orarchive.store.archive import Archive, open_archive

ROOT = Path(__file__).parents[1]
ORARCHIVE = (sys.executable, "-m", "orarchive")
"""The command as a user runs it; the current folder must be ROOT."""


@dataclass(frozen=True)
class Run:
    """The figures of a process: wall-clock seconds, CPU seconds and peak memory (MB).

    CPU seconds are user and system time of the process and of all processes that it waited for; the peak is
    the largest among them.
    """

    seconds: float
    cpu: float
    megabytes: float


def run(command: Sequence[str | Path]) -> Run:
    """Run a process without its output and return its figures; a failure ends the benchmark."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compute_medians(runs: Mapping[str, Sequence[Run]]) -> dict[str, Run]:
    """Return for each command the medians of its wall-clock and CPU seconds, and the largest peak."""
    return {
        name: Run(
            statistics.median(run.seconds for run in command_runs),
            statistics.median(run.cpu for run in command_runs),
            max(run.megabytes for run in command_runs),
        )
        for name, command_runs in runs.items()
    }


def create_archive(folder: Path) -> Archive:
    """Create an archive without hours."""
    folder.mkdir()
    for command in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "bench"],
        ["config", "user.email", "b@b"],
    ):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return open_archive(folder)


def import_archive(folder: Path, source: Path, path: str) -> Archive:
    """Create an archive of a recorded history."""
    archive = create_archive(folder / f"archive-{source.stem}")
    run([*ORARCHIVE, "import", source, "--path", path, "--archive", archive.root])
    return archive


def find_recordings() -> Path | None:
    """Return the folder of recorded data; if it is not set, print that its measurements are left out."""
    if folder := os.environ.get("ARCHIVE_REAL_DATA"):
        return Path(folder).resolve()
    print("left out, because ARCHIVE_REAL_DATA is not set: all measurements on recorded data")
    return None


def print_figure(name: str, measured: str, budget: str = "") -> None:
    """Print one figure, with its budget where it has one."""
    print(f"{name:58} {measured:>22}" + (f"   budget {budget}" if budget else ""), flush=True)
