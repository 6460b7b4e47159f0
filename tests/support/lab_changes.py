"""Whose prices changed this year, as the list of labs says it and as the site's database says it."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.browser import open_page

WIDTHS = (1280, 375)

QUERY = """
    select key, hour, old, new from events join records on records.id = record
    where kind = 'repriced' and events.feed = 'models' and field in ('prompt', 'completion')
        and key like ? and hour like ?
"""


def count_changes(rows: Iterable[tuple[str, str, str | None, str | None]]) -> tuple[int, str]:
    """Count the models whose price for ordinary prompts changed, and return the last hour that showed it."""
    changed = [(key, hour) for key, hour, old, new in rows if read_tariff(old) != read_tariff(new)]
    return len({key for key, _ in changed}), max((hour for _, hour in changed), default="")


def read_tariff(text: str | None) -> set[tuple[float, str]]:
    """Read the prices in an event, with their conditions, but for those of long prompts."""
    value = json.loads(text or "[]")
    entries = value if isinstance(value, list) else [{"price": value}]
    return {
        (float(entry.pop("price")), json.dumps(entry))
        for entry in entries
        if "min_prompt_tokens" not in entry
    }


def count_lab_changes(
    database: sqlite3.Connection, labs: Iterable[str]
) -> tuple[str, dict[str, tuple[int, str]]]:
    """Return the year of the last hour, and the changes in it of each lab as `count_changes` counts them."""
    ((year,),) = database.execute("select substr(max(hour), 1, 4) from hours")
    return year, {slug: count_changes(database.execute(QUERY, (f"{slug}/%", f"{year}%"))) for slug in labs}


def assert_changes_are_told(
    browser: Any, address: str, site: Path, labs: Mapping[str, str]
) -> dict[str, int]:
    """Go from home to the list of labs in two presses, and compare its rows with the database.

    `labs` has the name of each lab by its slug. Return how many models of each changed their price.
    """
    with closing(sqlite3.connect(site / "archive.sqlite")) as database:
        ((year,),) = database.execute("select substr(max(hour), 1, 4) from hours")
        changes = {slug: count_changes(database.execute(QUERY, (f"{slug}/%", f"{year}%"))) for slug in labs}
    for width in WIDTHS:
        with open_page(browser, address) as tab:
            tab.set_viewport_size({"width": width, "height": 800})
            tab.goto(address)
            tab.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
            tab.get_by_role("navigation", name="Models").get_by_role("link", name="Labs").click()
            tab.wait_for_url("**/labs/index.html")
            assert tab.get_by_role("columnheader", name=f"Price changes in {year}").count() == 1
            for slug, name in labs.items():
                count, last = changes[slug]
                row = tab.locator("#labs tbody tr", has=tab.get_by_role("link", name=name, exact=True))
                cells = row.locator("td")
                words = f"{count} model{'s' if count != 1 else ''}" if count else "none"
                assert cells.nth(1).inner_text() == words
                dates = [time.get_attribute("datetime") for time in cells.nth(2).locator("time").all()]
                assert dates == ([last[:10]] if last else [])
    return {slug: count for slug, (count, _) in changes.items()}
