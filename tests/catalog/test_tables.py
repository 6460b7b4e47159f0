"""The tables of the catalogue of archives with nothing to say, or with values that SQLite cannot hold."""

import sqlite3
from contextlib import closing
from pathlib import Path

from orarchive.catalog.tables import CATALOG_TABLES
from orarchive.domain.snapshot import Snapshot
from orarchive.index.database import open_index
from orarchive.index.download import DOWNLOAD_ID
from orarchive.sample import START
from orarchive.store.archive import open_archive
from tests.support.archives import Stage
from tests.support.browser import build_snapshot, write_archive
from tests.support.downloads import export_bytes


def open_database(root: Path, cache: Path) -> sqlite3.Connection:
    """Return the database for download of an archive, in memory."""
    db = sqlite3.connect(":memory:")
    with open_index(open_archive(root), cache) as index:
        db.deserialize(export_bytes(index))
    return db


def test_without_models_all_tables_are_empty(stage: Stage, tmp_path: Path) -> None:
    stage.service.fail("models", "404")
    stage.run(START)
    with closing(open_database(stage.root, tmp_path)) as db:
        assert db.execute("select count(*) from catalog").fetchone() == (0,)
        assert db.execute("select count(*) from lists").fetchone() == (0,)
        assert db.execute("select schema from about").fetchone() == (CATALOG_TABLES.id,)
    assert CATALOG_TABLES.id.startswith(DOWNLOAD_ID) and CATALOG_TABLES.id != DOWNLOAD_ID


LARGE = "a/m-99999999999999t"
"""A model with a size of too many digits."""


def build_hostile(target: str) -> Snapshot:
    """Build a snapshot with two aliases that read alike in SQLite, and an endpoint that it cannot spell."""
    aliases = [
        {"id": f"~a/{name}-latest", "alias_target": {"slug": target}, "pricing": {"prompt": "1"}}
        for name in ("\ud800x", "\\ud800x")
    ]
    pricing = {"prompt": "1", "completion": "1"}
    endpoint = {"tag": "\ud800", "pricing": pricing}
    return build_snapshot([*aliases, {"id": LARGE, "pricing": pricing}], {LARGE: [endpoint]})


def test_hostile_values_are_kept_as_far_as_sqlite_can(tmp_path: Path) -> None:
    """An alias ends up pointing at a model that no list ever had."""
    root = write_archive(tmp_path / "archive", build_hostile(LARGE), build_hostile("a/\ud800"))
    with closing(open_database(root, tmp_path / "cache")) as db:
        assert db.execute("pragma foreign_key_check").fetchall() == []
        sizes = db.execute("select size, total_parameters from catalog where size is not null")
        assert sizes.fetchall() == [("99999999999999T", None)]
        ids = db.execute("select id from name_periods where name like '~%' order by since").fetchall()
        assert ids == [(LARGE,), ("a/\\ud800",)]
        assert db.execute("select id from names where name like '~%'").fetchall() == [(None,)]
        query = "select key from list_rows join endpoints on endpoint = record where list = 'lowest-cost'"
        assert set(db.execute(query)) == {(f"{LARGE}@\\ud800",)}
