"""The site in a real browser: it works by mouse, by keyboard, on a phone, in the dark and without script."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from browser import HOSTILE, built, chromium, many_models, sample_archive, served, written_archive

from orarchive.publish.pages import model_path

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
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    built(sample_archive(folder / "archive"), folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def address(browser: Any, out: Path) -> Iterator[str]:
    with served(out) as found:
        yield found


@contextmanager
def page(browser: Any, address: str, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Any]:
    """A page that may not complain, nor ask anybody else for anything."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text))
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on("dialog", lambda dialog: complaints.append(f"{dialog.message}{dialog.dismiss() or ''}"))
    found.on("response", lambda answer: complaints.extend([answer.url][answer.status < 400 :]))
    found.on("request", lambda request: complaints.extend([request.url][request.url.startswith(address) :]))
    yield found
    context.close()
    assert complaints == []


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
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    with page(browser, address, color_scheme=scheme) as found:
        found.goto(address + KINDS[kind])
        for details in found.locator("summary").all():
            details.click()
        results = Axe().run(found)
    assert results.violations_count == 0, results.generate_snapshot()


@pytest.mark.parametrize("width", [320, 375, 768])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_runs_off_a_phone(browser: Any, address: str, kind: str, width: int) -> None:
    with page(browser, address, width=width, height=700) as found:
        found.goto(address + KINDS[kind])
        assert found.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "first"), [(320, None), (375, 420), (1280, 300)])
def test_the_price_stands_beside_the_name(browser: Any, address: str, width: int, first: int | None) -> None:
    with page(browser, address, width=width, height=700) as found:
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
    with page(browser, address) as found:
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
    with page(browser, address) as found:
        found.goto(address + KINDS["models"])
        found.get_by_role("button", name="State").click()
        states = column(found, 6)
        assert states[-1] == "live"
        assert states.index("orphaned") < states.index("alias") < states.index("live")


def test_sorting_by_keyboard(browser: Any, address: str) -> None:
    with page(browser, address) as found:
        found.goto(address + KINDS["models"])
        for _ in range(11):
            found.keyboard.press("Tab")
            if found.evaluate("document.activeElement.dataset.key") == "context":
                break
        found.keyboard.press("Enter")
        assert column(found, 3)[0] == "2M"
        found.keyboard.press("Space")
        assert column(found, 3)[0] != "2M"
        assert found.evaluate("document.activeElement.dataset.key") == "context"


def test_filtering_and_the_address(browser: Any, address: str) -> None:
    with page(browser, address) as found:
        found.goto(address + KINDS["models"])
        total = len(names(found))
        count = found.locator("#count")
        assert count.inner_text() == f"{total} of {total}"
        found.get_by_label("Filter by name or id").fill("CLAUDE 4.5")
        assert count.inner_text() == f"{len(names(found))} of {total}"
        assert 0 < len(names(found)) < 6
        found.get_by_role("button", name="Model").click()
        found.get_by_label("Lab").select_option("anthropic")
        expected = names(found)
        assert "?q=CLAUDE+4.5&lab=anthropic&sort=name&dir=asc" in found.url
        found.reload()
        assert names(found) == expected
        assert found.get_by_label("Filter by name or id").input_value() == "CLAUDE 4.5"
        found.get_by_label("Filter by name or id").fill("no such model")
        found.get_by_role("button", name="Show all").click()
        assert len(names(found)) == total
        found.get_by_label("free").check()
        assert set(column(found, 4)) == {"free"}
        found.get_by_label("free").uncheck()
        found.get_by_label("State").select_option("orphaned")
        assert set(column(found, 6)) == {"orphaned"}


def test_an_address_may_say_anything(browser: Any, address: str) -> None:
    with page(browser, address) as found:
        for query in (
            "?sort=<b>&dir=x&lab=nobody&state=&free=9",
            "?q=%00<script>alert(1)</script>",
            "?lab=%ff&sort=in",
        ):
            found.goto(address + KINDS["models"] + query)
            assert "of" in found.locator("#count").inner_text()


def test_a_hostile_description_is_harmless(browser: Any, address: str) -> None:
    with page(browser, address) as found:
        found.goto(address + KINDS["hostile"])
        text = found.locator(".prose").inner_text()
        assert "<script>alert(" in text
        assert found.locator(".prose *").count() == 0
        found.locator("summary").click()
        assert "<script>" in found.locator("pre").inner_text()


def test_copying_an_id(browser: Any, address: str) -> None:
    with page(browser, address, permissions=["clipboard-read", "clipboard-write"]) as found:
        found.goto(address + KINDS["model"])
        found.get_by_role("button", name="Copy").click()
        found.get_by_role("button", name="Copied").wait_for()
        assert found.evaluate("navigator.clipboard.readText()") == "deepseek/deepseek-v4-pro"


@pytest.mark.parametrize("kind", KINDS)
def test_without_script(browser: Any, address: str, kind: str) -> None:
    with page(browser, address, java_script_enabled=False) as found:
        found.goto(address + KINDS[kind])
        assert found.locator("h1").is_visible()
        assert found.locator(".script:visible").count() == 0
        if kind == "models":
            assert len(names(found)) > 60
            found.get_by_role("link", name="Anthropic: Claude Haiku 4.5").click()
            assert found.locator("#endpoints tbody tr").count() > 1


def test_without_a_server(browser: Any, out: Path) -> None:
    with page(browser, "file://") as found:
        found.goto((out / "index.html").as_uri())
        assert found.evaluate("getComputedStyle(document.querySelector('.top .wide')).display") == "flex"
        found.get_by_role("navigation", name="Site").get_by_role("link", name="Models").click()
        found.get_by_label("Filter by name or id").fill("haiku")
        found.locator("#models tbody tr:visible a").click()
        assert found.locator("h1").inner_text() == "Anthropic: Claude Haiku 4.5"
        found.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="anthropic").click()
        found.wait_for_url("**/models/index.html?lab=anthropic")
        assert len(names(found)) > 4
        assert set(column(found, 2)) == {"anthropic"}


def test_a_big_list_answers_at_once(browser: Any, tmp_path: Path) -> None:
    built(written_archive(tmp_path / "archive", many_models(420)), tmp_path / "site")
    with served(tmp_path / "site") as address, page(browser, address) as found:
        requests: list[str] = []
        found.on("request", lambda request: requests.append(request.url))
        found.goto(address + KINDS["models"])
        assert len(requests) <= 3
        assert found.evaluate(SHIFTS) == 0
        found.get_by_label("Filter by name or id").fill("claude")
        assert found.locator("#count").inner_text().endswith(" of 420")
