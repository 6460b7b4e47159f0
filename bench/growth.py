"""Growth of the repository after `git repack -adf --window=50`, each file apart: bytes an hour, MB a year.

Budgets an hour: models with ledger and message 2 KB, benchmarks 3 KB more; health of 1,000 endpoints 25 KB
without a key, 55 KB with latency. One full copy of each file is left out. Models and benchmarks are measured
on recorded data (ARCHIVE_REAL_DATA), whose versions lie 12, 6 and 24 hours apart: what happened in between is
in them, so a version says what an hour takes at most. Health is synthetic (bench/health.py).
"""

import gzip
import os
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.making import make
from bench.measure import ORARCHIVE, figure, fresh, imported, recordings, run
from bench.world import World
from orarchive.store.archive import Archive

YEAR = 24 * 365
HOURS = 30 * 24
BUDGETS = {"models": 2, "benchmarks": 3, "keyless": 25, "latency": 55}
"""KB an hour."""

LEDGER, BENCHMARKS, HEALTH = "ledger", "models/benchmarks.jsonl", "endpoints/health.jsonl"


@dataclass
class Taken:
    """What the versions of a file take in the pack, in bytes, and what of it is its one full copy."""

    versions: int = 0
    bytes: int = 0
    first: int = 0


def main() -> None:
    """Measure each part in an archive of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if real := recordings():
            history = imported(folder, real / "models_history.bundle", "data/output.json")
            total = shown("recorded models, a version each 12 hours", history)
            figure("models with ledger and message, a version", kilobytes(total), budget("models"))
            benchmarks(imported(folder, real / "models_sixhourly.bundle", "data/models.json"), 6)
            benchmarks(imported(folder, daily(folder, real), "models.json"), 24)
        for what, latency in (("keyless", False), ("latency", True)):
            archive, _ = make(folder / what, World(latency=latency), HOURS)
            total = shown(
                f"synthetic, 600 models and 1,000 endpoints, {what}, an hour", archive, budget(what)
            )
            figure("all but health and benchmarks, an hour", kilobytes(total))
            cache = folder / f"cache-{what}"
            run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache])
            size = (cache / "index.sqlite").stat().st_size
            figure(f"its index, {HOURS // 24} days of health", f"{size / 1e6:.0f} MB")


def daily(folder: Path, real: Path) -> Path:
    """The five days of models as a repository."""
    source = fresh(folder / "daily").root
    for day in sorted((real / "models_v1").glob("*.json.gz")):
        (source / "models.json").write_bytes(gzip.decompress(day.read_bytes()))
        date = f"{day.name[:10]}T06:00:00Z"
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        subprocess.run(["git", "-C", source, "add", "models.json"], check=True)
        command = ["git", "-C", str(source), "commit", "-q", "-m", date]
        subprocess.run(command, check=True, env={**os.environ, **dates})
    return source


def sizes(archive: Archive) -> dict[str, Taken]:
    """What each file below data/ takes, all ledgers as one; commits and trees beside them."""
    archive.run_git("repack", "-adf", "--window=50", "--quiet")
    listed = archive.run_git("rev-list", "--objects", "HEAD").splitlines()
    names = {name: path for name, _, path in (line.partition(" ") for line in listed)}
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize:disk)"
    told = archive.run_git("cat-file", form, stdin="\n".join(names).encode())
    found: dict[str, Taken] = defaultdict(Taken)
    for line in told.splitlines():
        name, kind, size = line.split(" ")
        path = names[name].removeprefix("data/")
        if path.startswith("hours/"):
            path = LEDGER
        one = found[path if kind == "blob" else f"{kind}s"]
        one.versions += 1
        one.bytes += int(size)
        # a ledger begins empty: its full copy is what it has grown by
        one.first = max(one.first, int(size)) if kind == "blob" and path != LEDGER else 0
    return found


def growth(taken: Taken, hours: int) -> float:
    """Bytes an hour, but for one full copy."""
    return (taken.bytes - taken.first) / (hours - 1)


def shown(what: str, archive: Archive, health: str = "") -> float:
    """Print what each file takes; returns bytes an hour without what has a budget of its own."""
    print(what)
    found = sizes(archive)
    hours = found["commits"].versions
    moving = {path: growth(taken, hours) for path, taken in sorted(found.items()) if taken.versions > 1}
    for path, size in moving.items():
        versions = f"{found[path].versions:,} versions"
        figure(f"  {path}, {versions}", kilobytes(size), health if path == HEALTH else "")
    pack = sum(path.stat().st_size for path in archive.git_dir.glob("objects/pack/*.pack"))
    figure("  the pack", f"{pack / 1e6:.1f} MB")
    return sum(size for path, size in moving.items() if path not in (BENCHMARKS, HEALTH))


def benchmarks(archive: Archive, hours: int) -> None:
    """Print what benchmarks take in recordings that lie so many hours apart, and how many models move."""
    found = sizes(archive)
    taken, steps = found[BENCHMARKS], found["commits"].versions - 1
    log = archive.run_git("log", "-p", "-U0", "--text", "--format=", "--", f"data/{BENCHMARKS}")
    moved = sorted(version.count("\n+{") for version in log.split("diff --git ")[1:-1])
    print(f"benchmarks, {steps} steps of {hours} hours: in {len(moved)} of them {moved} models move")
    size = growth(taken, steps + 1)
    figure(f"  an hour, if every hour moved them as {hours} do", kilobytes(size), budget("benchmarks"))
    figure("  an hour, if they moved no more often than recorded", kilobytes(size / hours))


def kilobytes(size: float) -> str:
    """Bytes an hour as KB, and as MB a year."""
    return f"{size / 1000:.2f} KB, {size * YEAR / 1e6:.1f} MB/y"


def budget(name: str) -> str:
    """A budget in words."""
    return f"under {BUDGETS[name]} KB an hour"


if __name__ == "__main__":
    main()
