"""Lists in a real browser: sorting, filtering, and addresses that hold the choices."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orarchive.publish.pages import get_model_path
from tests.support.browser import (
    PAGE_PATHS,
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


MODELS_COLUMNS = 12
"""Columns of the list that a wide screen shows at first, where the archive has no ranks and no speeds."""


@pytest.fixture(scope="module")
def small_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site of an archive of two hours, in which a model came with its variants and its alias."""
    able = {
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "supported_parameters": ["tools", "structured_outputs"],
        "context_length": 200_000,
    }
    price, cheap = ({"prompt": amount, "completion": amount} for amount in ("0.000002", "0.0000005"))
    dear = {"id": "b/dear", "name": "Dear", **able, "created": 1}
    plain = {"id": "b/plain", "name": "Plain", "created": 200_000, "pricing": cheap}
    gone = {"id": "c/gone", "name": "Lab: Gone", "created": 1, "pricing": cheap}
    cached = {**cheap, "input_cache_read": "0.0000001"}
    base = {"id": "a/base", "name": "Base", **able, "created": 400_000, "pricing": cached}
    batch = {**base, "id": "a/base:batch", "name": "Base (batch)"}
    free = {**base, "id": "a/base:free", "name": "Base (free)", "pricing": {"prompt": "0", "completion": "0"}}
    alias = {**base, "id": "~a/latest", "name": "Base Latest", "alias_target": {"slug": "a/base"}}
    first = {**dear, "pricing": {**price, "prompt": "0.000004"}}
    hours = [first, plain, gone], [{**dear, "pricing": price}, plain, base, batch, free, alias]
    folder = tmp_path_factory.mktemp("small")
    build_site(write_archive(folder / "archive", *map(build_snapshot, hours)), folder / "site")
    with serve_site(folder / "site") as address:
        yield address


def choose(tab: Any, address: str, *names: str) -> list[str]:
    """Press presets and chips of the list of models, coming from home; return the models that are shown."""
    tab.goto(address)
    with tab.expect_navigation():
        tab.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
    for name in names:
        if name in ("JSON schema", "Vision", "Tools"):
            tab.locator(".chips label", has_text=name).click()
        else:
            tab.locator(".presets").get_by_role("link", name=name, exact=True).click()
    return list_names(tab)


def test_what_people_look_for_is_a_press_away(browser: Any, small_address: str) -> None:
    with open_page(browser, small_address) as tab:
        assert choose(tab, small_address) == ["Base", "Plain", "Dear"], "the newest first, variants folded"
        assert choose(tab, small_address, "New this week") == ["Base"], "neither a variant nor an alias"
        assert choose(tab, small_address, "Free") == ["Base (free)"]
        tab.go_back()
        assert list_names(tab) == ["Base", "Plain", "Dear"]
        assert choose(tab, small_address, "Vision under $1", "JSON schema") == ["Base"]
        assert choose(tab, small_address, "Vision", "Tools") == ["Base", "Dear"]
        counts = dict(text.rsplit(" ", 1) for text in tab.locator(".chips label").all_inner_texts())
        assert counts["Vision"] == counts["Tools"] == "2", "a count is what pressing the chip would leave"
        assert counts["≤ $1 in"] == "1"


def test_taking_what_is_shown(browser: Any, small_address: str) -> None:
    """Save the rows as a file."""
    with open_page(browser, small_address) as tab:
        shown = choose(tab, small_address, "Vision")
        tab.get_by_role("button", name="Output", exact=True).click()
        with tab.expect_download() as download:
            tab.get_by_role("button", name="CSV").click()
        rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
        assert [row["name"] for row in rows] == list_names(tab) == shown == ["Base", "Dear"]
        assert [(row["in"], row["out"], row["inputs"]) for row in rows] == [
            ("0.5", "0.5", "image"),
            ("2", "2", "image"),
        ]
        assert rows[0]["released"] == "1970-01-05"


def test_variants_are_folded(browser: Any, small_address: str) -> None:
    with open_page(browser, small_address) as tab:
        tab.goto(small_address + PAGE_PATHS["models"])
        tab.get_by_role("button", name="+3").click()
        unfolded = ["Base", "Base (batch)", "Base (free)", "Base Latest", "Plain", "Dear"]
        assert list_names(tab) == unfolded
        tab.get_by_role("button", name="Input", exact=True).click()
        tab.get_by_role("button", name="Input", exact=True).click()
        assert list_names(tab) == ["Dear", *unfolded[:4], "Plain"], "they stay below their base"
        tab.get_by_role("button", name="+3").click()
        assert list_names(tab) == ["Dear", "Base", "Plain"]
        tab.get_by_label("Filter by name or id").fill("batch")
        assert list_names(tab) == ["Base (batch)"], "what is asked for by name is shown"
        tab.get_by_label("Filter by name or id").fill("")
        tab.locator("select[name=variants]").select_option("each")
        assert len(list_names(tab)) == 6
        tab.get_by_label("Compare a/base:free").check()
        tab.get_by_label("Compare b/dear").check()
        assert (
            tab.get_by_role("link", name="Compare 2")
            .get_attribute("href")
            .endswith("?m=b%2Fdear&m=a%2Fbase%3Afree")
        )


def test_the_cost_of_a_month(browser: Any, small_address: str) -> None:
    with open_page(browser, small_address) as tab:
        tab.goto(small_address + PAGE_PATHS["models"] + "?variants=each")
        assert tab.get_by_role("columnheader", name="A month").count() == 0
        tab.get_by_text("Cost a month", exact=True).click()
        for label, amount in (
            ("Input, M tokens", "10"),
            ("Output, M tokens", "2"),
            ("of which cached", "5"),
        ):
            tab.get_by_label(label).fill(amount)
        costs = dict(zip(list_names(tab), list_column(tab, "month"), strict=True))
        # 5 M at $0.50, 5 M at $0.10 from the cache and 2 M at $0.50; Dear has no price for the cache.
        assert costs == {
            "Base": "$4.00",
            "Base (batch)": "$4.00",
            "Base (free)": "$0.00",
            "Base Latest": "–",
            "Plain": "$6.00",
            "Dear": "$24.00",
        }
        tab.get_by_label("Input, M tokens").fill("10000")
        assert list_column(tab, "month")[0] == "$4,999.00"
        tab.get_by_label("Input, M tokens").fill("10")
        tab.reload()
        assert list_column(tab, "month")[0] == "$4.00"
        address = tab.url
    with open_page(browser, small_address, width=375) as tab:
        tab.goto(address)
        heads = tab.locator("#models thead th:visible").all_inner_texts()
        assert heads == ["Model", "Input", "Output", "A month"], "the cost has the room of the context"


def test_a_price_is_that_of_a_provider_with_what_is_chosen(browser: Any, tmp_path: Path) -> None:
    """All prices of a row and the cost of a month are those of one provider that has all that is chosen."""

    def make_endpoint(tag: str, amount: str, *parameters: str) -> dict[str, Any]:
        prices = {"prompt": amount, "completion": amount, "input_cache_read": amount}
        common = {"tag": tag, "provider_name": tag.title(), "context_length": 128_000}
        return {**common, "pricing": prices, "supported_parameters": parameters}

    listed = {
        "pricing": {"prompt": "0.000009", "completion": "0.000009"},
        "supported_parameters": ["tools", "structured_outputs", "seed"],
        "context_length": 128_000,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
    }
    names = ("One", "Two", "Three", "Four")
    models = [{"id": f"a/{name.lower()}", "name": name, "created": 1, **listed} for name in names]
    able = ("tools", "structured_outputs")
    halves = [make_endpoint(f"with-{parameter}", "0.000005", parameter) for parameter in able]
    endpoints = {
        "a/one": [make_endpoint("bare", "0.000001"), make_endpoint("able", "0.000003", *able)],
        "a/two": [make_endpoint("able", "0.000002", *able), make_endpoint("dear", "0.000004", *able)],
        "a/three": halves,
        "a/four": [make_endpoint("none", "0.000007")],
    }
    snapshot = build_snapshot(models, endpoints)
    kept = {"model_id": "a/one", "tag": "able"}
    snapshot["zdr"] = {("a/one", "able", 0): kept}
    archive = write_archive(tmp_path / "archive", snapshot)
    build_site(archive, tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as tab:

        def read_after(*names: str) -> list[tuple[str, str]]:
            for name in names:
                tab.locator(".chips label", has_text=name).click()
            return list(zip(list_names(tab), list_column(tab, "blended"), strict=True))

        tab.goto(address + PAGE_PATHS["models"] + "?sort=blended&use=1,0,1")
        assert read_after() == [("One", "$1.00"), ("Two", "$2.00"), ("Three", "$5.00"), ("Four", "$7.00")]
        assert list_column(tab, "month") == ["$2.00", "$4.00", "$10.00", "$14.00"]
        supports = [*map(str.split, list_column(tab, "abilities"))]
        assert supports == [["toolsJSON"]] * 3 + [[]], "no provider of Four has what the list of models says"
        assert read_after("Tools") == [("Two", "$2.00"), ("One", "$3.00"), ("Three", "$5.00")]
        assert list_column(tab, "month") == ["$4.00", "$6.00", "$10.00"]
        assert read_after("JSON schema") == [("Two", "$2.00"), ("One", "$3.00")], "none of Three has both"
        assert [list_column(tab, key) for key in ("in", "out", "cache_read")] == [["$2.00", "$3.00"]] * 3
        titles = [cell.get_attribute("title") for cell in tab.get_by_text("$3.00", exact=True).all()]
        assert titles == ["Able"] * 4
        tab.get_by_label("Compare a/one").check()
        query = parse_qsl(urlsplit(tab.locator("#compare").get_attribute("href")).query)
        assert query == [("m", "a/one"), ("in", "1M"), ("cached", "0M"), ("out", "1M")]
        assert read_after("Tools", "JSON schema", "Zero retention") == [("One", "$3.00")]
        tab.get_by_text("Cost a month", exact=True).click()
        tab.get_by_label("Input, M tokens").fill("2")
        tab.wait_for_url("**sort=month*")  # what was sorted by price


def test_choosing_columns(browser: Any, small_address: str) -> None:
    with open_page(browser, small_address) as tab:
        tab.goto(small_address + PAGE_PATHS["models"])
        heads = tab.get_by_role("columnheader")
        usual = heads.all_inner_texts()
        assert "30 days" in usual
        assert not {"Rank", "Tokens/s", "Uptime", "Providers"} & {*usual}, "nothing fills them"
        assert list_column(tab, "spark") == ["", "", "−50%"]
        tab.get_by_text("Columns", exact=True).click()
        tab.get_by_label("Blended").uncheck()
        assert len(heads.all_inner_texts()) == len(usual) - 1
        tab.goto(small_address + PAGE_PATHS["models"])
        assert "Blended" not in heads.all_inner_texts(), "the browser remembers"
        tab.get_by_text("Columns", exact=True).click()
        tab.get_by_role("button", name="Reset columns").click()
        assert heads.all_inner_texts() == usual


def test_the_gone_are_filtered(browser: Any, small_address: str) -> None:
    with open_page(browser, small_address) as tab:
        tab.goto(small_address + PAGE_PATHS["gone"])
        assert list_names(tab) == ["Gone"]
        tab.get_by_label("Filter by name or id").fill("no such model")
        tab.get_by_role("button", name="Show all").click()
        tab.get_by_role("link", name="Gone", exact=True).click()
        tab.wait_for_url(f"**/{get_model_path('c/gone')}")
        assert tab.get_by_text("It is not listed.").is_visible()


@pytest.mark.parametrize(("width", "first"), [(320, 490), (375, 440), (1280, 250)])
def test_the_prices_stand_by_the_name(browser: Any, address: str, width: int, first: int) -> None:
    with open_page(browser, address, width=width, height=700) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        assert tab.locator("#models tbody tr:visible").first.bounding_box()["y"] <= first
        tab.get_by_label("Filter by name or id").fill("claude-haiku-4.5")
        boxes = [cell.bounding_box() for cell in tab.locator("#models tbody tr:visible > .key").all()]
        name, price_in, price_out, context = boxes
        assert list_column(tab, "in") == ["$1.00"]
        if width < 700:
            assert abs(name["y"] + name["height"] - price_in["y"]) < 2, "they stand below it"
            assert tab.locator("#models tbody tr:visible").bounding_box()["height"] <= 52
            assert tab.locator("#models tbody tr:visible").get_by_role("checkbox").is_visible()
        else:
            assert abs(name["y"] - price_in["y"]) < 2, "they stand beside it"
            assert name["x"] + name["width"] <= price_in["x"] + 1
        assert price_in["x"] + price_in["width"] <= price_out["x"] + 1
        assert context["x"] + context["width"] <= width


def test_sorting_by_mouse(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        before = list_names(tab)
        button = tab.get_by_role("button", name="Input", exact=True)
        cell = tab.locator("th", has=button)
        for way, turned in (("ascending", False), ("descending", True)):
            button.click()
            assert cell.get_attribute("aria-sort") == way
            texts = list_column(tab, "in")
            prices = [
                Decimal(0) if text == "free" else Decimal(text[1:].rstrip("+").replace(",", ""))
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


def test_the_most_used_stand_first(browser: Any, address: str) -> None:
    """Sort by the rank of use, then by the date of release."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"] + "?cols=rank,released")
        assert tab.get_by_role("columnheader").count() == 4
        ranks = [int(rank) for rank in list_column(tab, "rank") if rank != "–"]
        assert len(ranks) > 20
        assert ranks == sorted(ranks)


def test_sorting_by_keyboard(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        tab.get_by_role("button", name="30 days").or_(tab.get_by_role("button", name="Blended")).last.focus()
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.dataset.key") == "context"
        tab.keyboard.press("Enter")
        assert list_column(tab, "context")[0] == "2M"
        tab.keyboard.press("Space")
        assert list_column(tab, "context")[0] != "2M"
        assert tab.evaluate("document.activeElement.dataset.key") == "context"


def test_filtering_and_the_address(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        before, count = list_names(tab), tab.locator("#count")
        total = count.inner_text().split()[-1]
        assert count.inner_text() == f"{len(before)} of {total}"
        tab.get_by_label("Filter by name or id").fill("CLAUDE 4.5")
        assert count.inner_text() == f"{len(list_names(tab))} of {total}"
        assert 0 < len(list_names(tab)) < 6
        tab.get_by_role("button", name="Model", exact=True).click()
        tab.locator("select[name=lab]").select_option("anthropic")
        tab.locator("select[name=by]").select_option("google-vertex")
        expected = list_names(tab)
        assert expected
        chosen = dict(parse_qsl(urlsplit(tab.url).query))
        assert chosen == {
            "q": "CLAUDE 4.5",
            "lab": "anthropic",
            "by": "google-vertex",
            "sort": "name",
            "dir": "asc",
        }
        tab.reload()
        assert list_names(tab) == expected
        assert tab.get_by_label("Filter by name or id").input_value() == "CLAUDE 4.5"
        tab.get_by_label("Filter by name or id").fill("no such model")
        tab.get_by_role("button", name="Show all").click()
        assert sorted(list_names(tab)) == sorted(before)
        tab.locator(".chips label", has_text="Free").click()
        assert set(list_column(tab, "in")) == {"free"}


def test_a_misspelt_name_is_found_in_the_list(browser: Any, address: str) -> None:
    """Correct what nothing matches, as the search does, and say so."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["models"])
        tab.get_by_label("Filter by name or id").fill("cluade haku")
        tab.get_by_text("spelled similarly").wait_for()
        names = list_names(tab)
        assert names
        assert all("Haiku" in name for name in names)
        tab.get_by_label("Filter by name or id").fill("xyzzyxyzzy")
        tab.locator("#nothing").wait_for()
        assert "similarly" not in tab.locator("#count").inner_text()


def test_an_address_may_say_anything(browser: Any, address: str) -> None:
    with open_page(browser, address) as tab:
        for query in (
            "?sort=<b>&dir=x&lab=nobody&by=&variants=x&has=,x&cols=<b>,in&use=a,,-1",
            "?q=%00<script>alert(1)</script>",
            "?lab=%ff&sort=in",
        ):
            tab.goto(address + PAGE_PATHS["models"] + query)
            assert "of" in tab.locator("#count").inner_text()


def test_a_big_list_answers_at_once(browser: Any, big_site: Path) -> None:
    """Show twenty models and twelve columns on the first screen, without anything that moves."""
    with serve_site(big_site) as address, open_page(browser, address) as tab:
        requests: list[str] = []
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(address + PAGE_PATHS["models"])
        assert len(requests) <= 4
        assert tab.evaluate(SHIFTS) < 0.001, "what is drawn before it is read whole may move by a pixel"
        ends = [row.bounding_box() for row in tab.locator("#models tbody tr:visible").all()[:20]]
        assert ends[-1]["y"] + ends[-1]["height"] <= 900
        assert tab.get_by_role("columnheader").count() >= MODELS_COLUMNS
        assert tab.evaluate("document.documentElement.scrollWidth") == 1280
        tab.mouse.wheel(0, 3000)
        tab.locator("#models tbody tr").nth(40).scroll_into_view_if_needed()
        assert tab.locator("#models thead").is_visible()
        assert tab.locator("#models thead th").last.bounding_box()["y"] == 0, "the head stays"
        tab.get_by_label("Filter by name or id").fill("claude")
        assert tab.locator("#count").inner_text().endswith(" of 420")


def test_the_ranking_of_one_lab(browser: Any, address: str) -> None:
    """Keep the lab in the address, and unfold the entries below the first twenty."""
    with open_page(browser, address) as tab:
        tab.goto(address + PAGE_PATHS["rankings"])
        assert tab.locator("#week [data-lab], #others [data-lab]").count() == 50
        assert tab.locator("#day [data-lab], #month [data-lab]").count() == 20
        tab.locator("#lab-filter").select_option("google")
        names = tab.locator("[data-lab]:visible th bdi.mono").all_inner_texts()
        assert 1 < len(names) < 50
        assert all(name.startswith("google/") for name in names)
        assert "lab=google" in tab.url
        tab.reload()
        assert tab.locator("[data-lab]:visible th bdi.mono").all_inner_texts() == names
        tab.locator("#lab-filter").select_option("all labs")
        assert tab.locator("#week [data-lab]:visible").count() == 20


@pytest.mark.parametrize(
    ("page", "cell"),
    [("free", "[data-head=tools]"), ("direct", "[data-head=in]"), ("graveyard", ":last-child")],
)
def test_rows_are_cards_on_a_phone(browser: Any, address: str, page: str, cell: str) -> None:
    with open_page(browser, address, width=375) as tab:
        tab.goto(f"{address}{PAGE_PATHS[page]}")
        rows = tab.locator("main table:visible").first.locator("tbody tr")
        assert rows.count() > 1
        for row in rows.all():
            box = row.locator(f"td{cell}").bounding_box()
            assert box["x"] + box["width"] <= 375


@pytest.mark.parametrize(
    ("page", "head"),
    [
        ("labs", "Last change"),
        ("prices", "Now"),
        ("status", "of 24 h"),
        ("providers", "Cheapest for"),
        ("provider", "vs cheapest healthy"),
        ("days", "Output"),
        ("rankings", "Share"),
    ],
)
def test_a_table_shows_its_point_on_a_phone(browser: Any, address: str, page: str, head: str) -> None:
    """Leave out columns rather than scroll sideways."""
    with open_page(browser, address, width=375) as tab:
        tab.goto(f"{address}{PAGE_PATHS[page]}")
        tab.locator("table:visible").first.wait_for()
        heads = tab.locator("thead th:visible").all_inner_texts()
        assert any(head in text for text in heads), heads
        wide = tab.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
        )
        assert wide == 0
