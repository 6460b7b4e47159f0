"""Schedules that leave a part of the week to the price at the top level, and conditions that never hold."""

from pathlib import Path
from typing import Any

from orarchive.domain.prices import (
    get_prices_at,
    list_base_prices,
    list_price_ranges,
    list_scheduled_dimensions,
)
from orarchive.jsonl import Record
from orarchive.publish.views.moves import list_moves
from orarchive.publish.views.price_charts import build_price_chart
from orarchive.sample import START
from orarchive.timestamps import HOUR
from tests.support.api import read_data
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.news import build_news

NIGHT: Record = {"utc_start": 200, "utc_end": 400, "prompt": "0.0000005"}


def write_hours(folder: Path, *pricings: Record, apart: Any = HOUR) -> Path:
    """Write an archive of a model and its endpoint with these pricing objects in turn."""
    snapshots = [
        build_snapshot([{"id": "a/b", "pricing": pricing}], {"a/b": [{"tag": "p", "pricing": pricing}]})
        for pricing in pricings
    ]
    return write_archive(folder / "archive", *snapshots, apart=apart)


def make(prompt: str, *overrides: Record) -> Record:
    return {"prompt": prompt, "completion": "0.000001", **({"overrides": [*overrides]} if overrides else {})}


def test_the_price_outside_a_schedule_stands_through_its_windows(tmp_path: Path) -> None:
    """At two and three o'clock the top level repeats the rate of the night."""
    rates = ("0.000003", "0.000003", "0.0000005", "0.0000005", "0.000003", "0.000002")
    archive = write_hours(tmp_path, *(make(rate, NIGHT) for rate in rates))
    model = read_data(build_site(archive, tmp_path / "site"), "models/a/b")
    spans = [
        (point["price"], point["from"][11:13], point["to"]) for point in model["price_history"]["prompt"]
    ]
    assert spans == [("0.000003", "00", "2026-06-01T04:00:00Z"), ("0.000002", "05", None)]
    assert model["pricing"]["prompt"] == "0.000002"
    events = [event for event in build_archive_view(archive).dataset.log if event.feed == "endpoints"]
    assert [(event.kind, event.old, event.new) for event in events] == [("repriced", "0.000003", "0.000002")]


def test_a_move_out_of_a_partial_schedule_is_a_cut(tmp_path: Path) -> None:
    weekend: Record = {"utc_days": ["saturday", "sunday"], "prompt": "0.0000005"}
    archive = write_hours(tmp_path, make("0.000003", weekend), make("0.000001"))
    view = build_archive_view(archive)
    (move,) = list_moves(view.dataset, view.listed_models, view.now, 24 * HOUR)
    assert (str(move.move.old), str(move.move.new)) == ("0.000003", "0.000001")
    chart = build_price_chart(view.models[0])
    assert chart
    listed = chart.panels[0].chart.shapes[0]
    assert [stop.partition(" ")[2] for stop in listed.stops.split("|")] == ["$0.50 to $3.00", "$1.00"]
    assert listed.bands.count("M") == 1
    (line,) = (line for hour in view.changes for line in hour.lines if line.model)
    assert line.kind == "cut"


def test_of_entries_that_overlap_the_last_counts(tmp_path: Path) -> None:
    days = ["monday", "tuesday"]
    special: Record = {"utc_days": days, "utc_start": 0, "utc_end": 2300, "prompt": "0.000001"}
    general = [{"utc_days": days, "prompt": price} for price in ("0.000005", "0.000006")]
    archive = write_hours(tmp_path, *(make("0.000009", special, entry) for entry in general))
    view = build_archive_view(archive)
    (move,) = list_moves(view.dataset, view.listed_models, view.now, 24 * HOUR)
    assert (str(move.move.old), str(move.move.new)) == ("0.000005", "0.000006")


def test_tiers_that_move_twice_are_two_entries(tmp_path: Path) -> None:
    """The price for ordinary prompts stays, and is no reversal."""
    tiers = [make("0.000001", {"min_prompt_tokens": 9, "prompt": f"0.00000{n}"}) for n in (2, 5, 9)]
    view = build_archive_view(write_hours(tmp_path, *tiers))
    entries = [entry for entry in build_news(view.changes, {}) if entry.line.model]
    assert [entry.hour for entry in entries] == [START + 2 * HOUR, START + HOUR]
    assert not any("flapping" in entry.title for entry in entries)


NEVER_HELD: list[Record] = [
    {"utc_days": [5, 6]},
    {"utc_days": ["someday"]},
    {"utc_days": []},
    {"utc_days": "monday"},
    {"utc_start": 2500, "utc_end": 2600},
    {"utc_start": 900},
    {"utc_start": "09:00", "utc_end": "12:00"},
]
"""Conditions that cannot be read, or that no time fulfils."""


def test_what_cannot_hold_counts_for_nothing(tmp_path: Path) -> None:
    pricings = [make("0.000003", {**conditions, "prompt": "0.0000005"}) for conditions in NEVER_HELD]
    for pricing in pricings:
        assert list_price_ranges(pricing) == {}
        assert list_scheduled_dimensions(pricing) == set()
        assert list_base_prices(pricing) == {}
        assert str(get_prices_at(pricing, START)["prompt"][0]) == "0.000003"
    hours = [
        build_snapshot(
            [{"id": f"a/m{n}", "pricing": {**each, "prompt": price}} for n, each in enumerate(pricings)]
        )
        for price in ("0.000003", "0.000002")
    ]
    archive = write_archive(tmp_path / "archive", *hours)
    for row in read_data(build_site(archive, tmp_path / "site"), "models"):
        assert (row["has_conditions"], row["price_ranges"]) == (False, {})
    lines = [line for hour in build_archive_view(archive).changes for line in hour.lines if line.model]
    assert len(lines) == len(pricings)
    for line in lines:
        assert [(str(move.old), str(move.new)) for move in line.moves] == [("0.000003", "0.000002")]


def test_a_window_that_is_null_is_none() -> None:
    entry = {"utc_days": None, "utc_start": None, "utc_end": None, "min_prompt_tokens": 5, "prompt": "2"}
    assert list_scheduled_dimensions({"prompt": "1", "overrides": [entry]}) == set()
