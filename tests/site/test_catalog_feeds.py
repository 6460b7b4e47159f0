"""The feeds of free models and of retirements."""

import json
from decimal import Decimal

import feedparser

from orarchive.publish.catalog_feeds import crosses_zero
from orarchive.publish.news_feeds import FREE_FEED, RETIREMENTS_FEED
from orarchive.publish.price_moves import Move
from orarchive.publish.views import View


def read_titles(site: dict[str, bytes], path: str) -> list[str]:
    """Return the titles of the entries of a feed."""
    return [entry.title for entry in feedparser.parse(site[path]).entries]


def test_free_models_that_come_go_or_turn_paid(view: View, site: dict[str, bytes]) -> None:
    """Every entry is about one of them, and each that came or went is there."""
    titles = read_titles(site, FREE_FEED.atom_path)
    free = {key for key, info in view.catalog.models.items() if info.is_free}
    gone = {key for key in free if not view.catalog.models[key].is_listed}
    assert gone
    assert all(any(title.startswith(f"{key}: missing") for title in titles) for key in gone)
    turned = [title for title in titles if title.split(": ")[0] not in free]
    assert all("$0" in title for title in turned)


def test_retirements_are_told_with_their_dates(view: View, site: dict[str, bytes]) -> None:
    """A date that is set, a model that is missing; nothing about endpoints."""
    titles = read_titles(site, RETIREMENTS_FEED.atom_path)
    assert any(": expiry" in title for title in titles)
    assert any(": missing" in title for title in titles)
    kinds = {title.split(": ")[1].split(",")[0] for title in titles}
    assert kinds <= {"expiry", "missing", "renamed", "returned"}
    models = {title.split(": ")[0] for title in titles}
    assert models <= {*view.catalog.models}


def test_retirements_name_the_replacement_or_say_why_there_is_none(
    view: View, site: dict[str, bytes]
) -> None:
    """Of models that are gone or have a date now; not of one that has come back to stay."""
    redirects = view.catalog.redirects
    entries = json.loads(site[RETIREMENTS_FEED.json_path])["items"]
    told = set()
    for entry in entries:
        model = entry["title"].partition(": ")[0]
        redirect, text = redirects.by_source.get(model), entry["content_text"]
        if not redirect and model not in redirects.unreplaced:
            assert "eplacement: " not in text
        elif redirect:
            assert f" Replacement: {redirect.target} (" in text
            told.add(redirect.kind)
        else:
            assert f" No replacement: {redirects.unreplaced[model].reason}" in text
            told.add("none")
    assert len(told) > 1


def test_a_move_of_a_paid_price_is_no_news_of_free_models() -> None:
    """Only a price that becomes zero, or ceases to be, counts."""
    assert crosses_zero(Move("prompt", Decimal(0), Decimal(1)))
    assert crosses_zero(Move("prompt", Decimal(1), Decimal(0)))
    assert not crosses_zero(Move("prompt", Decimal(1), Decimal(2)))
    assert not crosses_zero(Move("prompt", None, Decimal(0)))
