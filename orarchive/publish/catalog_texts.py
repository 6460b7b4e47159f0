"""Files of the catalogue without the API's envelope: lists of ids, badges, the calendar of retirements."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal

from icalendar import Calendar, Event

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.redirect_words import describe_replacement
from orarchive.domain.foreign_text import escape_invisible
from orarchive.domain.prices import MAIN_DIMENSIONS, MILLION, format_dollars
from orarchive.publish.api.kinds import API_FOLDER
from orarchive.publish.feed_ids import FeedSite
from orarchive.publish.sanitize import to_safe_json

PRODUCT = "-//OpenRouter archive//retirements//EN"

BADGE_COLORS = {"live": "blue", "free": "green", "expiring": "orange", "gone": "red"}
"""State of a model -> colour of its badge."""


def render_texts(catalog: Catalog, paths: dict[str, str], site: FeedSite) -> Iterator[tuple[str, bytes]]:
    """Yield the lists of ids, the calendar and the badge of each model, with their paths.

    `paths` has the path of each model's page.
    """
    yield from _render_id_lists(catalog)
    yield f"{API_FOLDER}/calendar.ics", _render_calendar(catalog, paths, site)
    for key, info in catalog.models.items():
        path = paths[key].removeprefix("models/").removesuffix("/index.html")
        yield f"badges/{path}.json", _render_badge(info, catalog.hour.date())


def _render_id_lists(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """Yield the lists of ids, one a line and sorted, with their paths: listed, free, gone."""
    infos = catalog.models.values()
    for name, belongs in ID_LISTS.items():
        ids = sorted(escape_invisible(info.id) for info in infos if belongs(info))
        yield f"{API_FOLDER}/{name}.txt", "".join(f"{key}\n" for key in ids).encode()


ID_LISTS: dict[str, Callable[[ModelInfo], bool]] = {
    "ids": lambda info: info.is_listed,
    "free": lambda info: info.is_choice and info.is_free,
    "gone": lambda info: not info.is_listed,
}
"""Name of a list -> whether a model is in it. An alias is in no list of free models."""


def _render_badge(info: ModelInfo, today: dt.date) -> bytes:
    """Return the badge of a model, in the form that shields.io reads: its prices, or when it goes or went."""
    state, message = _describe_badge(info, today)
    label = escape_invisible(info.id.partition("/")[2] or info.id)
    return to_safe_json(
        {"schemaVersion": 1, "label": label, "message": message, "color": BADGE_COLORS[state]}
    )


def _describe_badge(info: ModelInfo, today: dt.date) -> tuple[str, str]:
    """Return the state that gives a badge its colour, and its words."""
    if info.last_seen:
        return "gone", f"gone since {info.last_seen:%Y-%m-%d}"
    if info.expires and info.expires >= today:
        return "expiring", f"until {info.expires}"
    if info.is_free:
        return "free", "free"
    prices = [info.prices.get(name) for name in MAIN_DIMENSIONS]
    if info.price_class.outside:
        return "live", info.price_class.outside
    return "live", f"{' / '.join(map(_format_per_million, prices))} per M tokens"


def _format_per_million(price: Decimal | None) -> str:
    return format_dollars((price or Decimal(0)) * MILLION)


def _render_calendar(catalog: Catalog, paths: dict[str, str], site: FeedSite) -> bytes:
    """Return the calendar of the days on which listed models go, as OpenRouter announced them.

    `paths` has the path of each model's page.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", "Models leaving OpenRouter")
    calendar.add("x-wr-calname", "Models leaving OpenRouter")
    for info in sorted(catalog.models.values(), key=lambda info: (info.expires or dt.date.max, info.id)):
        if info.is_listed and info.expires:
            calendar.add_component(_build_event(catalog, info, info.expires, paths[info.id], site))
    text: bytes = calendar.to_ical()
    return text


def _build_event(catalog: Catalog, info: ModelInfo, day: dt.date, path: str, site: FeedSite) -> Event:
    event = Event()
    event.add("uid", site.make_id(f"retirements/{info.id}"))
    event.add("dtstamp", catalog.source.models[info.id].announced or info.first_seen)
    event.add("dtstart", day)
    event.add("dtend", day + dt.timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", f"{escape_invisible(info.id)} leaves OpenRouter")
    event.add("description", escape_invisible(describe_replacement(catalog.redirects, info.id)))
    if site.base:
        event.add("url", site.base + path.removesuffix("index.html"))
    return event
