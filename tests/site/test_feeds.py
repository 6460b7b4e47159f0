"""News feeds: well-formed, with unique and permanent ids, and one entry for a price that goes back."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import feedparser
import pytest

from orarchive.publish import news_feeds
from orarchive.publish.news_feeds import MAX_GONE_ENTRIES, NewsEntry
from orarchive.publish.pages import get_model_path
from orarchive.publish.views import View
from orarchive.sample import START
from orarchive.store.git import run_git
from orarchive.timestamps import HOUR, format_hour
from tests.support import browser
from tests.support.browser import LAST, SCENES, build_site, build_snapshot, write_archive
from tests.support.news import build_news

BASE = "https://example.org/archive/"

TAG_URI = re.compile(r"tag:[a-z0-9.-]+,[0-9]{4}:([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*")
"""What a tag URI may consist of (RFC 4151)."""


@pytest.fixture(scope="module")
def site(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build the site of the sample archive with absolute links."""
    return build_site(archive, tmp_path_factory.mktemp("absolute"), "--base-url", BASE)


def parse_atoms(site: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
    """Yield each Atom feed of a site with its path, parsed as feed readers do."""
    for path, content in site.items():
        if path.endswith(".atom"):
            yield path, feedparser.parse(content)


def list_news(archive: Path, hour: dt.datetime | None = None) -> list[NewsEntry]:
    """Return all entries up to an hour, newest first."""
    return list_entries(browser.build_archive_view(archive, hour))


def list_entries(view: View) -> list[NewsEntry]:
    """Return all entries of a view, newest first."""
    paths = {model.model.id: get_model_path(model.model.id) for model in view.models}
    return build_news(view.changes, paths)


def test_every_feed_is_sound(site: dict[str, bytes]) -> None:
    feeds = dict(parse_atoms(site))
    assert {"feeds/changes.atom", "feeds/cuts.atom", "feeds/price.atom"} <= feeds.keys()
    assert sum("models/" in path for path in feeds) > 60
    assert any("labs/" in path for path in feeds)
    for path, feed in feeds.items():
        assert not feed.bozo, (path, feed.get("bozo_exception"))
        assert feed.version == "atom10"
        assert feed.feed.id.startswith("tag:example.org,2026:/archive/")
        assert unquote(feed.feed.id).endswith(path)
        assert feed.feed.links[1].href == BASE + path
        ids = [entry.id for entry in feed.entries]
        assert len(set(ids)) == len(ids), path
        assert all(TAG_URI.fullmatch(id_) for id_ in (feed.feed.id, *ids))
        for entry in feed.entries:
            assert entry.title, path
            assert entry.link.removeprefix(BASE) in site, (path, entry.link)
            assert entry.updated


def test_json_feeds_say_the_same(site: dict[str, bytes]) -> None:
    for name in ("changes", "cuts"):
        feed = json.loads(site[f"feeds/{name}.json"])
        atom = feedparser.parse(site[f"feeds/{name}.atom"])
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["feed_url"] == f"{BASE}feeds/{name}.json"
        assert [item["id"] for item in feed["items"]] == [entry.id for entry in atom.entries]
        assert [item["title"] for item in feed["items"]] == [entry.title for entry in atom.entries]


def read_ids(site: dict[str, bytes]) -> set[str]:
    """Return the ids of all Atom feeds of a site and of their entries."""
    return {
        id_ for _, feed in parse_atoms(site) for id_ in (feed.feed.id, *(entry.id for entry in feed.entries))
    }


def test_two_archives_share_no_id(tmp_path: Path) -> None:
    """Tell apart two archives whose events are the same, by address or, without one, by first commit."""
    snapshots = make_snapshots("0.000002", "0.000001")
    archives = [
        write_archive(tmp_path / "left", *snapshots),
        write_archive(tmp_path / "right", build_snapshot([{"id": "a/other"}]), *snapshots),
    ]
    sites = [
        build_site(archive, tmp_path / f"{archive.name}-site{number}", *options)
        for archive in archives
        for number, options in enumerate([(), ("--base-url", f"https://{archive.name}.example.org/")])
    ]
    ids = [read_ids(site) for site in sites]
    assert all(len(names) > 4 for names in ids)
    assert len(set().union(*ids)) == sum(map(len, ids))


def test_ids_without_an_address_stay(tmp_path: Path) -> None:
    """Keep every id when an hour is added and when a past is imported."""
    archive = write_archive(tmp_path / "archive", *make_snapshots("0.000002", "0.000001"))
    before = read_ids(build_site(archive, tmp_path / "before"))
    past = write_archive(tmp_path / "past", *make_snapshots("0.000002"), start=START - HOUR)
    run_git(archive, "fetch", "--quiet", str(past), "HEAD:refs/heads/past/x")
    imported = read_ids(build_site(archive, tmp_path / "imported"))
    earlier = read_ids(build_site(archive, tmp_path / "earlier", "--as-of", format_hour(START)))
    assert earlier < before <= imported


def test_ids_are_unique_and_stay(archive: Path, view: View) -> None:
    """Keep the id of an entry when the archive goes on."""
    ids = [entry.id for entry in list_entries(view)]
    assert len(set(ids)) == len(ids) > 20
    for hour in SCENES[1:]:
        assert {entry.id for entry in list_news(archive, hour)} <= set(ids)


def test_an_entry_reads_alone(view: View) -> None:
    entry = next(entry for entry in list_entries(view) if ": cut" in entry.title)
    assert entry.seen.startswith(f"Seen in {format_hour(LAST)[:7]}")
    assert entry.text.startswith(entry.title.partition(", and ")[0])


def make_snapshots(*prompts: str) -> list[Any]:
    """Return a snapshot for each input price of one endpoint."""
    return [
        build_snapshot(
            [{"id": "a/b"}], {"a/b": [{"tag": "x", "pricing": {"prompt": price, "completion": "1"}}]}
        )
        for price in prompts
    ]


def test_a_price_that_goes_back_is_one_entry(tmp_path: Path) -> None:
    """Keep the first entry with its id, and say that the price went back; the changes page has both lines."""
    archive = write_archive(tmp_path / "archive", *make_snapshots("0.000002", "0.000001", "0.000002"))
    (first,) = list_news(archive, START + HOUR)
    (folded,) = list_news(archive)
    assert first.title == "a/b at x: cut, input $2.00 per M → $1.00 per M (−50%)"
    assert folded.id == first.id
    assert folded.title == "a/b at x: flapping, input between $2.00 per M and $1.00 per M"
    assert folded.text.endswith(f"It was back by {format_hour(START + 2 * HOUR)}.")
    assert len(browser.build_archive_view(archive).changes) == 2


def test_a_move_after_a_price_went_back_is_an_entry_again(tmp_path: Path) -> None:
    archive = write_archive(
        tmp_path / "archive", *make_snapshots("0.000002", "0.000001", "0.000002", "0.000001")
    )
    last, folded = list_news(archive)
    assert last.title == "a/b at x: cut, input $2.00 per M → $1.00 per M (−50%)"
    assert "flapping" in folded.title
    assert folded.updated == START + 2 * HOUR


def test_a_price_that_moves_on_is_not_folded(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", *make_snapshots("0.000003", "0.000002", "0.000001"))
    assert [entry.line.kind for entry in list_news(archive)] == ["cut", "cut"]


def test_cuts_are_big_and_of_an_endpoint(tmp_path: Path) -> None:
    """Count 20% or more as a cut, but not the lower price of another provider that is listed first."""
    archive = write_archive(tmp_path / "archive", *make_snapshots("0.00001", "0.00000805", "0.000006"))
    cuts = [entry for entry in list_news(archive) if news_feeds.is_cut(entry.line)]
    moves = [move for entry in cuts for move in entry.line.moves]
    assert [round(move.percent or 0) for move in moves] == [-25]


def test_prices_can_be_followed_alone(archive: Path, site: dict[str, bytes]) -> None:
    """Give each listed model, lab and provider a feed of price changes, and list all feeds."""
    entries = {path: feed.entries for path, feed in parse_atoms(site) if path.endswith("/prices.atom")}
    for folder in ("models/", "labs/", "providers/"):
        categories = {
            entry.tags[0].term for path in entries if path.startswith(folder) for entry in entries[path]
        }
        assert categories == {"price"}, folder
    of_provider = feedparser.parse(site["providers/siliconflow/changes.atom"]).entries
    assert of_provider
    assert all("at siliconflow" in entry.title for entry in of_provider)
    listed = {model.model.id for model in browser.build_archive_view(archive).listed_models}
    assert {get_model_path(model).replace("index.html", "prices.atom") for model in listed} <= entries.keys()
    addresses = re.findall(r'xmlUrl="([^"]+)"', site["feeds/opml.xml"].decode())
    assert len(addresses) > 150
    assert all(address.removeprefix(BASE) in site for address in addresses)


def test_the_feed_of_what_is_gone_is_short(tmp_path: Path) -> None:
    """Keep its address, for subscribers, with the last entries; a lab without another model likewise."""
    prices = [{"prompt": f"0.00000{n}", "completion": "0"} for n in range(1, 6)]
    hours = [[{"id": model, "pricing": pricing} for model in ("a/old", "b/new")] for pricing in prices]
    hours.append([{"id": "b/new", "pricing": prices[-1]}])
    site = build_site(write_archive(tmp_path / "archive", *map(build_snapshot, hours)), tmp_path / "site")
    entries = {path: len(feed.entries) for path, feed in parse_atoms(site)}
    assert entries["models/a/old/changes.atom"] == entries["labs/a/changes.atom"] == MAX_GONE_ENTRIES
    assert entries["models/b/new/changes.atom"] == entries["labs/b/changes.atom"] == len(prices) - 1
