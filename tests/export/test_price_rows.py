"""Rows of prices: the place among overrides by hour, prices as sent, and conditions that nobody can read."""

from pathlib import Path
from typing import Any

from orarchive.domain.prices import list_base_prices
from orarchive.export.price_rows import list_price_rows
from orarchive.index.database import open_index
from orarchive.index.good_reads import GoodReads
from orarchive.jsonl import loads
from orarchive.sample import START
from orarchive.store.archive import open_archive
from tests.support.browser import build_snapshot, write_archive

NIGHT = {"utc_start": 2230, "utc_end": 30, "prompt": "0.10"}
LONG = {"min_prompt_tokens": 1000, "prompt": "0.3"}
SUNDAY = {"utc_days": ["sunday"], "prompt": "0.2"}


def read_rows(folder: Path, *pricings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the prices of a model that had these in its hours."""
    snapshots = [build_snapshot([{"id": "a/b", "name": "b", "pricing": pricing}]) for pricing in pricings]
    archive = open_archive(write_archive(folder / "archive", *snapshots, start=START))
    with open_index(archive, folder / "cache") as db:
        return list(list_price_rows(db, GoodReads.load(db)))


def get_hours(row: dict[str, Any]) -> list[int | None]:
    """Return the hours of a row's span."""
    return [row[name] and row[name].hour for name in ("valid_from", "last_seen", "superseded_at")]


def test_a_row_ends_where_its_place_changes(tmp_path: Path) -> None:
    schedules = [[NIGHT], [LONG, NIGHT], [LONG, NIGHT], [NIGHT, LONG]]
    rows = read_rows(tmp_path, *({"prompt": "0.10", "overrides": overrides} for overrides in schedules))
    places = {
        name: [(row["position"], *get_hours(row)) for row in rows if row[name] is not None]
        for name in ("utc_start_minute", "min_prompt_tokens")
    }
    assert places == {
        "utc_start_minute": [(1, 0, 0, 1), (2, 1, 2, 3), (1, 3, 3, None)],
        "min_prompt_tokens": [(1, 1, 2, 3), (2, 3, 3, None)],
    }


def test_conditions_are_columns(tmp_path: Path) -> None:
    unknown = {"moon": "full", "prompt": "0.4"}
    rows = read_rows(tmp_path, {"prompt": "0.5", "overrides": [NIGHT, LONG, SUNDAY, unknown]})
    names = ("min_prompt_tokens", "utc_start_minute", "utc_end_minute", "utc_days", "is_readable")
    assert {row["price_sent"]: tuple(row.get(name) for name in names) for row in rows} == {
        "0.5": (None, None, None, None, True),
        "0.10": (None, 22 * 60 + 30, 30, None, True),
        "0.3": (1000, None, None, None, True),
        "0.2": (None, None, None, ["sunday"], True),
        "0.4": (None, None, None, None, False),
    }


def test_prices_as_they_were_sent(tmp_path: Path) -> None:
    """A number keeps its token; a price that only changed its form keeps the form in which it began."""
    pricing = {"prompt": "1e-7", "completion": loads("0.20"), "image": "0.00000000000000000000001"}
    rows = read_rows(tmp_path, pricing, {**pricing, "prompt": "0.0000001"})
    assert {row["dimension"]: row["price_sent"] for row in rows} == {
        "prompt": "1e-7",
        "completion": "0.20",
        "image": "0.00000000000000000000001",
    }


def test_base_prices_follow_their_names() -> None:
    """The order of a set differs from process to process, and positions in the index follow it."""
    names = ["audio", "completion", "image", "image_token", "prompt", "request", "web_search"]
    night = {"utc_start": 0, "utc_end": 100, **dict.fromkeys(names, "0.1")}
    pricing = {**dict.fromkeys(reversed(names), "0.2"), "overrides": [night]}
    assert list(list_base_prices(pricing)) == names
