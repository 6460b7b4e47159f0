"""Tools of the site in a real browser: search, copying, charts, and the age of the data."""

import re
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.pages import get_model_path, get_prices_path
from orarchive.publish.search_index import SEARCH_PATH
from tests.support.browser import (
    PAGE_PATHS,
    build_site,
    build_snapshot,
    open_page,
    serve_site,
    write_archive,
)
from tests.support.search import read_search_index

pytestmark = pytest.mark.browser


def test_searching(browser: Any, address: str) -> None:
    """Open by Ctrl-K, choose by arrows, go by Enter, close by Escape; its data is fetched on first use."""
    with open_page(browser, address) as tab:
        urls: list[str] = []
        tab.on("request", lambda request: urls.append(request.url))
        tab.goto(address + PAGE_PATHS["about"])
        assert not any(SEARCH_PATH in url for url in urls)
        tab.keyboard.press("Control+k")
        box = tab.get_by_role("combobox", name="Search models, labs, providers and pages")
        first = tab.get_by_role("option").first
        box.fill("haiku 4.5")
        first.wait_for()
        assert first.get_attribute("aria-selected") == "true"
        assert "anthropic/claude-haiku-4.5" in first.inner_text()
        assert first.locator("b").inner_text() == "Claude Haiku 4.5"
        tab.keyboard.press("Escape")
        assert not box.is_visible()
        tab.get_by_role("searchbox", name="Search").click()
        box.fill("claude")
        tab.keyboard.press("ArrowDown")
        second = tab.get_by_role("option").nth(1)
        assert box.get_attribute("aria-activedescendant") == second.get_attribute("id")
        target = second.locator("code").inner_text()
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/{get_model_path(target)}")


def test_entering_before_the_matches_have_come(browser: Any, address: str) -> None:
    """Who types a name and presses Enter at once goes to the model as soon as the index has arrived."""
    with open_page(browser, address) as tab:
        held: list[Any] = []
        tab.route(f"**/{SEARCH_PATH}", lambda route: held.append(route))
        tab.goto(address + PAGE_PATHS["about"])
        with tab.expect_request(f"**/{SEARCH_PATH}"):
            tab.keyboard.press("Control+k")
        tab.get_by_role("combobox").fill("haiku 4.5")
        tab.keyboard.press("Enter")
        held[0].continue_()
        tab.wait_for_url(f"**/{get_model_path('anthropic/claude-haiku-4.5')}")


def test_searching_from_a_file(browser: Any, site_folder: Path) -> None:
    """A page that was opened from a file finds as much, also what is mistyped, and marks what is gone."""
    gone = next(row for row in read_search_index((site_folder / SEARCH_PATH).read_bytes()) if row["state"])
    with open_page(browser, site_folder.as_uri()) as tab:
        tab.goto(f"{site_folder.as_uri()}/{PAGE_PATHS['about']}")
        tab.keyboard.press("/")
        box, first = tab.get_by_role("combobox"), tab.get_by_role("option", selected=True)
        for query, match in QUERIES.items():
            box.fill(query)
            first.get_by_text(match, exact=True).wait_for()
        box.fill(gone["id"])
        first.get_by_text(f"missing since {gone['last']}").wait_for()
        box.fill("a")
        tab.get_by_text(re.compile(r"^12 of \d+$")).wait_for()
        box.fill("no such model")
        tab.get_by_text("Nothing found").wait_for()
        assert tab.get_by_role("link", name="All models", exact=True).last.is_visible()


QUERIES = {
    "glm5.1": "z-ai/glm-5.1",
    "cluade haiku": "anthropic/claude-haiku-4.5",
    "claude-4.8": "anthropic/claude-opus-4.8",
    "haiku 4.5 claude": "anthropic/claude-haiku-4.5",
    "price of claude haiku": "anthropic/claude-haiku-4.5",
    "zero retention": "Models with zero data retention",
    "deepinfra": "DeepInfra",
    "graveyard": "Retirements",
}
"""What somebody types -> the id or the name of what they mean."""


def test_labs_and_providers_of_one_name_are_told_apart(browser: Any, tmp_path: Path) -> None:
    """Put a lab without a listed model below those of its name that have some, and say what each is."""
    new, old = ({"id": f"{lab}/m", "name": "Mistral: M"} for lab in ("mistralai", "mistral"))
    served = {"mistralai/m": [{"tag": "mistral"}]}
    days = [build_snapshot([new, old], served), build_snapshot([new], served)]
    build_site(write_archive(tmp_path / "archive", *days), tmp_path / "site")
    with open_page(browser, (tmp_path / "site").as_uri()) as tab:
        tab.goto(f"{(tmp_path / 'site').as_uri()}/{PAGE_PATHS['about']}")
        tab.keyboard.press("/")
        tab.get_by_role("combobox").fill("mistral")
        tab.get_by_role("option").first.wait_for()
        hits = [hit.inner_text().split("\n") for hit in tab.get_by_role("option").all()]
        assert hits[:3] == [
            ["Mistral", "lab, 1 model", "mistralai"],
            ["Mistral", "lab, no models now", "mistral"],
            ["mistral", "provider, 1 model", "mistral"],
        ]
        tab.get_by_role("combobox").fill("zero retention")
        tab.get_by_role("option", selected=True).get_by_text("Providers", exact=True).wait_for()


def test_rows_of_a_provider_are_filtered(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + "providers/index.html")
        rows = tab.locator("#providers tbody tr:visible")
        total = rows.count()
        tab.get_by_placeholder("Filter by provider or country").fill("deepinfra")
        assert ["DeepInfra" in text for text in rows.all_inner_texts()] == [True]
        assert tab.locator("form.rows output").inner_text() == f"1 of {total}"
        tab.reload()
        assert rows.count() == 1


def test_a_filter_opens_what_is_folded(browser: Any, address: str) -> None:
    """Find a direct price that stands among those without a comparison, and fold them again after it."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["direct"])
        row = tab.locator("details tbody tr", has_text="qwen-mt-plus").first
        assert not row.is_visible()
        box = tab.get_by_role("searchbox", name="Filter by model")
        box.fill("qwen-mt-plus")
        assert row.is_visible()
        box.fill("")
        assert not row.is_visible()


def test_copying_an_id(browser: Any, address: str) -> None:
    with open_page(browser, address, permissions=["clipboard-read", "clipboard-write"]) as tab:
        tab.goto(address + PAGE_PATHS["model"])
        tab.get_by_role("button", name="Copy").first.click()
        tab.get_by_role("button", name="Copied").wait_for()
        assert tab.evaluate("navigator.clipboard.readText()") == "deepseek/deepseek-v4-pro"
        tab.get_by_text("Follow", exact=True).click()
        tab.get_by_role("button", name="Copy address").last.click()
        tab.get_by_role("button", name="Copied").last.wait_for()
        feed = address + get_prices_path(PAGE_PATHS["model"])
        assert tab.evaluate("navigator.clipboard.readText()") == feed


def test_a_hostile_description_is_harmless(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["hostile"])
        text = tab.locator(".prose").inner_text()
        assert "<script>alert(" in text
        assert tab.locator(".prose :not(p, a, code, em, strong, br)").count() == 0
        tab.locator("summary", has_text="Raw record").click()
        assert "<script>" in tab.locator("pre").inner_text()


def test_a_day_without_a_look_is_an_empty_box(browser: Any, tmp_path: Path) -> None:
    """Give a day without data another look than a day with many good hours."""
    archive = write_archive(tmp_path / "archive", build_snapshot([{"id": "a/b"}]))
    build_site(archive, tmp_path / "site", "--as-of", "2026-06-03T00Z")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["status"])
        colour = "cell => getComputedStyle(cell).backgroundColor"
        colours = [tab.locator(f".calendar td.{level}").first.evaluate(colour) for level in ("h0", "h1")]
        assert colours[0] == "rgba(0, 0, 0, 0)" != colours[1]


def test_the_header_says_how_old_this_is(browser: Any, address: str) -> None:
    """Tell the age by the reader's clock: a site that has stopped says so by itself."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["about"])
        tab.locator("#age", has_text="days ago").wait_for()
        assert "stale" in tab.locator("#age").get_attribute("class")


def test_a_site_that_stopped_says_so(browser: Any, address: str) -> None:
    """Say so on the status page, by the reader's clock."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["status"])
        last = tab.request.get(f"{address}api/v1/status.json").json()["data"]["last_complete"]
        assert last < "2026-06-20T13", "the last hour of all was read in part"
        tab.get_by_text("The last complete reading is").wait_for()
        assert tab.get_by_text("the next was due at 14:00 UTC").is_visible()
