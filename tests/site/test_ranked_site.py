"""The rankings on the site: OpenRouter's own figures, joined with models, and none that nobody published."""

import datetime as dt
import gzip
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.ranking_series import MODELS, SERIES
from orarchive.history.verify import verify
from orarchive.index.database import dump_rows, open_index
from orarchive.jsonl import read_lines
from orarchive.publish.views.rankings import format_short
from orarchive.sample import START, Service
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR, format_hour, format_stamp
from tests.support import requirements
from tests.support.archives import Stage, new_archive, payloads, say
from tests.support.browser import LAST, build_site, archive_rankings, copy_sample_archive, build_archive_view
from tests.support.pages import Html

DAY = 24 * HOUR
CATEGORIES = {
    *("programming", "roleplay", "marketing", "marketing/seo", "technology", "science"),
    *("translation", "legal", "finance", "health", "trivia", "academia"),
}
"""Those of the sample's first day; said here again on purpose."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_sample_archive(tmp_path_factory.mktemp("ranked") / "archive")


@pytest.fixture(scope="module")
def site(archive: Path) -> dict[str, bytes]:
    return build_site(archive, archive.parent / "site")


def rows(archive: Path, series: str = "models", part: str = "") -> list[dict[str, Any]]:
    """Every row of a part, as it stands in the files."""
    folder = archive / "data" / SERIES[series].folder(part)
    return [
        row for path in sorted(folder.glob("*.jsonl")) for row in read_lines(path.read_bytes(), path.name)
    ]


def asked(found: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the dates that a query asks for."""
    return [row for row in found if query["start_date"] <= row["date"] <= query["end_date"]]


def table(page: bytes, name: str) -> list[list[str]]:
    """The cells of a table, by row."""
    body = page.decode().partition(f'<table id="{name}"')[2].partition("</table>")[0]
    found = []
    for row in re.findall(r"<tr.*?</tr>", body.partition("<tbody>")[2], re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found.append([re.sub(r"<[^>]*>", "", cell).strip() for cell in cells])
    return found


def test_the_week_is_the_sum_of_its_days(archive: Path, site: dict[str, bytes]) -> None:
    """Ranks, totals and shares, against the files."""
    last = max(row["date"] for row in rows(archive))
    days = {f"{dt.date.fromisoformat(last) - n * dt.timedelta(days=1)}" for n in range(7)}
    sums: Counter[str] = Counter()
    for row in rows(archive):
        if row["date"] in days:
            sums[row["model_permaslug"]] += int(row["total_tokens"])
    total = sum(sums.values())
    del sums["other"]
    page = site["rankings/index.html"]
    cells = [*table(page, "week"), *table(page, "others")]
    names = {one.model.id: one for one in build_archive_view(archive).models}
    assert len(cells) == 50
    for (rank, name, _, tokens, share, _), (slug, count), place in zip(
        cells, sums.most_common(50), range(1, 51), strict=True
    ):
        model = names.get(name)
        assert slug.partition(":")[0] == (model.model.canonical_slug if model else name.partition(":")[0])
        assert (rank, tokens, share) == (str(place), format_short(count), f"{100 * count / total:.1f} %")


def test_every_category_that_is_named_has_a_page(site: dict[str, bytes]) -> None:
    """Also one that came after the first day, with its order and its totals."""
    pages = {path for path in site if re.fullmatch(r"rankings/.+/index.html", path)}
    assert pages == {f"rankings/{name}/index.html" for name in CATEGORIES | {"gaming", "all"}}
    for name in CATEGORIES | {"gaming"}:
        page = site[f"rankings/{name}/index.html"]
        assert len(table(page, "order")) > 20
        if name != "gaming":  # its first week is not over
            assert len(table(page, "week")) == 20
            assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-06-1" in page.decode()


def test_an_order_has_no_totals_and_says_so(tmp_path: Path) -> None:
    """Without a key there are places and how they moved, and not one figure."""
    with Service(lambda *_: (404, {})) as service:
        stage = Stage(service, new_archive(tmp_path / "archive"))
        for day in (0, 7, 14, 30):
            stage.serve(payloads(START + day * DAY, ()))
            assert stage.run(START + day * DAY) == 0
            assert archive_rankings(stage, START + day * DAY, key=None) == 0
    site = build_site(stage.root, tmp_path / "site")
    page = Html(site["rankings/index.html"]).text
    assert "Order only. Totals need a key: set OPENROUTER_API_KEY" in page
    assert "Tokens" not in page
    assert len(table(site["rankings/index.html"], "order")) > 40
    moves = [cells[2] for cells in table(site["rankings/programming/index.html"], "order")]
    assert any(move.startswith(("▲", "▼")) for move in moves)
    assert "OpenRouter no longer names this category" in Html(site["rankings/trivia/index.html"]).text
    assert "past" in page
    assert "no longer names this category" not in Html(site["rankings/gaming/index.html"]).text
    for path, content in site.items():
        if path.endswith((".html", ".json")):
            assert b"Source: OpenRouter (openrouter.ai/rankings), as of 20" not in content, path
    assert json.loads(site["api/v1/rankings/all.json"])["totals"]["dates"] == []


def test_without_rankings_the_page_says_so(stage: Stage, tmp_path: Path) -> None:
    stage.run(START)
    site = build_site(stage.root, tmp_path / "site")
    assert "No rankings are archived yet" in Html(site["rankings/index.html"]).text
    assert "OPENROUTER_API_KEY" in Html(site["rankings/index.html"]).text
    assert not [path for path in site if path.startswith("api/v1/rankings/")]
    assert json.loads(site["api/v1/categories.json"]) == {"source": None, "categories": []}
    assert json.loads(site["api/v1/validation.json"]) == {"rankings": [], "unmatched": []}


def test_what_joins_with_no_model_is_named(archive: Path, site: dict[str, bytes]) -> None:
    validation = json.loads(site["api/v1/validation.json"])
    known = {one.model.canonical_slug for one in build_archive_view(archive).models}
    slugs = {row["model_permaslug"] for row in rows(archive)} - {"other"}
    expected = {slug for slug in slugs if slug.partition(":")[0] not in known}
    (models,) = (one for one in validation["rankings"] if one["ranking"] == "models")
    assert expected
    assert expected <= set(validation["unmatched"])
    assert models["names"] == len(slugs)
    assert models["joined"] == len(slugs - set(validation["unmatched"]))
    assert models["rows"] == len(rows(archive))
    status = Html(site["status/index.html"]).text
    assert all(slug in status for slug in validation["unmatched"])


def test_shapes_are_frozen(site: dict[str, bytes]) -> None:
    categories = json.loads(site["api/v1/categories.json"])
    assert categories.keys() == {"source", "categories"}
    for one in categories["categories"]:
        assert one.keys() == {"category", "past", "read", "file"}
        body = json.loads(site[one["file"]])
        assert body.keys() == {"category", "past", "order", "totals"}
        assert body["order"].keys() == {"read", "models"}
        assert body["totals"].keys() == {"source", "period", "dates"}
        for date in body["totals"]["dates"]:
            assert date.keys() == {"date", "unfinished", "models"}
            assert all(row.keys() == {"permaslug", "model", "total_tokens"} for row in date["models"])
            assert all(isinstance(row["total_tokens"], str) for row in date["models"])
    validation = json.loads(site["api/v1/validation.json"])
    assert validation.keys() == {"rankings", "unmatched"}
    for one in validation["rankings"]:
        assert one.keys() == {
            *("ranking", "part", "route", "asked", "outcome", "as_of", "rows", "names", "joined", "missing"),
        }


def test_figures_carry_their_source(site: dict[str, bytes]) -> None:
    """Every page with usage on it."""
    line = f"Source: OpenRouter (openrouter.ai/rankings), as of {format_stamp(LAST)[:10]}"
    drawn = [
        path for path, content in site.items() if b"Tokens by week" in content and path.endswith(".html")
    ]
    assert {"rankings/index.html", "labs/openai/index.html", "models/openai/o3/index.html"} <= set(drawn)
    for path in (*drawn, "index.html"):
        if "rankings/" not in path or path == "rankings/index.html":
            assert line in site[path].decode(), path


def test_a_restatement_is_told(tmp_path: Path) -> None:
    """A date whose total moved by more than a hundredth; less is none."""
    served = {"2026-06-01": 1000, "2026-06-02": 2000}

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        found = [
            {"date": date, "model_permaslug": "a/b", "total_tokens": str(tokens)}
            for date, tokens in served.items()
        ]
        meta = {"as_of": "2026-06-03T00:00:00Z"}
        return (200, {"data": asked(found, query), "meta": meta}) if path == MODELS.route else (404, {})

    with Service(respond) as service:
        stage = Stage(service, new_archive(tmp_path / "archive"), {"key": "key"})
        stage.run(START + 2 * DAY, feeds=(), rankings=True)
        served |= {"2026-06-01": 1009, "2026-06-02": 2100}
        stage.run(START + 3 * DAY, feeds=(), rankings=True)
    with open_index(open_archive(stage.root), tmp_path / "cache") as db:
        events = db.execute("select kind, feed, key, field, old, new, percent from events").fetchall()
        assert events == [("restated", "rankings", "models", "2026-06-02", None, None, 5.0)]
        assert db.execute("select date, permaslug, tokens from rankings").fetchall() == [
            ("2026-06-01", "a/b", 1009), ("2026-06-02", "a/b", 2100),
        ]  # fmt: skip
        assert "as of 2026-06-03T00:00:00Z" in db.execute("select notice from rankings_source").fetchone()[0]


def test_day_by_day_and_all_at_once_are_one(archive: Path, tmp_path: Path) -> None:
    """The index of rankings, taken in at every commit, and anew."""
    commits = open_archive(archive).run_git("rev-list", "--reverse", "HEAD").split()
    copy = Stage(None, archive).copy(tmp_path / "copy")  # type: ignore[arg-type]
    for commit in commits:
        copy.archive.run_git("reset", "--quiet", "--hard", commit)
        with open_index(copy.archive, tmp_path / "warm") as db:
            pass
    with (
        open_index(copy.archive, tmp_path / "warm") as db,
        open_index(copy.archive, tmp_path / "fresh") as anew,
    ):
        assert list(dump_rows(db)) == list(dump_rows(anew))


@pytest.mark.real_data
def test_real_rankings_join_with_real_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty recorded days and the models of August: how many join, and which do not."""
    real = requirements.recordings()
    (recorded,) = (real / "datasets_rankings_daily").glob("*.json.gz")
    body = json.loads(gzip.decompress(recorded.read_bytes()))
    models = json.loads(gzip.decompress((real / "models_v1/2026-08-22.json.gz").read_bytes()))
    bodies = {"models": models, "models/count": {"data": {"count": len(models["data"])}}}

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        if path == MODELS.route:
            return 200, {**body, "data": asked(body["data"], query)}
        return (200, bodies[path]) if path in bodies else (404, {})

    with Service(respond) as service:
        stage = Stage(service, new_archive(tmp_path / "archive"), {"key": "key"})
        hour = dt.datetime(2026, 8, 22, 6, tzinfo=dt.UTC)
        assert stage.run(hour, feeds=("models",)) == 0
        stage.run(hour, feeds=(), rankings=True)
    validation = json.loads(build_site(stage.root, tmp_path / "site")["api/v1/validation.json"])
    slugs = {row["model_permaslug"] for row in body["data"]} - {"other"}
    known = set()
    for row in models["data"]:
        variant = row["id"].partition(":")[2]
        known.add(row["canonical_slug"] + (f":{variant}" if variant else ""))
    (joined,) = (one for one in validation["rankings"] if one["ranking"] == "models")
    assert joined["rows"] == len(body["data"])
    assert validation["unmatched"] == sorted(slugs - known)
    assert (joined["joined"], joined["names"]) == (85, 101)
    with capsys.disabled():
        print(f"\n85 of 101 recorded names join; not: {', '.join(validation['unmatched'])}")


def small(tmp_path: Path, served: dict[str, Any], key: str | None = "key") -> Stage:
    """An archive of rankings from bodies that a test sets, by path; the OpenAPI file names categories."""

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        if path == "/openapi.json":
            named = [{"name": "category", "schema": {"enum": served["categories"]}}]
            return 200, {"openapi": "3.1.0", "paths": {"/models": {"get": {"parameters": named}}}}
        if path == "models":
            found = served["order"].get(query.get("category", ""))
            return (200, {"data": [{"id": one} for one in found]}) if found is not None else (503, {})
        if path == MODELS.route:
            return 200, {"data": asked(served["rows"], query), "meta": {"as_of": served["as_of"]}}
        return (200, served[path]) if path in served else (404, {})

    service = Service(respond)
    return Stage(service, new_archive(tmp_path / "archive"), {"key": key})


def test_a_repair_makes_no_category_past(tmp_path: Path) -> None:
    """Parts of an order that are read an hour later are of the same day; one that is not named is past."""
    served: dict[str, Any] = {"categories": ["art", "law"]}
    served["order"] = {"": ["a/b"], "art": ["a/b"], "law": None}
    stage = small(tmp_path, served, key=None)
    with stage.service:
        assert stage.run(START, feeds=(), rankings=True) == 1
        served["order"]["law"] = ["a/b"]
        assert stage.run(START + HOUR, feeds=(), rankings=True) == 0
        served["categories"] = ["art"]
        ranks = build_archive_view(stage.root).rankings
        assert {one.name: one.is_past for one in ranks.categories} == {"": False, "art": False, "law": False}
        assert stage.run(START + DAY, feeds=(), rankings=True) == 0
    ranks = build_archive_view(stage.root).rankings
    assert {one.name: one.is_past for one in ranks.categories} == {"": False, "art": False, "law": True}


def test_no_movement_without_something_to_compare(tmp_path: Path) -> None:
    """Neither in an order nor in totals; a period of which days are missing says how many it has."""
    days = [f"2026-05-{day}" for day in range(18, 32) if day != 29]
    rows_ = [
        {"date": date, "model_permaslug": slug, "total_tokens": str(tokens)}
        for date in days
        for slug, tokens in (("a/b", 20), ("a/c", 10), ("other", 5))
    ]
    served = {
        "categories": ["all"],
        "order": {"": ["a/b"], "all": ["a/c"]},
        "rows": rows_,
        "as_of": "2026-06-01",
    }
    stage = small(tmp_path, served)
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    ranks = build_archive_view(stage.root).rankings
    week = next(one for one in ranks.periods if one.name == "Week")
    assert (week.dates, week.expected, week.total) == (6, 7, 6 * 35)
    assert [(one.name, one.moved, one.is_new) for one in week.entries] == [
        ("a/b", None, False), ("a/c", None, False),
    ]  # fmt: skip
    assert all(not place.is_new for one in ranks.categories for place in one.order)
    site = build_site(stage.root, tmp_path / "site")
    assert "6 of 7 days" in Html(site["rankings/index.html"]).text
    assert ">new<" not in site["rankings/index.html"].decode()
    everything, one = (json.loads(site[f"api/v1/rankings/{name}.json"]) for name in ("all", "=61ll"))
    assert (everything["category"], one["category"]) == (None, "all"), "a category may be called so"
    assert (everything["order"]["models"], one["order"]["models"]) == (["a/b"], ["a/c"])


def test_a_week_of_a_model_is_whole_or_not_drawn(tmp_path: Path) -> None:
    """A model that was below the first fifty on a day has no total for that week."""
    first = dt.date(2026, 5, 4)
    rows_ = [
        {"date": f"{first + n * dt.timedelta(days=1)}", "model_permaslug": slug, "total_tokens": "10"}
        for n in range(28)
        for slug in ("a/b", "a/c", "other")
        if not (slug == "a/c" and n == 9)
    ]
    stage = small(tmp_path, {"categories": [], "order": {"": ["a/b"]}, "rows": rows_, "as_of": "2026-06-01"})
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
    weekly = build_archive_view(stage.root).rankings.weekly
    assert [date for date, slug, _ in weekly if slug == "a/b"] == [
        "2026-05-04", "2026-05-11", "2026-05-18", "2026-05-25",
    ]  # fmt: skip
    assert [date for date, slug, _ in weekly if slug == "a/c"] == ["2026-05-04", "2026-05-18", "2026-05-25"]
    assert {tokens for _, _, tokens in weekly} == {70}


def test_a_hand_in_the_files_is_found(tmp_path: Path) -> None:
    """By verify; and the index follows the files, whoever changed them."""
    rows_ = [{"date": "2026-05-20", "model_permaslug": "a/b", "total_tokens": "10"}]
    stage = small(tmp_path, {"categories": [], "order": {"": ["a/b"]}, "rows": rows_, "as_of": "2026-06-01"})
    with stage.service:
        stage.run(START, feeds=(), rankings=True)
        assert not verify(stage.past()).wrong
        path = stage.root / "data/rankings/models/2026-05.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"10"', b'"99"'))
        say(stage.root, "commit", "--quiet", "--all", "--message=a hand")
        assert verify(stage.past()).by_hand == [f"{format_hour(START)} rankings/models/2026-05.jsonl"]
        stage.run(START + DAY, feeds=(), rankings=True)
    assert verify(stage.past()).differs == [f"{format_hour(START + DAY)} rankings models"]
    with open_index(stage.archive, tmp_path / "cache") as db:
        assert db.execute("select tokens from rankings").fetchall() == [(10,)]


def test_apps_may_lack_anything(tmp_path: Path) -> None:
    served = {
        "categories": [],
        "order": {"": ["a/b"]},
        "rows": [],
        "as_of": "2026-06-01",
        "datasets/app-rankings": {"data": [{"app_id": 1}], "meta": {"end_date": "2026-05-31"}},
    }
    with (stage := small(tmp_path, served)).service:
        named = [{"name": "sort", "schema": {"enum": ["popular"]}}]
        paths = {"/datasets/app-rankings": {"get": {"parameters": named}}}
        before = stage.service.respond
        stage.service.respond = lambda path, *rest: (
            (200, {"openapi": "3.1.0", "paths": paths}) if path == "/openapi.json" else before(path, *rest)
        )
        stage.run(START, feeds=(), rankings=True)
    (app,) = build_archive_view(stage.root).rankings.apps
    assert (app.name, app.rank, app.tokens, app.requests) == ("1", None, None, None)
    build_site(stage.root, tmp_path / "site")
