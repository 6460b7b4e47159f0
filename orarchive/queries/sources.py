"""Sources of the library: an archive, the address of a published site, or a file; each becomes a database."""

import hashlib
import http.client
import json
import os
import re
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from orarchive import __version__
from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.errors import ArchiveError
from orarchive.index.database import get_cache_folder, open_index
from orarchive.index.download import DATABASE_NAME, DOWNLOAD_FORMAT, export_file
from orarchive.store.archive import Archive, open_archive

TIMEOUT_S = 60
"""For so long a server may say nothing."""

MAX_FILE_BYTES = 4 * 10**9
"""A longer answer is no file of an archive: its database has 60 MB a year, its health 20 MB a month."""

PARQUET_FOLDER = "parquet/"
"""Folder of a site that has the tables as Parquet."""

MANIFEST_PATH = f"{PARQUET_FOLDER}manifest.json"

CHUNK_BYTES = 1 << 20

SELECT_STATE = """
    select schema, commit_id, hour, (select max(attempt) from attempts), (select count(*) from health_days)
    from about
"""

SELECT_INDEX_STATE = """
    select ?, (select commit_id from meta), max(hour), max(attempt), (select count(*) from health_days)
    from attempts
"""


def find_database(source: str | Path, cache: Path | None) -> tuple[Path, Archive | None]:
    """Return the database for download of a source, and the archive if the source is one.

    Raise ArchiveError if the source cannot be read, or if its database is of another format.
    """
    archive = None
    if is_address(source):
        path = _download(str(source), cache or _get_user_cache())
    elif Path(source).is_file():
        path = Path(source)
    else:
        archive = open_archive(Path(source))
        path = _export(archive, cache)
    _check_format(path)
    return path, archive


def is_address(source: str | Path) -> bool:
    """Return whether a source is an address, and not a path."""
    return str(source).startswith(("https://", "http://"))


def _export(archive: Archive, cache: Path | None) -> Path:
    """Bring the database of an archive up to date in the folder of its index, and return it."""
    path = get_cache_folder(archive, cache) / DATABASE_NAME
    with open_index(archive, cache) as db:
        if not _is_current(path, db):
            with TemporaryDirectory(dir=path.parent) as folder:
                new_path = Path(folder) / DATABASE_NAME
                export_file(db, new_path, added=CATALOG_TABLES)
                new_path.replace(path)
    return path


def _is_current(path: Path, index: sqlite3.Connection) -> bool:
    """Return whether a file is the database that an index would give."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            state = db.execute(SELECT_STATE).fetchone()
    except sqlite3.Error:
        return False
    return bool(state == index.execute(SELECT_INDEX_STATE, (CATALOG_TABLES.id,)).fetchone())


def _get_user_cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME")
    return (Path(folder) if folder else Path.home() / ".cache") / "openrouter-archive"


def _download(address: str, folder: Path) -> Path:
    """Download the database of a published site unless the copy in a folder is current; return the copy."""
    address = f"{get_site_address(address)}{DATABASE_NAME}"
    try:
        return _fetch(address, folder)
    except urllib.error.HTTPError as error:
        msg = (
            f"{address}: {error}; name the address of a published site, such as https://example.org/archive/"
        )
        raise ArchiveError(msg) from error


def get_site_address(address: str) -> str:
    """Return the address of the site that is meant, also by the address of its database."""
    return f"{address.removesuffix(DATABASE_NAME).removesuffix('/')}/"


def fetch_month(site: str, cache: Path | None, month: str) -> Path | None:
    """Download the raw health of a month, from a site or from the release of its repository.

    Return the copy in the cache, None where neither has that month. Raise ArchiveError for a file that is not
    as the manifest of the site says.
    """
    folder = cache or _get_user_cache()
    try:
        manifest = json.loads(_fetch(f"{site}{MANIFEST_PATH}", folder).read_bytes())
        for entry in manifest["files"]:
            if (entry["table"], entry["period"]) != ("health", month):
                continue
            path = _fetch(f"{site}{PARQUET_FOLDER}{entry['path']}", folder)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != entry["sha256"]:
                msg = f"{entry['path']} of {site} is not the file that its manifest names; try again later"
                raise ArchiveError(msg)
            return path
    except urllib.error.HTTPError as error:
        _refuse_other_status(error)
    except (ValueError, TypeError, KeyError) as error:
        msg = f"{site}{MANIFEST_PATH} is no manifest of an export: {error}"
        raise ArchiveError(msg) from error
    address = find_asset_address(site, month)
    return fetch_file(address, cache) if address else None


def fetch_file(address: str, cache: Path | None) -> Path | None:
    """Download a file unless the copy in the cache is current; return the copy, None if there is no file."""
    try:
        return _fetch(address, cache or _get_user_cache())
    except urllib.error.HTTPError as error:
        _refuse_other_status(error)
        return None


def _refuse_other_status(error: urllib.error.HTTPError) -> None:
    """Raise ArchiveError for an answer that says something else than that there is no such file."""
    if error.code != http.client.NOT_FOUND:
        msg = f"{error.url} cannot be downloaded: {error}"
        raise ArchiveError(msg) from error


def find_asset_address(site: str, month: str) -> str | None:
    """Return where the repository of a site on GitHub Pages releases the health of a month; else None."""
    match = re.fullmatch(r"https://([\w-]+)\.github\.io/([\w.-]*)/?", site)
    if not match:
        return None
    owner, name = match.groups()
    repository = f"https://github.com/{owner}/{name or f'{owner}.github.io'}"
    return f"{repository}/releases/download/health-months/health-{month}.parquet"


def _fetch(address: str, folder: Path) -> Path:
    """Download a file unless the copy in a folder is current; return the copy.

    Raise HTTPError for an answer that is none, and ArchiveError where there is no answer.
    """
    name = hashlib.sha256(address.encode()).hexdigest()[:16]
    path, state_path = folder / f"{name}{Path(address).suffix}", folder / f"{name}.state"
    request = urllib.request.Request(address, headers={"User-Agent": f"openrouter-archive/{__version__}"})
    for header, value in _read_conditions(path, state_path).items():
        request.add_header(header, value)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            _save(response, path)
            headers = {"If-None-Match": response.headers["ETag"]}
            headers["If-Modified-Since"] = response.headers["Last-Modified"]
            state_path.write_text(json.dumps({name: value for name, value in headers.items() if value}))
    except urllib.error.HTTPError as error:
        if error.code != http.client.NOT_MODIFIED:
            raise
    except (OSError, http.client.HTTPException) as error:
        copy = f"; the copy of an earlier time is {path}" if path.exists() else ""
        msg = f"{address} cannot be downloaded: {error}{copy}"
        raise ArchiveError(msg) from error
    return path


def _read_conditions(path: Path, state_path: Path) -> dict[str, str]:
    """Return the headers that ask for a file only if it is another than the copy; {} without a copy."""
    try:
        headers: dict[str, str] = json.loads(state_path.read_text()) if path.exists() else {}
    except (OSError, ValueError):
        return {}
    return headers


def _save(response: http.client.HTTPResponse, path: Path) -> None:
    """Write the body of a response to a file, as a whole or not at all."""
    length = response.headers["Content-Length"]
    with TemporaryDirectory(dir=path.parent) as folder:
        new_path = Path(folder) / path.name
        size = 0
        with new_path.open("wb") as file:
            while chunk := response.read(CHUNK_BYTES):
                size += file.write(chunk)
                if size > MAX_FILE_BYTES:
                    msg = f"it is longer than {MAX_FILE_BYTES:,} bytes"
                    raise OSError(msg)
        if length is not None and size != int(length):
            msg = f"it ended after {size:,} of {int(length):,} bytes"
            raise OSError(msg)
        new_path.replace(path)


def _check_format(path: Path) -> None:
    """Raise ArchiveError if a file is no database for download, or one of another format."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            number, program = db.execute("select format, program from about").fetchone()
    except (sqlite3.Error, TypeError) as error:
        msg = f"{path} is no database of an archive: {error}"
        raise ArchiveError(msg) from error
    if number != DOWNLOAD_FORMAT:
        msg = (
            f"{path} has format {number}, written by version {program}; this is version {__version__}, which"
            f" reads format {DOWNLOAD_FORMAT}: pip install 'openrouter-archive=={program}'"
        )
        raise ArchiveError(msg)
