"""The rankings in the static API: each category's order and published totals, and how they were read."""

import datetime as dt
from typing import Any

from orarchive.domain.ranking_series import SERIES
from orarchive.jsonl import Record
from orarchive.publish.rankings_data import Row, SliceKey, SliceRead
from orarchive.publish.views import View
from orarchive.publish.views.rankings import Category
from orarchive.publish.views.usage import OTHER, WEEK
from orarchive.timestamps import DAY, format_stamp

MAX_DAYS, MAX_WEEKS = 35, 8
"""The last dates that a file holds; the database has all."""


def build_rankings_api(view: View, pages: dict[str, str]) -> dict[str, Any]:
    """Return every file: name below `api/v1/`, without `.json` -> value; `pages` has each category's page."""
    categories = view.rankings.categories
    names = {category.name: pages[category.name].removesuffix("/index.html") for category in categories}
    values: dict[str, Any] = {
        "categories": {
            "source": _format_source(view.rankings.as_of),
            "categories": [
                {
                    "category": category.name or None,
                    "past": category.is_past,
                    "read": format_stamp(category.hour) if category.hour else None,
                    "file": f"api/v1/{names[category.name]}.json",
                }
                for category in categories
            ],
        },
        "validation": _build_validation(view),
    }
    return values | {names[category.name]: _build_category(view, category) for category in categories}


def _build_category(view: View, category: Category) -> Record:
    """Return the order of a category's models, and its totals by date, the last date first."""
    slice_key = ("category", category.name) if category.name else ("models", "")
    as_of = view.rankings.find_as_of(*slice_key)
    rows = view.dataset.usage.tokens.get(slice_key, [])
    return {
        "category": category.name or None,
        "past": category.is_past,
        "order": {
            "read": format_stamp(category.hour) if category.hour else None,
            "models": [model.name for model in category.order],
        },
        "totals": {
            "source": _format_source(as_of),
            "period": "week" if category.name else "day",
            **_group_by_date(view, rows, slice_key),
        },
    }


def _build_validation(view: View) -> Record:
    """Return the checks of each ranking, and the published names that match no model."""
    return {
        "rankings": [_check_read(view, read) for read in view.rankings.reads],
        "unmatched": view.rankings.unmatched_names,
    }


def _check_read(view: View, read: SliceRead) -> Record:
    """Return the route, time, outcome, rows and matching rows of a reading of a ranking, and its failure."""
    usage = view.dataset.usage
    names = usage.names.get((read.series, read.slice_name), {})
    slugs = names.keys() - {OTHER}
    order = usage.orders.get(read.slice_name, {}) if read.series == "order" else {}
    ids = order[max(order)] if order else []
    lines = usage.lines.get((read.series, read.slice_name), [])
    series = SERIES.get(read.series)
    return {
        "ranking": read.series,
        "part": read.slice_name or None,
        "route": series.scope if series else "openapi.json",
        "asked": format_stamp(read.hour),
        "outcome": read.outcome,
        "as_of": read.as_of or None,
        "rows": sum(names.values()) + len(ids) + len(lines),
        "names": len(slugs) + len(ids),
        "joined": len(slugs & view.rankings.by_slug.keys())
        + sum(model in view.rankings.by_id for model in ids),
        "missing": list(read.missing),
    }


def _format_source(as_of: str) -> str | None:
    """Return the attribution that published figures must carry; None if there are no figures."""
    line = f"Source: OpenRouter (openrouter.ai/rankings), as of {as_of}. Licensed under CC BY 4.0."
    return line if as_of else None


def _group_by_date(view: View, rows: list[Row], slice_key: SliceKey) -> Record:
    """Return totals as published by date, the last date first, with the model that each name belongs to.

    `missing` holds the dates between the first and the last of these that were not published. Rankings of all
    models are daily, those of a category weekly.
    """
    max_dates, step = (MAX_DAYS, DAY) if slice_key[0] == "models" else (MAX_WEEKS, WEEK)
    dates = sorted({date for date, _, _ in rows}, reverse=True)[:max_dates]
    models: dict[str, list[Record]] = {date: [] for date in dates}
    for date, slug, tokens in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
        if date in models:
            model = view.rankings.by_slug.get(slug)
            models[date].append(
                {"permaslug": slug, "model": model.model.id if model else None, "total_tokens": str(tokens)}
            )
    unfinished = view.rankings.find_unfinished(*slice_key, dates)
    return {
        "dates": [{"date": date, "unfinished": date in unfinished, "models": models[date]} for date in dates],
        "missing": _list_missing(dates, step),
    }


def _list_missing(dates: list[str], step: dt.timedelta) -> list[str]:
    """List the dates, the last one first, between the first and the last of some dates that they lack."""
    days = [dt.date.fromisoformat(date) for date in dates]
    expected = ((days[0] - days[-1]) // step if days else 0) + 1
    return [f"{day}" for n in range(expected) if (day := days[0] - n * step) not in days] if days else []
