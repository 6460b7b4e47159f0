"""The prices on the page of a model: now, under conditions, through the week, and in the past."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.phrasing import sort_dimensions
from orarchive.history.coverage import Gap
from orarchive.publish.charts.week import Week
from orarchive.publish.dataset import PriceInterval, PriceKey
from orarchive.publish.views.cells import PriceCell, build_point_cell
from orarchive.publish.views.conditions import format_price_key
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.price_charts import PriceChart, build_price_chart
from orarchive.timestamps import DAY, format_day

IMAGE_DIMENSIONS = ("image", "image_output")
"""Dimensions that OpenRouter's documentation prices by the image."""

MAX_TOKEN_PRICE = Decimal("0.001")
"""USD below which such a price is one of a token: those on record equal the makers' prices of image tokens,
and no image costs as little as $0.00012."""

IMAGE_TOKEN = "image_token"
"""Dimension that such a price is shown as."""


@dataclass(frozen=True)
class PriceRow:
    """The prices of a dimension: without conditions, and under each; None: the model states none."""

    dimension: str
    unit_dimension: str
    """The dimension that gives the unit."""
    is_by_image_in_docs: bool
    """Whether OpenRouter's documentation states another unit than the price can have."""
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
    week: Week | None
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
        plain_head="last reading" if view.time_of_day_dimensions else "base" if view.conditions else "USD",
        conditions=[condition.words for condition in view.conditions],
        rows=[_build_price_row(view, name) for name in sort_dimensions(dimensions)],
        week=view.week,
        has_media_prices=view.has_media_prices,
    )


def _build_price_row(view: ModelView, dimension: str) -> PriceRow:
    prices = view.model.prices
    amounts = [
        *([prices[dimension]] if dimension in prices else []),
        *(condition.prices[dimension] for condition in view.conditions if dimension in condition.prices),
    ]
    unit_dimension = find_unit_dimension(dimension, max(amounts))
    return PriceRow(
        dimension=dimension,
        unit_dimension=unit_dimension,
        is_by_image_in_docs=unit_dimension != dimension,
        is_time_of_day=dimension in view.time_of_day_dimensions,
        plain=_build_plain_cell(view, dimension, unit_dimension) if dimension in prices else None,
        conditional=[
            PriceCell(condition.prices[dimension], unit_dimension) if dimension in condition.prices else None
            for condition in view.conditions
        ],
    )


def find_unit_dimension(dimension: str, amount: Decimal) -> str:
    """Return the dimension whose unit a price has: an image does not cost as little as a token of it."""
    is_of_token = dimension in IMAGE_DIMENSIONS and 0 < amount < MAX_TOKEN_PRICE
    return IMAGE_TOKEN if is_of_token else dimension


def _build_plain_cell(view: ModelView, dimension: str, unit_dimension: str) -> PriceCell:
    """Build the price of a dimension that holds now."""
    price = view.model.prices[dimension]
    return PriceCell(price, unit_dimension, view.is_free, view.is_priced_elsewhere)


@dataclass(frozen=True)
class SpanPrice:
    """A price that the model had; its cell has the dimension that gives the unit."""

    name: str
    cell: PriceCell


@dataclass(frozen=True)
class PriceSpan:
    """The prices that began and ended with the same hours."""

    first: dt.datetime
    last: dt.datetime | None
    """None: they are the prices now."""
    prices: list[SpanPrice]


@dataclass(frozen=True)
class PriceHistory:
    """The prices that a model had."""

    chart: PriceChart | None
    unchanged: str
    """A sentence on the prices that never changed, "" where there are none."""
    names: list[str]
    """What the prices are for, in the order of the pages."""
    spans: list[PriceSpan]
    """Every price, newest first; [] where none ever changed, for a sentence says that."""
    first: dt.date
    last: dt.date
    """The last day that can be asked for: that of the build, or the last of a model that is gone."""
    gaps: list[str]
    """Days on which nothing was read: `2026-06-01`, or with the last of several `2026-06-01/2026-08-20`."""


def build_price_history(view: ModelView, gaps: list[Gap]) -> PriceHistory | None:
    """Build the past prices of a model; None for a router, or without any price.

    `gaps` are those of the models feed.
    """
    points = view.points
    if view.model.is_router or not points:
        return None
    return PriceHistory(
        chart=build_price_chart(view),
        unchanged=_describe_unchanged(view),
        names=[*map(format_price_key, points)],
        spans=_build_spans(points) if len(view.unchanged_prices) < len(points) else [],
        first=view.entry.first.date(),
        last=(view.entry.last or view.now).date(),
        gaps=[*_list_unread_days(gap for gap in gaps if gap.end > view.entry.first)],
    )


def _list_unread_days(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield the days that lie in a gap as a whole, those of a gap together."""
    for last, following in gaps:
        first_day, last_day = last.date() + DAY, following.date() - DAY
        if first_day <= last_day:
            yield f"{first_day}" if first_day == last_day else f"{first_day}/{last_day}"


def _build_spans(points: Mapping[PriceKey, list[PriceInterval]]) -> list[PriceSpan]:
    """Group prices by the hours with which they began and ended, newest first."""
    prices: dict[tuple[dt.datetime, dt.datetime | None], list[SpanPrice]] = defaultdict(list)
    for price_key, intervals in points.items():
        for point in intervals:
            unit_dimension = find_unit_dimension(price_key.dimension, point.amount)
            price = SpanPrice(format_price_key(price_key), build_point_cell(unit_dimension, point))
            prices[point.first, point.last].append(price)
    newest_first = sorted(prices, key=lambda span: (span[0], span[1] is None, span[1]), reverse=True)
    return [PriceSpan(*span, prices[span]) for span in newest_first]


def _describe_unchanged(view: ModelView) -> str:
    """Name the prices that never changed; those under conditions are counted together."""
    unchanged = view.unchanged_prices
    names = [format_price_key(price_key) for price_key in unchanged if not price_key.condition]
    if any(price_key.condition for price_key in unchanged):
        names.append("prices by time of day or prompt length")
    if not names:
        return ""
    return f"{', '.join(names)}: unchanged since {format_day(view.entry.first.date())}."
