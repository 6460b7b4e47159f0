"""Every row of the lists of prices, of the graveyard and of the rankings, against the recorded responses.

What must stand there is computed by readings that use nothing of the package: `tests/support/agreement.py`.
"""

import datetime as dt
import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.ranking_series import MODELS
from orarchive.history.history import read_history
from orarchive.index.database import build_in_memory
from orarchive.publish.pages import get_model_path, make_site_pages
from orarchive.publish.render import render_page
from orarchive.publish.views import read_view
from orarchive.sample import Service
from orarchive.store.archive import Archive, open_archive
from tests.support import agreement, naive_moves, requirements
from tests.support.agreement import Pages, Recorded
from tests.support.archives import ROOT, Stage, make_archive
from tests.support.naive_versions import Version, select_hourly
from tests.support.recorded_days import read_recorded_days
from tests.support.recordings import Whole
from tests.support.small_rankings import select_rows

pytestmark = pytest.mark.real_data

PATHS = ("index.html", "prices/index.html", "graveyard/index.html", "rankings/index.html")

HOURS = {
    "2024-10-07T12": "in a gap, seventeen days after the record began",
    "2025-02-24T06": "after three days without a reading",
    "2026-01-29T12": "while prices of zero ceased to be spelled out",
    "2026-03-01T04": "in a gap, days after a price that differs by noise alone",
    "2026-05-31T12": "the last hour",
}


def render_at(archive: Archive, hour: dt.datetime) -> Pages:
    """Render the pages that are checked as of an hour."""
    commits = read_history(archive).truncate_after(hour).attempt_commits
    with build_in_memory(archive, commits) as db:
        view = read_view(db, hour)
        paths = {model.model.id: get_model_path(model.model.id) for model in view.models}
        pages = make_site_pages(view, paths, None).list_shared(lambda: ({}, {}))
        return {page.path: render_page(page).decode() for page in pages if page.path in PATHS}


def test_the_readings_use_nothing_of_the_package() -> None:
    code = "import sys, tests.support.agreement; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split()
    assert "tests.support.naive_moves" in modules
    assert not any(module.startswith("orarchive") for module in modules)


@pytest.mark.parametrize("hour", HOURS)
def test_rows_of_twenty_months(two_years: Whole, two_years_versions: list[Version], hour: str) -> None:
    now = dt.datetime.fromisoformat(f"{hour}:00:00Z")
    recorded = Recorded(select_hourly(two_years_versions))
    pages = render_at(two_years.archive, now)
    moves = agreement.assert_prices_agree(pages, recorded, now)
    assert agreement.assert_graves_agree(pages["graveyard/index.html"], recorded, now)
    assert len(moves["month"]) > 5


def test_rows_of_time_of_day_prices(august_archive: Archive, august_versions: list[Version]) -> None:
    recorded, now = Recorded(august_versions), august_versions[-1].hour_start
    pages = render_at(august_archive, now)
    moves = agreement.assert_prices_agree(pages, recorded, now)
    assert agreement.assert_graves_agree(pages["graveyard/index.html"], recorded, now)
    assert any("time-of-day price" in move.cause for move in moves["week"][:15])
    assert any("time-of-day price" not in move.cause for move in moves["week"][:15])


def test_rows_of_endpoints(five_days: tuple[Path, Mapping[str, Any]]) -> None:
    archive, served = five_days
    recorded = read_recorded_days(served)
    now = recorded.versions[-1].hour_start
    pages = render_at(open_archive(archive), now)
    moves = agreement.assert_prices_agree(pages, recorded, now)
    assert agreement.assert_graves_agree(pages["graveyard/index.html"], recorded, now)
    causes = {cause for move in moves["week"][:15] for cause in move.cause.split(", ")}
    assert "changed by the provider" in causes
    assert moves["listed"]
    assert any(naive_moves.UNREAD in move.cause for move in moves["week"])


def test_rows_of_rankings(tmp_path: Path) -> None:
    """Compare at an hour at which the last day is published in part, and at one at which all are over."""
    real = requirements.find_recordings()
    (recording,) = (real / "datasets_rankings_daily").glob("*.json.gz")
    rows = json.loads(gzip.decompress(recording.read_bytes()))["data"]
    models = json.loads(gzip.decompress((real / "models_v1/2026-08-22.json.gz").read_bytes()))
    served: dict[str, Any] = {
        "models": models,
        "models/count": {"data": {"count": len(models["data"])}},
    }

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        if path == MODELS.route:
            published = [row for row in rows if row["date"] <= served["last"]]
            meta = {"as_of": served["as_of"], "version": "v1"}
            return 200, {"data": select_rows(published, query), "meta": meta}
        return (200, served[path]) if path in served else (404, {})

    checks = (
        ("2026-07-10T06", "2026-07-09", "2026-07-09T22:00:00.000Z"),
        ("2026-07-23T06", "2026-07-22", "2026-07-23T02:00:00.000Z"),
    )
    dates = {row["date"] for row in rows}
    with Service(respond) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"), {"key": "key"})
        for name, last, as_of in checks:
            hour = dt.datetime.fromisoformat(f"{name}:00:00Z")
            served |= {"last": last, "as_of": as_of}
            assert stage.run(hour, feeds=("models",)) == 0
            stage.run(hour, feeds=(), rankings=True)
            page = render_at(stage.archive, hour)["rankings/index.html"]
            published = [row for row in rows if row["date"] <= last]
            finished = {date for date in dates if date < as_of[:10]}
            listed = {row["id"]: row for row in models["data"]}
            moved = agreement.assert_ranks_agree(page, published, finished, listed)
            is_over = last in finished
            assert {name: any(words) for name, words in moved.items()} == dict.fromkeys(moved, is_over)
