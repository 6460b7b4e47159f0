"""What the pictures of a listed model show: the card of link previews, and the price chart to embed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orarchive.domain.figures import format_short
from orarchive.publish.amounts import format_amount
from orarchive.publish.charts.bands import merge_time_of_day
from orarchive.publish.charts.steps import MAX_GAP, draw_steps
from orarchive.publish.dataset import PriceInterval, PriceKey
from orarchive.publish.views import View
from orarchive.publish.views.cells import PriceCell, build_price_pair
from orarchive.publish.views.models import ModelView, floor_day

INPUT = PriceKey("prompt")

NOT_KNOWN = "–"


@dataclass(frozen=True)
class PriceChart:
    """The chart of a model's input price, with its texts."""

    name: str
    price: str
    begin: dt.datetime
    end: dt.datetime
    path: str
    """The line, in a square of `wide.SIZE` units."""

    @property
    def text(self) -> str:
        """Return what the chart shows, in words."""
        return f"{self.name} on OpenRouter: {self.price} per M input tokens"

    @property
    def short_name(self) -> str:
        """Return the name without the lab's."""
        return self.name.partition(": ")[2] or self.name


@dataclass(frozen=True)
class Segment:
    """A stretch of one price: from where to where, and how high, in thousandths of the plot."""

    begin: int
    end: int
    height: int
    is_joined: bool
    """Whether it follows the one before it without a gap."""


@dataclass(frozen=True)
class ModelCard:
    """What the picture for link previews shows."""

    name: str
    lab: str
    id: str
    figures: tuple[tuple[str, str], ...]
    """Label and value of each."""
    segments: tuple[Segment, ...]
    """The input price; () where it never changed."""

    @property
    def text(self) -> str:
        """Return what the card shows, in words."""
        figures = ", ".join(f"{label} {value}" for label, value in self.figures)
        return f"{self.name} by {self.lab} on OpenRouter: {figures}"


def build_model_card(view: View, model: ModelView) -> ModelCard | None:
    """Build the card of a model, which changes when a text or a price does.

    Return None for one that is gone, a variant and an alias: thousands of pictures would be the largest part
    of the site.
    """
    if not model.is_there or model.model.variant or model.model.is_alias:
        return None
    lab, name = view.catalog.labs.get(model.model.lab), model.model.name
    lab_name = (lab.name if lab else None) or model.model.lab
    labels = ("Input per M tokens", "Output per M tokens")
    figures = [(label, _format_price(cell)) for label, cell in zip(labels, model.price_cells, strict=True)]
    figures.append(("Context", format_short(model.model.context) if model.model.context else NOT_KNOWN))
    intervals = _list_intervals(model)
    amounts = {interval.amount for interval in intervals}
    return ModelCard(
        name=name.removeprefix(f"{lab_name}: "),
        lab=lab_name,
        id=model.model.id,
        figures=tuple(figures),
        segments=_build_segments(intervals, view.now) if len(amounts) > 1 else (),
    )


def build_price_chart(view: View, model: ModelView) -> PriceChart | None:
    """Build the chart of a listed model's input price up to the last whole day; None where it has none."""
    price, _ = build_price_pair(model.model.prices, model.is_free, model.is_priced_elsewhere)
    intervals = _list_intervals(model)
    if not model.is_there or model.model.is_alias or price.sort_value is None or not intervals:
        return None
    end = max(floor_day(view.now), intervals[-1].first)
    path = draw_steps(intervals, view.dataset.good_hours["models"], end)
    words = format_amount(price.sort_value, INPUT.dimension)
    return PriceChart(model.model.name, words, intervals[0].first, end, path)


def _format_price(cell: PriceCell) -> str:
    if cell.price is None or cell.is_elsewhere:
        return NOT_KNOWN
    return "free" if cell.shows_free else format_amount(cell.price, cell.dimension)


def _list_intervals(model: ModelView) -> list[PriceInterval]:
    """List the intervals of a model's input price; of a time-of-day price with its lowest rates."""
    points = {key: intervals for key, intervals in model.points.items() if key.dimension == INPUT.dimension}
    merged = merge_time_of_day(points, model.dataset.good_hours["models"])
    return [interval for interval in merged.get(INPUT, []) if interval.amount >= 0]


def _build_segments(intervals: Sequence[PriceInterval], now: dt.datetime) -> tuple[Segment, ...]:
    """Return the stretches of a price, up to the beginning of the month or the last change after it.

    The picture would else be another every day.
    """
    begin = intervals[0].first
    month = dt.datetime(now.year, now.month, 1, tzinfo=dt.UTC)
    end = max(month, *(interval.first + MAX_GAP for interval in intervals))
    top = max(interval.amount for interval in intervals)

    def scale(moment: dt.datetime) -> int:
        return round(1000 * ((min(moment, end) - begin) / (end - begin)))

    segments = []
    previous_last = None
    for interval in intervals:
        is_joined = previous_last is not None and interval.first - previous_last <= MAX_GAP
        height = int(Decimal(1000) * interval.amount / top)
        previous_last = interval.last or end
        segments.append(Segment(scale(interval.first), scale(previous_last), height, is_joined))
    return tuple(segments)
