"""The next hour, index warm: as cheap after a year of hours as after a hundred.

Two synthetic archives, 600 models and 1,000 endpoints each; the same number of records changes every hour. A
run takes exactly one hour in. Budget: the medians differ by less than 20 %. Takes about half an hour, most of
it to make the year and its index; `python -m bench.next_hour 2000` takes fewer hours.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.making import make
from bench.measure import ORARCHIVE, figure, run
from bench.world import World
from orarchive.index.database import open_index
from orarchive.store.archive import Archive

SHORT, LONG = 100, 24 * 365
TIMES = 9
BUDGET = 0.2


def main() -> None:
    """Make both archives with their indexes, then take hours in, one here and one there."""
    long = int(sys.argv[1]) if sys.argv[1:] else LONG
    with tempfile.TemporaryDirectory() as name:
        sides = {hours: made(Path(name), hours) for hours in (SHORT, long)}
        for what, measured in (("whole process", whole), ("index alone", inside)):
            seconds: dict[int, list[float]] = {hours: [] for hours in sides}
            for turn in range(TIMES + 1):
                for hours, (archive, cache, later) in sides.items():
                    archive.run_git("update-ref", "refs/heads/main", later.pop(0))
                    seconds[hours] += [measured(archive, cache)] * (turn > 0)  # the first one warms up
            short, year = map(median, seconds.values())
            for hours, some in seconds.items():
                figure(
                    f"the next hour after {hours:,}, {what}",
                    f"{median(some):.3f} s ({min(some):.3f}-{max(some):.3f})",
                )
            figure("difference", f"{year / short - 1:+.0%}", f"under {BUDGET:.0%}")


def made(folder: Path, hours: int) -> tuple[Archive, Path, list[str]]:
    """An archive, the folder of its index, brought up to date, and the commits of the hours to come."""
    begun = time.perf_counter()
    archive, later = make(folder / f"archive{hours}", World(), hours, 2 * (TIMES + 1))
    figure(f"{hours:,} hours made", f"{time.perf_counter() - begun:.0f} s")
    cache = folder / f"cache{hours}"
    built = run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache])
    size = (cache / "index.sqlite").stat().st_size
    figure("full rebuild of its index", f"{built.seconds:.0f} s, {built.megabytes:.0f} MB")
    figure("the index, a file of", f"{size / 1e6:.0f} MB")
    return archive, cache, later


def whole(archive: Archive, cache: Path) -> float:
    """Seconds of the process as a person starts it."""
    return run([*ORARCHIVE, "index", "--archive", archive.root, "--cache", cache]).seconds


def inside(archive: Archive, cache: Path) -> float:
    """Seconds of the update without the start of Python."""
    begun = time.perf_counter()
    with open_index(archive, cache):
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
