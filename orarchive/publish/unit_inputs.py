"""What the files of a model and of a month show, as rows of the index where that is all there is to it.

Rows are compared instead of contexts because these take most of the time of a build.
"""

from orarchive.domain.event_kinds import ADDED, FIRST_OBSERVED, JOINED, REPRICED
from orarchive.domain.feeds import FEEDS
from orarchive.domain.keys import get_model_of_key
from orarchive.publish.change_groups import Importance
from orarchive.publish.price_moves import find_price_cause
from orarchive.publish.views import View
from orarchive.publish.views.marks import get_lab_name
from orarchive.publish.views.model_endpoints import list_catalog_endpoints, map_regions
from orarchive.publish.views.model_page import build_usage
from orarchive.publish.views.models import ModelView, floor_day

ARRIVAL_KINDS = (ADDED, FIRST_OBSERVED, JOINED)
"""Kinds of events whose lines state the first prices of a record."""


def list_general_inputs(view: View) -> object:
    """Return what the files of every model are made of beside the inputs of their own."""
    return view.dataset.first_hour, view.gaps, bool(view.dataset.good_hours["endpoints"])


def list_model_inputs(view: View, model: ModelView) -> object:
    """Return what the files of a model are made of, but for the catalogue and the hour of the last reading.

    The representation of a `ModelView` has all of its fields but the dataset and the hour.
    """
    dataset, key = view.dataset, model.model.id
    endpoints = dataset.endpoints_by_model.get(key, [])
    price_keys = [("models", key), *(("endpoints", entry.key) for entry in endpoints)]
    return (
        model,
        endpoints,
        dataset.log.by_model.get(key),
        [dataset.prices.rows.get(price_key) for price_key in price_keys],
        dataset.benchmarks.get(key),
        dataset.stretches.get(key),
        dataset.added_after.get(key),
        view.successors.get(key),
        build_usage(view, model),
        get_lab_name(view.catalog, model.model.lab),
        map_regions(view, model),
        [(label, known.is_zdr, known.health) for label, known in list_catalog_endpoints(view, model).items()],
        view.is_endpoints_doubted and not model.endpoints,
        # Charts end with a day, so that a quiet hour leaves the page as it is.
        floor_day(view.now) if model.is_there else None,
    )


def list_month_inputs(view: View, month: str) -> object:
    """Return what the pages and the file of the changes of a month are made of."""
    dataset, log = view.dataset, view.dataset.log
    rows = log.by_month[month]
    arrivals = {(row.feed, row.key): row.hour for row in rows if row.kind in ARRIVAL_KINDS}
    importance = restrict_importance(view, month)
    used = importance.used_models
    sorted_importance = (used is not None and sorted(used), sorted(importance.known_labs or ()))
    causes = [find_price_cause(row, dataset) for row in rows if row.kind == REPRICED]
    # A later end of a first price changes nothing.
    prices = [
        (*price_key, dimension, condition, position, first, amount)
        for price_key in arrivals
        for dimension, condition, position, first, _, amount in dataset.prices.rows.get(price_key, ())
        if first.startswith(month)
    ]
    return rows, causes, prices, [*view.months], sorted_importance


def restrict_importance(view: View, month: str) -> Importance:
    """Return which of the models with changes in a month, and of their labs, many readers care for."""
    log = view.dataset.log
    of_models = (row for row in log.by_month[month] if row.feed in FEEDS and FEEDS[row.feed].is_about_models)
    names = (log.names.get((row.feed, row.key), row.key) for row in of_models)
    return view.importance.restrict(map(get_model_of_key, names))
