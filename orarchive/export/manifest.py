"""The manifest: which files an export consists of, and what the months of health were made from."""

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from orarchive import __version__
from orarchive.errors import ArchiveError
from orarchive.export.parquet_files import FileEntry, hash_file
from orarchive.export.schemas import SCHEMA_VERSION
from orarchive.json_text import format_for_diffs
from orarchive.queries.health_attempts import LostHealth

MANIFEST_NAME = "manifest.json"
CHECKSUMS_NAME = "SHA256SUMS"

SELECT_ARCHIVE = """
    select coalesce((select commit_id from attempts where origin = 'live' and commit_id is not null
        order by attempt limit 1), commit_id) as first_commit
    from attempts order by attempt limit 1
"""


@dataclass(frozen=True)
class Manifest:
    """What an export says about itself."""

    archive: str
    """Commit of the first live hour, which tells archives apart."""
    as_of: str
    """Last archived hour."""
    files: tuple[FileEntry, ...]
    lost_health: tuple[LostHealth, ...] = ()
    """Attempts whose health the archive has lost, so that the files of health lack it."""
    schema: int = SCHEMA_VERSION
    program: str = __version__


def build_manifest(db: sqlite3.Connection, files: Iterable[FileEntry]) -> Manifest:
    """Build the manifest of an export from an index."""
    (archive,) = db.execute(SELECT_ARCHIVE).fetchone()
    (as_of,) = db.execute("select max(hour) from attempts").fetchone()
    return Manifest(archive or "", as_of, tuple(files))


def read_manifest(out: Path) -> Manifest | None:
    """Read the manifest in a folder, None if there is none; raise ArchiveError for anything else."""
    path = out / MANIFEST_NAME
    if not path.exists():
        return None
    try:
        return parse_manifest(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is no manifest of an export ({error}); delete it, and the export is written anew"
        raise ArchiveError(msg) from error


def parse_manifest(content: bytes) -> Manifest:
    """Parse the bytes of a manifest; raise msgspec.DecodeError for those of anything else."""
    return msgspec.json.decode(content, type=Manifest)


def format_manifest(manifest: Manifest) -> str:
    """Format a manifest as the text of its file."""
    return format_json(asdict(manifest))


def write_checksums(folder: Path, files: Iterable[FileEntry], names: Iterable[str]) -> None:
    """Write SHA256SUMS, which `sha256sum --check` reads, of data files and of other files by name."""
    digests = {entry.path: entry.sha256 for entry in files}
    digests |= {name: hash_file(folder / name) for name in names}
    text = "".join(f"{digests[path]}  {path}\n" for path in sorted(digests))
    (folder / CHECKSUMS_NAME).write_text(text)


def format_json(value: Any) -> str:
    """Format a value as JSON over several lines, names sorted."""
    return f"{format_for_diffs(value)}\n"
