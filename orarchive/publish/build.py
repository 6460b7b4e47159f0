"""The whole site: pages, feeds, the machine surface and tables, as files."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from orarchive.domain.records import get_lab
from orarchive.paths import escape_segment
from orarchive.publish import api, exports, metrics, news_feeds
from orarchive.publish.changelog import KINDS, TOPIC_NAMES
from orarchive.publish.examples import build_examples
from orarchive.publish.pages import Page, category_paths, list_pages, model_path
from orarchive.publish.render import format_amount, render_pages
from orarchive.publish.sanitize import show_invisible, to_safe_json
from orarchive.publish.views import View
from orarchive.publish.views.models import ModelView

SEARCH_PATH = "search.json"


def build_files(view: View, base_url: str | None, progress: bool = False) -> dict[str, bytes]:
    """Every file of the site but the database: path -> bytes."""
    base = base_url.rstrip("/") + "/" if base_url else None
    paths = {one.model.id: model_path(one.model.id) for one in view.models}
    model_files = {key: path.removesuffix("/index.html") for key, path in paths.items()}
    found = api.build_api(view, model_files, category_paths(view))
    found |= exports.build_tables(view)
    shown = list(list_pages(view, paths, base, build_examples(found)))
    found |= render_pages(shown, progress)
    found |= dict(_feeds(view, paths, base))
    found[SEARCH_PATH] = to_safe_json([_hit(one, paths) for one in view.models])
    found[metrics.METRICS_PATH] = metrics.render_metrics(view)
    found["robots.txt"] = b"User-agent: *\nAllow: /\n"
    if base:
        found["robots.txt"] += f"Sitemap: {base}sitemap.xml\n".encode()
        found["sitemap.xml"] = _sitemap(shown, base)
    return found


def _feeds(view: View, paths: dict[str, str], base: str | None) -> Iterator[tuple[str, bytes]]:
    """Every news feed with its path."""
    news = news_feeds.build_news(view.changes, paths)
    cuts = [one for one in news if news_feeds.is_cut(one)]
    for name, title, some in (("changes", "All changes", news), ("cuts", "Price cuts of 20 % or more", cuts)):
        page = "changes/index.html" if name == "changes" else "prices/index.html"
        yield f"feeds/{name}.atom", news_feeds.render_atom(some, title, f"feeds/{name}.atom", page, base)
        yield f"feeds/{name}.json", news_feeds.render_json_feed(some, title, f"feeds/{name}.json", page, base)
    for topic, words in TOPIC_NAMES.items():
        own = [one for one in news if one.line.topic == topic]
        path = f"feeds/{topic}.atom"
        yield path, news_feeds.render_atom(own, f"Changes: {words}", path, "changes/index.html", base)
    for kind in KINDS:
        own = news_feeds.select_latest(
            [one for one in news if one.line.kind == kind], news_feeds.MAX_TOPIC_ENTRIES
        )
        path = f"feeds/kinds/{kind.replace(' ', '-')}.atom"
        yield path, news_feeds.render_atom(own, f"Changes: {kind}", path, "changes/index.html", base)
    by_model: dict[str, list[news_feeds.NewsEntry]] = {}
    by_lab: dict[str, list[news_feeds.NewsEntry]] = {}
    for one in news:
        if one.line.model:
            by_model.setdefault(one.line.model, []).append(one)
            by_lab.setdefault(get_lab(one.line.model), []).append(one)
    for lab in view.lab_views:
        page = f"labs/{escape_segment(lab.name)}/index.html"
        yield _beside(
            page,
            lab.name,
            news_feeds.select_latest(by_lab.get(lab.name, []), news_feeds.MAX_TOPIC_ENTRIES),
            base,
        )
    for key, page in paths.items():
        yield _beside(page, key, by_model.get(key, [])[: news_feeds.MAX_MODEL_ENTRIES], base)


def _beside(page: str, title: str, news: list[news_feeds.NewsEntry], base: str | None) -> tuple[str, bytes]:
    """The news feed of one page."""
    path = page.removesuffix("index.html") + "changes.atom"
    return path, news_feeds.render_atom(news, title, path, page, base)


def _hit(one: ModelView, paths: dict[str, str]) -> dict[str, str]:
    """What the search knows of a model."""
    price = one.model.prices.get("prompt")
    return {
        "id": show_invisible(one.model.id),
        "name": show_invisible(one.model.name),
        "path": paths[one.model.id],
        "state": "" if one.is_there else one.states[0],
        "price": f"{format_amount(price, 'prompt')} in" if price is not None else "",
    }


def _sitemap(shown: list[Page], base: str) -> bytes:
    places = [one.path.removesuffix("index.html") for one in shown if one.path != "404.html"]
    lines = [f"<url><loc>{escape(base + place)}</loc></url>" for place in sorted(places)]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    )
    return "\n".join([head, *lines, "</urlset>", ""]).encode()
