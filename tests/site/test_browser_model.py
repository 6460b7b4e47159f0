"""The page of a model in a real browser: the questions that people have of it, each within few presses."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.support.browser import PAGE_PATHS, open_page

pytestmark = pytest.mark.browser

MODEL = PAGE_PATHS["model"]


def test_providers_are_filtered_and_costed(browser: Any, address: str) -> None:
    """Filters and the typed use stand in the address; the cheapest of those that are left is marked."""
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{MODEL}?has=tools&in=100&out=0")
        rows = tab.locator("#endpoints tbody tr:visible")
        assert 1 < rows.count() < tab.locator("#endpoints tbody tr").count()
        assert all("tools" in row.get_attribute("data-has").split() for row in rows.all())
        costs = {
            row.locator("th a").inner_text(): Decimal(row.locator("td").nth(4).get_attribute("data-v"))
            for row in rows.all()
        }
        marked = tab.locator("#endpoints tr:has(.best)")
        assert costs[marked.locator("th a").inner_text()] == min(costs.values())
        prompt = Decimal(rows.first.locator("td").first.get_attribute("data-v"))
        assert (
            abs(Decimal(rows.first.locator("td").nth(4).get_attribute("data-v")) - 100_000_000 * prompt) < 1
        )
        tab.locator("#use .chips label:has-text('Tools')").click()
        assert "has=" not in tab.url
        assert "in=100" in tab.url


def test_a_chart_is_read_by_keys_and_pointer(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{PAGE_PATHS['patterns']}")
        chart = tab.locator(".steps > svg:visible")
        output = tab.locator(".steps output")
        hint = output.inner_text()
        chart.focus()
        tab.keyboard.press("ArrowRight")
        first = output.inner_text()
        assert "list price $" in first
        tab.keyboard.press("End")
        assert output.inner_text() != first
        assert chart.locator(".mark").count() == 1
        tab.get_by_role("radio", name="Output").check()
        assert tab.locator(".steps > svg:visible").count() == 1
        assert output.inner_text() == hint
        box = tab.locator(".steps > svg:visible").bounding_box()
        tab.mouse.move(box["x"] + 5, box["y"] + 50)
        day = dt.datetime.strptime(output.inner_text().partition(":")[0], "%d %b %Y").date()
        assert day.year == 2026


def test_providers_are_cards_on_a_phone(browser: Any, address: str) -> None:
    with open_page(browser, address, width=375) as tab:
        tab.goto(address + MODEL)
        rows = tab.locator("#endpoints tbody tr")
        assert rows.count() > 1
        for row in rows.all():
            box = row.bounding_box()
            assert box["width"] <= 375
            assert box["height"] <= 70
        across = tab.locator(".across")
        assert across.evaluate("element => element.scrollWidth <= element.clientWidth")
