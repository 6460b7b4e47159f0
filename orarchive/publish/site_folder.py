"""The folder of a site: only files that differ are written, and only files of builds are removed."""

import filecmp
import gzip
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shutil import move
from typing import Any

import msgspec

from orarchive.errors import ArchiveError
from orarchive.publish.processes import share
from orarchive.publish.site_files import Manifest, SiteFiles, UnitRecord

MANIFEST = ".built.json.gz"
"""What builds wrote: the files, so that a later build may remove them and nothing else, and the units."""


class _Unit(msgspec.Struct):
    """What the manifest holds of a unit; see `UnitRecord`."""

    inputs: str
    found: str
    files: list[str]
    value: Any
    reads: list[int] = []
    """Its lookups, as positions among those of all units, which share most of them."""


class _Content(msgspec.Struct):
    """What the manifest holds; see `Manifest`."""

    files: list[str] = []
    """Those that `digests` does not name."""
    maker: str = ""
    digests: dict[str, str] = {}
    lookups: list[tuple[str, str]] = []
    units: dict[str, _Unit] = {}


def _pack(
    paths: Iterable[str], maker: str, digests: dict[str, str], units: dict[str, UnitRecord]
) -> _Content:
    positions: dict[tuple[str, str], int] = {}
    packed = {
        name: _Unit(
            unit.inputs,
            unit.found,
            unit.files,
            unit.value,
            [positions.setdefault(read, len(positions)) for read in unit.lookups],
        )
        for name, unit in sorted(units.items())
    }
    return _Content(sorted({*paths} - digests.keys()), maker, digests, [*positions], packed)


def _unpack_unit(unit: _Unit, lookups: list[tuple[str, str]]) -> UnitRecord:
    return UnitRecord(unit.inputs, [lookups[n] for n in unit.reads], unit.found, unit.files, unit.value)


def read_manifest(out: Path) -> Manifest:
    """Return what the build before left in a folder, without files that lie outside of it.

    Raises ArchiveError for a manifest that cannot be read: without it nobody knows which files are a build's.
    """
    path = out / MANIFEST
    if not path.exists():
        return Manifest(out)
    try:
        # The first versions of this program wrote the list of files alone.
        content = msgspec.convert(json.loads(gzip.decompress(path.read_bytes())), _Content | list[str])
        if isinstance(content, list):
            content = _Content(files=content)
        units = {name: _unpack_unit(unit, content.lookups) for name, unit in content.units.items()}
    except (msgspec.ValidationError, ValueError, RecursionError, IndexError, EOFError, OSError) as error:
        msg = f"{path} is not a list of files: {error}; delete it with the pages beside it"
        raise ArchiveError(msg) from error
    names = (*content.files, *content.digests)
    plain = {*_list_plain(out)}
    try:
        top = out.resolve()
        paths = frozenset(
            name for name in names if name in plain or (top / name).resolve().is_relative_to(top)
        )
    except (ValueError, OSError) as error:
        msg = f"{path} names a file that cannot be: {error}; delete it with the pages beside it"
        raise ArchiveError(msg) from error
    kept = {name: unit for name, unit in units.items() if paths.issuperset(unit.files)}
    return Manifest(out, paths, content.maker, content.digests, kept)


def _list_plain(folder: Path | str, prefix: str = "") -> Iterator[str]:
    """Yield the files in a folder that are no links and lie behind none: thousands need not be resolved."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _list_plain(entry.path, f"{prefix}{entry.name}/")
        elif not entry.is_symlink():
            yield prefix + entry.name


def write_site(earlier: Manifest, files: SiteFiles, maker: str = "") -> tuple[int, int]:
    """Make the folder hold these files; return how many were written and how many removed.

    Only files that differ are written; one in a temporary file of its own is moved. Files of earlier builds
    that are not among them are removed. A file that no build wrote is never touched: if one of another
    content is in the way, raise ArchiveError.
    """
    out = earlier.out
    out.mkdir(parents=True, exist_ok=True)
    folders = sorted({(out / path).parent for path in files})
    for folder in folders:
        if not folder.resolve().is_relative_to(out.resolve()):
            msg = f"{folder} is a link, or lies behind one, that leads out of {out}; remove it"
            raise ArchiveError(msg)
    unlisted = [path for path in files.keys() - earlier.paths if (out / path).exists()]
    if not all(_has_content(out / path, files.locate(path)) for path in unlisted):
        msg = f"{out} holds {min(unlisted)}, which no build wrote: name another folder, or remove it"
        raise ArchiveError(msg)
    # The list of files comes first, so that an interrupted build leaves no file that no manifest lists.
    if not earlier.paths >= files.keys():
        listed = earlier.paths | files.keys()
        _write_manifest(out, _pack(listed, earlier.maker, earlier.digests, earlier.units))
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)

    def write(paths: Sequence[str]) -> int:
        return sum(_write_if_changed(out / path, files.locate(path)) for path in paths)

    written = sum(share(write, [*files]) if files.folder else [write([*files])])
    removed = sorted(earlier.paths - files.keys())
    for path in removed:
        _remove(out, path)
    digests = {path: files.digests[path] for unit in files.units.values() for path in unit.files}
    _write_manifest(out, _pack(files, maker, digests, files.units))
    return written, len(removed)


def _write_manifest(out: Path, content: _Content) -> None:
    # Names may hold what UTF-8 cannot: the standard library escapes it.
    text = json.dumps(msgspec.to_builtins(content), sort_keys=True).encode()
    _write_if_changed(out / MANIFEST, gzip.compress(text, mtime=0))


def _write_if_changed(path: Path, content: bytes | Path) -> bool:
    """Write a file if its content differs; return whether it was written."""
    if path == content or (path.is_file() and _has_content(path, content)):
        return False
    if isinstance(content, Path):
        move(content, path)
    else:
        path.write_bytes(content)
    return True


def _has_content(path: Path, content: bytes | Path) -> bool:
    """Return whether a file has a content, which is given or that of another file."""
    if isinstance(content, Path):
        return filecmp.cmp(path, content, shallow=False)
    return path.read_bytes() == content


def _remove(out: Path, path: str) -> None:
    """Remove a file, and the folders that this leaves empty."""
    file = out / path
    file.unlink(missing_ok=True)
    for folder in file.relative_to(out).parents[:-1]:
        if (out / folder).is_dir() and not any((out / folder).iterdir()):
            (out / folder).rmdir()
