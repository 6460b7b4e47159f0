"""Measuring: whole processes, one after the other, in fresh archives; figures beside their budgets."""

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
"""The program as a person runs it; its folder must be ROOT."""


@dataclass(frozen=True)
class Run:
    """What a process took: seconds by the clock and of the CPU, and its peak memory (MB).

    The CPU's are user and system, of it and of all that it waited for; the peak is its own or that of the
    largest it started.
    """

    seconds: float
    cpu: float
    megabytes: float


def run(command: Sequence[str | Path]) -> Run:
    """Run a process to its end, its output thrown away; a failure ends the benchmark."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def medians(runs: Mapping[str, Sequence[Run]]) -> dict[str, Run]:
    """Of the runs of each command the median seconds, wall and CPU, and the largest peak."""
    return {
        name: Run(
            statistics.median(one.seconds for one in some),
            statistics.median(one.cpu for one in some),
            max(one.megabytes for one in some),
        )
        for name, some in runs.items()
    }


def fresh(folder: Path) -> Archive:
    """An archive without hours."""
    folder.mkdir()
    for command in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "bench"],
        ["config", "user.email", "b@b"],
    ):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return open_archive(folder)


def imported(folder: Path, source: Path, path: str) -> Archive:
    """An archive of a recorded history."""
    archive = fresh(folder / f"archive-{source.stem}")
    run([*ORARCHIVE, "import", source, "--path", path, "--archive", archive.root])
    return archive


def recordings() -> Path | None:
    """The folder of recorded data; where it is not set, says that what needs it is left out."""
    if folder := os.environ.get("ARCHIVE_REAL_DATA"):
        return Path(folder).resolve()
    print("left out, for ARCHIVE_REAL_DATA is not set: all that is measured on recorded data")
    return None


def figure(name: str, measured: str, budget: str = "") -> None:
    """Print one figure, with its budget where it has one."""
    print(f"{name:58} {measured:>22}" + (f"   budget {budget}" if budget else ""), flush=True)
