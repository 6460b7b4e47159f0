"""The lists of models: those that are listed, and those that are gone."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from orarchive.publish.views.model_table import ModelTable
from orarchive.publish.views.models_page import build_gone_page, build_models_page
from orarchive.sample import START
from orarchive.timestamps import DAY
from tests.support.browser import build_archive_view, build_snapshot, write_archive


def test_models_of_known_labs_stand_before_newer_ones_of_others(tmp_path: Path) -> None:
    """Without an order by use a lab of five models counts as known, and benchmarks go before dates."""
    benchmarks = {"benchmarks": {"artificial_analysis": {"intelligence_index": 50}}}
    created = {"new/one": 9, "known/a": 1, "known/b": 2, "known/c": 3, "known/d": 4, "known/e": 5}
    models = [
        {"id": name, "created": day * 86400, **(benchmarks if name == "known/a" else {})}
        for name, day in created.items()
    ]
    view = build_archive_view(write_archive(tmp_path / "archive", build_snapshot(models)))
    ids = [row.id for row in build_models_page(view).table.rows]
    assert ids == ["known/a", "known/e", "known/d", "known/c", "known/b", "new/one"]


def test_models_that_are_gone_are_listed_by_their_last_day(tmp_path: Path) -> None:
    ids = ("xyzs", "xys", "ys", "s")
    snapshots = [build_snapshot([{"id": f"a/{name}"} for name in names]) for names in ids]
    view = build_archive_view(write_archive(tmp_path / "archive", *snapshots, apart=DAY))
    rows = build_gone_page(view).table.rows
    days = [(row.id, row.last and (row.last - START.date()).days) for row in rows]
    assert days == [("a/y", 2), ("a/x", 1), ("a/z", 0)]


def test_a_column_that_few_rows_fill_is_shown_when_chosen() -> None:
    """Leave its width to the names."""
    filled, empty = SimpleNamespace(spark="cut"), SimpleNamespace(spark=None)
    tables: list[Any] = [[filled, *[empty] * 19], [filled, *[empty] * 20]]
    assert [ModelTable("", rows).spark_class for rows in tables] == ["n spark roomy", "n spark extra"]


def test_labs_that_share_a_name_have_their_slug_in_the_filter(tmp_path: Path) -> None:
    """Names are those that the names of models begin with."""
    names = {"meta/a": "Meta: A", "meta-llama/b": "Meta: B", "other/c": "Other: C"}
    models = [{"id": key, "name": name} for key, name in names.items()]
    view = build_archive_view(write_archive(tmp_path / "archive", build_snapshot(models)))
    labels = [option.label for option in build_models_page(view).labs]
    assert labels == ["Meta, meta", "Meta, meta-llama", "Other"]


def test_prices_are_those_of_the_cheapest_provider(tmp_path: Path) -> None:
    """Leave out one that is often down; a model without providers has its list price."""
    names = ("prompt", "completion", "input_cache_read")
    prices = {amount: dict.fromkeys(names, f"{amount}e-6") for amount in (1, 2, 3)}
    endpoints = [
        {"tag": tag, "pricing": prices[amount], "status": 0, "uptime_last_30m": uptime}
        for tag, amount, uptime in (("down", 1, 50), ("up", 2, 100), ("dear", 3, 100))
    ]
    # As cheap as `up` and before it by name, but dear to read the cache of.
    endpoints.append({**endpoints[1], "tag": "also", "pricing": {**prices[2], "input_cache_read": "3e-6"}})
    models = [{"id": name, "pricing": prices[3]} for name in ("a/served", "a/unserved")]
    days = [build_snapshot(models, {"a/served": endpoints})] * 2
    view = build_archive_view(write_archive(tmp_path, *days, apart=DAY))
    rows = build_models_page(view).table.rows
    shown = {
        row.id: {cell and cell.price for cell in (*row.prices, row.cache_read, row.blended)} for row in rows
    }
    assert shown == {"a/served": {Decimal("2e-6")}, "a/unserved": {Decimal("3e-6")}}
    assert {row.id: row.provider for row in rows} == {"a/served": "up", "a/unserved": ""}
