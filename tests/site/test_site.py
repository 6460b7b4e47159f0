"""The site: what is in it, that equal archives give equal bytes, and that nothing foreign does harm."""

import datetime as dt
import gzip
import json
import re
import unicodedata
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.domain.records import Endpoint, Model
from orarchive.index.event_log import EventRow
from orarchive.jsonl import loads
from orarchive.publish.changelog import ChangelogLine, build_changelog
from orarchive.publish.dataset import Dataset
from orarchive.publish.json_text import format_json
from orarchive.publish.pages import DATABASE, model_path
from orarchive.publish.render import MANIFEST, SCRIPTS, format_amount, format_exact
from orarchive.publish.sanitize import safe_url, show_invisible
from orarchive.publish.views import View
from orarchive.sample import START
from orarchive.timestamps import HOUR, format_hour, format_stamp
from tests.support import browser
from tests.support.archives import Stage, data_files, new_archive, payloads, say
from tests.support.browser import (
    HOSTILE,
    LAST,
    SCENES,
    run_build,
    build_site,
    read_files,
    build_snapshot,
    build_many_models,
    copy_sample_archive,
    write_archive,
)
from tests.support.pages import Html, assert_sound, assert_links_resolve, parse_pages, resolve_link


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue at four hours."""
    return copy_sample_archive(tmp_path_factory.mktemp("sample") / "archive")


@pytest.fixture(scope="module")
def site(archive: Path) -> dict[str, bytes]:
    return build_site(archive, archive.parent / "site")


@pytest.fixture(scope="module")
def pages(site: dict[str, bytes]) -> dict[str, Html]:
    return parse_pages(site)


@pytest.fixture(scope="module")
def shown(archive: Path) -> View:
    return browser.build_archive_view(archive)


# --- what is there ------------------------------------------------------------------------------------------


def test_every_model_has_a_page_and_a_row(pages: dict[str, Html], shown: View) -> None:
    ids = [one.model.id for one in shown.models]
    assert len(ids) > 60
    many = ("models/", "labs/", "providers/", "changes/2", "rankings/")
    others = {path for path in pages if not path.startswith(many)}
    assert others == {
        *("index.html", "404.html", "changes/index.html", "status/index.html", "prices/index.html"),
        *("graveyard/index.html", "compare/index.html", "data/index.html", "about/index.html"),
        "patterns/index.html",
    }
    assert {model_path(model) for model in ids} < pages.keys()
    for path, models in (("models/index.html", shown.listed), ("models/gone/index.html", shown.gone)):
        rows = [dict(found)["href"] for tag, found in pages[path].tags if tag == "a" and "href" in found]
        own = [resolve_link(path, unquote(str(row))) for row in rows if "/models/" in str(row)]
        assert own[-len(models) :] == [model_path(one.model.id) for one in models]


def test_links_resolve_inside_the_site(pages: dict[str, Html], site: dict[str, bytes]) -> None:
    assert_links_resolve(pages, site)


def test_pages_are_sound(pages: dict[str, Html]) -> None:
    assert_sound(pages)


def test_at_most_three_requests(pages: dict[str, Html]) -> None:
    for path, page in pages.items():
        asked = [
            link
            for tag, found in page.tags
            if tag == "script" or (tag == "link" and found["rel"] in ("stylesheet", "icon", "preload"))
            for link in [found.get("src"), found.get("href")]
        ]
        assert len([link for link in asked if link and not link.endswith("favicon.svg")]) <= 2, path


def test_home_says_what_is_held(pages: dict[str, Html], shown: View) -> None:
    home = pages["index.html"].text
    assert format_hour(LAST) in home
    assert f"{len(shown.listed)} " in home
    assert "endpoints: partial" in home
    assert "(404)" in home
    assert "of the last 24 hours" in home
    assert "openai/gpt-oss-20b:free" in home
    assert "not affiliated with openrouter" in home.lower()


def test_states(shown: View) -> None:
    states = {one.model.id: one.states for one in shown.models}
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
        (found,) = browser.build_archive_view(archive, hour).models
        assert found.states == states
    site = build_site(archive, tmp_path / "site", "--as-of", format_hour(START + 24 * HOUR))
    assert f"Expires{model['expiration_date']}" in Html(site[model_path("a/old")]).text.replace(" ", "")


def test_free_at_night_is_not_free(tmp_path: Path) -> None:
    by_day = [{"utc_start": 900, "utc_end": 1800, "prompt": "0.000002"}]
    zero = {"prompt": "0", "completion": "0"}
    models = [
        {"id": "a/day", "pricing": {**zero, "overrides": by_day}},
        {"id": "a/long", "pricing": {**zero, "overrides": [{"min_prompt_tokens": 9, "request": "1"}]}},
        {"id": "a/free", "pricing": {**zero, "overrides": [{"utc_start": 900, "prompt": "0"}]}},
    ]
    offers = {str(one["id"]): [{"tag": "x", "pricing": one["pricing"]}] for one in models}
    archive = write_archive(tmp_path / "archive", build_snapshot(models, offers))
    shown = browser.build_archive_view(archive)
    assert [one.model.id for one in shown.models if one.is_free] == ["a/free"]
    assert shown.totals["free"] == 1
    site = build_site(archive, tmp_path / "site")
    free = re.findall('<tr data-has="[^"]*free">.*?href="([^"]+)"', site["models/index.html"].decode())
    assert free == ["../models/a/free/index.html"]
    endpoints = {one: site[model_path(one)].decode().partition('id="endpoints"')[2] for one in offers}
    assert [one for one, page in endpoints.items() if ">free<" in page] == ["a/free"]


def test_new_is_what_the_record_did_not_begin_with(tmp_path: Path) -> None:
    old, fresh = {"id": "a/old", "created": 1}, {"id": "a/fresh", "created": 1}
    archive = write_archive(tmp_path / "archive", build_snapshot([old]), build_snapshot([old, fresh]))
    found = browser.build_archive_view(archive)
    assert [("new" in one.states) for one in found.models] == [True, False]
    later = browser.build_archive_view(archive, START + 24 * 8 * HOUR)
    assert not any("new" in one.states for one in later.models)


def test_prices_say_free_dynamic_unpriced(site: dict[str, bytes]) -> None:
    rows = dict(
        re.findall(
            r'<tr[^>]*>.*?href="../models/([^"]+)/index.html">(.*?)</tr>', site["models/index.html"].decode()
        )
    )
    assert rows["openrouter/owl-alpha"].count(">free<") == 2
    assert rows["openrouter/auto"].count(">dynamic<") == 2
    assert "free" not in rows["alibaba/wan-2.7"], "a video is priced by the second, in a feed of its own"
    assert ">$1.00</td>" in rows["anthropic/claude-haiku-4.5"]


def test_conditions_are_a_table(pages: dict[str, Html]) -> None:
    clock = pages[model_path("deepseek/deepseek-v4-pro")].text
    assert "10:00–01:00 UTC" in clock
    assert "Saturday, Sunday" in clock
    assert "time-of-day price" in clock
    assert "prompt over 200,000 tokens" in pages[model_path("google/gemini-2.5-pro")].text


def test_a_kept_model_says_so(pages: dict[str, Html]) -> None:
    page = pages[model_path("z-ai/glm-5.1")].text
    assert "not read in the last hour (404)" in page


# --- the same bytes, and no others --------------------------------------------------------------------------


def test_equal_archives_give_equal_bytes(archive: Path, site: dict[str, bytes], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    say(archive, "clone", "--quiet", str(archive), str(copy))
    assert build_site(copy, tmp_path / "again") == site


def test_nothing_is_written_twice(archive: Path, site: dict[str, bytes]) -> None:
    out = archive.parent / "site"
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    said = run_build(archive, out).stdout
    assert "0 files written, 0 removed" in said
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("hour", SCENES)
def test_as_of_an_hour_nothing_later_leaks(archive: Path, hour: dt.datetime, tmp_path: Path) -> None:
    then = tmp_path / "then"
    say(archive, "clone", "--quiet", str(archive), str(then))
    for line in say(archive, "log", "--format=%H %at").splitlines():
        commit, _, seconds = line.partition(" ")
        if int(seconds) <= hour.timestamp():
            say(then, "reset", "--quiet", "--hard", commit)
            break
    as_of = ("--as-of", format_hour(hour))
    site = build_site(archive, tmp_path / "as-of", *as_of)
    assert site == build_site(then, tmp_path / "then-as-of", *as_of)
    notice = f"As of {format_hour(hour)}: nothing that was recorded later"
    now = build_site(then, tmp_path / "site")
    for path in ("graveyard/index.html", "providers/index.html", model_path("openrouter/auto")):
        assert notice in Html(site[path]).text
        assert notice not in Html(now[path]).text


def test_an_hour_rewrites_the_pages_that_show_what_changed(stage: Stage, tmp_path: Path) -> None:
    """A quiet hour only those that say which hour it is."""
    bodies = payloads(START)
    stage.serve(bodies)
    one = "z-ai/glm-5.1"
    sites = []
    for n in range(4):
        if n == 2:
            bodies[f"models/{one}/endpoints"]["data"]["endpoints"][0]["pricing"]["prompt"] = "0.0000099"
            stage.serve(bodies)
        assert stage.run(START + n * HOUR) == 0
        sites.append(build_site(stage.root, tmp_path / str(n)))
    first, quiet, moved, again = sites

    page = Html(again[model_path(one)]).text
    assert "Earlier prices of 1 of them" in page
    assert f"since {START.date()}" in page

    def changed(old: dict[str, bytes], new: dict[str, bytes]) -> set[str]:
        return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}

    hourly = {"index.html", "status/index.html", "models/index.html", "prices/index.html", DATABASE}
    hourly |= {"api/v1/status.json", "metrics.prom", "patterns/index.html"}
    assert changed(first, quiet) == hourly
    assert changed(moved, again) == hourly
    pages = {path for path in changed(quiet, moved) - hourly if path.endswith(".html")}
    (provider,) = (path for path in pages if path.startswith("providers/") and path.count("/") == 2)
    assert pages - {"providers/index.html", provider} == {
        "data/index.html", model_path(one), "changes/index.html", f"changes/{START:%Y-%m}/index.html",
    }  # fmt: skip


def test_as_of_a_gap_looks_from_there(archive: Path, tmp_path: Path) -> None:
    hour = SCENES[1] + 30 * HOUR
    home = Html(build_site(archive, tmp_path / "site", "--as-of", format_hour(hour))["index.html"]).text
    assert f"{format_hour(hour)}" in home
    assert f"last read {format_hour(SCENES[1])}" in home
    assert "0 of the last 24 hours" in home


def test_a_page_that_is_no_longer_there_goes_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / ".gitignore").write_text("*\n")
    both = build_snapshot([{"id": "a/one"}, {"id": "b/two"}])
    build_site(write_archive(tmp_path / "first", both), out)
    notes = out / "models" / "a" / "notes.txt"
    notes.write_text("mine")
    (out / "own.html").write_text("mine")
    done = run_build(write_archive(tmp_path / "second", build_snapshot([{"id": "c/three"}])), out)
    assert done.returncode == 0
    left = read_files(out)
    assert not {"models/a/one/index.html", "models/b/two/index.html"} & left.keys()
    assert not (out / "models" / "b").exists()
    assert notes.read_text() == (out / "own.html").read_text() == "mine"
    assert (out / ".gitignore").read_text() == "*\n"


def test_a_foreign_file_is_not_written_over(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    done = run_build(archive, tmp_path)
    assert done.returncode == 2
    assert "which no build wrote" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_list_of_files_leads_nowhere_else(archive: Path, tmp_path: Path) -> None:
    out, own = tmp_path / "site", tmp_path / "own.txt"
    own.write_text("mine")
    out.mkdir()
    (out / MANIFEST).write_text('["../own.txt", "/etc/hosts"]')
    build_site(archive, out)
    assert own.read_text() == "mine"


def test_the_archive_is_only_read(archive: Path, tmp_path: Path) -> None:
    before = data_files(archive), say(archive, "rev-parse", "HEAD")
    build_site(archive, tmp_path / "site")
    assert (data_files(archive), say(archive, "rev-parse", "HEAD")) == before
    assert say(archive, "status", "--porcelain") == ""


def test_base_url_makes_canonical_links(archive: Path, tmp_path: Path) -> None:
    site = build_site(archive, tmp_path / "site", "--base-url", "https://example.org/archive")
    address = "https://example.org/archive/"
    assert f'rel="canonical" href="{address}models/">'.replace(">", "") in site["models/index.html"].decode()
    assert f'href="{address}static/site.css"' in site["404.html"].decode()
    assert "canonical" not in site["404.html"].decode()


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--as-of", "yesterday"], 2, "not an hour"),
        (["--as-of", "2020-01-01T00Z"], 1, "begins after"),
    ],
)
def test_errors_are_one_line(
    archive: Path, tmp_path: Path, options: list[str], code: int, words: str
) -> None:
    done = run_build(archive, tmp_path / "site", *options)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert words in done.stderr
    assert not (tmp_path / "site").exists()


def test_no_archive_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", new_archive(tmp_path / "empty")):
        done = run_build(folder, tmp_path / "site")
        assert done.returncode in (1, 2)
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1


def test_out_may_not_be_a_file(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run_build(archive, tmp_path / "file").returncode == 2


# --- paths --------------------------------------------------------------------------------------------------

NASTY = [
    "a/b", "A/b", "a/B", "a", "/a", "a/", "", "/", "a/b/c", "a/b:c", "a/b:", "a:b", "a/b:c/d", "a/b/c:d",
    "a/../b", "../a", "./a", "..", ".", "a/.b", "a/b.", "a/b ", "a/con", "a/CON", "a/con.txt", "a/index.html",
    "a/b:index.html", "a/\u00e9", "a/e\u0301", "a/\ud800", "a/\u202eb", "a/=2e", "a/.", "a\\b", "a/b?c",
    "a/b#c", "~a/b", "a/" + "x" * 300, "a/" + "x" * 301, "a/b\x00", "models/index.html", "=-/a", "a/b%2fc",
]  # fmt: skip


def folded(path: str) -> str:
    """What a file system that is deaf to case and composition makes of a path."""
    return unicodedata.normalize("NFC", path).casefold()


def test_no_two_ids_share_a_path() -> None:
    paths = [folded(model_path(model)) for model in NASTY]
    assert len(set(paths)) == len(NASTY)
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    assert not parents & set(paths)


@given(st.text(), st.text())
def test_paths_are_plain_and_apart(one: str, other: str) -> None:
    path = model_path(one)
    assert re.fullmatch(r"models(/[a-z0-9_.~=-]{1,120}){2,3}/index\.html", path)
    assert not any(part in (".", "..") or part.endswith(".") for part in path.split("/"))
    if one != other:
        assert folded(path) != folded(model_path(other))


@given(
    st.from_regex(r"[a-zA-Z.:/=~]{0,6}", fullmatch=True), st.from_regex(r"[a-zA-Z.:/=~]{0,6}", fullmatch=True)
)
def test_close_ids_are_apart(one: str, other: str) -> None:
    if one != other:
        assert folded(model_path(one)) != folded(model_path(other))


def test_common_ids_read_well() -> None:
    assert model_path("openai/gpt-oss-20b:free") == "models/openai/gpt-oss-20b/free/index.html"
    assert model_path("~openai/gpt-latest") == "models/~openai/gpt-latest/index.html"
    assert model_path("qwen/qwen3.6-27b") == "models/qwen/qwen3.6-27b/index.html"


# --- foreign text -------------------------------------------------------------------------------------------


def test_a_hostile_description_is_only_text(site: dict[str, bytes]) -> None:
    page = site[model_path(HOSTILE)].decode()
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert" not in page
    assert "<b>Bold" not in page
    assert not re.search('href="javascript', page)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", page)
    assert "\\u202e" in page
    assert 'dir="auto"' in page


EVIL = '"><script>alert(1)</script>\u202e\u2028\x00\ud800 javascript:alert(1)'


def test_hostile_records_do_no_harm(stage: Stage, tmp_path: Path) -> None:
    bodies = payloads(START)
    rows = bodies["models"]["data"]
    rows[0] |= {
        "name": EVIL, "hugging_face_id": "javascript:alert(1)", "canonical_slug": EVIL, "description": EVIL,
        "knowledge_cutoff": EVIL, "architecture": {"input_modalities": [EVIL, 7], "tokenizer": EVIL},
        "expiration_date": EVIL, "alias_target": {"slug": EVIL},
        "pricing": {"prompt": EVIL, "completion": "1e-9", EVIL: "0.5", "overrides": [{EVIL: "1"}, 3]},
    }  # fmt: skip
    wrongs: list[Any] = [None, 7, "x", [], {}, True, [[]], {"a": [{}]}]
    for n, wrong in enumerate(wrongs):
        rows.append({"id": f"wrong/{n}"} | dict.fromkeys(rows[0].keys() - {"id"}, wrong))
        offers = [{"tag": "t", "model_id": f"wrong/{n}"} | dict.fromkeys(WRONG, wrong)]
        bodies[f"models/wrong/{n}/endpoints"] = {"data": {"id": f"wrong/{n}", "endpoints": offers}}
    bodies["models/count"]["data"]["count"] = bodies["models"]["total_count"] = len(rows)
    stage.serve(bodies)
    stage.run(START)
    stage.serve(payloads(START))
    stage.run(START + HOUR)
    stage.serve(bodies)
    stage.run(START + 2 * HOUR)
    assert len(stage.snapshot()["models"]) == len(rows)
    site = build_site(stage.root, tmp_path / "site")
    assert site.pop(DATABASE)
    for path, content in site.items():
        text = content.decode()
        assert not path.endswith(".html") or "<script>" not in text
        assert "javascript:" not in re.findall(r'(?:href|src)="([^"]*)', text)
        assert "\u202e" not in text


WRONG = (
    "provider_name",
    "pricing",
    "quantization",
    "status",
    "uptime_last_1d",
    "context_length",
    "supported_parameters",
)


def test_only_links_to_the_web() -> None:
    assert safe_url("https://example.org/x") == "https://example.org/x"
    for address in (
        "javascript:alert(1)",
        "JaVaScript://a/%0a",
        "data:text/html,x",
        "//x",
        "x",
        "",
        None,
        7,
        "http://[",
        " https:",
    ):
        assert safe_url(address) is None


def test_unseen_characters_are_shown() -> None:
    assert show_invisible("a\u202eb\x00\ud800\n") == "a\\u202eb\\u0000\\ud800\n"
    assert show_invisible(7) == 7


# --- records ------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12)
    | st.sampled_from(["-1", "0", "1e-9", "2026-01-01", "1e999999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
MODEL_FIELDS = (
    "name", "description", "canonical_slug", "context_length", "top_provider", "pricing", "expiration_date",
    "created", "alias_target", "architecture", "supported_parameters", "hugging_face_id", "knowledge_cutoff",
)  # fmt: skip


@given(
    st.text(),
    st.dictionaries(st.sampled_from(MODEL_FIELDS), JSON),
    st.dictionaries(st.sampled_from(WRONG), JSON),
)
def test_no_record_raises(model: str, fields: dict[str, Any], offer: dict[str, Any]) -> None:
    record = loads(json.dumps({"id": model, **fields}))
    found = Model.from_record(record)
    assert (found.id, found.is_free) == (model, bool(found.prices) and not any(found.prices.values()))
    Endpoint.from_record(model, 0, {"tag": "t", **loads(json.dumps(offer))})
    assert loads(format_json(record)) == record


@pytest.mark.parametrize(
    ("price", "dimension", "short", "full"),
    [
        ("0.00000125", "prompt", "$1.25", ""),
        ("0.0000000416666666666667", "prompt", "$0.0417", "$0.0416666666666667"),
        ("0.000000003625", "prompt", "$0.003625", ""),
        ("0.00000123456789", "prompt", "$1.2346", "$1.23456789"),
        ("0.00001", "completion", "$10.00", ""),
        ("0.01", "web_search", "$0.01", ""),
        ("0", "prompt", "free", ""),
        ("-1", "prompt", "dynamic", ""),
        ("0.000000000000123456", "prompt", "$0.000000123", "$0.000000123456"),
    ],
)
def test_prices_are_exact_or_say_so(price: str, dimension: str, short: str, full: str) -> None:
    assert (format_amount(Decimal(price), dimension), format_exact(Decimal(price), dimension)) == (
        short,
        full,
    )


# --- changes ------------------------------------------------------------------------------------------------


def logged(
    kind: str, feed: str, key: str, field: str = "", old: Any = None, new: Any = None, cause: str = ""
) -> EventRow:
    """An event of the hour START."""
    return EventRow(
        format_stamp(START), None, format_stamp(START), kind, feed, key, field, old, new, None, cause, "live"
    )


def repriced(feed: str, key: str, old: Any, new: Any, cause: str = "") -> EventRow:
    return logged("repriced", feed, key, "prompt", old, new, cause)


def lines(*events: EventRow) -> list[ChangelogLine]:
    """The lines of one hour."""
    (hour,) = build_changelog(events, Dataset({}, [], {}, [], {}, {}, {}, {}))
    return hour.lines


def test_cuts_and_rises_are_told_apart() -> None:
    kinds = {
        line.kind: [move.percent for move in line.moves]
        for line in lines(
            repriced("endpoints", "a/b@x", "2", "1"),
            repriced("endpoints", "a/b@y", "1", "2"),
            repriced("models", "a/c", "1", "3", "provider"),
            repriced("models", "a/b", "2", "1", "endpoint"),
            repriced("models", "a/r", "-1", "3", "unknown"),
        )
    }
    assert kinds == {"cut": [-50], "rise": [100], "listed price": [200], "repriced": [None]}


def test_prices_by_conditions_are_named() -> None:
    """Those that a schedule rules are a list; the one without conditions is a move as any other."""
    night = [{"utc_start": 0, "utc_end": 800, "price": "0.000001"}, {"price": "0.000002"}]
    (line,) = lines(repriced("endpoints", "a/b@x", "0.000003", night))
    assert line.kind == "cut"
    assert [(move.old, move.new) for move in line.moves] == [(Decimal("0.000003"), Decimal("0.000002"))]
    assert line.parts == ("input no conditions → (00:00-08:00 UTC $1.00) per M",)


def test_what_follows_is_not_told_twice() -> None:
    told_here = lines(
        logged("added", "models", "a/b"),
        logged("joined", "endpoints", "a/b@x", cause="model"),
        logged("joined", "endpoints", "a/b@y", cause="model"),
        logged("gained", "zdr", "a/b@x", cause="endpoint"),
        logged("alias_moved", "models", "~a/latest", "alias_target", {"slug": "a/a"}, {"slug": "a/b"}),
        logged("limits_changed", "models", "~a/latest", "context_length", 1, 2),
        repriced("models", "a/c", "1", "2", "schedule"),
    )
    assert [(line.kind, line.parts) for line in told_here] == [
        ("added", ("with 2 endpoints",)),
        ("alias moved", ("a/a → a/b",)),
    ]


# --- benchmarks ---------------------------------------------------------------------------------------------


def test_benchmarks_are_the_latest_with_their_source(site: dict[str, bytes], shown: View) -> None:
    scored = [one for one in shown.models if one.scores]
    assert scored
    for one in scored:
        page = Html(site[model_path(one.model.id)]).text
        assert "whose terms apply" in page
        assert all(score.score in page for score in one.scores)


def test_one_switch_leaves_benchmarks_out_everywhere(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    without = build_site(archive, out, "--no-benchmarks")
    for path, content in without.items():
        # of the database the names of fields stay, and what they say goes
        wanted = rb'"elo"|_index":' if path == DATABASE else rb"artificial.?analysis|design.?arena"
        assert not re.search(wanted, content, re.I), path
    assert b'"elo"' in (archive.parent / "site" / DATABASE).read_bytes()


# --- budgets ------------------------------------------------------------------------------------------------


def test_pages_stay_small(tmp_path: Path) -> None:
    site = build_site(write_archive(tmp_path / "archive", build_many_models(420)), tmp_path / "site")
    packed = {path: len(gzip.compress(content, 6)) for path, content in site.items()}
    assert site["models/index.html"].count(b"<tr") == 421
    assert packed["models/index.html"] <= 40_000
    assert max(size for path, size in packed.items() if path.count("/") > 2) <= 15_000


def test_style_and_script_stay_small(site: dict[str, bytes]) -> None:
    small = {path: len(content) for path, content in site.items() if path.startswith("static/")}
    assert {"static/site.css", "static/favicon.svg", *(f"static/{name}" for name in SCRIPTS)} == small.keys()
    assert max(small.values()) <= 12 * 1024
