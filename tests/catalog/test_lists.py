"""Lists: by endpoint, then by the best endpoint of each model; what is not known is never ranked."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from orarchive.catalog.lists import LISTS, RankedList, build_best_value, build_list
from orarchive.catalog.source import CatalogModel, HealthWindow
from tests.support.catalog_models import build_candidates, build_endpoint, build_model

NO_SPEED = HealthWindow(days=30, readings=700, well=700, latency_ms=None, throughput=None, speed_readings=0)


def build(name: str, models: Iterable[CatalogModel]) -> RankedList:
    """Return a list of some models."""
    kind = next(kind for kind in LISTS if kind.name == name)
    return build_list(kind, build_candidates(models))


def rows(ranked: RankedList) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the endpoints and the models of a list with their values."""
    return (
        [(str(row.reading.endpoint), row.reading.text) for row in ranked.endpoints],
        [(row.id, row.reading.text) for row in ranked.models],
    )


def measure(key: str, *windows: HealthWindow | None) -> CatalogModel:
    """Return a model with an endpoint for each window of health."""
    endpoints = [
        build_endpoint(f"p{number}", model=key, health=window)
        for number, window in enumerate(windows, start=1)
    ]
    return build_model(key, endpoints=endpoints)


def build_speed(latency: float, throughput: float, readings: int = 24) -> HealthWindow:
    """Return a window with latency and throughput."""
    return HealthWindow(30, 700, 700, latency, throughput, readings)


def test_speed_by_endpoint_then_by_model() -> None:
    models = [
        measure("b/slow", build_speed(900, 20)),
        measure("a/fast", build_speed(300, 50), build_speed(500, 200.04), NO_SPEED, None),
        measure("c/tie", build_speed(300, 20)),
    ]
    endpoints, best = rows(build("fastest", models))
    assert endpoints == [("a/fast@p2", "200"), ("a/fast@p1", "50"), ("b/slow@p1", "20"), ("c/tie@p1", "20")]
    assert best == [("a/fast", "200"), ("b/slow", "20"), ("c/tie", "20")]
    endpoints, best = rows(build("lowest-latency", models))
    assert endpoints == [
        ("a/fast@p1", "300"),
        ("c/tie@p1", "300"),
        ("a/fast@p2", "500"),
        ("b/slow@p1", "900"),
    ]
    assert best == [("a/fast", "300"), ("c/tie", "300"), ("b/slow", "900")]


def test_speed_of_few_readings_is_not_ranked() -> None:
    ranked = build("fastest", [measure("a/new", build_speed(1, 999, readings=23))])
    assert rows(ranked) == ([], [])


@pytest.mark.parametrize(
    ("days", "readings", "well", "percent"),
    [(20, 400, 399, "99.75"), (19, 400, 400, None), (30, 19, 19, None), (30, 20, 0, "0"), (30, 3, 1, None)],
)
def test_reliability_needs_twenty_days(days: int, readings: int, well: int, percent: str | None) -> None:
    ranked = build("most-reliable", [measure("a/m", HealthWindow(days, readings, well, None, None, 0))])
    assert rows(ranked)[1] == ([("a/m", percent)] if percent else [])
    assert [row.reading.samples for row in ranked.models] == ([readings] if percent else [])


def test_list_says_its_window_its_samples_and_who_measured() -> None:
    listed = build("fastest", [measure("a/m", build_speed(300, 50, 30))]).to_json()
    assert (listed["window_days"], listed["measured_by"]) == (30, "OpenRouter, as it measures it")
    assert listed["unit"] == "tokens/s"
    assert listed["models"] == [{"id": "a/m", "value": "50", "endpoint": "a/m@p1", "samples": 30}]
    assert listed["unknown"] is None


def test_without_a_key_speed_is_not_known_and_says_how_to_know() -> None:
    for name in ("fastest", "lowest-latency"):
        listed = build(name, [measure("a/m", NO_SPEED)]).to_json()
        assert (listed["models"], listed["endpoints"]) == ([], [])
        assert listed["unknown"].startswith("not known") and "requests with a key" in listed["unknown"]


def test_cost_is_that_of_the_cheapest_endpoint_else_as_listed() -> None:
    def price(prompt: str, completion: str) -> dict[str, Any]:
        return {"pricing": {"prompt": prompt, "completion": completion}}

    models = [
        build_model("a/listed", **price("0.000002", "0.000002")),
        build_model(
            "b/served",
            endpoints=[
                build_endpoint("x", model="b/served", **price("0.000003", "0.000003")),
                build_endpoint("y", model="b/served", **price("0.000001", "0.000001")),
                build_endpoint("z", model="b/served", pricing={}),
            ],
        ),
        build_model("c/free:free", **price("0", "0")),
        build_model("d/song", has_media_prices=True, **price("0", "0")),
        build_model("e/auto", **price("-1", "-1")),
        build_model("f/unpriced", pricing={}),
        build_model("~g/latest", **price("0", "0")),
    ]
    endpoints, best = rows(build("lowest-cost", models))
    assert endpoints == [("b/served@y", "1"), ("b/served@x", "3")]
    assert best == [("c/free:free", "0"), ("b/served", "1"), ("a/listed", "2")]


def test_context_is_the_longest_served_else_as_listed() -> None:
    endpoints = [
        build_endpoint("x", model="a/m", context_length=100),
        build_endpoint("y", model="a/m", context_length=300),
    ]
    models = [
        build_model("a/m", context_length=900, endpoints=endpoints),
        build_model("b/m", context_length=200),
        build_model("c/m", context_length=400, endpoints=[build_endpoint("x", model="c/m")]),
        build_model("d/m"),
    ]
    assert rows(build("longest-context", models))[1] == [("c/m", "400"), ("a/m", "300"), ("b/m", "200")]


def build_value(key: str, price: str, index: int | None, **fields: Any) -> CatalogModel:
    """Return a model with a price for a million tokens and an index of intelligence."""
    scores = {"artificial_analysis": {"intelligence_index": index}}
    pricing = {"prompt": f"{price}e-6", "completion": f"{price}e-6"}
    return build_model(key, pricing=pricing, benchmarks=scores, **fields)


def test_best_value_is_the_front_of_price_and_quality() -> None:
    models = [
        build_value("a/dear", "9", 60),
        build_value("b/cheap", "1", 30),
        build_value("c/dominated", "2", 20),
        build_value("d/same-price", "1", 40),
        build_value("e/same-both", "1", 40),
        build_value("f/dearer-no-better", "3", 40),
        build_value("g/middle", "4", 50),
        build_value("h/unknown", "0.1", None),
        build_value("i/song", "0", 99, has_media_prices=True),
        build_value("g/middle:free", "0", 45, canonical_slug="g/middle"),
    ]
    value = build_best_value(build_candidates(models))
    assert [(row.id, row.cost.value, row.quality.value) for row in value.rows] == [
        ("d/same-price", Decimal(1), Decimal(40)),
        ("g/middle", Decimal(4), Decimal(50)),
        ("a/dear", Decimal(9), Decimal(60)),
    ]
    listed = value.to_json()
    assert (listed["quality"], listed["compared"]) == ("artificial_analysis.intelligence_index", 7)


def test_best_value_without_quality_is_not_known() -> None:
    value = build_best_value(build_candidates([build_value("a/m", "1", None)]))
    assert value.rows == ()
    assert str(value.to_json()["unknown"]).startswith("not known")
