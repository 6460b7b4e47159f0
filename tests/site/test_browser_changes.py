"""Changes and feeds in a real browser: filtering, and following the prices of a model."""

from typing import Any

import pytest

from tests.support.browser import PAGE_PATHS, open_page

pytestmark = pytest.mark.browser


def test_changes_are_filtered_by_topic_and_words(browser: Any, address: str) -> None:
    """Count what is left by day and in all; a fold opens where something in it fits."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["month"])
        lines = tab.locator("[data-topic]:visible")
        total = lines.count()
        for name in ("models", "endpoints", "limits and features", "expiry", "other"):
            tab.get_by_label(name, exact=True).uncheck()
        assert 0 < lines.count() < total
        assert all("price" in str(line.get_attribute("data-topic")) for line in lines.all())
        assert "only=price" in tab.url
        tab.get_by_label("Lab, model or provider").fill("deepseek")
        found = lines.count()
        assert found > 0
        assert all("DeepSeek" in text for text in lines.locator(".what").all_inner_texts())
        assert tab.locator("#count").inner_text().startswith(f"{found} of ")
        counts = [
            int(text.split()[0]) for text in tab.locator(".dayof:visible > summary small").all_inner_texts()
        ]
        assert sum(counts) == found
        tab.reload()
        assert lines.count() == found
        tab.get_by_label("Lab, model or provider").fill("deepsek")
        tab.locator("#count", has_text=", spelled similarly").wait_for()
        assert lines.count() >= found
