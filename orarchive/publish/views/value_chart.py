"""The chart of price against quality, for the pages that show it."""

from orarchive.catalog.candidates import choose_representatives
from orarchive.catalog.catalog import Catalog
from orarchive.catalog.measures import COST
from orarchive.publish.charts.scatter import NARROW, WIDE, Point, Scatter, draw_scatter


def draw_value(catalog: Catalog) -> list[Scatter]:
    """Draw the models that have a price and a quality, each once: for wide screens, and for phones.

    The list is empty where there is too little to draw.
    """
    quality = catalog.best_value.quality
    if quality is None or not quality.is_highest_best:
        return []
    front = {row.id for row in catalog.best_value.rows}
    readings = [
        (candidate.info, COST.read_best(candidate), quality.read_best(candidate))
        for candidate in choose_representatives(catalog.candidates)
    ]
    # A logarithmic axis has no zero, and ranks by use are no figures to draw.
    points = [
        Point(info.id, info.name.rpartition(": ")[2], cost.value, score.value, info.id in front)
        for info, cost, score in readings
        if cost and score and cost.value > 0
    ]
    charts = (draw_scatter(points, frame, quality.title) for frame in (WIDE, NARROW))
    return [chart for chart in charts if chart]


def name_quality(catalog: Catalog) -> str:
    """Name what tells the better model, and who measured it; "" where nothing does."""
    quality = catalog.best_value.quality
    return f"{quality.title}, {quality.source}" if quality else ""
