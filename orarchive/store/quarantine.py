"""Quarantine: payloads that validation rejected, gzipped beside data/ in a folder that git ignores."""

import datetime as dt
import gzip
import logging
from collections.abc import Mapping

from orarchive.store.archive import Archive
from orarchive.timestamps import format_hour

log = logging.getLogger(__name__)

QUARANTINE_FOLDER = "quarantine"

MAX_BYTES = 50_000_000
"""Payloads saved by one attempt, together; one response is at most a fifth of it."""


def save_payloads(archive: Archive, hour: dt.datetime, payloads: Mapping[str, bytes]) -> None:
    """Save rejected payloads (sha256 -> bytes) as `quarantine/<hour>-<sha256>.gz`, up to MAX_BYTES."""
    if not payloads:
        return
    _ignore_folder(archive)
    folder = archive.root / QUARANTINE_FOLDER
    folder.mkdir(exist_ok=True)
    bytes_left = MAX_BYTES
    for name, payload in payloads.items():
        bytes_left -= len(payload)
        if bytes_left < 0:
            log.warning("Rejected payloads of more than %d bytes are not saved", MAX_BYTES)
            return
        (folder / f"{format_hour(hour)}-{name}.gz").write_bytes(gzip.compress(payload, mtime=0))


def _ignore_folder(archive: Archive) -> None:
    """Tell git to ignore the folder, in this clone alone."""
    exclude = archive.root / archive.run_git("rev-parse", "--git-path", "info/exclude")
    lines = exclude.read_bytes().splitlines() if exclude.exists() else []
    if f"/{QUARANTINE_FOLDER}/".encode() not in lines:
        exclude.parent.mkdir(parents=True, exist_ok=True)
        exclude.write_bytes(b"\n".join([*lines, f"/{QUARANTINE_FOLDER}/".encode()]) + b"\n")
