"""The page of rankings, and the page of each category."""

import datetime as dt
from dataclasses import dataclass

from orarchive.domain.figures import format_share
from orarchive.publish.views import View
from orarchive.publish.views.figures import TrendFigure, build_trend_figure
from orarchive.publish.views.ranked import App, Period, RankedEntry
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS, Category, Rankings

MAX_WEEK_ENTRIES = 20
"""Entries of a week that are shown; the others unfold."""

MORE_CAPTION = "Tokens by model in seven days, from the twenty-first on"
"""Caption of the entries beyond `MAX_WEEK_ENTRIES`."""

MAX_PERIOD_ENTRIES = 10
"""Entries of a day and of a month."""

MAX_ORDER_ENTRIES = 100
MAX_APPS = 20

TOP_NAMES = 3
"""Models that are named beside a category."""

PERIOD_TITLES = {"Day": "One day", "Month": "Thirty days"}


@dataclass(frozen=True)
class OrderTable:
    """An order of models by use, which has no totals."""

    hour: dt.datetime | None
    """When it was read."""
    earlier_hour: dt.datetime | None
    """The reading that moves are against."""
    entries: list[RankedEntry]


@dataclass(frozen=True)
class WeekSection:
    """The seven days that are published last."""

    period: Period
    labs: list[str]
    """Labs to choose from."""
    entries: list[RankedEntry]
    more: list[RankedEntry]
    """The entries that unfold."""
    percent: str
    """Share of the entries in all tokens."""
    more_caption: str = MORE_CAPTION


@dataclass(frozen=True)
class PeriodTable:
    """The most used models of a day or a month."""

    id: str
    title: str
    period: Period
    entries: list[RankedEntry]


@dataclass(frozen=True)
class Growth:
    """A model that is used more than in the week before, and by how many tokens."""

    name: str
    tokens: int


@dataclass(frozen=True)
class CategoryRow:
    """A category in the list, with its most used models."""

    name: str
    is_past: bool
    models: list[str]


@dataclass(frozen=True)
class RankingsPage:
    """The context of the page of rankings."""

    is_there: bool
    has_totals: bool
    week: WeekSection | None
    leaders: TrendFigure | None
    labs: TrendFigure | None
    periods: list[PeriodTable]
    trending: list[Growth]
    as_of: str
    has_overall_order: bool
    """Whether the order of all uses together was read."""
    categories: list[CategoryRow]
    order: OrderTable | None
    """The order of all uses together, where there are no totals."""
    apps: list[App]
    apps_date: dt.date | None
    apps_as_of: str
    are_apps_unfinished: bool
    """Whether the service had not finished the day of the apps."""
    ranked_models: str = MAX_ENTRIES_IN_WORDS
    """Number of models in a published ranking, in words."""
    labs_caption: str = f"Share of the tokens of the first {MAX_ENTRIES_IN_WORDS} by lab, by week"


def build_rankings_page(rankings: Rankings) -> RankingsPage:
    """Build the page of rankings: the last week, day and month, the labs' shares, and the categories."""
    overall = rankings.categories[0] if rankings.categories else None
    has_overall_order = overall is not None and bool(overall.order)
    apps = rankings.apps
    return RankingsPage(
        is_there=rankings.is_there,
        has_totals=rankings.has_totals,
        week=_build_week(rankings.week) if rankings.week else None,
        leaders=build_trend_figure(rankings.leaders),
        labs=build_trend_figure(rankings.labs),
        periods=[
            PeriodTable(period.name.lower(), title, period, period.entries[:MAX_PERIOD_ENTRIES])
            for period in rankings.periods
            if (title := PERIOD_TITLES.get(period.name))
        ],
        trending=[Growth(entry.name, tokens) for entry, tokens in rankings.trending],
        as_of=rankings.as_of,
        has_overall_order=has_overall_order,
        categories=[_build_category_row(category) for category in rankings.categories if category.name],
        order=(
            _build_order(overall, MAX_ORDER_ENTRIES)
            if overall and has_overall_order and not rankings.has_totals
            else None
        ),
        apps=apps[:MAX_APPS],
        apps_date=dt.date.fromisoformat(apps[0].date) if apps else None,
        apps_as_of=rankings.find_as_of("apps", "popular"),
        are_apps_unfinished=bool(rankings.find_unfinished("apps", "popular", {app.date for app in apps})),
    )


def _build_week(week: Period) -> WeekSection:
    tokens = sum(entry.tokens or 0 for entry in week.entries)
    return WeekSection(
        period=week,
        labs=sorted({entry.lab for entry in week.entries}, key=lambda lab: (lab.lower(), lab)),
        entries=week.entries[:MAX_WEEK_ENTRIES],
        more=week.entries[MAX_WEEK_ENTRIES:],
        percent=format_share(tokens / week.total if week.total else 0),
    )


def _build_category_row(category: Category) -> CategoryRow:
    models = [entry.name for entry in category.order[:TOP_NAMES]]
    return CategoryRow(category.name, category.is_past, models)


def _build_order(category: Category, max_entries: int | None = None) -> OrderTable:
    return OrderTable(category.hour, category.earlier_hour, category.order[:max_entries])


@dataclass(frozen=True)
class CategoryPage:
    """The context of the page of a category."""

    name: str
    """"" for all."""
    is_past: bool
    week: Period | None
    entries: list[RankedEntry]
    """The most used models of the week."""
    chart: TrendFigure | None
    as_of: str
    order: OrderTable


def build_category_page(view: View, category: Category) -> CategoryPage:
    """Build the page of a category: its order, and its totals where a key opens them."""
    return CategoryPage(
        name=category.name,
        is_past=category.is_past,
        week=category.week,
        entries=category.week.entries[:MAX_WEEK_ENTRIES] if category.week else [],
        chart=build_trend_figure(category.chart),
        as_of=view.rankings.find_as_of("category", category.name),
        order=_build_order(category),
    )
