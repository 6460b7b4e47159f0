"""The chart of price against quality, for the pages that show it."""

from collections.abc import Iterator, Sequence

from orarchive.catalog.candidates import choose_representatives
from orarchive.catalog.catalog import Catalog
from orarchive.catalog.lists import ValueRow, select_front
from orarchive.catalog.measures import COST, Measure
from orarchive.catalog.model_info import ModelInfo
from orarchive.publish.charts.scatter import NARROW, WIDE, Point, Scatter, draw_scatter


def draw_value(catalog: Catalog) -> list[Scatter]:
    """Draw the models that have a price and a quality, each once: for wide screens, and for phones.

    The list is empty where there is too little to draw.
    """
    quality = catalog.best_value.quality
    if quality is None or not quality.is_highest_best:
        return []
    rows = [*_list_rows(catalog, quality)]
    front = {row.id for row in _select_priced_front(quality, rows)}
    points = [
        Point(
            row.id,
            _label(catalog.models[row.id]),
            row.cost.value,
            row.quality.value,
            row.id in front,
        )
        for row in rows
    ]
    charts = (draw_scatter(points, frame, quality.title) for frame in (WIDE, NARROW))
    return [chart for chart in charts if chart]


def _label(info: ModelInfo) -> str:
    """Return the name of a model without its lab, and that it ends where that is announced."""
    return info.name.rpartition(": ")[2] + (" (ends)" if info.expires else "")


def list_front(catalog: Catalog) -> list[str]:
    """List the models on the line of the chart, cheapest first."""
    quality = catalog.best_value.quality
    if quality is None:
        return []
    return [row.id for row in _select_priced_front(quality, [*_list_rows(catalog, quality)])]


def _list_rows(catalog: Catalog, quality: Measure) -> Iterator[ValueRow]:
    for candidate in choose_representatives(catalog.candidates):
        cost, score = COST.read_best(candidate), quality.read_best(candidate)
        if cost and score:
            yield ValueRow(candidate.info.id, cost, score)


def _select_priced_front(quality: Measure, rows: Sequence[ValueRow]) -> list[ValueRow]:
    """Select the front of the models that are not free: those stand beside a logarithmic axis."""
    return select_front(quality, [row for row in rows if row.cost.value])


def name_quality(catalog: Catalog) -> str:
    """Name what tells the better model, and who measured it; "" where nothing does."""
    quality = catalog.best_value.quality
    return f"{quality.title}, {quality.source}" if quality else ""
