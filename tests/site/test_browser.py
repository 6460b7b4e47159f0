"""Every page in a real browser: by mouse and keyboard, on a phone, in the dark, on paper, without script."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.pages import get_model_path
from tests.support.browser import (
    PAGE_PATHS,
    find_violations,
    list_names,
    open_page,
    serve_site,
)

pytestmark = pytest.mark.browser

WITH_CONTROLS = ("home", "models", "model", "lab", "prices", "rankings", "compare", "changes", "data")
"""Kinds of pages with more to press than links."""


@pytest.fixture(scope="module")
def one_tab(browser: Any, address: str) -> Iterator[Any]:
    """Open a tab for one page after the other: in a new one everything is compiled anew, for a second."""
    with open_page(browser, address) as tab:
        yield tab


@pytest.fixture
def tab(one_tab: Any) -> Any:
    """Return that tab as a new one is."""
    one_tab.set_viewport_size({"width": 1280, "height": 900})
    one_tab.emulate_media(color_scheme="light")
    return one_tab


@pytest.mark.parametrize("kind", PAGE_PATHS)
def test_everyone_can_use_it_at_any_width(tab: Any, address: str, kind: str) -> None:
    """Nothing runs off the side of a tablet or a phone."""
    tab.goto(address + PAGE_PATHS[kind])
    assert find_violations(tab) == ""
    for width in (768, 375, 320):
        tab.set_viewport_size({"width": width, "height": 700})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", WITH_CONTROLS)
def test_without_script(browser: Any, address: str, kind: str) -> None:
    with open_page(browser, address, java_script_enabled=False) as tab:
        tab.goto(address + PAGE_PATHS[kind])
        assert tab.locator("h1").is_visible()
        assert tab.locator(".script:visible").count() == 0
        assert tab.locator("main button:visible").count() == 0
        if kind == "models":
            assert len(list_names(tab)) > 60
            tab.get_by_role("link", name="Claude Haiku 4.5", exact=True).click()
            assert tab.locator("#endpoints tbody tr").count() > 1


def test_without_a_server(browser: Any, site_folder: Path) -> None:
    with open_page(browser, "file://") as tab:
        tab.goto((site_folder / "index.html").as_uri())
        assert tab.evaluate("getComputedStyle(document.querySelector('.top .wide')).display") == "flex"
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
        tab.get_by_label("Filter by name or id").fill("haiku")
        tab.locator("#models tbody tr:visible a").click()
        assert tab.locator("h1").inner_text() == "Claude Haiku 4.5"
        tab.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="anthropic").click()
        tab.wait_for_url("**/labs/anthropic/index.html")
        assert tab.locator("#lab-models tbody tr:visible").count() > 3


def test_on_paper_there_is_nothing_to_press(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        tab.emulate_media(media="print")
        assert tab.get_by_role("searchbox").count() == 0
        assert tab.locator("#filter").is_hidden()
        assert tab.get_by_role("navigation", name="Site").is_hidden()
        assert len(list_names(tab)) > 60


def test_examples_go_when_models_are_chosen(browser: Any, address: str) -> None:
    """Show examples until a model is chosen, and never on paper."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["compare"])
        assert tab.get_by_role("heading", name="Examples").is_visible()
        tab.emulate_media(media="print")
        assert tab.get_by_text("Examples").is_hidden()
        tab.emulate_media(media="screen")
        tab.locator("#example a").first.click()
        tab.locator("#compared tbody tr").first.wait_for()
        assert tab.get_by_text("Examples").is_hidden()
        tab.emulate_media(media="print")
        assert tab.get_by_role("button").count() == 0


def test_comparing_begins_with_an_example(browser: Any, address: str) -> None:
    """Compare models of several labs; the address and the chosen models are those of the reader."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["compare"])
        tab.locator("#compared tbody tr").first.wait_for()
        labs = [id_.split("/")[0] for id_ in tab.locator("#compared tbody th bdi").all_inner_texts()]
        assert len(labs) == len(set(labs)) > 1
        assert "For example:" in tab.locator("#notes").inner_text()
        assert tab.locator("#chosen button").count() == 0
        assert "m=" not in tab.url
        tab.locator("#example a").first.click()
        tab.locator("#chosen button").first.wait_for()
        assert tab.locator("#chosen button").count() == len(labs), "the link has all of them"
        assert "For example:" not in tab.locator("#notes").inner_text()


def test_a_phone_has_what_a_screen_has(browser: Any, address: str) -> None:
    """Find the age as a number, the current section in sight and the choice of colours in the footer."""
    with open_page(browser, address, width=375, height=700) as tab:
        tab.goto(address + PAGE_PATHS["compare"])
        tab.locator("#age.stale").wait_for()
        assert re.fullmatch(r"\d+ d ago", tab.locator("#age").inner_text())
        current = tab.locator(".top nav [aria-current]").bounding_box()
        assert current["x"] >= 0
        assert current["x"] + current["width"] <= 375
        button = tab.locator("#theme")
        assert min(button.bounding_box()[side] for side in ("width", "height")) >= 44
        assert button.bounding_box()["y"] > tab.locator("footer p").last.bounding_box()["y"]
        button.click()
        assert tab.locator("html").get_attribute("data-theme") == "light"
        tab.locator("#example a").first.click()
        for row in tab.locator("#compared tbody tr").all():
            assert row.bounding_box()["width"] <= 375


def test_the_biggest_cuts_are_a_press_away(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address)
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Prices").click()
        tab.locator("label", has_text="cuts").click()
        moves = tab.locator("#cuts tbody .move").all_inner_texts()
        assert moves
        assert all("→" in move and "−" in move for move in moves)


def test_from_a_sub_path(browser: Any, site_folder: Path) -> None:
    """Serve the site as GitHub Pages does, below the repository's name."""
    with serve_site(site_folder.parent) as top, open_page(browser, f"{top}{site_folder.name}/") as tab:
        tab.goto(f"{top}{site_folder.name}/")
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
        tab.get_by_label("Filter by name or id").fill("haiku 4.5")
        tab.locator("#models tbody tr:visible a").first.click()
        tab.locator("#endpoints tbody a").first.click()
        tab.locator("#serves tbody a").first.click()
        tab.get_by_role("link", name="Compare").first.click()
        tab.wait_for_url("**/compare/index.html*")  # its script may have added "?" by then
        tab.wait_for_load_state("domcontentloaded")
        tab.keyboard.press("Control+k")
        tab.get_by_role("combobox", name="Search models, labs, providers and pages").fill("haiku 4.5")
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/{site_folder.name}/{get_model_path('anthropic/claude-haiku-4.5')}")
        tab.locator("#age", has_text="days ago").wait_for()


REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((element) => element.checkVisibility({visibilityProperty: true}) && element.tabIndex >= 0)
  .filter((element) => element.type !== "radio" || element.checked)"""
"""The elements that Tab should reach, in order; among radio buttons one goes by arrows."""


@pytest.mark.parametrize("kind", WITH_CONTROLS)
def test_by_keyboard_alone(tab: Any, address: str, kind: str) -> None:
    """Go by Tab through all that can be pressed, in the order of the page, with the focus in sight."""
    tab.goto(address + PAGE_PATHS[kind])
    tab.locator("#age", has_text="days ago").wait_for()  # the last link that appears
    if kind == "compare":
        tab.locator("#compared tbody a").first.wait_for()
    count = tab.evaluate(f"({REACHABLE})().length")
    for n in range(min(count, 25)):
        tab.keyboard.press("Tab")
        for _ in range(3):  # A date has parts.
            if n and tab.evaluate(f"({REACHABLE})()[{n - 1}] === document.activeElement"):
                tab.keyboard.press("Tab")
        at, outline = tab.evaluate(
            f"[({REACHABLE})().indexOf(document.activeElement),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert (at, outline) == (n, "solid")
    tab.evaluate(f"({REACHABLE})().at(-1).focus()")
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate(f"({REACHABLE})().indexOf(document.activeElement)") == count - 2
