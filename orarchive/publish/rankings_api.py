"""The rankings for programs: categories with their orders and published totals, and how they were read."""

from typing import Any

from orarchive.domain.ranking_series import SERIES
from orarchive.jsonl import Record
from orarchive.publish.rankings_data import Row
from orarchive.publish.views import View
from orarchive.publish.views.rankings import Category
from orarchive.publish.views.usage import OTHER, WEEK, is_unfinished
from orarchive.timestamps import DAY, format_stamp

DAYS, WEEKS = 35, 8
"""How many of the last dates a file has; the database has all."""


def build_rankings_api(view: View, pages: dict[str, str]) -> dict[str, Any]:
    """Every file below `api/v1/`: name -> value; `pages` holds the page of each category."""
    ranks = view.rankings
    names = {one.name: _name(one, pages) for one in ranks.categories}
    found: dict[str, Any] = {
        "categories": {
            "source": source(ranks.as_of),
            "categories": [
                {
                    "category": one.name or None,
                    "past": one.is_past,
                    "read": format_stamp(one.hour) if one.hour else None,
                    "file": f"api/v1/{names[one.name]}.json",
                }
                for one in ranks.categories
            ],
        },
        "validation": validation(view),
    }
    for one in ranks.categories:
        found[names[one.name]] = category(view, one)
    return found


def category(view: View, one: Category) -> Record:
    """A category: the order of its models, and its totals by date, the last date first."""
    key = ("category", one.name) if one.name else ("models", "")
    as_of = view.rankings.as_of_slice(*key)
    rows = view.dataset.usage.tokens.get(key, [])
    return {
        "category": one.name or None,
        "past": one.is_past,
        "order": {
            "read": format_stamp(one.hour) if one.hour else None,
            "models": [place.name for place in one.order],
        },
        "totals": {
            "source": source(as_of),
            "period": "week" if one.name else "day",
            "dates": _by_date(view, rows, one.name, as_of),
        },
    }


def validation(view: View) -> Record:
    """For every ranking where it came from, when, how many rows, how many joined, what failed."""
    ranks, usage = view.rankings, view.dataset.usage
    found = []
    for read in ranks.reads:
        names = usage.names.get((read.series, read.part), {})
        slugs = names.keys() - {OTHER}
        order = usage.orders.get(read.part, {}) if read.series == "order" else {}
        ids = order[max(order)] if order else []
        lines = usage.lines.get((read.series, read.part), [])
        series = SERIES.get(read.series)
        found.append(
            {
                "ranking": read.series,
                "part": read.part or None,
                "route": series.scope if series else "openapi.json",
                "asked": format_stamp(read.hour),
                "outcome": read.outcome,
                "as_of": read.as_of or None,
                "rows": sum(names.values()) + len(ids) + len(lines),
                "names": len(slugs) + len(ids),
                "joined": len(slugs & ranks.by_slug.keys()) + sum(one in ranks.by_id for one in ids),
                "missing": list(read.missing),
            }
        )
    return {"rankings": found, "unmatched": ranks.unmatched}


def source(as_of: str) -> str | None:
    """The line that published figures are to carry; None where there are none."""
    line = f"Source: OpenRouter (openrouter.ai/rankings), as of {as_of}. Licensed under CC BY 4.0."
    return line if as_of else None


def _name(one: Category, pages: dict[str, str]) -> str:
    return pages[one.name].removesuffix("/index.html")


def _by_date(view: View, rows: list[Row], category: str, as_of: str) -> list[Record]:
    """Totals by date as they were published, with the model that each name is of."""
    most, step = (WEEKS, WEEK) if category else (DAYS, DAY)
    dates = sorted({date for date, _, _ in rows}, reverse=True)[:most]
    by: dict[str, list[Record]] = {date: [] for date in dates}
    shown = (row for row in rows if row[0] in by)
    for date, slug, tokens in sorted(shown, key=lambda row: (row[0], -row[2], row[1])):
        one = view.rankings.by_slug.get(slug)
        by[date].append(
            {"permaslug": slug, "model": one.model.id if one else None, "total_tokens": str(tokens)}
        )
    return [
        {"date": date, "unfinished": is_unfinished(date, step, as_of), "models": by[date]} for date in dates
    ]
