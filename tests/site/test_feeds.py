"""News feeds: sound, with ids that are unique and stay, and prices that go back told once."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from orarchive.publish import news_feeds
from orarchive.publish.news_feeds import NewsEntry
from orarchive.publish.pages import model_path
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_hour
from tests.support import browser
from tests.support.browser import LAST, SCENES, built, held, sample_archive, written_archive

BASE = "https://example.org/archive/"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue at four hours."""
    return sample_archive(tmp_path_factory.mktemp("sample") / "archive")


@pytest.fixture(scope="module")
def site(archive: Path) -> dict[str, bytes]:
    return built(archive, archive.parent / "site", "--base-url", BASE)


def atoms(site: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
    """Every Atom feed of a site, read as readers do."""
    for path, content in site.items():
        if path.endswith(".atom"):
            yield path, feedparser.parse(content)


def news(archive: Path, hour: dt.datetime | None = None) -> list[NewsEntry]:
    """All entries that there ever were."""
    view = browser.shown(archive, hour)
    return news_feeds.build_news(
        view.changes, {one.model.id: model_path(one.model.id) for one in view.models}
    )


def test_every_feed_is_sound(site: dict[str, bytes]) -> None:
    found = dict(atoms(site))
    assert {"feeds/changes.atom", "feeds/cuts.atom", "feeds/price.atom"} <= found.keys()
    assert sum("models/" in path for path in found) > 60
    assert any("labs/" in path for path in found)
    for path, feed in found.items():
        assert not feed.bozo, (path, feed.get("bozo_exception"))
        assert feed.version == "atom10"
        assert feed.feed.id == f"tag:openrouter-archive,2024:{path}"
        assert feed.feed.links[1].href == BASE + path
        ids = [entry.id for entry in feed.entries]
        assert len(set(ids)) == len(ids), path
        for entry in feed.entries:
            assert entry.title, path
            assert entry.link.removeprefix(BASE) in site, (path, entry.link)
            assert entry.updated


def test_the_same_as_json(site: dict[str, bytes]) -> None:
    for name in ("changes", "cuts"):
        feed = json.loads(site[f"feeds/{name}.json"])
        atom = feedparser.parse(site[f"feeds/{name}.atom"])
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["feed_url"] == f"{BASE}feeds/{name}.json"
        assert [item["id"] for item in feed["items"]] == [entry.id for entry in atom.entries]
        assert [item["title"] for item in feed["items"]] == [entry.title for entry in atom.entries]


def test_ids_are_unique_and_stay(archive: Path) -> None:
    """What was once told keeps its id, whatever came later."""
    now = [one.id for one in news(archive)]
    assert len(set(now)) == len(now) > 20
    for hour in SCENES:
        assert {one.id for one in news(archive, hour)} <= set(now)


def test_an_entry_reads_alone(archive: Path) -> None:
    texts = {one.title: one.text for one in news(archive)}
    title = next(one for one in texts if one.startswith("z-ai/glm-5.1 at ") or ": cut" in one)
    assert f"Seen in {format_hour(LAST)[:7]}" in texts[title]
    assert title in texts[title]


def priced(*prompts: str) -> list[Any]:
    """Snapshots an hour apart with these prices at one endpoint."""
    return [
        held([{"id": "a/b"}], {"a/b": [{"tag": "x", "pricing": {"prompt": price, "completion": "1"}}]})
        for price in prompts
    ]


def test_a_price_that_goes_back_is_one_entry(tmp_path: Path) -> None:
    """The first one, under the id that it had, and it says so; the record keeps both."""
    archive = written_archive(tmp_path / "archive", *priced("0.000002", "0.000001", "0.000002"))
    (first,) = news(archive, START + HOUR)
    (both,) = news(archive)
    assert first.title == "a/b at x: cut, input $2.00 per M → $1.00 per M (-50 %)"
    assert both.id == first.id
    assert both.title == "a/b at x: flapping, input between $2.00 per M and $1.00 per M"
    assert both.text.endswith(f"It was back by {format_hour(START + 2 * HOUR)}.")
    assert len(browser.shown(archive).changes) == 2


def test_what_moves_after_it_went_back_is_news_again(tmp_path: Path) -> None:
    archive = written_archive(tmp_path / "archive", *priced("0.000002", "0.000001", "0.000002", "0.000001"))
    last, folded = news(archive)
    assert last.title == "a/b at x: cut, input $2.00 per M → $1.00 per M (-50 %)"
    assert "flapping" in folded.title
    assert folded.updated == START + 2 * HOUR


def test_a_price_that_moves_on_is_not_folded(tmp_path: Path) -> None:
    archive = written_archive(tmp_path / "archive", *priced("0.000003", "0.000002", "0.000001"))
    assert [one.line.kind for one in news(archive)] == ["cut", "cut"]


def test_cuts_are_big_and_somebody_asks_them(tmp_path: Path) -> None:
    """20 % or more; another provider on top is nobody's cut."""
    archive = written_archive(tmp_path / "archive", *priced("0.00001", "0.00000805", "0.000006"))
    cuts = [one for one in news(archive) if news_feeds.is_cut(one)]
    assert [move.percent for one in cuts for move in one.line.moves] == [-25]
