"""The whole site as files: pages, news feeds, the static API, tables, search index and sitemap."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.domain.event_kinds import TOPIC_NAMES, list_labels
from orarchive.index.datasette import METADATA_NAME, build_metadata
from orarchive.json_text import format_for_diffs
from orarchive.publish import exports, metrics, news_feeds
from orarchive.publish.api import kinds
from orarchive.publish.api.catalog import describe_model
from orarchive.publish.api.envelope import ApiSite
from orarchive.publish.api.files import ApiBuilder, get_month_path
from orarchive.publish.cards import draw_card
from orarchive.publish.catalog_feeds import add_replacement, list_catalog_feeds
from orarchive.publish.catalog_texts import render_texts
from orarchive.publish.change_groups import leave_out_health
from orarchive.publish.changelog import ChangelogLine
from orarchive.publish.day_prices import DAY_PRICES_PATH, build_day_prices
from orarchive.publish.examples import build_examples
from orarchive.publish.feed_ids import FeedSite
from orarchive.publish.llms import LLMS_PATH, render_llms
from orarchive.publish.news_feeds import (
    CHANGES_FEED,
    CUTS_FEED,
    MAX_TOPIC_ENTRIES,
    NewsEntry,
    render_atom,
    render_json_feed,
)
from orarchive.publish.news_selection import (
    CUTS,
    MonthFacts,
    News,
)
from orarchive.publish.page_feeds import OPML_PATH, render_model_feeds, render_opml, render_page_feeds
from orarchive.publish.pages import (
    DATABASE,
    Page,
    SitePages,
    get_model_path,
    make_site_pages,
)
from orarchive.publish.parquet_list import ParquetFile
from orarchive.publish.processes import start_forked
from orarchive.publish.render import read_static_files, render_page, render_price_chart
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.search_index import SEARCH_PATH, render_search_index
from orarchive.publish.site_digest import add_digest
from orarchive.publish.site_files import Manifest, SiteFiles
from orarchive.publish.unit_inputs import list_general_inputs, list_model_inputs, list_month_inputs
from orarchive.publish.units import Unit, UnitBuilder, compute_value_digest
from orarchive.publish.views import View
from orarchive.publish.views.changes import ChangelogMonth, group_days
from orarchive.publish.views.model_catalog import build_catalog_section
from orarchive.publish.views.model_images import ModelCard, build_model_card, build_price_chart
from orarchive.publish.views.model_table import list_abilities
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.site import CARD, CHART, ERROR_PAGE, PageImages, get_image_path
from orarchive.timestamps import format_stamp, parse_stamp


def build_files(
    view: View,
    base_url: str | None,
    origin: str = "",
    progress: bool = False,
    files: SiteFiles | None = None,
    earlier: Manifest | None = None,
    parquet_files: Sequence[ParquetFile] = (),
    read_database_size: Callable[[], int] | None = None,
) -> SiteFiles:
    """Build every file of the site but the database.

    Absolute links and the sitemap need `base_url`; without it links are relative, and the ids of news feeds
    are made of `origin`, the commit that the archive began with. What holds of the `earlier` site is kept.
    `parquet_files` are published with the site. `read_database_size` waits for the database and returns its
    bytes, which the page of data tells.
    """
    base = base_url.rstrip("/") + "/" if base_url else None
    paths = {model.model.id: get_model_path(model.model.id) for model in view.models}
    model_files = {model: path.removesuffix("/index.html") for model, path in paths.items()}
    pages = make_site_pages(view, paths, base)
    builder = UnitBuilder(SiteFiles() if files is None else files, pages.site.lookups, earlier or Manifest())
    api = ApiBuilder.prepare(view, model_files, ApiSite(base))
    feed_site = FeedSite(base, origin)
    site = _Site(view, builder, pages, api, feed_site, parquet_files, read_database_size)
    return site.build(progress)


@dataclass(frozen=True)
class _Site:
    """All that files are made with."""

    view: View
    builder: UnitBuilder
    pages: SitePages
    api: ApiBuilder
    feed_site: FeedSite
    parquet_files: Sequence[ParquetFile]
    read_database_size: Callable[[], int] | None

    def build(self, progress: bool) -> SiteFiles:
        """Build every file."""
        view, files, paths = self.view, self.builder.files, self.pages.site.lookups.paths
        self.api.put_shared(files, paths.categories)
        _ = self._general_inputs, view.successors, view.months  # computed once, and not by each process
        month_units = [partial(self._list_month_units, month) for month in view.dataset.log.by_month]
        model_units = [partial(self._list_model_units, model) for model in view.models]
        self.builder.build_all([*month_units, *model_units], progress)
        for model in view.models:
            as_of = parse_stamp(files.units[_name_model_unit(model)].value)
            self.api.note(self.api.get_model_path(model), kinds.MODEL, as_of)
        months = {}
        for month in view.dataset.log.by_month:
            months[month] = MonthFacts(**files.units[_name_month_unit(month)].value)
            self.api.note(get_month_path(month), kinds.MONTH, parse_stamp(months[month].as_of))
        files.update(render_texts(view.catalog, paths.models, self.feed_site))
        self.api.put_descriptions(files, self.parquet_files)
        wait_for_others = self._start_others(months)

        def describe_files() -> tuple[dict[str, str], dict[str, int]]:
            files.take_over(wait_for_others())
            sizes = {path: files.get_size(path) for path in files if path.endswith(".csv")}
            if self.read_database_size:
                sizes[DATABASE] = self.read_database_size()
            return build_examples(files), sizes

        for page in self.pages.list_shared(describe_files, self.parquet_files):
            self.builder.build(Unit(page.path, page.context, partial(_put_page, page)))
        files.update(read_static_files())
        self._put_listings(files)
        add_digest(files)
        return files

    def _start_others(self, months: dict[str, MonthFacts]) -> Callable[[], SiteFiles]:
        """Start to make tables and news feeds beside the pages; return what waits for them."""

        def make() -> SiteFiles:
            files = SiteFiles(self.builder.files.folder)
            files.update(exports.build_tables(self.view))
            files.update(self._render_feeds(months))
            return files

        return start_forked(make) if self.builder.files.folder else make

    def _list_model_units(self, model: ModelView) -> Iterator[Unit]:
        """Yield the unit of a model, and its picture for previews, which need the site's address."""
        yield self._describe_model(model)
        card = build_model_card(self.view, model)
        if card and self.pages.site.base:
            path = get_image_path(self.pages.site.lookups.paths.models[model.model.id], CARD)
            yield Unit(path, card, partial(_put_card, path, card))

    def _describe_model(self, model: ModelView) -> Unit:
        """Describe the page of a model, its file for programs and its news feed."""
        description = describe_model(self.view.catalog, model.model.id)
        catalog = build_catalog_section(self.view.catalog, model.model.id)

        def make(files: SiteFiles) -> str:
            file = self.api.build_model(model, description)
            self.api.put(files, file)
            chart, card = build_price_chart(self.view, model), build_model_card(self.view, model)
            images = PageImages(card.text if card else "", chart.text if chart else "")
            changes = model.list_changes()
            page = self.pages.build_model(model, images, catalog, changes)
            _put_page(page, files)
            if chart:
                files[get_image_path(page.path, CHART)] = render_price_chart(chart)
            paths, shown = self.pages.site.lookups.paths, leave_out_health(changes)
            files.update(render_model_feeds(shown, model.model.id, model.is_there, paths, self.feed_site))
            return format_stamp(file.as_of)

        inputs = (self._general_inputs, list_model_inputs(self.view, model), description, catalog)
        return Unit(_name_model_unit(model), inputs, make)

    @cached_property
    def _general_inputs(self) -> str:
        """Return the digest of what the files of every model are made of."""
        return compute_value_digest(list_general_inputs(self.view))

    def _list_month_units(self, month: str) -> Iterator[Unit]:
        """Yield the unit of a month: the pages of its changes, and its file for programs."""

        def make(files: SiteFiles) -> dict[str, Any]:
            file = self.api.build_month(month)
            self.api.put(files, file)
            hours = self.view.read_month(month)
            for page in self.pages.list_month(ChangelogMonth(month, [*group_days(hours)])) if hours else ():
                _put_page(page, files)
            return asdict(MonthFacts.of(format_stamp(file.as_of), hours))

        yield Unit(_name_month_unit(month), list_month_inputs(self.view, month), make)

    def _put_listings(self, files: SiteFiles) -> None:
        """Put the files that list what there is, for programs."""
        base, paths = self.pages.site.base, self.pages.site.lookups.paths
        files[SEARCH_PATH] = render_search_index(self.view, paths)
        infos = self.view.catalog.models
        abilities = {view.model.id: list_abilities(view, infos[view.model.id]) for view in self.view.models}
        day_prices = build_day_prices(self.view.dataset, self.view.models, paths.models, abilities)
        files[DAY_PRICES_PATH] = to_safe_json(day_prices)
        files[metrics.METRICS_PATH] = metrics.render_metrics(self.view)
        files[LLMS_PATH] = render_llms(base, self.parquet_files)
        robots = "User-agent: *\nAllow: /\n"
        if base:
            robots += f"Sitemap: {base}sitemap.xml\n"
            files["sitemap.xml"] = _render_sitemap([path for path in files if path.endswith(".html")], base)
        files["robots.txt"] = robots.encode()
        metadata = build_metadata(Path(DATABASE).stem, CATALOG_TABLES)
        files[METADATA_NAME] = format_for_diffs(metadata).encode() + b"\n"

    def _render_feeds(self, months: dict[str, MonthFacts]) -> Iterator[tuple[str, bytes]]:
        """Yield every news feed but those of models, with its path."""
        paths = self.pages.site.lookups.paths
        news = News(self.view, paths.models, months)
        yield from self._render_general_feeds(news)
        yield from render_page_feeds(news, paths, self.feed_site)
        yield OPML_PATH, render_opml(self.view, paths, self.pages.site.base)

    def _render_general_feeds(self, news: News) -> Iterator[tuple[str, bytes]]:
        """Yield the feeds of all changes, of cuts, and of each topic and kind, with their paths."""
        everything = news.select(reversed(self.view.dataset.log.by_hour), lambda line: True, is_folded=True)
        cuts = news.select(news.list_hours(CUTS), news_feeds.is_cut)
        special = [
            (
                feed.feed,
                [add_replacement(self.view, entry) for entry in news.select(feed.hours, feed.is_wanted)],
            )
            for feed in list_catalog_feeds(self.view)
        ]
        for feed, entries in ((CHANGES_FEED, everything), (CUTS_FEED, cuts), *special):
            for path, render in ((feed.atom_path, render_atom), (feed.json_path, render_json_feed)):
                yield path, render(entries, feed.title, path, feed.page, self.feed_site)
        for topic, title in TOPIC_NAMES.items():
            hours = news.list_hours(f"topic:{topic}")
            entries = news.select(hours, partial(_has_topic, topic))
            yield self._render_changes_feed(topic, title, entries)
        for kind in list_labels():
            hours = news.list_hours(kind)
            entries = news.select(hours, partial(_has_kind, kind), MAX_TOPIC_ENTRIES)
            yield self._render_changes_feed(f"kinds/{kind.replace(' ', '-')}", kind, entries)

    def _render_changes_feed(self, name: str, title: str, entries: list[NewsEntry]) -> tuple[str, bytes]:
        """Return the feed of some of all changes, with its path."""
        path = f"feeds/{name}.atom"
        return path, render_atom(entries, f"Changes: {title}", path, CHANGES_FEED.page, self.feed_site)


def _name_model_unit(model: ModelView) -> str:
    return f"models/{model.model.id}"


def _name_month_unit(month: str) -> str:
    return f"changes/{month}"


def _put_page(page: Page, files: SiteFiles) -> None:
    files[page.path] = render_page(page)


def _put_card(path: str, card: ModelCard, files: SiteFiles) -> None:
    files[path] = draw_card(card)


def _has_topic(topic: str, line: ChangelogLine) -> bool:
    return line.topic == topic


def _has_kind(kind: str, line: ChangelogLine) -> bool:
    return line.kind == kind


def _render_sitemap(pages: list[str], base: str) -> bytes:
    """Return the sitemap of all pages, given by their paths, but the error page."""
    paths = [path.removesuffix("index.html") for path in pages if path != ERROR_PAGE]
    lines = [f"<url><loc>{escape(base + path)}</loc></url>" for path in sorted(paths)]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    )
    return "\n".join([head, *lines, "</urlset>", ""]).encode()
