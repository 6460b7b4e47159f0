"""Lists of another scope: what a list cannot contain is neither added nor missing; and aliases that moved."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orarchive.index.database import open_index
from orarchive.sample import Reply, Service
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support.archives import Stage
from tests.support.naive_versions import Record, Rows, Version
from tests.support.real_indexes import read_event_values
from tests.support.recordings import Whole
from tests.support.wide_lists import WIDE_LISTS, WideList, read_wide_list

pytestmark = pytest.mark.real_data


def has_text_output(row: Record) -> bool:
    """Return whether the list of text models can contain a model."""
    return "text" in row["architecture"]["output_modalities"]


def read_moves(db: sqlite3.Connection, hour: str) -> dict[str, set[str]]:
    """Return the models that were added or went missing in an hour, by kind of event."""
    moves: dict[str, set[str]] = {}
    query = """
        select kind, key from events where feed = 'models' and hour = ?
            and kind in ('added', 'returned', 'first_observed', 'missing')
    """
    for kind, key in db.execute(query, (hour,)):
        moves.setdefault(kind, set()).add(key)
    return moves


def archive_wide_lists(root: Path) -> list[WideList]:
    """Archive two wide lists, each at its own time; return them."""
    wide_lists = [read_wide_list(name) for name in WIDE_LISTS]
    served = wide_lists[0]

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        if path == "models":
            assert query == {"output_modalities": "all"}
            return Reply(200, served.body)
        if path == "models/count":
            return 200, {"data": {"count": len(json.loads(served.body)["data"])}}
        return 404, {"error": {"code": 404}}

    with Service(respond) as service:
        stage = Stage(service, root)
        for wide_list in wide_lists:
            served = wide_list
            hour = wide_list.time.replace(minute=0, second=0)
            assert stage.run(hour, now=wide_list.time, feeds=("models",)) == 0
    return wide_lists


def test_a_wider_scope_adds_nothing(
    two_years: Whole, two_years_versions: list[Version], tmp_path: Path
) -> None:
    """Text models until May are imported; then two runs in August request all modalities.

    Between them lie nine weeks without any hour, in which text models were added and went missing.
    """
    run_git(tmp_path, "clone", "--quiet", str(two_years.archive.root), "archive")
    wide_lists = archive_wide_lists(tmp_path / "archive")
    ids_so_far = {name for version in two_years_versions for name in version.rows}
    text = two_years_versions[-1].rows
    wide, last = (wide_list.rows for wide_list in wide_lists)
    new = wide.keys() - text.keys()
    outside = {name for name in new if not has_text_output(wide[name])}
    assert len(outside) == 118
    # This model once had text output as well, and was missing when it no longer had: so it has returned.
    assert outside & ids_so_far == {"openai/text-embedding-3-large"}
    with open_index(open_archive(tmp_path / "archive"), tmp_path / "cache") as db:
        first_moves, second_moves = (
            read_moves(db, f"{wide_list.time:%Y-%m-%dT%H}:00:00Z") for wide_list in wide_lists
        )
        listed = {key for (key,) in db.execute("select key from records where last is null")}
    assert first_moves == {
        "first_observed": outside - ids_so_far,
        "added": new - outside - ids_so_far,
        "returned": new & ids_so_far,
        "missing": text.keys() - wide.keys(),
    }
    counts = {"first_observed": 117, "added": 51, "returned": 2, "missing": 60}
    assert {kind: len(names) for kind, names in first_moves.items()} == counts
    assert second_moves == {"added": {"black-forest-labs/flux-3-video"}}
    assert listed == last.keys() == wide.keys() | second_moves["added"]


def test_a_narrower_scope_removes_nothing(narrowed_archive: Archive, august_versions: list[Version]) -> None:
    """A model that no list of text models can contain is unobserved; a text model that left is missing."""
    wide = read_wide_list(WIDE_LISTS[-1]).rows
    begin, text = august_versions[0].hour, august_versions[0].rows
    outside = {name for name, row in wide.items() if not has_text_output(row)}
    assert len(outside) == 119
    with open_index(narrowed_archive) as db:
        moves = read_moves(db, begin)
        states = dict(db.execute("select key, state from records where last is not null").fetchall())
        event_keys = {key for (key,) in db.execute("select key from events where hour >= ?", (begin,))}
    assert moves == {"added": text.keys() - wide.keys(), "missing": wide.keys() - text.keys() - outside}
    assert {name for name, state in states.items() if state == "unobserved"} == outside
    assert not outside & event_keys


def pair_aliases(lists: Sequence[Rows]) -> Iterator[tuple[str, Record, Record]]:
    """Yield every alias with its record in one list and in the next."""
    for before, after in pairwise(lists):
        for name in before.keys() & after.keys():
            if name.startswith("~"):
                assert before[name]["alias_target"] and after[name]["alias_target"]
                yield name, before[name], after[name]


def test_an_alias_that_moves_is_not_repriced(
    narrowed_archive: Archive, august_versions: list[Version]
) -> None:
    """None moved within the five days; two did between the wide lists and them."""
    wide = [read_wide_list(name).rows for name in WIDE_LISTS]
    pairs = list(pair_aliases([*wide, *(version.rows for version in august_versions)]))
    targets = [(name, *(row["alias_target"]["slug"] for row in rows)) for name, *rows in pairs]
    moved = sorted((name, old, new) for name, old, new in targets if old != new)
    assert moved == [
        ("~google/gemini-flash-latest", "google/gemini-3.6-flash", "google/gemini-3.7-flash"),
        ("~x-ai/grok-latest", "x-ai/grok-4.5", "x-ai/grok-4.6"),
    ]
    assert sum(old["pricing"] != new["pricing"] for _, old, new in pairs) > 5
    with open_index(narrowed_archive) as db:
        events = read_event_values(db, "alias_moved")
        repriced = {key for _, key, *_ in read_event_values(db, "repriced")}
    # xAI became SpaceXAI on 5 August: an alias whose target only has a new name has not moved
    assert sorted({(key, old["slug"], new["slug"]) for _, key, _, old, new, _ in events}) == moved
    assert not {name for name, *_ in targets} & repriced
