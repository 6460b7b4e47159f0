"""The page of prices: the cheapest models by need, the biggest moves, and the median of the market."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, PricePointRow, build_point_row, build_price_pair
from orarchive.publish.views.figures import StepFigure, build_median_figure
from orarchive.publish.views.moves import MoveRow, PriceMove, build_move_rows, list_moves
from orarchive.publish.views.prices import NEEDS, Need, PricedModel, draw_medians, list_cheapest

WEEK = dt.timedelta(days=7)
MONTH = dt.timedelta(days=30)

MAX_MOVES = 15
"""Rows of a list of moves."""


@dataclass(frozen=True)
class CheapRow:
    """A model that is among the cheapest for a need."""

    model: str
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
class MoveTable:
    """The biggest moves of prices in a span of time; `count` is that of all of them."""

    id: str
    title: str
    count: int
    rows: list[MoveRow]

    @property
    def is_cut(self) -> bool:
        """Return whether some moves are left out."""
        return self.count > len(self.rows)


@dataclass(frozen=True)
class PricesPage:
    """The context of the page of prices."""

    hour: dt.datetime
    """When the models were read."""
    has_endpoints: bool
    """Whether endpoints were ever read; without them list prices stand for theirs."""
    needs: list[NeedTable]
    cuts: MoveTable
    week_moves: MoveTable
    month_moves: MoveTable | None
    """None where they are those of the week."""
    medians: list[StepFigure]
    median_rows: list[PricePointRow]
    """The medians as a table, newest week first."""
    max_moves: int = MAX_MOVES


def build_prices_page(view: View) -> PricesPage:
    """Build the page of prices; its lists of moves have `MAX_MOVES` rows and give the number of all moves."""
    has_endpoints = bool(view.dataset.good_hours["endpoints"])
    cheapest = list_cheapest(view.listed_models, has_endpoints)
    medians = draw_medians(view.dataset, view.now)
    week, month = (list_moves(view.dataset, view.listed_models, view.now, span) for span in (WEEK, MONTH))
    cuts = [move for move in month if move.move.direction < 0]
    return PricesPage(
        hour=view.models_hour,
        has_endpoints=has_endpoints,
        needs=[_build_need_table(n, need, cheapest[need.name]) for n, need in enumerate(NEEDS, start=1)],
        cuts=_build_move_table("cuts", "Biggest cuts in 30 days", cuts),
        week_moves=_build_move_table("week", "Biggest moves in 7 days", week),
        month_moves=_build_move_table("month", "Biggest moves in 30 days", month) if month != week else None,
        medians=[build_median_figure(chart) for chart in medians],
        median_rows=[
            build_point_row(chart.rate, dot.point) for chart in medians for dot in reversed(chart.dots)
        ],
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
        provider=priced.endpoint.endpoint.provider if priced.endpoint else "listed",
        expires=model.model.expires if "expiring" in model.states else None,
        prices=build_price_pair(priced.prices, is_free=False, is_priced_elsewhere=False),
    )


def _build_move_table(table_id: str, title: str, moves: Sequence[PriceMove]) -> MoveTable:
    return MoveTable(table_id, title, len(moves), build_move_rows(moves[:MAX_MOVES]))
