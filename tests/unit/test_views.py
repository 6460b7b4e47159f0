"""The SQL views of the index under readable names, and keys that read alike."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orarchive.index.database import open_index
from orarchive.jsonl import loads
from orarchive.publish.views.scores import list_scores
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR, format_stamp
from tests.support.archives import Stage, build_payloads
from tests.support.browser import build_snapshot, write_archive

NIGHT = {"utc_start": 2200, "utc_end": 600, "prompt": "0.1"}
GLM = "z-ai/glm-5.1"


def price_model(name: str, prompt: str, completion: str = "9", **more: Any) -> dict[str, Any]:
    return {"id": name, "pricing": {"prompt": prompt, "completion": completion, **more}}


@contextmanager
def open_small_index(folder: Path, *hours: list[dict[str, Any]]) -> Iterator[sqlite3.Connection]:
    """Open the index of an archive with these models hour by hour; every model but a/bare has an endpoint."""
    endpoints = {
        model["id"]: [{"tag": "x"}] for models in hours for model in models if model["id"] != "a/bare"
    }
    archive = open_archive(
        write_archive(folder / "archive", *(build_snapshot(models, endpoints) for models in hours))
    )
    with open_index(archive, folder / "cache") as db:
        yield db


def test_models_show_the_price_that_holds_or_held_last(tmp_path: Path) -> None:
    """Show no price that has ended, and of a time-of-day price the rate of the last hour."""
    first = [
        price_model("a/moved", "1"),
        price_model("a/clock", "1"),
        price_model("a/gone", "1", "3"),
        price_model("a/stays", "1"),
    ]
    second = [
        price_model("a/moved", "2", "4"),
        price_model("a/clock", "5", overrides=[NIGHT]),
        price_model("a/stays", "1"),
    ]
    with open_small_index(tmp_path, first, second) as db:
        rows = db.execute("select id, prompt, completion from models").fetchall()
    assert {name: tuple(prices) for name, *prices in rows} == {
        "a/moved": ("2", "4"),
        "a/clock": ("0.1", "9"),
        "a/gone": ("1", "3"),
        "a/stays": ("1", "9"),
    }


def test_models_say_what_is_new_expiring_and_orphaned(tmp_path: Path) -> None:
    old = [
        {"id": "a/soon", "expiration_date": "2027-01-01"},
        {"id": "a/never", "expiration_date": "2098-12-31"},
    ]
    models = [*old, {"id": "a/fresh"}, {"id": "a/bare"}]
    with open_small_index(tmp_path, old, models, models) as db:
        rows = db.execute("select id, expires, is_new, is_orphaned, state from models").fetchall()
    assert {name: tuple(values) for name, *values in rows} == {
        "a/soon": ("2027-01-01", 0, 0, "active"),
        "a/never": (None, 0, 0, "active"),
        "a/fresh": (None, 1, 0, "active"),
        "a/bare": (None, 1, 1, "active"),
    }


def test_an_hour_of_which_part_was_read_is_no_good_one(stage: Stage, tmp_path: Path) -> None:
    """Agree with `status` and `at`; the records read in that hour count all the same."""
    for number in range(3):
        stage.serve(build_payloads(START))
        if number == 1:
            stage.service.fail(f"models/{GLM}/endpoints", "404")
        stage.run(START + number * HOUR)
        stage.service.heal()
    with open_index(stage.archive, tmp_path) as db:
        hours = "select hour, complete, outcomes from coverage where feed = 'endpoints' order by hour"
        assert db.execute(hours).fetchall() == [
            (format_stamp(START), 1, "ok"),
            (format_stamp(START + HOUR), 0, "partial"),
            (format_stamp(START + 2 * HOUR), 1, "ok"),
        ]
        gaps = "select feed, after, until, missing from gaps"
        assert db.execute(gaps).fetchall() == [
            ("endpoints", format_stamp(START), format_stamp(START + 2 * HOUR), 1)
        ]
        assert db.execute("select good from reads where feed = 'endpoints'").fetchall() == [(1,), (1,), (1,)]


def test_readers_find_their_indexes(tmp_path: Path) -> None:
    """The build makes them at its end; without them pages of a long history take minutes."""
    with open_small_index(tmp_path, [price_model("a/b", "1")]) as db:
        names = {name for (name,) in db.execute("select name from sqlite_schema where type = 'index'")}
    assert names >= {"versions_open", "events_key", "events_kind", "events_hour"}


def test_overrides_keep_their_order(tmp_path: Path) -> None:
    """Place a new override before an unchanged one, and begin an override anew that moves before another."""
    long, longer = ({"min_prompt_tokens": tokens, "prompt": "2"} for tokens in (1000, 9000))
    day = {"utc_start": 600, "utc_end": 2200, "prompt": "3"}
    hours: list[list[dict[str, Any]]] = [
        [NIGHT],
        [longer, long, NIGHT],
        [longer, day, long, NIGHT],
        [NIGHT, longer],
    ]
    models = [[price_model("a/b", "1", overrides=overrides)] for overrides in hours]
    query = """
        select condition from prices where dimension = 'prompt' and condition != '' and first <= ?
            and (last is null or last >= ?) order by position
    """
    with open_small_index(tmp_path, *models) as db:
        for number, overrides in enumerate(hours):
            hour = format_stamp(START + number * HOUR)
            conditions = [loads(condition) for (condition,) in db.execute(query, (hour, hour))]
            assert conditions == [
                {name: value for name, value in entry.items() if name != "prompt"} for entry in overrides
            ]
        begins = "select first from prices where condition like '%utc_start\":2200%' order by first"
        assert [first for (first,) in db.execute(begins)] == [format_stamp(START)]


def test_keys_that_read_alike_are_two_records(tmp_path: Path) -> None:
    """Keep apart a lone surrogate, which is written as an escape, and an id with that very escape."""
    names = ["a/\ud800x", "a/\\ud800x"]
    with open_small_index(tmp_path, [price_model(name, str(n)) for n, name in enumerate(names, 1)]) as db:
        keys = db.execute("select key, state from records where feed = 'models'").fetchall()
        assert keys == [("a/\\ud800x", "active")] * 2
        assert {price for (price,) in db.execute("select prompt from models")} == {"1", "2"}


def test_tags_that_read_alike_have_two_names(tmp_path: Path) -> None:
    """Keep apart `#1` that counts endpoints with the same tag, and `#1` in a tag."""
    endpoints = [{"tag": "c"}, {"tag": "c"}, {"tag": "c#1"}]
    archive = open_archive(
        write_archive(tmp_path / "archive", build_snapshot([{"id": "a/b"}], {"a/b": endpoints}))
    )
    with open_index(archive, tmp_path / "cache") as db:
        rows = db.execute(
            "select key, count(*) from records where feed = 'endpoints' group by key"
        ).fetchall()
    assert rows == [("a/b@c", 1), ("a/b@c#1", 1), ("a/b@c%231", 1)]


def test_a_score_that_is_null_is_no_score() -> None:
    benchmarks = {"artificial_analysis": {"coding_index": None, "math_index": 50}, "design_arena": [5]}
    assert [(score.measure, score.score) for score in list_scores(benchmarks)] == [("math index", "50")]


def test_a_score_of_an_arena_is_named_in_words() -> None:
    """Name the arena where not models alone compete; a category that is not known goes by its own name."""
    rows = [("models", "svg"), ("agents", "gamedev"), ("models", "poem"), ("models", None), (None, "svg")]
    arenas = [{"arena": arena, "category": category, "elo": 1200} for arena, category in rows]
    measures = [score.measure for score in list_scores({"design_arena": arenas})]
    assert measures == ["SVG", "agents, games", "poem", "models", "SVG"]
