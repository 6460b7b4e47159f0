"""Apps ranked by usage, and the cost of sessions in apps. Names of apps are two words: `Amber Terminal`."""

from collections import Counter
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import SUBCATEGORIES, TURN_RANGES, BadRequest
from orarchive.sample.rankings import describe_window, floor_period, format_hour, read_window
from orarchive.sample.usage import DAY, FLOOR, count_past_hours, floor_day, is_published, iterate_days
from orarchive.sample.world import World, count_happenings, list_used_models

COLOURS = ("Amber", "Bronze", "Coral", "Dun", "Ecru", "Fawn", "Grey", "Henna")
NOUNS = {
    "cli-agent": "Terminal",
    "ide-extension": "Editor",
    "cloud-agent": "Cloud",
    "programming-app": "Compiler",
    "native-app-builder": "Builder",
    "creative-writing": "Quill",
    "video-gen": "Reel",
    "image-gen": "Canvas",
    "audio-gen": "Chime",
    "roleplay": "Mask",
    "game": "Dice",
    "writing-assistant": "Memo",
    "general-chat": "Parlour",
    "personal-agent": "Butler",
    "legal": "Clause",
}
FIRST_ID = 1001
HARNESSES = ("cli-agent", "ide-extension")
"""Subcategories that have session costs."""
COSTED_APPS, COSTED_MODELS = 6, 24
WINDOW_DAYS = 30
TURNS = dict(zip(TURN_RANGES, (1, 5, 25, 90), strict=True))
"""Turns of a typical session in each range."""


class App(NamedTuple):
    """An app as the rankings name it."""

    app_id: int
    name: str
    slug: str
    subcategory: str


APPS = tuple(
    App(FIRST_ID + number, f"{colour} {noun}", f"{colour}-{noun}".lower(), subcategory)
    for number, (colour, subcategory, noun) in enumerate(
        (colour, subcategory, noun) for colour in COLOURS for subcategory, noun in NOUNS.items()
    )
)


def answer_app_rankings(world: World, params: Row) -> Row:
    """Return rows {rank, app_id, app_name, total_tokens: decimal string, total_requests: int} of a window."""
    subcategories = _choose_subcategories(params["category"], params["subcategory"])
    first, last = read_window(params, world.hour.date())
    totals = _sum_tokens(first, last, world.hour)
    weights: dict[App, float] = {app: totals[app] for app in APPS}
    if params["sort"] == "trending":
        length = (last - first).days + 1
        before = _sum_tokens(first - 3 * length * DAY, first - DAY, world.hour)
        weights = {app: totals[app] - before[app] / 3 for app in APPS}
    matches = [app for app in APPS if app.subcategory in subcategories and weights[app] > 0]
    ranked = sorted(matches, key=lambda app: (-weights[app], app.app_id))
    start = params["offset"]
    rows = [
        {
            "rank": rank,
            "app_id": app.app_id,
            "app_name": app.name,
            "total_tokens": str(totals[app]),
            "total_requests": int(totals[app] / (4000 + 40000 * draw(app.slug, "request"))) + 1,
        }
        for rank, app in enumerate(ranked[start : start + params["limit"]], start + 1)
    ]
    return {"data": rows, "meta": describe_window(world.hour, first, last)}


def _choose_subcategories(category: str | None, subcategory: str | None) -> set[str]:
    """Return the requested subcategories; raise BadRequest for one that is not in the category."""
    members = set(SUBCATEGORIES[category]) if category else set(NOUNS)
    if subcategory and subcategory not in members:
        msg = f"subcategory {subcategory} is not in category {category}"
        raise BadRequest(msg)
    return {subcategory} if subcategory else members


def _sum_tokens(first: date, last: date, now: datetime) -> Counter[App]:
    """Return the tokens of each app from the first to the last date, as far as they are published."""
    totals: Counter[App] = Counter()
    for day in iterate_days(max(first, FLOOR), last):
        if is_published(day, now):
            for app, tokens in zip(APPS, _draw_tokens(day), strict=True):
                totals[app] += tokens * count_past_hours(day, now) // 24
    return totals


# The cache holds every date of the history once.
@lru_cache(maxsize=1024)
def _draw_tokens(day: date) -> tuple[int, ...]:
    """Return the tokens of each app on a whole day, in the order of APPS."""
    growth = 1 + (day - FLOOR).days / 150
    monday = floor_period(day, "week")
    return tuple(
        int(
            4_000_000
            / (0.01 + draw(app.slug, "size") * draw(app.slug, "size"))
            * growth
            * growth
            * (0.6 + 0.8 * draw(app.slug, monday))
            * (0.9 + 0.2 * draw(app.slug, day))
        )
        for app in APPS
    )


def answer_session_cost(world: World, params: Row) -> Row:
    """Return rows {app_slug, app_name, turn_range, model_permaslug, median_session_cost_usd}.

    They change every Monday.
    """
    end = floor_period(world.hour.date(), "week") - DAY
    slugs = list_used_models(count_happenings(floor_day(end + DAY)))
    models = sorted((slug for slug in slugs if ":" not in slug), key=lambda slug: draw(slug, "costed"))
    apps = [app for app in APPS if app.subcategory in HARNESSES][:COSTED_APPS]
    cells = [
        {
            "app_slug": app.slug,
            "app_name": app.name,
            "turn_range": turn_range,
            "model_permaslug": slug,
            "median_session_cost_usd": _draw_median_cost(app, slug, turn_range, end),
        }
        for app in sorted(apps, key=lambda app: app.slug)
        for slug in sorted(models[:COSTED_MODELS])
        for turn_range in TURN_RANGES
    ]
    filters = {
        "app_slug": params["app_slug"],
        "model_permaslug": params["model"],
        "turn_range": params["turn_range"],
    }
    matches = [cell for cell in cells if all(value in (None, cell[name]) for name, value in filters.items())]
    return {
        "data": matches[params["offset"] : params["offset"] + params["limit"]],
        "meta": {
            "as_of": format_hour(world.hour),
            "version": "v1",
            "window_days": WINDOW_DAYS,
            "window_end_date": str(end),
        },
    }


def _draw_median_cost(app: App, slug: str, turn_range: str, end: date) -> float:
    """Return the USD of a session; it changes with the week, which `end` names by its last date."""
    base = 0.002 + 0.03 * draw(slug, "cost") * (0.5 + draw(app.slug, "cost"))
    return round(base * TURNS[turn_range] * (0.9 + 0.2 * draw(slug, app.slug, turn_range, end)), 4)
