"""The site of 20 months of recorded models and two days with endpoints: complete, small and sound."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish.pages import DATABASE
from tests.support.agreement import assert_graves_agree, assert_prices_agree
from tests.support.browser import find_violations, open_chromium, open_page, serve_site
from tests.support.naive_versions import Version, select_hourly
from tests.support.pages import (
    Html,
    assert_links_resolve,
    assert_sound,
    assert_valid,
    parse_pages,
    select_by_shape,
)
from tests.support.recorded_days import read_recorded_days
from tests.support.recordings import DAYS

pytestmark = pytest.mark.real_data

PATHS = (
    *("", "models/", "models/gone/", "labs/", "labs/anthropic/", "providers/", "providers/deepinfra/"),
    *("prices/", "compare/?m=deepseek/deepseek-v4-pro&m=openai/gpt-5.4", "changes/", "changes/2024-12/"),
    *("graveyard/", "status/", "data/", "about/", "patterns/", "models/deepseek/deepseek-v4-pro/"),
    *("models/anthropic/claude-3-opus/", "models/openrouter/auto/", "models/~openai/gpt-latest/"),
)
"""The largest page of each kind."""

EVENTFUL_PATHS = ("models/", "prices/", "changes/", "models/deepseek/deepseek-v4-pro/")
"""Pages on which recorded data show more than the sample, whose pages of every kind pass axe as well."""


@pytest.fixture(scope="module")
def site(out: Path) -> dict[str, bytes]:
    """Read the files of the site."""
    paths = [path for path in out.rglob("*") if path.is_file()]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def pages(site: dict[str, bytes]) -> dict[str, Html]:
    """Parse its pages."""
    return parse_pages(site)


def test_every_model_ever_has_a_page(site: dict[str, bytes]) -> None:
    pages = [path for path in site if path.startswith("models/") and path.endswith(".html")]
    assert len(pages) > 850


def test_rows_are_those_of_the_recordings(
    site: dict[str, bytes],
    two_years_versions: list[Version],
    five_days: tuple[Path, Mapping[str, Any]],
) -> None:
    """Moves begin with the first of the two days, for nothing was read for months before."""
    recorded = read_recorded_days({hour: five_days[1][hour] for hour in [f"{day}T06Z" for day in DAYS[-2:]]})
    recorded = replace(recorded, versions=[*select_hourly(two_years_versions), *recorded.versions])
    pages = {path: site[path].decode() for path in ("index.html", "prices/index.html")}
    now = recorded.versions[-1].hour_start
    moves = assert_prices_agree(pages, recorded, now)
    assert moves["cuts"] and moves["week"]
    assert assert_graves_agree(site["graveyard/index.html"].decode(), recorded, now) > 450


def test_links_resolve(site: dict[str, bytes], pages: dict[str, Html]) -> None:
    assert_links_resolve(pages, site)
    assert_sound(pages)


def measure_files(site: dict[str, bytes]) -> int:
    """Return the bytes of all files but the database."""
    return sum(len(content) for path, content in site.items() if path != DATABASE)


def test_all_files_are_within_the_budget(site: dict[str, bytes]) -> None:
    assert measure_files(site) < 60_000_000


def test_it_stays_small(site: dict[str, bytes]) -> None:
    sizes = {path: len(gzip.compress(site[path], 6)) for path in site if path.endswith(".html")}
    assert sizes["models/index.html"] <= 40_000
    assert max(sizes.values()) <= 60_000
    models = [size for path, size in sizes.items() if path.startswith("models/") and path.count("/") > 2]
    assert max(models) <= 18_000


def test_pages_of_each_shape_are_valid(out: Path, pages: dict[str, Html]) -> None:
    """Check the pages that have an element where no larger page has one: most of a thousand are alike."""
    selected = select_by_shape(pages)
    assert len(selected) > 30
    assert_valid(out / path for path in selected)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_chromium() as launched:
        yield launched


@pytest.mark.browser
def test_everyone_can_use_it(browser: Any, out: Path) -> None:
    """Pages of each kind pass axe, print nothing to the console and ask no other host for anything."""
    with serve_site(out) as address, open_page(browser, address) as tab:
        for path in EVENTFUL_PATHS:
            tab.goto(address + path)
            assert find_violations(tab) == "", path


@pytest.mark.browser
def test_nothing_runs_off_a_phone(browser: Any, out: Path) -> None:
    with serve_site(out) as address, open_page(browser, address, width=320, height=700) as tab:
        for path in PATHS:
            tab.goto(address + path)
            assert tab.evaluate("document.documentElement.scrollWidth") <= 320, path
