"""What a site keeps from the build before: files whose inputs are the same are not rendered again.

A unit is some files that are made together. Its inputs are everything that its files show, as any value whose
`repr` says all of it; only their digest is kept. What pages look up while they are rendered (the hour, the
page of a model that they name) is noted with the unit, and must be as it was, too. Units that another
program, other templates, packages or options made count for nothing, and a file that is gone or altered is
made again.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orarchive.progress import show_progress
from orarchive.publish.processes import share
from orarchive.publish.site_files import Manifest, SiteFiles, UnitRecord, compute_digest
from orarchive.publish.views.site import Lookups

PACKAGE = Path(__file__).parents[1]

RENDERING_PACKAGES = (
    *("feedgenerator", "icalendar", "Jinja2", "markdown-it-py", "MarkupSafe"),
    *("msgspec", "nh3", "orjson", "pandas", "pillow"),
)
"""Packages whose versions show in the files that they make."""


@dataclass(frozen=True)
class Unit:
    """Files that are made together."""

    name: str
    inputs: object
    make: Callable[[SiteFiles], Any]
    """Puts the files where it is told, and returns what other pages show of them, as JSON."""


@dataclass(frozen=True)
class UnitBuilder:
    """Makes units, or keeps them as the build before left them."""

    files: SiteFiles
    lookups: Lookups
    earlier: Manifest

    def build(self, unit: Unit) -> None:
        """Make the files of a unit, or keep them."""
        inputs = compute_value_digest(unit.inputs)
        record = self.earlier.units.get(unit.name)
        if record is None or not self._holds(record, inputs):
            record = self._make(unit, inputs)
        else:
            for path in record.files:
                self.files.keep(path, self.earlier.out / path, self.earlier.digests[path])
        self.files.units[unit.name] = record

    def build_all(self, tasks: Sequence[Callable[[], Iterable[Unit]]], progress: bool) -> None:
        """Build the units that each task lists, in one process on each core where the files have a folder.

        The first process shows its progress.
        """
        _ = self.earlier.digests_now  # read once, and not by each process
        main = os.getpid()

        def build_share(tasks: Sequence[Callable[[], Iterable[Unit]]]) -> list[SiteFiles]:
            is_shown = progress and os.getpid() == main
            return self._build_share(show_progress(tasks, is_shown, "Rendering", "model"))

        built = share(build_share, tasks) if self.files.folder else [build_share(tasks)]
        for number in range(len(tasks)):  # in their order, whatever process took them
            self.files.take_over(built[number % len(built)][number // len(built)])

    def _build_share(self, tasks: Iterable[Callable[[], Iterable[Unit]]]) -> list[SiteFiles]:
        """Return for each task the files of the units that it lists."""
        built = []
        for list_units in tasks:
            builder = replace(self, files=SiteFiles(self.files.folder))
            for unit in list_units():
                builder.build(unit)
            built.append(builder.files)
        return built

    def _holds(self, record: UnitRecord, inputs: str) -> bool:
        """Return whether the files of a unit are what it would make again."""
        return (
            record.inputs == inputs
            and record.found == self._look_up(record.lookups)
            and all(map(self.earlier.is_intact, record.files))
        )

    def _make(self, unit: Unit, inputs: str) -> UnitRecord:
        self.lookups.reads.clear()
        files = SiteFiles(self.files.folder)
        value = unit.make(files)
        self.files.take_over(files)
        reads = sorted(self.lookups.reads)
        return UnitRecord(inputs, reads, self._look_up(reads), [*files], value)

    def _look_up(self, reads: list[tuple[str, str]]) -> str:
        return compute_value_digest([self.lookups.find(*read) for read in reads])


def compute_value_digest(value: object) -> str:
    """Return a digest of a value, which is made of its `repr`; without that of the addresses of objects."""
    return compute_digest(repr(value).encode("utf-8", "surrogatepass"))


def compute_program(package: Path = PACKAGE) -> str:
    """Return a digest of all files of a package, and of the versions of what it renders with."""
    program = hashlib.sha256(sys.version.encode())
    for name in RENDERING_PACKAGES:
        program.update(f"{name} {version(name)}\n".encode())
    # The templates may be a link, which a search does not follow.
    for folder in (package, package / "publish" / "templates"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                program.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return program.hexdigest()
