"""The page of a model in a real browser: the questions that people have of it, each within few presses."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.support.browser import PAGE_PATHS, open_page

pytestmark = pytest.mark.browser

MODEL = PAGE_PATHS["model"]


def read_json(tab: Any, address: str) -> dict[str, Any]:
    """Read the file of the model for programs."""
    name = MODEL.removesuffix("/index.html")
    data: dict[str, Any] = tab.request.get(f"{address}api/v1/{name}.json").json()["data"]
    return data


def read_answers(tab: Any) -> dict[str, str]:
    """Read the answers above the table of providers."""
    rows = [row.inner_text().split("\n") for row in tab.locator(".answers div").all()]
    return {label.strip(): " ".join(words) for label, *words in rows}


def list_current(model: dict[str, Any]) -> list[dict[str, Any]]:
    """List the endpoints that serve the model now."""
    return [row for row in model["endpoints"] if row["last_seen"] is None]


@pytest.mark.parametrize("width", [1280, 375])
def test_questions_of_who_chooses_a_provider(browser: Any, address: str, width: int) -> None:
    """From home, a name and Enter answer all; a date is the third press."""
    with open_page(browser, address, width=width) as tab:
        tab.goto(address)
        tab.keyboard.press("/")
        tab.get_by_role("combobox").fill("deepseek v4 pro")
        tab.get_by_role("option").first.wait_for()
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/{MODEL}")
        model = read_json(tab, address)
        able = [
            row
            for row in list_current(model)
            if "tools" in row["capabilities"] and (row["context_length"] or 0) >= 128_000
        ]
        blended = {
            row["tag"]: 3 * Decimal(row["pricing"]["prompt"]) + Decimal(row["pricing"]["completion"])
            for row in able
        }
        tag = min(blended, key=lambda tag: blended[tag])
        answers = read_answers(tab)
        provider = tab.locator(f"tr:has([title='{tag}']) th a").inner_text()
        assert answers["Cheapest with 128K and tools"].startswith(provider)
        uptimes = tab.locator("#endpoints td[data-v]:has(.health)").all()
        best = max(Decimal(cell.get_attribute("data-v")) for cell in uptimes)
        assert answers["Most reliable"].endswith(f" {best.normalize():f}% uptime")
        assert answers["Fastest"] == "speed is not collected"
        assert "not collected in this archive" in tab.locator("#speed").inner_text()

        prices = [row for row in model["conditional_price_history"] if row["dimension"] == "prompt"]
        point = prices[0]["points"][0]
        day = point["from"][:10]
        tab.get_by_label("Price on").fill(day)
        words = tab.locator("#ondate output").inner_text()
        assert f"${Decimal(point['price']) * 1_000_000:f}".rstrip("0") in words


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
        tab.get_by_label("Tools").uncheck()
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
