"""News feeds beside pages: of each model, lab and provider, with all changes or those of prices alone.

`feeds/opml.xml` lists every feed of the site for feed readers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from xml.sax.saxutils import quoteattr

from orarchive.domain.event_kinds import DISCOUNTED, REPRICED, TOPIC_NAMES
from orarchive.domain.foreign_text import escape_invisible
from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import get_lab
from orarchive.publish.change_groups import is_minor
from orarchive.publish.changelog import ChangelogHour, ChangelogLine
from orarchive.publish.feed_ids import FeedSite
from orarchive.publish.news_feeds import (
    AUTHOR,
    GENERAL_FEEDS,
    MAX_GONE_ENTRIES,
    MAX_MODEL_ENTRIES,
    MAX_TOPIC_ENTRIES,
    NewsEntry,
    build_entries,
    fold_flapping,
    merge_hours,
    render_atom,
)
from orarchive.publish.news_selection import News
from orarchive.publish.pages import get_feed_path, get_prices_path
from orarchive.publish.views import View
from orarchive.publish.views.changes import AT
from orarchive.publish.views.site import PagePaths

OPML_PATH = "feeds/opml.xml"

PRICE_KINDS = (REPRICED, DISCOUNTED)


def is_price_change(line: ChangelogLine) -> bool:
    """Return whether a line is about a price that somebody changed."""
    return line.topic == "price" and not is_minor(line)


def render_model_feeds(
    changes: Iterable[ChangelogHour], model: str, is_listed: bool, paths: PagePaths, site: FeedSite
) -> Iterator[tuple[str, bytes]]:
    """Yield the feeds of a model with their paths: that of its prices alone for a listed one."""
    entries = [*fold_flapping([*build_entries(changes, paths.models)])]
    page = paths.models[model]

    def render(path: str, title: str, entries: list[NewsEntry], max_entries: int) -> tuple[str, bytes]:
        latest = [*islice(merge_hours(entries), max_entries)]
        return path, render_atom(latest, title, path, page, site)

    yield render(get_feed_path(page), model, entries, MAX_MODEL_ENTRIES if is_listed else MAX_GONE_ENTRIES)
    if is_listed:
        of_prices = [entry for entry in entries if is_price_change(entry.line)]
        yield render(get_prices_path(page), f"Prices of {model}", of_prices, MAX_MODEL_ENTRIES)


@dataclass
class _Hours:
    """Hours with events about a lab or a provider, and those of them with prices."""

    all: set[str] = field(default_factory=set)
    prices: set[str] = field(default_factory=set)

    def add(self, hour: str, kind: str) -> None:
        """Add the hour of an event."""
        self.all.add(hour)
        if kind in PRICE_KINDS:
            self.prices.add(hour)


def render_page_feeds(news: News, paths: PagePaths, site: FeedSite) -> Iterator[tuple[str, bytes]]:
    """Yield the feeds of every lab and provider with their paths."""
    labs, providers = _list_lab_hours(news.view), _list_provider_hours(news.view)
    names = {provider.slug: provider.name for provider in news.view.providers}

    def render(
        title: str, page: str, hours: _Hours, belongs: Callable[[ChangelogLine], bool], max_entries: int
    ) -> Iterator[tuple[str, bytes]]:
        everything = news.select(sorted(hours.all, reverse=True), belongs, max_entries)
        path = get_feed_path(page)
        yield path, render_atom(everything, title, path, page, site)
        prices = news.select(
            sorted(hours.prices, reverse=True),
            lambda line: is_price_change(line) and belongs(line),
            max_entries,
        )
        path = get_prices_path(page)
        yield path, render_atom(prices, f"Prices of {title}", path, page, site)

    for lab in news.view.lab_views:
        max_entries = MAX_TOPIC_ENTRIES if lab.models else MAX_GONE_ENTRIES
        is_of_lab = partial(_is_of_lab, lab.name)
        yield from render(lab.name, paths.labs[lab.name], labs[lab.name], is_of_lab, max_entries)
    for slug, page in paths.providers.items():
        is_of_provider = partial(_is_of_provider, slug)
        yield from render(names[slug], page, providers[slug], is_of_provider, MAX_TOPIC_ENTRIES)


def _list_lab_hours(view: View) -> dict[str, _Hours]:
    hours: dict[str, _Hours] = defaultdict(_Hours)
    for model, rows in view.dataset.log.by_model.items():
        for row in rows:
            hours[get_lab(model)].add(row.hour, row.kind)
    return hours


def _list_provider_hours(view: View) -> dict[str, _Hours]:
    hours: dict[str, _Hours] = defaultdict(_Hours)
    endpoints = view.dataset.entries["endpoints"]
    for row in view.dataset.log.rows:
        if row.feed == "endpoints" and row.key in endpoints:
            hours[get_provider_of_tag(endpoints[row.key].parts[1])].add(row.hour, row.kind)
        elif row.feed == "providers":
            hours[row.key].add(row.hour, row.kind)
    return hours


def _is_of_lab(lab: str, line: ChangelogLine) -> bool:
    return line.model is not None and get_lab(line.model) == lab


def _is_of_provider(slug: str, line: ChangelogLine) -> bool:
    if line.model is None:
        return line.subject == f"provider {slug}"
    return line.subject.startswith(AT) and get_provider_of_tag(line.subject.removeprefix(AT)) == slug


# --- the list of all feeds ----------------------------------------------------------------------------------


def render_opml(view: View, paths: PagePaths, base: str | None) -> bytes:
    """Return the list of all feeds; without the address of the site its links are relative to the list.

    Of models it lists those that are listed.
    """
    root = base or "../"
    general = [_outline(feed.title, root + feed.atom_path) for feed in GENERAL_FEEDS]
    topics = [
        _outline(f"Changes: {label}", f"{root}feeds/{name}.atom") for name, label in TOPIC_NAMES.items()
    ]
    listed = {model.model.id: model.model.name for model in view.listed_models}
    providers = {provider.slug: provider.name for provider in view.providers}
    groups = [
        ("Everything", [*general, *topics]),
        ("Labs", _outline_pages({lab: lab for lab in paths.labs}, paths.labs, root)),
        ("Providers", _outline_pages(providers, paths.providers, root)),
        ("Models", _outline_pages(listed, paths.models, root)),
    ]
    lines = [
        line
        for title, outlines in groups
        for line in (f"<outline text={_quote(title)}>", *outlines, "</outline>")
    ]
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head><title>{AUTHOR}</title></head>'
    )
    return "\n".join([head, "<body>", *lines, "</body>", "</opml>", ""]).encode()


def _outline_pages(names: dict[str, str], paths: dict[str, str], root: str) -> Sequence[str]:
    return [
        line
        for key, name in names.items()
        for line in (
            _outline(name, root + get_feed_path(paths[key])),
            _outline(f"Prices of {name}", root + get_prices_path(paths[key])),
        )
    ]


def _outline(title: str, address: str) -> str:
    return f'<outline type="rss" text={_quote(title)} xmlUrl={_quote(address)}/>'


def _quote(text: str) -> str:
    return quoteattr(escape_invisible(text))
