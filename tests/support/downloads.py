"""The database for download, as tests read it."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.index.download import export_file


def export_bytes(db: sqlite3.Connection) -> bytes:
    """Return the bytes of the database for download of an index."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "archive.sqlite"
        export_file(db, out, added=CATALOG_TABLES)
        return out.read_bytes()
