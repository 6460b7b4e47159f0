"""The machine surface below `api/v1/`: static JSON, prices as exact decimals in text, hours as in `data/`.

Its shapes are written down on the site's page of data, and a test holds them.
"""

from typing import Any

from orarchive.index.event_log import EventRow
from orarchive.jsonl import Record, loads
from orarchive.publish import rankings_api
from orarchive.publish.dataset import PriceInterval, Prices, RecordEntry
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.views import View
from orarchive.publish.views.endpoints import provider_slug
from orarchive.publish.views.models import ModelView
from orarchive.timestamps import format_stamp

API_FOLDER = "api/v1"


def build_api(view: View, model_files: dict[str, str], category_pages: dict[str, str]) -> dict[str, bytes]:
    """Every file: path -> bytes; the file of each model and the page of each category are given."""
    endpoints = [one for one in view.dataset.entries["endpoints"].values() if one.last is None]
    found: dict[str, Any] = {
        "status": status(view),
        "models": [summary(one, model_files) for one in view.models],
        "labs": [
            {
                "lab": one.name,
                "models": len(one.models),
                "gone": len(one.gone),
                "first_seen": format_stamp(one.first),
            }
            for one in view.lab_views
        ],
        "providers": [
            {"provider": one.slug, "name": one.name, "endpoints": len(one.servings), "left": one.former}
            | (_span(one.entry) if one.entry else dict.fromkeys(SPAN))
            for one in view.providers
        ],
        "endpoints": [
            {
                "model": one.parts[0],
                "tag": one.parts[1],
                "n": one.parts[2],
                "provider": provider_slug(one.parts[1]),
            }
            | _span(one)
            | {"pricing": one.record.get("pricing")}
            for one in endpoints
        ],
        "relations": {
            "lab_models": [[one.model.lab, one.model.id] for one in view.models],
            "provider_models": sorted(
                [list(pair) for pair in {(provider_slug(one.parts[1]), one.parts[0]) for one in endpoints}]
            ),
        },
    }
    found |= rankings_api.build_rankings_api(view, category_pages)
    for logged in view.dataset.log:
        found.setdefault(f"changes/{logged.hour[:7]}", []).append(event(logged))
    for one in view.models:
        found[model_files[one.model.id]] = model(one)
    return {f"{API_FOLDER}/{name}.json": to_safe_json(value) for name, value in found.items()}


def status(view: View) -> Record:
    """How fresh and complete the record is."""
    run = view.last_run
    return {
        "hour": format_stamp(view.hour),
        "as_of": format_stamp(view.now),
        "begun": format_stamp(view.dataset.begun),
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
        "complete": {str(span): count for span, count in view.complete.items()},
        "totals": view.totals,
        "feeds": {
            one.feed: {
                "last_good": format_stamp(one.last) if one.last else None,
                "good": {str(span): count for span, count in one.good.items()},
                "possible": {str(span): count for span, count in one.possible.items()},
            }
            for one in view.coverage
        },
        "gaps": [[format_stamp(one), format_stamp(other)] for one, other in view.long_gaps],
        "changes": [month.name for month in view.months],
    }


def summary(one: ModelView, model_files: dict[str, str]) -> Record:
    """A model in one row; `prices` are those without conditions."""
    return {
        "id": one.model.id,
        "name": one.model.name,
        "lab": one.model.lab,
        "states": one.states,
        **_span(one.entry),
        "context": one.model.context,
        "prices": {name: f"{price:f}" for name, price in one.model.prices.items()},
        "providers": sorted({offer.provider for offer in one.endpoints}),
        "file": f"{API_FOLDER}/{model_files[one.model.id]}.json",
    }


def model(one: ModelView) -> Record:
    """A model as last seen, with every price point of it and its endpoints."""
    return {
        "id": one.model.id,
        "states": one.states,
        **_span(one.entry),
        "record": one.entry.record,
        **_history(one.points),
        "endpoints": [
            {"tag": own.parts[1], "n": own.parts[2], **_span(own), "pricing": own.record.get("pricing")}
            | _history(one.dataset.prices.get(("endpoints", own.key), {}))
            for own in sorted(one.dataset.endpoints.get(one.model.id, ()), key=lambda own: own.key)
        ],
    }


def _history(prices: Prices) -> Record:
    """Every price point there was, those under a condition apart."""
    return {
        "prices": {
            rate.dimension: [_point(point) for point in points]
            for rate, points in prices.items()
            if not rate.condition
        },
        "conditional_prices": [
            {"dimension": rate.dimension, "condition": loads(rate.condition)}
            | {"points": [_point(point) for point in points]}
            for rate, points in prices.items()
            if rate.condition
        ],
    }


def event(one: EventRow) -> Record:
    """One event, without members that say nothing; see `events` in the index's schema."""
    said = {name: value for name, value in vars(one).items() if value not in (None, "")}
    return said if one.by != one.hour else {name: said[name] for name in said if name != "by"}


SPAN = ("state", "first_seen", "last_seen", "arrival")


def _span(one: RecordEntry) -> Record:
    return {
        "state": one.state,
        "first_seen": format_stamp(one.first),
        "last_seen": format_stamp(one.last) if one.last else None,
        "arrival": one.arrival,
    }


def _point(point: PriceInterval) -> Record:
    return {
        "from": format_stamp(point.first),
        "to": format_stamp(point.last) if point.last else None,
        "price": f"{point.amount:f}",
    }
