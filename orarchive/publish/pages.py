"""Which pages there are: every page kind with its route, its template and what the template is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any, get_args

from orarchive.domain.records import NO_DATE
from orarchive.index.absence import DAY_S, DEPRECATED_AFTER_S, REMOVED_AFTER_S
from orarchive.jsonl import Record, dumps
from orarchive.paths import escape_path, escape_segment
from orarchive.publish.changelog import KINDS, TOPIC_NAMES
from orarchive.publish.news_feeds import MAX_ENTRIES, MAX_MODEL_ENTRIES, MAX_TOPIC_ENTRIES
from orarchive.publish.views import View
from orarchive.publish.views.changes import ChangelogDay
from orarchive.publish.views.models import State
from orarchive.publish.views.prices import NEEDS

DATABASE = "archive.sqlite"
"""The index, for download."""

ABSENCE = {"deprecated": DEPRECATED_AFTER_S // DAY_S, "removed": REMOVED_AFTER_S // DAY_S}
"""Days of absence after which a model is called so."""

SECTIONS = (
    ("models", "Models"),
    ("labs", "Labs"),
    ("providers", "Providers"),
    ("prices", "Prices"),
    ("rankings", "Rankings"),
    ("compare", "Compare"),
    ("changes", "Changes"),
    ("graveyard", "Graveyard"),
    ("status", "Status"),
)
"""What stands in the head of every page."""

MAX_RECENT_DAYS, MAX_RECENT_LINES = 14, 400
"""Days with changes on the page of changes, fewer where their lines are more; months' pages have all."""


@dataclass(frozen=True)
class Alternate:
    """The same for programs: a feed or JSON."""

    type: str
    name: str
    title: str
    path: str


ATOM, JSON, JSON_FEED = "application/atom+xml", "application/json", "application/feed+json"


@dataclass(frozen=True)
class Page:
    """One page of the site."""

    path: str
    """The file below the out folder."""
    template: str
    context: dict[str, Any]
    alternates: tuple[Alternate, ...] = ()

    @property
    def root(self) -> str:
        """From the page to the top of the site."""
        return "../" * self.path.count("/")


def list_pages(view: View, paths: dict[str, str], examples: dict[str, str]) -> Iterator[Page]:
    """Every page of the site; `paths` holds the page of each model, `examples` those on the page of data."""
    labs = {one.name: f"labs/{escape_segment(one.name)}/index.html" for one in view.lab_views}
    providers = {one.slug: f"providers/{escape_segment(one.slug)}/index.html" for one in view.providers}
    shared = {"view": view, "paths": paths, "labs": labs, "providers": providers}
    shared["categories"] = category_paths(view)
    shared |= {"database": DATABASE, "sections": SECTIONS}
    everything = (
        Alternate(ATOM, "Atom", "All changes", "feeds/changes.atom"),
        Alternate(JSON_FEED, "JSON Feed", "All changes", "feeds/changes.json"),
    )
    yield Page("index.html", "home.html", shared, everything)
    yield Page("models/index.html", "models.html", {**shared, "filters": _filters(view)}, _json("models"))
    yield Page("models/gone/index.html", "gone.html", shared)
    for one in view.models:
        path = paths[one.model.id]
        alternates = (
            Alternate(ATOM, "Atom", "What happened to it", path.replace("index.html", "changes.atom")),
            Alternate(JSON, "JSON", "All of it", f"api/v1/{path.removesuffix('/index.html')}.json"),
        )
        shown = {**shared, "one": one, "raw": format_json(one.entry.record)}
        yield Page(path, "model.html", shown, alternates)
    yield from _makers(view, shared)
    cuts = (
        Alternate(ATOM, "Atom", "Price cuts of 20 % or more", "feeds/cuts.atom"),
        Alternate(JSON_FEED, "JSON Feed", "Price cuts of 20 % or more", "feeds/cuts.json"),
    )
    yield Page("prices/index.html", "prices.html", {**shared, "needs": NEEDS}, cuts)
    yield from _rankings(view, shared)
    yield Page("graveyard/index.html", "graveyard.html", shared)
    changes = {**shared, "topics": TOPIC_NAMES}
    yield Page(
        "changes/index.html", "changes.html", {**changes, "month": None, "days": _recent(view)}, everything
    )
    for month in view.months:
        path = f"changes/{month.name}/index.html"
        yield Page(
            path,
            "changes.html",
            {**changes, "month": month, "days": month.days},
            _json(f"changes/{month.name}"),
        )
    yield Page("status/index.html", "status.html", shared, _json("status"))
    yield Page("compare/index.html", "compare.html", shared)
    yield Page(
        "data/index.html",
        "data.html",
        {
            **shared,
            "topics": TOPIC_NAMES,
            "kinds": KINDS,
            "examples": examples,
            "entries": (MAX_MODEL_ENTRIES, MAX_TOPIC_ENTRIES, MAX_ENTRIES),
        },
    )
    yield Page("about/index.html", "about.html", {**shared, "undated": NO_DATE, "absence": ABSENCE})
    yield Page("patterns/index.html", "patterns.html", {**shared, **_patterns(view)})
    yield Page("404.html", "404.html", shared)


def _recent(view: View) -> list[ChangelogDay]:
    """The last days with changes."""
    days = [day for month in view.months[:2] for day in month.days][:MAX_RECENT_DAYS]
    before = accumulate((day.lines for day in days), initial=0)
    return [day for day, lines in zip(days, before, strict=False) if lines < MAX_RECENT_LINES]


def _patterns(view: View) -> dict[str, Any]:
    """Something of each kind, where the archive has it."""
    return {
        "states": get_args(State),
        "amounts": [
            ("plain", Decimal("0.00000125"), "prompt"),
            ("rounded", Decimal("0.0000000416666666666667"), "prompt"),
            ("free", Decimal(0), "prompt"),
            ("dynamic", Decimal(-1), "prompt"),
            ("unpriced", None, "prompt"),
        ],
        "charted": next((one for one in view.models if one.charts), None),
        "clocked": next((one for one in view.listed if one.weeks), None),
        "offered": next((one for one in view.listed if one.endpoints), None),
    }


def _filters(view: View) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """What the list of models can be filtered by: name, words, and the traits to choose from."""
    traits = {trait for one in view.listed for trait in one.traits}
    for kind, words in (("in", "Takes"), ("out", "Gives"), ("can", "Can"), ("by", "Provider")):
        found = sorted(trait for trait in traits if trait.startswith(f"{kind}:"))
        yield kind, words, [(trait, trait.removeprefix(f"{kind}:")) for trait in found]


def _rankings(view: View, shared: dict[str, Any]) -> Iterator[Page]:
    """The rankings and a page for each category, whatever the service names."""
    yield Page("rankings/index.html", "rankings.html", shared, _json("categories"))
    for one in view.rankings.categories:
        if one.order or one.name:
            path = shared["categories"][one.name]
            yield Page(path, "category.html", {**shared, "category": one}, _json(f"rankings/{_of(path)}"))


def _of(path: str) -> str:
    """The path of a category's page below `rankings/`, without its file."""
    return path.removeprefix("rankings/").removesuffix("/index.html")


def _json(name: str) -> tuple[Alternate]:
    """The same as a file of the machine surface."""
    return (Alternate(JSON, "JSON", "The same for programs", f"api/v1/{name}.json"),)


def _makers(view: View, shared: dict[str, Any]) -> Iterator[Page]:
    yield Page("labs/index.html", "labs.html", shared, _json("labs"))
    for lab in view.lab_views:
        path = shared["labs"][lab.name]
        feed = Alternate(ATOM, "Atom", "Changes of its models", path.replace("index.html", "changes.atom"))
        yield Page(path, "lab.html", {**shared, "lab": lab}, (feed,))
    yield Page("providers/index.html", "providers.html", shared, _json("providers"))
    for provider in view.providers:
        yield Page(shared["providers"][provider.slug], "provider.html", {**shared, "provider": provider})


ALL = "all"
"""The page of all categories together."""


def category_paths(view: View) -> dict[str, str]:
    """The page of each category: `rankings/marketing/seo/`."""
    found = {"": f"rankings/{ALL}/index.html"}
    for one in view.rankings.categories:
        if one.name:
            # a category may be called so, too
            path = f"={ord(ALL[0]):02x}{ALL[1:]}" if one.name == ALL else escape_path(one.name)
            found[one.name] = f"rankings/{path}/index.html"
    return found


def model_path(model: str) -> str:
    """The page of a model: `models/<author>/<slug>/`, a variant's below its base.

    Ids are foreign: no two of them share a path, not even where case does not count.
    """
    author, slash, rest = model.partition("/")
    slug, colon, variant = rest.partition(":")
    parts = [escape_segment(author), escape_segment(slug)] if slash else ["=-", escape_segment(author)]
    if colon:
        parts.append(escape_segment(variant))
    return "/".join(["models", *parts, "index.html"])


def format_json(value: Any, indent: str = "") -> str:
    """JSON as people read it: short lists in one line, number tokens as sent."""
    if isinstance(value, dict) and value and len(indent) < 40:
        members = [
            f"{indent}  {_token(name)}: {format_json(value[name], indent + '  ')}" for name in _order(value)
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and len(indent) < 40:
        items = [f"{indent}  {format_json(item, indent + '  ')}" for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    if isinstance(value, list):
        return "[" + ", ".join(map(_token, value)) + "]"
    return _token(value)


def _order(record: Record) -> list[str]:
    return sorted(record, key=lambda name: (name not in ("id", "name"), name))


def _token(value: Any) -> str:
    return dumps(value).decode()
