"""Whose prices changed this year: two presses from home, on a screen and on a phone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import open_page

pytestmark = pytest.mark.browser

QUERY = """
    select count(distinct key), max(hour) from events join records on records.id = record
    where kind = 'repriced' and events.feed = 'models' and field in ('prompt', 'completion')
        and key like ? and hour like ?
"""


def assert_changes_are_told(browser: Any, address: str, site: Path, labs: dict[str, str]) -> dict[str, int]:
    """Go from home to the list of labs, and compare its row of each lab with the database; return the counts.

    `labs` has the slug and the name of each.
    """
    counts = {}
    with closing(sqlite3.connect(site / "archive.sqlite")) as database:
        ((year,),) = database.execute("select substr(max(hour), 1, 4) from hours")
        for width in (1280, 375):
            with open_page(browser, address) as tab:
                tab.set_viewport_size({"width": width, "height": 800})
                tab.goto(address)
                tab.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
                tab.get_by_role("navigation", name="Models").get_by_role("link", name="Labs").click()
                assert tab.get_by_role("columnheader", name=f"Price changes in {year}").count() == 1
                for slug, name in labs.items():
                    ((count, last),) = database.execute(QUERY, (f"{slug}/%", f"{year}%"))
                    row = tab.locator("#labs tbody tr", has=tab.get_by_role("link", name=name, exact=True))
                    cells = row.locator("td")
                    words = f"{count} model{'s' if count != 1 else ''}" if count else "none"
                    assert cells.nth(1).inner_text() == words
                    shown = cells.nth(2).locator("time")
                    assert [each.get_attribute("datetime") for each in shown.all()] == (
                        [last[:10]] if last else []
                    )
                    counts[name] = count
    return counts


def test_did_prices_change_this_year(browser: Any, address: str, site_folder: Path) -> None:
    labs = {"anthropic": "Anthropic", "openai": "OpenAI", "deepseek": "DeepSeek"}
    counts = assert_changes_are_told(browser, address, site_folder, labs)
    assert sum(counts.values()) > 0
