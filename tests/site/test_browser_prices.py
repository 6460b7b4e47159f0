"""Prices in a real browser: comparing models, any day, and tasks within the presses that they may take."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orarchive.timestamps import HOUR
from tests.support.browser import (
    PAGE_PATHS,
    build_site,
    build_snapshot,
    open_page,
    serve_site,
    write_archive,
)
from tests.support.day_prices import CLOCK, make_priced

pytestmark = pytest.mark.browser

ADD = "Add models by name"


def read_table(tab: Any, table: str) -> list[list[str]]:
    """Return the texts of the cells of a table's body; what stands apart in a cell is a line of its own."""
    tab.locator(f"{table} tbody tr").first.wait_for()
    rows = tab.locator(f"{table} tbody tr").all()
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows]


def test_a_comparison_stays_in_the_address(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["compare"])
        box = tab.get_by_label(ADD)
        box.fill("haiku 4.5, gpt-oss-20b, DeepSeek V4 Pro")
        box.press("Enter")
        tab.get_by_role("button", name="Remove gpt-oss-20b", exact=True).wait_for()
        rows = read_table(tab, "#compared")
        notes = tab.locator("#notes").inner_text()
        assert "is the cheapest: " in notes
        assert "per month" in notes
        heads = tab.locator("#compared thead th").all_inner_texts()
        figures = [dict(zip(heads, row, strict=True)) for row in rows]
        scores = [(row["Intelligence"], row["Coding"], row["Providers"]) for row in figures]
        assert scores == [("–", "–", "4"), ("38.8", "46.4", "8"), ("44.4", "46.7", "2")]
        words = [re.split(r"\s*\b(?:no|not there:) ", row["Supports"]) for row in figures]
        sets = [[set(text.split(", ")) for text in parts] for parts in words]
        union = {word for has, *_ in sets for word in has}
        assert [has | (lacks[0] if lacks else set()) for has, *lacks in sets] == [union] * 3
        assert any(lacks for _, *lacks in sets)
        assert [value for name, value in parse_qsl(urlsplit(tab.url).query) if name == "m"] == [
            "anthropic/claude-haiku-4.5",
            "openai/gpt-oss-20b",
            "deepseek/deepseek-v4-pro",
        ]
        tab.reload()
        assert read_table(tab, "#compared") == rows
        tab.get_by_role("button", name="Remove gpt-oss-20b", exact=True).click()
        low, high = (
            [float(text) for text in re.findall(r"\$([\d.]+)", row[1])]
            for row in read_table(tab, "#compared")
        )
        assert len(low) == 2, "the price depends on the time of day"
        costs = f"Haiku 4.5 costs at least {high[0] / low[1]:.2g} times as much"
        assert costs in tab.locator("#notes").inner_text()


def test_a_comparison_says_what_it_cannot_tell(browser: Any, address: str) -> None:
    """A name that no model has, a router's price, and words that are no number of tokens."""
    with open_page(browser, address) as tab:
        tab.goto(f"{address}{PAGE_PATHS['compare']}?m=openrouter/auto&m=cluade%20haiku")
        tab.get_by_text("No model called cluade haiku: did you mean").wait_for()
        (row,) = read_table(tab, "#compared")
        assert row[1].split("\n") == ["n/a", "depends on the model it picks"]
        tab.get_by_role("button", name="Claude Haiku 4.5").click()
        assert len(read_table(tab, "#compared")) == 2
        tab.locator("[name=cached]").fill("20M")
        tab.locator("[name=cached]").press("Tab")
        tab.get_by_text("all of them count as cached").wait_for()
        tab.locator("[name=in]").fill("many")
        tab.locator("[name=in]").press("Tab")
        tab.get_by_text("Not a number of tokens: many.").wait_for()


@pytest.fixture(scope="module")
def days_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site of an archive of 1, 3 and 5 June, with a model that leaves and one that comes."""
    stays, dearer = (
        make_priced("a/stays", "0.000001"),
        make_priced("a/stays", "0.0000025", input_cache_read="0.0000002"),
    )
    leaves, comes = make_priced("a/leaves", "0.000004"), make_priced("a/comes", "0.000001", overrides=CLOCK)
    snapshots = [build_snapshot(models) for models in ([stays, leaves], [stays])]
    # No provider has the list price of the one that comes, and the cheapest one is dearer.
    dearest = {"prompt": "0.000003", "completion": "0.000002"}
    offers = {
        "a/stays": [{"tag": "p", **dearer}, {"tag": "s", "pricing": {**dearest, "prompt": "0.0000024"}}],
        "a/comes": [{"tag": "q", "pricing": dearest}, {"tag": "r", "pricing": {**dearest, "prompt": "1"}}],
    }
    snapshots.append(build_snapshot([dearer, comes], offers))
    folder = tmp_path_factory.mktemp("browser-days")
    build_site(write_archive(folder / "archive", *snapshots, apart=48 * HOUR), folder / "site")
    with serve_site(folder / "site") as address:
        yield address


def test_any_day_says_what_was_there(browser: Any, days_address: str) -> None:
    """Three presses from the home page: section, page and day; a second day tells what changed."""
    with open_page(browser, days_address) as tab:
        tab.goto(days_address)
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Prices").click()
        tab.get_by_role("navigation", name="Prices").get_by_role("link", name="Any day").click()
        tab.get_by_role("heading", name="Listed on 5 Jun 2026").wait_for()
        tab.get_by_label("Day", exact=True).fill("2026-06-02")
        tab.get_by_text("Nothing was read on 2 Jun 2026").wait_for()
        tab.get_by_role("heading", name="Listed on 1 Jun 2026 (last reading before 2 Jun 2026)").wait_for()
        assert read_table(tab, "#found") == [
            ["A/LEAVES a/leaves", "$4.00", "$2.00", "–", "–"],
            ["A/STAYS a/stays", "$1.00", "$2.00", "–", "–"],
        ]
        tab.get_by_label("Compare with").fill("2026-06-05")
        tab.get_by_role("heading", name="Added").wait_for()
        assert read_table(tab, "#found") == [
            ["A/STAYS a/stays", "Input $1.00 → $2.50 +150% Cache read – → $0.20"],
            ["A/COMES a/comes", "$1.00 to $3.00", "$2.00", "–", "–"],
            ["A/LEAVES a/leaves", "$4.00", "$2.00", "–", "–"],
        ]
        tab.reload()
        tab.get_by_role("heading", name="Removed").wait_for()
        tab.get_by_label("Filter by name or id").fill("comes")
        assert [row[0] for row in read_table(tab, "#found")] == ["A/COMES a/comes"]


def test_any_day_is_ordered_like_the_models(browser: Any, tmp_path: Path) -> None:
    """The newest first, variants folded below their base, and sorted by the head of a price."""
    old = [make_priced("a/base", "4"), make_priced("a/base:batch", "2")]
    snapshots = [build_snapshot(old), build_snapshot([*old, make_priced("a/new", "1")])]
    build_site(write_archive(tmp_path / "archive", *snapshots, apart=48 * HOUR), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["days"])

        def list_ids() -> list[str]:
            tab.locator("#found tbody tr").first.wait_for()
            return [
                cell.inner_text() for cell in tab.locator("#found tbody th bdi").all() if cell.is_visible()
            ]

        assert list_ids() == ["a/new", "a/base"]
        tab.get_by_role("button", name="+1").click()
        assert list_ids() == ["a/new", "a/base", "a/base:batch"]
        for order, ids in (("ascending", ["a/new", "a/base"]), ("descending", ["a/base", "a/new"])):
            tab.get_by_role("button", name="Input", exact=True).click()
            assert tab.locator("#found th[aria-sort]").get_attribute("aria-sort") == order
            assert [name for name in list_ids() if name != "a/base:batch"] == ids


def test_a_comparison_on_a_day(browser: Any, days_address: str) -> None:
    """Of a gone model the last price counts, never as the cheapest; a price of nobody gives way."""
    with open_page(browser, days_address) as tab:

        def compare(day: str) -> list[list[str]]:
            query = f"?m=a/stays&m=a/comes&m=a/leaves&in=1M&cached=0&out=0&on={day}"
            tab.goto(f"{days_address}{PAGE_PATHS['compare']}{query}")
            return [row[:2] for row in read_table(tab, "#compared")]

        names = {name: f"{name.upper()} {name}" for name in ("a/stays", "a/comes", "a/leaves")}
        assert compare("") == [
            [names["a/stays"], "$2.40 cheapest\nat s"],
            [names["a/comes"], "$3.00\nat q"],
            [names["a/leaves"], "$4.00\nits last price"],
        ]
        assert compare("2026-06-01") == [
            [names["a/stays"], "$1.00 cheapest"],
            [names["a/leaves"], "$4.00"],
            [names["a/comes"], "n/a\nnot listed then"],
        ]
        compare("2020-01-01")
        assert tab.get_by_text("The record goes from 1 Jun 2026 to 5 Jun 2026.").is_visible()


def test_trends_and_gone_models_are_a_press_away(browser: Any, address: str) -> None:
    """The trend of a class stands first among prices; a filter finds what is gone, whatever year it went."""
    with open_page(browser, address) as tab:
        tab.goto(address)
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Prices").click()
        assert tab.get_by_role(
            "table", name="Median price per million tokens, by ability", exact=True
        ).is_visible()
        tab.get_by_text("By price class", exact=True).click()
        table = tab.get_by_role("table", name="Median price per million tokens, by price class", exact=True)
        assert table.is_visible()
        assert tab.locator("#trend-ability:visible").count() == 0
        tab.goto(address + PAGE_PATHS["graveyard"])
        rows = tab.locator("#graves tbody tr:visible")
        tab.get_by_text(re.compile(r"^\d+ of \d+$")).wait_for()
        name = rows.first.locator("th a").inner_text()
        tab.get_by_label("Filter by name, id or replacement").fill(name)
        assert rows.first.locator("th a").inner_text() == name
        assert f"q={name[:3]}" in tab.url
        tab.get_by_label("Filter by name, id or replacement").fill("no such model")
        tab.get_by_text(re.compile("^0 of")).wait_for()
        assert rows.count() == 0


def test_a_date_that_has_passed_for_the_reader_comes_last(browser: Any, tmp_path: Path) -> None:
    dates = {"a/first": "2026-06-03", "a/second": "2026-06-20"}
    models = [{"id": key, "name": key, "expiration_date": date} for key, date in dates.items()]
    build_site(write_archive(tmp_path / "archive", build_snapshot(models)), tmp_path / "site")
    with serve_site(tmp_path / "site") as address:
        for now, ids in (("2026-06-02", ["a/first", "a/second"]), ("2026-06-05", ["a/second", "a/first"])):
            with open_page(browser, address, is_alone=True) as tab:
                tab.clock.set_fixed_time(now)
                tab.goto(address)
                tab.locator("#age", has_text="ago").wait_for()
                texts = tab.locator(".short li:has(.due)").all_inner_texts()
                assert sorted(ids, key="".join(texts).index) == ids
                assert "passed" in texts[1] or now == "2026-06-02"
