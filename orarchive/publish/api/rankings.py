"""The rankings in the static API: each category's order and published totals, and how they were read."""

import datetime as dt
from collections.abc import Iterator

from orarchive.domain.ranking_series import SERIES
from orarchive.publish.api import kinds
from orarchive.publish.api.change_hours import find_rankings_hour
from orarchive.publish.api.envelope import ApiFile, ApiSite
from orarchive.publish.api.ranking_types import (
    Categories,
    CategoryRow,
    DateTotals,
    Order,
    Ranking,
    RankingCheck,
    TotalRow,
    Totals,
    Validation,
)
from orarchive.publish.rankings_data import Row, SliceKey, SliceRead
from orarchive.publish.views import View
from orarchive.publish.views.rankings import Category
from orarchive.publish.views.usage import OTHER
from orarchive.timestamps import DAY, WEEK, format_stamp

MAX_DAYS, MAX_WEEKS = 35, 8
"""The last dates that a file holds; the database has all."""


def list_ranking_files(view: View, pages: dict[str, str], site: ApiSite) -> Iterator[ApiFile]:
    """Yield the list of categories, their rankings and the checks; `pages` has each category's page."""
    categories = view.rankings.categories
    names = {category.name: pages[category.name].removesuffix("/index.html") for category in categories}
    last_reads = view.dataset.usage.last_reads
    rows = [
        CategoryRow(
            category=category.name or None,
            past=category.is_past,
            read=_format_hour(category),
            links=site.link_details(names[category.name]),
        )
        for category in categories
    ]
    hour = find_rankings_hour(view.dataset, *last_reads)
    listed = Categories(source=_format_source(view.rankings.as_of), categories=rows)
    yield ApiFile(kinds.CATEGORIES.paths[0], kinds.CATEGORIES, hour, listed)
    asked = max((read.hour for read in last_reads.values()), default=view.dataset.first_hour)
    checks = Validation(
        rankings=[_check_read(view, read) for read in view.rankings.reads],
        unmatched=view.rankings.unmatched_names,
    )
    yield ApiFile(kinds.VALIDATION.paths[0], kinds.VALIDATION, asked, checks)
    for category in categories:
        hour = find_rankings_hour(view.dataset, ("order", category.name), get_slice_key(category))
        yield ApiFile(f"{names[category.name]}.json", kinds.RANKING, hour, _build_ranking(view, category))


def get_slice_key(category: Category) -> SliceKey:
    """Return the slice with the published totals of a category."""
    return ("category", category.name) if category.name else ("models", "")


def _build_ranking(view: View, category: Category) -> Ranking:
    """Return the order of a category's models, and its totals by date, the last date first."""
    return Ranking(
        category=category.name or None,
        past=category.is_past,
        order=Order(read=_format_hour(category), models=[model.name for model in category.order]),
        totals=_build_totals(view, get_slice_key(category)),
    )


def _format_hour(category: Category) -> str | None:
    """Return the hour in which the order of a category was read; None if it never was."""
    return format_stamp(category.hour) if category.hour else None


def _check_read(view: View, read: SliceRead) -> RankingCheck:
    """Return the route, time, outcome, rows and matching rows of a reading of a ranking, and its failure."""
    usage = view.dataset.usage
    names = usage.names.get((read.series, read.slice_name), {})
    slugs = names.keys() - {OTHER}
    order = usage.orders.get(read.slice_name, {}) if read.series == "order" else {}
    ids = order[max(order)] if order else []
    lines = usage.lines.get((read.series, read.slice_name), [])
    series = SERIES.get(read.series)
    return RankingCheck(
        ranking=read.series,
        part=read.slice_name or None,
        route=series.scope if series else "openapi.json",
        asked=format_stamp(read.hour),
        outcome=read.outcome,
        as_of=read.as_of or None,
        rows=sum(names.values()) + len(ids) + len(lines),
        names=len(slugs) + len(ids),
        joined=len(slugs & view.rankings.by_slug.keys()) + sum(model in view.rankings.by_id for model in ids),
        missing=[*read.missing],
    )


def _format_source(as_of: str) -> str | None:
    """Return the attribution that published figures must carry; None if there are no figures."""
    line = f"Source: OpenRouter (openrouter.ai/rankings), as of {as_of}. Licensed under CC BY 4.0."
    return line if as_of else None


def _build_totals(view: View, slice_key: SliceKey) -> Totals:
    """Return totals as published by date, the last date first, with the model that each name belongs to.

    Rankings of all models are daily, those of a category weekly.
    """
    is_daily = slice_key[0] == "models"
    max_dates, step = (MAX_DAYS, DAY) if is_daily else (MAX_WEEKS, WEEK)
    rows: list[Row] = view.dataset.usage.tokens.get(slice_key, [])
    dates = sorted({date for date, _, _ in rows}, reverse=True)[:max_dates]
    models: dict[str, list[TotalRow]] = {date: [] for date in dates}
    for date, slug, tokens in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
        if date in models:
            model = view.rankings.by_slug.get(slug)
            row = TotalRow(
                model_permaslug=slug, model=model.model.id if model else None, total_tokens=str(tokens)
            )
            models[date].append(row)
    unfinished = view.rankings.find_unfinished(*slice_key, dates)
    return Totals(
        source=_format_source(view.rankings.find_as_of(*slice_key)),
        period="day" if is_daily else "week",
        dates=[DateTotals(date=date, unfinished=date in unfinished, models=models[date]) for date in dates],
        missing=_list_missing(dates, step),
    )


def _list_missing(dates: list[str], step: dt.timedelta) -> list[str]:
    """List the dates, the last one first, between the first and the last of some dates that they lack."""
    days = [dt.date.fromisoformat(date) for date in dates]
    expected = ((days[0] - days[-1]) // step if days else 0) + 1
    return [f"{day}" for n in range(expected) if (day := days[0] - n * step) not in days] if days else []
