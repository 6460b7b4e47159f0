"""The tables of the catalogue say of recorded days what the catalogue itself says."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orarchive.catalog.catalog import Catalog, build_catalog
from orarchive.catalog.flags import UNKNOWN
from orarchive.catalog.table_queries import QUERIES
from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.index.database import open_index
from orarchive.index.download import export_file
from orarchive.store.archive import open_archive
from orarchive.timestamps import format_stamp, parse_hour, parse_stamp
from tests.support.downloads import export_bytes

pytestmark = pytest.mark.real_data


@dataclass(frozen=True)
class Answers:
    """A catalogue, and the database that has it as tables."""

    catalog: Catalog
    index: sqlite3.Connection
    db: sqlite3.Connection
    served_ids: dict[str, set[str]]
    """Hour -> the ids of the models that were served in it."""

    def list_rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query by column."""
        cursor = self.db.execute(query)
        names = [name for name, *_ in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


@pytest.fixture(scope="module")
def answers(
    five_days: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    """Yield the catalogue of the last of the five days."""
    root, served = five_days
    ids = {
        format_stamp(parse_hour(hour)): {model["id"] for model in models["data"]}
        for hour, (models, *_) in served.items()
    }
    cache = tmp_path_factory.mktemp("tables")
    with open_index(open_archive(root), cache) as index, closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(export_bytes(index))
        yield Answers(build_catalog(index), index, db, ids)


def test_models_and_flags(answers: Answers) -> None:
    rows = {row["id"]: row for row in answers.list_rows("select * from catalog")}
    flags = {(row["id"], row["flag"]): row for row in answers.list_rows("select * from flags")}
    assert rows.keys() == answers.catalog.models.keys()
    count = 0
    for key, info in answers.catalog.models.items():
        row, price = rows[key], info.price_class
        assert (row["family"], row["generation"], row["tier"]) == (
            info.family.name,
            info.family.generation,
            price.tier,
        )
        assert (row["blended"] and Decimal(row["blended"])) == price.blended
        assert (row["size"], row["total_parameters"], row["served_context"], row["max_output"]) == (
            info.size.text,
            info.size.total,
            info.served_context,
            info.max_output,
        )
        assert (row["is_free"], row["is_choice"], row["open_weights"]) == (
            info.is_free,
            info.is_choice,
            info.open_weights.value,
        )
        for name, flag in {**info.flags, "open_weights": info.open_weights}.items():
            if flag == UNKNOWN:
                assert (key, name) not in flags
                continue
            entry = flags[key, name]
            count += 1
            assert entry["value"] == (flag.value if isinstance(flag.value, str) else json.dumps(flag.value))
            assert (entry["source"], entry["evidence"]) == (flag.source, flag.evidence)
            assert json.loads(entry["modes"] or "[]") == list(flag.modes)
            endpoints = None if entry["endpoints"] is None else "{with_flag} of {endpoints}".format(**entry)
            assert endpoints == flag.endpoints
    assert count == len(flags) > 9000


def test_births_are_what_the_first_list_lacked(answers: Answers) -> None:
    first = min(answers.served_ids)
    rows = answers.list_rows("select id, born, first_seen from catalog")
    assert {row["id"] for row in rows if row["born"] is None} == answers.served_ids[first]
    born = [row for row in rows if row["born"]]
    assert len(born) > 5
    for row in born:
        assert row["born"] == row["first_seen"]
        assert row["born"] == min(hour for hour, ids in answers.served_ids.items() if row["id"] in ids)


def test_names_and_what_they_stood_for(answers: Answers) -> None:
    periods: dict[str, list[Any]] = {}
    for row in answers.list_rows("select * from name_periods order by name, since"):
        periods.setdefault(row.pop("name"), []).append(row)
    rows = [
        {**row, "candidates": json.loads(row["candidates"]), "periods": periods[row["name"]]}
        for row in answers.list_rows("select * from names order by cast(name as blob)")
    ]
    assert rows == [
        {**name.to_json(), "id": name.id if name.id in answers.catalog.models else None}
        for name in sorted(answers.catalog.names.by_name.values(), key=lambda name: name.name.encode())
    ]
    permaslugs = dict(answers.db.execute("select permaslug, id from permaslug_models"))
    assert permaslugs == answers.catalog.permaslugs


def test_the_gone_and_what_replaces_them(answers: Answers) -> None:
    redirects = answers.catalog.redirects
    rows = {row["id"]: row for row in answers.list_rows("select * from redirects")}
    assert rows.keys() == {*redirects.by_source, *redirects.unreplaced}
    for key, redirect in redirects.by_source.items():
        row, facts = rows[key], redirect.to_json()
        assert [row["target"], *map(row.get, ("kind", "evidence", "price", "reason"))] == [
            *map(facts.get, ("to", "kind", "evidence", "price")),
            None,
        ]
        assert [json.loads(row["via"]), json.loads(row["lost"])] == [facts["via"], facts["lost"]]
        assert row["price_ratio"] == (facts["price_ratio"] and pytest.approx(float(facts["price_ratio"])))
    reasons = {key: row["reason"] for key, row in rows.items() if row["target"] is None}
    assert reasons == {key: entry.reason for key, entry in redirects.unreplaced.items()}
    tombstones = {row["id"]: row for row in answers.list_rows("select * from tombstones")}
    assert tombstones.keys() == answers.catalog.tombstones.keys() != set()
    for key, tombstone in answers.catalog.tombstones.items():
        facts, row = tombstone.to_json(), tombstones[key]
        assert [json.loads(row["prices"]), json.loads(row["providers"] or "null")] == [
            facts["prices"],
            facts["providers"],
        ]
        names = ("listed_hours", "absences", "announced", "notice_days", "notice", "answer")
        assert [*map(row.get, names), row["ending"]] == [*map(facts.get, names), facts["end"]]


def test_shortlists_with_their_parts(answers: Answers) -> None:
    parts: dict[Any, dict[str, Any]] = {}
    query = """
        select shortlist_parts.*, key from shortlist_parts
        left join endpoints on endpoints.record = shortlist_parts.endpoint
    """
    for row in answers.list_rows(query):
        kept = {name: row[name] for name in ("measure", "source", "unit", "value", "samples", "better")}
        kept |= {"endpoint": row["key"], "of": row["candidates"]}
        kept |= {name: row[name] for name in ("normalised", "weight")}
        parts.setdefault((row["shortlist"], row["position"]), {})[row["part"]] = kept
    entries = answers.list_rows("select * from shortlist_entries order by shortlist, position")
    for shortlist in answers.catalog.shortlists:
        facts = shortlist.to_json()
        inside, displaced = (
            [row for row in entries if row["shortlist"] == facts["name"] and is_inside(row) is wanted]
            for wanted in (True, False)
        )
        assert [
            (row["id"], row["score"], parts[facts["name"], row["position"]], json.loads(row["reasons"]))
            for row in inside
        ] == [(entry["id"], entry["score"], entry["parts"], entry["why"]) for entry in facts["entries"]]
        assert [(row["id"], json.loads(row["displaced_by"])) for row in displaced] == [
            (entry["id"], entry["because_of"]) for entry in facts["displaced"]
        ]
        heads = answers.list_rows(f"select * from shortlists where shortlist = '{facts['name']}'")
        assert [json.loads(head["requires"]) for head in heads] == [facts["requires"]]
        assert [(head["quality"], head["quality_source"]) for head in heads] == [
            (facts["quality"], facts["quality_source"])
        ]


def is_inside(row: dict[str, Any]) -> bool:
    """Return whether an entry is in its shortlist."""
    return row["displaced_by"] is None


def test_lists_and_direct_prices(answers: Answers) -> None:
    rows = answers.list_rows("""
        select list_rows.*, key from list_rows
        left join endpoints on endpoints.record = list_rows.endpoint order by list, ranked, rank
    """)
    for facts in [*(ranked.to_json() for ranked in answers.catalog.lists)]:
        for kind, part in (("model", "models"), ("endpoint", "endpoints")):
            places = [row for row in rows if (row["list"], row["ranked"]) == (facts["name"], kind)]
            assert [
                {"id": row["id"], "value": row["value"], "endpoint": row["key"], "samples": row["samples"]}
                for row in places
            ] == facts[part]
    best = answers.catalog.best_value.to_json()
    assert (
        [
            {"id": row["id"], "cost": row["value"], "endpoint": row["key"], "quality": row["quality"]}
            for row in rows
            if row["list"] == best["name"]
        ]
        == best["models"]
        != []
    )
    unknown = dict(answers.db.execute("select list, unknown from lists"))
    assert unknown == {
        item.to_json()["name"]: item.to_json()["unknown"] for item in answers.catalog.lists
    } | {best["name"]: best["unknown"]}
    prices = {
        (row["provider"], row["region"], row["model"]): row
        for row in answers.list_rows("select * from direct_prices")
    }
    assert len(prices) == len(answers.catalog.direct)
    for price in answers.catalog.direct:
        row = prices[price.pin.provider, price.pin.region, price.pin.id]
        assert (json.loads(row["pricing"]), row["reason"]) == (price.pin.pricing, price.reason)
        assert row["own_ratio"] == (None if price.own_ratio is None else float(price.own_ratio))


def test_state_at_each_hour(answers: Answers) -> None:
    for hour, ids in answers.served_ids.items():
        query = "select model from states_at where hour = ? and state = 'active'"
        assert {model for (model,) in answers.db.execute(query, (hour,))} == ids


def test_states_of_two_years_are_those_of_the_catalogue(two_years_index: sqlite3.Connection) -> None:
    """Compare the view with the catalogue of the last hour and of a past one."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(export_bytes(two_years_index))
        assert db.execute("pragma foreign_key_check").fetchall() == []
        (last,) = db.execute("select max(hour) from hours").fetchone()
        for hour in ("2025-11-15T12:00:00Z", last):
            query = "select model, state from states_at where hour = ?"
            rows = db.execute(query, (hour,)).fetchall()
            catalog = build_catalog(two_years_index, parse_stamp(hour))
            assert sorted(rows) == sorted((key, info.state) for key, info in catalog.models.items()), hour


def test_queries_answer(answers: Answers) -> None:
    values = {"model": "openai/gpt-4o", "name": "gpt-4o", "date": "2026-08-18"}
    for name, (_, query) in QUERIES.items():
        rows = answers.db.execute(query, values).fetchall()
        assert bool(rows) == (name != "most_used_models"), "the recordings have no rankings"


def test_switch_leaves_scores_of_third_parties_out(answers: Answers, tmp_path: Path) -> None:
    query = "select count(*) from shortlist_parts where part = 'quality'"
    assert answers.db.execute(query).fetchone()[0] > 0
    export_file(answers.index, tmp_path / "archive.sqlite", False, CATALOG_TABLES)
    with closing(sqlite3.connect(tmp_path / "archive.sqlite")) as db:
        assert db.execute(query).fetchone()[0] == 0
        assert db.execute("select count(*) from shortlist_parts").fetchone()[0] > 0
