"""Quarantine: payloads that validation rejected, zipped beside data/ in a folder that git ignores."""

import datetime as dt
import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path

from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour

log = logging.getLogger(__name__)

QUARANTINE_FOLDER = "quarantine"

MAX_BYTES = 50_000_000
"""Payloads saved by one attempt, together; one response is at most a fifth of it."""

MAX_FOLDER_BYTES = 200_000_000
"""Size of the folder past which its oldest bundles are deleted."""


def save_payloads(archive: Archive, hour: dt.datetime, attempt: int, payloads: Mapping[str, bytes]) -> None:
    """Save rejected payloads (sha256 -> bytes) as one bundle, `quarantine/<hour>-<attempt>.zip`.

    It holds up to MAX_BYTES. The oldest bundles are deleted where the folder holds too much.
    """
    if not payloads:
        return
    _ignore_folder(archive)
    folder = archive.root / QUARANTINE_FOLDER
    if folder.exists() and not folder.is_dir():
        log.error("Rejected payloads are not saved, for %s is a file; move it away", folder)
        return
    folder.mkdir(exist_ok=True)
    bytes_left = MAX_BYTES
    path = folder / f"{format_hour(hour)}-{attempt}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, payload in payloads.items():
            bytes_left -= len(payload)
            if bytes_left < 0:
                log.warning("Rejected payloads of more than %d bytes are not saved", MAX_BYTES)
                break
            bundle.writestr(zipfile.ZipInfo(name), payload, zipfile.ZIP_DEFLATED)
    _delete_oldest(folder, path)


def _delete_oldest(folder: Path, newest: Path) -> None:
    """Delete the oldest bundles of a folder that holds too much; the newest one always stays."""
    sizes = {path: path.stat().st_size for path in sorted(folder.glob("*.zip"))}
    total = sum(sizes.values())
    for path, size in sizes.items():
        if total <= MAX_FOLDER_BYTES or path == newest:
            return
        path.unlink()
        total -= size


def _ignore_folder(archive: Archive) -> None:
    """Tell git to ignore the folder, in this clone alone."""
    exclude = archive.shared_dir / "info" / "exclude"
    lines = exclude.read_bytes().splitlines() if exclude.exists() else []
    if f"/{QUARANTINE_FOLDER}/".encode() not in lines:
        exclude.parent.mkdir(parents=True, exist_ok=True)
        exclude.write_bytes(b"\n".join([*lines, f"/{QUARANTINE_FOLDER}/".encode()]) + b"\n")
