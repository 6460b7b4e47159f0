"""The files of a site while it is made, and what is known of those of the build before."""

import hashlib
import os
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

DIGEST_LENGTH = 32
"""Characters of a digest: the first half of a SHA-256 says as surely whether a content is the same."""


def compute_digest(content: bytes) -> str:
    """Return the digest of a content."""
    return hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]


@dataclass(frozen=True)
class Piece:
    """A content as a part of a file."""

    file: Path
    start: int
    size: int

    def read(self) -> bytes:
        """Return the content."""
        with self.file.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


def _append(path: Path, content: bytes) -> Piece:
    with path.open("ab") as file:
        file.write(content)
        return Piece(path, file.tell() - len(content), len(content))


class SiteFiles(MutableMapping[str, bytes]):
    """The files of a site by path; with a folder their contents are kept there, and not in memory.

    What a process puts stands in one temporary file, for it takes long to make thousands.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        """Path -> digest of the content."""
        self.units: dict[str, UnitRecord] = {}
        """Name of a unit -> how it was made."""
        self._contents: dict[str, bytes | Path | Piece] = {}

    def __setitem__(self, path: str, content: bytes) -> None:
        """Put the content of a path."""
        place = self.folder and _append(self.folder / f"{os.getpid()}", content)
        self.keep(path, place or content, compute_digest(content))

    def keep(self, path: str, content: bytes | Path | Piece, digest: str) -> None:
        """Put a content that is given, or stands in a file or a part of one, with its digest."""
        self._contents[path] = content
        self.digests[path] = digest

    def take_over(self, files: "SiteFiles") -> None:
        """Put all files and units of others."""
        self._contents |= files._contents
        self.digests |= files.digests
        self.units |= files.units

    def locate(self, path: str) -> bytes | Path:
        """Return the content of a path, or the file that holds it alone."""
        content = self._contents[path]
        return content.read() if isinstance(content, Piece) else content

    def get_size(self, path: str) -> int:
        """Return the size of a content, bytes."""
        content = self._contents[path]
        if isinstance(content, Piece):
            return content.size
        return content.stat().st_size if isinstance(content, Path) else len(content)

    def __getitem__(self, path: str) -> bytes:
        """Return the content of a path."""
        content = self.locate(path)
        return content.read_bytes() if isinstance(content, Path) else content

    def __delitem__(self, path: str) -> None:
        """Forget a path."""
        del self._contents[path], self.digests[path]

    def __contains__(self, path: object) -> bool:
        """Return whether there is a path, without reading its content."""
        return path in self._contents

    def __iter__(self) -> Iterator[str]:
        """Yield the paths, in the order in which they came."""
        return iter(self._contents)

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self._contents)


@dataclass(frozen=True)
class UnitRecord:
    """What is known of a unit that was made; see `units`."""

    inputs: str
    """Digest of its inputs."""
    lookups: list[tuple[str, str]]
    found: str
    """Digest of what the lookups gave."""
    files: list[str]
    value: Any


@dataclass(frozen=True)
class Manifest:
    """What the build before left in the folder of a site."""

    out: Path = Path()
    paths: frozenset[str] = frozenset()
    """Every file that a build wrote."""
    maker: str = ""
    """Digest of what made the units."""
    digests: dict[str, str] = field(default_factory=dict)
    """Path -> digest of the content, of the files of units."""
    units: dict[str, UnitRecord] = field(default_factory=dict)

    def is_intact(self, path: str) -> bool:
        """Return whether a file of a unit is as the build left it."""
        return path in self.digests and self.digests_now.get(path) == self.digests[path]

    @cached_property
    def digests_now(self) -> dict[str, str]:
        """Return the digests of the files of units that are there."""
        return {
            path: compute_digest((self.out / path).read_bytes())
            for path in self.digests
            if (self.out / path).is_file()
        }
