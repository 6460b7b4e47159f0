"""The database for download: its size after a month and a year, and what it costs to write.

The archives are synthetic: 600 models and 1,000 endpoints without a key. Most of the time goes into their
indexes; `python -m bench.download 720` measures so many hours alone.
"""

import sys
import tempfile
from pathlib import Path

from bench.measure import print_figure, run
from bench.synthetic import SyntheticData
from bench.synthetic_archive import make_archive
from orarchive.index.database import open_index

BUDGETS_MB = {24 * 30: 15, 24 * 365: 60}
"""Hours of an archive -> MB of its database."""

EXPORT = """
import sys
from pathlib import Path
from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.index.download import export_index
export_index(Path(sys.argv[1]), Path(sys.argv[2]), added=CATALOG_TABLES)
"""


def main() -> None:
    """Measure the archives whose hours are named, by default those with a budget."""
    for hours in map(int, sys.argv[1:]) if sys.argv[1:] else BUDGETS_MB:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            archive, _ = make_archive(folder / "archive", SyntheticData(), hours)
            with open_index(archive, folder / "cache") as db:
                index = db.execute("select file from pragma_database_list").fetchone()[0]
            out = folder / "archive.sqlite"
            usage = run([sys.executable, "-c", EXPORT, index, out])
            budget = f"{BUDGETS_MB[hours]} MB" if hours in BUDGETS_MB else ""
            print_figure(f"{hours:,} hours: size", f"{out.stat().st_size / 1e6:.1f} MB", budget)
            print_figure("written in", f"{usage.cpu:.1f} s CPU")


if __name__ == "__main__":
    main()
