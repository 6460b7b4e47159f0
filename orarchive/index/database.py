"""The index as a file: brought up to date, built anew where it is damaged or of another past, published.

It lies in a cache folder, by default inside the archive's git folder; deleting it only costs a rebuild.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock

from orarchive.errors import ArchiveError
from orarchive.history.attempts import AttemptCommit, HistoryRewritten
from orarchive.history.replay import BrokenCommit
from orarchive.index.build import SCHEMA_ID, SCHEMA_SQL, apply_attempts, update_index
from orarchive.index.sql_values import decode_text
from orarchive.store.archive import Archive

INDEX_NAME = "index.sqlite"

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

BUSY_TIMEOUT_S = 60
"""Seconds that a writer waits for those who read."""

CACHE_KB = 65536
"""Memory for pages: with SQLite's 2 MB a first build writes many of them twice."""


@contextmanager
def open_index(
    archive: Archive, cache: Path | None = None, progress: bool = False
) -> Iterator[sqlite3.Connection]:
    """The index of an archive, brought up to its tip, to read from; whoever is second at it waits."""
    folder = cache or archive.git_dir / "orarchive"
    path, lock = folder / INDEX_NAME, folder / f"{INDEX_NAME}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.touch()  # FileLock waits for ever where no file can be made
        with FileLock(lock):
            _bring_up(path, archive, progress)
            db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            db.text_factory = decode_text
    except sqlite3.Error as error:
        _refuse_busy(error, path)
        msg = f"the index {path} cannot be written: {error} (deleting it only costs a rebuild)"
        raise ArchiveError(msg) from error
    except OSError as error:
        msg = f"the folder of the index, {folder}, cannot be used ({error}); name another one with --cache"
        raise ArchiveError(msg) from error
    with closing(db):
        try:
            yield db
        except sqlite3.DatabaseError as error:
            _refuse_busy(error, path)
            if not _is_damage(error):
                raise
            path.unlink(missing_ok=True)
            msg = f"the index {path} was damaged ({error}) and is deleted; try again, that builds it anew"
            raise ArchiveError(msg) from error


@contextmanager
def build_in_memory(archive: Archive, held: list[AttemptCommit]) -> Iterator[sqlite3.Connection]:
    """The index of some attempts alone, in memory: an archive as it once was."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(f"begin;{SCHEMA_SQL}")
        apply_attempts(db, archive, held)
        db.text_factory = decode_text
        yield db


def export_bytes(db: sqlite3.Connection, benchmarks: bool = True) -> bytes:
    """An index written anew, its rows in order: equal archives give equal bytes.

    Benchmarks, which have terms of their own, can be left out.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.executescript(f"begin;{SCHEMA_SQL}")
        with _one_moment(db):
            for table, key in _tables(db):
                if table == "tips":  # they are of the clone, not of the archive
                    continue
                kept = "where file != 'benchmarks'" if table == "latest" and not benchmarks else ""
                rows = db.execute(f"select * from {table} {kept} order by {key}")
                marks = ", ".join("?" * len(rows.description))
                copy.executemany(f"insert into {table} values ({marks})", rows)
        copy.execute("commit")
        return copy.serialize()


@contextmanager
def _one_moment(db: sqlite3.Connection) -> Iterator[None]:
    """Read all tables as of one moment, though another run may bring the index further."""
    if db.in_transaction:
        yield
        return
    db.execute("begin")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("rollback")


def export_file(db: sqlite3.Connection, out: Path) -> None:
    """Write an index anew to a file, whole or not at all."""
    partial = out.with_name(f"{out.name}.partial")
    try:
        partial.write_bytes(export_bytes(db))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def dump_rows(db: sqlite3.Connection) -> Iterator[str]:
    """Every row of every table as text, in order: what two indexes of one archive must agree on."""
    for table, key in _tables(db):
        for row in db.execute(f"select * from {table} order by {key}"):
            yield f"{table}: {row}"


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The tables, each with the columns of its primary key."""
    names = db.execute("select name from sqlite_schema where type = 'table' order by name").fetchall()
    keys = "select group_concat(name) from (select name from pragma_table_info(?) where pk order by pk)"
    return [(name, db.execute(keys, (name,)).fetchone()[0] or "1") for (name,) in names]


def _bring_up(path: Path, archive: Archive, progress: bool) -> None:
    """Bring an index up to the tip of its archive; one that cannot be is replaced by a new one."""
    fresh = path.with_name(f"{path.name}.new")
    _remove(fresh)
    if path.exists() and _is_whole(path):
        try:
            _update(path, archive, progress)
            return
        except (
            HistoryRewritten,
            BrokenCommit,
            sqlite3.IntegrityError,
        ):  # what it holds does not fit what git holds
            pass
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
    try:
        _update(fresh, archive, progress)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
        fresh.replace(path)
    finally:
        _remove(fresh)


def _remove(path: Path) -> None:
    for left in (path, path.with_name(f"{path.name}-journal")):
        left.unlink(missing_ok=True)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that a file is no sound database."""
    return _code(error) in DAMAGED


def _refuse_busy(error: sqlite3.Error, path: Path) -> None:
    """Say of an error in plain words that another program holds the file, where it is that."""
    if _code(error) in BUSY:
        msg = f"the index {path} is in use by another program; try again"
        raise ArchiveError(msg) from error


def _code(error: sqlite3.Error) -> int:
    """The plain code of an error; extended ones have it below."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _update(path: Path, archive: Archive, progress: bool) -> None:
    """One transaction: whatever ends it early leaves the file as it was."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as db:
        db.execute(f"pragma cache_size = -{CACHE_KB}")
        empty = not db.execute("select 1 from sqlite_schema").fetchone()
        db.executescript("begin immediate;" + SCHEMA_SQL * empty)
        update_index(db, archive, progress)
        db.execute("commit")


def _is_whole(path: Path) -> bool:
    """Whether a file is an index of this program and as long as it says."""
    try:
        with closing(sqlite3.connect(path)) as db:
            if db.execute("select schema from meta").fetchone() != (SCHEMA_ID,):
                return False
            pages, size = (db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
            return bool(path.stat().st_size == pages * size)
    except sqlite3.DatabaseError as error:
        if _code(error) in BUSY:  # it may well be whole: a new one must not take its place
            raise
        return False
