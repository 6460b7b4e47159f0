"""The export as Parquet: its time, its memory and its sizes, and what a second export writes.

A synthetic archive has 600 models, and 1,000 endpoints with latency. Its index is up to date before each
export, and is not part of the figures. Budget for a year of hours with health, by two processes: 3 minutes,
and 700 MB for the largest of them; a day later one month is written. `python -m bench.export 1440` makes
fewer hours; the year is made in four minutes, and its index as long as `bench.next_hour` says.
"""

import sys
import tempfile
import time
from pathlib import Path

from bench.measure import ORARCHIVE, Run, print_figure, run
from bench.synthetic import SyntheticData
from bench.synthetic_archive import make_archive
from orarchive.export.manifest import Manifest, read_manifest
from orarchive.export.schemas import HEALTH, HEALTH_DAYS
from orarchive.store.archive import Archive

HOURS = 24 * 365
LATER_HOURS = 24
JOBS = 2
MAX_SECONDS = 180
MAX_MEGABYTES = 700
YEAR_HOURS = 24 * 365
EXTRAPOLATED_YEARS = 50
"""Ten archives of five years."""


def main() -> None:
    """Make an archive, export it, and export it again a day later."""
    hours = int(sys.argv[1]) if sys.argv[1:] else HOURS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        archive, later = make_archive(folder / "archive", SyntheticData(latency=True), hours, LATER_HOURS)
        print_figure(f"{hours:,} hours made", f"{time.perf_counter() - start:.0f} s")
        out = folder / "export"
        update_index(archive)
        tables = export(archive, folder / "tables", "--no-health")
        print_run("tables without raw health", tables)
        for jobs in (1, JOBS):
            figures = export(archive, out if jobs == JOBS else folder / "alone", "--jobs", str(jobs))
            print_run(f"everything, {jobs} processes", figures, hours)
        print_sizes(read(out), hours)
        print_run("again, nothing new", export(archive, out))
        times = list_times(out)
        archive.run_git("update-ref", "refs/heads/main", later[-1])
        update_index(archive)
        print_run("again, a day later", export(archive, out))
        months = {path for path, moment in list_times(out).items() if times.get(path) != moment}
        print_figure("months of health written a day later", f"{len(months)}", "1")
        print_extrapolation(figures, read(out), hours)


def update_index(archive: Archive) -> None:
    """Bring the index of an archive up to date."""
    built = run([*ORARCHIVE, "index", "--archive", archive.root])
    print_figure("its index (not part of the exports)", f"{built.seconds:.0f} s, {built.megabytes:.0f} MB")


def export(archive: Archive, out: Path, *options: str) -> Run:
    """Export an archive in a process of its own."""
    return run([*ORARCHIVE, "export", "--archive", archive.root, "--out", out, *options])


def read(out: Path) -> Manifest:
    """Read the manifest of an export."""
    manifest = read_manifest(out)
    assert manifest
    return manifest


def list_times(out: Path) -> dict[Path, int]:
    """Return when each month of health was last written."""
    return {path: path.stat().st_mtime_ns for path in out.glob(f"{HEALTH.name}/*/*")}


def print_run(name: str, figures: Run, hours: int = 0) -> None:
    """Print the figures of an export, beside the budget of a year where it has one."""
    measured = f"{figures.seconds:.1f} s, {figures.cpu:.1f} s CPU, {figures.megabytes:.0f} MB"
    seconds = MAX_SECONDS * hours / YEAR_HOURS
    print_figure(name, measured, f"{seconds:.0f} s, {MAX_MEGABYTES} MB" if hours else "")


def print_sizes(manifest: Manifest, hours: int) -> None:
    """Print the sizes of health, of its days and of all the rest."""
    sizes = {
        "raw health": sum(entry.bytes for entry in manifest.files if entry.table == HEALTH.name),
        "health by day": sum(entry.bytes for entry in manifest.files if entry.table == HEALTH_DAYS.name),
    }
    sizes["all else"] = sum(entry.bytes for entry in manifest.files) - sum(sizes.values())
    rows = sum(entry.rows for entry in manifest.files if entry.table == HEALTH.name)
    for name, size in sizes.items():
        print_figure(f"size of {name}", f"{size / 1e6:.1f} MB")
    print_figure("size of a row of raw health", f"{sizes['raw health'] / rows:.1f} bytes")
    print_figure(
        "size of a month (30 days) of raw health", f"{sizes['raw health'] / hours * 720 / 1e6:.1f} MB"
    )


def print_extrapolation(figures: Run, manifest: Manifest, hours: int) -> None:
    """Print what ten archives of five years would take, in proportion to the hours."""
    factor = EXTRAPOLATED_YEARS * YEAR_HOURS / hours
    size = sum(entry.bytes for entry in manifest.files)
    print_figure("ten archives of five years, extrapolated: CPU", f"{figures.cpu * factor / 3600:.1f} h")
    print_figure("ten archives of five years, extrapolated: size", f"{size * factor / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
