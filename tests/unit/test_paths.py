"""Paths made of ids from the service, for files, pages and requests: each in its folder, no two equal."""

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
from orarchive.domain.feeds import ENDPOINTS, IMAGE_ENDPOINTS, FanOutFeed
from orarchive.domain.feeds import MODELS as MODELS_FEED
from orarchive.domain.ranking_series import CATEGORY, ORDER, SERIES
from orarchive.publish.api.kinds import API_FOLDER, KINDS, OPENAPI_FILE, PLAIN_FILES, SCHEMA_FOLDER
from orarchive.publish.pages import get_model_path
from orarchive.sample import Service
from tests.support.archives import HOUR, Stage, assert_tidy, make_archive, read_data_files, read_git
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
"""Names that led out of a folder, onto another file, or to an error, on some operating system."""

DEEP = (
    "a/b", "a//b", "/a", "a/", "/", "//", "/etc/passwd", "../../x", "a/../b", "./a", "x.json/y",
    "x.jsonl/y", "a/b/c/d/e/f", "a/b/c/d/e", "CON/../..", "all/x", "a:b", "a:", ":a", "/" * 300,
    "/".join(["abcdefghij"] * 30), "/".join(["a" * 90] * 4),
)  # fmt: skip

SIMILAR_NAMES = (
    "",
    "a",
    "A",
    "x",
    "x.json",
    "x.jsonl",
    "x.atom",
    "changes.atom",
    "index.html",
    ".",
    "..",
    "=",
)
"""Names of which two might give equal paths."""

WINDOWS = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\xb9\xb2\xb3])(\.|$)", re.IGNORECASE)


def fold_path(path: str) -> str:
    """Return a path as a file system treats it that ignores case and the composition of letters."""
    return unicodedata.normalize("NFC", path).casefold()


def check_path(path: str) -> None:
    """Assert that a path stays below its folder, and that git and every file system accept it."""
    assert normpath(path) == path
    for part in path.split("/"):
        assert part not in ("", ".", ".."), path
        assert len(part.encode()) <= 255 - len(".orarchive-partial"), path
        assert part.isascii() and part.isprintable() and not re.search(r'[\\:*?"<>|%#]', part), path
        assert not part.endswith((".", " ")), path
        assert not WINDOWS.match(part), path
        assert part.lower() not in (".git", "git~1"), path


def check_different(paths: Iterable[str]) -> None:
    """Assert that no two paths are equal on any file system, and that none is both a file and a folder."""
    folded = [fold_path(path) for path in paths]
    assert [path for path, count in Counter(folded).items() if count > 1] == []
    parents = {str(parent) for path in folded for parent in PurePosixPath(path).parents}
    assert parents.isdisjoint(folded), parents & set(folded)


def list_model_files(model: str) -> list[str]:
    """Return the paths of all files of a site that belong to one model."""
    page = get_model_path(model)
    return [
        page,
        page.replace("index.html", "changes.atom"),
        f"api/v1/{page.removesuffix('/index.html')}.json",
    ]


def test_paths_of_models() -> None:
    """Take each name as author, slug and variant, and similar names in all pairs."""
    single = (f"{name}/a,a/{name},b/a:{name},{name}/{name}:{name},{name}".split(",") for name in NAMES)
    similar = product(SIMILAR_NAMES, SIMILAR_NAMES)
    pairs = (f"x/{left}:{right},{left}/{right}".split(",") for left, right in similar)
    paths = [path for model in {*DEEP, *chain(*single, *pairs)} for path in list_model_files(model)]
    assert len(paths) > 3 * 4 * len(NAMES)
    for path in paths:
        check_path(path)
    check_different(paths)


def test_paths_of_rankings() -> None:
    """Take any value of a parameter, and stay far below the 260 characters that Windows allows for a path."""
    pairs = product((*SIMILAR_NAMES, *NAMES[::5]), NAMES)
    slices = {*NAMES, *DEEP, *(f"{folder}/{name}" for folder, name in pairs)}
    paths = [series.get_file_path(name, "2026-01-05") for series in (ORDER, CATEGORY) for name in slices]
    for path in paths:
        check_path(path)
        assert len(path) < 200
    check_different([*paths, *(series.get_file_path("", "2026-01-05") for series in SERIES.values())])


@given(
    st.lists(st.text(st.sampled_from("aA./:=~\\\u00e9\u0301\u212ak"), max_size=6), unique=True, max_size=20)
)
def test_any_names(names: list[str]) -> None:
    check_different(path for name in names for path in list_model_files(name))
    check_different(
        series.get_file_path(name, "2026-01-05") for series in (ORDER, CATEGORY) for name in names
    )


# --- requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [ENDPOINTS, IMAGE_ENDPOINTS], ids=lambda feed: feed.name)
def test_no_id_leads_to_another_route(feed: FanOutFeed) -> None:
    """Send no request to another route: with a key it could reach the routes of the account."""
    front, back = f"api/v1/{feed.route}".split("{}")
    with Service(lambda *_: (404, {}), base="") as service:
        client = Settings(f"{service.base_url}/api/v1", per_second=0, key="a-key").make_client(lambda _: None)
        client.deadline = float("inf")
        for name in (*NAMES, *DEEP, "../../../auth/key", "a/../../key?"):
            client.get(feed.build_request_path(name), keyed=True)
        client.get(MODELS_FEED.build_probe_path("../key"))
        paths = [path for path, _ in service.requests]
    assert len(paths) > len(NAMES)
    assert [path for path in paths if not (path.startswith(front) and path.endswith(back))] == []


# --- an archive and a site with such names ------------------------------------------------------------------

FORMS = ("{}/x", "b/{}", "c/d:{}")
SIMILAR_IDS = ("c/d", "c/d:changes.atom", "c/d.json:x")
IDS = sorted(
    {*DEEP, *SIMILAR_IDS, *NAMES[::5], *(form.format(name) for form, name in zip(cycle(FORMS), NAMES))}
)
QUERY_VALUES = [name for name in (*NAMES, *DEEP) if name.isprintable()]


def answer(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
    """Answer as a service with such names of models, providers and categories; return status and body."""
    if path == OPENAPI:
        route = {"get": {"parameters": [{"name": "category", "schema": {"enum": QUERY_VALUES}}]}}
        return 200, {"openapi": "3.1.0", "paths": {"/models": route, f"/{MODELS}": route}}
    if path == MODELS:
        row = {"date": query["start_date"], "total_tokens": "5"}
        return 200, {
            "data": [{**row, "model_permaslug": name} for name in IDS[:9]],
            "meta": {"as_of": "2025-01-15"},
        }
    if path == "models":
        # nine of a category: there are a hundred and more, and each gets a page with all of its models
        names = IDS[:9] if "category" in query else IDS
        return 200, {"data": [{"id": name, "name": name, "pricing": {"prompt": "1"}} for name in names]}
    if path == "providers":
        return 200, {"data": [{"slug": name, "name": name} for name in NAMES]}
    if path.startswith("models/") and path.endswith("/endpoints"):
        endpoint = {"tag": NAMES[len(path) % len(NAMES)], "provider_name": path, "pricing": {"prompt": "1"}}
        return 200, {"data": {"id": path, "endpoints": [endpoint]}}
    return 404, {"error": {"code": 404}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Archive two hours of that service, with a key."""
    folder = tmp_path_factory.mktemp("paths")
    with Service(answer) as service:
        stage = Stage(service, make_archive(folder / "archive"), {"key": "0123456789-a-key"})
        assert stage.run(EARLY, rankings=True) == 1
        assert stage.run(EARLY + HOUR, feeds=("models", "providers")) == 0
    assert_tidy(stage.root)
    return stage


def test_an_archive_of_such_names(stage: Stage) -> None:
    """Commit every file that was written, and get all of them from a clone as strict as on Windows or macOS.

    Git leaves out a file named `git~1`, after which the next run exits with 2.
    """
    assert sorted(path.name for path in stage.root.parent.iterdir()) == ["archive"]
    assert {path.name for path in stage.root.iterdir()} == {".git", "data"}
    written = read_data_files(stage.root)
    for path in written:
        check_path(path.replace(".gitattributes", "gitattributes"))
    check_different(written)
    for series in ("order", "category"):
        assert len([path for path in written if path.startswith(f"rankings/{series}/")]) >= len(QUERY_VALUES)
    read_git(stage.root, "fsck", "--strict")
    strict = ("-c", "core.protectNTFS=true", "-c", "core.protectHFS=true")
    read_git(stage.root.parent, *strict, "clone", "--quiet", str(stage.root), "clone")
    assert read_data_files(stage.root.parent / "clone") == written


class LinkParser(HTMLParser):
    """Collects the links of a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}


def test_a_site_of_such_names(stage: Stage, tmp_path: Path) -> None:
    """Write every file into the folder of the site, and link only to files that are there.

    Without the escaped endings `.atom` and `.json` a folder is in the way of a file. Every file of the API is
    of a kind that its description names, however many slashes a category has.
    """
    site = build_site(stage.root, tmp_path / "out" / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["site"]
    check_different(site)
    for path in site:
        check_path(path)
    models = [path for path in site if path.startswith("models/") and path.endswith(".html")]
    assert len(models) > len(IDS) - 20
    described = (OPENAPI_FILE, SCHEMA_FOLDER, *PLAIN_FILES)
    files = [path for path in site if path.startswith(API_FOLDER) and path.split("/")[2] not in described]
    assert [path for path in files if sum(kind.is_of(path) for kind in KINDS) != 1] == []
    assert f"{API_FOLDER}/rankings/a/b=2fc=2fd=2fe.json" in files
    broken = set()
    for path, content in site.items():
        for link in LinkParser(content.decode()).links if path.endswith(".html") else ():
            target = urlsplit(link)
            if not target.scheme and not target.netloc and target.path:
                file = normpath(f"{PurePosixPath(path).parent}/{unquote(target.path)}")
                if file not in site and f"{file}/index.html".removeprefix("./") not in site:
                    broken.add((path, link))
    assert broken == set()
