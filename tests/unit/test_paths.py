"""Foreign ids become paths of files, of pages and of requests: none leaves its place, no two meet."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from itertools import chain, cycle, product
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.collect.settings import Settings
from orarchive.domain.feeds import FEEDS
from orarchive.domain.ranking_series import CATEGORY, ORDER, SERIES
from orarchive.publish.pages import model_path
from orarchive.sample import Service
from tests.support.archives import HOUR, Stage, data_files, new_archive, say, tidy
from tests.support.browser import build_site
from tests.support.rankings import EARLY, MODELS, OPENAPI

NAMES = (
    "..", ".", "...", " ", "a", "A", "a.", "a ", " a", "a..", ".a", "-a", "--", "~", "~a", "a~1", "=",
    "=2e", ".git", ".GIT", "git~1", "GIT~1", "git~1.", ".gitattributes", ".gitmodules", ".git\u200c",
    ".g\u0131t", "con", "CON", "con.txt", "nul", "NUL.tar.gz", "aux", "prn", "com1", "COM9.x", "COM\u00b9",
    "lpt1", "conin$", "C:", "c:", "C:\\a", "\\\\host\\a", "\\", "..\\..", "a\\b", "a|b", "a<b>", 'a"b',
    "a*", "a?b", "a#b", "a&b", "%2e%2e", "%2f", "..%2f..", "%00", "%", "a%20b", "a+b", "a b", "$a", "`a`",
    "a;b", "'a'", "{a}", "@a", "!a", "\x00", "a\x00b", "\n", "a\nb", "\r", "\t", "\x1b[31m", "\x7f",
    "\u202ea", "\u200b", "a\u200b", "\ufeffa", "\u00e9", "e\u0301", "\uff41", "\uff0e\uff0e",
    "\u2024\u2024", "\u2215", "a\u2215b", "\u2044", "\uff0f", "\u29f8", "\u212a", "k", "K", "\u017f", "s",
    "ss", "\u00df", "\u1e9e", "\u0130", "i", "I", "\ud800", "\U0001f600", "x", "x.json", "x.jsonl",
    "x.atom", ".json", "changes.atom", "changes", "index.html", "INDEX.HTML", "index", "api", "feeds",
    "static", "models", "rankings", "labs", "all", "gone", "404.html", "robots.txt", "NOTICE", "2026-01",
    "2026-01.jsonl", "order", "README.md", "\u00e9" * 200, "a" * 80, "a" * 81, "a" * 255, "a" * 256,
    "A" * 256, "a" * 79 + ".", "a" * 80 + ".", "a" * 75 + ".json", "." * 300, " " * 300,
)  # fmt: skip
"""What has led out of a folder, onto another file, or nowhere, on one system or another."""

DEEP = (
    "a/b", "a//b", "/a", "a/", "/", "//", "/etc/passwd", "../../x", "a/../b", "./a", "x.json/y",
    "x.jsonl/y", "a/b/c/d/e/f", "a/b/c/d/e", "CON/../..", "all/x", "a:b", "a:", ":a", "/" * 300,
    "/".join(["abcdefghij"] * 30), "/".join(["a" * 90] * 4),
)  # fmt: skip

MEET = ("", "a", "A", "x", "x.json", "x.jsonl", "x.atom", "changes.atom", "index.html", ".", "..", "=")
"""Names of which pairs might meet."""

WINDOWS = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\xb9\xb2\xb3])(\.|$)", re.IGNORECASE)


def folded(path: str) -> str:
    """What a file system makes of a path that is deaf to case and to how letters are put together."""
    return unicodedata.normalize("NFC", path).casefold()


def holdable(path: str) -> None:
    """Assert that a path is one below its folder which git takes and every file system can hold."""
    assert normpath(path) == path
    for part in path.split("/"):
        assert part not in ("", ".", ".."), path
        assert len(part.encode()) <= 255 - len(".orarchive-partial"), path
        assert part.isascii() and part.isprintable() and not re.search(r'[\\:*?"<>|%#]', part), path
        assert not part.endswith((".", " ")), path
        assert not WINDOWS.match(part), path
        assert part.lower() not in (".git", "git~1"), path


def apart(paths: Iterable[str]) -> None:
    """Assert that no two paths meet, on whichever file system, and that none is a file and a folder."""
    listed = [folded(path) for path in paths]
    assert [path for path, count in Counter(listed).items() if count > 1] == []
    parents = {str(one) for path in listed for one in PurePosixPath(path).parents}
    assert parents.isdisjoint(listed), parents & set(listed)


def of_model(model: str) -> list[str]:
    """All files of a site that are of one model."""
    page = model_path(model)
    return [
        page,
        page.replace("index.html", "changes.atom"),
        f"api/v1/{page.removesuffix('/index.html')}.json",
    ]


def test_paths_of_models() -> None:
    """Each name as an author, a slug and a variant, and those that might meet in all pairs.

    Seen to fail without each name of RESERVED and each of ENDING in paths.py.
    """
    alone = (f"{one}/a,a/{one},b/a:{one},{one}/{one}:{one},{one}".split(",") for one in NAMES)
    pairs = (f"x/{one}:{other},{one}/{other}".split(",") for one, other in product(MEET, MEET))
    paths = [path for model in {*DEEP, *chain(*alone, *pairs)} for path in of_model(model)]
    assert len(paths) > 3 * 4 * len(NAMES)
    for path in paths:
        holdable(path)
    apart(paths)


def test_paths_of_rankings() -> None:
    """Whatever values a parameter has, and far from the 260 letters with all folders that Windows allows.

    Seen to fail without each name of RESERVED, without ENDING and without `folders` in paths.py.
    """
    parts = {*NAMES, *DEEP, *(f"{one}/{other}" for one, other in product((*MEET, *NAMES[::5]), NAMES))}
    paths = [series.file_path(part, "2026-01-05") for series in (ORDER, CATEGORY) for part in parts]
    for path in paths:
        holdable(path)
        assert len(path) < 200
    apart([*paths, *(series.file_path("", "2026-01-05") for series in SERIES.values())])


@given(
    st.lists(st.text(st.sampled_from("aA./:=~\\\u00e9\u0301\u212ak"), max_size=6), unique=True, max_size=20)
)
def test_any_names(names: list[str]) -> None:
    apart(path for name in names for path in of_model(name))
    apart(series.file_path(name, "2026-01-05") for series in (ORDER, CATEGORY) for name in names)


# What is asked


@pytest.mark.parametrize("feed", ["endpoints", "image_endpoints"])
def test_no_id_leads_to_another_route(feed: str) -> None:
    """With a key a request elsewhere would be more than a miss.

    Seen to fail without `no-path` in client.py.
    """
    front, back = (f"api/v1/{FEEDS[feed].route}").split("{}")
    with Service(lambda *_: (404, {}), base="") as service:
        client = Settings(f"{service.base_url}/api/v1", per_second=0, key="a-key").make_client(lambda _: None)
        client.deadline = float("inf")
        for name in (*NAMES, *DEEP, "../../../auth/key", "a/../../key?"):
            client.get(FEEDS[feed].request_path(name), keyed=True)
        client.get(FEEDS["models"].probe_path("../key"))
        asked = [path for path, _ in service.requests]
    assert len(asked) > len(NAMES)
    assert [path for path in asked if not (path.startswith(front) and path.endswith(back))] == []


# An archive and a site of such names

FORMS = ("{}/x", "b/{}", "c/d:{}")
MEETING = ("c/d", "c/d:changes.atom", "c/d.json:x")
IDS = sorted({*DEEP, *MEETING, *NAMES[::5], *(form.format(name) for form, name in zip(cycle(FORMS), NAMES))})
ASKABLE = [name for name in (*NAMES, *DEEP) if name.isprintable()]
"""Values that a query can have."""


def hostile(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
    """A service of hostile names: models, endpoints, providers, categories."""
    if path == OPENAPI:
        named = {"get": {"parameters": [{"name": "category", "schema": {"enum": ASKABLE}}]}}
        return 200, {"openapi": "3.1.0", "paths": {"/models": named, f"/{MODELS}": named}}
    if path == MODELS:
        row = {"date": query["start_date"], "total_tokens": "5"}
        return 200, {
            "data": [{**row, "model_permaslug": one} for one in IDS[:9]],
            "meta": {"as_of": "2025-01-15"},
        }
    if path == "models":
        return 200, {"data": [{"id": one, "name": one, "pricing": {"prompt": "1"}} for one in IDS]}
    if path == "providers":
        return 200, {"data": [{"slug": one, "name": one} for one in NAMES]}
    if path.startswith("models/") and path.endswith("/endpoints"):
        tag = {"tag": NAMES[len(path) % len(NAMES)], "provider_name": path, "pricing": {"prompt": "1"}}
        return 200, {"data": {"id": path, "endpoints": [tag]}}
    return 404, {"error": {"code": 404}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two hours of that service, with a key."""
    folder = tmp_path_factory.mktemp("paths")
    with Service(hostile) as service:
        stage = Stage(service, new_archive(folder / "archive"), {"key": "0123456789-a-key"})
        assert stage.run(EARLY, rankings=True) == 1
        assert stage.run(EARLY + HOUR, feeds=("models", "providers")) == 0
    tidy(stage.root)
    return stage


def test_an_archive_of_such_names(stage: Stage) -> None:
    """What is written is what git holds, and a clone as strict as on Windows or a Mac has all of it.

    Seen to fail without `git~1` in paths.py: git left the file out, and the next run ended with 2.
    """
    assert sorted(path.name for path in stage.root.parent.iterdir()) == ["archive"]
    assert {path.name for path in stage.root.iterdir()} == {".git", "data"}
    written = data_files(stage.root)
    for path in written:
        holdable(path.replace(".gitattributes", "gitattributes"))
    apart(written)
    for series in ("order", "category"):
        assert len([path for path in written if path.startswith(f"rankings/{series}/")]) >= len(ASKABLE)
    say(stage.root, "fsck", "--strict")
    strict = ("-c", "core.protectNTFS=true", "-c", "core.protectHFS=true")
    say(stage.root.parent, *strict, "clone", "--quiet", str(stage.root), "clone")
    assert data_files(stage.root.parent / "clone") == written


class Links(HTMLParser):
    """The links of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name in ("href", "src", "action")}


def test_a_site_of_such_names(stage: Stage, tmp_path: Path) -> None:
    """All of it lies in its folder, and every link of every page leads to a file of it.

    Seen to fail without `atom` and without `json` in paths.py: a folder stood where a file was to be written.
    """
    site = build_site(stage.root, tmp_path / "out" / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["site"]
    apart(site)
    for path in site:
        holdable(path)
    models = [path for path in site if path.startswith("models/") and path.endswith(".html")]
    assert len(models) > len(IDS) - 20
    broken = set()
    for path, content in site.items():
        for link in Links(content.decode()).found if path.endswith(".html") else ():
            target = urlsplit(link)
            if not target.scheme and not target.netloc and target.path:
                there = normpath(f"{PurePosixPath(path).parent}/{unquote(target.path)}")
                if there not in site and f"{there}/index.html".removeprefix("./") not in site:
                    broken.add((path, link))
    assert broken == set()
