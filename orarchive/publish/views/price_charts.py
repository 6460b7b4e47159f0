"""The wide chart on the page of a model: each price by stretch of time, with its figures in words."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from orarchive.domain.phrasing import label_dimension
from orarchive.domain.prices import MAIN_DIMENSIONS
from orarchive.publish.amounts import format_amount
from orarchive.publish.charts.bands import merge_lowest, merge_time_of_day
from orarchive.publish.charts.step_lines import PriceChoice, PriceLine, draw_panel
from orarchive.publish.charts.steps import count_days, list_pieces
from orarchive.publish.charts.wide import WideChart
from orarchive.publish.dataset import PriceInterval, PriceKey
from orarchive.publish.views.cells import PriceCell, build_point_cell
from orarchive.publish.views.models import ModelView, collect_amounts, floor_day

CHART_DIMENSIONS = (*MAIN_DIMENSIONS, "input_cache_read")

CHEAPEST = "cheapest provider"
"""The name of the line of the cheapest provider."""

RANGES = (("30 days", 30), ("1 year", 365))
"""Label of each range that is shorter than the whole record, and its days."""

SHORT_ZERO_SPAN = dt.timedelta(days=2)
"""A price of 0 that holds for less is not called the lowest."""

MIN_RANGE_DAYS = 3
"""Days with a reading that a shorter range has, at least."""


@dataclass(frozen=True)
class ChartChoice:
    """A dimension or a range to choose; its value is also a class of what it shows."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class ChartPanel:
    """The chart of a range: the lines of one dimension are seen at a time."""

    value: str
    words: str
    """Description for people who do not see it."""
    chart: WideChart


@dataclass(frozen=True)
class DatedPrice:
    """A price, and the day on which it began."""

    cell: PriceCell
    date: dt.date


@dataclass(frozen=True)
class PriceSummary:
    """The list price of a dimension in words: now, and at its lowest and highest."""

    value: str
    name: str
    now: DatedPrice
    """Of a model that is gone its last price."""
    after: dt.date | None
    """The day of the reading before that price, where more than a day lies between."""
    lowest: DatedPrice
    """Without the short zeros of a model that has a price otherwise."""
    zeros: list[dt.date]
    """The days on which those began."""
    highest: DatedPrice
    changes: int
    is_time_of_day: bool
    """Whether the price now depends on the time of day."""


@dataclass(frozen=True)
class PriceChart:
    """The panels of the chart, one of which is seen at a time, and what chooses among them."""

    dimensions: list[ChartChoice]
    ranges: list[ChartChoice]
    panels: list[ChartPanel]
    summaries: list[PriceSummary]
    has_cheapest: bool
    """Whether the price of the cheapest provider is drawn."""
    is_gone: bool


def build_price_chart(view: ModelView) -> PriceChart | None:
    """Build the chart of the list prices of a model and of its cheapest provider.

    None where neither ever changed: a sentence says that better than a level line.
    """
    hours = view.dataset.good_hours["models"]
    merged = merge_time_of_day(view.points, hours)
    listed = {
        name: intervals
        for name in CHART_DIMENSIONS
        if (intervals := [price for price in merged.get(PriceKey(name), []) if price.amount >= 0])
    }
    cheapest = _find_cheapest(view)
    lines = [*listed.values(), *(cheapest[name] for name in listed if name in cheapest)]
    if not any(len(collect_amounts(intervals)) > 1 for intervals in lines):
        return None
    # By whole days, so that a quiet hour leaves the page as it is.
    newest = [floor_day(view.now), *(intervals[-1].first for intervals in lines)]
    end = view.entry.last or max(newest)
    begin = min(intervals[0].first for intervals in listed.values())
    spans = [(label, end - dt.timedelta(days=days)) for label, days in RANGES]
    # A range in which no price changed would be a level line, one that was hardly read an empty field.
    changed = max(interval.first for intervals in lines for interval in intervals[1:])

    def is_told(start: dt.datetime) -> bool:
        return begin < start < changed and count_days(hours, start, end) >= MIN_RANGE_DAYS

    ranges = [*((label, start) for label, start in spans if is_told(start)), ("All", begin)]
    panels = [
        _draw_panel(view, listed, cheapest, (f"r{n}", label, start, end))
        for n, (label, start) in enumerate(ranges)
    ]
    return PriceChart(
        dimensions=[
            ChartChoice(f"d{n}", label_dimension(name).capitalize(), n == 0) for n, name in enumerate(listed)
        ],
        ranges=[ChartChoice(f"r{n}", label, label == "All") for n, (label, _) in enumerate(ranges)],
        panels=panels,
        summaries=[_summarize(view, f"d{n}", name, listed[name]) for n, name in enumerate(listed)],
        has_cheapest=any(
            shape.name == CHEAPEST
            for panel in panels
            for layer in panel.chart.layers
            for shape in layer.shapes
        ),
        is_gone=not view.is_there,
    )


def _find_cheapest(view: ModelView) -> dict[str, list[PriceInterval]]:
    """Find the lowest price of any provider over time; of a time-of-day price its lowest rate counts."""
    dataset = view.dataset
    hours = dataset.good_hours["endpoints"]
    keys = [entry.key for entry in dataset.endpoints_by_model.get(view.model.id, ())]
    merged = [merge_time_of_day(dataset.prices.get(("endpoints", key), {}), hours) for key in keys]
    cheapest = {
        name: merge_lowest(
            (price for prices in merged for price in prices.get(PriceKey(name), ()) if price.amount >= 0),
            hours,
        )
        for name in CHART_DIMENSIONS
    }
    return {name: intervals for name, intervals in cheapest.items() if intervals}


def _draw_panel(
    view: ModelView,
    listed: Mapping[str, list[PriceInterval]],
    cheapest: Mapping[str, list[PriceInterval]],
    span: tuple[str, str, dt.datetime, dt.datetime],
) -> ChartPanel:
    value, label, begin, end = span
    hours = view.dataset.good_hours
    sources = (("list price", listed, hours["models"]), (CHEAPEST, cheapest, hours["endpoints"]))

    def list_lines(dimension: str) -> list[PriceLine]:
        return [
            PriceLine(name, [*list_pieces(prices[dimension], begin, end)], good_hours)
            for name, prices, good_hours in sources
            if dimension in prices
        ]

    choices = [
        PriceChoice(f"d{n}", list_lines(name), partial(format_amount, dimension=name))
        for n, name in enumerate(listed)
    ]
    words = f"Price in steps, {label.lower()}; the axis begins at zero"
    return ChartPanel(value, words, draw_panel(choices, hours["models"], begin, end))


def _is_short_zero(interval: PriceInterval) -> bool:
    """Return whether a price of 0 ended so soon that it was hardly an offer."""
    return (
        not interval.amount and interval.last is not None and interval.last - interval.first < SHORT_ZERO_SPAN
    )


def _summarize(
    view: ModelView, value: str, dimension: str, intervals: Sequence[PriceInterval]
) -> PriceSummary:
    def build_dated(interval: PriceInterval) -> DatedPrice:
        return DatedPrice(build_point_cell(dimension, interval), interval.first.date())

    last = intervals[-1]
    zeros = [interval for interval in intervals if _is_short_zero(interval)]
    lasting = [interval for interval in intervals if interval not in zeros]
    before = view.dataset.find_gap_before("models", last.first)
    return PriceSummary(
        value=value,
        name=label_dimension(dimension).capitalize(),
        now=build_dated(last),
        after=before.date() if before else None,
        lowest=build_dated(min(lasting or intervals, key=lambda interval: interval.amount)),
        zeros=[interval.first.date() for interval in zeros] if lasting else [],
        highest=build_dated(max(intervals, key=lambda interval: interval.highest or interval.amount)),
        changes=len(intervals) - 1,
        is_time_of_day=last.highest not in (None, last.amount),
    )
