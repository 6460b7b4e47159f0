"""A year of hours: its index against bare git, its size in git, its database, and its site.

The archive is synthetic: 600 models and 1,000 endpoints without latency, 8,760 hours. Bare git is
`git log -p -U0 --text` over the same history with health on the main branch, a line an endpoint, as it was
kept before it had a branch of its own. `python -m bench.year 720` takes fewer hours,
`python -m bench.year 168 5` five times the records. The year takes half an hour, most of it for the archives;
`python -m bench.year --archives DIR BARE` measures two that are there, with health on a branch and on main,
and leaves out their size in git.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import ORARCHIVE, ROOT, Run, print_figure, run
from bench.synthetic import SyntheticData
from bench.synthetic_archive import make_archive
from orarchive.index.database import INDEX_NAME
from orarchive.publish.pages import DATABASE
from orarchive.store.archive import Archive, open_archive
from orarchive.store.health_branch import HEALTH_REF

HOURS = 8760
MAX_GIT_RATIO = 2
MAX_SECONDS, MAX_MB = 75, 500
MAX_MAIN_KB, MAX_HEALTH_KB = 5, 16
MAX_SITE_S = 20


def main() -> None:
    """Make both archives, unless they are given; measure one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("hours", nargs="?", type=int, default=HOURS)
    parser.add_argument("factor", nargs="?", type=int, default=1)
    parser.add_argument("--archives", nargs=2, type=Path, metavar=("DIR", "BARE"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.archives:
            archive, lines_archive = map(open_archive, options.archives)
            later: list[str] = []
        else:
            data = SyntheticData(models=600 * options.factor, endpoints=1000 * options.factor)
            archive, later = make_archive(folder / "archive", data, options.hours, later_hours=1)
            lines_archive, _ = make_archive(folder / "lines", data, options.hours, has_health_lines=True)
        hours = int(archive.run_git("rev-list", "--count", "main"))
        measure_index(archive, lines_archive, folder / "cache", hours)
        if not options.archives:
            measure_growth(archive, hours)
        measure_site(archive, folder / "site", folder / "cache", later)


def measure_index(archive: Archive, lines_archive: Archive, cache: Path, hours: int) -> None:
    """Print the figures of the index made anew, beside bare git over the history with health on main."""
    bare: list[str | Path] = ["git", "-C", lines_archive.root, "log", "-p", "-U0", "--text", "--", "data"]
    index: list[str | Path] = [*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache]
    git = run(bare)
    built = run(index)
    print_run("git log -p -U0 --text, health in it", git)
    print_run(f"index of {hours:,} hours", built, f"under {MAX_SECONDS} s, {MAX_MB} MB for a year")
    print_figure("index / git log, CPU", f"{built.cpu / git.cpu:.2f}", f"under {MAX_GIT_RATIO}")
    print_figure("size of the index", f"{(cache / INDEX_NAME).stat().st_size / 1e6:.0f} MB")
    print_run("the index again, nothing new", run(index))


def measure_growth(archive: Archive, hours: int) -> None:
    """Print what each branch adds to the repository, and the size of a clone of main."""
    archive.run_git("repack", "-adf", "--window=50", "--quiet")
    for ref, title, budget in (
        ("refs/heads/main", "main", MAX_MAIN_KB),
        (HEALTH_REF, "health", MAX_HEALTH_KB),
    ):
        size = int(archive.run_git("rev-list", "--objects", "--disk-usage", ref))
        print_figure(
            f"branch {title}",
            f"{size / hours / 1e3:.2f} KB an hour",
            f"under {budget} KB for 1,000 endpoints",
        )
    clone = archive.root.with_name("clone")
    command = ["git", "clone", "-q", "--bare", "--single-branch", "-b", "main", f"file://{archive.root}"]
    subprocess.run([*command, clone], check=True)
    size = sum(path.stat().st_size for path in clone.rglob("*") if path.is_file())
    print_figure("clone of main alone", f"{size / 1e6:.1f} MB", "under 45 MB for a year")


def measure_site(archive: Archive, site: Path, cache: Path, later: list[str]) -> None:
    """Print the figures of the site, made twice from an index that is up to date."""
    build: list[str | Path] = [sys.executable, ROOT / "build_site.py", "--archive", archive.root]
    build += ["--out", site, "--cache", cache]
    print_run("the site", run(build), f"under {MAX_SITE_S} s, {MAX_MB} MB for a year")
    if later:
        archive.run_git("update-ref", "refs/heads/main", *later)
        run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache])
    title = "the site an hour later" if later else "the same again"
    print_run(title, run(build), "under 3 s")
    print_figure("the database", f"{(site / DATABASE).stat().st_size / 1e6:.1f} MB", "under 60 MB for a year")


def print_run(title: str, figures: Run, budget: str = "") -> None:
    """Print the figures of a process."""
    text = f"{figures.cpu:.1f} s of CPU, {figures.seconds:.1f} s elapsed, {figures.megabytes:.0f} MB"
    print_figure(title, text, budget)


if __name__ == "__main__":
    main()
