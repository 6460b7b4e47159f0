"""The index as a file: opened up to date, built anew if it is damaged or of another history.

It lies in a cache folder, by default inside the archive's git folder; deleting it only costs a rebuild. The
checksum of the file is recorded after each update and checked before the next one and before each reading.

A short update changes the file in one transaction. A long one, such as a rebuild, writes a new file, which
is saved at checkpoints and in the end replaces the index; if it is cut off, the next update goes on with that
file. A program that is killed after a commit and before the checksum is recorded leaves a file that counts as
damaged.
"""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

if sys.platform != "win32":
    from fcntl import LOCK_EX, flock

from orarchive.errors import ArchiveError
from orarchive.history.attempts import AttemptCommit, HistoryRewritten
from orarchive.history.replay import BrokenCommit
from orarchive.index.build import SCHEMA_ID, SCHEMA_SQL, apply_attempts, apply_pending, find_pending
from orarchive.index.checkpoints import is_long
from orarchive.index.checksums import is_as_recorded, record_checksum
from orarchive.index.sql_values import decode_text
from orarchive.store.archive import Archive, refuse_data_folder

INDEX_NAME = "index.sqlite"

BUSY_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

BUSY_TIMEOUT_S = 60
"""For so long a writer waits for programs that read."""

CACHE_KB = 65536
"""Memory for pages: with SQLite's default of 2 MB a first build writes many pages twice."""


@contextmanager
def open_index(
    archive: Archive, cache: Path | None = None, progress: bool = False
) -> Iterator[sqlite3.Connection]:
    """Bring the index of an archive up to date and yield a connection for reading.

    `cache` is the folder of the index. A second program waits for the first. Raises ArchiveError if the
    folder cannot be used, if another program holds the file, or if it turns out to be damaged.
    """
    folder = get_cache_folder(archive, cache)
    refuse_data_folder(folder, archive)
    path, lock = folder / INDEX_NAME, folder / f"{INDEX_NAME}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _wait_for_lock(lock):
            _bring_up_to_date(path, archive, progress)
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            db.text_factory = decode_text
    except sqlite3.Error as error:
        _raise_if_busy(error, path)
        msg = f"the index {path} cannot be written: {error} (deleting it only costs a rebuild)"
        raise ArchiveError(msg) from error
    except OSError as error:
        msg = f"the folder of the index, {folder}, cannot be used ({error}); name another one with --cache"
        raise ArchiveError(msg) from error
    with closing(db):
        try:
            yield db
        except sqlite3.DatabaseError as error:
            _raise_if_busy(error, path)
            if not _is_damage(error):
                raise
            path.unlink(missing_ok=True)
            msg = f"the index {path} was damaged ({error}) and is deleted; try again, that builds it anew"
            raise ArchiveError(msg) from error


def get_cache_folder(archive: Archive, cache: Path | None) -> Path:
    """Return the folder of an archive's index: a given one, or else one inside its git folder."""
    return cache or archive.git_dir / "orarchive"


def has_index(folder: Path) -> bool:
    """Return whether a cache folder has a whole index of this version; an update would not build one anew."""
    return _is_intact(folder / INDEX_NAME)


@contextmanager
def _wait_for_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file, for which other programs and threads wait; a program that ends releases it."""
    if sys.platform == "win32":
        from filelock import FileLock

        with FileLock(path):
            yield
    else:
        with path.open("a") as file:
            flock(file, LOCK_EX)
            yield


@contextmanager
def build_in_memory(archive: Archive, attempts: list[AttemptCommit]) -> Iterator[sqlite3.Connection]:
    """Build an index of the given attempts alone, in memory, and yield a connection to it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(f"begin;{SCHEMA_SQL}")
        apply_attempts(db, archive, attempts)
        db.execute("commit")
        db.text_factory = decode_text
        yield db


def dump_rows(db: sqlite3.Connection) -> Iterator[str]:
    """Yield every row of every table as text, in order; two indexes of one archive agree in all of them."""
    for table, key in _list_tables(db):
        for row in db.execute(f"select * from {table} order by {key}"):
            yield f"{table}: {row}"


def _list_tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """List the tables by name, each with the columns of its primary key as SQL."""
    names = db.execute("select name from sqlite_schema where type = 'table' order by name").fetchall()
    keys = "select group_concat(name) from (select name from pragma_table_info(?) where pk order by pk)"
    return [(name, db.execute(keys, (name,)).fetchone()[0] or "1") for (name,) in names]


def _bring_up_to_date(path: Path, archive: Archive, progress: bool) -> None:
    """Index what is new in an archive; replace an index that cannot be updated by a new one."""
    new_path = path.with_name(f"{path.name}.new")
    outcome = _try_update(path, archive, progress, in_place=True)
    if outcome != "done":
        _build_new(new_path, path if outcome == "long" else None, archive, progress)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        new_path.replace(path)
        record_checksum(path)
    _remove_database(new_path)


def _build_new(new_path: Path, base: Path | None, archive: Archive, progress: bool) -> None:
    """Bring the file of a new index up to date: one that was cut off, a copy of `base`, or an empty one.

    After an error the file stays if it was saved at a checkpoint.
    """
    try:
        if _try_update(new_path, archive, progress) != "done":
            _remove_database(new_path)
            if base:
                shutil.copyfile(base, new_path)
            _update_file(new_path, archive, progress)
    except BaseException:
        if not _is_intact(new_path):
            _remove_database(new_path)
        raise


def _try_update(
    path: Path, archive: Archive, progress: bool, in_place: bool = False
) -> Literal["done", "long", "unfit"]:
    """Update an index file that is intact and fits the archive; say what became of it.

    `unfit`: only a new index fits. `long`: the update would take long, and `in_place` asks for a short one.
    """
    if not _is_intact(path):
        return "unfit"
    try:
        return "done" if _update_file(path, archive, progress, in_place) else "long"
    except (HistoryRewritten, BrokenCommit, sqlite3.IntegrityError):
        # The contents of the index do not fit those of git: only a new index does.
        return "unfit"
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        return "unfit"


def _remove_database(path: Path) -> None:
    for file in (path, path.with_name(f"{path.name}-journal")):
        file.unlink(missing_ok=True)


def _is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that a file is not a sound database."""
    return _get_primary_code(error) in DAMAGE_CODES


def _raise_if_busy(error: sqlite3.Error, path: Path) -> None:
    """Raise ArchiveError if an error says that another program holds the file."""
    if _get_primary_code(error) in BUSY_CODES:
        msg = f"the index {path} is in use by another program; try again"
        raise ArchiveError(msg) from error


def _get_primary_code(error: sqlite3.Error) -> int:
    """Return the primary result code of an error: the low byte of an extended one."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _update_file(path: Path, archive: Archive, progress: bool, in_place: bool = False) -> bool:
    """Update or create an index file and record its checksum; an error leaves it at its last checkpoint.

    With `in_place` there are no checkpoints: return False, without a change, for an update that would have
    them. A file that lacks nothing is not written.
    """
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as db:

        def save() -> None:
            db.execute("commit")
            record_checksum(path)
            db.execute("begin immediate")

        db.execute(f"pragma cache_size = -{CACHE_KB}")
        is_empty = not db.execute("select 1 from sqlite_schema").fetchone()
        db.executescript("begin immediate;" + SCHEMA_SQL * is_empty)
        pending = find_pending(db, archive)
        if in_place and is_long(pending.new_attempts):
            return False
        apply_pending(db, archive, pending, progress, None if in_place else save)
        if not db.total_changes:
            return True
        db.execute("commit")
    record_checksum(path)
    return True


def _is_intact(path: Path) -> bool:
    """Return whether a file is an index of this version and has a recorded checksum.

    Raises sqlite3.DatabaseError if another program holds it: it may well be intact, and a new index must not
    replace it.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as db:
            # Reading also takes back a change that a killed program left half made, so it comes first.
            if db.execute("select schema from meta").fetchone() != (SCHEMA_ID,):
                return False
    except sqlite3.DatabaseError as error:
        if _get_primary_code(error) in BUSY_CODES:
            raise
        return False
    except UnicodeDecodeError:
        # Damage in the text of the tables comes as an error message that Python cannot decode.
        return False
    return is_as_recorded(path)
