"""Models ranked by usage: rows of the top 50 by date, week or month, and the order of a models list."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.parameters import BadRequest
from orarchive.sample.usage import (
    DAY,
    FLOOR,
    Tokens,
    Trait,
    count_tokens,
    floor_day,
    iterate_days,
    load_traits,
)
from orarchive.sample.world import World, count_happenings, format_permaslug, list_categories

RANKED_MODELS = 50
"""Models in the ranking of a date; the row `other` sums up the rest."""
MAX_WINDOW_DAYS = 366
DEFAULT_WINDOW_DAYS = 30
WEEK = timedelta(days=7)
BUCKETS = ("1K", "10K", "100K", "1M", "10M")


def read_window(params: Row, today: date) -> tuple[date, date]:
    """Return the first and last requested date, by default of the last 30 complete days.

    Dates before the FLOOR are cut off. Raise BadRequest for a window that is empty or too long.
    """
    last = min(params["end_date"] or today - DAY, today)
    if last < FLOOR:
        msg = f"end_date must be on or after {FLOOR}"
        raise BadRequest(msg)
    first = max(params["start_date"] or last - (DEFAULT_WINDOW_DAYS - 1) * DAY, FLOOR)
    if first > last:
        msg = "start_date must not be after end_date"
        raise BadRequest(msg)
    if (last - first).days >= MAX_WINDOW_DAYS:
        msg = f"The window must not be longer than {MAX_WINDOW_DAYS} days"
        raise BadRequest(msg)
    return first, last


def describe_window(hour: datetime, first: date, last: date) -> Row:
    """Return the `meta` of an answer about a window."""
    return {"as_of": format_hour(hour), "version": "v1", "start_date": str(first), "end_date": str(last)}


def format_hour(hour: datetime) -> str:
    """Return an hour as the Data API writes it."""
    return f"{hour:%Y-%m-%dT%H:%M:%S}.000Z"


def answer_rankings_daily(world: World, params: Row) -> Row:
    """Return rows {date, model_permaslug, total_tokens: decimal string}, at most 51 a date, `other` last."""
    period, is_sampled = _choose_period(params)
    first, last = read_window(params, world.hour.date())
    days = list(iterate_days(first, last))
    if is_sampled:
        days = _widen_to_weeks(first, last, world.hour.date())
    totals: dict[date, Counter[str]] = {}
    for day in days:
        if not params["category"] or params["category"] in _list_categories_of_week(day):
            tokens = slice_tokens(count_tokens(day, world.hour), params)
            totals.setdefault(floor_period(day, period), Counter()).update(tokens)
    rows = [row for day, counter in sorted(totals.items()) for row in _rank_rows(day, counter, is_sampled)]
    return {"data": rows, "meta": describe_window(world.hour, first, last)}


def _choose_period(params: Row) -> tuple[str, bool]:
    """Return the period of the rows, and whether they come from the sampled traffic, which has no days.

    Raise BadRequest for slices that exclude each other.
    """
    is_sampled = bool(params["category"] or params["language_type"])
    is_exact = bool(params["modality"] or params["context_bucket"])
    if is_sampled and (is_exact or (params["category"] and params["language_type"])):
        msg = "category, language_type and modality with context_bucket exclude each other"
        raise BadRequest(msg)
    if is_sampled and params["period"] == "day":
        msg = "category and language_type are not available by day"
        raise BadRequest(msg)
    return params["period"] or ("week" if is_sampled else "day"), is_sampled


def floor_period(day: date, period: str) -> date:
    """Return the first date of a day's `period`: the day, its ISO Monday, or the first of its month."""
    return {"day": day, "week": day - day.weekday() * DAY, "month": day.replace(day=1)}[period]


def slice_tokens(tokens: Tokens, params: Row) -> Tokens:
    """Return the share of a day's tokens that belongs to the requested slice."""
    names = ("modality", "context_bucket", "category", "language_type")
    parameters = tuple((name, params[name]) for name in names)
    if not any(value for _name, value in parameters):
        return tokens
    shares = _draw_shares(parameters)
    return {slug: int(count * shares[slug]) for slug, count in tokens.items()}


def rank_by_week(world: World, category: str | None) -> list[Row]:
    """Return the models by their use in the last whole week; for a category only those used for it then."""
    monday = floor_period(world.hour.date(), "week")
    params = {"category": category, "modality": None, "context_bucket": None, "language_type": None}
    totals: Counter[str] = Counter()
    for day in iterate_days(monday - WEEK, monday - DAY):
        totals.update(slice_tokens(count_tokens(day, world.hour), params))
    ranked = sorted(world.models.values(), key=lambda row: (-totals[format_permaslug(row)], row["id"]))
    return [row for row in ranked if totals[format_permaslug(row)]] if category else ranked


def _widen_to_weeks(first: date, last: date, today: date) -> list[date]:
    """Return the complete days of all weeks that a window touches: sampled traffic comes by whole weeks."""
    end = floor_period(last, "week") + WEEK - DAY
    start = max(floor_period(first, "week"), FLOOR)
    return list(iterate_days(start, max(last, min(end, today - DAY))))


def _list_categories_of_week(day: date) -> frozenset[str]:
    return list_categories(count_happenings(floor_day(floor_period(day, "week") + WEEK - DAY)))


# A request asks for the same slice of hundreds of dates.
@lru_cache(maxsize=64)
def _draw_shares(parameters: tuple[tuple[str, str | None], ...]) -> dict[str, float]:
    """Return the share of a slice, given by its parameters, for every model ever used, by permaslug."""
    return {slug: _draw_share(slug, trait, dict(parameters)) for slug, trait in load_traits().items()}


def _draw_share(slug: str, trait: Trait, params: Row) -> float:
    """Return the share of a model's tokens that a slice holds, 0 to 1."""
    share = 1.0
    if params["category"]:
        share *= _draw_category_share(slug, params["category"])
    if params["language_type"]:
        natural = draw(slug, "natural")
        share *= natural if params["language_type"] == "natural" else 1 - natural
    if params["modality"]:
        share *= _draw_modality_share(slug, trait, params["modality"])
    if params["context_bucket"]:
        weights = {name: 0.05 + draw(slug, "context", name) for name in BUCKETS}
        share *= weights[params["context_bucket"]] / sum(weights.values())
    return share


def _draw_category_share(slug: str, category: str) -> float:
    luck = draw(slug, "category", category)
    return luck / 3 if luck > 0.4 else 0


def _draw_modality_share(slug: str, trait: Trait, modality: str) -> float:
    shares: dict[str, Any] = {
        "text": "text" in trait.outputs,
        "image_output": "image" in trait.outputs,
        "image": "image" in trait.inputs,
        "audio": "audio" in trait.inputs,
        "tool_calling": 0.6 * draw(slug, "tools"),
    }
    return float(shares[modality])


def _rank_rows(day: date, counter: Counter[str], is_sampled: bool) -> Iterable[Row]:
    """Yield the rows of a date; sampled totals are rounded down to the thousand."""
    totals = {slug: total // 1000 * 1000 if is_sampled else total for slug, total in counter.items()}
    ranked = sorted((-total, slug) for slug, total in totals.items() if total)
    for total, slug in ranked[:RANKED_MODELS]:
        yield _build_row(day, slug, -total)
    if ranked[RANKED_MODELS:]:
        yield _build_row(day, "other", -sum(total for total, _slug in ranked[RANKED_MODELS:]))


def _build_row(day: date, slug: str, total: int) -> Row:
    return {"date": str(day), "model_permaslug": slug, "total_tokens": str(total)}
