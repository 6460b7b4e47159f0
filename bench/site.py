"""The sites of the recorded history, with endpoints, and of the demo: time, size, and a quiet hour.

Needs ARCHIVE_REAL_DATA for the recorded history. `python -m bench.site demo` measures the demo alone,
`python -m bench.site recorded` the history. Paints and shifts are those of headless Chromium on loopback.
"""

import datetime as dt
import gzip
import hashlib
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.browser import measure_pages
from bench.measure import (
    ORARCHIVE,
    ROOT,
    compute_medians,
    find_recordings,
    import_archive,
    print_figure,
    run,
)
from bench.page_kinds import HOME, list_files, pack_pages
from orarchive.index.health import DEGRADED_HOURS
from orarchive.publish.pages import DATABASE
from orarchive.publish.search_index import SEARCH_PATH
from orarchive.sample import Service
from orarchive.store import ledger
from orarchive.store.archive import Archive, open_archive
from orarchive.store.commit import commit_files
from orarchive.timestamps import HOUR, format_hour, format_stamp, parse_stamp
from tests.support.recordings import DAYS, Recordings, archive_hour

REPETITIONS = 3

ADDRESS = "https://example.org/archive/"
"""With an address a site has a sitemap and pictures of its models."""

PAGE_BUDGETS_KB = {HOME: 12, "models": 40, "models/*": 18}
ANY_PAGE_BUDGET_KB = 60
SITE_BUDGETS = {"recorded": "12 s, 60 MB"}
STATIC_BUDGET_BYTES = 20 * 1024
SEARCH_BUDGET_KB = 25
MAX_QUIET_FILES = 10
QUIET = DEGRADED_HOURS
"""Hours after the last one until one in which nothing changes but the clock.

An endpoint that was bad in the last hour alone is called degraded in the one before.
"""
MAX_PAINT_MS, MAX_SHIFT = 1200, 0.02
MAX_KEY_MS = 50


@dataclass(frozen=True)
class SiteBuild:
    """How a site is built."""

    archive: Archive
    out: Path

    @property
    def command(self) -> list[str | Path]:
        """Return the command that builds it."""
        options = ("--archive", self.archive.root, "--out", self.out, "--base-url", ADDRESS)
        return [sys.executable, ROOT / "build_site.py", *options]

    def compute_digests(self) -> dict[str, str]:
        """Return the digests of its files."""
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in list_files(self.out).items()
        }


def main() -> None:
    """Measure the sites that the arguments name, or all."""
    names = sys.argv[1:] or ["demo", "recorded"]
    with tempfile.TemporaryDirectory() as name:
        for wanted in names:
            folder = Path(name) / wanted
            folder.mkdir()
            archive = make_demo(folder) if wanted == "demo" else make_recorded_archive(folder)
            if archive:
                measure_site(wanted, archive, folder)


def make_demo(folder: Path) -> Archive:
    """Make the archive of the demo."""
    run([sys.executable, "-m", "orarchive.sample.demo", folder / "archive"])
    return open_archive(folder / "archive")


def make_recorded_archive(folder: Path) -> Archive | None:
    """Make the archive of the recorded history and of five later days with endpoints, with its index."""
    recordings = find_recordings()
    if recordings is None:
        return None
    archive = import_archive(folder, recordings / "models_history.bundle", "data/output.json")
    days = Recordings(recordings, folder / "scratch")
    with Service(days.respond) as service:
        for day in DAYS:
            days.stand_at(day)
            archive_hour(archive.root, service, f"{day}T06Z")
    return archive


def measure_site(name: str, archive: Archive, folder: Path) -> None:
    """Build a site, again, and after hours without changes; print its figures."""
    run([*ORARCHIVE, "index", "--archive", archive.root])
    runs = [run(SiteBuild(archive, folder / f"site{number}").command) for number in range(REPETITIONS)]
    built = compute_medians({name: runs})[name]
    build = SiteBuild(archive, folder / "site0")
    files = list_files(build.out)
    size = sum(path.stat().st_size for path in files.values())
    database = files[DATABASE].stat().st_size
    print(f"--- {name}, up to {format_hour(read_last_hour(archive))}")
    times = f"{built.seconds:.1f} s, CPU {built.cpu:.1f} s, {built.megabytes:.0f} MB"
    print_figure(f"{len(files):,} files", times)
    rest = f"{(size - database) / 1e6:.1f} MB"
    print_figure("all of them but the database", rest, SITE_BUDGETS.get(name, ""))
    print_figure("the database", f"{database / 1e6:.1f} MB")
    print_static_sizes(files)
    print_pages(build.out)
    print_quiet_hours(build)


def print_static_sizes(files: dict[str, Path]) -> None:
    """Print the sizes of style sheet, scripts, search index and pictures."""
    for name, path in files.items():
        if name.startswith("static/") and path.suffix in (".css", ".js"):
            print_figure(name, f"{path.stat().st_size:,} B", f"{STATIC_BUDGET_BYTES:,} B")
    packed = len(gzip.compress(files[SEARCH_PATH].read_bytes(), 6)) / 1000
    print_figure(f"{SEARCH_PATH}, gzipped", f"{packed:.1f} KB", f"{SEARCH_BUDGET_KB} KB")


def print_pages(site: Path) -> None:
    """Print the largest page of each kind, gzipped, with when it is painted and how much it shifts."""
    largest = pack_pages(site)
    times, keys_ms = measure_pages(site, {kind: path for kind, (path, _) in largest.items()})
    for kind, (path, size) in largest.items():
        budget = PAGE_BUDGETS_KB.get(kind, ANY_PAGE_BUDGET_KB)
        figures = (
            f"{size / 1000:.1f} KB, {times[kind].paint_ms:.0f} ms, shift {times[kind].shift:.3f}",
            f"{budget} KB, {MAX_PAINT_MS} ms, {MAX_SHIFT}",
        )
        print_figure(f"{kind}: {path.removesuffix('/index.html')}"[:58], *figures)
    keys = f"{median(keys_ms):.0f} ms, at most {max(keys_ms):.0f}"
    print_figure("a key in the search box", keys, f"{MAX_KEY_MS} ms")


def print_quiet_hours(build: SiteBuild) -> None:
    """Print what a build writes in the same hour again, and in later hours without changes.

    Up to the hour before `QUIET` there are events that it takes several good hours to believe; in the demo
    the first one begins a day, and in the second time-of-day prices change.
    """
    last = read_last_hour(build.archive)
    digests = build.compute_digests()
    earlier_hours = 0
    for hours in (0, 1, QUIET - 1, QUIET, QUIET + 24):
        for number in range(earlier_hours + 1, hours + 1):
            commit_unchanged_hour(build.archive, last + number * HOUR)
        earlier_hours = hours
        seconds = run(build.command).seconds
        earlier, digests = digests, build.compute_digests()
        changed = sorted(path for path in digests | earlier if digests.get(path) != earlier.get(path))
        budget = f"{MAX_QUIET_FILES} files" if hours == QUIET else ""
        print_figure(f"{hours} h later, without changes", f"{seconds:.1f} s, {len(changed)} files", budget)
        print_names(changed)


def print_names(names: Iterable[str], limit: int = 2 * MAX_QUIET_FILES) -> None:
    """Print the first of some names."""
    for name in [*names][:limit]:
        print(f"  {name}")


def read_last_hour(archive: Archive) -> dt.datetime:
    """Return the last hour of an archive."""
    return parse_stamp(ledger.read_attempts(archive, archive.resolve_commit())[-1]["hour"])


def commit_unchanged_hour(archive: Archive, hour: dt.datetime) -> None:
    """Commit an hour in which nothing changed: the attempts at the last one again."""
    lines = ledger.read_attempts(archive, archive.resolve_commit())
    last = lines[-1]["hour"]
    path = ledger.get_ledger_path(hour)
    month = archive.read_files(archive.resolve_commit(), [path]).get(path, b"")
    for attempt in [line for line in lines if line["hour"] == last]:
        line: ledger.Attempt = {
            **attempt,
            "hour": format_stamp(hour),
            "started": format_stamp(hour),
            "finished": format_stamp(hour),
            "origin": "live",
        }
        line.pop("source", None)
        month = ledger.append_line(month, line)
    commit_files(archive, {path: month}, hour, f"{format_hour(hour)}: no change\n")


if __name__ == "__main__":
    main()
