"""The update of an existing index by one hour: as cheap after a year of hours as after a hundred.

Two synthetic archives have 600 models and 1,000 endpoints each; the same number of records changes every
hour. Each run indexes exactly one hour. Budget: the medians differ by less than 20 %. The benchmark takes
about half an hour, most of it to make the year and its index; `python -m bench.next_hour 2000` makes fewer
hours.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.measure import ORARCHIVE, print_figure, run
from bench.synthetic import SyntheticData
from bench.synthetic_archive import make_archive
from orarchive.index.database import open_index
from orarchive.store.archive import Archive

SHORT_HOURS, LONG_HOURS = 100, 24 * 365
REPETITIONS = 9
MAX_DIFFERENCE = 0.2


def main() -> None:
    """Make both archives with their indexes, then index later hours in turn."""
    long = int(sys.argv[1]) if sys.argv[1:] else LONG_HOURS
    with tempfile.TemporaryDirectory() as name:
        archives = {hours: make_indexed(Path(name), hours) for hours in (SHORT_HOURS, long)}
        for label, measure in (("whole process", time_process), ("index alone", time_update)):
            seconds: dict[int, list[float]] = {hours: [] for hours in archives}
            for repetition in range(REPETITIONS + 1):
                for hours, (archive, cache, later) in archives.items():
                    archive.run_git("update-ref", "refs/heads/main", later.pop(0))
                    measured = measure(archive, cache)
                    if repetition:  # the first one warms up
                        seconds[hours].append(measured)
            short, year = map(median, seconds.values())
            for hours, times in seconds.items():
                print_figure(
                    f"the next hour after {hours:,}, {label}",
                    f"{median(times):.3f} s ({min(times):.3f}-{max(times):.3f})",
                )
            print_figure("difference", f"{year / short - 1:+.0%}", f"under {MAX_DIFFERENCE:.0%}")


def make_indexed(folder: Path, hours: int) -> tuple[Archive, Path, list[str]]:
    """Make an archive and its index; return it, the folder of the index, and the commits of later hours."""
    start = time.perf_counter()
    archive, later = make_archive(folder / f"archive{hours}", SyntheticData(), hours, 2 * (REPETITIONS + 1))
    print_figure(f"{hours:,} hours made", f"{time.perf_counter() - start:.0f} s")
    cache = folder / f"cache{hours}"
    built = run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache])
    size = (cache / "index.sqlite").stat().st_size
    print_figure("full rebuild of its index", f"{built.seconds:.0f} s, {built.megabytes:.0f} MB")
    print_figure("size of the index", f"{size / 1e6:.0f} MB")
    return archive, cache, later


def time_process(archive: Archive, cache: Path) -> float:
    """Return the seconds of the process as a user starts it."""
    return run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache]).seconds


def time_update(archive: Archive, cache: Path) -> float:
    """Return the seconds of the update without the start of Python."""
    start = time.perf_counter()
    with open_index(archive, cache):
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
