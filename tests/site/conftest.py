"""The sample archive and its site, made once for the tests that only read them; and a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.views import View
from tests.support.browser import (
    build_archive_view,
    build_site,
    copy_sample_archive,
    open_chromium,
    serve_site,
)
from tests.support.pages import Html, parse_pages


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the archive of the sample catalogue at four hours."""
    return copy_sample_archive(tmp_path_factory.mktemp("sample") / "archive")


@pytest.fixture(scope="session")
def site(archive: Path) -> dict[str, bytes]:
    """Build its site, in the folder `site` beside it."""
    return build_site(archive, archive.parent / "site")


@pytest.fixture(scope="session")
def pages(site: dict[str, bytes]) -> dict[str, Html]:
    """Parse its pages."""
    return parse_pages(site)


@pytest.fixture(scope="session")
def view(archive: Path) -> View:
    """Build what its pages share."""
    return build_archive_view(archive)


@pytest.fixture(scope="session")
def site_folder(archive: Path, site: dict[str, bytes]) -> Path:
    """Return the folder of the sample archive's site."""
    return archive.parent / "site"


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
