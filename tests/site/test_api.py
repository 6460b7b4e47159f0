"""The static API and the tables: shapes that stay, exact prices, and cells that no spreadsheet evaluates."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from orarchive.errors import ArchiveError
from orarchive.publish import exports
from orarchive.publish.api.kinds import KINDS, PARAMETER, SCHEMA_FOLDER
from orarchive.publish.api.members import list_members
from orarchive.publish.api.schemas import get_schema_path
from orarchive.publish.build import build_files
from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.publish.parquet_list import PARQUET_FOLDER, read_parquet_files
from orarchive.publish.views import View
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_stamp
from tests.support.api import assert_valid, follow_link, read_data
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive

MEMBERS = Path(__file__).with_name("api_members.txt")
"""Every member of the API with its type. None may go or change; a new one raises the version of the API."""

ROOT = "/archive/"

FOREIGN_MEMBERS = ("record", "condition")
"""Members whose objects are as OpenRouter sent them."""


@pytest.fixture(scope="module")
def rooted(view: View) -> dict[str, bytes]:
    """Build the files of the sample's site for an address with a path."""
    return dict(build_files(view, "https://example.org/archive"))


def test_every_file_is_valid(site: dict[str, bytes]) -> None:
    assert_valid(site)


def test_a_member_that_no_schema_names_is_an_error(site: dict[str, bytes]) -> None:
    """Refuse it in the envelope, in a row, and in what a row holds; refuse a price that is a number."""
    path = "api/v1/models/anthropic/claude-haiku-4.5.json"
    schemas = {name: site[name] for name in site if SCHEMA_FOLDER in name}
    changes: tuple[Callable[[Any], object], ...] = (
        lambda file: file.update(more=1),
        lambda file: file["data"].update(more=1),
        lambda file: file["data"]["endpoints"][0].update(more=1),
        lambda file: file["data"]["price_history"]["prompt"][0].update(more=1),
        lambda file: file["data"].pop("pricing"),
        lambda file: file["data"]["pricing"].update(prompt=1e-06),
    )
    for change in changes:
        file = json.loads(site[path])
        change(file)
        with pytest.raises(AssertionError, match=r"more|pricing|1e-06"):
            assert_valid({**schemas, path: json.dumps(file).encode()})


def test_schemas_describe_every_member_and_allow_no_other(site: dict[str, bytes]) -> None:
    """Let only objects of OpenRouter's have members that no schema names."""
    for kind in KINDS:
        schema = json.loads(site[get_schema_path(kind)])
        for path, part in walk_objects(schema):
            if "properties" in part:
                assert part["additionalProperties"] is False, (kind.name, path)
                for name, member in part["properties"].items():
                    assert len(member["description"]) > 10, (kind.name, path, name)
                    assert member["description"][0].isupper() or member["description"][0] == "`"
            else:
                maps = part["additionalProperties"]
                is_foreign = path[-1] in FOREIGN_MEMBERS or path[-2:] == ("overrides", "items")
                assert maps is True if is_foreign else isinstance(maps, dict), (kind.name, path)


def walk_objects(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every part of a schema that is of the type `object`, with its path."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for name, part in schema.items():
            yield from walk_objects(part, (*path, name))


def test_the_openapi_file_describes_every_file(rooted: dict[str, bytes]) -> None:
    """Validate it, find each file under exactly one path, and check one of each by the schema of its path."""
    openapi = json.loads(rooted["api/v1/openapi.json"])
    OpenAPIV31SpecValidator(openapi).validate()
    assert openapi["servers"] == [{"url": "/archive/api/v1"}]
    paths = [path for path in rooted if path.startswith("api/v1/")]
    unmatched = {*paths}
    for template, item in openapi["paths"].items():
        pattern = "api/v1" + PARAMETER.sub("[^/]+", template)
        matching = {path for path in paths if re.fullmatch(pattern, path)}
        assert matching <= unmatched, template
        unmatched -= matching
        assert matching
        ((media_type, content),) = item["get"]["responses"]["200"]["content"].items()
        validator = Draft202012Validator({**content["schema"], "components": openapi["components"]})
        body = rooted[min(matching)]
        validator.validate(json.loads(body) if media_type == "application/json" else body.decode())
    assert not unmatched


def test_no_member_goes_or_changes() -> None:
    """Hold every member that was ever published; the failing test prints what changed."""
    members = [
        f"{kind.paths[0]} {member.path}: {member.type}" for kind in KINDS for member in list_members(kind)
    ]
    assert members == MEMBERS.read_text().splitlines()


def test_the_index_lists_every_file(rooted: dict[str, bytes]) -> None:
    rows = read_data(rooted, "index")["files"]
    paths = {path for path in rooted if path.startswith("api/v1/")}
    assert [row["link"] for row in rows] == sorted(f"/archive/{path}" for path in paths)
    for row in rows:
        content = rooted[row["link"].removeprefix(ROOT)]
        is_hourly = row["link"] in {f"/archive/api/v1/{name}.json" for name in ("status", "check", "index")}
        assert row["bytes"] == (None if is_hourly else len(content))
        file = json.loads(content) if row["link"].endswith(".json") else {}
        assert row["schema"] == file.get("schema")
        assert is_hourly or row["as_of"] == file.get("as_of")


def test_links_lead_to_files(site: dict[str, bytes], rooted: dict[str, bytes]) -> None:
    for files, root in ((site, "/"), (rooted, ROOT)):
        rows = read_data(files, "models")
        assert rows
        for row in rows:
            model = follow_link(files, row["links"]["details"], root)["data"]
            assert {name: model[name] for name in row} == row
            path = get_model_path(row["id"]).replace("/index.html", ".json")
            assert row["links"]["details"] == f"{root}api/v1/{path}"


def test_rows_say_what_a_model_can(site: dict[str, bytes]) -> None:
    rows = {row["id"]: row for row in read_data(site, "models")}
    haiku = rows["anthropic/claude-haiku-4.5"]
    assert (haiku["author"], haiku["context_length"]) == ("anthropic", 200_000)
    assert haiku["capabilities"] == ["tools", "reasoning", "structured_outputs"]
    assert haiku["input_modalities"] == ["file", "image", "text"]
    assert {row["has_conditions"] for row in rows.values()} == {True, False}
    model = read_data(site, "models/anthropic/claude-haiku-4.5")
    assert [point["price"] for point in model["price_history"]["prompt"]] == ["0.000001"]
    assert haiku["pricing"]["prompt"] == model["record"]["pricing"]["prompt"] == "0.000001"


def test_events_keep_their_ids(view: View, site: dict[str, bytes]) -> None:
    """Give each event an id of its own, which later hours and a past that is imported leave as it is."""
    log = view.dataset.log
    ids = list_event_ids(site)
    assert len({*ids}) == len(ids) == len(log)
    earlier = [row._replace(origin="import:past") for row in log.rows[:5]]
    later_log = replace(log, rows=[*earlier, *log.rows, *log.rows[-3:]])
    later = replace(view, dataset=replace(view.dataset, log=later_log))
    again = list_event_ids(dict(build_files(later, None)))
    assert len(again) == len({*again}) == len(log) + 8
    assert {*ids} <= {*again}


def list_event_ids(files: dict[str, bytes]) -> list[str]:
    """List the ids of the events of all months."""
    months = read_data(files, "status")["changes"]
    return [event["id"] for month in months for event in read_data(files, f"changes/{month}")]


def test_a_change_without_an_event_moves_the_hour_of_its_files(tmp_path: Path) -> None:
    """Spell a price in another way: no event says so, but the record in the file of the model is another."""
    hours = [
        build_snapshot([{"id": model, "pricing": {"prompt": price}} for model, price in prices.items()])
        for prices in ({"a/b": "0.1", "a/c": "1"}, {"a/b": "0.10", "a/c": "1"})
    ]
    files = build_files(build_archive_view(write_archive(tmp_path / "archive", *hours)), None)
    as_of = {name: json.loads(files[f"api/v1/models/{name}.json"])["as_of"] for name in ("a/b", "a/c")}
    assert as_of == {"a/b": format_stamp(START + HOUR), "a/c": format_stamp(START)}


def test_llms_txt_leads_to_the_api(site: dict[str, bytes], rooted: dict[str, bytes]) -> None:
    """Link what there is, with the address of the site where it is known."""
    for files, root in ((site, "/"), (rooted, "https://example.org/archive/")):
        text = files["llms.txt"].decode()
        assert text.startswith("# OpenRouter archive\n\n> ")
        links = re.findall(r"\]\((.*?)\)", text)
        assert f"{root}api/v1/openapi.json" in links
        assert all(link.startswith(root) for link in links)
        assert {link.removeprefix(root) for link in links} <= {*files, DATABASE}


def test_parquet_files_of_the_site_are_listed(view: View, tmp_path: Path) -> None:
    """List them on the page of data, in llms.txt and in the index, as the export describes them."""
    (tmp_path / PARQUET_FOLDER).mkdir()
    licences = {"rankings": "CC-BY-4.0", "models": "notspecified"}
    resources = [
        {
            "path": f"{name}.parquet",
            "title": f"Every row of {name}",
            "bytes": 1_234_567,
            "hash": f"sha256:{'a' * 64}",
            "licenses": [{"name": licence, "path": f"https://example.org/{licence}"}],
        }
        for name, licence in licences.items()
    ]
    description = tmp_path / PARQUET_FOLDER / "datapackage.json"
    description.write_text(json.dumps({"resources": resources, "title": "x"}))
    assert read_parquet_files(tmp_path) == [], "without a manifest it is not complete"
    (tmp_path / PARQUET_FOLDER / "manifest.json").write_text("{}")
    files = dict(build_files(view, "https://example.org/archive", parquet_files=read_parquet_files(tmp_path)))
    words = "Every row of rankings; 1.2 MB, CC-BY-4.0"
    link = "[parquet/rankings.parquet](https://example.org/archive/parquet/rankings.parquet)"
    assert f"- {link}: Parquet: {words}" in files["llms.txt"].decode().splitlines()
    page = files["data/index.html"].decode()
    assert '<a href="../parquet/rankings.parquet">' in page
    assert words in page
    assert "Every row of models; 1.2 MB, no licence stated" in page
    assert_valid(files, ROOT)
    rows = read_data(files, "index")["parquet"]
    assert [(row["link"], row["bytes"], row["licence"]) for row in rows] == [
        ("/archive/parquet/rankings.parquet", 1_234_567, "CC-BY-4.0"),
        ("/archive/parquet/models.parquet", 1_234_567, "notspecified"),
    ]
    description.write_text("{}")
    with pytest.raises(ArchiveError, match="is no description of an export"):
        read_parquet_files(tmp_path)


def test_tables_have_their_columns(site: dict[str, bytes]) -> None:
    def read_header(name: str) -> str:
        return site[f"data/{name}.csv"].decode(exports.ENCODING).partition("\n")[0]

    assert read_header("models") == (
        "id,name,author,states,first_seen,last_seen,context_length,prompt,completion"
    )
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
