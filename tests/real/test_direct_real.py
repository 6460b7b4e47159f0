"""Direct prices beside recorded data: whether their ids exist, and which of them disagree."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import build_catalog
from orarchive.catalog.data_files import AliasRow, RedirectRow, load_rows
from orarchive.catalog.direct import load_pins
from orarchive.catalog.names import ALIASES_FILE
from orarchive.catalog.overrides import load_overrides
from orarchive.catalog.redirects import REDIRECTS_FILE
from orarchive.index.database import open_index
from orarchive.store.archive import open_archive

pytestmark = pytest.mark.real_data

DISAGREEING = {"qwen3-32b", "qwen3-next-80b-a3b-instruct", "qwen3-next-80b-a3b-thinking", "qwen3.6-flash"}
"""Models of DashScope that Alibaba sold for less on OpenRouter in August 2026 (the last one for more)."""


def test_ids_were_all_listed(two_years_index: sqlite3.Connection, august_index: sqlite3.Connection) -> None:
    """No reviewed file names an id that OpenRouter never had."""
    listed = {id_ for db in (two_years_index, august_index) for id_ in build_catalog(db).models}
    assert {pin.openrouter for pin in load_pins()} - listed == {None}
    aliases = load_rows(ALIASES_FILE, "alias", AliasRow)
    redirects = load_rows(REDIRECTS_FILE, "redirect", RedirectRow)
    ids = {row.id for row in aliases} | {override.id for override in load_overrides()}
    assert ids | {id_ for row in redirects for id_ in (row.source, row.target)} <= listed


def test_comparison_with_own_endpoints(five_days: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """Most pins agree to the digit with their maker's own endpoint, its discount taken off."""
    with open_index(open_archive(five_days[0]), tmp_path) as db:
        compared = [price for price in build_catalog(db).direct if price.own]
    assert len(compared) == 25
    disagreeing = {price.pin.id for price in compared if price.own and price.own.disagreements}
    assert disagreeing == DISAGREEING
    uncompared = {price.pin.id for price in compared if price.own and price.own.uncompared}
    assert uncompared == {"qwen3.6-plus"}
