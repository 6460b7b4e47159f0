"""The Parquet files that are published with the site: what their export says of them.

They are read as JSON: a site is rendered without the packages that an export needs.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from orarchive.errors import ArchiveError

PARQUET_FOLDER = "parquet"
"""Folder of the site that an export is written into before the site is rendered."""

DESCRIPTION_NAME, MANIFEST_NAME = "datapackage.json", "manifest.json"
"""The export's descriptions that are read; a folder without a manifest is not complete."""

SIZE_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "KB"))


class Licence(msgspec.Struct):
    """A licence in a Data Package."""

    name: str
    path: str


class Resource(msgspec.Struct):
    """A file in a Data Package."""

    path: str
    title: str
    bytes: int
    hash: str
    licenses: list[Licence]


class DataPackage(msgspec.Struct):
    """The part of a Data Package that the site shows."""

    resources: list[Resource]


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file of the site."""

    path: str
    """Below the top of the site."""
    words: str
    """What it has a row for."""
    bytes: int
    sha256: str
    licence: str
    """Its id: of opendefinition.org, or `notspecified`."""
    licence_url: str


def read_parquet_files(site: Path) -> list[ParquetFile]:
    """Read which Parquet files lie in the folder of a site; [] where there is no export, or no whole one.

    Raise ArchiveError for a description that is none.
    """
    folder = site / PARQUET_FOLDER
    path = folder / DESCRIPTION_NAME
    if not (folder / MANIFEST_NAME).exists():
        return []
    try:
        package = msgspec.json.decode(path.read_bytes(), type=DataPackage)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{path} is no description of an export ({error}); delete {folder}, and export into it again"
        raise ArchiveError(msg) from error
    return [
        ParquetFile(
            path=f"{PARQUET_FOLDER}/{resource.path}",
            words=resource.title,
            bytes=resource.bytes,
            sha256=resource.hash.removeprefix("sha256:"),
            licence=resource.licenses[0].name,
            licence_url=resource.licenses[0].path,
        )
        for resource in package.resources
    ]


def describe(file: ParquetFile) -> str:
    """Say what a file has, how large it is and under which licence it comes."""
    licence = "no licence stated" if file.licence == "notspecified" else file.licence
    return f"{file.words}; {format_size(file.bytes)}, {licence}"


def format_size(size: int) -> str:
    """Format a number of bytes with two digits: most hours add so little that it stays the same."""
    for unit, name in SIZE_UNITS:
        if size >= unit:
            number = float(f"{size / unit:.2g}")
            return f"{number:g} {name}"
    return f"{size} bytes"
