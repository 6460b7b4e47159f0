"""The database for download: its spans fit together, its references hold, and Datasette shows all of it."""

import asyncio
import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.domain.changes import format_key
from orarchive.domain.feeds import FEEDS, MODELS
from orarchive.history.history import read_history
from orarchive.index.database import INDEX_NAME, open_index
from orarchive.index.datasette import QUERIES, SEARCH_TABLES, build_metadata
from orarchive.index.download import export_file
from orarchive.index.versions import get_index_file_name, is_volatile_file
from orarchive.jsonl import Record, loads, read_lines
from orarchive.sample import START
from orarchive.store.archive import Archive, open_archive
from orarchive.timestamps import HOUR, format_stamp
from tests.support.all_readers import commit_by_hand
from tests.support.archives import Stage
from tests.support.browser import build_snapshot, write_archive
from tests.support.downloads import export_bytes
from tests.support.histories import update_index
from tests.support.questions import GLM, set_prompt_price
from tests.support.six_hours import SixHours

SPANS = {
    "stretches": "record, file",
    "field_versions": "record, field, file",
    "prices": "model, endpoint, dimension, condition",
}
"""Table with spans -> the columns of which each has one span at a time."""

LINES_AT = """
    select feed, key, file from hours
    join stretches on hour >= stretches.first and (next_first is null or hour < next_first)
    join records on id = record where hour = ?
"""

FIELDS_AT = "select feed, key, file, field, value from fields_at where hour = ?"

PARAMETERS = {
    "hour": "2026-06-01T00:00:00Z",
    "key": "google/gemini-2.5-pro",
    "percent": "1",
    "month": "2026-06",
    "words": "gemini",
    "date": "2026-06-01",
    "name": "gemini-2.5-pro",
}

UNANSWERED = {"missing_hours", "most_used", "most_used_models", "free_models", "born_and_gone"}
"""Queries without an answer here: no gaps, no rankings, no free models, none that was added to a list."""


@pytest.fixture(scope="module")
def path(six_hours: SixHours, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the database for download of the archive of six hours."""
    folder = tmp_path_factory.mktemp("download")
    with open_index(open_archive(six_hours.root), folder / "cache") as index:
        export_file(index, folder / "archive.sqlite", added=CATALOG_TABLES)
    return folder / "archive.sqlite"


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_references_hold(db: sqlite3.Connection) -> None:
    assert db.execute("pragma foreign_key_check").fetchall() == []
    assert db.execute("pragma integrity_check").fetchall() == [("ok",)]


def list_spans(db: sqlite3.Connection, table: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """List first, last and next_first of the spans in a table, and the first hour of the span that follows.

    Assert that all fit together: each ends where, or before, the next begins.
    """
    query = f"""
        select first, last, next_first, lead(first) over (partition by {SPANS[table]} order by first)
        from {table}
    """
    spans = db.execute(query).fetchall()
    assert [span for span in spans if (span[1] is None) != (span[2] is None)] == []
    ended = [span for span in spans if span[1]]
    assert [span for span in ended if not span[0] <= span[1] < span[2] <= (span[3] or span[2])] == []
    assert [span for span in spans if span[3] and not span[2]] == []
    return spans


@pytest.mark.parametrize("table", SPANS)
def test_a_span_ends_where_the_next_begins(db: sqlite3.Connection, table: str) -> None:
    assert [span for span in list_spans(db, table) if span[1]]


def test_a_span_goes_on_while_its_record_was_not_read(stage: Stage, tmp_path: Path) -> None:
    """A response was kept in the second hour; two files were edited by hand, and not read in the fourth."""
    hours = [START + number * HOUR for number in range(5)]
    for number, price in enumerate(("0.000001", "0.000001", "0.000003", "0.000003", "0.000003")):
        stage.service.heal()
        stage.serve(set_prompt_price(GLM, "z-ai", price))
        if number == 1:
            stage.service.fail(f"models/{GLM}/endpoints", "404")
        if number == 3:
            edits = {"providers/facts.jsonl": (b'"US"', b'"XX"'), "models/prices.jsonl": (b'"0', b'"10')}
            contents = {path: (stage.root / "data" / path).read_bytes() for path in edits}
            commit_by_hand(stage, {path: contents[path].replace(*edit) for path, edit in edits.items()})
            stage.service.fail("providers", "404")
            stage.service.fail("models", "404")
        stage.run(hours[number])
    with open_index(stage.archive, tmp_path) as index, closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(export_bytes(index))
        for table in SPANS:
            list_spans(db, table)
        query = (
            "select first, last, next_first from prices where endpoint is not null and amount = '0.000001'"
        )
        first, third, fourth, fifth = (format_stamp(hours[number]) for number in (0, 2, 3, 4))
        assert db.execute(f"{query} and model = ?", (GLM,)).fetchall() == [(first, first, third)]
        query = "select distinct first, next_first from field_log where feed = 'providers' and value = ?"
        assert db.execute(query, ('"XX"',)).fetchall() == [(fourth, fifth)]
        assert (first, fourth) in db.execute(query, ('"US"',)).fetchall()


def test_ids_that_read_alike_are_one_model(tmp_path: Path) -> None:
    """Keep the first of a lone surrogate, which is written as an escape, and an id with that very escape."""
    models = [{"id": name, "pricing": {"prompt": "1"}} for name in ("a/\ud800x", "a/\\ud800x")]
    archive = open_archive(write_archive(tmp_path / "archive", build_snapshot(models, {})))
    with open_index(archive, tmp_path) as index, closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(export_bytes(index))
        assert db.execute("select id, record from models").fetchall() == [("a/\\ud800x", 1)]
        assert db.execute("select count(*) from prices").fetchone() == (2,)
        assert db.execute("pragma foreign_key_check").fetchall() == []


def test_one_switch_leaves_all_benchmarks_out(six_hours: SixHours, tmp_path: Path) -> None:
    """Leave out the scores of models, and the lines of the rankings of third parties."""
    archive, cache = six_hours.copy(tmp_path)
    update_index(archive, cache)
    out = tmp_path / "archive.sqlite"
    with closing(sqlite3.connect(cache / INDEX_NAME)) as index:
        index.execute("insert into ranking_lines values ('benchmarks', 'x', '2026-06-01', '[]', '{}')")
        index.commit()
        for benchmarks in (True, False):
            export_file(index, out, benchmarks)
            with closing(sqlite3.connect(out)) as db:
                for query in ("benchmarks", "ranking_lines where series = 'benchmarks'"):
                    assert bool(db.execute(f"select count(*) from {query}").fetchone()[0]) == benchmarks, (
                        query
                    )


def test_every_hour_can_be_read_from_the_fields(db: sqlite3.Connection, six_hours: SixHours) -> None:
    """Compare every line of every stable file with the commits."""
    archive = open_archive(six_hours.root)
    commits = {attempt.hour: attempt.commit for attempt in read_history(archive).attempt_commits}
    assert len(commits) == 6
    for hour, commit in commits.items():
        stamp = (format_stamp(hour),)
        lines: dict[Any, Record] = {line: {} for line in db.execute(LINES_AT, stamp)}
        for *line, field, value in db.execute(FIELDS_AT, stamp):
            lines[tuple(line)][field] = loads(value)
        assert lines == dict(list_lines(archive, commit)), hour


def list_lines(archive: Archive, commit: str | None) -> Iterator[tuple[tuple[str, str, str], Record]]:
    """Yield feed, key and file of each line of a commit in stable files, with its fields outside the key."""
    for feed in FEEDS.values():
        files = archive.read_files(commit, feed.files)
        for path, content in files.items():
            file = get_index_file_name(path)
            if is_volatile_file(feed, file):
                continue
            for line in read_lines(content, path):
                key = tuple(line[name] for name in feed.key if name in line)
                pricing = line.pop("pricing", {})
                fields = {name: value for name, value in line.items() if name not in feed.key}
                fields |= {f"pricing.{name}": value for name, value in pricing.items()}
                owner = MODELS if file == "asked" else feed
                yield (owner.name, format_key(owner, key), file), fields


def test_views_show_any_hour(db: sqlite3.Connection) -> None:
    """Answer in a gap as at the last hour before it."""
    hours = [hour for (hour,) in db.execute("select hour from hours order by hour")]
    query = "select model, tag, n, dimension, condition, amount from prices_at where hour = ?"
    prices = {hour: db.execute(query, (hour,)).fetchall() for hour in hours}
    assert len({str(rows) for rows in prices.values()}) == 3
    current = "select count(*) from prices where last is null"
    assert db.execute(current).fetchone() == (len(prices[hours[-1]]),)
    listed = "select count(*) from listed_at where hour = ? and feed = 'models'"
    now = "select count(*) from models where state = 'active'"
    assert db.execute(listed, hours[-1:]).fetchall() == db.execute(now).fetchall()


def test_names_and_ids_are_found_by_words(db: sqlite3.Connection) -> None:
    for table, search in SEARCH_TABLES.items():
        query = (
            f"select count(*) from {table} where rowid in (select rowid from {search} where {search} match ?)"
        )
        assert db.execute(query, ("google*",)).fetchone()[0], table


# --- Datasette ----------------------------------------------------------------------------------------------


def ask_datasette(path: Path, *paths: str) -> list[Any]:
    """Return the responses of Datasette, with our metadata, to requests for paths below the database."""
    # here, for every worker would load it: that takes half a second
    from datasette.app import Datasette

    async def ask() -> list[Any]:
        app = Datasette([], immutables=[str(path)], metadata=build_metadata(path.stem, CATALOG_TABLES))
        return [await app.client.get(f"/{path.stem}/{name}") for name in paths]

    return asyncio.run(ask())


def test_datasette_shows_every_table(path: Path, db: sqlite3.Connection) -> None:
    names = [name for (name,) in db.execute("select name from sqlite_schema where type in ('table', 'view')")]
    tables = [name for name in names if "_search" not in name]
    metadata = build_metadata(path.stem, CATALOG_TABLES)["databases"][path.stem]["tables"]
    assert list(metadata) == tables
    for table, page in zip(tables, ask_datasette(path, *(f"{name}?_size=2" for name in tables)), strict=True):
        assert page.status_code == 200, table
        assert metadata[table]["description"] in html.unescape(page.text), table
        columns = [name for (name,) in db.execute("select name from pragma_table_info(?)", (table,))]
        described = {*metadata[table].get("columns", {}), *metadata[table].get("units", {})}
        assert described <= set(columns), table


def test_datasette_shows_labels_units_and_a_search(path: Path) -> None:
    prices, health, models = ask_datasette(
        path, "prices?endpoint__notblank=1&_size=1", "health_days?_size=1", "models?_search=claude&_size=1"
    )
    assert re.search(r'<a href="/archive/endpoints/\d+">[^<]+/[^<]+@[^<]+</a>', prices.text)
    assert '<a href="/archive/days/20604">2026-05-31</a>' in health.text
    assert re.search(r"col-uptime_mean [^>]*>[\d.]+&nbsp;%<", health.text)
    assert re.search(r"col-name [^>]*>[^<]*Claude", models.text)


@pytest.mark.parametrize("query", [*QUERIES, *CATALOG_TABLES.queries])
def test_datasette_answers_a_query(path: Path, db: sqlite3.Connection, query: str) -> None:
    (model,) = db.execute("select model from event_log where kind = 'repriced'").fetchone()
    parameters = {**PARAMETERS, "model": model}
    (response,) = ask_datasette(path, f"{query}.json?{urlencode(parameters)}&_shape=array")
    assert response.status_code == 200
    assert bool(response.json()) == (query not in UNANSWERED), response.text
