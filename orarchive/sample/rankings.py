"""Models ranked by usage: rows of the top 50 by date, week or month, and the order of a models list."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import Refused
from orarchive.sample.usage import DAY, FLOOR, Tokens, Trait, days, midnight, tokens, traits
from orarchive.sample.world import World, categories_after, happened, permaslug

TOP = 50
LONGEST = 366  # days of a window
BY_DEFAULT = 30  # days of a window
WEEK = timedelta(days=7)
BUCKETS = ("1K", "10K", "100K", "1M", "10M")


def window(asked: Row, today: date) -> tuple[date, date]:
    """First and last date asked for, or of the last 30 complete days; nothing is known before the FLOOR."""
    last = min(asked["end_date"] or today - DAY, today)
    if last < FLOOR:
        msg = f"end_date must be on or after {FLOOR}"
        raise Refused(msg)
    first = max(asked["start_date"] or last - (BY_DEFAULT - 1) * DAY, FLOOR)
    if first > last:
        msg = "start_date must not be after end_date"
        raise Refused(msg)
    if (last - first).days >= LONGEST:
        msg = f"The window must not be longer than {LONGEST} days"
        raise Refused(msg)
    return first, last


def meta(hour: datetime, first: date, last: date) -> Row:
    """What the answers about a window say of themselves."""
    return {"as_of": stamp(hour), "version": "v1", "start_date": str(first), "end_date": str(last)}


def stamp(hour: datetime) -> str:
    """An hour as the Data API writes it."""
    return f"{hour:%Y-%m-%dT%H:%M:%S}.000Z"


def rankings_daily(world: World, asked: Row) -> Row:
    """Rows {date, model_permaslug, total_tokens: decimal string}, at most 51 a date, `other` last."""
    period, sampled = _grain(asked)
    first, last = window(asked, world.hour.date())
    inside = list(days(first, last))
    if sampled:
        inside = _whole_weeks(first, last, world.hour.date())
    totals: dict[date, Counter[str]] = {}
    for day in inside:
        if not asked["category"] or asked["category"] in _categories_in_week_of(day):
            totals.setdefault(bucket(day, period), Counter()).update(sliced(tokens(day, world.hour), asked))
    rows = [row for day, found in sorted(totals.items()) for row in _rows(day, found, sampled)]
    return {"data": rows, "meta": meta(world.hour, first, last)}


def _grain(asked: Row) -> tuple[str, bool]:
    """The period of the rows, and whether they come of the sampled traffic, which has no days."""
    sampled = bool(asked["category"] or asked["language_type"])
    exact = bool(asked["modality"] or asked["context_bucket"])
    if sampled and (exact or (asked["category"] and asked["language_type"])):
        msg = "category, language_type and modality with context_bucket exclude each other"
        raise Refused(msg)
    if sampled and asked["period"] == "day":
        msg = "category and language_type are not available by day"
        raise Refused(msg)
    return asked["period"] or ("week" if sampled else "day"), sampled


def bucket(day: date, period: str) -> date:
    """The date that stands for a day's `period`: its own, of its ISO Monday, of the first of its month."""
    return {"day": day, "week": day - day.weekday() * DAY, "month": day.replace(day=1)}[period]


def sliced(figures: Tokens, asked: Row) -> Tokens:
    """The part of a day's tokens that the slice asked for makes up."""
    if not any(asked[name] for name in ("modality", "context_bucket", "category", "language_type")):
        return figures
    known = traits()
    return {slug: int(figure * _share(slug, known[slug], asked)) for slug, figure in figures.items()}


def top_weekly(world: World, category: str | None) -> list[Row]:
    """The models by their use in the last whole week; of a category only those used for it then."""
    monday = bucket(world.hour.date(), "week")
    asked = {"category": category, "modality": None, "context_bucket": None, "language_type": None}
    used: Counter[str] = Counter()
    for day in days(monday - WEEK, monday - DAY):
        used.update(sliced(tokens(day, world.hour), asked))
    ordered = sorted(world.models.values(), key=lambda row: (-used[permaslug(row)], row["id"]))
    return [row for row in ordered if used[permaslug(row)]] if category else ordered


def _whole_weeks(first: date, last: date, today: date) -> list[date]:
    """The days of all weeks that a window touches, but those to come: the grain of what is sampled."""
    end = bucket(last, "week") + WEEK - DAY
    return list(days(max(bucket(first, "week"), FLOOR), max(last, min(end, today - DAY))))


def _categories_in_week_of(day: date) -> frozenset[str]:
    return categories_after(happened(midnight(bucket(day, "week") + WEEK - DAY)))


def _share(slug: str, trait: Trait, asked: Row) -> float:
    """How much of a model's tokens a slice holds, 0 to 1."""
    share = 1.0
    if asked["category"]:
        share *= _of_category(slug, asked["category"])
    if asked["language_type"]:
        natural = draw(slug, "natural")
        share *= natural if asked["language_type"] == "natural" else 1 - natural
    if asked["modality"]:
        share *= _of_modality(slug, trait, asked["modality"])
    if asked["context_bucket"]:
        weights = {name: 0.05 + draw(slug, "context", name) for name in BUCKETS}
        share *= weights[asked["context_bucket"]] / sum(weights.values())
    return share


def _of_category(slug: str, category: str) -> float:
    luck = draw(slug, "category", category)
    return luck / 3 if luck > 0.4 else 0


def _of_modality(slug: str, trait: Trait, modality: str) -> float:
    surfaces: dict[str, Any] = {
        "text": "text" in trait.outputs,
        "image_output": "image" in trait.outputs,
        "image": "image" in trait.inputs,
        "audio": "audio" in trait.inputs,
        "tool_calling": 0.6 * draw(slug, "tools"),
    }
    return float(surfaces[modality])


def _rows(day: date, totals: Counter[str], sampled: bool) -> Iterable[Row]:
    """The rows of a date; what is sampled is known to the thousand."""
    found = {slug: total // 1000 * 1000 if sampled else total for slug, total in totals.items()}
    ranked = sorted((-total, slug) for slug, total in found.items() if total)
    for total, slug in ranked[:TOP]:
        yield _row(day, slug, -total)
    if ranked[TOP:]:
        yield _row(day, "other", -sum(total for total, _slug in ranked[TOP:]))


def _row(day: date, slug: str, total: int) -> Row:
    return {"date": str(day), "model_permaslug": slug, "total_tokens": str(total)}
