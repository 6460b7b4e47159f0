"""Paths of pages: plain, and different for different ids."""

import datetime as dt
import re
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orarchive.publish.pages import get_model_path
from orarchive.publish.views.site import Lookups, PagePaths, SiteContext

HOSTILE_IDS = [
    "a/b", "A/b", "a/B", "a", "/a", "a/", "", "/", "a/b/c", "a/b:c", "a/b:", "a:b", "a/b:c/d", "a/b/c:d",
    "a/../b", "../a", "./a", "..", ".", "a/.b", "a/b.", "a/b ", "a/con", "a/CON", "a/con.txt", "a/index.html",
    "a/b:index.html", "a/\u00e9", "a/e\u0301", "a/\ud800", "a/\u202eb", "a/=2e", "a/.", "a\\b", "a/b?c",
    "a/b#c", "~a/b", "a/" + "x" * 300, "a/" + "x" * 301, "a/b\x00", "models/index.html", "=-/a", "a/b%2fc",
]  # fmt: skip


def fold(path: str) -> str:
    """Return what a file system that ignores case and composition makes of a path."""
    return unicodedata.normalize("NFC", path).casefold()


def test_no_two_ids_share_a_path() -> None:
    paths = [fold(get_model_path(model)) for model in HOSTILE_IDS]
    assert len(set(paths)) == len(HOSTILE_IDS)
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    assert not parents & set(paths)


@given(st.text(), st.text())
def test_paths_are_plain_and_apart(left: str, right: str) -> None:
    path = get_model_path(left)
    assert re.fullmatch(r"models(/[a-z0-9_.~=-]{1,120}){2,3}/index\.html", path)
    assert not any(part in (".", "..") or part.endswith(".") for part in path.split("/"))
    if left != right:
        assert fold(path) != fold(get_model_path(right))


@given(
    st.from_regex(r"[a-zA-Z.:/=~]{0,6}", fullmatch=True), st.from_regex(r"[a-zA-Z.:/=~]{0,6}", fullmatch=True)
)
def test_close_ids_are_apart(left: str, right: str) -> None:
    if left != right:
        assert fold(get_model_path(left)) != fold(get_model_path(right))


def test_common_ids_read_well() -> None:
    assert get_model_path("openai/gpt-oss-20b:free") == "models/openai/gpt-oss-20b/free/index.html"
    assert get_model_path("~openai/gpt-latest") == "models/~openai/gpt-latest/index.html"
    assert get_model_path("qwen/qwen3.6-27b") == "models/qwen/qwen3.6-27b/index.html"


@pytest.mark.parametrize(
    ("page", "target", "link"),
    [
        ("index.html", "models/a/b/index.html", "models/a/b/index.html"),
        ("models/a/b/index.html", "models/a/b/prices.atom", "prices.atom"),
        ("models/a/b/index.html", "models/a/c/index.html", "../c/index.html"),
        ("models/a/b/index.html", "models/b/b/index.html", "../../b/b/index.html"),
        ("models/a/b/free/index.html", "models/a/b/index.html", "../index.html"),
        ("models/a/b/index.html", "labs/a/index.html", "../../../labs/a/index.html"),
    ],
)
def test_a_link_is_as_short_as_can_be(page: str, target: str, link: str) -> None:
    lookups = Lookups(dt.datetime(2026, 6, 1, tzinfo=dt.UTC), PagePaths({}, {}, {}, {}))
    assert SiteContext(lookups, is_past=False, database="", path=page).file_href(target) == link
