"""The static API below `api/v1/`: JSON files with prices as exact decimal strings and hours as in `data/`.

The site's page of data documents the shapes; a test freezes them.
"""

from typing import Any

from orarchive.domain.keys import get_provider_of_tag
from orarchive.domain.records import Endpoint, Model
from orarchive.index.events import Event
from orarchive.jsonl import Record, loads
from orarchive.publish import rankings_api
from orarchive.publish.dataset import Dataset, PriceInterval, Prices, RecordEntry, format_span
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.views import View
from orarchive.publish.views.endpoints import read_endpoint
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp

API_FOLDER = "api/v1"

LIFECYCLE_MEMBERS = ("state", "first_seen", "last_seen", "arrival")


def build_api(view: View, model_files: dict[str, str], category_pages: dict[str, str]) -> dict[str, bytes]:
    """Build every file of the static API: path -> bytes.

    `model_files` maps a model id to its path below `api/v1/`, without `.json`; `category_pages` a category to
    its page.
    """
    endpoints = [entry for entry in view.dataset.entries["endpoints"].values() if entry.last is None]
    values: dict[str, Any] = {
        "status": _build_status(view),
        "models": [_build_model_row(model, model_files) for model in view.models],
        "labs": _build_labs(view),
        "providers": _build_providers(view),
        "endpoints": [_build_endpoint_row(view, entry) for entry in endpoints],
        "relations": _build_relations(view, endpoints),
    }
    values |= rankings_api.build_rankings_api(view, category_pages)
    for event in view.dataset.log:
        values.setdefault(f"changes/{event.hour[:7]}", []).append(_build_event(event))
    for model in view.models:
        values[model_files[model.model.id]] = _build_model(model)
    return {f"{API_FOLDER}/{name}.json": to_safe_json(value) for name, value in values.items()}


def _build_status(view: View) -> Record:
    """Build `status.json`: the last run, the totals, each feed's coverage, gaps and months with changes."""
    run = view.last_run
    return {
        "hour": format_stamp(view.hour),
        "as_of": format_stamp(view.now),
        "begun": format_stamp(view.dataset.first_hour),
        "last_run": {
            "hour": format_stamp(run.hour),
            "started": format_stamp(run.started),
            "finished": format_stamp(run.finished),
            "seconds": run.seconds,
            "outcome": "not good" if run.not_good else "ok",
            "not_good": run.not_good,
            "records": run.records,
            "models_added": run.added,
            "models_missing": run.missing,
            "requests": run.requests,
            "retries": run.retries,
            "rate_limited": run.limited,
        },
        "next_expected": format_stamp(run.next_hour),
        "last_complete": format_stamp(view.complete_hours[-1]) if view.complete_hours else None,
        "complete": {str(span): count for span, count in view.complete_counts.items()},
        "totals": view.totals,
        "feeds": {coverage.feed: coverage.to_json() for coverage in view.coverage},
        "gaps": [[format_stamp(last), format_stamp(following)] for last, following in view.long_gaps],
        "changes": [month.name for month in view.months],
    }


def _build_model_row(view: ModelView, model_files: dict[str, str]) -> Record:
    """Return a model's row of the list; `prices` holds those at its last hour, for an ordinary prompt."""
    model = view.model
    return {
        "id": model.id,
        "name": model.name,
        "lab": model.lab,
        "states": view.states,
        **_build_lifecycle(view.entry),
        "context": model.context,
        **_build_current_prices("prices", model),
        "providers": sorted({endpoint.provider for endpoint in view.endpoints}),
        "file": f"{API_FOLDER}/{model_files[model.id]}.json",
    }


def _build_model(view: ModelView) -> Record:
    """Return a model's own file: its record as last seen, and every price of it and of its endpoints."""
    endpoints = sorted(view.dataset.endpoints_by_model.get(view.model.id, ()), key=lambda entry: entry.key)
    return {
        "id": view.model.id,
        "states": view.states,
        **_build_lifecycle(view.entry),
        "record": view.entry.record,
        **_build_current_prices("now", view.model),
        **_build_price_history(view.points),
        "endpoints": [_build_endpoint(view.dataset, entry) for entry in endpoints],
    }


def _build_endpoint(dataset: Dataset, entry: RecordEntry) -> Record:
    """Return an endpoint in its model's file, current or former, with every price."""
    _, tag, n = entry.parts
    return {
        "tag": tag,
        "n": n,
        **_build_lifecycle(entry),
        "pricing": entry.record.get("pricing"),
        **_build_current_prices("now", read_endpoint(dataset, entry)),
        **_build_price_history(dataset.prices.get(("endpoints", entry.key), {})),
    }


def _build_labs(view: View) -> list[Record]:
    """Return a row for each lab."""
    return [
        {
            "lab": lab.name,
            "models": len(lab.models),
            "gone": len(lab.gone_models),
            "first_seen": format_stamp(lab.first),
        }
        for lab in view.lab_views
    ]


def _build_providers(view: View) -> list[Record]:
    """Return a row for each provider; one without a record of its own has null for its lifecycle."""
    return [
        {
            "provider": provider.slug,
            "name": provider.name,
            "endpoints": len(provider.servings),
            "left": provider.former_count,
            **(_build_lifecycle(provider.entry) if provider.entry else dict.fromkeys(LIFECYCLE_MEMBERS)),
        }
        for provider in view.providers
    ]


def _build_endpoint_row(view: View, entry: RecordEntry) -> Record:
    """Return an endpoint's row of the list; `prices` holds those of the last hour, for an ordinary prompt."""
    model, tag, n = entry.parts
    return {
        "model": model,
        "tag": tag,
        "n": n,
        "provider": get_provider_of_tag(tag),
        **_build_lifecycle(entry),
        "pricing": entry.record.get("pricing"),
        **_build_current_prices("prices", read_endpoint(view.dataset, entry)),
    }


def _build_current_prices(name: str, priced: Model | Endpoint) -> Record:
    """Return the prices at the last hour under a name, and the ranges of those that depend on conditions."""
    return {
        name: {dimension: f"{price:f}" for dimension, price in priced.prices.items()},
        "has_conditions": bool(priced.price_ranges),
        "price_ranges": {
            dimension: [f"{low:f}", f"{high:f}"] for dimension, (low, high) in priced.price_ranges.items()
        },
    }


def _build_relations(view: View, endpoints: list[RecordEntry]) -> Record:
    """Build the pairs of lab and model, and of provider and model."""
    served = {(get_provider_of_tag(entry.parts[1]), entry.parts[0]) for entry in endpoints}
    return {
        "lab_models": [[model.model.lab, model.model.id] for model in view.models],
        "provider_models": sorted([list(pair) for pair in served]),
    }


def _build_event(event: Event) -> Record:
    """Return an event without empty members, and without `by` where it is the hour.

    See `events` in the index's schema.
    """
    members = {name: value for name, value in vars(event).items() if value not in (None, "")}
    if event.by == event.hour:
        members.pop("by", None)
    return members


def _build_lifecycle(entry: RecordEntry) -> Record:
    """Return a record's state, its first and last hour, and how it arrived."""
    first, last = format_span(entry)
    return dict(zip(LIFECYCLE_MEMBERS, (entry.state, first, last, entry.arrival), strict=True))


def _build_price_history(prices: Prices) -> Record:
    """Return every price interval by dimension; those under a condition stand apart."""
    return {
        "prices": {
            price_key.dimension: _build_intervals(intervals)
            for price_key, intervals in prices.items()
            if not price_key.condition
        },
        "conditional_prices": [
            {
                "dimension": price_key.dimension,
                "condition": loads(price_key.condition),
                "points": _build_intervals(intervals),
            }
            for price_key, intervals in prices.items()
            if price_key.condition
        ],
    }


def _build_intervals(intervals: list[PriceInterval]) -> list[Record]:
    """Return price intervals with their exact prices."""
    spans = [(interval, *format_span(interval)) for interval in intervals]
    return [{"from": first, "to": last, "price": f"{interval.amount:f}"} for interval, first, last in spans]
