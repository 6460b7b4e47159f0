"""The page of prices: median prices of classes by month, biggest moves, and cheapest models for a need."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.figures import format_percent_change
from orarchive.domain.prices import compute_percent_change, format_dollars
from orarchive.domain.records import split_variant
from orarchive.publish.changelog import PAGE_STYLE
from orarchive.publish.charts.step_lines import PriceLine, draw_step_lines
from orarchive.publish.charts.steps import Piece
from orarchive.publish.charts.wide import WideChart, get_midnight
from orarchive.publish.spans import describe_unread
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, build_price_pair
from orarchive.publish.views.moves import MoveRow, PriceMove, build_move_rows
from orarchive.publish.views.price_classes import (
    ClassTrends,
    MonthMedian,
    build_class_trends,
    list_priced_months,
)
from orarchive.publish.views.prices import NEEDS, Need, PricedModel, list_cheapest
from orarchive.timestamps import DAY, WEEK

MONTH = dt.timedelta(days=30)

MIN_CENTS = Decimal("0.005")
"""The least amount of dollars that is at least a cent when it is rounded."""

YEAR_MONTHS = 12
TREND_MONTHS = (1, 3, 6, YEAR_MONTHS)
"""Months before the last one whose medians are shown beside its own."""

MAX_MOVES = 15
"""Rows of a list of moves."""


@dataclass(frozen=True)
class CheapRow:
    """A model that is among the cheapest for a need."""

    model: str
    name: str
    provider: str
    """The name of the provider whose price it is, or `listed` for the list price."""
    expires: dt.date | None
    """The date of its end, where it is near."""
    prices: tuple[PriceCell, PriceCell]
    """Input and output."""


@dataclass(frozen=True)
class NeedTable:
    """The cheapest models for a need."""

    name: str
    rule: str
    table_id: str
    caption: str
    rows: list[CheapRow]


@dataclass(frozen=True)
class NamedMove:
    """A price that moved, with the name of its model."""

    name: str
    row: MoveRow


@dataclass(frozen=True)
class MoveTable:
    """The biggest moves of prices in a span of time; `count` is that of all of them."""

    id: str
    title: str
    count: int
    rows: list[NamedMove]
    note: str
    """What is not known of the span."""

    @property
    def is_cut(self) -> bool:
        """Return whether some moves are left out."""
        return self.count > len(self.rows)


@dataclass(frozen=True)
class MedianCell:
    """A median price in cents, so that those of a column have equal decimals, and exactly."""

    text: str
    exact: str


@dataclass(frozen=True)
class TrendRow:
    """A class of models: its median price now and before, USD per million tokens."""

    name: str
    count: int
    """Models that the last median is made of."""
    now: MedianCell | None
    earlier: list[MedianCell | None]
    """As many months ago as the heads of the table say."""
    change: str
    """The change of the median in a year, "" where it is not known."""
    same_change: str
    """The median change in a year of the models that were in the class then; "" where it is not known."""


@dataclass(frozen=True)
class MonthRow:
    """The median prices of all classes in a month."""

    month: str
    """`2026-03`."""
    prices: list[MedianCell | None]


@dataclass(frozen=True)
class TrendTab:
    """The prices of classes of models by month."""

    id: str
    title: str
    note: str
    chart: WideChart | None
    heads: list[str]
    """How many months ago: those of which a median is known."""
    has_year: bool
    table_id: str
    caption: str
    rows: list[TrendRow]
    months_id: str
    months_caption: str
    months: list[MonthRow]
    """Newest first; prices in the order of `rows`."""


@dataclass(frozen=True)
class PricesPage:
    """The context of the page of prices."""

    trends: list[TrendTab]
    has_endpoints: bool
    """Whether endpoints were ever read; without them list prices stand for theirs."""
    needs: list[NeedTable]
    moves: list[MoveTable]
    """Without those of the month where they are those of the week."""
    max_moves: int = MAX_MOVES


def build_prices_page(view: View) -> PricesPage:
    """Build the page of prices; its lists of moves have `MAX_MOVES` rows and give the number of all moves."""
    has_endpoints = bool(view.dataset.good_hours["endpoints"])
    cheapest = list_cheapest(view.listed_models, has_endpoints)
    rows = list_priced_months(view.dataset, view.catalog)
    week, month = map(view.list_moves, (WEEK, MONTH))
    listed = [move for move in month if move.is_minor]
    week, month = (_leave_out_repeated(moves) for moves in (week, month))
    cuts = [move for move in month if move.move.direction < 0]
    return PricesPage(
        trends=[_build_tab(trends) for trends in build_class_trends(rows, view.catalog)] if rows else [],
        has_endpoints=has_endpoints,
        needs=[_build_need_table(n, need, cheapest[need.name]) for n, need in enumerate(NEEDS, start=1)],
        moves=[
            _build_move_table(view, "week", "In 7 days", week, WEEK),
            *([_build_move_table(view, "month", "In 30 days", month, MONTH)] if month != week else []),
            _build_move_table(view, "cuts", "Cuts in 30 days", cuts, MONTH),
            _build_move_table(view, "listed", "Listed provider changed", listed, MONTH),
        ],
    )


def _build_tab(trends: ClassTrends) -> TrendTab:
    medians = {name: months for name, months in trends.medians.items() if months}
    months = _list_months(medians)
    prices = {
        name: {month: median.price for month, median in by_month.items()}
        for name, by_month in medians.items()
    }
    spans = [
        count
        for count in TREND_MONTHS
        if any(_go_back(months[-1], count) in by_month for by_month in medians.values())
    ]
    return TrendTab(
        id=trends.id,
        title=trends.title,
        note=trends.note,
        chart=_draw_months(prices),
        heads=[f"{count} month{'s' if count > 1 else ''} ago" for count in spans],
        has_year=YEAR_MONTHS in spans,
        table_id=f"trend-{trends.id}",
        caption=f"Median price per million tokens, {trends.title.lower()}",
        rows=[_build_trend_row(name, by_month, months[-1], spans) for name, by_month in medians.items()],
        months_id=f"months-{trends.id}",
        months_caption=f"Median price per million tokens of every month, {trends.title.lower()}",
        months=[
            MonthRow(month, [_build_cell(by_month.get(month)) for by_month in prices.values()])
            for month in reversed(months)
        ],
    )


def _build_cell(price: Decimal | None) -> MedianCell | None:
    return None if price is None else MedianCell(_format_median(price), format_dollars(price))


def _format_median(price: Decimal) -> str:
    return f"${price:,.2f}" if price >= MIN_CENTS else "<$0.01"


def _draw_months(series: Mapping[str, Mapping[str, Decimal]]) -> WideChart | None:
    """Draw prices by month as steps, the highest of the last ones first; those of a single month are none.

    Months without any price are gaps.
    """
    read = {month for prices in series.values() for month in prices}
    days = [day for month in sorted(read) for day in _list_days(month)]
    lines = [
        PriceLine(
            name,
            [Piece(_begin(month), _begin(_go_back(month, -1)), prices[month]) for month in sorted(prices)],
            good_hours=days,
        )
        for name, prices in series.items()
        if len(prices) > 1
    ]
    lines.sort(key=lambda line: -line.pieces[-1].amount)
    end = max((line.pieces[-1].end for line in lines), default=None)
    return draw_step_lines(lines, end, _format_median, "month") if end else None


def _begin(month: str) -> dt.datetime:
    return get_midnight(dt.date.fromisoformat(f"{month}-01"))


def _list_days(month: str) -> list[dt.datetime]:
    """List the days of a month, each by its first hour."""
    begin, end = _begin(month), _begin(_go_back(month, -1))
    return [begin + n * DAY for n in range((end - begin).days)]


def _list_months(medians: Mapping[str, Mapping[str, MonthMedian]]) -> list[str]:
    """List all months from the first to the last one with a median."""
    names = {month for by_month in medians.values() for month in by_month}
    if not names:
        return []
    count = _count_months(min(names), max(names))
    return [_go_back(max(names), back) for back in range(count, -1, -1)]


def _count_months(first: str, last: str) -> int:
    return 12 * (int(last[:4]) - int(first[:4])) + int(last[5:]) - int(first[5:])


def _go_back(month: str, count: int) -> str:
    """Return the month so many months before another."""
    year, index = divmod(12 * int(month[:4]) + int(month[5:]) - 1 - count, 12)
    return f"{year}-{index + 1:02}"


def _build_trend_row(
    name: str, by_month: Mapping[str, MonthMedian], last: str, spans: Sequence[int]
) -> TrendRow:
    now, before, *earlier = (by_month.get(_go_back(last, count)) for count in (0, YEAR_MONTHS, *spans))
    percent = compute_percent_change(before.price, now.price) if now and before else None
    same = now.compare_models(before) if now and before else None
    return TrendRow(
        name=name,
        count=now.count if now else 0,
        now=_build_cell(now.price if now else None),
        earlier=[_build_cell(median.price if median else None) for median in earlier],
        change="" if percent is None else format_percent_change(percent, PAGE_STYLE.minus),
        same_change="" if same is None else format_percent_change(round(same, 1), PAGE_STYLE.minus),
    )


def _build_need_table(n: int, need: Need, cheapest: list[PricedModel]) -> NeedTable:
    return NeedTable(
        name=need.name,
        rule=need.rule,
        table_id=f"cheap-{n}",
        caption=f"Cheapest models: {need.rule}",
        rows=[_build_cheap_row(priced) for priced in cheapest],
    )


def _build_cheap_row(priced: PricedModel) -> CheapRow:
    model = priced.model
    return CheapRow(
        model=model.model.id,
        name=model.model.name,
        provider=priced.endpoint.endpoint.provider if priced.endpoint else "listed",
        expires=model.model.expires if "expiring" in model.states else None,
        prices=build_price_pair(priced.prices, is_free=False, is_priced_elsewhere=False),
    )


def _leave_out_repeated(moves: Sequence[PriceMove]) -> list[PriceMove]:
    """Leave out minor moves, and those of variants whose model moved by the same percentage."""
    percents = {(move.model, move.label, move.move.dimension): _round(move) for move in moves}

    def is_repeated(move: PriceMove) -> bool:
        base, variant = split_variant(move.model)
        return variant is not None and percents.get((base, move.label, move.move.dimension)) == _round(move)

    return [move for move in moves if not (move.is_minor or is_repeated(move))]


def _round(move: PriceMove) -> int:
    return round(move.move.percent or 0)


def _build_move_table(
    view: View, table_id: str, title: str, moves: Sequence[PriceMove], span: dt.timedelta
) -> MoveTable:
    models = view.catalog.models
    rows = [NamedMove(models[row.model].name, row) for row in build_move_rows(moves[:MAX_MOVES])]
    return MoveTable(table_id, title, len(moves), rows, describe_unread(view.dataset, view.now - span))
