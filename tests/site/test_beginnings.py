"""Words about beginnings and ends: before the record, open bounds, absences, new, orphaned."""

import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orarchive.catalog.source import ANNOUNCEMENTS_BEGAN
from orarchive.cli.main import main
from orarchive.domain.snapshot import Snapshot
from orarchive.history.history import read_history
from orarchive.index.database import build_in_memory
from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.sample import START
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR
from tests.support.browser import build_archive_view, build_site, build_snapshot, write_archive
from tests.support.pages import Html
from tests.support.shown_rows import read_rows

DAY = 24 * HOUR


def build_days(*days: dict[str, Any]) -> list[Snapshot]:
    """Build a snapshot for each day: model -> further fields of it."""
    days_rows = [[{"id": model, **(fields or {})} for model, fields in day.items()] for day in days]
    return [build_snapshot(rows) for rows in days_rows]


def test_what_was_there_at_the_beginning_reads_before(tmp_path: Path) -> None:
    endpoints = {"a/b": [{"tag": "old", "pricing": {"prompt": "1"}}]}
    more = {"a/b": [*endpoints["a/b"], {"tag": "young", "pricing": {"prompt": "2"}}]}
    models = [{"id": "a/b", "pricing": {"prompt": "1"}}]
    archive = write_archive(
        tmp_path / "archive", build_snapshot(models, endpoints), build_snapshot(models, more), apart=DAY
    )
    page = Html(build_site(archive, tmp_path / "site")[get_model_path("a/b")]).text
    assert "before 1 Jun 2026" in page
    assert "before 2 Jun 2026" not in page
    asked = ["price", "a/b", "--archive", str(archive)]
    assert "so since 2026-06-01T00Z or before;" in CliRunner().invoke(main, asked).output
    asked = ["price", "a/b", "--provider", "young", "--archive", str(archive)]
    assert "so since 2026-06-02T00Z;" in CliRunner().invoke(main, asked).output


def test_a_life_is_counted_without_absences(tmp_path: Path) -> None:
    """Of ten days it was listed on the second to the fourth and on the seventh; the rest is open."""
    stays: dict[str, Any] = {"a/stays": None}
    lives = {"a/whole": range(2, 8), "a/away": (2, 3, 4, 7), "a/first": range(3), "a/cut": range(2, 4)}
    days = [{**stays, **{name: None for name, life in lives.items() if n in life}} for n in range(10)]
    archive = write_archive(tmp_path / "archive", *build_days(*days), apart=DAY)
    graves = build_archive_view(archive).graves
    assert {grave.model.model.id: (grave.days, grave.has_open_days) for grave in graves} == {
        "a/whole": (5, False),
        "a/away": (2, False),
        "a/first": (2, True),
        "a/cut": (1, False),
    }


def test_every_open_bound_is_marked(tmp_path: Path) -> None:
    """What begins or ends in a gap of over a day was there for longer than is known."""
    other: dict[str, Any] = {"a/s": None}
    days = build_days(other, {**other, "a/b": {"expiration_date": "2026-06-09"}}, other)
    archive = write_archive(tmp_path / "archive", *days, apart=3 * DAY)
    (grave,) = build_archive_view(archive).graves
    assert (grave.days, grave.has_open_days) == (0, True)
    assert (grave.tombstone.notice_days, grave.tombstone.is_notice_longer) == (0, True)
    page = build_site(archive, tmp_path / "site")["graveyard/index.html"].decode()
    (row,) = read_rows(page, "gone-2026")
    assert [cell.text for cell in row[2:4]] == ["≥ 0 d", "≥ 0 d last set for 9 Jun 2026"]


def test_no_end_is_silent_that_could_not_be_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = build_days({"a/s": None, "a/old": None}, {"a/s": None, "a/young": None}, {"a/s": None})
    archive = write_archive(tmp_path / "archive", *days, apart=DAY)
    assert dt.date(2026, 1, 16) == ANNOUNCEMENTS_BEGAN
    monkeypatch.setattr("orarchive.publish.views.graveyard.ANNOUNCEMENTS_BEGAN", START.date() + DAY)
    view = build_archive_view(archive)
    assert {grave.model.model.id: grave.could_be_announced for grave in view.graves} == {
        "a/old": False,
        "a/young": True,
    }


def read_flags(archive: Path) -> dict[str, tuple[bool, bool]]:
    """Read of each model whether SQL calls it new, and orphaned."""
    commits = read_history(open_archive(archive)).attempt_commits
    with build_in_memory(open_archive(archive), commits) as db:
        rows = db.execute("select id, is_new, is_orphaned from models").fetchall()
    return {model: (bool(is_new), bool(is_orphaned)) for model, is_new, is_orphaned in rows}


def test_new_and_orphaned_mean_the_same_everywhere(tmp_path: Path) -> None:
    """New is what was added within seven days: first seen, or after a gap in the record created.

    So is what was away in between.
    """
    served = [{"tag": "p", "pricing": {"prompt": "1"}}]
    created = {"a/unknown": {}, "a/before": {"created": int(START.timestamp())}}
    lately = {"created": int((START + 5 * DAY).timestamp())}
    ids = [
        ["a/first"],
        ["a/first", "a/old"],
        ["a/first", "a/old", "a/young", "a/back", "a/bare"],
        ["a/first", "a/old", "a/young", "a/bare", "a/unknown", "a/before"],
        ["a/first", "a/old", "a/young", "a/back", "a/bare", "~a/alias", "a/unknown", "a/before"],
    ]
    snapshots = [
        build_snapshot(
            [{"id": name, **created.get(name, lately)} for name in names],
            {name: served for name in names if name != "a/bare"},
        )
        for names in ids
    ]
    archive = write_archive(tmp_path / "archive", *snapshots, apart=2 * DAY + 8 * HOUR)
    views = {view.model.id: view.states for view in build_archive_view(archive).models}
    flags = read_flags(archive)
    assert {name: ("new" in states, "orphaned" in states) for name, states in views.items()} == flags
    new = {name for name, (is_new, _) in flags.items() if is_new}
    assert new == {"a/young", "a/back", "a/bare", "~a/alias"}
    assert {name for name, (_, is_orphaned) in flags.items() if is_orphaned} == {"a/bare"}


@pytest.mark.parametrize(("unserved", "is_doubted"), [(6, False), (7, True), (3, False)])
def test_a_feed_that_lacks_many_is_doubted_and_not_the_models(
    tmp_path: Path, unserved: int, is_doubted: bool
) -> None:
    models = [{"id": f"a/m{n}"} for n in range(60)]
    served = {model["id"]: [{"tag": "p"}] for model in models}
    fewer = {model["id"]: [{"tag": "p"}] for model in models[unserved:]}
    snapshots = [build_snapshot(models, served), *[build_snapshot(models, fewer)] * 3]
    archive = write_archive(tmp_path / "archive", *snapshots)
    orphaned = {model for model, (_, is_orphaned) in read_flags(archive).items() if is_orphaned}
    assert len(orphaned) == (0 if is_doubted else unserved)
    site = build_site(archive, tmp_path / "site")
    status = Html(site["status/index.html"]).text
    notice = f"{unserved} of 60 models came without providers at 1 Jun 2026, 03:00 UTC; theirs are"
    assert (notice in status) == is_doubted
    with sqlite3.connect(":memory:") as db:
        db.deserialize(site[DATABASE])
        (events,) = db.execute("select count(*) from events where kind = 'orphaned'").fetchone()
    assert events == len(orphaned)
