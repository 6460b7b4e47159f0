"""The chart of price against quality, for the pages that show it."""

from orarchive.catalog.candidates import choose_representatives
from orarchive.catalog.catalog import Catalog
from orarchive.catalog.lists import ValueRow, select_front
from orarchive.catalog.measures import COST
from orarchive.publish.charts.scatter import NARROW, WIDE, Point, Scatter, draw_scatter


def draw_value(catalog: Catalog) -> list[Scatter]:
    """Draw the models that have a price and a quality, each once: for wide screens, and for phones.

    The list is empty where there is too little to draw.
    """
    quality = catalog.best_value.quality
    if quality is None or not quality.is_highest_best:
        return []
    names: dict[str, str] = {}
    rows = []
    for candidate in choose_representatives(catalog.candidates):
        info = candidate.info
        cost, score = COST.read_best(candidate), quality.read_best(candidate)
        # Ranks by use are no figures to draw.
        if cost and score:
            names[info.id] = info.name.rpartition(": ")[2]
            rows.append(ValueRow(info.id, cost, score))
    # A logarithmic axis has no zero: free models stand beside it, and compare with each other alone.
    priced = [row for row in rows if row.cost.value]
    front = {row.id for row in select_front(quality, priced)}
    points = [
        Point(row.id, names[row.id], row.cost.value, row.quality.value, row.id in front) for row in rows
    ]
    charts = (draw_scatter(points, frame, quality.title) for frame in (WIDE, NARROW))
    return [chart for chart in charts if chart]


def name_quality(catalog: Catalog) -> str:
    """Name what tells the better model, and who measured it; "" where nothing does."""
    quality = catalog.best_value.quality
    return f"{quality.title}, {quality.source}" if quality else ""
