"""The whole site as files: pages, news feeds, the static API, tables, search index and sitemap."""

from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from orarchive.domain.event_kinds import TOPIC_NAMES, list_labels
from orarchive.domain.foreign_text import escape_invisible
from orarchive.domain.records import get_lab
from orarchive.index.datasette import METADATA_NAME, build_metadata
from orarchive.json_text import format_for_diffs
from orarchive.paths import escape_segment
from orarchive.publish import exports, metrics, news_feeds
from orarchive.publish.api.envelope import ApiSite
from orarchive.publish.api.files import build_api
from orarchive.publish.changelog import ChangelogLine
from orarchive.publish.examples import build_examples
from orarchive.publish.feed_ids import FeedSite
from orarchive.publish.folding import fold_listed_providers
from orarchive.publish.llms import LLMS_PATH, render_llms
from orarchive.publish.news_feeds import (
    CHANGES_FEED,
    CUTS_FEED,
    MAX_MODEL_ENTRIES,
    MAX_TOPIC_ENTRIES,
    NewsEntry,
    render_atom,
    render_json_feed,
    select_latest,
)
from orarchive.publish.pages import DATABASE, get_model_path, list_pages, map_category_paths
from orarchive.publish.parquet_list import ParquetFile
from orarchive.publish.render import format_amount, render_pages
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.site_digest import add_digest
from orarchive.publish.views import View
from orarchive.publish.views.cells import build_price_pair
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.site import ERROR_PAGE

SEARCH_PATH = "search.json"


def build_files(
    view: View,
    base_url: str | None,
    origin: str = "",
    progress: bool = False,
    files: MutableMapping[str, bytes] | None = None,
    parquet_files: Sequence[ParquetFile] = (),
) -> MutableMapping[str, bytes]:
    """Build every file of the site but the database: path -> bytes. They are put into `files` one by one.

    Absolute links and the sitemap need `base_url`; without it links are relative, and the ids of news feeds
    are made of `origin`, the commit that the archive began with. `parquet_files` are published with the site.
    """
    files = {} if files is None else files
    base = base_url.rstrip("/") + "/" if base_url else None
    paths = {model.model.id: get_model_path(model.model.id) for model in view.models}
    model_files = {model: path.removesuffix("/index.html") for model, path in paths.items()}
    files.update(build_api(view, model_files, map_category_paths(view), ApiSite(base), parquet_files))
    files.update(exports.build_tables(view))
    pages = list_pages(view, paths, base, build_examples(files), parquet_files)
    files.update(render_pages(pages, progress))
    page_paths = [path for path in files if path.endswith(".html")]
    files.update(_render_feeds(view, paths, FeedSite(base, origin)))
    files[SEARCH_PATH] = to_safe_json([_build_search_entry(model, paths) for model in view.models])
    files[metrics.METRICS_PATH] = metrics.render_metrics(view)
    files[LLMS_PATH] = render_llms(base, parquet_files)
    files["robots.txt"] = b"User-agent: *\nAllow: /\n"
    if base:
        files["robots.txt"] += f"Sitemap: {base}sitemap.xml\n".encode()
        files["sitemap.xml"] = _render_sitemap(page_paths, base)
    metadata = build_metadata(Path(DATABASE).stem)
    files[METADATA_NAME] = format_for_diffs(metadata).encode() + b"\n"
    add_digest(files)
    return files


def _render_feeds(view: View, paths: dict[str, str], site: FeedSite) -> Iterator[tuple[str, bytes]]:
    """Yield every news feed with its path."""
    news = news_feeds.build_news(view.changes, paths)
    folded = news_feeds.build_news(fold_listed_providers(view.changes), paths)
    yield from _render_general_feeds(folded, site)
    by_model: dict[str, list[NewsEntry]] = defaultdict(list)
    by_lab: dict[str, list[NewsEntry]] = defaultdict(list)
    for entry in news:
        if entry.line.model:
            by_model[entry.line.model].append(entry)
            by_lab[get_lab(entry.line.model)].append(entry)
    for lab in view.lab_views:
        page = f"labs/{escape_segment(lab.name)}/index.html"
        yield _render_page_feed(page, lab.name, select_latest(by_lab[lab.name], MAX_TOPIC_ENTRIES), site)
    for model, page in paths.items():
        yield _render_page_feed(page, model, by_model[model][:MAX_MODEL_ENTRIES], site)


def _render_general_feeds(news: list[NewsEntry], site: FeedSite) -> Iterator[tuple[str, bytes]]:
    """Yield the feeds of all changes, of cuts, and of each topic and kind, with their paths."""
    cuts = [entry for entry in news if news_feeds.is_cut(entry)]
    for feed, entries in ((CHANGES_FEED, news), (CUTS_FEED, cuts)):
        yield feed.atom_path, render_atom(entries, feed.title, feed.atom_path, feed.page, site)
        yield feed.json_path, render_json_feed(entries, feed.title, feed.json_path, feed.page, site)
    by_topic, by_kind = _group(news, lambda line: line.topic), _group(news, lambda line: line.kind)
    for topic, title in TOPIC_NAMES.items():
        entries = by_topic[topic]
        path = f"feeds/{topic}.atom"
        yield path, render_atom(entries, f"Changes: {title}", path, CHANGES_FEED.page, site)
    for kind in list_labels():
        entries = select_latest(by_kind[kind], MAX_TOPIC_ENTRIES)
        path = f"feeds/kinds/{kind.replace(' ', '-')}.atom"
        yield path, render_atom(entries, f"Changes: {kind}", path, CHANGES_FEED.page, site)


def _group(news: list[NewsEntry], get_name: Callable[[ChangelogLine], str]) -> dict[str, list[NewsEntry]]:
    """Group entries by a name that their lines have."""
    groups: dict[str, list[NewsEntry]] = defaultdict(list)
    for entry in news:
        groups[get_name(entry.line)].append(entry)
    return groups


def _render_page_feed(page: str, title: str, entries: list[NewsEntry], site: FeedSite) -> tuple[str, bytes]:
    """Return the news feed of one page, which stands beside it, with its path."""
    path = page.removesuffix("index.html") + "changes.atom"
    return path, render_atom(entries, title, path, page, site)


def _build_search_entry(view: ModelView, paths: dict[str, str]) -> dict[str, str]:
    """Return a model's entry of the search index."""
    model = view.model
    return {
        "id": escape_invisible(model.id),
        "name": escape_invisible(model.name),
        "path": paths[model.id],
        "state": "" if view.is_there else view.states[0],
        "price": _describe_input_price(view),
    }


def _describe_input_price(view: ModelView) -> str:
    """Return a model's input price for the search index, "" where there is none to state."""
    price, _ = build_price_pair(view.model.prices, view.is_free, view.is_priced_elsewhere)
    if price.price is None or price.is_elsewhere:
        return ""
    return "free" if view.is_free else f"{format_amount(price.price, 'prompt')} in"


def _render_sitemap(pages: list[str], base: str) -> bytes:
    """Return the sitemap of all pages, given by their paths, but the error page."""
    paths = [path.removesuffix("index.html") for path in pages if path != ERROR_PAGE]
    lines = [f"<url><loc>{escape(base + path)}</loc></url>" for path in sorted(paths)]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    )
    return "\n".join([head, *lines, "</urlset>", ""]).encode()
