"""The sample archive and its site, made once for the tests that only read them; and a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.views import View
from tests.support.browser import (
    build_archive_view,
    build_many_models,
    build_site,
    open_chromium,
    read_files,
    serve_site,
    write_archive,
    write_sample_archive,
)
from tests.support.pages import Html, parse_pages
from tests.support.shared import copy_shared


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the archive of the sample catalogue at four hours; `site` beside it holds its site."""

    def make(folder: Path) -> None:
        write_sample_archive(folder / "archive")
        build_site(folder / "archive", folder / "site")

    folder, _ = copy_shared(tmp_path_factory, "sample", make)
    return folder / "archive"


@pytest.fixture(scope="session")
def site_folder(archive: Path) -> Path:
    """Return the folder of the sample archive's site."""
    return archive.parent / "site"


@pytest.fixture(scope="session")
def site(site_folder: Path) -> dict[str, bytes]:
    """Read the files of that site."""
    return read_files(site_folder)


@pytest.fixture(scope="session")
def big_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a site of 420 models, the size that a list of the service has."""

    def make(folder: Path) -> None:
        build_site(write_archive(folder / "archive", build_many_models(420)), folder / "site")

    folder, _ = copy_shared(tmp_path_factory, "big", make)
    return folder / "site"


@pytest.fixture(scope="session")
def pages(site: dict[str, bytes]) -> dict[str, Html]:
    """Parse its pages."""
    return parse_pages(site)


@pytest.fixture(scope="session")
def view(archive: Path) -> View:
    """Build what its pages share."""
    return build_archive_view(archive)


@pytest.fixture(scope="session")
def address(site_folder: Path) -> Iterator[str]:
    """Serve that site."""
    with serve_site(site_folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start a browser."""
    with open_chromium() as browser:
        yield browser
