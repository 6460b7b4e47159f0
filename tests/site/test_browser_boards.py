"""The lists of labs and providers in a browser."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.lab_changes import assert_changes_are_told

pytestmark = pytest.mark.browser


def test_whose_prices_changed_this_year(browser: Any, address: str, site_folder: Path) -> None:
    """Tell it two presses from home."""
    labs = {"anthropic": "Anthropic", "openai": "OpenAI", "deepseek": "DeepSeek"}
    counts = assert_changes_are_told(browser, address, site_folder, labs)
    assert sum(counts.values()) > 0
