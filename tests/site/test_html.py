"""Every page is valid HTML by the checker of the W3C."""

from pathlib import Path

import pytest

from tests.support.pages import assert_valid

pytestmark = pytest.mark.browser


def test_every_page_is_valid(site_folder: Path) -> None:
    static = site_folder / "static"
    assert_valid([*site_folder.rglob("*.html"), static / "site.css", static / "favicon.svg"])
