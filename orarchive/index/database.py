"""The index as a file: opened, built where it is not of this archive or not whole, and published.

It lies in a cache folder, by default in the archive's git folder; deleting it only costs a rebuild.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from orarchive.archive import Archive
from orarchive.errors import ArchiveError
from orarchive.history.commits import Rewritten
from orarchive.index.build import update

NAME = "index.sqlite"
SQL = (Path(__file__).parent / "schema.sql").read_text()


@contextmanager
def index(
    archive: Archive, cache: Path | None = None, progress: bool = False
) -> Iterator[sqlite3.Connection]:
    """The index of an archive, brought up to its tip; whoever comes second waits for the first."""
    folder = cache or archive.git_dir / "orarchive"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{NAME}.lock"):
            path = folder / NAME
            try:
                _bring_up(path, archive, progress)
            except (Rewritten, Stale):
                path.unlink()
                _bring_up(path, archive, progress)
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        msg = f"the index in {folder} cannot be written: {error}"
        raise ArchiveError(msg) from error
    try:
        yield db
    finally:
        db.close()


class Stale(ArchiveError):
    """The index is not one of this program, or not whole."""


def _bring_up(path: Path, archive: Archive, progress: bool) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("pragma cache_size = -65536")
        empty = not db.execute("select 1 from sqlite_schema").fetchone()
        db.executescript("begin immediate;" + SQL * empty)
        update(db, archive, progress)
        db.execute("commit")
    finally:
        db.close()
