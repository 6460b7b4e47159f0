"""Hostile and malformed records do no harm: their text stays text, and no value makes a page fail."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.domain.records import Endpoint, Model
from orarchive.json_text import format_for_pages
from orarchive.jsonl import loads
from orarchive.publish.amounts import format_amount, format_exact
from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.publish.sanitize import check_url, show_invisible
from orarchive.sample import START
from orarchive.timestamps import HOUR
from tests.support.api import assert_valid
from tests.support.archives import Stage, build_payloads
from tests.support.browser import (
    HOSTILE,
    build_site,
)


def test_a_hostile_description_is_only_text(site: dict[str, bytes]) -> None:
    page = site[get_model_path(HOSTILE)].decode()
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert" not in page
    assert "<b>Bold" not in page
    assert not re.search('href="javascript', page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", page)
    assert "\\u202e" in page
    assert 'dir="auto"' in page


EVIL = '"><script>alert(1)</script>\u202e\u2028\x00\ud800 javascript:alert(1)'


def test_hostile_records_do_no_harm(stage: Stage, tmp_path: Path) -> None:
    bodies = build_payloads(START)
    rows = bodies["models"]["data"]
    rows[0] |= {
        "name": EVIL, "hugging_face_id": "javascript:alert(1)", "canonical_slug": EVIL, "description": EVIL,
        "knowledge_cutoff": EVIL, "architecture": {"input_modalities": [EVIL, 7], "tokenizer": EVIL},
        "expiration_date": EVIL, "alias_target": {"slug": EVIL},
        "pricing": {"prompt": EVIL, "completion": "1e-9", EVIL: "0.5", "overrides": [{EVIL: "1"}, 3]},
    }  # fmt: skip
    wrong_values: list[Any] = [None, 7, "x", [], {}, True, [[]], {"a": [{}]}]
    for n, wrong in enumerate(wrong_values):
        rows.append({"id": f"wrong/{n}"} | dict.fromkeys(rows[0].keys() - {"id"}, wrong))
        endpoints = [{"tag": "t", "model_id": f"wrong/{n}"} | dict.fromkeys(ENDPOINT_FIELDS, wrong)]
        bodies[f"models/wrong/{n}/endpoints"] = {"data": {"id": f"wrong/{n}", "endpoints": endpoints}}
    bodies["models/count"]["data"]["count"] = bodies["models"]["total_count"] = len(rows)
    stage.serve(bodies)
    stage.run(START)
    stage.serve(build_payloads(START))
    stage.run(START + HOUR)
    stage.serve(bodies)
    stage.run(START + 2 * HOUR)
    assert len(stage.read_snapshot()["models"]) == len(rows)
    site = build_site(stage.root, tmp_path / "site")
    assert_valid(site)
    assert site.pop(DATABASE)
    for path, content in site.items():
        text = content.decode()
        assert not path.endswith(".html") or "<script>" not in text
        assert "javascript:" not in re.findall(r'(?:href|src)="([^"]*)', text)
        assert "\u202e" not in text


ENDPOINT_FIELDS = (
    "provider_name",
    "pricing",
    "quantization",
    "status",
    "uptime_last_1d",
    "context_length",
    "supported_parameters",
)


def test_only_links_to_the_web() -> None:
    assert check_url("https://example.org/x") == "https://example.org/x"
    for address in (
        "javascript:alert(1)",
        "JaVaScript://a/%0a",
        "data:text/html,x",
        "//x",
        "x",
        "",
        None,
        7,
        "http://[",
        " https:",
    ):
        assert check_url(address) is None


def test_unseen_characters_are_shown() -> None:
    assert show_invisible("a\u202eb\x00\ud800\n") == "a\\u202eb\\u0000\\ud800\n"
    assert show_invisible(7) == 7


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12)
    | st.sampled_from(["-1", "0", "1e-9", "2026-01-01", "1e999999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
MODEL_FIELDS = (
    "name", "description", "canonical_slug", "context_length", "top_provider", "pricing", "expiration_date",
    "created", "alias_target", "architecture", "supported_parameters", "hugging_face_id", "knowledge_cutoff",
)  # fmt: skip


@given(
    st.text(),
    st.dictionaries(st.sampled_from(MODEL_FIELDS), JSON),
    st.dictionaries(st.sampled_from(ENDPOINT_FIELDS), JSON),
)
def test_no_record_raises(model: str, fields: dict[str, Any], endpoint: dict[str, Any]) -> None:
    record = loads(json.dumps({"id": model, **fields}))
    view = Model.from_record(record, START)
    assert view.id == model
    assert view.is_free <= (bool(view.prices) and not any(view.prices.values()))
    Endpoint.from_record(model, 0, {"tag": "t", **loads(json.dumps(endpoint))}, START)
    assert loads(format_for_pages(record)) == record


@pytest.mark.parametrize(
    ("price", "dimension", "short", "full"),
    [
        ("0.00000125", "prompt", "$1.25", ""),
        ("0.0000000416666666666667", "prompt", "$0.0417", "$0.0416666666666667"),
        ("0.000000003625", "prompt", "$0.003625", ""),
        ("0.00000123456789", "prompt", "$1.2346", "$1.23456789"),
        ("0.00001", "completion", "$10.00", ""),
        ("0.01", "web_search", "$0.01", ""),
        ("0", "prompt", "$0", ""),
        ("-1", "prompt", "dynamic", ""),
        ("0.000000000000123456", "prompt", "$0.000000123", "$0.000000123456"),
    ],
)
def test_prices_are_exact_or_say_so(price: str, dimension: str, short: str, full: str) -> None:
    assert (format_amount(Decimal(price), dimension), format_exact(Decimal(price), dimension)) == (
        short,
        full,
    )
