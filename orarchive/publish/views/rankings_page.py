"""The page of rankings, and the page of each category."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orarchive.domain.figures import format_share
from orarchive.publish.charts.spark import draw_bars
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.rankings_data import Row
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell
from orarchive.publish.views.ranked import App, Period, RankedEntry
from orarchive.publish.views.rankings import MAX_ENTRIES_IN_WORDS, Category, Rankings
from orarchive.publish.views.shares import draw_category_shares, draw_lab_shares, draw_model_shares
from orarchive.publish.views.slices import SliceSection, TaskSection, build_tasks, list_slice_sections

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

SPARK_WEEKS = 12
"""Weeks, or readings of an order, of a sparkline."""

PERIOD_TITLES = {"Day": "One day", "Month": "Thirty days"}


@dataclass(frozen=True)
class RankRow:
    """A rank in a table, with the model's name, list prices and use in the last weeks."""

    entry: RankedEntry
    name: str
    """The model's; "" where the published name matches no model."""
    input: PriceCell | None
    output: PriceCell | None
    bar: int
    """Percent of the largest share of the table."""
    bars: str
    """Use in the last weeks as the `d` attribute of a path; of an order the places above its last one."""


@dataclass(frozen=True)
class OrderTable:
    """An order of models by use, which has no totals."""

    hour: dt.datetime | None
    """When it was read."""
    earlier_hour: dt.datetime | None
    """The reading that moves are against."""
    rows: list[RankRow]


@dataclass(frozen=True)
class WeekSection:
    """The seven days that are published last."""

    period: Period
    labs: list[tuple[str, str]]
    """Labs to choose from: slug and name."""
    rows: list[RankRow]
    more: list[RankRow]
    """The rows that unfold."""
    percent: str
    """Share of the entries in all tokens."""
    more_caption: str = MORE_CAPTION

    @property
    def more_ranks(self) -> str:
        """Return the first and the last rank of the rows that unfold: `21 to 50`."""
        return f"{self.more[0].entry.rank} to {self.more[-1].entry.rank}"


@dataclass(frozen=True)
class PeriodTable:
    """The most used models of a day or a month."""

    id: str
    title: str
    period: Period
    rows: list[RankRow]


@dataclass(frozen=True)
class Growth:
    """A model that is used more than in the week before, and by how many tokens."""

    row: RankRow
    tokens: int


@dataclass(frozen=True)
class CategoryCard:
    """A category in the list, with its most used models."""

    name: str
    is_past: bool
    coverage: str
    """What its week lacks; "" where it is whole, or only an order is known."""
    entries: list[RankedEntry]


@dataclass(frozen=True)
class AppTable:
    """Apps of a day."""

    apps: list[App]
    date: dt.date
    as_of: str
    is_unfinished: bool
    """Whether the service had not finished the day."""


@dataclass(frozen=True)
class RankingsPage:
    """The context of the page of rankings."""

    is_there: bool
    has_totals: bool
    week: WeekSection | None
    models: WideChart | None
    labs: WideChart | None
    periods: list[PeriodTable]
    trending: list[Growth]
    as_of: str
    has_overall_order: bool
    """Whether the order of all uses together was read."""
    categories: list[CategoryCard]
    order: OrderTable | None
    """The order of all uses together, where there are no totals."""
    slices: list[SliceSection]
    apps: AppTable | None
    growing_apps: AppTable | None
    tasks: TaskSection | None
    ranked_models: str = MAX_ENTRIES_IN_WORDS
    """Number of models in a published ranking, in words."""
    labs_caption: str = f"Share of the tokens of the first {MAX_ENTRIES_IN_WORDS} models by lab"


def build_rankings_page(rankings: Rankings) -> RankingsPage:
    """Build the page of rankings: the last days, shares over time, and what models are used for."""
    overall = rankings.categories[0] if rankings.categories else None
    has_overall_order = overall is not None and bool(overall.order)
    return RankingsPage(
        is_there=rankings.is_there,
        has_totals=rankings.has_totals,
        week=_build_week(rankings, rankings.week) if rankings.week else None,
        models=draw_model_shares(rankings),
        labs=draw_lab_shares(rankings) if rankings.has_totals else None,
        periods=[
            PeriodTable(
                period.name.lower(), title, period, _build_rows(rankings, period.entries[:MAX_PERIOD_ENTRIES])
            )
            for period in rankings.periods
            if (title := PERIOD_TITLES.get(period.name))
        ],
        trending=[Growth(_build_row(entry, ""), tokens) for entry, tokens in rankings.trending],
        as_of=rankings.as_of,
        has_overall_order=has_overall_order,
        categories=[_build_card(category) for category in rankings.categories if category.name],
        order=(
            _build_order(rankings, overall, MAX_ORDER_ENTRIES)
            if overall and has_overall_order and not rankings.has_totals
            else None
        ),
        slices=list_slice_sections(rankings),
        apps=_build_apps(rankings, "popular"),
        growing_apps=_build_apps(rankings, "trending"),
        tasks=build_tasks(rankings),
    )


def _build_week(rankings: Rankings, week: Period) -> WeekSection:
    tokens = sum(entry.tokens or 0 for entry in week.entries)
    labs = {entry.lab: rankings.get_lab_name(entry.lab) for entry in week.entries}
    rows = _build_rows(rankings, week.entries, rankings.rows_by_slug)
    return WeekSection(
        period=week,
        labs=sorted(labs.items(), key=lambda lab: (lab[1].lower(), lab[0])),
        rows=rows[:MAX_WEEK_ENTRIES],
        more=rows[MAX_WEEK_ENTRIES:],
        percent=format_share(tokens / week.total if week.total else 0),
    )


def _build_rows(
    rankings: Rankings, entries: Sequence[RankedEntry], weekly: Mapping[str, list[Row]] | None = None
) -> list[RankRow]:
    """Build the rows of entries; `weekly` holds tokens by week and published name."""
    by_id = {rankings.get_id(slug): rows for slug, rows in (weekly or {}).items()}
    weeks = sorted({week for rows in by_id.values() for week, _, _ in rows})[-SPARK_WEEKS:]
    highest = max((entry.share or 0 for entry in entries), default=0)
    return [_build_row(entry, _draw_weeks(by_id.get(entry.name, ()), weeks), highest) for entry in entries]


def _draw_weeks(rows: Iterable[Row], weeks: Iterable[str]) -> str:
    tokens = {week: count for week, _, count in rows}
    return draw_bars([tokens.get(week) for week in weeks])


def _build_row(entry: RankedEntry, bars: str, highest: float = 0) -> RankRow:
    model = entry.model
    bar = round(100 * (entry.share or 0) / highest) if highest else 0
    if model is None:
        return RankRow(entry, "", None, None, bar, bars)
    prompt, completion = model.price_cells
    return RankRow(entry, model.model.name, prompt, completion, bar, bars)


def _build_card(category: Category) -> CategoryCard:
    entries = category.week.entries if category.week else category.order
    coverage = category.week.coverage if category.week else ""
    return CategoryCard(category.name, category.is_past, coverage, entries[:TOP_NAMES])


def _build_order(rankings: Rankings, category: Category, max_entries: int | None = None) -> OrderTable:
    orders = rankings.dataset.usage.orders.get(category.name, {})
    readings = [orders[hour] for hour in sorted(orders)][-SPARK_WEEKS:]
    places = [{model: len(reading) - n for n, model in enumerate(reading)} for reading in readings]
    rows = [
        _build_row(entry, draw_bars([reading.get(entry.name) for reading in places]))
        for entry in category.order[:max_entries]
    ]
    return OrderTable(category.hour, category.earlier_hour, rows)


def _build_apps(rankings: Rankings, name: str) -> AppTable | None:
    apps = rankings.list_apps(name)
    if not apps:
        return None
    unfinished = rankings.find_unfinished("apps", name, {app.date for app in apps})
    return AppTable(
        apps=apps[:MAX_APPS],
        date=dt.date.fromisoformat(apps[0].date),
        as_of=rankings.find_as_of("apps", name),
        is_unfinished=bool(unfinished),
    )


@dataclass(frozen=True)
class CategoryPage:
    """The context of the page of a category."""

    name: str
    """"" for all."""
    is_past: bool
    week: Period | None
    rows: list[RankRow]
    """The most used models of the week."""
    chart: WideChart | None
    as_of: str
    order: OrderTable


def build_category_page(view: View, category: Category) -> CategoryPage:
    """Build the page of a category: its order, and its totals where a key opens them."""
    rankings, entries = view.rankings, category.week.entries if category.week else []
    weekly: dict[str, list[Row]] = {}
    for row in category.finished_rows:
        weekly.setdefault(row[1], []).append(row)
    return CategoryPage(
        name=category.name,
        is_past=category.is_past,
        week=category.week,
        rows=_build_rows(rankings, entries[:MAX_WEEK_ENTRIES], weekly),
        chart=draw_category_shares(rankings, category.finished_rows),
        as_of=rankings.find_as_of("category", category.name),
        order=_build_order(rankings, category),
    )
