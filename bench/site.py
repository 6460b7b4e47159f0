"""The site of 20 months of recorded models: time, memory, size, and what a quiet hour rewrites.

Budgets: under 15 s on 2 cores, under 40 MB without the database, linear in pages; any page 60 KB gzipped, a
model's page 15 KB. Needs ARCHIVE_REAL_DATA.
"""

import datetime as dt
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import ORARCHIVE, ROOT, figure, imported, medians, recordings, run
from orarchive.publish.pages import DATABASE
from orarchive.store import ledger
from orarchive.store.archive import Archive
from orarchive.store.commit import commit_files
from orarchive.timestamps import HOUR, format_hour, format_stamp

TIMES = 3
LAST = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)
"""The last hour of the recorded history."""


def main() -> None:
    """Build the site, again, and after quiet hours."""
    real = recordings()
    if real is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = imported(folder, real / "models_history.bundle", "data/output.json")
        run([*ORARCHIVE, "index", "--archive", archive.root])
        build: list[str | Path] = [sys.executable, ROOT / "build_site.py", "--archive", archive.root, "--out"]
        built = medians({"site": [run([*build, folder / f"site{n}"]) for n in range(TIMES)]})["site"]
        site = folder / "site0"
        files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
        pages = [path for path in files if path.endswith(".html")]
        size = sum(path.stat().st_size for name, path in files.items() if name != DATABASE) / 1e6
        figure(f"{len(pages):,} pages, {len(files):,} files", f"{built.seconds:.1f} s", "under 15 s")
        figure("peak memory", f"{built.megabytes:.0f} MB")
        figure("all files but the database", f"{size:.1f} MB", "under 40 MB")
        figure("the database", f"{files[DATABASE].stat().st_size / 1e6:.1f} MB")
        packed = {path: len(gzip.compress(files[path].read_bytes(), 6)) for path in pages}
        models = {
            path: size for path, size in packed.items() if path.startswith("models/") and path.count("/") > 2
        }
        for words, some, most in (("any page", packed, 60), ("a model's page", models, 15)):
            largest = max(some, key=lambda path: some[path])
            figure(f"the largest: {words}", f"{some[largest] / 1000:.1f} KB", f"{most} KB gzipped")
        again = run([*build, site])
        figure("the same hour again", f"{again.seconds:.1f} s, {_written(build, site)} files written")
        for hours in (1, 25):
            quiet_hour(archive, LAST + hours * HOUR)
            figure(f"{hours} h later, nothing new", f"{_written(build, site)} files written")


def quiet_hour(archive: Archive, hour: dt.datetime) -> None:
    """An hour in which everything was as it was."""
    lines = ledger.read_attempts(archive, archive.resolve_commit())
    line: ledger.Attempt = {
        **lines[-1],
        "hour": format_stamp(hour),
        "started": format_stamp(hour),
        "finished": format_stamp(hour),
    }
    line["origin"] = "live"
    line.pop("source", None)
    path = ledger.ledger_path(hour)
    book = archive.read_files(archive.resolve_commit(), [path]).get(path, b"")
    commit_files(archive, {path: ledger.append_line(book, line)}, hour, f"{format_hour(hour)}: no change\n")


def _written(build: list[str | Path], site: Path) -> str:
    said = subprocess.run([*map(str, build), str(site)], cwd=ROOT, capture_output=True, text=True, check=True)
    return said.stdout.partition(": ")[2].partition(" ")[0]


if __name__ == "__main__":
    main()
