"""Foreign text is never trusted: thousands of hostile names and descriptions reach the site as text alone."""

import csv
import io
import json
import random
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest

from orarchive.domain.foreign_text import INVISIBLE
from orarchive.sample import START
from tests.support.api import assert_valid
from tests.support.archives import Stage, build_payloads
from tests.support.browser import build_site, build_snapshot, write_archive

SEED = 20261120
MODELS = 300
"""So many that each part stands in each field about 15 times, beside other parts."""
TEXTS = 20
"""Hostile texts of each model."""

PARTS = (
    *("<script>alert(1)</script>", "</title><script>x</script>", "<img src=x onerror=alert(1)>"),
    *("<svg/onload=x>", "</pre></main>", "<!--", "-->", "<![CDATA[", "]]>", "</textarea>"),
    *("<style>*{}</style>", "<base href=//x>", "&lt;", "&#0;", '"', "'", "`", "\\", "\\u003c"),
    *("[x](javascript:alert(1))", "![x](https://x.example/p.png)", "<https://x.example>", "`</code>`"),
    *("[x](data:text/html,x)", "[a]: javascript:x", "# x", "javascript:alert(1)", "//x.example", "../../x"),
    *("{{ 7 * 7 }}", "{% raw %}", "${7*7}", "{# x #}", "{", "}", "[", "]", "null", "NaN", '",=1'),
    *("=1+1", "+1", "-1+x", "@SUM(A1)", "\t=x", "\r\n", "\x00", "\x1b[31m", "\u2028", "\u2029"),
    *("\u202e", "\u2066", "\ufeff", "\U000e0041", "\ud800", "e\u0301", "\uff10", "\ufe64x\ufe65"),
    "a" * 300,
)

FORBIDDEN_TAGS = ("img", "style", "iframe", "object", "embed", "base", "textarea")


def make_text(random_: random.Random) -> str:
    """Join one to four hostile parts."""
    return "".join(random_.choices(PARTS, k=random_.randint(1, 4)))


def make_model(random_: random.Random, n: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a model of hostile texts, and its endpoints."""
    texts = [make_text(random_) for _ in range(TEXTS)]
    model = {
        "id": f"{texts[0] or 'x'}/{n}{texts[1]}",
        "name": texts[2],
        "description": texts[3],
        "canonical_slug": texts[4],
        "hugging_face_id": texts[5],
        "knowledge_cutoff": texts[6],
        "architecture": {
            "input_modalities": [texts[7], texts[8]],
            "output_modalities": [texts[9]],
            "tokenizer": texts[10],
        },
        "supported_parameters": [texts[11]],
        "pricing": {"prompt": "1", texts[12]: "2", "completion": texts[13], "overrides": [{texts[14]: "1"}]},
        texts[15]: texts[16],
    }
    endpoint = {
        "tag": texts[17] or "x",
        "provider_name": texts[18],
        "quantization": texts[19],
        "pricing": {"prompt": "1"},
    }
    return model, [endpoint]


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build the site of hostile models; in the second hour half of them are changed and half missing."""
    folder = tmp_path_factory.mktemp("hostile")
    random_ = random.Random(SEED)
    pairs = [make_model(random_, n) for n in range(MODELS)]
    endpoints = {model["id"]: items for model, items in pairs}
    models = [model for model, _ in pairs]
    changed = [{**model, "name": model["description"], "description": model["name"]} for model in models]
    hours = build_snapshot(models, endpoints), build_snapshot(changed[: MODELS // 2], endpoints)
    return build_site(write_archive(folder / "archive", *hours), folder / "site")


def test_pages_hold_it_as_text(site: dict[str, bytes]) -> None:
    pages = {path: content.decode() for path, content in site.items() if path.endswith(".html")}
    assert len(pages) > MODELS
    for path, page in pages.items():
        assert not INVISIBLE.search(page), path
        for tag, attributes in Tags(page).tags:
            check_tag(path, tag, attributes)


def check_tag(path: str, tag: str, attributes: dict[str, str | None]) -> None:
    """Assert that a tag runs nothing, loads nothing foreign and hides no address of another scheme."""
    assert tag not in FORBIDDEN_TAGS, (path, tag)
    assert not any(name.startswith("on") or name in ("style", "srcdoc") for name in attributes), path
    for name in ("href", "src", "action"):
        target = attributes.get(name)
        assert target is None or urlsplit(target).scheme in ("", "https", "http"), (path, target)
        assert not (target or "").startswith("//"), (path, target)
    if tag == "script" and attributes.get("type") != "application/ld+json":
        assert re.fullmatch(r"(\.\./)*static/\w+\.js", attributes["src"] or ""), path


def test_feeds_hold_it_as_text(site: dict[str, bytes]) -> None:
    for path, content in site.items():
        if path.endswith(".atom"):
            feed = feedparser.parse(content)
            assert not feed.bozo, (path, feed.get("bozo_exception"))
            assert not INVISIBLE.search(content.decode()), path
            for entry in feed.entries:
                assert "<script" not in entry.summary, path
                assert urlsplit(entry.link).scheme in ("", "https"), path


def test_json_holds_it_as_text(site: dict[str, bytes]) -> None:
    for path, content in site.items():
        if path.endswith(".json"):
            json.loads(content)
            assert not INVISIBLE.search(content.decode()), path


def test_the_api_is_valid_whatever_it_holds(site: dict[str, bytes]) -> None:
    assert_valid(site)


def test_tables_hold_it_as_text(site: dict[str, bytes]) -> None:
    for path, content in site.items():
        if path.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
            assert {len(row) for row in rows} == {len(rows[0])}, path
            for row in rows:
                for cell in row:
                    assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n")), (path, cell)
                    assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+", cell), (path, cell)


def test_no_path_leaves_the_site(site: dict[str, bytes]) -> None:
    for path in site:
        parts = path.split("/")
        assert ".." not in parts
        assert all(part and len(part.encode()) <= 255 for part in parts), path
        assert path.isascii()
    assert len({path.lower() for path in site}) == len(site), "no two differ by case alone"


def test_a_key_forges_no_line_of_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Let no foreign text begin a line: one with `::` is a command to the machine that runs the workflow."""
    bodies = build_payloads(START)
    twice = {**bodies["providers"]["data"][0], "slug": "x\n::stop-commands::x\x1b[2J" + "y" * 10_000}
    stage.serve({**bodies, "providers": {"data": [twice, twice, twice]}})
    assert stage.run(START) == 1
    (note, _) = stage.read_report("providers")["notes"]
    assert "duplicate-key: x" in note
    assert len(note) < 300
    messages = [record.getMessage() for record in caplog.records]
    assert [line for line in messages if not line.isprintable() or len(line) > 500] == []


def test_many_rows_of_one_key_are_refused_at_once(stage: Stage) -> None:
    """Count keys in one pass: no deadline bounds a check, and one count for each took over 45 seconds."""
    bodies = build_payloads(START)
    rows = [{"slug": f"{n // 2}"} for n in range(100_000)]
    stage.serve({**bodies, "providers": {"data": rows}})
    assert stage.run(START) == 1
    assert stage.read_report("providers")["reasons"] == ["faulty-rows"]
