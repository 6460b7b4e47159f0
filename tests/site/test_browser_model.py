"""The page of a model in a real browser: the questions that people have of it, each within few presses."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest

from orarchive.publish.pages import get_model_path
from tests.support.browser import PAGE_PATHS, open_page

pytestmark = pytest.mark.browser

MODEL = PAGE_PATHS["model"]


def test_providers_are_filtered_and_costed(browser: Any, address: str) -> None:
    """Filters and the typed use stand in the address; the cheapest of those that are left is marked."""
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{MODEL}?has=tools&in=100&cached=0&out=0")
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
        tab.goto(f"{address}{get_model_path('anthropic/claude-sonnet-4.6')}")
        tab.get_by_label("input", exact=True).fill("20")
        assert {*tab.locator("#endpoints tbody td:nth-child(6)").all_inner_texts()} == {"$76.50"}
        assert marked.count() == 0, "of equal ones none is the cheapest"


def test_the_head_of_a_page_leads_to_its_sections(browser: Any, address: str) -> None:
    """In their order, to those that are there."""
    with open_page(browser, address) as tab:
        tab.goto(address + MODEL)
        links = tab.get_by_role("navigation", name="On this page").get_by_role("link").all()
        targets = [link.get_attribute("href") for link in links]
        heads = [f"#{head.get_attribute('id')}" for head in tab.locator("main h2[id]").all()]
        assert targets == [head for head in heads if head in targets]
        assert {"#endpoints-title", "#prices-title", "#changes-title"} <= {*targets}


def test_a_chart_is_read_by_keys_and_pointer(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{PAGE_PATHS['patterns']}")
        chart = tab.locator(".steps > svg:visible")
        readout = tab.locator(".steps output:visible")
        chart.focus()
        tab.keyboard.press("Home")
        first = readout.inner_text()
        assert "list price" in first
        assert "$" in first
        tab.keyboard.press("End")
        assert readout.inner_text() != first
        tab.get_by_role("radio", name="Output").check()
        assert tab.locator(".steps > svg:visible").count() == 1
        assert readout.count() == 0
        box = tab.locator(".steps > svg:visible").bounding_box()
        tab.mouse.move(box["x"] + 5, box["y"] + 50)
        day = dt.datetime.strptime(readout.inner_text().splitlines()[0], "%d %b %Y").date()
        assert day.year == 2026
        mark = tab.locator(".steps > svg:visible .mark").evaluate(
            "line => line.getBoundingClientRect().toJSON()"
        )
        assert (mark["top"], mark["height"]) == (box["y"], box["height"]), "it spans the plot"
        place = readout.bounding_box()
        assert abs(place["x"] - mark["x"]) < 20, "the readout is beside it"
        assert readout.inner_text().count("list price") == 1, "of the price that is seen"


def test_the_time_in_a_chart_follows_its_shortened_gaps(browser: Any, address: str) -> None:
    """Read 1 January where a gap of 90 days begins, and 1 April where it ends, at 500 and 560 of 1,000."""
    with open_page(browser, address) as tab:
        path = f"{address}{PAGE_PATHS['patterns']}"
        begin, end = "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"

        def cut_charts(route: Any) -> None:
            page = route.fetch()
            body = re.sub(r'(data-times="0 \S+ )', rf"\g<1>500 {begin} 560 {end} ", page.text())
            route.fulfill(response=page, body=body)

        tab.route(path, cut_charts)
        tab.goto(path)
        chart = tab.locator(".steps > svg:visible")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        days = []
        for x in (501, 559):
            tab.mouse.move(box["x"] + x / 1000 * box["width"], box["y"] + 50)
            days.append(tab.locator(".steps output:visible").inner_text().splitlines()[0])
        assert [day[-8:] for day in days] == ["Jan 2026", "Mar 2026"]


def test_a_point_is_read_by_touch_and_followed_by_the_next(browser: Any, address: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True)
    try:
        tab = context.new_page()
        tab.goto(address)
        circles = tab.locator(".scatter circle.behind:visible")
        readout = tab.locator(".scatter output:visible")
        circles.first.tap()
        assert tab.url.rstrip("/").endswith(address.rstrip("/"))
        assert "$" in readout.inner_text()
        circles.first.tap()
        tab.wait_for_url("**/models/**")
    finally:
        context.close()


def test_every_point_is_read_by_arrow_keys(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address)
        readout = tab.locator(".scatter output:visible")
        links = tab.locator(".scatter:visible a")
        links.first.focus()
        seen = set()
        for _ in range(links.count()):
            seen.add(readout.inner_text())
            tab.keyboard.press("ArrowRight")
        assert len(seen) == links.count()
        tab.keyboard.press("ArrowRight")
        stops = tab.locator(".scatter:visible a[tabindex='0']")
        assert stops.count() == 1, "the chart is one stop of the Tab key"
        assert stops.evaluate("link => link === document.activeElement")


@pytest.mark.parametrize(
    ("page", "target"), [("models", "#filter"), ("graveyard", "#gone-filter"), ("model", "#endpoints")]
)
def test_a_link_skips_to_what_a_page_is_for(browser: Any, address: str, page: str, target: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS[page])
        tab.keyboard.press("Tab")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        tab.wait_for_url(lambda url: url.endswith(target))
        tab.keyboard.press("Tab")
        inside = f"document.activeElement.closest('{target}, .scroll') !== null"
        assert tab.evaluate(inside)


def test_providers_are_cards_on_a_phone(browser: Any, address: str) -> None:
    with open_page(browser, address, width=375) as tab:
        tab.goto(address + MODEL)
        rows = tab.locator("#endpoints tbody tr")
        assert rows.count() > 1
        for row in rows.all():
            box = row.bounding_box()
            assert box["width"] <= 375
            assert box["height"] <= 90, "four lines hold all but the blended price"
            assert "–" not in row.inner_text(), "what is not known takes no room"
        across = tab.locator(".across")
        assert across.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_what_is_printed(browser: Any, address: str) -> None:
    """No choices: of a chart the line below it says of what the price is. At the end is the data's hour."""
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{PAGE_PATHS['patterns']}")
        tab.emulate_media(media="print")
        assert tab.locator(".choices:visible, .id a:visible").count() == 0
        assert tab.locator(".steps p:visible").first.inner_text().startswith("Input: ")
        tab.locator("[data-read]").wait_for()
        end = tab.evaluate("getComputedStyle(document.body, '::after').content")
        assert re.fullmatch(r'"Read 2026-\d\d-\d\dT\d\d:00:00Z"', end)
