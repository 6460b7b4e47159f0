"""Whose prices changed this year, on the site of recorded history."""

from pathlib import Path

import pytest

from tests.support.browser import open_chromium, serve_site
from tests.support.lab_changes import assert_changes_are_told

pytestmark = [pytest.mark.real_data, pytest.mark.browser]


def test_whose_prices_changed_this_year(out: Path) -> None:
    """Tell it two presses from home; the counts were read from the recorded lists."""
    labs = {"anthropic": "Anthropic", "openai": "OpenAI", "deepseek": "DeepSeek"}
    with serve_site(out) as address, open_chromium() as browser:
        counts = assert_changes_are_told(browser, address, out, labs)
    print(counts)
    assert counts["anthropic"] == 0
