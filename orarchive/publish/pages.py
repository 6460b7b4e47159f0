"""The pages of the site: path, template and context of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from orarchive.domain.event_kinds import Topic
from orarchive.domain.records import split_variant
from orarchive.index.download import DATABASE_NAME
from orarchive.paths import escape_path, escape_segment
from orarchive.publish.changelog import ChangelogHour
from orarchive.publish.news_feeds import CHANGES_FEED, CUTS_FEED, FREE_FEED, RETIREMENTS_FEED, GeneralFeed
from orarchive.publish.parquet_list import ParquetFile
from orarchive.publish.unit_inputs import restrict_importance
from orarchive.publish.views import View
from orarchive.publish.views.changes import ChangelogMonth, group_days
from orarchive.publish.views.changes_page import (
    MAX_RECENT_MONTHS,
    build_day_page,
    build_month_page,
    build_recent_page,
    is_long,
)
from orarchive.publish.views.data_page import build_data_page
from orarchive.publish.views.direct_page import build_direct_page
from orarchive.publish.views.free_page import build_free_page
from orarchive.publish.views.graveyard_page import build_graveyard_page
from orarchive.publish.views.home import build_home_page
from orarchive.publish.views.labs_page import build_lab_pages, build_labs_page
from orarchive.publish.views.model_catalog import CatalogSection
from orarchive.publish.views.model_page import build_model_page
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.models_page import build_gone_page, build_models_page
from orarchive.publish.views.picks_page import build_picks_page
from orarchive.publish.views.prices_page import build_prices_page
from orarchive.publish.views.provider_page import build_provider_pages
from orarchive.publish.views.providers_page import build_providers_page
from orarchive.publish.views.rankings_page import build_category_page, build_rankings_page
from orarchive.publish.views.reference import AboutPage, build_days_page, build_patterns_page
from orarchive.publish.views.site import (
    ATOM,
    ERROR_PAGE,
    JSON,
    JSON_FEED,
    Alternate,
    Lookups,
    PageImages,
    PagePaths,
    SiteContext,
)
from orarchive.publish.views.status_page import build_status_page

DATABASE = DATABASE_NAME
"""The database for download."""

ALL_CATEGORIES = "all"
"""Name of the page of all categories together."""

CATEGORY_FOLDERS = 1
"""Folders in the path of a category, `marketing/seo`: the API describes a file for each number of them."""


@dataclass(frozen=True)
class Page:
    """One page of the site."""

    path: str
    """Path of the file below the output folder."""
    template: str
    context: object
    """The dataclass that the template shows; None for a page that says the same in every archive."""
    site: SiteContext


@dataclass(frozen=True)
class SitePages:
    """The pages, with what all of them share."""

    view: View
    site: SiteContext
    """The context of every page, without the path of any."""

    def _build(self, path: str, template: str, context: object, *alternates: Alternate) -> Page:
        """Build a page; one without a feed of its own links that of all changes, but does not offer it."""
        has_own_feed = any(alternate.type == ATOM for alternate in alternates)
        if path != ERROR_PAGE and not has_own_feed:
            alternates = (*alternates, *_link_feed(CHANGES_FEED))
        return Page(path, template, context, self._locate(path, alternates, has_own_feed))

    def _locate(
        self, path: str, alternates: tuple[Alternate, ...] = (), has_own_feed: bool = True
    ) -> SiteContext:
        return replace(self.site, path=path, alternates=alternates, has_own_feed=has_own_feed)

    def list_shared(
        self,
        describe_files: Callable[[], tuple[dict[str, str], dict[str, int]]],
        parquet_files: Sequence[ParquetFile] = (),
    ) -> Iterator[Page]:
        """Yield the pages that are not about one model or month.

        `describe_files` returns examples of files for programs, and the bytes of tables and database, for the
        page of data: it is called only then, for tables and database are written while other pages are made.
        """
        yield self._build("index.html", "home.html", build_home_page(self.view), *_link_feed(CHANGES_FEED))
        yield from self._list_models()
        yield from self._list_labs()
        yield from self._list_providers()
        feeds = (_link_topic("price", "All price changes"), *_link_feed(CUTS_FEED))
        yield self._build(CUTS_FEED.page, "prices.html", build_prices_page(self.view), *feeds)
        yield from self._list_rankings()
        yield from self._list_catalog()
        retirements = (*_link_feed(RETIREMENTS_FEED), _link_json("gone"), _link_json("redirects"))
        yield self._build(
            RETIREMENTS_FEED.page, "graveyard.html", build_graveyard_page(self.view), *retirements
        )
        yield self._build("retirements/index.html", "moved.html", None)
        yield self._build_recent_changes()
        status = build_status_page(self.view)
        yield self._build("status/index.html", "status.html", status, _link_json("status"))
        for name in ("compare", "days"):
            yield self._build(f"{name}/index.html", f"{name}.html", build_days_page(self.view))
        location = self._locate("data/index.html")
        data = build_data_page(self.view, location, *describe_files(), parquet_files)
        yield self._build("data/index.html", "data.html", data)
        yield self._build("about/index.html", "about.html", AboutPage())
        yield self._build("patterns/index.html", "patterns.html", build_patterns_page(self.view))
        yield self._build(ERROR_PAGE, ERROR_PAGE, None)

    def _list_models(self) -> Iterator[Page]:
        models = build_models_page(self.view)
        feed = _link_topic("model", "Models: new, gone and renamed")
        yield self._build("models/index.html", "models.html", models, feed, _link_json("models"))
        yield self._build("models/gone/index.html", "gone.html", build_gone_page(self.view))

    def _list_catalog(self) -> Iterator[Page]:
        """Yield the pages of the catalogue."""
        picks, direct = build_picks_page(self.view.catalog), build_direct_page(self.view.catalog)
        yield self._build("picks/index.html", "picks.html", picks, _link_json("shortlists"))
        yield self._build(FREE_FEED.page, "free.html", build_free_page(self.view), *_link_feed(FREE_FEED))
        yield self._build("direct/index.html", "direct.html", direct, _link_json("direct"))

    def build_model(
        self, model: ModelView, images: PageImages, catalog: CatalogSection, changes: list[ChangelogHour]
    ) -> Page:
        """Return the page of a model, given what the catalogue says of it and its changes, newest first."""
        path = self.site.lookups.paths.models[model.model.id]
        feeds = _link_page_feeds(path, "of this model", model.is_there)
        file = _link_json(path.removesuffix("/index.html"))
        location = replace(self._locate(path, (*feeds, file)), images=images)
        return Page(path, "model.html", build_model_page(self.view, model, catalog, changes), location)

    def _list_labs(self) -> Iterator[Page]:
        labs = build_labs_page(self.view)
        yield self._build("labs/index.html", "labs.html", labs, _link_json("authors"))
        for lab, page in build_lab_pages(self.view):
            path = self.site.lookups.paths.labs[lab.name]
            yield self._build(path, "lab.html", page, *_link_page_feeds(path, "of its models"))

    def _list_providers(self) -> Iterator[Page]:
        providers = build_providers_page(self.view)
        feed = _link_topic("endpoint", "Endpoints: new, gone and changed")
        yield self._build("providers/index.html", "providers.html", providers, feed, _link_json("providers"))
        for provider, page in build_provider_pages(self.view):
            path = self.site.lookups.paths.providers[provider.slug]
            feeds = _link_page_feeds(path, "of this provider and what it serves")
            yield self._build(path, "provider.html", page, *feeds)

    def _list_rankings(self) -> Iterator[Page]:
        """Yield the page of rankings, and that of each category that the service names."""
        rankings = build_rankings_page(self.view.rankings)
        yield self._build("rankings/index.html", "rankings.html", rankings, _link_json("categories"))
        for category in self.view.rankings.categories:
            if category.order or category.name:
                path = self.site.lookups.paths.categories[category.name]
                context = build_category_page(self.view, category)
                file = _link_json(path.removesuffix("/index.html"))
                yield self._build(path, "category.html", context, file)

    def _build_recent_changes(self) -> Page:
        names = [*self.view.months]
        hours = self.view.iterate_changes()
        recent = takewhile(lambda hour: f"{hour.hour:%Y-%m}" in names[:MAX_RECENT_MONTHS], hours)
        context = build_recent_page(names, group_days(recent), self.view.importance)
        return self._build(CHANGES_FEED.page, "changes.html", context, *_link_feed(CHANGES_FEED))

    def list_month(self, month: ChangelogMonth) -> Iterator[Page]:
        """Yield the page of a month, and those of the days of a long one."""
        names, importance = [*self.view.months], restrict_importance(self.view, month.name)
        folder = f"changes/{month.name}"
        context = build_month_page(names, month, importance)
        yield self._build(f"{folder}/index.html", "changes.html", context, _link_json(folder))
        for day in month.days if is_long(month) else []:
            context = build_day_page(names, month, day, importance)
            yield self._build(f"{folder}/{day.date:%d}/index.html", "changes.html", context)


def make_site_pages(view: View, models: dict[str, str], base: str | None) -> SitePages:
    """Return the pages of the site.

    `models` holds the path of each model's page, `base` the address of the site with a slash at its end.
    """
    paths = PagePaths(
        models=models,
        labs={lab.name: f"labs/{escape_segment(lab.name)}/index.html" for lab in view.lab_views},
        providers={
            provider.slug: f"providers/{escape_segment(provider.slug)}/index.html"
            for provider in view.providers
        },
        categories=map_category_paths(view),
        names={model.model.id: model.model.name for model in view.models},
        provider_names={provider.slug: provider.name for provider in view.providers},
    )
    has_rankings = view.rankings.is_there
    site = SiteContext(Lookups(view.now, paths), view.is_past, DATABASE, base, has_rankings=has_rankings)
    return SitePages(view, site)


def _link_feed(feed: GeneralFeed) -> tuple[Alternate, Alternate]:
    """Return the links to a feed as Atom and as JSON Feed."""
    return (
        Alternate(ATOM, "Atom", feed.title, feed.atom_path),
        Alternate(JSON_FEED, "JSON Feed", feed.title, feed.json_path),
    )


def _link_topic(topic: Topic, title: str) -> Alternate:
    """Return the link to the feed of the changes of a topic."""
    return Alternate(ATOM, "Atom", title, f"feeds/{topic}.atom")


def _link_json(name: str) -> Alternate:
    """Return the link to the same content as a file of the machine surface."""
    return Alternate(JSON, "JSON", "The same for programs", f"api/v1/{name}.json")


def _link_page_feeds(path: str, subject: str, has_prices: bool = True) -> list[Alternate]:
    """Return the links to the feeds beside a page, that of price changes alone last."""
    prices = Alternate(ATOM, "Atom", f"Price changes {subject}, nothing else", get_prices_path(path))
    feed = Alternate(ATOM, "Atom", f"All changes {subject}", get_feed_path(path))
    return [feed, prices] if has_prices else [feed]


def get_feed_path(path: str) -> str:
    """Return the path of the news feed beside a page."""
    return path.replace("index.html", "changes.atom")


def get_prices_path(path: str) -> str:
    """Return the path of the news feed of price changes alone beside a page."""
    return path.replace("index.html", "prices.atom")


def map_category_paths(view: View) -> dict[str, str]:
    """Return the path of the page of each category: `rankings/marketing/seo/index.html`."""
    paths = {"": f"rankings/{ALL_CATEGORIES}/index.html"}
    for category in view.rankings.categories:
        name = category.name
        if name == ALL_CATEGORIES:
            # A category may have the name of the page of all categories: its first letter is escaped.
            paths[name] = f"rankings/={ord(name[0]):02x}{name[1:]}/index.html"
        elif name:
            paths[name] = f"rankings/{escape_path(name, CATEGORY_FOLDERS)}/index.html"
    return paths


def get_model_path(model: str) -> str:
    """Return the path of a model's page: `models/<author>/<slug>/`, a variant's below its base.

    Anybody may choose an id: no two ids share a path, not even where case does not count.
    """
    author, slash, rest = model.partition("/")
    slug, variant = split_variant(rest)
    parts = [escape_segment(author), escape_segment(slug)] if slash else ["=-", escape_segment(author)]
    if variant is not None:
        parts.append(escape_segment(variant))
    return "/".join(["models", *parts, "index.html"])
