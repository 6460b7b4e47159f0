"""The static API and the tables: shapes that stay, exact prices, and cells that no spreadsheet evaluates."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from orarchive.publish import exports
from orarchive.publish.pages import get_model_path
from tests.support.browser import build_site, build_snapshot, write_archive

TEXT, COUNT, NUMBER, FLAG, NONE, LIST, OBJECT = str, int, float, bool, type(None), list, dict
LIFECYCLE: dict[str, Any] = {
    "state": TEXT,
    "first_seen": TEXT,
    "last_seen": (TEXT, NONE),
    "arrival": TEXT,
}
SHAPES: dict[str, dict[str, Any]] = {
    "models": LIFECYCLE
    | {"id": TEXT, "name": TEXT, "lab": TEXT, "states": LIST, "context": (COUNT, NONE), "prices": OBJECT}
    | {"has_conditions": FLAG, "price_ranges": OBJECT, "providers": LIST, "file": TEXT},
    "labs": {"lab": TEXT, "models": COUNT, "gone": COUNT, "first_seen": TEXT},
    "providers": dict.fromkeys(LIFECYCLE, (TEXT, NONE))
    | {"provider": TEXT, "name": TEXT, "endpoints": COUNT, "left": COUNT},
    "endpoints": LIFECYCLE
    | {"model": TEXT, "tag": TEXT, "n": COUNT, "provider": TEXT, "pricing": (OBJECT, NONE)}
    | {"prices": OBJECT, "has_conditions": FLAG, "price_ranges": OBJECT},
}
"""Type of each member of a row; a member that is missing or new is a change of the API."""

CURRENT_PRICES = ("now", "has_conditions", "price_ranges")
PRICE_HISTORY = ("prices", "conditional_prices")

EVENT = {
    **dict.fromkeys(("hour", "after", "by", "kind", "feed", "key", "field", "cause", "origin"), TEXT),
    "percent": NUMBER,
    "old": object,
    "new": object,
}


@pytest.mark.parametrize("name", SHAPES)
def test_rows_have_their_shape(site: dict[str, bytes], name: str) -> None:
    rows = json.loads(site[f"api/v1/{name}.json"])
    assert rows
    for row in rows:
        assert row.keys() == SHAPES[name].keys(), row
        assert all(isinstance(row[member], kinds) for member, kinds in SHAPES[name].items()), row


def test_a_model_has_its_shape(site: dict[str, bytes]) -> None:
    rows = json.loads(site["api/v1/models.json"])
    for row in rows:
        model = json.loads(site[row["file"]])
        assert model.keys() == {
            "id",
            "states",
            *LIFECYCLE,
            "record",
            *CURRENT_PRICES,
            *PRICE_HISTORY,
            "endpoints",
        }
        for price in model["conditional_prices"]:
            assert price.keys() == {"dimension", "condition", "points"}
            assert isinstance(price["condition"], dict)
        conditional = (price["points"] for price in model["conditional_prices"])
        for points in (*model["prices"].values(), *conditional):
            assert all(point.keys() == {"from", "to", "price"} for point in points)
            assert all(isinstance(point["price"], str) for point in points)
        for endpoint in model["endpoints"]:
            assert endpoint.keys() == {"tag", "n", *LIFECYCLE, "pricing", *CURRENT_PRICES, *PRICE_HISTORY}
        assert row["file"] == f"api/v1/{get_model_path(row['id']).removesuffix('/index.html')}.json"
    (haiku,) = (json.loads(site[row["file"]]) for row in rows if row["id"] == "anthropic/claude-haiku-4.5")
    assert [point["price"] for point in haiku["prices"]["prompt"]] == ["0.000001"]


def test_events_have_their_shape(site: dict[str, bytes]) -> None:
    months = [json.loads(content) for path, content in site.items() if path.startswith("api/v1/changes/")]
    events = [event for month in months for event in month]
    assert events
    for event in events:
        assert {"hour", "kind", "feed", "key", "origin"} <= event.keys() <= EVENT.keys()
        assert all(isinstance(value, EVENT[name]) for name, value in event.items())


def test_status_and_relations_have_their_shape(site: dict[str, bytes]) -> None:
    status = json.loads(site["api/v1/status.json"])
    assert status.keys() == {
        *("hour", "as_of", "begun", "last_run", "next_expected", "last_complete", "complete"),
        *("totals", "feeds", "gaps", "changes", "digest"),
    }
    assert all(f"api/v1/changes/{month}.json" in site for month in status["changes"])
    assert status["complete"].keys() == {"24", "168", "720"}
    assert all(feed.keys() == {"last_good", "good", "possible"} for feed in status["feeds"].values())
    relations = json.loads(site["api/v1/relations.json"])
    assert relations.keys() == {"lab_models", "provider_models"}
    assert ["anthropic", "anthropic/claude-haiku-4.5"] in relations["lab_models"]
    assert all(len(pair) == 2 for pairs in relations.values() for pair in pairs)


def test_tables_have_their_columns(site: dict[str, bytes]) -> None:
    def read_header(name: str) -> str:
        return site[f"data/{name}.csv"].decode(exports.ENCODING).partition("\n")[0]

    assert read_header("models") == "id,name,lab,states,first_seen,last_seen,context,prompt,completion"
    assert read_header("endpoints") == "model,provider,tag,n,first_seen,last_seen"
    assert read_header("prices") == "feed,key,dimension,condition,from,to,usd"
    assert read_header("events") == "hour,after,by,kind,feed,key,field,old,new,percent,cause,origin"


def test_the_page_of_data_names_what_there_is(site: dict[str, bytes]) -> None:
    page = site["data/index.html"].decode()
    for path in site:
        if (
            path.startswith(("api/v1/", "data/", "feeds/"))
            and path.count("/") < 3
            and not path.endswith(".html")
        ):
            assert path in page, path


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    """Put an apostrophe before a cell that a spreadsheet would evaluate; leave numbers alone."""
    formulas = ["=1+1", "+1", "@SUM(A1)", "-1+2", "\t=1", "\r=1", "\n=1", "＝1", " =1", "-x"]
    models = [{"id": name, "name": name, "pricing": {"prompt": "-1"}} for name in formulas]
    site = build_site(write_archive(tmp_path / "archive", build_snapshot(models)), tmp_path / "site")
    for path, content in site.items():
        if path.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(content.decode(exports.ENCODING), newline="")):
                for cell in row.values():
                    assert cell is not None
                    assert not cell.lstrip().startswith(("=", "＝", "+", "@")), (path, cell)
                    assert not cell.startswith(("\t", "\r", "\n")), (path, cell)
                    assert not cell.startswith("-") or cell == "-1", (path, cell)
    rows = list(csv.DictReader(io.StringIO(site["data/models.csv"].decode(exports.ENCODING))))
    assert {row["prompt"] for row in rows} == {"-1"}
    assert "'=1+1" in {row["name"] for row in rows}
