"""Ids of news feeds: URIs whatever they name, and another for each name and each archive."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orarchive.index.database import open_index
from orarchive.publish.feed_ids import FeedSite, read_origin
from orarchive.store.archive import open_archive
from orarchive.store.git import run_git
from tests.support.browser import build_snapshot, write_archive

URI = re.compile(r"(tag:[a-z0-9.-]+,[0-9]{4}|urn:uuid):([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})+")

NAMES = (
    "a b",
    "a%20b",
    "a#b",
    "a?b",
    'a"b',
    "a'b",
    "a<b",
    "naïve",
    "漢字",
    "\ud800",
    "\\ud800",
    "a\nb",
    "\u202ea",
)

BASES = (
    None,
    "https://example.org/",
    "https://example.org/archive/",
    "https://example.org:8443/archive/",
    "https://other.example.org/archive/",
    "https://bücher.example/a b/",
    "https://example.org/100%/",
    "https://[::1]:8000/",
    "https://under_score.example/",
)


@pytest.mark.parametrize("base", BASES)
def test_an_id_is_a_uri_of_its_own(base: str | None) -> None:
    """Keep names apart and encode what a URI cannot hold."""
    ids = [FeedSite(base, "c0ffee").make_id(name) for name in NAMES]
    assert len(set(ids)) == len(NAMES)
    for id_ in ids:
        assert URI.fullmatch(id_)
        assert not urlsplit(id_).fragment


def test_each_archive_has_ids_of_its_own() -> None:
    """Tell archives apart by address, and those without one by their first commits."""
    sites = [FeedSite(base, commit) for base in (None, *BASES[1:6]) for commit in ("c0ffee", "decade")]
    ids = {site.make_id("x") for site in sites}
    assert len(ids) == 2 + len(BASES[1:6])


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://github.com/me/archive.git", "github.com/me/archive"),
        ("https://token@github.com/me/archive", "github.com/me/archive"),
        ("ssh://git@GitHub.com:22/me/archive/", "github.com/me/archive"),
        ("git@github.com:me/archive.git", "github.com/me/archive"),
        ("/srv/archive", ""),
        ("file:///srv/archive", ""),
        (None, ""),
    ],
)
def test_forks_without_an_address_are_told_apart(tmp_path: Path, url: str | None, place: str) -> None:
    """A fork shares the first commit, and has a repository of its own; where it lies on a disk is nothing."""
    archive = write_archive(tmp_path / "archive", build_snapshot([{"id": "a/b"}]))
    if url:
        run_git(archive, "remote", "add", "origin", url)
    with open_index(open_archive(archive), tmp_path / "cache") as db:
        commit, _, remote = read_origin(open_archive(archive), db).partition(" ")
    assert (len(commit), remote) == (40, place)


def test_an_id_stays_when_only_the_scheme_or_case_of_an_address_changes() -> None:
    bases = ("http://example.org/a/", "https://example.org/a/", "https://EXAMPLE.org:443/a/")
    assert {FeedSite(base).make_id("x") for base in bases} == {"tag:example.org,2026:/a/x"}
