"""The prices on the page of a model: now, under conditions, through the week, and in the past."""

from dataclasses import dataclass

from orarchive.domain.phrasing import sort_dimensions
from orarchive.publish.views.cells import PriceCell, PricePointRow, build_point_row
from orarchive.publish.views.conditions import format_price_key
from orarchive.publish.views.figures import (
    StepFigure,
    WeekFigure,
    build_price_figure,
    build_week_figure,
)
from orarchive.publish.views.models import ModelView


@dataclass(frozen=True)
class PriceRow:
    """The prices of a dimension: without conditions, and under each; None: the model states none."""

    dimension: str
    is_time_of_day: bool
    plain: PriceCell | None
    conditional: list[PriceCell | None]


@dataclass(frozen=True)
class PriceSection:
    """The prices of a model now."""

    is_router: bool
    is_priced: bool
    is_alias: bool
    caption: str
    plain_head: str
    """Head of the column of prices without conditions."""
    conditions: list[list[str]]
    """Words of each condition: the head of a column each."""
    rows: list[PriceRow]
    weeks: list[WeekFigure]
    has_media_prices: bool


def build_price_section(view: ModelView) -> PriceSection:
    """Build the current prices of a model: a row for each dimension, a column for each condition."""
    model = view.model
    dimensions = {name for condition in view.conditions for name in condition.prices} | model.prices.keys()
    return PriceSection(
        is_router=model.is_router,
        is_priced=bool(model.prices),
        is_alias=model.is_alias,
        caption=f"Prices of this model by dimension{' and condition' if view.conditions else ''}",
        plain_head="now" if view.time_of_day_dimensions else "base" if view.conditions else "USD",
        conditions=[condition.words for condition in view.conditions],
        rows=[_build_price_row(view, name) for name in sort_dimensions(dimensions)],
        weeks=[build_week_figure(week) for week in view.weeks],
        has_media_prices=view.has_media_prices,
    )


def _build_price_row(view: ModelView, dimension: str) -> PriceRow:
    prices = view.model.prices
    return PriceRow(
        dimension=dimension,
        is_time_of_day=dimension in view.time_of_day_dimensions,
        plain=_build_plain_cell(view, dimension) if dimension in prices else None,
        conditional=[
            PriceCell(condition.prices[dimension], dimension) if dimension in condition.prices else None
            for condition in view.conditions
        ],
    )


def _build_plain_cell(view: ModelView, dimension: str) -> PriceCell:
    """Build the price of a dimension that holds now."""
    return PriceCell(view.model.prices[dimension], dimension, view.is_free, view.is_priced_elsewhere)


@dataclass(frozen=True)
class PriceHistory:
    """The prices that a model had."""

    charts: list[StepFigure]
    unchanged: str
    """A sentence on the prices that never changed, "" where there are none."""
    rows: list[PricePointRow]
    """Every price, newest first; none where no price ever changed."""


def build_price_history(view: ModelView) -> PriceHistory | None:
    """Build the past prices of a model; None for an alias, a router, or without any price."""
    points = view.points
    if view.model.is_alias or view.model.is_router or not points:
        return None
    has_changes = len(view.unchanged_prices) < len(points)
    rows = [
        build_point_row(price_key, point)
        for price_key, intervals in points.items()
        for point in reversed(intervals)
    ]
    charts = [build_price_figure(chart) for chart in view.charts]
    return PriceHistory(charts, _describe_unchanged(view), rows if has_changes else [])


def _describe_unchanged(view: ModelView) -> str:
    """Name the prices that never changed; those under conditions are counted together."""
    unchanged = view.unchanged_prices
    names = [format_price_key(price_key) for price_key in unchanged if not price_key.condition]
    if any(price_key.condition for price_key in unchanged):
        names.append("prices under conditions")
    if not names:
        return ""
    start = "the record begins" if view.since == "first seen" else "it was added"
    return f"{', '.join(names)}: unchanged since {start}."
