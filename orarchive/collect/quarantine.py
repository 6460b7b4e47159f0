"""Quarantine: payloads that a check refused, gzipped beside data/, where git does not see them."""

import datetime as dt
import gzip
from collections.abc import Mapping

from orarchive.archive import Archive
from orarchive.hours import prose

FOLDER = "quarantine"

MAX_SAVED = 20
"""Payloads saved by one attempt: when a whole sweep is refused they are all alike."""


def save(archive: Archive, hour: dt.datetime, payloads: Mapping[str, bytes]) -> None:
    """Save refused payloads (sha256 -> bytes) as `quarantine/<hour>-<sha256>.gz`."""
    if not payloads:
        return
    _hide(archive)
    folder = archive.root / FOLDER
    folder.mkdir(exist_ok=True)
    for name, payload in list(payloads.items())[:MAX_SAVED]:
        (folder / f"{prose(hour)}-{name}.gz").write_bytes(gzip.compress(payload, mtime=0))


def _hide(archive: Archive) -> None:
    """Tell git to ignore the folder, in this clone alone."""
    exclude = archive.root / archive.git("rev-parse", "--git-path", "info/exclude")
    lines = exclude.read_text().splitlines() if exclude.exists() else []
    if f"/{FOLDER}/" not in lines:
        exclude.parent.mkdir(parents=True, exist_ok=True)
        exclude.write_text("\n".join([*lines, f"/{FOLDER}/"]) + "\n")
