"""Apps ranked by usage, and what a session in one costs. Apps are made up of two words: `Amber Terminal`."""

from collections import Counter
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import SUBCATEGORIES, TURN_RANGES, Refused
from orarchive.sample.rankings import bucket, meta, stamp, window
from orarchive.sample.usage import DAY, FLOOR, days, hours_of, midnight, published
from orarchive.sample.world import World, happened, in_use_after

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
HARNESSES = ("cli-agent", "ide-extension")  # whose sessions are costed ...
COSTED_APPS, COSTED_MODELS = 6, 24  # ... of so many apps and models
WINDOW_DAYS = 30
TURNS = dict(zip(TURN_RANGES, (1, 5, 25, 90), strict=True))  # of a session in the middle of the range


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


def app_rankings(world: World, asked: Row) -> Row:
    """Rows {rank, app_id, app_name, total_tokens: decimal string, total_requests: int} over one window."""
    wanted = _subcategories(asked["category"], asked["subcategory"])
    first, last = window(asked, world.hour.date())
    totals = _between(first, last, world.hour)
    weights: dict[App, float] = {app: totals[app] for app in APPS}
    if asked["sort"] == "trending":
        length = (last - first).days + 1
        before = _between(first - 3 * length * DAY, first - DAY, world.hour)
        weights = {app: totals[app] - before[app] / 3 for app in APPS}
    found = [app for app in APPS if app.subcategory in wanted and weights[app] > 0]
    ranked = sorted(found, key=lambda app: (-weights[app], app.app_id))
    start = asked["offset"]
    rows = [
        {
            "rank": rank,
            "app_id": app.app_id,
            "app_name": app.name,
            "total_tokens": str(totals[app]),
            "total_requests": int(totals[app] / (4000 + 40000 * draw(app.slug, "request"))) + 1,
        }
        for rank, app in enumerate(ranked[start : start + asked["limit"]], start + 1)
    ]
    return {"data": rows, "meta": meta(world.hour, first, last)}


def _subcategories(category: str | None, subcategory: str | None) -> set[str]:
    """The subcategories asked for; the two must agree."""
    inside = set(SUBCATEGORIES[category]) if category else set(NOUNS)
    if subcategory and subcategory not in inside:
        msg = f"subcategory {subcategory} is not in category {category}"
        raise Refused(msg)
    return {subcategory} if subcategory else inside


def _between(first: date, last: date, now: datetime) -> Counter[App]:
    """Tokens of each app from the first to the last date, as far as they are published."""
    totals: Counter[App] = Counter()
    for day in days(max(first, FLOOR), last):
        if published(day, now):
            for app, figure in zip(APPS, _on(day), strict=True):
                totals[app] += figure * hours_of(day, now) // 24
    return totals


@lru_cache(maxsize=1024)  # every date of the history once
def _on(day: date) -> tuple[int, ...]:
    """Tokens of each app on a whole day."""
    growth = 1 + (day - FLOOR).days / 150
    monday = bucket(day, "week")
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


def session_cost(world: World, asked: Row) -> Row:
    """Rows {app_slug, app_name, turn_range, model_permaslug, median_session_cost_usd}, new every Monday."""
    end = bucket(world.hour.date(), "week") - DAY
    used = in_use_after(happened(midnight(end + DAY)))
    models = sorted((slug for slug in used if ":" not in slug), key=lambda slug: draw(slug, "costed"))
    apps = [app for app in APPS if app.subcategory in HARNESSES][:COSTED_APPS]
    cells = [
        {
            "app_slug": app.slug,
            "app_name": app.name,
            "turn_range": turn_range,
            "model_permaslug": slug,
            "median_session_cost_usd": _median_cost(app, slug, turn_range, end),
        }
        for app in sorted(apps, key=lambda app: app.slug)
        for slug in sorted(models[:COSTED_MODELS])
        for turn_range in TURN_RANGES
    ]
    wanted = {
        "app_slug": asked["app_slug"],
        "model_permaslug": asked["model"],
        "turn_range": asked["turn_range"],
    }
    found = [cell for cell in cells if all(value in (None, cell[name]) for name, value in wanted.items())]
    return {
        "data": found[asked["offset"] : asked["offset"] + asked["limit"]],
        "meta": {
            "as_of": stamp(world.hour),
            "version": "v1",
            "window_days": WINDOW_DAYS,
            "window_end_date": str(end),
        },
    }


def _median_cost(app: App, slug: str, turn_range: str, end: date) -> float:
    """USD of a session; it moves with the week."""
    base = 0.002 + 0.03 * draw(slug, "cost") * (0.5 + draw(app.slug, "cost"))
    return round(base * TURNS[turn_range] * (0.9 + 0.2 * draw(slug, app.slug, turn_range, end)), 4)
