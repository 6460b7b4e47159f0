"""The pages of the site: what is there, what they say, and that they stay small."""

import gzip
import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from orarchive.publish.pages import DATABASE, get_model_path
from orarchive.publish.render import SCRIPTS, format_long_hour
from orarchive.publish.views import View
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_hour
from tests.support.browser import (
    LAST,
    build_archive_view,
    build_site,
    build_snapshot,
    read_files,
    write_archive,
)
from tests.support.pages import Html, assert_links_resolve, assert_sound, read_table, resolve_link


def test_every_model_has_a_page_and_a_row(pages: dict[str, Html], view: View) -> None:
    ids = [model.model.id for model in view.models]
    assert len(ids) > 60
    repeated = ("models/", "labs/", "providers/", "changes/2", "rankings/")
    single = {path for path in pages if not path.startswith(repeated)}
    assert single == {
        *("index.html", "404.html", "changes/index.html", "status/index.html", "prices/index.html"),
        *("graveyard/index.html", "compare/index.html", "data/index.html", "about/index.html"),
        *("patterns/index.html", "picks/index.html", "free/index.html", "retirements/index.html"),
        *("direct/index.html", "days/index.html"),
    }
    assert {get_model_path(model) for model in ids} < pages.keys()
    for path, models in (
        ("models/index.html", view.listed_models),
        ("models/gone/index.html", view.gone_models),
    ):
        links = [attributes.get("href") for tag, attributes in pages[path].tags if tag == "a"]
        inner = [link for link in links if link and not link.startswith(("https:", "#"))]
        targets = [resolve_link(path, unquote(link.partition("?")[0])) for link in inner]
        rows = sorted(path for path in targets if path.startswith("models/") and path.count("/") > 2)
        assert rows == sorted(get_model_path(model.model.id) for model in models)


def test_links_resolve_inside_the_site(pages: dict[str, Html], site: dict[str, bytes]) -> None:
    assert_links_resolve(pages, site)


def test_pages_are_sound(pages: dict[str, Html]) -> None:
    assert_sound(pages)


def test_at_most_three_requests(pages: dict[str, Html]) -> None:
    for path, page in pages.items():
        links = [
            attributes.get("src") or attributes.get("href")
            for tag, attributes in page.tags
            if tag == "script" or (tag == "link" and attributes["rel"] in ("stylesheet", "icon", "preload"))
        ]
        assert len([link for link in links if link and not link.endswith("favicon.svg")]) <= 2, path


def test_home_says_what_is_held(pages: dict[str, Html], view: View) -> None:
    home = pages["index.html"].text
    assert f"endpoints: partial at {format_long_hour(LAST)}" in home
    assert "(404)" in home
    assert "gpt-oss-20b (free)" in home
    assert "not affiliated with openrouter" in home.lower()


def test_states(view: View) -> None:
    states = {model.model.id: model.states for model in view.models}
    assert states["z-ai/glm-5.1"] == ["kept"]
    assert states["deepcogito/cogito-v2.1-671b"] == ["orphaned"]
    assert states["~openai/gpt-latest"] == ["alias"]
    assert states["openrouter/auto"] == ["router"]
    assert "expiring" in states["z-ai/glm-4.5"]
    assert states["anthropic/claude-haiku-4.5"] == ["live"]


def test_a_date_that_is_over_is_no_state_but_a_fact(tmp_path: Path) -> None:
    model = {"id": "a/old", "expiration_date": START.date().isoformat()}
    archive = write_archive(tmp_path / "archive", build_snapshot([model], {"a/old": [{"tag": "x"}]}))
    for hour, states in (
        (START, ["expiring"]),
        (START + 23 * HOUR, ["expiring"]),
        (START + 24 * HOUR, ["live"]),
    ):
        (view,) = build_archive_view(archive, hour).models
        assert view.states == states
    site = build_site(archive, tmp_path / "site", "--as-of", format_hour(START + 24 * HOUR))
    assert "Expires1Jun2026" in Html(site[get_model_path("a/old")]).text.replace(" ", "")


def test_free_at_night_is_not_free(tmp_path: Path) -> None:
    by_day = [{"utc_start": 900, "utc_end": 1800, "prompt": "0.000002"}]
    zero = {"prompt": "0", "completion": "0"}
    models = [
        {"id": "a/day", "pricing": {**zero, "overrides": by_day}},
        {"id": "a/long", "pricing": {**zero, "overrides": [{"min_prompt_tokens": 9, "request": "1"}]}},
        {"id": "a/free", "pricing": {**zero, "overrides": [{"utc_start": 900, "prompt": "0"}]}},
    ]
    endpoints = {str(model["id"]): [{"tag": "x", "pricing": model["pricing"]}] for model in models}
    archive = write_archive(tmp_path / "archive", build_snapshot(models, endpoints))
    view = build_archive_view(archive)
    assert [model.model.id for model in view.models if model.is_free] == ["a/free"]
    assert view.totals["free"] == 1
    site = build_site(archive, tmp_path / "site")
    free = re.findall('<tr data-has="[^"]*free[ "].*?href="([^"]+)"', site["models/index.html"].decode())
    assert free == ["a/free/index.html"]
    tables = {
        model: site[get_model_path(model)].decode().partition('id="endpoints"')[2] for model in endpoints
    }
    assert [model for model, table in tables.items() if ">free<" in table] == ["a/free"]


def test_new_is_what_the_record_did_not_begin_with(tmp_path: Path) -> None:
    old, fresh = {"id": "a/old", "created": 1}, {"id": "a/fresh", "created": 1}
    archive = write_archive(tmp_path / "archive", build_snapshot([old]), build_snapshot([old, fresh]))
    view = build_archive_view(archive)
    assert [("new" in model.states) for model in view.models] == [True, False]
    later = build_archive_view(archive, START + 24 * 8 * HOUR)
    assert not any("new" in model.states for model in later.models)


def test_prices_say_free_dynamic_unpriced(site: dict[str, bytes]) -> None:
    rows = dict(
        re.findall(
            r'<tr[^>]*>.*?href="([^"]+)/index.html"[^>]*>(.*?)</tr>',
            site["models/index.html"].decode(),
        )
    )
    assert rows["openrouter/owl-alpha"].count(">free<") == 3, "input, output and both together"
    assert rows["openrouter/auto"].count(">dynamic<") == 2
    assert "free" not in rows["alibaba/wan-2.7"], "a video is priced by the second, in a feed of its own"
    assert ">$1.00\u2007\u2007</td>" in rows["anthropic/claude-haiku-4.5"], "aligned with four decimals"


def test_conditions_are_a_table(pages: dict[str, Html]) -> None:
    clock = pages[get_model_path("deepseek/deepseek-v4-pro")].text
    assert "10:00–01:00 UTC" in clock
    assert "Saturday/Sunday UTC" in clock
    assert "time-of-day price" in clock
    assert "prompt over 200,000 tokens" in pages[get_model_path("google/gemini-2.5-pro")].text


def test_a_kept_model_says_so(pages: dict[str, Html]) -> None:
    page = pages[get_model_path("z-ai/glm-5.1")].text
    assert "not read in the last hour (404)" in page


def test_benchmarks_are_the_latest_with_their_source(site: dict[str, bytes], view: View) -> None:
    scored = [model for model in view.models if model.scores]
    assert scored
    for model in scored:
        page = Html(site[get_model_path(model.model.id)]).text
        assert "whose terms apply" in page
        assert all(score.score in page for score in model.scores)


def test_prices_and_scores_stand_beside_the_capabilities(site: dict[str, bytes]) -> None:
    page = site[get_model_path("anthropic/claude-opus-4.8")].decode()
    grid = page[page.index('<div class="charts">') : page.index('id="changes-title"')]
    assert re.findall(r'<h2 id="(\w+)-title', grid) == ["prices", "scores", "abilities", "usage"]
    assert grid.index("<dt>Coding index</dt>") < grid.index("<summary>Design Arena: 2 scores")


def test_one_switch_leaves_benchmarks_out_everywhere(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    without = build_site(archive, out, "--no-benchmarks")
    for path, content in without.items():
        # In the database the names of the fields stay, without their values.
        pattern = rb'"elo"|_index":' if path == DATABASE else rb"artificial.?analysis|design.?arena"
        assert not re.search(pattern, content, re.I), path
    assert b'"elo"' in (archive.parent / "site" / DATABASE).read_bytes()


def test_the_queries_on_the_page_of_data_run(site: dict[str, bytes]) -> None:
    blocks = re.findall(r"<pre[^>]*>(select .*?)</pre>", site["data/index.html"].decode(), re.DOTALL)
    queries = html.unescape(";".join(blocks)).split(";\n")
    assert len(queries) == 5
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(site[DATABASE])
        counts = [len(db.execute(query).fetchall()) for query in queries]
    # In the sample no model is missing for long, and the hour of the second query is not archived.
    assert [bool(count) for count in counts] == [False, True, False, True, True]


def test_pages_stay_small(big_site: Path) -> None:
    site = read_files(big_site)
    packed = {path: len(gzip.compress(content, 6)) for path, content in site.items()}
    assert site["models/index.html"].count(b"<tr") == 421
    assert packed["models/index.html"] <= 40_000
    assert max(size for path, size in packed.items() if path.count("/") > 2) <= 15_000


def test_style_and_script_stay_small(site: dict[str, bytes]) -> None:
    sizes = {path: len(content) for path, content in site.items() if path.startswith("static/")}
    assert {"static/site.css", "static/favicon.svg", *(f"static/{name}" for name in SCRIPTS)} == sizes.keys()
    assert max(sizes.values()) <= 20 * 1024


def test_a_page_offers_only_feeds_about_what_it_shows(pages: dict[str, Html]) -> None:
    """Lead the feeds of prices by that of all price changes; offer none where only all changes are left."""
    assert "Follow All price changes" in " ".join(pages["prices/index.html"].text.split())
    for path in ("compare", "status", "rankings"):
        assert "Follow" not in pages[f"{path}/index.html"].text


def test_the_page_of_data_tells_the_size_of_the_database(site: dict[str, bytes], site_folder: Path) -> None:
    megabytes = (site_folder / "archive.sqlite").stat().st_size / 1e6
    page = site["data/index.html"].decode()
    (size,) = re.findall(r"Opens in Datasette or DuckDB as it is\. <small>([\d.]+) MB</small>", page)
    assert abs(float(size) - megabytes) <= megabytes / 20


def test_the_region_in_a_tag_counts_more_than_the_headquarters(site: dict[str, bytes]) -> None:
    rows = read_table(site[get_model_path("anthropic/claude-sonnet-4.5")], "endpoints")
    regions = {row[0]: row[10] for row in rows}
    assert regions["Amazon Bedrock eu-west-1"] == "EU"
    assert regions["Amazon Bedrock"] == "US"
