"""Lists in a real browser: sorting, filtering, and addresses that hold the choices."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orarchive.publish.pages import get_model_path
from tests.support.browser import (
    PAGE_PATHS,
    build_many_models,
    build_site,
    build_snapshot,
    list_column,
    list_names,
    open_page,
    serve_site,
    write_archive,
)

pytestmark = pytest.mark.browser


SHIFTS = """new Promise(done => {
  new PerformanceObserver(list => done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(0), 300);
})"""
"""How far elements moved while the page loaded."""


@pytest.mark.parametrize(("width", "first"), [(320, None), (375, 420), (1280, 300)])
def test_the_price_stands_beside_the_name(browser: Any, address: str, width: int, first: int | None) -> None:
    with open_page(browser, address, width=width, height=700) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        row = tab.locator("#models tbody tr", has_text="anthropic/claude-haiku-4.5")
        name, price_in, price_out = (row.locator(f"> :nth-child({n})").bounding_box() for n in (1, 4, 5))
        assert row.locator("> :nth-child(4)").inner_text() == "$1.00"
        assert abs(name["y"] - price_in["y"]) < 2
        assert name["x"] + name["width"] <= price_in["x"] + 1
        assert price_out["x"] + price_out["width"] <= width
        if first:
            assert tab.locator("#models tbody tr").first.bounding_box()["y"] <= first


def test_sorting_by_mouse(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        before = list_names(tab)
        button = tab.get_by_role("button", name="$/M in")
        cell = tab.locator("th", has=button)
        for way, turned in (("ascending", False), ("descending", True)):
            button.click()
            assert cell.get_attribute("aria-sort") == way
            texts = list_column(tab, 4)
            prices = [
                Decimal(0) if text == "free" else Decimal(text[1:].replace(",", ""))
                for text in texts
                if text[0] in "$f"
            ]
            assert prices == sorted(prices, reverse=turned)
            blank = [text for text in texts if text[0] not in "$f"]
            assert blank
            assert texts[-len(blank) :] == blank, "blanks are last in both directions"
        button.click()
        assert cell.get_attribute("aria-sort") is None
        assert list_names(tab) == before


def test_sorting_by_state(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        tab.get_by_role("button", name="State").click()
        states = list_column(tab, 6)
        assert states[-1] == "live"
        assert states.index("orphaned") < states.index("alias") < states.index("live")


def test_sorting_by_keyboard(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")  # skips to the content
        for _ in range(9):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.dataset.key") == "context":
                break
        tab.keyboard.press("Enter")
        assert list_column(tab, 3)[0] == "2M"
        tab.keyboard.press("Space")
        assert list_column(tab, 3)[0] != "2M"
        assert tab.evaluate("document.activeElement.dataset.key") == "context"


def test_filtering_and_the_address(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        total = len(list_names(tab))
        count = tab.locator("#count")
        assert count.inner_text() == f"{total} of {total}"
        tab.get_by_label("Filter by name or id").fill("CLAUDE 4.5")
        assert count.inner_text() == f"{len(list_names(tab))} of {total}"
        assert 0 < len(list_names(tab)) < 6
        tab.get_by_role("button", name="Model", exact=True).click()
        tab.locator("select[name=lab]").select_option("anthropic")
        expected = list_names(tab)
        chosen = dict(parse_qsl(urlsplit(tab.url).query))
        assert chosen == {"q": "CLAUDE 4.5", "lab": "anthropic", "sort": "name", "dir": "asc"}
        tab.reload()
        assert list_names(tab) == expected
        assert tab.get_by_label("Filter by name or id").input_value() == "CLAUDE 4.5"
        tab.get_by_label("Filter by name or id").fill("no such model")
        tab.get_by_role("button", name="Show all").click()
        assert len(list_names(tab)) == total
        tab.get_by_label("free", exact=True).check()
        assert set(list_column(tab, 4)) == {"free"}
        tab.get_by_label("free", exact=True).uncheck()
        tab.locator("select[name=state]").select_option("orphaned")
        assert set(list_column(tab, 6)) == {"orphaned"}


def test_an_address_may_say_anything(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        for query in (
            "?sort=<b>&dir=x&lab=nobody&state=&free=9",
            "?q=%00<script>alert(1)</script>",
            "?lab=%ff&sort=in",
        ):
            tab.goto(address + PAGE_PATHS["models"] + query)
            assert "of" in tab.locator("#count").inner_text()


def test_a_big_list_answers_at_once(browser: Any, tmp_path: Path) -> None:
    build_site(write_archive(tmp_path / "archive", build_many_models(420)), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:
        requests: list[str] = []
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(address + PAGE_PATHS["models"])
        assert len(requests) <= 4
        assert tab.evaluate(SHIFTS) == 0
        tab.get_by_label("Filter by name or id").fill("claude")
        assert tab.locator("#count").inner_text().endswith(" of 420")


def test_choosing_kinds_of_changes(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["changes"])
        lines = tab.locator("[data-topic]:visible")
        total = lines.count()
        for name in ("models", "endpoints", "limits and features", "expiry", "other"):
            tab.get_by_label(name, exact=True).uncheck()
        assert 0 < lines.count() < total
        assert {line.get_attribute("data-topic") for line in lines.all()} == {"price"}
        assert "only=price" in tab.url
        tab.reload()
        assert {line.get_attribute("data-topic") for line in lines.all()} == {"price"}


def test_the_gone_join_the_list_on_demand(browser: Any, tmp_path: Path) -> None:
    """Load their rows from their own page, with links that lead to the same pages."""
    hours = build_snapshot([{"id": "a/gone", "name": "Gone"}, {"id": "a/b"}]), build_snapshot([{"id": "a/b"}])
    build_site(write_archive(tmp_path / "archive", *hours), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        assert list_names(tab) == ["a/b"]
        tab.locator("summary", has_text="More filters").click()
        tab.get_by_label("also the 1 that are gone").check()
        tab.locator("#models tbody tr").nth(1).wait_for()
        assert sorted(list_names(tab)) == ["Gone", "a/b"]
        assert "gone=1" in tab.url
        tab.get_by_label("also the 1 that are gone").uncheck()
        tab.get_by_role("button", name="$/M in").click()
        assert list_names(tab) == ["a/b"]
        assert tab.locator("#count").inner_text() == "1 of 1"
        tab.get_by_label("also the 1 that are gone").check()
        tab.get_by_label("Filter by name or id").fill("no such model")
        tab.get_by_role("button", name="Show all").click()
        assert list_names(tab) == ["a/b"]
        assert "gone" not in tab.url
        tab.get_by_label("also the 1 that are gone").check()
        tab.locator("#models a", has_text="Gone").click()
        tab.wait_for_url(f"**/{get_model_path('a/gone')}")
        assert tab.get_by_text("It is not listed.").is_visible()


def test_what_only_the_gone_have_brings_them(browser: Any, tmp_path: Path) -> None:
    """Choose a state or a lab that no listed model has: the gone models join the list."""
    hours = build_snapshot([{"id": "a/gone", "name": "Gone"}, {"id": "b/c"}]), build_snapshot([{"id": "b/c"}])
    build_site(write_archive(tmp_path / "archive", *hours), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:
        for name, value in (("state", "missing"), ("lab", "a")):
            tab.goto(address + PAGE_PATHS["models"])
            tab.locator(f"select[name={name}]").select_option(value)
            tab.get_by_role("link", name="Gone", exact=True).wait_for()
            assert list_names(tab) == ["Gone"]
            tab.reload()
            tab.get_by_role("link", name="Gone", exact=True).wait_for()
            assert list_names(tab) == ["Gone"]


def test_the_ranking_of_one_lab(browser: Any, address: str) -> None:
    """Keep the lab in the address, and unfold the entries below the first twenty."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["rankings"])
        assert tab.locator("#week [data-lab], #others [data-lab]").count() == 50
        assert tab.locator("#day [data-lab], #month [data-lab]").count() == 20
        tab.locator("#lab-filter").select_option("google")
        names = tab.locator("[data-lab]:visible th").all_inner_texts()
        assert 1 < len(names) < 50
        assert all(name.startswith("google/") for name in names)
        assert "lab=google" in tab.url
        tab.reload()
        assert tab.locator("[data-lab]:visible th").all_inner_texts() == names
        tab.locator("#lab-filter").select_option("all labs")
        assert tab.locator("#week [data-lab]:visible").count() == 20
