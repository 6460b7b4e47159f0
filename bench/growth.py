"""Growth of the repository after `git repack -adf --window=50`, for each file: bytes an hour, MB a year.

Budgets an hour: models with ledger and message 2 KB, benchmarks 3 KB more; health of 1,000 endpoints 16 KB
without a key, 36 KB with latency. One full copy of each file is left out. Models and benchmarks are measured
on recorded data (ARCHIVE_REAL_DATA), whose versions are 12, 6 and 24 hours apart. A version holds all changes
since the one before it, so its size is an upper bound for an hour. Health is synthetic (bench/health.py).
"""

import gzip
import os
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.measure import ORARCHIVE, create_archive, find_recordings, import_archive, print_figure, run
from bench.synthetic import SyntheticData
from bench.synthetic_archive import make_archive
from orarchive.domain.data_paths import HEALTH_PATH
from orarchive.store.archive import Archive

HOURS_PER_YEAR = 24 * 365
HOURS = 30 * 24
BUDGETS_KB = {"models": 2, "benchmarks": 3, "keyless": 16, "latency": 36}
"""Budgets in KB an hour."""

LEDGER, BENCHMARKS, HEALTH = "ledger", "models/benchmarks.jsonl", HEALTH_PATH


@dataclass
class FileSize:
    """The size of the versions of a file in the pack, and of its full copy among them."""

    versions: int = 0
    total_bytes: int = 0
    full_copy_bytes: int = 0


def main() -> None:
    """Measure each part in an archive of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if recordings := find_recordings():
            history = import_archive(folder, recordings / "models_history.bundle", "data/output.json")
            total = print_growth("recorded models, a version each 12 hours", history)
            budget = format_budget("models")
            print_figure("models with ledger and message, a version", format_growth(total), budget)
            six_hourly = recordings / "models_sixhourly.bundle"
            print_benchmarks(import_archive(folder, six_hourly, "data/models.json"), 6)
            print_benchmarks(import_archive(folder, commit_daily(folder, recordings), "models.json"), 24)
        for name, latency in (("keyless", False), ("latency", True)):
            archive, _ = make_archive(folder / name, SyntheticData(latency=latency), HOURS)
            title = f"synthetic, 600 models and 1,000 endpoints, {name}, an hour"
            total = print_growth(title, archive, format_budget(name))
            print_figure("all but health and benchmarks, an hour", format_growth(total))
            cache = folder / f"cache-{name}"
            run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache])
            size = (cache / "index.sqlite").stat().st_size
            print_figure(f"size of its index, {HOURS // 24} days of health", f"{size / 1e6:.0f} MB")


def commit_daily(folder: Path, recordings: Path) -> Path:
    """Return a repository with a commit for each of the five recorded days of models."""
    source = create_archive(folder / "daily").root
    for day in sorted((recordings / "models_v1").glob("*.json.gz")):
        (source / "models.json").write_bytes(gzip.decompress(day.read_bytes()))
        date = f"{day.name[:10]}T06:00:00Z"
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        subprocess.run(["git", "-C", source, "add", "models.json"], check=True)
        command = ["git", "-C", str(source), "commit", "-q", "-m", date]
        subprocess.run(command, check=True, env={**os.environ, **dates})
    return source


def measure_files(archive: Archive) -> dict[str, FileSize]:
    """Return the size of each file below data/, with all ledgers as one, and of commits and trees."""
    archive.run_git("repack", "-adf", "--window=50", "--quiet")
    listed = archive.run_git("rev-list", "--objects", "--branches").splitlines()
    names = {name: path for name, _, path in (line.partition(" ") for line in listed)}
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize:disk)"
    objects = archive.run_git("cat-file", form, stdin="\n".join(names).encode())
    files: dict[str, FileSize] = defaultdict(FileSize)
    for line in objects.splitlines():
        name, kind, size = line.split(" ")
        path = names[name].removeprefix("data/")
        if path.startswith("hours/"):
            path = LEDGER
        file = files[path if kind == "blob" else f"{kind}s"]
        file.versions += 1
        file.total_bytes += int(size)
        # a ledger begins empty, so its full copy is part of its growth
        if kind == "blob" and path != LEDGER:
            file.full_copy_bytes = max(file.full_copy_bytes, int(size))
    return files


def compute_growth(file: FileSize, hours: int) -> float:
    """Return the bytes an hour without the full copy."""
    return (file.total_bytes - file.full_copy_bytes) / (hours - 1)


def print_growth(title: str, archive: Archive, health_budget: str = "") -> float:
    """Print the growth of each file; return the bytes an hour of files without a budget of their own."""
    print(title)
    files = measure_files(archive)
    hours = files[LEDGER].versions
    growing = {path: compute_growth(file, hours) for path, file in sorted(files.items()) if file.versions > 1}
    for path, size in growing.items():
        versions = f"{files[path].versions:,} versions"
        print_figure(f"  {path}, {versions}", format_growth(size), health_budget if path == HEALTH else "")
    pack = sum(path.stat().st_size for path in archive.git_dir.glob("objects/pack/*.pack"))
    print_figure("  size of the pack", f"{pack / 1e6:.1f} MB")
    return sum(size for path, size in growing.items() if path not in (BENCHMARKS, HEALTH))


def print_benchmarks(archive: Archive, hours: int) -> None:
    """Print the growth of benchmarks in recordings so many hours apart, and the models changed in each."""
    files = measure_files(archive)
    steps = files["commits"].versions - 1
    log = archive.run_git("log", "-p", "-U0", "--text", "--format=", "--", f"data/{BENCHMARKS}")
    changed = sorted(version.count("\n+{") for version in log.split("diff --git ")[1:-1])
    print(f"benchmarks, {steps} steps of {hours} hours: in {len(changed)} of them {changed} models change")
    size = compute_growth(files[BENCHMARKS], steps + 1)
    budget = format_budget("benchmarks")
    print_figure(f"  an hour, if every hour changed as many as {hours} do", format_growth(size), budget)
    print_figure("  an hour, if they changed no more often than recorded", format_growth(size / hours))


def format_growth(size: float) -> str:
    """Format bytes an hour as KB, and as MB a year."""
    return f"{size / 1000:.2f} KB, {size * HOURS_PER_YEAR / 1e6:.1f} MB/y"


def format_budget(name: str) -> str:
    """Format a budget."""
    return f"under {BUDGETS_KB[name]} KB an hour"


if __name__ == "__main__":
    main()
