"""The rankings on the site: OpenRouter's own figures, joined with models."""

import datetime as dt
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orarchive.domain.figures import format_share, format_short
from orarchive.domain.ranking_series import MODELS, SERIES
from orarchive.index.database import dump_rows, open_index
from orarchive.jsonl import read_lines
from orarchive.publish.render import format_long_day
from orarchive.sample import START, Service
from orarchive.store.archive import open_archive
from orarchive.timestamps import HOUR
from tests.support import requirements
from tests.support.api import assert_valid, read_data
from tests.support.archives import Stage, build_payloads, make_archive
from tests.support.browser import LAST, archive_rankings, build_archive_view, build_site
from tests.support.pages import Html, read_table
from tests.support.small_rankings import select_rows

DAY = 24 * HOUR
CATEGORIES = {
    *("programming", "roleplay", "marketing", "marketing/seo", "technology", "science"),
    *("translation", "legal", "finance", "health", "trivia", "academia"),
}
"""The categories of the sample's first day, written down apart from the sample on purpose."""


def read_rows(archive: Path, series: str = "models", part: str = "") -> list[dict[str, Any]]:
    """Read every row of a slice from the files."""
    folder = archive / "data" / SERIES[series].get_folder(part)
    return [
        row for path in sorted(folder.glob("*.jsonl")) for row in read_lines(path.read_bytes(), path.name)
    ]


def test_the_week_is_the_sum_of_its_days(archive: Path, site: dict[str, bytes]) -> None:
    """Compare ranks, totals and shares with the files."""
    last = max(row["date"] for row in read_rows(archive))
    days = {f"{dt.date.fromisoformat(last) - n * dt.timedelta(days=1)}" for n in range(7)}
    sums: Counter[str] = Counter()
    for row in read_rows(archive):
        if row["date"] in days:
            sums[row["model_permaslug"]] += int(row["total_tokens"])
    total = sum(sums.values())
    del sums["other"]
    page = site["rankings/index.html"]
    cells = [*read_table(page, "week"), *read_table(page, "others")]
    views = {view.model.id: view for view in build_archive_view(archive).models}
    assert len(cells) == 50
    for (rank, label, _, tokens, share, *_), (slug, count), position in zip(
        cells, sums.most_common(50), range(1, 51), strict=True
    ):
        name = label.split()[-1]
        view = views.get(name)
        assert slug.partition(":")[0] == (view.model.canonical_slug if view else name.partition(":")[0])
        words = format_short(count, keeps_zeros=True), format_share(count / total, keeps_zeros=True)
        assert (rank, tokens, share) == (str(position), *words)


def test_every_category_that_is_named_has_a_page(site: dict[str, bytes]) -> None:
    """Have a page also for a category added after the first day, with its order and its totals."""
    pages = {path for path in site if re.fullmatch(r"rankings/.+/index.html", path)}
    assert pages == {f"rankings/{name}/index.html" for name in CATEGORIES | {"gaming", "all"}}
    for name in CATEGORIES | {"gaming"}:
        page = site[f"rankings/{name}/index.html"]
        assert len(read_table(page, "order")) > 20
        if name != "gaming":  # Its first week is not over.
            assert len(read_table(page, "week")) == 20
            assert re.search(r"OpenRouter \(openrouter.ai/rankings\), as of 1\d Jun 2026", page.decode())


def test_an_order_has_no_totals_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show without a key only ranks and how they moved, and no figure; do without the library for sums."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with Service(lambda *_: (404, {})) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"))
        for day in (0, 7, 14, 30):
            stage.serve(build_payloads(START + day * DAY, ()))
            assert stage.run(START + day * DAY) == 0
            assert archive_rankings(stage, START + day * DAY, key=None) == 0
    site = build_site(stage.root, tmp_path / "site")
    page = Html(site["rankings/index.html"]).text
    assert "Order only: token totals were not collected." in page
    assert "OPENROUTER" not in page
    assert "Tokens" not in page
    assert len(read_table(site["rankings/index.html"], "order")) > 40
    moves = [cells[2] for cells in read_table(site["rankings/programming/index.html"], "order")]
    assert any(move.startswith(("▲", "▼")) for move in moves)
    assert "OpenRouter no longer names this category" in Html(site["rankings/trivia/index.html"]).text
    assert "no longer published" in page
    assert "no longer names this category" not in Html(site["rankings/gaming/index.html"]).text
    for path, content in site.items():
        if path.endswith((".html", ".json")):
            assert not re.search(rb"OpenRouter \(openrouter.ai/rankings\), as of \d", content), path
    assert read_data(site, "rankings/all")["totals"]["dates"] == []


def test_without_rankings_the_page_says_so(stage: Stage, tmp_path: Path) -> None:
    stage.run(START)
    site = build_site(stage.root, tmp_path / "site")
    page = Html(site["rankings/index.html"])
    assert "No rankings are archived yet" in page.text
    links = [attributes.get("href") for tag, attributes in page.tags if tag == "a"]
    assert "../models/index.html?sort=released&dir=desc" in links
    assert "../rankings/index.html" not in links, "the header does not lead to an empty page"
    assert not [path for path in site if path.startswith("api/v1/rankings/")]
    assert_valid(site)
    assert read_data(site, "categories") == {"source": None, "categories": []}
    assert read_data(site, "validation") == {"rankings": [], "unmatched": []}


def test_what_joins_with_no_model_is_named(archive: Path, site: dict[str, bytes]) -> None:
    validation = read_data(site, "validation")
    listed = {view.model.canonical_slug for view in build_archive_view(archive).models}
    slugs = {row["model_permaslug"] for row in read_rows(archive)} - {"other"}
    expected = {slug for slug in slugs if slug.partition(":")[0] not in listed}
    (models,) = (entry for entry in validation["rankings"] if entry["ranking"] == "models")
    assert expected
    assert expected <= set(validation["unmatched"])
    assert models["names"] == len(slugs)
    assert models["joined"] == len(slugs - set(validation["unmatched"]))
    assert models["rows"] == len(read_rows(archive))
    status = Html(site["status/index.html"]).text
    assert all(slug in status for slug in validation["unmatched"])


def test_figures_carry_their_source(site: dict[str, bytes]) -> None:
    """Name the source on every page with usage."""
    line = f"Source: OpenRouter (openrouter.ai/rankings), as of {format_long_day(LAST)}"
    with_chart = [
        path
        for path, content in site.items()
        if (b"Tokens by week" in content or b"tokens by week" in content) and path.endswith(".html")
    ]
    assert {"rankings/index.html", "labs/openai/index.html", "models/openai/o3/index.html"} <= set(with_chart)
    for path in (*with_chart, "index.html"):
        if "rankings/" not in path or path == "rankings/index.html":
            assert line in site[path].decode(), path


def test_day_by_day_and_all_at_once_are_one(archive: Path, tmp_path: Path) -> None:
    """Compare the index of rankings updated at every commit with one made at once."""
    commits = open_archive(archive).run_git("rev-list", "--reverse", "HEAD").split()
    copy = Stage(None, archive).copy(tmp_path / "copy")  # type: ignore[arg-type]
    for commit in commits:
        copy.archive.run_git("reset", "--quiet", "--hard", commit)
        with open_index(copy.archive, tmp_path / "warm") as db:
            pass
    with (
        open_index(copy.archive, tmp_path / "warm") as db,
        open_index(copy.archive, tmp_path / "fresh") as fresh,
    ):
        assert list(dump_rows(db)) == list(dump_rows(fresh))


@pytest.mark.real_data
def test_real_rankings_join_with_real_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Join sixty recorded days with the models of August, and print the names that do not join."""
    real = requirements.find_recordings()
    (recorded,) = (real / "datasets_rankings_daily").glob("*.json.gz")
    body = json.loads(gzip.decompress(recorded.read_bytes()))
    models = json.loads(gzip.decompress((real / "models_v1/2026-08-22.json.gz").read_bytes()))
    bodies = {"models": models, "models/count": {"data": {"count": len(models["data"])}}}

    def respond(path: str, query: Mapping[str, str], _: Any) -> tuple[int, Any]:
        if path == MODELS.route:
            return 200, {**body, "data": select_rows(body["data"], query)}
        return (200, bodies[path]) if path in bodies else (404, {})

    with Service(respond) as service:
        stage = Stage(service, make_archive(tmp_path / "archive"), {"key": "key"})
        hour = dt.datetime(2026, 8, 22, 6, tzinfo=dt.UTC)
        assert stage.run(hour, feeds=("models",)) == 0
        stage.run(hour, feeds=(), rankings=True)
    validation = read_data(build_site(stage.root, tmp_path / "site"), "validation")
    slugs = {row["model_permaslug"] for row in body["data"]} - {"other"}
    permaslugs = set()
    for row in models["data"]:
        variant = row["id"].partition(":")[2]
        permaslugs.add(row["canonical_slug"] + (f":{variant}" if variant else ""))
    (models_entry,) = (entry for entry in validation["rankings"] if entry["ranking"] == "models")
    assert models_entry["rows"] == len(body["data"])
    assert validation["unmatched"] == sorted(slugs - permaslugs)
    assert (models_entry["joined"], models_entry["names"]) == (85, 101)
    with capsys.disabled():
        print(f"\n85 of 101 recorded names join; not: {', '.join(validation['unmatched'])}")
