"""A site in headless Chromium: when pages are painted, how much they shift, how fast search answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.browser import open_chromium, serve_site

WIDTHS = (1280, 375)

QUERIES = ("glm5.2", "gpt4o", "deepsek", "gemni flash", "cluade", "claude-4.5", "deepinfra", "no such model")
"""What is typed into the search box, key by key."""

SETTLE_MS = 400

OBSERVE = """
window.paints = []; window.shifts = [];
new PerformanceObserver((list) => paints.push(...list.getEntries().map((entry) => entry.startTime)))
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((entry) => entry.value)))
  .observe({ type: "layout-shift", buffered: true });
"""

TYPE_QUERIES = """
(queries) => {
  const box = document.querySelector("#search input");
  const times = [];
  for (const query of queries) {
    for (let length = 1; length <= query.length; length++) {
      const start = performance.now();
      box.value = query.slice(0, length);
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.closest("dialog").getBoundingClientRect();
      times.push(performance.now() - start);
    }
  }
  return times;
}
"""


@dataclass(frozen=True)
class PageTimes:
    """The worst of a page at all widths: its largest paint, ms after the start, and the sum of its shifts."""

    paint_ms: float
    shift: float


def measure_pages(site: Path, paths: Mapping[str, str]) -> tuple[dict[str, PageTimes], list[float]]:
    """Return the times of pages by kind, and the milliseconds that the search box took for each key."""
    with serve_site(site) as address, open_chromium() as browser:
        _measure_page(browser, address)  # the first page is slow whatever it is
        times = {kind: _measure_page(browser, address + path) for kind, path in paths.items()}
        return times, _measure_search(browser, address)


def _measure_page(browser: Any, url: str) -> PageTimes:
    paints, shifts = [], []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900})
        tab = context.new_page()
        tab.add_init_script(OBSERVE)
        tab.goto(url, wait_until="networkidle")
        tab.wait_for_timeout(SETTLE_MS)
        paints.append(max(tab.evaluate("paints"), default=0))
        shifts.append(sum(tab.evaluate("shifts")))
        context.close()
    return PageTimes(max(paints), max(shifts))


def _measure_search(browser: Any, address: str) -> list[float]:
    tab = browser.new_page()
    tab.goto(f"{address}about/index.html")
    tab.keyboard.press("/")
    tab.evaluate("loadScript('search.js')")
    times: list[float] = tab.evaluate(TYPE_QUERIES, list(QUERIES))
    return times
