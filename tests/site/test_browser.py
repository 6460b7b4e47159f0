"""The site in a real browser: it works by mouse, by keyboard, on a phone, in the dark and without script."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from orarchive.publish.pages import model_path
from orarchive.timestamps import HOUR
from tests.support.browser import (
    HOSTILE,
    build_site,
    open_chromium,
    build_snapshot,
    build_many_models,
    open_page,
    copy_sample_archive,
    serve_site,
    find_violations,
    write_archive,
)

pytestmark = pytest.mark.browser

KINDS = {
    "home": "index.html",
    "models": "models/index.html",
    "model": model_path("deepseek/deepseek-v4-pro"),
    "kept": model_path("z-ai/glm-5.1"),
    "alias": model_path("~openai/gpt-latest"),
    "router": model_path("openrouter/auto"),
    "orphaned": model_path("deepcogito/cogito-v2.1-671b"),
    "variant": model_path("google/gemma-4-31b-it:free"),
    "hostile": model_path(HOSTILE),
    "gone": "models/gone/index.html",
    "labs": "labs/index.html",
    "lab": "labs/openai/index.html",
    "providers": "providers/index.html",
    "provider": "providers/deepinfra/index.html",
    "prices": "prices/index.html",
    "rankings": "rankings/index.html",
    "category": "rankings/marketing/seo/index.html",
    "compare": "compare/index.html",
    "changes": "changes/index.html",
    "month": "changes/2026-06/index.html",
    "graveyard": "graveyard/index.html",
    "status": "status/index.html",
    "data": "data/index.html",
    "about": "about/index.html",
    "patterns": "patterns/index.html",
    "error": "404.html",
}


SHIFTS = """new Promise(done => {
  new PerformanceObserver(list => done(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(0), 300);
})"""
"""How far things jumped while the page came."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_chromium() as found:
        yield found


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    build_site(copy_sample_archive(folder / "archive"), folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def address(browser: Any, out: Path) -> Iterator[str]:
    with serve_site(out) as found:
        yield found


def names(found: Any) -> list[str]:
    """The models of the rows that can be seen."""
    texts: list[str] = found.locator("#models tbody tr:visible th a").all_inner_texts()
    return texts


def column(found: Any, n: int) -> list[str]:
    """The texts of a column."""
    texts: list[str] = found.locator(f"#models tbody tr:visible > :nth-child({n})").all_inner_texts()
    return texts


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_everyone_can_use_it(browser: Any, address: str, kind: str, scheme: str) -> None:
    with open_page(browser, address, color_scheme=scheme) as found:
        found.goto(address + KINDS[kind])
        assert find_violations(found) == ""


@pytest.mark.parametrize("width", [320, 375, 768])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_runs_off_a_phone(browser: Any, address: str, kind: str, width: int) -> None:
    with open_page(browser, address, width=width, height=700) as found:
        found.goto(address + KINDS[kind])
        assert found.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "first"), [(320, None), (375, 420), (1280, 300)])
def test_the_price_stands_beside_the_name(browser: Any, address: str, width: int, first: int | None) -> None:
    with open_page(browser, address, width=width, height=700) as found:
        found.goto(address + KINDS["models"])
        row = found.locator("#models tbody tr", has_text="anthropic/claude-haiku-4.5")
        name, price_in, price_out = (row.locator(f"> :nth-child({n})").bounding_box() for n in (1, 4, 5))
        assert row.locator("> :nth-child(4)").inner_text() == "$1.00"
        assert abs(name["y"] - price_in["y"]) < 2
        assert name["x"] + name["width"] <= price_in["x"] + 1
        assert price_out["x"] + price_out["width"] <= width
        if first:
            assert found.locator("#models tbody tr").first.bounding_box()["y"] <= first


def test_sorting_by_mouse(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        before = names(found)
        button = found.get_by_role("button", name="$/M in")
        cell = found.locator("th", has=button)
        for way, turned in (("ascending", False), ("descending", True)):
            button.click()
            assert cell.get_attribute("aria-sort") == way
            texts = column(found, 4)
            prices = [
                Decimal(0) if text == "free" else Decimal(text[1:]) for text in texts if text[0] in "$f"
            ]
            assert prices == sorted(prices, reverse=turned)
            blank = [text for text in texts if text[0] not in "$f"]
            assert blank
            assert texts[-len(blank) :] == blank, "blanks are last in both directions"
        button.click()
        assert cell.get_attribute("aria-sort") is None
        assert names(found) == before


def test_sorting_by_state(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        found.get_by_role("button", name="State").click()
        states = column(found, 6)
        assert states[-1] == "live"
        assert states.index("orphaned") < states.index("alias") < states.index("live")


def test_sorting_by_keyboard(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        found.keyboard.press("Tab")
        found.keyboard.press("Enter")  # skips to the content
        for _ in range(9):
            found.keyboard.press("Tab")
            if found.evaluate("document.activeElement.dataset.key") == "context":
                break
        found.keyboard.press("Enter")
        assert column(found, 3)[0] == "2M"
        found.keyboard.press("Space")
        assert column(found, 3)[0] != "2M"
        assert found.evaluate("document.activeElement.dataset.key") == "context"


def test_filtering_and_the_address(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        total = len(names(found))
        count = found.locator("#count")
        assert count.inner_text() == f"{total} of {total}"
        found.get_by_label("Filter by name or id").fill("CLAUDE 4.5")
        assert count.inner_text() == f"{len(names(found))} of {total}"
        assert 0 < len(names(found)) < 6
        found.get_by_role("button", name="Model").click()
        found.locator("select[name=lab]").select_option("anthropic")
        expected = names(found)
        chosen = dict(parse_qsl(urlsplit(found.url).query))
        assert chosen == {"q": "CLAUDE 4.5", "lab": "anthropic", "sort": "name", "dir": "asc"}
        found.reload()
        assert names(found) == expected
        assert found.get_by_label("Filter by name or id").input_value() == "CLAUDE 4.5"
        found.get_by_label("Filter by name or id").fill("no such model")
        found.get_by_role("button", name="Show all").click()
        assert len(names(found)) == total
        found.get_by_label("free", exact=True).check()
        assert set(column(found, 4)) == {"free"}
        found.get_by_label("free", exact=True).uncheck()
        found.locator("select[name=state]").select_option("orphaned")
        assert set(column(found, 6)) == {"orphaned"}


def test_an_address_may_say_anything(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        for query in (
            "?sort=<b>&dir=x&lab=nobody&state=&free=9",
            "?q=%00<script>alert(1)</script>",
            "?lab=%ff&sort=in",
        ):
            found.goto(address + KINDS["models"] + query)
            assert "of" in found.locator("#count").inner_text()


def test_a_hostile_description_is_harmless(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["hostile"])
        text = found.locator(".prose").inner_text()
        assert "<script>alert(" in text
        assert found.locator(".prose :not(p, a, code, em, strong, br)").count() == 0
        found.locator("summary").click()
        assert "<script>" in found.locator("pre").inner_text()


def test_copying_an_id(browser: Any, address: str) -> None:
    with open_page(browser, address, permissions=["clipboard-read", "clipboard-write"]) as found:
        found.goto(address + KINDS["model"])
        found.get_by_role("button", name="Copy").click()
        found.get_by_role("button", name="Copied").wait_for()
        assert found.evaluate("navigator.clipboard.readText()") == "deepseek/deepseek-v4-pro"


@pytest.mark.parametrize("kind", KINDS)
def test_without_script(browser: Any, address: str, kind: str) -> None:
    with open_page(browser, address, java_script_enabled=False) as found:
        found.goto(address + KINDS[kind])
        assert found.locator("h1").is_visible()
        assert found.locator(".script:visible").count() == 0
        assert found.locator("main button:visible").count() == 0
        if kind == "models":
            assert len(names(found)) > 60
            found.get_by_role("link", name="Anthropic: Claude Haiku 4.5").click()
            assert found.locator("#endpoints tbody tr").count() > 1


def test_without_a_server(browser: Any, out: Path) -> None:
    with open_page(browser, "file://") as found:
        found.goto((out / "index.html").as_uri())
        assert found.evaluate("getComputedStyle(document.querySelector('.top .wide')).display") == "flex"
        found.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
        found.get_by_label("Filter by name or id").fill("haiku")
        found.locator("#models tbody tr:visible a").click()
        assert found.locator("h1").inner_text() == "Anthropic: Claude Haiku 4.5"
        found.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="anthropic").click()
        found.wait_for_url("**/labs/anthropic/index.html")
        assert len(names(found)) > 4


def test_a_big_list_answers_at_once(browser: Any, tmp_path: Path) -> None:
    build_site(write_archive(tmp_path / "archive", build_many_models(420)), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as found:
        requests: list[str] = []
        found.on("request", lambda request: requests.append(request.url))
        found.goto(address + KINDS["models"])
        assert len(requests) <= 3
        assert found.evaluate(SHIFTS) == 0
        found.get_by_label("Filter by name or id").fill("claude")
        assert found.locator("#count").inner_text().endswith(" of 420")


def test_searching_living_and_dead(browser: Any, address: str) -> None:
    """Ctrl-K opens it, arrows choose, Enter goes there, Escape closes; what it needs is fetched then."""
    with open_page(browser, address) as found:
        asked: list[str] = []
        found.on("request", lambda request: asked.append(request.url))
        found.goto(address + KINDS["about"])
        assert not any("search.json" in url for url in asked)
        found.keyboard.press("Control+k")
        box = found.get_by_role("combobox", name="Search all models there ever were")
        box.fill("haiku 4.5")
        first = found.get_by_role("option").first
        assert first.get_attribute("aria-selected") == "true"
        assert "anthropic/claude-haiku-4.5" in first.inner_text()
        found.keyboard.press("Escape")
        assert not box.is_visible()
        found.get_by_role("button", name="Search").click()
        box.fill("claude")
        found.keyboard.press("ArrowDown")
        second = found.get_by_role("option").nth(1)
        assert box.get_attribute("aria-activedescendant") == second.get_attribute("id")
        target = second.locator("code").inner_text()
        found.keyboard.press("Enter")
        found.wait_for_url(f"**/{model_path(target)}")
        found.keyboard.press("Control+k")
        found.get_by_role("combobox").fill("no such model")
        found.get_by_text("Nothing found").wait_for()


def test_comparing(browser: Any, address: str) -> None:
    """Cost of a use, now and on a date; the address says all of it."""
    with open_page(browser, address) as found:
        found.goto(f"{address}{KINDS['compare']}?m=anthropic/claude-haiku-4.5&in=2000000&out=1000000")
        table = found.locator("#compared table")
        table.wait_for()
        rows = dict(re.findall(r"(\w[\w ]*)\t(.*)", table.inner_text()))
        assert rows["Input"] == "$1.00 per M"
        assert rows["Output"] == "$5.00 per M"
        assert rows["This use"] == "$7.00"
        found.locator("[name=m]").nth(1).fill("openrouter/auto")
        found.locator("[name=cached]").fill("1000000")
        found.locator("[name=cached]").press("Tab")
        table.locator("thead th").nth(1).wait_for()
        assert "not computable" in table.inner_text()
        chosen = parse_qsl(urlsplit(found.url).query)
        assert ("m", "openrouter/auto") in chosen
        assert ("cached", "1000000") in chosen
        found.locator("[name=on]").fill("2026-05-01")
        found.locator("[name=on]").press("Tab")
        table.locator("tr", has_text="Input").get_by_text("not seen yet").first.wait_for()


def test_comparing_says_what_it_does_not_know(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(f"{address}{KINDS['compare']}?m=nobody/nothing")
        found.get_by_text("Never listed: nobody/nothing").wait_for()


def test_comparing_tells_apart_what_is_not_there(browser: Any, tmp_path: Path) -> None:
    """A day that nobody looked on, one before the record, a model that came later, a price by the clock."""
    clock = [
        {"utc_start": 0, "utc_end": 800, "prompt": "0.000001"},
        {"utc_start": 800, "utc_end": 0, "prompt": "0.000002"},
    ]
    first = {"id": "a/b", "pricing": {"prompt": "0.0000015415", "completion": "0.000002"}}
    by_clock = {"id": "a/c", "pricing": {"prompt": "0.000001", "completion": "0.000002", "overrides": clock}}
    hours = build_snapshot([first]), build_snapshot([first, by_clock])
    build_site(write_archive(tmp_path / "archive", *hours, apart=96 * HOUR), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as found:

        def asked(day: str) -> tuple[dict[str, str], str]:
            found.goto(f"{address}{KINDS['compare']}?m=a/b&m=a/c&in=1000000&out=0&on={day}")
            table = found.locator("#compared table")
            table.wait_for()
            return dict(re.findall(r"(\w[\w ]*)\t(.*)", table.inner_text())), table.inner_text()

        now, _ = asked("")
        assert now["Input"] == "$1.5415 per M\t$1.00 to $2.00 per M"
        assert now["This use"] == "$1.54\t$1.00 to $2.00"
        begun, _ = asked("2026-06-01")
        assert begun["Input"] == "$1.5415 per M\tnot seen yet"
        unseen, words = asked("2026-06-03")
        assert unseen["Input"] == "not known\tnot seen yet"
        assert "No data for 2026-06-03" in words
        outside, words = asked("2020-01-01")
        assert outside["Input"] == "not seen yet\tnot seen yet"
        assert "The record goes from 2026-06-01 to 2026-06-05" in words


def test_a_day_without_a_look_is_an_empty_box(browser: Any, tmp_path: Path) -> None:
    """Not one that looks like a day with many."""
    archive = write_archive(tmp_path / "archive", build_snapshot([{"id": "a/b"}]))
    build_site(archive, tmp_path / "site", "--as-of", "2026-06-03T00Z")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as found:
        found.goto(address + KINDS["status"])
        colour = "cell => getComputedStyle(cell).backgroundColor"
        colours = [found.locator(f".calendar td.{one}").first.evaluate(colour) for one in ("h0", "h1")]
        assert colours[0] == "rgba(0, 0, 0, 0)" != colours[1]


def test_choosing_kinds_of_changes(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["changes"])
        lines = found.locator("[data-topic]:visible")
        total = lines.count()
        for name in ("models", "endpoints", "limits and abilities", "expiry", "other"):
            found.get_by_label(name, exact=True).uncheck()
        assert 0 < lines.count() < total
        assert {one.get_attribute("data-topic") for one in lines.all()} == {"price"}
        assert "only=price" in found.url
        found.reload()
        assert {one.get_attribute("data-topic") for one in lines.all()} == {"price"}


def test_the_gone_join_the_list_on_demand(browser: Any, tmp_path: Path) -> None:
    """Their rows come from their own page, with links that hold."""
    hours = build_snapshot([{"id": "a/gone", "name": "Gone"}, {"id": "a/b"}]), build_snapshot([{"id": "a/b"}])
    build_site(write_archive(tmp_path / "archive", *hours), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        assert names(found) == ["a/b"]
        found.locator("summary", has_text="More filters").click()
        found.get_by_label("also the 1 that are gone").check()
        found.locator("#models tbody tr").nth(1).wait_for()
        assert sorted(names(found)) == ["Gone", "a/b"]
        assert "gone=1" in found.url
        found.get_by_label("also the 1 that are gone").uncheck()
        found.get_by_role("button", name="$/M in").click()
        assert names(found) == ["a/b"]
        assert found.locator("#count").inner_text() == "1 of 1"
        found.get_by_label("also the 1 that are gone").check()
        found.get_by_label("Filter by name or id").fill("no such model")
        found.get_by_role("button", name="Show all").click()
        assert names(found) == ["a/b"]
        assert "gone" not in found.url
        found.get_by_label("also the 1 that are gone").check()
        found.locator("#models a", has_text="Gone").click()
        found.wait_for_url(f"**/{model_path('a/gone')}")
        assert found.get_by_text("It is not listed.").is_visible()


def test_the_footer_says_how_old_this_is(browser: Any, address: str) -> None:
    """By the reader's clock: a site that has stopped says so by itself."""
    with open_page(browser, address) as found:
        found.goto(address + KINDS["about"])
        found.locator("#asof").scroll_into_view_if_needed()
        found.get_by_text("days ago").wait_for()
        assert "stale" in found.locator("#asof").get_attribute("class")


def test_on_paper_there_is_nothing_to_press(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["models"])
        found.emulate_media(media="print")
        assert found.locator("button:visible", has_text="Search").count() == 0
        assert found.locator("#filter").is_hidden()
        assert found.get_by_role("navigation", name="Site").is_hidden()
        assert len(names(found)) > 60


def test_questions_of_a_newcomer(browser: Any, address: str) -> None:
    """Each is answered within two clicks from home."""
    with open_page(browser, address) as found:
        found.goto(address)
        found.get_by_role("button", name="Search").click()
        found.get_by_role("combobox").fill("deepseek v4 pro")
        found.get_by_role("option").first.click()
        found.wait_for_url(f"**/{KINDS['model']}")
        offers = [row.inner_text().split("\t") for row in found.locator("#endpoints tbody tr").all()]
        able = [
            offer
            for offer in offers
            if "tools" in offer[6] and (offer[4].endswith("M") or int(offer[4].removesuffix("K")) >= 128)
        ]
        prices = [Decimal(offer[1].split("\n")[0].removeprefix("$")) for offer in able]
        assert prices == sorted(prices), "the first that will do is the cheapest"
        assert able[0][0].split("\n")[0]

        found.goto(address)
        found.get_by_role("navigation", name="Site").get_by_role("link", name="Prices").click()
        cuts = found.get_by_role("region", name="Biggest cuts in 30 days")
        moves = cuts.locator("tbody .move").all_inner_texts()
        assert moves
        assert all("→" in move and "−" in move for move in moves)

        found.goto(address)
        soon = found.get_by_role("region", name="Expiring soon")
        dates = soon.locator("time").all_inner_texts()
        assert dates
        assert dates == sorted(dates)


def test_from_a_sub_path(browser: Any, out: Path) -> None:
    """As on GitHub Pages, below the repository's name."""
    with serve_site(out.parent) as top, open_page(browser, f"{top}{out.name}/") as found:
        found.goto(f"{top}{out.name}/")
        found.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
        found.get_by_label("Filter by name or id").fill("haiku 4.5")
        found.locator("#models tbody tr:visible a").first.click()
        found.locator("#endpoints tbody a").first.click()
        found.locator("#serves tbody a").first.click()
        found.get_by_role("link", name="Compare").first.click()
        found.wait_for_url("**/compare/index.html")
        found.wait_for_load_state("domcontentloaded")
        found.keyboard.press("Control+k")
        found.get_by_role("combobox", name="Search all models there ever were").fill("haiku 4.5")
        found.keyboard.press("Enter")
        found.wait_for_url(f"**/{out.name}/{model_path('anthropic/claude-haiku-4.5')}")
        found.locator("#asof").scroll_into_view_if_needed()
        found.get_by_text("days ago").wait_for()


REACHED = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.tabIndex >= 0)"""
"""What the keyboard should reach, in order."""


@pytest.mark.parametrize("kind", KINDS)
def test_by_keyboard_alone(browser: Any, address: str, kind: str) -> None:
    """Tab goes through what can be pressed, in the order of the page; one sees where one is; no way ends."""
    with open_page(browser, address) as found:
        found.goto(address + KINDS[kind])
        count = found.evaluate(f"({REACHED})().length")
        for n in range(min(count, 40)):
            found.keyboard.press("Tab")
            for _ in range(3):  # a date has parts
                if n and found.evaluate(f"({REACHED})()[{n - 1}] === document.activeElement"):
                    found.keyboard.press("Tab")
            at, outline = found.evaluate(
                f"[({REACHED})().indexOf(document.activeElement),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            assert (at, outline) == (n, "solid")
        found.evaluate(f"({REACHED})().at(-1).focus()")
        found.keyboard.press("Shift+Tab")
        assert found.evaluate(f"({REACHED})().indexOf(document.activeElement)") == count - 2


def test_a_chart_says_what_one_points_at(browser: Any, address: str) -> None:
    with open_page(browser, address) as found:
        found.goto(address + KINDS["patterns"])
        chart = found.locator(".chart").first
        said = chart.locator("g text")
        assert said.count() > 1
        assert not any(one.is_visible() for one in said.all())
        box = chart.locator("svg").bounding_box()
        chart.scroll_into_view_if_needed()
        chart.locator("svg").hover(position={"x": 12, "y": box["height"] / 2})
        assert [one.is_visible() for one in said.all()] == [True] + [False] * (said.count() - 1)
        assert re.fullmatch(r"\S+ from \S+( to \S+)?", said.first.text_content())


def test_what_only_the_gone_have_brings_them(browser: Any, tmp_path: Path) -> None:
    """Choosing a state or a lab that no listed model has joins the gone to the list."""
    hours = build_snapshot([{"id": "a/gone", "name": "Gone"}, {"id": "b/c"}]), build_snapshot([{"id": "b/c"}])
    build_site(write_archive(tmp_path / "archive", *hours), tmp_path / "site")
    with serve_site(tmp_path / "site") as address, open_page(browser, address) as found:
        for name, value in (("state", "missing"), ("lab", "a")):
            found.goto(address + KINDS["models"])
            found.locator(f"select[name={name}]").select_option(value)
            found.get_by_role("link", name="Gone").wait_for()
            assert names(found) == ["Gone"]
            found.reload()
            found.get_by_role("link", name="Gone").wait_for()
            assert names(found) == ["Gone"]


def test_the_ranking_of_one_lab(browser: Any, address: str) -> None:
    """The address keeps which; those below the first twenty unfold."""
    with open_page(browser, address) as found:
        found.goto(address + KINDS["rankings"])
        assert found.locator("#week [data-lab], #others [data-lab]").count() == 50
        assert found.locator("#day [data-lab], #month [data-lab]").count() == 20
        found.locator("#lab-filter").select_option("google")
        shown = found.locator("[data-lab]:visible th").all_inner_texts()
        assert 1 < len(shown) < 50
        assert all(name.startswith("google/") for name in shown)
        assert "lab=google" in found.url
        found.reload()
        assert found.locator("[data-lab]:visible th").all_inner_texts() == shown
        found.locator("#lab-filter").select_option("all labs")
        assert found.locator("#week [data-lab]:visible").count() == 20


def test_a_site_that_stopped_says_so(browser: Any, address: str) -> None:
    """On the status page, by the reader's clock; seen to fail without the line in common.js."""
    with open_page(browser, address) as found:
        found.goto(address + KINDS["status"])
        last = found.request.get(f"{address}api/v1/status.json").json()["last_complete"]
        assert last < "2026-06-20T13", "the last hour of all was read in part"
        found.get_by_text(f"Nothing was read completely since {last[:13]}Z").wait_for()
        assert found.get_by_text("the next hour was due at 2026-06-20T14Z").is_visible()
