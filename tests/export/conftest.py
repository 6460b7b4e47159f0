"""An archive of half a year and its export, made once for the tests that only read them."""

from pathlib import Path

import pytest

from orarchive.export.export import export_archive
from orarchive.export.manifest import Manifest
from tests.support.export_archives import HalfYear, make_half_year


@pytest.fixture(scope="session")
def half_year(tmp_path_factory: pytest.TempPathFactory) -> HalfYear:
    """Return an archive of half a year."""
    return make_half_year(tmp_path_factory.mktemp("half-year") / "archive", seed=1)


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of its export."""
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="session")
def manifest(half_year: HalfYear, out: Path) -> Manifest:
    """Export the archive and return the manifest."""
    exported, _ = export_archive(half_year.archive, out)
    return exported
