"""Rankings that lack days, models or fields: nothing is shown that the figures do not say."""

import datetime as dt
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from orarchive.domain.ranking_series import CATEGORY, MODELS
from orarchive.history.verify import verify
from orarchive.index.database import open_index
from orarchive.index.download import export_file
from orarchive.publish.views.shares import MAX_AREAS, draw_lab_shares, draw_model_shares
from orarchive.sample import START, Service
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR, WEEK, format_hour
from tests.support.api import read_data
from tests.support.archives import Stage, make_archive, read_git
from tests.support.browser import build_archive_view, build_site
from tests.support.pages import Html
from tests.support.small_rankings import make_small_stage, select_rows

DAY = 24 * HOUR


def test_a_restatement_is_told(tmp_path: Path) -> None:
    """Report a date whose total moved by more than a hundredth, and no smaller move."""
    served = {"2026-06-01": 1000, "2026-06-02": 2000}

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        rows = [
            {"date": date, "model_permaslug": "a/b", "total_tokens": str(tokens)}
            for date, tokens in served.items()
        ]
        meta = {"as_of": "2026-06-03T00:00:00Z"}
        return (200, {"data": select_rows(rows, query), "meta": meta}) if path == MODELS.route else (404, {})

    with Service(respond) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"), {"key": "key"})
        stage.run(START + 2 * DAY, feeds=(), rankings=True)
        served |= {"2026-06-01": 1009, "2026-06-02": 2100}
        stage.run(START + 3 * DAY, feeds=(), rankings=True)
    with open_index(open_archive(stage.root), tmp_path / "cache") as db:
        events = db.execute("select kind, feed, key, field, old, new, percent from events").fetchall()
        assert events == [("restated", "rankings", "models", "2026-06-02", None, None, 5.0)]
        export_file(db, tmp_path / "download.sqlite")
    with closing(sqlite3.connect(tmp_path / "download.sqlite")) as download:
        assert download.execute("select date, permaslug, tokens from rankings").fetchall() == [
            ("2026-06-01", "a/b", 1009), ("2026-06-02", "a/b", 2100),
        ]  # fmt: skip
        ((notice,),) = download.execute("select notice from rankings_source")
    assert "as of 2026-06-03T00:00:00Z" in notice


def test_a_repair_makes_no_category_past(tmp_path: Path) -> None:
    """Count slices of an order read an hour later to the same day; a category no longer named is past."""
    served: dict[str, Any] = {"categories": ["art", "law"]}
    served["order"] = {"": ["a/b"], "art": ["a/b"], "law": None}
    stage = make_small_stage(tmp_path, served, key=None)
    with stage.service:
        assert stage.run(START, feeds=(), rankings=True) == 1
        served["order"]["law"] = ["a/b"]
        assert stage.run(START + HOUR, feeds=(), rankings=True) == 0
        served["categories"] = ["art"]
        ranks = build_archive_view(stage.root).rankings
        assert {category.name: category.is_past for category in ranks.categories} == {
            "": False,
            "art": False,
            "law": False,
        }
        assert stage.run(START + DAY, feeds=(), rankings=True) == 0
    ranks = build_archive_view(stage.root).rankings
    assert {category.name: category.is_past for category in ranks.categories} == {
        "": False,
        "art": False,
        "law": True,
    }


def test_no_movement_without_something_to_compare(tmp_path: Path) -> None:
    """Show movement neither in an order nor in totals, and say how many days of a period there are."""
    days = [f"2026-05-{day}" for day in range(18, 32) if day != 29]
    rows = [
        {"date": date, "model_permaslug": slug, "total_tokens": str(tokens)}
        for date in days
        for slug, tokens in (("a/b", 20), ("a/c", 10), ("other", 5))
    ]
    served = {
        "categories": ["all"],
        "order": {"": ["a/b"], "all": ["a/c"]},
        "rows": rows,
        "as_of": "2026-06-01",
    }
    stage = make_small_stage(tmp_path, served)
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    ranks = build_archive_view(stage.root).rankings
    week = next(period for period in ranks.periods if period.name == "Week")
    assert (week.dates, week.expected_dates, week.total) == (6, 7, 6 * 35)
    assert [(entry.name, entry.rank_change, entry.is_new) for entry in week.entries] == [
        ("a/b", None, False), ("a/c", None, False),
    ]  # fmt: skip
    assert not any(entry.is_new for category in ranks.categories for entry in category.order)
    site = build_site(stage.root, tmp_path / "site")
    assert "6 of 7 days" in Html(site["rankings/index.html"]).text
    assert ">new<" not in site["rankings/index.html"].decode()
    overall, category = (read_data(site, f"rankings/{name}") for name in ("all", "=61ll"))
    assert (overall["category"], category["category"]) == (None, "all"), "a category may be called so"
    assert (overall["order"]["models"], category["order"]["models"]) == (["a/b"], ["a/c"])


def build_daily_rows(first: str, days: int, **tokens: int) -> list[dict[str, Any]]:
    """Build rows of the service: for each day a row a name, which has `/` for `_`."""
    begin = dt.date.fromisoformat(first)
    return [
        {
            "date": f"{begin + n * dt.timedelta(days=1)}",
            "model_permaslug": name.replace("_", "/"),
            "total_tokens": str(count),
        }
        for n in range(days)
        for name, count in tokens.items()
    ]


def test_a_last_day_that_is_not_finished_is_marked_everywhere(tmp_path: Path) -> None:
    """Mark day, week and month on every page, show no move, and draw no line down to the last week."""
    rows = build_daily_rows("2026-04-06", 56, a_b=20, a_c=10, other=5)
    for row in rows[-3:]:
        row["total_tokens"] = str(int(row["total_tokens"]) // 5)
    served: dict[str, Any] = {"categories": [], "order": {"": ["a/b"]}, "rows": rows}
    served["as_of"] = "2026-05-31T04:00:00Z"
    stage = make_small_stage(tmp_path, served)
    with stage.service:
        stage.run(START - HOUR, feeds=("models",))
        stage.run(START, feeds=(), rankings=True)
        ranks = build_archive_view(stage.root).rankings
        assert {period.name: period.coverage for period in ranks.periods} == {
            "Day": "in part: the day was not finished",
            "Week": "in part: the last day was not finished",
            "Month": "in part: the last day was not finished",
        }
        assert not any(
            entry.is_new or entry.rank_change is not None or entry.growth is not None
            for period in ranks.periods
            for entry in period.entries
        )
        assert {date for date, _, _ in ranks.weekly} == {f"2026-{day}" for day in (
            "04-06", "04-13", "04-20", "04-27", "05-04", "05-11", "05-18",
        )}  # fmt: skip
        chart = draw_model_shares(ranks)
        assert chart and [area.last for area in chart.shapes] == ["57.1%", "28.6%", "14.3%"]
        site = build_site(stage.root, tmp_path / "site")
        page = Html(site["rankings/index.html"]).text
        assert page.count("in part: the last day was not finished") == 2
        assert "in part: the day was not finished" in page
        assert "No moves are shown" in page
        assert "Trending" not in page
        assert "in part: the last day was not finished" in Html(site["index.html"]).text
        days = read_data(site, "rankings/all")["totals"]["dates"]
        assert [day["unfinished"] for day in days] == [True] + [False] * 34
        # The next reading lacks that day, and one that was finished: what was published of them stays.
        served["rows"] = [row for row in rows if row["date"] not in ("2026-05-20", "2026-05-31")]
        served["rows"] += build_daily_rows("2026-06-01", 1, a_b=20, a_c=10, other=5)
        served["as_of"] = "2026-06-02T00:00:00Z"
        stage.run(START + DAY, feeds=(), rankings=True)
    ranks = build_archive_view(stage.root).rankings
    assert {period.name: period.coverage for period in ranks.periods} == {
        "Day": "",
        "Week": "in part: 1 day was not finished",
        "Month": "in part: 1 day was not finished",
    }
    assert not any(period.is_compared for period in ranks.periods)
    totals = read_data(build_site(stage.root, tmp_path / "site"), "rankings/all")["totals"]
    assert [day["date"] for day in totals["dates"] if day["unfinished"]] == ["2026-05-31"]


def test_shares_are_of_all_that_is_published(tmp_path: Path) -> None:
    """Count `other` in the whole, and say of how many days it is missing; of labs it is no part."""
    rows = [
        *build_daily_rows("2026-05-18", 14, a_b=20, b_c=20),
        *build_daily_rows("2026-05-18", 13, other=60),
    ]
    served = {"categories": [], "order": {"": ["a/b"]}, "rows": rows, "as_of": "2026-06-01"}
    stage = make_small_stage(tmp_path, served)
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    ranks = build_archive_view(stage.root).rankings
    assert ranks.week
    assert ranks.week.total == 7 * 40 + 6 * 60
    assert [entry.percent for entry in ranks.week.entries] == ["21.9%"] * 2
    assert ranks.week.coverage == "in part: no total for 1 day"
    assert not ranks.week.is_compared
    chart = draw_lab_shares(ranks)
    assert chart and [(area.name, area.last) for area in chart.shapes] == [("a", "50.0%"), ("b", "50.0%")]
    assert draw_model_shares(ranks) is None, "the whole is known of one week alone"


def test_a_lab_of_the_past_is_among_the_others() -> None:
    """Draw the labs that led the last weeks, not those that led the whole record."""
    weeks = [f"{dt.date(2025, 1, 6) + n * WEEK}" for n in range(30)]
    labs = {"past": [900] * 20 + [1] * 10} | {f"lab{n}": [10] * 29 + [20 - n] for n in range(MAX_AREAS)}
    sums = pd.DataFrame(labs, index=weeks)
    whole = pd.DataFrame({"week": weeks, "tokens": sums.sum(axis=1).to_list()})
    ranks: Any = SimpleNamespace(lab_sums=sums, whole_weeks=whole, get_lab_name=str)
    chart = draw_lab_shares(ranks)
    assert chart
    assert [area.name for area in chart.shapes] == [*(f"lab{n}" for n in range(MAX_AREAS)), "other labs"]


def test_a_week_of_a_category_that_is_not_finished(tmp_path: Path) -> None:
    """Mark it, show no move, and leave it out of the chart; name the weeks that lack in the API."""
    rows = [
        {"date": date, "model_permaslug": slug, "total_tokens": str(tokens)}
        for date, tokens in (("2026-05-04", 30), ("2026-05-18", 30), ("2026-05-25", 3))
        for slug in ("a/b", "a/c")
    ]
    served = {"categories": ["art"], "order": {"": ["a/b"], "art": ["a/b"]}, "rows": rows}
    stage = make_small_stage(tmp_path, served | {"as_of": "2026-05-28T00:00:00Z"})
    before = stage.service.respond
    parameters = {
        "/models": [{"name": "category", "schema": {"enum": ["art"]}}],
        f"/{CATEGORY.route}": [{"name": "category", "schema": {"enum": ["art"]}}],
    }
    paths = {path: {"get": {"parameters": listed}} for path, listed in parameters.items()}
    stage.service.respond = lambda path, *rest: (
        (200, {"openapi": "3.1.0", "paths": paths}) if path == "/openapi.json" else before(path, *rest)
    )
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    (category,) = (row for row in build_archive_view(stage.root).rankings.categories if row.name)
    assert category.week
    assert category.week.coverage == "in part: the week was not finished"
    assert [entry.rank_change for entry in category.week.entries] == [None, None]
    assert {week for week, _, _ in category.finished_rows} == {"2026-05-04", "2026-05-18"}
    site = build_site(stage.root, tmp_path / "site")
    page = Html(site["rankings/art/index.html"]).text
    assert "in part: the week was not finished" in page
    assert "No moves are shown" in page
    totals = read_data(site, "rankings/art")["totals"]
    assert [(week["date"], week["unfinished"]) for week in totals["dates"]] == [
        ("2026-05-25", True), ("2026-05-18", False), ("2026-05-04", False),
    ]  # fmt: skip
    assert totals["missing"] == ["2026-05-11"]


def test_a_week_of_a_model_is_whole_or_not_drawn(tmp_path: Path) -> None:
    """Give a model that was below the first fifty on a day no total for that week."""
    first = dt.date(2026, 5, 4)
    rows = [
        {"date": f"{first + n * dt.timedelta(days=1)}", "model_permaslug": slug, "total_tokens": "10"}
        for n in range(28)
        for slug in ("a/b", "a/c", "other")
        if not (slug == "a/c" and n == 9)
    ]
    stage = make_small_stage(
        tmp_path, {"categories": [], "order": {"": ["a/b"]}, "rows": rows, "as_of": "2026-06-01"}
    )
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    weekly = build_archive_view(stage.root).rankings.weekly
    assert [date for date, slug, _ in weekly if slug == "a/b"] == [
        "2026-05-04", "2026-05-11", "2026-05-18", "2026-05-25",
    ]  # fmt: skip
    assert [date for date, slug, _ in weekly if slug == "a/c"] == ["2026-05-04", "2026-05-18", "2026-05-25"]
    assert {tokens for _, _, tokens in weekly} == {70}


def test_a_hand_in_the_files_is_found(tmp_path: Path) -> None:
    """Report it by verify; the index follows the files all the same."""
    rows = [{"date": "2026-05-20", "model_permaslug": "a/b", "total_tokens": "10"}]
    stage = make_small_stage(
        tmp_path, {"categories": [], "order": {"": ["a/b"]}, "rows": rows, "as_of": "2026-06-01"}
    )
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
        assert not verify(stage.read_history()).wrong
        path = stage.root / "data/rankings/models/2026-05.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"10"', b'"99"'))
        read_git(stage.root, "commit", "--quiet", "--all", "--message=a hand")
        assert verify(stage.read_history()).by_hand == [f"{format_hour(START)} rankings/models/2026-05.jsonl"]
        stage.run(START + DAY, feeds=(), rankings=True)
    assert verify(stage.read_history()).differs == [f"{format_hour(START + DAY)} rankings models"]
    with open_index(stage.archive, tmp_path / "cache") as db:
        assert db.execute("select tokens from usage").fetchall() == [(10,)]


def test_apps_may_lack_anything(tmp_path: Path) -> None:
    served = {
        "categories": [],
        "order": {"": ["a/b"]},
        "rows": [],
        "as_of": "2026-06-01",
        "datasets/app-rankings": {
            "data": [{"app_id": 1}],
            "meta": {"end_date": "2026-05-31", "as_of": "2026-05-31T09:00:00Z"},
        },
    }
    with (stage := make_small_stage(tmp_path, served)).service:
        parameters = [{"name": "sort", "schema": {"enum": ["popular"]}}]
        paths = {"/datasets/app-rankings": {"get": {"parameters": parameters}}}
        before = stage.service.respond
        stage.service.respond = lambda path, *rest: (
            (200, {"openapi": "3.1.0", "paths": paths}) if path == "/openapi.json" else before(path, *rest)
        )
        stage.run(START, feeds=(), rankings=True)
    (app,) = build_archive_view(stage.root).rankings.apps
    assert (app.name, app.rank, app.tokens, app.requests) == ("1", None, None, None)
    page = Html(build_site(stage.root, tmp_path / "site")["rankings/index.html"]).text
    assert "31 May 2026, in part: the day was not finished" in page
