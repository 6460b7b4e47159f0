"""The list of ids over 20 months: its size, and that every id that was ever listed is found and judged."""

import gzip
import sqlite3

import pytest

from orarchive.catalog.catalog import build_catalog
from orarchive.catalog.check_list import build_check_list
from orarchive.catalog.id_check import ALIVE, EXPIRING, GONE, judge, parse_check_list
from orarchive.catalog.id_finder import find_ids
from orarchive.jsonl import dumps

MAX_LIST_BYTES = 25_000
"""Size of the list, gzipped."""


@pytest.mark.real_data
def test_every_id_is_found_and_judged(two_years_index: sqlite3.Connection) -> None:
    catalog = build_catalog(two_years_index)
    content = dumps({"data": build_check_list(catalog)})
    assert len(gzip.compress(content)) < MAX_LIST_BYTES
    check_list = parse_check_list(content)
    assert len(catalog.models) > 800
    text = "".join(f"x: {name}\n" for name in catalog.models)
    assert [match.id for match in find_ids(text, check_list.known)] == list(catalog.models)
    for name, model in catalog.models.items():
        status = judge(name, check_list, catalog.hour.date(), 30).status
        if ":" not in name:
            assert (status == GONE) == (model.last_seen is not None), name
        assert status in ((ALIVE, EXPIRING) if model.last_seen is None else (ALIVE, EXPIRING, GONE)), name
