"""The site of 20 months of recorded models: time, memory, size, and files written after a quiet hour.

Budgets: under 15 s on 2 cores, under 40 MB without the database, linear in pages; any page 60 KB gzipped, a
model's page 15 KB. Needs ARCHIVE_REAL_DATA.
"""

import datetime as dt
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import (
    ORARCHIVE,
    ROOT,
    compute_medians,
    find_recordings,
    import_archive,
    print_figure,
    run,
)
from orarchive.publish.pages import DATABASE
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit import commit_files
from orarchive.timestamps import HOUR, format_hour, format_stamp

REPETITIONS = 3
LAST_HOUR = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)
"""The last hour of the recorded history."""


def main() -> None:
    """Build the site, build it again, and build it after hours without changes."""
    recordings = find_recordings()
    if recordings is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = import_archive(folder, recordings / "models_history.bundle", "data/output.json")
        run([*ORARCHIVE, "index", "--archive", archive.root])
        build: list[str | Path] = [sys.executable, ROOT / "build_site.py", "--archive", archive.root, "--out"]
        runs = [run([*build, folder / f"site{number}"]) for number in range(REPETITIONS)]
        built = compute_medians({"site": runs})["site"]
        site = folder / "site0"
        files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
        pages = [path for path in files if path.endswith(".html")]
        size = sum(path.stat().st_size for name, path in files.items() if name != DATABASE) / 1e6
        print_figure(f"{len(pages):,} pages, {len(files):,} files", f"{built.seconds:.1f} s", "under 15 s")
        print_figure("peak memory", f"{built.megabytes:.0f} MB")
        print_figure("all files except the database", f"{size:.1f} MB", "under 40 MB")
        print_figure("the database", f"{files[DATABASE].stat().st_size / 1e6:.1f} MB")
        packed = {path: len(gzip.compress(files[path].read_bytes(), 6)) for path in pages}
        models = {
            path: size for path, size in packed.items() if path.startswith("models/") and path.count("/") > 2
        }
        for label, sizes, budget_kb in (("any page", packed, 60), ("a model's page", models, 15)):
            print_figure(
                f"the largest: {label}", f"{max(sizes.values()) / 1000:.1f} KB", f"{budget_kb} KB gzipped"
            )
        again = run([*build, site])
        print_figure(
            "the same hour again", f"{again.seconds:.1f} s, {_count_written(build, site)} files written"
        )
        for hours in (1, 25):
            commit_unchanged_hour(archive, LAST_HOUR + hours * HOUR)
            print_figure(f"{hours} h later, without changes", f"{_count_written(build, site)} files written")


def commit_unchanged_hour(archive: Archive, hour: dt.datetime) -> None:
    """Commit an hour in which nothing changed."""
    lines = ledger.read_attempts(archive, archive.resolve_commit())
    line: ledger.Attempt = {
        **lines[-1],
        "hour": format_stamp(hour),
        "started": format_stamp(hour),
        "finished": format_stamp(hour),
    }
    line["origin"] = "live"
    line.pop("source", None)
    path = ledger.get_ledger_path(hour)
    month = archive.read_files(archive.resolve_commit(), [path]).get(path, b"")
    commit_files(archive, {path: ledger.append_line(month, line)}, hour, f"{format_hour(hour)}: no change\n")


def _count_written(build: list[str | Path], site: Path) -> str:
    """Build the site and return the number of files that the build says it has written."""
    command = [*map(str, build), str(site)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.partition(": ")[2].partition(" ")[0]


if __name__ == "__main__":
    main()
