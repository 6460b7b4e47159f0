"""The frame of every page: header, footer, and links to the other pages of the site."""

import datetime as dt
from dataclasses import dataclass, field
from html import escape
from itertools import takewhile
from urllib.parse import quote, urlsplit

from orarchive.domain.keys import get_provider_of_tag
from orarchive.timestamps import format_stamp

SECTIONS = (
    (
        "Models",
        (
            ("models", "All models"),
            ("picks", "Picks"),
            ("free", "Free"),
            ("labs", "Labs"),
            ("graveyard", "Retirements"),
        ),
    ),
    ("Providers", (("providers", "All providers"),)),
    ("Prices", (("prices", "Trends and moves"), ("days", "Any day"), ("direct", "Direct prices"))),
    ("Rankings", (("rankings", "All uses"),)),
    ("Changes", (("changes", "Latest"), ("days", "Any day"))),
    ("Compare", (("compare", "Compare models"),)),
    (
        "Data",
        (("data", "Files and feeds"), ("status", "Status"), ("about", "About")),
    ),
)
"""Label of each item of the header, and the pages of its section: folder and label, the first its own."""

ERROR_PAGE = "404.html"

ATOM, JSON, JSON_FEED = "application/atom+xml", "application/json", "application/feed+json"


@dataclass(frozen=True)
class Alternate:
    """The same content for programs: a feed or JSON."""

    type: str
    name: str
    title: str
    path: str


CARD_WIDTH, CARD_HEIGHT = 800, 420
"""Pixels of the picture for link previews."""

CHART_WIDTH, CHART_HEIGHT = 300, 80
"""Pixels of the price chart to embed."""


@dataclass(frozen=True)
class PageImages:
    """The pictures of a page, in words; "" where there is none."""

    card: str = ""
    """For link previews."""
    chart: str = ""
    """To embed."""


NO_IMAGES = PageImages()


@dataclass(frozen=True)
class PagePaths:
    """Paths of the pages that have a name of their own, below the top of the site, and names of models."""

    models: dict[str, str]
    """By model id."""
    labs: dict[str, str]
    """By lab."""
    providers: dict[str, str]
    """By provider slug."""
    categories: dict[str, str]
    """By category, "" for all."""
    names: dict[str, str] = field(default_factory=dict)
    """Of models, by id."""
    provider_names: dict[str, str] = field(default_factory=dict)
    """By slug."""


NO_BASE = "https://example.org/"
"""Stands for the address of the site in texts to copy where it is not known."""

CARD, CHART = ("cards", "png"), ("charts", "svg")
"""Folder and ending of the kinds of pictures."""


def get_image_path(page: str, kind: tuple[str, str]) -> str:
    """Return the path of a picture of a model, given that of its page."""
    folder, ending = kind
    return f"{folder}/{page.removeprefix('models/').removesuffix('/index.html')}.{ending}"


NOW = "now"


@dataclass(frozen=True)
class Lookups:
    """What pages look up while they are rendered, beside their contexts; every lookup is noted."""

    now: dt.datetime
    paths: PagePaths
    reads: set[tuple[str, str]] = field(default_factory=set)
    """What was looked up: the name of a member of `PagePaths` with a key, or `NOW` with ""."""

    def find(self, kind: str, key: str = "") -> str | None:
        """Look up a value; None where there is none."""
        self.reads.add((kind, key))
        if kind == NOW:
            return format_stamp(self.now)
        paths: dict[str, str] = vars(self.paths).get(kind, {})
        return paths.get(key)


@dataclass(frozen=True)
class Section:
    """A link of the header."""

    label: str
    path: str
    is_current: bool


@dataclass(frozen=True)
class SiteContext:
    """The context of every template beside that of its page."""

    lookups: Lookups
    is_past: bool
    """Whether the hour that the site is built for is a past hour that somebody chose."""
    database: str
    """Path of the index for download."""
    base: str | None = None
    """Address of the top of the site, with a slash at its end, where it is known."""
    path: str = ""
    """Path of the page."""
    alternates: tuple[Alternate, ...] = ()
    images: PageImages = NO_IMAGES
    has_rankings: bool = True
    """Whether rankings are archived; without them the header does not link their page."""
    has_own_feed: bool = True
    """Whether a feed is about what the page shows; others only link that of all changes."""

    @property
    def now(self) -> dt.datetime:
        """Return the hour that the site is built for."""
        self.lookups.find(NOW)
        return self.lookups.now

    @property
    def root(self) -> str:
        """Return the relative path from the page to the top of the site: `../../`.

        A server shows the error page at any depth: there it is an absolute path, which holds on any host.
        """
        if self.base and self.path == ERROR_PAGE:
            return urlsplit(self.base).path
        return "../" * self.path.count("/")

    @property
    def address(self) -> str | None:
        """Return the full address of the page, None where the site's is not known or it is the error page."""
        if not self.base or self.path == ERROR_PAGE:
            return None
        return self.base + self.path.removesuffix("index.html")

    @property
    def feeds(self) -> list[Alternate]:
        """Return the news feeds of the page."""
        return [alternate for alternate in self.alternates if alternate.type in (ATOM, JSON_FEED)]

    @property
    def badge_text(self) -> str:
        """Return the Markdown that shows the badge of a model, whose page this is, on a page elsewhere."""
        base = self.base or NO_BASE
        folder = self.path.removesuffix("/index.html")
        badge = quote(f"{base}badges/{folder.removeprefix('models/')}.json", safe="")
        return f"[![OpenRouter price](https://img.shields.io/endpoint?url={badge})]({base}{folder}/)"

    @property
    def card_url(self) -> str | None:
        """Return the address of the picture for link previews, which must be a full one; None without."""
        return f"{self.base}{get_image_path(self.path, CARD)}" if self.base and self.images.card else None

    @property
    def chart_path(self) -> str:
        """Return the path of the chart to embed."""
        return get_image_path(self.path, CHART)

    @property
    def embed_html(self) -> str:
        """Return HTML that shows the chart on a page elsewhere, and links to this one."""
        base = self.base or NO_BASE
        picture = f'src="{base}{self.chart_path}" width="{CHART_WIDTH}" height="{CHART_HEIGHT}"'
        page = base + self.path.removesuffix("index.html")
        return f'<a href="{page}"><img {picture} alt="{escape(self.images.chart)}"></a>'

    @property
    def sections(self) -> list[Section]:
        """Return the links of the header, with the section of this page marked."""
        return [
            Section(label, f"{pages[0][0]}/index.html", label == self.section_label)
            for label, pages in SECTIONS
            if self.has_rankings or label != "Rankings"
        ]

    @property
    def section_label(self) -> str:
        """Return the label of the section that this page belongs to; "" for none."""
        return next((label for label, pages in SECTIONS if self._is_within(pages)), "")

    @property
    def subsections(self) -> list[Section]:
        """Return the links to the pages of this page's section; [] where it has one alone."""
        pages = next((pages for _, pages in SECTIONS if self._is_within(pages)), ())
        paths = [(label, f"{folder}/index.html") for folder, label in pages if len(pages) > 1]
        return [Section(label, path, path == self.path) for label, path in paths]

    def _is_within(self, pages: tuple[tuple[str, str], ...]) -> bool:
        return any(self.path.startswith(f"{folder}/") for folder, _ in pages)

    def file_href(self, path: str) -> str:
        """Return the shortest link from the page to another file of the site: `../gpt-4o/index.html`."""
        here, there = self.path.split("/")[:-1], path.split("/")
        folders = zip(here, there[:-1], strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], folders))
        return "../" * (len(here) - shared) + "/".join(there[shared:])

    def model_href(self, model: str) -> str | None:
        """Return the link to the page of a model, None where there is none."""
        return self._link("models", model)

    def model_name(self, model: str) -> str:
        """Return the name of a model; its id where there is no such model."""
        return self.lookups.find("names", model) or model

    def provider_name(self, slug: str) -> str:
        """Return the name of a provider; its slug where there is no such provider."""
        return self.lookups.find("provider_names", slug) or slug

    def endpoint_name(self, label: str) -> str:
        """Return the label of an endpoint with the name of its provider: `DeepInfra/fp4`."""
        slug = get_provider_of_tag(label)
        return self.provider_name(slug) + label.removeprefix(slug)

    def lab_href(self, lab: str) -> str | None:
        """Return the link to the page of a lab, None where there is none."""
        return self._link("labs", lab)

    def provider_href(self, provider: str) -> str | None:
        """Return the link to the page of a provider, None where there is none."""
        return self._link("providers", provider)

    def category_href(self, category: str) -> str | None:
        """Return the link to the page of a category of rankings, None where there is none."""
        return self._link("categories", category)

    def _link(self, kind: str, key: str) -> str | None:
        path = self.lookups.find(kind, key)
        return None if path is None else self.file_href(path)
