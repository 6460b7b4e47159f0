"""One value "now": page, JSON, CSV, SQL and command agree; what is free, and what is priced otherwise."""

import csv
import io
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from orarchive.cli.main import main
from orarchive.domain.prices import list_price_ranges
from orarchive.jsonl import Record
from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.publish.search_index import SEARCH_PATH
from tests.support.api import read_data
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.pages import Html
from tests.support.search import read_search_index

CLOCK = [
    {"utc_start": 0, "utc_end": 200, "prompt": "0.000001", "completion": "0.000003"},
    {"utc_start": 200, "utc_end": 0, "prompt": "0.000002", "completion": "0.000004"},
]


def make_pricing(prompt: str, completion: str, *overrides: Record) -> Record:
    return {"prompt": prompt, "completion": completion, **({"overrides": [*overrides]} if overrides else {})}


@pytest.mark.parametrize(("hours", "rate"), [(1, "0.000001"), (3, "0.000002")])
def test_all_surfaces_agree_on_the_price_now(tmp_path: Path, hours: int, rate: str) -> None:
    """State the rate of the last hour, although the service may still list that of the hour before."""
    pricing = make_pricing("0.000009", "0.000009", *CLOCK)
    endpoint = {"tag": "p", "pricing": pricing}
    flat = {"id": "a/b", "pricing": make_pricing("0.000005", "0.000005")}
    priced = build_snapshot([{"id": "a/b", "pricing": pricing}], {"a/b": [endpoint]})
    archive = write_archive(
        tmp_path / "archive", build_snapshot([flat], {"a/b": [endpoint]}), *[priced] * hours
    )
    site = build_site(archive, tmp_path / "site")

    (row,) = read_data(site, "models")
    model = read_data(site, "models/a/b")
    (endpoint_row,) = read_data(site, "endpoints")
    stated = [each["pricing"] for each in (row, model, model["endpoints"][0], endpoint_row)]
    assert {prices["prompt"] for prices in stated} == {rate}
    for each in (row, model, model["endpoints"][0], endpoint_row):
        assert each["has_conditions"]
        assert each["price_ranges"]["completion"] == ["0.000003", "0.000009"]

    (cells,) = csv.DictReader(io.StringIO(site["data/models.csv"].decode("utf-8-sig")))
    assert cells["prompt"] == rate
    quote = CliRunner().invoke(main, ["price", "a/b", "--json", "--archive", str(archive)])
    assert json.loads(quote.output)["quotes"][0]["prices"]["prompt"]["price"] == rate
    with sqlite3.connect(":memory:") as db:
        db.deserialize(site[DATABASE])
        assert db.execute("select prompt from models").fetchone() == (rate,)
        ranges = "select lowest, highest from current_prices where dimension = 'completion'"
        assert {*db.execute(ranges)} == {("0.000003", "0.000009")}

    shown = f"${Decimal(rate) * 1_000_000:.2f}"
    page = Html(site[get_model_path("a/b")])
    assert f"Input$1.00 to $2.00per M, by time of day; last read {shown}" in page.text
    words = "Input: by time of day, since 1 Jun 2026, $1.00 to $2.00 per M tokens. Lowest $1.00 to $2.00"
    assert words in page.text, "the chart has the range"
    assert site[get_model_path("a/b")].count(b'class="band"') == 2
    cell = '<td class="n key" title="to $2.00 by time of day">$1.00+'
    assert site["models/index.html"].decode().count(cell) == 1
    assert b"$1.00 to $2.00 in" in site["search.js"]
    assert "Change history 1 Jun 2026, 01:00 UTC" in page.text, "the first schedule of all is told"


def test_a_model_is_added_with_both_rates_of_its_price(tmp_path: Path) -> None:
    comes: list[Record] = [{"id": "a/b"}, {"id": "a/c", "pricing": make_pricing("1", "0.000004", *CLOCK)}]
    archive = write_archive(tmp_path / "archive", build_snapshot(comes[:1]), build_snapshot(comes))
    page = Html(build_site(archive, tmp_path / "site")["changes/index.html"])
    assert "input $1.00 to $2.00 per M by time of day" in page.text
    assert "output $3.00 to $4.00 per M by time of day" in page.text


def test_a_rate_of_a_model_that_left_is_that_of_its_last_hour(tmp_path: Path) -> None:
    there: list[Record] = [{"id": "a/b", "pricing": make_pricing("1", "1", *CLOCK)}, {"id": "a/c"}]
    hours = [build_snapshot(there)] * 3 + [build_snapshot(there[1:])]
    with sqlite3.connect(":memory:") as db:
        site = build_site(write_archive(tmp_path / "archive", *hours), tmp_path / "site")
        db.deserialize(site[DATABASE])
        assert db.execute("select prompt from models where id = 'a/b'").fetchone() == ("0.000002",)
    (row,) = (row for row in read_data(site, "models") if row["id"] == "a/b")
    assert row["pricing"]["prompt"] == "0.000002"


def test_ranges_leave_out_what_cannot_be_read() -> None:
    entries: list[Record] = [
        {"utc_start": "night", "utc_end": 200, "prompt": "9"},
        {"utc_days": "monday", "prompt": "8"},
        {"region": "eu", "prompt": "7"},
        {"min_prompt_tokens": "1000", "prompt": "3"},
        {"utc_days": ["monday"], "audio": "5"},
    ]
    pricing = {"prompt": "1", "completion": "2", "overrides": entries}
    assert list_price_ranges(pricing) == {
        "prompt": (Decimal(1), Decimal(3)),
        "audio": (Decimal(5), Decimal(5)),
    }
    assert list_price_ranges({"prompt": "1"}) == {}


TEXT, AUDIO = {"output_modalities": ["text"]}, {"output_modalities": ["text", "audio"]}
ZERO = make_pricing("0", "0")


PRICED: dict[str, tuple[Record, bool, str]] = {
    "a/text": ({"architecture": TEXT, "pricing": ZERO}, True, "free"),
    "a/old": ({"pricing": ZERO}, True, "free"),
    "a/music": ({"architecture": AUDIO, "pricing": ZERO}, False, "other"),
    "a/music:free": ({"architecture": AUDIO, "pricing": ZERO}, True, "free"),
    "a/search": ({"architecture": TEXT, "pricing": {**ZERO, "web_search": "0.01"}}, False, "$0"),
    "a/draw": ({"architecture": AUDIO, "pricing": {**ZERO, "image_output": "0.00012"}}, False, "other"),
    "a/image": ({"architecture": TEXT, "pricing": {"image": "0.04"}}, False, "other"),
    "a/half": ({"architecture": TEXT, "pricing": make_pricing("0", "0.000001")}, False, "$0"),
    "a/night": (
        {"pricing": make_pricing("0", "0", {"utc_days": ["sunday"], "prompt": "1"})},
        False,
        "$0",
    ),
    "a/router": ({"pricing": make_pricing("-1", "-1")}, False, "dynamic"),
    "a/none": ({"pricing": {}}, False, "unpriced"),
}
"""Model -> fields of its record, whether it is free, and what stands for its input price."""


def test_free_is_charged_by_the_token_and_zero(tmp_path: Path) -> None:
    """Of a music model the service lists zeros; a song costs 8 cents."""
    rows = [{"id": model, **fields} for model, (fields, _, _) in PRICED.items()]
    archive = write_archive(tmp_path / "archive", build_snapshot(rows))
    view = build_archive_view(archive)
    free = {model for model, (_, is_free, _) in PRICED.items() if is_free}
    assert {each.model.id for each in view.models if each.is_free} == free
    assert {each.model.id for each in view.models if "free" in each.traits} == free
    assert view.totals["free"] == len(free)
    site = build_site(archive, tmp_path / "site")
    for model, (_, _, cell) in PRICED.items():
        assert f"Input{cell}" in Html(site[get_model_path(model)]).text, model
    search = read_search_index(site[SEARCH_PATH])
    assert {entry["id"] for entry in search if entry["note"] == "free"} == free


def test_a_unit_that_nobody_states_is_not_made_up(tmp_path: Path) -> None:
    """Show a price of an image that can only be that of a token so, with what the documentation says."""
    fields = {"pricing": {**make_pricing("0.000001", "0.000001"), "image_output": "0.00012"}}
    archive = write_archive(tmp_path / "archive", build_snapshot([{"id": "a/b", **fields}]))
    page = Html(build_site(archive, tmp_path / "site")[get_model_path("a/b")]).text
    assert "Image outputM image tokens OpenRouter’s docs say per image$120.00" in page
    printed = CliRunner().invoke(main, ["price", "a/b", "--archive", str(archive)]).output
    assert "image_output  $0.00012 (unit not stated by OpenRouter)" in printed
