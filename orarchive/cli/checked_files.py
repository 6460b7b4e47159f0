"""Read the files in which ids of models are looked for: those that git tracks, or a whole folder.

The Action in `check/` runs this without an installation, so it needs nothing but Python 3.9.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from orarchive.catalog.id_finder import IdMatch, KnownIds, find_ids

MAX_FILE_BYTES = 1 << 20
"""A longer file is data, not code or configuration."""

PROBE_BYTES = 8192
"""A file with a zero byte in its first bytes is binary; git looks at as many."""

SKIPPED_FOLDERS = frozenset(
    (
        *(
            ".git",
            ".hg",
            ".svn",
            "node_modules",
            "bower_components",
            "vendor",
            "third_party",
            "site-packages",
        ),
        *(".venv", "venv", ".tox", ".nox", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
        *(".next", ".nuxt", ".terraform", "dist-packages"),
    )
)
"""Folders with code of others, or made by tools."""

LOCK_FILES = frozenset(
    (
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "go.sum",
        "bun.lockb",
        "packages.lock.json",
    )
)
SKIPPED_SUFFIXES = (
    *(
        ".lock",
        ".min.js",
        ".min.css",
        ".map",
        ".svg",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".ico",
        ".pdf",
    ),
    *(".zip", ".gz", ".woff", ".woff2", ".ttf", ".mp3", ".mp4", ".parquet", ".sqlite", ".pyc", ".so", ".whl"),
)


def list_files(folder: Path) -> list[Path]:
    """List the files of a folder that are looked at: those that git tracks, else all, sorted.

    A path of a file is that file. Raise FileNotFoundError where there is nothing.
    """
    if not folder.is_dir():
        folder.stat()
        return [folder]
    paths = _list_tracked(folder)
    if paths is None:
        paths = list(_walk(folder))
    return sorted(path for path in paths if not _is_skipped(path.relative_to(folder)))


def _list_tracked(folder: Path) -> list[Path] | None:
    """List the files below a folder that git tracks; None where git does not know the folder."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached"]
    try:
        listed = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    if listed.returncode:
        return None
    return [folder / os.fsdecode(name) for name in set(listed.stdout.split(b"\0")) if name]


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        yield from (Path(parent, name) for name in names)


def _is_skipped(path: Path) -> bool:
    name = path.name.lower()
    return (
        name in LOCK_FILES
        or name.endswith(SKIPPED_SUFFIXES)
        or not SKIPPED_FOLDERS.isdisjoint(path.parts[:-1])
    )


def find_in_files(paths: Iterable[Path], known: KnownIds) -> Iterator[tuple[str, IdMatch]]:
    """Yield the path and each id of the files that are text; OSError where a file cannot be read."""
    labs = tuple(lab.encode() for lab in known.words_by_lab)
    for path in paths:
        content = _read_text(path)
        # This is forty times as fast as a search for all labs: files without a lab before a slash are most.
        if any(part.endswith(labs) for part in content.split(b"/")):
            name = path.as_posix()
            text = content.decode("utf-8-sig", "replace")
            yield from ((name, match) for match in find_ids(text, known, name))


def _read_text(path: Path) -> bytes:
    """Return the bytes of a file; none of one that is binary or too long, a link or no file."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return b""
    content = path.read_bytes()
    return b"" if b"\0" in content[:PROBE_BYTES] else content
