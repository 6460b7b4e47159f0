"""Every page is valid HTML by the checker of the W3C."""

import subprocess
from pathlib import Path

import pytest

from tests.support import requirements

pytestmark = pytest.mark.browser


def test_every_page_is_valid(site_folder: Path) -> None:
    validator = requirements.find_validator()
    static = site_folder / "static"
    for arguments in (
        ["--skip-non-html", site_folder],
        ["--css", static / "site.css"],
        ["--svg", static / "favicon.svg"],
    ):
        command = [*validator, "--errors-only", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[:2000]
